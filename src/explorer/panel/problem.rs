//! A problem report: what helps to find a cause, in one file that a person sends or not.

use crate::explorer::context::{Action, Context, Panel};
use crate::explorer::panel::path_prompt::PathFor;
use egui::{Align2, TextEdit, Ui, Window};

/// What a person says of a problem.
#[derive(Debug, Default)]
pub struct ProblemPanel {
    pub told: String,
    /// The explained picture goes into the report.
    pub with_picture: bool,
}

impl Panel for ProblemPanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let room = ctx.content_rect();
        let window = Window::new("Report a problem")
            .pivot(Align2::CENTER_CENTER)
            .default_pos(room.center())
            .default_width((room.width() - 60.0).min(460.0))
            .collapsible(false);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let label = ui.label("What happened, and what did you expect?").id;
        let field = TextEdit::multiline(&mut self.told).desired_rows(4);
        ui.add(field.desired_width(f32::INFINITY)).labelled_by(label);
        ui.weak("The report is one zip file on this machine. Nothing is sent. It holds:");
        for part in [
            "• what you wrote above, Hyaline's version, the system and the device",
            "• all messages since the start",
            "• the session: names and paths of open files, methods and settings",
        ] {
            ui.weak(part);
        }
        let text = "Include the explained picture";
        ui.checkbox(&mut self.with_picture, text)
            .on_hover_text("Without it, the report holds no picture");
        if ui.button("Save report…").clicked() {
            cx.act(Action::AskPath(PathFor::Report));
        }
    }
}
