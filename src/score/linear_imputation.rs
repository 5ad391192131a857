//! Removed pixels as the weighted mean of their neighbours, all at once: the imputation of ROAD
//! (Rong, Leemann, Borisov, Kasneci, Kasneci 2022, A Consistent and Efficient Evaluation Strategy
//! for Attribution Methods, and its published code), without its noise.
//!
//! Every removed pixel is the mean of its eight neighbours, those beside it with twice the weight
//! of those across a corner; at the border of those that exist. The equations are symmetric and,
//! once a single pixel is known, positive definite, so conjugate gradients solve them.

use crate::error::{Error, Result};
use ndarray::{Array2, Array3, ArrayViewMut2, Axis, Zip};

/// ‖residual‖ over ‖right side‖ of a solution that is good: at 224×224 pixels its f32 values are then
/// off by their last bit at most, whatever the mask.
const TOLERANCE: f64 = 1e-9;
/// Far beyond what is needed: 224×224 pixels take 20 to 130, by the size of the largest hole.
const MAX_STEPS: usize = 10_000;
/// Over-relaxation of the preconditioner. Steps are fewest at 1.4 for scattered pixels and at 1.95 for
/// one large hole; this is within a third of both.
const RELAXATION: f64 = 1.8;

/// Fills the removed pixels (H×W) in every channel of a picture (C×H×W). A picture of which nothing
/// is left becomes its own mean colour: any constant would fit.
///
/// # Errors
/// When the mask is not of the picture's size, or the picture holds NaN or infinite values.
pub(super) fn interpolate(pixels: &Array3<f32>, removed: &Array2<bool>) -> Result<Array3<f32>> {
    let failed = |why: String| Err(Error::new("cannot fill removed pixels", why));
    let (_, height, width) = pixels.dim();
    if removed.dim() != (height, width) {
        return failed(format!("a mask of {:?}, a picture of {:?}", removed.dim(), pixels.dim()));
    }
    if pixels.iter().any(|value| !value.is_finite()) {
        return failed("the picture holds NaN or infinite values".into());
    }
    let mut filled = pixels.clone();
    let planes = filled.axis_iter_mut(Axis(0));
    if removed.iter().all(|removed| *removed) {
        for mut plane in planes {
            let mean = plane.mean().unwrap_or(0.0);
            plane.fill(mean);
        }
        return Ok(filled);
    }
    let equations = &Equations::new(removed);
    std::thread::scope(|scope| {
        let solve = |plane| scope.spawn(move || equations.fill(plane, removed));
        let channels: Vec<_> = planes.map(solve).collect();
        channels.into_iter().try_for_each(|channel| channel.join().expect("solving does not panic"))
    })?;
    Ok(filled)
}

/// The equations diagonal·x − Σ weight·neighbour = 0 of the removed pixels. Values lie in planes
/// with a border of zeros, so that all neighbours exist; they are zero wherever they have no part.
struct Equations {
    /// Columns of a plane with its border.
    stride: usize,
    /// Values of a plane with its border.
    places: usize,
    /// Places of the removed pixels, in reading order.
    unknowns: Vec<usize>,
    /// Weights of the neighbours that exist, at every place.
    diagonal: Vec<f64>,
}

impl Equations {
    fn new(removed: &Array2<bool>) -> Self {
        let (height, width) = removed.dim();
        let stride = width + 2;
        let place = |(y, x)| (y + 1) * stride + x + 1;
        let mut inside = vec![0.0; (height + 2) * stride];
        let places = || removed.indexed_iter().map(|(at, removed)| (place(at), *removed));
        places().for_each(|(place, _)| inside[place] = 1.0);
        let unknowns: Vec<usize> = places().filter(|(_, removed)| *removed).map(|p| p.0).collect();
        let mut new = Self { stride, places: inside.len(), unknowns, diagonal: vec![] };
        new.diagonal =
            new.at_unknowns(|place| new.earlier(&inside, place) + new.later(&inside, place));
        new
    }

    /// Replaces the removed values of one channel by the solution.
    fn fill(&self, plane: ArrayViewMut2<f32>, removed: &Array2<bool>) -> Result<()> {
        let known = || plane.iter().zip(removed).filter(|(_, removed)| !**removed);
        // The unknowns are differences from a near constant, so that a constant needs no steps.
        let level =
            known().map(|(value, _)| f64::from(*value)).sum::<f64>() / known().count() as f64;
        let mut values = vec![0.0; self.places];
        for (((y, x), value), removed) in plane.indexed_iter().zip(removed) {
            if !removed {
                values[(y + 1) * self.stride + x + 1] = f64::from(*value) - level;
            }
        }
        let right =
            self.at_unknowns(|place| self.earlier(&values, place) + self.later(&values, place));
        let solution = self.conjugate_gradients(&right)?;
        let mut found = self.unknowns.iter().map(|place| (solution[*place] + level) as f32);
        Zip::from(plane).and(removed).for_each(|value, removed| {
            if *removed {
                *value = found.next().expect("one unknown for each removed pixel");
            }
        });
        Ok(())
    }

