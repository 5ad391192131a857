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
pub mod twins;
pub mod user_dirs;
pub mod view;
pub mod zoom;

use document::{Document, History};
use open_panels::OpenPanels;
use settings::Settings;
use std::path::{Path, PathBuf};
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

impl State {
    /// Where paths are asked for from: the folder that was used last, or else that of what is open.
    pub fn last_folder(&self) -> PathBuf {
        let open = || self.document.pictures.first().map(|open| open.value.path.clone());
        let of_open = || open()?.parent().map(Path::to_path_buf);
        let used = self.settings.folder.clone().filter(|folder| folder.is_dir());
        used.or_else(of_open).or_else(|| std::env::current_dir().ok()).unwrap_or_default()
    }
}
