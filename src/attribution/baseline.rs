//! Baselines (reference inputs): where paths start, what patches are replaced by.

use super::blur::{Border, gaussian_blur};
use super::job::Job;
use crate::error::{Error, Result};
use crate::parameter::{Kind, Parameter, Value, Values};
use crate::picture::Picture;
use burn::tensor::{Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::path::Path;

/// Baselines by name.
pub const BASELINES: &[&str] = &["black", "white", "mean", "blur", "noise", "uniform", "others"];

/// Blur of the `blur` baseline as a share of the picture's longer side: 20 px at 224.
const BLUR: f32 = 20.0 / 224.0;
/// Deviation of the `noise` baseline's noise.
const NOISE: f32 = 0.5;

/// What [`BASELINES`] mean, for the help of parameters.
pub const HELP: &str = "black, white, the colour that the network normalises to zero (mean), \
    the picture blurred (σ 20 px at 224), the picture under noise (σ 0.5, kept in [0,1]), pixels \
    drawn uniformly, the session's other pictures, or a picture's file";

/// How many baselines are averaged where there can be several.
pub const COUNT: Parameter = Parameter {
    id: "baselines",
    help: "baselines averaged, where they are drawn (noise, uniform) or the session's other pictures",
    unit: "baselines",
    kind: Kind::Integer { default: 10, min: 1, max: 1000 },
    source: "Sturmfels, Lundberg, Lee 2020, Visualizing the Impact of Feature Attribution Baselines, section on averaging: few dozens at most",
};

/// Whether a parameter has any effect beside the others: one baseline is not averaged.
pub fn is_used(values: &Values, id: &str) -> bool {
    let name = |(_, value): (&str, &Value)| match value {
        Value::Baseline(name) => Some(name.clone()),
        _ => None,
    };
    id != COUNT.id || values.iter().find_map(name).is_none_or(|name| is_several(&name))
}

/// Whether a baseline is one of several that are averaged.
pub fn is_several(name: &str) -> bool {
    matches!(name, "noise" | "uniform" | "others")
}

/// The baselines called `name`, 1×C×H×W each: one, or `count` where they are sampled.
///
/// # Errors
/// When it is a file that does not open, or there are no other pictures.
pub fn baselines(
    job: &Job,
    name: &str,
    count: usize,
    generator: &mut impl Rng,
) -> Result<Vec<Tensor<4>>> {
    if name == "others" && job.background.is_empty() {
        let why = "the picture is the only one of the session";
        return Err(Error::new("no other pictures to start from", why)
            .hint("give more pictures, or choose another baseline"));
    }
    match name {
        "others" => {
            Ok(job.background.iter().take(count).map(|pixels| job.model.tensor(pixels)).collect())
        }
        "noise" | "uniform" => (0..count).map(|_| drawn(job, name, generator)).collect(),
        _ => Ok(vec![single(job, name)?]),
    }
}

/// One baseline; of several kinds, one that is sampled.
///
/// # Errors
/// As for [`baselines`].
pub fn drawn(job: &Job, name: &str, generator: &mut impl Rng) -> Result<Tensor<4>> {
    let dims = job.pixels.dims();
    let count = dims.iter().product();
    let tensor = |values: Vec<f32>| {
        Tensor::<4>::from_data(TensorData::new(values, dims), &job.pixels.device())
    };
    match name {
        "noise" => {
            let noise = (0..count).map(|_| NOISE * normal(generator)).collect();
            Ok((job.pixels.clone() + tensor(noise)).clamp(0.0, 1.0))
        }
        "uniform" => Ok(tensor((0..count).map(|_| generator.random()).collect())),
        "others" => {
            let all = baselines(job, name, usize::MAX, generator)?;
            Ok(all[generator.random_range(0..all.len())].clone())
        }
        _ => single(job, name),
    }
}

/// A value of the standard normal distribution.
pub fn normal(generator: &mut impl Rng) -> f32 {
    StandardNormal.sample(generator)
}

fn single(job: &Job, name: &str) -> Result<Tensor<4>> {
    let zeros = job.pixels.zeros_like();
    Ok(match name {
        "black" => zeros,
        "white" => zeros.add_scalar(1.0),
        "mean" => zeros + job.model.mean_colour(),
        "blur" => {
            let [_, _, height, width] = zeros.dims();
            gaussian_blur(job.pixels.clone(), BLUR * height.max(width) as f32, Border::Edge)
        }
        file => {
            let picture = Picture::open(Path::new(file))?;
            job.model.tensor(&picture.pixels(&job.model.preprocessing)?)
        }
    })
}
