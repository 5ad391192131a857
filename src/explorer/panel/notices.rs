//! Messages: the newest in the status bar, which goes unless it warns, and the list of all of them.

use crate::explorer::context::{Context, Panel};
use crate::explorer::state::open_panels::PanelId;
use egui::{Label, RichText, ScrollArea, Ui, WidgetInfo, Window};
use hyaline::text::count;
use std::time::{Duration, Instant};

/// Messages for the person, oldest first.
#[derive(Default)]
pub struct Notices {
    unread: Vec<Message>,
    log: Vec<Message>,
}

#[derive(Clone)]
struct Message {
    text: String,
    is_warning: bool,
    at: Instant,
}

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

    /// Keeps things in the list of messages that are said elsewhere as long as they matter.
    pub fn log_all(&mut self, of: &str, texts: &[String]) {
        for text in texts {
            self.log(Message::new(format!("{of}: {text}"), false));
        }
    }

    fn push(&mut self, text: String, is_warning: bool) {
        if !self.unread.iter().any(|other| other.text == text) {
            let message = Message::new(text, is_warning);
            self.log(message.clone());
            self.unread.push(message);
        }
    }

    fn log(&mut self, message: Message) {
        self.log.push(message);
        if self.log.len() > LOGGED {
            self.log.remove(0);
        }
    }

    /// All messages since the start, oldest first.
    pub fn texts(&self) -> Vec<String> {
        self.log.iter().map(|message| message.text.clone()).collect()
    }

    /// Whether there is a message to show now.
    pub fn any(&mut self) -> bool {
        self.unread.retain(|message| message.is_warning || message.at.elapsed() < FADING);
        !self.unread.is_empty()
    }

    /// The newest message in a line, with how many there are, where no cell is covered.
    pub fn line(&mut self, ui: &mut Ui, cx: &mut Context) {
        if self.unread.iter().any(|message| !message.is_warning) {
            ui.ctx().request_repaint_after(Duration::from_secs(1));
        }
        // What went wrong stays in sight until it is dismissed.
        let newest = self.unread.iter().max_by_key(|message| message.is_warning);
        let Some(newest) = newest.cloned() else { return };
        let button = ui.small_button("×").on_hover_text("Dismiss");
        button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, "Dismiss"));
        if button.clicked() {
            self.unread.retain(|message| message.text != newest.text);
        }
        let text = count(self.unread.len(), "message", "messages");
        if ui.small_button(text).on_hover_text("Read all messages since the start").clicked() {
            cx.open.open(PanelId::Messages);
            self.unread.clear();
        }
        // A text that is cut shows itself whole on hover.
        ui.add(newest.label(ui).truncate());
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
                ui.add(message.label(ui).wrap());
            }
        });
    }
}

impl Message {
    fn new(text: String, is_warning: bool) -> Self {
        Self { text, is_warning, at: Instant::now() }
    }

    fn label(&self, ui: &Ui) -> Label {
        let colour = match self.is_warning {
            true => ui.visuals().error_fg_color,
            false => ui.visuals().text_color(),
        };
        Label::new(RichText::new(&self.text).color(colour))
    }
}
