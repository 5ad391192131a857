//! Which kind of files is asked for.

use hyaline::input_file::is_of_window;
use hyaline::model::Model;
use hyaline::picture::Picture;
use hyaline::study::OpenedStudy;
use std::path::Path;

/// Which kind of files is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Models,
    Pictures,
    Recipes,
    Sessions,
    Studies,
}

impl FileKind {
    pub fn title(self) -> &'static str {
        match self {
            Self::Models => "Open networks",
            Self::Pictures => "Open pictures",
            Self::Sessions => "Open a session",
            Self::Studies => "Open a study: its definition, or the folder of its results",
            Self::Recipes => "Train by a recipe",
        }
    }

    /// What the files are called together.
    pub fn name(self) -> &'static str {
        match self {
            Self::Models => "Networks",
            Self::Pictures => "Pictures",
            Self::Sessions => "Sessions",
            Self::Studies => "Studies",
            Self::Recipes => "Recipes",
        }
    }

    /// Endings of such files, without dots.
    pub fn extensions(self) -> Vec<&'static str> {
        match self {
            Self::Models => Model::extensions(),
            Self::Pictures => Picture::extensions().to_vec(),
            Self::Sessions | Self::Recipes => vec!["toml"],
            Self::Studies => vec!["toml", "sqlite"],
        }
    }

    /// Whether a list of such files has it.
    pub fn lists(self, path: &Path) -> bool {
        match self {
            Self::Models => Model::is_model_file(path),
            Self::Pictures => Picture::is_picture_file(path),
            Self::Sessions | Self::Recipes => is_of_window(path),
            Self::Studies => OpenedStudy::is_study_file(path),
        }
    }
}
