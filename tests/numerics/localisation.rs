//! Localisation scores: against TorchRay, Quantus, OpenCV and NumPy, and in cases that are known.

mod closed_forms;

use hyaline::parameter::Values;
use hyaline::picture::Placement;
use hyaline::picture::annotation::{
    Annotation, BoundingBox, Frame, Region, Regions, RunLengths, Shape,
};
use hyaline::random::RandomStream;
use hyaline::score::localisation::{
    BoxOverlaps, Contours, IOU_CRITERIA, Localisation, MaxBoxAccuracy, PointingAccuracy, Undefined,
    centre_map, contours,
};
use hyaline::score::{Description, Measure, OverPictures, SCORES};
use ndarray::{Array2, ArrayView2};
use rand::RngExt;
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

const MAPS: [&str; 9] =
    ["blobs", "noise", "smooth", "ties", "corner", "edge", "negative", "rings", "speckles"];

/// tests/numerics/localisation/reference.safetensors.
struct Reference(Vec<u8>);

impl Reference {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/numerics/localisation/reference.safetensors");
        Self(std::fs::read(path).unwrap())
    }

    /// Shape and values of a tensor, where there is one.
    fn tensor(&self, name: &str) -> Option<(Vec<usize>, Vec<f64>)> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).ok()?;
        let bytes = view.data();
        let values = match view.dtype() {
            Dtype::U8 => bytes.iter().map(|byte| f64::from(*byte)).collect(),
            Dtype::F32 => chunks(bytes).map(|b| f64::from(f32::from_le_bytes(b))).collect(),
            Dtype::I32 => chunks(bytes).map(|b| f64::from(i32::from_le_bytes(b))).collect(),
            Dtype::F64 => chunks(bytes).map(f64::from_le_bytes).collect(),
            other => panic!("{other:?}"),
        };
        Some((view.shape().to_vec(), values))
    }

    fn values(&self, name: &str) -> Vec<f64> {
        self.tensor(name).unwrap_or_else(|| panic!("no {name}")).1
    }

    fn plane(&self, name: &str) -> Array2<f64> {
        let (shape, values) = self.tensor(name).unwrap();
        Array2::from_shape_vec((shape[0], shape[1]), values).unwrap()
    }

    fn map(&self, name: &str) -> Array2<f32> {
        self.plane(&format!("{name}.map")).mapv(|value| value as f32)
    }

    fn regions(&self, name: &str) -> Regions {
        let edges = self.plane(&format!("{name}.boxes"));
        let boxes: Vec<[f32; 4]> =
            edges.outer_iter().map(|row| [0, 1, 2, 3].map(|i| row[i] as f32)).collect();
        let regions = boxed(self.map(name).dim().into(), &boxes);
        assert_eq!(regions.mask, self.plane(&format!("{name}.mask")).mapv(|v| v > 0.0), "{name}");
        regions
    }
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.chunks_exact(N).map(|chunk| chunk.try_into().unwrap())
}

/// Regions of boxes x1, y1, x2, y2 on an input of height and width.
fn boxed(size: [usize; 2], boxes: &[[f32; 4]]) -> Regions {
    let shape = |[x1, y1, x2, y2]: &[f32; 4]| {
        Shape::Box(BoundingBox { x1: *x1, y1: *y1, x2: *x2, y2: *y2 })
    };
    placed(size, boxes.iter().map(shape).collect())
}

/// Regions of a mask.
fn masked(mask: &Array2<bool>) -> Regions {
    placed(mask.dim().into(), vec![Shape::Mask(RunLengths::from_array(mask.view()))])
}

fn placed(size: [usize; 2], shapes: Vec<Shape>) -> Regions {
    let region = |shape| Region { shape, label: None, class: None, difficult: false };
    let regions = shapes.into_iter().map(region).collect();
    let annotation = Annotation { frame: Frame::Size(size), regions };
    annotation.on_input(&Placement::exact(size)).unwrap()
}

/// Every score of regions.
fn localisations() -> impl Iterator<Item = (&'static Description, &'static dyn Localisation)> {
    SCORES.iter().filter_map(|description| match description.measure {
        Measure::Regions(score) => Some((*description, score)),
        _ => None,
    })
}

