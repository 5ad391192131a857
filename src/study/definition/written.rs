//! STUDY.toml as written, and what must hold of it.

use super::{Definition, Layout, Named, Parameters, Pictures, TargetRule, failed};
use crate::error::{Error, Result};
use crate::model::DeviceChoice;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

const NEEDED: &str = "a study needs name, models, methods, scores and [pictures]";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Spanned<String>,
    #[serde(default)]
    seed: u64,
    models: Names,
    output: Option<String>,
    methods: Names,
    scores: Names,
    pictures: Spanned<WrittenPictures>,
    #[serde(default)]
    target: TargetRule,
    #[serde(default)]
    device: DeviceChoice,
    #[serde(default)]
    layout: Layout,
    #[serde(default = "yes")]
    keep_maps: bool,
    compare: Option<Vec<Spanned<[String; 2]>>>,
    #[serde(default)]
    parameters: BTreeMap<String, Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPictures {
    #[serde(default)]
    folders: Vec<PathBuf>,
    #[serde(default)]
    files: Vec<PathBuf>,
    list: Option<PathBuf>,
    limit: Option<usize>,
    sample: Option<usize>,
    annotations: Option<PathBuf>,
}

type Names = Spanned<Vec<Spanned<String>>>;

fn yes() -> bool {
    true
}

/// The text of a study and where it is from.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

pub fn parse(path: &Path, text: &str) -> Result<Definition> {
    let source = Source { path, text };
    let written: Written = toml::from_str(text).map_err(|e| source.unreadable(&e))?;
    let models = source.names("models", &written.models)?;
    let names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
    let compare = match &written.compare {
        Some(pairs) => source.pairs(pairs, &names)?,
        None => (1..names.len()).flat_map(|b| (0..b).map(move |a| [a, b])).collect(),
    };
    if written.name.get_ref().trim().is_empty() {
        return Err(source.error(written.name.span(), "the name is empty"));
    }
    let tables = written.parameters.into_iter();
    Ok(Definition {
        path: path.to_path_buf(),
        name: written.name.into_inner(),
        seed: written.seed,
        models: names.iter().map(|name| source.beside(Path::new(name))).collect(),
        output: written.output,
        pictures: source.pictures(written.pictures)?,
        target: written.target,
        device: written.device,
        layout: written.layout,
        keep_maps: written.keep_maps,
        compare,
        methods: source.names("methods", &written.methods)?,
        scores: source.names("scores", &written.scores)?,
        parameters: tables.map(|(id, table)| (id, source.parameters(table))).collect(),
    })
}

impl Source<'_> {
    fn unreadable(&self, error: &toml::de::Error) -> Error {
        match error.span().filter(|span| !self.is_all(span)) {
            Some(span) => self.error(span, error.message()),
            // What is missing altogether is missing from no line.
            None => Error::new(failed(self.path), error.message()).hint(NEEDED),
        }
    }

    fn is_all(&self, span: &Range<usize>) -> bool {
        span.start == 0 && (span.end == 0 || span.end >= self.text.len())
    }

    fn error(&self, span: Range<usize>, why: impl std::fmt::Display) -> Error {
        Error::new(failed(self.path), format!("line {}: {why}", self.line(&span)))
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.bytes().take(span.start);
        before.filter(|byte| *byte == b'\n').count() + 1
    }

    fn beside(&self, file: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(file)
    }

    /// Names, of which there must be some, none twice.
    fn names(&self, key: &str, names: &Names) -> Result<Vec<Named>> {
        let mut found: Vec<Named> = vec![];
        for name in names.get_ref() {
            let text = name.get_ref();
            if found.iter().any(|other| other.name == *text) {
                return Err(self.error(name.span(), format!("{text} is among the {key} twice")));
            }
            found.push(Named { name: text.clone(), line: self.line(&name.span()) });
        }
        match found.is_empty() {
            false => Ok(found),
            true => Err(self.error(names.span(), format!("there are no {key}")).hint(NEEDED)),
        }
    }

    fn pairs(&self, pairs: &[Spanned<[String; 2]>], models: &[&str]) -> Result<Vec<[usize; 2]>> {
        let index = |pair: &Spanned<[String; 2]>, name: &String| {
            models.iter().position(|model| model == name).ok_or_else(|| {
                let allowed = models.join(", ");
                let why = format!("compare names {name}, which is none of the models: {allowed}");
                self.error(pair.span(), why)
            })
        };
        let indices = |pair: &Spanned<[String; 2]>| {
            let [a, b] = pair.get_ref();
            match a == b {
                true => Err(self.error(pair.span(), format!("compare has {a} against itself"))),
                false => Ok([index(pair, a)?, index(pair, b)?]),
            }
        };
        pairs.iter().map(indices).collect()
    }

    fn pictures(&self, written: Spanned<WrittenPictures>) -> Result<Pictures> {
        let span = written.span();
        let written = written.into_inner();
        let wrong = |why: &str| Err(self.error(span, format!("[pictures] {why}")));
        if written.folders.is_empty() && written.files.is_empty() && written.list.is_none() {
            return wrong("has none of folders, files and list");
        }
        if written.limit == Some(0) || written.sample == Some(0) {
            return wrong("takes no picture: limit and sample are 1 or more");
        }
        if written.limit.is_some() && written.sample.is_some() {
            return wrong("has both limit (the first so many) and sample (so many at random)");
        }
        let beside = |files: Vec<PathBuf>| files.iter().map(|file| self.beside(file)).collect();
        Ok(Pictures {
            folders: beside(written.folders),
            files: beside(written.files),
            list: written.list.map(|file| self.beside(&file)),
            limit: written.limit,
            sample: written.sample,
            annotations: written.annotations.map(|file| self.beside(&file)),
        })
    }

    fn parameters(&self, table: Spanned<toml::Table>) -> Parameters {
        Parameters { line: self.line(&table.span()), values: table.into_inner() }
    }
}
