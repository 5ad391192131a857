//! Polygons, until the size of their picture is known.

use super::RunLengths;

/// Closed polygons (x, y, x, y, …) in the units of their annotation's frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    polygons: Vec<Vec<f64>>,
}

impl Outline {
    /// From polygons, each filled by the even–odd rule. Those that are none are left out.
    ///
    /// # Errors
    /// When none is left or they span no area.
    pub fn new(polygons: Vec<Vec<f64>>) -> Result<Self, String> {
        let first = polygons.first().map_or(0, Vec::len);
        let polygons: Vec<_> = polygons.into_iter().filter(|one| is_polygon(one)).collect();
        if polygons.is_empty() {
            return Err(format!(
                "a polygon of {first} numbers; it needs pairs of x and y, three or more"
            ));
        }
        if polygons.iter().flatten().any(|place| place.is_nan() || place.abs() > 1e9) {
            return Err("a polygon with invalid pixel coordinates".into());
        }
        match polygons.iter().any(|polygon| spans_area(polygon)) {
            true => Ok(Self { polygons }),
            false => Err("a polygon without area".into()),
        }
    }

    /// Its pixels in a picture of height and width whose sides count `unit` each: 1 for pixels, and
    /// the height and width themselves for shares.
    ///
    /// # Errors
    /// When it has too many edges.
    pub fn filled(&self, size: [usize; 2], unit: [f64; 2]) -> Result<RunLengths, String> {
        let [down, across] = unit;
        let scaled = |polygon: &Vec<f64>| -> Vec<f64> {
            let pairs = polygon.chunks_exact(2);
            pairs.flat_map(|pair| [pair[0] * across, pair[1] * down]).collect()
        };
        let polygons: Vec<_> = self.polygons.iter().map(scaled).collect();
        RunLengths::from_polygons(size, &polygons)
    }

    /// The corners of a box turned about its middle, as a polygon.
    pub(super) fn turned_box(centre: [f64; 2], size: [f64; 2], radians: f64) -> Vec<f64> {
        let ([x, y], [width, height]) = (centre, size);
        let (sine, cosine) = radians.sin_cos();
        [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]
            .into_iter()
            .flat_map(|[right, down]| {
                let (along, across) = (right * width / 2.0, down * height / 2.0);
                [x + along * cosine - across * sine, y + along * sine + across * cosine]
            })
            .collect()
    }
}

fn is_polygon(numbers: &[f64]) -> bool {
    numbers.len() >= 6 && numbers.len().is_multiple_of(2)
}

/// Whether the corners do not all lie on one line.
fn spans_area(polygon: &[f64]) -> bool {
    let away = |corner: &[f64]| [corner[0] - polygon[0], corner[1] - polygon[1]];
    let mut sides = polygon.chunks_exact(2).map(away).filter(|side| *side != [0.0; 2]);
    let Some([x, y]) = sides.next() else { return false };
    sides.any(|side| x * side[1] != y * side[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_become_pixels() {
        let triangle = Outline::new(vec![vec![0.25, 0.0, 0.75, 0.0, 0.25, 1.0]]).unwrap();
        let filled = triangle.filled([40, 80], [40.0, 80.0]).unwrap().to_array();
        let count = filled.iter().filter(|inside| **inside).count();
        assert!(count.abs_diff(800) < 40 && filled[[1, 21]] && !filled[[38, 40]], "{count}");
    }

    #[test]
    fn boxes_turn_about_their_middle() {
        let corners = Outline::turned_box([10.0, 20.0], [4.0, 2.0], std::f64::consts::FRAC_PI_2);
        let expected = [11.0, 18.0, 11.0, 22.0, 9.0, 22.0, 9.0, 18.0];
        assert!(corners.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{corners:?}");
    }

    #[test]
    fn what_spans_nothing_is_refused() {
        let why = |polygons: &[&[f64]]| {
            Outline::new(polygons.iter().map(|one| one.to_vec()).collect()).unwrap_err()
        };
        assert!(why(&[&[1.0, 2.0, 3.0]]).contains("polygon of 3 numbers"));
        assert!(why(&[]).contains("polygon of 0 numbers"));
        assert!(why(&[&[0.0, 0.0, 4.0, 4.0, 8.0, 8.0]]).contains("without area"));
        assert!(why(&[&[f64::NAN; 6]]).contains("invalid pixel coordinates"));
        let one = [0.0, 0.0, 4.0, 0.0, 4.0, 4.0].to_vec();
        assert!(Outline::new(vec![vec![1.0, 2.0], one]).is_ok());
    }
}
