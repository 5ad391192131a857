//! What a figure shows, as rows and columns.

use crate::display::{ColourMap, Scale};
use crate::plot::Axis;
use crate::plot::canvas::Rect;
use crate::plot::chart::ChartLine;
use crate::text::number;
use image::RgbImage;

/// What a figure shows, row by row.
#[derive(Debug, Clone, Default)]
pub struct Table {
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
    /// Of a panel whose scale no other bar tells.
    pub bar: Option<ColourBar>,
    /// What people drew around: left, top, width and height in shares of the picture's.
    pub boxes: Vec<Rect>,
}

/// Colours with the values at their ends.
#[derive(Debug, Clone, PartialEq)]
pub struct ColourBar {
    pub colour_map: ColourMap,
    pub scale: Scale,
    pub unit: String,
}

/// Colour bars that several panels share.
#[derive(Debug, Clone, Default)]
pub enum Bars {
    #[default]
    None,
    /// Right of rows.
    Rows(Vec<Option<ColourBar>>),
    /// Below columns.
    Columns(Vec<Option<ColourBar>>),
    /// One beside all rows from the first that it is of.
    Figure(ColourBar, usize),
}

impl Table {
    /// The axis that all charts share: probabilities, and what their bands reach beyond.
    pub fn axis(&self) -> Axis {
        let lines = self.cells.iter().flatten().flat_map(|cell| match cell {
            Cell::Chart(lines) => lines.as_slice(),
            _ => &[],
        });
        Axis::over([0.0, 1.0].into_iter().chain(lines.flat_map(ChartLine::reach)), 2)
    }

    /// The last row that has a chart in a column.
    pub fn last_chart(&self, column: usize) -> Option<usize> {
        let has_chart = |row: &Vec<Cell>| matches!(row.get(column), Some(Cell::Chart(_)));
        self.cells.iter().rposition(has_chart)
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

impl Bars {
    /// Whether one of them is that of a map's panel, by row and column.
    pub fn tell(&self, [row, column]: [usize; 2]) -> bool {
        match self {
            Self::None => false,
            Self::Rows(bars) => bars[row].is_some(),
            Self::Columns(bars) => bars[column].is_some(),
            Self::Figure(..) => true,
        }
    }
}

impl ColourBar {
    /// The numbers beside it, from low to high.
    pub fn numbers(&self) -> Vec<String> {
        let number = |value: f32| number(value).replace('-', "−");
        match self.scale.centred {
            true => vec![number(self.scale.low), "0".into(), number(self.scale.high)],
            false => vec![number(self.scale.low), number(self.scale.high)],
        }
    }
}
