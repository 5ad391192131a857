//! A canvas of SVG to draw on.

use crate::plot::palette;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use svg::Document;
use svg::node::element::{
    Circle, Element, Group, Image, Line, Path, Polygon, Rectangle, Text, Title,
};

/// Height of text, in CSS pixels, as all lengths here.
pub const TEXT: f64 = 11.0;
pub const INK: &str = "#222222";
pub const PALE: &str = "#777777";
pub const GRID: &str = "#e4e4e4";

/// Where text lies from its point.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub struct TextStyle<'a> {
    pub size: f64,
    pub bold: bool,
    pub colour: &'a str,
}

/// A place on the canvas: left, top, width, height.
pub type Rect = [f64; 4];

/// What a canvas is written on.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Width and height.
    pub size: [f64; 2],
    /// Of those lengths: `px` or `pt`.
    pub unit: &'a str,
    /// As CSS names them.
    pub families: &'a str,
    pub ground: Option<&'a str>,
    /// What readers find in the file.
    pub metadata: Option<&'a str>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy)]
pub enum Sample {
    Mark,
    Line,
}

/// Width of a sample in a legend.
const SAMPLE: f64 = 20.0;

/// Shapes of points, so that series differ without colours too.
const MARKS: usize = 4;

/// What is drawn so far.
#[derive(Clone, Default)]
pub struct Canvas {
    group: Group,
}

impl Canvas {
    pub fn text(&mut self, [x, y]: [f64; 2], anchor: Anchor, colour: &str, content: &str) {
        let text = Text::new(printable(content)).set("x", rounded(x)).set("y", rounded(y));
        self.add(text.set("text-anchor", anchor.name()).set("fill", colour));
    }

    /// Text of a size of its own, its baseline at a point.
    pub fn lettered(&mut self, [x, y]: [f64; 2], anchor: Anchor, of: TextStyle, content: &str) {
        let text = set(content, anchor, of).set("x", rounded(x)).set("y", rounded(y));
        self.add(text);
    }

    /// The same, running upwards.
    pub fn lettered_upwards(
        &mut self,
        [x, y]: [f64; 2],
        anchor: Anchor,
        of: TextStyle,
        content: &str,
    ) {
        let turn = format!("translate({} {}) rotate(-90)", rounded(x), rounded(y));
        self.add(set(content, anchor, of).set("transform", turn));
    }

    /// A picture, as PNG, that fills a place.
    pub fn image(&mut self, [x, y, width, height]: Rect, png: &[u8], smooth: bool) {
        let data = format!("data:image/png;base64,{}", STANDARD.encode(png));
        let image = Image::new().set("x", rounded(x)).set("y", rounded(y));
        let image = image.set("width", rounded(width)).set("height", rounded(height));
        let image = image.set("preserveAspectRatio", "none").set("href", data);
        let rendering = if smooth { "optimizeQuality" } else { "optimizeSpeed" };
        self.add(image.set("image-rendering", rendering));
    }

    /// A line around a place.
    pub fn border(&mut self, [x, y, width, height]: Rect, colour: &str, thickness: f64) {
        let frame = Rectangle::new().set("x", rounded(x)).set("y", rounded(y));
        let frame = frame.set("width", rounded(width)).set("height", rounded(height));
        self.add(frame.set("fill", "none").set("stroke", colour).set("stroke-width", thickness));
    }

    /// Bold text that begins at a point.
    pub fn heading(&mut self, [x, y]: [f64; 2], content: &str) {
        let text = Text::new(printable(content)).set("x", rounded(x)).set("y", rounded(y));
        self.add(text.set("font-weight", "bold").set("fill", INK));
    }

    /// Text that runs upwards, its middle at a point.
    pub fn upwards(&mut self, [x, y]: [f64; 2], content: &str) {
        let text = Text::new(printable(content)).set("text-anchor", "middle").set("fill", INK);
        let turn = format!("translate({} {}) rotate(-90)", rounded(x), rounded(y));
        self.add(text.set("transform", turn));
    }