    fn conjugate_gradients(&self, right: &[f64]) -> Result<Vec<f64>> {
        let goal = TOLERANCE * dot(right, right).sqrt();
        let mut x = vec![0.0; right.len()];
        let mut residual = right.to_vec();
        let mut direction = vec![0.0; right.len()];
        let mut before = 1.0;
        for _ in 0..MAX_STEPS {
            if dot(&residual, &residual).sqrt() <= goal {
                return Ok(x);
            }
            let preconditioned = self.precondition(&residual);
            let along = dot(&residual, &preconditioned);
            for (old, new) in direction.iter_mut().zip(&preconditioned) {
                *old = new + along / before * *old;
            }
            before = along;
            let product = self.product(&direction);
            let step = along / dot(&direction, &product);
            add_scaled(&mut x, &direction, step);
            add_scaled(&mut residual, &product, -step);
        }
        Err(Error::new("cannot fill removed pixels", "their equations could not be solved"))
    }

    fn product(&self, x: &[f64]) -> Vec<f64> {
        self.at_unknowns(|place| {
            self.diagonal[place] * x[place] - self.earlier(x, place) - self.later(x, place)
        })
    }

    /// Symmetric successive over-relaxation: one sweep forth and one back, up to a factor that
    /// conjugate gradients don't see.
    fn precondition(&self, residual: &[f64]) -> Vec<f64> {
        let mut x = vec![0.0; residual.len()];
        for &place in &self.unknowns {
            let sum = residual[place] + self.earlier(&x, place);
            x[place] = RELAXATION * sum / self.diagonal[place];
        }
        for &place in self.unknowns.iter().rev() {
            x[place] += RELAXATION * self.later(&x, place) / self.diagonal[place];
        }
        x
    }

    fn at_unknowns(&self, value: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut values = vec![0.0; self.places];
        self.unknowns.iter().for_each(|place| values[*place] = value(*place));
        values
    }

    /// Weighted sum of the four neighbours before a place, in reading order.
    fn earlier(&self, x: &[f64], place: usize) -> f64 {
        let above = place - self.stride;
        2.0 * (x[place - 1] + x[above]) + x[above - 1] + x[above + 1]
    }

    /// Weighted sum of the four neighbours after a place.
    fn later(&self, x: &[f64], place: usize) -> f64 {
        let below = place + self.stride;
        2.0 * (x[place + 1] + x[below]) + x[below - 1] + x[below + 1]
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_scaled(to: &mut [f64], from: &[f64], scale: f64) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += scale * from);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    fn filled(pixels: &Array3<f32>, is_removed: impl Fn((usize, usize)) -> bool) -> Array3<f32> {
        let (_, height, width) = pixels.dim();
        interpolate(pixels, &Array2::from_shape_fn((height, width), is_removed)).unwrap()
    }

    #[test]
    fn a_ramp_is_exact_wherever_its_border_is_known() {
        let ramp = Array3::from_shape_fn((2, 21, 17), |(c, y, x)| {
            (c + 2 * y) as f32 * 0.02 - x as f32 * 0.01
        });
        let found = filled(&ramp, |(y, x)| (1..20).contains(&y) && (1..16).contains(&x));
        for (found, exact) in found.iter().zip(&ramp) {
            assert!((found - exact).abs() < 1e-6, "{found} for {exact}");
        }
    }

    #[test]
    fn every_filled_pixel_is_the_mean_of_its_neighbours() {
        let mut generator = ChaCha8Rng::seed_from_u64(5);
        let noise = Array3::from_shape_simple_fn((1, 40, 31), || generator.random::<f32>());
        let removed = Array2::from_shape_fn((40, 31), |(y, x)| (y * 7 + x * 3) % 11 != 0 || y < 12);
        let found = interpolate(&noise, &removed).unwrap();
        for (y, x) in (0..40).flat_map(|y| (0..31).map(move |x| (y, x))) {
            if !removed[[y, x]] {
                assert_eq!(found[[0, y, x]], noise[[0, y, x]]);
                continue;
            }
            let (mut sum, mut weights) = (0.0, 0.0);
            for (v, u) in (y.max(1) - 1..(y + 2).min(40))
                .flat_map(|v| (x.max(1) - 1..(x + 2).min(31)).map(move |u| (v, u)))
                .filter(|at| *at != (y, x))
            {
                let weight = if v == y || u == x { 1.0 / 6.0 } else { 1.0 / 12.0 };
                sum += weight * found[[0, v, u]];
                weights += weight;
            }
            assert!((sum / weights - found[[0, y, x]]).abs() < 1e-6, "{y} {x}");
        }
    }

    #[test]
    fn what_is_constant_stays_and_what_has_nothing_left_is_its_mean() {
        let grey = Array3::from_elem((1, 9, 9), 0.3);
        assert_eq!(filled(&grey, |(y, x)| (y, x) != (4, 4)), grey);
        assert_eq!(filled(&grey, |_| false), grey);
        let halves = Array3::from_shape_fn((1, 4, 4), |(_, y, _)| if y < 2 { 0.0 } else { 1.0 });
        assert_eq!(filled(&halves, |_| true), Array3::from_elem((1, 4, 4), 0.5));
        assert_eq!(filled(&Array3::from_elem((1, 1, 1), 0.2), |_| true)[[0, 0, 0]], 0.2);
    }

    #[test]
    fn broken_input_is_refused() {
        let broken = Array3::from_elem((1, 3, 3), f32::NAN);
        assert!(interpolate(&broken, &Array2::from_elem((3, 3), true)).is_err());
        assert!(interpolate(&broken, &Array2::from_elem((3, 2), true)).is_err());
    }
}
