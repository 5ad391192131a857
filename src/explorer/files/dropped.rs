//! Files let go above the window: what each of them does where it is let go.

use crate::explorer::context::Action;
use crate::explorer::files::export::SIDE;
use crate::explorer::files::open::Opening;
use crate::explorer::grid::cell::overlay_with;
use crate::explorer::state::document::Document;
use egui::{ColorImage, LayerId, Order, Pos2, Rect, Ui};
use hyaline::attribution::{ForeignMap, Method, Sign};
use hyaline::display::{ColourMap, blend};
use hyaline::engine::{OpenModel, OpenPicture};
use hyaline::error::Result;
use hyaline::figure::enlarged;
use hyaline::file::extension;
use hyaline::model::{Card, InputCard};
use hyaline::picture::annotation::Annotations;
use hyaline::picture::to_rgb;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What files may be let go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Picture(u64),
    Network(u64),
    Cell { network: u64, picture: u64, method: &'static str },
}

/// What a file does where it is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It opens, as anywhere.
    Open,
    /// It names the classes of a network.
    Labels(u64),
    /// It holds the boxes or masks of a picture, whatever its own name.
    Annotations(u64),
    /// It is a map, shown beside that of a cell.
    Map { network: u64, picture: u64, method: &'static str },
}

const LABELS: [&str; 4] = ["txt", "csv", "tsv", "json"];
const MAPS: [&str; 2] = ["npy", "npz"];
const MASKS: [&str; 5] = ["png", "bmp", "tif", "tiff", "gif"];

impl Meaning {
    pub fn of(path: &Path, target: Option<Target>) -> Self {
        let is = |of: &[&str]| of.contains(&extension(path).as_str());
        let is_annotation = is(&MASKS) || Annotations::is_annotation_file(path);
        match target {
            Some(Target::Network(network)) if is(&LABELS) => Self::Labels(network),
            Some(Target::Cell { network, picture, method }) if is(&MAPS) => {
                Self::Map { network, picture, method }
            }
            Some(Target::Picture(picture) | Target::Cell { picture, .. }) if is_annotation => {
                Self::Annotations(picture)
            }
            _ => Self::Open,
        }
    }

    /// Where else a file may be let go, and what it does there.
    pub fn elsewhere(path: &Path) -> Vec<&'static str> {
        let cell = Target::Cell { network: 0, picture: 0, method: "" };
        let of = |target| Self::of(path, Some(target));
        let mut places = vec![];
        if matches!(of(Target::Picture(0)), Self::Annotations(_)) {
            places.push("or let it go on a picture, as its mask or boxes");
        }
        if matches!(of(Target::Network(0)), Self::Labels(_)) {
            places.push("or on a network, to name its classes");
        }
        if matches!(of(cell), Self::Map { .. }) {
            places.push("or let it go on a cell, to show it beside its map");
        }
        places
    }

    /// What letting the file go does, for people.
    pub fn words(self, document: &Document) -> Option<String> {
        let network = |id: u64| document.models.iter().find(|open| open.id == id);
        let picture = |id: u64| document.pictures.iter().find(|open| open.id == id);
        Some(match self {
            Self::Open => return None,
            Self::Labels(id) => format!("Name the classes of {}", network(id)?.value.name),
            Self::Annotations(id) => format!("Use as mask or boxes of {}", picture(id)?.value.name),
            Self::Map { network: id, .. } => {
                format!("Show this map beside that of {}", network(id)?.value.name)
            }
        })
    }
}

/// What a frame drew that files may be let go on, and files that were.
#[derive(Default)]
pub struct Drops {
    places: Vec<(LayerId, Rect, Target)>,
    waiting: Option<(Vec<PathBuf>, Instant)>,
}

/// For so long the pointer's place is waited for: X11 tells it after files were let go, others never.
const PATIENCE: Duration = Duration::from_millis(200);

impl Drops {
    /// Begins a frame.
    pub fn begin(&mut self) {
        self.places.clear();
    }

    /// Notes that files may be let go here.
    pub fn add(&mut self, ui: &Ui, rect: Rect, target: Target) {
        let seen = rect.intersect(ui.clip_rect());
        if seen.is_positive() {
            self.places.push((ui.layer_id(), seen, target));
        }
    }

    /// What lies at a place, unless a window covers it.
    pub fn at(&self, ctx: &egui::Context, at: Pos2) -> Option<(Rect, Target)> {
        let above = ctx.layer_id_at(at).filter(|layer| layer.order != Order::Background);
        let is_seen = |layer: LayerId| above.is_none_or(|above| above == layer);
        let mut found = self.places.iter().rev();
        let found = found.find(|(layer, rect, _)| rect.contains(at) && is_seen(*layer));
        found.map(|(_, rect, target)| (*rect, *target))
    }

    /// What lies under the pointer, where the system tells where that is.
    pub fn under_pointer(&self, ctx: &egui::Context) -> Option<(Rect, Target)> {
        self.at(ctx, ctx.input(|input| input.pointer.latest_pos())?)
    }

