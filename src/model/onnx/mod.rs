//! Opening ONNX files at run time, with gradients.
//!
//! The file is read as it is defined (`proto`) and every operator is lowered to nodes of Hyaline's
//! [`Graph`] for one picture; the batch runs beside. What does not depend on the picture is
//! computed on the way (`fold`), and transpositions and reshapes only change how a node is looked
//! at (`view`), so that shape computations and NHWC layouts leave no trace.

mod batch;
mod constant;
mod external;
mod fold;
mod functions;
mod lowering;
mod operator;
mod output;
pub mod pixels;
mod proto;
mod view;

use crate::error::{Error, Result};
use crate::file::{extension, sha256};
use crate::graph::{Ending, Graph, NodeId, Shape};
use crate::model::OutputKind;
use burn::tensor::Device;
use bytes::Bytes;
pub use lowering::Inside;
use lowering::Lowering;
use output::{Chosen, Wanted};
use pixels::{Range, Taken};
use prost::Message;
use std::io::Read;
use std::path::{Path, PathBuf};

/// An ONNX file that holds a classifier.
#[derive(Debug)]
pub struct Network {
    model: proto::Model,
    file: PathBuf,
    input: Input,
    wanted: Wanted,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// What the network takes, in its own axes.
#[derive(Debug, Clone, PartialEq)]
struct Input {
    name: String,
    /// Lengths of the axes for one picture; none where any will do.
    dims: Vec<Option<usize>>,
    /// Which axes are channels, rows and columns; none where all are one.
    layout: Option<[Option<usize>; 3]>,
    shape: Shape,
    /// Pictures that it takes at once, where the file fixes that; otherwise 1.
    batch: usize,
    is_of_integers: bool,
}

/// A lowered network, whose pixels are still to be normalised.
pub struct LoweredNetwork<'a> {
    lowering: Lowering<'a>,
    node: NodeId,
    /// The output in use.
    pub output: String,
    /// How it turns logits into probabilities, which is left out.
    pub ending: Option<Ending>,
    /// All outputs that are rows of scores, with their shapes.
    pub choices: Vec<(String, String)>,
    /// What the network itself does to its pixels first.
    pub inside: Inside,
    /// Which pixels it takes, as far as its metadata says.
    pub taken: Option<Taken>,
    /// What was left out or assumed.
    pub notes: Vec<String>,
}

/// Bytes of a decompressed file at most; the format itself ends at 2 GiB.
const MOST_BYTES: u64 = 2 << 30;
/// Side of the pictures where the file takes any.
const USUAL_SIDE: usize = 224;

/// True for the names of ONNX files, packed or not.
pub fn is_network_file(path: &Path) -> bool {
    match extension(path).as_str() {
        "gz" => extension(Path::new(path.file_stem().unwrap_or_default())) == "onnx",
        last => last == "onnx",
    }
}

impl Network {
    /// Reads `.onnx` and `.onnx.gz`.
    ///
    /// # Errors
    /// When the file can't be read or holds no network with one picture as its input.
    pub fn read(path: &Path) -> Result<Self> {
        let what = || format!("cannot open network {}", path.display());
        let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
        let digest = sha256(&bytes);
        let bytes = match extension(path) == "gz" || bytes.starts_with(&[0x1f, 0x8b]) {
            true => unzipped(&bytes).map_err(|e| Error::new(what(), e))?,
            false => bytes,
        };
        let network = Self::decode(bytes, path).map_err(|e| Error::new(what(), e))?;
        Ok(Self { sha256: digest, ..network })
    }

