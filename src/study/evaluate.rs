//! Where a study's maps are made and scored: its networks, open, and the picture at hand.

use super::annotated::{self, Annotated};
use super::catalogues::{Methods, Scores, metrics_of, randomisation_ids, values_of};
use super::cell::{Cell, CellPrediction, CellResults, Curve, Measured};
use super::definition::{Choice, Definition, ListedPicture};
use super::plan::{Contents, Plan, PlannedModel, PlannedPicture};
use super::store::Store;
use crate::attribution::{self, Explained, Method, Passes};
use crate::engine::{CellIndex, Subject, background};
use crate::error::{Error, Result};
use crate::file::sha256;
use crate::model::{ComputeDevice, Model, OutputKind, Outputs};
use crate::parameter::Values;
use crate::picture::Picture;
use crate::picture::annotation::{Annotation, Regions};
use crate::progress::Flow;
use crate::random::RandomStream;
use crate::score::localisation::{BoxOverlaps, Localisation, Undefined};
use crate::score::{
    self, Description, ExplainTrial, Measure, OverPictures, Protocol, Quantity, Randomisation,
    ScoreTrial, Watch,
};
use ndarray::{Array2, Array3, Axis};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// A study's networks, methods and scores.
pub struct Evaluator {
    pub models: Vec<Model>,
    methods: Vec<(&'static dyn Method, Values)>,
    scores: Vec<(&'static Description, Values)>,
    annotated: Option<Annotated>,
    keep_maps: bool,
    /// What is open of the picture that the last cell was of.
    open: Option<OpenSubject>,
}

/// A subject with all that its explanations and scores take.
struct OpenSubject {
    /// Of the first cell that it was opened for.
    index: CellIndex,
    subject: Subject,
    prediction: CellPrediction,
    /// Of the class explained, or why there are none.
    regions: Result<Regions, String>,
    /// What there is to say with every map.
    warnings: Vec<String>,
    background: Vec<Array3<f32>>,
    passes: Rc<Passes>,
}

impl Evaluator {
    /// Opens everything that a study names, and its plan.
    ///
    /// # Errors
    /// With the first thing in it that can't be used.
    pub fn open(definition: &Definition, device: &ComputeDevice) -> Result<(Self, Plan)> {
        let listed = definition.pictures(Picture::is_picture_file)?;
        let opened = |path| Model::open_output(path, definition.output.as_deref(), device);
        let models =
            definition.models.iter().map(|path| opened(path)).collect::<Result<Vec<_>>>()?;
        let annotated = Annotated::open(definition, &listed, &models)?;
        let pictures = listed
            .into_iter()
            .map(|picture| planned(picture, annotated.as_ref()))
            .collect::<Result<Vec<_>>>()?;
        let folder = definition.path.parent().unwrap_or(Path::new(""));
        let hashes: Vec<&str> = pictures.iter().map(|picture| picture.sha256.as_str()).collect();
        let catalogue = Methods { folder, pictures: sha256(hashes.join("\n").as_bytes()) };
        let (methods, scores) = (definition.methods(&catalogue)?, definition.scores(&Scores)?);
        definition.check_parameters(&methods, &scores)?;
        let mut metrics = vec![];
        for score in &scores {
            metrics.extend(metrics_of(score)?);
        }
        let evaluator = Self {
            methods: methods.iter().map(method_of).collect::<Result<_>>()?,
            scores: scores.iter().map(score_of).collect::<Result<_>>()?,
            annotated,
            keep_maps: definition.keep_maps,
            open: None,
            models,
        };
        evaluator.check(definition)?;
        let annotations = evaluator.annotated.as_ref().map(Annotated::identity);
        let models = evaluator.models.iter().map(PlannedModel::of).collect();
        let notes = evaluator.notes();
        let contents = Contents { models, pictures, methods, scores, metrics, annotations, notes };
        let plan = Plan::new(definition, contents)?;
        Ok((evaluator, plan))
    }

    /// What people should know of the annotations.
    fn notes(&self) -> Vec<String> {
        let are_scored =
            self.scores.iter().any(|(score, _)| matches!(score.measure, Measure::Regions(_)));
        let notes = self.annotated.as_ref().map(|all| all.notes(&self.models, are_scored));
        notes.unwrap_or_default()
    }

    /// Looks for what would fail in every cell.
    fn check(&self, definition: &Definition) -> Result<()> {
        for model in &self.models {
            for (method, values) in &self.methods {
                attribution::fitted(*method, model, values)?;
            }
            if let super::TargetRule::Class(class) = definition.target {
                attribution::check_class(model, class)?;
            }
        }
        let needs_regions = |(description, _): &&(&Description, Values)| matches!(description.measure, Measure::Regions(score) if score.needs_region());
        match self.scores.iter().find(needs_regions) {
            Some((description, _)) if self.annotated.is_none() => {
                let why = format!("{} needs boxes or masks", description.id);
                Err(Error::new(format!("cannot run study {}", definition.name), why)
                    .hint("name them: [pictures] annotations = \"boxes.csv\""))
            }
            _ => Ok(()),
        }
    }

    /// The work on one cell; `None` where `watch` cancelled it.
    ///
    /// # Errors
    /// With what went wrong with this cell.
    pub fn work(
        &mut self,
        cell: &Cell,
        store: &Store,
        watch: &mut Watch,
    ) -> Result<Option<CellResults>> {
        if self.open.as_ref().is_none_or(|open| !open.index.is_same_subject(cell.index)) {
            self.open = None;
            self.open = Some(self.open_subject(cell)?);
        }
        let open = self.open.as_ref().expect("it was opened");
        let model = &self.models[cell.index.model];
        let (method, values) = &self.methods[cell.index.method];
        let evaluation = CellEvaluation { cell, model, open, method: *method, values };
        let Some((map, seconds, mut warnings)) = evaluation.map(store, watch)? else {
            return Ok(None);
        };
        // An earlier map may have been told them already.
        let untold = open.warnings.iter().filter(|told| !warnings.contains(told));
        warnings.extend(untold.cloned().collect::<Vec<_>>());
        let mut results = CellResults {
            seconds,
            warnings,
            prediction: open.prediction,
            map: self.keep_maps.then(|| (*map).clone()),
            ..CellResults::default()
        };
        for (description, values) in &self.scores {
            if !evaluation.score(&map, description, values, &mut results, watch)? {
                return Ok(None);
            }
        }
        Ok(Some(results))
    }

    fn open_subject(&self, cell: &Cell) -> Result<OpenSubject> {
        let model = &self.models[cell.index.model];
        let picture = Picture::open(&cell.picture.path)?;
        let subject = Subject::open(model, &picture, cell.condition())?;
        let class = subject.explained_class(model, cell.target())?;
        let confidence = subject.prediction(class).and_then(|of_class| of_class.probability);
        let placement = picture.placement(&model.preprocessing);
        let regions = match self.drawn(cell, class) {
            Ok(drawn) => Ok(drawn.on_input(&placement)?),
            Err(why) => Err(why),
        };
        let of_regions = regions.as_ref().map_or(&[][..], |regions| &regions.warnings);
        Ok(OpenSubject {
            index: cell.index,
            warnings: picture.notes.iter().chain(of_regions).cloned().collect(),
            regions,
            background: self.background(cell, model)?,
            prediction: CellPrediction {
                target: class,
                predicted: subject.predictions[0].class,
                confidence: confidence.map(f64::from),
            },
            subject,
            passes: Rc::default(),
        })
    }

    /// What was drawn around objects of the explained class, or why there is nothing.
    fn drawn(&self, cell: &Cell, target: usize) -> Result<Annotation, String> {
        let all = self.annotated.as_ref().ok_or(annotated::NONE)?;
        all.of(&cell.picture.path, cell.index.model, target)
    }

    fn background(&self, cell: &Cell, model: &Model) -> Result<Vec<Array3<f32>>> {
        let is_used = self.methods.iter().any(|(_, values)| values.uses_background());
        let others = cell.plan.pictures.iter().filter(|other| is_used && *other != cell.picture);
        background(model, others.map(|other| Picture::open(&other.path)))
    }
}

/// One cell at work.
struct CellEvaluation<'a> {
    cell: &'a Cell<'a>,
    model: &'a Model,
    open: &'a OpenSubject,
    method: &'static dyn Method,
    values: &'a Values,
}

/// A map, the seconds it took, and its warnings.
type ComputedMap = (Arc<Array3<f32>>, f64, Vec<String>);

impl CellEvaluation<'_> {
    fn map(&self, store: &Store, watch: &mut Watch) -> Result<Option<ComputedMap>> {
        if let Some(earlier) = store.earlier_map(self.cell)? {
            let map = Arc::new(store.map(&earlier.map)?);
            return Ok(Some((map, earlier.seconds, earlier.warnings)));
        }
        let explained = self.explained(self.pixels()).with_passes(self.open.passes.clone());
        let mut progress = |p: &attribution::Progress| watch(p.done, p.total);
        let made = attribution::attribute(self.method, &explained, self.values, &mut progress)?;
        let whole = !made.is_partial();
        Ok(whole.then_some((made.map, made.seconds, made.warnings)))
    }

