//! Pascal VOC's XML, which ImageNet's boxes are written in too.

use super::{Annotations, BoundingBox, Frame, Region, Shape, checked_size};
use roxmltree::{Document, Node};

/// Reads the objects of one picture.
pub(super) fn read(name: &str, text: &str, found: &mut Annotations) -> Result<(), String> {
    let document = Document::parse(text).map_err(|e| format!("{name}: broken XML: {e}"))?;
    let root = document.root_element();
    if !root.has_tag_name("annotation") {
        let tag = root.tag_name().name();
        return Err(format!("{name}: the XML is a `{tag}`, not an `annotation`"));
    }
    let frame = frame(root, name)?;
    found.picture(name, frame)?;
    let shift = if counts_from_one(root) { 1.0 } else { 0.0 };
    let objects = root.children().filter(|node| node.has_tag_name("object"));
    for (index, object) in objects.enumerate() {
        let place = format!("{name}, object {}", index + 1);
        let region = region(object, shift).map_err(|why| format!("{place}: {why}"))?;
        found.add(name, frame, region, &place)?;
    }
    Ok(())
}

/// VOC's own files count pixels from 1 and include the last; ImageNet's and those of drawing
/// programs count from 0.
fn counts_from_one(root: Node) -> bool {
    let database = child(root, "source").and_then(|source| text_of(source, "database"));
    database.is_some_and(|name| name.contains("VOC"))
}

/// The size that the file states; many write zeros where they don't know it.
fn frame(root: Node, name: &str) -> Result<Frame, String> {
    let Some(size) = child(root, "size") else { return Ok(Frame::Original) };
    let side = |tag| number(size, tag).map_err(|why| format!("{name}: {why}"));
    let (height, width) = (side("height")?, side("width")?);
    if height == 0.0 && width == 0.0 {
        return Ok(Frame::Original);
    }
    Ok(Frame::Size(checked_size(height as u64, width as u64)?))
}

fn region(object: Node, shift: f64) -> Result<Region, String> {
    let bounds = child(object, "bndbox").ok_or("it has no `bndbox`")?;
    let [x1, y1] = [number(bounds, "xmin")? - shift, number(bounds, "ymin")? - shift];
    let edges = [x1, y1, number(bounds, "xmax")?, number(bounds, "ymax")?];
    let mut region = Region::new(Shape::Box(BoundingBox::new(edges)?));
    region.label = text_of(object, "name").map(str::to_string);
    region.difficult = text_of(object, "difficult") == Some("1");
    Ok(region)
}

fn number(node: Node, tag: &str) -> Result<f64, String> {
    let text = text_of(node, tag).ok_or_else(|| format!("it has no `{tag}`"))?;
    text.parse().map_err(|_| format!("`{tag}` is `{text}`, not a number"))
}

fn text_of<'a>(node: Node<'a, '_>, tag: &str) -> Option<&'a str> {
    child(node, tag)?.text().map(str::trim)
}

fn child<'a, 'input>(node: Node<'a, 'input>, tag: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name(tag))
}
