//! Ranks with ties.

/// Ranks from 1 on, equal values sharing the mean of theirs, and Σ(t³ − t) over groups of t equal
/// values, by which tests correct variances.
pub fn average_ranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut ties = 0.0;
    let mut before = 0;
    for group in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let size = group.len();
        for &index in group {
            ranks[index] = before as f64 + (size + 1) as f64 / 2.0;
        }
        before += size;
        ties += (size as f64).powi(3) - size as f64;
    }
    (ranks, ties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_ranks() {
        let (ranks, ties) = average_ranks(&[3.0, 1.0, 3.0, 0.0, 3.0]);
        assert_eq!((ranks, ties), (vec![4.0, 2.0, 4.0, 1.0, 4.0], 24.0));
        assert_eq!(average_ranks(&[0.0, -0.0]).0, [1.5, 1.5]);
        assert_eq!(average_ranks(&[]), (vec![], 0.0));
    }
}
