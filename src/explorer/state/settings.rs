//! What the window remembers from one start to the next, as a TOML file of the user's.

use crate::explorer::state::view::View;
use egui::{Context, ThemePreference};
use hyaline::error::{Error, Result};
use hyaline::file;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Settings; what a file leaves out has a default, and what it has more is of another version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Settings {
    pub theme: Theme,
    /// Of everything in the window; 1 is the system's size.
    pub scale: f32,
    /// Width and height of the window, points.
    pub window: Option<[f32; 2]>,
    pub library: bool,
    pub curves: bool,
    /// Whether the hints of the first start were seen.
    pub hints_seen: bool,
    /// Files and folders that were opened, the last one first.
    pub recent: Vec<PathBuf>,
    /// Where the last file was opened or saved.
    pub folder: Option<PathBuf>,
}

/// Light, dark, or as the system is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            scale: 1.0,
            window: None,
            library: true,
            curves: true,
            hints_seen: false,
            recent: vec![],
            folder: None,
        }
    }
}

/// Names that are remembered.
const RECENT: usize = 12;
/// Scales that a window may have.
const SCALES: std::ops::RangeInclusive<f32> = 0.5..=3.0;

impl Settings {
    /// Reads the file. One that is not there, or damaged, gives the defaults.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let mut settings: Self = toml::from_str(&text).unwrap_or_default();
        let scale = if settings.scale.is_nan() { 1.0 } else { settings.scale };
        settings.scale = scale.clamp(*SCALES.start(), *SCALES.end());
        settings.recent.truncate(RECENT);
        let is_usable =
            |sides: &[f32; 2]| sides.iter().all(|side| (200.0..=20_000.0).contains(side));
        settings.window = settings.window.filter(is_usable);
        settings
    }

    /// # Errors
    /// When the file can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = toml::to_string(self).map_err(|e| Error::new("cannot keep the settings", e))?;
        file::write(path, text.as_bytes())
    }

    /// Remembers what was opened, the newest first and each once; of many files of one folder, the
    /// folder.
    pub fn remember(&mut self, opened: &[PathBuf]) {
        const MANY: usize = 4;
        let folders: Vec<_> =
            opened.iter().map(|path| path.parent().map(Path::to_path_buf)).collect();
        let folder = folders.first().cloned().flatten();
        let new = match folder {
            Some(folder)
                if opened.len() > MANY && folders.iter().all(|f| f.as_ref() == Some(&folder)) =>
            {
                vec![folder]
            }
            _ => opened.to_vec(),
        };
        self.note_folder(opened);
        let new: Vec<_> =
            new.into_iter().map(|path| std::path::absolute(&path).unwrap_or(path)).collect();
        self.recent.retain(|path| !new.contains(path));
        self.recent.splice(0..0, new);
        self.recent.truncate(RECENT);
    }
}

impl Settings {
    /// Remembers where files were opened or saved.
    pub fn note_folder(&mut self, paths: &[PathBuf]) {
        let Some(path) = paths.first() else { return };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        self.folder = if path.is_dir() { Some(path) } else { path.parent().map(Into::into) };
    }
}

impl From<Theme> for ThemePreference {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::System => Self::System,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
        }
    }
}

impl Settings {
    /// Makes the window as it was left.
    pub fn apply(&self, ctx: &Context, view: &mut View) {
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        ctx.set_theme(ThemePreference::from(self.theme));
        ctx.set_zoom_factor(self.scale);
        (view.library, view.curves) = (self.library, self.curves);
    }

    /// Makes everything in the window larger or smaller.
    pub fn set_scale(&mut self, ctx: &Context, scale: f32) {
        let scale = (10.0 * scale).round() / 10.0;
        self.scale = scale.clamp(*SCALES.start(), *SCALES.end());
        ctx.set_zoom_factor(self.scale);
    }

    pub fn set_theme(&mut self, ctx: &Context, theme: Theme) {
        self.theme = theme;
        ctx.set_theme(ThemePreference::from(theme));
    }
}

/// The file of settings; without a path, nothing is kept.
#[derive(Debug)]
pub struct SettingsFile {
    path: Option<PathBuf>,
    written: Settings,
}

impl SettingsFile {
    /// Reads the settings of a file, which are the defaults where there is none.
    pub fn open(path: Option<PathBuf>) -> Self {
        let written = path.as_deref().map(Settings::read).unwrap_or_default();
        Self { path, written }
    }

    /// The settings as the file has them.
    pub fn settings(&self) -> &Settings {
        &self.written
    }

    /// Writes the settings where they changed.
    ///
    /// # Errors
    /// When the file can't be written, once for each change.
    pub fn keep(&mut self, settings: &Settings) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if *settings == self.written {
            return Ok(());
        }
        self.written = settings.clone();
        settings.write(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_they_were_written_and_damaged_ones_are_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/settings.toml");
        assert_eq!(Settings::read(&path), Settings::default());
        let written = Settings { theme: Theme::Light, scale: 1.5, ..Settings::default() };
        written.write(&path).unwrap();
        assert_eq!(Settings::read(&path), written);
        std::fs::write(&path, "scale = \"large\"").unwrap();
        assert_eq!(Settings::read(&path), Settings::default());
        std::fs::write(&path, "scale = 99.0\nof-tomorrow = 1").unwrap();
        assert_eq!(Settings::read(&path).scale, *SCALES.end());
    }

    #[test]
    fn what_was_opened_is_remembered_once_and_the_newest_first() {
        let mut settings = Settings::default();
        let path = |name: &str| PathBuf::from("/pictures").join(name);
        settings.remember(&[path("a.png")]);
        settings.remember(&[path("b.png")]);
        settings.remember(&[path("a.png")]);
        assert_eq!(settings.recent, [path("a.png"), path("b.png")]);
        let many: Vec<_> = (0..9).map(|index| path(&format!("{index}.png"))).collect();
        settings.remember(&many);
        assert_eq!(settings.recent[0], Path::new("/pictures"));
        (0..20).for_each(|index| settings.remember(&[path(&index.to_string())]));
        assert_eq!(settings.recent.len(), RECENT);
    }
}
