//! Whether a method is applicable to a network: checked before it runs, and reported.

use super::layer_choice::with_layers;
use super::method::{Method, Need};
use crate::error::{Error, Result};
use crate::graph::{Graph, RuleSet, Unsupported};
use crate::model::Model;
use crate::parameter::{Kind, Values};
use crate::text::count;

/// A method's values for a network, layers by their names, and the warnings of its map.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    pub values: Values,
    pub warnings: Vec<String>,
}

/// Fits a method to a network.
///
/// # Errors
/// When the method is not applicable to the network, or it has no layer of a name.
pub fn fitted(method: &dyn Method, model: &Model, values: &Values) -> Result<Fitted> {
    let mut warnings = vec![];
    for need in method.needs(values) {
        match need {
            Need::Probabilities => model.check_probabilities().map_err(|why| {
                Error::new(format!("{} needs probabilities", method.description().id), why)
            })?,
            Need::Rules(rules) => warnings.extend(of_rules(method, model, rules)?),
        }
    }
    let values = with_layers(method.description().parameters, model, values)?;
    warnings.extend(before_attention(method, model, &values));
    Ok(Fitted { values, warnings })
}

/// What a method's rules do at nodes that they are not defined for.
///
/// # Errors
/// When that would mean nothing.
fn of_rules(method: &dyn Method, model: &Model, rules: RuleSet) -> Result<Vec<String>> {
    let (graph, id) = (&model.graph, method.description().id);
    let unsupported = graph.unsupported(rules);
    if let Some(found) = unsupported.iter().find(|found| found.assumed.is_none()) {
        let why = format!("it has no rule for {}, of which attention is made", named(graph, found));
        return Err(Error::new(format!("{id} is not defined for {}", model.name), why)
            .hint("gradient, integrated-gradients, smoothgrad, rise, occlusion and others are"));
    }
    let told = |found: &Unsupported| {
        let done = found.assumed.unwrap_or_default();
        format!("{id} has no rule for {}: {done}", named(graph, found))
    };
    let mut warnings: Vec<String> = unsupported.iter().map(told).collect();
    let guides = matches!(rules, RuleSet::Guided | RuleSet::Deconvolution);
    if guides && !graph.has_rectifiers() {
        warnings.push("the network has no ReLU, so that this is its plain gradient".into());
    }
    Ok(warnings)
}

/// A kind of node, how many there are and the first by name.
fn named(graph: &Graph, found: &Unsupported) -> String {
    let nodes = count(found.count, "node", "nodes");
    format!("{} ({nodes}, first `{}`)", found.kind, graph.node(found.first).name)
}

/// Attention after the layer of a class activation map moves things that the map leaves in place.
fn before_attention(method: &dyn Method, model: &Model, values: &Values) -> Option<String> {
    let looks = method.description().parameters.iter().find(|p| matches!(p.kind, Kind::Layer))?;
    let graph = &model.graph;
    let names = values.layer(looks.id)?;
    let layer = graph.find(names).filter(|layer| graph.attends_after(*layer))?;
    Some(format!(
        "attention comes after `{}`, the last layer whose values have places: the map is of what the network saw before it",
        graph.node(layer).name
    ))
}
