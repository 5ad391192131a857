//! What the window asks the worker for: everything that this frame would show.

use super::Explorer;
use crate::attribution::Target;
use crate::display::Arrangement;
use crate::engine::job::{
    CurvesJob, Job, MapJob, MapQuery, PaceJob, PredictionJob, PredictionQuery, SimilarityJob,
};
use crate::engine::{Condition, MethodChoice, OpenModel, OpenPicture, Subject, Task};
use std::sync::Arc;

impl Explorer {
    /// Asks for what this frame would show: predictions first, then maps, then curves.
    pub(super) fn request(&self) {
        let mut tasks = match self.state.document.picture() {
            None => vec![],
            Some(_) if self.arrangement() == Arrangement::PicturesByNetworks => {
                self.tasks_of_pictures()
            }
            Some(picture) => self.tasks_of_methods(picture),
        };
        if !self.state.document.pictures.is_empty() {
            tasks.extend(self.figure_tasks());
        }
        self.services.worker.request(tasks);
    }

    /// Everything of one picture, for the methods that are shown.
    fn tasks_of_methods(&self, picture: &OpenPicture) -> Vec<Task> {
        let models = &self.state.document.models;
        let mut tasks: Vec<Task> =
            models.iter().map(|model| prediction_task(model, picture)).collect();
        tasks.extend(models.iter().map(pace_task));
        let mut curves = Vec::new();
        for choice in self.state.document.shown_methods() {
            for model in models {
                let Some(job) = self.map_job(model, picture, choice) else { continue };
                if self.state.view.curves && self.frame.results.done(&job.query()).is_some() {
                    curves.push(Task::of(CurvesJob(job.clone())));
                }
                tasks.push(Task::of(job));
            }
            tasks.extend(self.similarity_task(picture, choice));
        }
        tasks.extend(self.layer_task());
        tasks.extend(curves);
        tasks
    }

    /// How alike the maps of the pair are, once both are there.
    fn similarity_task(&self, picture: &OpenPicture, choice: &MethodChoice) -> Option<Task> {
        let map = |model: &OpenModel| {
            let query = self.map_query(model, picture, choice)?;
            self.frame.results.done(&query).map(|_| query)
        };
        let [a, b] = self.state.document.joined()?;
        let (maps, method) = ([map(&a)?, map(&b)?], choice.method.description().name);
        Some(Task::of(SimilarityJob { maps, method }))
    }

    /// Predictions, then maps of one method, for the pictures on screen, and curves of the chosen one.
    fn tasks_of_pictures(&self) -> Vec<Task> {
        let range = self.frame.visible_pictures.clone();
        let pictures = self.state.document.pictures.get(range).unwrap_or_default();
        let models = &self.state.document.models;
        let cells = || {
            let cell = |picture| models.iter().map(move |model| (model, picture));
            pictures.iter().flat_map(cell)
        };
        let map =
            |(model, picture)| self.map_job(model, picture, self.pictures_method()?).map(Task::of);
        let curves = |model: &OpenModel| {
            let (picture, choice) = (self.state.document.picture()?, self.pictures_method()?);
            let job = self.map_job(model, picture, choice).filter(|_| self.state.view.curves)?;
            self.frame.results.done(&job.query())?;
            Some(Task::of(CurvesJob(job)))
        };
        cells()
            .map(|(model, picture)| prediction_task(model, picture))
            .chain(models.iter().map(pace_task))
            .chain(cells().filter_map(map))
            .chain(self.layer_task())
            .chain(models.iter().filter_map(curves))
            .collect()
    }

    /// What a model makes of a picture, once that is known.
    pub(super) fn subject(&self, model: u64, picture: u64) -> Option<Arc<Subject>> {
        self.frame.results.done(&PredictionQuery { model, picture, condition: Condition::Clean })
    }

    /// The map of one cell, once the class is known.
    pub(super) fn map_query(
        &self,
        model: &OpenModel,
        picture: &OpenPicture,
        choice: &MethodChoice,
    ) -> Option<MapQuery> {
        self.map_job(model, picture, choice).map(|job| job.query())
    }

    /// The work on the map of one cell, once the class is known.
    pub(super) fn map_job(
        &self,
        model: &OpenModel,
        picture: &OpenPicture,
        choice: &MethodChoice,
    ) -> Option<MapJob> {
        let subject = self.subject(model.id, picture.id)?;
        Some(MapJob {
            model: model.clone(),
            picture: picture.clone(),
            condition: subject.condition.clone(),
            choice: choice.clone(),
            class: subject.class(self.state.document.target)?,
            background: self.background(picture, choice),
            seed: self.state.document.seed,
        })
    }

    /// The session's other pictures, for methods that ask for them.
    fn background(&self, picture: &OpenPicture, choice: &MethodChoice) -> Vec<OpenPicture> {
        match choice.values.uses_others() {
            true => self
                .state
                .document
                .pictures
                .iter()
                .filter(|o| o.id != picture.id)
                .cloned()
                .collect(),
            false => vec![],
        }
    }

    /// A class that no network has any more is given up.
    pub(super) fn mend_target(&mut self) {
        if let Target::Class(class) = self.state.document.target {
            let known = |model: &OpenModel| class < model.value.graph.classes();
            if !self.state.document.models.is_empty()
                && !self.state.document.models.iter().any(known)
            {
                self.state.document.target = Target::Top1;
            }
        }
    }
}

pub(super) fn prediction_task(model: &OpenModel, picture: &OpenPicture) -> Task {
    let (model, picture) = (model.clone(), picture.clone());
    Task::of(PredictionJob { model, picture, condition: Condition::Clean })
}

fn pace_task(model: &OpenModel) -> Task {
    Task::of(PaceJob { model: model.clone() })
}
