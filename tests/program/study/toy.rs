//! A study whose work is a hash: every cell has results of its own, always the same.

use hyaline::error::{Error, Result};
use hyaline::file::sha256;
use hyaline::progress::Flow;
use hyaline::study::{
    Better, Catalogue, Cell, CellPrediction, CellResults, Choice, Contents, Curve, Definition,
    Measured, Metric, OverPictures, Plan, PlannedModel, PlannedPicture, Progress, Store,
};
use ndarray::Array3;
use std::path::{Path, PathBuf};

pub const TEXT: &str = r#"
name = "toy"
seed = 3
models = ["vanilla.toml", "robust.toml"]
methods = ["gradient", "cams"]
scores = ["curves", "sparseness"]

[pictures]
folders = ["pictures"]

[parameters.grad-cam]
layer = "layer4"
"#;

/// Methods or scores: some names, the preset `cams`, and the parameters of each.
pub struct Names(pub &'static [(&'static str, &'static [&'static str])]);

pub const METHODS: Names = Names(&[
    ("gradient", &[]),
    ("grad-cam", &["layer"]),
    ("layer-cam", &["layer"]),
    ("rise", &["masks"]),
]);
pub const SCORES: Names = Names(&[("curves", &["step"]), ("sparseness", &[])]);

impl Catalogue for Names {
    fn expand(&self, name: &str) -> Result<Vec<Choice>> {
        Ok(match name {
            "cams" => vec![Choice::new("grad-cam"), Choice::new("layer-cam")],
            _ => vec![Choice::new(name)],
        })
    }

    fn complete(&self, mut choice: Choice) -> Result<Choice> {
        let Some((_, known)) = self.0.iter().find(|(id, _)| *id == choice.id) else {
            let ids: Vec<_> = self.0.iter().map(|(id, _)| *id).collect();
            let what = format!("there is no `{}`", choice.id);
            return Err(Error::new(what, format!("there are {}", ids.join(", "))));
        };
        if let Some(name) = choice.parameters.keys().find(|name| !known.contains(&name.as_str())) {
            let why = format!("{} has {}", choice.id, known.join(", "));
            return Err(Error::new(format!("unknown parameter `{name}`"), why));
        }
        for name in *known {
            choice.parameters.entry(*name).or_insert_with(|| toml::Value::from(0.1));
        }
        Ok(choice)
    }
}

pub fn metric(id: &str, better: Better) -> Metric {
    Metric {
        id: id.into(),
        label: id.to_uppercase(),
        better,
        follows_confidence: false,
        normalised: None,
        over_pictures: OverPictures::Mean,
    }
}

pub fn metrics() -> Vec<Metric> {
    let raw = |id, better, normalised: &str| Metric {
        follows_confidence: true,
        normalised: Some(normalised.into()),
        ..metric(id, better)
    };
    vec![
        raw("insertion", Better::Higher, "insertion-normalised"),
        raw("deletion", Better::Lower, "deletion-normalised"),
        metric("insertion-normalised", Better::Higher),
        metric("deletion-normalised", Better::Lower),
        metric("sparseness", Better::Neither),
    ]
}

pub fn definition(text: &str) -> Definition {
    Definition::parse(Path::new("/studies/STUDY.toml"), text).unwrap()
}

pub fn contents(definition: &Definition, pictures: usize) -> Contents {
    let model = |path: &PathBuf| PlannedModel {
        name: hyaline::file::stem(path),
        path: path.clone(),
        sha256: sha256(path.to_string_lossy().as_bytes()),
    };
    let picture = |index: usize| PlannedPicture {
        name: format!("{index:03}.png"),
        path: PathBuf::from(format!("/pictures/{index:03}.png")),
        sha256: sha256(&index.to_le_bytes()),
        label: Some(index % 3),
    };
    Contents {
        models: definition.models.iter().map(model).collect(),
        pictures: (0..pictures).map(picture).collect(),
        methods: definition.methods(&METHODS).unwrap(),
        scores: definition.scores(&SCORES).unwrap(),
        metrics: metrics(),
        annotations: None,
        notes: vec![],
    }
}

