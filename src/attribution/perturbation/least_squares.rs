//! Weighted least squares with some hundreds of unknowns, in f64, by Cholesky's factorisation of
//! the normal equations.

/// A symmetric matrix by its lower triangle: row i holds the entries 0 to i.
type Triangle = Vec<Vec<f64>>;

/// A pivot below this share of its diagonal entry is rounding, not information.
const LEAST_PIVOT: f64 = 1e-11;
/// What is added to the diagonal of a singular matrix, as a share of its mean: little beside the
/// matrix, much beside rounding.
const LIFT: f64 = 1e-9;

/// The sums over samples (x, y, weight) that a linear fit of y by x needs. Their size does not grow
/// with the number of samples.
#[derive(Debug, Clone)]
pub struct Sums {
    weight: f64,
    x: Vec<f64>,
    y: f64,
    xx: Triangle,
    xy: Vec<f64>,
    yy: f64,
}

/// y ≈ intercept + x·coefficients.
#[derive(Debug, Clone)]
pub struct Fit {
    pub coefficients: Vec<f64>,
    pub intercept: f64,
    /// Share of y's weighted variance that the fit explains.
    pub r_squared: f64,
    /// Whether the samples determine the coefficients; else they are the smallest that fit.
    pub is_determined: bool,
}

impl Sums {
    /// Of no samples yet, with `unknowns` entries in x.
    pub fn new(unknowns: usize) -> Self {
        let xx = (0..unknowns).map(|row| vec![0.0; row + 1]).collect();
        let zeros = vec![0.0; unknowns];
        Self { weight: 0.0, x: zeros.clone(), y: 0.0, xx, xy: zeros, yy: 0.0 }
    }

    pub fn add(&mut self, x: &[f64], y: f64, weight: f64) {
        self.weight += weight;
        self.y += weight * y;
        self.yy += weight * y * y;
        add_scaled(&mut self.x, x, weight);
        add_scaled(&mut self.xy, x, weight * y);
        for (row, value) in self.xx.iter_mut().zip(x).filter(|(_, value)| **value != 0.0) {
            add_scaled(row, x, weight * value);
        }
    }

    /// These sums with others, whose weights are multiplied by `scale`.
    pub fn with(mut self, other: &Self, scale: f64) -> Self {
        self.weight += scale * other.weight;
        self.y += scale * other.y;
        self.yy += scale * other.yy;
        add_scaled(&mut self.x, &other.x, scale);
        add_scaled(&mut self.xy, &other.xy, scale);
        for (row, other) in self.xx.iter_mut().zip(&other.xx) {
            add_scaled(row, other, scale);
        }
        self
    }

    /// Total weight of the samples.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The fit that minimises Σ w (y − b − x·β)² + `alpha` ‖β‖²; the intercept b costs nothing.
    pub fn ridge(&self, alpha: f64) -> Fit {
        let mean = |sum: f64| if self.weight == 0.0 { 0.0 } else { sum / self.weight };
        let mut matrix = self.xx.clone();
        for (i, row) in matrix.iter_mut().enumerate() {
            add_scaled(row, &self.x, -mean(self.x[i]));
        }
        let mut right = self.xy.clone();
        add_scaled(&mut right, &self.x, -mean(self.y));
        let spread = self.yy - mean(self.y) * self.y;
        let unpenalised = matrix.clone();
        lift(&mut matrix, alpha);
        let (factor, is_determined) = factor_or_lift(matrix);
        let coefficients = solve(&factor, &right);
        let explained = 2.0 * dot(&coefficients, &right)
            - dot(&coefficients, &product(&unpenalised, &coefficients));
        Fit {
            intercept: mean(self.y - dot(&coefficients, &self.x)),
            r_squared: if spread > 0.0 { explained / spread } else { 1.0 },
            coefficients,
            is_determined,
        }
    }

    /// The β that minimise Σ w (y − x·β)² among those that sum to `total`, and whether the samples
    /// determine them; else they are the smallest.
    pub fn with_total(&self, total: f64) -> (Vec<f64>, bool) {
        let (factor, is_determined) = factor_or_lift(self.xx.clone());
        let mut coefficients = solve(&factor, &self.xy);
        // Moving along A⁻¹1 changes the total at the least cost (Lagrange's multiplier).
        let direction = solve(&factor, &vec![1.0; self.xy.len()]);
        let missing = total - coefficients.iter().sum::<f64>();
        let step = missing / direction.iter().sum::<f64>();
        add_scaled(&mut coefficients, &direction, step);
        (coefficients, is_determined)
    }
}

/// Sums of two halves of the samples, whose fits differ as much as the whole fit is unsure.
#[derive(Debug, Clone)]
pub struct Halves([Sums; 2]);

impl Halves {
    /// Of no samples yet, with `unknowns` entries in x.
    pub fn new(unknowns: usize) -> Self {
        Self([Sums::new(unknowns), Sums::new(unknowns)])
    }

