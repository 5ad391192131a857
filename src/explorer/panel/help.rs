//! What keys and the mouse do.

use crate::explorer::command::Command;
use crate::explorer::context::{Context, Panel};
use egui::{Align2, Ui, Window};

#[derive(Debug, Default)]
pub struct HelpPanel;

impl Panel for HelpPanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let window = Window::new("Keys and mouse")
            .pivot(Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .max_height(ctx.content_rect().height() - 80.0)
            .vscroll(true)
            .collapsible(false)
            .resizable(false);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Context) {
        egui::Grid::new("keys").num_columns(2).striped(true).show(ui, |ui| {
            for command in Command::ALL {
                ui.label(command.name()).on_hover_text(command.row().help);
                ui.monospace(command.keys(ui.ctx()));
                ui.end_row();
            }
            for (what, how) in [
                ("Open anything", "drop files or folders on the window"),
                ("Open a copied picture or copied paths", "Ctrl + V"),
                ("Menu of a cell or a name", "right click, or Menu or Shift + F10 on it"),
                ("Keep a map on screen", "Pin this map, in its menu"),
                ("Other order of rows and columns", "drag their names"),
                ("Zoom in or out, in all cells", "Ctrl + wheel, or pinch"),
                ("Move it", "drag"),
                ("Values under the pointer in all cells", "hover a cell"),
                ("One cell alone, and back", "double click, or Enter on a cell"),
                ("Each of a pair in the other's place", "hold Shift"),
            ] {
                ui.label(what);
                ui.monospace(how);
                ui.end_row();
            }
        });
    }
}
