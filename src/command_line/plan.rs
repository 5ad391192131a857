//! What to run on what: the arguments that `explain` and `curves` share, checked as a whole
//! before anything is computed or written.

use super::arguments::{DeviceArgument, OutputArgument, open_device};
use super::terminal::say;
use crate::attribution::{
    self, Attribution, Cache, Cost, Explained, Method, Progress, Target, check_class,
};
use crate::engine::{ClassChoice, Condition, Standing, Subject, background};
use crate::error::{Error, Result};
use crate::file::stem;
use crate::model::{ComputeDevice, Model};
use crate::parameter::{Kind, Values};
use crate::picture::Picture;
use crate::progress::Flow;
use crate::session::{File, Session};
use crate::text::duration;
use clap::Args;
use ndarray::Array3;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Networks, pictures, methods and where results go.
#[derive(Debug, Clone, Args)]
pub struct Selection {
    /// Model cards (.toml), networks (.onnx) or weights (.safetensors, .pth and kin)
    #[arg(long, required = true, num_args = 1.., value_name = "CARD")]
    pub model: Vec<PathBuf>,
    /// Pictures (PNG, JPEG, WebP, BMP, TIFF, GIF), or C×H×W float32 .npy arrays in [0,1] that are
    /// used exactly as they are
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub image: Vec<PathBuf>,
    /// Methods with the settings of a paper, by the identifiers that `hyaline methods` lists
    #[arg(long, num_args = 1.., value_name = "ID")]
    pub preset: Vec<String>,
    /// Methods, by the identifiers that `hyaline methods` lists
    #[arg(long, num_args = 1.., value_name = "ID")]
    pub method: Vec<String>,
    /// Folder for the results; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Class to explain: the most probable one, or an index; of one logit 0 is the negative class and
    /// 1 the positive one
    #[arg(long, default_value = "top1", allow_negative_numbers = true, value_name = "top1|INDEX")]
    pub target: Target,
    /// Node that class activation maps look at; `hyaline inspect` lists the nodes
    #[arg(long, value_name = "NODE")]
    pub layer: Option<String>,
    /// Parameter of a method, such as integrated-gradients.steps=200
    #[arg(long, num_args = 1.., value_name = "ID.PARAM=VALUE")]
    pub set: Vec<String>,
    /// Seed of everything random
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_name = "N")]
    pub seed: u64,
    /// Compute every map anew, and keep none for the next run
    #[arg(long)]
    pub no_cache: bool,
    #[command(flatten)]
    pub output: OutputArgument,
    #[command(flatten)]
    pub device: DeviceArgument,
}

/// A checked selection: every file opens, every parameter fits.
pub struct Plan {
    pub models: Vec<Model>,
    pub methods: Vec<(&'static dyn Method, Values)>,
    pub pictures: Vec<PathBuf>,
    pub class: ClassChoice,
    pub seed: u64,
    pub out: PathBuf,
    pub device: ComputeDevice,
    cache: Option<Cache>,
}

/// What a run leaves beside its results.
#[derive(Debug, Serialize)]
struct Record<'a, R> {
    hyaline: &'static str,
    device: &'a str,
    seed: u64,
    /// True when Ctrl-C ended the work early.
    cancelled: bool,
    /// What ended the work, if something went wrong on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    results: Vec<R>,
}

/// Passes from which on their number is said before they begin.
const WORTH_SAYING: usize = 100;

/// The exit code after Ctrl-C, as shells give it.
pub(super) const CANCELLED: u8 = 130;

/// A subject with all that its explanation takes.
pub struct Case {
    pub picture: Picture,
    pub subject: Subject,
    /// The class explained.
    pub class: usize,
    /// The other pictures of the run, where a method asks for them.
    background: Vec<Array3<f32>>,
}

impl Selection {
    pub fn is_without_methods(&self) -> bool {
        self.method.is_empty() && self.preset.is_empty()
    }
}

impl Plan {
    /// `check` looks at each network for what else the command needs of it.
    ///
    /// # Errors
    /// With the first argument or file that is wrong.
    pub fn new(selection: &Selection, check: impl Fn(&Model) -> Result<()>) -> Result<Self> {
        let methods = configured(selection)?;
        unique_stems(&selection.model, "networks")?;
        unique_stems(&selection.image, "pictures")?;
        let device = open_device(selection.device.device)?;
        let models = selection
            .model
            .iter()
            .map(|path| selection.output.open(path, &device))
            .collect::<Result<Vec<_>>>()?;
        let plan = Self {
            models,
            methods,
            pictures: selection.image.clone(),
            class: selection.target.into(),
            seed: selection.seed,
            out: selection.out.clone(),
            device,
            cache: Cache::of_user().filter(|_| !selection.no_cache),
        };
        plan.models.iter().try_for_each(check)?;
        plan.check()?;
        super::output::prepare(&plan.out)?;
        Ok(plan)
    }