    /// Decodes the bytes of an ONNX file. Weights outside of it lie beside `file`.
    ///
    /// # Errors
    /// When they are none, or hold no network with one picture as its input.
    pub fn decode(bytes: Vec<u8>, file: &Path) -> Result<Self> {
        if bytes.is_empty() {
            let error = Error::new("the file is empty", "it holds no network");
            return Err(error.hint("download or copy it again"));
        }
        let mut model = proto::Model::decode(Bytes::from(bytes)).map_err(|e| {
            Error::new("not a whole ONNX file", e)
                .hint("check that it is ONNX and that the download finished")
        })?;
        functions::inline(&mut model).map_err(|why| Error::new("not an ONNX network", why))?;
        let graph = model.graph.as_ref().filter(|graph| !graph.node.is_empty());
        let graph = graph.ok_or_else(|| {
            Error::new("not an ONNX network", "it holds no graph")
                .hint("check that it is ONNX and that the download finished")
        })?;
        external::check(graph, file)?;
        let input =
            Input::find(graph).map_err(|why| Error::new("not a network of one picture", why))?;
        Ok(Self {
            file: file.to_path_buf(),
            input,
            wanted: Wanted::default(),
            sha256: String::new(),
            model,
        })
    }

    /// The same with the output of a name, and its kind, as far as a card says.
    #[must_use]
    pub fn with_output(self, name: Option<&str>, kind: Option<OutputKind>) -> Self {
        let wanted = Wanted { name: name.map(str::to_string), kind };
        Self { wanted, ..self }
    }

    /// Channels, rows and columns of the picture.
    pub fn input_shape(&self) -> Shape {
        self.input.shape
    }

    /// The program that wrote the file.
    pub fn producer(&self) -> String {
        let model = &self.model;
        format!("{} {}", model.producer_name, model.producer_version).trim().to_string()
    }

    pub fn opset(&self) -> i64 {
        self.model.opset()
    }

    /// Lays the network out on a device for pictures of a size (height, width).
    ///
    /// # Errors
    /// With the first operator that can't be lowered, or an output that is no row of scores.
    pub fn lower(&self, size: [usize; 2], device: &Device) -> Result<LoweredNetwork<'_>> {
        let failed = |why: String| {
            Error::new("the network can't be lowered", why)
                .hint("where there are PyTorch weights of it, open those")
        };
        let graph = self.model.graph.as_ref().ok_or_else(|| failed("no graph".into()))?;
        let shape = Shape::new(self.input.shape.channels, size[0], size[1]);
        let mut lowering =
            Lowering::new(graph, self.opset(), &self.file, shape, self.input.batch, device)
                .map_err(failed)?;
        let (dims, order) = self.input.dims_and_order(shape);
        lowering.run(&self.input.name, &dims, &order);
        let outputs: Vec<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
        let chosen = output::choose(&mut lowering, &outputs, &self.wanted).map_err(failed)?;
        let mut notes = std::mem::take(&mut lowering.notes);
        if self.input.batch > 1 {
            let batch = self.input.batch;
            notes.push(format!("exported for batches of {batch}; one picture of them is computed"));
        }
        let Chosen { node, ending, name, choices } = chosen;
        let inside = lowering.take_out_preprocessing(node);
        let (inside, told) = pixels::told(&self.model, inside);
        let of_integers = self.input.is_of_integers.then_some(Range::Byte);
        let certain = of_integers.or(told).map(|range| Taken { range, is_guess: false });
        let taken = certain.or_else(|| pixels::taken(&inside));
        Ok(LoweredNetwork { lowering, node, output: name, ending, choices, inside, taken, notes })
    }
}

impl LoweredNetwork<'_> {
    /// The finished graph, given mean and deviation of the pixels in all.
    ///
    /// # Errors
    /// When the output is no row of scores.
    pub fn finish(self, mean: &[f32], std: &[f32]) -> Result<Graph> {
        self.lowering.finish(self.node, &self.inside.order, mean, std)
    }
}

