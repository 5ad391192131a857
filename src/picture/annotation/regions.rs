//! Annotated regions in the pixels of a network's input.

use super::{Annotation, BoundingBox, Frame, Outline, RunLengths, Shape};
use crate::error::{Error, Result};
use crate::picture::resize::resized_and_cropped;
use crate::picture::{Filter, MAX_PIXELS, Placement};
use image::GrayImage;
use ndarray::{Array2, ArrayView2};

/// By how much the proportions of a picture and of its annotation may differ.
const SAME_SHAPE: f64 = 0.02;
/// More pixels of masks on one picture would take too long.
const MAX_MASK_PIXELS: u64 = 1 << 31;

/// Annotated regions in a network's input.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// Edges of every object that is left, in input pixels. A mask has the box that fits it.
    pub boxes: Vec<BoundingBox>,
    /// Which of [`Annotation::regions`] each box belongs to.
    pub sources: Vec<usize>,
    /// H×W of the input, true inside any object: a box holds the pixels whose centres it holds.
    pub mask: Array2<bool>,
    /// What doesn't fit between annotation and picture, one line each.
    pub warnings: Vec<String>,
}

impl Regions {
    /// No object in an input of a height and width.
    pub fn none(size: [usize; 2]) -> Self {
        let mask = Array2::from_elem(size, false);
        Self { boxes: vec![], sources: vec![], mask, warnings: vec![] }
    }

    /// Height and width of the input.
    pub fn size(&self) -> [usize; 2] {
        self.mask.dim().into()
    }

    /// True where no object is in view.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// Pixels inside any object.
    pub fn pixels(&self) -> usize {
        self.mask.iter().filter(|inside| **inside).count()
    }

    /// Share of the input inside any object, 0 to 1.
    pub fn share(&self) -> f64 {
        self.pixels() as f64 / self.mask.len().max(1) as f64
    }

    /// H×W, true inside the box of any object.
    pub fn box_mask(&self) -> Array2<bool> {
        let mut mask = Array2::from_elem(self.mask.dim(), false);
        self.boxes.iter().for_each(|bounds| fill(&mut mask, bounds));
        mask
    }

    fn add_box(&mut self, source: usize, bounds: BoundingBox) {
        let bounds = bounds.clipped(self.size().map(|side| side as f32));
        if !bounds.rows().is_empty() && !bounds.columns().is_empty() {
            fill(&mut self.mask, &bounds);
            self.boxes.push(bounds);
            self.sources.push(source);
        }
    }

    fn add_mask(&mut self, source: usize, mask: &Array2<bool>) {
        if let Some(bounds) = tight_box(mask.view()) {
            self.mask.zip_mut_with(mask, |inside, of_this| *inside |= of_this);
            self.boxes.push(bounds);
            self.sources.push(source);
        }
    }
}

impl Annotation {
    /// The regions in the pixels of a network's input, resized and cropped exactly as the picture
    /// is: boxes by their edges; masks as pictures of 0 and 255, bilinearly, true from 128 on. What
    /// is left of an object at the border stays; what covers no pixel is dropped. An annotation
    /// that has the input's own size, and not the picture's proportions, is taken to be of the
    /// input.
    ///
    /// # Errors
    /// When the annotation is of a picture of other proportions, such as the same one turned by a
    /// quarter, or the picture is too long and narrow to resize, or there are too many masks.
    pub fn on_input(&self, placement: &Placement) -> Result<Regions> {
        let (placement, note) = self.fitted(placement)?;
        self.check_masks(&placement)?;
        let mut regions = Regions::none(placement.size);
        regions.warnings.extend(note);
        let [height, width] = match self.frame {
            Frame::Original => placement.original.map(|side| side as f64),
            Frame::Size(size) => size.map(|side| side as f64),
            Frame::Unit => [1.0; 2],
        };
        let [down, across] = placement.resized.map(|side| side as f64);
        let scale = [down / height, across / width];
        for (source, region) in self.regions.iter().enumerate() {
            match &region.shape {
                Shape::Box(bounds) => {
                    if self.frame == Frame::Original && reaches_beyond(bounds, placement.original) {
                        let number = source + 1;
                        regions.warnings.push(format!("box {number} reaches beyond its picture"));
                    }
                    regions.add_box(source, bounds.placed(scale, placement.corner));
                }
                Shape::Mask(mask) => regions.add_mask(source, &placed_mask(mask, &placement)?),
                Shape::Outline(outline) => {
                    let mask = self.filled(outline, &placement)?;
                    regions.add_mask(source, &placed_mask(&mask, &placement)?);
                }
            }
        }
        Ok(regions)
    }

