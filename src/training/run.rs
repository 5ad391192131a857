//! A training from its recipe to its files.

use super::checkpoint::{Identity, Place, State};
use super::data::{Part, Pictures};
use super::epoch::Epoch;
use super::evaluation::Accuracies;
use super::monitor::{Monitor, Verdict, Watched};
use super::network::Network;
use super::objective::Batch;
use super::optimiser::follow;
use super::recipe::{Precision, Recipe};
use crate::error::{Error, Result, one_line};
use crate::file;
use crate::model::{
    BatchNorms, Card, ComputeDevice, InputCard, Labels, OutputCard, TrainingCard, Weights,
};
use crate::progress::Flow;
use crate::random::RandomStream;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is heard of a training while it runs.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// Pictures of an epoch that are done, of all, with the mean loss so far.
    Batch { epoch: usize, epochs: usize, done: usize, total: usize, loss: f64 },
    /// One that is done.
    Epoch(&'a Epoch),
    /// Something a person should know.
    Notice(&'a str),
    /// Measuring the trained network: parts of 1.
    Evaluation(f64),
}

/// How a training ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The card of the network that was written, and how accurate it is.
    Trained { card: PathBuf, accuracies: Accuracies },
    /// It was stopped, and resumes from its checkpoint when it is started again.
    Stopped { checkpoint: PathBuf },
}

/// A training that is set up.
pub struct Training {
    recipe: Recipe,
    train: Pictures,
    test: Pictures,
    monitor: Monitor,
    network: Network,
    identity: Identity,
    files: Files,
    state: State,
}

/// Where everything is written.
struct Files {
    card: PathBuf,
    weights: PathBuf,
    labels: PathBuf,
    log: PathBuf,
    checkpoint: PathBuf,
}

impl Training {
    /// Reads the pictures and initialises the weights, or resumes from the checkpoint in `folder`.
    ///
    /// # Errors
    /// When the pictures can't be read, the network can't be trained, or the folder holds a
    /// checkpoint of another training, unless it is to start over.
    pub fn prepare(
        recipe: Recipe,
        folder: &Path,
        device: &ComputeDevice,
        restart: bool,
    ) -> Result<Self> {
        let all = Pictures::read(&recipe.data.train, recipe.target_shape(), Part::Train)?;
        let random = |what| RandomStream::new(recipe.seed, what, "", "").generator();
        let [mut train, held_out] = all.split(recipe.data.holdout, &mut random("holdout"));
        if let Some(limit) = recipe.data.limit.filter(|limit| *limit < train.len()) {
            let share = limit as f64 / train.len() as f64;
            [_, train] = train.split(share, &mut random("limit"));
        }
        let test = match &recipe.data.test {
            Some(path) => Pictures::read(path, recipe.target_shape(), Part::Test)?,
            None => held_out.clone(),
        };
        let untestable = |why: String| Error::new("cannot test with these pictures", why);
        if test.shape != all.shape {
            let why = format!("they are {:?}, those to learn from {:?}", test.shape, all.shape);
            return Err(untestable(why));
        }
        let test = test.labelled_as(&all.classes).map_err(|e| untestable(e.to_string()))?;
        let [mean, std] = train.normalisation();
        let normalisation =
            [recipe.data.mean.clone().unwrap_or(mean), recipe.data.std.clone().unwrap_or(std)];
        let size = [train.shape[1], train.shape[2]];
        let name = recipe.name.clone().unwrap_or_else(|| "network".into());
        let files = Files {
            card: folder.join(format!("{name}.toml")),
            weights: folder.join(format!("{name}.safetensors")),
            labels: folder.join(format!("{name}.labels.txt")),
            log: folder.join("log.csv"),
            checkpoint: folder.join("checkpoint.safetensors"),
        };
        let identity = Identity { recipe: recipe.sha256(), data: all.sha256() };
        let there = [&files.card, &files.weights].into_iter().find(|file| file.exists());
        if let Some(there) = there.filter(|_| !restart && !files.checkpoint.is_file()) {
            let what = format!("cannot train into {}", folder.display());
            return Err(Error::new(what, format!("{} is there already", there.display()))
                .hint("--out names another folder, --restart writes over it"));
        }
        let state = if files.checkpoint.is_file() && !restart {
            go_on(&files.checkpoint, &identity)?
        } else {
            let weights = first_weights(&recipe, &train, &mut random("weights"))?;
            State { weights, ..State::default() }
        };
        let id = &recipe.network.architecture;
        let network = Network::new(id, &state.weights, size, normalisation, device)?;
        let monitor = Monitor::new(&recipe, &held_out);
        Ok(Self { recipe, train, test, monitor, network, identity, files, state })
    }

