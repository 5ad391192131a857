//! Curves in small panels side by side, with bands around them.

use crate::plot::canvas::{Anchor, Canvas, INK, LINE, Sample, TEXT, shortened};
use crate::plot::chart::{self, ChartLine, ChartStyle};
use crate::plot::{Axis, palette};

/// Panels of one scale; a line for each series.
#[derive(Debug, Clone, Default)]
pub struct Curves {
    pub title: String,
    /// What lies to the right and up.
    pub axes: [String; 2],
    pub series: Vec<String>,
    pub panels: Vec<CurvePanel>,
    /// Under the plot.
    pub notes: Vec<String>,
}

/// One panel.
#[derive(Debug, Clone, Default)]
pub struct CurvePanel {
    pub title: String,
    /// By series.
    pub lines: Vec<Option<Line>>,
}

/// A line through evenly spread places from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    pub values: Vec<f64>,
    /// Half the height of the band around each value.
    pub errors: Vec<f64>,
}

const EDGE: f64 = 12.0;
const PANEL: [f64; 2] = [150.0, 120.0];
const GAP: [f64; 2] = [20.0, 30.0];
const MOST_COLUMNS: usize = 4;

impl Curves {
    /// The plot as an SVG file.
    pub fn svg(&self) -> String {
        let mut canvas = Canvas::default();
        let axis = Axis::over(self.numbers(), 4);
        let columns = self.panels.len().clamp(1, MOST_COLUMNS);
        let rows = self.panels.len().div_ceil(columns);
        let left = EDGE + 62.0;
        let width = left + columns as f64 * (PANEL[0] + GAP[0]);
        let mut y = EDGE + TEXT;
        canvas.heading([EDGE, y], &shortened(&self.title, width - 2.0 * EDGE));
        y += canvas.legend(&self.series, [left, width - EDGE], y + LINE + 2.0, Sample::Line)
            + 2.0 * LINE;
        for (place, panel) in self.panels.iter().enumerate() {
            let [column, row] = [place % columns, place / columns];
            let at =
                [left + column as f64 * (PANEL[0] + GAP[0]), y + row as f64 * (PANEL[1] + GAP[1])];
            // Texts of the axes stand at the outermost panels alone.
            let is_lowest = place + columns >= self.panels.len();
            draw(&mut canvas, panel, at, &axis, [column == 0, is_lowest]);
        }
        let height = rows as f64 * (PANEL[1] + GAP[1]);
        canvas.upwards([EDGE + TEXT, y + 0.5 * (height - GAP[1])], &self.axes[1]);
        y += height + 6.0;
        let middle = left + 0.5 * (width - left - GAP[0]);
        canvas.text([middle, y], Anchor::Middle, INK, &self.axes[0]);
        y += 1.4 * LINE;
        for note in &self.notes {
            y += canvas.paragraph([EDGE, y], width - 2.0 * EDGE, note);
        }
        canvas.finish([width, y - LINE + EDGE])
    }

    fn numbers(&self) -> impl Iterator<Item = f64> {
        let lines = self.panels.iter().flat_map(|panel| &panel.lines).flatten();
        lines.flat_map(|line| {
            let both = line.values.iter().zip(&line.errors);
            both.flat_map(|(value, error)| [value - error, value + error])
        })
    }
}

fn draw(
    canvas: &mut Canvas,
    panel: &CurvePanel,
    [left, top]: [f64; 2],
    axis: &Axis,
    [is_first, is_lowest]: [bool; 2],
) {
    let line = |(series, line): (usize, &Option<Line>)| {
        let line = line.as_ref()?;
        let last = line.values.len().saturating_sub(1).max(1) as f64;
        let point = |(i, value): (usize, &f64)| [i as f64 / last, *value];
        let points = line.values.iter().enumerate().map(point).collect();
        let (colour, errors) = (palette::on_white(series), line.errors.clone());
        Some(ChartLine { colour, points, errors })
    };
    let lines: Vec<ChartLine> = panel.lines.iter().enumerate().filter_map(line).collect();
    let style = ChartStyle {
        text: TEXT,
        line: 1.6,
        grid: 1.0,
        has_left_numbers: is_first,
        has_lower_numbers: is_lowest,
    };
    let [width, height] = PANEL;
    chart::draw(canvas, [left, top, width, height], axis, &lines, &style);
    let title = shortened(&panel.title, PANEL[0]);
    canvas.text([left, top - 5.0], Anchor::Start, INK, &title);
}
