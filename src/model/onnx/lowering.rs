//! The walk over an ONNX graph that lays each operator as nodes.

mod placing;

use super::constant::Constant;
use super::operator;
use super::proto::{Node, Tensor};
use super::view::{Sides, View};
use crate::graph::op::{Affine, Normalise};
use crate::graph::{Graph, GraphBuilder, NodeId, Op, Shape};
use burn::tensor::{Device, Tensor as DeviceTensor, TensorData};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A value of the ONNX graph.
#[derive(Debug, Clone)]
pub enum Value {
    /// Known when the file is opened.
    Constant(Constant),
    /// Computed from the picture.
    Activation(View),
}

impl Value {
    pub fn dims(&self) -> Vec<usize> {
        match self {
            Value::Constant(constant) => constant.dims().to_vec(),
            Value::Activation(view) => view.dims(),
        }
    }
}

/// One operator with the values it gets.
pub struct Call<'a> {
    pub node: &'a Node,
    pub inputs: Vec<Option<Value>>,
    pub opset: i64,
}

impl Call<'_> {
    /// An input that depends on the picture.
    pub fn activation(&self, index: usize) -> Result<&View, String> {
        match self.inputs.get(index) {
            Some(Some(Value::Activation(view))) => Ok(view),
            Some(Some(Value::Constant(_))) => Err(format!("a constant as input {index}")),
            _ => Err(format!("input {index} is missing")),
        }
    }

    /// An optional input that must be constant.
    pub fn constant(&self, index: usize) -> Result<Option<&Constant>, String> {
        match self.inputs.get(index) {
            Some(Some(Value::Constant(constant))) => Ok(Some(constant)),
            Some(Some(Value::Activation(_))) => {
                Err(format!("input {index} depends on the picture, where a constant is needed"))
            }
            _ => Ok(None),
        }
    }

    pub fn needed_constant(&self, index: usize) -> Result<&Constant, String> {
        self.constant(index)?.ok_or_else(|| format!("input {index} is missing"))
    }

    /// Integers that older opsets give as an attribute and newer ones as an input.
    pub fn ints(&self, attribute: &str, input: usize) -> Result<Option<Vec<i64>>, String> {
        if let Some(values) = self.node.ints(attribute) {
            return Ok(Some(values.to_vec()));
        }
        Ok(self.constant(input)?.map(Constant::to_ints))
    }
}

/// A graph under construction from an ONNX file.
pub struct Lowering<'a> {
    graph: GraphBuilder,
    nodes: &'a [Node],
    weights: HashMap<&'a str, &'a Tensor>,
    folder: &'a Path,
    values: HashMap<&'a str, Value>,
    consumers: HashMap<&'a str, Vec<usize>>,
    outputs: HashSet<&'a str>,
    /// Batch norms that a convolution took in.
    taken_in: HashSet<usize>,
    names: HashSet<String>,
    /// Name of the ONNX node that is being lowered.
    current: String,
    pub opset: i64,
    /// The node of normalised pixels; its operation is put in at the end.
    pixels: NodeId,
    /// Scale and shift, by channel, with which the network itself begins.
    pub normalisation: Option<[Vec<f32>; 2]>,
    /// What the reader of a report should know.
    pub notes: Vec<String>,
}