    /// Epochs and batches that are done.
    pub fn place(&self) -> [usize; 2] {
        [self.state.place.epoch, self.state.place.batch]
    }

    /// Epochs that are done.
    pub fn log(&self) -> Vec<Epoch> {
        self.state.place.log.iter().filter_map(|line| line.parse().ok()).collect()
    }

    /// Pictures to learn from and to test with.
    pub fn pictures(&self) -> [usize; 2] {
        [self.train.len(), self.test.len()]
    }

    /// Trains to the end, measures, and writes weights and card; or, when told to stop, writes a
    /// checkpoint.
    ///
    /// # Errors
    /// When the device failed, a file can't be written, or the weights became NaN or infinite.
    pub fn run(mut self, hear: &mut dyn FnMut(Progress) -> Flow) -> Result<Outcome> {
        // What was there before a restart is not gone on with after a kill.
        self.checkpoint()?;
        while self.state.place.epoch < self.recipe.epochs && self.state.place.ended.is_none() {
            if self.epoch(hear)? == Flow::Cancel {
                self.checkpoint()?;
                return Ok(Outcome::Stopped { checkpoint: self.files.checkpoint });
            }
        }
        self.checkpoint()?;
        if let Some(notice) = &self.state.place.ended {
            hear(Progress::Notice(notice));
        }
        let saved = self.saved()?;
        let graph = self.network.running(&saved, BatchNorms::Main)?;
        let measured = Accuracies::measure(&self.recipe, &graph, &self.test, &mut |part| {
            hear(Progress::Evaluation(part))
        })?;
        match measured {
            None => Ok(Outcome::Stopped { checkpoint: self.files.checkpoint }),
            Some(accuracies) => {
                self.write(&saved, &accuracies)?;
                Ok(Outcome::Trained { card: self.files.card, accuracies })
            }
        }
    }

    /// The rest of an epoch.
    fn epoch(&mut self, hear: &mut dyn FnMut(Progress) -> Flow) -> Result<Flow> {
        let epoch = self.state.place.epoch;
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        let name = epoch.to_string();
        order.shuffle(&mut RandomStream::new(self.recipe.seed, "order", &name, "").generator());
        // A last batch of a few pictures would have poor statistics; it is filled up.
        let batches = order.chunks_exact(self.recipe.batch.min(order.len()));
        let batch = self.recipe.batch.min(order.len());
        let (total, mut written) = (batches.len() * batch, Instant::now());
        for indices in batches.skip(self.state.place.batch) {
            let start = Instant::now();
            if !self.step(indices)? {
                if self.state.good.is_none() {
                    return Err(diverged());
                }
                self.end("the loss became NaN or infinite");
                return Ok(Flow::Continue);
            }
            let place = &mut self.state.place;
            place.milliseconds += start.elapsed().as_millis() as u64;
            let loss = f64::from_bits(place.loss) / place.seen as f64;
            let (epochs, done) = (self.recipe.epochs, place.seen);
            if hear(Progress::Batch { epoch, epochs, done, total, loss }) == Flow::Cancel {
                return Ok(Flow::Cancel);
            }
            if written.elapsed().as_secs_f64() > 60.0 * self.recipe.checkpoint_minutes {
                self.checkpoint()?;
                written = Instant::now();
            }
        }
        self.end_epoch(hear)?;
        self.checkpoint()?;
        Ok(Flow::Continue)
    }

    /// Trains on a batch; false, without an update, where its loss is NaN or infinite.
    fn step(&mut self, indices: &[usize]) -> Result<bool> {
        let (place, recipe) = (&self.state.place, &self.recipe);
        let pixels = recipe.data.augmentation.apply(&self.train, indices, recipe.seed, place.epoch);
        let [channels, height, width] = self.train.shape;
        let data = TensorData::new(pixels, [indices.len(), channels, height, width]);
        let batch = Batch {
            pixels: Tensor::from_data(data, &self.network.device.device),
            labels: self.train.labels_of(indices),
        };
        let (epoch, number) = (place.epoch.to_string(), place.batch.to_string());
        let mut random = RandomStream::new(recipe.seed, "step", &epoch, &number).generator();
        let objective = recipe.objective.objective();
        let update = objective.learn(&self.network, &self.state.weights, &batch, &mut random)?;
        if !update.is_finite() {
            return Ok(false);
        }
        let rate = self.rate(self.state.place.step);
        let State { weights, velocity, average, place, .. } = &mut self.state;
        if self.recipe.optimiser.average > 0.0 && average.is_none() {
            *average = Some(weights.clone());
        }
        self.recipe.optimiser.step(weights, velocity, &update.gradients, rate as f32);
        update.move_statistics(weights);
        if let Some(average) = average {
            follow(average, weights, self.recipe.optimiser.average, place.step);
        }
        place.batch += 1;
        place.step += 1;
        place.loss = (f64::from_bits(place.loss) + update.loss).to_bits();
        place.correct += update.correct;
        place.seen += update.samples;
        Ok(true)
    }

