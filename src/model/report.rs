//! The load report: what was found on opening a network.

use super::architecture::Fit;
use super::onnx::pixels::Pixels;
use super::{BatchNorms, Source};
use crate::graph::{Graph, NodeId};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

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
