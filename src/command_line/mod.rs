//! Everything the window can do, without a window.

mod arguments;
mod curves;
mod example;
mod explain;
mod figure;
mod figure_contents;
mod headless;
pub(crate) mod inspect;
mod methods;
mod output;
mod plan;
mod replay;
mod study;
mod terminal;
mod train;
mod verify;
mod watch;

pub use headless::without_display;
pub use terminal::say;

use crate::error::{Result, one_line};
use crate::model::DeviceChoice;
use arguments::DeviceArgument;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use terminal::print;

const ABOUT: &str = "Explore what CNN classifiers look at: attributions of one picture, \
several methods and networks side by side, with Insertion and Deletion curves.";

const EXAMPLES: &str = "\
Examples:
  hyaline
      open the window with an example: a vanilla and a robust network, and pictures
  hyaline vanilla.toml robust.toml cat.png
      open the window with two networks and a picture
  hyaline explain --model net.toml --image cat.png dog.png --method gradient grad-cam --out maps
      write maps/net/cat/gradient.npy and so on, with a record of everything in maps/explain.json
  hyaline methods
      what methods there are, with every parameter, its default and where that comes from";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "hyaline", version, about = ABOUT, after_help = EXAMPLES, args_conflicts_with_subcommands = true, max_term_width = 100)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Networks (.toml model cards, .onnx, .safetensors, .pth and kin), pictures, boxes, sessions,
    /// studies and training recipes to open in the window
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub device: DeviceArgument,
}

impl CommandLine {
    /// Reads the arguments. What is wrong with them is said in one line; `--help` and
    /// `--version` are answered.
    ///
    /// # Errors
    /// With the exit code, when there is nothing to run.
    pub fn parse_or_explain() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                return print(&error.render().to_string())
                    .map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
            }
            let text = error.render().to_string();
            let reason = text.split("\n\nUsage").next().unwrap_or(&text);
            let reason =
                reason.trim_start_matches("error: ").split("\n\nFor more").next().unwrap_or(reason);
            say(&format!("{} (--help shows what can be said)", one_line(reason)));
            ExitCode::from(2)
        })
    }
}

/// What to do instead of opening the window.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write attribution maps of pictures as .npy, with a record in explain.json
    Explain(explain::Explain),
    /// Write Insertion and Deletion curves as .csv, with their areas in curves.json
    Curves(curves::Curves),
    /// Make a figure for a paper from a session: PDF, SVG, PNG, LaTeX, raw maps
    Figure(figure::MakeFigure),
    /// Make a figure again from what it says of itself, and tell whether it is the same
    Replay(replay::Replay),
    /// Measure models × methods × pictures × scores over hours, and write tables
    Study(study::Study),
    /// Show a network: its input, its nodes and their shapes
    Inspect(inspect::Inspect),
    /// Check a network's numbers: the GPU's against the CPU's, or against some from elsewhere
    Verify(verify::Verify),
    /// Train a network, vanilla or robust, by a recipe; write its weights and model card
    Train(train::Train),
    /// List the methods and their parameters
    Methods(methods::Methods),
    /// Write the example's networks and pictures, to try other commands with
    Example(example::Example),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// With the one thing that went wrong; nothing half-written is left.
    pub fn run(&self) -> Result<ExitCode> {
        match self {
            Command::Explain(explain) => explain.run(),
            Command::Curves(curves) => curves.run(),
            Command::Figure(figure) => figure.run(),
            Command::Replay(replay) => replay.run(),
            Command::Study(study) => study.run(),
            Command::Inspect(inspect) => inspect.run(),
            Command::Verify(verify) => verify.run(),
            Command::Train(train) => train.run(),
            Command::Methods(methods) => methods.run(),
            Command::Example(example) => example.run(),
        }
    }
}

impl CommandLine {
    /// Where to compute, as far as the arguments say; the CPU where nothing is computed.
    pub fn device(&self) -> DeviceChoice {
        match &self.command {
            None => self.device.device,
            Some(Command::Explain(explain)) => explain.selection.device.device,
            Some(Command::Curves(curves)) => curves.selection.device.device,
            Some(Command::Figure(figure)) => figure.device.device,
            Some(Command::Replay(replay)) => replay.device.device,
            Some(Command::Study(study)) => study.device(),
            Some(Command::Inspect(inspect)) => inspect.device,
            Some(Command::Verify(verify)) => verify.device,
            Some(Command::Train(train)) => train.device.device,
            Some(Command::Methods(_) | Command::Example(_)) => DeviceChoice::Cpu,
        }
    }
}