impl<'a> Lowering<'a> {
    /// `input` is the picture's shape in channels, rows and columns.
    pub fn new(
        graph: &'a super::proto::Graph,
        opset: i64,
        folder: &'a Path,
        input: Shape,
        device: &Device,
    ) -> Result<Self, String> {
        let mut builder = GraphBuilder::new(input, device);
        let identity =
            Normalise::new(&vec![0.0; input.channels], &vec![1.0; input.channels], device);
        let pixels =
            builder.add("normalise", identity, &[Graph::INPUT]).map_err(|e| e.to_string())?;
        let mut consumers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, node) in graph.node.iter().enumerate() {
            for input in &node.input {
                consumers.entry(input).or_default().push(index);
            }
        }
        Ok(Self {
            graph: builder,
            nodes: &graph.node,
            weights: graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect(),
            folder,
            values: HashMap::new(),
            consumers,
            outputs: graph.output.iter().map(|output| output.name.as_str()).collect(),
            taken_in: HashSet::new(),
            names: HashSet::new(),
            current: String::new(),
            opset,
            pixels,
            normalisation: None,
            notes: vec![],
        })
    }

    /// Lowers every node, with the picture as the value `input` of those dimensions and its axes
    /// in that `order` of channels, rows and columns. Gives the node of the value `output`.
    ///
    /// # Errors
    /// With the operator that could not be lowered and why.
    pub fn run(
        &mut self,
        input: &'a str,
        dims: &[usize],
        order: &[usize],
        output: &str,
    ) -> Result<NodeId, String> {
        let view = View::laid(self.pixels, dims, order);
        self.values.insert(input, Value::Activation(view));
        for (index, node) in self.nodes.iter().enumerate() {
            self.current = self.name_of(node);
            let failed = |why: String| {
                format!("operator {} of node `{}`: {why}", node.op_type, node.called())
            };
            let outputs = self.lower(index, node).map_err(failed)?;
            for (name, value) in node.output.iter().zip(outputs) {
                if !name.is_empty() {
                    self.values.insert(name, value);
                }
            }
        }
        match self.values.get(output) {
            Some(Value::Activation(view)) => {
                let view = view.clone();
                self.current = "output".into();
                self.scores(&view)
            }
            Some(Value::Constant(_)) => Err("its output does not depend on the picture".into()),
            None => Err(format!("no node gives its output `{output}`")),
        }
    }

    /// The finished graph, given the whole normalisation of the pixels.
    pub fn finish(
        mut self,
        output: NodeId,
        mean: &[f32],
        std: &[f32],
    ) -> crate::error::Result<Graph> {
        let normalise = Normalise::new(mean, std, self.graph.device());
        self.graph.replace(self.pixels, normalise)?;
        self.graph.finish_at(output)
    }

    fn lower(&mut self, index: usize, node: &'a Node) -> Result<Vec<Value>, String> {
        let mut inputs = Vec::with_capacity(node.input.len());
        for name in &node.input {
            inputs.push(self.value(name)?);
        }
        if self.taken_in.contains(&index) {
            return Ok(inputs.into_iter().take(1).flatten().collect());
        }
        let call = Call { node, inputs, opset: self.opset };
        operator::lower(self, &call)
    }

    /// The value of a name; none for an input that is left out.
    pub fn value(&self, name: &str) -> Result<Option<Value>, String> {
        if name.is_empty() {
            return Ok(None);
        }
        if let Some(value) = self.values.get(name) {
            return Ok(Some(value.clone()));
        }
        let Some(tensor) = self.weights.get(name) else {
            return Err(format!("its input `{name}` comes from nowhere"));
        };
        let constant = Constant::decode(tensor, self.folder)
            .map_err(|why| format!("its weights `{name}`: {why}"))?;
        Ok(Some(Value::Constant(constant)))
    }

    /// The only node that uses a value, if there is one and the value is no output.
    pub fn sole_consumer(&self, name: &str) -> Option<(usize, &'a Node)> {
        match self.consumers.get(name).map(Vec::as_slice) {
            Some(&[index]) if !self.outputs.contains(name) => Some((index, &self.nodes[index])),
            _ => None,
        }
    }

    /// Marks a node as done by the one before it.
    pub fn take_in(&mut self, index: usize) {
        self.taken_in.insert(index);
    }

    /// True where a value goes nowhere but, unchanged, to the network's output.
    pub fn is_last(&self, name: &str) -> bool {
        const UNCHANGED: [&str; 7] =
            ["Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast", "Dropout"];
        if self.outputs.contains(name) {
            return true;
        }
        let unchanged = |node: &Node| UNCHANGED.contains(&node.op_type.as_str());
        self.sole_consumer(name).is_some_and(|(_, node)| {
            unchanged(node) && node.output.first().is_some_and(|output| self.is_last(output))
        })
    }

    pub fn shape(&self, id: NodeId) -> Shape {
        self.graph.shape(id)
    }

    pub fn node(&self, id: NodeId) -> &crate::graph::Node {
        self.graph.node(id)
    }

    /// Where the file lies.
    pub fn folder(&self) -> &'a Path {
        self.folder
    }

    pub fn device(&self) -> &Device {
        self.graph.device()
    }

    pub fn tensor<const D: usize>(&self, values: Vec<f32>, dims: [usize; D]) -> DeviceTensor<D> {
        DeviceTensor::from_data(TensorData::new(values, dims), self.graph.device())
    }

    /// Adds a node named after the ONNX node.
    pub fn add(&mut self, op: impl Into<Op>, inputs: &[NodeId]) -> Result<NodeId, String> {
        self.add_as(self.current.clone(), op, inputs)
    }

    fn add_as(
        &mut self,
        wanted: String,
        op: impl Into<Op>,
        inputs: &[NodeId],
    ) -> Result<NodeId, String> {
        let mut name = wanted.clone();
        let mut count = 1;
        while !self.names.insert(name.clone()) || name == "normalise" || name == "input" {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        self.graph.add(name, op, inputs).map_err(|e| e.to_string())
    }

    /// x·scale + shift by constants that fit the axes of a value. What a network does first to
    /// its pixels becomes part of their normalisation.
    pub fn affine(
        &mut self,
        view: &View,
        scale: Option<&Constant>,
        shift: Option<&Constant>,
        is_first: bool,
    ) -> Result<View, String> {
        let rank = [scale, shift].iter().flatten().map(|c| c.dims().len()).max().unwrap_or(0);
        let (view, sides) = self.aligned(&view.with_rank(rank))?;
        let mut constants = vec![];
        for constant in [scale, shift] {
            constants.push(constant.map(|c| along(c, &view, &sides)).transpose()?);
        }
        let (scale, shift) = (constants[0].take(), constants[1].take());
        if is_first && view.node == self.pixels && self.normalises(scale.as_ref(), shift.as_ref()) {
            return Ok(view);
        }
        let mut node = view.node;
        let device = self.device().clone();
        match (scale, shift) {
            (Some((scale, shape)), Some((shift, other))) if shape == other => {
                node = self.add(Affine::new(Some(scale), Some(shift), shape, &device), &[node])?;
            }
            (scale, shift) => {
                if let Some((values, shape)) = scale {
                    node = self.add(Affine::new(Some(values), None, shape, &device), &[node])?;
                }
                if let Some((values, shape)) = shift {
                    node = self.add(Affine::new(None, Some(values), shape, &device), &[node])?;
                }
            }
        }
        Ok(view.with_node(node))
    }

    /// Takes a scale and a shift of channels into the normalisation of the pixels.
    fn normalises(
        &mut self,
        scale: Option<&(Vec<f32>, Shape)>,
        shift: Option<&(Vec<f32>, Shape)>,
    ) -> bool {
        let channels = self.shape(self.pixels).channels;
        let by_channel = |constant: Option<&(Vec<f32>, Shape)>, default: f32| match constant {
            None => Some(vec![default; channels]),
            Some((_, shape)) if shape.is_spatial() => None,
            Some((values, _)) if values.len() == channels => Some(values.clone()),
            Some((values, _)) => Some(vec![values[0]; channels]),
        };
        let (Some(scale), Some(shift)) = (by_channel(scale, 1.0), by_channel(shift, 0.0)) else {
            return false;
        };
        if scale.iter().any(|scale| *scale <= 0.0) {
            return false;
        }
        let [before, offset] =
            self.normalisation.take().unwrap_or([vec![1.0; channels], vec![0.0; channels]]);
        let shift = (0..channels).map(|c| offset[c] * scale[c] + shift[c]).collect::<Vec<f32>>();
        let scale = (0..channels).map(|c| before[c] * scale[c]).collect();
        self.normalisation = Some([scale, shift]);
        true
    }

    /// The node of a row of class scores.
    fn scores(&mut self, view: &View) -> Result<NodeId, String> {
        let all = (0..view.rank()).collect();
        let long = view.dims().iter().filter(|dim| **dim != 1).count();
        match long {
            0 | 1 => self.placed(view, &[all, vec![], vec![]]),
            _ => Err(format!("its output is {:?}, not one score a class", view.dims())),
        }
    }

    /// A name for people: the module where the exporter wrote it down, or else the node's own.
    fn name_of(&self, node: &Node) -> String {
        let scopes = node.metadata.iter().find(|entry| entry.key.ends_with("name_scopes"));
        let module = scopes.and_then(|entry| {
            let quoted = entry.value.split(['\'', '"']).skip(1).step_by(2);
            let names: Vec<&str> = quoted.collect();
            names.iter().rev().nth(1).filter(|module| !module.is_empty()).copied()
        });
        match module {
            Some(module) => format!("{module}.{}", node.op_type.to_lowercase()),
            None => path_of(node.called()),
        }
    }
}

