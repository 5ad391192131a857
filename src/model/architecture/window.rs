//! Windows of convolutions and pools.

use crate::graph::Shape;
use crate::graph::op::same_padding;
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

/// Padding of a window.
#[derive(Debug, Clone, Copy)]
enum Padding {
    /// So many pixels above and below, left and right.
    Each([usize; 2]),
    /// TensorFlow's: output = ceil(input / stride), the odd pixel at the end.
    Same,
}

/// A window that slides over rows and columns.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub kernel: [usize; 2],
    stride: usize,
    padding: Padding,
    dilation: usize,
    pub groups: usize,
}

/// A square window that keeps the size of its input: stride 1, padded by half its side.
pub const fn window(side: usize) -> Window {
    Window::rectangle([side, side])
}

impl Window {
    /// A window that keeps the size of its input.
    pub const fn rectangle(kernel: [usize; 2]) -> Self {
        let padding = Padding::Each([kernel[0] / 2, kernel[1] / 2]);
        Self { kernel, stride: 1, padding, dilation: 1, groups: 1 }
    }

    pub const fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    pub const fn padding(self, pixels: usize) -> Self {
        Self { padding: Padding::Each([pixels, pixels]), ..self }
    }

    /// TensorFlow's padding, which depends on the input's size.
    pub const fn same(self) -> Self {
        Self { padding: Padding::Same, ..self }
    }

    /// Places between taps; the padding grows so that the size stays.
    pub const fn dilated(self, dilation: usize) -> Self {
        let padding = [self.kernel[0] / 2 * dilation, self.kernel[1] / 2 * dilation];
        Self { dilation, padding: Padding::Each(padding), ..self }
    }

    pub const fn groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// Windows side by side.
    pub const fn tiles(side: usize) -> Self {
        window(side).stride(side).padding(0)
    }

    fn pads(self, input: Shape) -> [(usize, usize); 2] {
        match self.padding {
            Padding::Each([rows, columns]) => [(rows, rows), (columns, columns)],
            Padding::Same => [
                same_padding(input.height, self.kernel[0], self.stride),
                same_padding(input.width, self.kernel[1], self.stride),
            ],
        }
    }

    pub fn convolution(self, input: Shape) -> ConvOptions<2> {
        ConvOptions::new_with_padding(
            [self.stride; 2],
            self.pads(input),
            [self.dilation; 2],
            self.groups,
        )
    }

    pub fn max_pool(self, input: Shape, ceil: bool) -> MaxPoolOptions<2> {
        MaxPoolOptions::new(self.kernel)
            .with_stride([self.stride; 2])
            .with_padding_pairs(self.pads(input))
            .with_ceil_mode(ceil)
    }

    /// Rows and columns of an average pool, in PyTorch's way: padding counts.
    pub fn average_pool(self, input: Shape) -> [crate::graph::op::PoolAxis; 2] {
        let pads = self.pads(input);
        [0, 1].map(|axis| crate::graph::op::PoolAxis {
            kernel: self.kernel[axis],
            stride: self.stride,
            dilation: 1,
            padding: pads[axis],
            ceil: false,
            count_padding: true,
        })
    }
}
