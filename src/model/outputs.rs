//! What a network's outputs are, and how probabilities follow from them. No other code computes
//! probabilities.

use super::Source;
use crate::error::{Error, Result};
use crate::graph::{Ending, Graph};
use burn::tensor::{Tensor, activation, s};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the numbers that a network gives are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// Logits of classes that exclude each other.
    Softmax,
    /// One logit z of two classes: negative with −z, and positive with z. The graph gives both.
    Sigmoid,
    /// Logits of labels, each there or not.
    Labels,
    /// Probabilities themselves; their logits are unknown.
    Probabilities,
    /// Logarithms of probabilities.
    LogProbabilities,
    /// Values that no probability belongs to.
    Regression,
}

impl OutputKind {
    pub const ALL: [Self; 6] = [
        Self::Softmax,
        Self::Sigmoid,
        Self::Labels,
        Self::Probabilities,
        Self::LogProbabilities,
        Self::Regression,
    ];

    /// The name in model cards.
    pub fn id(self) -> &'static str {
        match self {
            Self::Softmax => "softmax",
            Self::Sigmoid => "sigmoid",
            Self::Labels => "labels",
            Self::Probabilities => "probabilities",
            Self::LogProbabilities => "log-probabilities",
            Self::Regression => "regression",
        }
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Softmax => "logits of classes (softmax)",
            Self::Sigmoid => "one logit (sigmoid)",
            Self::Labels => "logits of labels (a sigmoid each)",
            Self::Probabilities => "probabilities",
            Self::LogProbabilities => "log-probabilities",
            Self::Regression => "values (regression)",
        }
    }

    /// What a class's probability is, for captions; `None` where there is none.
    pub fn probability(self) -> Option<&'static str> {
        match self {
            Self::Softmax => Some("softmax of the class"),
            Self::Sigmoid => Some("sigmoid of the logit"),
            Self::Labels => Some("sigmoid of the label's logit"),
            Self::Probabilities => Some("probability of the class"),
            Self::LogProbabilities => Some("exponential of the class's log-probability"),
            Self::Regression => None,
        }
    }

    /// What the number is called that methods explain.
    pub fn score(self) -> &'static str {
        match self {
            Self::Softmax | Self::Sigmoid | Self::Labels => "logit",
            Self::Probabilities => "probability",
            Self::LogProbabilities => "log-probability",
            Self::Regression => "value",
        }
    }

    /// Probabilities of rows of the network's outputs, N×classes. `None` for regression.
    pub fn probabilities(self, outputs: Tensor<2>) -> Option<Tensor<2>> {
        Some(match self {
            Self::Softmax => activation::softmax(outputs, 1),
            Self::Sigmoid | Self::Labels => activation::sigmoid(outputs),
            Self::Probabilities => outputs,
            Self::LogProbabilities => outputs.exp(),
            Self::Regression => return None,
        })
    }

    /// ∂p_c/∂outputs, N×classes, from the probabilities p of N rows.
    pub(super) fn slopes(self, probabilities: &Tensor<2>, class: usize) -> Tensor<2> {
        let one_hot = probabilities.zeros_like().slice_fill(s![.., class], 1.0);
        let of_class = probabilities.clone().narrow(1, class, 1);
        match self {
            // p_c ([k = c] − p_k).
            Self::Softmax => of_class * (one_hot - probabilities.clone()),
            // p_c (1 − p_c) at c alone.
            Self::Sigmoid | Self::Labels => one_hot * of_class.clone() * (-of_class + 1.0),
            Self::LogProbabilities => one_hot * of_class,
            Self::Probabilities | Self::Regression => one_hot,
        }
    }

    /// Whether the kind can be of a network that ends so, which is then explained without its end.
    pub(super) fn goes_with(self, ending: Ending) -> bool {
        match ending {
            Ending::Softmax | Ending::LogSoftmax => self == Self::Softmax,
            Ending::Sigmoid => matches!(self, Self::Sigmoid | Self::Labels),
            Ending::Complement => self == Self::Sigmoid,
        }
    }
}

impl fmt::Display for OutputKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A network's outputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outputs {
    pub kind: OutputKind,
    /// Where the kind is known from.
    pub source: Source,
    /// The output of an ONNX file that is used.
    pub name: Option<String>,
    /// Those of the file that could be, with their shapes.
    pub choices: Vec<(String, String)>,
}

