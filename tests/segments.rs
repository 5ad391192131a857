//! Superpixels, and the attribution methods that stand on them.

mod support;

use hyaline::picture::superpixels::{Felzenszwalb, Quickshift, Slic, count};
use ndarray::{Array2, Array3, arr2};
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::path::Path;

const PICTURES: [&str; 3] = ["astronaut", "waves", "ring"];

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/segments").join(name)).unwrap()
}

/// The small pictures and scikit-image's segmentations of them.
struct Reference(Vec<u8>);

impl Reference {
    fn read() -> Self {
        Self(fixture("superpixels.safetensors"))
    }

    /// C×H×W in [0,1].
    fn picture(&self, name: &str) -> Array3<f32> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(&format!("picture.{name}")).unwrap();
        let [channels, height, width] = view.shape().try_into().unwrap();
        let values = view.data().iter().map(|level| f32::from(*level) / 255.0).collect();
        Array3::from_shape_vec((channels, height, width), values).unwrap()
    }

    fn labels(&self, name: &str) -> Array2<usize> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).unwrap();
        let [height, width] = view.shape().try_into().unwrap();
        let values = view.data().iter().map(|label| usize::from(*label)).collect();
        Array2::from_shape_vec((height, width), values).unwrap()
    }
}

/// Every setting that there is a reference of, by its name there.
fn settings() -> Vec<(&'static str, Box<dyn Fn(&Array3<f32>) -> Array2<usize>>)> {
    let slic = Slic::default();
    let compact = Slic { segments: 50, compactness: 30.0, sigma: 3.0, ..slic };
    let loose = Slic { segments: 30, compactness: 2.0, sigma: 1.0, is_connected: false };
    let quickshift = Quickshift::default();
    let lime = Quickshift { ratio: 0.2, kernel_size: 4.0, max_distance: 200.0 };
    let felzenszwalb = Felzenszwalb::default();
    let coarse = Felzenszwalb { scale: 100.0, sigma: 0.5, min_size: 50 };
    vec![
        ("slic.default", Box::new(move |pixels| slic.segment(pixels))),
        ("slic.compact", Box::new(move |pixels| compact.segment(pixels))),
        ("slic.loose", Box::new(move |pixels| loose.segment(pixels))),
        ("quickshift_ordered.default", Box::new(move |pixels| quickshift.segment(pixels))),
        ("quickshift_ordered.lime", Box::new(move |pixels| lime.segment(pixels))),
        ("felzenszwalb.default", Box::new(move |pixels| felzenszwalb.segment(pixels))),
        ("felzenszwalb.coarse", Box::new(move |pixels| coarse.segment(pixels))),
    ]
}

/// Numbers the labels in reading order.
fn renumbered(labels: &Array2<usize>) -> Array2<usize> {
    let mut numbers = HashMap::new();
    labels.mapv(|label| {
        let next = numbers.len();
        *numbers.entry(label).or_insert(next)
    })
}

/// The adjusted Rand index: 1 for the same segments, about 0 for unrelated ones.
fn adjusted_rand_index(a: &Array2<usize>, b: &Array2<usize>) -> f64 {
    let pairs = |counts: HashMap<(usize, usize), f64>| -> f64 {
        counts.values().map(|n| n * (n - 1.0) / 2.0).sum()
    };
    let counted = |key: fn(usize, usize) -> (usize, usize)| {
        let mut counts = HashMap::new();
        a.iter().zip(b).for_each(|(a, b)| *counts.entry(key(*a, *b)).or_insert(0.0) += 1.0);
        pairs(counts)
    };
    let (both, first, second) =
        (counted(|a, b| (a, b)), counted(|a, _| (a, 0)), counted(|_, b| (0, b)));
    let n = a.len() as f64;
    let expected = first * second / (n * (n - 1.0) / 2.0);
    if first + second == 2.0 * expected {
        return 1.0;
    }
    (both - expected) / (0.5 * (first + second) - expected)
}

