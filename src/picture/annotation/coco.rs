//! COCO's JSON: pictures, objects and categories in one file.

use super::{Annotations, BoundingBox, Frame, Region, RunLengths, Shape, checked_size};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct File {
    images: Vec<Image>,
    annotations: Vec<Object>,
    #[serde(default)]
    categories: Vec<Category>,
}

#[derive(Deserialize)]
struct Image {
    id: i64,
    file_name: String,
    height: u64,
    width: u64,
}

#[derive(Deserialize)]
struct Object {
    image_id: i64,
    category_id: Option<i64>,
    bbox: Option<[f64; 4]>,
    segmentation: Option<Segmentation>,
    #[serde(default)]
    iscrowd: u8,
}

#[derive(Deserialize)]
struct Category {
    id: i64,
    name: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Segmentation {
    /// Corners x, y, x, y, … in pixels.
    Polygons(Vec<Vec<f64>>),
    Runs {
        size: [u64; 2],
        counts: Counts,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Counts {
    Plain(Vec<u32>),
    Compressed(String),
}

/// Reads a whole file.
pub(super) fn read(text: &str, found: &mut Annotations) -> Result<(), String> {
    let file: File = serde_json::from_str(text).map_err(|e| format!("broken COCO JSON: {e}"))?;
    let mut pictures = BTreeMap::new();
    for image in &file.images {
        let frame = Frame::Size(checked_size(image.height, image.width)?);
        found.picture(&image.file_name, frame)?;
        pictures.insert(image.id, (&image.file_name, frame));
    }
    let mut categories: Vec<_> = file.categories.iter().map(|c| (c.id, &c.name)).collect();
    categories.sort_unstable();
    for (index, object) in file.annotations.iter().enumerate() {
        let place = format!("annotation {}", index + 1);
        let (name, frame) = pictures
            .get(&object.image_id)
            .ok_or_else(|| format!("{place}: there is no image {}", object.image_id))?;
        let mut region = region(object, *frame).map_err(|why| format!("{place}: {why}"))?;
        let class = object
            .category_id
            .and_then(|id| categories.binary_search_by_key(&id, |(known, _)| *known).ok());
        region.class = class;
        region.label = class.map(|class| categories[class].1.clone());
        region.difficult = object.iscrowd != 0;
        found.add(name, *frame, region, &format!("{place}, {name}"))?;
    }
    Ok(())
}

fn region(object: &Object, frame: Frame) -> Result<Region, String> {
    let Frame::Size(size) = frame else { return Err("its picture has no size".into()) };
    if let Some(segmentation) = &object.segmentation
        && let Some(mask) = mask(segmentation, size)?
    {
        return Ok(Region::new(Shape::Mask(mask)));
    }
    let [x, y, width, height] = object.bbox.ok_or("it has neither `bbox` nor `segmentation`")?;
    if width < 0.0 || height < 0.0 {
        return Err(format!("a box of negative size, {width}×{height}"));
    }
    let bounds = BoundingBox::new([x, y, x + width, y + height])?;
    Ok(Region::new(Shape::Box(bounds)))
}

/// `None` for the empty list that stands for no segmentation.
fn mask(segmentation: &Segmentation, size: [usize; 2]) -> Result<Option<RunLengths>, String> {
    match segmentation {
        Segmentation::Polygons(polygons) if polygons.is_empty() => Ok(None),
        Segmentation::Polygons(polygons) => RunLengths::from_polygons(size, polygons).map(Some),
        Segmentation::Runs { size: [height, width], counts } => {
            if [*height, *width] != size.map(|side| side as u64) {
                return Err(format!(
                    "run lengths of {width}×{height} pixels in a picture of {}×{}",
                    size[1], size[0]
                ));
            }
            let counts = match counts {
                Counts::Plain(counts) => counts.clone(),
                Counts::Compressed(text) => decompressed(text)?,
            };
            RunLengths::from_counts(size, counts).map(Some)
        }
    }
}

/// Numbers written in characters of five bits each, lowest first, with a sixth that says that more
/// follow; from the fourth number on they are differences from the one before last.
fn decompressed(text: &str) -> Result<Vec<u32>, String> {
    let broken = || "broken run lengths".to_string();
    let mut counts: Vec<i64> = Vec::new();
    let mut bytes = text.bytes();
    while let Some(mut byte) = bytes.next() {
        let (mut value, mut shift) = (0i64, 0);
        loop {
            let bits = byte.checked_sub(48).filter(|bits| *bits < 64).ok_or_else(broken)?;
            value |= i64::from(bits & 0x1f) << shift;
            shift += 5;
            if bits & 0x20 == 0 {
                // The highest bit is the sign.
                value |= if bits & 0x10 != 0 { -1 << shift } else { 0 };
                break;
            }
            byte = bytes.next().filter(|_| shift < 40).ok_or_else(broken)?;
        }
        let before = if counts.len() > 2 { counts[counts.len() - 2] } else { 0 };
        counts.push(value + before);
    }
    counts.into_iter().map(|count| u32::try_from(count).map_err(|_| broken())).collect()
}
