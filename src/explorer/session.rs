//! Sessions as files: what is open and how it is shown, as TOML that people can read, with paths
//! from the file's own folder where that holds them.

use super::Explorer;
use super::appearance::Appearance;
use super::autosave::Autosave;
use super::document::{Document, MethodChoice, OpenAnnotations, OpenModel, OpenPicture};
use super::pair::Pair;
use crate::attribution::{METHODS, Target, Values};
use crate::error::{Error, Result};
use crate::file::{self, stem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The key that tells session files from other TOML; its value is the format's version.
const KEY: &str = "hyaline-session";
const VERSION: u32 = 1;

/// A session as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    #[serde(rename = "hyaline-session")]
    version: u32,
    seed: u64,
    /// The index of the explained class; without it, the top class of each network.
    class: Option<usize>,
    /// The index of the picture that is explained.
    selected: usize,
    annotations: Option<PathBuf>,
    /// Indices of two networks.
    pair: Option<[usize; 2]>,
    /// Shares of the picture's width and height.
    #[serde(default)]
    probes: Vec<[f32; 2]>,
    shown: Appearance,
    #[serde(default)]
    networks: Vec<File>,
    #[serde(default)]
    pictures: Vec<File>,
    #[serde(default)]
    methods: Vec<SavedMethod>,
}

/// A file, and what was in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub path: PathBuf,
    /// Of its content, or of a network's weights; who writes a session by hand may leave it out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedMethod {
    id: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// A session whose files were opened.
pub struct OpenedSession {
    pub session: Session,
    pub path: PathBuf,
    /// By the session's order; none for files that could not be opened.
    pub models: Vec<Option<OpenModel>>,
    pub pictures: Vec<Option<OpenPicture>>,
    pub annotations: Option<OpenAnnotations>,
}

impl Session {
    pub fn is_session_file(path: &Path) -> bool {
        file::is_toml_with(path, [KEY])
    }

    pub(super) fn of(document: &Document) -> Self {
        let index = |id| document.models.iter().position(|open| open.id == id);
        let pair = document.pair.and_then(|pair| Some([index(pair.first)?, index(pair.second)?]));
        let class = match document.target {
            Target::Top1 => None,
            Target::Class(class) => Some(class),
        };
        let network = |open: &OpenModel| File {
            path: open.value.path.clone(),
            sha256: open.value.sha256.clone(),
        };
        let picture = |open: &OpenPicture| File {
            path: open.value.path.clone(),
            sha256: open.value.sha256.clone(),
        };
        let method = |choice: &MethodChoice| SavedMethod {
            id: choice.method.description().id.to_string(),
            parameters: choice.values.iter().map(|(id, v)| (id.into(), v.to_string())).collect(),
        };
        Self {
            version: VERSION,
            seed: document.seed,
            class,
            selected: document.selected,
            annotations: document.annotations.as_ref().map(|open| open.value.path.clone()),
            pair,
            probes: document.probes.iter().map(|probe| [probe.x, probe.y]).collect(),
            shown: document.appearance.clone(),
            networks: document.models.iter().map(network).collect(),
            pictures: document.pictures.iter().map(picture).collect(),
            methods: document.shown_methods().map(method).collect(),
        }
    }

