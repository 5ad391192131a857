//! The program: arguments to a window or a command.

use hyaline::command_line::{CommandLine, say, without_display};
use hyaline::error::Result;
use hyaline::explorer;
use hyaline::model::ComputeDevice;
use std::process::ExitCode;

/// The CPU backend allocates every value anew; with the system's allocator, batches cost twice as
/// much a picture.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match CommandLine::parse_or_explain() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let done = match &arguments.command {
        Some(command) => command.run(),
        None => window(&arguments),
    };
    done.unwrap_or_else(|error| {
        say(&error.to_string());
        ExitCode::FAILURE
    })
}

/// The window, or the same job without one where there is no display.
fn window(arguments: &CommandLine) -> Result<ExitCode> {
    let (files, device) = (&arguments.files, arguments.device);
    if let Some(why) = explorer::missing_display() {
        return without_display(files, device, why);
    }
    explorer::compute_below_painting();
    let compute = ComputeDevice::choose(device.device)?;
    match explorer::run(files.clone(), compute) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(why) => without_display(files, device, &why),
    }
}
