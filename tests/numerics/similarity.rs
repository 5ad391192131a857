//! Similarities between maps against SciPy and scikit-image, and what must hold for all of them.

use hyaline::parameter::Values;
use hyaline::score::{self, Measure, Measured, SCORES};
use ndarray::Array3;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use safetensors::SafeTensors;
use std::path::Path;

type Compare = fn(&Array3<f32>, &Array3<f32>, &Values) -> Measured;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numerics/similarity")
}

/// An array of tests/numerics/similarity/reference.safetensors; lists are 1×1×n.
fn array(name: &str) -> Array3<f32> {
    let bytes = std::fs::read(folder().join("reference.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let view = file.tensor(name).unwrap();
    let data = view.data().chunks_exact(4);
    let values = data.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    let mut shape = vec![1; 3 - view.shape().len()];
    shape.extend(view.shape());
    Array3::from_shape_vec([shape[0], shape[1], shape[2]], values).unwrap()
}

/// The reference of one pair of maps.
fn number(pair: &str, name: &str) -> f64 {
    let text = std::fs::read_to_string(folder().join("reference.json")).unwrap();
    let numbers: serde_json::Value = serde_json::from_str(&text).unwrap();
    numbers[pair][name].as_f64().unwrap()
}

fn pair(name: &str) -> [Array3<f32>; 2] {
    ["a", "b"].map(|map| array(&format!("{name}_{map}")))
}

fn close(found: Measured, expected: f64, tolerance: f64, what: &str) {
    let found = found.value().unwrap_or_else(|| panic!("{what}: {}", found.reason().unwrap()));
    let allowed = tolerance * expected.abs().max(1e-3);
    assert!((found - expected).abs() <= allowed, "{what}: {found} for {expected}");
}

/// Every similarity of the registry with its default parameters.
fn similarities() -> Vec<(&'static str, Compare, Values)> {
    let of = |score: &&'static score::Description| match score.measure {
        Measure::TwoMaps(compare) => Some((score.id, compare, Values::defaults(score.parameters))),
        _ => None,
    };
    SCORES.iter().filter_map(of).collect()
}

fn drawn(seed: u64, shape: (usize, usize, usize)) -> Array3<f32> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    Array3::from_shape_simple_fn(shape, || generator.random::<f32>() - 0.4)
}

/// Similarities of the registry with their default parameters, by the names of their references.
pub const REFERENCES: &[(&str, &str, f64)] = &[
    ("pearson", "pearson", 1e-9),
    ("spearman", "spearman", 1e-9),
    ("spearman-absolute", "spearman_absolute", 1e-9),
    ("kendall", "kendall", 1e-9),
    ("cosine", "cosine", 1e-9),
    ("l2", "l2", 1e-9),
    ("top-intersection", "top", 1e-12),
    ("ssim", "ssim_own", 1e-9),
    ("hog", "hog_16", 1e-5),
];

#[test]
fn similarities_of_the_registry_are_those_of_scipy_and_scikit_image() {
    for name in ["grey", "colour"] {
        let [a, b] = pair(name);
        for &(id, reference, tolerance) in REFERENCES {
            let (_, compare, values) = similarities().into_iter().find(|s| s.0 == id).unwrap();
            let found = compare(&a, &b, &values);
            close(found, number(name, reference), tolerance, &format!("{id} of {name}"));
        }
    }
}

#[test]
fn correlations_and_distances_are_those_of_scipy() {
    for name in ["grey", "colour", "tied"] {
        let [a, b] = pair(name);
        for (measure, found) in [
            ("pearson", score::pearson(&a, &b)),
            ("spearman", score::spearman(&a, &b)),
            ("spearman_absolute", score::spearman_absolute(&a, &b)),
            ("kendall", score::kendall(&a, &b)),
            ("cosine", score::cosine(&a, &b)),
            ("l2", score::euclidean(&a, &b)),
        ] {
            close(found, number(name, measure), 1e-9, &format!("{measure} of {name}"));
        }
    }
}

#[test]
fn the_overlap_of_the_top_is_that_of_sorted_places() {
    for name in ["grey", "colour"] {
        let [a, b] = pair(name);
        close(score::top_intersection(&a, &b, 0.1), number(name, "top"), 1e-12, name);
    }
}

#[test]
fn ssim_is_that_of_scikit_image() {
    for name in ["grey", "colour", "tied"] {
        let [a, b] = pair(name);
        let joint = score::ssim_of_joint_range(&a, &b);
        close(joint, number(name, "ssim_joint"), 1e-9, name);
        let values = || a.iter().chain(&b).map(|value| f64::from(*value));
        let range = values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min);
        assert_eq!(score::ssim(&a, &b, range), joint);
        close(score::ssim_of_own_scale(&a, &b), number(name, "ssim_own"), 1e-9, name);
    }
}

#[test]
fn hog_is_that_of_scikit_image() {
    for name in ["grey", "colour"] {
        let [a, b] = pair(name);
        for cell in [8, 16] {
            let expected = number(name, &format!("hog_{cell}"));
            close(score::hog_pearson(&a, &b, cell), expected, 1e-5, name);
        }
        let largest = a.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let found = score::hog(&(&a / largest), 16);
        let expected = array(&format!("{name}_hog"));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - f64::from(*expected)).abs() < 1e-6, "{name}: {found} {expected}");
        }
    }
}

