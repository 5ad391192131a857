//! Joining values, and borders around them.

use super::Result;
use super::layout::taken;
use crate::graph::op::{Affine, Concatenate, Matrix, Pad, Resample, Steps};
use crate::graph::{NodeId, Shape};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::{MOST_FOLDED, axis_of};
use crate::model::onnx::lowering::{Call, Lowering, Value, along};
use crate::model::onnx::view::{Sides, View};

pub fn concat(net: &mut Lowering, call: &Call) -> Result<Value> {
    let parts: Vec<&Value> = call.inputs.iter().flatten().collect();
    let first = parts.iter().find_map(|part| match part {
        Value::Activation(view) => Some(view.clone()),
        Value::Constant(_) => None,
    });
    let first = first.ok_or("no inputs")?;
    let axis = axis_of(call.node.int("axis").unwrap_or(1), first.rank())?;
    let mut dims = first.dims();
    for part in &parts {
        let mut other = part.dims();
        if other.len() != dims.len() {
            return Err(format!("{other:?} beside {dims:?}"));
        }
        other[axis] = dims[axis];
        if other != dims {
            return Err(format!("{:?} beside {dims:?}", part.dims()));
        }
    }
    dims[axis] = parts.iter().map(|part| part.dims()[axis]).sum();
    let sides = net.isolated(&first, &[axis])?.1;
    let side = sides.iter().position(|side| side.contains(&axis)).ok_or("no such axis")?;
    let joined = Join { axis, side, sides: &sides }.join(net, &parts)?;
    Ok(Value::Activation(View::ordered(joined, &dims, &sides.concat())))
}

/// Values to be joined along an axis that is alone on a side.
struct Join<'a> {
    axis: usize,
    side: usize,
    sides: &'a Sides,
}

impl Join<'_> {
    /// Constants are zeros first, and added at the end.
    fn join(&self, net: &mut Lowering, parts: &[&Value]) -> Result<NodeId> {
        let mut nodes: Vec<NodeId> = vec![];
        let mut constants: Vec<(usize, &Constant)> = vec![];
        let (mut start, mut waiting) = (0, 0);
        for part in parts {
            let length = part.dims()[self.axis];
            match part {
                Value::Constant(constant) => {
                    constants.push((start, constant));
                    waiting += length;
                }
                Value::Activation(view) => {
                    let node = net.placed(view, self.sides)?;
                    nodes.push(self.padded(net, node, (waiting, 0))?);
                    waiting = 0;
                }
            }
            start += length;
        }
        if let Some(last) = nodes.pop() {
            nodes.push(self.padded(net, last, (0, waiting))?);
        }
        let joined = match nodes[..] {
            [node] => node,
            _ => net.add(Concatenate { axis: self.side }, &nodes)?,
        };
        match constants.is_empty() {
            true => Ok(joined),
            false => self.with_constants(net, joined, &constants),
        }
    }

    fn padded(&self, net: &mut Lowering, node: NodeId, ends: (usize, usize)) -> Result<NodeId> {
        if ends == (0, 0) {
            return Ok(node);
        }
        let mut sides = [(0, 0); 3];
        sides[self.side] = ends;
        net.add(Pad { sides, value: 0.0 }, &[node])
    }

    fn with_constants(
        &self,
        net: &mut Lowering,
        joined: NodeId,
        constants: &[(usize, &Constant)],
    ) -> Result<NodeId> {
        let shape = net.shape(joined);
        if shape.len() > MOST_FOLDED {
            return Err(format!("constants in a value of {shape}"));
        }
        let mut shift = vec![0.0; shape.len()];
        for (start, constant) in constants {
            let dims = constant.dims().to_vec();
            let view = View::ordered(joined, &dims, &self.sides.concat());
            let (values, part) = along(constant, &view, self.sides)?;
            let size = [part.channels, part.height, part.width];
            for (index, value) in values.iter().enumerate() {
                let mut at =
                    [index / (size[1] * size[2]), index / size[2] % size[1], index % size[2]];
                at[self.side] += start;
                shift[(at[0] * shape.height + at[1]) * shape.width + at[2]] = *value;
            }
        }
        let affine = Affine::new(None, Some(shift), shape, net.device());
        net.add(affine, &[joined])
    }
}

