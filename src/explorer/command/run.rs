//! What commands do where that takes more than a line.

use crate::explorer::app::Explorer;
use crate::explorer::context::Action;
use crate::explorer::files::dropped::drop_on;
use crate::explorer::files::open::LoadEvent;
use crate::explorer::files::report::Report;
use crate::explorer::grid::probe::zoom_bounds;
use crate::explorer::paint::theme;
use crate::explorer::panel::hints::Hints;
use crate::explorer::panel::path_prompt::PathFor;
use crate::explorer::panel::pinned_maps::Pin;
use crate::explorer::state::autosave::Autosave;
use crate::explorer::state::document::{Document, OpenAnnotations};
use crate::explorer::state::open_panels::PanelId;
use crate::explorer::state::pair::PairView;
use crate::explorer::state::session::OpenedSession;
use crate::explorer::state::settings::Theme;
use crate::explorer::state::side_panel::SidePanel;
use crate::explorer::state::zoom::ViewTransform;
use egui::Context;
use hyaline::display::Appearance;
use hyaline::engine::ClassChoice;
use hyaline::example;
use hyaline::file::stem;
use hyaline::text::count;
use std::path::{Path, PathBuf};

pub fn open_example(app: &mut Explorer, _: &Context) {
    app.open_example(example::user_folder());
}

pub fn save_session(app: &mut Explorer, _: &Context) {
    match app.state.document.session.clone() {
        Some(path) => app.save_session(path),
        None => app.ask_path(PathFor::SaveSession),
    }
}

/// What lies above goes first: a panel, then the pictures along a curve, then a cell alone.
pub fn close(app: &mut Explorer, ctx: &Context) {
    if let Some(panel) = app.state.open.topmost(ctx) {
        app.state.open.close(panel);
    } else if app.state.view.scrub.take().is_none() {
        app.state.view.alone = None;
    }
}

pub fn copy_command_line(app: &mut Explorer, ctx: &Context) {
    if let Some(command) = app.state.document.command_line() {
        ctx.copy_text(command);
        app.panels.notices.info("The command that computes these maps is copied".into());
    }
}

pub fn fit_picture(app: &mut Explorer, _: &Context) {
    app.state.view.transform = ViewTransform::default();
}

pub fn rearrange(app: &mut Explorer, _: &Context) {
    let arrangement = &mut app.state.document.appearance.arrangement;
    *arrangement = arrangement.next();
}

pub fn toggle_pair(app: &mut Explorer, _: &Context) {
    let document = &mut app.state.document;
    let is_paired = document.paired().is_some();
    document.pair = if is_paired { None } else { document.counterparts().or(document.only_two()) };
    if !is_paired && document.pair.is_none() {
        app.state.open.open(PanelId::Pair);
    }
}

pub fn toggle_blink(app: &mut Explorer, _: &Context) {
    app.state.view.pair = match app.state.view.pair {
        PairView::Blink => PairView::Difference,
        PairView::Difference | PairView::Wipe => PairView::Blink,
    };
}

pub fn toggle_network(app: &mut Explorer, _: &Context) {
    if let Some(id) = app.state.document.models.first().map(|model| model.id) {
        app.toggle_network(id);
    }
}

pub fn toggle_side(app: &mut Explorer, ctx: &Context, panel: SidePanel) {
    panel.toggle(&mut app.state.view, ctx.content_rect().width());
}

pub fn toggle_theme(app: &mut Explorer, ctx: &Context) {
    match ctx.theme() {
        egui::Theme::Dark => app.state.settings.set_theme(ctx, Theme::Light),
        egui::Theme::Light => app.state.settings.set_theme(ctx, Theme::Dark),
    }
}

/// Makes cells larger or smaller by a factor.
pub fn zoom_cells(app: &mut Explorer, factor: f32) {
    let cell = app.frame.shown_cell * factor;
    app.state.view.cell = Some(cell.clamp(*theme::CELL.start(), *theme::CELL.end()));
}

/// Zooms by a factor about the middle of the picture.
pub fn zoom_picture(app: &mut Explorer, factor: f32) {
    let document = &app.state.document;
    if let Some(picture) = document.picture() {
        let bounds = zoom_bounds(document, app.frame.shown_cell, picture);
        app.state.view.transform.zoom_middle(factor, bounds);
    }
}

