//! Everything that a menu entry, a button or a key can do, named once.

use egui::{Key, KeyboardShortcut, Modifiers};

/// A command of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    OpenModels,
    OpenPictures,
    Train,
    Quit,
    Undo,
    Redo,
    Cancel,
    Resume,
    PreviousPicture,
    NextPicture,
    ZoomIn,
    ZoomOut,
    ZoomFit,
    ToggleLibrary,
    ToggleCurves,
    ToggleTheme,
    NetworkDetails,
    ToggleStudy,
    ToggleTraining,
    Help,
}

/// The menus.
pub const MENUS: [(&str, &[Command]); 4] = [
    ("File", &[Command::OpenModels, Command::OpenPictures, Command::Train, Command::Quit]),
    ("Edit", &[Command::Undo, Command::Redo, Command::Cancel, Command::Resume]),
    (
        "View",
        &[
            Command::PreviousPicture,
            Command::NextPicture,
            Command::ZoomIn,
            Command::ZoomOut,
            Command::ZoomFit,
            Command::ToggleLibrary,
            Command::ToggleCurves,
            Command::ToggleTheme,
            Command::NetworkDetails,
            Command::ToggleStudy,
            Command::ToggleTraining,
        ],
    ),
    ("Help", &[Command::Help]),
];

impl Command {
    /// What menus and buttons say; `…` means that a dialog follows.
    pub fn text(self) -> &'static str {
        match self {
            Command::OpenModels => "Open networks…",
            Command::OpenPictures => "Open pictures…",
            Command::Train => "Train by a recipe…",
            Command::Quit => "Quit",
            Command::Undo => "Undo",
            Command::Redo => "Redo",
            Command::Cancel => "Cancel work",
            Command::Resume => "Resume work",
            Command::PreviousPicture => "Previous picture",
            Command::NextPicture => "Next picture",
            Command::ZoomIn => "Larger cells",
            Command::ZoomOut => "Smaller cells",
            Command::ZoomFit => "Fit cells to window",
            Command::ToggleLibrary => "Library",
            Command::ToggleCurves => "Curves",
            Command::ToggleTheme => "Light or dark",
            Command::NetworkDetails => "Network details",
            Command::ToggleStudy => "Study",
            Command::ToggleTraining => "Training",
            Command::Help => "Keys and mouse",
        }
    }

    /// The key.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let key = |modifiers, key| Some(KeyboardShortcut::new(modifiers, key));
        match self {
            Command::OpenModels => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::O),
            Command::OpenPictures => key(Modifiers::COMMAND, Key::O),
            Command::Train => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::T),
            Command::Quit => key(Modifiers::COMMAND, Key::Q),
            Command::Undo => key(Modifiers::COMMAND, Key::Z),
            Command::Redo => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z),
            Command::Cancel => key(Modifiers::NONE, Key::Escape),
            Command::Resume => key(Modifiers::COMMAND, Key::R),
            Command::PreviousPicture => key(Modifiers::NONE, Key::PageUp),
            Command::NextPicture => key(Modifiers::NONE, Key::PageDown),
            Command::ZoomIn => key(Modifiers::NONE, Key::Plus),
            Command::ZoomOut => key(Modifiers::NONE, Key::Minus),
            Command::ZoomFit => key(Modifiers::NONE, Key::Num0),
            Command::ToggleLibrary => key(Modifiers::COMMAND, Key::L),
            Command::ToggleCurves => key(Modifiers::COMMAND, Key::K),
            Command::ToggleTheme => key(Modifiers::COMMAND, Key::T),
            Command::NetworkDetails => key(Modifiers::COMMAND, Key::I),
            Command::ToggleStudy => key(Modifiers::COMMAND, Key::D),
            Command::ToggleTraining => key(Modifiers::COMMAND, Key::J),
            Command::Help => key(Modifiers::NONE, Key::F1),
        }
    }

    /// All commands, longest shortcuts first, so that ⇧⌘Z is not taken for ⌘Z.
    fn by_shortcut() -> Vec<Command> {
        let mut commands: Vec<_> =
            MENUS.iter().flat_map(|(_, commands)| *commands).copied().collect();
        commands.sort_by_key(|command| {
            let shifted = command.shortcut().is_some_and(|s| s.modifiers.shift);
            std::cmp::Reverse(shifted)
        });
        commands
    }

    /// Possible commands whose keys were pressed. A text field or an open menu keeps its keys.
    pub fn pressed(ctx: &egui::Context, can: impl Fn(Command) -> bool) -> Vec<Command> {
        if ctx.text_edit_focused() || egui::Popup::is_any_open(ctx) {
            return vec![];
        }
        let pressed = |command: &Command| {
            command.shortcut().is_some_and(|shortcut| {
                can(*command) && ctx.input_mut(|input| input.consume_shortcut(&shortcut))
            })
        };
        Self::by_shortcut().into_iter().filter(pressed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_key() {
        let commands = Command::by_shortcut();
        for (index, command) in commands.iter().enumerate() {
            let taken =
                commands[..index].iter().find(|other| other.shortcut() == command.shortcut());
            assert_eq!(taken, None, "{command:?}");
        }
    }
}
