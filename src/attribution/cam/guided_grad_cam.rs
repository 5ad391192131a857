//! Guided Grad-CAM: guided backpropagation where Grad-CAM finds the class.

use crate::attribution::cam::{cam_layers, grad_cam};
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::upsample::bilinear;
use crate::error::Result;
use crate::graph::{Graph, RuleSet, Rules};
use crate::parameter::Values;
use ndarray::{Array3, Axis};

pub struct GuidedGradCam;

static DESCRIPTION: Description = Description {
    id: "guided-grad-cam",
    name: "Guided Grad-CAM",
    family: Family::Cam,
    paper: "Selvaraju et al. 2017, Grad-CAM, section 3.2: guided backpropagation (Springenberg et al. 2015) times Grad-CAM, ReLU'd and enlarged bilinearly",
    formula: "G(x) ⊙ enlarged max(Σ_k mean_ij(∂S_c/∂A^k_ij) A^k, 0), G guided backpropagation",
    shape: MapShape::Picture,
    unit: "logit² per pixel value",
    passes: "1 forward, 2 backward",
    ranking: Ranking::Magnitude,
    sign: Sign::Signed,
    parameters: &[cam_layers::LAYER],
};

impl Method for GuidedGradCam {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        let Cost { forwards, backwards } = cam_layers::cost(values, graph, true);
        Cost { forwards, backwards: backwards + 1 }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Rules(RuleSet::Guided)]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let guided = to_map(job.input_gradient_from(&job.tape(), &Rules::Guided))?;
        let cam = cam_layers::by_gradients(job, grad_cam::weighted)?;
        let positive = cam.index_axis(Axis(0), 0).mapv(|value| value.max(0.0));
        let (_, height, width) = guided.dim();
        Ok(guided * &bilinear(&positive, [height, width]))
    }
}
