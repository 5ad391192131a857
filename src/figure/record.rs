//! What a figure says of itself: everything that it takes to make it again. It lies beside the figure
//! as JSON and inside it: in PNG as iTXt, in SVG as metadata, in PDF as an attachment.

use super::contents::{FigureContents, Shown};
use super::render::Pixels;
use crate::engine::CellIndex;
use crate::error::{Error, Result};
use crate::file::{extension, sha256};
use crate::session::Session;
use ndarray::Array3;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The key that tells records from other JSON, the first in them; its value is the format's version.
const KEY: &str = "hyaline-figure";
/// 2 has conditions; 1 is read as well.
const VERSION: u32 = 2;
/// Keyword of the text in PNG.
pub const PNG_KEYWORD: &str = "hyaline-figure";

/// How a figure was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    #[serde(rename = "hyaline-figure")]
    pub version: u32,
    /// The program's version.
    pub hyaline: String,
    pub device: String,
    /// Of all numbers.
    pub dtype: String,
    pub caption: String,
    pub maps: Vec<MapRecord>,
    /// Of the PNG.
    pub pixels: PixelsRecord,
    pub networks: Vec<NetworkRecord>,
    pub pictures: Vec<PictureRecord>,
    /// What was open and how it was shown; last, for it has the paths.
    pub session: Session,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NetworkRecord {
    pub name: String,
    pub architecture: String,
    pub sha256: String,
    /// How pictures become its input.
    pub input: serde_json::Value,
    pub training: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PictureRecord {
    pub name: String,
    pub sha256: String,
}

/// One map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MapRecord {
    /// Indices.
    pub picture: usize,
    pub network: usize,
    /// Of the session's conditions.
    #[serde(default)]
    pub condition: usize,
    pub method: String,
    /// Which of the methods, for one may be there twice.
    pub row: usize,
    /// All of them, as they were.
    pub parameters: serde_json::Value,
    pub class: usize,
    pub label: String,
    /// None where the network gives values.
    pub probability: Option<f32>,
    /// `top1` or `index`.
    pub chosen: String,
    pub shape: [usize; 3],
    /// Of its values as little-endian float32 in C order.
    pub sha256: String,
    /// None where it is not finite, as JSON has it.
    pub minimum: Option<f32>,
    pub maximum: Option<f32>,
    /// Sum of magnitudes.
    pub mass: Option<f64>,
    pub seconds: f64,
    pub warnings: Vec<String>,
    pub facts: BTreeMap<String, Option<f64>>,
    pub curves: Option<CurvesRecord>,
}

