//! What a panel sees and may change in a frame, and what it may ask for.

use super::command::{Command, Obstacle};
use super::lookup::Lookup;
use crate::explorer::files::dropped::Target;
use crate::explorer::frame::Frame;
use crate::explorer::panel::path_prompt::PathFor;
use crate::explorer::panel::pinned_maps::Pin;
use crate::explorer::services::Services;
use crate::explorer::state::State;
use crate::explorer::state::document::Document;
use crate::explorer::state::open_panels::{OpenPanels, PanelId};
use crate::explorer::state::settings::Settings;
use crate::explorer::state::view::View;
use egui::{Ui, Window};
use hyaline::engine::{Key, OpenModel, Results, Task, Worker};
use hyaline::model::{Card, ComputeDevice};
use image::RgbaImage;
use std::path::PathBuf;

/// What a panel sees and may change. Undo works on whole documents, so that panels edit the document
/// itself; everything else that they want done is an [`Action`].
pub struct Context<'a> {
    pub document: &'a mut Document,
    pub view: &'a mut View,
    pub open: &'a mut OpenPanels,
    pub frame: &'a mut Frame,
    pub settings: &'a Settings,
    pub results: &'a Results,
    pub worker: &'a Worker,
    pub device: &'a ComputeDevice,
    /// Files that are still loading.
    pub loading: usize,
    /// Whether settings are remembered from one start to the next.
    pub remembers: bool,
    /// Whether an earlier window left a session.
    pub has_left: bool,
    obstacles: &'a [Obstacle],
    actions: &'a mut Vec<Action>,
}

/// What a panel wants done that is not its own, executed after the panels of a frame.
pub enum Action {
    Run(Command),
    /// Opens files and folders.
    Open(Vec<PathBuf>),
    /// Does what files mean that were let go on something.
    Drop(Vec<PathBuf>, Target),
    /// Reads the results of a study again that is being computed.
    ReadStudyAgain(PathBuf),
    /// Opens a picture from the clipboard.
    OpenPasted(RgbaImage),
    /// Opens a network again, as another card describes it.
    Reopen(OpenModel, Card),
    /// Opens the session that an earlier window left.
    OpenLeft,
    DiscardLeft,
    /// Closes the example.
    StartEmpty,
    /// Says something in a message that goes by itself.
    Info(String),
    /// Says something in a message that stays.
    Warn(String),
    /// Opens the panel of a network, or closes it where it is that network's.
    ToggleNetwork(u64),
    /// Keeps a map on screen.
    Pin(Pin),
    /// Asks for a path.
    AskPath(PathFor),
    /// Asks for a path with the system's dialog.
    Browse(PathFor),
    /// The system has no dialog.
    NoDialog(PathFor),
    /// Writes a problem report to a file.
    WriteReport(PathBuf),
    /// Calls a figure's files by a path without an ending.
    CallFigure(PathBuf),
    /// Saves the session to a file.
    SaveSession(PathBuf),
    /// Remembers files and folders that a person opened.
    Remember(Vec<PathBuf>),
    /// Ends one piece of work.
    CancelJob(Key),
    /// Begins one piece of work again that was cancelled or failed.
    ResumeJob(Key),
    /// Does not show the first start's hints again.
    EndHints,
    /// Forgets which files were opened.
    ForgetRecent,
}

/// A window within the window, open while it is in the list of [`OpenPanels`].
pub trait Panel {
    /// The window with its title, place and size; none where there is nothing to show.
    fn window(&self, ctx: &egui::Context, cx: &Context) -> Option<Window<'static>>;

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context);

    /// Work whose results it shows, beside those of the grid. Asked for in every frame while it is open:
    /// work that nothing asks for is cancelled.
    fn tasks(&self, lookup: Lookup, view: &View) -> Vec<Task> {
        let _ = (lookup, view);
        vec![]
    }

    /// What there is to do in every frame, open or not.
    fn update(&mut self, _: &egui::Context, _: &mut Context) {}
}

/// Shows a panel where it is open.
pub fn show_panel(ctx: &egui::Context, cx: &mut Context, id: PanelId, panel: &mut dyn Panel) {
    panel.update(ctx, cx);
    if !cx.open.contains(id) {
        return;
    }
    let mut is_open = true;
    match panel.window(ctx, cx) {
        Some(window) => {
            window.id(id.id()).open(&mut is_open).show(ctx, |ui| panel.ui(ui, cx));
        }
        None => is_open = false,
    }
    if !is_open {
        cx.open.close(id);
    }
}

impl<'a> Context<'a> {
    /// `obstacles` says of every command why it can't run now.
    pub fn new(
        services: &'a Services,
        state: &'a mut State,
        frame: &'a mut Frame,
        obstacles: &'a [Obstacle],
        actions: &'a mut Vec<Action>,
    ) -> Self {
        let State { document, view, settings, open, .. } = state;
        let Services { results, worker, device, opening, dirs, autosave, .. } = services;
        Self {
            document,
            view,
            open,
            frame,
            settings,
            results,
            worker,
            device,
            loading: opening.waiting(),
            remembers: dirs.settings.is_some(),
            has_left: autosave.left.is_some(),
            obstacles,
            actions,
        }
    }

    /// Why a command can't run now.
    pub fn obstacle(&self, command: Command) -> Obstacle {
        self.obstacles[command as usize]
    }

    /// Whether a command can run now.
    pub fn can(&self, command: Command) -> bool {
        self.obstacle(command).is_none()
    }

    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub fn run(&mut self, command: Command) {
        self.act(Action::Run(command));
    }

    pub fn info(&mut self, text: String) {
        self.act(Action::Info(text));
    }

    pub fn warn(&mut self, text: String) {
        self.act(Action::Warn(text));
    }

    /// The results of what is open.
    pub fn lookup(&self) -> Lookup<'_> {
        Lookup { document: self.document, results: self.results }
    }

    /// A button for a command, as menus name it.
    pub fn command_button(&mut self, ui: &mut Ui, command: Command) {
        self.command_button_named(ui, command, command.name());
    }

    /// The same, called by what it does here.
    pub fn command_button_named(&mut self, ui: &mut Ui, command: Command, name: &str) {
        let about = format!("{}\n{}", command.row().help, command.keys(ui.ctx()));
        if ui.button(name).on_hover_text(about.trim_end()).clicked() {
            self.run(command);
        }
    }
}