    /// The learning rate of a step.
    fn rate(&self, step: usize) -> f64 {
        let batches = (self.train.len() / self.recipe.batch).max(1);
        let epoch = step as f64 / batches as f64;
        self.recipe.rate * self.recipe.schedule.at(epoch, self.recipe.epochs as f64)
    }

    fn end_epoch(&mut self, hear: &mut dyn FnMut(Progress) -> Flow) -> Result<()> {
        let watched = self.watched()?;
        let rate = self.rate(self.state.place.step.saturating_sub(1));
        let place = &mut self.state.place;
        let seen = place.seen.max(1) as f64;
        let epoch = Epoch {
            number: place.epoch + 1,
            rate,
            loss: f64::from_bits(place.loss) / seen,
            accuracy: place.correct as f64 / seen,
            clean: watched.clean,
            robust: watched.robust,
            seconds: place.milliseconds as f64 / 1000.0,
        };
        hear(Progress::Epoch(&epoch));
        place.log.push(epoch.to_string());
        let epoch = place.epoch + 1;
        let Place { step, best, log, milliseconds, .. } = std::mem::take(place);
        *place = Place { epoch, step, best, log, milliseconds, ..Place::default() };
        self.judge(watched);
        let lines = [&[Epoch::HEADING.to_string()], self.state.place.log.as_slice()].concat();
        file::write(&self.files.log, (lines.join("\n") + "\n").as_bytes())
    }

    fn watched(&self) -> Result<Watched> {
        let graph = self.network.running(self.tested(), BatchNorms::Main)?;
        self.monitor.measure(&self.recipe, &graph)
    }

    /// Ends with the last good epoch's weights where the training collapsed.
    fn judge(&mut self, watched: Watched) {
        let Some(collapse) = self.recipe.objective.objective().collapse() else { return };
        let classes = self.train.classes.len();
        match self.state.place.best.judge(collapse, watched, classes) {
            Verdict::Good => self.state.good = Some(self.tested().clone()),
            Verdict::Fair => {}
            Verdict::Broken => {
                let (epoch, what) = (self.state.place.epoch, collapse.of());
                self.end(&format!("{what} fell far below its best in epoch {epoch}"));
            }
        }
    }

    /// Ends the training where it collapsed.
    fn end(&mut self, why: &str) {
        self.state.place.ended = Some(format!(
            "{why}: the training collapsed, and ends with the weights of the last good epoch"
        ));
    }

    /// The weights that count: of the last good epoch after a collapse, or else the average, or
    /// else the last.
    fn tested(&self) -> &Weights {
        let State { weights, average, good, place, .. } = &self.state;
        let good = good.as_ref().filter(|_| place.ended.is_some());
        good.or(average.as_ref()).unwrap_or(weights)
    }

    /// The weights as their file stores them, so that what is measured is what will be opened.
    fn saved(&self) -> Result<Weights> {
        let mut weights = self.tested().clone();
        let values = weights.tensors.values_mut().flat_map(|tensor| &mut tensor.values);
        for value in values {
            if self.recipe.precision == Precision::Half {
                *value = half::f16::from_f32(*value).to_f32();
            }
            if !value.is_finite() {
                return Err(diverged());
            }
        }
        Ok(weights)
    }

    fn checkpoint(&self) -> Result<()> {
        self.state.write(&self.files.checkpoint, &self.identity)
    }

    /// Writes the weights, then the card that names them.
    fn write(&self, saved: &Weights, accuracies: &Accuracies) -> Result<()> {
        if let Some(text) = self.own_labels() {
            file::write(&self.files.labels, text.as_bytes())?;
        }
        let half = self.recipe.precision == Precision::Half;
        let notes = BTreeMap::from([("trained by".to_string(), "Hyaline".to_string())]);
        file::write(&self.files.weights, &saved.safetensors(notes, half))?;
        self.card(accuracies).write(&self.files.card, true)
    }

