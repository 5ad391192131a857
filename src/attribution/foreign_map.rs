//! Maps of other libraries, resized and cropped to a network's input.

use crate::error::{Error, Result};
use crate::file::extension;
use crate::npy::{self, Kind, Numbers};
use crate::picture::{Filter, Placement, Preprocessing, resized_values};
use ndarray::{Array3, ArrayD, Axis, Ix3, Slice};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Maps with no more values than that tie so often that their order is hardly theirs.
const FEW_VALUES: usize = 16;
/// By how much proportions may differ.
const SAME_SHAPE: f64 = 0.01;

/// A map as its file has it.
#[derive(Debug, Clone)]
pub struct ForeignMap {
    path: PathBuf,
    /// Without axes of 1, but two at least.
    values: ArrayD<f32>,
    /// As it was saved.
    shape: Vec<usize>,
    notes: Vec<String>,
}

impl ForeignMap {
    /// Reads a `.npy` array, or the only array of a `.npz` archive or the one that `FILE.npz:NAME`
    /// names, of any type of number.
    ///
    /// # Errors
    /// When it can't be read, or holds NaN or infinite values; the message says how to save it correctly.
    pub fn read(path: &Path) -> Result<Self> {
        let (file, name) = named(path);
        let what = || format!("cannot read map {}", path.display());
        let size = std::fs::metadata(&file).map_err(|e| Error::new(what(), e))?.len();
        if size > npy::MAX_BYTES {
            let limit = npy::MAX_BYTES >> 20;
            return Err(Error::new(what(), format!("it holds more than {limit} MiB")));
        }
        let bytes = std::fs::read(&file).map_err(|e| Error::new(what(), e))?;
        Self::from_bytes(&file, &bytes, name.as_deref()).map_err(|why| Error::new(what(), why))
    }

    /// A map from its file's content; `name` is its own in an archive of several.
    ///
    /// # Errors
    /// In words, as [`ForeignMap::read`].
    pub fn from_bytes(
        path: &Path,
        bytes: &[u8],
        name: Option<&str>,
    ) -> std::result::Result<Self, String> {
        let numbers = match extension(path) == "npz" {
            true => npy::of_archive(bytes, name)?,
            false => npy::array(bytes)?,
        };
        Self::of(path, numbers)
    }

    fn of(path: &Path, numbers: Numbers) -> std::result::Result<Self, String> {
        let Numbers { values, kind, is_rounded } = numbers;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(match kind {
                Kind::Float(8) if value.is_infinite() => {
                    "it holds values that are infinite or too large for 32 bits; scale them".into()
                }
                _ => format!("it holds {value}"),
            });
        }
        let shape = values.shape().to_vec();
        if shape.len() < 2 || values.is_empty() {
            return Err(format!("it is {}; a map is H×W or C×H×W", by(&shape)));
        }
        let mut notes = vec![];
        if is_rounded {
            notes.push(format!("its {} values are rounded to 32-bit floats", kind.name()));
        }
        let values = without_ones(values);
        if values.ndim() < shape.len() {
            notes.push(format!("of its {} values the axes of 1 are left out", by(&shape)));
        }
        notes.extend(few_values(&values));
        Ok(Self { path: path.to_path_buf(), values, shape, notes })
    }

    /// The map as a network's input is, C×H×W or 1×H×W, or coarser of the same proportions, and
    /// what was assumed on the way there.
    ///
    /// # Errors
    /// When its shape is neither the input's nor the picture's, nor has the input's proportions.
    pub fn on_input(
        &self,
        input: &Preprocessing,
        placement: &Placement,
    ) -> Result<(Array3<f32>, Vec<String>)> {
        let mut notes = self.notes.clone();
        let (map, note) = self.channels_first(input, placement)?;
        notes.extend(note);
        let (_, rows, columns) = map.dim();
        let fit =
            Fit::of([rows, columns], placement).ok_or_else(|| self.misfit(input, placement))?;
        let [height, width] = input.size;
        let map = match fit {
            Fit::Input => map,
            Fit::Picture => {
                notes.push(format!(
                    "it has the picture's {columns}×{rows} px, so that it is resized and cropped as the picture is"
                ));
                let whole = resized_values(&map, placement.resized, Filter::Bilinear);
                let [y, x] = placement.corner;
                let rows = whole.slice_axis(Axis(1), Slice::from(y..y + height));
                rows.slice_axis(Axis(2), Slice::from(x..x + width)).to_owned()
            }
            Fit::Larger => {
                notes.push(format!(
                    "its {columns}×{rows} values are averaged to the network's {width}×{height} px"
                ));
                resized_values(&map, input.size, Filter::Bilinear)
            }
        };
        Ok((map, notes))
    }

    /// With channels before rows and columns, whichever way they were.
    fn channels_first(
        &self,
        input: &Preprocessing,
        placement: &Placement,
    ) -> Result<(Array3<f32>, Option<String>)> {
        let misfit = || self.misfit(input, placement);
        let map = match self.values.ndim() {
            2 => self.values.clone().insert_axis(Axis(0)),
            3 => self.values.clone(),
            _ => return Err(misfit()),
        };
        let map = map.into_dimensionality::<Ix3>().map_err(|_| misfit())?;
        let fits = |channels: usize, size: [usize; 2]| {
            (channels == 1 || channels == input.channels) && Fit::of(size, placement).is_some()
        };
        let (a, b, c) = map.dim();
        match (fits(a, [b, c]), fits(c, [a, b])) {
            (true, true) if self.values.ndim() == 3 => {
                Ok((map, Some("its first axis is taken for the channels, not its last".into())))
            }
            (true, _) => Ok((map, None)),
            (false, true) => {
                let turned = map.permuted_axes([2, 0, 1]).as_standard_layout().into_owned();
                Ok((turned, Some("its last axis is taken for the channels".into())))
            }
            (false, false) => Err(misfit()),
        }
    }

    fn misfit(&self, input: &Preprocessing, placement: &Placement) -> Error {
        let (channels, [height, width]) = (input.channels, input.size);
        let [of_height, of_width] = placement.original;
        let why = format!(
            "it is {}; the network takes {channels}×{height}×{width}, 1×{height}×{width}, another size of these proportions, or the picture's own {of_height}×{of_width}",
            by(&self.shape)
        );
        let error = Error::new(format!("cannot score map {}", self.path.display()), why);
        match self.values.ndim() {
            3.. if self.values.shape()[0] > 1 => {
                error.hint("of a batch, save one: np.save(\"map.npy\", maps[0])")
            }
            _ => error,
        }
    }
}