pub fn pad(net: &mut Lowering, call: &Call) -> Result<View> {
    let (node, view) = (call.node, call.activation(0)?.clone());
    let mut dims = view.dims();
    let pads = match node.ints("paddings") {
        Some(pads) => pads.to_vec(),
        None => call.ints("pads", 1)?.ok_or("no pads")?,
    };
    let axes: Vec<usize> = match call.constant(3)? {
        Some(axes) => {
            axes.to_ints().iter().map(|a| axis_of(*a, dims.len())).collect::<Result<_>>()?
        }
        None => (0..dims.len()).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(format!("pads {pads:?} for {} axes", axes.len()));
    }
    let mut ends = vec![(0, 0); dims.len()];
    let (mut view, mut pads) = (view, pads);
    for (index, axis) in axes.iter().enumerate() {
        let [before, after] =
            [index, index + axes.len()].map(|end| pads[end].min(0).unsigned_abs());
        let (before, after) = (before as usize, after as usize);
        let end = dims[*axis].checked_sub(after).filter(|end| *end > before);
        let end = end.ok_or_else(|| format!("pads {pads:?} of {dims:?}"))?;
        view = taken(net, &view, *axis, Steps { start: before, end, step: 1 })?;
        dims = view.dims();
        pads[index] = pads[index].max(0);
        pads[index + axes.len()] = pads[index + axes.len()].max(0);
        let length = |pad: i64| {
            let length = usize::try_from(pad).ok().filter(|pad| *pad < 1 << 16);
            length.ok_or_else(|| format!("a border of {pad}"))
        };
        ends[*axis] = (length(pads[index])?, length(pads[index + axes.len()])?);
    }
    let changed: Vec<usize> = (0..dims.len()).filter(|axis| ends[*axis] != (0, 0)).collect();
    if changed.is_empty() {
        return Ok(view);
    }
    let value = match call.constant(2)? {
        Some(value) => value.scalar().ok_or("a border value that is not a number")?,
        None => node.float("value").unwrap_or(0.0),
    };
    let mode = node.text("mode").unwrap_or("constant");
    let (padded, sides) = match mode {
        "constant" => {
            let (from, sides) = net.isolated(&view, &changed)?;
            let side = |side: &Vec<usize>| match side[..] {
                [axis] => ends[axis],
                _ => (0, 0),
            };
            let pad = Pad { sides: sides.each_ref().map(side), value };
            (net.add(pad, &[from])?, sides)
        }
        _ => mirrored(net, &view, &changed, &ends, mode)?,
    };
    for axis in changed {
        dims[axis] += ends[axis].0 + ends[axis].1;
    }
    Ok(View::ordered(padded, &dims, &sides.concat()))
}

/// Borders made of the value itself.
fn mirrored(
    net: &mut Lowering,
    view: &View,
    changed: &[usize],
    ends: &[(usize, usize)],
    mode: &str,
) -> Result<(NodeId, Sides)> {
    let (from, sides) = net.in_place(view, changed)?;
    let Shape { height, width, .. } = net.shape(from);
    let matrix = |side: &Vec<usize>, length: usize| {
        let (before, after) = match side[..] {
            [axis] => ends[axis],
            _ => (0, 0),
        };
        let last = length as i64 - 1;
        let source = |at: i64| match mode {
            "edge" => Ok(at.clamp(0, last)),
            "wrap" => Ok(at.rem_euclid(length as i64)),
            "reflect" if last > 0 => {
                let at = at.rem_euclid(2 * last);
                Ok(at.min(2 * last - at))
            }
            "reflect" => Ok(0),
            other => Err(format!("borders by {other} are not supported")),
        };
        let choice: Vec<usize> = (-(before as i64)..length as i64 + after as i64)
            .map(|at| source(at).map(|at| at as usize))
            .collect::<Result<_>>()?;
        Ok::<_, String>(Matrix::from_choice(length, choice))
    };
    let (rows, columns) = (matrix(&sides[1], height)?, matrix(&sides[2], width)?);
    let resample = Resample::new("pad", rows, columns, net.device());
    Ok((net.add(resample, &[from])?, sides))
}
