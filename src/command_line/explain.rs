//! `hyaline explain`: maps as .npy, with a record of how each was made.

use super::output::write_npy;
use super::plan::{Case, Plan, Selection};
use super::watch::Watch;
use crate::attribution::{Attribution, Progress};
use crate::engine::ClassChoice;
use crate::error::{Error, Result};
use crate::file::stem;
use crate::model::{Model, Prediction};
use crate::parameter::Values;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Write attribution maps.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes DIR/MODEL/IMAGE/METHOD.npy (float32, C×H×W or 1×h×w, signed, not normalised; MODEL and
IMAGE are file names without their endings) and DIR/explain.json, which records the
predictions, the class, and of every map its parameters, shape, seconds and warnings.

Ctrl-C stops the work and keeps what is done; a map in the making is marked as partial.

Example:
  hyaline explain --model net.toml --image cat.png --method integrated-gradients rise \\
      --set integrated-gradients.steps=100 rise.masks=2000 --out maps")]
pub struct Explain {
    #[command(flatten)]
    pub(super) selection: Selection,
}

/// One picture on one network in `explain.json`.
#[derive(Debug, Serialize)]
struct SubjectRecord {
    model: String,
    model_sha256: String,
    architecture: String,
    image: String,
    image_sha256: String,
    top5: Vec<Prediction>,
    target: TargetRecord,
    methods: BTreeMap<&'static str, MapRecord>,
}

#[derive(Debug, Serialize)]
pub(super) struct TargetRecord {
    class: usize,
    label: String,
    chosen: &'static str,
}

#[derive(Debug, Serialize)]
struct MapRecord {
    parameters: Values,
    shape: [usize; 3],
    seconds: f64,
    warnings: Vec<String>,
    /// Samples done and wanted, where the method samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples: Option<(usize, usize)>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<String, f64>,
    /// The map of an earlier run, which took the seconds.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cached: bool,
}

impl TargetRecord {
    pub fn new(model: &Model, case: &Case, class: &ClassChoice) -> Self {
        Self {
            class: case.class,
            label: model.labels.name(case.class).to_string(),
            chosen: class.on(model).1.record(),
        }
    }
}

impl Explain {
    pub fn run(&self) -> Result<ExitCode> {
        if self.selection.is_without_methods() {
            return Err(Error::new("nothing to compute", "neither --method nor --preset is given")
                .hint("`hyaline methods` lists them"));
        }
        run(&Plan::new(&self.selection, |_| Ok(()))?, |_, _, _| Ok(()))
    }
}

/// Computes and writes every map of a plan; `each` sees it too. What was done before an error is
/// recorded all the same.
pub(super) fn run(
    plan: &Plan,
    mut each: impl FnMut(&Model, &Case, &Attribution) -> Result<()>,
) -> Result<ExitCode> {
    plan.say_cost()?;
    let mut watch = Watch::new(plan.cells())?;
    let mut results = Vec::new();
    let done = explain_all(plan, &mut watch, &mut results, &mut each);
    plan.record("explain.json", done, watch.cancelled(), results)
}

fn explain_all(
    plan: &Plan,
    watch: &mut Watch,
    results: &mut Vec<SubjectRecord>,
    each: &mut dyn FnMut(&Model, &Case, &Attribution) -> Result<()>,
) -> Result<()> {
    for model in &plan.models {
        for path in &plan.pictures {
            let case = plan.case(model, path)?;
            results.push(SubjectRecord::new(plan, model, path, &case));
            let record = results.last_mut().expect("just pushed");
            let explained = case.explained(model, plan.seed);
            for (method, values) in &plan.methods {
                let id = method.description().id;
                watch.begin(format!("{} · {} · {id}", model.name, case.picture.name));
                let mut progress = |p: &Progress| watch.advance(p.done, p.total);
                let attribution = plan.attribute(*method, &explained, values, &mut progress)?;
                write_npy(&plan.folder(model, path).join(format!("{id}.npy")), &attribution.map)?;
                each(model, &case, &attribution)?;
                record.methods.insert(id, MapRecord::new(attribution));
                if watch.cancelled() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

impl SubjectRecord {
    fn new(plan: &Plan, model: &Model, path: &Path, case: &Case) -> Self {
        Self {
            model: stem(&model.path),
            model_sha256: model.sha256.clone(),
            architecture: model.architecture.clone(),
            image: stem(path),
            image_sha256: case.picture.sha256.clone(),
            top5: case.subject.predictions.iter().take(5).cloned().collect(),
            target: TargetRecord::new(model, case, &plan.class),
            methods: BTreeMap::new(),
        }
    }
}

impl MapRecord {
    fn new(attribution: Attribution) -> Self {
        let (channels, height, width) = attribution.map.dim();
        let mut warnings = attribution.warnings.clone();
        if attribution.is_partial() {
            warnings.push("cancelled before its end: the map is partial".into());
        }
        Self {
            parameters: attribution.values,
            shape: [channels, height, width],
            seconds: attribution.seconds,
            warnings,
            samples: attribution.samples,
            facts: attribution.diagnostics,
            cached: attribution.cached,
        }
    }
}