/// 2 models × 3 methods × so many pictures.
pub fn plan(pictures: usize) -> Plan {
    plan_of(TEXT, pictures)
}

pub fn plan_of(text: &str, pictures: usize) -> Plan {
    let definition = definition(text);
    Plan::new(&definition, contents(&definition, pictures)).unwrap()
}

/// A number of [0,1) that follows from a text.
pub fn chance(text: &str) -> f64 {
    let hash = u32::from_str_radix(&sha256(text.as_bytes())[..8], 16).unwrap();
    f64::from(hash) / 2f64.powi(32)
}

/// Results of a cell. Picture 2 can't be opened, LayerCAM has no sparseness on every fifth.
pub fn work(cell: &Cell) -> Result<Option<CellResults>> {
    if cell.picture.name == "002.png" {
        return Err(Error::new("cannot open picture 002.png", "the file is cut off"));
    }
    let chance = |what: &str| chance(&format!("{what} {}", cell.key));
    let robust = cell.model.name == "robust";
    let confidence = self::chance(&format!("{} {}", cell.picture.name, cell.model.name))
        * if robust { 0.6 } else { 0.9 };
    let undefined = cell.method.id == "layer-cam" && cell.index.picture.is_multiple_of(5);
    let values = [
        ("insertion", (confidence * (0.7 + 0.2 * chance("i"))).into()),
        ("deletion", (confidence * (0.2 + 0.2 * chance("d"))).into()),
        ("insertion-normalised", (0.7 + 0.2 * chance("i")).into()),
        ("deletion-normalised", (0.2 + 0.2 * chance("d")).into()),
        (
            "sparseness",
            match undefined {
                true => Measured::Undefined("the map is the same everywhere".into()),
                false => Measured::from(chance("s") * 1e-6 * if robust { 1.0 } else { 3.0 }),
            },
        ),
    ];
    let point = |i: u8| [f32::from(i) / 4.0, chance(&format!("c{i}")) as f32];
    Ok(Some(CellResults {
        map: Some(Array3::from_shape_fn((1, 4, 4), |(_, y, x)| chance(&format!("{y} {x}")) as f32)),
        seconds: 0.25 + chance("t"),
        warnings: if chance("w") < 0.2 {
            vec!["the map is nearly constant".into()]
        } else {
            vec![]
        },
        prediction: CellPrediction {
            target: cell.index.picture % 3,
            predicted: cell.index.picture % 4,
            confidence: Some(confidence),
        },
        values: values.map(|(id, value)| (id.to_string(), value)).into(),
        curves: vec![Curve { kind: "insertion".into(), points: (0..5).map(point).collect() }],
    }))
}

pub fn go_on(_: &Progress) -> Flow {
    Flow::Continue
}

/// Runs a plan in a folder to its end.
pub fn run_all(plan: &Plan, folder: &Path) -> Store {
    let mut store = Store::open(folder).unwrap();
    let options = hyaline::study::StudyOptions::default();
    hyaline::study::run(plan, &mut store, options, &mut |cell, _| work(cell), &mut go_on).unwrap();
    store
}

/// The report's files by name.
pub fn report_files(folders: &[PathBuf]) -> Vec<(String, Vec<u8>)> {
    let records = hyaline::study::Records::of_stores(folders).unwrap();
    let out = tempfile::tempdir().unwrap();
    hyaline::study::report::Report::new(records).write(out.path()).unwrap();
    let listed = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let read = |path: PathBuf| {
        let name = path.strip_prefix(out.path()).unwrap().to_str().unwrap().to_string();
        (name, std::fs::read(&path).unwrap())
    };
    let plots = listed(&out.path().join("plots"));
    let mut files: Vec<_> = listed(out.path()).into_iter().chain(plots).map(read).collect();
    files.sort();
    files
}
