//! What is open and chosen: everything that a person can undo.

use crate::explorer::state::pair::Pair;
use egui::Pos2;
use hyaline::attribution::{DEFAULT_METHODS, METHODS, Method, Preset};
use hyaline::display::Appearance;
use hyaline::engine::{ClassChoice, MethodChoice, OpenModel, OpenPicture, Opened};
use hyaline::graph::NodeId;
use hyaline::model::Model;
use hyaline::parameter::{Kind, Values};
use hyaline::picture::annotation::Annotations;
use hyaline::session::FigureOptions;
use std::path::PathBuf;
use std::sync::Arc;

pub type OpenAnnotations = Arc<Opened<AnnotationFile>>;

/// Boxes and masks, and where they were opened.
#[derive(Debug)]
pub struct AnnotationFile {
    pub path: PathBuf,
    /// The picture that it was let go on, by the name of its file without ending.
    pub of: Option<String>,
    pub annotations: Annotations,
}

/// The state of a comparison; cheap to clone.
#[derive(Clone)]
pub struct Document {
    pub models: Vec<OpenModel>,
    /// Networks that are open and not shown, by their numbers.
    pub hidden: Vec<u64>,
    pub pictures: Vec<OpenPicture>,
    /// The picture explained, an index.
    pub selected: usize,
    /// All methods, in the order of rows.
    pub methods: Vec<MethodChoice>,
    pub class: ClassChoice,
    pub seed: u64,
    /// Boxes and masks of pictures, by their files' names.
    pub annotations: Option<OpenAnnotations>,
    /// Positions whose values are watched, in shares of the picture's width and height.
    pub probes: Vec<Pos2>,
    /// Two networks that are compared as a pair.
    pub pair: Option<Pair>,
    pub appearance: Appearance,
    /// How figures look that are made of it.
    pub figure: FigureOptions,
    /// The file that the session was opened from or saved to; no part of what is compared.
    pub session: Option<PathBuf>,
}

impl Default for Document {
    fn default() -> Self {
        let choice = |method: &&'static dyn Method| {
            let description = method.description();
            MethodChoice {
                method: *method,
                shown: DEFAULT_METHODS.contains(&description.id),
                values: Values::defaults(description.parameters),
            }
        };
        Self {
            models: vec![],
            hidden: vec![],
            pictures: vec![],
            selected: 0,
            methods: METHODS.iter().map(choice).collect(),
            class: ClassChoice::Top1,
            seed: 0,
            annotations: None,
            probes: vec![],
            pair: None,
            appearance: Appearance::default(),
            figure: FigureOptions::default(),
            session: None,
        }
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        fn same<T>(a: &[Arc<Opened<T>>], b: &[Arc<Opened<T>>]) -> bool {
            a.iter().map(|open| open.id).eq(b.iter().map(|open| open.id))
        }
        let chosen = |choice: &MethodChoice| {
            (choice.method.description().id, choice.shown, choice.values.clone())
        };
        let id = |open: &Option<OpenAnnotations>| open.as_ref().map(|open| open.id);
        same(&self.models, &other.models)
            && id(&self.annotations) == id(&other.annotations)
            && same(&self.pictures, &other.pictures)
            && (self.selected, &self.class, self.seed) == (other.selected, &other.class, other.seed)
            && self.hidden == other.hidden
            && (&self.probes, self.pair) == (&other.probes, other.pair)
            && (&self.appearance, &self.figure) == (&other.appearance, &other.figure)
            && self.methods.iter().map(chosen).eq(other.methods.iter().map(chosen))
    }
}

impl Document {
    /// Pins a probe to a place in parts of the picture, where there is none yet.
    pub fn pin_probe(&mut self, place: Pos2) {
        if !self.probes.contains(&place) {
            self.probes.push(place);
        }
    }

    /// The picture explained.
    pub fn picture(&self) -> Option<&OpenPicture> {
        self.pictures.get(self.selected)
    }

    /// Networks that are shown.
    pub fn shown_models(&self) -> impl Iterator<Item = &OpenModel> {
        self.models.iter().filter(|open| self.is_shown(open.id))
    }

    pub fn is_shown(&self, model: u64) -> bool {
        !self.hidden.contains(&model)
    }

    /// Which colour a network has wherever it has one: by when it was opened, whatever the order and whether
    /// it is shown.
    pub fn colour_of(&self, model: u64) -> usize {
        self.models.iter().filter(|open| open.id < model).count()
    }

    /// Shows a network or hides it.
    pub fn set_shown(&mut self, model: u64, is_shown: bool) {
        self.hidden.retain(|hidden| *hidden != model);
        if !is_shown {
            self.hidden.push(model);
            self.hidden.sort_unstable();
        }
    }

