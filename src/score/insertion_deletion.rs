//! Insertion and Deletion by the protocol of RISE (Petsiuk, Das, Saenko 2018, section 4.1, and
//! its published evaluation code).
//!
//! Deletion takes the most important pixels away first, replacing them with the colour that the
//! network normalises to zero. Insertion starts from a blurred picture and brings them back. Each
//! point is the class's softmax probability. Both follow the network's confidence: compare their
//! areas between methods on one network, not between networks.

use crate::attribution::{Flow, Ranking, bilinear};
use crate::error::{Error, Result};
use crate::model::{Model, host};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, TensorData, s};
use ndarray::{Array2, Array3, Axis};
use serde::Serialize;

/// Both curves of one map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// Share of the pixels changed at each point, from 0 to 1.
    pub fractions: Vec<f32>,
    pub deletion: Vec<f32>,
    pub insertion: Vec<f32>,
    /// Areas under the curves, in [0,1].
    pub deletion_auc: f64,
    pub insertion_auc: f64,
    /// Pixels changed from point to point.
    pub step: usize,
    /// The class scored.
    pub target: usize,
}

/// Whole rows of pixels, 28 or so steps for the whole picture: RISE's batch setting (8 rows at
/// 224 px), and one row for pictures of digits.
pub fn default_step([height, width]: [usize; 2]) -> usize {
    (height / 28).max(1) * width
}

/// Pixels from most to least important: by [`Ranking`] over channels, enlarged bilinearly to the
/// picture, ties in reading order.
///
/// # Errors
/// When the map holds values that can't be ordered.
pub fn order(map: &Array3<f32>, ranking: Ranking, size: [usize; 2]) -> Result<Vec<usize>> {
    let importance: Array2<f32> = match ranking {
        Ranking::Magnitude => map.mapv(f32::abs).sum_axis(Axis(0)),
        Ranking::Signed => map.sum_axis(Axis(0)),
    };
    let importance: Vec<f32> = bilinear(&importance, size).into_iter().collect();
    if importance.iter().any(|value| !value.is_finite()) {
        return Err(Error::new(
            "cannot put the pixels in order",
            "the map holds NaN or infinite values",
        ));
    }
    let mut pixels: Vec<usize> = (0..importance.len()).collect();
    pixels.sort_by(|a, b| importance[*b].total_cmp(&importance[*a]));
    Ok(pixels)
}

/// Insertion and Deletion curves of one picture (1×C×H×W in [0,1]).
///
/// `watch` hears how many of all points are done. Returns `None` when it cancels.
///
/// # Errors
/// When `step` is zero or the device failed.
pub fn insertion_deletion(
    model: &Model,
    pixels: Tensor<4>,
    target: usize,
    order: &[usize],
    step: usize,
    watch: &mut dyn FnMut(usize, usize) -> Flow,
) -> Result<Option<Curves>> {
    if step == 0 || step > order.len() {
        let why = format!("a step of {step} px; it must be 1 to {}", order.len());
        return Err(Error::new("cannot compute curves", why));
    }
    let mean = model.mean_colour();
    let blurred = rise_blur(pixels.clone() - mean.clone()) + mean.clone();
    let nothing = pixels.zeros_like() + mean;
    let ranks = ranks(order, &pixels);
    let points = order.len().div_ceil(step) + 1;
    let mut run = |start: &Tensor<4>, finish: &Tensor<4>, before: usize| {
        let mut scores = Vec::with_capacity(points);
        while scores.len() < points {
            let count = model.batch.min(points - scores.len());
            let changed: Vec<usize> =
                (scores.len()..scores.len() + count).map(|i| i * step).collect();
            let batch = blend(start, finish, &ranks, &changed);
            let probabilities = model.graph.probabilities(batch);
            scores.extend(host(probabilities.slice(s![.., target]))?);
            if watch(before + scores.len(), 2 * points) == Flow::Cancel {
                return Ok(None);
            }
        }
        Ok::<_, Error>(Some(scores))
    };
    let Some(deletion) = run(&pixels, &nothing, 0)? else {
        return Ok(None);
    };
    let Some(insertion) = run(&blurred, &pixels, points)? else {
        return Ok(None);
    };
    let share = |i: usize| (i * step).min(order.len()) as f32 / order.len() as f32;
    let fractions: Vec<f32> = (0..points).map(share).collect();
    Ok(Some(Curves {
        deletion_auc: area(&fractions, &deletion),
        insertion_auc: area(&fractions, &insertion),
        fractions,
        deletion,
        insertion,
        step,
        target,
    }))
}