    /// Writes the session whole.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = path.parent().unwrap_or(Path::new(""));
        let text = toml::to_string(&self.with_paths(|file| from_folder(file, folder)))
            .map_err(|e| Error::new("cannot write the session", e))?;
        let text =
            format!("# A session of Hyaline: `hyaline {}` opens it.\n{text}", file_name(&path));
        file::write(&path, text.as_bytes())
    }

    /// # Errors
    /// When the file can't be read or is no session of this version.
    pub fn read(path: &Path) -> Result<Self> {
        let failed =
            |why: String| Error::new(format!("cannot open session {}", path.display()), why);
        let text = std::fs::read_to_string(path).map_err(|e| failed(e.to_string()))?;
        let session: Self = toml::from_str(&text)
            .map_err(|e| failed(format!("line {}: {}", file::toml_line(&text, &e), e.message())))?;
        if session.version != VERSION {
            let why = format!("it is of version {}, this is version {VERSION}", session.version);
            return Err(failed(why).hint("open it with the Hyaline that wrote it"));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(session.with_paths(|file| folder.join(file)))
    }

    /// The same with every path changed.
    fn with_paths(&self, change: impl Fn(&Path) -> PathBuf) -> Self {
        let mut session = self.clone();
        let files = session.networks.iter_mut().chain(&mut session.pictures);
        let paths = files.map(|file| &mut file.path).chain(&mut session.annotations);
        for path in paths {
            *path = change(path);
        }
        session
    }

    /// Networks, pictures, and boxes and masks, by their files.
    pub fn files(&self) -> (&[File], &[File], Option<&Path>) {
        (&self.networks, &self.pictures, self.annotations.as_deref())
    }
}

impl OpenedSession {
    /// Whether all of its files could be opened.
    fn is_whole(&self) -> bool {
        let has_annotations = self.session.annotations.is_none() || self.annotations.is_some();
        let has_models = self.models.iter().all(Option::is_some);
        has_annotations && has_models && self.pictures.iter().all(Option::is_some)
    }

    /// Which files are not what they were when the session was saved.
    pub fn notices(&self) -> Vec<String> {
        let changed = |file: &File, sha256: Option<&str>| {
            sha256
                .filter(|sha256| !file.sha256.is_empty() && *sha256 != file.sha256)
                .map(|_| format!("{} has changed since the session was saved", file.path.display()))
        };
        let models = self.session.networks.iter().zip(&self.models);
        let pictures = self.session.pictures.iter().zip(&self.pictures);
        models
            .filter_map(|(file, open)| {
                changed(file, open.as_ref().map(|o| o.value.sha256.as_str()))
            })
            .chain(pictures.filter_map(|(file, open)| {
                changed(file, open.as_ref().map(|o| o.value.sha256.as_str()))
            }))
            .collect()
    }

    /// The document, and what of it this version doesn't know.
    pub(super) fn document(&self) -> (Document, Vec<String>) {
        let Session { seed, class, selected, pair, probes, shown, methods, .. } = &self.session;
        let id = |index: usize| Some(self.models.get(index)?.as_ref()?.id);
        let pair = pair.and_then(|[a, b]| Some(Pair { first: id(a)?, second: id(b)? }));
        let mut document = Document {
            models: self.models.iter().flatten().cloned().collect(),
            pictures: self.pictures.iter().flatten().cloned().collect(),
            selected: 0,
            target: class.map_or(Target::Top1, Target::Class),
            seed: *seed,
            annotations: self.annotations.clone(),
            probes: probes.iter().map(|[x, y]| egui::pos2(*x, *y)).collect(),
            pair,
            appearance: shown.clone().checked(),
            ..Document::default()
        };
        let chosen = self.pictures.get(*selected).and_then(Option::as_ref);
        let place = |open: &OpenPicture| document.pictures.iter().position(|o| o.id == open.id);
        document.selected = chosen.and_then(place).unwrap_or(0);
        let unknown = take_methods(&mut document, methods);
        (document, unknown)
    }
}

impl Explorer {
    /// Shows a session in the place of what is there, which undo brings back.
    pub(super) fn take_session(&mut self, session: &OpenedSession) {
        let (document, unknown) = session.document();
        for notice in session.notices().into_iter().chain(unknown) {
            self.notices.warn(notice);
        }
        if std::mem::take(&mut self.introduction) {
            // The example may still be on its way.
            self.opening.forget();
        }
        self.document = document;
        let folder = self.places.unsaved.as_deref();
        let is_whole = session.is_whole();
        match Autosave::is_own(folder, &session.path) {
            true if is_whole => Autosave::take_up(&session.path),
            true => {}
            // Saving over a session that lacks files would drop them from it.
            false => self.document.session = is_whole.then(|| session.path.clone()),
        }
    }

