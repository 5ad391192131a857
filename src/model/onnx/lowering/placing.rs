//! Putting the axes of a value where an operation needs them, moving it only where it must be.

use super::Lowering;
use crate::graph::op::Rearrange;
use crate::graph::{NodeId, Shape};
use crate::model::onnx::view::{Sides, View};

impl Lowering<'_> {
    /// The node that holds a view's axes along the given sides; every axis must be on one.
    pub fn placed(&mut self, view: &View, sides: &Sides) -> Result<NodeId, String> {
        let dims = view.dims();
        let length = |side: &[usize]| side.iter().map(|axis| dims[*axis]).product();
        let shape = Shape::new(length(&sides[0]), length(&sides[1]), length(&sides[2]));
        let (factors, order) = view.order(sides);
        if order.is_sorted() {
            return match self.shape(view.node) == shape {
                true => Ok(view.node),
                false => self.move_to(Rearrange::reshape(shape), view.node),
            };
        }
        match Rearrange::new(&factors, &order, shape) {
            Some(rearrange) => self.move_to(rearrange, view.node),
            // More axes than a tensor of the device has.
            None => self.take(reordered(&factors, &order), shape, view.node),
        }
    }

    /// Adds what only prepares the input of the ONNX node.
    fn move_to(&mut self, rearrange: Rearrange, from: NodeId) -> Result<NodeId, String> {
        self.add_as(format!("{}_moved", self.current), rearrange, &[from])
    }

    /// The node of a picture-like value, N×C×H×W or N×C×W, and N: its channels are N·C.
    pub fn image(&mut self, view: &View) -> Result<(NodeId, usize), String> {
        let dims = view.dims();
        match dims[..] {
            [count, _, _] => Ok((self.placed(view, &[vec![0, 1], vec![], vec![2]])?, count)),
            [count, _, _, _] => Ok((self.placed(view, &[vec![0, 1], vec![2], vec![3]])?, count)),
            [_, _, _, _, _] => Err(format!("a value of {dims:?}: volumes are not supported")),
            _ => Err(format!("a value of {dims:?}, where N×C×H×W is needed")),
        }
    }

    /// What an operation made of a picture-like value, with the axes that this had.
    pub fn image_view(&self, node: NodeId, count: usize, rank: usize) -> View {
        let Shape { channels, height, width } = self.shape(node);
        match rank {
            3 => View::of(node, &[count, channels / count, width]),
            _ => View::of(node, &[count, channels / count, height, width]),
        }
    }

    /// A view's node with sides made of whole axes, moved only where it must be.
    pub fn aligned(&mut self, view: &View) -> Result<(View, Sides), String> {
        if let Some(sides) = view.sides(self.shape(view.node)) {
            return Ok((view.clone(), sides));
        }
        let sides = view.sides_in_place();
        let node = self.placed(view, &sides)?;
        Ok((view.with_node(node), sides))
    }

    /// A view's node with each of the `wanted` axes alone on a side.
    pub fn isolated(&mut self, view: &View, wanted: &[usize]) -> Result<(NodeId, Sides), String> {
        let (view, mut sides) = self.aligned(view)?;
        let dims = view.dims();
        let mut fits = true;
        for &axis in wanted {
            let side = sides.iter().position(|side| side.contains(&axis));
            let empty = sides.iter().position(Vec::is_empty);
            match (side, empty) {
                (Some(side), _) => fits &= sides[side].len() == 1,
                (None, Some(empty)) => sides[empty].push(axis),
                (None, None) => fits = false,
            }
        }
        if fits {
            return Ok((view.node, sides));
        }
        let others = (0..dims.len()).filter(|axis| !wanted.contains(axis)).collect();
        let sides = match *wanted {
            [a] => [vec![a], others, vec![]],
            [a, b] => [others, vec![a], vec![b]],
            [a, b, c] if others.iter().all(|axis| dims[*axis] == 1) => [vec![a], vec![b], vec![c]],
            _ => return Err(format!("over {} axes of {dims:?}", wanted.len())),
        };
        Ok((self.placed(&view, &sides)?, sides))
    }

    /// A view's node, and which of its sides the `axes` are; moved where they share a side with
    /// others.
    pub fn covering(
        &mut self,
        view: &View,
        axes: &[usize],
    ) -> Result<(NodeId, Sides, [bool; 3]), String> {
        let (view, sides) = self.aligned(view)?;
        let all = |side: &Vec<usize>| !side.is_empty() && side.iter().all(|a| axes.contains(a));
        let whole = sides.iter().all(|side| all(side) || side.iter().all(|a| !axes.contains(a)));
        if whole {
            let covered = sides.each_ref().map(all);
            return Ok((view.node, sides, covered));
        }
        let kept = (0..view.rank()).filter(|axis| !axes.contains(axis)).collect();
        let sides = [kept, axes.to_vec(), vec![]];
        Ok((self.placed(&view, &sides)?, sides, [false, true, false]))
    }

    /// A view's node with one or two axes as its rows and columns.
    pub fn in_place(&mut self, view: &View, axes: &[usize]) -> Result<(NodeId, Sides), String> {
        let (node, sides) = self.isolated(view, axes)?;
        if axes.iter().all(|axis| !sides[0].contains(axis)) {
            return Ok((node, sides));
        }
        let others = (0..view.rank()).filter(|axis| !axes.contains(axis)).collect();
        let sides = match *axes {
            [row] => [others, vec![row], vec![]],
            [row, column] => [others, vec![row], vec![column]],
            _ => return Err(format!("over {} axes of {:?}", axes.len(), view.dims())),
        };
        Ok((self.placed(view, &sides)?, sides))
    }
}

/// The values of row-major `factors`, with these in another order.
fn reordered(factors: &[usize], order: &[usize]) -> Vec<usize> {
    let places: Vec<usize> = (0..factors.iter().product()).collect();
    let places = ndarray::ArrayD::from_shape_vec(factors, places);
    let places = places.map(|places| places.permuted_axes(order.to_vec()));
    places.map(|places| places.into_iter().collect()).unwrap_or_default()
}
