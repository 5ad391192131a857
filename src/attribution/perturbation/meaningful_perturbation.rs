//! Meaningful perturbation: the smallest smooth region whose blur takes the class away.

use crate::attribution::blur::{Border, gaussian_blur};
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::perturbation::circular_mask::{DISCS, circular_masks, smallest_disc};
use crate::attribution::perturbation::optimiser::{Adam, gradient};
use crate::attribution::upsample::{Corners, bilinear_of, nearest_of};
use crate::error::Result;
use crate::graph::op::{Matrix, Resample};
use crate::graph::{Graph, read_back};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, s};
use ndarray::Array3;
use rand::RngExt;

pub struct MeaningfulPerturbation;

static DESCRIPTION: Description = Description {
    id: "meaningful-perturbation",
    name: "Meaningful Perturbation",
    family: Family::Perturbation,
    paper: "Fong, Vedaldi 2017, Interpretable Explanations of Black Boxes by Meaningful Perturbation, sections 4.1 to 4.3, as in Bansal, Agarwal, Nguyen 2020, SAM; lengths scale with the picture, of the start too, which SAM gives in cells; a jittered picture repeats its border",
    formula: "1 − argmin_m λ₁ Σ|1 − m| + λ₂ Σ|∇m|^β + p_c(x ⊙ m + blur(x) ⊙ (1 − m)), m in [0,1]",
    shape: MapShape::Plane,
    unit: "mask, 0 to 1",
    passes: "iterations × (1 forward, 1 backward); 35 forwards for the circular start",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[
        Parameter {
            id: "iterations",
            help: "steps of Adam",
            unit: "gradients",
            kind: Kind::Integer { default: 300, min: 1, max: 100_000 },
            source: "SAM; the paper, section 4.3",
        },
        Parameter {
            id: "rate",
            help: "learning rate of Adam",
            unit: "",
            kind: Kind::Real { default: 0.1, min: 1e-5, max: 10.0 },
            source: "SAM; the paper, section 4.3",
        },
        Parameter {
            id: "cells",
            help: "cells on a side of the mask, no more than pixels",
            unit: "cells",
            kind: Kind::Integer { default: 28, min: 2, max: 1024 },
            source: "SAM, sensitivity experiments; the paper, section 4.3",
        },
        Parameter {
            id: "start",
            help: "the first mask: the smallest blurred disc that takes 99 percent of the probability, or ones",
            unit: "",
            kind: Kind::Choice { default: "circular", options: &["circular", "ones"] },
            source: "SAM; the paper, section 4.3",
        },
        Parameter {
            id: "enlarging",
            help: "how the mask gets to the picture's size",
            unit: "",
            kind: Kind::Choice { default: "nearest", options: &["nearest", "bilinear"] },
            source: "SAM",
        },
        Parameter {
            id: "l1",
            help: "λ₁, the price of a deleted cell",
            unit: "",
            kind: Kind::Real { default: 1e-4, min: 0.0, max: 1e3 },
            source: "SAM; the paper, section 4.3",
        },
        Parameter {
            id: "tv",
            help: "λ₂, the price of differences between neighbouring cells",
            unit: "",
            kind: Kind::Real { default: 1e-2, min: 0.0, max: 1e3 },
            source: "SAM; the paper, section 4.3",
        },
        Parameter {
            id: "beta",
            help: "β, the power of these differences",
            unit: "",
            kind: Kind::Real { default: 3.0, min: 1.0, max: 10.0 },
            source: "SAM; the paper, section 4.3",
        },
        Parameter {
            id: "blur",
            help: "σ of the blur that deletes; at other sizes in proportion to the longer side",
            unit: "px at 224",
            kind: Kind::Real { default: 10.0, min: 0.1, max: 1000.0 },
            source: "SAM; the paper, section 4.1",
        },
        Parameter {
            id: "jitter",
            help: "how far the picture moves under the mask, at random in every step; at other sizes in proportion to the longer side",
            unit: "px at 224",
            kind: Kind::Integer { default: 4, min: 0, max: 224 },
            source: "SAM; the paper, section 4.2",
        },
    ],
};

/// Side of the pictures that lengths are given for.
const SIDE: f32 = 224.0;
/// Deviation of the blur of the finished map, px at 224 (SAM).
const MAP_BLUR: f32 = 1.0;

impl Method for MeaningfulPerturbation {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let iterations = values.integer("iterations");
        let discs = if values.choice("start") == "circular" { DISCS + 1 } else { 0 };
        Cost { forwards: iterations + discs + 3, backwards: iterations }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Probabilities]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let problem = Problem::new(job);
        let mut mask = match job.values.choice("start") {
            "circular" => problem.circular_start(job)?,
            _ => Tensor::ones(problem.mask_dims(1), &job.pixels.device()),
        };
        let iterations = job.values.integer("iterations");
        let mut adam = Adam::new(job.values.real("rate"), &mask);
        let mut generator = job.stream.generator();
        for iteration in 1..=iterations {
            let shift = [0; 2].map(|_| generator.random_range(0..problem.jitter.max(1)));
            let slope = problem.gradient(job, &mask, shift)?;
            mask = adam.step(mask, slope).clamp(0.0, 1.0);
            if job.advance(iteration, iterations, &|| problem.map(&mask)) == Flow::Cancel {
                break;
            }
        }
        problem.record(job, &mask)?;
        problem.map(&mask)
    }
}

/// What is minimised over masks.
struct Problem {
    /// The blurred picture.
    blurred: Tensor<4>,
    /// From the mask to the picture's size.
    enlarge: Resample,
    /// From the picture to one with room to move, borders repeated.
    widen: Resample,
    cells: [usize; 2],
    size: [usize; 2],
    /// Pixels of the picture for one at 224.
    scale: f32,
    /// Places along a side that the picture may take.
    jitter: usize,
}

