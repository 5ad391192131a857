//! Scores whose values follow from the regions by hand.

use super::*;

#[test]
fn a_map_that_is_the_region_scores_highest_and_its_inverse_lowest() {
    let regions = one_box();
    let perfect = as_map(&regions);
    let inverted = perfect.mapv(|value| -value);
    let outside = perfect.mapv(|value| 1.0 - value);
    for (Description { id, .. }, _) in localisations().filter(|(_, score)| score.needs_region()) {
        let id = *id;
        let found = |map: &Array2<f32>| score_with(id, map.view(), &regions, settings(id));
        assert_eq!(found(&perfect), Ok(1.0), "{id}");
        match id {
            "positive-percentage" => {
                assert_eq!(found(&inverted), Ok(0.0));
                assert_eq!(found(&outside), Err(Undefined::NothingInside));
            }
            // The box of everything outside is the whole picture.
            "wsl-iou" => assert_eq!(found(&outside), Ok(48.0 / 320.0)),
            // Edges counted in make a box of 9 × 7 pixels.
            "max-box-accuracy" => assert_eq!(found(&outside), Ok(63.0 / 320.0)),
            // So is that of its hole, one pixel larger on every side.
            "max-box-accuracy-v2" => assert!(found(&outside).unwrap() < 0.75),
            _ => assert_eq!(found(&outside), Ok(0.0), "{id}"),
        }
    }
}

#[test]
fn overlaps_of_shifted_boxes_are_known() {
    let regions = one_box();
    let half = as_map(&boxed([16, 20], &[[8.0, 5.0, 16.0, 11.0]]));
    assert_eq!(score("wsl-iou", &half, &regions), Ok(24.0 / 72.0));
    assert_eq!(score("energy-game", &half, &regions), Ok(0.5));
    assert_eq!(score("loc", &half, &regions), Ok(24.0 / 72.0));
    assert_eq!(score("relevance-rank", &half, &regions), Ok(0.5));
    // Edges counted in make boxes of 9 × 7 pixels.
    assert_eq!(score("max-box-accuracy", &half, &regions), Ok(35.0 / 91.0));
    let mut accuracy = MaxBoxAccuracy::default();
    accuracy.add(&BoxOverlaps::of(half.view(), &regions.boxes).unwrap());
    accuracy.add(&BoxOverlaps::of(as_map(&regions).view(), &regions.boxes).unwrap());
    accuracy.add_wrong();
    assert_eq!(accuracy.best(Contours::Largest, 0), Some((2.0 / 3.0, 0.0)));
    assert_eq!(accuracy.v1(), Some(1.0 / 3.0));
    assert_close(accuracy.v2().unwrap(), 4.0 / 9.0, "mean over criteria");
    assert_eq!(IOU_CRITERIA, [0.3, 0.5, 0.7]);
    assert_eq!(accuracy.best(Contours::All, 3), None);
    assert_eq!(MaxBoxAccuracy::default().v1(), None);
}

#[test]
fn random_maps_score_by_chance() {
    let regions = one_box();
    let chance = regions.share();
    let mut generator = RandomStream::new(3, "random", "", "").generator();
    let mut mean = |id: &str, signed: bool| {
        let sum: f64 = (0..400)
            .map(|_| {
                let map = Array2::from_shape_simple_fn((16, 20), || {
                    generator.random::<f32>() - if signed { 0.5 } else { 0.0 }
                });
                score_with(id, map.view(), &regions, settings(id)).unwrap()
            })
            .sum();
        sum / 400.0
    };
    for id in ["pointing-game", "energy-game", "relevance-rank", "top-k-intersection"] {
        let found = mean(id, true);
        assert!((found - chance).abs() < 0.05, "{id}: {found}, chance is {chance}");
    }
    assert!((mean("positive-percentage", true) - 0.5).abs() < 0.02);
    assert_close(mean("positive-percentage", false), 1.0, "no signs");
    assert!(mean("concentration", false).abs() < 0.02);
}

