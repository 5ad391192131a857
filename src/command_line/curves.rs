//! `hyaline curves`: Insertion and Deletion curves as .csv.

use super::explain::TargetRecord;
use super::output::write;
use super::plan::{Case, Plan, Selection};
use super::terminal::say;
use super::watch::Watch;
use crate::attribution::{self, Attribution, ForeignMap, Progress, Ranking};
use crate::error::{Error, Result};
use crate::file::stem;
use crate::model::Model;
use crate::parameter::Values;
use crate::picture::Picture;
use crate::random::RandomStream;
use crate::score::{
    self, Curve, Measured, Protocol, Quantity, SUBSTRATES, ScoreTrial, Substrate, Ties,
    insertion_deletion,
};
use clap::Args;
use ndarray::Array3;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Write Insertion and Deletion curves.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes DIR/MODEL/IMAGE/METHOD.curves.csv (fraction, deletion, insertion) and DIR/curves.json
with the areas under the curves.

Protocol of RISE: pixels go from most to least important. Deletion turns them to the colour
that the network normalises to zero; Insertion brings them back into a blurred picture (11×11
Gaussian, σ 5). The score is the class's probability, as the network's outputs are: softmax,
sigmoid; the value where they are values. Coarse maps are enlarged bilinearly; equal pixels go
in reading order. Each of these can be chosen, and is recorded.

Both curves follow a network's confidence: compare methods on one network, not networks, or
compare the normalised areas, (area - first score) / (last score - first score), which tell how
early the score goes its way: 1 is at once, higher is better for both curves.

Examples:
  hyaline curves --model net.toml --image cat.png --map elsewhere.npy --out curves
  hyaline curves --model net.toml --image cat.png --method lime --ties random --baselines --out curves
  hyaline curves --model net.toml --image cat.png --method rise --deleted linear --inserted linear \
      --out road")]
pub struct Curves {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Score a map made elsewhere under its file's name: .npy or .npz (FILE.npz:NAME of several arrays) of
    /// any type of number, H×W, C×H×W or H×W×C, at the network's size, coarser, or at the picture's
    #[arg(long, value_name = "FILE.npy")]
    map: Option<PathBuf>,
    /// Pixels changed from point to point [default: whole rows, 28 or so steps]
    #[arg(long, allow_negative_numbers = true, value_name = "PIXELS")]
    step: Option<usize>,
    /// What makes a pixel important [default: as the method says; for --map, signed if it has one
    /// channel and else magnitude]
    #[arg(long, value_enum)]
    rank: Option<Ranking>,
    /// What deleted pixels become; linear is the mean of their neighbours with noise, as in ROAD
    #[arg(long, value_parser = SUBSTRATES.to_vec(), default_value = "mean", value_name = "WHAT")]
    deleted: String,
    /// What pixels are before they are inserted
    #[arg(long, value_parser = SUBSTRATES.to_vec(), default_value = "blur", value_name = "WHAT")]
    inserted: String,
    /// What of the class is scored
    #[arg(long, value_enum, default_value = "probability")]
    score: Quantity,
    /// Which of equally important pixels goes first
    #[arg(long, value_enum, default_value = "reading-order")]
    ties: Ties,
    /// Add the curves of a random order and of a Gaussian in the middle, which know nothing
    #[arg(long)]
    baselines: bool,
}

/// Controls that `--baselines` adds.
const BASELINES: [&str; 2] = ["random-map", "centred-gaussian"];

/// One picture on one network in `curves.json`.
#[derive(Debug, Serialize)]
struct SubjectRecord {
    model: String,
    model_sha256: String,
    image: String,
    image_sha256: String,
    target: TargetRecord,
    /// Probability of the class on the whole picture; none where the network gives values.
    confidence: Option<f32>,
    methods: BTreeMap<String, CurvesRecord>,
}

#[derive(Debug, Serialize)]
struct CurvesRecord {
    deletion_auc: f64,
    insertion_auc: f64,
    deletion: AreaRecord,
    insertion: AreaRecord,
    protocol: Protocol,
    ranking: &'static str,
    score: Quantity,
    /// Of the method; none for a map made elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Values>,
    warnings: Vec<String>,
}

