//! The layers that a layer parameter names.

use crate::error::{Error, Result};
use crate::graph::{Graph, NodeId};
use crate::model::Model;
use crate::parameter::{Kind, Parameter, Value, Values};

/// The values with every layer by its node's name, the default one too, as records need it.
///
/// # Errors
/// When the network has no such node, or the node has no places.
pub fn with_layers(parameters: &[Parameter], model: &Model, values: &Values) -> Result<Values> {
    let mut named = values.clone();
    for parameter in parameters {
        if matches!(parameter.kind, Kind::Layer) {
            let nodes = layers(model, values, parameter.id)?;
            let names: Vec<_> =
                nodes.iter().map(|id| model.graph.node(*id).name.as_str()).collect();
            named.insert(parameter.id, Value::Layer(Some(names.join(","))));
        }
    }
    Ok(named)
}

pub fn layers(model: &Model, values: &Values, id: &str) -> Result<Vec<NodeId>> {
    find_layers(&model.graph, values.layer(id)).map_err(|(name, why)| {
        Error::new(format!("cannot use layer `{name}` of {}", model.name), why)
            .hint("`hyaline inspect` lists the nodes")
    })
}

/// The nodes called `names`, with commas, or the usual CAM layer.
///
/// # Errors
/// With the name that cannot be used, and why.
pub fn find_layers(
    graph: &Graph,
    names: Option<&str>,
) -> Result<Vec<NodeId>, (String, &'static str)> {
    let usable = |name: &str| match graph.find(name) {
        None => Err((name.into(), "the network has no such node")),
        Some(node) if !graph.is_spatial(node) => Err((name.into(), without_places(graph, node))),
        Some(node) => Ok(node),
    };
    let Some(names) = names else {
        let found = graph.default_cam_layer().map(|node| vec![node]);
        let why = "no layer's values have rows and columns of the picture: class activation maps need a convolution's or its like";
        return found.ok_or_else(|| ("auto".into(), why));
    };
    // A name may hold commas itself.
    match graph.find(names) {
        Some(_) => Ok(vec![usable(names)?]),
        None => names.split(',').map(|name| usable(name.trim())).collect(),
    }
}

/// Why a node is none for class activation maps.
fn without_places(graph: &Graph, node: NodeId) -> &'static str {
    match graph.node(node).shape.is_spatial() {
        false => "its value has no places",
        true => {
            "its rows and columns are no places of the picture, as those of tokens are not, or no layer has looked at it yet"
        }
    }
}
