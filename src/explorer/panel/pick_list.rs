//! A field with a list below it: typing finds, arrows choose, Enter takes.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Id, Key, Modifiers, Response, Role, ScrollArea, TextEdit, Ui, WidgetInfo};

/// What is typed into the field, and where in the list a person is.
#[derive(Debug, Default)]
pub struct PickList {
    pub text: String,
    /// Enter takes what is typed, until an arrow chose a row.
    pub is_free: bool,
    /// Tab stays with the field, which completes by it.
    pub keeps_tab: bool,
    chosen: usize,
    has_moved: bool,
    /// Where the list is scrolled to, points.
    top: f32,
    /// The frame that it was last shown in.
    shown: u64,
    field: Option<Id>,
    asked: Asked,
}

/// What keys asked for in this frame.
#[derive(Debug, Default, Clone, Copy)]
struct Asked {
    step: isize,
    is_changed: bool,
    is_taken: bool,
}

/// Height of the list at most, points.
const HEIGHT: f32 = 320.0;
/// Rows that a page key goes.
const PAGE: isize = 10;

impl PickList {
    /// With a text in the field.
    pub fn of(text: String) -> Self {
        Self { text, ..Self::default() }
    }

    /// Puts another text into the field, with the cursor behind it.
    pub fn replace(&mut self, ctx: &egui::Context, text: String) {
        let end = CCursor::new(text.chars().count());
        self.text = text;
        self.restart();
        if let Some(field) = self.field {
            let mut state = TextEditState::load(ctx, field).unwrap_or_default();
            state.cursor.set_char_range(Some(CCursorRange::one(end)));
            state.store(ctx, field);
            ctx.memory_mut(|memory| memory.request_focus(field));
        }
    }

    /// Whether Enter took what is typed, and no row.
    pub fn is_entered(&self) -> bool {
        self.asked.is_taken && !self.is_row_chosen()
    }

    fn is_row_chosen(&self) -> bool {
        !self.is_free || self.has_moved
    }

    /// Begins at the first row again, as after another text.
    fn restart(&mut self) {
        (self.chosen, self.top, self.has_moved) = (0, 0.0, false);
        self.asked.is_changed = true;
    }

    /// The field, which has the keyboard as soon as it is shown.
    pub fn field(&mut self, ui: &mut Ui, name: &str, hint: &str) -> Response {
        let id = ui.make_persistent_id(name);
        self.field = Some(id);
        self.asked = self.keys(ui, id);
        let field = TextEdit::singleline(&mut self.text)
            .id(id)
            .lock_focus(self.keeps_tab)
            .hint_text(hint)
            .desired_width(f32::INFINITY);
        let field = ui.add(field);
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, name));
        let frame = ui.ctx().cumulative_frame_nr();
        // Typing filters at once, but Tab may go on to the list.
        if frame > self.shown + 1 || ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        self.shown = frame;
        if field.changed() {
            self.restart();
        }
        field
    }

    /// Takes the list's keys before the field would.
    fn keys(&self, ui: &mut Ui, field: Id) -> Asked {
        if !ui.memory(|memory| memory.has_focus(field)) {
            return Asked::default();
        }
        let pressed =
            |key| isize::from(ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)));
        let step = pressed(Key::ArrowDown) - pressed(Key::ArrowUp);
        let pages = pressed(Key::PageDown) - pressed(Key::PageUp);
        Asked { step: step + PAGE * pages, is_changed: false, is_taken: pressed(Key::Enter) > 0 }
    }

    /// The rows, of one height; gives the one that was clicked or taken by Enter. `row` draws one and is told
    /// whether it is the one that Enter takes.
    pub fn rows(
        &mut self,
        ui: &mut Ui,
        height: f32,
        rows: usize,
        mut row: impl FnMut(&mut Ui, usize, bool) -> Response,
    ) -> Option<usize> {
        let Asked { step, is_changed, is_taken } = self.asked;
        let last = rows.saturating_sub(1);
        // The first arrow goes to the first row where none is chosen.
        let step = if self.is_row_chosen() { step } else { step - step.signum() };
        self.has_moved |= self.asked.step != 0;
        self.chosen = self.chosen.saturating_add_signed(step).min(last);
        let mut area = ScrollArea::vertical().max_height(HEIGHT).auto_shrink([false, true]);
        if step != 0 || is_changed {
            self.top = scrolled(self.top, self.chosen, height + ui.spacing().item_spacing.y);
            area = area.vertical_scroll_offset(self.top);
        }
        let chosen = self.is_row_chosen().then_some(self.chosen);
        let mut taken = chosen.filter(|_| is_taken && rows > 0);
        let output = area.show_rows(ui, height, rows, |ui, range| {
            for index in range {
                if row(ui, index, Some(index) == chosen).clicked() {
                    taken = Some(index);
                }
            }
        });
        self.top = output.state.clamped_offset().y;
        taken
    }
}

/// The nearest place to scroll to that shows a row whole.
fn scrolled(top: f32, row: usize, pitch: f32) -> f32 {
    let at = pitch * row as f32;
    top.clamp((at + pitch - HEIGHT).max(0.0), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_row_is_never_out_of_sight() {
        assert_eq!(scrolled(0.0, 3, 20.0), 0.0, "it is in sight already");
        assert_eq!(scrolled(0.0, 16, 20.0), 20.0);
        assert_eq!(scrolled(200.0, 4, 20.0), 80.0);
        for row in 0..1000 {
            let top = scrolled(400.0, row, 20.0);
            let at = 20.0 * row as f32;
            assert!(top <= at && at + 20.0 <= top + HEIGHT, "row {row} at {top}");
        }
    }
}
