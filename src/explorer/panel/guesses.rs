//! What was guessed of a network, said wherever it stands.

use crate::explorer::context::{Action, Context};
use egui::{Button, RichText, Role, Ui, WidgetInfo};
use hyaline::engine::OpenModel;
use hyaline::text::count;

/// A badge that counts the guesses, says them under the pointer, and opens the network's report, where
/// they can be changed.
pub fn guesses_badge(ui: &mut Ui, cx: &mut Context, model: &OpenModel) {
    let guesses = &model.value.warnings;
    if guesses.is_empty() {
        return;
    }
    let text = count(guesses.len(), "guess", "guesses");
    let shown = RichText::new(&text).small().color(ui.visuals().warn_fg_color);
    let about = format!("{}\nClick for the report, to change them", guesses.join("\n"));
    let badge = ui.add(Button::new(shown).small()).on_hover_text(about);
    let name = format!("{text} about {}", model.value.name);
    badge.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if badge.clicked() {
        cx.act(Action::ToggleNetwork(model.id));
    }
}
