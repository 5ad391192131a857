//! Bringing a layer's map to the picture's size.

use ndarray::Array2;

/// Bilinear enlargement, half-pixel centres and clamped edges (PyTorch's `align_corners=False`).
pub fn bilinear(map: &Array2<f32>, [height, width]: [usize; 2]) -> Array2<f32> {
    if map.dim() == (height, width) {
        return map.clone();
    }
    let rows = axis(map.nrows(), height);
    let columns = axis(map.ncols(), width);
    Array2::from_shape_fn((height, width), |(y, x)| {
        let ((top, bottom, v), (left, right, u)) = (rows[y], columns[x]);
        let upper = map[[top, left]] * (1.0 - u) + map[[top, right]] * u;
        let lower = map[[bottom, left]] * (1.0 - u) + map[[bottom, right]] * u;
        upper * (1.0 - v) + lower * v
    })
}

/// For each place of the larger axis: the places before and after it in the smaller, and how far
/// it lies between them.
fn axis(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let scale = from as f32 / to as f32;
    let place = |i: usize| {
        let at = ((i as f32 + 0.5) * scale - 0.5).clamp(0.0, (from - 1) as f32);
        let before = at as usize;
        (before, (before + 1).min(from - 1), at - before as f32)
    };
    (0..to).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn doubling_a_row_mixes_quarters() {
        let doubled = bilinear(&arr2(&[[0.0, 4.0]]), [1, 4]);
        assert_eq!(doubled, arr2(&[[0.0, 1.0, 3.0, 4.0]]));
    }

    #[test]
    fn a_constant_stays_constant() {
        let enlarged = bilinear(&Array2::from_elem((3, 5), 2.5), [14, 9]);
        assert!(enlarged.iter().all(|value| (value - 2.5).abs() < 1e-6));
    }
}
