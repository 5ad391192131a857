//! Means with their intervals: a row for each method, a mark for each model.

use crate::plot::axis::Axis;
use crate::plot::canvas::{Anchor, Canvas, GRID, INK, LINE, Sample, TEXT, length, shortened};
use crate::plot::palette;

/// Means with intervals, of several series over the same rows.
#[derive(Debug, Clone, Default)]
pub struct Dots {
    pub title: String,
    /// What the numbers are.
    pub axis: String,
    pub series: Vec<String>,
    pub rows: Vec<Row>,
    /// A dashed line by series, such as what a control reaches.
    pub references: Vec<Option<f64>>,
    /// Under the plot.
    pub notes: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub name: String,
    /// By series.
    pub estimates: Vec<Option<Estimate>>,
}

/// A number and where it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    /// Ends of its interval, where there is one.
    pub interval: Option<[f64; 2]>,
}

const WIDTH: f64 = 640.0;
const EDGE: f64 = 12.0;
/// Height of a row of one series, and of every further one.
const ROW: [f64; 2] = [19.0, 10.0];
const LONGEST_NAME: f64 = 220.0;

impl Dots {
    /// The plot as an SVG file.
    pub fn svg(&self) -> String {
        let mut canvas = Canvas::default();
        let axis = Axis::over(self.numbers(), 6);
        let longest = self.rows.iter().map(|row| length(&row.name)).fold(40.0, f64::max);
        let left = EDGE + longest.min(LONGEST_NAME) + 10.0;
        let right = WIDTH - EDGE - 14.0;
        let x = |value: f64| left + axis.place(value) * (right - left);
        let mut y = EDGE + TEXT;
        canvas.heading([EDGE, y], &shortened(&self.title, WIDTH - 2.0 * EDGE));
        y += canvas.legend(&self.series, [left, right], y + LINE + 2.0, Sample::Mark) + LINE;
        let (top, height) = (y, ROW[0] + ROW[1] * self.series.len().saturating_sub(1) as f64);
        let bottom = top + height * self.rows.len() as f64;
        for (value, text) in axis.ticks() {
            canvas.line([[x(value), top], [x(value), bottom]], GRID, 1.0);
            canvas.text([x(value), bottom + LINE], Anchor::Middle, INK, &text);
        }
        for (series, reference) in self.references.iter().enumerate() {
            if let Some(value) = reference {
                canvas.dashed([[x(*value), top], [x(*value), bottom]], &palette::on_white(series));
            }
        }
        for (place, row) in self.rows.iter().enumerate() {
            let middle = top + height * (place as f64 + 0.5);
            let name = shortened(&row.name, LONGEST_NAME);
            canvas.text([left - 10.0, middle + 0.36 * TEXT], Anchor::End, INK, &name);
            self.marks(&mut canvas, row, middle, &x);
        }
        canvas.frame([left, top], [right - left, bottom - top]);
        y = bottom + 2.0 * LINE + 3.0;
        canvas.text([0.5 * (left + right), y], Anchor::Middle, INK, &self.axis);
        y += 1.4 * LINE;
        for note in &self.notes {
            y += canvas.paragraph([EDGE, y], WIDTH - 2.0 * EDGE, note);
        }
        canvas.finish([WIDTH, y - LINE + EDGE])
    }

    fn numbers(&self) -> impl Iterator<Item = f64> {
        let estimates = self.rows.iter().flat_map(|row| &row.estimates).flatten();
        let of = |of: &Estimate| of.interval.into_iter().flatten().chain([of.value]);
        estimates.flat_map(of).chain(self.references.iter().flatten().copied())
    }

    fn marks(&self, canvas: &mut Canvas, row: &Row, middle: f64, x: &impl Fn(f64) -> f64) {
        let first = middle - 0.5 * ROW[1] * (row.estimates.len() as f64 - 1.0);
        for (series, estimate) in row.estimates.iter().enumerate() {
            let y = first + ROW[1] * series as f64;
            let Some(Estimate { value, interval }) = estimate else { continue };
            let colour = palette::on_white(series);
            if let Some([low, high]) = interval {
                canvas.line([[x(*low), y], [x(*high), y]], &colour, 1.4);
            }
            let name = self.series.get(series).map_or("", String::as_str);
            canvas.mark([x(*value), y], series, &colour, &format!("{name}: {value:.4}"));
        }
    }
}
