//! Attribution methods: one file each, one registry, one way to run them.

mod grad_cam;
mod gradient;
mod input_x_gradient;
mod integrated_gradients;
mod parameter;
mod randomness;
mod rise;
mod smoothgrad;
mod upsample;

pub use integrated_gradients::gauss_legendre;
pub use parameter::{Kind, Parameter, Value, Values};
pub use randomness::Stream;
pub use rise::{grid_mask, rise_over};
pub use smoothgrad::smoothgrad_over;
pub use upsample::bilinear;

use crate::error::{Error, Result};
use crate::graph::NodeId;
use crate::model::{Model, host};
use burn::tensor::Tensor;
use ndarray::Array3;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

/// Every method, in the order people meet them.
pub static METHODS: &[&dyn Method] = &[
    &gradient::Gradient,
    &input_x_gradient::InputXGradient,
    &integrated_gradients::IntegratedGradients,
    &smoothgrad::SmoothGrad,
    &grad_cam::GradCam,
    &rise::Rise,
];

/// Methods shown before anyone chose.
pub const DEFAULT_METHODS: [&str; 3] = ["gradient", "integrated-gradients", "grad-cam"];

/// Which class is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The most probable class of each network.
    Top1,
    Class(usize),
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "top1" => Ok(Target::Top1),
            _ => text
                .parse()
                .map(Target::Class)
                .map_err(|_| "it takes top1 or the index of a class".into()),
        }
    }
}

/// The method with an identifier.
///
/// # Errors
/// When there is none; the message lists all.
pub fn method(id: &str) -> Result<&'static dyn Method> {
    METHODS.iter().copied().find(|method| method.description().id == id).ok_or_else(|| {
        let ids: Vec<_> = METHODS.iter().map(|method| method.description().id).collect();
        Error::new(format!("unknown method `{id}`"), format!("known are {}", ids.join(", ")))
    })
}

/// An attribution method.
pub trait Method: Sync {
    fn description(&self) -> &'static Description;

    /// Passes through the network that a run with these values costs.
    fn cost(&self, values: &Values) -> Cost;

    /// Computes the map: C×H×W of the picture, 1×H×W, or 1×h×w of a layer; signed, never
    /// normalised.
    ///
    /// # Errors
    /// When a parameter doesn't fit the network, or the device failed.
    fn run(&self, job: &mut Job) -> Result<Array3<f32>>;
}

/// What a person needs to know of a method.
#[derive(Debug)]
pub struct Description {
    pub id: &'static str,
    pub name: &'static str,
    pub paper: &'static str,
    pub formula: &'static str,
    /// Shape of the map.
    pub shape: &'static str,
    pub ranking: Ranking,
    /// How its maps are shown unless a norm says otherwise.
    pub sign: Sign,
    pub parameters: &'static [Parameter],
}

/// What makes a pixel important, when pixels are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Ranking {
    /// The sum of absolute values over channels: signed influence of either direction.
    Magnitude,
    /// The sum of values over channels: only evidence for the class.
    Signed,
}

/// Which values of a map are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Negative and positive, zero in the middle of the colours.
    Signed,
    /// Positive values; the rest as zero.
    Positive,
    /// Absolute values.
    Absolute,
    /// From the lowest to the highest.
    Full,
}

/// Passes through the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub forwards: usize,
    pub backwards: usize,
}

/// Whether work goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Continue,
    Cancel,
}

/// How far a job is.
pub struct Progress<'a> {
    pub done: usize,
    pub total: usize,
    /// The map over what is done so far.
    pub partial: &'a dyn Fn() -> Result<Array3<f32>>,
}

/// One run of a method: what to explain, how, and who watches.
pub struct Job<'a> {
    pub model: &'a Model,
    /// 1×C×H×W in [0,1].
    pub pixels: Tensor<4>,
    /// The class explained.
    pub target: usize,
    pub values: &'a Values,
    pub stream: Stream,
    /// Told after every batch; may stop the work.
    pub watch: &'a mut dyn FnMut(&Progress) -> Flow,
    pub warnings: Vec<String>,
    /// Numbers worth recording with the map, such as the completeness error.
    pub facts: BTreeMap<&'static str, f64>,
    /// Samples done and wanted, for methods that sample.
    pub samples: Option<(usize, usize)>,
}

impl Job<'_> {
    /// Reports a batch done; says whether to go on. After a cancel the method returns what it has.
    pub fn advance(
        &mut self,
        done: usize,
        total: usize,
        partial: &dyn Fn() -> Result<Array3<f32>>,
    ) -> Flow {
        self.samples = Some((done, total));
        // Progress is of work done, not of work handed to a GPU; failures surface with the map.
        let _ = self.pixels.device().sync();
        let progress = Progress { done, total, partial };
        (self.watch)(&progress)
    }

    /// The node that a layer parameter names, or the usual CAM layer.
    ///
    /// # Errors
    /// When the network has no such node, or the node has no places.
    pub fn layer(&self, id: &str) -> Result<NodeId> {
        layer(self.model, self.values, id)
    }
}