fn score_with(
    id: &str,
    map: ArrayView2<f32>,
    regions: &Regions,
    settings: &[(&str, &str)],
) -> Result<f64, Undefined> {
    let (description, score) = localisations().find(|(one, _)| one.id == id).unwrap();
    let parameters = description.parameters;
    let mut values = Values::defaults(parameters);
    for (name, value) in settings {
        values.set(parameters, name, value).unwrap();
    }
    score.score(map, regions, &values)
}

fn score(id: &str, map: &Array2<f32>, regions: &Regions) -> Result<f64, Undefined> {
    score_with(id, map.view(), regions, &[])
}

fn assert_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-6, "{what}: {found}, not {expected}");
}

fn assert_all_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_close(*found, *expected, &format!("{what} [{place}]"));
    }
}

#[test]
fn contours_are_those_of_opencv() {
    let reference = Reference::read();
    for index in 0..7 {
        let mask = reference.plane(&format!("contours.{index}.mask")).mapv(|value| value > 0.0);
        let mut found: Vec<[i64; 6]> = contours(mask.view())
            .iter()
            .map(|contour| {
                let BoundingBox { x1, y1, x2, y2 } = contour.bounds;
                let [x, y, width, height] = [x1, y1, x2 - x1, y2 - y1].map(|edge| edge as i64);
                [x, y, width, height, contour.doubled_area, i64::from(contour.is_hole)]
            })
            .collect();
        found.sort_unstable();
        let expected = reference.plane(&format!("contours.{index}.found"));
        let expected: Vec<[i64; 6]> =
            expected.outer_iter().map(|row| std::array::from_fn(|i| row[i] as i64)).collect();
        assert!(expected.len() > 1);
        assert_eq!(found, expected, "mask {index}");
    }
}

/// Scores of boxes: of the largest contour, and of all.
pub const OVERLAPS: [&str; 2] = ["max-box-accuracy", "max-box-accuracy-v2"];

#[test]
fn boxes_overlap_as_in_wsolevaluation_at_every_threshold() {
    let reference = Reference::read();
    let mut halves = [MaxBoxAccuracy::default(), MaxBoxAccuracy::default()];
    for (index, name) in MAPS.iter().enumerate() {
        let (map, regions) = (reference.map(name), reference.regions(name));
        let overlaps = BoxOverlaps::of(map.view(), &regions.boxes).unwrap();
        let mut best = [0.0; 2];
        for (place, (contours, key)) in
            [(Contours::Largest, "largest"), (Contours::All, "all")].into_iter().enumerate()
        {
            let expected = reference.values(&format!("{name}.{key}"));
            assert_all_close(overlaps.at_levels(contours), &expected, &format!("{name}.{key}"));
            best[place] = expected.into_iter().fold(0.0, f64::max);
        }
        for (id, best) in OVERLAPS.into_iter().zip(best) {
            assert_close(score(id, &map, &regions).unwrap(), best, name);
        }
        halves[index % 2].add(&overlaps);
    }
    let [mut all, other] = halves;
    all.merge(&other);
    assert_eq!(all.pictures(), MAPS.len());
    assert_close(all.v1().unwrap(), reference.values("accuracy.v1")[0], "MaxBoxAcc");
    assert_close(all.v2().unwrap(), reference.values("accuracy.v2")[0], "MaxBoxAccV2");
}

fn hits_are_those_of_torchray_and_quantus(id: &str) {
    let reference = Reference::read();
    for name in MAPS {
        let (map, regions) = (reference.map(name), reference.regions(name));
        let hit = |tolerance: &str| {
            let settings = [("tolerance", tolerance)];
            score_with(id, map.view(), &regions, &settings).unwrap()
        };
        let hits = ["1", "4", "15"].map(hit);
        assert_all_close(&hits, &reference.values(&format!("{name}.hits")), name);
        assert_eq!(hits[0], hit("0"), "{name}");
        // Quantus has no tolerance, and takes any of several maxima.
        if name != "ties"
            && let Some((_, expected)) = reference.tensor(&format!("{name}.point"))
        {
            assert_eq!(hit("0"), expected[0], "{name}");
        }
    }
}

/// Scores without thresholds, by the names of their references.
pub const SHARES: &[(&str, &str)] = &[
    ("relevance-rank", "rank"),
    ("top-k-intersection", "top"),
    ("energy-game", "mass"),
    ("positive-percentage", "positive"),
    ("concentration", "concentration"),
];

