//! The tour: five hints for the first start.

use crate::explorer::context::{Action, Context};
use crate::explorer::state::side_panel::SidePanel;
use egui::{Align2, RichText};

const HINTS: [(&str, &str); 5] = [
    (
        "Bring what you have",
        "Drop networks (.onnx, .pth, .safetensors, model cards), pictures and whole folders anywhere on the \
         window, or paste a picture. Nothing is uploaded: all of it runs here.",
    ),
    (
        "Choose methods",
        "The library on the left has every method with its parameters, and presets of papers. A method that \
         takes long says so before it begins; Cancel work (Ctrl+.) stops it and keeps what is done.",
    ),
    (
        "Look closely",
        "Ctrl and the wheel zoom into all cells at once, a drag moves them. The value under the pointer \
         stands below every cell; P pins a probe. N opens range and colour.",
    ),
    (
        "Compare",
        "J pairs two networks of one architecture and shows the difference of their maps; B blinks, \
         Shift shows each in the other's place. T transposes the grid or shows all pictures.",
    ),
    (
        "Find the rest",
        "Ctrl+P finds commands, methods, classes, pictures and settings, F1 lists keys, Ctrl+S saves all of this as a session. Every \
         step can be undone.",
    ),
];

/// Of a hint, points: it lies over the library, which can wait.
const WIDTH: f32 = 220.0;

/// Which hint is shown.
#[derive(Debug, Default)]
pub struct Hints {
    shown: usize,
}

impl Hints {
    /// One hint after another, until they were seen; only where that can be remembered.
    pub fn show(&mut self, ctx: &egui::Context, cx: &mut Context) {
        let width = ctx.content_rect().width();
        let has_room = SidePanel::Library.is_open(cx.view, width);
        if cx.settings.hints_seen || !cx.remembers || cx.document.is_empty() || !has_room {
            return;
        }
        let (title, text) = HINTS[self.shown];
        egui::Window::new("Tour")
            .title_bar(false)
            .resizable(false)
            .anchor(Align2::LEFT_BOTTOM, [10.0, -40.0])
            .default_width(WIDTH)
            .show(ctx, |ui| {
                ui.set_max_width(WIDTH);
                ui.strong(title);
                ui.label(text);
                ui.horizontal(|ui| {
                    let is_last = self.shown + 1 == HINTS.len();
                    if ui.button(if is_last { "Done" } else { "Next" }).clicked() {
                        self.shown = (self.shown + 1) % HINTS.len();
                        if is_last {
                            cx.act(Action::EndHints);
                        }
                    }
                    if !is_last && ui.button("Skip").clicked() {
                        cx.act(Action::EndHints);
                    }
                    let count = format!("{} of {}", self.shown + 1, HINTS.len());
                    ui.label(RichText::new(count).weak());
                });
            });
    }
}
