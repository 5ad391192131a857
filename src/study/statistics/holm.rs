//! Holm's correction for several tests (Holm 1979, A simple sequentially rejective multiple test
//! procedure).

/// Adjusted p values in the order of `p`: the chance that any of these tests is a false alarm
/// stays below a level, if those at or below the level are taken as significant.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![1.0; p.len()];
    let mut largest = 0.0f64;
    for (rank, index) in order.into_iter().enumerate() {
        largest = largest.max(p[index] * (p.len() - rank) as f64).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}