/// Areas that allow for confidence, or why there are none.
#[derive(Debug, Serialize)]
struct AreaRecord {
    over_maximum: Measured,
    normalised: Measured,
}

impl AreaRecord {
    fn new(curve: &Curve) -> Self {
        Self { over_maximum: curve.over_maximum(), normalised: curve.normalised() }
    }
}

/// A map to score, and how its pixels are ranked.
struct Scored {
    map: Arc<Array3<f32>>,
    ranking: Ranking,
    parameters: Option<Values>,
    warnings: Vec<String>,
}

/// A map made elsewhere, and its name in the results.
struct Given {
    name: String,
    map: ForeignMap,
}

impl Curves {
    /// Curves by the protocol that is usual.
    pub(super) fn usual(selection: Selection) -> Self {
        Self {
            selection,
            map: None,
            step: None,
            rank: None,
            deleted: "mean".into(),
            inserted: "blur".into(),
            score: Quantity::Probability,
            ties: Ties::ReadingOrder,
            baselines: false,
        }
    }

    pub fn run(&self) -> Result<ExitCode> {
        if self.selection.is_without_methods() && self.map.is_none() {
            let why = "none of --method, --preset and --map is given";
            return Err(Error::new("nothing to score", why));
        }
        let given = self.map.as_deref().map(|path| self.read_map(path)).transpose()?;
        let mut plan = Plan::new(&self.selection, |model| {
            self.check_step(model)?;
            given.as_ref().map_or(Ok(()), |given| self.check_map(given, model))
        })?;
        if self.baselines {
            for id in BASELINES {
                plan.add_method(attribution::method(id)?);
            }
        }
        let maps = plan.methods.len() + usize::from(given.is_some());
        plan.say_cost()?;
        let mut watch = Watch::new(plan.models.len() * plan.pictures.len() * maps)?;
        let mut results = Vec::new();
        let done = self.score_all(&plan, given.as_ref(), &mut watch, &mut results);
        plan.record("curves.json", done, watch.cancelled(), results)
    }

