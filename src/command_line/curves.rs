//! `hyaline curves`: Insertion and Deletion curves as .csv.

use super::explain::TargetRecord;
use super::output::{write, write_json};
use super::plan::{Plan, Selection, Subject};
use super::watch::Watch;
use crate::attribution::{Flow, Ranking, attribute};
use crate::error::{Error, Result};
use crate::model::{Model, stem};
use crate::score::{self, default_step, insertion_deletion, order};
use clap::Args;
use ndarray::{Array2, Array3, Axis};
use ndarray_npy::ReadNpyExt;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Write Insertion and Deletion curves.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes DIR/MODEL/IMAGE/METHOD.curves.csv (fraction, deletion, insertion) and DIR/curves.json with the
areas under the curves. Protocol of RISE: pixels from most to least important; Deletion replaces them
with the colour that the network normalises to zero, Insertion brings them back into a blurred picture
(11×11 Gaussian, σ 5); the score is the class's softmax probability. Coarse maps are enlarged
bilinearly, equal pixels go in reading order.

Both curves follow a network's confidence: compare methods on one network, not networks.

Example:
  hyaline curves --model net.toml --image cat.png --map elsewhere.npy --out curves")]
pub struct Curves {
    #[command(flatten)]
    selection: Selection,
    /// Score a map made elsewhere (.npy, float32, H×W or C×H×W) under its file's name
    #[arg(long, value_name = "FILE.npy")]
    map: Option<PathBuf>,
    /// Pixels changed from point to point [default: whole rows, 28 or so steps]
    #[arg(long, value_name = "PIXELS")]
    step: Option<usize>,
    /// What makes a pixel important [default: as the method says; for --map, signed if it has one
    /// channel and else magnitude]
    #[arg(long, value_enum)]
    rank: Option<Ranking>,
}

/// `curves.json`.
#[derive(Debug, Serialize)]
struct Record {
    hyaline: &'static str,
    device: String,
    seed: u64,
    /// True when Ctrl-C ended the work early.
    cancelled: bool,
    results: Vec<SubjectRecord>,
}

#[derive(Debug, Serialize)]
struct SubjectRecord {
    model: String,
    image: String,
    target: TargetRecord,
    /// Probability of the class on the whole picture.
    confidence: f32,
    methods: BTreeMap<String, CurvesRecord>,
}

#[derive(Debug, Serialize)]
struct CurvesRecord {
    deletion_auc: f64,
    insertion_auc: f64,
    step: usize,
    ranking: &'static str,
    substrate: Substrate,
    score: &'static str,
}

/// What pixels turn to.
#[derive(Debug, Serialize)]
struct Substrate {
    deletion: &'static str,
    insertion: &'static str,
}

/// A map to score: where it comes from and how its pixels are ranked.
struct Scored {
    name: String,
    map: Array3<f32>,
    ranking: Ranking,
}

