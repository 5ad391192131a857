//! What figures are made of: what networks make of pictures, as it was computed.

use crate::attribution::{Attribution, Method};
use crate::engine::{CellIndex, ClassChoice, ExplainedClass};
use crate::model::{Model, OutputKind, Prediction, TrainingCard};
use crate::parameter::Values;
use crate::picture::annotation::Annotations;
use crate::picture::{Picture, Preprocessing};
use crate::plot::canvas::Rect;
use crate::score::Curves;
use image::RgbImage;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Networks, pictures and methods with their maps.
#[derive(Clone)]
pub struct FigureContents {
    pub networks: Vec<NetworkFacts>,
    pub pictures: Vec<PictureFacts>,
    pub methods: Vec<(&'static dyn Method, Values)>,
    /// By picture and network; none where nothing is computed.
    pub views: Vec<Vec<Option<View>>>,
    pub maps: BTreeMap<CellIndex, Shown>,
    /// The picture that is explained where there is one, an index.
    pub selected: usize,
    /// Two networks that are held against each other.
    pub pair: Option<[usize; 2]>,
    pub class: ClassChoice,
    pub seed: u64,
    /// Where it was computed, in words.
    pub device: String,
}

/// What is told of a network.
#[derive(Debug, Clone)]
pub struct NetworkFacts {
    pub name: String,
    pub architecture: String,
    /// What was opened.
    pub path: PathBuf,
    pub weights: PathBuf,
    /// Of the weights.
    pub sha256: String,
    pub training: Option<TrainingCard>,
    pub input: Preprocessing,
    pub outputs: OutputKind,
}

/// What is told of a picture.
#[derive(Debug, Clone)]
pub struct PictureFacts {
    pub name: String,
    pub path: PathBuf,
    pub sha256: String,
}

/// A picture as a network sees it, and the explained class.
#[derive(Debug, Clone)]
pub struct View {
    pub image: RgbImage,
    pub class: Prediction,
    pub explained: ExplainedClass,
    /// What people drew around: left, top, width and height in shares of the image's.
    pub boxes: Vec<Rect>,
}

/// A finished map.
#[derive(Debug, Clone)]
pub struct Shown {
    pub attribution: Arc<Attribution>,
    pub curves: Option<Arc<Curves>>,
}

impl FigureContents {
    /// Whether networks explain different classes of a picture.
    pub(super) fn classes_differ(&self) -> bool {
        (0..self.views.len()).any(|picture| {
            let networks = 0..self.networks.len();
            ExplainedClass::differ(
                &networks.map(|of| self.explained(picture, of)).collect::<Vec<_>>(),
            )
        })
    }

    /// The class that a network explains of a picture, where that is known.
    pub(super) fn explained(&self, picture: usize, network: usize) -> Option<ExplainedClass> {
        self.views[picture][network].as_ref().map(|view| view.explained.clone())
    }

    /// Says that a network explains another class of a picture than the first network.
    pub(super) fn another_class(&self, picture: usize, network: usize) -> Option<String> {
        let pair = [self.explained(picture, 0), self.explained(picture, network)];
        ExplainedClass::differ(&pair).then(|| "another class".into())
    }

    /// What curves are of.
    pub(super) fn scored(&self) -> &'static str {
        let has_none = |network: &NetworkFacts| network.outputs.probability().is_none();
        match self.networks.iter().filter(|network| has_none(network)).count() {
            0 => "probability",
            count if count == self.networks.len() => "value",
            _ => "probability or value",
        }
    }

    /// What curves are of, for captions: of every kind of network in words.
    pub(super) fn scored_in_words(&self) -> String {
        let words = |network: &NetworkFacts| network.outputs.probability().unwrap_or("value");
        let mut all: Vec<&str> = self.networks.iter().map(words).collect();
        all.sort_unstable();
        all.dedup();
        all.join(" or ")
    }
}

impl NetworkFacts {
    pub fn of(model: &Model) -> Self {
        Self {
            name: model.name.clone(),
            architecture: model.architecture.clone(),
            path: model.path.clone(),
            weights: model.card.weights.clone(),
            sha256: model.sha256.clone(),
            training: model.training.clone(),
            input: model.preprocessing.clone(),
            outputs: model.outputs.kind,
        }
    }
}

impl PictureFacts {
    pub fn of(picture: &Picture) -> Self {
        Self {
            name: picture.name.clone(),
            path: picture.path.clone(),
            sha256: picture.sha256.clone(),
        }
    }
}

/// What people drew around in a picture, as a network's input shows it, in shares of its sides.
pub fn boxes(annotations: &Annotations, picture: &Picture, input: &Preprocessing) -> Vec<Rect> {
    let placement = picture.placement(input);
    let regions =
        annotations.of_picture(&picture.path).and_then(|found| found.on_input(&placement).ok());
    let [height, width] = input.size.map(|side| side as f64);
    let share = |of: crate::picture::annotation::BoundingBox| {
        let [x1, y1, x2, y2] = [of.x1, of.y1, of.x2, of.y2].map(f64::from);
        [x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height]
    };
    regions.map_or(vec![], |regions| regions.boxes.into_iter().map(share).collect())
}
