//! Which part of the picture the cells show: the same in all of them, whatever each network takes
//! of it.
//!
//! Positions in a picture are in shares of its width and height, from its upper left corner.

use egui::{Pos2, Rect, Vec2, pos2, vec2};
use hyaline::picture::Placement;

/// The part of the picture that all cells show. Without zoom each network's whole input fills its
/// cell; with it, cells show the same place at the same size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewTransform {
    /// The place in the middle of every cell.
    centre: Pos2,
    /// At least 1.
    zoom: f32,
}

/// What zoom and pan go by: points of a cell, and of the whole picture at a zoom of 1.
#[derive(Debug, Clone, Copy)]
pub struct ZoomBounds {
    pub cell: Vec2,
    pub picture: Vec2,
}

/// Where a picture lies on the screen, for one cell.
#[derive(Debug, Clone, Copy)]
pub struct PictureTransform {
    /// What can be seen of it.
    pub cell: Rect,
    /// The network's whole input, which may reach beyond the cell.
    pub input: Rect,
    /// The whole picture, of which the input is a part.
    picture: Rect,
}

/// A whole picture or texture in shares of its sides.
pub const UNIT: Rect = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
const MOST_ZOOM: f32 = 64.0;
const MIDDLE: Pos2 = pos2(0.5, 0.5);

impl Default for ViewTransform {
    fn default() -> Self {
        Self { centre: MIDDLE, zoom: 1.0 }
    }
}

impl ViewTransform {
    pub fn is_zoomed(&self) -> bool {
        self.zoom > 1.0
    }

    /// Zooms by a factor; the place that lies `offset` points from a cell's middle stays there, as
    /// far as the picture reaches.
    pub fn zoom(&mut self, factor: f32, place: Pos2, offset: Vec2, bounds: ZoomBounds) {
        self.zoom = (self.zoom * factor).clamp(1.0, MOST_ZOOM);
        self.centre = place - offset / (bounds.picture * self.zoom);
        self.stay_inside(bounds);
    }

    /// Zooms by a factor about the middle.
    pub fn zoom_middle(&mut self, factor: f32, bounds: ZoomBounds) {
        self.zoom(factor, self.centre, Vec2::ZERO, bounds);
    }

    /// Moves the picture by points.
    pub fn pan(&mut self, by: Vec2, bounds: ZoomBounds) {
        self.centre -= by / (bounds.picture * self.zoom);
        self.stay_inside(bounds);
    }

    fn stay_inside(&mut self, bounds: ZoomBounds) {
        let half = bounds.cell / (2.0 * bounds.picture * self.zoom);
        let inside = |at: f32, half: f32| if half < 0.5 { at.clamp(half, 1.0 - half) } else { 0.5 };
        self.centre = pos2(inside(self.centre.x, half.x), inside(self.centre.y, half.y));
    }

    /// Where a network's input lies. `magnification` is the points that a pixel of the picture takes
    /// at a zoom of 1.
    pub fn picture_transform(
        &self,
        cell: Rect,
        placement: &Placement,
        magnification: f32,
    ) -> PictureTransform {
        let [original, resized, corner, size] = sides(placement);
        let input = if self.is_zoomed() {
            let point = self.zoom * magnification * original / resized;
            let first = cell.center() - self.centre.to_vec2() * resized * point;
            Rect::from_min_size(first + corner * point, size * point)
        } else {
            let point = (cell.size() / size).min_elem();
            Rect::from_center_size(cell.center(), size * point)
        };
        let point = input.size() / size;
        let picture = Rect::from_min_size(input.min - corner * point, resized * point);
        PictureTransform { cell, input, picture }
    }
}

/// Points that a pixel of the picture takes where a network's whole input fills a cell.
pub fn magnification(cell: Vec2, placement: &Placement) -> f32 {
    let [original, resized, _, size] = sides(placement);
    (cell * resized / (size * original)).min_elem()
}

/// Original, resized, corner and size as width and height.
fn sides(placement: &Placement) -> [Vec2; 4] {
    let Placement { original, resized, corner, size } = *placement;
    [original, resized, corner, size].map(|[height, width]| vec2(width as f32, height as f32))
}

impl PictureTransform {
    /// The same seen through another part of the screen.
    pub fn clipped(&self, cell: Rect) -> Self {
        Self { cell, ..*self }
    }

    /// The place at a point of the screen.
    pub fn picture_from_screen(&self, at: Pos2) -> Pos2 {
        ((at - self.picture.min) / self.picture.size()).to_pos2()
    }

    /// The point of the screen at a place.
    pub fn screen_from_picture(&self, place: Pos2) -> Pos2 {
        self.picture.min + place.to_vec2() * self.picture.size()
    }

    /// Row and column, of so many, that a place falls on in the network's input; none where the
    /// network doesn't see it.
    pub fn pixel_from_picture(
        &self,
        place: Pos2,
        [rows, columns]: [usize; 2],
    ) -> Option<[usize; 2]> {
        let share = (self.screen_from_picture(place) - self.input.min) / self.input.size();
        let index = |share: f32, count: usize| {
            let index = (share * count as f32).floor();
            (0.0..count as f32).contains(&index).then_some(index as usize)
        };
        Some([index(share.y, rows)?, index(share.x, columns)?])
    }