impl Curves {
    pub fn run(&self) -> Result<ExitCode> {
        if self.selection.method.is_empty() && self.map.is_none() {
            return Err(Error::new("nothing to score", "neither --method nor --map is given"));
        }
        let given = self.map.as_deref().map(read_map).transpose()?;
        let plan = Plan::new(&self.selection)?;
        if let Some((map, step)) = given.as_ref().zip(self.step).filter(|(_, step)| *step == 0) {
            return Err(Error::new(
                format!("cannot score {}", map.name),
                format!("a step of {step} px"),
            ));
        }
        self.check_step(&plan)?;
        let maps_each = plan.methods.len() + usize::from(given.is_some());
        let mut watch = Watch::new(plan.models.len() * plan.pictures.len() * maps_each)?;
        let mut results = Vec::new();
        'work: for model in &plan.models {
            for path in &plan.pictures {
                let subject = plan.subject(model, path)?;
                let mut record = SubjectRecord {
                    model: stem(&model.path),
                    image: stem(path),
                    target: TargetRecord::new(model, &subject, plan.target),
                    confidence: confidence(&subject),
                    methods: BTreeMap::new(),
                };
                let folder = plan.folder(model, path);
                for index in 0..maps_each {
                    let Some(scored) =
                        self.map_of(&plan, model, &subject, index, given.as_ref(), &mut watch)?
                    else {
                        results.push(record);
                        break 'work;
                    };
                    let Some(curves) = self.score(model, &subject, &scored, &watch)? else {
                        results.push(record);
                        break 'work;
                    };
                    write(&folder.join(format!("{}.curves.csv", scored.name)), &csv(&curves)?)?;
                    record.methods.insert(scored.name, CurvesRecord::new(&curves, scored.ranking));
                }
                results.push(record);
            }
        }
        let cancelled = watch.cancelled();
        let record = Record {
            hyaline: env!("CARGO_PKG_VERSION"),
            device: plan.device.name.clone(),
            seed: plan.seed,
            cancelled,
            results,
        };
        write_json(&plan.out.join("curves.json"), &record)?;
        Ok(if cancelled { ExitCode::from(130) } else { ExitCode::SUCCESS })
    }

    fn check_step(&self, plan: &Plan) -> Result<()> {
        for model in &plan.models {
            let [height, width] = model.preprocessing.size;
            if let Some(step) = self.step.filter(|step| !(1..=height * width).contains(step)) {
                let why = format!("it must be 1 to {} px for {}", height * width, model.name);
                return Err(Error::new(format!("cannot use --step {step}"), why));
            }
        }
        Ok(())
    }

    /// The map made elsewhere, or the one of the `index`-th method; `None` after a cancel.
    fn map_of(
        &self,
        plan: &Plan,
        model: &Model,
        subject: &Subject,
        index: usize,
        given: Option<&Scored>,
        watch: &mut Watch,
    ) -> Result<Option<Scored>> {
        let Some((method, values)) = plan.methods.get(index) else {
            let given = given.expect("one map more than methods");
            watch.begin(format!("{} · {} · {}", model.name, subject.picture.name, given.name));
            let ranking = self.rank.unwrap_or(given.ranking);
            return Ok(Some(Scored { name: given.name.clone(), map: given.map.clone(), ranking }));
        };
        let description = method.description();
        watch.begin(format!("{} · {} · {}", model.name, subject.picture.name, description.id));
        let explained = subject.explained(model, plan.seed);
        let attribution =
            attribute(*method, model, &explained, values, &mut |p| watch.advance(p.done, p.total))?;
        Ok((!watch.cancelled()).then(|| Scored {
            name: description.id.to_string(),
            map: attribution.map,
            ranking: self.rank.unwrap_or(description.ranking),
        }))
    }

    fn score(
        &self,
        model: &Model,
        subject: &Subject,
        scored: &Scored,
        watch: &Watch,
    ) -> Result<Option<score::Curves>> {
        let size = model.preprocessing.size;
        let order = order(&scored.map, scored.ranking, size)?;
        let step = self.step.unwrap_or_else(|| default_step(size));
        let pixels = model.tensor(&subject.pixels);
        insertion_deletion(model, pixels, subject.target, &order, step, &mut |done,
                                                                              total|
         -> Flow {
            watch.advance(done, total)
        })
    }
}

impl CurvesRecord {
    fn new(curves: &score::Curves, ranking: Ranking) -> Self {
        Self {
            deletion_auc: curves.deletion_auc,
            insertion_auc: curves.insertion_auc,
            step: curves.step,
            ranking: match ranking {
                Ranking::Magnitude => "magnitude",
                Ranking::Signed => "signed",
            },
            substrate: Substrate { deletion: "mean colour", insertion: "blur 11×11, σ 5" },
            score: "softmax probability",
        }
    }
}

fn confidence(subject: &Subject) -> f32 {
    let of_target =
        subject.predictions.iter().find(|prediction| prediction.class == subject.target);
    of_target.map_or(0.0, |prediction| prediction.probability)
}

fn csv(curves: &score::Curves) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::new("cannot write curves", e);
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["fraction", "deletion", "insertion"]).map_err(|e| failed(&e))?;
    for ((fraction, deletion), insertion) in
        curves.fractions.iter().zip(&curves.deletion).zip(&curves.insertion)
    {
        table.serialize((fraction, deletion, insertion)).map_err(|e| failed(&e))?;
    }
    table.into_inner().map_err(|e| failed(&e))
}

/// Reads H×W or C×H×W float32.
fn read_map(path: &Path) -> Result<Scored> {
    let what = || format!("cannot read map {}", path.display());
    let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
    let map = Array3::<f32>::read_npy(&bytes[..])
        .or_else(|_| Array2::<f32>::read_npy(&bytes[..]).map(|map| map.insert_axis(Axis(0))))
        .map_err(|e| Error::new(what(), format!("not an H×W or C×H×W float32 .npy array: {e}")))?;
    if map.is_empty() {
        return Err(Error::new(what(), "the array is empty"));
    }
    let ranking = if map.dim().0 == 1 { Ranking::Signed } else { Ranking::Magnitude };
    Ok(Scored { name: stem(path), map: map.as_standard_layout().into_owned(), ranking })
}
