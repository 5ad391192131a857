//! The command palette: any command by a few letters of its name.

use super::super::context::Context;
use super::Command;
use egui::{
    Align2, Area, Frame, Key, Label, Order, RichText, ScrollArea, Sense, TextEdit, Ui, vec2,
};

/// The palette while it is open.
#[derive(Debug, Default)]
pub struct Palette {
    text: String,
    /// Index among the commands that fit.
    chosen: usize,
    is_open: bool,
}

const WIDTH: f32 = 420.0;
/// What letters from the middle of a word count more than those from its beginning.
const INSIDE: usize = 4;

impl Palette {
    pub fn open(&mut self) {
        *self = Self { is_open: true, ..Self::default() };
    }

    pub fn show(&mut self, ctx: &egui::Context, cx: &mut Context) {
        if !self.is_open {
            return;
        }
        let commands = fitting(&self.text, |command| cx.can(command));
        self.chosen = self.chosen.min(commands.len().saturating_sub(1));
        let mut done = None;
        let area = Area::new(egui::Id::unique("palette"))
            .order(Order::Foreground)
            .anchor(Align2::CENTER_TOP, vec2(0.0, 60.0))
            .show(ctx, |ui| {
                Frame::popup(ui.style()).show(ui, |ui| {
                    ui.set_width(WIDTH.min(ctx.content_rect().width() - 40.0));
                    done = self.list(ui, &commands);
                });
            });
        let is_elsewhere = ctx.input(|input| input.pointer.any_pressed())
            && ctx.pointer_latest_pos().is_some_and(|at| !area.response.rect.contains(at));
        if is_elsewhere || ctx.input(|input| input.key_pressed(Key::Escape)) {
            self.is_open = false;
        }
        if let Some(command) = done {
            self.is_open = false;
            cx.run(command);
        }
    }

    /// The field and the commands that fit; gives the one that was chosen.
    fn list(&mut self, ui: &mut Ui, commands: &[Command]) -> Option<Command> {
        let key = |key| ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key));
        let [down, up, enter] = [Key::ArrowDown, Key::ArrowUp, Key::Enter].map(key);
        let palette = self;
        if down && palette.chosen + 1 < commands.len() {
            palette.chosen += 1;
        }
        palette.chosen -= usize::from(up && palette.chosen > 0);
        let field = TextEdit::singleline(&mut palette.text)
            .hint_text("Do anything by its name")
            .desired_width(f32::INFINITY);
        let field = ui.add(field);
        field.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find a command")
        });
        field.request_focus();
        if field.changed() {
            palette.chosen = 0;
        }
        let mut done = commands.get(palette.chosen).copied().filter(|_| enter);
        if commands.is_empty() {
            ui.weak("no command that can be done now has such a name");
        }
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for (index, command) in commands.iter().enumerate() {
                let is_chosen = index == palette.chosen;
                let row = palette_row(ui, *command, is_chosen);
                if is_chosen && (up || down) {
                    row.scroll_to_me(None);
                }
                if row.clicked() {
                    done = Some(*command);
                }
            }
        });
        done
    }
}

fn palette_row(ui: &mut Ui, command: Command, is_chosen: bool) -> egui::Response {
    let (rect, row) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::click());
    row.widget_info(|| {
        egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, command.name())
    });
    let visuals = ui.style().interact_selectable(&row, is_chosen);
    if is_chosen || row.hovered() {
        ui.painter().rect_filled(rect, 3.0, visuals.weak_bg_fill);
    }
    let keys = command.keys(ui.ctx());
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect.shrink2(vec2(8.0, 0.0))), |ui| {
        ui.horizontal_centered(|ui| {
            ui.add(
                Label::new(RichText::new(command.name()).color(visuals.text_color()))
                    .selectable(false),
            );
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.add(Label::new(RichText::new(keys).weak()).selectable(false));
            });
        });
    });
    row
}

/// Commands that can be done and have the letters of `text` in their order, the tightest first.
fn fitting(text: &str, can: impl Fn(Command) -> bool) -> Vec<Command> {
    let mut found: Vec<(usize, Command)> = Command::ALL
        .iter()
        .copied()
        .filter(|command| *command != Command::Palette && can(*command))
        .filter_map(|command| Some((looseness(text, command.name())?, command)))
        .collect();
    found.sort_by_key(|(looseness, _)| *looseness);
    found.into_iter().map(|(_, command)| command).collect()
}

/// How far the letters of `text` lie apart in a name that has them in their order, beginning at
/// the best place; none where it has not.
fn looseness(text: &str, name: &str) -> Option<usize> {
    let wanted: Vec<char> = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let Some(first) = wanted.first() else { return Some(0) };
    let from = |start: usize| {
        let mut at = start;
        for letter in &wanted[1..] {
            at += 1 + name[at + 1..].iter().position(|c| c == letter)?;
        }
        let is_inside = start > 0 && name[start - 1] != ' ';
        Some(at - start + if is_inside { INSIDE } else { 0 })
    };
    let starts = (0..name.len()).filter(|at| name[*at] == *first);
    starts.filter_map(from).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_a_command() {
        for (text, command) in [
            ("undo", Command::Undo),
            ("op pic", Command::OpenPictures),
            ("LARGER", Command::LargerCells),
            ("lod", Command::ToggleTheme),
        ] {
            assert_eq!(fitting(text, |_| true).first(), Some(&command), "{text}");
        }
        assert!(fitting("xyzzy", |_| true).is_empty());
    }

    #[test]
    fn what_cannot_be_done_is_not_offered() {
        let found = fitting("", |command| command != Command::Redo);
        assert!(found.contains(&Command::Undo) && !found.contains(&Command::Redo));
    }
}
