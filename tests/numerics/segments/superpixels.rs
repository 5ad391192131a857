//! Superpixels against scikit-image.

use super::*;

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
