//! Occlusion: how much the class's score drops when a window slides over the picture.

use crate::attribution::baseline;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::perturbation::quantity::{self, SCORE, scores};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Device, Tensor, TensorData};
use ndarray::{Array2, Array3, Axis};

pub struct Occlusion;

static DESCRIPTION: Description = Description {
    id: "occlusion",
    name: "Occlusion",
    family: Family::Perturbation,
    paper: "Zeiler, Fergus 2014, Visualizing and Understanding Convolutional Networks, section 4.2; averaged where windows overlap and cut at the far borders, as in Captum 0.9",
    formula: "mean over windows w ∋ pixel of S_c(x) − S_c(x with w at the baseline)",
    shape: MapShape::Plane,
    unit: "class score",
    passes: "1 forward for every window, and 1",
    ranking: Ranking::Signed,
    sign: Sign::Signed,
    parameters: &[
        Parameter {
            id: "window",
            help: "side of the square window; 0 is a quarter of the picture's shorter side",
            unit: "px",
            kind: Kind::Integer { default: 0, min: 0, max: 4096 },
            source: "neither the paper nor Captum has one; a quarter is 56 px at 224",
        },
        Parameter {
            id: "stride",
            help: "how far the window moves, at most its side; 0 is half the window",
            unit: "px",
            kind: Kind::Integer { default: 0, min: 0, max: 4096 },
            source: "Captum 0.9 moves by 1 px, which costs thousands of passes",
        },
        Parameter {
            id: "baseline",
            help: baseline::HELP,
            unit: "",
            kind: Kind::Baseline { default: "mean", options: baseline::BASELINES },
            source: "the paper, section 4.2: a grey square",
        },
        SCORE,
    ],
};

impl Method for Occlusion {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, graph: &Graph) -> Cost {
        let shape = graph.input_shape();
        let windows = Windows::new(values, [shape.height, shape.width]);
        Cost { forwards: windows.map_or(0, |windows| windows.count()) + 1, backwards: 0 }
    }

    fn needs(&self, values: &Values) -> Vec<Need> {
        quantity::needs(values)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let [_, _, height, width] = job.pixels.dims();
        let windows = Windows::new(job.values, [height, width])?;
        let name = job.values.baseline("baseline");
        let baseline = baseline::drawn(job, name, &mut job.stream.generator())?;
        let difference = job.pixels.clone() - baseline;
        let device = job.pixels.device();
        let rows = on_device(&windows.rows, &device).reshape([windows.rows.nrows(), 1, height, 1]);
        let columns = on_device(&windows.columns, &device);
        let columns = columns.reshape([windows.columns.nrows(), 1, 1, width]);
        let whole = scores(job, job.pixels.clone())?[0];
        let mut drops = Vec::with_capacity(windows.count());
        while drops.len() < windows.count() {
            let batch = drops.len()..windows.count().min(drops.len() + job.batch);
            let places = |place: fn(usize, usize) -> usize| {
                let values: Vec<i32> =
                    batch.clone().map(|window| place(window, windows.across()) as i32).collect();
                Tensor::from_data(TensorData::new(values, [batch.len()]), &device)
            };
            let hidden = rows.clone().select(0, places(|window, across| window / across))
                * columns.clone().select(0, places(|window, across| window % across));
            let pixels = job.pixels.clone() - difference.clone() * hidden;
            drops.extend(scores(job, pixels)?.into_iter().map(|score| whole - score));
            let partial = || Ok(windows.map(&drops));
            if job.advance(drops.len(), windows.count(), &partial) == Flow::Cancel {
                break;
            }
        }
        Ok(windows.map(&drops))
    }
}

/// Every place of the window: one row of ones and zeros for each of its places along an axis.
struct Windows {
    /// Places × H.
    rows: Array2<f32>,
    /// Places × W.
    columns: Array2<f32>,
}

impl Windows {
    fn new(values: &Values, [height, width]: [usize; 2]) -> Result<Self> {
        let shorter = height.min(width);
        let or = |value: usize, otherwise: usize| if value == 0 { otherwise } else { value };
        let window = or(values.integer("window"), shorter.div_ceil(4));
        let stride = or(values.integer("stride"), window.div_ceil(2));
        let failed = |why: String| Err(Error::new("cannot slide the window", why));
        if window > shorter {
            return failed(format!("{window} px is more than the picture's {height}×{width} px"));
        }
        if stride > window {
            return failed(format!("a stride of {stride} px leaves gaps between {window} px"));
        }
        let axis = |side| along(side, window, stride);
        Ok(Self { rows: axis(height), columns: axis(width) })
    }

    /// Places on one row.
    fn across(&self) -> usize {
        self.columns.nrows()
    }

    fn count(&self) -> usize {
        self.rows.nrows() * self.across()
    }

    /// The mean of the drops over the windows that hold a pixel, as far as drops are known.
    fn map(&self, drops: &[f32]) -> Array3<f32> {
        let spread = |value: &dyn Fn(&f32) -> f32| {
            let mut values: Vec<f32> = drops.iter().map(value).collect();
            values.resize(self.count(), 0.0);
            let places = Array2::from_shape_vec((self.rows.nrows(), self.across()), values);
            self.rows.t().dot(&places.expect("one value a place")).dot(&self.columns)
        };
        let windows = spread(&|_| 1.0).mapv(|count| count.max(1.0));
        (spread(&|drop| *drop) / windows).insert_axis(Axis(0))
    }
}

/// Windows from the start of an axis to the first that reaches its end, cut there.
fn along(side: usize, window: usize, stride: usize) -> Array2<f32> {
    let places = (side - window).div_ceil(stride) + 1;
    Array2::from_shape_fn((places, side), |(place, pixel)| {
        f32::from((place * stride..place * stride + window).contains(&pixel))
    })
}

fn on_device(values: &Array2<f32>, device: &Device) -> Tensor<2> {
    let (rows, columns) = values.dim();
    let data = TensorData::new(values.iter().copied().collect::<Vec<f32>>(), [rows, columns]);
    Tensor::from_data(data, device)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn windows_reach_the_end_and_are_cut_there() {
        let expected = arr2(&[
            [1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 1.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0, 1.0],
        ]);
        assert_eq!(along(6, 3, 2), expected);
        assert_eq!(along(4, 4, 2), Array2::<f32>::ones((1, 4)));
    }

    #[test]
    fn overlaps_are_averaged_over_what_is_known() {
        let windows = Windows { rows: arr2(&[[1.0]]), columns: along(4, 2, 1) };
        let map = |drops: &[f32]| windows.map(drops).into_raw_vec_and_offset().0;
        assert_eq!(map(&[1.0, 3.0, 5.0]), [1.0, 2.0, 4.0, 5.0]);
        assert_eq!(map(&[1.0, 3.0]), [1.0, 2.0, 3.0, 0.0]);
    }
}
