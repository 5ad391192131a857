//! Which nodes use a value, and which is the last.

use crate::model::onnx::proto::Node;
use std::collections::{HashMap, HashSet};

/// Adds the nodes that use each value, and the results of graphs inside nodes.
pub fn find_consumers<'a>(
    nodes: &'a [Node],
    consumers: &mut HashMap<&'a str, Vec<&'a Node>>,
    outputs: &mut HashSet<&'a str>,
) {
    for node in nodes {
        for input in &node.input {
            consumers.entry(input).or_default().push(node);
        }
        for graph in node.graphs() {
            outputs.extend(graph.output.iter().map(|output| output.name.as_str()));
            find_consumers(&graph.node, consumers, outputs);
        }
    }
}

/// For each node, the values that it is the last to use, itself or in a graph inside it.
pub fn last_uses(nodes: &[Node]) -> Vec<Vec<&str>> {
    let mut last = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        visit_inputs(node, &mut |name| {
            last.insert(name, index);
        });
    }
    let mut by_node = vec![vec![]; nodes.len()];
    for (name, index) in last {
        by_node[index].push(name);
    }
    by_node
}

/// Visits what a node uses, with what graphs inside it use.
fn visit_inputs<'a>(node: &'a Node, visit: &mut impl FnMut(&'a str)) {
    for name in &node.input {
        visit(name);
    }
    for graph in node.graphs() {
        graph.node.iter().for_each(|node| visit_inputs(node, visit));
        graph.output.iter().for_each(|output| visit(&output.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::onnx::proto::{Attribute, Graph, ValueInfo};

    fn node(inputs: &[&str], outputs: &[&str]) -> Node {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Node { input: names(inputs), output: names(outputs), ..Node::default() }
    }

    #[test]
    fn graphs_inside_a_node_use_values_too() {
        let result = ValueInfo { name: "result".into(), ..ValueInfo::default() };
        let inner =
            Graph { node: vec![node(&["a"], &["b"])], output: vec![result], ..Graph::default() };
        let mut branch = node(&["condition"], &["c"]);
        branch.attribute.push(Attribute { g: Some(inner), ..Attribute::default() });
        let nodes = [node(&["a", "result"], &["x"]), branch, node(&["x", "condition"], &["y"])];
        let mut uses = last_uses(&nodes);
        for names in &mut uses {
            names.sort_unstable();
        }
        assert_eq!(uses, [vec![], vec!["a", "result"], vec!["condition", "x"]]);
    }
}
