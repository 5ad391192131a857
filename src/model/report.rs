//! What was found out on opening a network, for people to check.

use super::architecture::Fit;
use super::onnx::pixels::Pixels;
use super::{BatchNorms, Model, Outputs, Prediction};
use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;
use std::time::Instant;

/// Where the normalisation of the pixels comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The model card.
    Card,
    /// The file itself.
    File,
    /// The configuration beside the file.
    Configuration,
    /// What published weights of the architecture were trained with.
    Architecture,
    /// What is usual for such pictures; it may be wrong.
    Guess,
}

impl Source {
    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Source::Card => "from the model card",
            Source::File => "from the file itself",
            Source::Configuration => "from config.json beside it",
            Source::Architecture => "usual for the architecture",
            Source::Guess => "a guess",
        }
    }
}

/// How a file became a network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What kind of file it is.
    pub format: String,
    /// How its tensors fit the architecture; none for files that hold their own graph.
    pub fit: Option<Fit>,
    pub normalisation: Source,
    /// What a network that brings its own graph takes, and does to its pixels itself.
    pub pixels: Option<Pixels>,
    pub labels: Source,
    /// The batch norms in use, where there was a choice.
    pub batch_norms: Option<BatchNorms>,
    /// What was left out, assumed or moved.
    pub notes: Vec<String>,
    /// Its first run, once there was one.
    pub forward_check: Option<ForwardCheck>,
}

/// A run on a picture of the mean colour, the network's zero.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForwardCheck {
    pub seconds: f64,
    /// The most probable class, or the first value.
    pub class: usize,
    pub label: String,
    /// The network's output for it.
    pub logit: f32,
    /// None where the network gives values.
    pub probability: Option<f32>,
}

impl fmt::Display for ForwardCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.seconds * 1e3;
        let score = match self.probability {
            Some(probability) => format!("({:.1} %)", probability * 100.0),
            None => self.logit.to_string(),
        };
        write!(f, "passed in {milliseconds:.0} ms; the mean colour is {} {score}", self.label)
    }
}

impl Model {
    /// What the load report says, by keyword.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let (graph, input, report) = (&self.graph, &self.preprocessing, &self.report);
        let mut facts = vec![
            ("name", self.name.clone()),
            ("file", self.card.weights.display().to_string()),
            ("format", report.format.clone()),
            ("sha256", self.sha256.clone()),
            ("architecture", self.architecture.clone()),
        ];
        if let Some(fit) = &report.fit {
            facts.push((
                "tensors",
                format!(
                    "{} matched, {} missing, {} unexpected, {} misshapen (confidence {:.0} %)",
                    fit.matched,
                    fit.missing.len(),
                    fit.unexpected.len(),
                    fit.misshapen.len(),
                    fit.confidence * 100.0
                ),
            ));
        }
        let resize = format!("{:?}", input.resize).to_lowercase();
        facts.extend([
            ("parameters", graph.parameters().to_string()),
            (
                "input",
                format!(
                    "{} in [0,1], {resize} resize, centre crop {}",
                    graph.input_shape(),
                    input.crop
                ),
            ),
            ("normalisation", {
                let source = report.normalisation.text();
                format!("mean {:?}, std {:?}, {source}", input.mean, input.std)
            }),
        ]);
        if let Some(channels) = input.channels_text() {
            facts.push(("channels", channels));
        }
        if let Some(pixels) = &report.pixels {
            facts.push(("pixels", pixels.to_string()));
        }
        facts.extend([
            ("outputs", self.outputs_in_words()),
            ("classes", {
                let source = report.labels.text();
                format!("{} ({}, …), names {source}", graph.classes(), self.labels.name(0))
            }),
        ]);
        if let Some(batch_norms) = report.batch_norms {
            let which = format!("{batch_norms:?}").to_lowercase();
            facts.push((
                "batch norms",
                format!("{which} of two sets; `batch_norms` in a card chooses"),
            ));
        }
        facts.push(("CAM layer", self.cam_layer_in_words()));
        if let Some(training) = &self.training {
            let norm = training.norm.as_deref().unwrap_or("");
            let radius =
                training.epsilon.map_or(String::new(), |epsilon| format!(" ε {epsilon:.4}"));
            facts.push(("training", format!("{} {norm}{radius}", training.kind)));
        }
        if let Some(check) = &report.forward_check {
            facts.push(("forward check", check.to_string()));
        }
        facts.extend(report.notes.iter().map(|note| ("note", note.clone())));
        facts
    }

    /// The network after its first run, which goes into the report; a run that failed is a warning.
    pub fn checked(mut self) -> Self {
        match self.surviving(Self::check_forward) {
            Ok(check) => self.report.forward_check = Some(check),
            Err(error) => self.warnings.push(error.to_string()),
        }
        self
    }

    /// Runs the network once and looks at its scores.
    ///
    /// # Errors
    /// When a score is not finite, or the device fails.
    pub fn check_forward(&self) -> Result<ForwardCheck> {
        let shape = self.graph.input_shape();
        let dims = [1, shape.channels, shape.height, shape.width];
        let started = Instant::now();
        let best = self
            .predict(self.mean_colour().expand(dims))
            .map_err(|why| Error::new("the forward check failed", why))?;
        let seconds = started.elapsed().as_secs_f64();
        let Some(Prediction { class, label, logit, probability }) = best.into_iter().next() else {
            return Err(Error::new("the forward check failed", "it has no outputs"));
        };
        Ok(ForwardCheck { seconds, class, label, logit, probability })
    }

    fn cam_layer_in_words(&self) -> String {
        let graph = &self.graph;
        let Some(id) = graph.default_cam_layer() else {
            return "none: no layer's values have rows and columns of the picture".into();
        };
        let node = graph.node(id);
        let then = if graph.attends_after(id) { ", before attention" } else { "" };
        format!("{} ({}){then}", node.name, node.shape)
    }

    fn outputs_in_words(&self) -> String {
        let Outputs { kind, source, name, choices } = &self.outputs;
        let which = match name {
            Some(name) if choices.len() > 1 => {
                let all: Vec<_> =
                    choices.iter().map(|(name, shape)| format!("{name} {shape}")).collect();
                format!("; `{name}` of {}", all.join(", "))
            }
            _ => String::new(),
        };
        format!("{}, {}{which}", kind.text(), source.text())
    }
}

