//! Why commands can't run now, in words that say what to do first.

use crate::explorer::app::Explorer;

/// Why something can't be done now; none where it can.
pub type Obstacle = Option<&'static str>;

fn unless(holds: bool, why: &'static str) -> Obstacle {
    (!holds).then_some(why)
}

pub fn none(_: &Explorer) -> Obstacle {
    None
}

pub fn no_files(app: &Explorer) -> Obstacle {
    unless(!app.state.document.is_empty(), "Open a network or a picture first")
}

pub fn no_models(app: &Explorer) -> Obstacle {
    unless(!app.state.document.models.is_empty(), "Open a network first")
}

pub fn no_two_models(app: &Explorer) -> Obstacle {
    unless(app.state.document.models.len() > 1, "Open two networks first")
}

pub fn no_maps(app: &Explorer) -> Obstacle {
    let document = &app.state.document;
    no_models(app)
        .or(unless(!document.pictures.is_empty(), "Open a picture first"))
        .or(unless(document.shown_methods().next().is_some(), "Choose a method first"))
}

pub fn no_work(app: &Explorer) -> Obstacle {
    unless(app.services.worker.open_work().1 > 0, "Nothing is computed now")
}

pub fn no_stopped_work(app: &Explorer) -> Obstacle {
    unless(app.services.worker.can_resume(), "No work was cancelled or failed")
}

pub fn no_work_to_pause(app: &Explorer) -> Obstacle {
    if app.services.worker.is_paused() { None } else { no_work(app) }
}

pub fn no_undo(app: &Explorer) -> Obstacle {
    unless(app.state.history.can_undo(), "Nothing has changed")
}

pub fn no_redo(app: &Explorer) -> Obstacle {
    unless(app.state.history.can_redo(), "Nothing was undone")
}

pub fn nothing_to_close(app: &Explorer) -> Obstacle {
    let view = &app.state.view;
    let is_closer = view.scrub.is_some() || view.alone.is_some();
    unless(!app.state.open.is_empty() || is_closer, "No panel is open")
}

pub fn no_previous_picture(app: &Explorer) -> Obstacle {
    unless(app.state.document.selected > 0, "There is no picture before this one")
}

pub fn no_next_picture(app: &Explorer) -> Obstacle {
    let document = &app.state.document;
    let has_next = document.selected + 1 < document.pictures.len();
    unless(has_next, "There is no picture after this one")
}

pub fn not_zoomed(app: &Explorer) -> Obstacle {
    unless(app.state.view.transform.is_zoomed(), "The whole picture is shown")
}

pub fn nothing_pointed_at(app: &Explorer) -> Obstacle {
    unless(app.frame.pointed.before.is_some(), "Point at a picture or a map first")
}

pub fn no_probes(app: &Explorer) -> Obstacle {
    unless(!app.state.document.probes.is_empty(), "Pin a probe first: point and press P")
}

pub fn no_pair(app: &Explorer) -> Obstacle {
    unless(app.state.document.paired().is_some(), "Pair two networks first")
}

pub fn no_study(app: &Explorer) -> Obstacle {
    unless(app.panels.study.is_there(), "Open a study first: File, Open study…")
}

pub fn no_training(app: &Explorer) -> Obstacle {
    unless(app.panels.training.is_there(), "Open a recipe first: File, Train by a recipe…")
}

pub fn no_tour(app: &Explorer) -> Obstacle {
    let is_kept = app.services.dirs.settings.is_some();
    no_files(app).or(unless(is_kept, "Settings can't be kept here"))
}
