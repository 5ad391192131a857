//! Extremal perturbation: the smooth mask of a given area that keeps, or takes, most of the score.

use crate::attribution::blur::{Border, gaussian_blur};
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::attribution::perturbation::optimiser::{Momentum, gradient};
use crate::attribution::perturbation::smooth_mask::SmoothMask;
use crate::error::Result;
use crate::graph::{Graph, Rules, read_back};
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;

pub struct ExtremalPerturbation;

static DESCRIPTION: Description = Description {
    id: "extremal-perturbation",
    name: "Extremal Perturbation",
    family: Family::Perturbation,
    paper: "Fong, Patrick, Vedaldi 2019, Understanding Deep Networks via Extremal Perturbations and Smooth Masks, section 3, as in TorchRay; lengths scale with the picture, areas are optimised one after the other, and equal values of a mask share their rank",
    formula: "Σ_a argmax_m S_c(m ⊗ x) − λ_t mean((sort(m) − r_a)²), λ_t = 300 · 1.0035^t; m ⊗ x blurs x the more the smaller m is, r_a is one over a share a of the pixels and else zero",
    shape: MapShape::Plane,
    unit: "sum of masks",
    passes: "areas × iterations × (1 forward, 1 backward), twice that for dual",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[
        Parameter {
            id: "areas",
            help: "shares of the picture, with the margin that masks reach over it, that masks keep; the map is the sum of the masks, smoothed (σ 0.09 of the shorter side) if several; TorchRay's benchmark has 0.025,0.05,0.1,0.2 on VOC and 0.018,0.025,0.05,0.1 on COCO",
            unit: "of the area",
            kind: Kind::Reals { default: &[0.1], min: 0.001, max: 0.999 },
            source: "TorchRay 1.0 (areas)",
        },
        Parameter {
            id: "iterations",
            help: "steps of gradient ascent for every area",
            unit: "gradients",
            kind: Kind::Integer { default: 800, min: 1, max: 100_000 },
            source: "TorchRay 1.0 (max_iter)",
        },
        Parameter {
            id: "variant",
            help: "whether the mask keeps the score (preserve), its rest loses it (delete), or both",
            unit: "",
            kind: Kind::Choice { default: "preserve", options: &["preserve", "delete", "dual"] },
            source: "TorchRay 1.0",
        },
        Parameter {
            id: "step",
            help: "distance of the mask's cells; at other sizes in proportion to the longer side",
            unit: "px at 224",
            kind: Kind::Integer { default: 7, min: 1, max: 224 },
            source: "TorchRay 1.0",
        },
        Parameter {
            id: "sigma",
            help: "reach of a cell; at other sizes in proportion to the longer side",
            unit: "px at 224",
            kind: Kind::Real { default: 21.0, min: 1.0, max: 224.0 },
            source: "TorchRay 1.0",
        },
        Parameter {
            id: "blur",
            help: "σ of the strongest of 8 blurs; at other sizes in proportion to the longer side",
            unit: "px at 224",
            kind: Kind::Real { default: 20.0, min: 0.1, max: 1000.0 },
            source: "TorchRay 1.0 (max_blur); the paper, section 3",
        },
    ],
};

/// Side of the pictures that lengths are given for.
const SIDE: f32 = 224.0;
/// Levels of the perturbation, the last one the picture itself.
const LEVELS: usize = 8;
const RATE: f32 = 0.01;
const MOMENTUM: f32 = 0.9;
/// Weight of the area term at first, and its growth in every step.
const AREA_WEIGHT: f32 = 300.0;
const AREA_GROWTH: f32 = 1.0035;
/// Blur of the map of several areas, as a share of the shorter side.
const MAP_BLUR: f32 = 0.09;
/// Values closer than this count as equal in the area term.
const TIE: f32 = 1e-4;
/// Largest error of an area without a warning.
const AREA_TOLERANCE: f64 = 0.03;