pub fn pin_probe(app: &mut Explorer, _: &Context) {
    if let Some(at) = app.frame.pointed.before {
        app.state.document.pin_probe(at);
        app.state.view.probes = true;
    }
}

pub fn scale_window(app: &mut Explorer, ctx: &Context, by: f32) {
    let scale = app.state.settings.scale + by;
    app.state.settings.set_scale(ctx, scale);
}

pub fn show_hints(app: &mut Explorer, _: &Context) {
    app.panels.hints = Hints::default();
    app.state.settings.hints_seen = false;
}

impl Explorer {
    /// Does what a panel asked for.
    pub fn execute(&mut self, action: Action, ctx: &Context) {
        let Self { services, state, panels, .. } = self;
        match action {
            Action::Run(command) => command.run(self, ctx),
            Action::Open(paths) => services.opening.open(paths),
            Action::Drop(paths, target) => {
                for action in drop_on(paths, target, &state.document, &services.opening) {
                    self.execute(action, ctx);
                }
            }
            Action::ReadStudyAgain(path) => services.opening.read_study_again(path),
            Action::OpenPasted(picture) => {
                let temporary = || std::env::temp_dir().join("hyaline/pasted");
                let folder = services.dirs.pasted.clone().unwrap_or_else(temporary);
                services.opening.open_pasted(picture, folder);
            }
            Action::Reopen(model, card) => services.opening.reopen(&model, card),
            Action::OpenLeft => self.open_left(),
            Action::DiscardLeft => services.autosave.discard_left(),
            Action::StartEmpty => {
                self.close_all();
                self.state.document.appearance = Appearance::default();
            }
            Action::Remember(paths) => state.settings.remember(&paths),
            Action::ForgetRecent => state.settings.recent.clear(),
            Action::EndHints => state.settings.hints_seen = true,
            Action::SaveSession(path) => self.save_session(path),
            Action::AskPath(of) => self.ask_path(of),
            Action::Browse(of) => services.opening.browse(of),
            Action::NoDialog(of) => {
                panels.prompts.path.note_no_dialog();
                self.ask_path(of);
            }
            Action::WriteReport(path) => self.write_report(&path),
            Action::CallFigure(path) => panels.figure.call(path),
            Action::Info(text) => panels.notices.info(text),
            Action::Warn(text) => panels.notices.warn(text),
            Action::ToggleNetwork(model) => self.toggle_network(model),
            Action::Pin(pin) => panels.pins.add(pin),
            Action::CancelJob(key) => services.worker.cancel_one(&key),
            Action::ResumeJob(key) => services.worker.resume_one(&key),
        }
    }

    /// Takes what was loaded into the document, or shows it in its panel.
    pub fn take_loaded(&mut self, event: LoadEvent, ctx: &Context) {
        let Self { state, panels, .. } = self;
        match event {
            LoadEvent::Model(model) => {
                // A badge says them for as long as the network is open.
                panels.notices.log_all(&model.value.name, &model.value.warnings);
                state.document.models.push(model);
            }
            LoadEvent::Replaced(old, model) => {
                panels.network.follow(old, model.id);
                if let Some(place) = state.document.models.iter_mut().find(|m| m.id == old) {
                    *place = model;
                }
            }
            LoadEvent::Picture(picture, thumbnail) => {
                self.frame.keep_thumbnail(ctx, picture.id, &thumbnail);
                panels.notices.info_all(&picture.value.name, &picture.value.notes);
                state.document.pictures.push(picture);
                panels.study.settle(&mut state.document);
            }
            LoadEvent::Annotations(annotations) => self.take_annotations(annotations),
            LoadEvent::Map(map) => {
                panels.notices.info_all(&map.title, &map.notes);
                panels.pins.add(Pin::new(ctx, map.title, map.image));
            }
            LoadEvent::Study(study) => {
                panels.study.show(*study);
                state.open.open(PanelId::Study);
            }
            LoadEvent::StudyAgain(study) => panels.study.refresh(*study),
            LoadEvent::Recipe(path, recipe) => {
                state.open.open(PanelId::Training);
                if let Err(error) = panels.training.show(path, *recipe) {
                    panels.notices.warn(error.to_string());
                }
            }
            LoadEvent::Session(session, thumbnails) => {
                for (id, thumbnail) in &thumbnails {
                    self.frame.keep_thumbnail(ctx, *id, thumbnail);
                }
                self.take_session(&session);
            }
            LoadEvent::Failed(error) => panels.notices.warn(error.to_string()),
        }
    }

