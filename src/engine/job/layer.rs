//! What a node of a model holds, and how a class depends on it.

use super::context::{Job, JobContext, Outcome};
use super::prediction::PredictionQuery;
use crate::engine::cell::Condition;
use crate::engine::opened::OpenModel;
use crate::engine::results::Query;
use crate::error::{Error, Result};
use crate::graph::{NodeId, Rules, read_back};
use crate::model::Model;
use ndarray::{Array2, Array3, Axis};

/// Channels of a layer that are shown.
const STRONGEST: usize = 16;

/// One channel of a layer.
#[derive(Debug)]
pub struct Channel {
    pub index: usize,
    /// Σ activation × gradient: what the class's logit would lose without it, to first order.
    pub contribution: f32,
    pub activation: Array2<f32>,
    /// Of the class's logit.
    pub gradient: Array2<f32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LayerQuery {
    pub prediction: PredictionQuery,
    pub class: usize,
    pub node: NodeId,
}

impl Query for LayerQuery {
    type Output = Vec<Channel>;

    fn bytes(channels: &Vec<Channel>) -> usize {
        channels.iter().map(|channel| 8 * channel.activation.len()).sum()
    }
}

pub struct LayerJob {
    pub model: OpenModel,
    pub picture: u64,
    pub condition: Condition,
    pub class: usize,
    pub node: NodeId,
}

impl Job for LayerJob {
    type Query = LayerQuery;

    fn query(&self) -> LayerQuery {
        let (model, picture) = (self.model.id, self.picture);
        let prediction = PredictionQuery { model, picture, condition: self.condition.clone() };
        LayerQuery { prediction, class: self.class, node: self.node }
    }

    fn title(&self) -> String {
        let model = &self.model.value;
        format!("{}: layer {}", model.name, model.graph.node(self.node).name)
    }

    fn run(&self, cx: &mut JobContext) -> Result<Outcome<Vec<Channel>>> {
        let subject = cx.done(&self.query().prediction).ok_or_else(|| {
            Error::new("cannot look into the layer", "the prediction was forgotten")
                .hint("start it again")
        })?;
        let channels = |model: &Model| channels(model, &subject.pixels, self.class, self.node);
        self.model.value.surviving(channels).map(Outcome::Done)
    }
}

/// The channels of a layer that contribute most to a class, the strongest first.
fn channels(
    model: &Model,
    pixels: &Array3<f32>,
    class: usize,
    node: NodeId,
) -> Result<Vec<Channel>> {
    let graph = &model.graph;
    let tape = graph.forward(model.tensor(pixels));
    let activation = tape.value(node);
    let [_, channels, height, width] = activation.dims();
    let gradient = graph.gradients(&tape, &[class], &[node], &Rules::Gradient).remove(0);
    let planes = |values: Vec<f32>| Array3::from_shape_vec((channels, height, width), values);
    let [activation, gradient] = [planes(read_back(activation)?), planes(read_back(gradient)?)]
        .map(|planes| planes.expect("a tensor has as many values as its shape"));
    let channel = |index: usize| {
        let plane = |planes: &Array3<f32>| planes.index_axis(Axis(0), index).to_owned();
        let (activation, gradient) = (plane(&activation), plane(&gradient));
        let contribution = (&activation * &gradient).sum();
        Channel { index, contribution, activation, gradient }
    };
    let mut found: Vec<Channel> = (0..channels).map(channel).collect();
    found.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
    found.truncate(STRONGEST);
    Ok(found)
}
