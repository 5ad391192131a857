//! What is known of what is open: the results of cells, by the class and values chosen now.

use crate::explorer::state::document::Document;
use hyaline::engine::job::{Job, LayerJob, MapJob, MapQuery, PredictionQuery};
use hyaline::engine::{
    Condition, ExplainedClass, MethodChoice, OpenModel, OpenPicture, Results, Subject,
};
use ndarray::Array3;
use std::sync::Arc;

/// Finds results of what is open.
#[derive(Clone, Copy)]
pub struct Lookup<'a> {
    pub document: &'a Document,
    pub results: &'a Results,
}

impl Lookup<'_> {
    /// What a model makes of a picture, once that is known.
    pub fn subject(&self, model: u64, picture: u64) -> Option<Arc<Subject>> {
        self.results.done(&PredictionQuery { model, picture, condition: Condition::Clean })
    }

    /// The class to explain of what a model makes of a picture; none if it has no such class.
    pub fn class(&self, model: &OpenModel, subject: &Subject) -> Option<usize> {
        subject.class(self.document.class.on(&model.value).0)
    }

    /// The class that a network explains of a picture, once that is known.
    pub fn explained(&self, model: &OpenModel, picture: &OpenPicture) -> Option<ExplainedClass> {
        let subject = self.subject(model.id, picture.id)?;
        let class = model.value.named_class(self.class(model, &subject)?);
        Some(ExplainedClass { class, standing: self.document.class.on(&model.value).1 })
    }

    /// The same of several networks.
    pub fn all_explained(
        &self,
        models: &[OpenModel],
        picture: &OpenPicture,
    ) -> Vec<Option<ExplainedClass>> {
        models.iter().map(|model| self.explained(model, picture)).collect()
    }

    /// The map of one cell, once the class is known.
    pub fn map_query(
        &self,
        model: &OpenModel,
        picture: &OpenPicture,
        choice: &MethodChoice,
    ) -> Option<MapQuery> {
        self.map_job(model, picture, choice).map(|job| job.query())
    }

    /// The work on the map of one cell, once the class is known.
    pub fn map_job(
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
            class: self.class(model, &subject)?,
            background: self.background(picture, choice),
            seed: self.document.seed,
        })
    }

    /// The map of a cell that is done.
    pub fn finished_map(
        &self,
        model: &OpenModel,
        picture: &OpenPicture,
        choice: &MethodChoice,
    ) -> Option<Arc<Array3<f32>>> {
        let query = self.map_query(model, picture, choice)?;
        self.results.done(&query).map(|attribution| attribution.map.clone())
    }

    /// What is computed of the chosen layer of a network.
    pub fn layer_job(&self, model: &OpenModel) -> Option<LayerJob> {
        let document = self.document;
        let picture = document.picture()?;
        let node = document.layer_of(&model.value)?;
        let subject = self.subject(model.id, picture.id)?;
        let class = self.class(model, &subject)?;
        let (model, condition) = (model.clone(), subject.condition.clone());
        Some(LayerJob { model, picture: picture.id, condition, class, node })
    }

    /// The session's other pictures, for methods that ask for them.
    fn background(&self, picture: &OpenPicture, choice: &MethodChoice) -> Vec<OpenPicture> {
        match choice.values.uses_background() {
            true => self.document.pictures.iter().filter(|o| o.id != picture.id).cloned().collect(),
            false => vec![],
        }
    }
}
