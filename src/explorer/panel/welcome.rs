//! The window before anything of one's own is open.

use crate::explorer::command::Command;
use crate::explorer::context::{Action, Context};
use crate::explorer::files::dropped::Meaning;
use crate::explorer::paint::theme;
use egui::{Align, Align2, CentralPanel, FontId, Label, Layout, Order, Panel, Ui};
use hyaline::example;

pub fn welcome(ui: &mut Ui, cx: &mut Context) {
    CentralPanel::default().show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space((ui.available_height() * 0.25).max(24.0));
            ui.heading(egui::RichText::new("Hyaline").size(34.0));
            ui.label(
                "See what image classifiers look at, method by method and network by network.",
            );
            ui.add_space(24.0);
            let width = 150.0;
            let gap = ui.spacing().item_spacing.x;
            ui.horizontal(|ui| {
                ui.add_space((ui.available_width() - 3.0 * width - 2.0 * gap) / 2.0);
                for command in [Command::OpenModels, Command::OpenPictures, Command::OpenExample] {
                    let button =
                        egui::Button::new(command.name()).min_size(egui::vec2(width, 34.0));
                    if ui.add(button).clicked() {
                        cx.run(command);
                    }
                }
            });
            ui.add_space(12.0);
            ui.weak("or drop files and folders here");
            ui.add_space(24.0);
            ui.weak("Networks: .onnx, .safetensors, PyTorch's .pth and kin, or a .toml model card");
            ui.weak("Pictures: PNG, JPEG, WebP, BMP, TIFF, GIF, or .npy arrays");
            ui.weak(
                "Sessions, studies and training recipes: .toml, or a study's folder of results",
            );
        });
    });
}

/// What the example shows, as its README measures it.
const INTRODUCTION: &str = "Two ResNet-20 for CIFAR-10, one trained as usual (vanilla), one against attacks \
(robust). Look at Gradient first: the robust network's lies on the object, the vanilla one's is noise.";

/// What to try with the example, by what the button says.
const TRIES: [(&str, Command); 3] = [
    ("See how the two differ", Command::TogglePair),
    ("Give their maps one scale", Command::ToggleRange),
    ("Make a figure of it", Command::Figure),
];

/// What to look for in the example, above it.
#[derive(Debug, Default)]
pub struct Introduction {
    pub is_shown: bool,
}

impl Introduction {
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let is_open =
            cx.document.models.iter().any(|open| example::has_weights(&open.value.sha256));
        if !self.is_shown || !(is_open || cx.loading > 0) {
            return;
        }
        Panel::top("introduction").show(ui, |ui| {
            ui.add_space(theme::GAP / 2.0);
            ui.horizontal(|ui| {
                let buttons = Layout::right_to_left(Align::Center);
                ui.with_layout(buttons, |ui| {
                    let about = "Close the example; undo brings it back";
                    if ui.button("Start empty").on_hover_text(about).clicked() {
                        cx.act(Action::StartEmpty);
                    }
                    if ui.button("Got it").on_hover_text("Hide this line").clicked() {
                        self.is_shown = false;
                    }
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(Label::new(INTRODUCTION).wrap());
                    });
                });
            });
            ui.horizontal_wrapped(|ui| {
                ui.label("Try:");
                for (text, command) in TRIES {
                    let about = format!("{}\n{}", command.row().help, command.keys(ui.ctx()));
                    let button = egui::Button::new(text);
                    let is_so = command == Command::TogglePair && cx.document.pair.is_some();
                    if ui
                        .add_enabled(cx.can(command) && !is_so, button)
                        .on_hover_text(about)
                        .clicked()
                    {
                        cx.run(command);
                    }
                }
            });
            ui.add_space(theme::GAP / 2.0);
        });
    }
}

/// What an earlier window left when it closed unexpectedly.
pub fn recovery(ui: &mut Ui, cx: &mut Context) {
    if !cx.has_left {
        return;
    }
    Panel::top("recovery").show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label("Hyaline closed unexpectedly. Restore?")
                .on_hover_text("What was open then was kept");
            if ui.button("Restore").clicked() {
                cx.act(Action::OpenLeft);
            }
            if ui.button("Discard").clicked() {
                cx.act(Action::DiscardLeft);
            }
        });
    });
}

/// Says what happens if the files above the window are let go, and lights what that happens to where
/// the system tells the pointer's place.
pub fn drop_hint(ctx: &egui::Context, cx: &Context) {
    let hovered = ctx.input(|input| input.raw.hovered_files.clone());
    if hovered.is_empty() {
        return;
    }
    let painter =
        ctx.layer_painter(egui::LayerId::new(Order::Foreground, egui::Id::unique("drop hint")));
    let file = hovered[0].path.clone().filter(|_| hovered.len() == 1).unwrap_or_default();
    let lit = cx.frame.drops.under_pointer(ctx).and_then(|(rect, target)| {
        let meaning = Meaning::of(&file, Some(target));
        Some((rect, meaning.words(cx.document)?))
    });
    let (rect, text) = lit.clone().unwrap_or_else(|| (ctx.content_rect(), opened(hovered.len())));
    painter.rect_filled(rect, 0.0, theme::SCRIM);
    if lit.is_some() {
        let stroke = egui::Stroke::new(3.0, theme::ON_SCRIM);
        painter.rect_stroke(rect, 2.0, stroke, egui::StrokeKind::Outside);
        label(&painter, ctx.content_rect(), rect, text);
        return;
    }
    let middle = rect.center();
    painter.text(middle, Align2::CENTER_BOTTOM, text, FontId::proportional(28.0), theme::ON_SCRIM);
    let elsewhere = Meaning::elsewhere(&file).join("\n");
    let at = middle + egui::vec2(0.0, 12.0);
    painter.text(at, Align2::CENTER_TOP, elsewhere, FontId::proportional(16.0), theme::ON_SCRIM);
}

fn opened(count: usize) -> String {
    if count == 1 { "Open this file".into() } else { format!("Open these {count} files") }
}

/// What letting go does, below what is lit, on a ground of its own.
fn label(painter: &egui::Painter, window: egui::Rect, lit: egui::Rect, text: String) {
    let font = FontId::proportional(15.0);
    let galley = painter.layout_no_wrap(text, font, theme::ON_SCRIM);
    let size = galley.size();
    let left = lit.left().min(window.right() - size.x - 8.0).max(window.left() + 8.0);
    let top = (lit.bottom() + 6.0).min(window.bottom() - size.y - 8.0);
    let rect = egui::Rect::from_min_size(egui::pos2(left, top), size);
    painter.rect_filled(rect.expand(4.0), 3.0, egui::Color32::BLACK);
    painter.galley(rect.min, galley, theme::ON_SCRIM);
}