impl Input {
    fn find(graph: &proto::Graph) -> Result<Self, String> {
        let is_weight = |name: &str| graph.initializer.iter().any(|tensor| tensor.name == name);
        let mut inputs: Vec<_> =
            graph.input.iter().filter(|input| !is_weight(&input.name)).collect();
        // What no node uses is not part of the network.
        if inputs.len() > 1 {
            inputs.retain(|input| graph.node.iter().any(|node| node.takes(&input.name)));
        }
        let [input] = inputs[..] else {
            let names: Vec<_> = inputs.iter().map(|input| input.name.as_str()).collect();
            return Err(format!("it has {} inputs {names:?}", inputs.len()));
        };
        let dims = input.dims().ok_or("its input has no shape")?;
        let dims = dims.into_iter().map(|dim| dim.and_then(|dim| usize::try_from(dim).ok()));
        let mut dims: Vec<_> = dims.collect();
        // A row of values is one picture, unless the network gives as many rows.
        let rows = graph.output.first().and_then(|output| *output.dims()?.first()?);
        let rows = rows.and_then(|rows| usize::try_from(rows).ok());
        let batch = dims.first().copied().flatten().filter(|_| dims.len() == 2 && rows == dims[0]);
        if batch.is_some() {
            dims[0] = Some(1);
        }
        let found = Self::of(input.name.clone(), dims, is_channels_last(graph, &input.name))?;
        let batch = batch.unwrap_or(found.batch);
        Ok(Self { batch, is_of_integers: input.is_of_integers(), ..found })
    }

    /// Finds channels, rows and columns among the axes. What the network does to its input may say
    /// whether channels come last.
    fn of(
        name: String,
        mut dims: Vec<Option<usize>>,
        channels_last: Option<bool>,
    ) -> Result<Self, String> {
        let few = |dim: Option<usize>| matches!(dim, Some(1 | 3 | 4));
        let first = dims.first().copied().flatten().unwrap_or(1);
        let mut batch = 1;
        let layout = match dims.len() {
            4 => {
                (batch, dims[0]) = (first, Some(1));
                let is_last = match (few(dims[1]), few(dims[3])) {
                    (false, true) => true,
                    (true, false) => false,
                    _ => channels_last.unwrap_or(false),
                };
                match is_last {
                    true => Some([Some(3), Some(1), Some(2)]),
                    false => Some([Some(1), Some(2), Some(3)]),
                }
            }
            3 if few(dims[0]) && dims[1] != Some(1) && dims[2] != Some(1) => {
                Some([Some(0), Some(1), Some(2)])
            }
            3 if few(dims[2]) && dims[2] != Some(1) => Some([Some(2), Some(0), Some(1)]),
            3 if dims[1] != Some(1) && dims[2] != Some(1) => {
                (batch, dims[0]) = (first, Some(1));
                Some([None, Some(1), Some(2)])
            }
            _ => None,
        };
        let shape = if let Some(axes) = layout {
            let length = |side: usize, usual: usize| match axes[side] {
                Some(axis) => dims[axis].unwrap_or(usual),
                None => 1,
            };
            Shape::new(length(0, 3), length(1, USUAL_SIDE), length(2, USUAL_SIDE))
        } else {
            if dims.len() > 1 && dims[0].is_none() {
                dims[0] = Some(1);
            }
            let count = dims.iter().try_fold(1usize, |n, dim| n.checked_mul((*dim)?));
            flat(count.ok_or_else(|| format!("its input is {dims:?}"))?)
        };
        let count = [shape.height, shape.width]
            .iter()
            .try_fold(shape.channels, |n, side| n.checked_mul(*side));
        match count.is_some_and(|count| (1..1 << 26).contains(&count)) && batch < 1 << 16 {
            true => Ok(Self { name, dims, layout, shape, batch, is_of_integers: false }),
            false => Err(format!("its input is {dims:?}")),
        }
    }

    /// Lengths of all axes for a picture, and the axes in order of channels, rows and columns.
    fn dims_and_order(&self, shape: Shape) -> (Vec<usize>, Vec<usize>) {
        let mut dims: Vec<usize> = self.dims.iter().map(|dim| dim.unwrap_or(1)).collect();
        let Some(axes) = self.layout else {
            let order = (0..dims.len()).collect();
            return (dims, order);
        };
        for (axis, length) in axes.iter().zip([shape.channels, shape.height, shape.width]) {
            if let Some(axis) = axis {
                dims[*axis] = length;
            }
        }
        (dims, axes.into_iter().flatten().collect())
    }
}

