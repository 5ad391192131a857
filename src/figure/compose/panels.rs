//! Pictures with maps over them, and what stands below.

use super::bars::Scales;
use super::{Composer, verdict};
use crate::display::{
    Appearance, Arrangement, ColourMap, Difference, MethodNorm, Overlay, Scale, Style, blend,
};
use crate::engine::{CellIndex, ExplainedClass};
use crate::figure::contents::View;
use crate::figure::table::{Cell, ColourBar, Panel};
use crate::score::{self, Measured};
use crate::session::Comparison;
use image::RgbImage;
use image::imageops::{FilterType, resize};
use ndarray::Array2;

impl Composer<'_> {
    pub(super) fn input_panel(&self, [picture, network]: [usize; 2]) -> Cell {
        let Some(view) = &self.contents.views[picture][network] else { return Cell::Empty };
        Cell::Panel(Panel {
            image: self.enlarged(&view.image),
            smooth: self.appearance.smooth,
            footer: vec![],
            bar: None,
            boxes: self.boxes(view),
        })
    }

    fn boxes(&self, view: &View) -> Vec<[f64; 4]> {
        if self.appearance.boxes { view.boxes.clone() } else { vec![] }
    }

    pub(super) fn map_panel(&self, at: CellIndex, scales: &Scales) -> Option<Panel> {
        let CellIndex { picture, model: network, .. } = at;
        let view = self.contents.views[picture][network].as_ref()?;
        let (reduced, of) = self.reduced.get(&at)?;
        let scale = self.scale(at, scales)?;
        Some(Panel {
            image: self.blended(view, reduced, *of, scale),
            smooth: self.appearance.smooth,
            footer: self.footer(at),
            bar: Some(self.bar_of(at.method, scale)),
            boxes: self.boxes(view),
        })
    }

    /// The scale of a map: that which it shares, or its own.
    fn scale(&self, at: CellIndex, scales: &Scales) -> Option<Scale> {
        let (reduced, of) = self.reduced.get(&at)?;
        let shared = scales.get(&at).copied().flatten();
        Some(shared.unwrap_or_else(|| of.norm.scale([reduced], of.sign)))
    }

    /// Whether two networks see the same part of a picture, at the same size.
    fn see_alike(&self, pair: [usize; 2]) -> bool {
        let [a, b] = pair.map(|network| &self.contents.networks[network].input);
        a.size == b.size && a.crop == b.crop
    }

    fn blended(
        &self,
        view: &View,
        reduced: &Array2<f32>,
        of: MethodNorm,
        scale: Scale,
    ) -> RgbImage {
        let colour_map = self.colour_map(of);
        let mut overlay = self.overlay(colour_map, scale);
        let share = self.appearance.top / 100.0;
        if share < 1.0 {
            overlay.threshold = overlay.threshold.max(scale.strength_of_top(reduced, share));
        }
        blend(&self.enlarged(&view.image), reduced, &overlay)
    }

    fn overlay(&self, colour_map: ColourMap, scale: Scale) -> Overlay {
        let Appearance { style, opacity, threshold, fade, smooth, grey, .. } = *self.appearance;
        Overlay { colour_map, scale, style, opacity, threshold, fade, smooth, grey }
    }

    pub(super) fn colour_map(&self, of: MethodNorm) -> ColourMap {
        self.appearance.colour_map.unwrap_or_else(|| ColourMap::for_sign(of.sign))
    }

    fn enlarged(&self, picture: &RgbImage) -> RgbImage {
        enlarged(picture, self.options.panel_pixels, self.appearance.smooth)
    }

    /// What stands below a map: the class where every cell has its own, and areas.
    fn footer(&self, at: CellIndex) -> Vec<String> {
        let mut lines = vec![];
        if self.arrangement() == Arrangement::PicturesByNetworks {
            lines.extend(self.contents.views[at.picture][at.model].as_ref().map(verdict));
            lines.extend(self.contents.another_class(at.picture, at.model));
        }
        let curves = self.contents.maps.get(&at).and_then(|shown| shown.curves.as_ref());
        if let Some(curves) = curves.filter(|_| self.options.scores) {
            lines.push(format!("Ins {:.3}", curves.insertion.auc));
            lines.push(format!("Del {:.3}", curves.deletion.auc));
        }
        lines
    }

    pub(super) fn comparison_panel(&self, picture: usize, method: usize, scales: &Scales) -> Cell {
        let Some(pair) = self.contents.pair else { return Cell::Empty };
        let places = pair.map(|network| CellIndex::clean(picture, network, method));
        let [Some((first, of)), Some((second, _))] =
            places.each_ref().map(|at| self.reduced.get(at))
        else {
            return Cell::Empty;
        };
        let views = pair.map(|network| self.contents.views[picture][network].as_ref());
        let [Some(view), Some(other)] = views else { return Cell::Empty };
        let [Some(of_first), Some(of_second)] = places.map(|at| self.scale(at, scales)) else {
            return Cell::Empty;
        };
        let difference = Difference::of_scales([of_first, of_second]);
        let image = match self.options.comparison {
            // Halves of other parts of the picture would not belong together.
            Comparison::Wipe if !self.see_alike(pair) => return Cell::Empty,
            Comparison::Wipe => {
                let left = self.blended(view, first, *of, of_first);
                let right = self.blended(other, second, *of, of_second);
                wiped(left, &right)
            }
            _ if first.dim() == second.dim() => {
                let map = difference.of([first, second]);
                let overlay = Overlay {
                    style: Style::Heatmap,
                    ..self.overlay(ColourMap::OrangePurple, difference.scale())
                };
                blend(&self.enlarged(&view.image), &map, &overlay)
            }
            _ => return Cell::Empty,
        };
        let bar = (self.options.comparison == Comparison::Difference).then(|| ColourBar {
            colour_map: ColourMap::OrangePurple,
            scale: difference.scale(),
            unit: difference.words().into(),
        });
        let maps = places.map(|at| &self.contents.maps[&at].attribution.map);
        let likeness = [
            ("ρ", score::spearman(maps[0], maps[1])),
            ("SSIM", score::ssim_of_own_scale(maps[0], maps[1])),
        ];
        let said = |(name, value): (&str, Measured)| {
            value.value().map(|value| format!("{name} {value:.2}").replace('-', "−"))
        };
        let explained = pair.map(|network| self.contents.explained(picture, network));
        let differ = ExplainedClass::differ(&explained).then(|| "of different classes".to_string());
        let footer = likeness.into_iter().filter_map(said);
        Cell::Panel(Panel {
            image,
            smooth: self.appearance.smooth,
            footer: footer.filter(|_| self.options.scores).chain(differ).collect(),
            bar,
            boxes: vec![],
        })
    }
}

/// The left of one picture and the right of another of its size, with a line between them.
fn wiped(mut left: RgbImage, right: &RgbImage) -> RgbImage {
    let width = left.width();
    let middle = width / 2;
    for (x, y, pixel) in left.enumerate_pixels_mut() {
        if x >= middle {
            *pixel = *right.get_pixel(x, y);
        }
        if x.abs_diff(middle) <= width / 200 {
            *pixel = image::Rgb([255; 3]);
        }
    }
    left
}

/// A small picture by a whole factor, so that its pixels stay sharp where they are wanted.
pub fn enlarged(picture: &RgbImage, side: u32, smooth: bool) -> RgbImage {
    let (width, height) = picture.dimensions();
    let factor = side.div_ceil(width.max(height)).max(1);
    if factor == 1 {
        return picture.clone();
    }
    let filter = if smooth { FilterType::Triangle } else { FilterType::Nearest };
    resize(picture, factor * width, factor * height, filter)
}
