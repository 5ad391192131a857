//! A figure and the files it becomes.

use super::caption::caption;
use super::compose::compose;
use super::contents::FigureContents;
use super::draw::{draw, page};
use super::layout::{Layout, lay};
use super::record::{PNG_KEYWORD, PixelsRecord, Record};
use super::render::Rendering;
use super::table::Table;
use super::{Fonts, latex};
use crate::engine::CellIndex;
use crate::error::{Error, Result};
use crate::file::{extension, file_name, write};
use crate::model::TrainingCard;
use crate::plot::canvas::Canvas;
use crate::score::Curves;
use crate::session::{FigureOptions, Session};
use ndarray::Array3;
use ndarray_npy::WriteNpyExt;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

/// What a figure can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Pdf,
    Svg,
    Png,
    /// The record.
    Json,
    /// The maps as they are, float32.
    Npz,
    /// The curves.
    Csv,
    /// A folder with panels and a figure.tex.
    Latex,
}

impl Format {
    pub const ALL: [Self; 7] =
        [Self::Pdf, Self::Svg, Self::Png, Self::Json, Self::Npz, Self::Csv, Self::Latex];

    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Svg => "SVG",
            Self::Png => "PNG",
            Self::Json => "JSON",
            Self::Npz => "NPZ",
            Self::Csv => "CSV",
            Self::Latex => "LaTeX",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Self::Pdf => "Text in embedded fonts, maps without loss, how it was made attached",
            Self::Svg => "Text as text, to be changed in other programs",
            Self::Png => "Pixels at the chosen dots an inch",
            Self::Json => "Everything that it takes to make the figure again",
            Self::Npz => "The maps as they are, float32, for NumPy",
            Self::Csv => "The Insertion and Deletion curves",
            Self::Latex => "A folder with every panel and a figure.tex to input",
        }
    }

    /// A name without the ending of a format, if it has one.
    pub fn without_ending(path: &Path) -> PathBuf {
        let is_known = ["pdf", "svg", "png", "json", "npz", "csv"].contains(&&*extension(path));
        if is_known { path.with_extension("") } else { path.to_path_buf() }
    }

    /// The file beside others of a figure called `base`.
    fn path(self, base: &Path) -> PathBuf {
        let ending = match self {
            Self::Pdf => ".pdf",
            Self::Svg => ".svg",
            Self::Png => ".png",
            Self::Json => ".json",
            Self::Npz => ".npz",
            Self::Csv => ".csv",
            Self::Latex => "-latex",
        };
        let mut name = base.file_name().unwrap_or_default().to_os_string();
        name.push(ending);
        base.with_file_name(name)
    }
}

/// A figure, laid out and drawn.
pub struct Figure {
    pub caption: String,
    pub warnings: Vec<String>,
    grid: Table,
    layout: Layout,
    fonts: Fonts,
    options: FigureOptions,
    canvas: Canvas,
}

impl Figure {
    /// # Errors
    /// When there is nothing to show, no room for it, or an option is out of range.
    pub fn new(contents: &FigureContents, session: &Session) -> Result<Self> {
        let (appearance, options) = (&session.shown, &session.figure);
        options.check()?;
        let grid = compose(contents, appearance, options)?;
        let fonts = Fonts::new(&options.font, &grid.text())?;
        let layout = lay(&grid, options, &fonts)?;
        let canvas = draw(&grid, &layout, options)?;
        let caption = caption(contents, appearance, options);
        let warnings = warnings(contents, &fonts, &layout);
        let options = options.clone();
        Ok(Self { caption, warnings, grid, layout, fonts, options, canvas })
    }

    /// Width and height, points.
    pub fn size(&self) -> [f64; 2] {
        self.layout.size
    }

    /// The figure as SVG.
    pub fn svg(&self, metadata: Option<&str>) -> String {
        let page = page(&self.layout, &self.options, &self.fonts, metadata);
        self.canvas.clone().on(&page)
    }