#[test]
fn shares_are_those_of_quantus_and_numpy() {
    let reference = Reference::read();
    let mut compared = 0;
    for name in MAPS {
        let (map, regions) = (reference.map(name), reference.regions(name));
        let k = (map.len() / 5).to_string();
        for &(id, key) in SHARES {
            let settings = [("k", k.as_str())];
            let settings = if key == "top" { &settings[..] } else { &[] };
            if let Some((_, expected)) = reference.tensor(&format!("{name}.{key}")) {
                let found = score_with(id, map.view(), &regions, settings).unwrap();
                assert_close(found, expected[0], &format!("{name}.{key}"));
                compared += 1;
            }
        }
    }
    assert!(compared >= 30, "only {compared}");
}

/// Scores at the thresholds of the reference, picture by picture.
fn at_thresholds(
    id: &str,
    [key, parameter]: [&str; 2],
    shares: &[&str],
) -> impl Iterator<Item = (Vec<f64>, Array2<f32>, Regions)> {
    let reference = Reference::read();
    let compared = move |name: &&str| {
        let (map, regions) = (reference.map(name), reference.regions(name));
        let at = |share: &&str| score_with(id, map.view(), &regions, &[(parameter, share)]);
        let found: Vec<_> = shares.iter().map(|share| at(share).unwrap()).collect();
        assert_all_close(&found, &reference.values(&format!("{name}.{key}")), name);
        (found, map, regions)
    };
    MAPS.iter().filter(|name| **name != "negative").map(compared)
}

fn overlaps_at_thresholds_are_those_of_numpy(id: &str) {
    let shares = ["0.1", "0.15", "0.2", "0.25", "0.3", "0.35", "0.4", "0.45", "0.5"];
    for (overlaps, map, regions) in at_thresholds(id, ["wsl", "thresholds"], &shares) {
        let mean = overlaps.iter().sum::<f64>() / 9.0;
        assert_close(score(id, &map, &regions).unwrap(), mean, id);
    }
}

fn locs_at_thresholds_are_those_of_numpy(id: &str) {
    assert_eq!(at_thresholds(id, ["loc", "threshold"], &["0", "0.25", "0.5"]).count(), 8);
}

/// A box of 8 × 6 pixels in a picture of 16 × 20.
fn one_box() -> Regions {
    boxed([16, 20], &[[4.0, 5.0, 12.0, 11.0]])
}

fn as_map(regions: &Regions) -> Array2<f32> {
    regions.mask.mapv(|inside| f32::from(u8::from(inside)))
}

/// Every score with settings that fit a small picture.
fn settings(id: &str) -> &'static [(&'static str, &'static str)] {
    match id {
        "pointing-game" => &[("tolerance", "0")],
        "top-k-intersection" => &[("k", "48")],
        _ => &[],
    }
}

#[test]
fn what_has_no_score_says_why() {
    let regions = one_box();
    let none = boxed([16, 20], &[]);
    let size = (16, 20);
    let zero = Array2::zeros(size);
    let negative = Array2::from_shape_fn(size, |(y, x)| -1.0 - (y * x) as f32);
    let broken = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY].map(|value| {
        let mut map: Array2<f32> = Array2::ones(size);
        map[[15, 19]] = value;
        map
    });
    for (description, local) in localisations() {
        let found = |map: &Array2<f32>, regions: &Regions| {
            score_with(description.id, map.view(), regions, settings(description.id))
        };
        for map in &broken {
            assert_eq!(found(map, &regions), Err(Undefined::NotFinite), "{}", description.id);
        }
        let other = found(&Array2::ones((20, 16)), &regions).unwrap_err();
        assert_eq!(other, Undefined::Size { map: [20, 16], regions: [16, 20] });
        assert!(other.to_string().contains("20×16"));
        let without = found(&as_map(&regions), &none);
        assert_eq!(without.is_err(), local.needs_region(), "{}", description.id);
        let expected = match description.id {
            "pointing-game" | "max-box-accuracy" | "max-box-accuracy-v2" => {
                Err(Undefined::Constant)
            }
            "positive-percentage" => Err(Undefined::NothingInside),
            "relevance-rank" | "top-k-intersection" => Ok(regions.share()),
            _ => Err(Undefined::NothingPositive),
        };
        assert_eq!(found(&zero, &regions), expected, "{}", description.id);
        if matches!(description.id, "energy-game" | "loc" | "wsl-iou" | "concentration") {
            assert_eq!(found(&negative, &regions), Err(Undefined::NothingPositive));
        }
    }
    let many = score("top-k-intersection", &negative, &regions).unwrap_err();
    assert_eq!(many, Undefined::TooFewPixels { wanted: 1000, pixels: 320 });
    let empty = boxed([0, 0], &[]);
    assert!(localisations().all(|(description, score)| {
        let values = Values::defaults(description.parameters);
        score.score(Array2::zeros((0, 0)).view(), &empty, &values).is_err()
    }));
}

