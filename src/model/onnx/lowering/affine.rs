//! Scales and shifts by constants.

use super::Lowering;
use crate::graph::op::Affine;
use crate::graph::{NodeId, Shape};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::broadcast;
use crate::model::onnx::operator;
use crate::model::onnx::view::{Sides, View};

impl Lowering<'_> {
    /// x·scale + shift by constants that fit the axes of a value.
    pub fn affine(
        &mut self,
        view: &View,
        scale: Option<&Constant>,
        shift: Option<&Constant>,
    ) -> Result<View, String> {
        let mut whole = view.dims();
        for constant in [scale, shift].into_iter().flatten() {
            whole = broadcast(&whole, constant.dims())?;
        }
        let view = operator::stretched(self, view, &whole)?;
        let (view, sides) = self.aligned(&view)?;
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
    let mut ordered = Vec::with_capacity(channels.len() * rows.len() * columns.len());
    for channel in &channels {
        for row in &rows {
            ordered.extend(columns.iter().map(|column| values[channel + row + column]));
        }
    }
    Ok((ordered, Shape::new(channels.len(), rows.len(), columns.len())))
}
