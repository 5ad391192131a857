//! Messages: toasts that come and, unless they warn, go, and the log of all of them.

use crate::explorer::context::{Context, Panel};
use egui::{Align2, Color32, RichText, ScrollArea, Ui, Window};
use std::time::{Duration, Instant};

/// Messages for the person, oldest first.
#[derive(Default)]
pub struct Notices {
    toasts: Vec<Message>,
    log: Vec<Message>,
}

#[derive(Clone)]
struct Message {
    text: String,
    is_warning: bool,
    at: Instant,
}

/// More than this many at once would cover the window.
const SHOWN: usize = 5;
/// Time that a message which is no warning is shown.
const FADING: Duration = Duration::from_secs(10);
/// Messages of the log.
const LOGGED: usize = 500;

impl Notices {
    pub fn info(&mut self, text: String) {
        self.push(text, false);
    }

    pub fn warn(&mut self, text: String) {
        self.push(text, true);
    }

    /// Tells several things of one file or network.
    pub fn info_all(&mut self, of: &str, texts: &[String]) {
        for text in texts {
            self.info(format!("{of}: {text}"));
        }
    }

    fn push(&mut self, text: String, is_warning: bool) {
        if !self.toasts.iter().any(|other| other.text == text) {
            let message = Message { text, is_warning, at: Instant::now() };
            self.log.push(message.clone());
            if self.log.len() > LOGGED {
                self.log.remove(0);
            }
            self.toasts.push(message);
        }
    }

    pub fn show(&mut self, ctx: &egui::Context) {
        self.toasts.retain(|message| message.is_warning || message.at.elapsed() < FADING);
        if self.toasts.is_empty() {
            return;
        }
        if self.toasts.iter().any(|message| !message.is_warning) {
            ctx.request_repaint_after(Duration::from_secs(1));
        }
        let mut dismissed = None;
        let mut all = false;
        egui::Area::new(egui::Id::unique("notices"))
            .anchor(Align2::RIGHT_BOTTOM, [-12.0, -36.0])
            .show(ctx, |ui| {
                ui.set_max_width(460.0);
                for (index, message) in self.toasts.iter().enumerate().take(SHOWN) {
                    egui::Frame::popup(ui.style()).show(ui, |ui| {
                        ui.horizontal(|ui| {
                            let button = ui.small_button("×").on_hover_text("Dismiss");
                            button.widget_info(|| {
                                egui::WidgetInfo::labeled(egui::Role::Button, true, "Dismiss")
                            });
                            if button.clicked() {
                                dismissed = Some(index);
                            }
                            message.show(ui);
                        });
                    });
                }
                let more = self.toasts.len().saturating_sub(SHOWN);
                if self.toasts.len() > 1 {
                    let text = if more > 0 {
                        format!("Dismiss all ({more} more)")
                    } else {
                        "Dismiss all".into()
                    };
                    all = ui.button(text).clicked();
                }
            });
        if let Some(index) = dismissed {
            self.toasts.remove(index);
        }
        if all {
            self.toasts.clear();
        }
    }
}

/// All messages of this start, to read and to copy.
impl Panel for Notices {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let place = ctx.content_rect().center();
        Some(Window::new("Messages").default_pos(place).default_size([460.0, 240.0]))
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Context) {
        if self.log.is_empty() {
            ui.weak("No message since the start");
            return;
        }
        if ui.button("Copy").on_hover_text("All messages, a line each").clicked() {
            let lines: Vec<_> = self.log.iter().map(|m| m.text.as_str()).collect();
            ui.copy_text(lines.join("\n"));
        }
        ScrollArea::vertical().auto_shrink([false, true]).stick_to_bottom(true).show(ui, |ui| {
            for message in &self.log {
                message.show(ui);
            }
        });
    }
}

impl Message {
    fn show(&self, ui: &mut Ui) {
        let color: Color32 = match self.is_warning {
            true => ui.visuals().error_fg_color,
            false => ui.visuals().text_color(),
        };
        ui.add(egui::Label::new(RichText::new(&self.text).color(color)).wrap());
    }
}