/// A finished (or cancelled) map with its record.
#[derive(Debug, Clone)]
pub struct Attribution {
    pub method: &'static Description,
    /// C×H×W, signed, never normalised.
    pub map: Arc<Array3<f32>>,
    pub target: usize,
    pub values: Values,
    pub seconds: f64,
    /// Samples done and wanted; fewer done than wanted marks a partial map.
    pub samples: Option<(usize, usize)>,
    pub facts: BTreeMap<&'static str, f64>,
    pub warnings: Vec<String>,
}

impl Attribution {
    /// True when the work was cancelled before its end.
    pub fn is_partial(&self) -> bool {
        self.samples.is_some_and(|(done, total)| done < total)
    }
}

/// Runs a method on one picture.
///
/// # Errors
/// When the class is out of range, a parameter doesn't fit, or the device failed.
pub fn attribute(
    method: &'static dyn Method,
    model: &Model,
    picture: &Explained,
    values: &Values,
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Result<Attribution> {
    check_class(model, picture.target)?;
    let description = method.description();
    let values = &with_layers(method, model, values)?;
    let start = Instant::now();
    let mut job = Job {
        model,
        pixels: picture.pixels.clone(),
        target: picture.target,
        values,
        stream: Stream::new(picture.seed, description.id, &model.sha256, picture.sha256),
        watch,
        warnings: Vec::new(),
        facts: BTreeMap::new(),
        samples: None,
    };
    let map = method.run(&mut job)?;
    let mut warnings = job.warnings;
    warnings.extend(degenerate(&map));
    let attribution = Attribution {
        method: description,
        map: Arc::new(map),
        target: picture.target,
        values: values.clone(),
        seconds: start.elapsed().as_secs_f64(),
        samples: job.samples,
        facts: job.facts,
        warnings,
    };
    Ok(attribution)
}

/// What is explained: a picture's pixels and a class.
pub struct Explained<'a> {
    /// 1×C×H×W in [0,1].
    pub pixels: Tensor<4>,
    /// SHA-256 of the picture's file, which picks the random stream.
    pub sha256: &'a str,
    pub target: usize,
    /// The user's seed.
    pub seed: u64,
}

/// # Errors
/// When the network has no such class.
pub fn check_class(model: &Model, class: usize) -> Result<()> {
    let classes = model.graph.classes();
    match class < classes {
        true => Ok(()),
        false => Err(Error::new(
            format!("class {class} is out of range"),
            format!("{} has {classes} classes, 0 to {}", model.name, classes - 1),
        )),
    }
}

/// The values with every layer by its node's name, the default one too, as records need it.
///
/// # Errors
/// When the network has no such node, or the node has no places.
pub fn with_layers(method: &dyn Method, model: &Model, values: &Values) -> Result<Values> {
    let mut named = values.clone();
    for parameter in method.description().parameters {
        if matches!(parameter.kind, Kind::Layer) {
            let node = layer(model, values, parameter.id)?;
            named.insert(parameter.id, Value::Layer(Some(model.graph.node(node).name.clone())));
        }
    }
    Ok(named)
}

fn layer(model: &Model, values: &Values, id: &str) -> Result<NodeId> {
    let graph = &model.graph;
    let Some(name) = values.layer(id) else {
        return graph.default_cam_layer().ok_or_else(|| {
            Error::new("no layer to explain", "no value of the network has places")
        });
    };
    let failed = |why: &str| {
        Err(Error::new(format!("cannot use layer `{name}` of {}", model.name), why)
            .hint("`hyaline inspect` lists the nodes"))
    };
    match graph.find(name) {
        None => failed("the network has no such node"),
        Some(node) if !graph.node(node).shape.is_spatial() => failed("its value has no places"),
        Some(node) => Ok(node),
    }
}

/// Why a map shows nothing, if it does.
fn degenerate(map: &Array3<f32>) -> Option<String> {
    let first = map.first().copied().unwrap_or(0.0);
    if let Some(value) = map.iter().find(|value| !value.is_finite()) {
        return Some(format!("the map holds {value}: the network overflowed on this picture"));
    }
    let constant = map.iter().all(|value| *value == first);
    match constant && map.len() > 1 {
        true if first == 0.0 => {
            Some("the map is zero everywhere: the class does not depend on the picture here".into())
        }
        true => Some(format!("the map is {first} everywhere and shows no place")),
        false => None,
    }
}

/// A tensor of one sample, 1×C×H×W, as a map on the host.
pub(crate) fn to_map(tensor: Tensor<4>) -> Result<Array3<f32>> {
    let [_, channels, height, width] = tensor.dims();
    let values = host(tensor)?;
    Ok(Array3::from_shape_vec((channels, height, width), values).expect("a tensor's own shape"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_kebab_case() {
        let ids: Vec<_> = METHODS.iter().map(|method| method.description().id).collect();
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id), "{id} twice");
            assert!(
                id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                "{id}"
            );
        }
    }

    #[test]
    fn degenerate_maps_are_named() {
        let map = |value| Array3::from_elem((1, 2, 2), value);
        assert!(degenerate(&map(0.0)).unwrap().contains("zero"));
        assert!(degenerate(&map(2.0)).unwrap().contains("2 everywhere"));
        assert!(degenerate(&map(f32::NAN)).unwrap().contains("NaN"));
        let mut fine = map(0.0);
        fine[[0, 0, 0]] = 1.0;
        assert_eq!(degenerate(&fine), None);
    }
}
