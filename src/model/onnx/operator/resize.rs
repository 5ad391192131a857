//! Resizing of pictures inside a network.

use super::Result;
use crate::graph::op::{Matrix, Resample};
use crate::model::onnx::constant::Constant;
use crate::model::onnx::fold::axis_of;
use crate::model::onnx::lowering::{Call, Lowering};
use crate::model::onnx::view::View;

/// New lengths at most: more is a damaged file.
const LONGEST: usize = 1 << 14;

/// Where along an axis its new positions lie.
struct Along {
    inputs: usize,
    outputs: usize,
    scale: f64,
}

/// How values between positions are interpolated.
struct Interpolation<'a> {
    mode: &'a str,
    coordinates: &'a str,
    nearest: &'a str,
    cubic: f64,
    exclude_outside: bool,
}

pub fn lower(net: &mut Lowering, call: &Call) -> Result<View> {
    let node = call.node;
    let view = call.activation(0)?.clone();
    let first_version = node.op_type == "Upsample" || call.opset < 11;
    if node.int("antialias").unwrap_or(0) != 0 {
        return Err("antialiasing is not supported".into());
    }
    if node.text("keep_aspect_ratio_policy").is_some_and(|policy| policy != "stretch") {
        return Err("keeping the aspect ratio is not supported".into());
    }
    let interpolation = Interpolation {
        mode: node.text("mode").unwrap_or("nearest"),
        coordinates: node.text("coordinate_transformation_mode").unwrap_or(if first_version {
            "asymmetric"
        } else {
            "half_pixel"
        }),
        nearest: node.text("nearest_mode").unwrap_or(if first_version {
            "floor"
        } else {
            "round_prefer_floor"
        }),
        cubic: f64::from(node.float("cubic_coeff_a").unwrap_or(-0.75)),
        exclude_outside: node.int("exclude_outside").unwrap_or(0) != 0,
    };
    let mut dims = view.dims();
    let sizes = lengths(call, &dims, first_version)?;
    let changed: Vec<usize> =
        (0..dims.len()).filter(|axis| sizes[*axis].outputs != dims[*axis]).collect();
    if changed.is_empty() {
        return Ok(view);
    }
    let (from, sides) = net.in_place(&view, &changed)?;
    let matrix = |side: &Vec<usize>, length: usize| match side[..] {
        [axis] if changed.contains(&axis) => interpolation.matrix(&sizes[axis]),
        _ => Ok(Matrix::from_choice(length, 0..length)),
    };
    let shape = net.shape(from);
    let (rows, columns) = (matrix(&sides[1], shape.height)?, matrix(&sides[2], shape.width)?);
    let resample = Resample::new("resize", rows, columns, net.device());
    let node = net.add(resample, &[from])?;
    for axis in changed {
        dims[axis] = sizes[axis].outputs;
    }
    Ok(View::ordered(node, &dims, &sides.concat()))
}

/// Old and new lengths of every axis.
fn lengths(call: &Call, dims: &[usize], first_version: bool) -> Result<Vec<Along>> {
    let given = |index: usize| Ok::<_, String>(call.constant(index)?.filter(|c| c.len() > 0));
    let scales = match call.node.floats("scales") {
        Some(scales) => Some(scales.to_vec()),
        None => given(if first_version { 1 } else { 2 })?.map(Constant::to_floats),
    };
    let sizes = if first_version { None } else { given(3)?.map(Constant::to_ints) };
    let axes: Vec<usize> = match call.node.ints("axes") {
        Some(axes) => axes.iter().map(|a| axis_of(*a, dims.len())).collect::<Result<_>>()?,
        None => (0..dims.len()).collect(),
    };
    let mut along: Vec<Along> =
        dims.iter().map(|length| Along { inputs: *length, outputs: *length, scale: 1.0 }).collect();
    for (index, axis) in axes.into_iter().enumerate() {
        let inputs = dims[axis];
        let (outputs, scale) = match (&sizes, &scales) {
            (Some(sizes), _) => {
                let size = sizes.get(index).and_then(|size| usize::try_from(*size).ok());
                let size = size.ok_or("a size for every axis is needed")?;
                (size, size as f64 / inputs as f64)
            }
            (None, Some(scales)) => {
                let scale =
                    f64::from(*scales.get(index).ok_or("a scale for every axis is needed")?);
                ((inputs as f64 * scale).floor() as usize, scale)
            }
            _ => return Err("neither sizes nor scales".into()),
        };
        if !(1..=LONGEST).contains(&outputs) {
            return Err(format!("a new length of {outputs}"));
        }
        along[axis] = Along { inputs, outputs, scale };
    }
    Ok(along)
}

