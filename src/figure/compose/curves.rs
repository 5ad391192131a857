//! Insertion and Deletion curves of a picture, or their means.

use super::{Composer, Line};
use crate::display::Arrangement;
use crate::engine::CellIndex;
use crate::figure::table::Cell;
use crate::plot::chart::ChartLine;
use crate::plot::palette;
use crate::score::{Curve, Curves};
use crate::session::CurvesShown;

/// Places at which curves of several pictures are averaged.
const PLACES: usize = 101;
impl Composer<'_> {
    /// Whether the lines of charts are networks; else they are methods.
    fn are_series_networks(&self) -> bool {
        self.options.curves == CurvesShown::MeanAlone
            || self.arrangement() != Arrangement::NetworksByMethods
    }

    /// Names and colours of the charts' lines.
    pub(super) fn series(&self) -> Vec<(String, String)> {
        if self.options.curves == CurvesShown::None {
            return vec![];
        }
        let names: Vec<&str> = match self.are_series_networks() {
            true => self.contents.networks.iter().map(|network| network.name.as_str()).collect(),
            false => {
                self.contents.methods.iter().map(|(method, _)| method.description().name).collect()
            }
        };
        let named = |(index, name): (usize, &str)| {
            (self.options.name(name).to_string(), palette::on_white(index))
        };
        names.into_iter().enumerate().map(named).collect()
    }

    /// The curves of a line's maps.
    pub(super) fn chart(&self, line: Line, side: Line) -> Cell {
        let networks = 0..self.contents.networks.len();
        let methods = 0..self.contents.methods.len();
        let selected = self.contents.selected;
        let places: Vec<CellIndex> = match line {
            Line::Method(method) => {
                networks.map(|network| CellIndex::clean(selected, network, method)).collect()
            }
            Line::Network(Some(picture), network) => {
                methods.map(|method| CellIndex::clean(picture, network, method)).collect()
            }
            Line::Picture(picture) => {
                networks.map(|network| CellIndex::clean(picture, network, 0)).collect()
            }
            _ => return Cell::Empty,
        };
        let curve = |(series, at): (usize, &CellIndex)| {
            let colour = palette::on_white(series);
            // A method's row is of all pictures that stand in it.
            let is_of_several = self.options.all_pictures && matches!(line, Line::Method(_));
            if self.options.curves.is_of_all() || is_of_several {
                return self.mean_curve(*at, side, colour);
            }
            let curves = self.contents.maps.get(at)?.curves.as_ref()?;
            Some(ChartLine { colour, points: points(curves, side), errors: vec![] })
        };
        let lines: Vec<ChartLine> = places.iter().enumerate().filter_map(curve).collect();
        if lines.is_empty() { Cell::Empty } else { Cell::Chart(lines) }
    }

    /// The mean of all pictures' curves with its standard errors.
    fn mean_curve(
        &self,
        CellIndex { model: network, method, .. }: CellIndex,
        side: Line,
        colour: String,
    ) -> Option<ChartLine> {
        let pictures = 0..self.contents.pictures.len();
        let of = |picture| {
            let curves = self
                .contents
                .maps
                .get(&CellIndex::clean(picture, network, method))?
                .curves
                .as_ref()?;
            let points = points(curves, side);
            let at = |place: usize| value_at(&points, place as f64 / (PLACES - 1) as f64);
            Some((0..PLACES).map(at).collect::<Vec<f64>>())
        };
        let curves: Vec<Vec<f64>> = pictures.filter_map(of).collect();
        let count = curves.len() as f64;
        if curves.is_empty() {
            return None;
        }
        let (mut means, mut errors) = (vec![], vec![]);
        for place in 0..PLACES {
            let mean = curves.iter().map(|curve| curve[place]).sum::<f64>() / count;
            let squares: f64 = curves.iter().map(|curve| (curve[place] - mean).powi(2)).sum();
            means.push([place as f64 / (PLACES - 1) as f64, mean]);
            errors.push(if count > 1.0 { (squares / (count - 1.0) / count).sqrt() } else { 0.0 });
        }
        Some(ChartLine { colour, points: means, errors })
    }
}

fn points(curves: &Curves, side: Line) -> Vec<[f64; 2]> {
    let curve: &Curve = if side == Line::Insertion { &curves.insertion } else { &curves.deletion };
    let both = curves.fractions.iter().zip(&curve.scores);
    both.map(|(x, y)| [f64::from(*x), f64::from(*y)]).collect()
}

/// A curve's value at a place, along straight lines, and level beyond its ends.
fn value_at(points: &[[f64; 2]], x: f64) -> f64 {
    let after = points.partition_point(|[place, _]| *place < x);
    match (points.get(after.wrapping_sub(1)), points.get(after)) {
        (Some([x0, y0]), Some([x1, y1])) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
        (Some([_, y]), None) | (None, Some([_, y])) => *y,
        (None, None) => f64::NAN,
    }
}
