//! What commands do where that takes more than a line, and when they can.

use super::super::pair::PairView;
use super::super::settings::Theme;
use super::super::view_transform::ViewTransform;
use super::super::{Explorer, theme};
use crate::example;
use egui::Context;

pub(super) fn open_example(app: &mut Explorer, _: &Context) {
    app.open_example(example::user_folder());
}

pub(super) fn save_session(app: &mut Explorer, _: &Context) {
    match app.state.document.session.clone() {
        Some(path) => app.save_session(path),
        None => app.services.opening.ask_where_to_save(),
    }
}

/// What lies above goes first: a window, then the pictures along a curve, then a cell alone.
pub(super) fn close(app: &mut Explorer, ctx: &Context) {
    if let Some(panel) = app.state.open.topmost(ctx) {
        app.state.open.close(panel);
    } else if app.state.view.scrub.take().is_none() && app.state.view.alone.take().is_none() {
        app.services.worker.cancel();
    }
}

pub(super) fn can_close(app: &Explorer) -> bool {
    let is_closer = app.state.view.scrub.is_some() || app.state.view.alone.is_some();
    !app.state.open.is_empty() || is_closer || has_work(app)
}

pub(super) fn copy_command_line(app: &mut Explorer, ctx: &Context) {
    if let Some(command) = app.state.document.command_line() {
        ctx.copy_text(command);
        app.panels.notices.tell("The command that computes these maps is copied".into());
    }
}

pub(super) fn fit_picture(app: &mut Explorer, _: &Context) {
    app.state.view.transform = ViewTransform::default();
}

pub(super) fn rearrange(app: &mut Explorer, _: &Context) {
    let arrangement = &mut app.state.document.appearance.arrangement;
    *arrangement = arrangement.next();
}

pub(super) fn toggle_pair(app: &mut Explorer, _: &Context) {
    let is_joined = app.state.document.joined().is_some();
    app.state.document.pair = if is_joined { None } else { app.state.document.twins() };
}

pub(super) fn toggle_blink(app: &mut Explorer, _: &Context) {
    app.state.view.pair = match app.state.view.pair {
        PairView::Blink => PairView::Difference,
        PairView::Difference | PairView::Wipe => PairView::Blink,
    };
}

pub(super) fn toggle_network(app: &mut Explorer, _: &Context) {
    if let Some(model) = app.state.document.models.first() {
        app.toggle_network(model.id);
    }
}

pub(super) fn toggle_theme(app: &mut Explorer, ctx: &Context) {
    match ctx.theme() {
        egui::Theme::Dark => app.set_theme(ctx, Theme::Light),
        egui::Theme::Light => app.set_theme(ctx, Theme::Dark),
    }
}

pub(super) fn has_files(app: &Explorer) -> bool {
    !app.state.document.is_empty()
}

pub(super) fn has_models(app: &Explorer) -> bool {
    !app.state.document.models.is_empty()
}

pub(super) fn has_maps(app: &Explorer) -> bool {
    app.state.document.command_line().is_some()
}

pub(super) fn has_work(app: &Explorer) -> bool {
    app.services.worker.open_work().1 > 0
}

pub(super) fn can_pause(app: &Explorer) -> bool {
    app.services.worker.is_paused() || has_work(app)
}

pub(super) fn has_previous_picture(app: &Explorer) -> bool {
    app.state.document.selected > 0
}

pub(super) fn has_next_picture(app: &Explorer) -> bool {
    app.state.document.selected + 1 < app.state.document.pictures.len()
}

pub(super) fn is_zoomed(app: &Explorer) -> bool {
    app.state.view.transform.is_zoomed()
}

pub(super) fn has_probes(app: &Explorer) -> bool {
    !app.state.document.probes.is_empty()
}

pub(super) fn can_pair(app: &Explorer) -> bool {
    app.state.document.joined().is_some() || app.state.document.twins().is_some()
}

pub(super) fn has_hints(app: &Explorer) -> bool {
    app.services.places.settings.is_some() && has_files(app)
}

impl Explorer {
    /// Whether a command has something to do.
    pub(in crate::explorer) fn can(&self, command: super::Command) -> bool {
        command.can(self)
    }

    /// Does what a command says.
    pub(in crate::explorer) fn perform(&mut self, command: super::Command, ctx: &Context) {
        command.run(self, ctx);
    }

    pub(super) fn zoom(&mut self, factor: f32) {
        let cell = self.frame.shown_cell * factor;
        self.state.view.cell = Some(cell.clamp(*theme::CELL.start(), *theme::CELL.end()));
    }

    pub(super) fn zoom_picture(&mut self, factor: f32) {
        let Some(picture) = self.state.document.picture().cloned() else { return };
        let cell =
            egui::Rect::from_min_size(egui::Pos2::ZERO, egui::Vec2::splat(self.frame.shown_cell));
        let ground = self.ground(cell, &picture);
        self.state.view.transform.zoom_middle(factor, ground);
    }
}