impl Problem {
    fn new(job: &Job) -> Self {
        let [_, _, height, width] = job.pixels.dims();
        let size = [height, width];
        let scale = height.max(width) as f32 / SIDE;
        let device = job.pixels.device();
        let jitter = (job.values.integer("jitter") as f32 * scale).round() as usize;
        let cells = size.map(|side| side.min(job.values.integer("cells")));
        let enlarge = match job.values.choice("enlarging") {
            "bilinear" => bilinear_of(cells, size, Corners::Clamped, &device),
            _ => nearest_of(cells, size, &device),
        };
        let [rows, columns] = size.map(|side| widened(side, jitter));
        let sigma = job.values.real("blur") * scale;
        Self {
            blurred: gaussian_blur(job.pixels.clone(), sigma, Border::Edge),
            enlarge,
            widen: Resample::new("widen", rows, columns, &device),
            cells,
            size,
            scale,
            jitter,
        }
    }

    /// N×1×h×w.
    fn mask_dims(&self, masks: usize) -> [usize; 4] {
        [masks, 1, self.cells[0], self.cells[1]]
    }

    /// The picture where masks (N×1×h×w) are one, its blur where they are zero.
    fn blend(&self, job: &Job, masks: Tensor<4>) -> Tensor<4> {
        let difference = job.pixels.clone() - self.blurred.clone();
        self.blurred.clone() + difference * self.enlarge.apply(masks)
    }

    /// Gradient of what is minimised, over the picture moved to one of its places.
    ///
    /// # Errors
    /// When the network has no probabilities.
    fn gradient(&self, job: &Job, mask: &Tensor<4>, shift: [usize; 2]) -> Result<Tensor<4>> {
        let [rows, columns] = [0, 1].map(|axis| shift[axis]..shift[axis] + self.size[axis]);
        let moved = |picture: &Tensor<4>| match self.jitter {
            0 => picture.clone(),
            _ => self.widen.apply(picture.clone()).slice(s![.., .., rows.clone(), columns.clone()]),
        };
        let (picture, blurred) = (moved(&job.pixels), moved(&self.blurred));
        let values = job.values;
        let blend = |mask: Tensor<4>| {
            blurred.clone() + (picture.clone() - blurred.clone()) * self.enlarge.apply(mask)
        };
        let (_, slope) = job.probability_gradients(blend(mask.clone()))?;
        Ok(gradient(mask, |mask| {
            let pixels = blend(mask.clone());
            let deleted = (mask.clone().neg() + 1.0).abs().sum() * values.real("l1");
            let rough = variation(&mask, values.real("beta")) * values.real("tv");
            (pixels * slope).sum() + deleted + rough
        }))
    }

    /// The circular start: the smallest disc that takes the class's probability away.
    ///
    /// # Errors
    /// When the device failed.
    fn circular_start(&self, job: &Job) -> Result<Tensor<4>> {
        let masks = circular_masks(self.cells, self.size, self.scale, &job.pixels.device());
        let mut scores = vec![];
        for part in masks.clone().split(job.batch, 0) {
            scores.extend(job.probabilities(self.blend(job, part))?);
        }
        let whole = job.probabilities(job.pixels.clone())?[0];
        Ok(masks.narrow(0, smallest_disc(&scores, whole), 1))
    }

    /// What the mask deletes.
    ///
    /// # Errors
    /// When the device failed.
    fn map(&self, mask: &Tensor<4>) -> Result<Array3<f32>> {
        let enlarged = self.enlarge.apply(mask.clone());
        to_map(gaussian_blur(enlarged, MAP_BLUR * self.scale, Border::Edge).neg() + 1.0)
    }

    /// Probabilities before and after, and how much of the picture it took.
    ///
    /// # Errors
    /// When the device failed.
    fn record(&self, job: &mut Job, mask: &Tensor<4>) -> Result<()> {
        let pictures = [job.pixels.clone(), self.blend(job, mask.clone()), self.blurred.clone()];
        let mut scores = vec![];
        for picture in pictures {
            scores.extend(job.probabilities(picture)?);
        }
        let area = 1.0 - read_back(self.enlarge.apply(mask.clone()).mean())?[0];
        job.diagnostics.insert("probability", f64::from(scores[0]));
        job.diagnostics.insert("probability under the mask", f64::from(scores[1]));
        job.diagnostics.insert("mask area", f64::from(area));
        if scores[2] > scores[0] / 2.0 {
            job.warnings.push(format!(
                "the whole picture blurred keeps probability {:.2} of {:.2}: a larger blur would take more of the class away",
                scores[2], scores[0]
            ));
        }
        Ok(())
    }
}

/// Every output a pixel of a side, as many before the first and after the last as there is jitter.
fn widened(side: usize, jitter: usize) -> Matrix {
    let place = |i: usize| i.saturating_sub(jitter / 2).min(side - 1);
    Matrix::from_choice(side, (0..side + jitter).map(place))
}

/// Σ |difference of neighbours|^β, down and across; a side of one cell has none.
fn variation(mask: &Tensor<4>, beta: f32) -> Tensor<1> {
    let along = |side: usize| {
        let pairs = mask.dims()[side] - 1;
        let difference = mask.clone().narrow(side, 1, pairs) - mask.clone().narrow(side, 0, pairs);
        difference.abs().powf_scalar(beta).sum()
    };
    let sides = [2, 3].into_iter().filter(|side| mask.dims()[*side] > 1);
    sides
        .map(along)
        .reduce(|down, across| down + across)
        .unwrap_or_else(|| mask.clone().sum() * 0.0)
}
