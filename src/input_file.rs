//! What a file that a person gives is, by its content, and what a folder of them holds.

use crate::model::{Card, Model};
use crate::picture::Picture;
use crate::session::Session;
use crate::study::{DATABASE, OpenedStudy};
use crate::training::Recipe;
use std::path::{Path, PathBuf};

/// Whether a file is one that only the window opens.
pub fn is_of_window(path: &Path) -> bool {
    OpenedStudy::is_study_file(path)
        || Session::is_session_file(path)
        || Recipe::is_recipe_file(path)
}

/// A file itself, or the networks and pictures in a folder by name; of a study's results, the
/// results. Weights with a card of their own are opened by the card.
pub fn files_of(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(path) else {
        return vec![path.to_path_buf()];
    };
    if path.join(DATABASE).is_file() {
        return vec![path.join(DATABASE)];
    }
    let known = |path: &PathBuf| Model::is_model_file(path) || Picture::is_picture_file(path);
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(known).collect();
    let carded: Vec<PathBuf> =
        files.iter().filter_map(|path| Card::read(path).ok()).map(|card| card.weights).collect();
    files.retain(|path| !carded.contains(path));
    files.sort();
    files
}
