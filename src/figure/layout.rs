//! A grid of panels, charts and colour bars on paper: where everything lies. All lengths are points.

use super::chart::{ChartLine, LOWER_BASELINE};
use super::plot::Axis;
use super::sheet::{Anchor, INK, PALE, Rect};
use super::{ColorMap, Fonts, Options, Scale};
use crate::error::{Error, Result};
use crate::text::number;
use image::RgbImage;

/// What a figure shows, row by row.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    pub columns: Vec<Column>,
    pub rows: Vec<Heading>,
    /// By row and column.
    pub cells: Vec<Vec<Cell>>,
    pub bars: Bars,
    /// Names and colours of the lines in charts.
    pub series: Vec<(String, String)>,
    /// What lies to the right in charts.
    pub chart_axis: String,
}

/// What a column has in common.
#[derive(Debug, Clone, Default)]
pub struct Column {
    pub heading: Heading,
    /// Charts, with room for the numbers at their left.
    pub has_charts: bool,
}

/// A name with what is said below it.
#[derive(Debug, Clone, Default)]
pub struct Heading {
    pub title: String,
    pub lines: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub enum Cell {
    #[default]
    Empty,
    Panel(Panel),
    Chart(Vec<ChartLine>),
}

/// A picture with what stands below it.
#[derive(Debug, Clone)]
pub struct Panel {
    pub image: RgbImage,
    /// Enlarged smoothly by whoever shows it.
    pub smooth: bool,
    pub footer: Vec<String>,
    /// Of a panel that is scaled alone.
    pub bar: Option<ColorBar>,
    /// What people drew around: left, top, width and height in shares of the picture's.
    pub boxes: Vec<Rect>,
}

/// Colours with the values at their ends.
#[derive(Debug, Clone, PartialEq)]
pub struct ColorBar {
    pub color_map: ColorMap,
    pub scale: Scale,
    pub unit: String,
}

/// Colour bars that several panels share.
#[derive(Debug, Clone, Default)]
pub enum Bars {
    #[default]
    None,
    /// Right of rows.
    Rows(Vec<Option<ColorBar>>),
    /// Below columns.
    Columns(Vec<Option<ColorBar>>),
    /// One beside all rows from the first that it is of.
    Figure(ColorBar, usize),
}

/// Something that has its place.
#[derive(Debug, Clone)]
pub struct Item {
    pub rect: Rect,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    /// A cell's panel, by row and column.
    Panel([usize; 2]),
    /// A cell's chart, and whether there are numbers at its left and below.
    Chart([usize; 2], [bool; 2]),
    /// Upwards where it is higher than wide.
    Bar(ColorBar),
    Text(Text),
    /// A piece of a series' line.
    Sample(String),
}

/// A line of text.
#[derive(Debug, Clone)]
pub struct Text {
    pub content: String,
    pub size: f64,
    pub color: &'static str,
    pub upwards: bool,
    pub baseline: [f64; 2],
    pub anchor: Anchor,
}

/// Where everything lies.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Width and height.
    pub size: [f64; 2],
    pub items: Vec<Item>,
    /// Height of small text.
    pub small: f64,
    /// Names that had no room.
    pub cut: Vec<String>,
}

impl Grid {
    /// The axis that all charts share: probabilities, and what their bands reach beyond.
    pub fn axis(&self) -> Axis {
        let lines = self.cells.iter().flatten().flat_map(|cell| match cell {
            Cell::Chart(lines) => lines.as_slice(),
            _ => &[],
        });
        Axis::over([0.0, 1.0].into_iter().chain(lines.flat_map(ChartLine::reach)), 2)
    }

    /// All that is written in it.
    pub fn text(&self) -> String {
        let headings = self.rows.iter().chain(self.columns.iter().map(|column| &column.heading));
        let mut text: String = headings
            .flat_map(|heading| heading.lines.iter().chain([&heading.title]))
            .cloned()
            .collect();
        let bars = match &self.bars {
            Bars::Rows(bars) | Bars::Columns(bars) => bars.iter().flatten().collect(),
            Bars::Figure(bar, _) => vec![bar],
            Bars::None => vec![],
        };
        text.extend(bars.iter().map(|bar| bar.unit.as_str()));
        for cell in self.cells.iter().flatten() {
            if let Cell::Panel(panel) = cell {
                text.extend(panel.footer.iter().map(String::as_str));
            }
        }
        text.extend(self.series.iter().map(|(name, _)| name.as_str()));
        text + &self.chart_axis
    }
}

