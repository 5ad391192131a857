//! The walk over an ONNX graph that lowers each operator to nodes.

mod affine;
mod colours;
mod compose;
mod control;
mod placing;
mod uses;

pub use affine::along;

use super::batch;
use super::constant::Constant;
use super::operator;
use super::proto::{Node, Tensor};
use super::view::View;
use crate::graph::op::Normalise;
use crate::graph::{Ending, Graph, GraphBuilder, NodeId, Op, Shape};
use burn::tensor::{Device, Tensor as DeviceTensor, TensorData};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use uses::{find_consumers, last_uses};

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
    /// Why values could not be computed, which is reported if an output needs them.
    failures: HashMap<&'a str, String>,
    /// Nodes that use a value, those of graphs inside nodes too.
    consumers: HashMap<&'a str, Vec<&'a Node>>,
    outputs: HashSet<&'a str>,
    /// Results of graphs inside nodes.
    inner_outputs: HashSet<&'a str>,
    /// Batch norms that a convolution took in.
    taken_in: HashSet<*const Node>,
    /// Nodes lowered so far; those of loops count once for every turn.
    steps: usize,
    /// Values that computed constants may still have at a time; weights that are read allow more.
    allowance: Cell<usize>,
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
        let mut consumers = HashMap::new();
        let mut inner_outputs = HashSet::new();
        find_consumers(&graph.node, &mut consumers, &mut inner_outputs);
        Ok(Self {
            graph: builder,
            nodes: &graph.node,
            weights: graph.initializer.iter().map(|t| (t.name.as_str(), t)).collect(),
            file,
            values: HashMap::new(),
            failures: HashMap::new(),
            consumers,
            outputs: graph.output.iter().map(|output| output.name.as_str()).collect(),
            inner_outputs,
            taken_in: HashSet::new(),
            steps: 0,
            allowance: Cell::new(MOST_COMPUTED),
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
    /// in that `order` of channels, rows and columns. What can't be lowered fails where it is used.
    pub fn run(&mut self, input: &'a str, dims: &[usize], order: &[usize]) {
        let view = View::ordered(self.pixels, dims, order);
        self.values.insert(input, Value::Activation(view));
        if self.batch > 1 {
            self.places.insert(input, batch::Place::FIRST);
        }
        for (node, done_with) in self.nodes.iter().zip(last_uses(self.nodes)) {
            if let Err(why) = self.step(node) {
                let outputs = node.output.iter().filter(|name| !name.is_empty());
                self.failures.extend(outputs.map(|name| (name.as_str(), why.clone())));
            }
            for name in done_with {
                self.release(name);
            }
        }
        self.current = "output".into();
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

    /// Lowers a node and keeps its outputs by their names.
    fn step(&mut self, node: &'a Node) -> Result<(), String> {
        if let Some(why) = node.input.iter().find_map(|name| self.failures.get(name.as_str())) {
            return Err(why.clone());
        }
        let failed =
            |why: String| format!("operator {} of node `{}`: {why}", node.op_type, node.called());
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(failed("its loops have too many iterations".into()));
        }
        self.current = self.name_of(node);
        let outputs = self.lower(node).map_err(failed)?;
        let is_used = |name: &&String| {
            let name = name.as_str();
            self.consumers.contains_key(name) || self.outputs.contains(name)
        };
        if let Some(missing) = node.output.iter().skip(outputs.len()).find(is_used) {
            return Err(failed(format!("its output `{missing}` is not supported")));
        }
        for (name, value) in node.output.iter().zip(outputs) {
            if let Value::Constant(constant) = &value {
                let rest = self.allowance.get().checked_sub(constant.len());
                let too_many = || failed("constants of too many values are computed".into());
                self.allowance.set(rest.ok_or_else(too_many)?);
            }
            if !name.is_empty() {
                self.values.insert(name, value);
            }
        }
        Ok(())
    }

    /// Forgets a constant that was computed and that no later node uses.
    fn release(&mut self, name: &'a str) {
        let is_constant = matches!(self.values.get(name), Some(Value::Constant(_)));
        if is_constant
            && !self.outputs.contains(name)
            && let Some(Value::Constant(constant)) = self.values.remove(name)
        {
            self.allowance.set(self.allowance.get().saturating_add(constant.len()));
        }
    }

    fn lower(&mut self, node: &'a Node) -> Result<Vec<Value>, String> {
        let mut inputs = Vec::with_capacity(node.input.len());
        for name in &node.input {
            inputs.push(self.value(name)?);
        }
        let is_taken_in = self.taken_in.remove(&std::ptr::from_ref(node));
        if let Some(outputs) = self.control(node, &inputs) {
            return outputs;
        }
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
        if let Some(why) = self.failures.get(name) {
            return Err(why.clone());
        }
        let Some(tensor) = self.weights.get(name) else {
            return Err(format!("its input `{name}` comes from nowhere"));
        };
        let constant = Constant::decode(tensor, self.file)
            .map_err(|why| format!("its weights `{name}`: {why}"))?;
        let allowance = self.allowance.get().saturating_add(ALLOWED_BY_WEIGHT * constant.len());
        self.allowance.set(allowance);
        Ok(Some(Value::Constant(constant)))
    }

    /// The only node that uses a value, if there is one and the value is no output.
    pub fn sole_consumer(&self, name: &str) -> Option<&'a Node> {
        let is_output = self.outputs.contains(name) || self.inner_outputs.contains(name);
        match self.consumers.get(name).map(Vec::as_slice) {
            Some(&[node]) if !is_output => Some(node),
            _ => None,
        }
    }

    /// Marks a node as done by the one before it.
    pub fn take_in(&mut self, node: &'a Node) {
        self.taken_in.insert(node);
    }

    /// # Errors
    /// Where a value of a network that computes a batch is not one row for each picture.
    pub fn check_batch(&self, name: &str, view: &View) -> Result<(), String> {
        match self.places.get(name).is_some_and(|place| !place.is_alone(&view.dims())) {
            true => Err(format!(
                "its output is not one row of scores for each of its {} pictures",
                self.batch
            )),
            false => Ok(()),
        }
    }

    /// The logits behind a row of probabilities, and how they became these.
    pub fn ending(&self, row: NodeId) -> Option<(NodeId, Ending)> {
        self.graph.ending(row)
    }

    /// A node as a row of scores.
    pub fn as_scores(&mut self, id: NodeId) -> Result<NodeId, String> {
        self.graph.row(id).map_err(|e| e.to_string())
    }

    /// Whether a node is computed from another.
    pub fn needs(&self, id: NodeId, other: NodeId) -> bool {
        self.graph.needs(id, other)
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

    /// The picture as a value of these dimensions.
    pub fn picture(&self, dims: &[usize]) -> View {
        View::of(self.pixels, dims)
    }

    /// True for a value that is the picture itself.
    pub fn is_picture(&self, view: &View) -> bool {
        view.node == self.pixels
    }

    /// The node of all values in the order of their axes.
    pub fn row(&mut self, view: &View) -> Result<NodeId, String> {
        let all = (0..view.rank()).collect();
        self.placed(view, &[all, vec![], vec![]])
    }

    /// A display name: the module where the exporter wrote it down, or else the node's own.
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

/// Nodes lowered at most: more is a loop without an end.
const MOST_STEPS: usize = 1 << 17;

/// Values of computed constants kept at a time, beside those that weights allow: more is a damaged
/// file that would fill the memory.
const MOST_COMPUTED: usize = 1 << 25;

/// Values that may be computed for each that is read from the file.
const ALLOWED_BY_WEIGHT: usize = 4;

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
