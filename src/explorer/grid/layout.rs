//! Where the cells of the grid lie: as large as the window lets them be, and folded where they have no room beside each
//! other. Points, from the grid's upper left corner.

use crate::explorer::paint::theme;
use egui::{Rect, Vec2, pos2, vec2};

/// The line above a block: what it is of, and its colour bar.
pub const TITLE: f32 = 20.0;
/// A network's name above a cell of folded columns.
pub const NAME: f32 = 16.0;
/// Lines below a cell: its values, and what its scale is.
pub const FOOT: f32 = 34.0;
/// A line of what a network says of a picture.
const PREDICTION: f32 = 17.0;
/// Names of columns, and their colour bars.
const COLUMN_HEAD: f32 = 40.0;
/// Sides from which what a network says has room beside the picture.
const BESIDE: f32 = 300.0;
/// Sides below which texts are brief.
const BRIEF: f32 = 240.0;
/// The side that cells have at least where there is a choice, points and share of the room, and at least at all.
const LEGIBLE: (f32, f32) = (120.0, 0.2);
const LEAST: f32 = *theme::CELL.start();
/// The share of the room that pictures and maps should cover, and the one that is enough where all of them are
/// seen at once: a comparison that is scrolled is none.
const USE: f32 = 0.6;
const USE_AT_ONCE: f32 = 0.35;
/// Blocks that make a difference to the layout.
const BLOCKS: usize = 40;

/// What there is to lay out: blocks, each with a title and the cells of a row or column of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Content {
    pub blocks: usize,
    /// Cells of a block.
    pub cells: usize,
    pub pictures: Pictures,
    /// What stands below a cell.
    pub foot: f32,
}

/// Which cells are pictures as networks see them, with what networks say of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    FirstBlock,
    FirstCell,
    Nowhere,
}

/// A layout of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct GridLayout {
    /// Of a cell.
    pub side: f32,
    /// Cells of a block beside each other; the others follow below.
    pub in_line: usize,
    /// Blocks beside each other.
    pub across: usize,
    /// Whether cells carry the names of their columns, since they do not stand below them.
    pub is_named: bool,
    /// Whether what a network says stands beside the picture and not below it.
    pub is_beside: bool,
}

/// How many classes networks name in cells of a side.
pub fn predictions(side: f32) -> usize {
    match side {
        _ if side < 150.0 => 2,
        _ if side < BRIEF => 3,
        _ => 5,
    }
}

/// Names above a picture as a network sees it.
fn head(side: f32) -> f32 {
    if is_brief(side) { 18.0 } else { 36.0 }
}

/// Whether names in cells of a side stand without what they are of.
pub fn is_brief(side: f32) -> bool {
    side < BRIEF
}

/// A line of cells: what stands above them, and how high it is with what stands below.
struct Line {
    above: f32,
    height: f32,
}

impl GridLayout {
    /// The side of a picture as a network sees it.
    pub fn picture_side(&self) -> f32 {
        let texts = (0.36 * self.side).clamp(120.0, 220.0).floor();
        if self.is_beside && self.side >= BESIDE { self.side - texts } else { self.side }
    }

    /// The width of a block.
    pub fn block_width(&self) -> f32 {
        (self.side + theme::GAP) * self.in_line as f32 - theme::GAP
    }

    fn line(&self, content: Content, block: usize, line: usize) -> Line {
        let (title, name) = (if line == 0 { TITLE } else { 0.0 }, f32::from(self.is_named) * NAME);
        let map = self.side + content.foot;
        let said = match self.picture_side() < self.side {
            true => 0.0,
            false => (predictions(self.side) + 1) as f32 * PREDICTION,
        };
        let picture = head(self.side) + self.picture_side() + said;
        let (above, below) = match content.pictures {
            Pictures::FirstBlock if block == 0 => (title, picture),
            Pictures::FirstCell => {
                let is_headed = self.is_named || (block, line) == (0, 0);
                let height = if line == 0 { map.max(picture) } else { map };
                (f32::from(is_headed) * COLUMN_HEAD, height)
            }
            _ => (title + name, map),
        };
        Line { above, height: above + below }
    }

