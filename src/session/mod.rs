//! Sessions as files: what is open and how it is shown, as TOML that people can read, with paths
//! from the file's own folder where that holds them. A figure is made from one.

mod figure_options;

pub use figure_options::{Comparison, CurvesShown, FigureOptions, POINTS, Size, Typeface};

use crate::attribution::{METHODS, Method};
use crate::display::Appearance;
use crate::engine::{ClassChoice, Condition};
use crate::error::{Error, Result};
use crate::file;
use crate::model::Card;
use crate::parameter::{Kind, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The key that tells session files from other TOML; its value is the format's version.
const KEY: &str = "hyaline-session";
/// Of the format that this program writes; 2 has conditions, and 1 is read as well.
pub const VERSION: u32 = 2;

/// A session as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Of the format: [`VERSION`].
    #[serde(rename = "hyaline-session")]
    pub version: u32,
    #[serde(default)]
    pub seed: u64,
    /// The index of the picture that is explained.
    #[serde(default)]
    pub selected: usize,
    pub annotations: Option<PathBuf>,
    /// The one picture that these are of, where their file is not called as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations_of: Option<String>,
    /// Indices of two networks.
    pub pair: Option<[usize; 2]>,
    /// Indices of networks that are not shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<usize>,
    /// Shares of the picture's width and height.
    #[serde(default)]
    pub probes: Vec<[f32; 2]>,
    /// The explained class; without it, the top class of each network.
    #[serde(default, skip_serializing_if = "ClassChoice::is_top1")]
    pub class: ClassChoice,
    #[serde(default)]
    pub shown: Appearance,
    #[serde(default)]
    pub figure: FigureOptions,
    /// Which versions of every picture are shown.
    #[serde(default = "Condition::only_clean", skip_serializing_if = "Condition::are_clean")]
    pub conditions: Vec<Condition>,
    #[serde(default)]
    pub networks: Vec<File>,
    #[serde(default)]
    pub pictures: Vec<File>,
    #[serde(default)]
    pub methods: Vec<SavedMethod>,
}

/// A file, and what was in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub path: PathBuf,
    /// Of its content, or of a network's weights; who writes a session by hand may leave it out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    /// Of a network, where its card was changed and not saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
}

/// A method, and its parameters as people write them; those left out are at their defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedMethod {
    pub id: String,
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
}