/// A line of a network's outline: a module, or a node in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The part of its name that its modules do not say.
    pub name: String,
    /// Modules around it.
    pub depth: usize,
    /// None for modules.
    pub node: Option<NodeId>,
}

/// The nodes as a tree of modules, by the dots and slashes in their names. A module with one node
/// only has no line of its own.
pub fn outline(graph: &Graph) -> Vec<Line> {
    let names: Vec<Vec<&str>> =
        graph.nodes().iter().map(|node| node.name.split(['.', '/']).collect()).collect();
    let mut nodes_of: HashMap<&[&str], usize> = HashMap::new();
    for parts in &names {
        (1..parts.len()).for_each(|depth| *nodes_of.entry(&parts[..depth]).or_default() += 1);
    }
    let mut lines: Vec<Line> = vec![];
    let mut around: &[&str] = &[];
    for (id, parts) in graph.ids().zip(&names) {
        let alone = (1..parts.len()).find(|depth| nodes_of[&parts[..*depth]] == 1);
        let depth = alone.map_or(parts.len() - 1, |depth| depth - 1);
        let modules = &parts[..depth];
        let common = around.iter().zip(modules).take_while(|(a, b)| a == b).count();
        for (depth, module) in modules.iter().enumerate().skip(common) {
            lines.push(Line { name: (*module).to_string(), depth, node: None });
        }
        lines.push(Line { name: parts[depth..].join("."), depth, node: Some(id) });
        around = modules;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::Pointwise;
    use crate::graph::{GraphBuilder, Op, Shape};
    use burn::tensor::Device;

    #[test]
    fn nodes_are_outlined_by_their_modules() {
        let mut graph = GraphBuilder::new(Shape::new(2, 3, 3), &Device::flex());
        let mut from = Graph::INPUT;
        let names = ["stem.0.relu", "layer1.0.relu1", "layer1.0.relu2", "layer1.1.relu1", "relu"];
        for name in names {
            from = graph.add(name, Pointwise::Relu, &[from]).unwrap();
        }
        graph.add("pool", Op::GlobalAveragePool, &[from]).unwrap();
        let graph = graph.finish().unwrap();
        let lines: Vec<String> = outline(&graph)
            .iter()
            .map(|line| format!("{}{}", "-".repeat(line.depth), line.name))
            .collect();
        let expected = [
            "input",
            "stem.0.relu",
            "layer1",
            "-0",
            "--relu1",
            "--relu2",
            "-1.relu1",
            "relu",
            "pool",
        ];
        assert_eq!(lines, expected);
    }
}
