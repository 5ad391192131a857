//! What is cancelled, hostile or broken.

use super::*;

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