    /// What a session has open.
    ///
    /// # Errors
    /// With the first file or setting that is wrong.
    pub fn of_session(session: &Session, device: ComputeDevice, cache: bool) -> Result<Self> {
        let (methods, unknown) = session.configured();
        if let Some(why) = unknown.into_iter().next() {
            return Err(Error::new("cannot make the figure", why));
        }
        let open = |file: &File| match &file.card {
            Some(card) => Model::open_as(&file.path, card.clone(), &device),
            None => Model::open(&file.path, &device),
        };
        let models = session.networks.iter().map(open).collect::<Result<Vec<_>>>()?;
        let plan = Self {
            class: session.class.clone().named_by(models.iter()),
            models,
            methods,
            pictures: session.pictures.iter().map(|file| file.path.clone()).collect(),
            seed: session.seed,
            out: PathBuf::new(),
            device,
            cache: Cache::of_user().filter(|_| cache),
        };
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> Result<()> {
        for model in &self.models {
            for warning in &model.warnings {
                say(&format!("{}: {warning}", model.name));
            }
            self.check_class(model)?;
            for (method, values) in &self.methods {
                attribution::fitted(*method, model, values)?;
            }
        }
        for path in &self.pictures {
            let picture = Picture::open(path)?;
            for note in &picture.notes {
                say(&format!("{}: {note}", picture.name));
            }
            for model in &self.models {
                picture.pixels(&model.preprocessing)?;
            }
        }
        Ok(())
    }

    fn check_class(&self, model: &Model) -> Result<()> {
        match (&self.class, self.class.on(model)) {
            (ClassChoice::Index(class), _) => check_class(model, *class)?,
            (ClassChoice::Named(class), (_, Standing::Missing)) => say(&format!(
                "{}: no class is named `{}`; its most probable one is explained",
                model.name, class.name
            )),
            _ => {}
        }
        Ok(())
    }

    /// Opens a picture for a network and predicts it.
    ///
    /// # Errors
    /// When the picture can't be opened or explained, or the device failed.
    pub fn case(&self, model: &Model, path: &Path) -> Result<Case> {
        let picture = Picture::open(path)?;
        let subject = Subject::open(model, &picture, &Condition::Clean)?;
        let class = subject.explained_class(model, self.class.on(model).0)?;
        let is_used = self.methods.iter().any(|(_, values)| values.uses_background());
        let others = self.pictures.iter().filter(|other| is_used && *other != path);
        let background = background(model, others.map(|other| Picture::open(other)))?;
        Ok(Case { picture, subject, class, background })
    }

    /// Folder of the results of one picture on one network.
    pub fn folder(&self, model: &Model, picture: &Path) -> PathBuf {
        self.out.join(stem(&model.path)).join(stem(picture))
    }

    /// Writes the record of a run, of one that ended early too, and gives its exit code.
    ///
    /// # Errors
    /// With what ended the work, or when the record can't be written.
    pub fn record<R: Serialize>(
        &self,
        file: &str,
        done: Result<()>,
        cancelled: bool,
        results: Vec<R>,
    ) -> Result<ExitCode> {
        let record = Record {
            hyaline: env!("CARGO_PKG_VERSION"),
            device: &self.device.name,
            seed: self.seed,
            cancelled,
            error: done.as_ref().err().map(Error::to_string),
            results,
        };
        let written = super::output::write_json(&self.out.join(file), &record);
        done.and(written)?;
        Ok(if cancelled { ExitCode::from(CANCELLED) } else { ExitCode::SUCCESS })
    }

    /// A map, from an earlier run if that was the same.
    ///
    /// # Errors
    /// When a parameter doesn't fit, or the device failed.
    pub fn attribute(
        &self,
        method: &'static dyn Method,
        explained: &Explained,
        values: &Values,
        watch: &mut dyn FnMut(&Progress) -> Flow,
    ) -> Result<Attribution> {
        attribution::attribute_once(self.cache.as_ref(), method, explained, values, watch)
    }

    /// Adds a method with its defaults, unless it was chosen.
    pub fn add_method(&mut self, method: &'static dyn Method) {
        let id = method.description().id;
        if self.methods.iter().all(|(chosen, _)| chosen.description().id != id) {
            self.methods.push((method, Values::defaults(method.description().parameters)));
        }
    }

    /// Says for every network what the methods cost, where that is more than a moment.
    ///
    /// # Errors
    /// When the device failed.
    pub fn say_cost(&self) -> Result<()> {
        for model in &self.models {
            let costs: Vec<_> = self
                .methods
                .iter()
                .map(|(method, values)| {
                    (method.description().id, method.cost(values, &model.graph))
                })
                .collect();
            let all: Cost = costs.iter().map(|(_, cost)| *cost).sum();
            if all.forwards + all.backwards < WORTH_SAYING {
                continue;
            }
            let pace = model.surviving(Model::measure_pass_times)?;
            let slow: Vec<_> = costs
                .iter()
                .filter(|(_, cost)| cost.seconds(pace) >= Cost::SLOW_SECONDS)
                .map(|(id, cost)| format!("{id} {}", duration(cost.seconds(pace))))
                .collect();
            let slow = if slow.is_empty() {
                String::new()
            } else {
                format!("; slow: {}", slow.join(", "))
            };
            let time = duration(all.seconds(pace) * self.pictures.len() as f64);
            let each = if self.pictures.len() > 1 { " a picture" } else { "" };
            say(&format!("{}: {all}{each}, about {time}{slow}", model.name));
        }
        Ok(())
    }

    /// Number of (network, picture, method) triples.
    pub fn cells(&self) -> usize {
        self.models.len() * self.pictures.len() * self.methods.len()
    }
}

impl Case {
    /// The subject as methods take it.
    pub fn explained<'a>(&'a self, model: &'a Model, seed: u64) -> Explained<'a> {
        self.subject.explained(model, self.class, seed, &self.background)
    }
}

fn configured(selection: &Selection) -> Result<Vec<(&'static dyn Method, Values)>> {
    let mut methods = Vec::new();
    for id in &selection.preset {
        methods.extend(attribution::preset(id)?.choices());
    }
    for id in &selection.method {
        let method = attribution::method(id)?;
        methods.push((method, Values::defaults(method.description().parameters)));
    }
    let mut ids: Vec<_> = methods.iter().map(|(method, _)| method.description().id).collect();
    ids.sort_unstable();
    if let Some([twice, _]) = ids.array_windows().find(|[one, next]| one == next) {
        let why = "its results would overwrite each other";
        return Err(Error::new(format!("{twice} is chosen twice"), why)
            .hint("--set changes a preset's parameters"));
    }
    if let Some(layer) = &selection.layer {
        look_at(&mut methods, layer)?;
    }
    for setting in &selection.set {
        set(&mut methods, setting)?;
    }
    Ok(methods)
}

/// Sets the layer of every method that has one.
fn look_at(methods: &mut [(&'static dyn Method, Values)], layer: &str) -> Result<()> {
    let mut looking = false;
    for (method, values) in methods {
        let parameters = method.description().parameters;
        for parameter in parameters.iter().filter(|p| matches!(p.kind, Kind::Layer)) {
            values.set(parameters, parameter.id, layer)?;
            looking = true;
        }
    }
    match looking {
        true => Ok(()),
        false => Err(Error::new(
            format!("cannot use --layer {layer}"),
            "none of the methods looks at a layer",
        )),
    }
}

/// Applies one `METHOD.PARAMETER=VALUE`.
fn set(methods: &mut [(&'static dyn Method, Values)], setting: &str) -> Result<()> {
    let parts =
        setting.split_once('=').and_then(|(name, value)| Some((name.split_once('.')?, value)));
    let Some(((id, parameter), value)) = parts else {
        let why = "it is not of the form ID.PARAM=VALUE";
        return Err(
            Error::new(format!("cannot set `{setting}`"), why).hint("such as rise.masks=500")
        );
    };
    let parameters = attribution::method(id)?.description().parameters;
    let chosen = methods.iter_mut().find(|(method, _)| method.description().id == id);
    let Some((_, values)) = chosen else {
        return Err(Error::new(
            format!("cannot set `{setting}`"),
            format!("--method does not name {id}"),
        ));
    };
    values.set(parameters, parameter, value)
}

/// Results go to folders named by file stems, so no two may be the same.
fn unique_stems(paths: &[PathBuf], what: &str) -> Result<()> {
    let stems: Vec<_> = paths.iter().map(|path| stem(path)).collect();
    for (index, stem) in stems.iter().enumerate() {
        if matches!(stem.as_str(), "" | "." | "..") {
            let why = "results go to a folder of that name";
            return Err(Error::new(format!("cannot use {what} called `{stem}`"), why)
                .hint("rename the file"));
        }
        if stems[..index].contains(stem) {
            return Err(Error::new(
                format!("two {what} are called `{stem}`"),
                "their results would overwrite each other",
            )
            .hint("rename a file, or run them one by one into two folders"));
        }
    }
    Ok(())
}