/// Around everything.
const MARGIN: f64 = 2.0;
/// Of small text to text.
const SMALL: f64 = 0.86;
/// Of lines of text to their height.
const LINE: f64 = 1.2;
/// Of charts, width to height.
const CHART: f64 = 1.3;
/// What lies above and below a baseline, in heights of text.
const ABOVE: f64 = 0.78;
const BELOW: f64 = 0.24;
/// Side of the smallest panel that shows anything.
const LEAST_SIDE: f64 = 10.0;
/// Between headings and panels, in heights of text.
const ABOVE_PANELS: f64 = 0.25;
/// Thickness of colour bars, in heights of text.
const THICKNESS: f64 = 0.7;

/// Lays a grid out for a width.
///
/// # Errors
/// When there is no room for panels.
pub fn lay(grid: &Grid, options: &Options, fonts: &Fonts) -> Result<Layout> {
    let mut ruler = Ruler::new(grid, options, fonts);
    // Headings break by the side, and the side follows from them; a few rounds settle both.
    for _ in 0..4 {
        ruler.side = ruler.side_of_width();
        ruler.side = ruler.side.min(ruler.side_of_height());
        // Numbers at both ends of a colour bar need room for two lines.
        if ruler.side < LEAST_SIDE.max(2.2 * ruler.small) {
            let why = format!(
                "{} columns and {} rows leave panels {:.0} pt of room",
                grid.columns.len(),
                grid.rows.len(),
                ruler.side.max(0.0)
            );
            return Err(Error::new("cannot make the figure", why)
                .hint("choose a wider size, a smaller font, or less to show"));
        }
        ruler.settle();
    }
    // What settling changed last must not push anything over the edge.
    ruler.side = ruler.side.min(ruler.side_of_width()).min(ruler.side_of_height());
    ruler.settle();
    Ok(Placing::new(&ruler).finish())
}

/// Sizes of what a grid has.
struct Ruler<'a> {
    grid: &'a Grid,
    options: &'a Options,
    fonts: &'a Fonts,
    em: f64,
    small: f64,
    side: f64,
    /// Lines of headings, as broken for the side.
    row_headings: Vec<[Vec<String>; 2]>,
    column_headings: Vec<[Vec<String>; 2]>,
    /// Lines below each cell.
    footers: Vec<Vec<Vec<String>>>,
}

