//! Where the picture's rows and columns are in every value, as far as the nodes preserve them.
//!
//! A value's sides are followed as products of axes: `Flatten` and `Rearrange` cut and move axes,
//! convolutions and pools resize them, joins with something else lose them. So the tokens of a
//! transformer are not spatial, although they form rows, and are again where the network reshapes
//! them to rows and columns.

use super::op::{Op, Pointwise, Rearrange, Slice, Steps};
use super::{Node, Shape};

/// What an axis runs along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rows,
    Columns,
    /// Channels, and what is not known.
    Other,
}

/// A part of an axis: `length` steps of `width`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    kind: Kind,
    length: usize,
    /// How many of the whole axis's indices one step is.
    width: usize,
}

/// The axes that make up a side, outermost first.
type Side = Vec<Axis>;

/// Channels, rows and columns of a value.
type Sides = [Side; 3];

/// For every node, whether a map over its rows and columns is one over the picture's: they are the
/// picture's, and a layer with weights comes before.
pub(super) fn places(nodes: &[Node]) -> Vec<bool> {
    let mut all: Vec<Sides> = Vec::with_capacity(nodes.len());
    let mut learned = vec![false; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        let inputs: Vec<&Sides> = node.inputs.iter().map(|id| &all[id.0]).collect();
        let shapes: Vec<Shape> = node.inputs.iter().map(|id| nodes[id.0].shape).collect();
        all.push(sides(node, &inputs, &shapes));
        learned[index] = is_learned(&node.op) || node.inputs.iter().any(|id| learned[id.0]);
    }
    all.iter().zip(learned).map(|(sides, learned)| learned && is_picture(sides)).collect()
}

/// Whether an operation is more than preprocessing of the pixels.
fn is_learned(op: &Op) -> bool {
    let clips = matches!(op, Op::Pointwise(Pointwise::Clip { .. }));
    op.has_weights() || (op.is_activation() && !clips)
}

fn is_picture([_, rows, columns]: &Sides) -> bool {
    let whole = |side: &Side, kind| side.is_empty() || is_whole(side, kind);
    let (rows_kept, columns_kept) = (whole(rows, Kind::Rows), whole(columns, Kind::Columns));
    rows_kept && columns_kept && !(rows.is_empty() && columns.is_empty())
}

fn is_whole(side: &[Axis], kind: Kind) -> bool {
    matches!(side, [axis] if axis.kind == kind && axis.width == 1)
}

fn lengths(shape: Shape) -> [usize; 3] {
    [shape.channels, shape.height, shape.width]
}

/// One axis, unless it has one index only.
fn axis(kind: Kind, length: usize) -> Side {
    let axis = Axis { kind, length, width: 1 };
    if length == 1 { vec![] } else { vec![axis] }
}

fn sides(node: &Node, inputs: &[&Sides], shapes: &[Shape]) -> Sides {
    let wanted = lengths(node.shape);
    let [channels, rows, columns] = wanted;
    let Some(first) = inputs.first() else {
        return [axis(Kind::Other, channels), axis(Kind::Rows, rows), axis(Kind::Columns, columns)];
    };
    let had = lengths(shapes[0]);
    let each = |of: &dyn Fn(usize) -> Side| [of(0), of(1), of(2)];
    match &node.op {
        Op::Slice(slice) => each(&|side| sliced(&first[side], *slice, side, had[side])),
        Op::Flatten => regrouped(&first.concat(), wanted),
        Op::Rearrange(rearrange) => rearranged(rearrange, &first.concat(), wanted),
        Op::Concatenate(join) => each(&|side| match side == join.axis {
            true => axis(Kind::Other, wanted[side]),
            false => agreed(inputs.iter().map(|sides| &sides[side]), wanted[side]),
        }),
        Op::Arithmetic(_) | Op::Choose => each(&|side| {
            let stretched = |shape: &Shape| lengths(*shape)[side] != wanted[side];
            let whole = inputs.iter().zip(shapes).filter(|(_, shape)| !stretched(shape));
            agreed(whole.map(|(sides, _)| &sides[side]), wanted[side])
        }),
        Op::MatrixProduct => {
            let (a, b) = (inputs[0], inputs[1]);
            let channels = agreed([&a[0], &b[0]].into_iter(), channels);
            [channels, a[1].clone(), b[2].clone()]
        }
        Op::Linear(_) | Op::Take(_) => each(&|side| axis(Kind::Other, wanted[side])),
        Op::Convolution(_) => {
            let of = |side: usize| resized(&first[side], had[side], wanted[side]);
            [axis(Kind::Other, channels), of(1), of(2)]
        }
        Op::Input
        | Op::Normalise(_)
        | Op::Pointwise(_)
        | Op::PRelu(_)
        | Op::Affine(_)
        | Op::BatchNorm(_)
        | Op::MaxPool(_)
        | Op::GlobalAveragePool
        | Op::Resample(_)
        | Op::Sum(_)
        | Op::Standardise(_)
        | Op::LocalResponse(_)
        | Op::Softmax(_)
        | Op::Pad(_) => each(&|side| resized(&first[side], had[side], wanted[side])),
    }
}

