//! Everything that a menu entry, a button or a key can do: one table, a row a command. Menus, the
//! palette, the list of keys in the window and `assets/keys.md` are made from it.

mod obstacle;
pub mod palette;
mod run;

use super::Explorer;
use crate::explorer::files::file_kind::FileKind;
use crate::explorer::panel::path_prompt::PathFor;
use crate::explorer::state::open_panels::PanelId;
use crate::explorer::state::pair::PairView;
use crate::explorer::state::settings::Theme;
use crate::explorer::state::side_panel::SidePanel;
use egui::{Key, KeyboardShortcut, Modifiers};
pub use obstacle::Obstacle;

/// What a command is called, where it stands, and what it does.
pub struct Row {
    pub menu: Menu,
    /// What menus and buttons say; `…` means that a dialog follows.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    pub key: Option<KeyboardShortcut>,
    /// Words that people look for it by, besides those of its name.
    pub words: &'static str,
    /// Why it can't run now.
    pub obstacle: fn(&Explorer) -> Obstacle,
    pub run: fn(&mut Explorer, &egui::Context),
}

/// Makes the commands and their table from the same rows, so that none can be left out:
/// `Name: menu, name, key, why it can't run => what it does, help, words to find it by;`.
macro_rules! commands {
    ($($command:ident: $menu:ident, $name:literal, $key:expr, $obstacle:expr => $run:expr, $help:literal,
        $words:literal;)*) => {
        /// A command of the window.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Command { $($command),* }

        impl Command {
            /// All commands, in the order of menus.
            pub const ALL: &[Self] = &[$(Self::$command),*];
        }

        const ROWS: &[Row] = &[$(
            Row {
                menu: Menu::$menu,
                name: $name,
                help: $help,
                key: $key,
                words: $words,
                obstacle: $obstacle,
                run: $run,
            }
        ),*];
    };
}

