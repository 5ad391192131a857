//! Scores of faithfulness and stability against Captum, Quantus and pytorch-grad-cam, on functions
//! whose scores are known, and what must hold for all of them.

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

#[test]
fn infidelity_is_that_of_captum() {
    let (toy, pixels, map) = (Smooth::new(), array("pixels"), array("map"));
    let mut changes = arrays("changes", 3).into_iter();
    let samples = changes.len();
    let mut draw = || {
        let change = changes.next().unwrap();
        Perturbed { picture: &pixels - &change, change }
    };
    let score = |picture: &Array3<f32>| toy.score(picture);
    let case = Case::new(&pixels, &map, &score);
    let found = case.run(|trial| score::infidelity_over(trial, samples, &mut draw));
    let found = found.unwrap().unwrap();
    close(Measured::Value(found.plain), number("infidelity"), 1e-6);
    close(Measured::Value(found.scaled), number("infidelity_scaled"), 1e-6);
}

#[test]
fn max_sensitivity_is_that_of_captum_and_quantus() {
    let (toy, pixels) = (Smooth::new(), array("pixels"));
    let mut changes = arrays("changes", 3).into_iter();
    let samples = changes.len();
    let mut draw = || &pixels + &changes.next().unwrap();
    let found = explaining(
        &pixels,
        |picture| toy.gradient(picture),
        |trial| score::max_sensitivity_over(trial, samples, &mut draw),
    );
    let found = found.unwrap().unwrap();
    close(found.maximum, number("sensitivity_captum"), 1e-6);
    close(found.maximum, number("sensitivity_quantus"), 1e-6);
    assert!(found.mean.value().unwrap() < found.maximum.value().unwrap());
}

#[test]
fn local_lipschitz_is_that_of_quantus() {
    let (toy, pixels) = (Smooth::new(), array("pixels"));
    let mut changes = arrays("changes", 3).into_iter();
    let samples = changes.len();
    let mut draw = || &pixels + &changes.next().unwrap();
    let found = explaining(
        &pixels,
        |picture| toy.gradient(picture),
        |trial| score::local_lipschitz_over(trial, samples, &mut draw),
    );
    close(found.unwrap().unwrap(), number("lipschitz_quantus"), 1e-6);
}

#[test]
fn mu_fidelity_of_single_pixels_is_quantus_correlation() {
    let (toy, grey, map) = (Smooth::new(), array("grey"), array("grey_map"));
    let subsets = array("subsets");
    let mut subsets = subsets
        .index_axis(Axis(0), 0)
        .outer_iter()
        .map(|s| s.to_vec())
        .collect::<Vec<_>>()
        .into_iter();
    let (height, width) = (grey.dim().1, grey.dim().2);
    let samples = subsets.len();
    let mut draw = || {
        let mut removed = Array2::from_elem((height, width), false);
        for place in subsets.next().unwrap() {
            removed[[place as usize / width, place as usize % width]] = true;
        }
        removed
    };
    let score = |picture: &Array3<f32>| {
        toy.score(&picture.broadcast((3, height, width)).unwrap().to_owned())
    };
    // As a second channel would be, the grey one is told three times by the score alone.
    let case = Case::new(&grey, &map, &score);
    let imputer = Imputer::new(Substrate::Black, &grey, &[0.0], &mut generator(0)).unwrap();
    let found = case.run(|trial| {
        score::mu_fidelity_over(trial, &imputer, samples, Correlation::Pearson, &mut draw)
    });
    close(found.unwrap().unwrap(), number("faithfulness_correlation"), 1e-5);
}