impl Method for ExtremalPerturbation {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let pictures = if values.choice("variant") == "dual" { 2 } else { 1 };
        let areas = values.reals("areas").len();
        let steps = areas * values.integer("iterations") * pictures;
        Cost { forwards: steps + areas + 1, backwards: steps }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let problem = Problem::new(job)?;
        let (areas, iterations) = (job.values.reals("areas"), job.values.integer("iterations"));
        let mut masks = vec![];
        for (index, &area) in areas.iter().enumerate() {
            let mut cells = Tensor::ones(problem.smooth.cells(), &job.pixels.device());
            let mut descent = Momentum::new(RATE, MOMENTUM);
            let mut flow = Flow::Continue;
            for step in 0..iterations {
                let slope = problem.gradient(job, &cells, area, step);
                cells = descent.step(cells, slope).clamp(0.0, 1.0);
                let partial = || problem.map(masks.iter().chain([&cells]));
                let done = index * iterations + step + 1;
                flow = job.advance(done, areas.len() * iterations, &partial);
                if flow == Flow::Cancel {
                    break;
                }
            }
            masks.push(cells);
            if flow == Flow::Cancel {
                break;
            }
        }
        problem.record(job, &masks)?;
        problem.map(masks.iter())
    }
}

/// What is minimised over the cells of a mask.
struct Problem {
    smooth: SmoothMask,
    /// The picture from its strongest blur to itself, levels×C×H×W.
    pyramid: Tensor<4>,
    /// 0, 1, …, levels×1×1×1.
    levels: Tensor<4>,
    variant: &'static str,
    /// Whether there is more than one area.
    several: bool,
}

impl Problem {
    /// # Errors
    /// When memory could not hold the masks.
    fn new(job: &Job) -> Result<Self> {
        let [_, _, height, width] = job.pixels.dims();
        let (values, device) = (job.values, job.pixels.device());
        // The product first: 21 px at 224 are 3 px at 32 to the last bit.
        let scaled = |length: f32| length * height.max(width) as f32 / SIDE;
        let step = scaled(values.integer("step") as f32).round().max(1.0) as usize;
        let (sigma, blur) = (scaled(values.real("sigma")), scaled(values.real("blur")));
        // TorchRay blurs what the network takes, where zero is the mean colour.
        let mean = job.model.mean_colour();
        let centred = job.pixels.clone() - mean.clone();
        let pyramid = (0..LEVELS).map(|level| {
            let share = 1.0 - level as f32 / (LEVELS - 1) as f32;
            gaussian_blur(centred.clone(), blur * share, Border::Zero)
        });
        let levels = (0..LEVELS).map(|level| level as f32).collect();
        Ok(Self {
            smooth: SmoothMask::new([height, width], step, sigma, &device)?,
            pyramid: Tensor::cat(pyramid.collect(), 0) + mean,
            levels: Tensor::from_data(TensorData::new(levels, [LEVELS, 1, 1, 1]), &device),
            variant: values.choice("variant"),
            several: values.reals("areas").len() > 1,
        })
    }

    /// The picture under a mask (1×1×H×W), between the two levels next to it.
    fn blend(&self, mask: Tensor<4>) -> Tensor<4> {
        let distance = (mask * (LEVELS - 1) as f32 - self.levels.clone()).abs();
        let shares = (distance.neg() + 1.0).clamp_min(0.0);
        (shares * self.pyramid.clone()).sum_dim(0)
    }

    /// The pictures that a mask makes, each with the sign that its score has in the reward.
    fn pictures(&self, mask: Tensor<4>) -> Vec<(Tensor<4>, f32)> {
        let rest = mask.clone().neg() + 1.0;
        match self.variant {
            "preserve" => vec![(self.blend(mask), 1.0)],
            "delete" => vec![(self.blend(rest), -1.0)],
            _ => vec![(self.blend(mask), 1.0), (self.blend(rest), -1.0)],
        }
    }