    /// Adds a sample to a half that its place among the samples decides, not its values.
    pub fn add(&mut self, place: usize, x: &[f64], y: f64, weight: f64) {
        self.0[place % 2].add(x, y, weight);
    }

    /// The sums of all samples.
    pub fn whole(&self) -> Sums {
        self.0[0].clone().with(&self.0[1], 1.0)
    }

    /// ‖standard error‖ / ‖coefficients‖ of a way to fit, about: half the difference of the halves'
    /// fits is an unbiased guess of what the whole fit errs by. Infinite where a half does not
    /// determine its fit.
    pub fn relative_standard_error(&self, fit: impl Fn(&Sums) -> (Vec<f64>, bool)) -> f64 {
        let [(first, is_first), (second, is_second)] = [0, 1].map(|half| fit(&self.0[half]));
        if !is_first || !is_second {
            return f64::INFINITY;
        }
        let mut difference = first;
        add_scaled(&mut difference, &second, -1.0);
        let whole = fit(&self.whole()).0;
        0.5 * (dot(&difference, &difference) / dot(&whole, &whole)).sqrt()
    }
}

/// `to` += `scale` · `from`, as far as `to` goes.
fn add_scaled(to: &mut [f64], from: &[f64], scale: f64) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += scale * from;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn product(matrix: &Triangle, x: &[f64]) -> Vec<f64> {
    let mut result: Vec<f64> = matrix.iter().map(|row| dot(row, x)).collect();
    for (i, row) in matrix.iter().enumerate() {
        add_scaled(&mut result[..i], row, x[i]);
    }
    result
}

fn lift(matrix: &mut Triangle, by: f64) {
    for (i, row) in matrix.iter_mut().enumerate() {
        row[i] += by;
    }
}

/// L with A = L Lᵀ, and whether A is positive definite; where it is not, L is of A lifted a little
/// on its diagonal, so that solutions are the smallest ones to about eight digits.
fn factor_or_lift(matrix: Triangle) -> (Triangle, bool) {
    if let Some(factor) = factor(&matrix, LEAST_PIVOT) {
        return (factor, true);
    }
    let trace: f64 = matrix.iter().filter_map(|row| row.last()).sum();
    let by = if trace > 0.0 { LIFT * trace / matrix.len() as f64 } else { 1.0 };
    let mut lifted = matrix;
    lift(&mut lifted, by);
    (factor(&lifted, 0.0).expect("a sum of squares, lifted, is positive definite"), false)
}

/// Cholesky's factor; `None` where a pivot is not above a share of its diagonal entry, as when the
/// matrix is not positive definite.
fn factor(matrix: &Triangle, least: f64) -> Option<Triangle> {
    let mut factor: Triangle = Vec::with_capacity(matrix.len());
    for (i, row) in matrix.iter().enumerate() {
        let mut new = Vec::with_capacity(i + 1);
        for (j, before) in factor.iter().enumerate() {
            new.push((row[j] - dot(&new, before)) / before[j]);
        }
        let pivot = row[i] - dot(&new, &new);
        if pivot <= least * row[i] {
            return None;
        }
        new.push(pivot.sqrt());
        factor.push(new);
    }
    Some(factor)
}

