//! How far explanations of different pictures are apart: where attacks on them start.

use super::batches::{batches, tensor};
use super::data::Pictures;
use super::update::top;
use crate::attack::cotangent;
use crate::error::Result;
use crate::graph::{Graph, ReluRule, read_back};
use serde::{Deserialize, Serialize};

/// Which explanation is trained with or measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Explanation {
    Gradient,
    #[default]
    InputXGradient,
    GuidedBackpropagation,
}

impl Explanation {
    /// How gradients pass ReLUs for it.
    pub fn rule(self) -> ReluRule {
        match self {
            Explanation::GuidedBackpropagation => ReluRule::Guided,
            Explanation::Gradient | Explanation::InputXGradient => ReluRule::Gradient,
        }
    }
}

/// The absolute values of a map (C×H×W), summed over channels and divided by their sum, and that
/// sum.
pub fn heat(map: &[f64], places: usize) -> (Vec<f64>, f64) {
    let mut heat = vec![0.0; places];
    for plane in map.chunks_exact(places) {
        heat.iter_mut().zip(plane).for_each(|(heat, value)| *heat += value.abs());
    }
    let sum = heat.iter().sum::<f64>().max(1e-30);
    for heat in &mut heat {
        *heat /= sum;
    }
    (heat, sum)
}

/// The explanation loss before any attack, L_start: the mean over pictures of the mean squared
/// difference between the heat of a picture and that of the next one, each of the class that the
/// network holds most likely (Chen et al. 2024, definition 1, with maps as in Dombrowski et al.
/// 2019). It grows with how sparse maps are.
///
/// # Errors
/// When the device failed.
pub fn starting_loss(graph: &Graph, pictures: &Pictures, explanation: Explanation) -> Result<f64> {
    let mut heats = vec![];
    for indices in batches(pictures.len()) {
        heats.extend(heats_of(graph, pictures, &indices, explanation)?);
    }
    let next = heats.iter().cycle().skip(1);
    let loss = |(own, other): (&Vec<f64>, &Vec<f64>)| {
        let squares = own.iter().zip(other).map(|(a, b)| (a - b).powi(2));
        squares.sum::<f64>() / own.len() as f64
    };
    Ok(heats.iter().zip(next).map(loss).sum::<f64>() / heats.len() as f64)
}

fn heats_of(
    graph: &Graph,
    pictures: &Pictures,
    indices: &[usize],
    explanation: Explanation,
) -> Result<Vec<Vec<f64>>> {
    let pixels = tensor(graph, pictures, indices);
    let tape = graph.forward(pixels.clone());
    let logits = read_back(tape.logits())?;
    let mut at_logits = vec![0.0; logits.len()];
    let rows = at_logits.chunks_exact_mut(graph.classes());
    rows.zip(logits.chunks_exact(graph.classes())).for_each(|(row, logits)| row[top(logits)] = 1.0);
    let rules = explanation.rule().into();
    let cotangent = cotangent(at_logits, graph.classes(), graph.device());
    let gradient = graph.vector_jacobian(&tape, cotangent, &[Graph::INPUT], &rules).remove(0);
    let map = match explanation {
        Explanation::InputXGradient => gradient * pixels,
        Explanation::Gradient | Explanation::GuidedBackpropagation => gradient,
    };
    let values: Vec<f64> = read_back(map)?.into_iter().map(f64::from).collect();
    let [channels, height, width] = pictures.shape;
    let places = height * width;
    Ok(values.chunks_exact(channels * places).map(|map| heat(map, places).0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_is_a_share_of_the_whole() {
        // Two channels of two pixels.
        assert_eq!(heat(&[1.0, -2.0, 0.0, 1.0], 2), (vec![0.25, 0.75], 4.0));
    }
}