    /// The figure as it is rendered for PNG and PDF.
    ///
    /// # Errors
    /// When it can't be.
    pub fn rendering(&self) -> Result<Rendering> {
        Rendering::new(&self.svg(None), &self.fonts)
    }

    /// The pixels of its PNG.
    ///
    /// # Errors
    /// When there are too many.
    pub fn pixels(&self) -> Result<PixelsRecord> {
        let pixels = self.rendering()?.pixels(f64::from(self.options.dpi))?;
        Ok(PixelsRecord::of(&pixels, self.options.dpi))
    }

    /// Writes files called `base` with their endings; gives their paths.
    ///
    /// # Errors
    /// When one can't be made or written. Each is whole or not there.
    pub fn write(
        &self,
        contents: &FigureContents,
        session: &Session,
        base: &Path,
        formats: &[Format],
    ) -> Result<Vec<PathBuf>> {
        let paths: Vec<PathBuf> = formats.iter().map(|format| format.path(base)).collect();
        keep_inputs(contents, session, &paths)?;
        let rendering = self.rendering()?;
        let pixels = rendering.pixels(f64::from(self.options.dpi))?;
        let found = PixelsRecord::of(&pixels, self.options.dpi);
        let folder = std::path::absolute(base).unwrap_or_else(|_| base.to_path_buf());
        let folder = folder.parent().unwrap_or(Path::new(""));
        let session = written(session, contents, folder, self.options.anonymous);
        let mut record = Record::new(contents, session, self.caption.clone(), found);
        if self.options.anonymous {
            record.hide_paths();
        }
        let line = record.line()?;
        for (format, path) in formats.iter().zip(&paths) {
            let bytes = match format {
                Format::Svg => self.svg(Some(&line)).into_bytes(),
                Format::Png => pixels.png(&self.options, (PNG_KEYWORD, &line))?,
                Format::Pdf => rendering.pdf(&file_name(base), &line)?,
                Format::Json => serde_json::to_vec_pretty(&record)
                    .map_err(|e| Error::new("cannot write the figure's record", e))?,
                Format::Npz => npz(contents, &self.options)?,
                Format::Csv => csv(contents, &self.options)?,
                Format::Latex => {
                    let of = (&self.grid, &self.options, &self.fonts);
                    latex::write_folder(path, of, contents, &self.caption)?;
                    continue;
                }
            };
            write(path, &bytes)?;
        }
        Ok(paths)
    }
}

/// No figure is written over what it is made from.
fn keep_inputs(contents: &FigureContents, session: &Session, paths: &[PathBuf]) -> Result<()> {
    let networks = contents.networks.iter().flat_map(|network| [&network.path, &network.weights]);
    let pictures = contents.pictures.iter().map(|picture| &picture.path);
    let baselines = contents.methods.iter().flat_map(|(_, values)| values.files());
    let inputs = networks.chain(pictures).chain(&session.annotations).cloned().chain(baselines);
    let inputs: Vec<PathBuf> = inputs.filter_map(|path| path.canonicalize().ok()).collect();
    let is_input = |path: &&PathBuf| path.canonicalize().is_ok_and(|path| inputs.contains(&path));
    match paths.iter().find(is_input) {
        Some(path) => {
            let why = "the figure is made from it";
            Err(Error::new(format!("cannot write over {}", path.display()), why)
                .hint("choose another name for the figure"))
        }
        None => Ok(()),
    }
}

/// What a person should know of the figure: of the maps, of names without room, and of letters that no
/// font has.
fn warnings(contents: &FigureContents, fonts: &Fonts, layout: &Layout) -> Vec<String> {
    let mut warnings = vec![];
    for (CellIndex { picture, model: network, method, .. }, shown) in &contents.maps {
        let name = format!(
            "{} · {} · {}",
            contents.methods[*method].0.description().name,
            contents.networks[*network].name,
            contents.pictures[*picture].name
        );
        warnings.extend(shown.attribution.warnings.iter().map(|w| format!("{name}: {w}")));
    }
    warnings.extend(layout.cut.iter().map(|name| format!("no room for the whole name {name}")));
    if !fonts.missing.is_empty() {
        let letters: String = fonts.missing.iter().collect();
        warnings.push(format!("no font of this system has {letters}"));
    }
    warnings
}

