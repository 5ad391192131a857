//! From what was computed to the grid that a figure shows.

mod bars;
mod curves;
mod panels;

pub use panels::enlarged;

use super::contents::{FigureContents, Shown, View};
use super::table::{Cell, Column, Heading, Table};
use crate::display::{Appearance, Arrangement, MethodNorm, PairEnds};
use crate::engine::CellIndex;
use crate::error::{Error, Result};
use crate::parameter::Value;
use crate::session::{Comparison, CurvesShown, FigureOptions};
use bars::Scales;
use ndarray::Array2;
use std::collections::BTreeMap;

/// What lies to the right in charts.
const CHART_AXIS: &str = "share of pixels";

/// Contents with how it is shown.
struct Composer<'a> {
    contents: &'a FigureContents,
    appearance: &'a Appearance,
    options: &'a FigureOptions,
    /// Maps as they are shown, and by which norm.
    reduced: BTreeMap<CellIndex, (Array2<f32>, MethodNorm)>,
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
    options: &FigureOptions,
    [pictures, networks, methods]: [usize; 3],
    selected: usize,
) -> Vec<CellIndex> {
    let of_one = appearance.arrangement == Arrangement::PicturesByNetworks
        && options.curves != CurvesShown::MeanAlone;
    let methods = if of_one { methods.min(1) } else { methods };
    let all = of_one || options.curves.is_of_all() || options.all_pictures;
    let pictures = (0..pictures).filter(|picture| all || *picture == selected);
    pictures
        .flat_map(|picture| (0..networks).map(move |network| [picture, network]))
        .flat_map(|[picture, network]| {
            (0..methods).map(move |method| CellIndex::clean(picture, network, method))
        })
        .collect()
}

/// Lays out what a figure shows.
///
/// # Errors
/// When there is nothing to show.
pub fn compose(
    contents: &FigureContents,
    appearance: &Appearance,
    options: &FigureOptions,
) -> Result<Table> {
    let norms = |index: usize| appearance.norms.of(contents.methods[index].0);
    let reduce = |(at, shown): (&CellIndex, &Shown)| {
        let of = norms(at.method);
        (*at, (of.norm.reduce(&shown.attribution.map, of.sign), of))
    };
    let reduced = contents.maps.iter().map(reduce).collect();
    Composer { contents, appearance, options, reduced }.grid()
}