    /// The height of a block.
    pub fn block_height(&self, content: Content, block: usize) -> f32 {
        let lines = content.cells.div_ceil(self.in_line);
        let height = |line| self.line(content, block, line).height + theme::GAP;
        (0..lines).map(height).sum::<f32>() - theme::GAP
    }

    /// The height of everything.
    fn height(&self, content: Content) -> f32 {
        let rows = (0..content.blocks).step_by(self.across);
        let row = |first: usize| {
            let blocks = first..(first + self.across).min(content.blocks);
            blocks.map(|block| self.block_height(content, block)).fold(0.0, f32::max) + theme::GAP
        };
        rows.map(row).sum::<f32>() - theme::GAP
    }

    /// Pictures and maps that begin above a height, and those beside and right below them.
    fn squares(&self, content: Content, height: f32) -> Vec<Rect> {
        let mut squares = vec![];
        let mut top = 0.0;
        for first in (0..content.blocks).step_by(self.across) {
            if top > height {
                break;
            }
            let mut lowest: f32 = 0.0;
            for block in first..(first + self.across).min(content.blocks) {
                let left = (block - first) as f32 * (self.block_width() + theme::GAP);
                self.squares_of_block(content, block, pos2(left, top), &mut squares);
                lowest = lowest.max(self.block_height(content, block));
            }
            top += lowest + theme::GAP;
        }
        squares
    }

    fn squares_of_block(
        &self,
        content: Content,
        block: usize,
        corner: egui::Pos2,
        squares: &mut Vec<Rect>,
    ) {
        let mut top = corner.y;
        for first in (0..content.cells).step_by(self.in_line) {
            let line = self.line(content, block, first / self.in_line);
            for cell in first..(first + self.in_line).min(content.cells) {
                let is_picture = match content.pictures {
                    Pictures::FirstBlock => block == 0,
                    Pictures::FirstCell => cell == 0,
                    Pictures::Nowhere => false,
                };
                let (head, side) = match is_picture {
                    true => (head(self.side), self.picture_side()),
                    false => (0.0, self.side),
                };
                let left = corner.x + (cell - first) as f32 * (self.side + theme::GAP);
                let at = pos2(left, top + line.above + head);
                squares.push(Rect::from_min_size(at, Vec2::splat(side)));
            }
            top += line.height + theme::GAP;
        }
    }

    /// The share of a room that pictures and maps cover before it is scrolled.
    fn used(&self, content: Content, room: Vec2) -> f32 {
        let all = Rect::from_min_size(pos2(0.0, 0.0), room);
        let squares = self.squares(content, room.y);
        squares.iter().map(|square| square.intersect(all)).map(area).sum::<f32>() / area(all)
    }
}

fn area(rect: Rect) -> f32 {
    if rect.is_positive() { rect.area() } else { 0.0 }
}

