//! Labelme's JSON: the shapes drawn in one picture.

use super::json::{Loose, parsed};
use super::parse::checked_size;
use super::{Annotations, BoundingBox, Frame, Outline, Region, Shape};
use crate::file::extension;
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct File {
    shapes: Vec<Loose<Drawn>>,
    #[serde(rename = "imagePath")]
    image_path: Option<Loose<String>>,
    #[serde(rename = "imageHeight")]
    height: Option<Loose<f64>>,
    #[serde(rename = "imageWidth")]
    width: Option<Loose<f64>>,
}

#[derive(Deserialize)]
struct Drawn {
    label: Option<String>,
    points: Vec<[f64; 2]>,
    #[serde(default = "polygon")]
    shape_type: String,
}

fn polygon() -> String {
    "polygon".into()
}

/// Reads the shapes of one picture.
pub(super) fn read(name: &str, text: &str, found: &mut Annotations) -> Result<(), String> {
    let file: File = parsed(text, found).map_err(|why| format!("broken Labelme JSON: {why}"))?;
    let side = |side: &Option<Loose<f64>>| side.as_ref().and_then(Loose::known).copied();
    let frame = match (side(&file.height), side(&file.width)) {
        (Some(height), Some(width)) => Frame::Size(checked_size(height as u64, width as u64)?),
        _ => Frame::Original,
    };
    let path = file.image_path.as_ref().and_then(Loose::known);
    let name = path.filter(|path| !path.is_empty()).map_or(name, String::as_str);
    found.picture(name, frame)?;
    for (index, shape) in file.shapes.iter().enumerate() {
        let drawn = shape.known().ok_or_else(|| "it has no `points`".to_string());
        found.take(|| format!("{name}, shape {}", index + 1), name, frame, drawn.and_then(region));
    }
    Ok(())
}

fn region(drawn: &Drawn) -> Result<Region, String> {
    let shape = match (drawn.shape_type.as_str(), &drawn.points[..]) {
        ("rectangle", [a, b]) => {
            let [x1, x2] = [a[0].min(b[0]), a[0].max(b[0])];
            let [y1, y2] = [a[1].min(b[1]), a[1].max(b[1])];
            Shape::Box(BoundingBox::new([x1, y1, x2, y2])?)
        }
        ("circle", [centre, rim]) => Shape::Outline(circle(*centre, *rim)?),
        ("polygon" | "rectangle" | "", points) => {
            Shape::Outline(Outline::new(vec![points.iter().flatten().copied().collect()])?)
        }
        (other, _) => {
            return Err(format!("a `{other}`: polygons, rectangles and circles are known"));
        }
    };
    Ok(Region { label: drawn.label.clone(), ..Region::new(shape) })
}

/// A circle by its middle and a point on it, as a polygon.
fn circle([x, y]: [f64; 2], rim: [f64; 2]) -> Result<Outline, String> {
    const CORNERS: usize = 64;
    let radius = (rim[0] - x).hypot(rim[1] - y);
    let angle = |index: usize| std::f64::consts::TAU * index as f64 / CORNERS as f64;
    let corner = |index| [x + radius * angle(index).cos(), y + radius * angle(index).sin()];
    Outline::new(vec![(0..CORNERS).flat_map(corner).collect()])
}

/// Whether a file is Labelme's by its beginning or end; its picture may fill the middle.
pub(super) fn is_labelme(path: &Path, text: &str) -> bool {
    extension(path) == "json" && text.contains("\"shapes\"") && !text.contains("\"annotations\"")
}
