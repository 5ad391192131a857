//! Everything that a menu entry, a button or a key can do, named once.

use egui::{Key, KeyboardShortcut, Modifiers};

/// A command of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    OpenModels,
    OpenPictures,
    OpenSession,
    OpenExample,
    SaveSession,
    SaveSessionAs,
    Figure,
    CloseAll,
    Train,
    Quit,
    Undo,
    Redo,
    Close,
    Cancel,
    Resume,
    Pause,
    CopyCommandLine,
    ToggleJobs,
    PreviousPicture,
    NextPicture,
    ZoomIn,
    ZoomOut,
    ZoomFit,
    MagnifyPicture,
    ReducePicture,
    FitPicture,
    PinProbe,
    RemoveProbes,
    ToggleProbes,
    JoinTwins,
    Blink,
    ToggleLibrary,
    ToggleCurves,
    Rearrange,
    ToggleRange,
    ToggleTheme,
    SystemTheme,
    LargerWindow,
    SmallerWindow,
    UsualWindow,
    ToggleMessages,
    NetworkDetails,
    ToggleStudy,
    ToggleTraining,
    Palette,
    Hints,
    Help,
}

/// The menus.
pub const MENUS: [(&str, &[Command]); 6] = [
    (
        "File",
        &[
            Command::OpenModels,
            Command::OpenPictures,
            Command::OpenSession,
            Command::OpenExample,
            Command::SaveSession,
            Command::SaveSessionAs,
            Command::Figure,
            Command::Train,
            Command::CloseAll,
            Command::Quit,
        ],
    ),
    (
        "Edit",
        &[
            Command::Undo,
            Command::Redo,
            Command::Close,
            Command::Cancel,
            Command::Resume,
            Command::Pause,
            Command::ToggleJobs,
            Command::CopyCommandLine,
        ],
    ),
    (
        "Picture",
        &[
            Command::PreviousPicture,
            Command::NextPicture,
            Command::MagnifyPicture,
            Command::ReducePicture,
            Command::FitPicture,
            Command::PinProbe,
            Command::ToggleProbes,
            Command::RemoveProbes,
        ],
    ),
    (
        "Grid",
        &[
            Command::Rearrange,
            Command::ToggleRange,
            Command::JoinTwins,
            Command::Blink,
            Command::ZoomIn,
            Command::ZoomOut,
            Command::ZoomFit,
        ],
    ),
    (
        "Window",
        &[
            Command::ToggleLibrary,
            Command::ToggleCurves,
            Command::NetworkDetails,
            Command::ToggleStudy,
            Command::ToggleTraining,
            Command::ToggleMessages,
            Command::ToggleTheme,
            Command::SystemTheme,
            Command::LargerWindow,
            Command::SmallerWindow,
            Command::UsualWindow,
        ],
    ),
    ("Help", &[Command::Palette, Command::Hints, Command::Help]),
];

