//! `hyaline inspect`: what a network is made of.

use super::{DeviceArgument, open_device, print};
use crate::error::Result;
use crate::model::Model;
use clap::Args;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Show a network.
#[derive(Debug, Args)]
#[command(after_help = "\
The node marked with * is where class activation maps look by default. Batch norm is folded into the
convolution before it, so it is no node of its own.")]
pub struct Inspect {
    /// Model card (.toml) or weights (.safetensors)
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    device: DeviceArgument,
}

impl Inspect {
    pub fn run(&self) -> Result<ExitCode> {
        let model = Model::open(&self.model, &open_device(self.device.device)?)?;
        print(&describe(&model))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn describe(model: &Model) -> String {
    let (graph, input) = (&model.graph, &model.preprocessing);
    let mut text = String::new();
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key:<13} {value}");
    };
    line("name", model.name.clone());
    line("architecture", model.architecture.into());
    line("file", model.path.display().to_string());
    line("sha256", model.sha256.clone());
    line(
        "input",
        format!(
            "{} in [0,1], {:?} resize, centre crop {}",
            graph.input_shape(),
            input.resize,
            input.crop
        ),
    );
    line("mean", format!("{:?}", input.mean));
    line("std", format!("{:?}", input.std));
    line("classes", format!("{} ({}, …)", graph.classes(), model.labels.name(0)));
    line("parameters", graph.parameters().to_string());
    if let Some(training) = &model.training {
        let norm = training.norm.as_deref().unwrap_or("");
        let radius = training.epsilon.map_or(String::new(), |epsilon| format!(" ε {epsilon:.4}"));
        line("training", format!("{} {norm}{radius}", training.kind));
    }
    for warning in &model.warnings {
        line("warning", warning.clone());
    }
    let cam = graph.default_cam_layer();
    let width = graph.nodes().iter().map(|node| node.name.len()).max().unwrap_or(0);
    let _ = writeln!(text, "\n  {:<width$}  {:<22}  shape", "node", "kind");
    for id in graph.ids() {
        let node = graph.node(id);
        let mark = if Some(id) == cam { '*' } else { ' ' };
        let _ =
            writeln!(text, "{mark} {:<width$}  {:<22}  {}", node.name, node.op.kind(), node.shape);
    }
    text
}