/// Area under a curve by trapezoids. With equal steps it is RISE's; a shorter last step counts
/// as short as it is.
pub fn area(fractions: &[f32], scores: &[f32]) -> f64 {
    let trapezoid =
        |(x, y): (&[f32], &[f32])| f64::from(x[1] - x[0]) * f64::from(y[0] + y[1]) / 2.0;
    fractions.windows(2).zip(scores.windows(2)).map(trapezoid).sum()
}

/// Position of every pixel in the order, 1×1×H×W.
fn ranks(order: &[usize], pixels: &Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = pixels.dims();
    let mut ranks = vec![0f32; order.len()];
    for (rank, &pixel) in order.iter().enumerate() {
        ranks[pixel] = rank as f32;
    }
    Tensor::from_data(TensorData::new(ranks, [1, 1, height, width]), &pixels.device())
}

/// One picture for each number of changed pixels.
fn blend(start: &Tensor<4>, finish: &Tensor<4>, ranks: &Tensor<4>, changed: &[usize]) -> Tensor<4> {
    let [_, channels, height, width] = start.dims();
    let shape = [changed.len(), channels, height, width];
    let limits: Vec<f32> = changed.iter().map(|count| *count as f32).collect();
    let limits = TensorData::new(limits, [changed.len(), 1, 1, 1]);
    let limits = Tensor::<4>::from_data(limits, &start.device()).expand(shape);
    let mask = ranks.clone().expand(shape).lower(limits);
    start.clone().expand(shape).mask_where(mask, finish.clone().expand(shape))
}

/// RISE's blur: Gaussian of σ 5 over 11×11 pixels, zero beyond the border. Takes pictures whose
/// mean colour is zero, so that borders darken towards it.
pub fn rise_blur(x: Tensor<4>) -> Tensor<4> {
    const RADIUS: i32 = 5;
    const SIGMA: f32 = 5.0;
    let side = (2 * RADIUS + 1) as usize;
    let row: Vec<f32> =
        (-RADIUS..=RADIUS).map(|d| (-(d * d) as f32 / (2.0 * SIGMA * SIGMA)).exp()).collect();
    let sum: f32 = row.iter().sum();
    let channels = x.dims()[1];
    let pass = |x: Tensor<4>, kernel: [usize; 2], padding: [usize; 2]| {
        let values: Vec<f32> = (0..channels).flat_map(|_| row.iter().map(|w| w / sum)).collect();
        let data = TensorData::new(values, [channels, 1, kernel[0], kernel[1]]);
        let weight = Tensor::from_data(data, &x.device());
        conv2d(x, weight, None, ConvOptions::new([1, 1], padding, [1, 1], channels))
    };
    let radius = RADIUS as usize;
    let across = pass(x, [1, side], [0, radius]);
    pass(across, [side, 1], [radius, 0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_under_a_straight_line_is_its_mean_whatever_the_steps() {
        for places in [&[0.0, 0.5, 1.0][..], &[0.0, 0.4, 0.8, 1.0]] {
            let line: Vec<f32> = places.iter().map(|x| 1.0 - x).collect();
            assert!((area(places, &line) - 0.5).abs() < 1e-6);
        }
    }

    #[test]
    fn order_is_by_importance_and_then_by_place() {
        let map = Array3::from_shape_vec((1, 2, 2), vec![-3.0, 1.0, 2.0, 1.0]).unwrap();
        assert_eq!(order(&map, Ranking::Signed, [2, 2]).unwrap(), [2, 1, 3, 0]);
        assert_eq!(order(&map, Ranking::Magnitude, [2, 2]).unwrap(), [0, 2, 1, 3]);
        let broken = Array3::from_elem((1, 2, 2), f32::NAN);
        assert!(order(&broken, Ranking::Signed, [2, 2]).is_err());
    }

    #[test]
    fn default_steps_are_those_of_rise() {
        assert_eq!(default_step([224, 224]), 224 * 8);
        assert_eq!(default_step([32, 32]), 32);
        assert_eq!(default_step([28, 28]), 28);
    }
}
