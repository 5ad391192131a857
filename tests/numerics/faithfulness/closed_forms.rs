//! Scores whose values follow from the score by hand.

use super::*;

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
