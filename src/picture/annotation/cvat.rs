//! CVAT's XML: pictures with their boxes and polygons in one file.

use super::parse::{checked_size, number};
use super::{Annotations, BoundingBox, Frame, Outline, Region, Shape};
use roxmltree::Node;

/// Reads all pictures under the root.
pub(super) fn read(root: Node, found: &mut Annotations) -> Result<(), String> {
    let mut pictures = root.children().filter(|node| node.has_tag_name("image")).peekable();
    if pictures.peek().is_none() {
        return Err("the XML is `annotations` without an `image`".into());
    }
    for (index, image) in pictures.enumerate() {
        let place = format!("image {}", index + 1);
        let about = image.attribute("name").ok_or_else(|| "it has no name".to_string());
        let begun = about.and_then(|name| {
            let frame = frame(image)?;
            found.picture(name, frame).map(|_| (name, frame))
        });
        match begun {
            Ok((name, frame)) => objects(image, name, frame, found),
            Err(why) => found.tally.entries.skip(|| format!("{place}: {why}")),
        }
    }
    Ok(())
}

fn frame(image: Node) -> Result<Frame, String> {
    let side = |name| image.attribute(name).and_then(|text| text.parse().ok());
    match (side("height"), side("width")) {
        (Some(height), Some(width)) => Ok(Frame::Size(checked_size(height, width)?)),
        _ => Ok(Frame::Original),
    }
}

fn objects(image: Node, name: &str, frame: Frame, found: &mut Annotations) {
    let drawn = image.children().filter(|node| node.has_attribute("label"));
    for (index, object) in drawn.enumerate() {
        let tag = object.tag_name().name();
        let shape = match tag {
            // A picture's own label is no object in it.
            "tag" => continue,
            "box" => bounds(object),
            "polygon" => points(object).and_then(|all| Outline::new(vec![all])).map(Shape::Outline),
            _ => Err(format!("a `{tag}`: boxes and polygons are known")),
        };
        let label = object.attribute("label").map(str::to_string);
        let region = shape.map(|shape| Region { label, ..Region::new(shape) });
        found.take(|| format!("{name}, object {}", index + 1), name, frame, region);
    }
}

fn bounds(object: Node) -> Result<Shape, String> {
    let value = |name: &str| {
        let text = object.attribute(name).ok_or_else(|| format!("it has no `{name}`"))?;
        number(text).ok_or_else(|| format!("`{name}` is `{text}`, not a number"))
    };
    let [x1, y1, x2, y2] = [value("xtl")?, value("ytl")?, value("xbr")?, value("ybr")?];
    match object.attribute("rotation").map(|_| value("rotation")).transpose()? {
        None | Some(0.0) => Ok(Shape::Box(BoundingBox::new([x1, y1, x2, y2])?)),
        Some(degrees) => {
            let (centre, size) =
                ([f64::midpoint(x1, x2), f64::midpoint(y1, y2)], [x2 - x1, y2 - y1]);
            let corners = Outline::turned_box(centre, size, degrees.to_radians());
            Ok(Shape::Outline(Outline::new(vec![corners])?))
        }
    }
}

/// `x,y;x,y;…`
fn points(object: Node) -> Result<Vec<f64>, String> {
    let text = object.attribute("points").ok_or("it has no `points`")?;
    let words = text.split([';', ',']);
    let read = |word: &str| word.trim().parse().map_err(|_| format!("`{word}` is not a number"));
    words.map(read).collect()
}
