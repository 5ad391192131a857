//! Arguments that several commands have, and what they open.

use super::terminal::say;
use crate::error::{Error, Result};
use crate::graph::liveness;
use crate::model::{ComputeDevice, DeviceChoice, Model};
use clap::Args;
use std::path::Path;

/// Where to compute.
#[derive(Debug, Clone, Copy, Args)]
pub struct DeviceArgument {
    /// Where to compute: a real GPU that passes a self-check or else the CPU, the CPU, or any GPU
    /// (a software one too)
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        value_name = "auto|cpu|gpu",
        hide_possible_values = true
    )]
    pub device: DeviceChoice,
}

/// Which of a network's outputs.
#[derive(Debug, Clone, Default, Args)]
pub struct OutputArgument {
    /// Output to explain of an ONNX file that has several; `hyaline inspect` names them
    #[arg(long, value_name = "NAME")]
    pub output: Option<String>,
}

impl OutputArgument {
    /// Opens a network with that output.
    pub(super) fn open(&self, path: &Path, device: &ComputeDevice) -> Result<Model> {
        Model::open_output(path, self.output.as_deref(), device)
    }
}

/// Opens the device and says on standard error what is not as expected.
pub(super) fn open_device(choice: DeviceChoice) -> Result<ComputeDevice> {
    let device = ComputeDevice::choose(choice)?;
    // A command has no other thread than the one that the device holds.
    liveness::when_held(|why| {
        say(&Error::device(why).to_string());
        std::process::exit(1);
    });
    if let Some(notice) = &device.notice {
        say(notice);
    }
    Ok(device)
}
