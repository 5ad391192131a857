//! Menus of single things.

use egui::{Key, Popup, Response, SetOpenCommand, Ui};

/// The menu of something: by the right button, or where the keyboard's focus is, by the menu key or
/// Shift+F10.
pub fn context_menu(response: &Response, content: impl FnOnce(&mut Ui)) {
    let asks = |input: &egui::InputState| {
        input.key_pressed(Key::Menu) || input.modifiers.shift && input.key_pressed(Key::F10)
    };
    let is_asked = response.has_focus() && response.ctx.input(asks);
    let id = Popup::default_response_id(response);
    // What a key opened has no place of a pointer to be at.
    let is_by_key = is_asked
        || Popup::is_id_open(&response.ctx, id)
            && Popup::position_of_id(&response.ctx, id).is_none();
    let mut menu = Popup::context_menu(response);
    if is_by_key {
        menu = menu.anchor(response);
    }
    if is_asked {
        menu = menu.open_memory(SetOpenCommand::Bool(true));
    }
    menu.show(content);
}
