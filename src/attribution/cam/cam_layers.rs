//! What class activation maps share around their weighting of a layer's activations: one layer or
//! several, flipped and scaled copies of the picture, and how channels become one map.

use crate::attribution::cam::principal_component::first_component;
use crate::attribution::host_map::to_map;
use crate::attribution::job::{Job, Progress};
use crate::attribution::layer_choice::find_layers;
use crate::attribution::method::Cost;
use crate::attribution::upsample::bilinear;
use crate::error::Result;
use crate::graph::{Graph, NodeId, Shape};
use crate::parameter::{Kind, Parameter, Value, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData};
use ndarray::{Array3, Axis, Slice};

pub const LAYER: Parameter = Parameter {
    id: "layer",
    help: "the node whose activations are weighted; of several, each map loses what is negative, is divided by its maximum and enlarged to the largest of them, and all are averaged",
    unit: "",
    kind: Kind::Layer,
    source: "Selvaraju et al. 2017, section 3: the last convolutional layer (here its activation); several are fused as in pytorch-grad-cam",
};

pub const AUGMENTATION: Parameter = Parameter {
    id: "augmentation",
    help: "flips: the mean over the picture and its mirror image, each with its normalised pixels times 0.9, 1 and 1.1, maps turned back; every map counts as it is, where pytorch-grad-cam scales each to [0,1] first",
    unit: "",
    kind: Kind::Choice { default: "none", options: &["none", "flips"] },
    source: "pytorch-grad-cam, aug_smooth=False",
};

pub const SMOOTHING: Parameter = Parameter {
    id: "smoothing",
    help: "pca: instead of the sum over channels the first principal component of the weighted activations, with the sign that correlates positively with that sum",
    unit: "",
    kind: Kind::Choice { default: "none", options: &["none", "pca"] },
    source: "pytorch-grad-cam, eigen_smooth=False",
};

/// Parameters of methods that every one of them suits.
pub const PARAMETERS: &[Parameter] = &[LAYER, AUGMENTATION, SMOOTHING];

/// Cost of a forward pass for every augmented view, and of a backward pass to every layer if
/// `pulled`.
pub fn cost(values: &Values, graph: &Graph, pulled: bool) -> Cost {
    let (augmentations, layers) = (augmentations(values).len(), shapes(values, graph).len());
    Cost { forwards: augmentations, backwards: if pulled { augmentations * layers } else { 0 } }
}

/// Cost of one pass forward for every channel.
pub fn cost_by_channels(values: &Values, graph: &Graph) -> Cost {
    let channels: usize = shapes(values, graph).iter().map(|shape| shape.channels).sum();
    Cost { forwards: augmentations(values).len() * (1 + channels), backwards: 0 }
}

fn shapes(values: &Values, graph: &Graph) -> Vec<Shape> {
    let nodes = find_layers(graph, values.layer("layer")).unwrap_or_default();
    nodes.into_iter().map(|id| graph.node(id).shape).collect()
}

/// The map of activations A weighted with the help of the gradients ∂S_c/∂A, each 1×K×h×w:
/// `weigh` gives the weighted activations.
pub fn by_gradients(
    job: &mut Job,
    weigh: fn(Tensor<4>, Tensor<4>) -> Tensor<4>,
) -> Result<Array3<f32>> {
    over_layers(job, |view, layer| {
        let weighted = weigh(view.tape().value(layer), view.gradient_at(layer));
        to_one(view.values, weighted)
    })
}

/// The map made of each layer's own map, which comes from one pass.
pub fn over_layers(
    job: &mut Job,
    map: impl Fn(&Job, NodeId) -> Result<Array3<f32>>,
) -> Result<Array3<f32>> {
    over_augmentations(
        job,
        |_| 1,
        |view, layer, report| {
            let map = map(view, layer)?;
            report(1, &|| Ok(map.clone()));
            Ok(map)
        },
    )
}

