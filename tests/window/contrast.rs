//! Every text of the drawn window can be read, in both themes and at every size, and what has the
//! keyboard's focus is seen.

use super::*;
use egui::emath::Rot2;
use egui::epaint::{ClippedShape, TextShape};
use egui::{Color32, Pos2, Shape, Theme};

/// Relative luminance, by the Web Content Accessibility Guidelines 2.2.
fn luminance(color: Color32) -> f32 {
    let linear = |value: u8| {
        let value = f32::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
}

fn contrast(one: Color32, other: Color32) -> f32 {
    let [a, b] = [one, other].map(luminance);
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What lies at a place.
#[derive(Clone, Copy)]
enum Ground {
    Plain(Color32),
    /// Pixels of a picture or a map.
    Picture,
}

/// The shapes of a window in the order of painting, each with what it is cut to.
fn flattened(shapes: &[ClippedShape]) -> Vec<(egui::Rect, &Shape)> {
    fn add<'a>(clip: egui::Rect, shape: &'a Shape, into: &mut Vec<(egui::Rect, &'a Shape)>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(clip, shape, into)),
            shape => into.push((clip, shape)),
        }
    }
    let mut flat = vec![];
    for clipped in shapes {
        add(clipped.clip_rect, &clipped.shape, &mut flat);
    }
    flat
}

/// What shapes leave at a place.
fn ground(below: &[(egui::Rect, &Shape)], at: Pos2) -> Ground {
    let mut ground = Ground::Plain(Color32::BLACK);
    for (_, shape) in below.iter().filter(|(clip, _)| clip.contains(at)) {
        match shape {
            Shape::Rect(rect) if rect.rect.contains(at) && rect.blur_width == 0.0 => {
                let is_picture = rect.brush.is_some();
                ground = match ground {
                    _ if is_picture => Ground::Picture,
                    Ground::Picture if !rect.fill.is_opaque() => Ground::Picture,
                    Ground::Picture => Ground::Plain(rect.fill),
                    Ground::Plain(before) => Ground::Plain(before.blend(rect.fill)),
                };
            }
            Shape::Callback(callback) if callback.rect.contains(at) => ground = Ground::Picture,
            Shape::Mesh(mesh) => {
                let is_picture = mesh.texture_id != egui::TextureId::default();
                if is_picture && mesh.calc_bounds().contains(at) {
                    ground = Ground::Picture;
                }
            }
            _ => {}
        }
    }
    ground
}

/// The places and colours of a text's letters.
fn letters(text: &TextShape) -> Vec<(Pos2, Color32)> {
    let turn = Rot2::from_angle(text.angle);
    let mut letters = vec![];
    for row in &text.galley.rows {
        let (mesh, range) = (&row.visuals.mesh, row.visuals.glyph_vertex_range.clone());
        for corners in mesh.vertices[range].chunks_exact(4) {
            let middle = corners[0].pos + (corners[3].pos - corners[0].pos) / 2.0;
            let color = match text.override_text_color {
                Some(color) => color,
                None if corners[0].color == Color32::PLACEHOLDER => text.fallback_color,
                None => corners[0].color,
            };
            let at = text.pos + turn * (row.pos + middle.to_vec2()).to_vec2();
            letters.push((at, color.gamma_multiply(text.opacity_factor)));
        }
    }
    letters
}

/// Whether writing shows on every picture: it is bright with a dark rim.
fn has_rim(color: Color32) -> bool {
    [Color32::WHITE, Color32::BLACK].contains(&color)
}

/// The texts that are too near in colour to what is below them.
fn illegible(window: &Harness<Explorer>) -> Vec<String> {
    let shapes = flattened(&window.output().shapes);
    let mut found = vec![];
    for (index, (clip, shape)) in shapes.iter().enumerate() {
        let Shape::Text(text) = shape else { continue };
        let seen =
            letters(text).into_iter().filter(|(at, color)| clip.contains(*at) && color.a() > 0);
        let worst = seen.map(|(at, color)| match ground(&shapes[..index], at) {
            Ground::Picture if has_rim(color) => f32::INFINITY,
            Ground::Picture => 1.0,
            Ground::Plain(_) if color == Color32::BLACK => f32::INFINITY,
            Ground::Plain(below) => contrast(below.blend(color), below),
        });
        let worst = worst.fold(f32::INFINITY, f32::min);
        if worst < 4.45 {
            found.push(format!("{worst:.2}: {}", text.galley.text()));
        }
    }
    found
}

#[track_caller]
fn hold(window: &mut Harness<Explorer>, what: &str) {
    window.run_steps(30);
    let found = illegible(window);
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
    let texts = window.output().shapes.iter().filter(|s| matches!(s.shape, Shape::Text(_)));
    assert!(texts.count() > 10, "{what} has texts");
}

#[test]
fn every_text_of_the_window_can_be_read_in_both_themes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    for model in ["LeNet5 vanilla", "LeNet5 robust"] {
        wait(&mut window, &format!("Gradient of {model}: done"));
        wait(&mut window, &format!("Grad-CAM · {model}"));
    }
    for theme in [Theme::Dark, Theme::Light] {
        window.ctx.set_theme(theme);
        hold(&mut window, &format!("the grid, {theme:?}"));
        for (panel, key) in [("range", egui::Key::N), ("keys", egui::Key::F1)] {
            press(&mut window, egui::Modifiers::NONE, key);
            hold(&mut window, &format!("{panel}, {theme:?}"));
            press(&mut window, egui::Modifiers::NONE, key);
        }
        for (panel, key) in
            [("network", egui::Key::I), ("figure", egui::Key::E), ("messages", egui::Key::M)]
        {
            press(&mut window, egui::Modifiers::COMMAND, key);
            hold(&mut window, &format!("{panel}, {theme:?}"));
            press(&mut window, egui::Modifiers::COMMAND, key);
        }
        press(&mut window, egui::Modifiers::COMMAND, egui::Key::P);
        hold(&mut window, &format!("the palette, {theme:?}"));
        press(&mut window, egui::Modifiers::NONE, egui::Key::Escape);
    }
}

