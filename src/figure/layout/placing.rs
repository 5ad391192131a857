//! Everything in its place.

use super::item::{Item, Layout, Text, What};
use super::metrics::{ABOVE, ABOVE_PANELS, AFTER_UNIT, BELOW, CHART, LINE, MARGIN, THICKNESS};
use super::ruler::Ruler;
use crate::figure::table::{Bars, Cell, ColourBar};
use crate::plot::canvas::{Anchor, INK, PALE, Rect};
use crate::plot::chart::LOWER_BASELINE;
use image::RgbImage;

/// Puts everything in its place.
pub(super) struct Placing<'a> {
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
    pub fn new(ruler: &'a Ruler<'a>) -> Self {
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

    pub fn finish(mut self) -> Layout {
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
        (size, colour): (f64, &'static str),
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
        let text = Text { content: content.into(), size, colour, upwards, baseline, anchor };
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
                let lower = ruler.grid.last_chart(at[1]) == Some(at[0]);
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
    fn bar_beside(&mut self, bar: &ColourBar, [top, length]: [f64; 2]) {
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
        if self.ruler.has_unit(bar, length) {
            let end = self.ruler.bars_width() - self.ruler.options.gap;
            let x = left + end - (AFTER_UNIT + BELOW) * small;
            let middle = top + 0.5 * length;
            self.text(&bar.unit, (small, PALE), [x, middle], Anchor::Middle, true);
        }
    }

    /// To the right, with numbers below and the unit below these.
    fn bar_below(&mut self, bar: &ColourBar, [left, top]: [f64; 2], thickness: f64, unit: bool) {
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
        for column in 0..self.lefts.len() {
            let Some(row) = ruler.grid.last_chart(column) else { continue };
            let width = ruler.width_of(true);
            let words = ruler.fonts.shortened(&ruler.grid.chart_axis, (ruler.small, false), width);
            let y = self.tops[row] + self.side() + ruler.small * (LOWER_BASELINE + LINE);
            let baseline = [self.lefts[column] + 0.5 * width, y];
            self.text(&words, (ruler.small, INK), baseline, Anchor::Middle, false);
        }
    }

    fn legend(&mut self) {
        let ruler = self.ruler;
        let top = self.bottom + ruler.below_grid() - ruler.legend_height() + 0.4 * ruler.em;
        for (index, (name, [left, line])) in ruler.legend().into_iter().enumerate() {
            let baseline = top + LINE * ruler.em * (line + 1.0) - BELOW * ruler.em;
            let middle = baseline - 0.33 * ruler.em;
            let colour = ruler.grid.series[index].1.clone();
            let rect = [left, middle - 0.1 * ruler.em, 1.5 * ruler.em, 0.2 * ruler.em];
            self.items.push(Item { rect, what: What::Sample(colour) });
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