#[test]
fn ties_count_by_their_share() {
    let regions = one_box();
    let even = Array2::from_elem((16, 20), 0.5);
    assert_close(score("relevance-rank", &even, &regions).unwrap(), regions.share(), "even");
    // Ten pixels above, nine of them inside; the rest ties.
    let mut map = even.clone();
    (0..9).for_each(|x| map[[7, x + 3]] = 1.0);
    map[[0, 0]] = 1.0;
    let (inside, free) = (8.0, 38.0);
    let expected = (inside + free * 40.0 / 310.0) / 48.0;
    assert_close(score("relevance-rank", &map, &regions).unwrap(), expected, "ties at the edge");
    let ten = score_with("top-k-intersection", map.view(), &regions, &[("k", "10")]);
    assert_eq!(ten, Ok(0.8));
}

#[test]
fn the_first_of_several_maxima_in_reading_order_points() {
    let regions = one_box();
    let mut map = Array2::zeros((16, 20));
    map[[8, 8]] = 1.0;
    let strict = |map: &Array2<f32>| {
        score_with("pointing-game", map.view(), &regions, &[("tolerance", "0")]).unwrap()
    };
    assert_eq!(strict(&map), 1.0);
    map[[12, 0]] = 1.0;
    assert_eq!(strict(&map), 1.0, "the later one doesn't count");
    map[[8, 2]] = 1.0;
    assert_eq!(strict(&map), 0.0);
}

#[test]
fn tolerance_ends_before_its_distance() {
    let regions = one_box();
    // The nearest pixel of the box, (5, 4), is five pixels away.
    let map = Array2::from_shape_fn((16, 20), |place| f32::from(u8::from(place == (1, 1))));
    let hit = |tolerance: &str| {
        score_with("pointing-game", map.view(), &regions, &[("tolerance", tolerance)]).unwrap()
    };
    assert_eq!(["4.9", "5", "5.1"].map(hit), [0.0, 0.0, 1.0]);
}

#[test]
fn one_pixel_at_the_border_is_a_box_of_its_own() {
    for (y, x) in [(0, 0), (0, 19), (15, 0), (15, 19), (9, 19)] {
        let map = Array2::from_shape_fn((16, 20), |place| f32::from(u8::from(place == (y, x))));
        let (left, top) = (x as f32, y as f32);
        let regions = boxed([16, 20], &[[left, top, left + 1.0, top + 1.0]]);
        let of_regions = localisations().filter(|(_, score)| score.needs_region());
        for id in of_regions.map(|(description, _)| description.id).chain(["concentration"]) {
            let set = if id == "top-k-intersection" { &[("k", "1")] } else { settings(id) };
            let found = score_with(id, map.view(), &regions, set);
            assert_eq!(found, Ok(1.0), "{id} at {y}, {x}");
        }
    }
}

#[test]
fn the_middle_is_a_hit_where_the_object_is() {
    let middle = centre_map([16, 20]);
    assert_eq!(middle.iter().sum::<f32>(), 1.0);
    let strict = [("tolerance", "0")];
    let hit = |regions| score_with("pointing-game", middle.view(), &regions, &strict).unwrap();
    assert_eq!(hit(one_box()), 1.0);
    assert_eq!(hit(boxed([16, 20], &[[0.0, 0.0, 5.0, 5.0]])), 0.0);
}

#[test]
fn pointing_is_averaged_over_classes() {
    let mut first = PointingAccuracy::default();
    assert_eq!(first.accuracy(), None);
    for hit in [true, true, false, true] {
        first.add(3, hit);
    }
    let mut second = PointingAccuracy::default();
    second.add(8, false);
    second.add(3, false);
    first.merge(&second);
    assert_eq!(first.of_classes().collect::<Vec<_>>(), [(3, 0.6), (8, 0.0)]);
    assert_close(first.accuracy().unwrap(), 0.3, "mean of classes");
}

#[test]
fn scores_do_not_depend_on_the_map_s_scale() {
    let regions = one_box();
    let mut generator = RandomStream::new(5, "scale", "", "").generator();
    let map = Array2::from_shape_simple_fn((16, 20), || generator.random::<f32>() - 0.3);
    for (Description { id, .. }, _) in localisations() {
        let id = *id;
        let found =
            |factor: f32| score_with(id, (&map * factor).view(), &regions, settings(id)).unwrap();
        // Powers of two change no digit.
        assert_close(found(2f32.powi(-90)), found(1.0), id);
        assert_close(found(2f32.powi(100)), found(1.0), id);
    }
}
