//! Sessions as the window opens and saves them.

use crate::explorer::state::document::{Document, OpenAnnotations};
use crate::explorer::state::pair::Pair;
use hyaline::attribution::Method;
use hyaline::engine::{Condition, MethodChoice, OpenModel, OpenPicture};
use hyaline::model::{Card, Model};
use hyaline::session::{Comparison, FigureOptions, File, SavedMethod, Session, VERSION};
use std::path::PathBuf;

/// A session whose files were opened.
pub struct OpenedSession {
    pub session: Session,
    pub path: PathBuf,
    /// By the session's order; none for files that could not be opened.
    pub models: Vec<Option<OpenModel>>,
    pub pictures: Vec<Option<OpenPicture>>,
    pub annotations: Option<OpenAnnotations>,
}

impl Document {
    /// All that is open, as a session to write.
    pub fn to_session(&self) -> Session {
        let index = |id| self.models.iter().position(|open| open.id == id);
        let pair = self.pair.and_then(|pair| Some([index(pair.first)?, index(pair.second)?]));
        let network = |open: &OpenModel| File {
            path: open.value.path.clone(),
            sha256: open.value.sha256.clone(),
            card: changed_card(&open.value),
        };
        let picture = |open: &OpenPicture| File {
            path: open.value.path.clone(),
            sha256: open.value.sha256.clone(),
            card: None,
        };
        let method = |choice: &MethodChoice| SavedMethod::of(choice.method, &choice.values);
        Session {
            version: VERSION,
            seed: self.seed,
            class: self.class.clone(),
            selected: self.selected,
            annotations: self.annotations.as_ref().map(|open| open.value.path.clone()),
            annotations_of: self.annotations.as_ref().and_then(|open| open.value.of.clone()),
            pair,
            hidden: self.hidden.iter().filter_map(|id| index(*id)).collect(),
            probes: self.probes.iter().map(|probe| [probe.x, probe.y]).collect(),
            shown: self.appearance.clone(),
            // Without a pair there is nothing to compare.
            figure: match pair {
                Some(_) => self.figure.clone(),
                None => FigureOptions { comparison: Comparison::None, ..self.figure.clone() },
            },
            conditions: Condition::only_clean(),
            networks: self.models.iter().map(network).collect(),
            pictures: self.pictures.iter().map(picture).collect(),
            methods: self.shown_methods().map(method).collect(),
        }
    }
}

impl OpenedSession {
    /// Whether all of its files could be opened.
    pub fn is_whole(&self) -> bool {
        let has_annotations = self.session.annotations.is_none() || self.annotations.is_some();
        let has_models = self.models.iter().all(Option::is_some);
        has_annotations && has_models && self.pictures.iter().all(Option::is_some)
    }

    /// Which files are not what they were when the session was saved.
    pub fn notices(&self) -> Vec<String> {
        let changed = |file: &File, sha256: Option<&str>| {
            sha256
                .filter(|sha256| !file.sha256.is_empty() && *sha256 != file.sha256)
                .map(|_| format!("{} has changed since the session was saved", file.path.display()))
        };
        let models = self.session.networks.iter().zip(&self.models);
        let pictures = self.session.pictures.iter().zip(&self.pictures);
        models
            .filter_map(|(file, open)| {
                changed(file, open.as_ref().map(|o| o.value.sha256.as_str()))
            })
            .chain(pictures.filter_map(|(file, open)| {
                changed(file, open.as_ref().map(|o| o.value.sha256.as_str()))
            }))
            .collect()
    }

    /// The document, and what of it this version doesn't know.
    pub fn document(&self) -> (Document, Vec<String>) {
        let Session { seed, selected, pair, probes, shown, figure, .. } = &self.session;
        let id = |index: usize| Some(self.models.get(index)?.as_ref()?.id);
        let pair = pair.and_then(|[a, b]| Some(Pair { first: id(a)?, second: id(b)? }));
        let models: Vec<OpenModel> = self.models.iter().flatten().cloned().collect();
        let mut document = Document {
            pictures: self.pictures.iter().flatten().cloned().collect(),
            selected: 0,
            class: self.session.class.clone().named_by(models.iter().map(|open| &open.value)),
            seed: *seed,
            annotations: self.annotations.clone(),
            probes: probes.iter().map(|[x, y]| egui::pos2(*x, *y)).collect(),
            pair,
            hidden: self.session.hidden.iter().filter_map(|index| id(*index)).collect(),
            appearance: shown.clone().checked(),
            figure: figure.clone(),
            models,
            ..Document::default()
        };
        let chosen = self.pictures.get(*selected).and_then(Option::as_ref);
        let place = |open: &OpenPicture| document.pictures.iter().position(|o| o.id == open.id);
        document.selected = chosen.and_then(place).unwrap_or(0);
        let unknown = take_methods(&mut document, &self.session);
        (document, unknown)
    }
}

/// The card of a network, where its file doesn't say the same.
fn changed_card(model: &Model) -> Option<Card> {
    let is_saved = Card::of(&model.path).is_ok_and(|card| card == model.card);
    (!is_saved).then(|| model.card.clone())
}

/// Shows the saved methods and no others; says what is not known of them.
fn take_methods(document: &mut Document, session: &Session) -> Vec<String> {
    let (configured, unknown) = session.configured();
    document.methods.iter_mut().for_each(|choice| choice.shown = false);
    let id = |method: &dyn Method| method.description().id;
    for (method, values) in &configured {
        let own = document.methods.iter_mut().find(|c| id(c.method) == id(*method));
        if let Some(own) = own {
            *own = MethodChoice { method: *method, shown: true, values: values.clone() };
        }
    }
    let place = |of| configured.iter().position(|(method, _)| id(*method) == of);
    document.methods.sort_by_key(|choice| place(id(choice.method)).unwrap_or(usize::MAX));
    unknown
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyaline::display::ColourMap;
    use hyaline::engine::ClassChoice;

    #[test]
    fn a_document_is_its_session() {
        let mut document = Document::default();
        document.methods[0].shown = true;
        document.probes.push(egui::pos2(0.25, 0.5));
        (document.seed, document.class) = (7, ClassChoice::Index(3));
        document.appearance.opacity = 0.5;
        document.appearance.colour_map = Some(ColourMap::Magma);
        let session = document.to_session();
        let opened = OpenedSession {
            session: session.clone(),
            path: PathBuf::from("one.toml"),
            models: vec![],
            pictures: vec![],
            annotations: None,
        };
        let (again, unknown) = opened.document();
        assert_eq!(unknown, Vec::<String>::new());
        assert_eq!(again.to_session(), session);
    }
}
