//! Layer-wise relevance propagation.

use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::error::Result;
use crate::graph::{Composite, Graph, RelevanceRule, RuleSet, read_back};
use crate::parameter::{Kind, Parameter, Values};
use ndarray::Array3;

pub struct Lrp;

static DESCRIPTION: Description = Description {
    id: "lrp",
    name: "LRP",
    family: Family::Gradient,
    paper: "Bach et al. 2015, On Pixel-Wise Explanations by Layer-Wise Relevance Propagation; Montavon et al. 2019, Layer-Wise Relevance Propagation: An Overview; composites named as in zennit 0.5",
    formula: "R_i = Σ_j share_ij R_j from the logit to the pixels; ε: share_ij = x_i w_ij / (z_j + ε sign z_j)",
    shape: MapShape::Picture,
    unit: "logit",
    passes: "1 forward, 1 to 4 backward by composite",
    ranking: Ranking::Signed,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "composite",
            help: "rules by layer: ε everywhere; z⁺, αβ or γ in convolutions and ε in linear layers; z^B in the first layer (box)",
            unit: "",
            kind: Kind::Choice {
                default: "epsilon-plus",
                options: &[
                    "epsilon",
                    "epsilon-plus",
                    "epsilon-plus-box",
                    "epsilon-alpha2-beta1",
                    "epsilon-gamma",
                    "epsilon-gamma-box",
                ],
            },
            source: "Montavon et al. 2019, section 10.3: composites; zennit's EpsilonPlus",
        },
        Parameter {
            id: "epsilon",
            help: "kept between denominators and zero in ε layers",
            unit: "of a layer's values",
            kind: Kind::Real { default: 1e-6, min: 1e-9, max: 100.0 },
            source: "zennit 0.5",
        },
        Parameter {
            id: "gamma",
            help: "how much more positive parts count in γ layers",
            unit: "",
            kind: Kind::Real { default: 0.25, min: 0.0, max: 1000.0 },
            source: "zennit 0.5",
        },
    ],
};

impl Method for Lrp {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let backwards = match values.choice("composite") {
            "epsilon" => 1,
            "epsilon-plus" | "epsilon-plus-box" => 2,
            _ => 4,
        };
        Cost { forwards: 1, backwards }
    }

    fn needs(&self, _: &Values) -> Vec<Need> {
        vec![Need::Rules(RuleSet::Relevance)]
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let (tape, composite) = (job.tape(), composite(job.values));
        let logits = read_back(tape.logits())?;
        let map = to_map(job.model.graph.relevance(&tape, job.target, &composite))?;
        let sum: f64 = map.iter().map(|value| f64::from(*value)).sum();
        job.diagnostics.insert("logit", f64::from(logits[job.target]));
        job.diagnostics.insert("sum of relevance", sum);
        Ok(map)
    }
}

fn composite(values: &Values) -> Composite {
    let gamma = RelevanceRule::Gamma(values.real("gamma"));
    let (first, convolution) = match values.choice("composite") {
        "epsilon" => (RelevanceRule::Epsilon, RelevanceRule::Epsilon),
        "epsilon-plus-box" => (RelevanceRule::Box, RelevanceRule::Z_PLUS),
        "epsilon-alpha2-beta1" => {
            let rule = RelevanceRule::AlphaBeta { alpha: 2.0, beta: 1.0 };
            (rule, rule)
        }
        "epsilon-gamma" => (gamma, gamma),
        "epsilon-gamma-box" => (RelevanceRule::Box, gamma),
        _ => (RelevanceRule::Z_PLUS, RelevanceRule::Z_PLUS),
    };
    Composite {
        first,
        convolution,
        linear: RelevanceRule::Epsilon,
        epsilon: values.real("epsilon"),
    }
}
