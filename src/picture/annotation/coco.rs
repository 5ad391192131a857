//! COCO's JSON: pictures, objects and categories in one file.

use super::json::{Loose, parsed};
use super::labelme;
use super::parse::{checked_size, number};
use super::{Annotations, BoundingBox, Frame, Outline, Region, RunLengths, Shape};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct File {
    images: Option<Vec<Loose<Image>>>,
    annotations: Option<Vec<Loose<Object>>>,
    #[serde(default)]
    categories: Vec<Loose<Category>>,
    /// Of Labelme's files alone.
    shapes: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Image {
    id: Id,
    file_name: Option<String>,
    /// What stands in for the name in files of LVIS and others.
    path: Option<String>,
    coco_url: Option<String>,
    height: Option<Loose<Number>>,
    width: Option<Loose<Number>>,
}

#[derive(Deserialize)]
struct Object {
    image_id: Id,
    category_id: Option<Loose<Id>>,
    bbox: Option<Loose<Vec<f64>>>,
    segmentation: Option<Loose<Segmentation>>,
    iscrowd: Option<Loose<Flag>>,
}

#[derive(Deserialize)]
struct Category {
    id: Id,
    name: Option<Loose<String>>,
}

/// Numbers, which some programs write as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Whole(i64),
    Real(f64),
    Text(String),
}

