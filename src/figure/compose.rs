//! From what was computed to the grid that a figure shows.

use super::chart::ChartLine;
use super::exhibit::{Exhibit, Shown, View};
use super::layout::{Bars, Cell, ColorBar, Column, Grid, Heading, Panel};
use super::{
    Appearance, Arrangement, ColorMap, Comparison, CurvesShown, MethodNorm, Norm, Options, Overlay,
    Scale, Scaler, Style, blend, palette, scales_of_pictures, shared_scales,
};
use crate::error::{Error, Result};
use crate::score::{self, Curve, Curves, Measured};
use image::RgbImage;
use image::imageops::{FilterType, resize};
use ndarray::Array2;
use std::collections::BTreeMap;

/// Ends of a difference of maps that are each divided by the end of its own scale.
pub const DIFFERENCE: Scale = Scale { low: -1.0, high: 1.0, centred: true };
/// Places at which curves of several pictures are averaged.
const PLACES: usize = 101;
/// What lies to the right in charts.
const CHART_AXIS: &str = "share of pixels";

/// An exhibit with how it is shown.
struct Composer<'a> {
    exhibit: &'a Exhibit,
    appearance: &'a Appearance,
    options: &'a Options,
    /// Maps as they are shown, and by which norm.
    reduced: BTreeMap<[usize; 3], (Array2<f32>, MethodNorm)>,
}

/// A line of the grid: what its cells have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// The picture itself.
    Input,
    /// A network, and of which picture where the line is of one.
    Network(Option<usize>, usize),
    Method(usize),
    Picture(usize),
    /// How the joined networks differ, on which picture.
    Comparison(Option<usize>),
    Insertion,
    Deletion,
}

/// Which maps a figure shows or averages, by picture, network and method, of how many of each there are.
pub fn wanted(
    appearance: &Appearance,
    options: &Options,
    [pictures, networks, methods]: [usize; 3],
    selected: usize,
) -> Vec<[usize; 3]> {
    let of_one = appearance.arrangement == Arrangement::PicturesByNetworks
        && options.curves != CurvesShown::MeanAlone;
    let methods = if of_one { methods.min(1) } else { methods };
    let all = of_one || options.curves.is_of_all() || options.all_pictures;
    let pictures = (0..pictures).filter(|picture| all || *picture == selected);
    pictures
        .flat_map(|picture| (0..networks).map(move |network| [picture, network]))
        .flat_map(|[picture, network]| (0..methods).map(move |method| [picture, network, method]))
        .collect()
}

/// Lays out what a figure shows.
///
/// # Errors
/// When there is nothing to show.
pub fn compose(exhibit: &Exhibit, appearance: &Appearance, options: &Options) -> Result<Grid> {
    let norms = |index: usize| appearance.norms.of(exhibit.methods[index].0);
    let reduce = |(at, shown): (&[usize; 3], &Shown)| {
        let of = norms(at[2]);
        (*at, (of.norm.reduce(&shown.attribution.map, of.sign), of))
    };
    let reduced = exhibit.maps.iter().map(reduce).collect();
    Composer { exhibit, appearance, options, reduced }.grid()
}

