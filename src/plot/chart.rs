//! One small chart of curves in a place on a canvas.

use crate::plot::Axis;
use crate::plot::canvas::{Anchor, Canvas, GRID, INK, Rect, TextStyle};

/// A curve with the band around it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChartLine {
    /// As `#rrggbb`.
    pub colour: String,
    /// Places from 0 to 1 with their values.
    pub points: Vec<[f64; 2]>,
    /// Half the height of the band at each point; none for a curve without one.
    pub errors: Vec<f64>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy)]
pub struct ChartStyle {
    /// Height of its numbers.
    pub text: f64,
    pub line: f64,
    pub grid: f64,
    pub has_left_numbers: bool,
    pub has_lower_numbers: bool,
}

/// Places that are named below a chart.
pub const LOWER_NUMBERS: [(f64, &str); 3] = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")];
/// Baseline of the numbers below a chart, in heights of text from its edge.
pub const LOWER_BASELINE: f64 = 1.35;

impl ChartLine {
    /// The values with what lies `sign` times the error away.
    fn edge(&self, sign: f64) -> impl Iterator<Item = [f64; 2]> {
        let errors = self.errors.iter().copied().chain(std::iter::repeat(0.0));
        self.points.iter().zip(errors).map(move |([x, y], error)| [*x, y + sign * error])
    }

    /// All numbers that its axis must hold.
    pub fn reach(&self) -> impl Iterator<Item = f64> {
        self.edge(-1.0).chain(self.edge(1.0)).map(|[_, y]| y)
    }
}

/// Draws lines in a frame.
pub fn draw(
    canvas: &mut Canvas,
    [left, top, width, height]: Rect,
    axis: &Axis,
    lines: &[ChartLine],
    style: &ChartStyle,
) {
    let bottom = top + height;
    let at = |[x, y]: [f64; 2]| [left + x * width, bottom - axis.place(y) * height];
    let numbers = TextStyle { size: style.text, bold: false, colour: INK };
    for (value, text) in axis.ticks() {
        let ends = [at([0.0, value]), at([1.0, value])];
        canvas.line(ends, GRID, style.grid);
        if style.has_left_numbers {
            let [x, y] = ends[0];
            let place = [x - 0.5 * style.text, y + 0.36 * style.text];
            canvas.lettered(place, Anchor::End, numbers, &text);
        }
    }
    for (place, text) in LOWER_NUMBERS.iter().filter(|_| style.has_lower_numbers) {
        let baseline = [left + place * width, bottom + LOWER_BASELINE * style.text];
        canvas.lettered(baseline, Anchor::Middle, numbers, text);
    }
    for line in lines.iter().filter(|line| line.points.len() > 1) {
        let edge = |sign: f64| line.edge(sign).map(at).collect::<Vec<_>>();
        if line.errors.iter().any(|error| *error > 0.0) {
            canvas.band(&edge(1.0), &edge(-1.0), &line.colour);
        }
        canvas.curve(&edge(0.0), &line.colour, style.line);
    }
    canvas.border([left, top, width, height], crate::plot::canvas::PALE, 0.8 * style.grid);
}