    /// C×H×W in [0,1].
    fn pixels(&self) -> &Array3<f32> {
        &self.open.subject.pixels
    }

    fn explained<'b>(&'b self, pixels: &'b Array3<f32>) -> Explained<'b> {
        self.explained_by(self.model, pixels)
    }

    fn explained_by<'b>(&'b self, model: &'b Model, pixels: &'b Array3<f32>) -> Explained<'b> {
        let OpenSubject { subject, prediction, background, .. } = self.open;
        let (class, seed) = (prediction.target, self.cell.plan.seed);
        Explained { pixels, ..subject.explained(model, class, seed, background) }
    }

    /// A stream of its own for every score of every map.
    fn stream(&self, score: &str) -> RandomStream {
        let (method, picture) = (&self.cell.method.id, &self.cell.picture.sha256);
        let name = format!("{score} of {method}");
        RandomStream::new(self.cell.plan.seed, &name, &self.cell.model.sha256, picture)
    }

    /// Adds what a score says of the map; false where it was cancelled.
    fn score(
        &self,
        map: &Array3<f32>,
        description: &Description,
        values: &Values,
        results: &mut CellResults,
        watch: &mut Watch,
    ) -> Result<bool> {
        let generator = &mut self.stream(description.id).generator();
        let measured = match description.measure {
            Measure::Curves => return self.curves(map, values, results, watch),
            Measure::Randomisation => return self.randomisation(map, values, results, watch),
            Measure::Map(measure) => Some(measure(map, values)),
            Measure::Regions(score) => {
                let (measured, curve) = self.regions(map, description, score, values);
                results.values.insert(description.id.into(), measured);
                results.curves.extend(curve);
                return Ok(true);
            }
            Measure::Scores(measure) => {
                let class = self.open.prediction.target;
                let mut score = score::of_class(self.model, class, Quantity::Probability);
                measure(&mut self.trial(map, &mut score, watch), values, generator)?
            }
            Measure::Explanations(measure) => {
                let mut explain = |pixels: &Array3<f32>| {
                    let explained = self.explained(pixels);
                    let never = &mut |_: &attribution::Progress| Flow::Continue;
                    let made = attribution::attribute(self.method, &explained, self.values, never)?;
                    Ok((*made.map).clone())
                };
                let pixels = self.pixels();
                let mut trial = ExplainTrial { pixels, explain: &mut explain, watch };
                measure(&mut trial, values, generator)?
            }
            Measure::TwoMaps(_) => unreachable!("the catalogue takes scores of one map"),
        };
        let Some(measured) = measured else { return Ok(false) };
        results.values.insert(description.id.into(), measured.into());
        Ok(true)
    }

    fn trial<'t>(
        &'t self,
        map: &'t Array3<f32>,
        score: &'t mut score::ScoreFunction<'t>,
        watch: &'t mut Watch<'t>,
    ) -> ScoreTrial<'t> {
        ScoreTrial {
            pixels: self.pixels(),
            map,
            mean_colour: &self.model.preprocessing.mean,
            ranking: self.method.description().ranking,
            score,
            batch: self.model.batch,
            watch,
        }
    }

    /// The score, and the overlaps of boxes at every threshold where it is of boxes: from them
    /// follows the threshold that suits all pictures best.
    fn regions(
        &self,
        map: &Array3<f32>,
        description: &Description,
        score: &dyn Localisation,
        values: &Values,
    ) -> (Measured, Option<Curve>) {
        let (_, height, width) = self.pixels().dim();
        let none = Regions::none([height, width]);
        let regions = match &self.open.regions {
            Ok(regions) => regions,
            // Where a map lies is no matter of objects.
            Err(_) if !score.needs_region() => &none,
            Err(why) => return (Measured::Undefined(why.clone()), None),
        };
        let reduced: Array2<f32> = match score.is_of_signs() {
            true => attribution::bilinear(&map.sum_axis(Axis(0)), [height, width]),
            false => score::importance(map, self.method.description().ranking, [height, width]),
        };
        let measured = match description.over_pictures {
            OverPictures::BestThreshold(contours) => {
                let checked = score.check(reduced.view(), regions);
                let overlaps =
                    checked.and_then(|()| BoxOverlaps::of(reduced.view(), &regions.boxes));
                overlaps.map(|overlaps| {
                    let points = overlaps.by_threshold(contours);
                    let curve = Curve { kind: description.id.into(), points };
                    (overlaps.best(contours).into(), Some(curve))
                })
            }
            _ => score.score(reduced.view(), regions, values).map(|value| (value.into(), None)),
        };
        measured.unwrap_or_else(|undefined| {
            // A constant map has no box at any threshold: its picture counts as wrong.
            let curve = Curve { kind: description.id.into(), points: vec![] };
            let is_of_boxes = matches!(description.over_pictures, OverPictures::BestThreshold(_));
            let is_wrong = undefined == Undefined::Constant;
            (
                Measured::Undefined(undefined.reason().into()),
                (is_wrong && is_of_boxes).then_some(curve),
            )
        })
    }

    fn randomisation(
        &self,
        map: &Array3<f32>,
        values: &Values,
        results: &mut CellResults,
        watch: &mut Watch,
    ) -> Result<bool> {
        let layers = evenly(score::weighted_layers(&self.model.graph), values.integer("layers"));
        let order = match values.choice("order") {
            "independent" => Randomisation::Independent,
            _ => Randomisation::Cascading,
        };
        let seed = self.cell.plan.seed;
        let explain_randomised = |model: &Model, layers: &[String]| {
            let model = score::randomised(model, layers, seed)?;
            let explained = self.explained_by(&model, self.pixels());
            let never = &mut |_: &attribution::Progress| Flow::Continue;
            let made = attribution::attribute(self.method, &explained, self.values, never)?;
            Ok((*made.map).clone())
        };
        let mut of_randomised =
            |layers: &[String]| self.model.surviving(|model| explain_randomised(model, layers));
        let (measures, randomised) = (&score::ADEBAYO, &mut of_randomised);
        let table = score::similarity_curve(map, randomised, &layers, order, measures, watch)?;
        let Some(table) = table else { return Ok(false) };
        for measure in &table.measures {
            let column = table.column(measure).expect("a measure of the table");
            let known: Vec<f64> = column.iter().filter_map(|one| one.value()).collect();
            let mean = match known.is_empty() {
                true => Measured::Undefined("no map after a step could be compared".into()),
                false => (known.iter().sum::<f64>() / known.len() as f64).into(),
            };
            let last = column.last().copied();
            let last = last.unwrap_or(score::Measured::Undefined("the network has no weights"));
            let [of_mean, of_last] = randomisation_ids(measure);
            results.values.insert(of_mean.clone(), mean);
            results.values.insert(of_last, last.into());
            let steps = column.len().max(1) as f32;
            let share = |index: usize| (index + 1) as f32 / steps;
            let points = column.iter().enumerate();
            let points =
                points.filter_map(|(index, one)| Some([share(index), one.value()? as f32]));
            // Before the first step the map is itself.
            let points = std::iter::once([0.0, 1.0]).chain(points).collect();
            results.curves.push(Curve { kind: of_mean, points });
        }
        Ok(true)
    }

    fn curves(
        &self,
        map: &Array3<f32>,
        values: &Values,
        results: &mut CellResults,
        watch: &mut Watch,
    ) -> Result<bool> {
        let quantity = Quantity::named(values.choice("score"));
        let mut score = score::of_class(self.model, self.open.prediction.target, quantity);
        let protocol = Protocol::of(values, self.model.preprocessing.size);
        let generator = &mut self.stream("insertion-deletion").generator();
        let trial = &mut self.trial(map, &mut score, watch);
        let Some(curves) = score::insertion_deletion(trial, &protocol, generator)? else {
            return Ok(false);
        };
        for (kind, curve) in [("insertion", &curves.insertion), ("deletion", &curves.deletion)] {
            let points = curves.fractions.iter().zip(&curve.scores).map(|(x, y)| [*x, *y]);
            results.curves.push(Curve { kind: kind.into(), points: points.collect() });
            let mut put = |id: String, value: Measured| results.values.insert(id, value);
            put(kind.into(), curve.auc.into());
            put(format!("{kind}-normalised"), curve.normalised().into());
            put(format!("{kind}-over-maximum"), curve.over_maximum().into());
        }
        Ok(true)
    }
}