/// How channels are weighed one by one.
pub trait Weighing {
    /// Those of the layer that are worth a pass; the others have weight zero.
    ///
    /// # Errors
    /// When the device failed.
    fn channels(&self, view: &Job, layer: NodeId) -> Result<Vec<usize>>;

    /// Scores of some channels, in their order.
    ///
    /// # Errors
    /// When the device failed.
    fn scores(&self, view: &Job, layer: NodeId, channels: &[usize]) -> Result<Vec<f32>>;

    /// Weights from the scores.
    fn weights(&self, scores: &[f32]) -> Vec<f32> {
        scores.to_vec()
    }
}

/// The map of activations times weights, batch by batch of channels.
pub fn by_channels(job: &mut Job, weighing: &dyn Weighing) -> Result<Array3<f32>> {
    over_augmentations(
        job,
        |shape| shape.channels,
        |view, layer, report| {
            let activations = view.tape().value(layer);
            let count = activations.dims()[1];
            let channels = weighing.channels(view, layer)?;
            let mut scores = Vec::with_capacity(channels.len());
            let so_far = |scores: &[f32]| {
                let mut weights = vec![0.0; count];
                for (channel, weight) in channels.iter().zip(weighing.weights(scores)) {
                    weights[*channel] = weight;
                }
                let data = TensorData::new(weights, [1, count, 1, 1]);
                let weights = Tensor::<4>::from_data(data, &activations.device());
                to_one(view.values, activations.clone() * weights)
            };
            for batch in channels.chunks(view.batch) {
                scores.extend(weighing.scores(view, layer, batch)?);
                // Channels that are not worth a pass are done with the one after them.
                let done = channels.get(scores.len()).copied().unwrap_or(count);
                if report(done, &|| so_far(&scores)) == Flow::Cancel {
                    break;
                }
            }
            so_far(&scores)
        },
    )
}

/// Weighted activations, 1×K×h×w, as one map.
fn to_one(values: &Values, weighted: Tensor<4>) -> Result<Array3<f32>> {
    match chosen(values, "smoothing", "pca") {
        true => first_component(weighted),
        false => to_map(weighted.sum_dim(1)),
    }
}

/// Whether a parameter is declared and has the option.
fn chosen(values: &Values, id: &str, option: &'static str) -> bool {
    values.iter().any(|(known, value)| known == id && *value == Value::Choice(option))
}

/// A copy of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Augmentation {
    mirrored: bool,
    /// Of the normalised pixels.
    factor: f32,
}

impl Augmentation {
    const PLAIN: Self = Self { mirrored: false, factor: 1.0 };

    /// The run on this copy.
    fn job<'a: 'b, 'b>(
        self,
        job: &Job<'a>,
        watch: &'b mut dyn FnMut(&Progress) -> Flow,
    ) -> Job<'b> {
        if self == Self::PLAIN {
            return job.again(watch);
        }
        let mean = job.model.mean_colour();
        let centred = (job.pixels.clone() - mean.clone()) * self.factor;
        let turned = if self.mirrored { centred.flip([3]) } else { centred };
        job.within(job.values, turned + mean, watch)
    }

    /// A map of this copy as one of the picture.
    fn turned_back(self, map: Array3<f32>) -> Array3<f32> {
        match self.mirrored {
            true => map.slice_axis(Axis(2), Slice::new(0, None, -1)).to_owned(),
            false => map,
        }
    }
}

/// The augmented views, the picture itself first.
fn augmentations(values: &Values) -> Vec<Augmentation> {
    if !chosen(values, "augmentation", "flips") {
        return vec![Augmentation::PLAIN];
    }
    let factors = [1.0, 0.9, 1.1];
    [false, true]
        .iter()
        .flat_map(|&mirrored| factors.map(|factor| Augmentation { mirrored, factor }))
        .collect()
}

/// Tells how many of a layer's steps are done and its map so far; may end the work.
type Report<'a> = &'a mut dyn FnMut(usize, &dyn Fn() -> Result<Array3<f32>>) -> Flow;