    fn take_annotations(&mut self, annotations: OpenAnnotations) {
        let found = &annotations.value.annotations;
        let mut said = found.warnings().clone();
        said.push(format!("Loaded annotations for {}", count(found.len(), "picture", "pictures")));
        for model in &self.state.document.models {
            said.extend(found.classes_of(model.value.labels.lookup()).summary(&model.value.name));
        }
        self.panels.notices.info_all(&stem(&annotations.value.path), &said);
        self.state.document.annotations = Some(annotations);
    }

    /// Shows a session in the place of what is there, which undo brings back.
    fn take_session(&mut self, session: &OpenedSession) {
        let (document, unknown) = session.document();
        for notice in session.notices().into_iter().chain(unknown) {
            self.panels.notices.warn(notice);
        }
        if std::mem::take(&mut self.panels.introduction.is_shown) {
            // The example may still be on its way.
            self.services.opening.forget();
        }
        self.state.document = document;
        let folder = self.services.dirs.unsaved.as_deref();
        let is_whole = session.is_whole();
        match Autosave::is_own(folder, &session.path) {
            true if is_whole => Autosave::take_up(&session.path),
            true => {}
            // Saving over a session that lacks files would drop them from it.
            false => self.state.document.session = is_whole.then(|| session.path.clone()),
        }
    }

    /// Opens what an earlier window left.
    fn open_left(&mut self) {
        if let Some(left) = self.services.autosave.left.take() {
            self.services.opening.forget();
            self.panels.introduction.is_shown = false;
            self.services.opening.open_again(left);
        }
    }

    fn save_session(&mut self, path: PathBuf) {
        match self.state.document.to_session().write(&path) {
            Ok(()) => {
                self.panels.notices.info(format!("Saved {}", path.display()));
                self.state.settings.note_folder(std::slice::from_ref(&path));
                self.state.document.session = Some(path);
            }
            Err(error) => self.panels.notices.warn(error.to_string()),
        }
    }

    /// Asks for a path, from the last folder on.
    pub fn ask_path(&mut self, of: PathFor) {
        let folder = self.state.last_folder();
        self.panels.prompts.path.ask(of, &folder);
        self.state.open.close(PanelId::Path);
        self.state.open.open(PanelId::Path);
    }

    fn write_report(&mut self, path: &Path) {
        let problem = &self.panels.prompts.problem;
        let picture = self.state.document.picture().filter(|_| problem.with_picture);
        let messages = self.panels.notices.texts();
        let report = Report {
            told: &problem.told,
            device: &self.services.device.name,
            messages: &messages,
            session: &self.state.document.to_session(),
            picture: picture.map(|open| open.value.path.as_path()),
        };
        match report.write(path) {
            Ok(()) => self.panels.notices.info(format!("Saved the report as {}", path.display())),
            Err(error) => self.panels.notices.warn(error.to_string()),
        }
    }

    pub fn close_all(&mut self) {
        self.state.document.close_all();
        self.services.opening.forget();
        self.panels.introduction.is_shown = false;
    }

    /// Opens the example in the place of what is there, which undo brings back, and says what to look
    /// for. Its files are unpacked to `folder`.
    pub fn open_example(&mut self, folder: PathBuf) {
        self.close_all();
        let (methods, class, seed) = (Document::default().methods, ClassChoice::Top1, 0);
        self.state.document = Document { methods, class, seed, ..self.state.document.clone() };
        self.state.document.appearance = Appearance::of_example();
        self.services.opening.open_example(folder);
        self.panels.introduction.is_shown = true;
    }

    /// Opens the panel of a network, or closes it where it is that network's.
    fn toggle_network(&mut self, model: u64) {
        let is_shown =
            self.panels.network.is_of(model) && self.state.open.contains(PanelId::Network);
        self.state.open.set(PanelId::Network, !is_shown);
        self.panels.network.show(model);
    }
}
