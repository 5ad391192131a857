//! Annotated regions in the pixels of a network's input.

use super::{Annotation, BoundingBox, Frame, RunLengths, Shape};
use crate::error::{Error, Result};
use crate::picture::{Filter, Placement, resized_and_cropped};
use image::{Rgb, RgbImage};
use ndarray::{Array2, ArrayView2};

/// By how much the shapes of a picture and of its annotation may differ unremarked.
const SAME_SHAPE: f64 = 0.02;

/// What an annotation says about the pixels that a network sees.
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
    /// is left of an object at the border stays; what covers no pixel is dropped.
    ///
    /// # Errors
    /// When the annotation is of the same picture turned by a quarter, or the picture is too long
    /// and narrow to resize.
    pub fn on_input(&self, placement: &Placement) -> Result<Regions> {
        let mut regions = Regions {
            boxes: vec![],
            sources: vec![],
            mask: Array2::from_elem(placement.size, false),
            warnings: self.checked_frame(placement)?.into_iter().collect(),
        };
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
                Shape::Mask(mask) => regions.add_mask(source, &placed_mask(mask, placement)?),
            }
        }
        Ok(regions)
    }

    /// Compares the annotation's size with the picture's; what is odd but usable comes back in words.
    fn checked_frame(&self, placement: &Placement) -> Result<Option<String>> {
        let Frame::Size([height, width]) = self.frame else { return Ok(None) };
        let [of_height, of_width] = placement.original;
        let sizes = format!(
            "the annotation is of a picture of {width}×{height} px, the picture has {of_width}×{of_height}"
        );
        if height != width && [width, height] == placement.original {
            return Err(Error::new("cannot place the annotation", sizes).hint(
                "the picture's EXIF orientation turns it; annotate it upright or save it turned",
            ));
        }
        let shape = (width as f64 * of_height as f64) / (height as f64 * of_width as f64);
        Ok(((shape - 1.0).abs() > SAME_SHAPE).then(|| format!("{sizes}: it was stretched to fit")))
    }
}

/// Whether an edge lies more than a pixel outside.
fn reaches_beyond(bounds: &BoundingBox, [height, width]: [usize; 2]) -> bool {
    bounds.x1.min(bounds.y1) < -1.0
        || bounds.x2 > width as f32 + 1.0
        || bounds.y2 > height as f32 + 1.0
}

fn placed_mask(mask: &RunLengths, placement: &Placement) -> Result<Array2<bool>> {
    let pixels = mask.to_array();
    let [height, width] = mask.size().map(|side| side as u32);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        Rgb([if pixels[[y as usize, x as usize]] { 255 } else { 0 }; 3])
    });
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
