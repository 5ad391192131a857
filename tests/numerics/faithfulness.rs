//! Scores of faithfulness and stability against Captum, Quantus and pytorch-grad-cam, on functions
//! whose scores are known, and what must hold for all of them.

mod closed_forms;
mod references;
mod registry;
mod robustness;

use hyaline::attribution::Ranking;
use hyaline::error::{Error, Result};
use hyaline::parameter::Values;
use hyaline::progress::Flow;
use hyaline::score::{
    self, Correlation, ExplainTrial, Imputer, InfidelityParameters, LocalLipschitzParameters,
    MaxSensitivityParameters, Measure, Measured, MuFidelityParameters, Perturbation, Perturbed,
    PixelFlippingParameters, Randomisation, SCORES, ScoreTrial, Substrate,
};
use ndarray::{Array1, Array2, Array3, Array4, Axis};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/numerics/faithfulness")
}

/// An array of tests/numerics/faithfulness/reference.safetensors, its leading axes joined to one.
fn array(name: &str) -> Array3<f32> {
    let bytes = std::fs::read(folder().join("reference.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let view = file.tensor(name).unwrap();
    let data = view.data().chunks_exact(4);
    let values = data.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    let shape = view.shape();
    let (height, width) = (shape[shape.len() - 2], shape[shape.len() - 1]);
    let planes = shape[..shape.len() - 2].iter().product();
    Array3::from_shape_vec((planes, height, width), values).unwrap()
}

/// Several arrays of C×H×W.
fn arrays(name: &str, channels: usize) -> Vec<Array3<f32>> {
    array(name).axis_chunks_iter(Axis(0), channels).map(|chunk| chunk.to_owned()).collect()
}

fn number(name: &str) -> f64 {
    let text = std::fs::read_to_string(folder().join("reference.json")).unwrap();
    let numbers: serde_json::Value = serde_json::from_str(&text).unwrap();
    numbers[name].as_f64().unwrap()
}

fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn drawn(seed: u64, shape: (usize, usize, usize)) -> Array3<f32> {
    let mut generator = generator(seed);
    Array3::from_shape_simple_fn(shape, || generator.random())
}

fn flat(values: &Array3<f32>) -> Array1<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

fn close(found: Measured, expected: f64, tolerance: f64) {
    let found = found.value().expect("a defined score");
    assert!((found - expected).abs() <= tolerance * expected.abs().max(1e-3), "{found} {expected}");
}

/// tanh(v·x) + (u·x)², as in the references.
struct Smooth {
    v: Array1<f64>,
    u: Array1<f64>,
}

impl Smooth {
    fn new() -> Self {
        Self { v: flat(&array("v")), u: flat(&array("u")) }
    }

    fn score(&self, picture: &Array3<f32>) -> f64 {
        let x = flat(picture);
        self.v.dot(&x).tanh() + self.u.dot(&x).powi(2)
    }

    fn gradient(&self, picture: &Array3<f32>) -> Array3<f32> {
        let x = flat(picture);
        let slope = 1.0 - self.v.dot(&x).tanh().powi(2);
        let gradient = &self.v * slope + &self.u * (2.0 * self.u.dot(&x));
        let values = gradient.iter().map(|value| *value as f32).collect();
        Array3::from_shape_vec(picture.dim(), values).unwrap()
    }
}

/// What a trial is made of, with everything else as in the references.
struct Case<'a> {
    pixels: &'a Array3<f32>,
    map: &'a Array3<f32>,
    colour: Vec<f32>,
    ranking: Ranking,
    batch: usize,
    function: &'a dyn Fn(&Array3<f32>) -> f64,
}

impl<'a> Case<'a> {
    fn new(
        pixels: &'a Array3<f32>,
        map: &'a Array3<f32>,
        function: &'a dyn Fn(&Array3<f32>) -> f64,
    ) -> Self {
        let colour = vec![0.0; pixels.dim().0];
        Self { pixels, map, colour, ranking: Ranking::Signed, batch: 4, function }
    }

    fn run<T>(&self, run: impl FnOnce(&mut ScoreTrial) -> T) -> T {
        self.watched(&mut |_, _| Flow::Continue, run)
    }

    fn watched<T>(
        &self,
        watch: &mut dyn FnMut(usize, usize) -> Flow,
        run: impl FnOnce(&mut ScoreTrial) -> T,
    ) -> T {
        let mut score = |batch: Array4<f32>| -> Result<Vec<f32>> {
            assert!((1..=self.batch.max(1)).contains(&batch.dim().0), "batches are limited");
            let score = |picture: &Array3<f32>| (self.function)(picture) as f32;
            Ok(batch.outer_iter().map(|picture| score(&picture.to_owned())).collect())
        };
        run(&mut ScoreTrial {
            pixels: self.pixels,
            map: self.map,
            mean_colour: &self.colour,
            ranking: self.ranking,
            score: &mut score,
            batch: self.batch,
            watch,
        })
    }
}

fn explaining<T>(
    pixels: &Array3<f32>,
    map: impl Fn(&Array3<f32>) -> Array3<f32>,
    run: impl FnOnce(&mut ExplainTrial) -> T,
) -> T {
    run(&mut ExplainTrial {
        pixels,
        explain: &mut |picture| Ok(map(picture)),
        watch: &mut |_, _| Flow::Continue,
    })
}

/// A linear score with its weights.
fn linear(shape: (usize, usize, usize)) -> (Array3<f32>, impl Fn(&Array3<f32>) -> f64) {
    let weights = drawn(11, shape).mapv(|value| value - 0.5);
    let of_score = flat(&weights);
    (weights, move |picture: &Array3<f32>| of_score.dot(&flat(picture)))
}

type OfScores = fn(&mut ScoreTrial, &Values, &mut ChaCha8Rng) -> Result<Option<Measured>>;

/// Every score that needs the class's score, with few samples.
fn scores() -> Vec<(&'static str, OfScores, Values)> {
    let of = |score: &&'static score::Description| match score.measure {
        Measure::Scores(measure) => Some((score.id, measure, quick(score))),
        _ => None,
    };
    SCORES.iter().filter_map(of).collect()
}

