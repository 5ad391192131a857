//! `hyaline figure`: a figure for a paper, from a session.

use super::arguments::{DeviceArgument, open_device};
use super::figure_contents;
use super::output::prepare;
use super::plan::{CANCELLED, Plan};
use super::terminal::{print, say};
use crate::error::{Error, Result};
use crate::figure::{Figure, Fonts, Format};
use crate::file::stem;
use crate::session::Session;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make a figure.
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is a session: the window saves one (File, Save session), or write it by hand:

  hyaline-session = 1
  [[networks]]
  path = \"vanilla.toml\"
  [[networks]]
  path = \"robust.toml\"
  [[pictures]]
  path = \"cat.png\"
  [[methods]]
  id = \"gradient\"
  [[methods]]
  id = \"rise\"
  parameters = { masks = \"2000\" }
  [shown]
  arrangement = \"networks-by-methods\"
  [figure]
  size = \"cvpr-page\"        # neurips-page, icml-column, acm-page, thesis, slide …
  curves = \"picture\"        # none, picture, mean (over all pictures), mean-alone
  letters = true            # (a), (b), (c) under panels
  names = { \"ResNet-20\" = \"Vanilla\" }

More of [figure]: all-pictures (networks with every picture), width (inches), font (sans, serif
or a family of this system), font-size (points), dpi, gap, border, input, scores, bars,
comparison (none, difference, wipe; `pair = [0, 1]` above joins two networks), transparent,
panel-pixels, anonymous (no paths in the files).

PDF, SVG, PNG and JSON say how they were made: `hyaline replay FIGURE` makes them again.")]
pub struct MakeFigure {
    /// A session (.toml)
    #[arg(value_name = "FILE")]
    session: PathBuf,
    /// Name of the files without an ending; the session's name here by default
    #[arg(long, value_name = "NAME")]
    out: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, num_args = 1.., value_name = "FORMAT",
          default_values = ["pdf", "svg", "png", "json"])]
    format: Vec<Format>,
    /// Put no paths into the files, for anonymous review
    #[arg(long)]
    anonymous: bool,
    /// Compute every map anew, and keep none for the next run
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    pub(super) device: DeviceArgument,
}

impl MakeFigure {
    /// A figure of a session as PDF and PNG, with everything else as usual.
    pub(super) fn usual(session: PathBuf, out: PathBuf, device: DeviceArgument) -> Self {
        let format = vec![Format::Pdf, Format::Png];
        Self { session, out: Some(out), format, anonymous: false, no_cache: false, device }
    }

    pub fn run(&self) -> Result<ExitCode> {
        let mut session = Session::read(&self.session)?;
        session.shown = session.shown.checked();
        session.figure.anonymous |= self.anonymous;
        session.figure.check()?;
        Fonts::new(&session.figure.font, "")?;
        let base = self.out.clone().unwrap_or_else(|| PathBuf::from(stem(&self.session)));
        let base = base_name(&base)?;
        let device = open_device(self.device.device)?;
        let plan = Plan::of_session(&session, device, !self.no_cache)?;
        warn_of_changes(&plan, &session)?;
        plan.say_cost()?;
        let Some(contents) = figure_contents::compute(&plan, &session)? else {
            say("stopped; nothing is written");
            return Ok(ExitCode::from(CANCELLED));
        };
        let figure = Figure::new(&contents, &session)?;
        for warning in &figure.warnings {
            say(warning);
        }
        let paths = figure.write(&contents, &session, &base, &self.format)?;
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        print(&format!("Wrote {}\n\n{}\n", paths.join(", "), figure.caption))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What a figure's files are called without their endings, in a folder that can be written to.
pub(super) fn base_name(path: &Path) -> Result<PathBuf> {
    let text = path.to_string_lossy();
    if path.file_name().is_none() || text.ends_with(['/', '\\']) {
        let why = "it is a folder";
        return Err(Error::new(format!("cannot call figures {text}"), why)
            .hint("--out takes a name without an ending, such as figures/cat"));
    }
    let base = Format::without_ending(path);
    let folder = base.parent().filter(|folder| !folder.as_os_str().is_empty());
    prepare(folder.unwrap_or(Path::new(".")))?;
    Ok(base)
}

/// Says which files are not what they were when the session was saved.
pub(super) fn warn_of_changes(plan: &Plan, session: &Session) -> Result<usize> {
    let mut changes = 0;
    let mut told = |path: &Path, before: &str, now: &str| {
        if !before.is_empty() && before != now {
            say(&format!("{} is not what it was", path.display()));
            changes += 1;
        }
    };
    for (file, model) in session.networks.iter().zip(&plan.models) {
        told(&file.path, &file.sha256, &model.sha256);
    }
    for file in session.pictures.iter().filter(|file| !file.sha256.is_empty()) {
        told(&file.path, &file.sha256, &crate::picture::Picture::open(&file.path)?.sha256);
    }
    Ok(changes)
}
