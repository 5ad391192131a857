//! A training as it runs: how far it is, its loss, and its accuracies after each epoch.

use crate::explorer::context::{Action, Context, Panel};
use crate::explorer::paint::plot_axes::legible_axes;
use crate::explorer::paint::theme;
use crate::explorer::state::open_panels::PanelId;
use egui::{ProgressBar, RichText, Ui, Window};
use egui_plot::{Legend, Line, Plot, PlotPoints, uniform_grid_spacer};
use hyaline::error::Error;
use hyaline::model::ComputeDevice;
use hyaline::progress::Flow;
use hyaline::text::{count, duration};
use hyaline::training::{Epoch, Outcome, Progress, Recipe, Training};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The window of a training.
#[derive(Default)]
pub struct TrainingPanel {
    recipe: Option<(PathBuf, Recipe)>,
    progress: Arc<Mutex<TrainingProgress>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What was heard of a training so far.
#[derive(Debug, Clone, Default)]
struct TrainingProgress {
    stage: Stage,
    /// Mean loss of an epoch so far, by epochs that are done with their parts.
    loss: Vec<[f64; 2]>,
    epochs: Vec<Epoch>,
    notices: Vec<String>,
}

#[derive(Debug, Clone, Default)]
enum Stage {
    #[default]
    Waiting,
    Preparing,
    Training(Pace),
    /// Parts of 1 of the last measurement.
    Measuring(f64),
    Trained(PathBuf),
    Stopped,
    Failed(String),
}

/// How fast and how far.
#[derive(Debug, Clone, Copy)]
struct Pace {
    epoch: usize,
    epochs: usize,
    /// Pictures since the start that count for the pace, and when it was.
    since: (usize, Instant),
    /// Pictures that are done, and all.
    done: usize,
    total: usize,
}

impl Pace {
    fn pictures_per_second(&self) -> Option<f64> {
        let seconds = self.since.1.elapsed().as_secs_f64();
        let pictures = self.done.saturating_sub(self.since.0);
        (pictures > 0 && seconds > 1.0).then(|| pictures as f64 / seconds)
    }
}

/// How long a closed window waits for a checkpoint.
const PATIENCE: Duration = Duration::from_secs(10);
/// Points of a loss between epochs: more can't be told apart on screen.
const LOSSES_AN_EPOCH: f64 = 100.0;

impl TrainingProgress {
    fn on_progress(&mut self, event: Progress) {
        match event {
            Progress::Batch { epoch, epochs, done, total, loss } => {
                let at = epoch as f64 + done as f64 / total.max(1) as f64;
                if self.loss.last().is_none_or(|[last, _]| at - last >= 1.0 / LOSSES_AN_EPOCH) {
                    self.loss.push([at, loss]);
                }
                let (done, total) = (epoch * total + done, epochs * total);
                let since = match self.stage {
                    Stage::Training(Pace { since, .. }) => since,
                    _ => (done, Instant::now()),
                };
                self.stage = Stage::Training(Pace { epoch, epochs, since, done, total });
            }
            Progress::Epoch(epoch) => self.epochs.push(*epoch),
            Progress::Notice(notice) => self.notices.push(notice.to_string()),
            Progress::Evaluation(part) => self.stage = Stage::Measuring(part),
        }
    }
}

impl TrainingPanel {
    /// Shows what a recipe would do; one that runs is not given up for it.
    ///
    /// # Errors
    /// When another training runs.
    pub fn show(&mut self, path: PathBuf, recipe: Recipe) -> Result<(), Error> {
        if self.is_running() {
            let why = "another training runs, and two would slow each other down";
            return Err(Error::new(format!("cannot take recipe {}", path.display()), why)
                .hint("stop it first; it resumes from there later"));
        }
        self.recipe = Some((path, recipe));
        self.progress = Arc::default();
        Ok(())
    }

    /// Whether there is a recipe to show.
    pub fn is_there(&self) -> bool {
        self.recipe.is_some()
    }

    fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Ends a running training with a checkpoint, and waits a while for that; without it, the one
    /// of the last epoch is there.
    pub fn finish(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let start = Instant::now();
        while self.is_running() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn start(&mut self, device: ComputeDevice, repaint: impl Fn() + Send + 'static) {
        let Some((path, recipe)) = self.recipe.clone() else { return };
        self.progress = Arc::default();
        self.stop = Arc::default();
        let (progress, stop) = (self.progress.clone(), self.stop.clone());
        self.thread = Some(std::thread::spawn(move || {
            with_lock(&progress, |progress| progress.stage = Stage::Preparing);
            let work = || run(&path, recipe, &device, &progress, &stop, &repaint);
            let stage = match catch_unwind(AssertUnwindSafe(work)) {
                Ok(Ok(Outcome::Trained { card, .. })) => Stage::Trained(card),
                Ok(Ok(Outcome::Stopped { .. })) => Stage::Stopped,
                Ok(Err(error)) => Stage::Failed(error.to_string()),
                Err(_) => Stage::Failed("the training crashed; see the terminal".into()),
            };
            with_lock(&progress, |progress| progress.stage = stage);
            repaint();
        }));
    }
}

/// Locks and edits; a thread that crashed while it held the lock left the value whole enough to show.
fn with_lock<T>(
    progress: &Mutex<TrainingProgress>,
    edit: impl FnOnce(&mut TrainingProgress) -> T,
) -> T {
    edit(&mut progress.lock().unwrap_or_else(PoisonError::into_inner))
}

fn run(
    path: &Path,
    recipe: Recipe,
    device: &ComputeDevice,
    progress: &Mutex<TrainingProgress>,
    stop: &AtomicBool,
    repaint: &impl Fn(),
) -> Result<Outcome, Error> {
    let training = Training::prepare(recipe, &folder_of(path), device, false)?;
    with_lock(progress, |progress| progress.epochs = training.log());
    training.run(&mut |event| {
        with_lock(progress, |progress| progress.on_progress(event));
        repaint();
        if stop.load(Ordering::SeqCst) { Flow::Cancel } else { Flow::Continue }
    })
}

/// Where `hyaline train` writes too.
fn folder_of(recipe: &Path) -> PathBuf {
    recipe.with_extension("")
}

impl Panel for TrainingPanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let (_, recipe) = self.recipe.as_ref()?;
        let room = ctx.content_rect();
        let window =
            Window::new(format!("Training: {}", recipe.name.as_deref().unwrap_or_default()))
                .default_width((room.width() - 80.0).min(760.0))
                .pivot(egui::Align2::CENTER_CENTER)
                .default_pos(room.center())
                .collapsible(false);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let Some((path, recipe)) = &self.recipe else { return };
        let (folder, progress) =
            (folder_of(path), with_lock(&self.progress, |progress| progress.clone()));
        ui.weak(summary(recipe)).on_hover_text(path.display().to_string());
        ui.add_space(theme::GAP / 2.0);
        stage_ui(ui, &progress.stage);
        charts(ui, &progress);
        for notice in &progress.notices {
            ui.add(egui::Label::new(notice).wrap());
        }
        self.buttons(ui, cx, &progress.stage, &folder.join("checkpoint.safetensors"));
    }
}

impl TrainingPanel {
    fn buttons(&mut self, ui: &mut Ui, cx: &mut Context, stage: &Stage, checkpoint: &Path) {
        ui.add_space(theme::GAP / 2.0);
        ui.horizontal(|ui| match stage {
            Stage::Waiting | Stage::Stopped | Stage::Failed(_) => {
                let text = if checkpoint.is_file() { "Resume" } else { "Start" };
                if ui.button(text).clicked() {
                    let ctx = ui.ctx().clone();
                    self.start(cx.device.clone(), move || ctx.request_repaint());
                }
                ui.weak("Closing this window stops nothing; every epoch is kept.");
            }
            Stage::Preparing | Stage::Training(_) | Stage::Measuring(_) => {
                let stop = ui.button("Stop").on_hover_text("It can resume from here later");
                if stop.clicked() {
                    self.stop.store(true, Ordering::SeqCst);
                }
            }
            Stage::Trained(card) => {
                if ui.button("Open the network").clicked() {
                    cx.act(Action::Open(vec![card.clone()]));
                    cx.open.close(PanelId::Training);
                }
            }
        });
    }
}

