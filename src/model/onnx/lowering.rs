//! The walk over an ONNX graph that lays each operator as nodes.

mod colours;
mod placing;

use super::batch;
use super::constant::Constant;
use super::operator;
use super::proto::{Node, Tensor};
use super::view::{Sides, View};
use crate::graph::op::{Affine, Normalise};
use crate::graph::{Graph, GraphBuilder, NodeId, Op, Shape};
use burn::tensor::{Device, Tensor as DeviceTensor, TensorData};
use std::collections::{HashMap, HashSet};
use std::path::Path;

pub use colours::Inside;
use colours::{Coloured, Colours};

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
    file: &'a Path,
    values: HashMap<&'a str, Value>,
    consumers: HashMap<&'a str, Vec<usize>>,
    outputs: HashSet<&'a str>,
    /// Batch norms that a convolution took in.
    taken_in: HashSet<usize>,
    names: HashSet<String>,
    /// Name of the ONNX node that is being lowered.
    current: String,
    pub opset: i64,
    /// Pictures that the file computes at once; 1 where that is left open.
    batch: usize,
    /// Where the batch lies in values that depend on the picture, if there is one.
    places: HashMap<&'a str, batch::Place>,
    /// The node of normalised pixels; its operation is put in at the end.
    pixels: NodeId,
    /// What only scales, shifts and picks channels of the pixels.
    colours: Colours,
    /// What the reader of a report should know.
    pub notes: Vec<String>,
}

