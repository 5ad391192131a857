//! Messages that stay until they are read.

use egui::{Align2, Color32, Context, RichText};

/// Messages for the person, oldest first.
#[derive(Default)]
pub struct Notices {
    messages: Vec<Message>,
}

struct Message {
    text: String,
    is_warning: bool,
}

/// More than this many at once would cover the window.
const SHOWN: usize = 5;

impl Notices {
    pub fn tell(&mut self, text: String) {
        self.push(Message { text, is_warning: false });
    }

    pub fn warn(&mut self, text: String) {
        self.push(Message { text, is_warning: true });
    }

    fn push(&mut self, message: Message) {
        if !self.messages.iter().any(|other| other.text == message.text) {
            self.messages.push(message);
        }
    }

    pub fn show(&mut self, ctx: &Context) {
        if self.messages.is_empty() {
            return;
        }
        let mut dismissed = None;
        let mut all = false;
        egui::Area::new(egui::Id::unique("notices"))
            .anchor(Align2::RIGHT_BOTTOM, [-12.0, -36.0])
            .show(ctx, |ui| {
                ui.set_max_width(460.0);
                for (index, message) in self.messages.iter().enumerate().take(SHOWN) {
                    egui::Frame::popup(ui.style()).show(ui, |ui| {
                        ui.horizontal(|ui| {
                            let color: Color32 = match message.is_warning {
                                true => ui.visuals().error_fg_color,
                                false => ui.visuals().text_color(),
                            };
                            let button = ui.small_button("×").on_hover_text("Dismiss");
                            button.widget_info(|| {
                                egui::WidgetInfo::labeled(egui::Role::Button, true, "Dismiss")
                            });
                            if button.clicked() {
                                dismissed = Some(index);
                            }
                            ui.add(
                                egui::Label::new(RichText::new(&message.text).color(color)).wrap(),
                            );
                        });
                    });
                }
                let more = self.messages.len().saturating_sub(SHOWN);
                if self.messages.len() > 1 {
                    let text = if more > 0 {
                        format!("Dismiss all ({more} more)")
                    } else {
                        "Dismiss all".into()
                    };
                    all = ui.button(text).clicked();
                }
            });
        if let Some(index) = dismissed {
            self.messages.remove(index);
        }
        if all {
            self.messages.clear();
        }
    }
}