    /// An outline's pixels, in the picture as it was annotated or is.
    fn filled(&self, outline: &Outline, placement: &Placement) -> Result<RunLengths> {
        let original = placement.original;
        let (size, unit) = match self.frame {
            Frame::Original => (original, [1.0; 2]),
            Frame::Size(size) => (size, [1.0; 2]),
            Frame::Unit => (original, original.map(|side| side as f64)),
        };
        outline.filled(size, unit).map_err(|why| Error::new("cannot place the annotation", why))
    }

    fn check_masks(&self, placement: &Placement) -> Result<()> {
        let [height, width] = match self.frame {
            Frame::Size(size) => size,
            _ => placement.original,
        };
        let is_mask = |region: &&super::Region| !matches!(region.shape, Shape::Box(_));
        let masks = self.regions.iter().filter(is_mask).count() as u64;
        let [high, wide] = placement.resized;
        let pixels = height as u64 * width as u64 + (high as u64 * wide as u64).min(MAX_PIXELS);
        match masks.saturating_mul(pixels) {
            0..=MAX_MASK_PIXELS => Ok(()),
            _ => Err(Error::new(
                "cannot place the annotation",
                format!("{masks} masks of {width}×{height} px are too many for one picture"),
            )),
        }
    }

    /// Where the annotation lies in the network's input, and a note on it.
    fn fitted(&self, placement: &Placement) -> Result<(Placement, Option<String>)> {
        let Frame::Size([height, width]) = self.frame else { return Ok((*placement, None)) };
        let [of_height, of_width] = placement.original;
        let shape = (width as f64 * of_height as f64) / (height as f64 * of_width as f64);
        if (shape - 1.0).abs() <= SAME_SHAPE {
            return Ok((*placement, None));
        }
        if [height, width] == placement.size {
            let note = format!(
                "the annotation has the {width}×{height} px of the network's input: it is taken to be of that"
            );
            return Ok((Placement::exact(placement.size), Some(note)));
        }
        let why = format!(
            "the annotation is of a picture of {width}×{height} px, the picture has {of_width}×{of_height}: its proportions are others"
        );
        let hint = match [width, height] == placement.original {
            true => {
                "the picture's EXIF orientation turns it; annotate it upright or save it turned"
            }
            false => "annotate the picture itself, or open the one that was annotated",
        };
        Err(Error::new("cannot place the annotation", why).hint(hint))
    }
}

/// Whether an edge lies more than a pixel outside.
fn reaches_beyond(bounds: &BoundingBox, [height, width]: [usize; 2]) -> bool {
    bounds.x1.min(bounds.y1) < -1.0
        || bounds.x2 > width as f32 + 1.0
        || bounds.y2 > height as f32 + 1.0
}

fn placed_mask(mask: &RunLengths, placement: &Placement) -> Result<Array2<bool>> {
    let [height, width] = mask.size().map(|side| side as u32);
    let picture = GrayImage::from_raw(width, height, mask.levels()).expect("one value a pixel");
    let placed = resized_and_cropped(&picture, placement, Filter::Bilinear);
    let placed = placed.map_err(|why| Error::new("cannot place the mask", why))?;
    Ok(Array2::from_shape_fn(placement.size, |(y, x)| {
        placed.get_pixel(x as u32, y as u32).0[0] >= 128
    }))
}

fn fill(mask: &mut Array2<bool>, bounds: &BoundingBox) {
    for y in bounds.rows() {
        bounds.columns().for_each(|x| mask[[y, x]] = true);
    }
}

/// The smallest box around all pixels that are true; `None` where none is.
pub fn tight_box(mask: ArrayView2<bool>) -> Option<BoundingBox> {
    let mut ends: Option<[usize; 4]> = None;
    for ((y, x), _) in mask.indexed_iter().filter(|(_, inside)| **inside) {
        let [x1, y1, x2, y2] = ends.unwrap_or([x, y, x, y]);
        ends = Some([x1.min(x), y1.min(y), x2.max(x), y2.max(y)]);
    }
    let [x1, y1, x2, y2] = ends?.map(|place| place as f32);
    Some(BoundingBox { x1, y1, x2: x2 + 1.0, y2: y2 + 1.0 })
}
