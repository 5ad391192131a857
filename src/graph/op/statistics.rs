//! Normalisations by statistics of the value itself, and sums over its axes.

use crate::graph::Shape;
use burn::tensor::{Device, Tensor, TensorData};

/// Which of channels, rows and columns an operation goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axes {
    pub channels: bool,
    pub rows: bool,
    pub columns: bool,
}

impl Axes {
    /// Rows and columns.
    pub const SPATIAL: Self = Self { channels: false, rows: true, columns: true };
    pub const CHANNELS: Self = Self { channels: true, rows: false, columns: false };

    fn axes(self) -> impl Iterator<Item = usize> + Clone {
        [(self.channels, 1), (self.rows, 2), (self.columns, 3)]
            .into_iter()
            .filter_map(|(chosen, axis)| chosen.then_some(axis))
    }

    pub(super) fn sum(self, x: Tensor<4>) -> Tensor<4> {
        self.axes().fold(x, Tensor::sum_dim)
    }

    fn mean(self, x: Tensor<4>) -> Tensor<4> {
        self.axes().fold(x, Tensor::mean_dim)
    }

    fn max(self, x: Tensor<4>) -> Tensor<4> {
        self.axes().fold(x, Tensor::max_dim)
    }

    pub(in crate::graph) fn reduced(self, input: Shape) -> Shape {
        let side = |chosen: bool, size: usize| if chosen { 1 } else { size };
        Shape::new(
            side(self.channels, input.channels),
            side(self.rows, input.height),
            side(self.columns, input.width),
        )
    }
}

/// (x − mean) / √(variance + ε) over the axes: layer and instance norms, without their weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standardise {
    pub axes: Axes,
    pub epsilon: f32,
}

impl Standardise {
    /// The standardised value, and 1 / √(variance + ε).
    fn parts(self, x: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let centred = x.clone() - self.axes.mean(x);
        let variance = self.axes.mean(centred.clone().square());
        let scale = (variance + self.epsilon).sqrt().recip();
        (centred * scale.clone(), scale)
    }

    pub(super) fn apply(self, x: Tensor<4>) -> Tensor<4> {
        self.parts(x).0
    }

    /// scale·(g − mean(g) − y·mean(g·y)).
    pub(super) fn backward(self, x: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        let (y, scale) = self.parts(x.clone());
        let along = self.axes.mean(gradient.clone() * y.clone());
        let centred = gradient.clone() - self.axes.mean(gradient);
        (centred - y * along) * scale
    }
}

/// exp(x) / Σ exp(x) over the axes.
pub fn softmax(x: Tensor<4>, axes: Axes) -> Tensor<4> {
    let raised = (x.clone() - axes.max(x).detach()).exp();
    raised.clone() / axes.sum(raised)
}

/// y·(g − Σ g·y).
pub fn softmax_backward(x: &Tensor<4>, gradient: Tensor<4>, axes: Axes) -> Tensor<4> {
    let y = softmax(x.clone(), axes);
    let along = axes.sum(gradient.clone() * y.clone());
    y * (gradient - along)
}

/// Local response normalisation: x / (k + α/n · Σ x²)^β, the sum over n neighbouring channels
/// (Krizhevsky et al. 2012, "ImageNet Classification with Deep CNNs", section 3.3).
#[derive(Debug, Clone)]
pub struct LocalResponse {
    /// Channels × channels, α/n where two are neighbours.
    neighbours: Tensor<2>,
    beta: f32,
    offset: f32,
}

impl LocalResponse {
    /// `size` is n, `offset` is k.
    pub fn new(
        channels: usize,
        size: usize,
        [alpha, beta, offset]: [f32; 3],
        device: &Device,
    ) -> Self {
        let (before, after) = ((size.max(1) - 1) / 2, size / 2);
        let mut neighbours = vec![0f32; channels * channels];
        for channel in 0..channels {
            let range = channel.saturating_sub(before)..=(channel + after).min(channels - 1);
            for other in range {
                neighbours[channel * channels + other] = alpha / size as f32;
            }
        }
        let data = TensorData::new(neighbours, [channels, channels]);
        Self { neighbours: Tensor::from_data(data, device), beta, offset }
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        let channels = self.neighbours.dims()[0];
        match input.channels == channels {
            true => Ok(input),
            false => Err(format!("it is of {channels} channels, its input is {input}")),
        }
    }

    fn denominator(&self, x: Tensor<4>) -> Tensor<4> {
        over_channels(self.neighbours.clone(), x.square()) + self.offset
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        x.clone() * self.denominator(x).powf_scalar(-self.beta)
    }

    pub(super) fn backward(&self, x: &Tensor<4>, gradient: Tensor<4>) -> Tensor<4> {
        let denominator = self.denominator(x.clone());
        let direct = gradient.clone() * denominator.clone().powf_scalar(-self.beta);
        let through = gradient * x.clone() * denominator.powf_scalar(-self.beta - 1.0);
        let spread = over_channels(self.neighbours.clone().transpose(), through);
        direct - x.clone() * spread * (2.0 * self.beta)
    }
}

/// A matrix times the channels of every position.
fn over_channels(matrix: Tensor<2>, x: Tensor<4>) -> Tensor<4> {
    let [samples, channels, height, width] = x.dims();
    let columns = x.reshape([samples, channels, height * width]);
    matrix.unsqueeze::<3>().matmul(columns).reshape([samples, channels, height, width])
}
