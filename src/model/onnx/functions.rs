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
    let mut count = 0;
    graph.node = written_out(std::mem::take(&mut graph.node), &functions, 0, &mut count)?;
    Ok(())
}

fn written_out(
    nodes: Vec<Node>,
    functions: &[Function],
    depth: usize,
    count: &mut usize,
) -> Result<Vec<Node>, String> {
    let mut out = vec![];
    for mut node in nodes {
        let called = |f: &&Function| f.name == node.op_type && f.domain == node.domain;
        let Some(function) = functions.iter().find(called) else {
            *count += 1;
            if *count > MOST_NODES {
                return Err("its functions make too many nodes".into());
            }
            for inner in node.attribute.iter_mut().filter_map(|attribute| attribute.g.as_mut()) {
                inner.node = written_out(std::mem::take(&mut inner.node), functions, depth, count)?;
            }
            out.push(node);
            continue;
        };
        if depth == DEEPEST {
            return Err(format!("function {} calls itself", function.name));
        }
        out.extend(written_out(body(function, &node), functions, depth + 1, count)?);
    }
    Ok(out)
}

/// A function's nodes, inlined for one call.
fn body(function: &Function, call: &Node) -> Vec<Node> {
    let scope = format!("{}.", call.called());
    let outside = outside_names(function, call);
    let renamed = |name: &String| match (outside.get(name.as_str()), name.is_empty()) {
        (Some(outside), _) => (*outside).to_string(),
        (None, true) => String::new(),
        (None, false) => format!("{scope}{name}"),
    };
    let copy = Copy { scope: &scope, renamed: &renamed, call, function };
    function.node.iter().map(|node| copy.node(node)).collect()
}

/// How the nodes of a function's body are copied.
struct Copy<'a> {
    scope: &'a str,
    renamed: &'a dyn Fn(&String) -> String,
    call: &'a Node,
    function: &'a Function,
}

impl Copy<'_> {
    fn node(&self, node: &Node) -> Node {
        let attributes = node.attribute.iter().filter_map(|a| given(a, self.call, self.function));
        let attributes = attributes.map(|attribute| Attribute {
            g: attribute.g.as_ref().map(|graph| self.graph(graph)),
            ..attribute
        });
        Node {
            name: format!("{}{}", self.scope, node.called()),
            input: node.input.iter().map(self.renamed).collect(),
            output: node.output.iter().map(self.renamed).collect(),
            attribute: attributes.collect(),
            ..node.clone()
        }
    }

    /// Graphs inside see the names around them, so all of their names change alike.
    fn graph(&self, graph: &Graph) -> Graph {
        let mut copy = graph.clone();
        copy.node = graph.node.iter().map(|node| self.node(node)).collect();
        for value in copy.input.iter_mut().chain(&mut copy.output) {
            value.name = (self.renamed)(&value.name);
        }
        for tensor in &mut copy.initializer {
            tensor.name = (self.renamed)(&tensor.name);
        }
        copy
    }
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