#[test]
fn concentration_runs_from_one_pixel_to_opposite_corners() {
    let regions = boxed([9, 9], &[]);
    let at = |places: &[(usize, usize)]| {
        let map = Array2::from_shape_fn((9, 9), |p| f32::from(u8::from(places.contains(&p))));
        score("concentration", &map, &regions).unwrap()
    };
    assert_eq!(at(&[(0, 8)]), 1.0);
    assert!(at(&[(3, 3), (4, 4)]) > 0.7);
    let corners = at(&[(0, 0), (8, 8)]);
    assert!((-1.0..-0.5).contains(&corners), "{corners}");
    assert_close(score("concentration", &Array2::ones((9, 9)), &regions).unwrap(), 0.0, "even");
    let line = boxed([1, 64], &[]);
    let ends = Array2::from_shape_fn((1, 64), |(_, x)| f32::from(u8::from(x == 0 || x == 63)));
    let least = score("concentration", &ends, &line).unwrap();
    assert!((-1.0..-0.96).contains(&least), "{least}");
}

#[test]
fn masks_are_scored_by_their_pixels_and_by_the_boxes_that_fit_them() {
    let disk =
        Array2::from_shape_fn((16, 20), |(y, x)| y.abs_diff(7).pow(2) + x.abs_diff(9).pow(2) < 25);
    let regions = masked(&disk);
    assert_eq!(regions.mask, disk);
    let map = disk.mapv(|inside| f32::from(u8::from(inside)));
    for id in ["energy-game", "loc", "relevance-rank", "wsl-iou", "max-box-accuracy"] {
        assert_eq!(score(id, &map, &regions), Ok(1.0), "{id}");
    }
    let full = as_map(&boxed([16, 20], &[[5.0, 3.0, 14.0, 12.0]]));
    assert_eq!(score("wsl-iou", &full, &regions), Ok(1.0));
    assert!(score("energy-game", &full, &regions).unwrap() < 0.9);
}

#[test]
fn every_score_is_described() {
    let mut ids = vec![];
    for description in SCORES {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(description.id.chars().all(allowed), "{}", description.id);
        assert!(!description.name.is_empty() && !description.formula.is_empty());
        assert!(!description.range.is_empty(), "{}", description.id);
        ids.push(description.id);
    }
    let total = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), total);
    let pointing = hyaline::score::score("pointing-game").unwrap();
    assert_eq!(pointing.over_pictures, OverPictures::MeanOfClasses);
    let why = hyaline::score::score("iou").err().unwrap().to_string();
    assert!(why.contains("nearest is wsl-iou"), "{why}");
}

#[test]
fn overlaps_that_were_kept_count_as_before() {
    let map =
        Array2::from_shape_fn((10, 10), |(y, x)| f32::from(u8::from(y < 7)) + x as f32 * 1e-3);
    let regions = boxed([10, 10], &[[0.0, 0.0, 9.0, 9.0]]);
    let overlaps = BoxOverlaps::of(map.view(), &regions.boxes).unwrap();
    for contours in [Contours::Largest, Contours::All] {
        let kept = overlaps.by_threshold(contours);
        let kept = BoxOverlaps::restored(contours, kept.iter().map(|[_, overlap]| *overlap));
        let [mut before, mut after] = [MaxBoxAccuracy::default(), MaxBoxAccuracy::default()];
        before.add(&overlaps);
        after.add(&kept);
        for (place, criterion) in IOU_CRITERIA.iter().enumerate() {
            let [before, after] = [&before, &after].map(|of| of.best(contours, place));
            assert_eq!(before, after, "{contours:?} at {criterion}");
        }
    }
}

held! {
    hits_are_those_of_torchray_and_quantus: "pointing-game";
    overlaps_at_thresholds_are_those_of_numpy: "wsl-iou";
    locs_at_thresholds_are_those_of_numpy: "loc";
}
