//! The window, driven by the names that its widgets have for people who can't see them.

mod classes;
mod comparing;
mod contrast;
mod dropping;
// The window belongs to the program, not to the library.
#[allow(dead_code)]
#[path = "../../src/explorer/mod.rs"]
mod explorer;
mod figuring;
mod keeping;
mod opening;
mod outputs;
mod pairing;
mod room;
mod shaders;
mod snapshots;
mod studying;
#[path = "../support/mod.rs"]
mod support;
mod working;

use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use explorer::{Explorer, UserDirs};
use hyaline::model::ComputeDevice;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A window of the usual size, with files opening.
fn window<'a>(files: Vec<PathBuf>) -> Harness<'a, Explorer> {
    window_with(files, UserDirs::default())
}

/// The same with places to keep things in.
fn window_with<'a>(files: Vec<PathBuf>, dirs: UserDirs) -> Harness<'a, Explorer> {
    // The renderer needs an adapter; without one the window can't be tested.
    Harness::builder()
        .with_size([1280.0, 1400.0])
        .with_max_steps(60)
        .wgpu()
        .build_eframe(|cc| Explorer::new(cc, ComputeDevice::cpu(), files, dirs))
}

/// Lets the window live until something is so.
fn wait_until(
    window: &mut Harness<'_, Explorer>,
    what: &str,
    is_so: impl Fn(&Harness<'_, Explorer>) -> bool,
) {
    let start = Instant::now();
    while !is_so(window) {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "waited in vain for: {what}; there is:\n{}",
            labels(window)
        );
        window.step();
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Lets the window live until something is there.
fn wait<'a>(window: &'a mut Harness<'_, Explorer>, what: &'a str) -> Node<'a> {
    wait_until(window, what, |window| window.query_by_label(what).is_some());
    window.get_by_label(what)
}

fn labels(window: &Harness<Explorer>) -> String {
    let all = window.query_all(egui_kittest::kittest::by());
    all.filter_map(|node| node.accesskit_node().label()).collect::<Vec<_>>().join("\n")
}

/// Lets the window live until something whose name holds a text is there.
fn wait_for_part(window: &mut Harness<'_, Explorer>, part: &str) {
    wait_until(window, part, |window| window.query_all_by_label_contains(part).next().is_some());
}

/// Lets the window live until nothing is there whose name holds a text.
fn wait_until_gone(window: &mut Harness<'_, Explorer>, part: &str) {
    let gone = format!("no more `{part}`");
    wait_until(window, &gone, |window| window.query_all_by_label_contains(part).next().is_none());
}

fn press(window: &mut Harness<Explorer>, modifiers: egui::Modifiers, key: egui::Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

fn click(window: &mut Harness<Explorer>, what: &str) {
    wait(window, what).click();
    window.run_steps(3);
}

/// A file let go above the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

fn drop_on(window: &mut Harness<Explorer>, files: &[PathBuf]) {
    let dropped = &mut window.input_mut().dropped_files;
    dropped.extend(
        files.iter().map(|file| Arc::new(Dropped(file.clone())) as egui::DroppedFileHandle),
    );
    window.step();
}

/// A grey picture with something like a one.
fn picture(folder: &Path, name: &str) -> PathBuf {
    let image = image::GrayImage::from_fn(28, 28, |x, y| {
        image::Luma([if (12..16).contains(&x) && (4..24).contains(&y) { 255 } else { 0 }])
    });
    let path = folder.join(name);
    image.save(&path).unwrap();
    path
}

/// A vanilla network, its robust counterpart and a picture, or nothing where the data folder or an adapter is missing.
fn comparison(folder: &Path) -> Option<Vec<PathBuf>> {
    let data = support::data().filter(|_| support::can_paint())?;
    Some(vec![
        support::card("mnist_lenet5_vanilla", &data, folder),
        support::card("mnist_lenet5_adv", &data, folder),
        picture(folder, "one.png"),
    ])
}
