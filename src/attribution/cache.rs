//! Maps on disk: what took long is not computed twice, in this session or the next.
//!
//! A map is found by everything that it depends on, content and not names; so a file that moved
//! still has its maps, and one that changed has none.

use super::applicability::fitted;
use super::explained::Explained;
use super::method::Method;
use super::registry::method;
use super::result::Attribution;
use crate::error::Result;
use crate::file::{sha256, sha256_file, user_cache, write};
use crate::parameter::{Kind, Value, Values};
use ndarray::Array3;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A folder of maps with a limit to its size; the ones unused for longest go first.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    limit_bytes: u64,
}

/// Room for maps unless said otherwise: a few thousand at 224 px.
const LIMIT_BYTES: u64 = 1 << 30;
/// Maps that take less are computed again as fast as they are found.
const WORTH_SECONDS: f64 = 0.2;
/// Raised when maps of the same key would come out otherwise.
const FORMAT: u32 = 1;

/// What is kept beside a map.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    seconds: f64,
    samples: Option<(usize, usize)>,
    #[serde(rename = "facts")]
    diagnostics: BTreeMap<String, f64>,
    warnings: Vec<String>,
}

impl Cache {
    /// A cache in a folder, which is made when it is first needed.
    pub fn new(folder: PathBuf, limit_bytes: u64) -> Self {
        Self { folder, limit_bytes }
    }

    /// The user's cache: the folder that `HYALINE_CACHE` names, or the system's folder for caches.
    /// None where `HYALINE_CACHE` is empty, or there is no such folder.
    pub fn of_user() -> Option<Self> {
        let folder = match std::env::var_os("HYALINE_CACHE").map(PathBuf::from) {
            Some(folder) if folder.as_os_str().is_empty() => None,
            Some(folder) => Some(folder),
            None => user_cache().map(|folder| folder.join("maps")),
        };
        folder.map(|folder| Self::new(folder, LIMIT_BYTES))
    }

    /// The map of an earlier run with the same result, if there is one. What can't be read is none.
    pub fn get(
        &self,
        method: &'static dyn Method,
        explained: &Explained,
        values: &Values,
    ) -> Option<Attribution> {
        let values = fitted(method, explained.model, values).ok()?.values;
        let path = self.path(method, explained, &values)?;
        let (record, map) = read(&path)?;
        // Reading counts as use.
        let touched = std::fs::File::options().append(true).open(&path);
        let _ = touched.and_then(|file| file.set_modified(SystemTime::now()));
        Some(Attribution {
            method: method.description(),
            map: Arc::new(map),
            target: explained.target,
            values,
            seconds: record.seconds,
            samples: record.samples,
            diagnostics: record.diagnostics,
            warnings: record.warnings,
            cached: true,
        })
    }

    /// Stores a complete map that took long enough; errors of writing are ignored.
    pub fn put(&self, explained: &Explained, attribution: &Attribution) {
        let worth = attribution.seconds >= WORTH_SECONDS && !attribution.is_partial();
        let Ok(method) = method(attribution.method.id) else { return };
        let Some(path) = self.path(method, explained, &attribution.values).filter(|_| worth) else {
            return;
        };
        let record = Record {
            seconds: attribution.seconds,
            samples: attribution.samples,
            diagnostics: attribution.diagnostics.clone(),
            warnings: attribution.warnings.clone(),
        };
        if let Some(bytes) = bytes(&record, &attribution.map)
            && write(&path, &bytes).is_ok()
        {
            self.forget_oldest();
        }
    }

    /// The file of a map; none if a picture it depends on can't be read.
    fn path(&self, method: &dyn Method, explained: &Explained, values: &Values) -> Option<PathBuf> {
        let Explained { model, pixels, sha256: picture, target, seed, background, .. } = explained;
        let of_pixels = |pixels: &Array3<f32>| {
            let bytes: Vec<u8> = pixels.iter().flat_map(|value| value.to_le_bytes()).collect();
            sha256(&bytes)
        };
        let files = baseline_files(method, values).ok()?;
        let background: Vec<_> = match values.uses_background() {
            true => background.iter().map(of_pixels).collect(),
            false => vec![],
        };
        let outputs = (model.outputs.kind, &model.outputs.name);
        let card = (&model.architecture, &model.preprocessing, &model.report.batch_norms, outputs);
        let key = serde_json::json!([
            FORMAT,
            env!("CARGO_PKG_VERSION"),
            model.sha256,
            card,
            picture,
            of_pixels(pixels),
            target,
            seed,
            method.description().id,
            values,
            files,
            background,
        ]);
        Some(self.folder.join(format!("{}.safetensors", sha256(key.to_string().as_bytes()))))
    }

    fn forget_oldest(&self) {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = self
            .files()
            .filter_map(|path| {
                let about = path.metadata().ok()?;
                Some((about.modified().ok()?, about.len(), path))
            })
            .collect();
        files.sort();
        let mut size: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, bytes, path) in files {
            if size <= self.limit_bytes {
                break;
            }
            if std::fs::remove_file(path).is_ok() {
                size -= bytes;
            }
        }
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
    }
}

/// SHA-256 of the pictures that values name as baselines.
fn baseline_files(method: &dyn Method, values: &Values) -> Result<Vec<String>, std::io::Error> {
    let mut files = vec![];
    for parameter in method.description().parameters {
        if let (Kind::Baseline { options, .. }, Value::Baseline(name)) =
            (&parameter.kind, values.get(parameter.id))
            && !options.contains(&name.as_str())
        {
            files.push(sha256_file(Path::new(name))?);
        }
    }
    Ok(files)
}

fn bytes(record: &Record, map: &Array3<f32>) -> Option<Vec<u8>> {
    let (channels, height, width) = map.dim();
    let values: Vec<u8> = map.iter().flat_map(|value| value.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, vec![channels, height, width], &values).ok()?;
    let about = HashMap::from([("record".to_string(), serde_json::to_string(record).ok()?)]);
    safetensors::serialize([("map", view)], Some(about)).ok()
}

fn read(path: &Path) -> Option<(Record, Array3<f32>)> {
    let bytes = std::fs::read(path).ok()?;
    let (_, header) = SafeTensors::read_metadata(&bytes).ok()?;
    let record = serde_json::from_str(header.metadata().as_ref()?.get("record")?).ok()?;
    let file = SafeTensors::deserialize(&bytes).ok()?;
    let view = file.tensor("map").ok()?;
    let &[channels, height, width] = view.shape() else { return None };
    let values = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let map = Array3::from_shape_vec((channels, height, width), values.collect()).ok()?;
    Some((record, map))
}