impl<'a> Lowering<'a> {
    /// `input` is the picture's shape in channels, rows and columns; the file computes `batch`
    /// pictures at once.
    pub fn new(
        graph: &'a super::proto::Graph,
        opset: i64,
        file: &'a Path,
        input: Shape,
        batch: usize,
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
            file,
            values: HashMap::new(),
            consumers,
            outputs: graph.output.iter().map(|output| output.name.as_str()).collect(),
            taken_in: HashSet::new(),
            names: HashSet::new(),
            current: String::new(),
            opset,
            batch,
            places: HashMap::new(),
            pixels,
            colours: Colours::of(pixels, input.channels),
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
        if self.batch > 1 {
            self.places.insert(input, batch::Place::FIRST);
        }
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
                if self.places.get(output).is_some_and(|place| !place.is_alone(&view.dims())) {
                    return Err(format!(
                        "its output is not one row of scores for each of its {} pictures",
                        self.batch
                    ));
                }
                self.scores(&view)
            }
            Some(Value::Constant(_)) => Err("its output does not depend on the picture".into()),
            None => Err(format!("no node gives its output `{output}`")),
        }
    }

    /// The finished graph, given the pixels' order of channels and whole normalisation.
    pub fn finish(
        mut self,
        output: NodeId,
        order: &[usize],
        mean: &[f32],
        std: &[f32],
    ) -> crate::error::Result<Graph> {
        let normalise = Normalise::new(mean, std, self.graph.device()).ordered(order);
        self.graph.replace(self.pixels, normalise)?;
        self.graph.finish_at(output)
    }

    fn lower(&mut self, index: usize, node: &'a Node) -> Result<Vec<Value>, String> {
        let mut inputs = Vec::with_capacity(node.input.len());
        for name in &node.input {
            inputs.push(self.value(name)?);
        }
        let is_taken_in = self.taken_in.contains(&index);
        let depends = inputs.iter().flatten().any(|value| matches!(value, Value::Activation(_)));
        let call = Call { node, inputs, opset: self.opset };
        match self.batch > 1 && depends {
            true => self.lower_batched(&call, is_taken_in),
            false if is_taken_in => Ok(call.inputs.into_iter().take(1).flatten().collect()),
            false => operator::lower(self, &call),
        }
    }

    /// Lowers a node of a network that computes a batch, for one picture.
    fn lower_batched(&mut self, call: &Call<'a>, is_taken_in: bool) -> Result<Vec<Value>, String> {
        let node = call.node;
        let place = |name: &String| self.places.get(name.as_str()).copied();
        let places: Vec<_> = node.input.iter().map(place).collect();
        let (values, place) = match batch::seen(self.batch, call, &places)? {
            batch::Seen::Known(constant) => return Ok(vec![Value::Constant(constant)]),
            batch::Seen::Call { inputs, place, .. } if is_taken_in => {
                (inputs.into_iter().take(1).flatten().collect(), place)
            }
            batch::Seen::Call { node, inputs, place } => {
                let call = Call { node: &node, inputs, opset: self.opset };
                (operator::lower(self, &call)?, place)
            }
        };
        self.places.extend(node.output.iter().map(|name| (name.as_str(), place)));
        Ok(values)
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
        let constant = Constant::decode(tensor, self.file)
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

    /// The network's file, beside which data outside of it lies.
    pub fn file(&self) -> &'a Path {
        self.file
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
        let id = self.graph.add(name, op, inputs).map_err(|e| e.to_string())?;
        self.colours.follow(&self.graph, id);
        Ok(id)
    }

    /// x·scale + shift by constants that fit the axes of a value.
    pub fn affine(
        &mut self,
        view: &View,
        scale: Option<&Constant>,
        shift: Option<&Constant>,
    ) -> Result<View, String> {
        let rank = [scale, shift].iter().flatten().map(|c| c.dims().len()).max().unwrap_or(0);
        let (view, sides) = self.aligned(&view.with_rank(rank))?;
        let mut constants = vec![];
        for constant in [scale, shift] {
            constants.push(constant.map(|c| along(c, &view, &sides)).transpose()?);
        }
        let (scale, shift) = (constants[0].take(), constants[1].take());
        let mut node = view.node;
        match (scale, shift) {
            (Some((scale, shape)), Some((shift, other))) if shape == other => {
                node = self.scale_and_shift(node, Some(scale), Some(shift), shape)?;
            }
            (scale, shift) => {
                if let Some((values, shape)) = scale {
                    node = self.scale_and_shift(node, Some(values), None, shape)?;
                }
                if let Some((values, shape)) = shift {
                    node = self.scale_and_shift(node, None, Some(values), shape)?;
                }
            }
        }
        Ok(view.with_node(node))
    }

    fn scale_and_shift(
        &mut self,
        from: NodeId,
        scale: Option<Vec<f32>>,
        shift: Option<Vec<f32>>,
        shape: Shape,
    ) -> Result<NodeId, String> {
        let followed = self.colours.scaled(from, scale.as_deref(), shift.as_deref(), shape);
        let affine = Affine::new(scale, shift, shape, self.device());
        let id = self.add(affine, &[from])?;
        self.colours.know(id, followed);
        Ok(id)
    }

    /// The colours that a 1×1 convolution, by its kernel and bias, makes of the pixels'.
    pub fn mixed(&self, from: NodeId, kernel: &[f32], bias: Option<&[f32]>) -> Option<Coloured> {
        self.colours.mixed(from, kernel, bias)
    }

    /// Notes the colours of a node, if it has the pixels'.
    pub fn know_colours(&mut self, id: NodeId, coloured: Option<Coloured>) {
        self.colours.know(id, coloured);
    }

    /// Notes the statistics that the file has of a value's channels.
    pub fn note_statistics(&mut self, view: &View, mean: &[f32], std: &[f32]) {
        let pairs = mean.iter().zip(std).map(|(mean, std)| [f64::from(*mean), f64::from(*std)]);
        self.colours.note_statistics(view.node, &pairs.collect::<Vec<_>>());
    }

    /// Takes what the network does to its pixels first out of the graph that ends in `output`,
    /// where it can be part of their normalisation.
    pub fn take_out_preprocessing(&mut self, output: NodeId) -> Inside {
        self.colours.take_out(&mut self.graph, self.pixels, output)
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
