//! A batch's contribution to a step: gradients at the weights and statistics of batch norms.

use super::optimiser::Values;
use crate::attack::{Loss, cotangent};
use crate::error::Result;
use crate::graph::{Graph, Tape, read_back};
use crate::model::{BatchNorms, Weights};
use burn::tensor::Tensor;

/// A batch's contribution to a step.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// Of the batch's mean loss, by names of tensors.
    pub gradients: Values,
    /// Batch norms, with the mean and the unbiased variance of their channels in the batch.
    statistics: Vec<(String, [Vec<f32>; 2])>,
    /// Sum of the samples' losses.
    pub loss: f64,
    /// Samples of the batch that the network got right as it learned from them.
    pub correct: usize,
    pub samples: usize,
}

/// A batch on its way through the network.
pub struct Pass<'a> {
    graph: &'a Graph,
    norms: BatchNorms,
    tape: Tape,
    /// N×classes.
    pub logits: Vec<f32>,
}

impl<'a> Pass<'a> {
    /// Runs pictures (N×C×H×W in [0,1]) through a graph that learns.
    ///
    /// # Errors
    /// When the device failed.
    pub fn forward(graph: &'a Graph, norms: BatchNorms, pixels: Tensor<4>) -> Result<Self> {
        let tape = graph.forward(pixels);
        let logits = read_back(tape.logits())?;
        Ok(Self { graph, norms, tape, logits })
    }
}

impl Update {
    /// Counts the losses of samples, and which of them are right.
    pub fn count(&mut self, loss: &Loss, logits: &[f32], labels: &[usize]) {
        self.loss += loss.values.iter().sum::<f64>();
        self.samples += labels.len();
        let classes = logits.len() / labels.len().max(1);
        let rows = logits.chunks_exact(classes).zip(labels);
        self.correct += rows.filter(|(row, label)| top(row) == **label).count();
    }

    /// Adds the contribution of a gradient at the logits (N×classes), and the statistics of its
    /// batch.
    ///
    /// # Errors
    /// When the device failed.
    pub fn pull(&mut self, pass: &Pass, at_logits: Vec<f32>) -> Result<()> {
        let Pass { graph, norms, tape, .. } = pass;
        let cotangent = cotangent(at_logits, graph.classes(), graph.device());
        for (name, gradient) in graph.weight_gradients(tape, cotangent) {
            self.add(named(&name, graph, *norms), read_back(gradient)?);
        }
        let samples = tape.value(Graph::INPUT).dims()[0];
        for (name, [mean, variance]) in graph.batch_statistics(tape) {
            let id = graph.find(name).expect("a node of this graph");
            let shape = graph.node(id).shape;
            let count = (samples * shape.height * shape.width) as f32;
            let unbiased = count / (count - 1.0).max(1.0);
            let statistics =
                [read_back(mean.clone())?, read_back(variance.clone().mul_scalar(unbiased))?];
            self.statistics.push((of_set(name, *norms), statistics));
        }
        Ok(())
    }

    /// Whether loss, gradients and statistics are all numbers.
    pub fn is_finite(&self) -> bool {
        let gradients = self.gradients.values().flatten();
        let statistics = self.statistics.iter().flat_map(|(_, both)| both.iter().flatten());
        self.loss.is_finite() && gradients.chain(statistics).all(|value| value.is_finite())
    }

    /// Adds a gradient at one tensor.
    pub fn add(&mut self, name: String, gradient: Vec<f32>) {
        match self.gradients.get_mut(&name) {
            Some(sum) => sum.iter_mut().zip(gradient).for_each(|(sum, part)| *sum += part),
            None => drop(self.gradients.insert(name, gradient)),
        }
    }

    /// Moves the statistics that a running network will use a tenth of the way towards those of
    /// the batch, as PyTorch does.
    pub fn move_statistics(&self, weights: &mut Weights) {
        const PACE: f32 = 0.1;
        for (name, both) in &self.statistics {
            for (part, values) in ["running_mean", "running_var"].iter().zip(both) {
                let tensor = weights.tensors.get_mut(&format!("{name}.{part}"));
                let kept = tensor.into_iter().flat_map(|tensor| &mut tensor.values);
                kept.zip(values).for_each(|(kept, new)| *kept += PACE * (new - *kept));
            }
        }
    }
}

/// The largest of a row of logits.
pub fn top(row: &[f32]) -> usize {
    (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(0)
}

/// The name of a tensor in the state dict; norms of the other set have one of their own.
fn named(name: &str, graph: &Graph, norms: BatchNorms) -> String {
    let Some((node, part)) = name.rsplit_once('.') else { return name.to_string() };
    let is_norm = graph.find(node).is_some_and(|id| graph.node(id).op.kind() == "batch norm");
    match is_norm {
        true => format!("{}.{part}", of_set(node, norms)),
        false => name.to_string(),
    }
}

fn of_set(norm: &str, norms: BatchNorms) -> String {
    match norms {
        BatchNorms::Main => norm.to_string(),
        BatchNorms::Auxiliary => format!("{norm}.aux_bn"),
    }
}
