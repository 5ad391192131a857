//! What the window asks the worker for: everything that this frame would show.

use super::lookup::Lookup;
use crate::explorer::state::view::View;
use hyaline::display::Arrangement;
use hyaline::engine::job::{CurvesJob, Job, PaceJob, PredictionJob, SimilarityJob};
use hyaline::engine::{Condition, MethodChoice, OpenModel, OpenPicture, Task};
use std::ops::Range;

/// What a frame shows.
pub struct Requests<'a> {
    pub lookup: Lookup<'a>,
    pub view: &'a View,
    /// Which pictures there is room for, where several are shown.
    pub visible_pictures: Range<usize>,
    /// What the open panels show beside.
    pub of_panels: Vec<Task>,
}

impl Requests<'_> {
    /// Everything that the frame would show: predictions first, then maps, what panels show, and curves.
    pub fn tasks(self) -> Vec<Task> {
        let document = self.lookup.document;
        let Some(picture) = document.picture() else { return vec![] };
        let (mut tasks, curves) = match self.view.arrangement(document) {
            Arrangement::PicturesByNetworks => self.tasks_of_pictures(),
            _ => self.tasks_of_methods(picture),
        };
        tasks.extend(self.of_panels);
        tasks.extend(curves);
        tasks
    }

    /// Maps of one picture, for the methods that are shown, and their curves.
    fn tasks_of_methods(&self, picture: &OpenPicture) -> (Vec<Task>, Vec<Task>) {
        let models = self.lookup.document.of_shown().models;
        let mut tasks: Vec<Task> =
            models.iter().map(|model| prediction_task(model, picture)).collect();
        tasks.extend(models.iter().map(pace_task));
        let mut curves = Vec::new();
        for choice in self.lookup.document.shown_methods() {
            for model in &models {
                let Some(job) = self.lookup.map_job(model, picture, choice) else { continue };
                if self.view.curves && self.lookup.results.done(&job.query()).is_some() {
                    curves.push(Task::of(CurvesJob(job.clone())));
                }
                tasks.push(Task::of(job));
            }
            tasks.extend(self.similarity_task(picture, choice));
        }
        (tasks, curves)
    }

    /// How alike the maps of the pair are, once both are there.
    fn similarity_task(&self, picture: &OpenPicture, choice: &MethodChoice) -> Option<Task> {
        let map = |model: &OpenModel| {
            let query = self.lookup.map_query(model, picture, choice)?;
            self.lookup.results.done(&query).map(|_| query)
        };
        let [a, b] = self.lookup.document.paired()?;
        let (maps, method) = ([map(&a)?, map(&b)?], choice.method.description().name);
        Some(Task::of(SimilarityJob { maps, method }))
    }

    /// Predictions, then maps of one method, for the pictures on screen, and curves of the chosen one.
    fn tasks_of_pictures(&self) -> (Vec<Task>, Vec<Task>) {
        let range = self.visible_pictures.clone();
        let pictures = self.lookup.document.pictures.get(range).unwrap_or_default();
        let models = &self.lookup.document.of_shown().models;
        let cells = || {
            let cell = |picture| models.iter().map(move |model| (model, picture));
            pictures.iter().flat_map(cell)
        };
        let map = |(model, picture)| {
            self.lookup
                .map_job(model, picture, self.view.method_of(self.lookup.document)?)
                .map(Task::of)
        };
        let similarity = |picture: &OpenPicture| {
            self.similarity_task(picture, self.view.method_of(self.lookup.document)?)
        };
        let curves = |model: &OpenModel| {
            let (picture, choice) =
                (self.lookup.document.picture()?, self.view.method_of(self.lookup.document)?);
            let job = self.lookup.map_job(model, picture, choice).filter(|_| self.view.curves)?;
            self.lookup.results.done(&job.query())?;
            Some(Task::of(CurvesJob(job)))
        };
        let tasks = cells()
            .map(|(model, picture)| prediction_task(model, picture))
            .chain(models.iter().map(pace_task))
            .chain(cells().filter_map(map))
            .chain(pictures.iter().filter_map(similarity));
        (tasks.collect(), models.iter().filter_map(curves).collect())
    }
}

pub fn prediction_task(model: &OpenModel, picture: &OpenPicture) -> Task {
    let (model, picture) = (model.clone(), picture.clone());
    Task::of(PredictionJob { model, picture, condition: Condition::Clean })
}

fn pace_task(model: &OpenModel) -> Task {
    Task::of(PaceJob { model: model.clone() })
}
