//! What a figure is made of, from what the window has computed; and the work that it waits for.

use super::Explorer;
use super::document::Document;
use super::open_panels::PanelId;
use super::requests::prediction_task;
use crate::attribution::Attribution;
use crate::display::Arrangement;
use crate::engine::job::{CurvesJob, CurvesQuery};
use crate::engine::{CellIndex, MethodChoice, OpenModel, OpenPicture, State, Task};
use crate::figure::{FigureContents, NetworkFacts, PictureFacts, Shown, View, boxes, wanted};
use crate::score::Curves;
use crate::session::{CurvesShown, Session};
use image::DynamicImage;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One map of the figure.
pub(super) struct FigureCell {
    at: CellIndex,
    picture: OpenPicture,
    model: OpenModel,
    choice: MethodChoice,
}

impl Explorer {
    /// The methods that the figure shows: one where it shows pictures by networks.
    pub(super) fn figure_methods(&self) -> Vec<MethodChoice> {
        let is_of_one = self.state.document.appearance.arrangement
            == Arrangement::PicturesByNetworks
            && self.state.document.figure.curves != CurvesShown::MeanAlone;
        match self.pictures_method().filter(|_| is_of_one) {
            Some(choice) => vec![choice.clone()],
            None => self.state.document.shown_methods().cloned().collect(),
        }
    }

    /// What the figure shows maps of.
    pub(super) fn figure_cells(&self) -> Vec<FigureCell> {
        let methods = self.figure_methods();
        let Document { pictures, models, appearance, figure, selected, .. } = &self.state.document;
        let counts = [pictures.len(), models.len(), methods.len()];
        let wanted = wanted(appearance, figure, counts, *selected);
        let cell = |at: CellIndex| FigureCell {
            at,
            picture: pictures[at.picture].clone(),
            model: models[at.model].clone(),
            choice: methods[at.method].clone(),
        };
        wanted.into_iter().map(cell).collect()
    }

    /// A cell's map and curves, as far as they are there.
    pub(super) fn figure_results(
        &self,
        cell: &FigureCell,
    ) -> (Option<Arc<Attribution>>, Option<Arc<Curves>>) {
        let Some(query) = self.map_query(&cell.model, &cell.picture, &cell.choice) else {
            return (None, None);
        };
        let map = self.frame.results.done(&query);
        let curves = self.frame.results.done(&CurvesQuery(query));
        (map, curves.map(|done| done.0.clone()))
    }

    /// Why a map or curves of the figure will not come.
    pub(super) fn figure_failure(&self) -> Option<String> {
        self.figure_cells().iter().find_map(|cell| {
            let query = self.map_query(&cell.model, &cell.picture, &cell.choice)?;
            let of_map = self.frame.results.get(&query);
            let of_curves = self.frame.results.get(&CurvesQuery(query));
            let ((Some(State::Failed(why)), _) | (_, Some(State::Failed(why)))) =
                (of_map, of_curves)
            else {
                return None;
            };
            let method = cell.choice.method.description().name;
            Some(format!("{method} of {}: {why}", cell.model.value.name))
        })
    }

    /// The work that the figure waits for.
    pub(super) fn figure_tasks(&self) -> Vec<Task> {
        if !self.state.open.contains(PanelId::Figure) {
            return vec![];
        }
        let needs_curves = self.state.document.figure.needs_curves();
        let cells = self.figure_cells();
        let tasks = cells.iter().flat_map(|cell| {
            let mut tasks = vec![prediction_task(&cell.model, &cell.picture)];
            if let Some(job) = self.map_job(&cell.model, &cell.picture, &cell.choice) {
                if needs_curves && self.figure_results(cell).0.is_some() {
                    tasks.push(Task::of(CurvesJob(job.clone())));
                }
                tasks.insert(1, Task::of(job));
            }
            tasks
        });
        tasks.collect()
    }

    /// All that the figure is made of, as far as it is there.
    pub(super) fn figure_contents(&self) -> (FigureContents, Session) {
        let Document { models, pictures, target, seed, selected, figure, .. } =
            &self.state.document;
        let methods = self.figure_methods();
        let place = |id: u64| models.iter().position(|open| open.id == id);
        let pair = self
            .state
            .document
            .pair
            .and_then(|pair| Some([place(pair.first)?, place(pair.second)?]));
        let mut contents = FigureContents {
            networks: models.iter().map(|open| NetworkFacts::of(&open.value)).collect(),
            pictures: pictures.iter().map(|open| PictureFacts::of(&open.value)).collect(),
            methods: methods.iter().map(|c| (c.method, c.values.clone())).collect(),
            views: vec![vec![None; models.len()]; pictures.len()],
            maps: BTreeMap::new(),
            selected: *selected,
            pair,
            target: *target,
            seed: *seed,
            device: self.services.device.name.clone(),
        };
        for cell in self.figure_cells() {
            let CellIndex { picture, model: network, .. } = cell.at;
            contents.views[picture][network] = self.figure_view(&cell);
            let (map, curves) = self.figure_results(&cell);
            if let Some(attribution) = map {
                let curves = curves.filter(|_| figure.needs_curves());
                contents.maps.insert(cell.at, Shown { attribution, curves });
            }
        }
        let document = Document { methods: methods.clone(), ..self.state.document.clone() };
        (contents, Session::of(&document))
    }

    fn figure_view(&self, cell: &FigureCell) -> Option<View> {
        let subject = self.subject(cell.model.id, cell.picture.id)?;
        let class = subject.prediction(subject.class(self.state.document.target)?)?.clone();
        let annotations = self.state.document.annotations.as_ref();
        let input = &cell.model.value.preprocessing;
        let boxes = annotations
            .map_or(vec![], |open| boxes(&open.value.annotations, &cell.picture.value, input));
        let image = DynamicImage::from((**subject.image()).clone()).into_rgb8();
        Some(View { image, class, boxes })
    }
}
