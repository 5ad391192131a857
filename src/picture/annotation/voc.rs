//! Pascal VOC's XML, which ImageNet's boxes are written in too.

use super::parse::{checked_size, number};
use super::{Annotations, BoundingBox, Frame, Outline, Region, Shape, cvat};
use roxmltree::{Document, Node};

/// Reads the objects of one picture, or of the many of CVAT's XML.
pub(super) fn read(name: &str, text: &str, found: &mut Annotations) -> Result<(), String> {
    let document = Document::parse(text).map_err(|e| format!("broken XML: {e}"))?;
    let root = document.root_element();
    match root.tag_name().name() {
        "annotation" => picture(name, root, found),
        "annotations" => cvat::read(root, found),
        tag => Err(format!("the XML is a `{tag}`, not an `annotation`")),
    }
}

fn picture(name: &str, root: Node, found: &mut Annotations) -> Result<(), String> {
    let frame = frame(root)?;
    found.picture(name, frame)?;
    let shift = if counts_from_one(root) { 1.0 } else { 0.0 };
    let objects = root.children().filter(|node| node.has_tag_name("object"));
    for (index, object) in objects.enumerate() {
        let place = || format!("{name}, object {}", index + 1);
        found.take(place, name, frame, region(object, shift));
    }
    Ok(())
}

/// VOC's own files count pixels from 1 and include the last; ImageNet's and those of drawing
/// programs count from 0.
fn counts_from_one(root: Node) -> bool {
    let database = child(root, "source").and_then(|source| text_of(source, "database"));
    database.is_some_and(|name| name.contains("VOC"))
}

/// The size that the file states; many write zeros or nothing where they don't know it.
fn frame(root: Node) -> Result<Frame, String> {
    let side = |size, tag| number(text_of(size, tag)?);
    let size = child(root, "size");
    let sides = size.and_then(|size| Some([side(size, "height")?, side(size, "width")?]));
    match sides {
        Some([height, width]) if height > 0.0 && width > 0.0 => {
            Ok(Frame::Size(checked_size(height as u64, width as u64)?))
        }
        _ => Ok(Frame::Original),
    }
}

fn region(object: Node, shift: f64) -> Result<Region, String> {
    let shape = match (child(object, "bndbox"), child(object, "robndbox")) {
        (None, Some(turned)) => turned_box(turned, shift)?,
        (bounds, _) => upright_box(bounds.ok_or("it has no `bndbox`")?, shift)?,
    };
    let mut region = Region::new(shape);
    region.label = text_of(object, "name").map(str::to_string);
    region.difficult = text_of(object, "difficult") == Some("1");
    Ok(region)
}

fn upright_box(bounds: Node, shift: f64) -> Result<Shape, String> {
    let [x1, y1] = [needed(bounds, "xmin")? - shift, needed(bounds, "ymin")? - shift];
    let edges = [x1, y1, needed(bounds, "xmax")?, needed(bounds, "ymax")?];
    Ok(Shape::Box(BoundingBox::new(edges)?))
}

/// A box by its middle, size and angle in radians, as roLabelImg writes it.
fn turned_box(bounds: Node, shift: f64) -> Result<Shape, String> {
    let centre = [needed(bounds, "cx")? - shift, needed(bounds, "cy")? - shift];
    let size = [needed(bounds, "w")?, needed(bounds, "h")?];
    let corners = Outline::turned_box(centre, size, needed(bounds, "angle")?);
    Ok(Shape::Outline(Outline::new(vec![corners])?))
}

fn needed(node: Node, tag: &str) -> Result<f64, String> {
    let text = text_of(node, tag).ok_or_else(|| format!("it has no `{tag}`"))?;
    number(text).ok_or_else(|| format!("`{tag}` is `{text}`, not a number"))
}

fn text_of<'a>(node: Node<'a, '_>, tag: &str) -> Option<&'a str> {
    child(node, tag)?.text().map(str::trim)
}

fn child<'a, 'input>(node: Node<'a, 'input>, tag: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(tag))
}