    /// The same without the networks that are hidden.
    pub fn of_shown(&self) -> Self {
        Self { models: self.shown_models().cloned().collect(), hidden: vec![], ..self.clone() }
    }

    /// Methods shown as rows.
    pub fn shown_methods(&self) -> impl Iterator<Item = &MethodChoice> {
        self.methods.iter().filter(|choice| choice.shown)
    }

    /// Shows the methods of a preset, with its values, and no others.
    pub fn take(&mut self, preset: &Preset) {
        self.methods.iter_mut().for_each(|choice| choice.shown = false);
        for (method, values) in preset.choices() {
            let id = method.description().id;
            let of_preset = |choice: &&mut MethodChoice| choice.method.description().id == id;
            if let Some(choice) = self.methods.iter_mut().find(of_preset) {
                *choice = MethodChoice { method, shown: true, values };
            }
        }
    }

    /// Shows a method alone, with its values.
    pub fn show_alone(&mut self, choice: MethodChoice) {
        let id = choice.method.description().id;
        for own in &mut self.methods {
            match own.method.description().id == id {
                true => *own = choice.clone(),
                false => own.shown = false,
            }
        }
    }

    /// The node that class activation maps of a network look at.
    pub fn layer_of(&self, model: &Model) -> Option<NodeId> {
        let mut named = self.methods.iter().flat_map(|choice| {
            let parameters = choice.method.description().parameters.iter();
            let layers = parameters.filter(|parameter| matches!(parameter.kind, Kind::Layer));
            layers.map(|parameter| choice.values.layer(parameter.id))
        });
        match named.next().flatten() {
            Some(name) => model.graph.find(name),
            None => model.graph.default_cam_layer(),
        }
    }

    /// A class that no network has any more is given up.
    pub fn mend_class(&mut self) {
        let known = |open: &OpenModel| match &self.class {
            ClassChoice::Top1 => true,
            ClassChoice::Index(class) => *class < open.value.graph.classes(),
            ClassChoice::Named(class) => open.value.follow(class).is_some(),
        };
        if !self.models.is_empty() && !self.models.iter().any(known) {
            self.class = ClassChoice::Top1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.models.is_empty() && self.pictures.is_empty()
    }

    /// Takes out everything that was opened; methods and their values stay.
    pub fn close_all(&mut self) {
        (self.models, self.pictures, self.selected) = (vec![], vec![], 0);
        (self.hidden, self.annotations) = (vec![], None);
        (self.probes, self.pair, self.session) = (vec![], None, None);
    }

    /// Takes a picture out; the selection stays where it was or moves to the one before.
    pub fn remove_picture(&mut self, index: usize) {
        self.pictures.remove(index);
        if self.selected > index || self.selected == self.pictures.len() {
            self.selected = self.selected.saturating_sub(1);
        }
    }

    /// Selects the picture `by` places away, staying inside the list.
    pub fn step_picture(&mut self, by: isize) {
        let last = self.pictures.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }
}

/// Undo and redo over whole documents.
#[derive(Default)]
pub struct History {
    past: Vec<Document>,
    future: Vec<Document>,
    /// The document as it was when the last step ended.
    settled: Option<Document>,
}

const LONGEST: usize = 100;

impl History {
    /// Takes note of a change once it has settled: a drag of a slider is one step.
    pub fn record(&mut self, document: &Document, settled: bool) {
        let before = self.settled.get_or_insert_with(|| document.clone());
        if settled && before != document {
            self.past.push(std::mem::replace(before, document.clone()));
            self.future.clear();
            if self.past.len() > LONGEST {
                self.past.remove(0);
            }
        }
    }

    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    pub fn undo(&mut self, document: &mut Document) {
        if let Some(before) = self.past.pop() {
            self.future.push(std::mem::replace(document, before));
            self.settled = Some(document.clone());
        }
    }

    pub fn redo(&mut self, document: &mut Document) {
        if let Some(after) = self.future.pop() {
            self.past.push(std::mem::replace(document, after));
            self.settled = Some(document.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undo_and_redo_walk_through_settled_changes() {
        let (mut document, mut history) = (Document::default(), History::default());
        history.record(&document, true);
        for seed in [1, 2, 3] {
            document.seed = seed;
            history.record(&document, seed != 2); // 2 is the middle of a drag
        }
        history.undo(&mut document);
        assert_eq!(document.seed, 1);
        history.undo(&mut document);
        assert_eq!(document.seed, 0);
        assert!(!history.can_undo());
        history.redo(&mut document);
        history.redo(&mut document);
        assert_eq!(document.seed, 3);
        assert!(!history.can_redo());
    }
}