/// A side of another length: rows stay rows, and what is more than one axis is lost.
fn resized(side: &[Axis], had: usize, wanted: usize) -> Side {
    match side[..] {
        _ if had == wanted => side.to_vec(),
        [Axis { kind, width: 1, .. }] => axis(kind, wanted),
        _ => axis(Kind::Other, wanted),
    }
}

/// A slice of a side: a strided or padded one is still the picture's; a smaller piece is not.
fn sliced(side: &[Axis], slice: Slice, place: usize, had: usize) -> Side {
    let Steps { start, end, step } = slice.ranges[place];
    let count = (end - start).div_ceil(step.max(1));
    match 2 * count * step > had {
        true => resized(side, had, count),
        false => axis(Kind::Other, count),
    }
}

/// Axes on which values agree. One that is not known takes the other's: the network itself brings
/// them together place by place.
fn agreed<'a>(mut sides: impl Iterator<Item = &'a Side>, length: usize) -> Side {
    let is_known = |side: &Side| side.iter().any(|axis| axis.kind != Kind::Other);
    let first = sides.find(|side| is_known(side));
    match first {
        Some(first) if sides.all(|side| side == first || !is_known(side)) => first.clone(),
        _ => axis(Kind::Other, length),
    }
}

/// Axes cut into factors, the factors in another order, and put into sides.
fn rearranged(rearrange: &Rearrange, axes: &[Axis], wanted: [usize; 3]) -> Sides {
    let (factors, order) = rearrange.parts();
    let unknown = || wanted.map(|length| axis(Kind::Other, length));
    let Some(groups) = cut(axes, &factors) else { return unknown() };
    let moved: Vec<Axis> = order.iter().flat_map(|place| groups[*place].clone()).collect();
    regrouped(&moved, wanted)
}

fn regrouped(axes: &[Axis], wanted: [usize; 3]) -> Sides {
    match cut(axes, &wanted).as_deref() {
        Some([a, b, c]) => [merged(a), merged(b), merged(c)],
        _ => wanted.map(|length| axis(Kind::Other, length)),
    }
}

/// Axes in groups whose lengths are the factors, axes cut where need be; `None` where a cut falls
/// between two indices of an axis.
fn cut(axes: &[Axis], factors: &[usize]) -> Option<Vec<Side>> {
    let mut rest: Vec<Axis> = axes.iter().rev().copied().collect();
    let mut groups = Vec::with_capacity(factors.len());
    for factor in factors {
        let (mut left, mut group) = (*factor, vec![]);
        while left > 1 {
            let next = rest.pop()?;
            if left % next.length == 0 {
                left /= next.length;
                group.push(next);
                continue;
            }
            if next.length % left != 0 {
                return None;
            }
            let inner = next.length / left;
            rest.push(Axis { length: inner, ..next });
            group.push(Axis { length: left, width: next.width * inner, ..next });
            left = 1;
        }
        groups.push(group);
    }
    rest.is_empty().then_some(groups)
}

