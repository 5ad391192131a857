//! `hyaline inspect`: what a file turned out to be.

use super::arguments::{OutputArgument, open_device};
use super::terminal::{print, say};
use crate::error::{Error, Result};
use crate::model::report::{Line, outline};
use crate::model::{DeviceChoice, Model, Outputs, Report};
use crate::picture::Preprocessing;
use clap::Args;
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Show a network.
#[derive(Debug, Args)]
#[command(after_help = "\
The node marked with * is where class activation maps look by default; --layer of explain takes any
other, or a module. A batch norm after a convolution is folded into it, so it is no node of its own.

Examples:
  hyaline inspect resnet50.pth
      what was recognised, what was guessed, and every node
  hyaline inspect net.onnx --write-card
      write net.toml beside it, with everything that was inferred, to be corrected by hand")]
pub struct Inspect {
    /// Model card (.toml), network (.onnx) or weights (.safetensors, .pth and kin)
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    /// Write a model card with all that was inferred, by default beside the weights
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "no flag, the bare flag, the flag with a file")]
    write_card: Option<Option<PathBuf>>,
    /// Let --write-card write over a card that is there
    #[arg(long, requires = "write_card")]
    replace: bool,
    #[command(flatten)]
    output: OutputArgument,
    /// Where to run it once: the CPU, a real GPU if there is one, or any GPU
    #[arg(
        long,
        value_enum,
        default_value = "cpu",
        value_name = "auto|cpu|gpu",
        hide_possible_values = true
    )]
    pub(super) device: DeviceChoice,
}

/// Everything about a network, for programs.
#[derive(Debug, Serialize)]
struct Record<'a> {
    name: &'a str,
    file: &'a PathBuf,
    sha256: &'a str,
    architecture: &'a str,
    report: &'a Report,
    input: &'a Preprocessing,
    outputs: &'a Outputs,
    classes: usize,
    parameters: usize,
    cam_layer: Option<&'a str>,
    warnings: &'a [String],
    nodes: Vec<NodeRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct NodeRecord<'a> {
    name: &'a str,
    kind: &'static str,
    shape: [usize; 3],
    inputs: Vec<&'a str>,
}

impl Inspect {
    pub fn run(&self) -> Result<ExitCode> {
        let model = self.output.open(&self.model, &open_device(self.device)?)?.checked();
        match self.json {
            true => {
                let text = serde_json::to_string_pretty(&record(&model))
                    .map_err(|e| Error::new("cannot print the network", e))?;
                print(&(text + "\n"))?;
            }
            false => print(&(describe(&model) + &tree(&model)))?,
        }
        if let Some(path) = &self.write_card {
            let beside = model.card.weights.with_extension("toml");
            let path = path.as_ref().unwrap_or(&beside);
            model.full_card().write(path, self.replace)?;
            say(&format!("wrote {}", path.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn record(model: &Model) -> Record<'_> {
    let graph = &model.graph;
    let name = |id| graph.node(id).name.as_str();
    let node = |id| {
        let node = graph.node(id);
        NodeRecord {
            name: &node.name,
            kind: node.op.kind(),
            shape: [node.shape.channels, node.shape.height, node.shape.width],
            inputs: node.inputs.iter().map(|id| name(*id)).collect(),
        }
    };
    Record {
        name: &model.name,
        file: &model.path,
        sha256: &model.sha256,
        architecture: &model.architecture,
        report: &model.report,
        input: &model.preprocessing,
        outputs: &model.outputs,
        classes: graph.classes(),
        parameters: graph.parameters(),
        cam_layer: graph.default_cam_layer().map(name),
        warnings: &model.warnings,
        nodes: graph.ids().map(node).collect(),
    }
}

fn describe(model: &Model) -> String {
    let mut text = String::new();
    for (key, value) in model.facts() {
        let _ = writeln!(text, "{key:<14} {value}");
    }
    for warning in &model.warnings {
        let _ = writeln!(text, "{:<14} {warning}", "warning");
    }
    text
}

/// Every node under its modules, by the full name that --layer takes.
fn tree(model: &Model) -> String {
    let graph = &model.graph;
    let cam = graph.default_cam_layer();
    let lines = outline(graph);
    let name = |line: &Line| {
        let name = line.node.map_or(&line.name, |id| &graph.node(id).name);
        format!("{}{name}", "  ".repeat(line.depth))
    };
    let width = lines.iter().map(|line| name(line).chars().count()).max().unwrap_or(0);
    let mut text = format!("\n  {:<width$}  {:<22}  shape\n", "node", "kind");
    for line in &lines {
        let name = name(line);
        let _ = match line.node {
            None => writeln!(text, "  {name}"),
            Some(id) => {
                let node = graph.node(id);
                let mark = if Some(id) == cam { '*' } else { ' ' };
                writeln!(text, "{mark} {name:<width$}  {:<22}  {}", node.op.kind(), node.shape)
            }
        };
    }
    text
}
