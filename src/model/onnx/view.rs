//! How the axes of an ONNX value lie in a node of the graph.
//!
//! ONNX values have any number of axes in any order; nodes have channels, rows and columns. A view
//! keeps the two apart, so that transpositions and reshapes cost nothing until an operation
//! needs its axes in certain places: that is how NHWC networks come to run in NCHW. One picture is
//! looked at: the batch is an axis of length 1.

use crate::graph::{NodeId, Shape};

/// Which axes lie along channels, rows and columns, the outermost first.
pub type Sides = [Vec<usize>; 3];

/// A node's value, cut into factors, each the axis of an ONNX value.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    pub node: NodeId,
    /// Lengths that the node's values are cut into, row-major, none of them 1.
    factors: Vec<usize>,
    /// For every ONNX axis its factor; none for axes of length 1.
    axes: Vec<Option<usize>>,
}

impl View {
    /// A node whose values, in their order, have the dimensions `dims`.
    pub fn of(node: NodeId, dims: &[usize]) -> Self {
        Self::ordered(node, dims, &(0..dims.len()).collect::<Vec<_>>())
    }

    /// A node whose factors are the axes in `order`, of those dimensions.
    pub fn ordered(node: NodeId, dims: &[usize], order: &[usize]) -> Self {
        let long: Vec<usize> = order.iter().copied().filter(|axis| dims[*axis] != 1).collect();
        let factor = |axis: usize| long.iter().position(|long| *long == axis);
        Self {
            node,
            factors: long.iter().map(|axis| dims[*axis]).collect(),
            axes: (0..dims.len()).map(factor).collect(),
        }
    }

    pub fn rank(&self) -> usize {
        self.axes.len()
    }

    pub fn dims(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.map_or(1, |factor| self.factors[factor])).collect()
    }

    pub fn len(&self) -> usize {
        self.factors.iter().product()
    }

    /// True where the values have the order of the axes.
    pub fn is_in_order(&self) -> bool {
        self.axes.iter().flatten().is_sorted()
    }

    pub fn with_node(&self, node: NodeId) -> Self {
        Self { node, ..self.clone() }
    }

    pub fn transposed(&self, order: &[usize]) -> Self {
        let axes = order.iter().map(|axis| self.axes[*axis]).collect();
        Self { axes, ..self.clone() }
    }

    /// Without axes of length 1.
    pub fn squeezed(&self, gone: &[usize]) -> Self {
        let stays =
            |(axis, factor): (usize, &Option<usize>)| (!gone.contains(&axis)).then_some(*factor);
        Self { axes: self.axes.iter().enumerate().filter_map(stays).collect(), ..self.clone() }
    }

    /// With axes of length 1 in front, up to `rank` axes.
    pub fn with_rank(&self, rank: usize) -> Self {
        let missing = rank.saturating_sub(self.rank());
        let axes = std::iter::repeat_n(None, missing).chain(self.axes.iter().copied()).collect();
        Self { axes, ..self.clone() }
    }

    /// The same values in the same order with other dimensions, if that moves nothing.
    pub fn reshaped(&self, dims: &[usize]) -> Option<Self> {
        if self.is_in_order() {
            return Some(Self::of(self.node, dims));
        }
        let mut long = self.axes.iter().flatten();
        let mut axis = |dim: &usize| match dim {
            1 => Some(None),
            _ => long.next().filter(|factor| self.factors[**factor] == *dim).map(|f| Some(*f)),
        };
        let axes = dims.iter().map(&mut axis).collect::<Option<Vec<_>>>()?;
        Some(Self { axes, ..self.clone() })
    }

    /// The axes along each side of the node, if every side is made of whole axes.
    pub fn sides(&self, shape: Shape) -> Option<Sides> {
        let mut factors = 0..self.factors.len();
        let mut side = |length: usize| {
            let (mut product, mut axes) = (1, vec![]);
            while product < length {
                let factor = factors.next()?;
                product *= self.factors[factor];
                axes.push(self.axes.iter().position(|axis| *axis == Some(factor))?);
            }
            (product == length).then_some(axes)
        };
        Some([side(shape.channels)?, side(shape.height)?, side(shape.width)?])
    }

    /// Sides that the factors have without moving any.
    pub fn sides_in_place(&self) -> Sides {
        let axis = |factor: usize| self.axes.iter().position(|axis| *axis == Some(factor));
        let mut axes = (0..self.factors.len()).filter_map(axis);
        [axes.next().into_iter().collect(), axes.next().into_iter().collect(), axes.collect()]
    }

    /// The factors, and the order that puts the axes of `sides` one after the other. Neighbours
    /// that stay neighbours are one factor.
    pub fn order(&self, sides: &Sides) -> (Vec<usize>, Vec<usize>) {
        let order: Vec<usize> =
            sides.iter().flatten().filter_map(|axis| self.axes[*axis]).collect();
        let starts = |i: &usize| *i == 0 || order[*i] != order[*i - 1] + 1;
        let heads: Vec<usize> = (0..order.len()).filter(starts).collect();
        let runs: Vec<&[usize]> = heads
            .iter()
            .enumerate()
            .map(|(i, start)| &order[*start..heads.get(i + 1).copied().unwrap_or(order.len())])
            .collect();
        let mut by_place: Vec<usize> = (0..runs.len()).collect();
        by_place.sort_by_key(|run| runs[*run][0]);
        let length = |run: usize| runs[run].iter().map(|factor| self.factors[*factor]).product();
        let factors = by_place.iter().map(|run| length(*run)).collect();
        let place = |run: usize| by_place.iter().position(|other| *other == run).unwrap_or(run);
        (factors, (0..runs.len()).map(place).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Graph;

    const NODE: NodeId = Graph::INPUT;

    #[test]
    fn transpositions_and_reshapes_move_nothing() {
        let view = View::of(NODE, &[1, 6, 7, 5]);
        let shuffled = view.reshaped(&[1, 2, 3, 7, 5]).unwrap().transposed(&[0, 2, 1, 3, 4]);
        assert_eq!(shuffled.dims(), [1, 3, 2, 7, 5]);
        assert_eq!(shuffled.reshaped(&[1, 6, 7, 5]), None);
        let sides = [vec![1, 2], vec![3], vec![4]];
        assert_eq!(shuffled.order(&sides), (vec![2, 3, 35], vec![1, 0, 2]));
    }

    #[test]
    fn axes_of_length_one_come_and_go() {
        let view = View::of(NODE, &[1, 6, 1, 5]).transposed(&[0, 3, 2, 1]);
        assert_eq!(view.squeezed(&[0, 2]).dims(), [5, 6]);
        assert_eq!(view.reshaped(&[5, 1, 6]).unwrap().dims(), [5, 1, 6]);
        assert_eq!(view.squeezed(&[0, 2]).with_rank(4).dims(), [1, 1, 5, 6]);
    }

    #[test]
    fn sides_are_whole_axes() {
        let shape = Shape::new(6, 7, 5);
        let view = View::of(NODE, &[1, 6, 7, 5]).transposed(&[0, 2, 3, 1]);
        assert_eq!(view.sides(shape), Some([vec![3], vec![1], vec![2]]));
        assert_eq!(View::of(NODE, &[1, 210]).sides(shape), None);
        assert_eq!(View::of(NODE, &[2, 3, 35]).sides_in_place(), [vec![0], vec![1], vec![2]]);
    }
}
