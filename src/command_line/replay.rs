//! `hyaline replay`: a figure made again from what it says of itself.

use super::arguments::{DeviceArgument, open_device};
use super::figure::{base_name, warn_of_changes};
use super::figure_contents;
use super::plan::{CANCELLED, Plan};
use super::terminal::{print, say};
use crate::error::{Error, Result};
use crate::figure::{Figure, FigureContents, Format, MapRecord, Record, map_sha256};
use crate::file::{extension, sha256_file};
use crate::model::Card;
use crate::session::Session;
use clap::Args;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make a figure again.
#[derive(Debug, Args)]
#[command(after_help = "\
Computes every map anew and compares: maps by their values, the figure by its pixels. The exit
code is 0 where all are the same, else 1. Maps from another device differ by float noise; what is
said then is how far their extremes and sums differ, relatively.

Networks, pictures and annotations are looked for where they were, beside the figure and in
--data: by content, or else by name.

Examples:
  hyaline replay cat.png
  hyaline replay figure3.pdf --data ~/networks ~/pictures --out again/figure3")]
pub struct Replay {
    /// A figure (.png, .svg, .pdf) or the record beside it (.json)
    #[arg(value_name = "FIGURE")]
    figure: PathBuf,
    /// Folders with the networks and pictures, where they are not where they were
    #[arg(long, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Write the new figure too, as PDF, SVG, PNG and JSON called so
    #[arg(long, value_name = "NAME")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) device: DeviceArgument,
}

/// The largest relative difference of a map's extremes or sum that is float noise between devices.
const NOISE: f64 = 1e-3;

