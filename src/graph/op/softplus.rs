//! ReLU made smooth: ln(1 + e^(βx)) / β, as explanations are attacked and trained with (Dombrowski
//! et al. 2019, "Explanations can be manipulated and geometry is to blame", section 3).
//!
//! On the CPU by one sweep each, with an exponential that fills vectors.

use super::cpu::storage::{map, on_host, zip};
use burn::backend::Flex;
use burn::tensor::{Tensor, activation};

/// ln(1 + e^(βx)) / β.
pub(super) fn value(x: Tensor<4>, beta: f32) -> Tensor<4> {
    match on_host(x) {
        Ok(x) => map(x, |x| {
            let falling = exponential(-(beta * x).abs());
            x.max(0.0) + logarithm(falling) / beta
        }),
        Err(x) => {
            let correction = ((-(x.clone() * beta).abs()).exp() + 1.0).log() / beta;
            activation::relu(x) + correction
        }
    }
}

/// The gradient times the slope, 1 / (1 + e^(−βx)).
pub(super) fn backward(x: &Tensor<4>, gradient: Tensor<4>, beta: f32) -> Tensor<4> {
    match (on_host(gradient), on_host(x.clone())) {
        (Ok(gradient), Ok(x)) => zip(gradient, &x, |gradient, x| gradient * slope(beta * x)),
        (Ok(gradient), Err(_)) => {
            Tensor::from_primitive::<Flex>(gradient) * activation::sigmoid(x.clone() * beta)
        }
        (Err(gradient), _) => gradient * activation::sigmoid(x.clone() * beta),
    }
}

/// The gradient times the second derivative, β·s·(1 − s) with the slope s.
pub(super) fn second_backward(x: &Tensor<4>, gradient: Tensor<4>, beta: f32) -> Tensor<4> {
    match (on_host(gradient), on_host(x.clone())) {
        (Ok(gradient), Ok(x)) => zip(gradient, &x, |gradient, x| {
            let slope = slope(beta * x);
            gradient * (beta * slope * (1.0 - slope))
        }),
        (Ok(gradient), Err(_)) => {
            second_by_tensors(x, Tensor::from_primitive::<Flex>(gradient), beta)
        }
        (Err(gradient), _) => second_by_tensors(x, gradient, beta),
    }
}

fn second_by_tensors(x: &Tensor<4>, gradient: Tensor<4>, beta: f32) -> Tensor<4> {
    let slope = activation::sigmoid(x.clone() * beta);
    gradient * slope.clone() * (-slope + 1.0) * beta
}

// Its instructions are those of the sweep that it is part of.
#[allow(clippy::inline_always)]
#[inline(always)]
fn slope(x: f32) -> f32 {
    let falling = exponential(-x.abs());
    let below = falling / (1.0 + falling);
    if x < 0.0 { below } else { 1.0 - below }
}

/// eˣ for x up to 0, within a few units in the last place: a power of two by its bits, times a
/// Taylor polynomial of what is left of x, at most half of ln 2.
// Its instructions are those of the sweep that it is part of.
#[allow(clippy::inline_always)]
#[inline(always)]
fn exponential(x: f32) -> f32 {
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    // Below, the result would be no normal number.
    let x = x.max(-87.0);
    let power = (x * std::f32::consts::LOG2_E).round_ties_even();
    let rest = (x - power * LN_2[0]) - power * LN_2[1];
    let polynomial = 1.0 / 720.0;
    let polynomial = polynomial * rest + 1.0 / 120.0;
    let polynomial = polynomial * rest + 1.0 / 24.0;
    let polynomial = polynomial * rest + 1.0 / 6.0;
    let polynomial = polynomial * rest + 0.5;
    let polynomial = polynomial * rest + 1.0;
    let polynomial = polynomial * rest + 1.0;
    polynomial * f32::from_bits(((power as i32 + 127) as u32) << 23)
}

/// ln(1 + t) for t in [0,1]: 2·artanh(t / (2 + t)) by its series.
// Its instructions are those of the sweep that it is part of.
#[allow(clippy::inline_always)]
#[inline(always)]
fn logarithm(t: f32) -> f32 {
    let s = t / (2.0 + t);
    let square = s * s;
    let series = 1.0 / 13.0;
    let series = series * square + 1.0 / 11.0;
    let series = series * square + 1.0 / 9.0;
    let series = series * square + 1.0 / 7.0;
    let series = series * square + 0.2;
    let series = series * square + 1.0 / 3.0;
    2.0 * s * (series * square + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_exact_to_single_precision() {
        for step in 0..20_000_i16 {
            let x = -f32::from(step) / 200.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exponential(x)) - exact).abs();
            assert!(error < 3e-7 * exact + 1e-37, "e^{x}");
            let t = f32::from(step) / 20_000.0;
            let exact = f64::from(t).ln_1p();
            assert!((f64::from(logarithm(t)) - exact).abs() <= 3e-7 * exact, "ln(1 + {t})");
            for x in [x / 5.0, -x / 5.0] {
                let exact = 1.0 / (1.0 + f64::from(-x).exp());
                assert!((f64::from(slope(x)) - exact).abs() < 3e-7, "slope at {x}");
            }
        }
        assert_eq!(exponential(-1e9), exponential(-87.0));
    }
}
