//! What tensors of timm's mobile networks don't determine.

use crate::graph::op::Pointwise;
use crate::model::architecture::inverted::{Halving, Skip, Style};
use std::ops::Range;

/// What a network's tensors don't determine.
#[derive(Clone)]
pub struct Recipe {
    /// Of the first block of each stage.
    pub strides: &'static [usize],
    pub style: Style,
    /// After the first convolution and the last.
    pub outer: Pointwise,
    /// Stages with ReLU in place of the activation of the others.
    pub plain: Range<usize>,
    /// How many stages, from the first, never add their inputs.
    pub alone: usize,
    pub epsilon: f32,
}

pub const SWISH: usize = 0;
pub const CLIPPED: usize = 1;
pub const PLAIN: usize = 2;
pub const SIX: usize = 3;
pub const EDGE: usize = 4;
pub const SPACE: usize = 5;
pub const MIXED: usize = 6;
pub const FBNET_V3: usize = 7;
pub const MOBILE_V3: usize = 8;
pub const MOBILE_V3_SMALL: usize = 9;
pub const MOBILE_V3_RW: usize = 10;
pub const MINIMAL: usize = 11;
pub const MINIMAL_SMALL: usize = 12;
pub const LCNET: usize = 13;
pub const MOBILE_V1: usize = 14;
pub const MOBILE_V4: usize = 15;
pub const MOBILE_V4_AVERAGE: usize = 16;
pub const MOBILE_V4_BLUR: usize = 17;
pub const FIVE: usize = 18;

const SEVEN_STAGES: &[usize] = &[1, 2, 2, 2, 1, 2, 1];
const SIX_STAGES: &[usize] = &[1, 2, 2, 2, 1, 2];
const SMALL_STAGES: &[usize] = &[2, 2, 2, 1, 2, 1];

/// The recipe of a number.
pub fn recipe(number: usize) -> Recipe {
    let silu = Recipe::of(SEVEN_STAGES, Style::of(Pointwise::Silu));
    let relu = Recipe::of(SEVEN_STAGES, Style::of(Pointwise::Relu));
    let hard = Style {
        gate: Pointwise::HARD_SIGMOID,
        skip: Skip::Blocks,
        ..Style::of(Pointwise::HardSwish)
    };
    let swish = Recipe::of(SEVEN_STAGES, hard);
    let v3 = Recipe { plain: 0..3, ..swish.styled(|style| style.squeeze = Pointwise::Relu) };
    let unskipped = |style: &mut Style| (style.skip, style.active_end) = (Skip::None, true);
    let blocks = |style: &mut Style| style.skip = Skip::Blocks;
    let v4 = Recipe { strides: &[2, 2, 2, 2, 1], ..relu.styled(blocks) };
    match number {
        CLIPPED => Recipe::of(SEVEN_STAGES, Style::of(Pointwise::RELU6)),
        PLAIN => relu,
        SIX => Recipe { strides: SIX_STAGES, ..silu },
        EDGE => Recipe { strides: SIX_STAGES, alone: 1, ..relu },
        SPACE => Recipe { strides: &[1, 1, 2, 2, 1, 2, 1], plain: 1..3, ..silu },
        MIXED => Recipe { strides: SIX_STAGES, outer: Pointwise::Relu, plain: 0..2, ..silu },
        FBNET_V3 => swish,
        MOBILE_V3 => v3,
        MOBILE_V3_SMALL => Recipe { strides: SMALL_STAGES, plain: 0..2, ..v3 },
        MOBILE_V3_RW => Recipe { plain: 0..3, alone: 1, epsilon: TENSORFLOW_EPSILON, ..swish },
        MINIMAL => relu.styled(blocks),
        MINIMAL_SMALL => Recipe { strides: SMALL_STAGES, ..relu.styled(blocks) },
        LCNET => Recipe { strides: SIX_STAGES, plain: 0..0, ..v3.styled(unskipped) },
        MOBILE_V1 => Recipe::of(&[1, 2, 2, 2, 2], Style::of(Pointwise::RELU6)).styled(unskipped),
        MOBILE_V4 => v4,
        MOBILE_V4_AVERAGE => v4.styled(|style| style.halving = Halving::Average),
        MOBILE_V4_BLUR => v4.styled(|style| style.halving = Halving::Blur),
        FIVE => Recipe { strides: &[1, 2, 2, 2, 2], ..silu },
        _ => silu,
    }
}

const TENSORFLOW_EPSILON: f32 = 1e-3;

impl Recipe {
    fn of(strides: &'static [usize], style: Style) -> Self {
        Self { strides, style, outer: style.activation, plain: 0..0, alone: 0, epsilon: 1e-5 }
    }

    fn styled(&self, change: impl Fn(&mut Style)) -> Self {
        let mut recipe = self.clone();
        change(&mut recipe.style);
        recipe
    }

    /// With TensorFlow's padding and ε.
    pub fn ported(mut self) -> Self {
        self.style.same = true;
        self.epsilon = TENSORFLOW_EPSILON;
        self
    }

    pub fn style(&self, stage: usize) -> Style {
        let mut style = self.style;
        if self.plain.contains(&stage) {
            (style.activation, style.squeeze) = (Pointwise::Relu, Pointwise::Relu);
        }
        if stage < self.alone {
            style.skip = Skip::None;
        }
        style
    }
}