/// The mean over augmentations of their layers' maps, fused; a layer's map takes `steps`.
fn over_augmentations(
    job: &mut Job,
    steps: fn(Shape) -> usize,
    map: impl Fn(&Job, NodeId, Report) -> Result<Array3<f32>>,
) -> Result<Array3<f32>> {
    let layers = job.layers("layer")?;
    let shapes: Vec<Shape> = layers.iter().map(|id| job.model.graph.node(*id).shape).collect();
    let augmentations = augmentations(job.values);
    let total = augmentations.len() * shapes.iter().map(|shape| steps(*shape)).sum::<usize>();
    let (mut done, mut flow) = (0, Flow::Continue);
    let mut of_views: Vec<Array3<f32>> = Vec::new();
    for augmentation in augmentations {
        let mut unwatched = |_: &Progress| Flow::Continue;
        let of_view = augmentation.job(job, &mut unwatched);
        let mut of_layers: Vec<Array3<f32>> = Vec::new();
        for (layer, shape) in layers.iter().zip(&shapes) {
            let with = |last: Array3<f32>| {
                let maps = [&of_layers[..], &[last]].concat();
                mean(&[&of_views[..], &[augmentation.turned_back(fused(maps, &shapes))]].concat())
            };
            let mut report = |part: usize, partial: &dyn Fn() -> Result<Array3<f32>>| {
                // Work of one step has no progress to report.
                if total > 1 {
                    flow = job.advance(done + part, total, &|| Ok(with(partial()?)));
                }
                flow
            };
            let last = map(&of_view, *layer, &mut report)?;
            if flow == Flow::Cancel {
                return Ok(with(last));
            }
            done += steps(*shape);
            of_layers.push(last);
        }
        of_views.push(augmentation.turned_back(fused(of_layers, &shapes)));
    }
    Ok(mean(&of_views))
}

/// One layer's map as it is; of several layers the mean of what is positive, each from 0 to 1 and
/// of the largest layer's size. There may be fewer maps than layers.
fn fused(mut maps: Vec<Array3<f32>>, layers: &[Shape]) -> Array3<f32> {
    if layers.len() == 1 {
        return maps.remove(0);
    }
    let side = |side: fn(&Shape) -> usize| layers.iter().map(side).max().unwrap_or(1);
    let size = [side(|shape| shape.height), side(|shape| shape.width)];
    for map in &mut maps {
        let high = map.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let scaled = map.index_axis(Axis(0), 0).mapv(|value| value.max(0.0) / high);
        *map = bilinear(&scaled, size).insert_axis(Axis(0));
    }
    mean(&maps)
}

fn mean(maps: &[Array3<f32>]) -> Array3<f32> {
    let sum = maps[1..].iter().fold(maps[0].clone(), |sum, map| sum + map);
    sum / maps.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr3;

    #[test]
    fn several_layers_count_alike_and_only_for_the_class() {
        let layers = [Shape::new(5, 1, 2), Shape::new(9, 1, 4)];
        let maps = vec![arr3(&[[[-1.0, 4.0]]]), arr3(&[[[0.02, 0.0, -0.3, 0.01]]])];
        let expected = arr3(&[[[0.5, 0.125, 0.375, 0.75]]]);
        assert_eq!(fused(maps, &layers), expected);
    }

    #[test]
    fn a_layer_alone_stays_as_it_is() {
        let map = arr3(&[[[-1.0, 4.0]]]);
        assert_eq!(fused(vec![map.clone()], &[Shape::new(5, 1, 2)]), map);
    }

    #[test]
    fn maps_of_mirror_images_are_turned_back() {
        let augmentation = Augmentation { mirrored: true, factor: 1.1 };
        assert_eq!(
            augmentation.turned_back(arr3(&[[[1.0, 2.0, 3.0]]])),
            arr3(&[[[3.0, 2.0, 1.0]]])
        );
    }
}