impl<'a> Ruler<'a> {
    fn new(grid: &'a Grid, options: &'a Options, fonts: &'a Fonts) -> Self {
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
    fn settle(&mut self) {
        let rows = self.grid.rows.iter();
        self.row_headings = rows.map(|heading| self.broken(heading, self.side)).collect();
        let columns = self.grid.columns.iter();
        self.column_headings = columns
            .map(|column| self.broken(&column.heading, self.width_of(column.has_charts)))
            .collect();
        self.footers = self.broken_footers();
    }

    /// Names that were shortened.
    fn cut(&self) -> Vec<String> {
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
            pieces.chunks(count).map(|line| line.join("  ")).collect()
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

    fn width_of(&self, has_charts: bool) -> f64 {
        if has_charts { CHART * self.side } else { self.side }
    }

    fn charts(&self) -> usize {
        self.grid.columns.iter().filter(|column| column.has_charts).count()
    }

    fn has_charts(&self) -> bool {
        self.charts() > 0
    }

    /// Left of a chart, for its numbers.
    fn chart_numbers(&self) -> f64 {
        let width = |(_, text): &(f64, String)| self.fonts.width(text, self.small, false);
        self.grid.axis().ticks().iter().map(width).fold(0.0, f64::max) + 0.6 * self.small
    }

    /// Right of the last chart, for half of its last number.
    fn chart_end(&self) -> f64 {
        if self.has_charts() { 0.35 * self.small } else { 0.0 }
    }

    /// Left of the panels.
    fn heading_width(&self) -> f64 {
        let width = |[title, lines]: &[Vec<String>; 2]| {
            LINE * (self.em * title.len() as f64 + self.small * lines.len() as f64)
        };
        let widest = self.row_headings.iter().map(width).fold(0.0, f64::max);
        if widest > 0.0 { widest + 0.3 * self.em } else { 0.0 }
    }

    /// Above the panels.
    fn heading_height(&self) -> f64 {
        let height = |[title, lines]: &[Vec<String>; 2]| {
            LINE * (self.em * title.len() as f64 + self.small * lines.len() as f64)
        };
        let highest = self.column_headings.iter().map(height).fold(0.0, f64::max);
        if highest > 0.0 { highest + ABOVE_PANELS * self.em } else { 0.0 }
    }

    fn side_bars(&self) -> Vec<&ColorBar> {
        match &self.grid.bars {
            Bars::Rows(bars) => bars.iter().flatten().collect(),
            Bars::Figure(bar, _) => vec![bar],
            _ => vec![],
        }
    }

    /// Right of the panels, for colour bars with numbers and units.
    fn bars_width(&self) -> f64 {
        let bars = self.side_bars();
        if bars.is_empty() {
            return 0.0;
        }
        let numbers = bars.iter().flat_map(|bar| bar.numbers());
        let widest =
            numbers.map(|text| self.fonts.width(&text, self.small, false)).fold(0.0, f64::max);
        let unit = if bars.iter().any(|bar| self.has_unit(bar, self.side)) {
            LINE * self.small
        } else {
            0.0
        };
        self.options.gap + (THICKNESS + 0.3) * self.em + widest + unit
    }

    /// Whether a bar of a length has room for its unit.
    fn has_unit(&self, bar: &ColorBar, length: f64) -> bool {
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
    fn side_of_width(&self) -> f64 {
        (self.options.width_points() - self.fixed_width()) / self.sides().max(1.0)
    }

    fn width(&self) -> f64 {
        self.fixed_width() + self.side * self.sides()
    }

    /// The side of panels that fill the height.
    fn side_of_height(&self) -> f64 {
        let rows = self.grid.rows.len().max(1) as f64;
        let fixed: f64 = (0..self.grid.rows.len()).map(|row| self.below_row(row)).sum();
        let all = fixed + self.heading_height() + self.below_grid() + 2.0 * MARGIN;
        (self.options.height_points() - all) / rows
    }

    fn has_panel_bars(&self, row: usize) -> bool {
        let has = |cell: &Cell| matches!(cell, Cell::Panel(panel) if panel.bar.is_some());
        self.options.bars && self.grid.cells[row].iter().any(has)
    }

    /// Of the bar below a panel, with its numbers.
    fn panel_bar(&self) -> f64 {
        0.25 * self.em + 0.45 * self.em + LINE * self.small
    }

    /// Height of what stands below the panels of a row, with the gap to the next.
    fn below_row(&self, row: usize) -> f64 {
        let lines = self.footers[row].iter().map(Vec::len).max().unwrap_or(0);
        let footer = if lines > 0 { LINE * self.small * lines as f64 + 0.3 * self.em } else { 0.0 };
        let bar = if self.has_panel_bars(row) { self.panel_bar() } else { 0.0 };
        let charts = self.grid.cells[row].iter().any(|cell| matches!(cell, Cell::Chart(_)));
        let is_last = row + 1 == self.grid.rows.len();
        // Numbers at the left of charts reach half a line below them, and above the next.
        let numbers = match (charts, is_last) {
            (true, true) => self.small * (LOWER_BASELINE + BELOW + LINE),
            (true, false) => self.small,
            _ => 0.0,
        };
        let gap = if is_last { 0.0 } else { self.options.gap };
        (footer + bar).max(numbers) + gap
    }

    /// Height of what stands below all rows: bars of columns and the legend.
    fn below_grid(&self) -> f64 {
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
    fn unit_lines(&self, bar: &ColorBar) -> Vec<String> {
        match bar.unit.is_empty() {
            true => vec![],
            false => self.fonts.wrapped(&bar.unit, (self.small, false), self.side, 2),
        }
    }

    fn legend_height(&self) -> f64 {
        let lines = self.legend().last().map_or(0, |(_, [_, line])| *line as usize + 1);
        if lines == 0 { 0.0 } else { 0.4 * self.em + LINE * self.em * lines as f64 }
    }

    /// Names of the legend with their lefts and lines, each line in the middle; none where there are no
    /// charts.
    fn legend(&self) -> Vec<(String, [f64; 2])> {
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
    fn sample(&self) -> f64 {
        2.0 * self.em
    }
}

impl ColorBar {
    /// The numbers beside it, from low to high.
    pub fn numbers(&self) -> Vec<String> {
        let number = |value: f32| number(value).replace('-', "−");
        match self.scale.centred {
            true => vec![number(self.scale.low), "0".into(), number(self.scale.high)],
            false => vec![number(self.scale.low), number(self.scale.high)],
        }
    }
}

/// a, b … z, aa, ab …
pub fn letters(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        before => letters(before - 1) + &letter.to_string(),
    }
}

/// Puts everything in its place.
struct Placing<'a> {
    ruler: &'a Ruler<'a>,
    items: Vec<Item>,
    /// Lefts of columns' panels or charts.
    lefts: Vec<f64>,
    tops: Vec<f64>,
    /// Where colour bars beside rows begin.
    bars_left: f64,
    right: f64,
    bottom: f64,
}

impl<'a> Placing<'a> {
    fn new(ruler: &'a Ruler<'a>) -> Self {
        let gap = ruler.options.gap;
        let mut x = MARGIN + ruler.heading_width();
        let (mut lefts, mut bars_left) = (vec![], x);
        for (index, column) in ruler.grid.columns.iter().enumerate() {
            if column.has_charts {
                x += ruler.chart_numbers();
            }
            lefts.push(x);
            x += ruler.width_of(column.has_charts);
            let next = ruler.grid.columns.get(index + 1);
            if !column.has_charts && next.is_none_or(|next| next.has_charts) {
                bars_left = x + gap;
                x += ruler.bars_width();
            }
            x += gap;
        }
        let mut y = MARGIN + ruler.heading_height();
        let mut tops = vec![];
        for row in 0..ruler.grid.rows.len() {
            tops.push(y);
            y += ruler.side + ruler.below_row(row);
        }
        let right = x - gap + ruler.chart_end() + MARGIN;
        Self { ruler, items: vec![], lefts, tops, bars_left, right, bottom: y }
    }

    fn finish(mut self) -> Layout {
        self.headings();
        for row in 0..self.tops.len() {
            for column in 0..self.lefts.len() {
                self.cell([row, column]);
            }
        }
        self.bars();
        self.chart_axes();
        self.legend();
        let size = [self.right, self.bottom + self.ruler.below_grid() + MARGIN];
        Layout { size, items: self.items, small: self.ruler.small, cut: self.ruler.cut() }
    }

    fn side(&self) -> f64 {
        self.ruler.side
    }

    /// A line of text, its baseline at a point.
    fn text(
        &mut self,
        content: &str,
        (size, color): (f64, &'static str),
        baseline: [f64; 2],
        anchor: Anchor,
        upwards: bool,
    ) {
        if content.is_empty() {
            return;
        }
        let length = self.ruler.fonts.width(content, size, false);
        let before = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * length,
            Anchor::End => length,
        };
        let [x, y] = baseline;
        let height = (ABOVE + BELOW) * size;
        let rect = match upwards {
            false => [x - before, y - ABOVE * size, length, height],
            true => [x - ABOVE * size, y + before - length, height, length],
        };
        let text = Text { content: content.into(), size, color, upwards, baseline, anchor };
        self.items.push(Item { rect, what: What::Text(text) });
    }

    fn headings(&mut self) {
        let ruler = self.ruler;
        for (index, [title, lines]) in ruler.column_headings.iter().enumerate() {
            let column = &ruler.grid.columns[index];
            let middle = self.lefts[index] + 0.5 * ruler.width_of(column.has_charts);
            let height = LINE * (ruler.em * title.len() as f64 + ruler.small * lines.len() as f64);
            // Headings stand on the panels.
            let mut y = MARGIN + ruler.heading_height() - ABOVE_PANELS * ruler.em - height;
            for (line, style) in styled(ruler, title, lines) {
                y += LINE * style.0;
                self.text(line, style, [middle, y - BELOW * style.0], Anchor::Middle, false);
            }
        }
        for (index, [title, lines]) in ruler.row_headings.iter().enumerate() {
            let middle = self.tops[index] + 0.5 * self.side();
            let width = LINE * (ruler.em * title.len() as f64 + ruler.small * lines.len() as f64);
            let mut x = MARGIN + ruler.heading_width() - 0.3 * ruler.em - width;
            for (line, style) in styled(ruler, title, lines) {
                x += LINE * style.0;
                self.text(line, style, [x - BELOW * style.0, middle], Anchor::Middle, true);
            }
        }
    }

    fn cell(&mut self, at: [usize; 2]) {
        let (ruler, [left, top]) = (self.ruler, [self.lefts[at[1]], self.tops[at[0]]]);
        let side = self.side();
        match &ruler.grid.cells[at[0]][at[1]] {
            Cell::Empty => {}
            Cell::Chart(_) => {
                let rect = [left, top, CHART * side, side];
                let lower = at[0] + 1 == self.tops.len();
                self.items.push(Item { rect, what: What::Chart(at, [true, lower]) });
            }
            Cell::Panel(panel) => {
                self.items.push(Item {
                    rect: fitted(&panel.image, [left, top, side, side]),
                    what: What::Panel(at),
                });
                let mut y = top + side;
                if let Some(bar) = panel.bar.as_ref().filter(|_| ruler.options.bars) {
                    self.bar_below(bar, [left, y + 0.25 * ruler.em], 0.45 * ruler.em, false);
                }
                if ruler.has_panel_bars(at[0]) {
                    y += ruler.panel_bar();
                }
                y += 0.2 * ruler.em;
                for line in &ruler.footers[at[0]][at[1]] {
                    y += LINE * ruler.small;
                    let baseline = [left + 0.5 * side, y - BELOW * ruler.small];
                    self.text(line, (ruler.small, INK), baseline, Anchor::Middle, false);
                }
            }
        }
    }

    fn bars(&mut self) {
        let ruler = self.ruler;
        match &ruler.grid.bars {
            Bars::None => {}
            Bars::Rows(bars) => {
                for (row, bar) in bars.iter().enumerate() {
                    if let Some(bar) = bar {
                        self.bar_beside(bar, [self.tops[row], self.side()]);
                    }
                }
            }
            Bars::Figure(bar, first) => {
                let bottom = self.tops.last().map_or(0.0, |top| top + self.side());
                let top = self.tops[*first];
                self.bar_beside(bar, [top, bottom - top]);
            }
            Bars::Columns(bars) => {
                for (column, bar) in bars.iter().enumerate() {
                    if let Some(bar) = bar {
                        let at = [self.lefts[column], self.bottom + ruler.options.gap];
                        self.bar_below(bar, at, THICKNESS * ruler.em, true);
                    }
                }
            }
        }
    }

    /// Upwards, right of the panels.
    fn bar_beside(&mut self, bar: &ColorBar, [top, length]: [f64; 2]) {
        let (em, small) = (self.ruler.em, self.ruler.small);
        let left = self.bars_left;
        let rect = [left, top, THICKNESS * em, length];
        self.items.push(Item { rect, what: What::Bar(bar.clone()) });
        let x = left + (THICKNESS + 0.3) * em;
        let numbers = bar.numbers();
        let has_middle = length > 3.5 * small;
        let last = numbers.len() - 1;
        for (index, number) in numbers.iter().enumerate() {
            let y = match index {
                0 => top + length - BELOW * small,
                _ if index == last => top + ABOVE * small,
                _ if !has_middle => continue,
                _ => top + 0.5 * length + 0.36 * small,
            };
            self.text(number, (small, INK), [x, y], Anchor::Start, false);
        }
        if self.ruler.has_unit(bar, length.min(self.side())) {
            let x = left + self.ruler.bars_width() - self.ruler.options.gap - BELOW * small;
            let middle = top + 0.5 * length;
            self.text(&bar.unit, (small, PALE), [x, middle], Anchor::Middle, true);
        }
    }

    /// To the right, with numbers below and the unit below these.
    fn bar_below(&mut self, bar: &ColorBar, [left, top]: [f64; 2], thickness: f64, unit: bool) {
        let (side, small, fonts) = (self.side(), self.ruler.small, self.ruler.fonts);
        let rect = [left, top, side, thickness];
        self.items.push(Item { rect, what: What::Bar(bar.clone()) });
        let y = top + thickness + LINE * small - BELOW * small;
        let numbers = bar.numbers();
        let widths: f64 =
            numbers.iter().map(|text| fonts.width(text, small, false) + 0.5 * small).sum();
        let last = numbers.len() - 1;
        for (index, number) in numbers.iter().enumerate() {
            let (x, anchor) = match index {
                0 => (left, Anchor::Start),
                _ if index == last => (left + side, Anchor::End),
                _ => (left + 0.5 * side, Anchor::Middle),
            };
            // The ends alone, and of these the higher one, where there is no more room.
            let has_room = match index {
                _ if index == last => true,
                0 => {
                    fonts.width(&numbers[0], small, false)
                        + fonts.width(&numbers[last], small, false)
                        < side - 0.5 * small
                }
                _ => widths < side,
            };
            if has_room {
                let number = fonts.shortened(number, (small, false), side);
                self.text(&number, (small, INK), [x, y], anchor, false);
            }
        }
        if unit {
            for (line, words) in (1..).zip(self.ruler.unit_lines(bar)) {
                let baseline = [left + 0.5 * side, y + f64::from(line) * LINE * small];
                self.text(&words, (small, PALE), baseline, Anchor::Middle, false);
            }
        }
    }

    fn chart_axes(&mut self) {
        let ruler = self.ruler;
        let Some(last) = self.tops.len().checked_sub(1) else { return };
        for (index, cell) in ruler.grid.cells[last].iter().enumerate() {
            if matches!(cell, Cell::Chart(_)) {
                let width = ruler.width_of(true);
                let words =
                    ruler.fonts.shortened(&ruler.grid.chart_axis, (ruler.small, false), width);
                let y = self.tops[last] + self.side() + ruler.small * (LOWER_BASELINE + LINE);
                let baseline = [self.lefts[index] + 0.5 * width, y];
                self.text(&words, (ruler.small, INK), baseline, Anchor::Middle, false);
            }
        }
    }

    fn legend(&mut self) {
        let ruler = self.ruler;
        let top = self.bottom + ruler.below_grid() - ruler.legend_height() + 0.4 * ruler.em;
        for (index, (name, [left, line])) in ruler.legend().into_iter().enumerate() {
            let baseline = top + LINE * ruler.em * (line + 1.0) - BELOW * ruler.em;
            let middle = baseline - 0.33 * ruler.em;
            let color = ruler.grid.series[index].1.clone();
            let rect = [left, middle - 0.1 * ruler.em, 1.5 * ruler.em, 0.2 * ruler.em];
            self.items.push(Item { rect, what: What::Sample(color) });
            let at = [left + ruler.sample(), baseline];
            self.text(&name, (ruler.em, INK), at, Anchor::Start, false);
        }
    }
}

/// Lines of a heading with their sizes and colours.
fn styled<'t>(
    ruler: &Ruler,
    title: &'t [String],
    lines: &'t [String],
) -> impl Iterator<Item = (&'t str, (f64, &'static str))> {
    let (em, small) = (ruler.em, ruler.small);
    let title = title.iter().map(move |line| (line.as_str(), (em, INK)));
    title.chain(lines.iter().map(move |line| (line.as_str(), (small, PALE))))
}

/// The largest place for a picture in a square, in its middle.
fn fitted(image: &RgbImage, [left, top, width, height]: Rect) -> Rect {
    let size = [f64::from(image.width()), f64::from(image.height())];
    let scale = (width / size[0]).min(height / size[1]);
    let [w, h] = size.map(|side| side * scale);
    [left + 0.5 * (width - w), top + 0.5 * (height - h), w, h]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Size, Typeface};
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    const NAMES: [&str; 9] = [
        "ResNet-20",
        "a_very_long_name_of_a_network_that_nobody_would_choose_but_somebody_has",
        "Ελληνικά μικρά",
        "Сеть устойчивая",
        "EfficientNet-lite0 trained against PGD with ε = 8/255",
        "<&\"'> %_{}\\",
        "日本語の名前",
        "",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    ];

