//! Coalitions of superpixels: the picture with the others hidden, as LIME and KernelSHAP score it.

use crate::attribution::baseline;
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::error::{Error, Result};
use crate::parameter::{Kind, Parameter};
use crate::picture::superpixels::{self, Quickshift, Slic};
use burn::tensor::{Int, Tensor, TensorData};
use ndarray::{Array2, Array3, Axis};
use rand::Rng;

/// 1 for every segment that is visible, 0 for every one that is hidden.
pub type Coalition = Vec<f64>;

/// More segments than that would be pixels, not regions, and their fit would not end.
const MOST_SEGMENTS: usize = 2000;
/// Fewer segments than that hardly show a place.
const FEW_SEGMENTS: usize = 8;

/// How the picture is cut, by `default` unless chosen.
pub const fn segmentation(default: &'static str, source: &'static str) -> Parameter {
    Parameter {
        id: "segmentation",
        help: "how the picture is cut into superpixels",
        unit: "",
        kind: Kind::Choice { default, options: &["quickshift", "slic"] },
        source,
    }
}

pub const SEGMENTS: Parameter = Parameter {
    id: "segments",
    help: "superpixels wanted, about (slic)",
    unit: "superpixels",
    kind: Kind::Integer { default: 50, min: 1, max: 1000 },
    source: "shap's example of explaining an image; scikit-image: 100",
};

pub const COMPACTNESS: Parameter = Parameter {
    id: "compactness",
    help: "weight of places against colours: larger makes superpixels squarer (slic)",
    unit: "",
    kind: Kind::Real { default: 30.0, min: 0.01, max: 1000.0 },
    source: "shap's example of explaining an image; scikit-image: 10",
};

pub const SIGMA: Parameter = Parameter {
    id: "sigma",
    help: "blur before the picture is cut (slic)",
    unit: "px",
    kind: Kind::Real { default: 3.0, min: 0.0, max: 50.0 },
    source: "shap's example of explaining an image; scikit-image: 0",
};

pub const KERNEL: Parameter = Parameter {
    id: "kernel",
    help: "deviation of the density's kernel: larger makes fewer superpixels (quickshift)",
    unit: "px",
    kind: Kind::Real { default: 4.0, min: 1.0, max: 20.0 },
    source: "the lime package, 0.2",
};

pub const MAX_DISTANCE: Parameter = Parameter {
    id: "max-distance",
    help: "how far a pixel may lie from the denser one that it joins (quickshift)",
    unit: "px and L*a*b* units",
    kind: Kind::Real { default: 200.0, min: 0.0, max: 1000.0 },
    source: "the lime package, 0.2",
};

pub const RATIO: Parameter = Parameter {
    id: "ratio",
    help: "weight of colours against places (quickshift)",
    unit: "",
    kind: Kind::Real { default: 0.2, min: 0.0, max: 1.0 },
    source: "the lime package, 0.2",
};

/// What hidden segments turn to.
pub const HIDE: Parameter = Parameter {
    id: "hide",
    help: "what hidden superpixels turn to: each to the mean of its colours (segment-mean), black, \
        white, the colour that the network normalises to zero (mean), the picture blurred, under \
        noise, uniform noise, another picture of the session, or a picture's file",
    unit: "",
    kind: Kind::Baseline {
        default: "segment-mean",
        options: &["segment-mean", "black", "white", "mean", "blur", "noise", "uniform", "others"],
    },
    source: "the lime package, 0.2; its hide_color 0 in normalised pixels is mean",
};

/// A picture cut into superpixels, and what they turn to when hidden.
pub struct Superpixels {
    labels: Array2<usize>,
    pub count: usize,
    /// Every pixel's label, on the device.
    label_of_pixel: Tensor<1, Int>,
    /// 1×C×H×W.
    pixels: Tensor<4>,
    /// 1×C×H×W.
    hidden: Tensor<4>,
}

impl Superpixels {
    /// Cuts the job's picture as its parameters say, and records how many superpixels there are.
    ///
    /// # Errors
    /// When there are too many, or what they turn to is a file that does not open.
    pub fn new(job: &mut Job, generator: &mut impl Rng) -> Result<Self> {
        let pixels = to_map(job.pixels.clone())?;
        let labels = cut(job, &pixels);
        let count = superpixels::count(&labels);
        job.diagnostics.insert("segments", count as f64);
        if count > MOST_SEGMENTS {
            let why = format!("{count} superpixels are too many to fit");
            return Err(Error::new("cannot explain by superpixels", why)
                .hint("choose slic, or a larger kernel"));
        }
        if count < FEW_SEGMENTS {
            let finer = "slic or a smaller kernel cuts finer";
            job.warnings.push(format!("the picture has only {count} superpixels; {finer}"));
        }
        let hidden = match job.values.baseline(HIDE.id) {
            "segment-mean" => job.model.tensor(&segment_means(&pixels, &labels, count)),
            name => baseline::drawn(job, name, generator)?,
        };
        let on_device: Vec<i32> = labels.iter().map(|label| *label as i32).collect();
        let data = TensorData::new(on_device, [labels.len()]);
        let label_of_pixel = Tensor::from_data(data, &job.pixels.device());
        Ok(Self { labels, count, label_of_pixel, pixels: job.pixels.clone(), hidden })
    }