impl MapRecord {
    /// Which cell of the session it is of.
    pub fn cell(&self) -> CellIndex {
        let (picture, model, condition) = (self.picture, self.network, self.condition);
        CellIndex { picture, model, condition, method: self.row }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CurvesRecord {
    pub insertion_auc: f64,
    pub deletion_auc: f64,
    pub protocol: serde_json::Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelsRecord {
    pub width: u32,
    pub height: u32,
    pub dpi: u32,
    /// Of RGBA, row by row.
    pub sha256: String,
}

impl PixelsRecord {
    pub fn of(pixels: &Pixels, dpi: u32) -> Self {
        let (width, height) = (pixels.width, pixels.height);
        Self { width, height, dpi, sha256: sha256(&pixels.rgba) }
    }
}

impl Record {
    /// Of a figure whose session has paths as they are to be written.
    pub fn new(
        contents: &FigureContents,
        session: Session,
        caption: String,
        pixels: PixelsRecord,
    ) -> Self {
        let network = |of: &super::NetworkFacts| NetworkRecord {
            name: of.name.clone(),
            architecture: of.architecture.clone(),
            sha256: of.sha256.clone(),
            input: json(&of.input),
            training: of.training.as_ref().map(json),
        };
        let picture = |of: &super::PictureFacts| PictureRecord {
            name: of.name.clone(),
            sha256: of.sha256.clone(),
        };
        let map = |(at, shown): (&CellIndex, &Shown)| map_record(contents, *at, shown);
        Self {
            version: VERSION,
            hyaline: env!("CARGO_PKG_VERSION").into(),
            device: contents.device.clone(),
            dtype: "float32".into(),
            caption,
            maps: contents.maps.iter().filter_map(map).collect(),
            pixels,
            networks: contents.networks.iter().map(network).collect(),
            pictures: contents.pictures.iter().map(picture).collect(),
            session,
        }
    }

    /// Leaves out of how networks were trained what may say where on a machine things lie.
    pub fn hide_paths(&mut self) {
        for network in &mut self.networks {
            if let Some(serde_json::Value::Object(training)) = &mut network.training {
                training.retain(|_, value| !value.to_string().contains(['/', '\\']));
            }
        }
    }

    /// The record as one line, its key first.
    ///
    /// # Errors
    /// When a number in it is none.
    pub fn line(&self) -> Result<String> {
        let line = serde_json::to_string(self)
            .map_err(|e| Error::new("cannot write the figure's record", e))?;
        // XML can't hold these two.
        Ok(line.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    }

    /// The record in a figure or beside it.
    ///
    /// # Errors
    /// When the file can't be read or has none.
    pub fn find(path: &Path) -> Result<Self> {
        let what = || format!("cannot replay {}", path.display());
        let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
        let found = match extension(path).as_str() {
            "png" => in_png(&bytes),
            "svg" => in_svg(&bytes),
            "pdf" => in_pdf(&bytes),
            _ => String::from_utf8(bytes).ok(),
        };
        let text = found.filter(|text| text.contains(KEY)).ok_or_else(|| nothing(what()))?;
        let record: Self = serde_json::from_str(&text).map_err(|e| Error::new(what(), e))?;
        if !(1..=VERSION).contains(&record.version) || !record.session.is_known() {
            let why = format!(
                "its record is of version {}, and this program reads 1 to {VERSION}",
                record.version
            );
            return Err(Error::new(what(), why).hint("replay it with the Hyaline that made it"));
        }
        record.session.check_conditions()?;
        Ok(record)
    }
}

fn nothing(what: String) -> Error {
    Error::new(what, "it has no record of how it was made").hint(
        "figures of Hyaline have one unless a program changed them; the .json beside the figure will do",
    )
}

fn map_record(contents: &FigureContents, at: CellIndex, shown: &Shown) -> Option<MapRecord> {
    let CellIndex { picture, model: network, method, .. } = at;
    let view = contents.views[picture][network].as_ref()?;
    let map = &shown.attribution.map;
    let (channels, height, width) = map.dim();
    Some(MapRecord {
        picture,
        network,
        condition: at.condition,
        method: contents.methods[method].0.description().id.into(),
        row: method,
        parameters: json(&shown.attribution.values.without_paths()),
        class: view.class.class,
        label: view.class.label.clone(),
        probability: view.class.probability,
        chosen: view.explained.standing.record().into(),
        shape: [channels, height, width],
        sha256: map_sha256(map),
        minimum: finite(map.iter().copied().fold(f32::INFINITY, f32::min)),
        maximum: finite(map.iter().copied().fold(f32::NEG_INFINITY, f32::max)),
        mass: finite(map.iter().map(|value| f64::from(value.abs())).sum()),
        seconds: shown.attribution.seconds,
        warnings: shown.attribution.warnings.clone(),
        facts: shown
            .attribution
            .diagnostics
            .iter()
            .map(|(name, fact)| (name.clone(), finite(*fact)))
            .collect(),
        curves: shown.curves.as_ref().map(|curves| CurvesRecord {
            insertion_auc: curves.insertion.auc,
            deletion_auc: curves.deletion.auc,
            protocol: json(&curves.protocol),
        }),
    })
}

fn finite<T: Copy + Into<f64>>(value: T) -> Option<T> {
    value.into().is_finite().then_some(value)
}

/// A map's content.
pub fn map_sha256(map: &Array3<f32>) -> String {
    let bytes: Vec<u8> = map.iter().flat_map(|value| value.to_le_bytes()).collect();
    sha256(&bytes)
}

fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn in_png(bytes: &[u8]) -> Option<String> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().ok()?;
    // Some programs put texts behind the pixels.
    reader.finish().ok();
    let texts = &reader.info().utf8_text;
    texts.iter().find(|text| text.keyword == PNG_KEYWORD)?.get_text().ok()
}

fn in_svg(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    // Some editors write a document type.
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options).ok()?;
    let mut nodes = document.descendants().filter(|node| node.has_tag_name("metadata"));
    let said = |node: roxmltree::Node| node.text().map(str::to_string);
    nodes.find_map(|node| said(node).filter(|text| text.contains(KEY)))
}

/// The attachment, which is not compressed.
fn in_pdf(bytes: &[u8]) -> Option<String> {
    let start = format!("{{\"{KEY}\":");
    let places = bytes.windows(start.len()).enumerate();
    let places = places.filter(|(_, window)| *window == start.as_bytes());
    places.map(|(place, _)| &bytes[place..]).find_map(|rest| {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        String::from_utf8(rest[..values.byte_offset()].to_vec()).ok()
    })
}