    fn heading(random: &mut ChaCha8Rng) -> Heading {
        let name = |random: &mut ChaCha8Rng| NAMES[random.random_range(0..NAMES.len())].to_string();
        let lines = random.random_range(0..3);
        Heading { title: name(random), lines: (0..lines).map(|_| name(random)).collect() }
    }

    fn bar(random: &mut ChaCha8Rng) -> ColorBar {
        let high = 10f32.powi(random.random_range(-9..9));
        let centred = random.random_bool(0.5);
        let scale = Scale { low: if centred { -high } else { 0.0 }, high, centred };
        ColorBar { color_map: ColorMap::Viridis, scale, unit: "logit / [0,1] pixel".into() }
    }

    fn cell(random: &mut ChaCha8Rng, has_charts: bool, has_bar: bool) -> Cell {
        if random.random_bool(0.1) {
            return Cell::Empty;
        }
        if has_charts {
            return Cell::Chart(vec![]);
        }
        let sides = [random.random_range(1..40), random.random_range(1..40)];
        let footer = (0..random.random_range(0..3)).map(|_| "Ins 0.123".to_string()).collect();
        let bar = has_bar.then(|| bar(random));
        let image = RgbImage::new(sides[0], sides[1]);
        Cell::Panel(Panel { image, smooth: true, footer, bar, boxes: vec![] })
    }

