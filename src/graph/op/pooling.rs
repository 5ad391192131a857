//! Max pooling and global average pooling.

use super::{Saved, Step};
use crate::graph::Shape;
use burn::tensor::module::{max_pool2d, max_pool2d_with_indices};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{IndexingUpdateOp, Tensor};

/// Maximum over windows; padding never wins.
#[derive(Debug, Clone)]
pub struct MaxPool {
    pub options: MaxPoolOptions<2>,
}

impl MaxPool {
    /// Square windows side by side.
    pub fn square(side: usize) -> Self {
        Self { options: MaxPoolOptions::new([side, side]) }
    }

    pub(super) fn output_shape(&self, input: Shape) -> Result<Shape, String> {
        let side = |axis: usize, size: usize| {
            let (begin, end) = self.options.padding[axis];
            let reach = self.options.dilation[axis] * (self.options.kernel_size[axis] - 1) + 1;
            let room = (size + begin + end)
                .checked_sub(reach)
                .ok_or_else(|| format!("the window is larger than its input of {input}"))?;
            let stride = self.options.stride[axis];
            if !self.options.ceil_mode {
                return Ok(room / stride + 1);
            }
            // The last window may stand out, but starts inside the input or the padding before it.
            let count = room.div_ceil(stride) + 1;
            let outside = (count - 1) * stride >= size + begin;
            Ok::<_, String>(count - usize::from(outside))
        };
        Ok(Shape::new(input.channels, side(0, input.height)?, side(1, input.width)?))
    }

    pub(super) fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        max_pool2d(x, self.options.clone())
    }

    pub(super) fn apply_with_indices(&self, x: Tensor<4>) -> (Tensor<4>, Saved) {
        let (value, places) = max_pool2d_with_indices(x, self.options.clone());
        (value, Saved::Indices(places))
    }

    pub(super) fn backward(&self, step: &Step, gradient: Tensor<4>) -> Tensor<4> {
        self.backward_to(step.inputs[0], step.saved, gradient)
    }

    /// Values of another tensor at the positions of the maxima.
    pub(super) fn values_at(&self, saved: &Saved, x: Tensor<4>) -> Tensor<4> {
        let Saved::Indices(places) = saved else {
            unreachable!("a max pool on a tape saved its indices")
        };
        let ([samples, channels, height, width], dims) = (x.dims(), places.dims());
        let places = places.clone().reshape([samples, channels, dims[2] * dims[3]]);
        x.reshape([samples, channels, height * width]).gather(2, places).reshape(dims)
    }

    /// Each gradient goes to the position of its maximum in `input`. A scatter, unlike burn's
    /// pooling backward, can be differentiated again.
    pub(super) fn backward_to(
        &self,
        input: &Tensor<4>,
        saved: &Saved,
        gradient: Tensor<4>,
    ) -> Tensor<4> {
        let Saved::Indices(places) = saved else {
            unreachable!("a max pool on a tape saved its indices")
        };
        let [samples, channels, height, width] = input.dims();
        let dims = gradient.dims();
        let flat = [samples, channels, dims[2] * dims[3]];
        let places = places.clone().expand(dims).reshape(flat);
        Tensor::<3>::zeros([samples, channels, height * width], &gradient.device())
            .scatter(2, places, gradient.reshape(flat), IndexingUpdateOp::Add)
            .reshape([samples, channels, height, width])
    }
}

/// N×C×H×W to N×C×1×1.
pub fn global_average(x: Tensor<4>) -> Tensor<4> {
    let [samples, channels, height, width] = x.dims();
    x.reshape([samples, channels, height * width]).mean_dim(2).reshape([samples, channels, 1, 1])
}

pub fn global_average_backward(gradient: Tensor<4>, input: [usize; 4]) -> Tensor<4> {
    let share = 1.0 / (input[2] * input[3]) as f32;
    gradient.mul_scalar(share).expand(input)
}
