//! Scores against Captum, Quantus and pytorch-grad-cam.

use super::*;

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