commands! {
    OpenModels: File, "Open networks…", key(CTRL_SHIFT, Key::O), obstacle::none
        => |app, _| app.ask_path(PathFor::Open(FileKind::Models)),
        "Choose networks: weights, ONNX files or model cards",
        "load import model weights checkpoint onnx pytorch safetensors file add";
    OpenPictures: File, "Open pictures…", key(CTRL, Key::O), obstacle::none
        => |app, _| app.ask_path(PathFor::Open(FileKind::Pictures)),
        "Choose pictures to explain",
        "load import image photo folder directory file add";
    OpenSession: File, "Open session…", key(CTRL_ALT, Key::O), obstacle::none
        => |app, _| app.ask_path(PathFor::Open(FileKind::Sessions)),
        "Open what was saved, in the place of what is open",
        "load restore project saved state";
    OpenStudy: File, "Open study…", None, obstacle::none
        => |app, _| app.ask_path(PathFor::Open(FileKind::Studies)),
        "Open the results of a study, with its tables and the pictures behind them",
        "results table scores experiment benchmark";
    OpenExample: File, "Open the example", key(CTRL_SHIFT, Key::E), obstacle::none
        => run::open_example,
        "Open two networks and pictures that come with the program",
        "demo sample start try";
    SaveSession: File, "Save session", key(CTRL, Key::S), obstacle::no_files
        => run::save_session,
        "Save what is open and how it is shown to the session's file",
        "store keep write project state";
    SaveSessionAs: File, "Save session as…", key(CTRL_SHIFT, Key::S), obstacle::no_files
        => |app, _| app.ask_path(PathFor::SaveSession),
        "Save what is open and how it is shown to another file",
        "store keep write project copy name";
    Figure: File, "Figure for a paper", key(CTRL, Key::E), obstacle::no_maps
        => |app, _| app.state.open.toggle(PanelId::Figure),
        "Preview and write what is shown as PDF, PNG or SVG",
        "export save image pdf png svg latex publish print screenshot";
    Train: File, "Train by a recipe…", key(CTRL_SHIFT, Key::T), obstacle::none
        => |app, _| app.ask_path(PathFor::Open(FileKind::Recipes)),
        "Choose a recipe to train a network by",
        "training fit learn robust adversarial recipe";
    CloseAll: File, "Close all", key(CTRL_SHIFT, Key::W), obstacle::no_files
        => |app, _| app.close_all(),
        "Close all networks and pictures",
        "clear remove empty reset new";
    Quit: File, "Quit", key(CTRL, Key::Q), obstacle::none
        => |_, ctx| ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        "Close the window",
        "exit leave end close";

    Undo: Edit, "Undo", key(CTRL, Key::Z), obstacle::no_undo
        => |app, _| app.state.history.undo(&mut app.state.document),
        "Take the last change back",
        "back revert take back";
    Redo: Edit, "Redo", key(CTRL_SHIFT, Key::Z), obstacle::no_redo
        => |app, _| app.state.history.redo(&mut app.state.document),
        "Make a change again that was undone",
        "again forward repeat";
    Close: Edit, "Close panel", key(PLAIN, Key::Escape), obstacle::nothing_to_close
        => run::close,
        "Close the topmost panel; without one, go back to all cells and maps",
        "hide dismiss escape back window";
    Cancel: Edit, "Cancel work", key(CTRL, Key::Period), obstacle::no_work
        => |app, _| app.services.worker.cancel(),
        "Stop all work, keeping what is done",
        "stop abort interrupt kill end job";
    Retry: Edit, "Run cancelled work again", key(CTRL, Key::R), obstacle::no_stopped_work
        => |app, _| app.services.worker.resume(),
        "Begin work from its start that was cancelled or failed",
        "resume retry continue restart again cancelled failed";
    Pause: Edit, "Pause or resume work", key(CTRL, Key::Space), obstacle::no_work_to_pause
        => |app, _| app.services.worker.pause(!app.services.worker.is_paused()),
        "Pause all work where it is, or let it continue",
        "hold wait continue stop halt";
    ToggleJobs: Edit, "Jobs", key(CTRL_SHIFT, Key::J), obstacle::none
        => |app, _| app.state.open.toggle(PanelId::Jobs),
        "Show or hide the list of open work",
        "queue progress tasks work running waiting status";
    CopyCommandLine: Edit, "Copy as command line", key(CTRL_SHIFT, Key::C), obstacle::no_maps
        => run::copy_command_line,
        "Copy the command that computes the maps shown",
        "terminal shell script reproduce clipboard cli";

    PreviousPicture: Picture, "Previous picture", key(PLAIN, Key::PageUp), obstacle::no_previous_picture
        => |app, _| app.state.document.step_picture(-1),
        "Explain the picture before this one",
        "back before last image";
    NextPicture: Picture, "Next picture", key(PLAIN, Key::PageDown), obstacle::no_next_picture
        => |app, _| app.state.document.step_picture(1),
        "Explain the picture after this one",
        "forward after following image";
    ZoomIn: Picture, "Zoom in", key(PLAIN, Key::CloseBracket), obstacle::none
        => |app, _| run::zoom_picture(app, 1.5),
        "Show less of the picture, larger, in all cells",
        "magnify enlarge closer picture";
    ZoomOut: Picture, "Zoom out", key(PLAIN, Key::OpenBracket), obstacle::not_zoomed
        => |app, _| run::zoom_picture(app, 1.0 / 1.5),
        "Show more of the picture, smaller, in all cells",
        "farther shrink picture";
    FitPicture: Picture, "Fit picture", key(PLAIN, Key::F), obstacle::not_zoomed
        => run::fit_picture,
        "Show the whole picture in all cells",
        "reset zoom whole full picture 100";
    PinProbe: Picture, "Pin probe at pointer", key(PLAIN, Key::P), obstacle::nothing_pointed_at
        => run::pin_probe,
        "Watch the values of all maps at this position",
        "value mark watch pixel point marker";
    ToggleProbes: Picture, "Values at probes", None, obstacle::no_probes
        => |app, _| app.state.view.probes ^= true,
        "Show or hide the table of values at probes",
        "table pixel numbers";
    RemoveProbes: Picture, "Remove probes", key(Modifiers::SHIFT, Key::P), obstacle::no_probes
        => |app, _| app.state.document.probes.clear(),
        "Remove all probes",
        "clear delete marks";

    Rearrange: Grid, "Transpose, or all pictures", key(PLAIN, Key::T), obstacle::none
        => run::rearrange,
        "Change to the next arrangement of rows and columns",
        "swap rows columns layout arrange order grid gallery";
    ToggleRange: Grid, "Range and colour", key(PLAIN, Key::N), obstacle::none
        => |app, _| app.state.open.toggle(PanelId::Range),
        "Show or hide the settings of scales and colours",
        "color colormap histogram scale normalise normalize limits contrast brightness display settings min max";
    TogglePair: Grid, "Pair networks / Unpair", key(PLAIN, Key::J), obstacle::no_two_models
        => run::toggle_pair,
        "Show or hide how two networks of one architecture differ, in a column of its own",
        "wipe compare comparison join twins difference versus vs side part separate robust vanilla adversarial";
    Blink: Grid, "Blink or difference", key(PLAIN, Key::B), obstacle::no_pair
        => run::toggle_blink,
        "Show a pair's maps in turn, or their difference",
        "flicker alternate flip compare switch subtract";
    Wipe: Grid, "Wipe between a pair", None, obstacle::no_pair
        => |app, _| app.state.view.pair = PairView::Wipe,
        "Show one network's map left of a line and the other's right of it; drag the line",
        "swipe slider curtain split before after";
    LargerCells: Grid, "Larger cells", key(PLAIN, Key::Plus), obstacle::none
        => |app, _| run::zoom_cells(app, 1.25),
        "Make cells larger",
        "bigger size maps grow enlarge heatmap";
    SmallerCells: Grid, "Smaller cells", key(PLAIN, Key::Minus), obstacle::none
        => |app, _| run::zoom_cells(app, 0.8),
        "Make cells smaller",
        "size maps shrink reduce heatmap";
    FitCells: Grid, "Fit cells to window", key(PLAIN, Key::Num0), obstacle::none
        => |app, _| app.state.view.cell = None,
        "Make cells as large as the window has room for",
        "reset size maps auto";

    ToggleLibrary: Window, "Library", key(CTRL, Key::L), obstacle::none
        => |app, ctx| run::toggle_side(app, ctx, SidePanel::Library),
        "Show networks, pictures and methods, or make them a rail",
        "sidebar side panel list networks pictures methods hide show";
    ToggleCurves: Window, "Curves", key(CTRL, Key::K), obstacle::none
        => |app, ctx| run::toggle_side(app, ctx, SidePanel::Curves),
        "Show Insertion and Deletion, or make them a rail",
        "insertion deletion auc area plot chart graph score faithfulness";
    NetworkDetails: Window, "Network details", key(CTRL, Key::I), obstacle::no_models
        => run::toggle_network,
        "Show or hide the first network's report, input settings and layers",
        "model information info layer report labels normalisation mean std input architecture";
    ToggleStudy: Window, "Study", key(CTRL, Key::D), obstacle::no_study
        => |app, _| app.state.open.toggle(PanelId::Study),
        "Show or hide the study that was opened",
        "experiment benchmark results table statistics";
    ToggleTraining: Window, "Training", key(CTRL, Key::J), obstacle::no_training
        => |app, _| app.state.open.toggle(PanelId::Training),
        "Show or hide the training that was opened",
        "learn loss accuracy epochs recipe";
    ToggleMessages: Window, "Messages", key(CTRL, Key::M), obstacle::none
        => |app, _| app.state.open.toggle(PanelId::Messages),
        "Show or hide all messages since the start",
        "log notices errors warnings history notifications";
    ToggleTheme: Window, "Toggle theme", key(CTRL, Key::T), obstacle::none
        => run::toggle_theme,
        "Change between the light and the dark theme",
        "dark light mode night bright black white colours appearance";
    SystemTheme: Window, "Theme of the system", None, obstacle::none
        => |app, ctx| app.state.settings.set_theme(ctx, Theme::System),
        "Follow the system's theme",
        "dark light mode automatic default";
    LargerText: Window, "Larger text and controls", key(CTRL, Key::Plus), obstacle::none
        => |app, ctx| run::scale_window(app, ctx, 0.1),
        "Make everything in the window larger",
        "font size bigger scale zoom ui interface";
    SmallerText: Window, "Smaller text and controls", key(CTRL, Key::Minus), obstacle::none
        => |app, ctx| run::scale_window(app, ctx, -0.1),
        "Make everything in the window smaller",
        "font size scale zoom ui interface";
    ResetTextSize: Window, "Reset zoom", key(CTRL, Key::Num0), obstacle::none
        => |app, ctx| app.state.settings.set_scale(ctx, 1.0),
        "Give everything in the window the system's size",
        "font text size scale default normal";

    Palette: Help, "Find a command", key(CTRL, Key::P), obstacle::none
        => |app, _| app.panels.prompts.palette.open(),
        "Find a command, method, network, picture, class or setting by a word",
        "search command palette";
    Hints: Help, "Tour", None, obstacle::no_tour
        => run::show_hints,
        "Show what the window can do, step by step",
        "hints tips introduction tutorial guide getting started";
    Help: Help, "Keys and mouse", key(PLAIN, Key::F1), obstacle::none
        => |app, _| app.state.open.toggle(PanelId::Help),
        "Show or hide all keys and what the mouse does",
        "help shortcuts keyboard hotkeys manual documentation usage";
    ReportProblem: Help, "Report a problem", None, obstacle::none
        => |app, _| app.state.open.toggle(PanelId::Problem),
        "Gather version, device, messages and the session into one file",
        "bug issue error crash feedback support";
}