impl Content {
    /// The layout whose cells use the room best: everything at once where that covers enough of it, or else
    /// as many columns as do, and the rest by scrolling.
    pub fn fit(self, room: Vec2) -> GridLayout {
        let content = Self { blocks: self.blocks.min(BLOCKS), ..self };
        let folds = content.folds(room.x);
        let whole: Vec<_> =
            folds.iter().filter_map(|fold| fold.shrunk_to_fit(content, room.y)).collect();
        let scrolled: Vec<_> =
            folds.iter().map(|fold| fold.showing_a_cell(content, room.y)).collect();
        let fills = |layout: &GridLayout, least: f32| layout.used(content, room) >= least;
        let used = |a: &&GridLayout, b: &&GridLayout| {
            a.used(content, room).total_cmp(&b.used(content, room))
        };
        let larger = |a: &&GridLayout, b: &&GridLayout| a.side.total_cmp(&b.side).then(used(a, b));
        let columns = |layout: &GridLayout| (layout.in_line * layout.across, layout.in_line);
        let wider = |a: &&GridLayout, b: &&GridLayout| columns(a).cmp(&columns(b)).then(used(a, b));
        let legible = LEGIBLE.0.max((LEGIBLE.1 * room.min_elem()).floor());
        let is_good =
            |least: f32| move |layout: &&GridLayout| layout.side >= legible && fills(layout, least);
        let best = whole.iter().filter(is_good(USE_AT_ONCE)).max_by(larger);
        let best = best.or_else(|| scrolled.iter().filter(is_good(USE)).max_by(wider));
        let best = best.or_else(|| whole.iter().chain(&scrolled).max_by(used));
        best.copied().unwrap_or_else(|| content.of_side(room.x, LEAST))
    }

    /// The layout of cells of a side.
    pub fn of_side(self, width: f32, side: f32) -> GridLayout {
        let columns = (((width + theme::GAP) / (side + theme::GAP)) as usize).max(1);
        let in_line = columns.min(self.cells.max(1));
        let blocks = if in_line < self.cells { 1 } else { columns / in_line };
        self.fold(in_line, blocks.clamp(1, self.blocks.max(1)), side)
    }

    fn fold(self, in_line: usize, across: usize, side: f32) -> GridLayout {
        let is_named = self.cells > 1 && (in_line < self.cells || across > 1);
        GridLayout { side, in_line, across, is_named, is_beside: false }
    }

    /// All ways to share a width out: fewer cells in a line, or several blocks beside each other.
    fn folds(self, width: f32) -> Vec<GridLayout> {
        let cells = self.cells.max(1);
        let narrow = (1..cells).map(|in_line| (in_line, 1));
        let wide = (1..=self.blocks.max(1)).map(|across| (cells, across));
        let fold = |(in_line, across): (usize, usize)| {
            let columns = (in_line * across) as f32;
            let side = ((width + theme::GAP) / columns - theme::GAP).floor();
            (side >= LEAST).then(|| self.fold(in_line, across, side))
        };
        let below: Vec<_> = narrow.chain(wide).filter_map(fold).collect();
        let has_room =
            |fold: &&GridLayout| fold.side >= BESIDE && self.pictures != Pictures::Nowhere;
        let beside = below.iter().filter(has_room);
        let beside = beside.map(|fold| GridLayout { is_beside: true, ..*fold });
        below.iter().copied().chain(beside).collect()
    }
}

impl GridLayout {
    /// The same with cells no larger than lets everything be seen at once; none where they would be too small.
    fn shrunk_to_fit(self, content: Content, height: f32) -> Option<Self> {
        let fits = |side: f32| Self { side, ..self }.height(content) <= height;
        // Heights grow with the side, but for the side where texts move beside pictures.
        let largest = |low: f32, high: f32| {
            let (mut low, mut high) = (low, high + 1.0);
            if high <= low || !fits(low) {
                return None;
            }
            while high - low > 1.0 {
                let middle = f32::midpoint(low, high).floor();
                if fits(middle) { low = middle } else { high = middle }
            }
            Some(low)
        };
        let side =
            largest(BESIDE, self.side).or_else(|| largest(LEAST, self.side.min(BESIDE - 1.0)))?;
        Some(Self { side, ..self })
    }

    /// The same with cells no larger than lets one be seen whole.
    fn showing_a_cell(self, content: Content, height: f32) -> Self {
        let above = self.line(content, 0, 0).above.max(self.line(content, 1, 0).above);
        let has_head = content.pictures != Pictures::Nowhere;
        let lowered = |side: f32| {
            let head = if has_head { head(side) } else { 0.0 };
            self.side.min((height - above - head).floor()).max(LEAST)
        };
        // Smaller cells have shorter heads.
        Self { side: lowered(lowered(self.side)), ..self }
    }

