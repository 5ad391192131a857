//! FullGrad: the pixels' part of the logit and that of every node's bias, brought to one size.

use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::upsample::bilinear;
use crate::error::Result;
use crate::graph::{Graph, RuleSet, read_back};
use crate::parameter::Values;
use ndarray::{Array3, Axis};

pub struct FullGrad;

static DESCRIPTION: Description = Description {
    id: "fullgrad",
    name: "FullGrad",
    family: Family::Gradient,
    paper: "Srinivas, Fleuret 2019, Full-Gradient Representation for Neural Network Visualization, section 4; batch norms are part of their convolutions; the pixels count from the colour that the network normalises to zero",
    formula: "ψ(x ⊙ ∂S_c/∂x) + Σ_nodes Σ_channels ψ(b ⊙ ∂S_c/∂z), ψ(a) = (|a| − min|a|) / (max|a| − min|a|), enlarged bilinearly",
    shape: MapShape::Plane,
    unit: "share of each part's range",
    passes: "1 forward, 1 backward",
    ranking: Ranking::Signed,
    sign: Sign::Full,
    parameters: &[],
};

impl Method for FullGrad {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, _: &Values, _: &Graph) -> Cost {
        Cost { forwards: 1, backwards: 1 }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Rules(RuleSet::FullGradient)]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let tape = job.tape();
        let full = job.model.graph.full_gradient(&tape, job.target);
        let input = (job.pixels.clone() - job.model.mean_colour()) * full.input;
        let mut sum = read_back(input.clone().sum())?[0];
        let [_, _, height, width] = input.dims();
        let mut map = rescaled(to_map(input)?).sum_axis(Axis(0));
        for bias in full.biases {
            sum += read_back(bias.clone().sum())?[0];
            let [_, _, rows, columns] = bias.dims();
            if rows * columns > 1 {
                let channels = rescaled(to_map(bias)?).sum_axis(Axis(0));
                map += &bilinear(&channels, [height, width]);
            }
        }
        let logit = read_back::<2>(tape.logits())?[job.target];
        job.diagnostics.insert("logit", f64::from(logit));
        job.diagnostics.insert("completeness error", f64::from(sum - logit));
        Ok(map.insert_axis(Axis(0)))
    }
}

/// ψ: absolute values from 0 to 1 over all channels.
fn rescaled(map: Array3<f32>) -> Array3<f32> {
    let absolute = map.mapv(f32::abs);
    let low = absolute.iter().copied().fold(f32::INFINITY, f32::min);
    let high = absolute.iter().copied().fold(0.0, f32::max);
    absolute.mapv(|value| (value - low) / (high - low + 1e-6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr3;

    #[test]
    fn magnitudes_go_from_zero_to_one() {
        let scaled = rescaled(arr3(&[[[-3.0, 1.0, 2.0]]]));
        let expected = [1.0, 0.0, 0.5];
        assert!(scaled.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
