//! A study to look at: its report, and the files that it was of.

use super::definition::Definition;
use super::plan::Plan;
use super::report::Report;
use super::store::{DATABASE, Records, Store};
use crate::error::{Error, Result};
use crate::file::{is_toml_with, stem};
use crate::picture::Picture;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A study's results. Results say nothing of where files lie; the definition does.
#[derive(Debug)]
pub struct OpenedStudy {
    pub report: Report,
    /// The folder of the results.
    pub results: PathBuf,
    /// Whether a process was computing it when it was read.
    pub is_running: bool,
    /// By the plan's pictures and models; none where the definition or the file is gone.
    pub pictures: Vec<Option<PathBuf>>,
    pub models: Vec<Option<PathBuf>>,
    /// Boxes and masks of the pictures.
    pub annotations: Option<PathBuf>,
}

impl OpenedStudy {
    /// True for a store of results and for a definition, false for all other files.
    pub fn is_study_file(path: &Path) -> bool {
        is_database(path) || is_definition(path)
    }

    /// Opens results with the definition beside them, or a definition with its results beside it.
    ///
    /// # Errors
    /// When the results can't be read, or a definition has none yet.
    pub fn open(path: &Path) -> Result<Self> {
        let [definition, results] = match is_database(path) {
            true => {
                let results = path.parent().unwrap_or(Path::new(".")).to_path_buf();
                [definition_of(&results), Some(results)]
            }
            false => [Some(path.to_path_buf()), results_of(path)],
        };
        let results = results.ok_or_else(|| {
            Error::new(format!("cannot show study {}", path.display()), "it has no results yet")
                .hint(format!("run `hyaline study {}` first", path.display()))
        })?;
        let is_running = Store::is_at_work(&results);
        let report = Report::new(Records::of_stores(std::slice::from_ref(&results))?);
        let definition = definition.and_then(|path| Definition::read(&path).ok());
        let [pictures, models] = files(report.plan(), definition.as_ref());
        let annotations = definition.and_then(|definition| definition.pictures.annotations);
        Ok(Self { report, results, is_running, pictures, models, annotations })
    }

    /// The file to open it again by.
    pub fn file(&self) -> PathBuf {
        self.results.join(DATABASE)
    }
}

fn is_database(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == DATABASE)
}

/// Model cards are TOML too; only a definition names several models and their pictures.
fn is_definition(path: &Path) -> bool {
    is_toml_with(path, ["models", "pictures"])
}

/// `hyaline study NAME.toml` writes to NAME-results where it is run, mostly beside NAME.toml; a person may
/// have named a folder NAME.
fn results_of(definition: &Path) -> Option<PathBuf> {
    let name = stem(definition);
    let usual = format!("{name}-results");
    let beside = definition.parent().unwrap_or(Path::new(""));
    [beside.join(&usual), PathBuf::from(usual), beside.join(name)]
        .into_iter()
        .find(|folder| folder.join(DATABASE).is_file())
}

fn definition_of(results: &Path) -> Option<PathBuf> {
    let results = results.canonicalize().ok()?;
    let name = results.file_name()?.to_str()?;
    let name = name.strip_suffix("-results").unwrap_or(name);
    let definition = results.parent()?.join(format!("{name}.toml"));
    definition.is_file().then_some(definition)
}

/// Where the pictures and models of a plan lie.
fn files(plan: &Plan, definition: Option<&Definition>) -> [Vec<Option<PathBuf>>; 2] {
    let listed = definition.and_then(|of| of.pictures(Picture::is_picture_file).ok());
    let listed: HashMap<String, PathBuf> = listed
        .into_iter()
        .flatten()
        .map(|picture| (picture.name.clone(), picture.path))
        .filter(|(_, path)| path.is_file())
        .collect();
    let pictures = plan.pictures.iter().map(|picture| listed.get(&picture.name).cloned());
    let paths = definition.map_or(&[][..], |definition| &definition.models);
    let models = (0..plan.models.len()).map(|place| match paths.len() == plan.models.len() {
        true => Some(paths[place].clone()),
        false => None,
    });
    [pictures.collect(), models.collect()]
}