    fn score_all(
        &self,
        plan: &Plan,
        given: Option<&Given>,
        watch: &mut Watch,
        results: &mut Vec<SubjectRecord>,
    ) -> Result<()> {
        for model in &plan.models {
            for path in &plan.pictures {
                let case = plan.case(model, path)?;
                results.push(self.score_subject(plan, model, path, &case, given, watch)?);
                if watch.cancelled() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Scores every map of one picture on one network, as far as Ctrl-C allows.
    fn score_subject(
        &self,
        plan: &Plan,
        model: &Model,
        path: &Path,
        case: &Case,
        given: Option<&Given>,
        watch: &mut Watch,
    ) -> Result<SubjectRecord> {
        let mut methods = BTreeMap::new();
        let explained = case.explained(model, plan.seed);
        let ids = plan.methods.iter().map(|choice| (choice.0.description().id, Some(choice)));
        for (id, choice) in ids.chain(given.map(|given| (given.name.as_str(), None))) {
            watch.begin(format!("{} · {} · {id}", model.name, case.picture.name));
            let scored = if let Some((method, values)) = choice {
                let mut progress = |p: &Progress| watch.advance(p.done, p.total);
                self.scored(plan.attribute(*method, &explained, values, &mut progress)?)
            } else {
                let given = given.expect("a name without a method is the given map's");
                self.placed(given, model, &case.picture)?
            };
            let seed = (plan.seed, id);
            let Some(curves) = self.curves_of(model, case, &scored, seed, watch)? else {
                break;
            };
            let file = plan.folder(model, path).join(format!("{id}.curves.csv"));
            write(&file, &csv(&curves)?)?;
            let score = self.score.of(model);
            methods.insert(id.to_string(), CurvesRecord::new(&curves, scored, score));
        }
        Ok(SubjectRecord {
            model: stem(&model.path),
            model_sha256: model.sha256.clone(),
            image: stem(path),
            image_sha256: case.picture.sha256.clone(),
            target: TargetRecord::new(model, case, &plan.class),
            confidence: confidence(case),
            methods,
        })
    }

    fn scored(&self, attribution: Attribution) -> Scored {
        Scored {
            ranking: self.rank.unwrap_or(attribution.method.ranking),
            map: attribution.map,
            parameters: Some(attribution.values),
            warnings: attribution.warnings,
        }
    }

    fn check_step(&self, model: &Model) -> Result<()> {
        let [height, width] = model.preprocessing.size;
        match self.step.filter(|step| !(1..=height * width).contains(step)) {
            Some(step) => Err(Error::new(
                format!("cannot use --step {step}"),
                format!("it must be 1 to {} px for {}", height * width, model.name),
            )),
            None => Ok(()),
        }
    }

    fn curves_of(
        &self,
        model: &Model,
        case: &Case,
        scored: &Scored,
        (seed, id): (u64, &str),
        watch: &Watch,
    ) -> Result<Option<score::Curves>> {
        let usual = Protocol::rise(model.preprocessing.size);
        let protocol = Protocol {
            step: self.step.unwrap_or(usual.step),
            deletion: Substrate::named(&self.deleted),
            insertion: Substrate::named(&self.inserted),
            ties: self.ties,
        };
        let mut progress = |done, total| watch.advance(done, total);
        let mut trial = ScoreTrial {
            pixels: &case.subject.pixels,
            map: &scored.map,
            mean_colour: &model.preprocessing.mean,
            ranking: scored.ranking,
            score: &mut score::of_class(model, case.class, self.score),
            batch: model.batch,
            watch: &mut progress,
        };
        let picture = &case.picture.sha256;
        let stream = RandomStream::new(seed, &format!("curves of {id}"), &model.sha256, picture);
        insertion_deletion(&mut trial, &protocol, &mut stream.generator())
    }

    /// Reads a map made elsewhere under a name that no chosen method has.
    fn read_map(&self, path: &Path) -> Result<Given> {
        let map = ForeignMap::read(path)?;
        let name = stem(path);
        if self.selection.method.contains(&name) {
            let why =
                format!("--method names {name} too, and their curves would overwrite each other");
            return Err(Error::new(format!("cannot read map {}", path.display()), why)
                .hint("rename the file"));
        }
        Ok(Given { name, map })
    }

    /// The map made elsewhere on what a network sees of a picture.
    fn placed(&self, given: &Given, model: &Model, picture: &Picture) -> Result<Scored> {
        let input = &model.preprocessing;
        let (map, warnings) = given.map.on_input(input, &picture.placement(input))?;
        let usual = if map.dim().0 == 1 { Ranking::Signed } else { Ranking::Magnitude };
        Ok(Scored {
            map: Arc::new(map),
            ranking: self.rank.unwrap_or(usual),
            parameters: None,
            warnings,
        })
    }

    /// # Errors
    /// When the map made elsewhere doesn't fit a network's pictures.
    fn check_map(&self, given: &Given, model: &Model) -> Result<()> {
        let mut assumed = BTreeSet::new();
        for path in &self.selection.image {
            assumed.extend(self.placed(given, model, &Picture::open(path)?)?.warnings);
        }
        for warning in assumed {
            say(&format!("{}, {}: {warning}", given.name, model.name));
        }
        Ok(())
    }
}

impl CurvesRecord {
    fn new(curves: &score::Curves, scored: Scored, score: Quantity) -> Self {
        Self {
            deletion_auc: curves.deletion.auc,
            insertion_auc: curves.insertion.auc,
            deletion: AreaRecord::new(&curves.deletion),
            insertion: AreaRecord::new(&curves.insertion),
            protocol: curves.protocol,
            ranking: match scored.ranking {
                Ranking::Magnitude => "magnitude",
                Ranking::Signed => "signed",
            },
            score,
            parameters: scored.parameters,
            warnings: scored.warnings,
        }
    }
}

fn confidence(case: &Case) -> Option<f32> {
    let of_target =
        case.subject.predictions.iter().find(|prediction| prediction.class == case.class);
    of_target.and_then(|prediction| prediction.probability)
}

pub(super) fn csv(curves: &score::Curves) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::new("cannot write curves", e);
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["fraction", "deletion", "insertion"]).map_err(|e| failed(&e))?;
    for ((fraction, deletion), insertion) in
        curves.fractions.iter().zip(&curves.deletion.scores).zip(&curves.insertion.scores)
    {
        table.serialize((fraction, deletion, insertion)).map_err(|e| failed(&e))?;
    }
    table.into_inner().map_err(|e| failed(&e))
}
