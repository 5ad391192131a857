//! The letters of figures: fonts that come along, the system's where these don't reach, and how wide
//! texts are in them.

use crate::error::{Error, Result};
use crate::plot::canvas::printable;
use crate::session::Typeface;
use resvg::usvg::fontdb::{Database, FaceInfo, Family, ID, Query, Weight};
use resvg::usvg::{self, FontResolver, Node, Tree};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};
use ttf_parser::Face;

/// Liberation Sans and Serif (SIL Open Font License, `assets/fonts/OFL.txt`).
const BUNDLED_FILES: [&[u8]; 4] = [
    include_bytes!("../../assets/fonts/LiberationSans-Regular.ttf"),
    include_bytes!("../../assets/fonts/LiberationSans-Bold.ttf"),
    include_bytes!("../../assets/fonts/LiberationSerif-Regular.ttf"),
    include_bytes!("../../assets/fonts/LiberationSerif-Bold.ttf"),
];

static BUNDLED: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    for file in BUNDLED_FILES {
        database.load_font_data(file.to_vec());
    }
    Arc::new(database)
});

/// The same with the fonts of the system, which take a moment to be found.
static ALL: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = (**BUNDLED).clone();
    database.load_system_fonts();
    Arc::new(database)
});

/// Who has no Liberation has fonts of the same widths.
const SANS: &str = "'Liberation Sans', Arial, Helvetica, sans-serif";
const SERIF: &str = "'Liberation Serif', 'Times New Roman', Times, serif";

/// The size that widths are measured at, so that they are precise.
const MEASURED_SIZE: f64 = 100.0;

/// The fonts of one figure.
pub struct Fonts {
    database: Arc<Database>,
    /// As CSS names them, the first wanted first.
    pub families: String,
    /// Characters that no font here has.
    pub missing: BTreeSet<char>,
    widths: RefCell<HashMap<(String, bool), f64>>,
}

impl Fonts {
    /// The fonts for a typeface and all that is to be written. Those of the system are looked at only
    /// where the bundled ones don't have all of it, so that most figures are the same everywhere.
    ///
    /// # Errors
    /// When the system has no such family.
    pub fn new(typeface: &Typeface, text: &str) -> Result<Self> {
        let wanted: BTreeSet<char> = printable(text).chars().collect();
        let is_bundled = *typeface == Typeface::Sans || *typeface == Typeface::Serif;
        let missing = missing(&BUNDLED, &wanted);
        let (database, missing) = match is_bundled && missing.is_empty() {
            true => (&*BUNDLED, missing),
            false => (&*ALL, self::missing(&ALL, &missing)),
        };
        let families = match typeface {
            Typeface::Sans => SANS.into(),
            Typeface::Serif => SERIF.into(),
            Typeface::Named(name) => named(database, name)?,
        };
        Ok(Self { database: database.clone(), families, missing, widths: RefCell::default() })
    }

    /// How wide a text is at a size, in the size's unit.
    pub fn width(&self, text: &str, size: f64, bold: bool) -> f64 {
        let mut widths = self.widths.borrow_mut();
        let of_hundred =
            widths.entry((text.to_string(), bold)).or_insert_with(|| self.measured(text, bold));
        *of_hundred * size / MEASURED_SIZE
    }

    fn measured(&self, text: &str, bold: bool) -> f64 {
        if text.is_empty() {
            return 0.0;
        }
        let text = svg::node::element::Text::new(printable(text))
            .set("font-family", self.families.as_str())
            .set("font-size", MEASURED_SIZE)
            .set("font-weight", if bold { "bold" } else { "normal" });
        let canvas = svg::Document::new().set("width", 1).set("height", 1).add(text);
        let tree = Tree::from_str(&canvas.to_string(), &self.options());
        let tree = tree.expect("a text makes a valid file");
        let width = |node: &Node| match node {
            Node::Text(text) => f64::from(text.bounding_box().right()),
            _ => 0.0,
        };
        tree.root().children().iter().map(width).fold(0.0, f64::max)
    }

    /// A text of at most a width, with an ellipsis where it was cut.
    pub fn shortened(&self, text: &str, (size, bold): (f64, bool), most: f64) -> String {
        if self.width(text, size, bold) <= most {
            return text.to_string();
        }
        let characters: Vec<char> = text.chars().collect();
        let cut = |count: usize| {
            let kept: String = characters[..count].iter().collect();
            kept.trim_end().to_string() + "…"
        };
        // Widths grow with the number of characters, nearly always.
        let (mut fits, mut not) = (0, characters.len());
        while not - fits > 1 {
            let middle = usize::midpoint(fits, not);
            match self.width(&cut(middle), size, bold) <= most {
                true => fits = middle,
                false => not = middle,
            }
        }
        let cut = cut(fits);
        if self.width(&cut, size, bold) <= most { cut } else { String::new() }
    }