impl Composer<'_> {
    fn grid(&self) -> Result<Grid> {
        if self.exhibit.maps.is_empty() {
            let why = "no map is there";
            return Err(Error::new("cannot make the figure", why)
                .hint("it takes a network, a picture and a method"));
        }
        let (rows, columns) = self.lines();
        let scales = self.scales();
        let bars = self.bars(&rows, &columns, &scales);
        let cell = |row: &Line, column: &Line| self.cell(*row, *column, &scales);
        let cells = rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect());
        let is_chart = |line: &Line| matches!(line, Line::Insertion | Line::Deletion);
        let are_rows_charts = rows.iter().any(is_chart);
        Ok(Grid {
            cells: cells.collect(),
            bars,
            series: self.series(),
            chart_axis: CHART_AXIS.into(),
            rows: rows.iter().map(|line| self.heading(*line)).collect(),
            columns: columns
                .iter()
                .map(|line| Column {
                    heading: self.heading(*line),
                    has_charts: is_chart(line) || are_rows_charts,
                })
                .collect(),
        })
    }

    fn arrangement(&self) -> Arrangement {
        self.appearance.arrangement
    }

    /// Rows and columns.
    fn lines(&self) -> (Vec<Line>, Vec<Line>) {
        let exhibit = self.exhibit;
        let methods: Vec<Line> = (0..exhibit.methods.len()).map(Line::Method).collect();
        if self.options.curves == CurvesShown::MeanAlone {
            return (vec![Line::Insertion, Line::Deletion], methods);
        }
        let input = self.options.input.then_some(Line::Input);
        let is_compared = exhibit.pair.is_some() && self.options.comparison != Comparison::None;
        let charts = match self.options.curves {
            CurvesShown::None => vec![],
            _ => vec![Line::Insertion, Line::Deletion],
        };
        let of = |picture: Option<usize>| {
            let networks = 0..exhibit.networks.len();
            let comparison = is_compared.then_some(Line::Comparison(picture));
            networks.map(move |network| Line::Network(picture, network)).chain(comparison)
        };
        let compared = self.pictures_of_lines().into_iter().flat_map(|picture| of(Some(picture)));
        let with_input = |lines: Vec<Line>| input.into_iter().chain(lines).collect::<Vec<_>>();
        let with_charts = |lines: Vec<Line>| lines.into_iter().chain(charts.clone()).collect();
        match self.arrangement() {
            Arrangement::MethodsByNetworks => {
                (with_input(methods), with_charts(compared.collect()))
            }
            Arrangement::NetworksByMethods => {
                (compared.collect(), with_charts(with_input(methods)))
            }
            Arrangement::PicturesByNetworks => {
                let pictures = (0..exhibit.pictures.len()).map(Line::Picture).collect();
                (pictures, with_charts(with_input(of(None).collect())))
            }
        }
    }

    /// The pictures that networks are shown with: the selected one, or all.
    fn pictures_of_lines(&self) -> Vec<usize> {
        match self.options.all_pictures {
            true => (0..self.exhibit.pictures.len()).collect(),
            false => vec![self.exhibit.selected],
        }
    }

    fn heading(&self, line: Line) -> Heading {
        let exhibit = self.exhibit;
        let name = |own: &str| self.options.name(own).to_string();
        let plain = |title: &str| Heading { title: title.into(), lines: vec![] };
        match line {
            Line::Input => plain("Input"),
            Line::Method(index) => plain(&name(exhibit.methods[index].0.description().name)),
            Line::Picture(index) => plain(&name(&exhibit.pictures[index].name)),
            Line::Insertion | Line::Deletion => Heading {
                title: if line == Line::Insertion { "Insertion ↑" } else { "Deletion ↓" }.into(),
                lines: vec!["probability".into()],
            },
            Line::Network(picture, index) => {
                let title = name(&exhibit.networks[index].name);
                let view = picture.and_then(|picture| exhibit.views[picture][index].as_ref());
                let picture = picture.filter(|_| self.options.all_pictures);
                let picture = picture.map(|picture| name(&exhibit.pictures[picture].name));
                Heading { title, lines: picture.into_iter().chain(view.map(verdict)).collect() }
            }
            Line::Comparison(_) => {
                let [a, b] = exhibit.pair.unwrap_or_default();
                let [a, b] = [a, b].map(|index| name(&exhibit.networks[index].name));
                match self.options.comparison {
                    Comparison::Wipe => {
                        Heading { title: format!("{a} | {b}"), lines: vec!["left | right".into()] }
                    }
                    _ => Heading {
                        title: format!("{b} − {a}"),
                        lines: vec!["each over its end".into()],
                    },
                }
            }
        }
    }

    /// The picture, network and method of a cell, where it is of one of each.
    fn place(&self, row: Line, column: Line) -> Option<[usize; 3]> {
        match (row, column) {
            (Line::Method(method), Line::Network(Some(picture), network))
            | (Line::Network(Some(picture), network), Line::Method(method)) => {
                Some([picture, network, method])
            }
            (Line::Picture(picture), Line::Network(_, network)) => Some([picture, network, 0]),
            _ => None,
        }
    }

    fn cell(&self, row: Line, column: Line, scales: &Scales) -> Cell {
        if let Some(at) = self.place(row, column) {
            return self.map_panel(at, scales).map_or(Cell::Empty, Cell::Panel);
        }
        match (row, column) {
            (Line::Input, Line::Network(Some(picture), network))
            | (Line::Network(Some(picture), network), Line::Input) => {
                self.input_panel([picture, network])
            }
            // The first network's view stands for all.
            (Line::Picture(picture), Line::Input) => self.input_panel([picture, 0]),
            (Line::Method(method), Line::Comparison(Some(picture)))
            | (Line::Comparison(Some(picture)), Line::Method(method)) => {
                self.comparison_panel(picture, method, scales)
            }
            (Line::Picture(picture), Line::Comparison(_)) => {
                self.comparison_panel(picture, 0, scales)
            }
            (line, side @ (Line::Insertion | Line::Deletion))
            | (side @ (Line::Insertion | Line::Deletion), line) => self.chart(line, side),
            _ => Cell::Empty,
        }
    }

    fn input_panel(&self, [picture, network]: [usize; 2]) -> Cell {
        let Some(view) = &self.exhibit.views[picture][network] else { return Cell::Empty };
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

    fn map_panel(&self, at: [usize; 3], scales: &Scales) -> Option<Panel> {
        let [picture, network, _] = at;
        let view = self.exhibit.views[picture][network].as_ref()?;
        let (reduced, of) = self.reduced.get(&at)?;
        let shared = scales.get(&at).copied().flatten();
        let scale = shared.unwrap_or_else(|| of.norm.scale([reduced], of.sign));
        let bar = shared.is_none().then(|| self.bar_of(at[2], scale));
        Some(Panel {
            image: self.blended(view, reduced, *of, scale),
            smooth: self.appearance.smooth,
            footer: self.footer(at),
            bar,
            boxes: self.boxes(view),
        })
    }

    fn blended(
        &self,
        view: &View,
        reduced: &Array2<f32>,
        of: MethodNorm,
        scale: Scale,
    ) -> RgbImage {
        let color_map = self.color_map(of);
        let mut overlay = self.overlay(color_map, scale);
        let share = self.appearance.top / 100.0;
        if share < 1.0 {
            overlay.threshold = overlay.threshold.max(scale.strength_of_top(reduced, share));
        }
        blend(&self.enlarged(&view.image), reduced, &overlay)
    }

    fn overlay(&self, color_map: ColorMap, scale: Scale) -> Overlay {
        let Appearance { style, opacity, threshold, fade, smooth, grey, .. } = *self.appearance;
        Overlay { color_map, scale, style, opacity, threshold, fade, smooth, grey }
    }

    fn color_map(&self, of: MethodNorm) -> ColorMap {
        self.appearance.color_map.unwrap_or_else(|| ColorMap::for_sign(of.sign))
    }

    fn enlarged(&self, picture: &RgbImage) -> RgbImage {
        enlarged(picture, self.options.panel_pixels, self.appearance.smooth)
    }

    /// What stands below a map: the class where every cell has its own, and areas.
    fn footer(&self, at: [usize; 3]) -> Vec<String> {
        let mut lines = vec![];
        if self.arrangement() == Arrangement::PicturesByNetworks {
            lines.extend(self.exhibit.views[at[0]][at[1]].as_ref().map(verdict));
        }
        let curves = self.exhibit.maps.get(&at).and_then(|shown| shown.curves.as_ref());
        if let Some(curves) = curves.filter(|_| self.options.scores) {
            lines.push(format!("Ins {:.3}", curves.insertion.auc));
            lines.push(format!("Del {:.3}", curves.deletion.auc));
        }
        lines
    }

    fn comparison_panel(&self, picture: usize, method: usize, scales: &Scales) -> Cell {
        let Some(pair) = self.exhibit.pair else { return Cell::Empty };
        let places = pair.map(|network| [picture, network, method]);
        let [Some((first, of)), Some((second, _))] =
            places.each_ref().map(|at| self.reduced.get(at))
        else {
            return Cell::Empty;
        };
        let views = pair.map(|network| self.exhibit.views[picture][network].as_ref());
        let [Some(view), Some(other)] = views else { return Cell::Empty };
        let own = [first, second].map(|map| of.norm.scale([map], of.sign));
        let image = match self.options.comparison {
            Comparison::Wipe => {
                let scale = |which: usize| {
                    scales.get(&places[which]).copied().flatten().unwrap_or(own[which])
                };
                let left = self.blended(view, first, *of, scale(0));
                let right = self.blended(other, second, *of, scale(1));
                wiped(left, &right)
            }
            _ if first.dim() == second.dim() => {
                let map = difference([first, second], own);
                let overlay = Overlay {
                    style: Style::Heatmap,
                    ..self.overlay(ColorMap::OrangePurple, DIFFERENCE)
                };
                blend(&self.enlarged(&view.image), &map, &overlay)
            }
            _ => return Cell::Empty,
        };
        let maps = places.map(|at| &self.exhibit.maps[&at].attribution.map);
        let likeness = [
            ("ρ", score::spearman(maps[0], maps[1])),
            ("SSIM", score::ssim_of_own_scale(maps[0], maps[1])),
        ];
        let said = |(name, value): (&str, Measured)| {
            value.value().map(|value| format!("{name} {value:.2}").replace('-', "−"))
        };
        let footer = likeness.into_iter().filter_map(said);
        Cell::Panel(Panel {
            image,
            smooth: self.appearance.smooth,
            footer: footer.filter(|_| self.options.scores).collect(),
            bar: None,
            boxes: vec![],
        })
    }
}

