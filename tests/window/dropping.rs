//! Files do what it looks like where they are let go.

use super::*;
use ndarray_npy::WriteNpyExt;

/// Files let go on something that is named so.
fn drop_onto(window: &mut Harness<Explorer>, what: &str, file: &Path) {
    let at = wait(window, what).rect().center();
    window.hover_at(at);
    window.run_steps(2);
    drop_on(window, &[file.to_path_buf()]);
}

#[test]
fn a_mask_let_go_on_a_picture_is_its_mask_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    let drawn = window.render().unwrap();
    let mask = folder.path().join("region-of-interest.png");
    image::GrayImage::from_fn(28, 28, |x, y| image::Luma([if x < 9 && y < 9 { 255 } else { 0 }]))
        .save(&mask)
        .unwrap();
    drop_onto(&mut window, "one as LeNet5 vanilla sees it", &mask);
    wait(&mut window, "Boxes");
    window.run_steps(3);
    assert_ne!(drawn.as_raw(), window.render().unwrap().as_raw(), "its box is drawn");
    assert!(window.query_by_label("Close region-of-interest").is_none(), "it is no other picture");
}

#[test]
fn a_picture_let_go_on_another_opens() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    let other = folder.path().join("other.png");
    image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, (x * y) as u8]))
        .save(&other)
        .unwrap();
    drop_onto(&mut window, "one as LeNet5 vanilla sees it", &other);
    wait(&mut window, "Close other");
}

#[test]
fn labels_let_go_on_a_network_name_its_classes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    let names = folder.path().join("names.txt");
    let lines: Vec<String> = (0..10).map(|class| format!("figure {class}")).collect();
    std::fs::write(&names, lines.join("\n")).unwrap();
    drop_onto(&mut window, "Details of LeNet5 vanilla", &names);
    wait_for_part(&mut window, "figure ");
    wait(&mut window, "Gradient of LeNet5 vanilla: done, of class figure 1");
}

#[test]
fn a_map_let_go_on_a_cell_stands_beside_its_map() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    let map = folder.path().join("saliency.npy");
    let values = ndarray::Array2::from_shape_fn((28, 28), |(y, x)| y as f32 - x as f32);
    values.write_npy(std::fs::File::create(&map).unwrap()).unwrap();
    let cell = "Gradient of LeNet5 robust: done";
    // What it would do is said while it hovers, and nothing happens when it is taken away.
    let at = wait(&mut window, cell).rect().center();
    let plain = window.render().unwrap();
    window.hover_at(at);
    let hovered = egui::HoveredFile { path: Some(map.clone()), ..Default::default() };
    window.input_mut().hovered_files.push(hovered);
    window.run_steps(2);
    assert_ne!(plain.as_raw(), window.render().unwrap().as_raw(), "the cell is lit");
    window.input_mut().hovered_files.clear();
    drop_onto(&mut window, cell, &map);
    wait_for_part(&mut window, "saliency.npy on LeNet5 robust · one");
    wait_for_part(&mut window, "shown on a scale of its own");
}