    fn grid(random: &mut ChaCha8Rng) -> Grid {
        let [columns, rows] = [random.random_range(1..7), random.random_range(1..6)];
        let charts = random.random_range(0..3);
        let columns: Vec<Column> = (0..columns + charts)
            .map(|index| Column { heading: heading(random), has_charts: index >= columns })
            .collect();
        let has_bars = random.random_range(0..5);
        let bars = match has_bars {
            0 => Bars::Rows((0..rows).map(|_| Some(bar(random))).collect()),
            1 => Bars::Columns(
                columns.iter().map(|c| (!c.has_charts).then(|| bar(random))).collect(),
            ),
            2 => Bars::Figure(bar(random), 0),
            _ => Bars::None,
        };
        let cells = (0..rows)
            .map(|_| columns.iter().map(|c| cell(random, c.has_charts, has_bars == 3)).collect())
            .collect();
        let series = (0..random.random_range(0..9))
            .map(|_| (heading(random).title, "#123456".into()))
            .collect();
        let rows = (0..rows).map(|_| heading(random)).collect();
        Grid { columns, rows, cells, bars, series, chart_axis: "share of pixels".into() }
    }

    /// Where an item is: a chart's numbers stand left of it, and below the last ones.
    fn places(item: &Item, layout: &Layout) -> Vec<Rect> {
        let ([x, y, w, h], small) = (item.rect, layout.small);
        let What::Chart(_, [_, lower]) = item.what else { return vec![item.rect] };
        let numbers = [x - 1.8 * small, y - 0.4 * small, 1.8 * small, h + 0.8 * small];
        let below = (LOWER_BASELINE + BELOW - 0.4) * small;
        let below = [x - 0.3 * small, y + h + 0.4 * small, w + 0.6 * small, below];
        let lower = lower.then_some(below);
        [numbers, item.rect].into_iter().chain(lower).collect()
    }