#[test]
fn linear_imputation_is_that_of_pytorch_grad_cam() {
    let pixels = array("pixels");
    let substrate = Substrate::Linear { noise: 0.0 };
    let imputer = Imputer::new(substrate, &pixels, &[0.0; 3], &mut generator(0)).unwrap();
    let masks = array("masks");
    for (mask, expected) in masks.outer_iter().zip(arrays("imputed", 3)) {
        let found = imputer.impute(&mask.mapv(|value| value > 0.5)).unwrap();
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}

#[test]
fn road_is_that_of_pytorch_grad_cam() {
    let (toy, pixels, cam) = (Smooth::new(), array("pixels"), array("cam"));
    let score = |picture: &Array3<f32>| toy.score(picture);
    let case = Case::new(&pixels, &cam, &score);
    let original = toy.score(&pixels);
    let tenths = |tenths: &[u32]| tenths.iter().map(|tenth| f64::from(*tenth) / 10.0).collect();
    for (name, fractions) in
        [("few", tenths(&[2, 4, 6, 8])), ("all", tenths(&[1, 2, 3, 4, 5, 6, 7, 8, 9]))]
    {
        let fractions: Vec<f64> = fractions;
        let substrate = Substrate::Linear { noise: 0.0 };
        let parameters = PixelFlippingParameters { fractions, substrate };
        let curves = case.run(|trial| score::pixel_flipping(trial, &parameters, &mut generator(3)));
        let curves = curves.unwrap().unwrap();
        close(curves.road(), number(&format!("road_{name}")), 1e-6);
        for (kind, curve) in
            [("morf", &curves.most_relevant_first), ("lerf", &curves.least_relevant_first)]
        {
            let change = curve.iter().sum::<f64>() / curve.len() as f64 - original;
            close(Measured::Value(change), number(&format!("{kind}_{name}")), 1e-6);
        }
    }
}

#[test]
fn confidence_under_the_map_is_that_of_pytorch_grad_cam() {
    let (toy, pixels, cam) = (Smooth::new(), array("pixels"), array("cam"));
    let score = |picture: &Array3<f32>| toy.score(picture);
    for (name, pixels) in [("up", pixels.clone()), ("down", pixels.mapv(|value| 1.0 - value))] {
        let case = Case::new(&pixels, &cam, &score);
        let found = case.run(score::confidence).unwrap().unwrap();
        close(found.change, number(&format!("change_{name}")), 1e-6);
        close(found.increase, number(&format!("increase_{name}")), 0.0);
        let before = number(&format!("score_{name}"));
        match before > 0.0 {
            true => close(found.drop, number(&format!("drop_{name}")) / before, 1e-6),
            // Shares of a negative score say nothing.
            false => assert!(found.drop.reason().is_some()),
        }
    }
}

#[test]
fn statistics_are_those_of_quantus() {
    let map = array("map");
    close(score::gini(&map), number("gini"), 1e-6);
    close(score::entropy(&map), number("entropy"), 1e-6);
}

/// A linear score with its weights.
fn linear(shape: (usize, usize, usize)) -> (Array3<f32>, impl Fn(&Array3<f32>) -> f64) {
    let weights = drawn(11, shape).mapv(|value| value - 0.5);
    let of_score = flat(&weights);
    (weights, move |picture: &Array3<f32>| of_score.dot(&flat(picture)))
}

#[test]
fn a_linear_score_is_foretold_by_its_gradient() {
    let pixels = drawn(1, (3, 12, 14));
    let (weights, score) = linear(pixels.dim());
    let contributions = &weights * &(&pixels - 0.3);
    for perturbation in [
        Perturbation::Square { side: 5 },
        Perturbation::Gaussian { sigma: 0.2 },
        Perturbation::NoisyBaseline { sigma: 0.2 },
    ] {
        for (map, contributions) in [(&weights, false), (&contributions, true)] {
            let parameters = InfidelityParameters { perturbation, samples: 40, contributions };
            let infidelity = |map: &Array3<f32>| {
                let case = Case { colour: vec![0.3; 3], ..Case::new(&pixels, map, &score) };
                case.run(|trial| score::infidelity(trial, &parameters, &mut generator(2)))
                    .unwrap()
                    .unwrap()
            };
            let exact = infidelity(map);
            assert!(exact.plain < 1e-10 && exact.scaled < 1e-10, "{perturbation:?} {exact:?}");
            assert!((exact.scale - 1.0).abs() < 1e-5);
            // The optimal scale undoes any other; the plain infidelity sees it.
            let tripled = infidelity(&(map * 3.0));
            assert!((tripled.scale - 1.0 / 3.0).abs() < 1e-5);
            assert!(tripled.scaled < 1e-10 && tripled.plain > 1e-4, "{tripled:?}");
            let other = infidelity(&drawn(8, pixels.dim()));
            assert!(other.scaled > 1e-3 && other.scaled <= other.plain, "{other:?}");
        }
    }
}

#[test]
fn a_map_of_zeros_foretells_no_change() {
    let pixels = drawn(1, (3, 12, 14));
    let (_, score) = linear(pixels.dim());
    let zeros = Array3::zeros((1, 3, 3));
    let case = Case::new(&pixels, &zeros, &score);
    let parameters = InfidelityParameters { samples: 30, ..InfidelityParameters::default() };
    let found = case.run(|trial| score::infidelity(trial, &parameters, &mut generator(2))).unwrap();
    let found = found.unwrap();
    assert_eq!((found.scale, found.plain), (0.0, found.scaled));
    assert!(found.plain > 0.0);
}

#[test]
fn a_contribution_told_once_for_all_channels_counts_once() {
    let pixels = drawn(1, (3, 12, 14));
    let (weights, score) = linear(pixels.dim());
    let of_pixels = (&weights * &pixels).sum_axis(Axis(0)).insert_axis(Axis(0));
    let case = Case::new(&pixels, &of_pixels, &score);
    let parameters = InfidelityParameters {
        perturbation: Perturbation::Square { side: 6 },
        samples: 40,
        contributions: true,
    };
    let found = case.run(|trial| score::infidelity(trial, &parameters, &mut generator(2)));
    assert!(found.unwrap().unwrap().plain < 1e-10);
    for substrate in [Substrate::Mean, Substrate::Black] {
        let parameters = MuFidelityParameters { substrate, ..MuFidelityParameters::default() };
        let found = case.run(|trial| score::mu_fidelity(trial, &parameters, &mut generator(2)));
        close(found.unwrap().unwrap(), 1.0, 1e-9);
    }
}

#[test]
fn mu_fidelity_of_a_linear_score_is_one_and_of_its_opposite_minus_one() {
    let pixels = drawn(1, (3, 20, 22));
    let (weights, score) = linear(pixels.dim());
    let map = &weights * &(&pixels - 0.4);
    let opposite = map.mapv(|value| -value);
    for correlation in [Correlation::Pearson, Correlation::Spearman] {
        for (map, expected) in [(&map, 1.0), (&opposite, -1.0)] {
            let case = Case { colour: vec![0.4; 3], ..Case::new(&pixels, map, &score) };
            let parameters = MuFidelityParameters { correlation, ..Default::default() };
            let found = case.run(|trial| score::mu_fidelity(trial, &parameters, &mut generator(2)));
            // Scores are f32, whose last bits may swap neighbours' ranks.
            close(found.unwrap().unwrap(), expected, 1e-3);
        }
    }
}

#[test]
fn mu_fidelity_says_where_it_has_nothing_to_correlate() {
    let pixels = drawn(1, (1, 8, 8));
    let constant = Array3::ones((1, 8, 8));
    let (_, score) = linear(pixels.dim());
    for (map, function) in
        [(&constant, &score as &dyn Fn(&Array3<f32>) -> f64), (&pixels, &|_: &Array3<f32>| 0.25)]
    {
        let case = Case::new(&pixels, map, function);
        let parameters = MuFidelityParameters { grid: 8, ..Default::default() };
        let found = case.run(|trial| score::mu_fidelity(trial, &parameters, &mut generator(2)));
        assert!(found.unwrap().unwrap().reason().is_some());
    }
}

#[test]
fn constant_and_linear_explanations_have_known_stability() {
    let pixels = drawn(4, (1, 6, 6));
    let fixed = drawn(5, (1, 6, 6));
    let sensitivity = |map: &dyn Fn(&Array3<f32>) -> Array3<f32>| {
        explaining(&pixels, map, |trial| {
            let parameters = MaxSensitivityParameters::default();
            score::max_sensitivity(trial, &parameters, &mut generator(1)).unwrap().unwrap()
        })
    };
    let constant = sensitivity(&|_| fixed.clone());
    assert_eq!((constant.maximum, constant.mean), (Measured::Value(0.0), Measured::Value(0.0)));
    assert!(sensitivity(&|_| Array3::zeros((1, 2, 2))).maximum.reason().is_some());
    // The picture itself moves by no more than r √n.
    let itself = sensitivity(&|picture| picture.clone()).maximum.value().unwrap();
    let length = flat(&pixels).mapv(|value| value * value).sum().sqrt();
    assert!(itself > 0.0 && itself <= 0.2 * 6.0 / length);
    let lipschitz = |map: &dyn Fn(&Array3<f32>) -> Array3<f32>| {
        explaining(&pixels, map, |trial| {
            let parameters = LocalLipschitzParameters::default();
            score::local_lipschitz(trial, &parameters, &mut generator(1)).unwrap().unwrap()
        })
    };
    close(lipschitz(&|picture| picture * -2.5 + 1.0), 2.5, 1e-5);
    assert_eq!(lipschitz(&|_| fixed.clone()), Measured::Value(0.0));
    // One row kept and all others dropped: a norm of 1 that noise on all rows does not reach.
    let row = lipschitz(&|picture| picture.index_axis(Axis(1), 2).to_owned().insert_axis(Axis(1)));
    assert!((0.3..1.0).contains(&row.value().unwrap()));
}

#[test]
fn noise_of_no_size_has_no_slope() {
    let pixels = drawn(4, (1, 6, 6));
    let parameters = LocalLipschitzParameters { sigma: 0.0, samples: 3 };
    let found = explaining(&pixels, Clone::clone, |trial| {
        score::local_lipschitz(trial, &parameters, &mut generator(1))
    });
    assert!(found.unwrap().unwrap().reason().is_some());
}

#[test]
fn the_best_order_of_a_linear_score_is_that_of_its_contributions() {
    let pixels = drawn(1, (3, 10, 10));
    let (weights, score) = linear(pixels.dim());
    let map = &weights * &pixels;
    let reversed = map.mapv(|value| -value);
    let parameters = PixelFlippingParameters { substrate: Substrate::Mean, ..Default::default() };
    let curves = |map: &Array3<f32>| {
        Case::new(&pixels, map, &score)
            .run(|trial| score::pixel_flipping(trial, &parameters, &mut generator(1)))
            .unwrap()
            .unwrap()
    };
    let (best, worst, random) = (curves(&map), curves(&reversed), curves(&drawn(9, (1, 10, 10))));
    let road = |curves: &score::PerturbationCurves| curves.road().value().unwrap();
    assert!(road(&best) > road(&random).abs() && road(&worst) < -road(&random).abs());
    assert!((road(&best) + road(&worst)).abs() < 1e-6);
    // Removing the most and then the least important half is removing all.
    let half = parameters.fractions.iter().position(|fraction| *fraction == 0.5).unwrap();
    let sum = best.most_relevant_first[half] + best.least_relevant_first[half];
    assert!((sum - score(&pixels)).abs() < 1e-5);
}

#[test]
fn no_pixels_and_all_pixels_are_the_ends_of_a_curve() {
    let pixels = drawn(1, (3, 9, 7));
    let (weights, score) = linear(pixels.dim());
    let case = Case { colour: vec![0.2; 3], ..Case::new(&pixels, &weights, &score) };
    let fractions = vec![0.0, 1.0];
    let parameters = PixelFlippingParameters { fractions, substrate: Substrate::Mean };
    let curves = case.run(|trial| score::pixel_flipping(trial, &parameters, &mut generator(1)));
    let curves = curves.unwrap().unwrap();
    let ends = [score(&pixels), score(&Array3::from_elem(pixels.dim(), 0.2))];
    for curve in [&curves.most_relevant_first, &curves.least_relevant_first] {
        for (found, expected) in curve.iter().zip(ends) {
            assert!((found - expected).abs() < 1e-6);
        }
    }
    for fraction in [-0.1, 1.1, f64::NAN] {
        let parameters =
            PixelFlippingParameters { fractions: vec![fraction], ..parameters.clone() };
        let curves = case.run(|trial| score::pixel_flipping(trial, &parameters, &mut generator(1)));
        assert!(curves.is_err());
    }
}

#[test]
fn a_mask_of_the_whole_object_keeps_its_score() {
    // The score is the brightness of the left half; the map shows that half.
    let pixels = drawn(2, (1, 8, 8));
    let left = |picture: &Array3<f32>| {
        let pixels = picture.indexed_iter().filter(|((_, _, x), _)| *x < 4);
        pixels.map(|(_, value)| f64::from(*value)).sum::<f64>()
    };
    let map = Array3::from_shape_fn((1, 8, 8), |(_, _, x)| if x < 4 { 3.0 } else { -1.0 });
    let found = Case::new(&pixels, &map, &left).run(score::confidence).unwrap().unwrap();
    assert_eq!((found.drop, found.increase), (Measured::Value(0.0), Measured::Value(0.0)));
    // Without the right half, a score that it lowers rises.
    let against = |picture: &Array3<f32>| 2.0 * left(picture) - f64::from(picture.sum()) + 20.0;
    let found = Case::new(&pixels, &map, &against).run(score::confidence).unwrap().unwrap();
    assert_eq!((found.drop, found.increase), (Measured::Value(0.0), Measured::Value(1.0)));
    let inverted = map.mapv(|value| -value);
    let found = Case::new(&pixels, &inverted, &left).run(score::confidence).unwrap().unwrap();
    assert_eq!(found.drop, Measured::Value(1.0));
    for constant in [-1.0, 0.0, 2.0] {
        let map = Array3::from_elem((1, 8, 8), constant);
        let found = Case::new(&pixels, &map, &left).run(score::confidence).unwrap().unwrap();
        assert!(found.drop.reason().is_some() && found.change.reason().is_some());
    }
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

#[test]
fn no_score_depends_on_the_batch_and_all_repeat_by_their_seed() {
    let (toy, pixels) = (Smooth::new(), array("pixels"));
    let score = |picture: &Array3<f32>| toy.score(picture);
    let map = toy.gradient(&pixels);
    for (id, measure, values) in scores() {
        let measured = |batch: usize, seed: u64| {
            let case = Case { batch, ..Case::new(&pixels, &map, &score) };
            case.run(|trial| measure(trial, &values, &mut generator(seed))).unwrap().unwrap()
        };
        for batch in [0, 1, 7, 1000] {
            assert_eq!(measured(batch, 1), measured(4, 1), "{id} at {batch}");
        }
        let is_drawn = ["infidelity", "mu-fidelity", "morf", "lerf", "road"].contains(&id);
        assert_eq!(measured(4, 1) != measured(4, 2), is_drawn, "{id}");
    }
}

#[test]
fn cancelled_scores_are_none_and_progress_reaches_its_total() {
    let (toy, pixels) = (Smooth::new(), array("pixels"));
    let score = |picture: &Array3<f32>| toy.score(picture);
    let map = toy.gradient(&pixels);
    for (id, measure, values) in scores() {
        let case = Case { batch: 1, ..Case::new(&pixels, &map, &score) };
        let mut heard = vec![];
        let mut stop = |done, _| {
            heard.push(done);
            if done == 2 { Flow::Cancel } else { Flow::Continue }
        };
        let cancelled = case.watched(&mut stop, |trial| measure(trial, &values, &mut generator(1)));
        assert_eq!((cancelled.unwrap(), heard), (None, vec![1, 2]), "{id}");
        let mut last = (0, 1);
        let mut watch = |done, total| {
            assert!(done == last.0 + 1 && done <= total);
            last = (done, total);
            Flow::Continue
        };
        let whole = case.watched(&mut watch, |trial| measure(trial, &values, &mut generator(1)));
        assert!(whole.unwrap().is_some() && last.0 == last.1, "{id}");
    }
}

#[test]
fn cancelled_stability_is_none() {
    let pixels = drawn(4, (1, 6, 6));
    for score in SCORES.iter().filter(|score| matches!(score.measure, Measure::Explanations(_))) {
        let Measure::Explanations(measure) = score.measure else { unreachable!() };
        for at in [1, 5, 24] {
            let mut count = 0;
            let mut trial = ExplainTrial {
                pixels: &pixels,
                explain: &mut |picture| Ok(picture.clone()),
                watch: &mut |done, total| {
                    count += 1;
                    assert_eq!((done, total), (count, 24));
                    if done == at { Flow::Cancel } else { Flow::Continue }
                },
            };
            assert_eq!(measure(&mut trial, &quick(score), &mut generator(1)).unwrap(), None);
        }
    }
}

#[test]
fn hostile_input_is_an_error_or_undefined_and_never_a_panic() {
    let pixels = drawn(1, (3, 9, 7));
    let (weights, linear) = linear(pixels.dim());
    let mut broken = pixels.clone();
    broken[[1, 2, 3]] = f32::NAN;
    let infinite = pixels.mapv(|_| f32::INFINITY);
    let two_channels = Array3::zeros((2, 9, 7));
    let empty = Array3::zeros((3, 0, 7));
    let refused = [
        (&pixels, &broken),
        (&pixels, &infinite),
        (&pixels, &two_channels),
        (&pixels, &empty),
        (&broken, &weights),
        (&empty, &weights),
    ];
    for (id, measure, values) in scores() {
        let run = |case: &Case| case.run(|trial| measure(trial, &values, &mut generator(1)));
        for (pixels, map) in refused {
            assert!(run(&Case::new(pixels, map, &linear)).is_err(), "{id}");
        }
        let colour = vec![0.5];
        assert!(run(&Case { colour, ..Case::new(&pixels, &weights, &linear) }).is_err(), "{id}");
        assert!(run(&Case::new(&pixels, &weights, &|_| f64::NAN)).is_err(), "{id}");
        let huge = run(&Case::new(&pixels, &weights, &|picture| linear(picture) * 1e37));
        assert!(huge.unwrap().unwrap().value().is_none_or(f64::is_finite), "{id}");
        // A single pixel, a constant map, a map of a layer, and magnitudes all have an answer.
        let one = Array3::ones((3, 1, 1));
        let sum = |picture: &Array3<f32>| f64::from(picture.sum());
        assert!(run(&Case::new(&one, &one, &sum)).is_ok(), "{id}");
        assert!(run(&Case::new(&pixels, &Array3::zeros((1, 2, 2)), &linear)).is_ok(), "{id}");
        let layer = drawn(7, (1, 4, 3));
        let above_zero = |picture: &Array3<f32>| linear(picture) + 10.0;
        let case = Case { ranking: Ranking::Magnitude, ..Case::new(&pixels, &layer, &above_zero) };
        assert!(run(&case).unwrap().unwrap().value().is_some(), "{id}");
    }
}

#[test]
fn functions_that_fail_or_answer_wrongly_are_errors() {
    let pixels = drawn(1, (1, 6, 6));
    for (id, measure, values) in scores() {
        let failed = || Error::new("the network failed", "as it was told to");
        for answer in [Err(failed()), Ok(vec![]), Ok(vec![1.0; 5])] {
            let mut trial = ScoreTrial {
                pixels: &pixels,
                map: &pixels,
                mean_colour: &[0.0],
                ranking: Ranking::Signed,
                score: &mut |_| answer.clone(),
                batch: 2,
                watch: &mut |_, _| Flow::Continue,
            };
            assert!(measure(&mut trial, &values, &mut generator(1)).is_err(), "{id}");
        }
    }
    let grows = |picture: &Array3<f32>| Array3::zeros((1, 1, (picture.sum() * 1e4) as usize));
    let breaks = |picture: &Array3<f32>| picture / 0.0;
    let nothing = |_: &Array3<f32>| Array3::zeros((0, 2, 2));
    for map in [&grows as &dyn Fn(&Array3<f32>) -> Array3<f32>, &breaks, &nothing] {
        let found = explaining(&pixels, map, |trial| {
            score::local_lipschitz(trial, &LocalLipschitzParameters::default(), &mut generator(1))
        });
        assert!(found.is_err());
    }
}

#[test]
fn given_perturbations_of_a_wrong_shape_are_errors() {
    let pixels = drawn(1, (1, 6, 6));
    let (weights, score) = linear(pixels.dim());
    let case = Case::new(&pixels, &weights, &score);
    let wrong = drawn(1, (1, 6, 5));
    for (picture, change) in [(&wrong, &pixels), (&pixels, &wrong)] {
        let mut draw = || Perturbed { picture: picture.clone(), change: change.clone() };
        assert!(case.run(|trial| score::infidelity_over(trial, 2, &mut draw)).is_err());
    }
    let imputer = Imputer::new(Substrate::Black, &pixels, &[0.0], &mut generator(0)).unwrap();
    let mut draw = || Array2::from_elem((6, 5), true);
    let pearson = Correlation::Pearson;
    let found = case.run(|trial| score::mu_fidelity_over(trial, &imputer, 3, pearson, &mut draw));
    assert!(found.is_err());
    assert!(case.run(|trial| score::scores_without(trial, &imputer, &[&[36]])).is_err());
    let found = explaining(&pixels, Clone::clone, |trial| {
        score::max_sensitivity_over(trial, 2, &mut || wrong.clone())
    });
    assert!(found.is_err());
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

#[test]
fn the_registry_can_be_trusted() {
    for (index, score) in SCORES.iter().enumerate() {
        assert!(SCORES[..index].iter().all(|other| other.id != score.id), "{}", score.id);
        let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(score.id.chars().all(is_kebab), "{}", score.id);
        for text in [score.id, score.name, score.range, score.paper, score.formula, score.passes] {
            assert!(!text.is_empty(), "{}", score.id);
        }
        for parameter in score.parameters {
            let default = parameter.default_value();
            assert_eq!(parameter.parse(&default.to_string()), Some(default), "{}", parameter.id);
            assert!(!parameter.source.is_empty() && !parameter.help.is_empty());
        }
        assert_eq!(score::score(score.id).unwrap().id, score.id);
    }
    assert!(score::score("goodness").unwrap_err().to_string().contains("infidelity"));
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

fn a_chessboard_has_known_statistics(id: &str) {
    let Measure::Map(statistic) = score::score(id).unwrap().measure else { panic!("{id}") };
    let chessboard = Array3::from_shape_fn((1, 40, 40), |(_, y, x)| [1.0, -1.0][(y + x) % 2]);
    let expected = match id {
        "gini" => 0.0,
        "entropy" => 1.0,
        _ => 2.0 * (2.0 * 40.0 * 39.0) / 1600.0,
    };
    close(statistic(&chessboard), expected, 1e-6);
}

held! {
    a_gradient_has_no_infidelity: "infidelity";
    contributions_correlate_with_drops: "mu-fidelity";
    half_of_the_contributions_is_left: "morf", "lerf", "road";
    the_score_under_the_map_is_known: "average-drop", "increase-in-confidence", "confidence-change";
    a_map_that_triples_is_as_far_as_twice_its_length: "max-sensitivity";
    a_linear_map_has_its_slope: "local-lipschitz";
    the_sanity_check_hands_over_the_layers_of_each_step: "randomisation";
    a_chessboard_has_known_statistics: "gini", "entropy", "total-variation";
}
