//! Sizes of everything in a layout.

use super::metrics::{
    ABOVE_PANELS, AFTER_UNIT, BELOW, CHART, LINE, MARGIN, SMALL, THICKNESS, letters,
};
use crate::figure::Fonts;
use crate::figure::table::{Bars, Cell, ColourBar, Heading, Table};
use crate::plot::chart::LOWER_BASELINE;
use crate::session::FigureOptions;

/// Between pieces of a line: plain spaces would become one.
const SPACE: &str = "\u{a0}\u{a0}";

/// Sizes of what a grid has.
pub(super) struct Ruler<'a> {
    pub grid: &'a Table,
    pub options: &'a FigureOptions,
    pub fonts: &'a Fonts,
    pub em: f64,
    pub small: f64,
    pub side: f64,
    /// Lines of headings, as broken for the side.
    pub row_headings: Vec<[Vec<String>; 2]>,
    pub column_headings: Vec<[Vec<String>; 2]>,
    /// Lines below each cell.
    pub footers: Vec<Vec<Vec<String>>>,
}

impl<'a> Ruler<'a> {
    pub fn new(grid: &'a Table, options: &'a FigureOptions, fonts: &'a Fonts) -> Self {
        let em = options.font_points();
        let side = options.width_points() / grid.columns.len().max(1) as f64;
        let (row_headings, column_headings, footers) = (vec![], vec![], vec![]);
        let small = SMALL * em;
        let mut ruler =
            Self { grid, options, fonts, em, small, side, row_headings, column_headings, footers };
        ruler.settle();
        ruler
    }

    /// Breaks all texts for the side that panels have.
    pub fn settle(&mut self) {
        let rows = self.grid.rows.iter();
        self.row_headings = rows.map(|heading| self.broken(heading, self.side)).collect();
        let columns = self.grid.columns.iter();
        self.column_headings = columns
            .map(|column| self.broken(&column.heading, self.width_of(column.has_charts)))
            .collect();
        self.footers = self.broken_footers();
    }

    /// Names that were shortened.
    pub fn cut(&self) -> Vec<String> {
        let grid = self.grid;
        let headings = grid.rows.iter().chain(grid.columns.iter().map(|column| &column.heading));
        let broken = self.row_headings.iter().chain(&self.column_headings);
        let is_cut = |(heading, [title, _]): &(&Heading, &[Vec<String>; 2])| {
            title.iter().any(|line| line.ends_with('…')) && !heading.title.contains('…')
        };
        headings.zip(broken).filter(is_cut).map(|(heading, _)| heading.title.clone()).collect()
    }

    /// What stands below each cell, with as many pieces in a line as all cells have room for.
    fn broken_footers(&self) -> Vec<Vec<Vec<String>>> {
        let mut letter = 0;
        let pieces: Vec<Vec<Vec<String>>> = self
            .grid
            .cells
            .iter()
            .map(|row| row.iter().map(|cell| self.footer(cell, &mut letter)).collect())
            .collect();
        let all = || pieces.iter().flatten();
        let joined = |pieces: &[String], count: usize| -> Vec<String> {
            pieces.chunks(count).map(|line| line.join(SPACE)).collect()
        };
        let fits = |line: &String| self.fonts.width(line, self.small, false) <= self.side;
        let most = all().map(Vec::len).max().unwrap_or(0).max(1);
        let fitting = (2..=most)
            .rev()
            .find(|count| all().all(|pieces| joined(pieces, *count).iter().all(fits)));
        let short = |line: String| self.fonts.shortened(&line, (self.small, false), self.side);
        let lines = |pieces: &Vec<String>| -> Vec<String> {
            joined(pieces, fitting.unwrap_or(1)).into_iter().map(short).collect()
        };
        pieces.iter().map(|row| row.iter().map(lines).collect()).collect()
    }

    /// A title in two lines at most, and what stands below it.
    fn broken(&self, heading: &Heading, width: f64) -> [Vec<String>; 2] {
        let title = match heading.title.is_empty() {
            true => vec![],
            false => self.fonts.wrapped(&heading.title, (self.em, false), width, 2),
        };
        let line = |line: &String| self.fonts.shortened(line, (self.small, false), width);
        [title, heading.lines.iter().map(line).collect()]
    }