    /// Names of series beside samples of how they are drawn, within a left and a right edge; gives
    /// the height. One series alone needs no name.
    pub fn legend(
        &mut self,
        names: &[String],
        [left, right]: [f64; 2],
        top: f64,
        sample: Sample,
    ) -> f64 {
        if names.len() < 2 {
            return 0.0;
        }
        let [mut x, mut y] = [left, top];
        for (series, name) in names.iter().enumerate() {
            let name = shortened(name, right - left - SAMPLE);
            if x > left && x + SAMPLE + length(&name) > right {
                [x, y] = [left, y + LINE];
            }
            let (middle, colour) = (y - 0.36 * TEXT, palette::on_white(series));
            match sample {
                Sample::Mark => self.mark([x + 0.5 * SAMPLE, middle], series, &colour, &name),
                Sample::Line => self.line([[x, middle], [x + SAMPLE - 5.0, middle]], &colour, 1.6),
            }
            self.text([x + SAMPLE, y], Anchor::Start, INK, &name);
            x += SAMPLE + length(&name) + 16.0;
        }
        y - top + LINE
    }

    /// Text over several lines that fit a width; gives the height.
    pub fn paragraph(&mut self, [x, y]: [f64; 2], width: f64, content: &str) -> f64 {
        let lines = wrapped(content, width);
        for (place, line) in lines.iter().enumerate() {
            self.text([x, y + LINE * place as f64], Anchor::Start, PALE, line);
        }
        LINE * lines.len() as f64
    }

    pub fn line(&mut self, [from, to]: [[f64; 2]; 2], colour: &str, width: f64) {
        self.add(line([from, to], colour, width));
    }

    pub fn dashed(&mut self, ends: [[f64; 2]; 2], colour: &str) {
        self.add(line(ends, colour, 1.0).set("stroke-dasharray", "3 3"));
    }

    /// A line through points.
    pub fn curve(&mut self, points: &[[f64; 2]], colour: &str, width: f64) {
        let path = Path::new().set("d", steps(points)).set("fill", "none").set("stroke", colour);
        self.add(path.set("stroke-width", width).set("stroke-linejoin", "round"));
    }

    /// What lies between two lines, pale.
    pub fn band(&mut self, above: &[[f64; 2]], below: &[[f64; 2]], colour: &str) {
        let around: Vec<[f64; 2]> = above.iter().chain(below.iter().rev()).copied().collect();
        let path = Path::new().set("d", steps(&around) + "Z").set("fill", colour);
        self.add(path.set("fill-opacity", 0.18));
    }