    /// Gradient of what is minimised. Every other step mirrors the picture.
    fn gradient(&self, job: &Job, cells: &Tensor<4>, area: f64, step: usize) -> Tensor<4> {
        let mirror =
            |picture: Tensor<4>| if step.is_multiple_of(2) { picture.flip([3]) } else { picture };
        let weight = AREA_WEIGHT * AREA_GROWTH.powi(step as i32);
        gradient(cells, |cells| {
            let whole = self.smooth.apply(cells);
            let error = area_error(whole.clone(), area) * weight;
            let pictures = self.pictures(self.smooth.of_picture(whole)).into_iter();
            let reward = |(picture, sign): (Tensor<4>, f32)| {
                let seen = mirror(picture.clone().inner());
                let slope = mirror(job.input_gradients(seen, &Rules::Gradient));
                (picture * slope).sum() * sign
            };
            pictures.map(reward).fold(error, |loss, reward| loss - reward)
        })
    }

    /// The sum of the masks over the picture.
    ///
    /// # Errors
    /// When the device failed.
    fn map<'a>(&self, masks: impl Iterator<Item = &'a Tensor<4>>) -> Result<Array3<f32>> {
        let masks = masks.map(|cells| self.smooth.of_picture(self.smooth.apply(cells.clone())));
        let sum = masks.reduce(|sum, mask| sum + mask).expect("there is an area");
        let [_, _, height, width] = sum.dims();
        let sigma = MAP_BLUR * height.min(width) as f32;
        to_map(if self.several { gaussian_blur(sum, sigma, Border::Zero) } else { sum })
    }

    /// How well the masks hold their areas, and what they leave of the score.
    ///
    /// # Errors
    /// When the device failed.
    fn record(&self, job: &mut Job, masks: &[Tensor<4>]) -> Result<()> {
        let (mut worst, mut score) = (0f64, 0f64);
        for (cells, area) in masks.iter().zip(job.values.reals("areas")) {
            let whole = self.smooth.apply(cells.clone());
            let found = f64::from(read_back(whole.clone().mean())?[0]);
            worst = worst.max((found - area).abs());
            let (picture, _) = self.pictures(self.smooth.of_picture(whole)).swap_remove(0);
            score += f64::from(job.logits(picture)?[0]) / masks.len() as f64;
        }
        let logit = f64::from(job.logits(job.pixels.clone())?[0]);
        job.diagnostics.insert("logit", logit);
        job.diagnostics.insert("logit under the mask", score);
        job.diagnostics.insert("area error", worst);
        if worst > AREA_TOLERANCE {
            job.warnings.push(format!(
                "a mask's area is {worst:.3} from what was asked: more iterations would hold it"
            ));
        }
        Ok(())
    }
}

/// Mean squared distance of a mask's values from those of the mask next to it that is one over a
/// share of its pixels and zero elsewhere (the paper, equation 3).
fn area_error(mask: Tensor<4>, area: f64) -> Tensor<1> {
    let [_, _, height, width] = mask.dims();
    let count = height * width;
    let mask = mask.reshape([count]);
    let wanted = of_area(mask.clone().inner(), area);
    (mask - wanted).square().mean()
}

/// One at the largest values, over a share of them, and zero at the others. Values that tie share
/// the ones that are left for them: the first mask is all ties, and in sorted order rounding would
/// decide, differently on every device, which places begin with an advantage.
fn of_area(values: Tensor<1>, area: f64) -> Tensor<1> {
    let count = values.dims()[0];
    let zeros = (count as f64 * (1.0 - area)) as usize;
    let distance = values.clone() - values.sort(0).narrow(0, zeros, 1);
    let above = distance.clone().greater_elem(TIE).float();
    let ties = distance.abs().lower_equal_elem(TIE).float();
    let left = above.clone().sum().neg() + (count - zeros) as f32;
    above + ties.clone() * (left / ties.sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn the_largest_values_are_wanted_and_ties_share() {
        let wanted = |values: &[f32], area| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            read_back(of_area(Tensor::from_data(data, &Device::flex()), area)).unwrap()
        };
        assert_eq!(wanted(&[0.1, 0.9, 0.3, 0.7], 0.5), [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(wanted(&[0.1, 0.900_01, 0.9, 0.9], 0.5)[0], 0.0);
        let thirds = wanted(&[0.1, 0.900_01, 0.9, 0.9], 0.5);
        assert!(thirds[1..].iter().all(|value| (value - 2.0 / 3.0).abs() < 1e-6));
        assert_eq!(wanted(&[1.0; 8], 0.25), [0.25; 8]);
    }
}