/// A method and its values.
pub type Configured = (&'static dyn Method, Values);

impl Default for Session {
    fn default() -> Self {
        Self {
            version: VERSION,
            seed: 0,
            selected: 0,
            annotations: None,
            annotations_of: None,
            pair: None,
            hidden: vec![],
            probes: vec![],
            class: ClassChoice::Top1,
            shown: Appearance::default(),
            figure: FigureOptions::default(),
            conditions: Condition::only_clean(),
            networks: vec![],
            pictures: vec![],
            methods: vec![],
        }
    }
}

impl SavedMethod {
    /// Parameters that name files.
    fn files(&mut self) -> Vec<&mut String> {
        let method = METHODS.iter().find(|method| method.description().id == self.id);
        let known = method.map_or(&[][..], |method| method.description().parameters);
        let is_file = |id: &str, value: &str| {
            let mut of_id = known.iter().filter(|parameter| parameter.id == id);
            of_id.any(|parameter| match &parameter.kind {
                Kind::Baseline { options, .. } => !options.contains(&value),
                _ => false,
            })
        };
        let files = self.parameters.iter_mut().filter(|(id, value)| is_file(id, value));
        files.map(|(_, value)| value).collect()
    }

    pub fn of(method: &dyn Method, values: &Values) -> Self {
        Self {
            id: method.description().id.to_string(),
            parameters: values.iter().map(|(id, v)| (id.into(), v.to_string())).collect(),
        }
    }
}

impl Session {
    /// Networks, pictures, and boxes and masks, by their files.
    pub fn files(&self) -> (&[File], &[File], Option<&Path>) {
        (&self.networks, &self.pictures, self.annotations.as_deref())
    }

    pub fn is_session_file(path: &Path) -> bool {
        file::is_toml_with(path, [KEY])
    }

    /// The methods as far as they are known, and what is not.
    pub fn configured(&self) -> (Vec<Configured>, Vec<String>) {
        let (mut configured, mut unknown) = (vec![], vec![]);
        for SavedMethod { id, parameters } in &self.methods {
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
            configured.push((*method, values));
        }
        (configured, unknown)
    }

    /// Writes the session whole.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = path.parent().unwrap_or(Path::new(""));
        let text = toml::to_string(&self.with_paths(|path| file::from_folder(path, folder)))
            .map_err(|e| Error::new("cannot write the session", e))?;
        let text = format!(
            "# A session of Hyaline: `hyaline {}` opens it.\n{text}",
            file::file_name(&path)
        );
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
        if !session.is_known() {
            let why = format!(
                "it is of version {}, and this program reads 1 to {VERSION}",
                session.version
            );
            return Err(failed(why).hint("open it with the Hyaline that wrote it"));
        }
        session.check_conditions()?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(session.with_paths(|file| folder.join(file)))
    }

    /// # Errors
    /// When pictures are shown under conditions that this program can't bring about.
    pub fn check_conditions(&self) -> Result<()> {
        if self.conditions.is_empty() {
            return Err(Error::new(
                "cannot open the session",
                "it shows pictures under no condition",
            )
            .hint("leave out `conditions` for clean pictures"));
        }
        self.conditions.iter().try_for_each(Condition::check)
    }

    /// Whether this program knows all that it says.
    pub fn is_known(&self) -> bool {
        (1..=VERSION).contains(&self.version)
    }

    /// The same with every path changed.
    pub fn with_paths(&self, change: impl Fn(&Path) -> PathBuf) -> Self {
        let mut session = self.clone();
        let files = session.networks.iter_mut().chain(&mut session.pictures);
        let paths = files.flat_map(|file| {
            std::iter::once(&mut file.path).chain(file.card.as_mut().map(|card| &mut card.weights))
        });
        let paths = paths.chain(&mut session.annotations);
        for path in paths {
            *path = change(path);
        }
        for file in session.methods.iter_mut().flat_map(SavedMethod::files) {
            *file = change(Path::new(&*file)).to_string_lossy().into_owned();
        }
        session
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::ColourMap;

    fn session(folder: &Path) -> Session {
        let (path, sha256) = (folder.join("net.toml"), "00".to_string());
        let card = Card { weights: folder.join("net.safetensors"), ..Card::default() };
        let network = File { path, sha256, card: Some(card) };
        let picture = File { path: "/elsewhere/cat.png".into(), sha256: "11".into(), card: None };
        let shown = Appearance {
            opacity: 0.5,
            colour_map: Some(ColourMap::Magma),
            ..Appearance::default()
        };
        let parameters = BTreeMap::from([("masks".to_string(), "7".to_string())]);
        Session {
            seed: 7,
            class: ClassChoice::Index(3),
            probes: vec![[0.25, 0.5]],
            shown,
            networks: vec![network],
            pictures: vec![picture],
            methods: vec![SavedMethod { id: "rise".into(), parameters }],
            ..Session::default()
        }
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
        assert_eq!(Session::read(&path).unwrap(), written);
    }

    #[test]
    fn little_is_enough_by_hand_and_what_is_not_known_is_told() {
        let text = "hyaline-session = 1\n[[methods]]\nid = \"rise\"\n[[methods]]\nid = \"nise\"\n";
        let mut session: Session = toml::from_str(text).unwrap();
        session.methods[0].parameters.insert("maks".into(), "7".into());
        let (known, unknown) = session.configured();
        assert_eq!(known.len(), 1);
        assert!(unknown[0].contains("maks") && unknown[1].contains("nise"), "{unknown:?}");
    }

    #[test]
    fn what_is_wrong_in_a_session_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.toml");
        session(folder.path()).write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to, told) in [
            ("hyaline-session = 2", "hyaline-session = 9", "version 9"),
            ("seed = 7", "seed = \"x\"", "line 3"),
            ("opacity", "opactiy", "opactiy"),
            ("seed = 7", "seed = 7\nconditions = []", "no condition"),
            (
                "seed = 7",
                "seed = 7\nconditions = [{ kind = \"attacked\", attack = \"pgd\" }]",
                "no attacks",
            ),
        ] {
            std::fs::write(&path, text.replace(from, to)).unwrap();
            let error = Session::read(&path).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