    /// The pieces of what stands below a cell.
    fn footer(&self, cell: &Cell, letter: &mut usize) -> Vec<String> {
        let Cell::Panel(panel) = cell else { return vec![] };
        let mut pieces = panel.footer.clone();
        if self.options.letters {
            pieces.insert(0, format!("({})", letters(*letter)));
            *letter += 1;
        }
        pieces
    }

    pub fn width_of(&self, has_charts: bool) -> f64 {
        if has_charts { CHART * self.side } else { self.side }
    }

    fn charts(&self) -> usize {
        self.grid.columns.iter().filter(|column| column.has_charts).count()
    }

    fn has_charts(&self) -> bool {
        self.charts() > 0
    }

    /// Left of a chart, for its numbers.
    pub fn chart_numbers(&self) -> f64 {
        let width = |(_, text): &(f64, String)| self.fonts.width(text, self.small, false);
        self.grid.axis().ticks().iter().map(width).fold(0.0, f64::max) + 0.6 * self.small
    }

    /// Right of the last chart, for half of its last number.
    pub fn chart_end(&self) -> f64 {
        if self.has_charts() { 0.35 * self.small } else { 0.0 }
    }

    /// Left of the panels.
    pub fn heading_width(&self) -> f64 {
        let width = |[title, lines]: &[Vec<String>; 2]| {
            LINE * (self.em * title.len() as f64 + self.small * lines.len() as f64)
        };
        let widest = self.row_headings.iter().map(width).fold(0.0, f64::max);
        if widest > 0.0 { widest + 0.3 * self.em } else { 0.0 }
    }

    /// Above the panels.
    pub fn heading_height(&self) -> f64 {
        let height = |[title, lines]: &[Vec<String>; 2]| {
            LINE * (self.em * title.len() as f64 + self.small * lines.len() as f64)
        };
        let highest = self.column_headings.iter().map(height).fold(0.0, f64::max);
        if highest > 0.0 { highest + ABOVE_PANELS * self.em } else { 0.0 }
    }

    fn side_bars(&self) -> Vec<&ColourBar> {
        match &self.grid.bars {
            Bars::Rows(bars) => bars.iter().flatten().collect(),
            Bars::Figure(bar, _) => vec![bar],
            _ => vec![],
        }
    }

    /// Right of the panels, for colour bars with numbers and units.
    pub fn bars_width(&self) -> f64 {
        let bars = self.side_bars();
        if bars.is_empty() {
            return 0.0;
        }
        let numbers = bars.iter().flat_map(|bar| bar.numbers());
        let widest =
            numbers.map(|text| self.fonts.width(&text, self.small, false)).fold(0.0, f64::max);
        let length = self.bar_length();
        let unit = match bars.iter().any(|bar| self.has_unit(bar, length)) {
            true => (0.3 + LINE + AFTER_UNIT) * self.small,
            false => 0.0,
        };
        self.options.gap + (THICKNESS + 0.3) * self.em + widest + unit
    }

    /// Of a colour bar beside the panels.
    fn bar_length(&self) -> f64 {
        let Bars::Figure(_, first) = self.grid.bars else { return self.side };
        let rows = self.grid.rows.len().saturating_sub(1);
        self.side + (first..rows).map(|row| self.side + self.below_row(row)).sum::<f64>()
    }

    /// Whether a bar of a length has room for its unit.
    pub fn has_unit(&self, bar: &ColourBar, length: f64) -> bool {
        !bar.unit.is_empty() && self.fonts.width(&bar.unit, self.small, false) <= length
    }

    /// What is as wide whatever the side of panels.
    fn fixed_width(&self) -> f64 {
        let (columns, charts) = (self.grid.columns.len(), self.charts());
        2.0 * MARGIN
            + self.heading_width()
            + self.bars_width()
            + self.options.gap * columns.saturating_sub(1) as f64
            + charts as f64 * self.chart_numbers()
            + self.chart_end()
    }

    /// Widths of all columns, in sides of panels.
    fn sides(&self) -> f64 {
        let charts = self.charts();
        (self.grid.columns.len() - charts) as f64 + CHART * charts as f64
    }

    /// The side of panels that fill the width.
    pub fn side_of_width(&self) -> f64 {
        (self.options.width_points() - self.fixed_width()) / self.sides().max(1.0)
    }

    fn width(&self) -> f64 {
        self.fixed_width() + self.side * self.sides()
    }