impl From<score::Measured> for Measured {
    fn from(measured: score::Measured) -> Self {
        match measured {
            score::Measured::Value(value) => value.into(),
            score::Measured::Undefined(reason) => Self::Undefined(reason.into()),
        }
    }
}

/// So many of the layers, the last one always among them; all for none.
fn evenly(layers: Vec<String>, count: usize) -> Vec<String> {
    let all = layers.len();
    if count == 0 || count >= all {
        return layers;
    }
    (1..=count).map(|step| layers[step * all / count - 1].clone()).collect()
}

fn method_of(choice: &Choice) -> Result<(&'static dyn Method, Values)> {
    let method = attribution::method(&choice.id)?;
    Ok((method, values_of(choice, method.description().parameters)?))
}

fn score_of(choice: &Choice) -> Result<(&'static Description, Values)> {
    let description = score::score(&choice.id)?;
    Ok((description, values_of(choice, description.parameters)?))
}

/// A picture by its content, with the class of its annotation where the list has none.
fn planned(picture: ListedPicture, annotated: Option<&Annotated>) -> Result<PlannedPicture> {
    let bytes = std::fs::read(&picture.path)
        .map_err(|e| Error::new(format!("cannot read {}", picture.path.display()), e))?;
    let ListedPicture { name, path, label } = picture;
    let label = label.or_else(|| annotated?.label(&path));
    Ok(PlannedPicture { name, path, sha256: sha256(&bytes), label })
}

impl PlannedModel {
    /// A model as studies know it.
    pub fn of(model: &Model) -> Self {
        let mut prepared = format!("{:?} {:?}", model.preprocessing, model.report.batch_norms);
        let Outputs { kind, name, choices, .. } = &model.outputs;
        if *kind != OutputKind::Softmax || choices.len() > 1 {
            prepared = format!("{prepared} {kind} {name:?}");
        }
        let identity = format!("{}\n{prepared}", model.sha256);
        Self {
            name: model.name.clone(),
            path: model.path.clone(),
            sha256: sha256(identity.as_bytes()),
        }
    }
}