/// The solution of L Lᵀ x = `right`.
fn solve(factor: &Triangle, right: &[f64]) -> Vec<f64> {
    let mut x = right.to_vec();
    for (i, row) in factor.iter().enumerate() {
        x[i] = (x[i] - dot(&row[..i], &x)) / row[i];
    }
    for (i, row) in factor.iter().enumerate().rev() {
        let value = x[i] / row[i];
        x[i] = value;
        add_scaled(&mut x[..i], row, -value);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    /// Values without a pattern in (−1, 1).
    fn values(count: usize, seed: f64) -> Vec<f64> {
        (0..count)
            .map(|i| ((i as f64 * 12.9898 + seed * 78.233).sin() * 43_758.5).fract())
            .collect()
    }

    fn close(a: &[f64], b: &[f64], limit: f64) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < limit)
    }

    #[test]
    fn a_line_is_found_exactly_and_all_of_it_explained() {
        let truth = [2.0, -1.0, 0.5];
        let mut sums = Sums::new(3);
        for i in 0..20 {
            let x = values(3, f64::from(i));
            sums.add(&x, 4.0 + dot(&x, &truth), 0.5 + f64::from(i % 3));
        }
        let fit = sums.ridge(0.0);
        assert!(close(&fit.coefficients, &truth, 1e-12) && (fit.intercept - 4.0).abs() < 1e-12);
        assert!((fit.r_squared - 1.0).abs() < 1e-12 && fit.is_determined);
    }

    #[test]
    fn one_unknown_is_the_textbook_quotient() {
        let samples = [(0.0, 1.0, 1.0), (1.0, 2.0, 2.0), (3.0, 2.5, 0.5), (4.0, 7.0, 1.5)];
        let mut sums = Sums::new(1);
        for (x, y, w) in samples {
            sums.add(&[x], y, w);
        }
        let mean = |value: fn(&(f64, f64, f64)) -> f64| {
            samples.iter().map(|s| s.2 * value(s)).sum::<f64>() / 5.0
        };
        let (x, y) = (mean(|s| s.0), mean(|s| s.1));
        let covariance = mean(|s| s.0 * s.1) - x * y;
        let variance = mean(|s| s.0 * s.0) - x * x;
        let slope = 5.0 * covariance / (5.0 * variance + 1.0);
        let fit = sums.ridge(1.0);
        assert!(close(&fit.coefficients, &[slope], 1e-12));
        assert!((fit.intercept - (y - slope * x)).abs() < 1e-12);
        let residual = samples.iter().map(|(x, y, w)| w * (y - fit.intercept - slope * x).powi(2));
        let spread = 5.0 * (mean(|s| s.1 * s.1) - y * y);
        assert!((fit.r_squared - (1.0 - residual.sum::<f64>() / spread)).abs() < 1e-12);
    }

    #[test]
    fn the_ridge_leaves_no_gradient() {
        let (mut sums, mut samples) = (Sums::new(4), vec![]);
        for i in 0..30 {
            let (x, y, weight) =
                (values(4, f64::from(i)), f64::from(i % 7), 1.0 + f64::from(i % 2));
            sums.add(&x, y, weight);
            samples.push((x, y, weight));
        }
        let fit = sums.ridge(0.3);
        for unknown in 0..4 {
            let slope = samples.iter().map(|(x, y, weight)| {
                weight * x[unknown] * (fit.intercept + dot(x, &fit.coefficients) - y)
            });
            let gradient = slope.sum::<f64>() + 0.3 * fit.coefficients[unknown];
            assert!(gradient.abs() < 1e-10, "{gradient:e}");
        }
    }

    #[test]
    fn parts_add_up_to_the_whole_and_scales_are_weights() {
        let (mut whole, mut first, mut second) = (Sums::new(2), Sums::new(2), Sums::new(2));
        for i in 0..8 {
            let (x, y) = (values(2, f64::from(i)), f64::from(i));
            let part = if i < 3 { &mut first } else { &mut second };
            part.add(&x, y, 1.0);
            whole.add(&x, y, if i < 3 { 1.0 } else { 2.5 });
        }
        let joined = first.with(&second, 2.5).ridge(0.1);
        assert!(close(&joined.coefficients, &whole.ridge(0.1).coefficients, 1e-12));
        assert!((whole.weight() - 15.5).abs() < 1e-12);
    }

    #[test]
    fn a_total_is_kept_at_the_least_cost() {
        // β on the line β₀ + β₁ = 1 nearest to (2, 1), the second direction four times as dear.
        let mut sums = Sums::new(2);
        sums.add(&[1.0, 0.0], 2.0, 1.0);
        sums.add(&[0.0, 1.0], 1.0, 4.0);
        let (coefficients, is_determined) = sums.with_total(1.0);
        assert!(is_determined && close(&coefficients, &[0.4, 0.6], 1e-12));
    }

    #[test]
    fn singular_systems_get_the_smallest_solution() {
        let mut sums = Sums::new(3);
        sums.add(&[1.0, 1.0, 0.0], 3.0, 1.0);
        sums.add(&[0.0, 0.0, 0.0], 1.0, 1.0);
        let fit = sums.ridge(0.0);
        assert!(!fit.is_determined);
        assert!(close(&fit.coefficients, &[1.0, 1.0, 0.0], 1e-6), "{:?}", fit.coefficients);
        assert!(sums.ridge(1.0).is_determined, "a ridge is never singular");
        let (shares, is_determined) = Sums::new(4).with_total(2.0);
        assert!(!is_determined && close(&shares, &[0.5; 4], 1e-12), "nothing known: equal shares");
    }

    #[test]
    fn halves_tell_the_error_of_the_whole() {
        let mut generator = ChaCha8Rng::seed_from_u64(5);
        let mut draw = || generator.random_range(-1.0..1.0);
        let truth: Vec<f64> = (0..20).map(|_| draw()).collect();
        let mut halves = Halves::new(20);
        for place in 0..2000 {
            let x: Vec<f64> = (0..20).map(|_| draw()).collect();
            halves.add(place, &x, dot(&x, &truth) + 3.0 * draw(), 1.0);
        }
        let fit = halves.whole().ridge(0.0).coefficients;
        let error = fit.iter().zip(&truth).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        let error = (error / dot(&truth, &truth)).sqrt();
        let told = halves.relative_standard_error(|sums| {
            let fit = sums.ridge(0.0);
            (fit.coefficients, fit.is_determined)
        });
        assert!((0.6..1.6).contains(&(told / error)), "{told} for {error}");
        let unsure = Halves::new(3).relative_standard_error(|sums| sums.with_total(1.0));
        assert_eq!(unsure, f64::INFINITY);
    }

    #[test]
    fn no_samples_explain_nothing_and_break_nothing() {
        let fit = Sums::new(2).ridge(1.0);
        assert_eq!((fit.coefficients, fit.intercept), (vec![0.0, 0.0], 0.0));
    }
}
