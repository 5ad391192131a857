//! What the window draws, light and dark, against the pictures in `tests/window/snapshots`.
//! `UPDATE_SNAPSHOTS=1` writes them anew; look at them before they are kept.

use super::*;
use egui::{Key, Modifiers, Order, Rect};
use egui_kittest::{SnapshotOptions, try_image_snapshot_options};

/// Pixels that may differ, in parts of a picture's: adapters blend edges of letters differently.
const MOST_DIFFERENT: f64 = 0.002;

/// The pictures of one theme, and those among them that are not as they were.
struct Snapshots<'a> {
    window: Harness<'a, Explorer>,
    theme: &'static str,
    failed: Vec<String>,
}

impl Snapshots<'_> {
    fn new(theme: egui::Theme) -> Self {
        let mut window =
            Harness::builder().with_size([1280.0, 800.0]).with_max_steps(60).wgpu().build_eframe(
                |cc| Explorer::new(cc, ComputeDevice::cpu(), vec![], UserDirs::default()),
            );
        window.run_steps(2);
        if window.ctx.theme() != theme {
            press(&mut window, Modifiers::COMMAND, Key::T);
        }
        assert_eq!(window.ctx.theme(), theme);
        let theme = if theme == egui::Theme::Dark { "dark" } else { "light" };
        Self { window, theme, failed: vec![] }
    }

    /// Compares what lies in a part of the window.
    fn compare(&mut self, name: &str, part: Rect) {
        self.window.remove_cursor();
        self.window.run_steps(8);
        let image = self.window.render().unwrap();
        let [left, top, right, bottom] =
            [part.left(), part.top(), part.right(), part.bottom()].map(|at| at.max(0.0) as u32);
        let (right, bottom) = (right.min(image.width()), bottom.min(image.height()));
        let image =
            image::imageops::crop_imm(&image, left, top, right - left, bottom - top).to_image();
        let most = f64::from(image.width() * image.height()) * MOST_DIFFERENT;
        let options = SnapshotOptions::new()
            .output_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/window/snapshots"))
            .max_failed_pixels(most as usize);
        let result = try_image_snapshot_options(&image, format!("{name}-{}", self.theme), &options);
        self.failed.extend(result.err().map(|error| error.to_string()));
    }

    /// Compares all but the status bar, which tells of the machine.
    fn compare_window(&mut self, name: &str) {
        let mut part = self.window.ctx.content_rect();
        *part.bottom_mut() -= 30.0;
        self.compare(name, part);
    }

    /// Compares the panel that a key opens, and closes it again.
    fn compare_panel(&mut self, name: &str, modifiers: Modifiers, key: Key, order: Order) {
        press(&mut self.window, modifiers, key);
        self.window.run_steps(8);
        let part = self.window.ctx.memory(|memory| {
            memory.areas().top_layer_id(order).and_then(|layer| memory.area_rect(layer.id))
        });
        self.compare(name, part.expect("the panel is open"));
        press(&mut self.window, Modifiers::NONE, Key::Escape);
    }
}

fn compare_with_snapshots(theme: egui::Theme) {
    if !support::can_paint() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut snapshots = Snapshots::new(theme);
    snapshots.compare_window("start");
    snapshots.window.state_mut().open_example(folder.path().join("example"));
    let window = &mut snapshots.window;
    for network in ["ResNet-20 vanilla", "ResNet-20 robust"] {
        for method in ["Gradient", "Integrated Gradients", "Grad-CAM"] {
            wait(window, &format!("{method} of {network}: done"));
            wait(window, &format!("{method} · {network}"));
        }
    }
    click(window, "Got it");
    click(window, "Pair vanilla and robust");
    wait(window, "Gradient of ResNet-20 vanilla and ResNet-20 robust: Difference");
    let likenesses =
        |window: &Harness<Explorer>| window.query_all_by_label_contains("Spearman ").count() >= 3;
    wait_until(window, "three likenesses", likenesses);
    snapshots.compare_window("pair");
    snapshots.compare_panel("range", Modifiers::NONE, Key::N, Order::Middle);
    snapshots.compare_panel("keys", Modifiers::NONE, Key::F1, Order::Middle);
    snapshots.compare_panel("palette", Modifiers::COMMAND, Key::P, Order::Foreground);
    press(&mut snapshots.window, Modifiers::COMMAND, Key::E);
    wait(&mut snapshots.window, "The figure as it will be written");
    wait_until_gone(&mut snapshots.window, "Waits for ");
    press(&mut snapshots.window, Modifiers::NONE, Key::Escape);
    snapshots.compare_panel("figure", Modifiers::COMMAND, Key::E, Order::Middle);
    assert!(snapshots.failed.is_empty(), "{}", snapshots.failed.join("\n"));
}

#[test]
fn the_light_window_looks_as_before() {
    compare_with_snapshots(egui::Theme::Light);
}

#[test]
fn the_dark_window_looks_as_before() {
    compare_with_snapshots(egui::Theme::Dark);
}
