//! Which maps share a scale, and where its colour bar stands.

use super::{Composer, Line};
use crate::display::{
    Arrangement, MethodNorm, Norm, Scale, Scaler, Scope, scale_of_pair, scales_of_pictures,
    shared_scales,
};
use crate::engine::CellIndex;
use crate::figure::table::{Bars, ColourBar};
use ndarray::Array2;
use std::collections::BTreeMap;

/// Scales of maps by picture, network and method; none for those that are scaled alone.
pub(super) type Scales = BTreeMap<CellIndex, Option<Scale>>;

impl Composer<'_> {
    pub(super) fn scales(&self) -> Scales {
        let contents = self.contents;
        let networks = 0..contents.networks.len();
        let mut scales = Scales::new();
        let ends = self.appearance.pair_ends;
        let pair = contents.pair.map(|pair| (pair, ends));
        if self.arrangement() == Arrangement::PicturesByNetworks {
            let maps: Vec<Vec<&Array2<f32>>> = networks
                .map(|network| {
                    let of = |picture| {
                        Some(&self.reduced.get(&CellIndex::clean(picture, network, 0))?.0)
                    };
                    (0..contents.pictures.len()).filter_map(of).collect()
                })
                .collect();
            let norm = self.appearance.norms.of(contents.methods[0].0);
            let found = scales_of_pictures(norm, &maps, pair, &mut Plain);
            for (network, scale) in found.into_iter().enumerate() {
                scales.extend(
                    (0..contents.pictures.len())
                        .map(|picture| (CellIndex::clean(picture, network, 0), scale)),
                );
            }
            if norm.norm.scope == Scope::Panel {
                self.scale_pairs(norm, &mut scales);
            }
            return scales;
        }
        let norms: Vec<MethodNorm> =
            contents.methods.iter().map(|(method, _)| self.appearance.norms.of(*method)).collect();
        let map = |at: CellIndex| self.reduced.get(&at).map(|(map, _)| map);
        // Networks with several pictures count as several networks.
        let pictures = self.pictures_of_lines().into_iter();
        let shown: Vec<[usize; 2]> = pictures
            .flat_map(|picture| networks.clone().map(move |network| [picture, network]))
            .collect();
        let maps: Vec<Vec<_>> = (0..contents.methods.len())
            .map(|method| {
                shown
                    .iter()
                    .map(|[picture, network]| map(CellIndex::clean(*picture, *network, method)))
                    .collect()
            })
            .collect();
        // Networks with several pictures count as several networks, of which a pair is one a picture.
        let whole = self.pictures_of_lines().len() == 1;
        let found = shared_scales(&norms, &maps, pair.filter(|_| whole), &mut Plain);
        for (method, row) in found.into_iter().enumerate() {
            for ([picture, network], scale) in shown.iter().zip(row) {
                scales.insert(CellIndex::clean(*picture, *network, method), scale);
            }
        }
        scales
    }

    /// Lets the pair's maps of a picture share a scale, where maps are scaled alone otherwise.
    fn scale_pairs(&self, of: MethodNorm, scales: &mut Scales) {
        let Some(pair) = self.contents.pair else { return };
        for picture in 0..self.contents.pictures.len() {
            let places = pair.map(|network| CellIndex::clean(picture, network, 0));
            let maps = places.map(|at| self.reduced.get(&at).map(|(map, _)| map));
            let scale = scale_of_pair(of, maps, self.appearance.pair_ends, &mut Plain);
            scales.extend(places.map(|at| (at, scale)));
        }
    }

    pub(super) fn bar_of(&self, method: usize, scale: Scale) -> ColourBar {
        let method = self.contents.methods[method].0;
        let of = self.appearance.norms.of(method);
        let unit = method.description().unit.to_string();
        ColourBar { colour_map: self.colour_map(of), scale, unit }
    }

    /// Beside all, where all maps share one scale; else beside rows or below columns, where all maps of
    /// one do.
    pub(super) fn bars(&self, rows: &[Line], columns: &[Line], scales: &Scales) -> Bars {
        if !self.options.bars {
            return Bars::None;
        }
        let bar = |row: &Line, column: &Line| {
            let at = self.place(*row, *column).filter(|at| self.reduced.contains_key(at))?;
            Some(scales.get(&at).copied().flatten().map(|scale| self.bar_of(at.method, scale)))
        };
        let of_row: Vec<_> = rows
            .iter()
            .map(|row| common(columns.iter().filter_map(|column| bar(row, column))))
            .collect();
        let of_column: Vec<_> = columns
            .iter()
            .map(|column| common(rows.iter().filter_map(|row| bar(row, column))))
            .collect();
        let has_maps = |common: &Common| *common != Common::Nothing;
        let is_one = |bar: &Common| matches!(bar, Common::One(_));
        let all_one = |bars: &[Common]| bars.iter().filter(|bar| has_maps(bar)).all(is_one);
        let taken = |bars: Vec<Common>| {
            let one = |bar| if let Common::One(bar) = bar { Some(bar) } else { None };
            bars.into_iter().map(one).collect::<Vec<_>>()
        };
        let first = of_row.iter().position(has_maps).unwrap_or(0);
        let whole = common(of_row.iter().filter(|bar| has_maps(bar)).map(|bar| match bar {
            Common::One(bar) => Some(bar.clone()),
            _ => None,
        }));
        match whole {
            Common::One(bar) => Bars::Figure(bar, first),
            _ if all_one(&of_row) => Bars::Rows(taken(of_row)),
            _ if all_one(&of_column) => Bars::Columns(taken(of_column)),
            // Some methods have scales of their own kind: what can be told, is.
            _ if of_row.iter().any(is_one) => Bars::Rows(taken(of_row)),
            _ if of_column.iter().any(is_one) => Bars::Columns(taken(of_column)),
            _ => Bars::None,
        }
    }
}

/// What cells have in common.
#[derive(Debug, Clone, PartialEq)]
enum Common {
    /// There are none.
    Nothing,
    One(ColourBar),
    Several,
}

fn common(mut bars: impl Iterator<Item = Option<ColourBar>>) -> Common {
    let Some(first) = bars.next() else { return Common::Nothing };
    match first {
        Some(bar) if bars.all(|other| other.as_ref() == Some(&bar)) => Common::One(bar),
        _ => Common::Several,
    }
}

/// Scales without a memory.
struct Plain;

impl<'m> Scaler<&'m Array2<f32>> for Plain {
    fn scale(&mut self, maps: &[&'m Array2<f32>], of: MethodNorm) -> Scale {
        of.norm.scale(maps.iter().copied(), of.sign)
    }

    fn shared_end(&mut self, maps: &[(&'m Array2<f32>, MethodNorm)]) -> f32 {
        let norm = maps.first().map_or(Norm::default(), |(_, of)| of.norm);
        norm.shared_end(maps.iter().map(|(map, of)| (*map, of.sign)))
    }
}