#[test]
fn a_map_is_like_itself_and_nothing_is_more_like_it() {
    let [a, b] = [1, 2].map(|seed| drawn(seed, (3, 50, 52)));
    for (id, compare, values) in similarities() {
        let [same, other] = [&a, &b].map(|map| compare(&a, map, &values).value().unwrap());
        match id {
            "l2" => assert!(same == 0.0 && other > 1.0, "{id}"),
            _ => assert!((same - 1.0).abs() < 1e-9 && other < 0.9, "{id}: {same} {other}"),
        }
        assert_eq!(compare(&a, &b, &values), compare(&b, &a, &values), "{id}");
    }
}

#[test]
fn an_inverted_map_is_the_opposite() {
    let map = drawn(3, (1, 50, 52));
    let inverted = map.mapv(|value| -value);
    for (id, compare, values) in similarities() {
        let found = compare(&map, &inverted, &values).value().unwrap();
        match id {
            "spearman" | "pearson" | "kendall" | "cosine" => assert!((found + 1.0).abs() < 1e-9),
            // Gradients turn by 180°, which HOG does not see.
            "spearman-absolute" | "hog" => assert!((found - 1.0).abs() < 1e-9),
            // Where means are opposite too, luminance and structure both turn.
            "ssim" => {
                let light = map.mapv(|value| value + 0.4);
                let dark = light.mapv(|value| 1.0 - value);
                assert!(compare(&light, &dark, &values).value().unwrap() < -0.5);
            }
            "top-intersection" => assert_eq!(found, 0.0),
            "l2" => assert!(found > 1.0),
            other => panic!("what is the inverse to {other}?"),
        }
    }
}

#[test]
fn the_scale_of_maps_counts_only_for_distances() {
    let [a, b] = [4, 5].map(|seed| drawn(seed, (1, 50, 52)));
    let small = b.mapv(|value| value * 1e-12);
    for (id, compare, values) in similarities() {
        let [found, of_small] = [&b, &small].map(|b| compare(&a, b, &values).value().unwrap());
        let differs = (found - of_small).abs() > 1e-5;
        assert_eq!(differs, id == "l2", "{id}: {found} {of_small}");
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    let map = drawn(6, (1, 50, 52));
    let constant = Array3::from_elem(map.dim(), 2.0);
    let broken = [f32::NAN, f32::INFINITY].map(|value| {
        let mut broken = map.clone();
        broken[[0, 3, 4]] = value;
        broken
    });
    let empty = Array3::<f32>::zeros((1, 0, 52));
    for (id, compare, values) in similarities() {
        let undefined =
            |a: &Array3<f32>, b: &Array3<f32>| compare(a, b, &values).reason().is_some();
        assert!(broken.iter().all(|broken| undefined(&map, broken)), "{id}");
        assert!(undefined(&map, &empty) && undefined(&empty, &empty), "{id}");
        assert!(undefined(&map, &drawn(6, (1, 52, 50))), "{id}");
        assert!(undefined(&map, &drawn(6, (2, 50, 52))), "{id}");
        // A constant has a direction and a structure, but no order.
        let has_none = !["cosine", "l2", "ssim"].contains(&id);
        assert_eq!(undefined(&map, &constant), has_none, "{id}");
        let zero = Array3::zeros(map.dim());
        assert_eq!(undefined(&map, &zero), id != "l2", "{id}");
    }
}

#[test]
fn maps_too_small_for_a_window_say_so() {
    let [a, b] = [7, 8].map(|seed| drawn(seed, (1, 10, 47)));
    assert!(score::ssim_of_own_scale(&a, &b).reason().unwrap().contains("window"));
    assert!(score::hog_pearson(&a, &b, 16).reason().unwrap().contains("cells"));
    assert!(score::hog_pearson(&a, &b, 0).reason().is_some());
    assert!(score::hog(&a, 0).is_empty() && score::hog(&a, 16).is_empty());
    assert!(score::hog_pearson(&a, &b, 3).value().is_some());
    for share in [0.0, -1.0, 1.5, f32::NAN] {
        assert!(score::top_intersection(&a, &b, share).reason().is_some());
    }
    for range in [0.0, -1.0, f64::NAN] {
        let [a, b] = [7, 8].map(|seed| drawn(seed, (1, 20, 20)));
        assert!(score::ssim(&a, &b, range).reason().is_some());
    }
    for (id, compare, values) in similarities() {
        let one = Array3::ones((1, 1, 1));
        let found = compare(&one, &one, &values);
        assert_eq!(found.value().is_some(), ["cosine", "l2"].contains(&id), "{id}");
    }
}

#[test]
fn ties_at_the_threshold_all_count() {
    let mut a = Array3::<f32>::zeros((1, 4, 5));
    a[[0, 0, 0]] = 2.0;
    let mut b = a.clone();
    (a[[0, 1, 1]], a[[0, 1, 2]]) = (1.0, 1.0);
    b[[0, 1, 2]] = 1.0;
    // The two largest of 20: of the first map three places qualify.
    assert_eq!(score::top_intersection(&a, &b, 0.1), Measured::Value(2.0 / 3.0));
}