/// The session as a file in a folder has it: paths from there, or names alone, and what was in the files.
fn written(
    session: &Session,
    contents: &FigureContents,
    folder: &Path,
    anonymous: bool,
) -> Session {
    let mut session = session.clone();
    let networks = contents.networks.iter().map(|network| &network.sha256);
    let pictures = contents.pictures.iter().map(|picture| &picture.sha256);
    let files = session.networks.iter_mut().zip(networks);
    for (file, sha256) in files.chain(session.pictures.iter_mut().zip(pictures)) {
        file.sha256.clone_from(sha256);
    }
    for card in session.networks.iter_mut().filter_map(|file| file.card.as_mut()) {
        if anonymous {
            card.training = card.training.as_ref().map(TrainingCard::without_paths);
            let name =
                card.input.labels.as_deref().and_then(|labels| Path::new(labels).file_name());
            card.input.labels = name.map(|name| name.to_string_lossy().into_owned());
        }
    }
    session.with_paths(|path| match anonymous {
        true => path.file_name().map_or_else(PathBuf::new, PathBuf::from),
        false => crate::file::from_folder(path, folder),
    })
}

/// Every map, called by picture, network and method.
fn npz(contents: &FigureContents, options: &FigureOptions) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::new("cannot write the maps", e);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let settings = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (at, shown) in &contents.maps {
        let map: &Array3<f32> = &shown.attribution.map;
        let mut bytes = Vec::new();
        map.write_npy(&mut bytes).map_err(|e| failed(&e))?;
        let name = format!("{}.npy", plain_names(contents, options, *at).join("/"));
        archive.start_file(name, settings).map_err(|e| failed(&e))?;
        archive.write_all(&bytes).map_err(|e| failed(&e))?;
    }
    Ok(archive.finish().map_err(|e| failed(&e))?.into_inner())
}

/// Names of a map's picture, network and method that any file system takes, each with its number, so
/// that no two are the same.
pub(super) fn plain_names(
    contents: &FigureContents,
    options: &FigureOptions,
    CellIndex { picture, model: network, method, .. }: CellIndex,
) -> [String; 3] {
    let plain = |index: usize, name: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let name = options.name(name).chars().take(60);
        let name: String = name.map(|c| if is_plain(c) { c } else { '_' }).collect();
        format!("{}-{name}", index + 1)
    };
    [
        plain(picture, &contents.pictures[picture].name),
        plain(network, &contents.networks[network].name),
        format!("{}-{}", method + 1, contents.methods[method].0.description().id),
    ]
}

/// A row for each point of each curve.
fn csv(contents: &FigureContents, options: &FigureOptions) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| Error::new("cannot write curves", e);
    let mut table = csv::Writer::from_writer(Vec::new());
    let heads = ["picture", "network", "method", "fraction", "deletion", "insertion"];
    table.write_record(heads).map_err(|e| failed(&e))?;
    for (CellIndex { picture, model: network, method, .. }, shown) in &contents.maps {
        let Some(curves) = &shown.curves else { continue };
        let names = (
            options.name(&contents.pictures[*picture].name),
            options.name(&contents.networks[*network].name),
            contents.methods[*method].0.description().id,
        );
        let Curves { fractions, deletion, insertion, .. } = &**curves;
        for ((fraction, deletion), insertion) in
            fractions.iter().zip(&deletion.scores).zip(&insertion.scores)
        {
            table.serialize((names, fraction, deletion, insertion)).map_err(|e| failed(&e))?;
        }
    }
    table.into_inner().map_err(|e| failed(&e))
}
