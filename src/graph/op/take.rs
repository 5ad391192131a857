//! Values of a sample by their positions: gathering, tiling and transpositions of many axes.

use crate::graph::Shape;
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

/// Chosen values of a sample, in any order and any number of times.
#[derive(Debug, Clone)]
pub struct Take {
    /// For every value of the result, its index among the C·H·W of the input.
    places: Tensor<1, Int>,
    /// Least number of values of the input.
    least: usize,
    shape: Shape,
}

impl Take {
    /// `places` has the values of `shape` in order of channels, rows and columns, each an index
    /// into the input's values in that order.
    ///
    /// `None` where their number is not that of the shape.
    pub fn new(places: &[usize], shape: Shape, device: &Device) -> Option<Self> {
        if places.len() != shape.len() {
            return None;
        }
        let least = places.iter().max().map_or(0, |place| place + 1);
        let places = places.iter().map(|place| i32::try_from(*place).ok());
        let places: Vec<i32> = places.collect::<Option<_>>()?;
        let data = TensorData::new(places, [shape.len()]);
        Some(Self { places: Tensor::from_data(data, device), least, shape })
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        match self.least <= input.len() {
            true => Ok(self.shape),
            false => Err(format!("value {} of {input} is wanted", self.least)),
        }
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [samples, channels, height, width] = x.dims();
        let Shape { channels: c, height: h, width: w } = self.shape;
        x.reshape([samples, channels * height * width])
            .select(1, self.places.clone())
            .reshape([samples, c, h, w])
    }

    /// Each gradient goes where its value came from.
    pub(super) fn backward(&self, gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
        let count = input[1..].iter().product();
        let rows = gradient.reshape([input[0], self.shape.len()]);
        Tensor::<2>::zeros([input[0], count], &rows.device())
            .select_assign(1, self.places.clone(), rows, IndexingUpdateOp::Add)
            .reshape(input)
    }
}