/// Scales of maps by picture, network and method; none for those that are scaled alone.
type Scales = BTreeMap<[usize; 3], Option<Scale>>;

impl Composer<'_> {
    fn scales(&self) -> Scales {
        let exhibit = self.exhibit;
        let networks = 0..exhibit.networks.len();
        let mut scales = Scales::new();
        if self.arrangement() == Arrangement::PicturesByNetworks {
            let maps: Vec<Vec<&Array2<f32>>> = networks
                .map(|network| {
                    let of = |picture| Some(&self.reduced.get(&[picture, network, 0])?.0);
                    (0..exhibit.pictures.len()).filter_map(of).collect()
                })
                .collect();
            let norm = self.appearance.norms.of(exhibit.methods[0].0);
            let found = scales_of_pictures(norm, &maps, &mut Plain);
            for (network, scale) in found.into_iter().enumerate() {
                scales.extend(
                    (0..exhibit.pictures.len()).map(|picture| ([picture, network, 0], scale)),
                );
            }
            return scales;
        }
        let norms: Vec<MethodNorm> =
            exhibit.methods.iter().map(|(method, _)| self.appearance.norms.of(*method)).collect();
        let map = |at: [usize; 3]| self.reduced.get(&at).map(|(map, _)| map);
        // Networks with several pictures count as several networks.
        let pictures = self.pictures_of_lines().into_iter();
        let shown: Vec<[usize; 2]> = pictures
            .flat_map(|picture| networks.clone().map(move |network| [picture, network]))
            .collect();
        let maps: Vec<Vec<_>> = (0..exhibit.methods.len())
            .map(|method| {
                shown.iter().map(|[picture, network]| map([*picture, *network, method])).collect()
            })
            .collect();
        let found = shared_scales(&norms, &maps, &mut Plain);
        for (method, row) in found.into_iter().enumerate() {
            for ([picture, network], scale) in shown.iter().zip(row) {
                scales.insert([*picture, *network, method], scale);
            }
        }
        scales
    }

    fn bar_of(&self, method: usize, scale: Scale) -> ColorBar {
        let method = self.exhibit.methods[method].0;
        let of = self.appearance.norms.of(method);
        let unit = method.description().unit.to_string();
        ColorBar { color_map: self.color_map(of), scale, unit }
    }

    /// Beside all, where all maps share one scale; else beside rows or below columns, where all maps of
    /// one do.
    fn bars(&self, rows: &[Line], columns: &[Line], scales: &Scales) -> Bars {
        if !self.options.bars {
            return Bars::None;
        }
        let bar = |row: &Line, column: &Line| {
            let at = self.place(*row, *column).filter(|at| self.reduced.contains_key(at))?;
            Some(scales.get(&at).copied().flatten().map(|scale| self.bar_of(at[2], scale)))
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
    One(ColorBar),
    Several,
}

fn common(mut bars: impl Iterator<Item = Option<ColorBar>>) -> Common {
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

impl Composer<'_> {
    /// Whether the lines of charts are networks; else they are methods.
    fn are_series_networks(&self) -> bool {
        self.options.curves == CurvesShown::MeanAlone
            || self.arrangement() != Arrangement::NetworksByMethods
    }

    /// Names and colours of the charts' lines.
    fn series(&self) -> Vec<(String, String)> {
        if self.options.curves == CurvesShown::None {
            return vec![];
        }
        let names: Vec<&str> = match self.are_series_networks() {
            true => self.exhibit.networks.iter().map(|network| network.name.as_str()).collect(),
            false => {
                self.exhibit.methods.iter().map(|(method, _)| method.description().name).collect()
            }
        };
        let named = |(index, name): (usize, &str)| {
            (self.options.name(name).to_string(), palette::on_white(index))
        };
        names.into_iter().enumerate().map(named).collect()
    }

    /// The curves of a line's maps.
    fn chart(&self, line: Line, side: Line) -> Cell {
        let networks = 0..self.exhibit.networks.len();
        let methods = 0..self.exhibit.methods.len();
        let selected = self.exhibit.selected;
        let places: Vec<[usize; 3]> = match line {
            Line::Method(method) => networks.map(|network| [selected, network, method]).collect(),
            Line::Network(Some(picture), network) => {
                methods.map(|method| [picture, network, method]).collect()
            }
            Line::Picture(picture) => networks.map(|network| [picture, network, 0]).collect(),
            _ => return Cell::Empty,
        };
        let curve = |(series, at): (usize, &[usize; 3])| {
            let color = palette::on_white(series);
            // A method's row is of all pictures that stand in it.
            let is_of_several = self.options.all_pictures && matches!(line, Line::Method(_));
            if self.options.curves.is_of_all() || is_of_several {
                return self.mean_curve(*at, side, color);
            }
            let curves = self.exhibit.maps.get(at)?.curves.as_ref()?;
            Some(ChartLine { color, points: points(curves, side), errors: vec![] })
        };
        let lines: Vec<ChartLine> = places.iter().enumerate().filter_map(curve).collect();
        if lines.is_empty() { Cell::Empty } else { Cell::Chart(lines) }
    }

    /// The mean of all pictures' curves with its standard errors.
    fn mean_curve(
        &self,
        [_, network, method]: [usize; 3],
        side: Line,
        color: String,
    ) -> Option<ChartLine> {
        let pictures = 0..self.exhibit.pictures.len();
        let of = |picture| {
            let curves = self.exhibit.maps.get(&[picture, network, method])?.curves.as_ref()?;
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
        Some(ChartLine { color, points: means, errors })
    }
}

/// A class with its probability.
fn verdict(view: &View) -> String {
    format!("{} {:.2}", view.class.label, view.class.probability)
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

/// The second map less the first, each divided by the end of its own scale.
pub fn difference([first, second]: [&Array2<f32>; 2], own: [Scale; 2]) -> Array2<f32> {
    let [a, b] = own.map(|scale| scale.low.abs().max(scale.high.abs()));
    second / b - first / a
}

/// The left of one picture and the right of another, with a line between them.
fn wiped(mut left: RgbImage, right: &RgbImage) -> RgbImage {
    let (width, height) = left.dimensions();
    let right = match right.dimensions() == (width, height) {
        true => right.clone(),
        false => resize(right, width, height, FilterType::Triangle),
    };
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