    fn overlap([a, b, c, d]: Rect, [e, f, g, h]: Rect) -> bool {
        const HAIR: f64 = 0.02;
        a + c > e + HAIR && e + g > a + HAIR && b + d > f + HAIR && f + h > b + HAIR
    }

    #[test]
    fn nothing_overlaps_and_nothing_leaves_the_page() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let fonts = Fonts::new(&Typeface::Sans, &NAMES.concat()).unwrap();
        let (mut laid, mut refused) = (0, 0);
        for _ in 0..300 {
            let grid = grid(&mut random);
            let options = Options {
                size: Size::ALL[random.random_range(0..Size::ALL.len())],
                font_size: random.random_bool(0.5).then(|| random.random_range(4.0..14.0)),
                gap: random.random_range(0.5..12.0),
                letters: random.random_bool(0.5),
                ..Options::default()
            };
            let Ok(layout) = lay(&grid, &options, &fonts) else {
                refused += 1;
                continue;
            };
            laid += 1;
            let [width, height] = layout.size;
            assert!(width <= options.width_points() + 0.02, "{width}");
            assert!(height <= options.height_points() + 0.02, "{height}");
            for (index, item) in layout.items.iter().enumerate() {
                let [x, y, w, h] = item.rect;
                let is_inside = x >= -0.02
                    && y >= -0.02
                    && x + w <= options.width_points() + 0.02
                    && y + h <= height + 0.02;
                assert!(is_inside, "{item:?} on {:?}", layout.size);
                for other in &layout.items[..index] {
                    let [one, two] = [item, other].map(|item| places(item, &layout));
                    let do_overlap = one.iter().any(|a| two.iter().any(|b| overlap(*a, *b)));
                    assert!(!do_overlap, "{item:?} and {other:?}");
                }
            }
        }
        assert!(laid > 200 && refused > 0, "{laid} laid, {refused} refused");
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([0, 25, 26, 27, 52].map(letters), ["a", "z", "aa", "ab", "ba"]);
    }
}