fn stage_ui(ui: &mut Ui, stage: &Stage) {
    match stage {
        Stage::Waiting => ui.label("Not started."),
        Stage::Preparing => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label("Reading the pictures")
            })
            .inner
        }
        Stage::Training(pace) => {
            let share = pace.done as f32 / pace.total.max(1) as f32;
            ui.add(ProgressBar::new(share).text(format!(
                "epoch {}/{}",
                pace.epoch + 1,
                pace.epochs
            )));
            let speed = pace.pictures_per_second().map_or(String::new(), |speed| {
                let left = (pace.total - pace.done) as f64 / speed;
                format!("{speed:.0} pictures a second, {} left", duration(left))
            });
            ui.weak(speed)
        }
        Stage::Measuring(part) => {
            ui.add(ProgressBar::new(*part as f32).text("measuring accuracies"));
            ui.weak("The network is trained; attacks take a while.")
        }
        Stage::Trained(card) => ui.label(format!("Trained: {}", card.display())),
        Stage::Stopped => ui.label("Stopped; it resumes from its checkpoint."),
        Stage::Failed(why) => {
            let text = RichText::new(why).color(ui.visuals().error_fg_color);
            ui.add(egui::Label::new(text).wrap())
        }
    };
}

/// Loss on the left, accuracies on the right.
fn charts(ui: &mut Ui, progress: &TrainingProgress) {
    let of_epochs = |value: fn(&Epoch) -> f64| -> Vec<[f64; 2]> {
        progress.epochs.iter().map(|epoch| [epoch.number as f64, value(epoch)]).collect()
    };
    let loss = of_epochs(|epoch| epoch.loss);
    ui.columns(2, |columns| {
        let lines = [("within the epoch", progress.loss.clone()), ("epochs", loss)];
        chart(&mut columns[0], "Loss", lines, None);
        let accuracies = [
            ("held-out pictures", of_epochs(|epoch| epoch.clean)),
            ("under PGD-10", of_epochs(|epoch| epoch.robust)),
        ];
        chart(&mut columns[1], "Accuracy", accuracies, Some([0.0, 1.0]));
    });
}

fn chart(ui: &mut Ui, name: &str, lines: [(&str, Vec<[f64; 2]>); 2], bounds: Option<[f64; 2]>) {
    ui.strong(name);
    let theme = ui.ctx().theme();
    let [across, up] = legible_axes();
    let mut plot = Plot::new(("training", name))
        .height(200.0)
        .custom_x_axes(across)
        .custom_y_axes(up)
        .allow_scroll(false)
        .x_axis_label("epoch")
        .legend(Legend::default());
    if let Some([low, high]) = bounds {
        let grid = uniform_grid_spacer(|_| [0.5, 0.25, 0.05]);
        plot = plot
            .default_y_bounds(low, high)
            .y_grid_spacer(grid)
            .y_axis_formatter(|mark, _| mark.value.to_string());
    }
    plot.show(ui, |plot| {
        for (series, (name, points)) in lines.into_iter().enumerate() {
            let line = Line::new(name, PlotPoints::from(points)).width(1.6);
            plot.line(line.color(theme::series(series, theme)));
        }
    });
}

/// What a recipe would do, in a line.
fn summary(recipe: &Recipe) -> String {
    let adversary = recipe.objective.objective().adversary();
    let adversary = adversary.map_or(String::new(), |(norm, epsilon)| {
        format!(", {} ≤ {:.2}/255", norm.name(), 255.0 * epsilon.exact())
    });
    format!(
        "{}, {}{adversary}, {} of {}",
        recipe.network.architecture,
        recipe.objective.name(),
        count(recipe.epochs, "epoch", "epochs"),
        recipe.data.train.file_name().unwrap_or_default().to_string_lossy(),
    )
}