/// A menu of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Menu {
    File,
    Edit,
    Picture,
    Grid,
    Window,
    Help,
}

impl Menu {
    pub const ALL: [Self; 6] =
        [Self::File, Self::Edit, Self::Picture, Self::Grid, Self::Window, Self::Help];

    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Edit => "Edit",
            Self::Picture => "Picture",
            Self::Grid => "Grid",
            Self::Window => "Window",
            Self::Help => "Help",
        }
    }

    /// Its commands, from top to bottom.
    pub fn commands(self) -> impl Iterator<Item = Command> {
        Command::ALL.iter().copied().filter(move |command| command.row().menu == self)
    }
}

const PLAIN: Modifiers = Modifiers::NONE;
const CTRL: Modifiers = Modifiers::COMMAND;
const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
const CTRL_ALT: Modifiers = Modifiers::COMMAND.plus(Modifiers::ALT);

#[expect(clippy::unnecessary_wraps, reason = "a column of the table, where some have none")]
const fn key(modifiers: Modifiers, key: Key) -> Option<KeyboardShortcut> {
    Some(KeyboardShortcut::new(modifiers, key))
}

impl Command {
    pub fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Why it can't run now.
    pub fn obstacle(self, app: &Explorer) -> Obstacle {
        (self.row().obstacle)(app)
    }