#[test]
fn the_first_window_can_be_read_in_both_themes() {
    if !support::can_paint() {
        return;
    }
    let mut window = window(vec![]);
    for theme in [Theme::Dark, Theme::Light] {
        window.ctx.set_theme(theme);
        hold(&mut window, &format!("the first window, {theme:?}"));
    }
}

#[test]
fn texts_may_be_smaller_and_twice_as_large() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    let cell = "Gradient of LeNet5 vanilla: done";
    wait(&mut window, cell);
    let scale = |window: &mut Harness<Explorer>, key, times| {
        (0..times).for_each(|_| press(window, egui::Modifiers::COMMAND, key));
        window.run_steps(10);
        let room = window.ctx.content_rect().expand(1.0);
        let seen = ["one as LeNet5 vanilla sees it", cell].map(|name| wait(window, name).rect());
        assert!(seen.iter().any(|seen| room.contains_rect(*seen)), "{seen:?} in {room:?}");
        assert!(illegible(window).is_empty());
        window.check_accessibility();
    };
    scale(&mut window, egui::Key::Minus, 2);
    assert!((window.ctx.zoom_factor() - 0.8).abs() < 1e-3);
    scale(&mut window, egui::Key::Plus, 12);
    assert!((window.ctx.zoom_factor() - 2.0).abs() < 1e-3);
}

/// Whether a ring in the colour of the focus is drawn around something.
fn has_ring(window: &Harness<Explorer>, around: egui::Rect) -> bool {
    let focus = window.ctx.global_style().visuals.selection.stroke.color;
    flattened(&window.output().shapes).iter().any(|(_, shape)| {
        matches!(shape, Shape::Rect(rect) if rect.stroke.color == focus
            && rect.stroke.width >= 2.0
            && rect.rect.expand(6.0).contains_rect(around))
    })
}

#[test]
fn what_the_keyboard_goes_to_has_a_name_and_a_ring() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    for name in ["Gradient of LeNet5 vanilla: done", "one as LeNet5 vanilla sees it"] {
        wait(&mut window, name).focus();
        window.run_steps(3);
        let around = window.get_by_label(name).rect();
        assert!(has_ring(&window, around.shrink(4.0)), "{name}");
    }
    for _ in 0..40 {
        press(&mut window, egui::Modifiers::NONE, egui::Key::Tab);
        let all = window.query_all(egui_kittest::kittest::by());
        let focused = all.filter(|node| node.accesskit_node().is_focused());
        for node in focused {
            assert!(node.accesskit_node().label().is_some_and(|name| !name.is_empty()), "{node:?}");
        }
    }
}