    pub(super) fn save_session(&mut self, path: PathBuf) {
        match Session::of(&self.document).write(&path) {
            Ok(()) => {
                self.notices.tell(format!("saved {}", path.display()));
                self.document.session = Some(path);
            }
            Err(error) => self.notices.warn(error.to_string()),
        }
    }

    /// Calls the window by its session.
    pub(super) fn show_title(&mut self, ctx: &egui::Context) {
        if self.titled != self.document.session {
            self.titled = self.document.session.clone();
            let title = self.titled.as_deref().map(|path| format!("{} – Hyaline", stem(path)));
            let title = title.unwrap_or_else(|| "Hyaline".into());
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title));
        }
    }
}

/// Shows the saved methods and no others; says what is not known of them.
fn take_methods(document: &mut Document, saved: &[SavedMethod]) -> Vec<String> {
    let mut unknown = vec![];
    document.methods.iter_mut().for_each(|choice| choice.shown = false);
    for SavedMethod { id, parameters } in saved {
        let Some(method) = METHODS.iter().find(|method| method.description().id == id) else {
            unknown.push(format!("the session has a method `{id}`, which is not known here"));
            continue;
        };
        let known = method.description().parameters;
        let mut values = Values::defaults(known);
        for (name, text) in parameters {
            if let Err(error) = values.set(known, name, text) {
                unknown.push(format!("{id}: {error}"));
            }
        }
        let own = document.methods.iter_mut().find(|c| c.method.description().id == id);
        if let Some(own) = own {
            *own = MethodChoice { method: *method, shown: true, values };
        }
    }
    let place = |id| saved.iter().position(|method| method.id == id).unwrap_or(usize::MAX);
    document.methods.sort_by_key(|choice| place(choice.method.description().id));
    unknown
}

/// A path from a folder where that holds it, or else the whole path.
fn from_folder(path: &Path, folder: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    path.strip_prefix(folder).map(Path::to_path_buf).unwrap_or(path)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ColorMap;

    fn session(folder: &Path) -> Session {
        let mut document = Document::default();
        document.methods[0].shown = true;
        document.probes.push(egui::pos2(0.25, 0.5));
        (document.seed, document.target) = (7, Target::Class(3));
        document.appearance.opacity = 0.5;
        document.appearance.color_map = Some(ColorMap::Magma);
        let file = |name: &str| File { path: folder.join(name), sha256: "00".into() };
        let mut session = Session::of(&document);
        session.networks = vec![file("net.toml")];
        session.pictures = vec![File { path: "/elsewhere/cat.png".into(), sha256: "11".into() }];
        session
    }

    #[test]
    fn a_session_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (path, written) = (folder.join("one.toml"), session(&folder));
        written.write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("path = \"net.toml\""), "{text}");
        assert!(Session::is_session_file(&path));
        let read = Session::read(&path).unwrap();
        assert_eq!(read, written);
        let opened = OpenedSession {
            session: read,
            path,
            models: vec![None],
            pictures: vec![None],
            annotations: None,
        };
        let (document, unknown) = opened.document();
        assert_eq!(unknown, Vec::<String>::new());
        assert_eq!((document.seed, document.target), (7, Target::Class(3)));
        let shown = &document.appearance;
        assert_eq!((shown.opacity, shown.color_map), (0.5, Some(ColorMap::Magma)));
        assert_eq!(Session::of(&document).methods, written.methods);
    }

    #[test]
    fn what_is_wrong_in_a_session_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.toml");
        session(folder.path()).write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, told) in [
            ("hyaline-session = 1", "hyaline-session = 9", "version 9"),
            ("seed = 7", "seed = \"x\"", "line 3"),
            ("opacity", "opactiy", "opactiy"),
        ] {
            std::fs::write(&path, text.replace(from, to)).unwrap();
            let error = Session::read(&path).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
