//! The window before anything is open.

use super::command::Command;
use super::{Explorer, theme};
use egui::{Align2, CentralPanel, Context, FontId, Order, Ui};

impl Explorer {
    pub(super) fn welcome(&mut self, ui: &mut Ui) {
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
                    ui.add_space((ui.available_width() - 2.0 * width - gap) / 2.0);
                    for command in [Command::OpenModels, Command::OpenPictures] {
                        let button =
                            egui::Button::new(command.text()).min_size(egui::vec2(width, 34.0));
                        if ui.add(button).clicked() {
                            let ctx = ui.ctx().clone();
                            self.perform(command, &ctx);
                        }
                    }
                });
                ui.add_space(12.0);
                ui.weak("or drop files and folders here");
                ui.add_space(24.0);
                ui.weak(
                    "Networks: .onnx, .safetensors, PyTorch's .pth and kin, or a .toml model card",
                );
                ui.weak("Pictures: PNG, JPEG, WebP, BMP, TIFF, GIF, or .npy arrays");
                ui.weak(
                    "Sessions, studies and training recipes: .toml, or a study's folder of results",
                );
            });
        });
    }
}

/// Says what happens if the files above the window are let go.
pub fn drop_hint(ctx: &Context) {
    let count = ctx.input(|input| input.raw.hovered_files.len());
    if count == 0 {
        return;
    }
    let painter =
        ctx.layer_painter(egui::LayerId::new(Order::Foreground, egui::Id::unique("drop hint")));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0.0, theme::SCRIM);
    let text =
        if count == 1 { "Open this file".into() } else { format!("Open these {count} files") };
    painter.text(
        rect.center(),
        Align2::CENTER_CENTER,
        text,
        FontId::proportional(28.0),
        theme::ON_SCRIM,
    );
}
