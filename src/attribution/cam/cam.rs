//! CAM: a layer's channels weighted by the class's weights in the linear layer that follows.

use crate::attribution::cam::cam_layers;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::Values;
use ndarray::Array3;

pub struct Cam;

static DESCRIPTION: Description = Description {
    id: "cam",
    name: "CAM",
    family: Family::Cam,
    paper: "Zhou, Khosla, Lapedriza, Oliva, Torralba 2016, Learning Deep Features for Discriminative Localization, section 2. It needs global average pooling and one linear layer after the layer: there the gradients' sums are the class's weights, and the map's mean plus the bias is the logit. Elsewhere the sums stand in for the weights: Grad-CAM's map times the number of places",
    formula: "Σ_k w^c_k A^k, w^c_k = Σ_ij ∂S_c/∂A^k_ij",
    shape: MapShape::Layer,
    unit: "logit",
    passes: "1 forward, 1 backward to the layer",
    ranking: Ranking::Signed,
    sign: Sign::Full,
    parameters: &[cam_layers::LAYER],
};

impl Method for Cam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        cam_layers::cost(values, graph, true)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let graph = &job.model.graph;
        for layer in job.layers("layer")? {
            if !graph.is_averaged_then_linear(layer) {
                job.warnings.push(format!(
                    "`{}` is not followed by global average pooling and one linear layer alone, which CAM is defined for: this is Grad-CAM's map times the number of places",
                    graph.node(layer).name
                ));
            }
        }
        cam_layers::by_gradients(job, |activations, gradients| {
            activations * gradients.sum_dim(2).sum_dim(3)
        })
    }
}
