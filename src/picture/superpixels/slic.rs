//! SLIC: k-means over colours and positions, each centre within its own neighbourhood.

use super::{Colour, blurred, in_reading_order, rgb, squared_distance, to_lab};
use ndarray::{Array2, Array3};

/// Rounds of k-means.
const ROUNDS: usize = 10;
/// Connected parts below this share of the usual size join a neighbour.
const LEAST_SHARE: f64 = 0.5;
/// Connected parts are cut at this many times the usual size.
const LARGEST_SHARE: f64 = 3.0;

/// Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk 2012, SLIC Superpixels Compared to
/// State-of-the-Art Superpixel Methods, in L*a*b* of pixels stretched to [0,1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slic {
    /// Requested number of segments, approximate.
    pub segments: usize,
    /// Weight of positions against colours.
    pub compactness: f64,
    /// Deviation of the blur before, in pixels.
    pub sigma: f64,
    /// Whether segments are made connected.
    pub is_connected: bool,
}

impl Default for Slic {
    fn default() -> Self {
        Self { segments: 100, compactness: 10.0, sigma: 0.0, is_connected: true }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Centre {
    y: f64,
    x: f64,
    colour: Colour,
}

impl Slic {
    /// Labels of a picture.
    pub fn segment(&self, pixels: &Array3<f32>) -> Array2<usize> {
        let image = blurred(stretched(rgb(pixels)).mapv(to_lab), self.sigma);
        let colour_weight = 1.0 / self.compactness;
        let image = image.mapv(|colour| colour.map(|v| v * colour_weight));
        let (height, width) = image.dim();
        let steps = steps_between([height, width], self.segments);
        let mut centres = grid([height, width], steps);
        let largest = steps[0].max(steps[1]).round_ties_even();
        let place_weight = 1.0 / (largest * largest);
        // scikit-image takes the steps again for the centres that there are.
        let reach =
            steps_between([height, width], centres.len()).map(|s| 2.0 * s.round_ties_even());
        let usual_size = image.len() as f64 / centres.len() as f64;
        let mut labels = Array2::zeros(image.dim());
        for _ in 0..ROUNDS {
            assign(&image, &centres, reach, place_weight, &mut labels);
            centres = means(&image, &labels, centres.len());
        }
        if self.is_connected {
            let [least, largest] = [LEAST_SHARE, LARGEST_SHARE].map(|s| (s * usual_size) as usize);
            labels = connected(&labels, least, largest);
        }
        in_reading_order(labels)
    }
}

/// The lowest value at 0 and the highest at 1.
fn stretched(image: Array2<Colour>) -> Array2<Colour> {
    let low = image.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    let high = image.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = if high > low { high - low } else { 1.0 };
    image.mapv_into(|colour| colour.map(|value| (value - low) / range))
}

/// How far apart the first centres lie on each axis, in pixels: alike, unless a side is too short.
fn steps_between([height, width]: [usize; 2], segments: usize) -> [f64; 2] {
    let (rows, columns) = (height as f64, width as f64);
    let share = rows * columns / segments as f64;
    let step = share.sqrt();
    match (share <= 1.0, rows < step, columns < step) {
        (true, _, _) => [1.0, 1.0],
        (_, true, _) => [rows, columns / segments as f64],
        (_, _, true) => [rows / segments as f64, columns],
        _ => [step, step],
    }
}

/// The first centres, on a grid; their colours are all alike, so that positions alone decide at
/// first.
fn grid(size: [usize; 2], steps: [f64; 2]) -> Vec<Option<Centre>> {
    let [ys, xs] = [0, 1].map(|axis| {
        let (start, step) = ((steps[axis] / 2.0) as usize, steps[axis].round_ties_even() as usize);
        (start..size[axis]).step_by(step)
    });
    let row = |y: usize| xs.clone().map(move |x| (y, x));
    let centre = |(y, x)| Some(Centre { y: y as f64, x: x as f64, colour: [0.0; 3] });
    ys.flat_map(row).map(centre).collect()
}

/// Gives every pixel the label of its nearest centre among those whose window it lies in, which
/// reaches `reach` pixels up, down, left and right.
fn assign(
    image: &Array2<Colour>,
    centres: &[Option<Centre>],
    reach: [f64; 2],
    place_weight: f64,
    labels: &mut Array2<usize>,
) {
    let (height, width) = image.dim();
    let mut nearest = Array2::from_elem(image.dim(), f64::INFINITY);
    let window = |place: f64, reach: f64, size: usize| {
        (place - reach).max(0.0) as usize..(place + reach + 1.0).min(size as f64) as usize
    };
    for (label, centre) in centres.iter().enumerate() {
        let Some(centre) = centre else { continue };
        for y in window(centre.y, reach[0], height) {
            for x in window(centre.x, reach[1], width) {
                let (down, right) = (centre.y - y as f64, centre.x - x as f64);
                let distance = (down * down + right * right) * place_weight
                    + squared_distance(image[(y, x)], centre.colour);
                if distance < nearest[(y, x)] {
                    nearest[(y, x)] = distance;
                    labels[(y, x)] = label;
                }
            }
        }
    }
}

/// The mean position and colour of every label's pixels; none where a label has no pixels left.
fn means(image: &Array2<Colour>, labels: &Array2<usize>, count: usize) -> Vec<Option<Centre>> {
    let mut sums = vec![(0.0, Centre::default()); count];
    for ((y, x), label) in labels.indexed_iter() {
        let (pixels, sum) = &mut sums[*label];
        *pixels += 1.0;
        sum.y += y as f64;
        sum.x += x as f64;
        for (sum, value) in sum.colour.iter_mut().zip(image[(y, x)]) {
            *sum += value;
        }
    }
    let mean = |(pixels, sum): (f64, Centre)| Centre {
        y: sum.y / pixels,
        x: sum.x / pixels,
        colour: sum.colour.map(|value| value / pixels),
    };
    sums.into_iter().map(|sum| (sum.0 > 0.0).then(|| mean(sum))).collect()
}

/// Labels whose parts (by their four neighbours) are labels of their own: parts of fewer than
/// `least` pixels join a part met before, parts end at `largest` pixels.
fn connected(labels: &Array2<usize>, least: usize, largest: usize) -> Array2<usize> {
    let (height, width) = labels.dim();
    let mut found: Array2<Option<usize>> = Array2::from_elem(labels.dim(), None);
    let mut next = 0;
    for (start, label) in labels.indexed_iter() {
        if found[start].is_some() {
            continue;
        }
        found[start] = Some(next);
        let (mut part, mut visited, mut adjacent) = (vec![start], 0, next);
        while visited < part.len() && part.len() < largest {
            let (y, x) = part[visited];
            for (down, right) in [(0, 1), (0, -1), (1, 0), (-1, 0)] {
                let place = (y.wrapping_add_signed(down), x.wrapping_add_signed(right));
                if place.0 >= height || place.1 >= width {
                    continue;
                }
                match found[place] {
                    None if labels[place] == *label => {
                        found[place] = Some(next);
                        part.push(place);
                        if part.len() >= largest {
                            break;
                        }
                    }
                    Some(other) if other != next => adjacent = other,
                    _ => {}
                }
            }
            visited += 1;
        }
        if part.len() < least {
            for place in &part {
                found[*place] = Some(adjacent);
            }
        } else {
            next += 1;
        }
    }
    found.mapv(|label| label.expect("every pixel was visited"))
}
