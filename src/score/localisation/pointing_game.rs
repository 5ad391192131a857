//! The pointing game: whether the map's highest value lies on an object.

use super::{Localisation, Undefined, extremes};
use crate::parameter::{Kind, Parameter, Values};
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::{Array2, ArrayView2};
use std::collections::BTreeMap;

struct PointingGame;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "pointing-game",
    name: "Pointing game",
    better: Better::Higher,
    range: "0 to 1",
    over_pictures: OverPictures::MeanOfClasses,
    paper: "Zhang, Lin, Brandt, Shen, Sclaroff 2016, Top-down Neural Attention by Excitation Backprop, section 4.1; tolerance and classes as in TorchRay's benchmark",
    passes: "none",
    measure: Measure::Regions(&PointingGame),
    formula: "1 if a pixel of the regions lies closer than the tolerance to argmax z, or is it; ties: the first in reading order",
    parameters: &[Parameter {
        id: "tolerance",
        help: "distance from the highest value that still counts as a hit; 0 and 1 ask for the very pixel",
        unit: "px",
        kind: Kind::Real { default: 15.0, min: 0.0, max: 4096.0 },
        source: "TorchRay (tolerance), where pictures have their original size",
    }],
};

impl Localisation for PointingGame {
    fn measure(
        &self,
        map: ArrayView2<f32>,
        regions: &Regions,
        values: &Values,
    ) -> Result<f64, Undefined> {
        let [most, least] = extremes(map);
        if most == least {
            return Err(Undefined::Constant);
        }
        let point = map.indexed_iter().find(|(_, value)| **value == most);
        let (point, _) = point.expect("the highest is among the values");
        let reach = f64::from(values.real("tolerance")).powi(2);
        let is_near = |(y, x): (usize, usize)| {
            let squared = y.abs_diff(point.0).pow(2) + x.abs_diff(point.1).pow(2);
            squared == 0 || (squared as f64) < reach
        };
        let is_hit = regions.mask.indexed_iter().any(|(place, inside)| *inside && is_near(place));
        Ok(f64::from(u8::from(is_hit)))
    }
}

/// The map that points at the picture's middle (H×W): what every method must beat.
pub fn centre_map([height, width]: [usize; 2]) -> Array2<f32> {
    let middle = (height / 2, width / 2);
    Array2::from_shape_fn((height, width), |place| if place == middle { 1.0 } else { 0.0 })
}

/// Hits of many pictures, by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PointingAccuracy {
    /// Hits and pictures of each class.
    classes: BTreeMap<usize, [usize; 2]>,
}

impl PointingAccuracy {
    /// Counts one picture of a class.
    pub fn add(&mut self, class: usize, hit: bool) {
        let [hits, pictures] = self.classes.entry(class).or_default();
        *hits += usize::from(hit);
        *pictures += 1;
    }

    /// Counts all that another has counted.
    pub fn merge(&mut self, other: &Self) {
        for (class, counts) in &other.classes {
            let own = self.classes.entry(*class).or_default();
            *own = [own[0] + counts[0], own[1] + counts[1]];
        }
    }

    /// Share of hits of each class that there were pictures of.
    pub fn of_classes(&self) -> impl Iterator<Item = (usize, f64)> {
        self.classes.iter().map(|(class, [hits, all])| (*class, *hits as f64 / *all as f64))
    }

    /// The mean of the classes' shares of hits, without the classes that there were no pictures of
    /// (TorchRay counts these as zero); `None` before the first picture.
    pub fn accuracy(&self) -> Option<f64> {
        let sum: f64 = self.of_classes().map(|(_, share)| share).sum();
        (!self.classes.is_empty()).then(|| sum / self.classes.len() as f64)
    }
}