    /// Files that were let go, once it is known where or clear that nobody tells.
    pub fn taken(&mut self, ctx: &egui::Context) -> Option<Action> {
        let path = |file: &egui::DroppedFileHandle| file.path().to_path_buf();
        let new: Vec<PathBuf> =
            ctx.input(|input| input.raw.dropped_files.iter().map(path).collect());
        if !new.is_empty() {
            let before = self.waiting.take().map(|(paths, _)| paths);
            self.waiting = Some(([before.unwrap_or_default(), new].concat(), Instant::now()));
        }
        let (_, since) = self.waiting.as_ref()?;
        let is_known = ctx.input(|input| input.pointer.latest_pos()).is_some();
        if !is_known && !self.places.is_empty() && since.elapsed() < PATIENCE {
            ctx.request_repaint_after(PATIENCE / 4);
            return None;
        }
        let (paths, _) = self.waiting.take()?;
        Some(match self.under_pointer(ctx) {
            Some((_, target)) => Action::Drop(paths, target),
            None => Action::Open(paths),
        })
    }
}

/// Does what files mean that were let go on something. Several pictures at once are opened: only one
/// can be the mask.
pub fn drop_on(
    paths: Vec<PathBuf>,
    target: Target,
    document: &Document,
    opening: &Opening,
) -> Vec<Action> {
    let network = |id: u64| document.models.iter().find(|open| open.id == id).cloned();
    let picture = |id: u64| document.pictures.iter().find(|open| open.id == id).cloned();
    let is_one = paths.len() == 1;
    let (mut rest, mut actions) = (vec![], vec![]);
    for path in paths {
        match Meaning::of(&path, Some(target).filter(|_| is_one)) {
            Meaning::Labels(id) => actions.extend(network(id).map(|open| relabelled(open, &path))),
            Meaning::Annotations(id) => {
                if let Some(picture) = picture(id) {
                    opening.open_annotations_of(path, picture);
                }
            }
            Meaning::Map { network: of, picture: on, method } => {
                if let (Some(model), Some(picture)) = (network(of), picture(on)) {
                    opening.open_map(path, (model, picture, method), document.clone());
                }
            }
            Meaning::Open => rest.push(path),
        }
    }
    if !rest.is_empty() {
        actions.push(Action::Open(rest));
    }
    actions
}

/// A network opened again with other names of its classes.
fn relabelled(model: OpenModel, labels: &Path) -> Action {
    let card = model.value.card.clone();
    let labels = std::path::absolute(labels).unwrap_or_else(|_| labels.to_path_buf());
    let input = InputCard { labels: Some(labels.to_string_lossy().into_owned()), ..card.input };
    Action::Reopen(model, Card { input, ..card })
}

/// A map of another program over the picture as its network sees it, to be pinned.
pub struct DroppedMap {
    pub title: String,
    pub image: ColorImage,
    pub notes: Vec<String>,
}

impl DroppedMap {
    /// Reads a map and shows it as those of a method, on a scale of its own. Values below zero are
    /// shown as such, whatever the method's are.
    ///
    /// # Errors
    /// When it can't be read, or fits neither the network's input nor the picture.
    pub fn read(
        path: &Path,
        (model, picture): (&OpenModel, &OpenPicture),
        method: &dyn Method,
        document: &Document,
    ) -> Result<Self> {
        let input = &model.value.preprocessing;
        let placement = picture.value.placement(input);
        let (map, mut notes) = ForeignMap::read(path)?.on_input(input, &placement)?;
        let of_method = document.appearance.norms.of(method);
        let has_negative = map.iter().any(|value| *value < 0.0);
        let sign = if has_negative { Sign::Signed } else { of_method.sign };
        let values = of_method.norm.reduce(&map, sign);
        let scale = of_method.norm.scale([&values], sign);
        let colours = document.appearance.colour_map.unwrap_or_else(|| ColourMap::for_sign(sign));
        let overlay = overlay_with(document, colours, scale);
        let seen = enlarged(&to_rgb(&picture.value.pixels(input)?), SIDE, overlay.smooth);
        let shown = blend(&seen, &values, &overlay);
        notes.push(format!(
            "shown on a scale of its own, from {} to {}",
            hyaline::text::number(scale.low),
            hyaline::text::number(scale.high)
        ));
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            title: format!("{file} on {} · {}", model.value.name, picture.value.name),
            image: ColorImage::from_rgb([shown.width() as usize, shown.height() as usize], &shown),
            notes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_do_what_it_looks_like_where_they_are_let_go() {
        let (network, picture, method) = (1, 2, "gradient");
        let cell = Target::Cell { network, picture, method };
        let meaning = |file: &str, target| Meaning::of(Path::new(file), target);
        assert_eq!(meaning("a.txt", Some(Target::Network(1))), Meaning::Labels(1));
        assert_eq!(meaning("a.onnx", Some(Target::Network(1))), Meaning::Open);
        assert_eq!(meaning("a.PNG", Some(Target::Picture(2))), Meaning::Annotations(2));
        assert_eq!(meaning("a.jpg", Some(Target::Picture(2))), Meaning::Open, "no mask");
        assert_eq!(meaning("a.xml", Some(cell)), Meaning::Annotations(2));
        assert_eq!(meaning("a.npy", Some(cell)), Meaning::Map { network, picture, method });
        assert_eq!(meaning("a.npy", Some(Target::Picture(2))), Meaning::Open, "an exact picture");
        for file in ["a.png", "a.txt", "a.npy"] {
            assert_eq!(meaning(file, None), Meaning::Open);
        }
    }
}
