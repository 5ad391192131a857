//! Linear layers and the per-channel normalisation of pixels.

use super::WeightGradient;
use crate::graph::Shape;
use burn::tensor::{Device, Tensor, TensorData};

/// weight · x + bias, over C×1×1 values.
#[derive(Debug, Clone)]
pub struct Linear {
    /// out × in.
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
}

impl Linear {
    /// `weight` is out × in.
    pub fn new(weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        Self { weight, bias }
    }

    /// 1×out×1×1.
    pub fn bias(&self) -> Option<Tensor<4>> {
        self.bias.clone().map(|bias| bias.reshape([1, -1, 1, 1]))
    }

    /// The weight as out × in × 1 × 1.
    pub(super) fn with_weights(
        &self,
        weight: impl Fn(Tensor<4>) -> Tensor<4>,
        bias: impl Fn(Tensor<1>) -> Tensor<1>,
    ) -> Self {
        let [out, inputs] = self.weight.dims();
        let weight = weight(self.weight.clone().reshape([out, inputs, 1, 1]));
        Self::new(weight.reshape([out, inputs]), self.bias.clone().map(bias))
    }

    pub(super) fn parameters(&self) -> usize {
        self.weight.dims().iter().product::<usize>()
            + self.bias.as_ref().map_or(0, |bias| bias.dims()[0])
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        let [out, wanted] = self.weight.dims();
        if input != Shape::new(wanted, 1, 1) {
            return Err(format!("the weight takes {wanted} values, its input is {input}"));
        }
        Ok(Shape::new(out, 1, 1))
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.apply_linear(x);
        match &self.bias {
            Some(bias) => y + bias.clone().reshape([1, -1, 1, 1]),
            None => y,
        }
    }

    /// weight · x.
    pub(super) fn apply_linear(&self, x: Tensor<4>) -> Tensor<4> {
        times(x, self.weight.clone().transpose())
    }

    pub(super) fn backward(&self, gradient: Tensor<4>) -> Tensor<4> {
        times(gradient, self.weight.clone())
    }

    pub(super) fn weight_gradients(
        &self,
        x: &Tensor<4>,
        gradient: &Tensor<4>,
    ) -> Vec<WeightGradient> {
        let rows = |t: &Tensor<4>| t.clone().reshape([t.dims()[0], t.dims()[1]]);
        let weight = rows(gradient).transpose().matmul(rows(x)).reshape([-1]);
        let bias = self.bias.as_ref().map(|_| ("bias", rows(gradient).sum_dim(0).reshape([-1])));
        [("weight", weight)].into_iter().chain(bias).collect()
    }
}

/// Rows of N×C×1×1 times a C×K matrix.
fn times(x: Tensor<4>, matrix: Tensor<2>) -> Tensor<4> {
    let [samples, channels, ..] = x.dims();
    let columns = matrix.dims()[1];
    x.reshape([samples, channels]).matmul(matrix).reshape([samples, columns, 1, 1])
}

/// Shape of the product of two values' rows and columns, channel by channel.
pub(super) fn product_shape(a: Shape, b: Shape) -> Result<Shape, String> {
    if a.channels != b.channels || a.width != b.height {
        return Err(format!("cannot multiply matrices {a} and {b}"));
    }
    Ok(Shape::new(a.channels, a.height, b.width))
}

pub(super) fn product_backward(
    a: &Tensor<4>,
    b: &Tensor<4>,
    gradient: Tensor<4>,
) -> Vec<Tensor<4>> {
    let (a, b) = (a.clone().swap_dims(2, 3), b.clone().swap_dims(2, 3));
    vec![gradient.clone().matmul(b), a.matmul(gradient)]
}

/// (x − mean) / std per channel, the channels then in another order where the network takes them so.
#[derive(Debug, Clone)]
pub struct Normalise {
    mean: Tensor<4>,
    std: Tensor<4>,
    channels: usize,
    /// Which channel of the pixels comes first, second, …; none where their order stays.
    order: Option<Vec<usize>>,
}

impl Normalise {
    /// `mean` and `std` are of [0,1] pixels, one value a channel.
    pub fn new(mean: &[f32], std: &[f32], device: &Device) -> Self {
        let row = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [1, values.len(), 1, 1]);
            Tensor::from_data(data, device)
        };
        Self { mean: row(mean), std: row(std), channels: mean.len(), order: None }
    }

    /// The same, giving channel `order[c]` of the pixels as channel c; `order` is a permutation.
    pub fn ordered(self, order: &[usize]) -> Self {
        Self { order: (!order.is_sorted()).then(|| order.to_vec()), ..self }
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        if input.channels != self.channels {
            return Err(format!(
                "mean and std have {} channels, the input has {}",
                self.channels, input.channels
            ));
        }
        Ok(input)
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        self.apply_linear(x - self.mean.clone())
    }

    /// Without the mean.
    pub(super) fn apply_linear(&self, x: Tensor<4>) -> Tensor<4> {
        let x = x / self.std.clone();
        match &self.order {
            Some(order) => picked(&x, order.iter().copied()),
            None => x,
        }
    }

    pub(super) fn backward(&self, gradient: Tensor<4>) -> Tensor<4> {
        self.in_order_of_pixels(gradient) / self.std.clone()
    }

    /// Values of the network's channels, in the order that the pixels have them.
    pub(in crate::graph) fn in_order_of_pixels(&self, values: Tensor<4>) -> Tensor<4> {
        let Some(order) = &self.order else { return values };
        let place = |channel| order.iter().position(|from| *from == channel);
        picked(&values, (0..order.len()).filter_map(place))
    }
}

fn picked(x: &Tensor<4>, channels: impl Iterator<Item = usize>) -> Tensor<4> {
    Tensor::cat(channels.map(|c| x.clone().slice_dim(1, c..c + 1)).collect(), 1)
}
