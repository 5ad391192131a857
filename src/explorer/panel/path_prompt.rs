//! Asks for a path: typed with completion, chosen from a list, or by the system's dialog.

use crate::explorer::context::{Action, Context, Panel};
use crate::explorer::files::completion::{Choice, completed, completions, typed_path};
use crate::explorer::files::file_kind::FileKind;
use crate::explorer::panel::pick_list::PickList;
use crate::explorer::state::open_panels::PanelId;
use egui::{Align2, Key, Modifiers, RichText, Ui, Window, vec2};
use hyaline::figure::Format;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// What a path is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFor {
    Open(FileKind),
    SaveSession,
    /// The name of a figure's files, without an ending.
    Figure,
    Report,
}

impl PathFor {
    pub fn title(self) -> &'static str {
        match self {
            Self::Open(kind) => kind.title(),
            Self::SaveSession => "Save the session",
            Self::Figure => "Name the figure",
            Self::Report => "Save the problem report",
        }
    }

    /// What the button says.
    fn verb(self) -> &'static str {
        match self {
            Self::Open(_) => "Open",
            Self::SaveSession | Self::Report => "Save",
            Self::Figure => "Use this name",
        }
    }

    /// The name that a file gets unless a person says otherwise.
    pub fn usual_name(self) -> &'static str {
        match self {
            Self::Open(_) => "",
            Self::SaveSession => "session.toml",
            Self::Figure => "figure",
            Self::Report => "hyaline-report.zip",
        }
    }

    fn lists(self, path: &Path) -> bool {
        match self {
            Self::Open(kind) => kind.lists(path),
            Self::SaveSession => path.extension().is_some_and(|ending| ending == "toml"),
            Self::Figure => false,
            Self::Report => path.extension().is_some_and(|ending| ending == "zip"),
        }
    }

    pub fn action(self, path: PathBuf) -> Action {
        match self {
            Self::Open(_) => Action::Open(vec![path]),
            Self::SaveSession => Action::SaveSession(path),
            Self::Figure => Action::CallFigure(Format::without_ending(&path)),
            Self::Report => Action::WriteReport(path),
        }
    }

    fn is_open(self) -> bool {
        matches!(self, Self::Open(_))
    }
}

/// A path that is asked for.
#[derive(Debug, Default)]
pub struct PathPrompt {
    of: Option<PathFor>,
    list: PickList,
    /// What the text was completed by, for that text.
    listed: (String, Vec<Choice>),
    /// The system has no dialog.
    has_no_dialog: bool,
    /// Why the path can't be taken.
    problem: Option<String>,
}

/// Height of a row, points.
const ROW: f32 = 20.0;

impl PathPrompt {
    /// Asks, beginning in a folder.
    pub fn ask(&mut self, of: PathFor, folder: &Path) {
        let text = folder.join(of.usual_name()).display().to_string();
        let has_slash = text.is_empty() || text.ends_with(MAIN_SEPARATOR);
        let text = if has_slash { text } else { text + if of.is_open() { "/" } else { "" } };
        let has_no_dialog = self.has_no_dialog;
        let mut list = PickList::of(text);
        list.is_free = !of.is_open();
        *self = Self { of: Some(of), list, has_no_dialog, ..Self::default() };
    }

    /// The system's dialog did not come.
    pub fn note_no_dialog(&mut self) {
        self.has_no_dialog = true;
    }
}

impl Panel for PathPrompt {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let room = ctx.content_rect();
        let window = Window::new(self.of?.title())
            .pivot(Align2::CENTER_TOP)
            .default_pos(room.center_top() + vec2(0.0, 60.0))
            .default_width((room.width() - 60.0).min(620.0))
            .collapsible(false);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let Some(of) = self.of else { return };
        if self.has_no_dialog {
            ui.label("No file dialog here: type or paste a path");
        }
        let taken = self.field_and_list(ui, of);
        if let Some(problem) = &self.problem {
            ui.label(RichText::new(problem).color(ui.visuals().error_fg_color));
        }
        let asked = ui.horizontal(|ui| self.buttons(ui, cx, of)).inner;
        if let Some(path) = taken.or(asked) {
            self.take(cx, of, path);
        }
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            cx.open.close(PanelId::Path);
        }
    }
}