    fn card(&self, accuracies: &Accuracies) -> Card {
        let (input, recipe) = (&self.network.input, &self.recipe);
        let objective = recipe.objective.objective();
        let mut more = BTreeMap::from([
            ("data".to_string(), self.identity.data.clone().into()),
            ("test_data".to_string(), self.test.sha256().into()),
            ("accuracies".to_string(), table(accuracies)),
            ("recipe".to_string(), table(&without_folders(recipe))),
        ]);
        if let Some(notice) = &self.state.place.ended {
            more.insert("notice".into(), notice.clone().into());
        }
        Card {
            weights: self.files.weights.clone(),
            architecture: Some(self.network.id().to_string()),
            name: recipe.name.clone(),
            input: InputCard {
                size: Some(input.size),
                mean: Some(input.mean.clone()),
                std: Some(input.std.clone()),
                resize: Some(input.resize),
                crop: Some(input.crop),
                labels: self.labels(),
            },
            output: OutputCard::default(),
            training: Some(TrainingCard {
                kind: recipe.objective.name().into(),
                norm: objective.adversary().map(|(norm, _)| norm.name().into()),
                epsilon: objective.adversary().map(|(_, epsilon)| epsilon.exact()),
                more,
            }),
            ..Card::default()
        }
    }

    /// Labels as the card names them: built in where the classes are those, or a file.
    fn labels(&self) -> Option<String> {
        let classes = &self.train.classes;
        let built_in = ["cifar10", "mnist"].into_iter().find(|name| {
            Labels::built_in(name).is_some_and(|labels| {
                labels.len() == classes.len()
                    && classes.iter().enumerate().all(|(class, name)| labels.name(class) == name)
            })
        });
        let file = || self.files.labels.file_name().map(|name| name.to_string_lossy().into_owned());
        built_in.map(ToString::to_string).or_else(file)
    }

    /// Names of the classes, a line each, where no built-in labels are theirs.
    fn own_labels(&self) -> Option<String> {
        let names = self.train.classes.iter().map(|name| one_line(name) + "\n");
        self.labels()
            .is_none_or(|labels| Labels::built_in(&labels).is_none())
            .then(|| names.collect())
    }
}

/// A card may be moved to another machine, where the pictures' paths mean nothing.
fn without_folders(recipe: &Recipe) -> Recipe {
    let name = |path: &PathBuf| path.file_name().map_or_else(PathBuf::new, PathBuf::from);
    let mut recipe = recipe.clone();
    recipe.data.train = name(&recipe.data.train);
    recipe.data.test = recipe.data.test.as_ref().map(name);
    recipe.network.start = recipe.network.start.as_ref().map(name);
    recipe
}

/// What a training begins with.
fn first_weights(recipe: &Recipe, train: &Pictures, random: &mut impl Rng) -> Result<Weights> {
    let mut weights = recipe.network.weights(train.shape, train.classes.len(), random)?;
    if recipe.objective.objective().has_auxiliary_norms() {
        add_auxiliary_norms(&mut weights);
    }
    Ok(weights)
}

fn table(value: &impl Serialize) -> toml::Value {
    toml::Value::try_from(value).expect("numbers, texts and tables of them")
}

/// Copies every batch norm into a second set, for adversarial pictures.
fn add_auxiliary_norms(weights: &mut Weights) {
    let norms = weights.tensors.keys().filter_map(|name| name.strip_suffix(".running_mean"));
    for norm in norms.map(ToString::to_string).collect::<Vec<_>>() {
        for part in ["weight", "bias", "running_mean", "running_var"] {
            let tensor = weights.tensors[&format!("{norm}.{part}")].clone();
            weights.tensors.insert(format!("{norm}.aux_bn.{part}"), tensor);
        }
    }
}

/// The state of a checkpoint, if it is of this recipe and these pictures.
fn go_on(path: &Path, identity: &Identity) -> Result<State> {
    let (state, of) = State::read(path)?;
    let other = match () {
        () if of.recipe != identity.recipe => "another recipe",
        () if of.data != identity.data => "other pictures",
        () => return Ok(state),
    };
    Err(Error::new(
        format!("cannot resume from {}", path.display()),
        format!("it is of a training with {other}"),
    )
    .hint("--restart starts over, --out writes elsewhere"))
}

fn diverged() -> Error {
    Error::new("the training diverged", "the loss became NaN or infinite")
        .hint("lower `rate` and start over with --restart")
}