/// Parts of one axis that came together again as one.
fn merged(side: &[Axis]) -> Side {
    let mut merged: Side = vec![];
    for axis in side {
        match merged.last_mut() {
            Some(last) if last.kind == axis.kind && last.width == axis.width * axis.length => {
                *last = Axis { length: last.length * axis.length, ..*axis };
            }
            _ => merged.push(*axis),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::op::{Concatenate, Convolution, Linear, Pad};
    use crate::graph::{Graph, GraphBuilder, NodeId};
    use burn::tensor::ops::ConvOptions;
    use burn::tensor::{Device, Tensor};

    struct Net(GraphBuilder, usize);

    impl Net {
        /// A picture after a convolution: 4×6×8.
        fn new() -> (Self, NodeId) {
            let device = Device::flex();
            let mut net = Self(GraphBuilder::new(Shape::new(3, 6, 8), &device), 0);
            let weight = Tensor::ones([4, 3, 3, 3], &device);
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
            let layer = net.add(Convolution::new(weight, None, options), &[Graph::INPUT]);
            (net, layer)
        }

        fn add(&mut self, op: impl Into<Op>, inputs: &[NodeId]) -> NodeId {
            self.1 += 1;
            self.0.add(self.1.to_string(), op, inputs).unwrap()
        }

        fn has(self, id: NodeId) -> bool {
            places(&self.0.nodes)[id.0]
        }
    }

    #[test]
    fn channels_last_and_back() {
        let (mut net, layer) = Net::new();
        let last = Rearrange::new(&[4, 6, 8], &[1, 2, 0], Shape::new(6, 8, 4)).unwrap();
        let last = net.add(last, &[layer]);
        let back = Rearrange::new(&[6, 8, 4], &[2, 0, 1], Shape::new(4, 6, 8)).unwrap();
        let back = net.add(back, &[last]);
        let found = places(&net.0.nodes);
        assert!(found[layer.0] && !found[last.0] && found[back.0]);
        assert!(!found[0], "no layer has looked at the pixels");
    }

    #[test]
    fn tokens_are_no_picture_until_they_are_rows_and_columns_again() {
        let (mut net, layer) = Net::new();
        let tokens = net.add(Rearrange::reshape(Shape::new(4, 48, 1)), &[layer]);
        let activated = net.add(Pointwise::Gelu, &[tokens]);
        let picture = net.add(Rearrange::reshape(Shape::new(4, 6, 8)), &[activated]);
        let swapped = net.add(Rearrange::reshape(Shape::new(4, 8, 6)), &[activated]);
        let class = Pad { sides: [(0, 0), (1, 0), (0, 0)], value: 0.0 };
        let with_class = net.add(class, &[tokens]);
        let found = places(&net.0.nodes);
        assert!(found[picture.0]);
        assert!(![tokens, activated, swapped, with_class].iter().any(|id| found[id.0]));
    }

    #[test]
    fn windows_and_back() {
        let (mut net, layer) = Net::new();
        // 4×6×8 to windows of 3×4: 4 × (2·2) × (3·4).
        let cut = Rearrange::new(&[4, 2, 3, 2, 4], &[0, 1, 3, 2, 4], Shape::new(4, 4, 12)).unwrap();
        let windows = net.add(cut, &[layer]);
        let back = Rearrange::new(&[4, 2, 2, 3, 4], &[0, 1, 3, 2, 4], Shape::new(4, 6, 8)).unwrap();
        let back = net.add(back, &[windows]);
        let found = places(&net.0.nodes);
        assert!(!found[windows.0] && found[back.0]);
    }

    #[test]
    fn what_is_flattened_or_joined_along_rows_is_no_picture() {
        let (mut net, layer) = Net::new();
        let flat = net.add(Op::Flatten, &[layer]);
        let linear = Linear::new(Tensor::ones([48, 192], &Device::flex()), None);
        let linear = net.add(linear, &[flat]);
        let square = net.add(Rearrange::reshape(Shape::new(1, 6, 8)), &[linear]);
        assert!(!net.has(square), "every value is of the whole picture");
        let (mut net, layer) = Net::new();
        let twice = net.add(Concatenate { axis: 1 }, &[layer, layer]);
        assert!(!net.has(twice));
        let (mut net, layer) = Net::new();
        let wide = net.add(Concatenate { axis: 0 }, &[layer, layer]);
        assert!(net.has(wide));
    }
}