impl Interpolation<'_> {
    fn matrix(&self, along: &Along) -> Result<Matrix> {
        let sums = (0..along.outputs)
            .map(|output| {
                let place = self.place(along, output as f64)?;
                self.weights(place, along.inputs)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Matrix::from_sums(along.inputs, &sums))
    }

    /// The position among the inputs that an output corresponds to.
    fn place(&self, along: &Along, output: f64) -> Result<f64> {
        let (inputs, outputs) = (along.inputs as f64, along.outputs as f64);
        let half_pixel = (output + 0.5) / along.scale - 0.5;
        Ok(match self.coordinates {
            "half_pixel" => half_pixel,
            "pytorch_half_pixel" if along.outputs > 1 => half_pixel,
            "align_corners" if (inputs * along.scale - outputs).abs() > 1e-3 => {
                return Err("corners aligned by a scale that gives no whole length".into());
            }
            "align_corners" if along.outputs > 1 => output * (inputs - 1.0) / (outputs - 1.0),
            "pytorch_half_pixel" | "align_corners" => 0.0,
            "asymmetric" => output / along.scale,
            "half_pixel_symmetric" => {
                let adjustment = outputs / (along.scale * inputs);
                inputs / 2.0 * (1.0 - adjustment) + half_pixel
            }
            other => return Err(format!("coordinates {other} are not supported")),
        })
    }

    fn weights(&self, place: f64, inputs: usize) -> Result<Vec<(usize, f32)>> {
        let last = inputs as f64 - 1.0;
        let index = |at: f64| at.clamp(0.0, last) as usize;
        Ok(match self.mode {
            "nearest" => {
                let nearest = match self.nearest {
                    "floor" => place.floor(),
                    "ceil" => place.ceil(),
                    "round_prefer_ceil" => (place + 0.5).floor(),
                    _ => (place - 0.5).ceil(),
                };
                vec![(index(nearest), 1.0)]
            }
            "linear" | "bilinear" => {
                let place = place.clamp(0.0, last);
                let part = (place - place.floor()) as f32;
                vec![(index(place.floor()), 1.0 - part), (index(place.floor() + 1.0), part)]
            }
            "cubic" => self.cubic_weights(place, inputs),
            other => return Err(format!("interpolation {other} is not supported")),
        })
    }

    /// Keys' cubic convolution over four places.
    fn cubic_weights(&self, place: f64, inputs: usize) -> Vec<(usize, f32)> {
        let (a, start) = (self.cubic, place.floor());
        let weight = |distance: f64| match distance.abs() {
            d if d <= 1.0 => ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0,
            d if d < 2.0 => a * (((d - 5.0) * d + 8.0) * d - 4.0),
            _ => 0.0,
        };
        let last = inputs as f64 - 1.0;
        let mut taps: Vec<(f64, f64)> = (-1..=2)
            .map(|step| start + f64::from(step))
            .map(|at| (at, weight(place - at)))
            .collect();
        if self.exclude_outside {
            taps.retain(|(at, _)| (0.0..=last).contains(at));
            let total: f64 = taps.iter().map(|(_, weight)| weight).sum();
            for (_, weight) in &mut taps {
                *weight /= total;
            }
        }
        taps.iter().map(|(at, weight)| (at.clamp(0.0, last) as usize, *weight as f32)).collect()
    }
}
