//! What the window wants of the worker: everything that this frame would show.

use super::Explorer;
use super::document::{MethodChoice, OpenModel, OpenPicture};
use super::work::{Key, MapKey, State, Task};
use crate::attribution::Target;
use crate::display::Arrangement;

impl Explorer {
    /// Says to the worker what this frame would show: predictions first, then maps, then curves.
    pub(super) fn want(&self) {
        let Some(picture) = self.document.picture() else {
            return self.worker.want(vec![]);
        };
        if self.arrangement() == Arrangement::PicturesByNetworks {
            let mut tasks = self.tasks_of_pictures();
            tasks.extend(self.figure_tasks());
            return self.worker.want(tasks);
        }
        let mut tasks = Vec::new();
        for model in &self.document.models {
            let key = Key::Prediction { model: model.id, picture: picture.id };
            let (model, picture) = (model.clone(), picture.clone());
            tasks.push(Task { key, model, picture, method: None, others: vec![] });
        }
        for model in &self.document.models {
            let (model, picture) = (model.clone(), picture.clone());
            let key = Key::Pace { model: model.id };
            tasks.push(Task { key, model, picture, method: None, others: vec![] });
        }
        let mut curves = Vec::new();
        let is_done =
            |key: &MapKey| matches!(self.worker.state(&Key::Map(key.clone())), Some(State::Map(_)));
        let joined = self.document.joined();
        for method in self.document.shown_methods() {
            for model in &self.document.models {
                let Some(key) = self.map_key(model, picture, method) else { continue };
                let task = |key| Task {
                    key,
                    model: model.clone(),
                    picture: picture.clone(),
                    method: Some(method.clone()),
                    others: self.others(picture, method),
                };
                tasks.push(task(Key::Map(key.clone())));
                if self.view.curves && is_done(&key) {
                    curves.push(task(Key::Curves(key)));
                }
            }
            if let Some([a, b]) = &joined
                && let Some(first) = self.map_key(a, picture, method).filter(is_done)
                && let Some(second) = self.map_key(b, picture, method).filter(is_done)
            {
                let key = Key::Similarity(first, second);
                let (model, picture, method) = (a.clone(), picture.clone(), Some(method.clone()));
                tasks.push(Task { key, model, picture, method, others: vec![] });
            }
        }
        tasks.extend(self.layer_task());
        tasks.extend(curves);
        tasks.extend(self.figure_tasks());
        self.worker.want(tasks);
    }

    /// Predictions, then maps of one method, for the pictures on screen, and curves of the chosen one.
    fn tasks_of_pictures(&self) -> Vec<Task> {
        let range = self.visible_pictures.clone();
        let pictures = self.document.pictures.get(range).unwrap_or_default();
        let cells = || {
            let cell = |picture| self.document.models.iter().map(move |model| (model, picture));
            pictures.iter().flat_map(cell)
        };
        let task = |key, model: &OpenModel, picture: &OpenPicture| {
            let (model, picture) = (model.clone(), picture.clone());
            Task { key, model, picture, method: None, others: vec![] }
        };
        let prediction = |(model, picture): (&OpenModel, &OpenPicture)| {
            let key = Key::Prediction { model: model.id, picture: picture.id };
            task(key, model, picture)
        };
        let map = |(model, picture): (&OpenModel, &OpenPicture)| {
            let choice = self.pictures_method()?;
            let key = Key::Map(self.map_key(model, picture, choice)?);
            let others = self.others(picture, choice);
            Some(Task { method: Some(choice.clone()), others, ..task(key, model, picture) })
        };
        let curves = |model: &OpenModel| {
            let (picture, choice) = (self.document.picture()?, self.pictures_method()?);
            self.finished_map(model, picture, choice).filter(|_| self.view.curves)?;
            let key = Key::Curves(self.map_key(model, picture, choice)?);
            Some(Task { method: Some(choice.clone()), ..task(key, model, picture) })
        };
        let curves = self.document.models.iter().filter_map(curves);
        let pace = |model: &OpenModel| {
            let key = Key::Pace { model: model.id };
            self.document.picture().map(|picture| task(key, model, picture))
        };
        let paces = self.document.models.iter().filter_map(pace);
        cells()
            .map(prediction)
            .chain(paces)
            .chain(cells().filter_map(map))
            .chain(self.layer_task())
            .chain(curves)
            .collect()
    }

    /// The map of one cell, once the class is known.
    pub(super) fn map_key(
        &self,
        model: &OpenModel,
        picture: &OpenPicture,
        choice: &MethodChoice,
    ) -> Option<MapKey> {
        let seen = self.worker.seen(model.id, picture.id)?;
        Some(MapKey {
            model: model.id,
            picture: picture.id,
            target: seen.class(self.document.target)?,
            method: choice.method.description().id,
            values: serde_json::to_string(&choice.values).expect("values are plain data"),
            others: self.others(picture, choice).iter().map(|other| other.id).collect(),
            seed: self.document.seed,
        })
    }

    /// The session's other pictures, for methods that ask for them.
    pub(super) fn others(&self, picture: &OpenPicture, choice: &MethodChoice) -> Vec<OpenPicture> {
        match choice.values.uses_others() {
            true => self.document.pictures.iter().filter(|o| o.id != picture.id).cloned().collect(),
            false => vec![],
        }
    }

    /// A class that no network has any more is given up.
    pub(super) fn mend_target(&mut self) {
        if let Target::Class(class) = self.document.target {
            let known = |model: &OpenModel| class < model.value.graph.classes();
            if !self.document.models.is_empty() && !self.document.models.iter().any(known) {
                self.document.target = Target::Top1;
            }
        }
    }
}
