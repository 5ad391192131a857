//! Rules that replace an integral over [0,1] by a weighted sum over points.

/// (Place, weight) of the points of the rule with a name.
pub fn points(rule: &str, steps: usize) -> Vec<(f64, f64)> {
    match rule {
        "trapezoid" => trapezoid(steps),
        "left" => riemann(steps, 0.0),
        "middle" => riemann(steps, 0.5),
        "right" => riemann(steps, 1.0),
        _ => gauss_legendre(steps),
    }
}

/// Riemann's sum over equal parts, each taken at a place inside it.
fn riemann(n: usize, place: f64) -> Vec<(f64, f64)> {
    (0..n).map(|i| ((i as f64 + place) / n as f64, 1.0 / n as f64)).collect()
}

/// Nodes and weights of the Gauss–Legendre rule with `n` points on [0,1], by Newton's method on
/// the Legendre polynomial. Weights sum to 1.
pub fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let points = (0..n).map(|i| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    });
    points.collect()
}

/// The Legendre polynomial of degree `n` and its derivative at `x`, by its recurrence.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

fn trapezoid(n: usize) -> Vec<(f64, f64)> {
    if n == 1 {
        return vec![(0.5, 1.0)];
    }
    let gap = 1.0 / (n - 1) as f64;
    let end = |i| i == 0 || i == n - 1;
    (0..n).map(|i| (i as f64 * gap, if end(i) { gap / 2.0 } else { gap })).collect()
}

/// The same points in bit-reversed order, so that any first part of them is spread over the
/// whole path and a cancelled run is a fair estimate.
pub fn in_spread_order(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let bits = points.len().next_power_of_two().trailing_zeros();
    (0..1usize << bits)
        .map(|i| if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) })
        .filter_map(|i| points.get(i).copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauss_legendre_integrates_polynomials_exactly() {
        for n in [1, 2, 5, 50] {
            for power in 0..(2 * n as i32).min(20) {
                let sum: f64 = gauss_legendre(n).iter().map(|(x, w)| w * x.powi(power)).sum();
                let exact = 1.0 / f64::from(power + 1);
                assert!((sum - exact).abs() < 1e-13, "n {n}, power {power}: {sum} for {exact}");
            }
        }
    }

    #[test]
    fn the_trapezoid_rule_is_exact_for_straight_lines() {
        for n in [1, 2, 7] {
            let sum: f64 = trapezoid(n).iter().map(|(x, w)| w * (3.0 * x + 1.0)).sum();
            assert!((sum - 2.5).abs() < 1e-13);
        }
    }

    #[test]
    fn riemann_sums_have_the_errors_they_should() {
        let sum = |place| -> f64 { riemann(10, place).iter().map(|(x, w)| w * x).sum() };
        assert!((sum(0.0) - 0.45).abs() < 1e-12);
        assert!((sum(0.5) - 0.5).abs() < 1e-12);
        assert!((sum(1.0) - 0.55).abs() < 1e-12);
    }

    #[test]
    fn spreading_keeps_every_point() {
        for n in [1, 2, 3, 8, 50] {
            let mut spread = in_spread_order(trapezoid(n));
            spread.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert_eq!(spread, trapezoid(n));
        }
    }
}