    pub fn frame(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2]) {
        let frame = Rectangle::new().set("x", rounded(x)).set("y", rounded(y));
        let frame = frame.set("width", rounded(width)).set("height", rounded(height));
        self.add(frame.set("fill", "none").set("stroke", PALE).set("stroke-width", 0.8));
    }

    /// A point of a series, with a text that viewers show under the pointer.
    pub fn mark(&mut self, [x, y]: [f64; 2], series: usize, colour: &str, about: &str) {
        const R: f64 = 3.4;
        let about = Title::new(printable(about));
        let corners = |corners: &[[f64; 2]]| {
            let text = corners
                .iter()
                .map(|[dx, dy]| format!("{},{}", rounded(x + R * dx), rounded(y + R * dy)));
            let text: Vec<String> = text.collect();
            Polygon::new().set("points", text.join(" ")).set("fill", colour)
        };
        match series % MARKS {
            0 => {
                let circle = Circle::new().set("cx", rounded(x)).set("cy", rounded(y));
                self.add(circle.set("r", R).set("fill", colour).add(about));
            }
            1 => {
                self.add(corners(&[[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]]).add(about));
            }
            2 => self.add(corners(&[[0.0, -1.2], [1.1, 0.9], [-1.1, 0.9]]).add(about)),
            _ => self.add(corners(&[[0.0, -1.3], [1.3, 0.0], [0.0, 1.3], [-1.3, 0.0]]).add(about)),
        }
    }

    fn add(&mut self, node: impl Into<Box<dyn svg::Node>>) {
        svg::Node::append(&mut self.group, node);
    }

    /// The whole canvas as a file, in CSS pixels, for whichever fonts the viewer has.
    pub fn finish(self, size: [f64; 2]) -> String {
        let families = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
        let ground = Some("#ffffff");
        self.on(&Page { size, unit: "", families, ground, metadata: None })
    }

    /// The whole canvas as a file.
    pub fn on(self, page: &Page) -> String {
        let [width, height] = page.size.map(rounded);
        let mut document = Document::new()
            .set("viewBox", format!("0 0 {width} {height}"))
            .set("width", format!("{width}{}", page.unit))
            .set("height", format!("{height}{}", page.unit));
        if let Some(metadata) = page.metadata {
            let text = svg::node::Text::new(metadata);
            let mut element = Element::new("metadata");
            svg::Node::append(&mut element, text);
            document = document.add(element);
        }
        if let Some(colour) = page.ground {
            let ground = Rectangle::new().set("width", "100%").set("height", "100%");
            document = document.add(ground.set("fill", colour));
        }
        let group = self.group.set("font-family", page.families).set("font-size", TEXT);
        format!("{}\n", document.add(group))
    }
}

fn set(content: &str, anchor: Anchor, of: TextStyle) -> Text {
    let text = Text::new(printable(content)).set("text-anchor", anchor.name());
    let text = text.set("font-size", rounded(of.size)).set("fill", of.colour);
    if of.bold { text.set("font-weight", "bold") } else { text }
}

/// Distance of lines of text.
pub const LINE: f64 = TEXT * 1.35;

/// About how long a text is in a wide font: nobody measures fonts that only the viewer has.
pub fn length(text: &str) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | '\'' | '|' | '(' | ')' => 0.38,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
        _ if c.is_ascii_uppercase() => 0.72,
        _ if c.is_ascii() => 0.62,
        _ => 1.0,
    };
    TEXT * text.chars().map(of).sum::<f64>()
}

/// A text of at most a length, with an ellipsis where it was cut.
pub fn shortened(text: &str, most: f64) -> String {
    if length(text) <= most {
        return text.to_string();
    }
    let mut kept = String::new();
    for c in text.chars() {
        if length(&kept) + length(&c.to_string()) + TEXT > most {
            break;
        }
        kept.push(c);
    }
    kept.trim_end().to_string() + "…"
}

fn wrapped(text: &str, width: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("one line at least");
        match line.is_empty() {
            true => line.push_str(word),
            false if length(line) + length(word) + length(" ") <= width => {
                line.push(' ');
                line.push_str(word);
            }
            false => lines.push(word.to_string()),
        }
    }
    lines
}

fn line([from, to]: [[f64; 2]; 2], colour: &str, width: f64) -> Line {
    let line = Line::new().set("x1", rounded(from[0])).set("y1", rounded(from[1]));
    let line = line.set("x2", rounded(to[0])).set("y2", rounded(to[1]));
    line.set("stroke", colour).set("stroke-width", width)
}

fn steps(points: &[[f64; 2]]) -> String {
    let step = |(place, [x, y]): (usize, &[f64; 2])| {
        format!("{}{},{}", if place == 0 { "M" } else { "L" }, rounded(*x), rounded(*y))
    };
    points.iter().enumerate().map(step).collect()
}

/// Hundredths of a pixel are enough, and the same on every machine.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// XML has no way to write most control characters, nor two others.
pub fn printable(text: &str) -> String {
    let is_there = |c: char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if is_there(c) { c } else { ' ' }).collect()
}