fn quick(score: &score::Description) -> Values {
    let mut values = Values::defaults(score.parameters);
    if score.parameters.iter().any(|parameter| parameter.id == "samples") {
        values.set(score.parameters, "samples", "23").unwrap();
    }
    values
}

fn layers() -> Vec<String> {
    ["logits", "block2", "block1", "stem"].map(String::from).to_vec()
}

fn the_sanity_check_hands_over_the_layers_of_each_step(id: &str) {
    assert!(matches!(score::score(id).unwrap().measure, Measure::Randomisation));
    let map = drawn(1, (1, 50, 50));
    for (randomisation, expected) in
        [(Randomisation::Cascading, [1, 2, 3, 4]), (Randomisation::Independent, [1, 1, 1, 1])]
    {
        let mut asked = vec![];
        let mut randomised = |names: &[String]| {
            asked.push(names.to_vec());
            // The more layers are lost, the more of the map turns to noise.
            let noise = drawn(77, map.dim());
            let share = names.len() as f32 / 4.0;
            Ok(&map * (1.0 - share) + noise * share)
        };
        let table = score::similarity_curve(
            &map,
            &mut randomised,
            &layers(),
            randomisation,
            &score::ADEBAYO,
            &mut |_, _| Flow::Continue,
        );
        let table = table.unwrap().unwrap();
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), expected);
        let last: Vec<&String> = asked.iter().map(|names| names.last().unwrap()).collect();
        assert_eq!(last, layers().iter().collect::<Vec<_>>());
        assert_eq!(table.rows.iter().map(|row| &row.layer).collect::<Vec<_>>(), last);
        assert_eq!(table.measures, ["spearman", "spearman-absolute", "ssim", "hog"]);
        for measure in &table.measures {
            let column = table.column(measure).unwrap();
            let values: Vec<f64> = column.iter().map(|value| value.value().unwrap()).collect();
            match randomisation {
                Randomisation::Cascading => assert!(values[0] > 0.5 && values[3] < 0.3),
                Randomisation::Independent => assert!(values.iter().all(|v| *v == values[0])),
            }
        }
        assert!(table.column("kendall").is_none());
    }
}

#[test]
fn the_sanity_check_goes_on_where_maps_are_broken_and_stops_where_it_is_told() {
    let map = drawn(1, (1, 50, 50));
    let run = |map_of: &dyn Fn(usize) -> Result<Array3<f32>>, stop: usize| {
        score::similarity_curve(
            &map,
            &mut |names| map_of(names.len()),
            &layers(),
            Randomisation::Cascading,
            &[("spearman", &score::spearman)],
            &mut |done, total| {
                assert_eq!(total, 4);
                if done == stop { Flow::Cancel } else { Flow::Continue }
            },
        )
    };
    let broken =
        run(&|count| Ok(if count == 2 { Array3::zeros((1, 50, 50)) } else { map.clone() }), 9);
    let column = broken.unwrap().unwrap().column("spearman").unwrap();
    let defined: Vec<bool> = column.iter().map(|value| value.value().is_some()).collect();
    assert_eq!(defined, [true, false, true, true]);
    assert_eq!(run(&|_| Ok(map.clone()), 2).unwrap(), None);
    assert!(run(&|_| Err(Error::new("no map", "the network is gone")), 9).is_err());
}

/// A score of the registry, with settings.
fn registered(id: &str, case: &Case, settings: &[(&str, &str)]) -> f64 {
    let description = score::score(id).unwrap();
    let Measure::Scores(measure) = description.measure else { panic!("{id} needs no scores") };
    let mut values = Values::defaults(description.parameters);
    for (name, value) in settings {
        values.set(description.parameters, name, value).unwrap();
    }
    let found = case.run(|trial| measure(trial, &values, &mut generator(2)));
    found.unwrap().unwrap().value().unwrap()
}

