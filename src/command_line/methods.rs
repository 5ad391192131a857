//! `hyaline methods`: what there is to compute.

use super::print;
use crate::attribution::{METHODS, Method};
use crate::error::Result;
use clap::Args;
use std::fmt::Write;
use std::process::ExitCode;

/// List the methods.
#[derive(Debug, Args)]
#[command(after_help = "Set a parameter with --set ID.PARAM=VALUE, such as --set rise.masks=500.")]
pub struct Methods {}

impl Methods {
    pub fn run(&self) -> Result<ExitCode> {
        let sections: Vec<_> = METHODS.iter().map(|method| describe(*method)).collect();
        print(&sections.join("\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn describe(method: &dyn Method) -> String {
    let description = method.description();
    let mut text = String::new();
    let _ = writeln!(text, "{}  {}", description.id, description.name);
    let _ = writeln!(text, "    {}", description.formula);
    let _ = writeln!(text, "    {}", description.paper);
    let _ = writeln!(text, "    gives {}; costs {}", description.shape, description.passes);
    for parameter in description.parameters {
        let unit =
            if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
        let _ = writeln!(
            text,
            "      {} = {}{unit}  [{}]\n        {} (default: {})",
            parameter.id,
            parameter.default_value(),
            parameter.range(),
            parameter.help,
            parameter.source
        );
    }
    text
}