    /// A text in at most so many lines of a width, broken at spaces, hyphens and underscores where that
    /// is possible, and shortened where it doesn't fit.
    pub fn wrapped(&self, text: &str, style: (f64, bool), width: f64, lines: usize) -> Vec<String> {
        let fits = |text: &str| self.width(text.trim_end(), style.0, style.1) <= width;
        let mut found: Vec<String> = vec![String::new()];
        for piece in text.split_inclusive([' ', '-', '_', '/']) {
            let line = found.last_mut().expect("one line at least");
            let longer = format!("{line}{piece}");
            match line.is_empty() || fits(&longer) || found.len() == lines {
                true => *found.last_mut().expect("one line at least") = longer,
                false => found.push(piece.to_string()),
            }
        }
        found.iter().map(|line| self.shortened(line.trim(), style, width)).collect()
    }

    /// What the SVG is read with.
    pub fn options(&self) -> usvg::Options<'static> {
        let select_fallback =
            Box::new(|c: char, used: &[ID], fonts: &mut Arc<Database>| fallback(c, used, fonts));
        let font_resolver = FontResolver { select_fallback, ..FontResolver::default() };
        usvg::Options { fontdb: self.database.clone(), font_resolver, ..usvg::Options::default() }
    }
}

/// The plainest font that has a letter which those used do not.
fn fallback(c: char, used: &[ID], fonts: &Database) -> Option<ID> {
    let wanted = fonts.face(*used.first()?)?;
    let has = |face: &&FaceInfo| {
        let glyph = |data: &[u8], index| Some(Face::parse(data, index).ok()?.glyph_index(c)?.0);
        !used.contains(&face.id) && fonts.with_face_data(face.id, glyph).flatten().is_some()
    };
    let distance = |face: &FaceInfo| {
        let weight = face.weight.0.abs_diff(wanted.weight.0);
        let is_other = |differs: bool| u16::from(differs) * 1000;
        weight
            + is_other(face.style != wanted.style)
            + is_other(face.stretch != wanted.stretch)
            + is_other(face.monospaced)
    };
    fonts.faces().filter(has).min_by_key(|face| distance(face)).map(|face| face.id)
}

/// A family of the system, as CSS names it.
fn named(database: &Database, name: &str) -> Result<String> {
    let families = [Family::Name(name)];
    let query = Query { families: &families, weight: Weight::NORMAL, ..Query::default() };
    if database.query(&query).is_none() {
        let why = format!("this system has no font family `{name}`");
        return Err(Error::new("cannot make the figure", why)
            .hint("`sans` and `serif` come along with Hyaline"));
    }
    Ok(format!("'{}', {SANS}", name.replace(['\'', '\\', '"'], "")))
}

/// Which characters no font has.
fn missing(database: &Database, wanted: &BTreeSet<char>) -> BTreeSet<char> {
    let mut missing = wanted.clone();
    for face in database.faces() {
        if missing.is_empty() {
            break;
        }
        database.with_face_data(face.id, |data, index| {
            if let Ok(face) = Face::parse(data, index) {
                missing.retain(|c| face.glyph_index(*c).is_none());
            }
        });
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fonts() -> Fonts {
        Fonts::new(&Typeface::Sans, "abc Ελλάδα ÿ").unwrap()
    }

    #[test]
    fn widths_are_those_of_the_font() {
        // Advances of Liberation Sans, as of Arial, in 2048ths: a 1139, space 569, W 1933.
        let em = |units: f64| units / 2048.0;
        for (text, units) in [("a", 1139.0), ("aa", 2278.0), ("a a", 2847.0), ("W", 1933.0)] {
            let width = fonts().width(text, 10.0, false);
            assert!((width - 10.0 * em(units)).abs() < 0.01, "{text}: {width}");
        }
        assert!(fonts().width("abc", 8.0, true) > fonts().width("abc", 8.0, false));
        assert_eq!(fonts().width("", 8.0, false), 0.0);
    }

    #[test]
    fn texts_are_cut_to_fit() {
        let fonts = fonts();
        let cut = fonts.shortened("a long name of something", (8.0, false), 40.0);
        assert!(cut.ends_with('…') && fonts.width(&cut, 8.0, false) <= 40.0, "{cut}");
        assert_eq!(fonts.shortened("abc", (8.0, false), 40.0), "abc");
        assert_eq!(fonts.shortened("abc", (8.0, false), 1.0), "");
        let lines = fonts.wrapped("imagenet_efficientnet-lite0 robust", (8.0, true), 60.0, 2);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| fonts.width(line, 8.0, true) <= 60.0), "{lines:?}");
    }

    #[test]
    fn letters_that_no_font_has_are_told() {
        assert!(fonts().missing.is_empty());
        let private = Fonts::new(&Typeface::Serif, "a\u{f8ff}\u{10fffd}").unwrap();
        assert!(private.missing.contains(&'\u{10fffd}'));
        let none = Fonts::new(&Typeface::Named("No Such Font".into()), "a");
        assert!(none.is_err());
    }
}
