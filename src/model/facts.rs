//! The load report of a network, as lines of keyword and text.

use super::{Model, Outputs};

impl Model {
    /// The lines of the load report, by keyword.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let (graph, input, report) = (&self.graph, &self.preprocessing, &self.report);
        let mut facts = vec![
            ("name", self.name.clone()),
            ("file", self.card.weights.display().to_string()),
            ("format", report.format.clone()),
            ("sha256", self.sha256.clone()),
            ("architecture", self.architecture.clone()),
        ];
        if let Some(fit) = &report.fit {
            facts.push((
                "tensors",
                format!(
                    "{} matched, {} missing, {} unexpected, {} misshapen (confidence {:.0} %)",
                    fit.matched,
                    fit.missing.len(),
                    fit.unexpected.len(),
                    fit.misshapen.len(),
                    fit.confidence * 100.0
                ),
            ));
        }
        let resize = format!("{:?}", input.resize).to_lowercase();
        facts.extend([
            ("parameters", graph.parameters().to_string()),
            (
                "input",
                format!(
                    "{} in [0,1], {resize} resize, centre crop {}",
                    graph.input_shape(),
                    input.crop
                ),
            ),
            ("normalisation", {
                let source = report.normalisation.text();
                format!("mean {:?}, std {:?}, {source}", input.mean, input.std)
            }),
        ]);
        if let Some(channels) = input.channels_text() {
            facts.push(("channels", channels));
        }
        if let Some(pixels) = &report.pixels {
            facts.push(("pixels", pixels.to_string()));
        }
        facts.extend([
            ("outputs", self.outputs_in_words()),
            ("classes", {
                let source = report.labels.text();
                format!("{} ({}, …), names {source}", graph.classes(), self.labels.name(0))
            }),
        ]);
        if let Some(batch_norms) = report.batch_norms {
            let which = format!("{batch_norms:?}").to_lowercase();
            facts.push((
                "batch norms",
                format!("{which} of two sets; `batch_norms` in a card chooses"),
            ));
        }
        facts.push(("CAM layer", self.cam_layer_in_words()));
        if let Some(training) = &self.training {
            let norm = training.norm.as_deref().unwrap_or("");
            let radius =
                training.epsilon.map_or(String::new(), |epsilon| format!(" ε {epsilon:.4}"));
            facts.push(("training", format!("{} {norm}{radius}", training.kind)));
        }
        if let Some(check) = &report.forward_check {
            facts.push(("forward check", check.to_string()));
        }
        facts.extend(report.notes.iter().map(|note| ("note", note.clone())));
        facts
    }

    fn cam_layer_in_words(&self) -> String {
        let graph = &self.graph;
        let Some(id) = graph.default_cam_layer() else {
            return "none: no layer's values have rows and columns of the picture".into();
        };
        let node = graph.node(id);
        let then = if graph.attends_after(id) { ", before attention" } else { "" };
        format!("{} ({}){then}", node.name, node.shape)
    }

    fn outputs_in_words(&self) -> String {
        let Outputs { kind, source, name, choices } = &self.outputs;
        let which = match name {
            Some(name) if choices.len() > 1 => {
                let all: Vec<_> =
                    choices.iter().map(|(name, shape)| format!("{name} {shape}")).collect();
                format!("; `{name}` of {}", all.join(", "))
            }
            _ => String::new(),
        };
        format!("{}, {}{which}", kind.text(), source.text())
    }
}
