//! What is open, and how it is shown.

pub mod autosave;
pub mod document;
pub mod open_panels;
pub mod pair;
#[cfg(test)]
mod random_edits_test;
pub mod reorder;
pub mod scrub;
pub mod session;
pub mod settings;
pub mod side_panel;
pub mod user_dirs;
pub mod view;
pub mod zoom;

use document::{Document, History};
use open_panels::OpenPanels;
use settings::Settings;
use view::View;

/// What is open, and how it is shown.
#[derive(Default)]
pub struct State {
    pub document: Document,
    pub history: History,
    pub view: View,
    pub settings: Settings,
    pub open: OpenPanels,
}