impl Command {
    /// What menus and buttons say; `…` means that a dialog follows.
    pub fn text(self) -> &'static str {
        match self {
            Command::OpenModels => "Open networks…",
            Command::OpenPictures => "Open pictures…",
            Command::OpenSession => "Open session…",
            Command::OpenExample => "Open the example",
            Command::SaveSession => "Save session",
            Command::SaveSessionAs => "Save session as…",
            Command::Figure => "Figure for a paper",
            Command::CloseAll => "Close all",
            Command::Train => "Train by a recipe…",
            Command::Quit => "Quit",
            Command::Undo => "Undo",
            Command::Redo => "Redo",
            Command::Close => "Close what lies above, or cancel work",
            Command::Cancel => "Cancel work",
            Command::Resume => "Resume work",
            Command::Pause => "Pause work or go on",
            Command::ToggleJobs => "Jobs",
            Command::CopyCommandLine => "Copy as command line",
            Command::PreviousPicture => "Previous picture",
            Command::NextPicture => "Next picture",
            Command::ZoomIn => "Larger cells",
            Command::ZoomOut => "Smaller cells",
            Command::ZoomFit => "Fit cells to window",
            Command::MagnifyPicture => "Magnify picture",
            Command::ReducePicture => "Reduce picture",
            Command::FitPicture => "Whole picture",
            Command::PinProbe => "Pin probe at pointer",
            Command::RemoveProbes => "Remove probes",
            Command::ToggleProbes => "Values at probes",
            Command::JoinTwins => "Join twins or part them",
            Command::Blink => "Blink or difference",
            Command::ToggleLibrary => "Library",
            Command::ToggleCurves => "Curves",
            Command::Rearrange => "Transpose, or all pictures",
            Command::ToggleRange => "Range and colour",
            Command::ToggleTheme => "Light or dark",
            Command::SystemTheme => "Theme of the system",
            Command::LargerWindow => "Larger text and controls",
            Command::SmallerWindow => "Smaller text and controls",
            Command::UsualWindow => "Usual text and controls",
            Command::ToggleMessages => "Messages",
            Command::NetworkDetails => "Network details",
            Command::ToggleStudy => "Study",
            Command::ToggleTraining => "Training",
            Command::Palette => "Find a command",
            Command::Hints => "Hints",
            Command::Help => "Keys and mouse",
        }
    }

    /// The key.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let key = |modifiers, key| Some(KeyboardShortcut::new(modifiers, key));
        match self {
            Command::OpenModels => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::O),
            Command::OpenPictures => key(Modifiers::COMMAND, Key::O),
            Command::OpenSession => key(Modifiers::COMMAND | Modifiers::ALT, Key::O),
            Command::OpenExample => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::E),
            Command::SaveSession => key(Modifiers::COMMAND, Key::S),
            Command::SaveSessionAs => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::S),
            Command::Figure => key(Modifiers::COMMAND, Key::E),
            Command::CloseAll => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::W),
            Command::Train => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::T),
            Command::Quit => key(Modifiers::COMMAND, Key::Q),
            Command::Undo => key(Modifiers::COMMAND, Key::Z),
            Command::Redo => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z),
            Command::Close => key(Modifiers::NONE, Key::Escape),
            Command::Cancel => key(Modifiers::COMMAND, Key::Period),
            Command::Resume => key(Modifiers::COMMAND, Key::R),
            Command::Pause => key(Modifiers::COMMAND, Key::Space),
            Command::CopyCommandLine => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::C),
            Command::ToggleJobs => key(Modifiers::COMMAND | Modifiers::SHIFT, Key::J),
            Command::PreviousPicture => key(Modifiers::NONE, Key::PageUp),
            Command::NextPicture => key(Modifiers::NONE, Key::PageDown),
            Command::ZoomIn => key(Modifiers::NONE, Key::Plus),
            Command::ZoomOut => key(Modifiers::NONE, Key::Minus),
            Command::ZoomFit => key(Modifiers::NONE, Key::Num0),
            Command::MagnifyPicture => key(Modifiers::NONE, Key::CloseBracket),
            Command::ReducePicture => key(Modifiers::NONE, Key::OpenBracket),
            Command::FitPicture => key(Modifiers::NONE, Key::F),
            Command::PinProbe => key(Modifiers::NONE, Key::P),
            Command::RemoveProbes => key(Modifiers::SHIFT, Key::P),
            Command::JoinTwins => key(Modifiers::NONE, Key::J),
            Command::Blink => key(Modifiers::NONE, Key::B),
            Command::ToggleLibrary => key(Modifiers::COMMAND, Key::L),
            Command::ToggleCurves => key(Modifiers::COMMAND, Key::K),
            Command::Rearrange => key(Modifiers::NONE, Key::T),
            Command::ToggleRange => key(Modifiers::NONE, Key::N),
            Command::ToggleTheme => key(Modifiers::COMMAND, Key::T),
            Command::LargerWindow => key(Modifiers::COMMAND, Key::Plus),
            Command::SmallerWindow => key(Modifiers::COMMAND, Key::Minus),
            Command::UsualWindow => key(Modifiers::COMMAND, Key::Num0),
            Command::ToggleMessages => key(Modifiers::COMMAND, Key::M),
            Command::NetworkDetails => key(Modifiers::COMMAND, Key::I),
            Command::ToggleStudy => key(Modifiers::COMMAND, Key::D),
            Command::ToggleTraining => key(Modifiers::COMMAND, Key::J),
            Command::Palette => key(Modifiers::COMMAND, Key::P),
            Command::ToggleProbes | Command::SystemTheme | Command::Hints => None,
            Command::Help => key(Modifiers::NONE, Key::F1),
        }
    }

    /// The key, as people read it.
    pub fn keys(self, ctx: &egui::Context) -> String {
        let keys = self.shortcut().map(|keys| ctx.format_shortcut(&keys)).unwrap_or_default();
        let signs = [
            ("CloseBracket", "]"),
            ("OpenBracket", "["),
            ("Plus", "+"),
            ("Minus", "−"),
            ("Period", "."),
        ];
        signs.iter().fold(keys, |keys, (name, sign)| keys.replace(name, sign))
    }

    /// All commands, longest shortcuts first, so that ⇧⌘Z is not taken for ⌘Z.
    fn by_shortcut() -> Vec<Command> {
        let mut commands: Vec<_> =
            MENUS.iter().flat_map(|(_, commands)| *commands).copied().collect();
        commands.sort_by_key(|command| {
            let modifiers = command.shortcut().map(|shortcut| shortcut.modifiers);
            let more = modifiers.map_or(0, |m| u8::from(m.shift) + u8::from(m.alt));
            std::cmp::Reverse(more)
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
        let mut commands: Vec<_> = Self::by_shortcut().into_iter().filter(pressed).collect();
        // Where this sign is differs between keyboards, so that it comes as text.
        let asks = |event: &egui::Event| matches!(event, egui::Event::Text(text) if text == "?");
        if ctx.input(|input| input.events.iter().any(asks)) {
            commands.push(Command::Help);
        }
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All commands as `assets/keys.md` lists them.
    fn keys_as_markdown() -> String {
        let ctx = egui::Context::default();
        ctx.set_os(egui::os::OperatingSystem::Nix);
        let row = |command: &Command| format!("| {} | {} |\n", command.text(), command.keys(&ctx));
        let section = |(title, commands): &(&str, &[Command])| {
            let rows: String = commands.iter().map(row).collect();
            format!("\n## {title}\n\n| command | keys |\n|---|---|\n{rows}")
        };
        let head = "# Commands and their keys\n\nOn a Mac, ⌘ stands for Ctrl.\n";
        std::iter::once(head.to_string()).chain(MENUS.iter().map(section)).collect()
    }

    #[test]
    fn the_list_of_keys_is_the_commands() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/keys.md");
        let (written, now) =
            (std::fs::read_to_string(path).unwrap_or_default(), keys_as_markdown());
        if written != now && std::env::var_os("HYALINE_WRITE").is_some() {
            return std::fs::write(path, now).unwrap();
        }
        assert_eq!(written, now, "HYALINE_WRITE=1 writes {path} anew");
    }

    #[test]
    fn no_two_commands_share_a_key() {
        let commands = Command::by_shortcut();
        for (index, command) in commands.iter().enumerate() {
            let same = |other: &&Command| other.shortcut() == command.shortcut();
            let taken = commands[..index].iter().find(same);
            assert!(taken.is_none() || command.shortcut().is_none(), "{command:?} {taken:?}");
        }
    }
}