/// `/layer4/layer4.2/conv1/Conv`, as PyTorch's older exporter writes it, is `layer4.2.conv1.conv`.
fn path_of(name: &str) -> String {
    let Some(path) = name.strip_prefix('/') else {
        return name.to_string();
    };
    let parts: Vec<&str> = path.split('/').collect();
    let repeated = |(index, part): (usize, &&str)| {
        let next = parts.get(index + 1).and_then(|next| next.strip_prefix(*part));
        next.is_some_and(|rest| rest.starts_with('.'))
    };
    let kept = parts.iter().enumerate().filter(|part| !repeated(*part)).map(|(_, part)| *part);
    let mut kept: Vec<String> = kept.map(String::from).collect();
    if let Some(operator) = kept.last_mut() {
        *operator = operator.to_lowercase();
    }
    kept.join(".")
}

/// A constant's values as they lie along the sides of a view, stretched only where they differ.
pub fn along(constant: &Constant, view: &View, sides: &Sides) -> Result<(Vec<f32>, Shape), String> {
    let dims = view.dims();
    let missing = dims.len().checked_sub(constant.dims().len());
    let missing = missing.ok_or("a constant with more axes than the value")?;
    let length = |axis: usize| axis.checked_sub(missing).map_or(1, |axis| constant.dims()[axis]);
    for (axis, dim) in dims.iter().enumerate() {
        if length(axis) != 1 && length(axis) != *dim {
            return Err(format!("a constant of {:?} for a value of {dims:?}", constant.dims()));
        }
    }
    // Row-major steps of the constant along each axis of the view.
    let mut steps = vec![0; dims.len()];
    let mut step = 1;
    for axis in (0..dims.len()).rev() {
        if length(axis) > 1 {
            steps[axis] = step;
            step *= length(axis);
        }
    }
    let offsets = |side: &Vec<usize>| {
        if side.iter().all(|axis| steps[*axis] == 0) {
            return vec![0];
        }
        side.iter().fold(vec![0], |offsets: Vec<usize>, axis| {
            let next = |offset: &usize| {
                let offset = *offset;
                let step = steps[*axis];
                (0..dims[*axis]).map(move |index| offset + index * step).collect::<Vec<_>>()
            };
            offsets.iter().flat_map(next).collect()
        })
    };
    let [channels, rows, columns] = sides.each_ref().map(offsets);
    let values = constant.to_floats();
    let mut laid = Vec::with_capacity(channels.len() * rows.len() * columns.len());
    for channel in &channels {
        for row in &rows {
            laid.extend(columns.iter().map(|column| values[channel + row + column]));
        }
    }
    Ok((laid, Shape::new(channels.len(), rows.len(), columns.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_modules() {
        assert_eq!(path_of("/layer4/layer4.2/relu_2/Relu"), "layer4.2.relu_2.relu");
        assert_eq!(path_of("/Flatten"), "flatten");
        assert_eq!(path_of("Relu_12"), "Relu_12");
        assert_eq!(path_of("/"), "");
    }
}