fn a_gradient_has_no_infidelity(id: &str) {
    let pixels = drawn(1, (3, 12, 14));
    let (weights, score) = linear(pixels.dim());
    let found = |map| registered(id, &Case::new(&pixels, map, &score), &[("samples", "40")]);
    assert!(found(&weights) < 1e-10);
    assert!(found(&drawn(8, pixels.dim())) > 1e-3);
}

fn contributions_correlate_with_drops(id: &str) {
    let pixels = drawn(1, (3, 20, 22));
    let (weights, score) = linear(pixels.dim());
    let map = &weights * &(&pixels - 0.4);
    for (map, expected) in [(&map, 1.0), (&-&map, -1.0)] {
        let case = Case { colour: vec![0.4; 3], ..Case::new(&pixels, map, &score) };
        close(Measured::Value(registered(id, &case, &[])), expected, 1e-3);
    }
}

/// Without half of the pixels a linear score is the sum of the others' contributions.
fn half_of_the_contributions_is_left(id: &str) {
    let pixels = drawn(1, (3, 10, 10));
    let (weights, score) = linear(pixels.dim());
    let map = &weights * &pixels;
    let mut sums: Vec<_> = map.sum_axis(Axis(0)).iter().map(|sum| f64::from(*sum)).collect();
    sums.sort_by(f64::total_cmp);
    let [low, high] = [&sums[..50], &sums[50..]].map(|half| half.iter().sum::<f64>());
    let expected = match id {
        "morf" => low,
        "lerf" => high,
        _ => (high - low) / 2.0,
    };
    let settings = [("fractions", "0.5"), ("substrate", "black")];
    let found = registered(id, &Case::new(&pixels, &map, &score), &settings);
    close(Measured::Value(found), expected, 1e-5);
}

/// The map shows the left half, and then the right one; the score falls with what is right.
fn the_score_under_the_map_is_known(id: &str) {
    let pixels = drawn(2, (1, 8, 8));
    let map = Array3::from_shape_fn((1, 8, 8), |(_, _, x)| if x < 4 { 3.0 } else { -1.0 });
    let half = |picture: &Array3<f32>, is_left: bool| {
        let pixels = picture.indexed_iter().filter(|((_, _, x), _)| (*x < 4) == is_left);
        pixels.map(|(_, value)| f64::from(*value)).sum::<f64>()
    };
    let score = |picture: &Array3<f32>| 20.0 - half(picture, false);
    let right = half(&pixels, false);
    let expected = match id {
        "average-drop" => [0.0, 0.0],
        "increase-in-confidence" => [1.0, 0.0],
        _ => [right, 0.0],
    };
    for (map, expected) in [&map, &-&map].into_iter().zip(expected) {
        let found = registered(id, &Case::new(&pixels, map, &score), &[]);
        assert!((found - expected).abs() < 1e-5, "{id}: {found} for {expected}");
    }
    let all = |picture: &Array3<f32>| half(picture, true);
    let found = registered(id, &Case::new(&pixels, &-&map, &all), &[]);
    let expected = match id {
        "average-drop" => 1.0,
        "increase-in-confidence" => 0.0,
        _ => -half(&pixels, true),
    };
    assert!((found - expected).abs() < 1e-5, "{id}: {found} for {expected}");
}

/// A score of stability of the registry, for maps as a function of the picture.
fn stability(id: &str, pixels: &Array3<f32>, map: impl Fn(&Array3<f32>) -> Array3<f32>) -> f64 {
    let description = score::score(id).unwrap();
    let Measure::Explanations(measure) = description.measure else { panic!("{id} needs no maps") };
    let values = Values::defaults(description.parameters);
    let found = explaining(pixels, map, |trial| measure(trial, &values, &mut generator(1)));
    found.unwrap().unwrap().value().unwrap()
}

fn a_map_that_triples_is_as_far_as_twice_its_length(id: &str) {
    let pixels = drawn(4, (1, 6, 6));
    let map = |picture: &Array3<f32>| &pixels * if *picture == pixels { 1.0 } else { 3.0 };
    close(Measured::Value(stability(id, &pixels, map)), 2.0, 1e-6);
}

fn a_linear_map_has_its_slope(id: &str) {
    let pixels = drawn(4, (1, 6, 6));
    close(Measured::Value(stability(id, &pixels, |picture| picture * -2.5 + 1.0)), 2.5, 1e-5);
}

held! {
    a_gradient_has_no_infidelity: "infidelity";
    contributions_correlate_with_drops: "mu-fidelity";
    half_of_the_contributions_is_left: "morf", "lerf", "road";
    the_score_under_the_map_is_known: "average-drop", "increase-in-confidence", "confidence-change";
    a_map_that_triples_is_as_far_as_twice_its_length: "max-sensitivity";
    a_linear_map_has_its_slope: "local-lipschitz";
    the_sanity_check_hands_over_the_layers_of_each_step: "randomisation";
}