    /// The side of panels that fill the height.
    pub fn side_of_height(&self) -> f64 {
        let rows = self.grid.rows.len().max(1) as f64;
        let fixed: f64 = (0..self.grid.rows.len()).map(|row| self.below_row(row)).sum();
        let all = fixed + self.heading_height() + self.below_grid() + 2.0 * MARGIN;
        (self.options.height_points() - all) / rows
    }

    pub fn has_panel_bars(&self, row: usize) -> bool {
        let has = |cell: &Cell| matches!(cell, Cell::Panel(panel) if panel.bar.is_some());
        self.options.bars && self.grid.cells[row].iter().any(has)
    }

    /// Of the bar below a panel, with its numbers.
    pub fn panel_bar(&self) -> f64 {
        0.25 * self.em + 0.45 * self.em + LINE * self.small
    }

    /// Height of what stands below the panels of a row, with the gap to the next.
    pub fn below_row(&self, row: usize) -> f64 {
        let lines = self.footers[row].iter().map(Vec::len).max().unwrap_or(0);
        let footer = if lines > 0 { LINE * self.small * lines as f64 + 0.3 * self.em } else { 0.0 };
        let bar = if self.has_panel_bars(row) { self.panel_bar() } else { 0.0 };
        let is_last = row + 1 == self.grid.rows.len();
        let charts = self.grid.cells[row].iter().enumerate();
        let charts = charts.filter(|(_, cell)| matches!(cell, Cell::Chart(_)));
        // Numbers at the left of charts reach half a line below them, and above the next.
        let numbers = charts.map(|(column, _)| match self.grid.last_chart(column) == Some(row) {
            true => self.small * (LOWER_BASELINE + BELOW + LINE),
            false => self.small,
        });
        let numbers = numbers.fold(0.0, f64::max);
        let gap = if is_last { 0.0 } else { self.options.gap };
        (footer + bar).max(numbers) + gap
    }

    /// Height of what stands below all rows: bars of columns and the legend.
    pub fn below_grid(&self) -> f64 {
        let bars = match &self.grid.bars {
            Bars::Columns(bars) => {
                let lines = bars.iter().flatten().map(|bar| self.unit_lines(bar).len()).max();
                let lines = 1.0 + lines.unwrap_or(0) as f64;
                self.options.gap + THICKNESS * self.em + lines * LINE * self.small + 0.2 * self.em
            }
            _ => 0.0,
        };
        bars + self.legend_height()
    }

    /// The unit of a bar below a column.
    pub fn unit_lines(&self, bar: &ColourBar) -> Vec<String> {
        match bar.unit.is_empty() {
            true => vec![],
            false => self.fonts.wrapped(&bar.unit, (self.small, false), self.side, 2),
        }
    }

    pub fn legend_height(&self) -> f64 {
        let lines = self.legend().last().map_or(0, |(_, [_, line])| *line as usize + 1);
        if lines == 0 { 0.0 } else { 0.4 * self.em + LINE * self.em * lines as f64 }
    }

    /// Names of the legend with their lefts and lines, each line in the middle; none where there are no
    /// charts.
    pub fn legend(&self) -> Vec<(String, [f64; 2])> {
        if !self.has_charts() || self.grid.series.len() < 2 {
            return vec![];
        }
        let room = self.width() - 2.0 * MARGIN;
        let (sample, space) = (self.sample(), 1.4 * self.em);
        let mut lines: Vec<(f64, Vec<(String, f64)>)> = vec![];
        for (name, _) in &self.grid.series {
            let name = self.fonts.shortened(name, (self.em, false), room - sample);
            let width = sample + self.fonts.width(&name, self.em, false);
            match lines.last_mut() {
                Some((used, names)) if *used + space + width <= room => {
                    names.push((name, *used + space));
                    *used += space + width;
                }
                _ => lines.push((width, vec![(name, 0.0)])),
            }
        }
        let lefts = lines.into_iter().enumerate().flat_map(|(line, (used, names))| {
            let left = MARGIN + 0.5 * (room - used);
            names.into_iter().map(move |(name, x)| (name, [left + x, line as f64]))
        });
        lefts.collect()
    }

    /// Width of a piece of line in the legend, with the space after it.
    pub fn sample(&self) -> f64 {
        2.0 * self.em
    }
}
