//! Networks that were exported for a batch of a fixed length, read for one picture.
//!
//! Such a file's reshapes and constants are of the whole batch. Here every value's batch is followed
//! to where it lies among the value's axes: shape computations see the file's own lengths, what
//! they give is divided where it is used, and constants of the batch's length must be the same for
//! each of its pictures. An operator that mixes pictures, or takes some of them, is refused.

use super::constant::Constant;
use super::fold::{axis_of, broadcast, shape};
use super::lowering::{Call, Value};
use super::operator::new_dims;
use super::proto::Node;
use std::borrow::Cow;

type Result<T, E = String> = std::result::Result<T, E>;

/// Where the batch lies in a value of the file: an axis is cut into `outer` × batch × the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    axis: usize,
    outer: usize,
}

impl Place {
    /// The first axis, as of the input.
    pub const FIRST: Self = Self { axis: 0, outer: 1 };

    /// Whether nothing else lies along its axis, in a value whose lengths for one picture are
    /// `dims`.
    pub fn is_alone(self, dims: &[usize]) -> bool {
        self.outer == 1 && dims.get(self.axis) == Some(&1)
    }
}

/// An operator as one picture sees it.
pub enum Seen<'a> {
    /// A shape, in the file's own lengths.
    Known(Constant),
    Call {
        node: Cow<'a, Node>,
        inputs: Vec<Option<Value>>,
        /// Where the batch lies in its outputs.
        place: Place,
    },
}

/// An operator of a network for batches.
struct Batched<'c, 'a> {
    count: usize,
    call: &'c Call<'a>,
    places: &'c [Option<Place>],
    inputs: Vec<Option<Value>>,
}

/// An operator of a network for batches of `count`, whose inputs hold the batch at those places, as
/// one picture sees it.
///
/// # Errors
/// When the operator mixes pictures, or is not known to keep them apart.
pub fn seen<'a>(count: usize, call: &Call<'a>, places: &[Option<Place>]) -> Result<Seen<'a>> {
    let mut batched = Batched { count, call, places, inputs: call.inputs.clone() };
    let node = call.node;
    match node.op_type.as_str() {
        "Shape" => return Ok(Seen::Known(shape(node, &batched.dims(0)?))),
        "Size" => {
            let size = batched.dims(0)?.iter().product::<usize>() as i64;
            return Ok(Seen::Known(Constant::list(vec![size])));
        }
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => return batched.reshaped(),
        _ => {}
    }
    let place = batched.place()?;
    Ok(Seen::Call { node: Cow::Borrowed(node), inputs: batched.inputs, place })
}

/// Operators on images, N×C×H×W.
const OF_IMAGES: &str = "Conv ConvTranspose MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool \
    BatchNormalization InstanceNormalization GroupNormalization LRN Resize Upsample \
    DepthToSpace SpaceToDepth GridSample AffineGrid MaxUnpool";
/// Operators on each value by itself, or on values at the same position of several inputs.
const ELEMENTWISE: &str = "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift Cast CastLike Ceil Celu Clip Cos \
    Cosh Div Dropout Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish \
    Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or \
    PRelu Pow Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt \
    Sub Sum Swish Tan Tanh ThresholdedRelu Where Xor";

