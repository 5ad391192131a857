//! The program: arguments to a window or a command.

use clap::Parser;
use hyaline::command_line::CommandLine;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = CommandLine::parse();
    let done = match &arguments.command {
        Some(command) => command.run(),
        None => {
            hyaline::command_line::without_display(&arguments.files, arguments.device, "not built")
        }
    };
    done.unwrap_or_else(|error| {
        eprintln!("hyaline: {error}");
        ExitCode::FAILURE
    })
}
