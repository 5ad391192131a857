//! The program: arguments to a window or a command.

mod explorer;

use hyaline::command_line::{CommandLine, say, without_display};
use hyaline::engine;
use hyaline::error::{Error, Result, tell_panics, untold};
use hyaline::model::{ComputeDevice, DeviceChoice};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
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
    if arguments.device() != DeviceChoice::Cpu {
        begin_with_runtime_folder();
    }
    tell_panics(say);
    let run = || match &arguments.command {
        Some(command) => command.run(),
        None => window(&arguments),
    };
    let done = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| match untold(&*panic) {
        Some(why) => Err(Error::device(why)),
        None => resume_unwind(panic),
    });
    done.unwrap_or_else(|error| {
        say(&error.to_string());
        ExitCode::FAILURE
    })
}

/// Begins anew with the folder of the user's sockets named, where it is not: libraries that look for a
/// graphics card look there for a display too, and complain on standard error.
fn begin_with_runtime_folder() {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::{fs::MetadataExt, process::CommandExt};
        use std::path::Path;
        use std::process::Command;
        let known = std::env::var_os("XDG_RUNTIME_DIR");
        if known.is_some_and(|folder| Path::new(&folder).is_absolute()) {
            return;
        }
        let (Ok(own), Ok(program)) = (std::fs::metadata("/proc/self"), std::env::current_exe())
        else {
            return;
        };
        let mut again = Command::new(program);
        again.args(std::env::args_os().skip(1));
        again.env("XDG_RUNTIME_DIR", format!("/run/user/{}", own.uid()));
        // It comes back only where it fails, and then there are complaints.
        let _ = again.exec();
    }
}

/// The window, or the same job without one where there is no display.
fn window(arguments: &CommandLine) -> Result<ExitCode> {
    let (files, device) = (&arguments.files, arguments.device);
    if let Some(why) = explorer::missing_display() {
        return without_display(files, device, why);
    }
    engine::compute_below_painting();
    let compute = ComputeDevice::choose(device.device)?;
    match explorer::run(files.clone(), compute) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(why) => without_display(files, device, &why),
    }
}