    /// A cell alone, with its title and lines below.
    pub fn alone(room: Vec2) -> Self {
        let side = room.x.min(room.y - TITLE - FOOT - theme::GAP).max(LEAST).floor();
        Self { side, in_line: 1, across: 1, is_named: false, is_beside: false }
    }

    /// The size of a cell with some of its texts.
    pub fn cell_size(&self) -> Vec2 {
        vec2(self.side, self.side + FOOT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What panels at the sides and bars leave of windows of 640×420, 1280×720, 1920×1080 and 2560×1440 points.
    const ROOMS: [Vec2; 4] =
        [vec2(568.0, 262.0), vec2(688.0, 590.0), vec2(1328.0, 950.0), vec2(1968.0, 1310.0)];

    /// One network and one picture by the three methods of a start, 2 networks by 3 methods, 5 by 4.
    const TABLES: [(usize, usize); 4] = [(1, 3), (2, 3), (5, 4), (4, 5)];

    fn content(blocks: usize, cells: usize, pictures: Pictures) -> Content {
        Content { blocks, cells, pictures, foot: FOOT }
    }

    fn tables() -> impl Iterator<Item = Content> {
        TABLES.into_iter().flat_map(|(networks, methods)| {
            [
                content(methods + 1, networks, Pictures::FirstBlock),
                content(networks, methods + 1, Pictures::FirstCell),
                content(40, networks, Pictures::Nowhere),
            ]
        })
    }

    #[test]
    fn cells_use_most_of_the_room_that_panels_leave() {
        let mut poor = vec![];
        for room in ROOMS {
            for content in tables() {
                let layout = content.fit(room);
                let used = layout.used(content, room);
                let is_whole = layout.height(content) <= room.y;
                if used < if is_whole { USE_AT_ONCE } else { USE } {
                    poor.push(format!("{room} {content:?} {layout:?}: {used}"));
                }
            }
        }
        assert!(poor.is_empty(), "{}", poor.join("\n"));
    }

    #[test]
    fn nothing_overlaps_and_nothing_is_cut_at_the_sides() {
        for room in ROOMS {
            for content in tables() {
                let layout = content.fit(room);
                let squares = layout.squares(content, f32::INFINITY);
                assert_eq!(squares.len(), content.blocks * content.cells);
                let right = squares.iter().map(Rect::right).fold(0.0, f32::max);
                assert!(right <= room.x, "{room} {content:?} {layout:?}");
                for (index, square) in squares.iter().enumerate() {
                    let overlaps = |other: &Rect| square.shrink(1.0).intersects(*other);
                    assert!(!squares[index + 1..].iter().any(overlaps), "{content:?} {layout:?}");
                }
            }
        }
    }

    #[test]
    fn one_cell_at_least_is_seen_whole() {
        for room in ROOMS {
            for content in tables() {
                let squares = content.fit(room).squares(content, room.y);
                assert!(
                    squares.iter().any(|square| square.bottom() <= room.y),
                    "{room} {content:?}"
                );
            }
        }
    }

    #[test]
    fn a_chosen_side_stays_and_columns_wrap() {
        let content = content(4, 5, Pictures::FirstBlock);
        let layout = content.of_side(700.0, 200.0);
        assert_eq!((layout.side, layout.in_line, layout.across), (200.0, 3, 1));
        assert!(layout.is_named);
        let one = Content { cells: 1, ..content }.of_side(700.0, 200.0);
        assert_eq!((one.in_line, one.across, one.is_named), (1, 3, false));
        assert_eq!(content.of_side(50.0, 200.0).in_line, 1);
    }

    #[test]
    fn many_networks_stay_legible() {
        let content = content(2000, 30, Pictures::Nowhere);
        for room in ROOMS {
            assert!(content.fit(room).side >= LEGIBLE.0);
        }
    }
}