/// Whether the pixels of every label hang together by their four neighbours, or by all eight.
fn is_connected(labels: &Array2<usize>, by_corners: bool) -> bool {
    let (height, width) = labels.dim();
    let mut seen = Array2::from_elem(labels.dim(), false);
    let mut parts = 0;
    for (start, label) in labels.indexed_iter() {
        if seen[start] {
            continue;
        }
        parts += 1;
        seen[start] = true;
        let mut stack = vec![start];
        while let Some((y, x)) = stack.pop() {
            for (down, right) in (-1..=1).flat_map(|d| (-1..=1).map(move |r| (d, r))) {
                let next = (y.wrapping_add_signed(down), x.wrapping_add_signed(right));
                let is_near = by_corners || down == 0 || right == 0;
                if is_near
                    && next.0 < height
                    && next.1 < width
                    && labels[next] == *label
                    && !seen[next]
                {
                    seen[next] = true;
                    stack.push(next);
                }
            }
        }
    }
    parts == count(labels)
}

#[test]
fn the_agreement_that_is_measured_tells_segmentations_apart() {
    let a = arr2(&[[0, 0, 1, 1], [0, 0, 1, 1]]);
    assert_eq!(adjusted_rand_index(&a, &renumbered(&a.mapv(|l| 5 - l))), 1.0);
    assert!(adjusted_rand_index(&a, &arr2(&[[0, 1, 0, 1], [0, 1, 0, 1]])) < 0.0);
    assert!(is_connected(&a, false));
    assert!(!is_connected(&arr2(&[[0, 1], [1, 0]]), false));
    assert!(is_connected(&arr2(&[[0, 1], [1, 0]]), true));
}

#[test]
fn superpixels_are_those_of_scikit_image() {
    let reference = Reference::read();
    for picture in PICTURES {
        let pixels = reference.picture(picture);
        for (name, segment) in settings() {
            let expected = reference.labels(&format!("{picture}.{name}"));
            let found = segment(&pixels);
            let agreement = adjusted_rand_index(&found, &expected);
            println!("{picture}.{name}: {agreement:.4}");
            assert_eq!(found, renumbered(&expected), "{picture}.{name}: agreement {agreement:.4}");
        }
    }
}

#[test]
fn quickshift_without_noise_agrees_with_quickshift_under_noise() {
    let reference = Reference::read();
    // The ring is left out: noise cuts its plain background at random.
    for picture in ["astronaut", "waves"] {
        let pixels = reference.picture(picture);
        let default = Quickshift::default();
        let lime = Quickshift { ratio: 0.2, kernel_size: 4.0, max_distance: 200.0 };
        for (settings, name) in [(default, "default"), (lime, "lime")] {
            let expected = reference.labels(&format!("{picture}.quickshift.{name}"));
            let agreement = adjusted_rand_index(&settings.segment(&pixels), &expected);
            println!("{picture}.quickshift.{name}: {agreement:.4}");
            assert!(agreement >= 0.98, "{picture}.{name}: {agreement:.4}");
        }
    }
}

#[test]
fn labels_have_no_gaps_and_hang_together() {
    let reference = Reference::read();
    let mut pictures: Vec<_> = PICTURES.iter().map(|name| reference.picture(name)).collect();
    pictures.push(Array3::from_elem((3, 17, 40), 0.5));
    pictures.push(Array3::from_shape_fn((1, 9, 70), |(_, y, x)| ((x * y) % 7) as f32 / 6.0));
    for (index, pixels) in pictures.iter().enumerate() {
        for (name, segment) in settings() {
            let labels = segment(pixels);
            assert_eq!(labels, renumbered(&labels), "picture {index}, {name}: numbers");
            assert_eq!(labels, segment(pixels), "picture {index}, {name}: repeated");
            let hangs_together = match name {
                "slic.default" | "slic.compact" => is_connected(&labels, false),
                "felzenszwalb.default" | "felzenszwalb.coarse" => is_connected(&labels, true),
                _ => true,
            };
            assert!(hangs_together, "picture {index}, {name}");
        }
    }
}

#[test]
fn a_plain_picture_is_one_segment_unless_asked_for_more() {
    let plain = Array3::from_elem((3, 30, 44), 0.3);
    assert_eq!(count(&Quickshift::default().segment(&plain)), 1);
    assert_eq!(count(&Felzenszwalb::default().segment(&plain)), 1);
    let squares = Slic { segments: 12, ..Slic::default() }.segment(&plain);
    assert_eq!(count(&squares), 12);
    let size = |label| squares.iter().filter(|other| **other == label).count();
    assert!((0..12).all(|label| (70..150).contains(&size(label))), "about 110 px each");
}
