//! `hyaline train`: a network from a recipe.

use super::arguments::{DeviceArgument, open_device};
use super::terminal::{print, say};
use super::watch::interrupted;
use crate::error::{Error, Result};
use crate::progress::Flow;
use crate::training::{Accuracies, Epoch, Outcome, Progress, Recipe, Training};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

const EXAMPLES: &str = "\
A recipe:
  epochs = 30
  [network]
  architecture = \"cifar-resnet20\"
  [data]
  train = \"cifar10_train_jpeg.tar.gz\"
  [objective]
  kind = \"fast\"
  epsilon = \"8/255\"

Architectures: lenet5, convnet, cifar-resnet20 (…32, 44, 56), cifar-resnet18, wide-resnet-28-10 (and
other depths and widths), cifar-mobilenet-v2.
Objectives: vanilla, pgd, fast, trades, sep, advprop.
Pictures: a folder with a folder for each class, .tar or .tar.gz of such, .npz (bytes N×H×W×C and
classes), CIFAR's .bin, MNIST's idx3-ubyte.

It writes NAME.safetensors, its model card NAME.toml, log.csv and a checkpoint. The same command goes
on where a training was stopped by Ctrl-C or in any other way. `start = \"net.safetensors\"` under
[network] begins with another network. A recipe opened in the window trains there.";

/// Train a network.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Train {
    /// The recipe, a .toml file
    recipe: PathBuf,
    /// Folder to write to; by default beside the recipe, by its name
    #[arg(long)]
    out: Option<PathBuf>,
    /// Begin anew where there is a checkpoint or a network
    #[arg(long)]
    restart: bool,
    #[command(flatten)]
    pub(super) device: DeviceArgument,
}

impl Train {
    pub fn run(&self) -> Result<ExitCode> {
        let recipe = Recipe::read(&self.recipe)?;
        let folder = self.out.clone().unwrap_or_else(|| self.recipe.with_extension(""));
        if folder == self.recipe {
            return Err(Error::new("cannot write beside the recipe", "its name has no extension")
                .hint("--out names a folder"));
        }
        let card = folder.join(format!("{}.toml", recipe.name.as_deref().unwrap_or_default()));
        let real = |path: &Path| path.canonicalize().ok();
        if real(&card).is_some() && real(&card) == real(&self.recipe) {
            let why = "the network's card would take its place";
            return Err(Error::new("cannot write beside the recipe", why)
                .hint("--out names another folder"));
        }
        let device = open_device(self.device.device)?;
        let training = Training::prepare(recipe, &folder, &device, self.restart)?;
        let ([train, test], [epoch, batch]) = (training.pictures(), training.place());
        say(&format!("{train} pictures to learn from, {test} to test with, on {}", device.name));
        if epoch + batch > 0 {
            say(&format!("going on after {epoch} epochs and {batch} batches"));
        }
        let mut view = View::new()?;
        match training.run(&mut |progress| view.hear(progress))? {
            Outcome::Trained { card, accuracies } => {
                drop(view);
                print(&report(&accuracies))?;
                say(&format!("wrote {}", card.display()));
                Ok(ExitCode::SUCCESS)
            }
            Outcome::Stopped { checkpoint } => {
                drop(view);
                say(&format!("stopped; the same command goes on from {}", checkpoint.display()));
                Ok(ExitCode::from(130))
            }
        }
    }
}

fn report(measured: &Accuracies) -> String {
    let percent = |part: f64| format!("{:.1} %", 100.0 * part);
    let mut lines = vec![
        format!("accuracy on {} pictures: {}", measured.pictures, percent(measured.clean)),
        format!(
            "under attack with ε {:.4} on {} pictures: FGSM {}, PGD-20 {}, PGD-50 with restarts {}",
            measured.epsilon,
            measured.robust_pictures,
            percent(measured.fgsm),
            percent(measured.pgd20),
            percent(measured.pgd50)
        ),
    ];
    let curve = measured.curve.iter().map(|[e, a]| format!("{e:.4} {}", percent(*a)));
    lines.push(format!("PGD-20 by ε: {}", curve.collect::<Vec<_>>().join(", ")));
    lines.extend(
        measured.explanation_loss.map(|loss| {
            format!("explanation loss between pictures, before any attack: {loss:.3e}")
        }),
    );
    lines.join("\n") + "\n"
}

/// Progress on the terminal.
struct View {
    bar: ProgressBar,
    /// What the bar counts, once it does.
    counts: Option<Counted>,
    stopped: &'static AtomicBool,
}

#[derive(PartialEq, Eq)]
enum Counted {
    Pictures,
    Measurements,
}

impl View {
    fn new() -> Result<Self> {
        let stopped = interrupted()?;
        Ok(Self { bar: ProgressBar::hidden(), counts: None, stopped })
    }

    fn count(&mut self, what: Counted, template: &str, done: u64, total: u64) {
        if self.counts.as_ref() != Some(&what) {
            self.bar.finish_and_clear();
            let style = ProgressStyle::with_template(template).expect("a valid template");
            self.bar = ProgressBar::new(total).with_style(style).with_position(done);
            // What was done before a stop counts for no rate.
            self.bar.reset_eta();
            self.counts = Some(what);
        }
        self.bar.set_position(done);
    }

    fn hear(&mut self, progress: Progress) -> Flow {
        match progress {
            Progress::Batch { epoch, epochs, done, total, loss } => {
                let template = "{msg} {wide_bar} {per_sec} pictures, {eta} to go";
                let (done, all) = (epoch * total + done, epochs * total);
                self.count(Counted::Pictures, template, done as u64, all as u64);
                self.bar.set_message(format!("epoch {}/{epochs}, loss {loss:.3}", epoch + 1));
            }
            Progress::Epoch(epoch) => self.bar.suspend(|| say(&in_words(epoch))),
            Progress::Notice(notice) => self.bar.suspend(|| say(notice)),
            Progress::Evaluation(part) => {
                let template = "measuring {wide_bar} {percent} %, {eta} to go";
                self.count(Counted::Measurements, template, (1000.0 * part) as u64, 1000);
            }
        }
        if self.stopped.load(Ordering::SeqCst) { Flow::Cancel } else { Flow::Continue }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn in_words(epoch: &Epoch) -> String {
    let Epoch { number, rate, loss, accuracy, clean, robust, seconds } = epoch;
    format!(
        "epoch {number}, rate {rate:.5}, loss {loss:.4}, accuracy {accuracy:.3}, held-out {clean:.3}, under PGD-10 {robust:.3}, {seconds:.0} s"
    )
}