impl<'a> Batched<'_, 'a> {
    fn place(&mut self) -> Result<Place> {
        let op = self.call.node.op_type.as_str();
        match op {
            _ if OF_IMAGES.split(' ').any(|known| known == op) => self.image(),
            _ if ELEMENTWISE.split(' ').any(|known| known == op) => self.elementwise(),
            _ if op.starts_with("Reduce") || op.starts_with("Arg") => self.reduced(),
            "Transpose" => self.transposed(),
            "Expand" => self.expanded(),
            "Tile" | "Pad" => self.repeated_or_padded(),
            "Concat" => self.joined(),
            "Slice" => self.sliced(),
            "Split" | "LpNormalization" | "CumSum" | "TopK" | "ReverseSequence" => {
                self.along_an_axis()
            }
            "Softmax" | "LogSoftmax" | "Hardmax" | "LayerNormalization" | "RMSNormalization" => {
                self.to_the_end()
            }
            "Gather" => self.gathered(),
            "Gemm" => self.gemm(),
            "MatMul" => self.product(),
            _ => Err(format!(
                "it is not supported in a network exported for batches of {}; export it for one \
                 picture",
                self.count
            )),
        }
    }

    fn mixes(&self) -> String {
        format!(
            "it computes one picture's values from others of its batch of {}; export the network \
             for one picture",
            self.count
        )
    }

    fn value(&self, index: usize) -> Result<&Value> {
        let value = self.call.inputs.get(index).and_then(Option::as_ref);
        value.ok_or_else(|| format!("input {index} is missing"))
    }

    /// The place of the first input, where that depends on the picture.
    fn first(&self) -> Result<Place> {
        let first = self.places.first().copied().flatten();
        first.ok_or_else(|| "a constant as input 0".to_string())
    }

    /// The file's own lengths of an input.
    fn dims(&self, index: usize) -> Result<Vec<usize>> {
        let mut dims = self.value(index)?.dims();
        if let Some(place) = self.places.get(index).copied().flatten() {
            dims[place.axis] *= self.count;
        }
        Ok(dims)
    }

    fn rank(&self, index: usize) -> Result<usize> {
        Ok(self.value(index)?.dims().len())
    }

    /// An axis of the first input, which the batch must not lie along.
    fn apart(&self, axis: i64) -> Result<usize> {
        let axis = axis_of(axis, self.rank(0)?)?;
        if axis == self.first()?.axis { Err(self.mixes()) } else { Ok(axis) }
    }

    /// The same dimensions for the values of one picture, and where the batch lies in them.
    fn divided(&self, from: &[usize], place: Place, to: &[usize]) -> Result<(Vec<usize>, Place)> {
        let before = from[..place.axis].iter().product::<usize>() * place.outer;
        let mut start = 1;
        for (axis, length) in to.iter().enumerate() {
            let holds = start <= before
                && before.is_multiple_of(start)
                && (start * length).is_multiple_of(before * self.count);
            if holds {
                let mut single = to.to_vec();
                single[axis] /= self.count;
                return Ok((single, Place { axis, outer: before / start }));
            }
            start *= length;
        }
        Err(format!("{from:?} as {to:?} cuts the batch of {} apart", self.count))
    }

    fn reshaped(self) -> Result<Seen<'a>> {
        let from = self.dims(0)?;
        let to = new_dims(self.call, &from)?;
        let (single, place) = self.divided(&from, self.first()?, &to)?;
        let list = Constant::list(single.iter().map(|length| *length as i64).collect());
        let inputs = vec![self.inputs[0].clone(), Some(Value::Constant(list))];
        let node = Node { op_type: "Reshape".into(), attribute: vec![], ..self.call.node.clone() };
        Ok(Seen::Call { node: Cow::Owned(node), inputs, place })
    }

    fn image(&mut self) -> Result<Place> {
        let place = self.first()?;
        let is_first = place == Place::FIRST && place.is_alone(&self.value(0)?.dims());
        if !is_first || self.places.iter().skip(1).any(Option::is_some) {
            return Err(self.mixes());
        }
        // Lengths to resize to are the only ones of the whole batch.
        if let ("Resize", Some(Some(Value::Constant(sizes)))) =
            (self.call.node.op_type.as_str(), self.inputs.get(3))
            && sizes.len() == self.rank(0)?
        {
            let mut sizes = sizes.to_ints();
            sizes[0] /= self.count as i64;
            self.inputs[3] = Some(Value::Constant(Constant::list(sizes)));
        }
        Ok(place)
    }

    fn longest(&self) -> usize {
        let ranks = self.call.inputs.iter().flatten().map(|value| value.dims().len());
        ranks.max().unwrap_or(0)
    }

    /// The one place of all inputs, their axes counted from the last.
    fn common(&self) -> Result<Place> {
        let mut common: Option<Place> = None;
        for (index, place) in self.places.iter().enumerate() {
            let Some(place) = place else { continue };
            let missing = self.longest() - self.rank(index)?;
            let place = Place { axis: place.axis + missing, ..*place };
            if *common.get_or_insert(place) != place {
                return Err(self.mixes());
            }
        }
        common.ok_or_else(|| "constants alone".into())
    }

    fn elementwise(&mut self) -> Result<Place> {
        let place = self.common()?;
        for index in 0..self.inputs.len() {
            self.take_one(index, place, self.longest())?;
        }
        Ok(place)
    }

    /// Makes a constant that has the batch's axis one of a single picture.
    fn take_one(&mut self, index: usize, place: Place, rank: usize) -> Result<()> {
        let Some(Some(Value::Constant(constant))) = self.inputs.get(index) else { return Ok(()) };
        let missing = rank - constant.dims().len();
        let Some(axis) = place.axis.checked_sub(missing) else { return Ok(()) };
        let length = constant.dims()[axis];
        if length == 1 {
            return Ok(());
        }
        let part = self.count * place.outer;
        if !length.is_multiple_of(part) {
            return Err(format!("a constant of {:?} beside the batch", constant.dims()));
        }
        let inner = length / part;
        let of = |picture: usize| {
            let start = |outer: usize| (outer * self.count + picture) * inner;
            let indices: Vec<usize> =
                (0..place.outer).flat_map(|outer| start(outer)..start(outer) + inner).collect();
            constant.selected(axis, &indices)
        };
        let first = of(0);
        let same = |picture: usize| of(picture).to_floats() == first.to_floats();
        if !(1..self.count).all(same) {
            return Err(format!(
                "its constant differs between the pictures of the batch of {}",
                self.count
            ));
        }
        self.inputs[index] = Some(Value::Constant(first));
        Ok(())
    }

    fn reduced(&mut self) -> Result<Place> {
        let (node, rank) = (self.call.node, self.rank(0)?);
        let place = self.first()?;
        let axes = match node.int("axis") {
            Some(axis) => vec![axis],
            None if node.op_type.starts_with("Arg") => vec![0],
            None => self.call.ints("axes", 1)?.unwrap_or_default(),
        };
        if axes.is_empty() && node.int("noop_with_empty_axes").unwrap_or(0) != 0 {
            return Ok(place);
        }
        let axes = axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>>>()?;
        if axes.is_empty() || axes.contains(&place.axis) {
            return Err(self.mixes());
        }
        let gone = match node.int("keepdims").unwrap_or(1) {
            0 => axes.iter().filter(|axis| **axis < place.axis).count(),
            _ => 0,
        };
        Ok(Place { axis: place.axis - gone, ..place })
    }

    fn transposed(&self) -> Result<Place> {
        let (place, rank) = (self.first()?, self.rank(0)?);
        let axis = match self.call.node.ints("perm") {
            Some(order) => order.iter().position(|axis| *axis == place.axis as i64),
            None => Some(rank - 1 - place.axis),
        };
        Ok(Place { axis: axis.ok_or("axes in no order")?, ..place })
    }

    fn expanded(&mut self) -> Result<Place> {
        let (place, from) = (self.first()?, self.dims(0)?);
        let wanted = super::constant::dims(&self.call.needed_constant(1)?.to_ints())?;
        let mut to = broadcast(&from, &wanted)?;
        let place = Place { axis: place.axis + to.len() - from.len(), ..place };
        to[place.axis] /= self.count;
        let to = to.into_iter().map(|length| length as i64).collect();
        self.inputs[1] = Some(Value::Constant(Constant::list(to)));
        Ok(place)
    }

    fn repeated_or_padded(&self) -> Result<Place> {
        let (place, rank) = (self.first()?, self.rank(0)?);
        let (name, nothing) = match self.call.node.op_type.as_str() {
            "Pad" if self.call.constant(3)?.is_some() => return self.padded_along(place, rank),
            "Pad" => ("pads", 0),
            _ => ("repeats", 1),
        };
        let old = self.call.node.ints("paddings").map(<[i64]>::to_vec);
        let lengths = old.map_or_else(|| self.call.ints(name, 1), |old| Ok(Some(old)))?;
        let lengths = lengths.ok_or_else(|| format!("no {name}"))?;
        let of_batch = lengths.iter().skip(place.axis).step_by(rank);
        if of_batch.into_iter().all(|length| *length == nothing) {
            return Ok(place);
        }
        Err(self.mixes())
    }

    fn padded_along(&self, place: Place, rank: usize) -> Result<Place> {
        let axes = self.call.needed_constant(3)?.to_ints();
        let axes = axes.iter().map(|axis| axis_of(*axis, rank)).collect::<Result<Vec<_>>>()?;
        if axes.contains(&place.axis) { Err(self.mixes()) } else { Ok(place) }
    }

    fn joined(&mut self) -> Result<Place> {
        let place = self.elementwise()?;
        let axis = axis_of(self.call.node.int("axis").unwrap_or(1), self.longest())?;
        if axis == place.axis { Err(self.mixes()) } else { Ok(place) }
    }

    fn sliced(&self) -> Result<Place> {
        let (place, dims) = (self.first()?, self.dims(0)?);
        let ints = |name: &str, input: usize| self.call.ints(name, input);
        let starts = ints("starts", 1)?.ok_or("no starts")?;
        let ends = ints("ends", 2)?.ok_or("no ends")?;
        let axes = ints("axes", 3)?.unwrap_or((0..starts.len() as i64).collect());
        let steps = self.call.constant(4)?.map_or(vec![1; starts.len()], Constant::to_ints);
        for (index, axis) in axes.iter().enumerate() {
            if axis_of(*axis, dims.len())? != place.axis {
                continue;
            }
            let length = dims[place.axis] as i64;
            let [start, end, step] =
                [&starts, &ends, &steps].map(|list| list.get(index).copied().unwrap_or(0));
            if !(start == 0 || start == -length) || end < length || step != 1 {
                return Err(format!("it takes a part of the batch of {}", self.count));
            }
        }
        Ok(place)
    }

    fn along_an_axis(&self) -> Result<Place> {
        let node = self.call.node;
        let axis = match node.op_type.as_str() {
            "CumSum" => self.call.needed_constant(1)?.to_ints().first().copied().unwrap_or(0),
            "Split" => node.int("axis").unwrap_or(0),
            "ReverseSequence" => node.int("time_axis").unwrap_or(0),
            _ => node.int("axis").unwrap_or(-1),
        };
        self.apart(axis)?;
        self.first()
    }

    /// Old softmaxes, and layer norms, are over an axis and all after it.
    fn to_the_end(&self) -> Result<Place> {
        let (node, place) = (self.call.node, self.first()?);
        let is_softmax = node.op_type.ends_with("max");
        let is_old = is_softmax && self.call.opset < 13;
        let axis = self.apart(node.int("axis").unwrap_or(if is_old { 1 } else { -1 }))?;
        match (!is_softmax || is_old) && axis < place.axis {
            true => Err(self.mixes()),
            false => Ok(place),
        }
    }

    fn gathered(&mut self) -> Result<Place> {
        let place = self.first()?;
        let axis = axis_of(self.call.node.int("axis").unwrap_or(0), self.rank(0)?)?;
        let wanted = self.call.needed_constant(1)?;
        let more = wanted.dims().len();
        if axis == place.axis {
            let (indices, along) = self.own_indices(wanted, axis)?;
            self.inputs[1] = Some(Value::Constant(indices));
            return Ok(Place { axis: axis + along, outer: 1 });
        }
        Ok(match axis < place.axis {
            true => Place { axis: place.axis + more - 1, ..place },
            false => place,
        })
    }

    /// The first picture's indices into the axis that holds the batch, and the axis of theirs along
    /// which every other picture takes the same of its own.
    fn own_indices(&self, wanted: &Constant, axis: usize) -> Result<(Constant, usize)> {
        let own = self.value(0)?.dims()[axis] as i64;
        let is_own = |along: usize| {
            let of = |picture: usize| wanted.selected(along, &[picture]).to_ints();
            let first = of(0);
            let moved = |picture: usize| {
                let start = picture as i64 * own;
                of(picture).into_iter().map(|index| index - start).eq(first.iter().copied())
            };
            first.iter().all(|index| (0..own).contains(index)) && (1..self.count).all(moved)
        };
        let lengths = wanted.dims();
        let along =
            (0..lengths.len()).find(|along| lengths[*along] == self.count && is_own(*along));
        let along = along.filter(|_| self.places[0].is_some_and(|place| place.outer == 1));
        let along = along.ok_or_else(|| self.mixes())?;
        Ok((wanted.selected(along, &[0]), along))
    }

    fn gemm(&mut self) -> Result<Place> {
        let rows = usize::from(self.call.node.int("transA").unwrap_or(0) != 0);
        let place = self.first()?;
        if place.axis != rows {
            return Err(self.mixes());
        }
        let place = Place { axis: 0, ..place };
        self.take_one(2, place, 2)?;
        Ok(place)
    }

    fn product(&mut self) -> Result<Place> {
        let (place, rank) = (self.common()?, self.longest());
        // Rows of the first matrix and columns of the second stay, and what is summed over does not.
        let is_leading = place.axis + 2 < rank;
        let stays = match (self.places[0].is_some(), self.places[1].is_some()) {
            (true, true) => is_leading,
            (true, false) => place.axis + 1 < rank,
            (false, true) => place.axis + 2 != rank && self.rank(0)? > 1,
            (false, false) => false,
        };
        if !stays {
            return Err(self.mixes());
        }
        for index in 0..if is_leading { 2 } else { 0 } {
            self.take_one(index, place, rank)?;
        }
        Ok(place)
    }
}
