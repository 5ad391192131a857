//! RISE: the mean of random masks, weighted by the class's probability under each.

use crate::attribution::estimate::{Estimate, STANDARD_ERROR};
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::upsample::{Between, interpolate};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData, s};
use ndarray::{Array2, Array3};
use rand::{Rng, RngExt};

pub struct Rise;

static DESCRIPTION: Description = Description {
    id: "rise",
    name: "RISE",
    family: Family::Perturbation,
    paper: "Petsiuk, Das, Saenko 2018, RISE, section 3; masked pixels turn to the colour that the network normalises to zero",
    formula: "1/(N p) Σ_i p_c(x ⊙ M_i) M_i",
    shape: MapShape::Plane,
    unit: "probability",
    passes: "1 forward for every mask",
    ranking: Ranking::Signed,
    sign: Sign::Full,
    parameters: &[
        Parameter {
            id: "masks",
            help: "random masks",
            unit: "forward passes",
            kind: Kind::Integer { default: 4000, min: 1, max: 100_000 },
            source: "the paper, section 4: 4000 for VGG-16 (8000 for ResNet-50)",
        },
        Parameter {
            id: "grid",
            help: "cells on a side of the coarse mask",
            unit: "cells",
            kind: Kind::Integer { default: 7, min: 1, max: 64 },
            source: "the paper, section 4",
        },
        Parameter {
            id: "keep",
            help: "probability that a cell stays visible",
            unit: "",
            kind: Kind::Real { default: 0.5, min: 0.01, max: 1.0 },
            source: "the paper, section 4",
        },
    ],
};

impl Method for Rise {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        Cost { forwards: values.integer("masks"), backwards: 0 }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Probabilities]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let [_, _, height, width] = job.pixels.dims();
        let (grid, keep) = (job.values.integer("grid"), job.values.real("keep"));
        let mut generator = job.stream.generator();
        let mask = |_| grid_mask(&mut generator, grid, keep, [height, width]);
        rise_over(job, job.values.integer("masks"), keep, mask)
    }
}

/// RISE over given masks (H×W in [0,1]), of which each pixel keeps `keep` on average.
pub fn rise_over(
    job: &mut Job,
    masks: usize,
    keep: f32,
    mut mask: impl FnMut(usize) -> Array2<f32>,
) -> Result<Array3<f32>> {
    let [_, _, height, width] = job.pixels.dims();
    let device = job.pixels.device();
    let mean = job.model.mean_colour();
    // Masking happens where zero is the mean colour: after normalisation.
    let centred = job.pixels.clone() - mean.clone();
    let mut estimate = Estimate::new(&Tensor::zeros([1, 1, height, width], &device));
    while estimate.count < masks {
        let done = estimate.count;
        let batch = job.batch.min(masks - done);
        let values: Vec<f32> = (done..done + batch).flat_map(|i| mask(i).into_iter()).collect();
        let data = TensorData::new(values, [batch, 1, height, width]);
        let visible = Tensor::<4>::from_data(data, &device);
        let pixels = centred.clone() * visible.clone() + mean.clone();
        let scores = job.model.probabilities(pixels)?.slice(s![.., job.target]);
        estimate.add(visible * scores.reshape([batch, 1, 1, 1]) / keep);
        job.convergence = Some((STANDARD_ERROR, estimate.relative_standard_error()?));
        if job.advance(estimate.count, masks, &|| estimate.map()) == Flow::Cancel {
            break;
        }
    }
    estimate.map()
}

/// A coarse mask of `grid`×`grid` cells, each 1 with probability `keep`, enlarged bilinearly to
/// one cell more than the picture and cut at a random place (the paper, section 3.2).
pub fn grid_mask(
    generator: &mut impl Rng,
    grid: usize,
    keep: f32,
    [height, width]: [usize; 2],
) -> Array2<f32> {
    let cells =
        Array2::from_shape_simple_fn((grid, grid), || f32::from(generator.random::<f32>() < keep));
    let cell = [height.div_ceil(grid), width.div_ceil(grid)];
    let shift = cell.map(|side| generator.random_range(0..side));
    let axis = |axis: usize, size: usize| -> Vec<Between> {
        let scale = grid as f32 / ((grid + 1) * cell[axis]) as f32;
        let place = |pixel: usize| ((pixel + shift[axis]) as f32 + 0.5) * scale - 0.5;
        (0..size).map(|pixel| Between::new(place(pixel), grid)).collect()
    };
    interpolate(&cells, &axis(0, height), &axis(1, width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    #[test]
    fn masks_stay_in_range_and_keep_their_share() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let mut sum = 0.0;
        for _ in 0..400 {
            let mask = grid_mask(&mut generator, 7, 0.3, [30, 41]);
            assert!(mask.iter().all(|value| (0.0..=1.0).contains(value)));
            sum += mask.mean().unwrap();
        }
        assert!((sum / 400.0 - 0.3).abs() < 0.02, "{}", sum / 400.0);
    }

    #[test]
    fn a_mask_that_keeps_everything_is_one_everywhere() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let mask = grid_mask(&mut generator, 5, 1.0, [17, 17]);
        assert!(mask.iter().all(|value| (value - 1.0).abs() < 1e-6));
    }
}