impl Outputs {
    /// What the outputs of a graph are: by a card, by what the graph ends in, or the usual.
    ///
    /// # Errors
    /// When the card's kind does not fit the number of outputs.
    pub(super) fn of(
        graph: &Graph,
        ending: Option<Ending>,
        said: Option<OutputKind>,
        usual: Source,
    ) -> Result<Self> {
        let count = graph.classes();
        let (kind, source) = match (said, ending) {
            (Some(kind), _) => (fitting(kind, count)?, Source::Card),
            (None, Some(Ending::Sigmoid | Ending::Complement)) if count == 1 => {
                (OutputKind::Sigmoid, Source::File)
            }
            (None, Some(Ending::Sigmoid | Ending::Complement)) => {
                (OutputKind::Labels, Source::File)
            }
            (None, Some(_)) if count > 1 => (OutputKind::Softmax, Source::File),
            (None, _) => unsaid(graph, usual),
        };
        Ok(Self { kind, source, name: None, choices: vec![] })
    }

    /// What is worth a warning because it is a guess.
    pub(super) fn warning(&self) -> Option<String> {
        let is_guess = self.source == Source::Guess;
        let what = match self.kind {
            OutputKind::Sigmoid => "its one output is taken for the logit of a sigmoid",
            OutputKind::Regression => "its one output is taken for a value (regression)",
            OutputKind::Probabilities => {
                "its outputs lie from 0 to 1 and are taken for probabilities, which are explained as they are: their logits are unknown"
            }
            _ => return None,
        };
        is_guess.then(|| {
            format!("{what}; the network's details in the window or `[output] kind` in a model card set it")
        })
    }
}

/// By default bounded outputs are not logits, and one output is a logit.
fn unsaid(graph: &Graph, usual: Source) -> (OutputKind, Source) {
    let [low, high] = graph.bounds(graph.output());
    if low >= 0.0 && high <= 1.0 {
        return (OutputKind::Probabilities, Source::Guess);
    }
    match (graph.classes(), low.is_finite() || high.is_finite()) {
        (1, true) => (OutputKind::Regression, Source::Guess),
        (1, false) => (OutputKind::Sigmoid, Source::Guess),
        _ => (OutputKind::Softmax, usual),
    }
}

fn fitting(kind: OutputKind, count: usize) -> Result<OutputKind> {
    let why = match (kind, count) {
        (OutputKind::Sigmoid, 2..) => {
            format!("sigmoid is of one output, the network has {count}: labels are of several")
        }
        (OutputKind::Softmax, 1) => {
            "a softmax of one output is always 1: sigmoid or regression are of one".into()
        }
        _ => return Ok(kind),
    };
    Err(Error::new(format!("the card's [output] kind = \"{kind}\" can't be"), why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::read_back;
    use burn::tensor::{Device, TensorData};

    const LOGITS: [f32; 3] = [0.5, -1.0, 2.0];

    fn of(kind: OutputKind, outputs: [f32; 3]) -> Tensor<2> {
        let outputs = Tensor::from_data(TensorData::new(outputs.to_vec(), [1, 3]), &Device::flex());
        kind.probabilities(outputs).unwrap()
    }

    #[test]
    fn every_kind_has_its_own_probability() {
        let raised: f32 = LOGITS.iter().map(|z| z.exp()).sum();
        let expected = [
            (OutputKind::Softmax, LOGITS.map(|z| z.exp() / raised)),
            (OutputKind::Labels, LOGITS.map(|z| 1.0 / (1.0 + (-z).exp()))),
            (OutputKind::Probabilities, LOGITS),
            (OutputKind::LogProbabilities, LOGITS.map(f32::exp)),
        ];
        for (kind, expected) in expected {
            let found = read_back(of(kind, LOGITS)).unwrap();
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{kind}");
        }
        let outputs = Tensor::<2>::zeros([1, 3], &Device::flex());
        assert!(OutputKind::Regression.probabilities(outputs).is_none());
    }

    #[test]
    fn slopes_are_those_of_differences() {
        for kind in OutputKind::ALL.into_iter().filter(|kind| kind.probability().is_some()) {
            for class in 0..3 {
                let slopes = read_back(kind.slopes(&of(kind, LOGITS), class)).unwrap();
                for (place, slope) in slopes.into_iter().enumerate() {
                    let moved = |by: f32| {
                        let mut outputs = LOGITS;
                        outputs[place] += by;
                        read_back(of(kind, outputs)).unwrap()[class]
                    };
                    let difference = (moved(0.01) - moved(-0.01)) / 0.02;
                    assert!((slope - difference).abs() < 2e-3, "{kind}: {slope} {difference}");
                }
            }
        }
    }
}
