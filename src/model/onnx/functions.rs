//! Functions that a file defines for itself, written out where they are called.

use super::proto::{Attribute, Function, Graph, Model, Node};
use std::collections::HashMap;

/// Calls inside calls, and nodes in all, at most; more is a damaged file.
const DEEPEST: usize = 32;
const MOST_NODES: usize = 1 << 18;

/// Writes out every call of the model's functions.
///
/// # Errors
/// When functions call themselves, or make too many nodes.
pub fn inline(model: &mut Model) -> Result<(), String> {
    let functions = std::mem::take(&mut model.functions);
    let Some(graph) = model.graph.as_mut().filter(|_| !functions.is_empty()) else {
        return Ok(());
    };
    let mut nodes = vec![];
    for node in std::mem::take(&mut graph.node) {
        write_out(node, &functions, 0, &mut nodes)?;
    }
    *graph = Graph { node: nodes, ..std::mem::take(graph) };
    Ok(())
}

fn write_out(
    node: Node,
    functions: &[Function],
    depth: usize,
    nodes: &mut Vec<Node>,
) -> Result<(), String> {
    let called = |f: &&Function| f.name == node.op_type && f.domain == node.domain;
    let Some(function) = functions.iter().find(called) else {
        if nodes.len() == MOST_NODES {
            return Err("its functions make too many nodes".into());
        }
        nodes.push(node);
        return Ok(());
    };
    if depth == DEEPEST {
        return Err(format!("function {} calls itself", function.name));
    }
    let scope = format!("{}.", node.called());
    let outside = outside_names(function, &node);
    let renamed = |name: &String| match (outside.get(name.as_str()), name.is_empty()) {
        (Some(outside), _) => (*outside).to_string(),
        (None, true) => String::new(),
        (None, false) => format!("{scope}{name}"),
    };
    for inner in &function.node {
        let copy = Node {
            name: format!("{scope}{}", inner.called()),
            input: inner.input.iter().map(renamed).collect(),
            output: inner.output.iter().map(renamed).collect(),
            attribute: inner.attribute.iter().filter_map(|a| given(a, &node, function)).collect(),
            ..inner.clone()
        };
        write_out(copy, functions, depth + 1, nodes)?;
    }
    Ok(())
}

/// What a function's inputs and outputs are called where it is called.
fn outside_names<'a>(function: &'a Function, call: &'a Node) -> HashMap<&'a str, &'a str> {
    let missing = std::iter::repeat("");
    let inputs = call.input.iter().map(String::as_str).chain(missing);
    let inputs = function.input.iter().map(String::as_str).zip(inputs);
    let outputs = function.output.iter().zip(&call.output);
    let outputs = outputs.map(|(inner, outer)| (inner.as_str(), outer.as_str()));
    inputs.chain(outputs.filter(|(_, outer)| !outer.is_empty())).collect()
}

/// An attribute of a function's body, its value taken from the call or the function's default
/// where it refers to them.
fn given(attribute: &Attribute, call: &Node, function: &Function) -> Option<Attribute> {
    let wanted = &attribute.ref_attr_name;
    if wanted.is_empty() {
        return Some(attribute.clone());
    }
    let mut given = call.attribute.iter().chain(&function.attribute_proto);
    let value = given.find(|given| given.name == *wanted)?;
    Some(Attribute { name: attribute.name.clone(), ..value.clone() })
}
