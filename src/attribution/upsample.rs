//! Bringing maps and masks to the picture's size.

use crate::graph::op::{Matrix, Resample};
use burn::tensor::Device;
use ndarray::Array2;

/// Bilinear enlargement, half-pixel centres and clamped edges (PyTorch's `align_corners=False`).
pub fn bilinear(map: &Array2<f32>, [height, width]: [usize; 2]) -> Array2<f32> {
    if map.dim() == (height, width) {
        return map.clone();
    }
    let (rows, columns) = (map.nrows(), map.ncols());
    let places = |from, to| Corners::Clamped.places(from, to);
    interpolate(map, &places(rows, height), &places(columns, width))
}

/// Bilinear enlargement of N×C×h×w values from one size to another, on their device.
pub fn bilinear_of(
    from: [usize; 2],
    to: [usize; 2],
    corners: Corners,
    device: &Device,
) -> Resample {
    let matrix = |axis: usize| {
        let weights =
            |place: &Between| vec![(place.before, 1.0 - place.share), (place.after, place.share)];
        let places = corners.places(from[axis], to[axis]);
        Matrix::from_sums(from[axis], &places.iter().map(weights).collect::<Vec<_>>())
    };
    Resample::new("resize", matrix(0), matrix(1), device)
}

/// Where the outermost cells of a map lie in its enlargement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corners {
    /// Half a cell inside, with the border clamped (PyTorch's `align_corners=False`).
    Clamped,
    /// On the outermost pixels (`align_corners=True`).
    Aligned,
}

impl Corners {
    /// The place in `from` cells of each of `to` pixels.
    fn places(self, from: usize, to: usize) -> Vec<Between> {
        let place = |pixel: usize| match self {
            Corners::Clamped => (pixel as f32 + 0.5) * (from as f32 / to as f32) - 0.5,
            Corners::Aligned => pixel as f32 * ((from - 1) as f32 / (to - 1).max(1) as f32),
        };
        (0..to).map(|pixel| Between::new(place(pixel), from)).collect()
    }
}

/// Enlargement where every pixel takes the value of the cell that it lies in.
pub fn nearest_of(from: [usize; 2], to: [usize; 2], device: &Device) -> Resample {
    let side = |axis: usize| {
        let cell = |pixel: usize| pixel * from[axis] / to[axis];
        Matrix::from_choice(from[axis], (0..to[axis]).map(cell))
    };
    Resample::new("nearest", side(0), side(1), device)
}

/// A place between two cells of an axis.
pub struct Between {
    before: usize,
    after: usize,
    share: f32,
}

impl Between {
    /// A place in cells, clamped to the `count` there are.
    pub fn new(place: f32, count: usize) -> Self {
        let place = place.clamp(0.0, (count - 1) as f32);
        let before = place as usize;
        Self { before, after: (before + 1).min(count - 1), share: place - before as f32 }
    }
}

/// The map at every pair of a row's and a column's place.
pub fn interpolate(map: &Array2<f32>, rows: &[Between], columns: &[Between]) -> Array2<f32> {
    Array2::from_shape_fn((rows.len(), columns.len()), |(y, x)| {
        let (row, column) = (&rows[y], &columns[x]);
        let along = |row: usize| {
            map[[row, column.before]] * (1.0 - column.share)
                + map[[row, column.after]] * column.share
        };
        along(row.before) * (1.0 - row.share) + along(row.after) * row.share
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::read_back;
    use burn::tensor::{Tensor, TensorData};
    use ndarray::arr2;

    #[test]
    fn doubling_a_row_mixes_quarters() {
        let doubled = bilinear(&arr2(&[[0.0, 4.0]]), [1, 4]);
        assert_eq!(doubled, arr2(&[[0.0, 1.0, 3.0, 4.0]]));
    }

    #[test]
    fn operations_agree_with_the_host() {
        let device = Device::flex();
        let map = Array2::from_shape_fn((3, 4), |(y, x)| (y * 5 + x) as f32);
        let data = TensorData::new(map.iter().copied().collect(), [1, 1, 3, 4]);
        let tensor = Tensor::<4>::from_data(data, &device);
        let enlarged =
            read_back(bilinear_of([3, 4], [7, 9], Corners::Clamped, &device).apply(tensor.clone()))
                .unwrap();
        for (found, expected) in enlarged.iter().zip(bilinear(&map, [7, 9])) {
            assert!((found - expected).abs() < 1e-5);
        }
        let enlarged = read_back(nearest_of([3, 4], [6, 8], &device).apply(tensor)).unwrap();
        let expected = Array2::from_shape_fn((6, 8), |(y, x)| map[[y / 2, x / 2]]);
        assert_eq!(enlarged, expected.into_raw_vec_and_offset().0);
    }

    #[test]
    fn a_constant_stays_constant() {
        let enlarged = bilinear(&Array2::from_elem((3, 5), 2.5), [14, 9]);
        assert!(enlarged.iter().all(|value| (value - 2.5).abs() < 1e-6));
    }
}