    /// The pictures of some coalitions, N×C×H×W.
    pub fn pictures(&self, coalitions: &[Coalition]) -> Tensor<4> {
        let values: Vec<f32> = coalitions.iter().flatten().map(|value| *value as f32).collect();
        let data = TensorData::new(values, [coalitions.len(), self.count]);
        let visible = Tensor::<2>::from_data(data, &self.pixels.device());
        let (height, width) = self.labels.dim();
        let visible = visible.select(1, self.label_of_pixel.clone());
        let visible = visible.reshape([coalitions.len(), 1, height, width]);
        let invisible = visible.clone().neg().add_scalar(1.0);
        self.pixels.clone() * visible + self.hidden.clone() * invisible
    }

    /// Every pixel with its superpixel's value, 1×H×W.
    pub fn map(&self, values: &[f64]) -> Array3<f32> {
        self.labels.mapv(|label| values[label] as f32).insert_axis(Axis(0))
    }
}

fn cut(job: &Job, pixels: &Array3<f32>) -> Array2<usize> {
    let real = |parameter: Parameter| f64::from(job.values.real(parameter.id));
    match job.values.choice("segmentation") {
        "slic" => Slic {
            segments: job.values.integer(SEGMENTS.id),
            compactness: real(COMPACTNESS),
            sigma: real(SIGMA),
            ..Slic::default()
        }
        .segment(pixels),
        _ => Quickshift {
            ratio: real(RATIO),
            kernel_size: real(KERNEL),
            max_distance: real(MAX_DISTANCE),
        }
        .segment(pixels),
    }
}

/// Every pixel in its segment's mean colour.
fn segment_means(pixels: &Array3<f32>, labels: &Array2<usize>, count: usize) -> Array3<f32> {
    let mut means = pixels.clone();
    for mut channel in means.outer_iter_mut() {
        let mut sums = vec![(0f64, 0f64); count];
        for (value, label) in channel.iter().zip(labels) {
            sums[*label].0 += f64::from(*value);
            sums[*label].1 += 1.0;
        }
        channel.zip_mut_with(labels, |value, label| {
            *value = (sums[*label].0 / sums[*label].1) as f32;
        });
    }
    means
}

/// What other packages made of given coalitions, from `tests/numerics/segments/fits.json`.
#[cfg(test)]
#[derive(Default, serde::Deserialize)]
#[serde(default)]
pub struct FrozenFit {
    #[serde(deserialize_with = "from_bits")]
    pub coalitions: Vec<Coalition>,
    pub scores: Vec<f64>,
    pub weights: Vec<f64>,
    pub nothing: f64,
    pub everything: f64,
    pub values: Vec<f64>,
    pub coefficients: Vec<f64>,
    pub intercept: f64,
    pub r_squared: f64,
}

#[cfg(test)]
fn from_bits<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Coalition>, D::Error> {
    let rows: Vec<String> = serde::Deserialize::deserialize(from)?;
    let coalition = |row: &String| row.chars().map(|bit| f64::from(bit == '1')).collect();
    Ok(rows.iter().map(coalition).collect())
}

#[cfg(test)]
pub fn frozen_fit(name: &str) -> FrozenFit {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/numerics/segments/fits.json");
    let text = std::fs::read_to_string(path).unwrap();
    let mut all: std::collections::HashMap<String, FrozenFit> =
        serde_json::from_str(&text).unwrap();
    all.remove(name).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr2, arr3};

    #[test]
    fn segments_turn_to_their_mean_colours() {
        let pixels = arr3(&[[[0.0, 0.5], [1.0, 1.0]], [[0.2, 0.4], [0.0, 0.6]]]);
        let means = segment_means(&pixels, &arr2(&[[0, 0], [1, 1]]), 2);
        let expected = arr3(&[[[0.25, 0.25], [1.0, 1.0]], [[0.3, 0.3], [0.3, 0.3]]]);
        assert!((means - expected).iter().all(|difference| difference.abs() < 1e-6));
    }
}