impl Replay {
    pub fn run(&self) -> Result<ExitCode> {
        let record = Record::find(&self.figure)?;
        let out = self.out.as_deref().map(base_name).transpose()?;
        let name = |base: &Path| std::path::absolute(base).ok();
        if out
            .as_deref()
            .is_some_and(|out| name(out) == name(&Format::without_ending(&self.figure)))
        {
            let what = format!("cannot write over {}", self.figure.display());
            return Err(
                Error::new(what, "it is what is made again").hint("--out takes another name")
            );
        }
        let session = self.found(&record)?;
        let device = open_device(self.device.device)?;
        if device.name != record.device {
            say(&format!("the figure was made on {}, this is {}", record.device, device.name));
        }
        // A kept map would only be compared with itself.
        let plan = Plan::of_session(&session, device, false)?;
        warn_of_changes(&plan, &session)?;
        plan.say_cost()?;
        let Some(contents) = figure_contents::compute(&plan, &session)? else {
            say("stopped");
            return Ok(ExitCode::from(CANCELLED));
        };
        Self::warn_of_inputs(&record, &contents);
        let figure = Figure::new(&contents, &session)?;
        let (maps, are_same) = compare_maps(&record, &contents);
        let pixels = figure.pixels()?;
        let is_same_figure = pixels == record.pixels;
        let mut text = maps;
        let verdict = match is_same_figure {
            true => "identical".to_string(),
            false
                if (pixels.width, pixels.height) != (record.pixels.width, record.pixels.height) =>
            {
                format!(
                    "DIFFERENT: {}×{} pixels, it was {}×{}",
                    pixels.width, pixels.height, record.pixels.width, record.pixels.height
                )
            }
            false => "DIFFERENT".to_string(),
        };
        let _ = writeln!(text, "pixels: {verdict}");
        if let Some(base) = &out {
            let formats = [Format::Pdf, Format::Svg, Format::Png, Format::Json];
            let paths = figure.write(&contents, &session, base, &formats)?;
            let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let _ = writeln!(text, "wrote {}", paths.join(", "));
        }
        print(&text)?;
        Ok(if are_same && is_same_figure { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The session with its files where they are now.
    fn found(&self, record: &Record) -> Result<Session> {
        let folder = self.figure.parent().unwrap_or(Path::new("")).to_path_buf();
        let mut session = record.session.with_paths(|path| folder.join(path));
        let folders: Vec<PathBuf> = [folder].into_iter().chain(self.data.clone()).collect();
        for file in session.networks.iter_mut().chain(&mut session.pictures) {
            file.path = find(&file.path, &file.sha256, &folders)?;
            if let Some(card) = &mut file.card {
                card.weights = find(&card.weights, &file.sha256, &folders)?;
            }
        }
        // Of these, names are all that is known.
        session.annotations = match session.annotations {
            Some(path) => Some(find(&path, "", &folders)?),
            None => None,
        };
        Ok(session.with_paths(|path| match path.exists() {
            true => path.to_path_buf(),
            false => find(path, "", &folders).unwrap_or_else(|_| path.to_path_buf()),
        }))
    }

    /// Says which networks take pictures otherwise than they did.
    fn warn_of_inputs(record: &Record, contents: &FigureContents) {
        // As numbers come back from a file: reading JSON may move the last bit.
        let read = |value: serde_json::Value| serde_json::from_str(&value.to_string()).ok();
        for (before, now) in record.networks.iter().zip(&contents.networks) {
            let input = serde_json::to_value(&now.input).ok().and_then(read);
            if input.is_some_and(|input: serde_json::Value| input != before.input) {
                say(&format!(
                    "{} takes pictures otherwise than it did: its card changed",
                    now.name
                ));
            }
        }
    }
}

/// A file that may have moved: where it was or in a folder, of the same content if it is anywhere, else
/// of the same name.
fn find(path: &Path, sha256: &str, folders: &[PathBuf]) -> Result<PathBuf> {
    let name = path.file_name().unwrap_or_default();
    let named = folders.iter().map(|folder| folder.join(name));
    let named: Vec<PathBuf> =
        [path.to_path_buf()].into_iter().chain(named).filter(|file| file.is_file()).collect();
    let all =
        folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let is_alike = |file: &PathBuf| file.is_file() && extension(file) == extension(path);
    let others = all.map(|entry| entry.path()).filter(is_alike);
    let is_it = |file: &PathBuf| !sha256.is_empty() && content(file).as_deref() == Some(sha256);
    let found = named.iter().cloned().chain(others).find(is_it);
    found.or_else(|| named.into_iter().next()).ok_or_else(|| {
        let why = format!("{} is not there", path.display());
        Error::new("cannot replay the figure", why).hint("--data names the folder that it is in")
    })
}

/// SHA-256 of a file, or of the weights that a card names.
fn content(path: &Path) -> Option<String> {
    match extension(path).as_str() {
        "toml" => sha256_file(&Card::read(path).ok()?.weights).ok(),
        _ => sha256_file(path).ok(),
    }
}

/// What became of each map, and whether all are the same.
fn compare_maps(record: &Record, contents: &FigureContents) -> (String, bool) {
    let (mut text, mut same) = (String::new(), 0);
    for before in &record.maps {
        let Some(shown) = contents.maps.get(&before.cell()) else {
            continue;
        };
        if map_sha256(&shown.attribution.map) == before.sha256 {
            same += 1;
            continue;
        }
        let difference = difference(before, &shown.attribution.map);
        let verdict = if difference <= NOISE { "differs by float noise" } else { "DIFFERS" };
        let name = &contents.networks[before.network].name;
        let picture = &contents.pictures[before.picture].name;
        let _ = writeln!(
            text,
            "{} of {name} for {picture}: {verdict} ({difference:.1e} relatively)",
            before.method
        );
    }
    let all = record.maps.len();
    let _ = writeln!(text, "maps: {same} of {all} identical");
    (text, same == all)
}

/// How far extremes and mass are from what they were, over the largest magnitude and the mass; infinite
/// where one of them was not finite.
fn difference(before: &MapRecord, now: &ndarray::Array3<f32>) -> f64 {
    let (Some(minimum), Some(maximum), Some(before_mass)) =
        (before.minimum, before.maximum, before.mass)
    else {
        return f64::INFINITY;
    };
    let extreme = |start: f32, of: fn(f32, f32) -> f32| now.iter().copied().fold(start, of);
    let [low, high] = [extreme(f32::INFINITY, f32::min), extreme(f32::NEG_INFINITY, f32::max)];
    let mass: f64 = now.iter().map(|value| f64::from(value.abs())).sum();
    let largest = f64::from(minimum.abs().max(maximum.abs())).max(1e-30);
    [
        f64::from((low - minimum).abs()) / largest,
        f64::from((high - maximum).abs()) / largest,
        (mass - before_mass).abs() / before_mass.max(1e-30),
    ]
    .into_iter()
    .fold(0.0, f64::max)
}
