//! Where everything lies on paper. All lengths are points.

mod item;
mod metrics;
mod placing;
mod ruler;

pub use item::{Item, Layout, Text, What};
pub use metrics::letters;

use super::Fonts;
use super::table::Table;
use crate::error::{Error, Result};
use crate::session::FigureOptions;
use metrics::LEAST_SIDE;
use placing::Placing;
use ruler::Ruler;

/// Lays a grid out for a width.
///
/// # Errors
/// When there is no room for panels.
pub fn lay(grid: &Table, options: &FigureOptions, fonts: &Fonts) -> Result<Layout> {
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

#[cfg(test)]
mod tests {
    use super::metrics::BELOW;
    use super::*;
    use crate::display::{ColourMap, Scale};
    use crate::figure::table::{Bars, Cell, ColourBar, Column, Heading, Panel};
    use crate::plot::canvas::Rect;
    use crate::plot::chart::LOWER_BASELINE;
    use crate::session::{Size, Typeface};
    use image::RgbImage;
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

    fn bar(random: &mut ChaCha8Rng) -> ColourBar {
        let high = 10f32.powi(random.random_range(-9..9));
        let centred = random.random_bool(0.5);
        let scale = Scale { low: if centred { -high } else { 0.0 }, high, centred };
        ColourBar { colour_map: ColourMap::Viridis, scale, unit: "logit / [0,1] pixel".into() }
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

    fn grid(random: &mut ChaCha8Rng) -> Table {
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
        Table { columns, rows, cells, bars, series, chart_axis: "share of pixels".into() }
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
            let options = FigureOptions {
                size: Size::ALL[random.random_range(0..Size::ALL.len())],
                font_size: random.random_bool(0.5).then(|| random.random_range(4.0..14.0)),
                gap: random.random_range(0.5..12.0),
                letters: random.random_bool(0.5),
                ..FigureOptions::default()
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