/// How a map's rows and columns lie on a picture.
enum Fit {
    /// As the network's input has them, or coarser.
    Input,
    /// As the picture has them, before it is resized and cropped.
    Picture,
    /// More than the network's input has, in its proportions.
    Larger,
}

impl Fit {
    fn of([rows, columns]: [usize; 2], placement: &Placement) -> Option<Self> {
        let [height, width] = placement.size;
        let is_coarser = rows <= height && columns <= width && rows * width == columns * height;
        if is_coarser {
            return Some(Self::Input);
        }
        if [rows, columns] == placement.original {
            return Some(Self::Picture);
        }
        let ratio = (rows * width) as f64 / (columns * height) as f64;
        let is_larger = rows >= height && columns >= width && (ratio - 1.0).abs() <= SAME_SHAPE;
        is_larger.then_some(Self::Larger)
    }
}

/// A shape as text: `3×28×28`.
fn by(shape: &[usize]) -> String {
    let sides: Vec<String> = shape.iter().map(usize::to_string).collect();
    if sides.is_empty() { "one number".into() } else { sides.join("×") }
}

/// `FILE.npz:NAME` as the file and the name of an array in it.
fn named(path: &Path) -> (PathBuf, Option<String>) {
    let text = path.to_string_lossy();
    match text.rsplit_once(".npz:") {
        Some((file, name)) if !path.exists() => (format!("{file}.npz").into(), Some(name.into())),
        _ => (path.to_path_buf(), None),
    }
}

/// Without axes of 1, except where fewer than two axes would be left.
fn without_ones(mut values: ArrayD<f32>) -> ArrayD<f32> {
    let mut axis = 0;
    while values.ndim() > 2 && axis < values.ndim() {
        match values.shape()[axis] {
            1 => values = values.index_axis_move(Axis(axis), 0),
            _ => axis += 1,
        }
    }
    values
}

/// The warning on a map with hardly any values.
fn few_values(values: &ArrayD<f32>) -> Option<String> {
    let mut distinct = HashSet::new();
    for value in values {
        distinct.insert((value + 0.0).to_bits());
        if distinct.len() > FEW_VALUES {
            return None;
        }
    }
    Some(match distinct.len() {
        1 => "the map is the same everywhere: its curves are of reading order".into(),
        few => format!(
            "the map has only {few} values: equal pixels go in reading order unless --ties says otherwise"
        ),
    })
}