impl Id {
    /// The same text for the same id, however it is written.
    fn text(&self) -> String {
        match self {
            Self::Whole(id) => id.to_string(),
            Self::Real(id) => id.to_string(),
            Self::Text(id) => match id.trim().parse::<i64>() {
                Ok(number) => number.to_string(),
                Err(_) => id.clone(),
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(f64),
    Text(String),
}

impl Number {
    fn value(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => number(text),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Bool(bool),
    Number(f64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Segmentation {
    /// Corners x, y, x, y, … in pixels.
    Polygons(Vec<Vec<f64>>),
    Polygon(Vec<f64>),
    Runs {
        size: [f64; 2],
        counts: Counts,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Counts {
    Plain(Vec<u32>),
    Compressed(String),
}

/// Reads a whole file: of COCO, or a picture's of Labelme.
pub(super) fn read(name: &str, text: &str, found: &mut Annotations) -> Result<(), String> {
    let file: File = parsed(text, found).map_err(|why| format!("broken COCO JSON: {why}"))?;
    if file.shapes.is_some() && file.annotations.is_none() {
        return labelme::read(name, text, found);
    }
    let missing = |what: &str| format!("broken COCO JSON: missing field `{what}`");
    let images = file.images.ok_or_else(|| missing("images"))?;
    let objects = file.annotations.ok_or_else(|| missing("annotations"))?;
    let pictures = pictures(&images, &objects, found);
    let categories = categories(&file.categories);
    for (index, object) in objects.iter().enumerate() {
        let number = index + 1;
        let about = object.known().ok_or("it is no annotation of COCO's: it needs an `image_id`");
        let picture = about.map_err(str::to_string).and_then(|object| {
            let id = object.image_id.text();
            let picture = pictures.get(&id).ok_or_else(|| format!("there is no image {id}"))?;
            Ok((object, picture))
        });
        match picture {
            Ok((object, (name, frame))) => {
                let region =
                    region(object, *frame).map(|region| classed(region, object, &categories));
                found.take(|| format!("annotation {number}, {name}"), name, *frame, region);
            }
            Err(why) => found.tally.entries.skip(|| format!("annotation {number}: {why}")),
        }
    }
    Ok(())
}

/// Names and frames by the ids of pictures.
fn pictures(
    images: &[Loose<Image>],
    objects: &[Loose<Object>],
    found: &mut Annotations,
) -> BTreeMap<String, (String, Frame)> {
    let sizes = sizes_of_runs(images, objects);
    let mut pictures = BTreeMap::new();
    for (index, image) in images.iter().enumerate() {
        let about = image.known().ok_or("it is no image of COCO's: it needs an `id`".to_string());
        let begun = about.and_then(|image| {
            let name = image.name().ok_or("it has no `file_name`")?;
            let frame = image.frame(&sizes)?;
            let id = image.id.text();
            if pictures.contains_key(&id) {
                return Err(format!("there are two images {id}"));
            }
            found.picture(&name, frame)?;
            pictures.insert(id, (name, frame));
            Ok(())
        });
        if let Err(why) = begun {
            found.tally.entries.skip(|| format!("image {}: {why}", index + 1));
        }
    }
    pictures
}

impl Image {
    fn name(&self) -> Option<String> {
        let address = |url: &String| url.split(['?', '#']).next().unwrap_or_default().to_string();
        let names =
            [self.file_name.clone(), self.path.clone(), self.coco_url.as_ref().map(address)];
        names.into_iter().flatten().find(|name| !name.is_empty())
    }

    /// The size stated, or that of its masks, or the picture's own.
    fn frame(&self, sizes: &BTreeMap<String, [f64; 2]>) -> Result<Frame, String> {
        match self.size().or_else(|| sizes.get(&self.id.text()).copied()) {
            Some([height, width]) => Ok(Frame::Size(checked_size(height as u64, width as u64)?)),
            None => Ok(Frame::Original),
        }
    }

    fn size(&self) -> Option<[f64; 2]> {
        let side = |side: &Option<Loose<Number>>| side.as_ref()?.known()?.value();
        let size = [side(&self.height)?, side(&self.width)?];
        (size != [0.0; 2]).then_some(size)
    }
}

/// Of pictures without sizes, those of their run lengths.
fn sizes_of_runs(images: &[Loose<Image>], objects: &[Loose<Object>]) -> BTreeMap<String, [f64; 2]> {
    if images.iter().filter_map(Loose::known).all(|image| image.size().is_some()) {
        return BTreeMap::new();
    }
    let size = |object: &Object| match object.segmentation.as_ref()?.known()? {
        Segmentation::Runs { size, .. } => Some((object.image_id.text(), *size)),
        _ => None,
    };
    objects.iter().filter_map(Loose::known).filter_map(size).collect()
}

/// The places of categories among all ids, and their names, by id.
fn categories(all: &[Loose<Category>]) -> BTreeMap<String, (usize, String)> {
    let mut known: Vec<_> = all.iter().filter_map(Loose::known).collect();
    let number = |category: &&Category| category.id.text().parse::<i64>().ok();
    if known.iter().all(|category| number(category).is_some()) {
        known.sort_by_key(number);
    }
    let mut categories = BTreeMap::new();
    for category in known {
        let id = category.id.text();
        let name = category.name.as_ref().and_then(Loose::known);
        let entry = (categories.len(), name.cloned().unwrap_or_else(|| id.clone()));
        categories.entry(id).or_insert(entry);
    }
    categories
}

fn classed(
    mut region: Region,
    object: &Object,
    categories: &BTreeMap<String, (usize, String)>,
) -> Region {
    let id = object.category_id.as_ref().and_then(Loose::known).map(Id::text);
    if let Some((class, name)) = id.and_then(|id| categories.get(&id)) {
        (region.class, region.label) = (Some(*class), Some(name.clone()));
    }
    region.difficult = match object.iscrowd.as_ref().and_then(Loose::known) {
        Some(Flag::Bool(is_crowd)) => *is_crowd,
        Some(Flag::Number(number)) => *number != 0.0,
        None => false,
    };
    region
}

fn region(object: &Object, frame: Frame) -> Result<Region, String> {
    let drawn = match &object.segmentation {
        None => None,
        Some(Loose::Known(segmentation)) => shape(segmentation, frame)?,
        Some(Loose::Odd(_)) if object.bbox.is_some() => None,
        Some(Loose::Odd(_)) => return Err("its `segmentation` is neither polygons nor runs".into()),
    };
    if let Some(shape) = drawn {
        return Ok(Region::new(shape));
    }
    let bounds = match &object.bbox {
        None => return Err("it has neither `bbox` nor `segmentation`".into()),
        Some(bounds) => bounds.known().map_or(&[][..], Vec::as_slice),
    };
    let [x, y, width, height] = *bounds else {
        return Err("its `bbox` is not four numbers: x, y, width, height".into());
    };
    if width < 0.0 || height < 0.0 {
        return Err(format!("a box of negative size, {width}×{height}"));
    }
    let bounds = BoundingBox::new([x, y, x + width, y + height])?;
    Ok(Region::new(Shape::Box(bounds)))
}

/// `None` for the empty list that stands for no segmentation.
fn shape(segmentation: &Segmentation, frame: Frame) -> Result<Option<Shape>, String> {
    match segmentation {
        Segmentation::Polygons(polygons) if polygons.iter().all(Vec::is_empty) => Ok(None),
        Segmentation::Polygons(polygons) => outlined(polygons.clone(), frame).map(Some),
        Segmentation::Polygon(polygon) => outlined(vec![polygon.clone()], frame).map(Some),
        Segmentation::Runs { size, counts } => runs(*size, counts, frame).map(Some),
    }
}

fn outlined(polygons: Vec<Vec<f64>>, frame: Frame) -> Result<Shape, String> {
    let outline = Outline::new(polygons)?;
    match frame {
        Frame::Size(size) => Ok(Shape::Mask(outline.filled(size, [1.0; 2])?)),
        _ => Ok(Shape::Outline(outline)),
    }
}

fn runs(stated: [f64; 2], counts: &Counts, frame: Frame) -> Result<Shape, String> {
    let Frame::Size(size) = frame else { return Err("its picture has no size".into()) };
    let [height, width] = stated;
    if stated != size.map(|side| side as f64) {
        return Err(format!(
            "run lengths of {width}×{height} pixels in a picture of {}×{}",
            size[1], size[0]
        ));
    }
    let counts = match counts {
        Counts::Plain(counts) => counts.clone(),
        Counts::Compressed(text) => decompressed(text)?,
    };
    Ok(Shape::Mask(RunLengths::from_counts(size, counts)?))
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