/// Whether a network moves its last axis to the front of a picture, or convolves it as it is; none
/// where that does not show within a few operators.
fn is_channels_last(graph: &proto::Graph, input: &str) -> Option<bool> {
    const STEPS: usize = 16;
    let mut names = vec![input];
    for _ in 0..STEPS {
        let takes =
            |node: &&proto::Node| node.input.iter().any(|name| names.contains(&name.as_str()));
        let found = graph.node.iter().filter(takes);
        let mut next = vec![];
        for node in found {
            match (node.op_type.as_str(), node.ints("perm")) {
                ("Transpose", Some([0, 3, 1, 2])) => return Some(true),
                ("Transpose", _) => return None,
                ("Conv", _) => return Some(false),
                _ => next.extend(node.output.iter().map(String::as_str)),
            }
        }
        names = next;
    }
    None
}

/// The shape of a picture that is a row of `count` values: a coloured or grey square where that
/// fits.
fn flat(count: usize) -> Shape {
    let square = |count: usize| Some(count.isqrt()).filter(|side| side * side == count);
    match (count % 3, square(count / 3), square(count)) {
        (_, _, Some(side)) => Shape::new(1, side, side),
        (0, Some(side), _) => Shape::new(3, side, side),
        _ => Shape::new(1, 1, count),
    }
}

fn unzipped(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut whole = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .take(MOST_BYTES + 1)
        .read_to_end(&mut whole)
        .map_err(|e| format!("not a whole gzip file: {e}"))?;
    match whole.len() as u64 > MOST_BYTES {
        true => Err("it unpacks to more than 2 GiB".into()),
        false => Ok(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(dims: &[i64]) -> Input {
        let dims = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
        Input::of("x".into(), dims, None).unwrap()
    }

    #[test]
    fn pictures_are_found_in_any_layout() {
        let shape = |dims: &[i64]| input(dims).shape;
        assert_eq!(shape(&[1, 3, 32, 32]), Shape::new(3, 32, 32));
        assert_eq!(shape(&[-1, 96, 64, 3]), Shape::new(3, 96, 64));
        assert_eq!(shape(&[-1, 3, -1, -1]), Shape::new(3, 224, 224));
        assert_eq!(shape(&[1, 28, 28]), Shape::new(1, 28, 28));
        assert_eq!(shape(&[3, 32, 32]), Shape::new(3, 32, 32));
        assert_eq!(shape(&[1, 784]), Shape::new(1, 28, 28));
        assert_eq!(shape(&[1, 784, 1]), Shape::new(1, 28, 28));
        assert_eq!(shape(&[-1, 3072]), Shape::new(3, 32, 32));
        assert_eq!(shape(&[784]), Shape::new(1, 28, 28));
        let last = vec![Some(1), Some(64), Some(48), Some(12)];
        let found = Input::of("x".into(), last, Some(true)).unwrap();
        assert_eq!((found.shape, found.batch), (Shape::new(12, 64, 48), 1));
        assert_eq!(input(&[16, 3, 8, 8]).batch, 16);
    }

    #[test]
    fn axes_follow_the_picture() {
        let (dims, order) = input(&[-1, -1, -1, 3]).dims_and_order(Shape::new(3, 20, 30));
        assert_eq!((dims, order), (vec![1, 20, 30, 3], vec![3, 1, 2]));
        let (dims, order) = input(&[1, 784, 1]).dims_and_order(Shape::new(1, 28, 28));
        assert_eq!((dims, order), (vec![1, 784, 1], vec![0, 1, 2]));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bytes in [vec![], b"<html></html>".to_vec(), vec![0; 64], vec![0xff; 64]] {
            assert!(Network::decode(bytes, Path::new("")).is_err());
        }
    }
}