impl Composer<'_> {
    fn grid(&self) -> Result<Table> {
        if self.contents.maps.is_empty() {
            let why = "no map is there";
            return Err(Error::new("cannot make the figure", why)
                .hint("it takes a network, a picture and a method"));
        }
        let is_of_pictures = self.arrangement() == Arrangement::PicturesByNetworks;
        if is_of_pictures && self.options.curves == CurvesShown::Mean {
            let why = "means over pictures can't stand beside single pictures";
            return Err(Error::new("cannot make the figure", why)
                .hint("show curves of the picture, or means without maps"));
        }
        let (rows, columns) = self.lines();
        let scales = self.scales();
        let bars = self.bars(&rows, &columns, &scales);
        let cell = |[row, column]: [usize; 2]| {
            let mut cell = self.cell(rows[row], columns[column], &scales);
            let is_map = self.place(rows[row], columns[column]).is_some();
            if let Cell::Panel(panel) = &mut cell
                && is_map
                && bars.tell([row, column])
            {
                panel.bar = None;
            }
            cell
        };
        let row = |row: usize| (0..columns.len()).map(|column| cell([row, column])).collect();
        let cells: Vec<Vec<Cell>> = (0..rows.len()).map(row).collect();
        let is_chart = |line: &Line| matches!(line, Line::Insertion | Line::Deletion);
        let are_rows_charts = rows.iter().any(is_chart);
        Ok(Table {
            cells,
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
        let contents = self.contents;
        let methods: Vec<Line> = (0..contents.methods.len()).map(Line::Method).collect();
        if self.options.curves == CurvesShown::MeanAlone {
            return (vec![Line::Insertion, Line::Deletion], methods);
        }
        let input = self.options.input.then_some(Line::Input);
        let is_compared = contents.pair.is_some() && self.options.comparison != Comparison::None;
        let charts = match self.options.curves {
            CurvesShown::None => vec![],
            _ => vec![Line::Insertion, Line::Deletion],
        };
        let of = |picture: Option<usize>| {
            let networks = 0..contents.networks.len();
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
                let pictures = (0..contents.pictures.len()).map(Line::Picture).collect();
                (pictures, with_charts(with_input(of(None).collect())))
            }
        }
    }

    /// The pictures that networks are shown with: the selected one, or all.
    fn pictures_of_lines(&self) -> Vec<usize> {
        match self.options.all_pictures {
            true => (0..self.contents.pictures.len()).collect(),
            false => vec![self.contents.selected],
        }
    }

    fn heading(&self, line: Line) -> Heading {
        let contents = self.contents;
        let name = |own: &str| self.options.name(own).to_string();
        let plain = |title: &str| Heading { title: title.into(), lines: vec![] };
        match line {
            Line::Input => plain("Input"),
            Line::Method(index) => {
                let title = name(contents.methods[index].0.description().name);
                Heading { title, lines: self.differing_settings(index) }
            }
            Line::Picture(index) => plain(&name(&contents.pictures[index].name)),
            Line::Insertion | Line::Deletion => Heading {
                title: if line == Line::Insertion { "Insertion ↑" } else { "Deletion ↓" }.into(),
                lines: vec![contents.scored().into()],
            },
            Line::Network(picture, index) => {
                let title = name(&contents.networks[index].name);
                let view = picture.and_then(|picture| contents.views[picture][index].as_ref());
                let another = picture.and_then(|picture| contents.another_class(picture, index));
                let picture = picture.filter(|_| self.options.all_pictures);
                let picture = picture.map(|picture| name(&contents.pictures[picture].name));
                let lines = picture.into_iter().chain(view.map(verdict)).chain(another);
                Heading { title, lines: lines.collect() }
            }
            Line::Comparison(_) => {
                let [a, b] = contents.pair.unwrap_or_default();
                let [a, b] = [a, b].map(|index| name(&contents.networks[index].name));
                match self.options.comparison {
                    Comparison::Wipe => {
                        Heading { title: format!("{a} | {b}"), lines: vec!["left | right".into()] }
                    }
                    _ => Heading {
                        title: format!("{b} − {a}"),
                        lines: vec![self.difference_in_words().into()],
                    },
                }
            }
        }
    }

    /// What differences are of.
    fn difference_in_words(&self) -> &'static str {
        match self.appearance.pair_ends {
            PairEnds::Shared => "raw values",
            PairEnds::Own => "each over its end",
        }
    }

    /// What tells a method from others of its name.
    fn differing_settings(&self, index: usize) -> Vec<String> {
        let methods = &self.contents.methods;
        let (method, values) = &methods[index];
        let id = method.description().id;
        let twins = methods.iter().filter(|(other, _)| other.description().id == id);
        let twins: Vec<_> = twins.map(|(_, values)| values.without_paths()).collect();
        let differs = |(parameter, value): &(&str, &Value)| {
            twins.iter().any(|twin| twin.get(parameter) != *value)
        };
        let values = values.without_paths();
        let differing = values.iter().filter(differs);
        differing.map(|(parameter, value)| format!("{parameter} {value}")).collect()
    }

    /// The picture, network and method of a cell, where it is of one of each.
    fn place(&self, row: Line, column: Line) -> Option<CellIndex> {
        match (row, column) {
            (Line::Method(method), Line::Network(Some(picture), network))
            | (Line::Network(Some(picture), network), Line::Method(method)) => {
                Some(CellIndex::clean(picture, network, method))
            }
            (Line::Picture(picture), Line::Network(_, network)) => {
                Some(CellIndex::clean(picture, network, 0))
            }
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
}

/// A class with its probability.
fn verdict(view: &View) -> String {
    format!("{} {:.2}", view.class.label, view.class.score())
}