impl PathPrompt {
    /// The field, and what could follow; gives a path that was entered.
    fn field_and_list(&mut self, ui: &mut Ui, of: PathFor) -> Option<PathBuf> {
        let completion = completed(&self.list.text, &self.listed.1);
        self.list.keeps_tab = completion.is_some();
        let tab = || ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Tab));
        if let Some(text) = completion.filter(|_| tab()) {
            self.list.replace(ui.ctx(), text);
        }
        let field = self.list.field(ui, "Path", "A file or a folder");
        if field.changed() {
            self.problem = None;
        }
        if self.listed.0 != self.list.text {
            self.listed =
                (self.list.text.clone(), completions(&self.list.text, |path| of.lists(path)));
        }
        // A path that is there is opened, whatever the list has first.
        let whole = typed_path(&self.list.text);
        let is_named = whole.is_dir() && !self.list.text.ends_with(['/', MAIN_SEPARATOR]);
        let is_nowhere = !whole.exists() && self.listed.1.is_empty();
        self.list.is_free = !of.is_open() || whole.is_file() || is_named || is_nowhere;
        let choices = &self.listed.1;
        let row = |ui: &mut Ui, index: usize, is_next: bool| {
            ui.selectable_label(is_next, &choices[index].name)
        };
        let taken = self.list.rows(ui, ROW, choices.len(), row);
        if choices.is_empty() && whole.is_dir() && of.is_open() {
            ui.weak("Nothing in this folder opens here");
        }
        if let Some(choice) = taken.map(|index| choices[index].clone()) {
            return self.go(ui, of, &choice);
        }
        self.list.is_entered().then_some(whole)
    }

    /// Into a folder that was chosen, or to a file.
    fn go(&mut self, ui: &Ui, of: PathFor, choice: &Choice) -> Option<PathBuf> {
        if choice.is_folder() || !of.is_open() {
            self.list.replace(ui.ctx(), choice.text());
            return None;
        }
        Some(choice.path.clone())
    }

    /// Gives what a button asks for.
    fn buttons(&mut self, ui: &mut Ui, cx: &mut Context, of: PathFor) -> Option<PathBuf> {
        let path = typed_path(&self.list.text);
        let is_folder = of.is_open() && path.is_dir();
        let verb = if is_folder { "Open all in this folder" } else { of.verb() };
        let asked = ui.button(verb).clicked();
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
        let above = std::path::absolute(folder).ok().and_then(|at| at.parent().map(PathBuf::from));
        if let Some(above) = above.filter(|_| of.is_open())
            && ui.button("Up").on_hover_text(format!("To {}", above.display())).clicked()
        {
            let text = above.display().to_string();
            let has_slash = text.ends_with(MAIN_SEPARATOR);
            self.list.replace(ui.ctx(), if has_slash { text } else { text + "/" });
        }
        if !self.has_no_dialog
            && ui.button("Browse…").on_hover_text("Choose with the system's dialog").clicked()
        {
            cx.act(Action::Browse(of));
            cx.open.close(PanelId::Path);
        }
        if ui.button("Dismiss").clicked() {
            cx.open.close(PanelId::Path);
        }
        ui.weak("Tab completes, ↓ goes into the list");
        asked.then_some(path)
    }

    fn take(&mut self, cx: &mut Context, of: PathFor, path: PathBuf) {
        self.problem = problem(of, &path);
        if self.problem.is_none() {
            cx.act(of.action(path));
            cx.open.close(PanelId::Path);
        }
    }
}

/// Why a path can't be taken, before anything is tried.
fn problem(of: PathFor, path: &Path) -> Option<String> {
    let shown = path.display();
    if of.is_open() {
        return (!path.exists()).then(|| format!("{shown}: there is no such file or folder"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path.file_name().is_none() || path.is_dir() {
        return Some(format!("{shown}: it is a folder; add the name of a file"));
    }
    let is_missing = folder.is_some_and(|folder| !folder.is_dir());
    is_missing.then(|| format!("{shown}: there is no such folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_or_saved_is_said_before_it_is_tried() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let open = PathFor::Open(FileKind::Pictures);
        assert!(problem(open, &at("no.png")).is_some());
        assert_eq!(problem(open, folder.path()), None, "a folder is opened whole");
        assert!(problem(PathFor::SaveSession, folder.path()).is_some());
        assert!(problem(PathFor::SaveSession, &at("no/session.toml")).is_some());
        assert_eq!(problem(PathFor::SaveSession, &at("session.toml")), None);
    }

    #[test]
    fn a_prompt_begins_in_the_last_folder_with_a_usual_name() {
        let mut prompt = PathPrompt::default();
        prompt.ask(PathFor::Open(FileKind::Pictures), Path::new("/pictures"));
        assert_eq!(prompt.list.text, "/pictures/");
        prompt.ask(PathFor::SaveSession, Path::new("/papers"));
        assert_eq!(prompt.list.text, "/papers/session.toml");
    }
}
