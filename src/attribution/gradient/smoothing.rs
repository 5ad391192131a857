//! Averages of any gradient method over noisy copies of the picture: SmoothGrad, its square, and
//! VarGrad.

use super::deconvolution::Deconvolution;
use super::deeplift::DeepLift;
use super::gradient::Gradient;
use super::guided_backpropagation::GuidedBackpropagation;
use super::input_x_gradient::InputXGradient;
use super::integrated_gradients::IntegratedGradients;
use super::lrp::Lrp;
use crate::attribution::baseline::normal;
use crate::attribution::estimate::{Estimate, STANDARD_ERROR};
use crate::attribution::host_map::to_map;
use crate::attribution::job::{Job, Progress};
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData};
use ndarray::Array3;

/// A statistic of another method's maps over noise.
pub struct Smoothing {
    description: &'static Description,
    statistic: fn(&Estimate) -> Tensor<4>,
}

pub static SMOOTHGRAD: Smoothing = Smoothing {
    description: &Description {
        id: "smoothgrad",
        name: "SmoothGrad",
        paper: "Smilkov, Thorat, Kim, Viégas, Wattenberg 2017, SmoothGrad, section 3",
        formula: "mean over n of M_c(x + ε), ε ~ N(0, σ²)",
        sign: Sign::Signed,
        ..COMMON
    },
    statistic: Estimate::mean,
};

pub static SMOOTHGRAD_SQUARED: Smoothing = Smoothing {
    description: &Description {
        id: "smoothgrad-squared",
        name: "SmoothGrad²",
        paper: "Hooker, Erhan, Kindermans, Kim 2019, A Benchmark for Interpretability Methods, section 4.2",
        formula: "mean over n of M_c(x + ε)², ε ~ N(0, σ²)",
        unit: "square of the smoothed method's",
        sign: Sign::Positive,
        ..COMMON
    },
    statistic: Estimate::mean_square,
};

pub static VARGRAD: Smoothing = Smoothing {
    description: &Description {
        id: "vargrad",
        name: "VarGrad",
        paper: "Adebayo, Gilmer, Goodfellow, Kim 2018, Local Explanation Methods, section 2; over n, not n − 1",
        formula: "variance over n of M_c(x + ε), ε ~ N(0, σ²)",
        unit: "square of the smoothed method's",
        sign: Sign::Positive,
        ..COMMON
    },
    statistic: Estimate::variance,
};

const COMMON: Description = Description {
    id: "",
    name: "",
    family: Family::Gradient,
    paper: "",
    formula: "",
    shape: MapShape::Picture,
    unit: "that of the smoothed method",
    passes: "those of the smoothed method, for every sample",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "samples",
            help: "noisy copies",
            unit: "maps",
            kind: Kind::Integer { default: 50, min: 1, max: 10_000 },
            source: "Smilkov et al. 2017, section 3.2: little change above 50",
        },
        Parameter {
            id: "sigma",
            help: "standard deviation of the noise; noisy pixels are not clamped",
            unit: "of the [0,1] pixel range",
            kind: Kind::Real { default: 0.15, min: 0.0, max: 10.0 },
            source: "Smilkov et al. 2017, section 3.1: 10 to 20 percent",
        },
        Parameter {
            id: "of",
            help: "the method M that is smoothed, with its default parameters",
            unit: "",
            kind: Kind::Choice {
                default: "gradient",
                options: &[
                    "gradient",
                    "input-x-gradient",
                    "guided-backpropagation",
                    "deconvolution",
                    "integrated-gradients",
                    "deeplift",
                    "lrp",
                ],
            },
            source: "Smilkov et al. 2017, section 3",
        },
    ],
};

/// The methods that can be smoothed.
static SMOOTHED: [&dyn Method; 7] = [
    &Gradient,
    &InputXGradient,
    &GuidedBackpropagation,
    &Deconvolution,
    &IntegratedGradients,
    &DeepLift,
    &Lrp,
];

impl Method for Smoothing {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        let (inner, of_inner) = inner(values);
        let Cost { forwards, backwards } = inner.cost(&of_inner, graph);
        let samples = values.integer("samples");
        Cost { forwards: samples * forwards, backwards: samples * backwards }
    }

    fn needs(&self, values: &Values) -> Vec<Need> {
        let (inner, of_inner) = inner(values);
        inner.needs(&of_inner)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let sigma = job.values.real("sigma");
        let mut generator = job.stream.generator();
        self.over(job, job.values.integer("samples"), |_| sigma * normal(&mut generator))
    }
}

fn inner(values: &Values) -> (&'static dyn Method, Values) {
    let of = values.choice("of");
    let inner = SMOOTHED.iter().copied().find(|method| method.description().id == of);
    let inner = inner.expect("the options are methods");
    (inner, Values::defaults(inner.description().parameters))
}

impl Smoothing {
    /// The statistic over given noise: `noise` gives the next value, in pixel units, of C×H×W after
    /// C×H×W.
    ///
    /// # Errors
    /// When the device failed.
    pub fn over(
        &self,
        job: &mut Job,
        samples: usize,
        mut noise: impl FnMut(usize) -> f32,
    ) -> Result<Array3<f32>> {
        let [_, channels, height, width] = job.pixels.dims();
        let size = channels * height * width;
        let (inner, of_inner) = inner(job.values);
        let mut estimate = Estimate::new(&job.pixels);
        while estimate.count < samples {
            let done = estimate.count;
            let batch = job.batch.min(samples - done);
            let values: Vec<f32> = (done * size..(done + batch) * size).map(&mut noise).collect();
            let data = TensorData::new(values, [batch, channels, height, width]);
            let noisy = job.pixels.clone() + Tensor::from_data(data, &job.pixels.device());
            estimate.add(maps(job, inner, &of_inner, noisy)?);
            job.convergence = Some((STANDARD_ERROR, estimate.relative_standard_error()?));
            let partial = || to_map((self.statistic)(&estimate));
            if job.advance(estimate.count, samples, &partial) == Flow::Cancel {
                break;
            }
        }
        to_map((self.statistic)(&estimate))
    }
}

/// The inner method's maps of some pictures: at once if it can, else one after the other.
fn maps(job: &Job, inner: &dyn Method, values: &Values, pixels: Tensor<4>) -> Result<Tensor<4>> {
    let mut go_on = |_: &Progress| Flow::Continue;
    if let Some(maps) = inner.maps(&job.within(values, pixels.clone(), &mut go_on), pixels.clone())
    {
        return maps;
    }
    let mut one = |pixels: Tensor<4>| {
        let map = inner.run(&mut job.within(values, pixels, &mut go_on))?;
        Ok(job.model.tensor(&map))
    };
    let all = pixels.split(1, 0).into_iter().map(&mut one).collect::<Result<Vec<_>>>()?;
    Ok(Tensor::cat(all, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_a_method() {
        let of = COMMON.parameters.iter().find(|parameter| parameter.id == "of").unwrap();
        let Kind::Choice { options, .. } = of.kind else { panic!("a choice") };
        assert!(options.iter().eq(SMOOTHED.iter().map(|method| &method.description().id)));
    }
}
