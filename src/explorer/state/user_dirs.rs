//! Where the window keeps what outlives it.

use hyaline::attribution::Cache;
use hyaline::file::{user_data, user_settings};
use std::path::PathBuf;

/// Files and folders of the user's; without one, the thing is not kept.
#[derive(Debug, Clone, Default)]
pub struct UserDirs {
    /// Maps that took long.
    pub cache: Option<Cache>,
    /// The file of settings.
    pub settings: Option<PathBuf>,
    /// The folder of sessions that were not saved.
    pub unsaved: Option<PathBuf>,
    /// The folder of pictures that were pasted.
    pub pasted: Option<PathBuf>,
    /// The folder of figures, until a person names another.
    pub figures: Option<PathBuf>,
}

impl UserDirs {
    /// Those of the user who runs the program.
    pub fn of_user() -> Self {
        let data = |name| user_data().map(|folder| folder.join(name));
        Self {
            cache: Cache::of_user(),
            settings: user_settings().map(|folder| folder.join("settings.toml")),
            unsaved: data("unsaved"),
            pasted: data("pasted"),
            figures: std::env::current_dir().ok(),
        }
    }
}
