//! Concentration: how tightly the map's positive mass sits around its own centre.

use super::{Localisation, Undefined};
use crate::parameter::Values;
use crate::picture::annotation::Regions;
use crate::score::description::{Better, Description, Measure, OverPictures};
use ndarray::ArrayView2;

struct Concentration;

pub(in crate::score) static DESCRIPTION: Description = Description {
    id: "concentration",
    name: "Concentration",
    better: Better::Higher,
    range: "−1 to 1",
    over_pictures: OverPictures::Mean,
    paper: "asks what Con. of Wang, Fredrikson, Datta 2022 asks, by a formula of its own: the numbers can't be compared with theirs",
    passes: "none",
    measure: Measure::Regions(&Concentration),
    formula: "1 − d(z⁺)/d(1), d(w) = Σ wᵢ rᵢ / Σ wᵢ, rᵢ = distance of pixel i from the centroid of w; 1 for one pixel, 0 for an even map, below 0 for mass at opposite borders",
    parameters: &[],
};

impl Localisation for Concentration {
    fn is_of_signs(&self) -> bool {
        true
    }

    fn needs_region(&self) -> bool {
        false
    }

    fn measure(&self, map: ArrayView2<f32>, _: &Regions, _: &Values) -> Result<f64, Undefined> {
        let even = spread(map.dim(), |_| 1.0).filter(|even| *even > 0.0);
        let even = even.ok_or(Undefined::TooFewPixels { wanted: 2, pixels: map.len() })?;
        let spread = spread(map.dim(), |place| f64::from(map[place].max(0.0)));
        spread.map(|spread| 1.0 - spread / even).ok_or(Undefined::NothingPositive)
    }
}

/// The mean distance of mass from its centroid, in pixels; `None` where there is no mass.
fn spread((height, width): (usize, usize), mass: impl Fn((usize, usize)) -> f64) -> Option<f64> {
    let mean = |of: &dyn Fn(f64, f64) -> f64| {
        let (mut sum, mut all) = (0.0, 0.0);
        for y in 0..height {
            for x in 0..width {
                let mass = mass((y, x));
                sum += mass * of(y as f64, x as f64);
                all += mass;
            }
        }
        (all > 0.0).then(|| sum / all)
    };
    let (y, x) = (mean(&|y, _| y)?, mean(&|_, x| x)?);
    mean(&|of_y, of_x| (of_y - y).hypot(of_x - x))
}
