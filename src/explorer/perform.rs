//! What commands do, and when they can.

use super::command::Command;
use super::opening::FileKind;
use super::pair::PairView;
use super::settings::Theme;
use super::view_transform::ViewTransform;
use super::{Explorer, theme};
use crate::example;

impl Explorer {
    /// Does what a command says.
    pub(super) fn perform(&mut self, command: Command, ctx: &egui::Context) {
        match command {
            Command::OpenModels => self.opening.ask(FileKind::Models),
            Command::OpenPictures => self.opening.ask(FileKind::Pictures),
            Command::OpenSession => self.opening.ask(FileKind::Sessions),
            Command::SaveSession => match self.document.session.clone() {
                Some(path) => self.save_session(path),
                None => self.opening.ask_where_to_save(),
            },
            Command::SaveSessionAs => self.opening.ask_where_to_save(),
            Command::OpenExample => self.open_example(example::user_folder()),
            Command::Figure => self.figure_panel.is_open ^= true,
            Command::CloseAll => self.close_all(),
            Command::Train => self.opening.ask(FileKind::Recipes),
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Command::Undo => self.history.undo(&mut self.document),
            Command::Redo => self.history.redo(&mut self.document),
            Command::Close if self.view.help => self.view.help = false,
            Command::Close if self.view.scrub.is_some() => self.view.scrub = None,
            Command::Close if self.view.alone.is_some() => self.view.alone = None,
            Command::Close if self.view.jobs => self.view.jobs = false,
            Command::Close if self.notices.is_log_open => self.notices.is_log_open = false,
            Command::Close if self.range_panel.is_open => self.range_panel.is_open = false,
            Command::Close if self.network_panel.is_open() => self.network_panel.close(),
            Command::Close if self.study_panel.is_open() => self.study_panel.close(),
            Command::Close if self.training_panel.is_open() => self.training_panel.close(),
            Command::Close if self.figure_panel.is_open => self.figure_panel.is_open = false,
            Command::Close | Command::Cancel => self.worker.cancel(),
            Command::ToggleStudy => self.study_panel.toggle(),
            Command::ToggleTraining => self.training_panel.toggle(),
            Command::NetworkDetails => {
                if let Some(model) = self.document.models.first() {
                    self.network_panel.toggle(model.id);
                }
            }
            Command::Resume => self.worker.resume(),
            Command::CopyCommandLine => {
                if let Some(command) = self.document.command_line() {
                    ctx.copy_text(command);
                    self.notices.tell("The command that computes these maps is copied".into());
                }
            }
            Command::Pause => self.worker.pause(!self.worker.is_paused()),
            Command::ToggleJobs => self.view.jobs ^= true,
            Command::PreviousPicture => self.document.step_picture(-1),
            Command::NextPicture => self.document.step_picture(1),
            Command::ZoomIn => self.zoom(1.25),
            Command::ZoomOut => self.zoom(0.8),
            Command::ZoomFit => self.view.cell = None,
            Command::MagnifyPicture => self.zoom_picture(1.5),
            Command::ReducePicture => self.zoom_picture(1.0 / 1.5),
            Command::FitPicture => self.view.transform = ViewTransform::default(),
            Command::PinProbe => self.pin_probe(self.pointed.before),
            Command::RemoveProbes => self.document.probes.clear(),
            Command::ToggleProbes => self.view.probes ^= true,
            Command::JoinTwins => {
                let is_joined = self.document.joined().is_some();
                self.document.pair = if is_joined { None } else { self.document.twins() };
            }
            Command::Blink if self.view.pair == PairView::Blink => {
                self.view.pair = PairView::Difference;
            }
            Command::Blink => self.view.pair = PairView::Blink,
            Command::ToggleLibrary => self.view.library ^= true,
            Command::ToggleCurves => self.view.curves ^= true,
            Command::Rearrange => {
                let arrangement = &mut self.document.appearance.arrangement;
                *arrangement = arrangement.next();
            }
            Command::ToggleRange => self.range_panel.is_open ^= true,
            Command::ToggleTheme => match ctx.theme() {
                egui::Theme::Dark => self.set_theme(ctx, Theme::Light),
                egui::Theme::Light => self.set_theme(ctx, Theme::Dark),
            },
            Command::SystemTheme => self.set_theme(ctx, Theme::System),
            Command::LargerWindow => self.scale_window(ctx, self.settings.scale + 0.1),
            Command::SmallerWindow => self.scale_window(ctx, self.settings.scale - 0.1),
            Command::UsualWindow => self.scale_window(ctx, 1.0),
            Command::ToggleMessages => self.notices.is_log_open ^= true,
            Command::Palette => self.palette.open(),
            Command::Hints => (self.hint, self.settings.hints_seen) = (0, false),
            Command::Help => self.view.help ^= true,
        }
    }

    /// Whether a command has something to do.
    pub(super) fn can(&self, command: Command) -> bool {
        match command {
            Command::CloseAll | Command::SaveSession | Command::SaveSessionAs => {
                !self.document.is_empty()
            }
            Command::CopyCommandLine | Command::Figure => self.document.command_line().is_some(),
            Command::Undo => self.history.can_undo(),
            Command::Redo => self.history.can_redo(),
            Command::Cancel => self.worker.open_work().1 > 0,
            Command::Close => {
                self.view.help
                    || self.view.jobs
                    || self.view.scrub.is_some()
                    || self.view.alone.is_some()
                    || self.notices.is_log_open
                    || self.range_panel.is_open
                    || self.network_panel.is_open()
                    || self.study_panel.is_open()
                    || self.training_panel.is_open()
                    || self.figure_panel.is_open
                    || self.worker.open_work().1 > 0
            }
            Command::ReducePicture | Command::FitPicture => self.view.transform.is_zoomed(),
            Command::PinProbe => self.pointed.before.is_some(),
            Command::RemoveProbes | Command::ToggleProbes => !self.document.probes.is_empty(),
            Command::JoinTwins => {
                self.document.joined().is_some() || self.document.twins().is_some()
            }
            Command::Hints => self.places.settings.is_some() && !self.document.is_empty(),
            Command::Blink => self.document.joined().is_some(),
            Command::ToggleStudy => self.study_panel.is_there(),
            Command::ToggleTraining => self.training_panel.is_there(),
            Command::NetworkDetails => !self.document.models.is_empty(),
            Command::Resume => self.worker.can_resume(),
            Command::Pause => self.worker.is_paused() || self.worker.open_work().1 > 0,
            Command::PreviousPicture => self.document.selected > 0,
            Command::NextPicture => self.document.selected + 1 < self.document.pictures.len(),
            _ => true,
        }
    }

    fn zoom(&mut self, factor: f32) {
        let cell = self.shown_cell * factor;
        self.view.cell = Some(cell.clamp(*theme::CELL.start(), *theme::CELL.end()));
    }

    fn zoom_picture(&mut self, factor: f32) {
        let Some(picture) = self.document.picture().cloned() else { return };
        let cell = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::Vec2::splat(self.shown_cell));
        let ground = self.ground(cell, &picture);
        self.view.transform.zoom_middle(factor, ground);
    }
}