    pub fn run(self, app: &mut Explorer, ctx: &egui::Context) {
        (self.row().run)(app, ctx);
    }

    /// The key, as people read it.
    pub fn keys(self, ctx: &egui::Context) -> String {
        let keys = self.row().key.map(|keys| ctx.format_shortcut(&keys)).unwrap_or_default();
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
    fn by_shortcut() -> Vec<Self> {
        let mut commands = Self::ALL.to_vec();
        commands.sort_by_key(|command| {
            let modifiers = command.row().key.map(|shortcut| shortcut.modifiers);
            let more = modifiers.map_or(0, |m| u8::from(m.shift) + u8::from(m.alt));
            std::cmp::Reverse(more)
        });
        commands
    }

    /// Possible commands whose keys were pressed. A text field or an open menu keeps its keys.
    pub fn pressed(ctx: &egui::Context, can: impl Fn(Self) -> bool) -> Vec<Self> {
        if ctx.text_edit_focused() || egui::Popup::is_any_open(ctx) {
            return vec![];
        }
        let pressed = |command: &Self| {
            command.row().key.is_some_and(|shortcut| {
                can(*command) && ctx.input_mut(|input| input.consume_shortcut(&shortcut))
            })
        };
        let mut commands: Vec<_> = Self::by_shortcut().into_iter().filter(pressed).collect();
        // Where this sign is differs between keyboards, so that it comes as text.
        let asks = |event: &egui::Event| matches!(event, egui::Event::Text(text) if text == "?");
        if ctx.input(|input| input.events.iter().any(asks)) {
            commands.push(Self::Help);
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
        let row = |command: Command| {
            format!("| {} | {} | {} |\n", command.name(), command.keys(&ctx), command.row().help)
        };
        let section = |menu: Menu| {
            let rows: String = menu.commands().map(row).collect();
            let head = "| command | keys | what it does |\n|---|---|---|";
            format!("\n## {}\n\n{head}\n{rows}", menu.title())
        };
        let head = "# Commands and their keys\n\nOn a Mac, ⌘ stands for Ctrl.\n";
        std::iter::once(head.to_string()).chain(Menu::ALL.map(section)).collect()
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
    fn no_two_commands_share_a_key_or_a_name() {
        let commands = Command::by_shortcut();
        for (index, command) in commands.iter().enumerate() {
            let is_taken = |other: &&Command| {
                let same_key = other.row().key.is_some_and(|key| Some(key) == command.row().key);
                same_key || other.name() == command.name()
            };
            let taken = commands[..index].iter().find(is_taken);
            assert_eq!(taken, None, "has the key or the name of {command:?}");
        }
    }

    #[test]
    fn every_command_stands_in_one_menu() {
        let in_menus: Vec<Command> = Menu::ALL.iter().flat_map(|menu| menu.commands()).collect();
        assert_eq!(in_menus, Command::ALL);
    }
}
