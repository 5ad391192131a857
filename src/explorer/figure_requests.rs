//! What a figure is made of, from what the window has computed; and the work that it waits for.

use super::lookup::Lookup;
use super::requests::prediction_task;
use crate::explorer::state::document::Document;
use hyaline::attribution::Attribution;
use hyaline::display::Arrangement;
use hyaline::engine::job::{CurvesJob, CurvesQuery};
use hyaline::engine::{CellIndex, MethodChoice, OpenModel, OpenPicture, Results, State, Task};
use hyaline::figure::{FigureContents, NetworkFacts, PictureFacts, Shown, View, boxes, wanted};
use hyaline::model::ComputeDevice;
use hyaline::score::Curves;
use hyaline::session::{CurvesShown, Session};
use image::DynamicImage;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One map of the figure.
pub struct FigureCell {
    at: CellIndex,
    picture: OpenPicture,
    model: OpenModel,
    choice: MethodChoice,
}

/// What a figure of what is open is made of.
pub struct FigureSource<'a> {
    /// Without the networks that are hidden.
    document: Document,
    results: &'a Results,
    view: &'a crate::explorer::state::view::View,
}

impl<'a> FigureSource<'a> {
    pub fn new(lookup: Lookup<'a>, view: &'a crate::explorer::state::view::View) -> Self {
        Self { document: lookup.document.of_shown(), results: lookup.results, view }
    }

    fn lookup(&self) -> Lookup<'_> {
        Lookup { document: &self.document, results: self.results }
    }

    /// The methods that the figure shows: one where it shows pictures by networks.
    pub fn methods(&self) -> Vec<MethodChoice> {
        let is_of_one = self.document.appearance.arrangement == Arrangement::PicturesByNetworks
            && self.document.figure.curves != CurvesShown::MeanAlone;
        match self.view.method_of(&self.document).filter(|_| is_of_one) {
            Some(choice) => vec![choice.clone()],
            None => self.document.shown_methods().cloned().collect(),
        }
    }

    /// What the figure shows maps of.
    pub fn cells(&self) -> Vec<FigureCell> {
        let methods = self.methods();
        let Document { pictures, models, appearance, figure, selected, .. } = &self.document;
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
    pub fn results(&self, cell: &FigureCell) -> (Option<Arc<Attribution>>, Option<Arc<Curves>>) {
        let Some(query) = self.lookup().map_query(&cell.model, &cell.picture, &cell.choice) else {
            return (None, None);
        };
        let map = self.results.done(&query);
        let curves = self.results.done(&CurvesQuery(query));
        (map, curves.map(|done| done.0.clone()))
    }

    /// Why a map or curves of the figure will not come.
    pub fn failure(&self) -> Option<String> {
        self.cells().iter().find_map(|cell| {
            let query = self.lookup().map_query(&cell.model, &cell.picture, &cell.choice)?;
            let of_map = self.results.get(&query);
            let of_curves = self.results.get(&CurvesQuery(query));
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
    pub fn tasks(&self) -> Vec<Task> {
        let needs_curves = self.document.figure.needs_curves();
        let cells = self.cells();
        let tasks = cells.iter().flat_map(|cell| {
            let mut tasks = vec![prediction_task(&cell.model, &cell.picture)];
            if let Some(job) = self.lookup().map_job(&cell.model, &cell.picture, &cell.choice) {
                if needs_curves && self.results(cell).0.is_some() {
                    tasks.push(Task::of(CurvesJob(job.clone())));
                }
                tasks.insert(1, Task::of(job));
            }
            tasks
        });
        tasks.collect()
    }

    /// All that the figure is made of, as far as it is there.
    pub fn contents(&self, device: &ComputeDevice) -> (FigureContents, Session) {
        let Document { models, pictures, class, seed, selected, figure, .. } = &self.document;
        let methods = self.methods();
        let place = |id: u64| models.iter().position(|open| open.id == id);
        let pair =
            self.document.pair.and_then(|pair| Some([place(pair.first)?, place(pair.second)?]));
        let mut contents = FigureContents {
            networks: models.iter().map(|open| NetworkFacts::of(&open.value)).collect(),
            pictures: pictures.iter().map(|open| PictureFacts::of(&open.value)).collect(),
            methods: methods.iter().map(|c| (c.method, c.values.clone())).collect(),
            views: vec![vec![None; models.len()]; pictures.len()],
            maps: BTreeMap::new(),
            selected: *selected,
            pair,
            class: class.clone(),
            seed: *seed,
            device: device.name.clone(),
        };
        for cell in self.cells() {
            let CellIndex { picture, model: network, .. } = cell.at;
            contents.views[picture][network] = self.view_of(&cell);
            let (map, curves) = self.results(&cell);
            if let Some(attribution) = map {
                let curves = curves.filter(|_| figure.needs_curves());
                contents.maps.insert(cell.at, Shown { attribution, curves });
            }
        }
        let document = Document { methods: methods.clone(), ..self.document.clone() };
        (contents, document.to_session())
    }

    fn view_of(&self, cell: &FigureCell) -> Option<View> {
        let subject = self.lookup().subject(cell.model.id, cell.picture.id)?;
        let class = subject.prediction(self.lookup().class(&cell.model, &subject)?)?.clone();
        let explained = self.lookup().explained(&cell.model, &cell.picture)?;
        let annotations = self.document.annotations.as_ref();
        let input = &cell.model.value.preprocessing;
        let boxes = annotations
            .map_or(vec![], |open| boxes(&open.value.annotations, &cell.picture.value, input));
        let image = DynamicImage::from((**subject.image()).clone()).into_rgb8();
        Some(View { image, class, explained, boxes })
    }
}
