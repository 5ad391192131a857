//! Linear maps along rows and along columns: average pooling, resizing, reflected borders.

use crate::graph::Shape;
use burn::tensor::{Device, Tensor, TensorData};

/// One matrix along the rows and one along the columns, the same for every channel.
#[derive(Debug, Clone)]
pub struct Resample {
    kind: &'static str,
    /// Output height × input height.
    rows: Tensor<2>,
    /// Output width × input width.
    columns: Tensor<2>,
    keeps_constants: bool,
}

/// Windows of a pooling along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolAxis {
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    /// Before and after.
    pub padding: (usize, usize),
    /// Whether a last window may stand out.
    pub ceil: bool,
    /// Whether padding counts in the average.
    pub count_padding: bool,
}

/// A matrix of `inputs` columns, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    pub inputs: usize,
    pub values: Vec<f32>,
}

impl Matrix {
    /// Every output a weighted sum of inputs, by (index, weight).
    pub fn from_sums(inputs: usize, sums: &[Vec<(usize, f32)>]) -> Self {
        let mut values = vec![0.0; inputs * sums.len()];
        for (output, sum) in sums.iter().enumerate() {
            for &(input, weight) in sum {
                values[output * inputs + input] += weight;
            }
        }
        Self { inputs, values }
    }

    /// Every output one of the inputs.
    pub fn from_choice(inputs: usize, choice: impl IntoIterator<Item = usize>) -> Self {
        let sums: Vec<_> = choice.into_iter().map(|input| vec![(input, 1.0)]).collect();
        Self::from_sums(inputs, &sums)
    }

    pub fn outputs(&self) -> usize {
        self.values.len() / self.inputs
    }

    /// Averages over windows of a side of `inputs`, as PyTorch and ONNX define them: a window's
    /// count ends where the padding does.
    ///
    /// `None` when the window is larger than the padded side.
    pub fn average_pool(inputs: usize, axis: PoolAxis) -> Option<Self> {
        let (before, after) = axis.padding;
        let reach = axis.dilation * (axis.kernel - 1) + 1;
        let room = (inputs + before + after).checked_sub(reach)?;
        let mut outputs = room / axis.stride + 1;
        if axis.ceil {
            outputs = room.div_ceil(axis.stride) + 1;
            // The last window may stand out, but starts inside the input or the padding before it.
            outputs -= usize::from((outputs - 1) * axis.stride >= inputs + before);
        }
        let sums: Vec<_> = (0..outputs)
            .map(|output| {
                let places = (0..axis.kernel)
                    .map(|tap| output * axis.stride + tap * axis.dilation)
                    .filter(|place| *place < inputs + before + after);
                let inside = places.clone().filter_map(|place| place.checked_sub(before));
                let inside: Vec<usize> = inside.filter(|place| *place < inputs).collect();
                let count = if axis.count_padding { places.count() } else { inside.len() };
                inside.into_iter().map(|input| (input, 1.0 / count as f32)).collect()
            })
            .collect();
        Some(Self::from_sums(inputs, &sums))
    }

    /// (1, 2, 1)/4 around every other of `inputs`, from the first; what lies outside is zero.
    pub fn blur(inputs: usize) -> Self {
        let sum = |output: usize| {
            let taps = [0.25, 0.5, 0.25].into_iter().enumerate();
            let inside =
                taps.filter_map(|(tap, weight)| Some(((2 * output + tap).checked_sub(1)?, weight)));
            inside.filter(|(input, _)| *input < inputs).collect()
        };
        Self::from_sums(inputs, &(0..inputs.div_ceil(2)).map(sum).collect::<Vec<_>>())
    }

    /// Averages over `outputs` nearly equal parts, as PyTorch's adaptive pooling cuts them.
    pub fn adaptive_average(inputs: usize, outputs: usize) -> Self {
        let part = |output: usize| {
            let start = output * inputs / outputs;
            let end = ((output + 1) * inputs).div_ceil(outputs);
            (start..end).map(|input| (input, 1.0 / (end - start) as f32)).collect()
        };
        Self::from_sums(inputs, &(0..outputs).map(part).collect::<Vec<_>>())
    }

    fn keeps_constants(&self) -> bool {
        self.values
            .chunks(self.inputs.max(1))
            .all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5)
    }

    fn tensor(self, device: &Device) -> Tensor<2> {
        let dims = [self.outputs(), self.inputs];
        Tensor::from_data(TensorData::new(self.values, dims), device)
    }
}

impl Resample {
    /// `kind` is the name shown to the user.
    pub fn new(kind: &'static str, rows: Matrix, columns: Matrix, device: &Device) -> Self {
        let keeps_constants = rows.keeps_constants() && columns.keeps_constants();
        Self { kind, rows: rows.tensor(device), columns: columns.tensor(device), keeps_constants }
    }

    /// True where every output is a weighted mean, so that a plane of one value stays one of it.
    pub fn keeps_constants(&self) -> bool {
        self.keeps_constants
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        let ([height, from_height], [width, from_width]) = (self.rows.dims(), self.columns.dims());
        if (input.height, input.width) != (from_height, from_width) {
            return Err(format!(
                "it is of {from_height}×{from_width} places, its input is {input}"
            ));
        }
        Ok(Shape::new(input.channels, height, width))
    }

    /// True where there is one output, with the same weight for every position.
    pub(super) fn averages_all(&self) -> bool {
        let even = |side: &Tensor<2>| {
            let spread = side.clone().max() - side.clone().min();
            side.dims()[0] == 1 && spread.into_scalar::<f32>() == 0.0
        };
        even(&self.rows) && even(&self.columns)
    }

    /// The value of N×C×H×W.
    pub fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        both(self.rows.clone(), x, self.columns.clone().transpose())
    }

    pub(super) fn backward(&self, gradient: Tensor<4>) -> Tensor<4> {
        both(self.rows.clone().transpose(), gradient, self.columns.clone())
    }
}

/// rows · x · columns for every channel. Each product is one large matrix product where it can be:
/// batches of small ones are slow.
fn both(rows: Tensor<2>, x: Tensor<4>, columns: Tensor<2>) -> Tensor<4> {
    let [samples, channels, height, width] = x.dims();
    let (out_height, out_width) = (rows.dims()[0], columns.dims()[1]);
    let wide = x.reshape([samples * channels * height, width]).matmul(columns);
    let tall = wide.reshape([samples * channels, height, out_width]).swap_dims(1, 2);
    tall.reshape([samples * channels * out_width, height])
        .matmul(rows.transpose())
        .reshape([samples * channels, out_width, out_height])
        .swap_dims(1, 2)
        .reshape([samples, channels, out_height, out_width])
}
