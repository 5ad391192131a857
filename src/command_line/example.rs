//! `hyaline example`: the networks and pictures that come along, as files.

use super::terminal::print;
use crate::error::Result;
use crate::example;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Write the example's files.
#[derive(Debug, Args)]
#[command(
    after_help = "A plain `hyaline` opens the same. With the files, other commands can be tried:
  hyaline example
  hyaline explain --model hyaline-example/vanilla.toml hyaline-example/robust.toml \\
      --image hyaline-example/ship.png --method gradient --out maps"
)]
pub struct Example {
    /// The folder; files of the example's names in it are written anew
    #[arg(long, value_name = "DIR", default_value = "hyaline-example")]
    out: PathBuf,
}

impl Example {
    pub fn run(&self) -> Result<ExitCode> {
        let files = example::unpack(&self.out)?;
        let names: Vec<_> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        print(&format!("Wrote {} to {}\n", names.join(", "), self.out.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}