    /// Where a pixel of the input lies, of so many rows and columns.
    pub fn pixel_rect(&self, [row, column]: [usize; 2], [rows, columns]: [usize; 2]) -> Rect {
        let size = self.input.size() / vec2(columns as f32, rows as f32);
        Rect::from_min_size(self.input.min + size * vec2(column as f32, row as f32), size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyaline::random::RandomStream;
    use rand::RngExt;

    const CELL: Rect = Rect::from_min_max(pos2(100.0, 50.0), pos2(300.0, 250.0));

    fn placements() -> [Placement; 3] {
        [
            Placement::exact([28, 28]),
            Placement {
                original: [375, 500],
                resized: [256, 341],
                corner: [16, 58],
                size: [224, 224],
            },
            Placement { original: [500, 300], resized: [53, 32], corner: [10, 0], size: [32, 32] },
        ]
    }

    fn near(a: Pos2, b: Pos2, allowed: f32) -> bool {
        (a - b).length() < allowed
    }

    #[test]
    fn without_zoom_the_whole_input_fills_the_cell() {
        for placement in placements() {
            let transform = ViewTransform::default().picture_transform(CELL, &placement, 1.0);
            assert_eq!(transform.input, CELL);
            let middle = transform
                .pixel_from_picture(transform.picture_from_screen(CELL.center()), placement.size)
                .unwrap();
            assert_eq!(middle, placement.size.map(|side| side / 2));
        }
    }

    #[test]
    fn places_and_points_go_both_ways_and_the_place_under_the_pointer_stays() {
        let mut random = RandomStream::new(7, "view", "", "").generator();
        for round in 0..2000 {
            let placement = placements()[round % 3];
            let magnification = magnification(CELL.size(), &placement);
            let [height, width] = placement.original.map(|side| side as f32);
            let picture = vec2(width, height) * magnification;
            let bounds = ZoomBounds { cell: CELL.size(), picture };
            let mut view = ViewTransform::default();
            let mut shares = || vec2(random.random(), random.random());
            view.zoom(1.0 + 20.0 * shares().x, pos2(0.5, 0.5), Vec2::ZERO, bounds);
            view.pan((shares() - vec2(0.5, 0.5)) * 100.0, bounds);
            let transform = view.picture_transform(CELL, &placement, magnification);
            let point = CELL.min + shares() * CELL.size();
            let place = transform.picture_from_screen(point);
            assert!(
                near(transform.screen_from_picture(place), point, 0.02),
                "{placement:?} {view:?}"
            );
            // Zooming in never meets the picture's edge.
            view.zoom(1.0 + shares().x, place, point - CELL.center(), bounds);
            let moved =
                view.picture_transform(CELL, &placement, magnification).screen_from_picture(place);
            assert!(near(moved, point, 0.1), "{placement:?} {view:?}: {moved} {point}");
        }
    }

    #[test]
    fn cells_of_networks_that_crop_otherwise_show_the_same_place() {
        let whole =
            Placement { original: [100, 100], resized: [64, 64], corner: [0, 0], size: [64, 64] };
        let cropped = Placement {
            original: [100, 100],
            resized: [256, 256],
            corner: [16, 16],
            size: [224, 224],
        };
        let most = magnification(CELL.size(), &cropped);
        let bounds = ZoomBounds { cell: CELL.size(), picture: vec2(100.0, 100.0) * most };
        let mut view = ViewTransform::default();
        view.zoom(3.0, pos2(0.3, 0.6), vec2(10.0, -20.0), bounds);
        let [a, b] =
            [whole, cropped].map(|placement| view.picture_transform(CELL, &placement, most));
        for place in [pos2(0.1, 0.2), pos2(0.5, 0.5), pos2(0.9, 0.7)] {
            assert!(near(a.screen_from_picture(place), b.screen_from_picture(place), 0.01));
        }
        assert_eq!(b.pixel_from_picture(pos2(0.01, 0.5), [224, 224]), None, "cut off by the crop");
        assert_eq!(a.pixel_from_picture(pos2(0.01, 0.5), [64, 64]), Some([32, 0]));
    }

    #[test]
    fn the_picture_is_never_lost() {
        let placement = placements()[1];
        let bounds = ZoomBounds { cell: CELL.size(), picture: vec2(500.0, 375.0) * 0.6 };
        let mut view = ViewTransform::default();
        view.zoom(4.0, MIDDLE, Vec2::ZERO, bounds);
        view.pan(vec2(1e6, -1e6), bounds);
        let transform = view.picture_transform(CELL, &placement, 0.6);
        assert!(transform.picture.expand(0.1).contains_rect(CELL), "{transform:?}");
        view.zoom(0.0, MIDDLE, Vec2::ZERO, bounds);
        assert_eq!(view, ViewTransform::default());
    }
}
