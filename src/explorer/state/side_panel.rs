//! The panels at the sides, which give way to rails where the window is narrow.

use crate::explorer::state::view::View;

/// A panel at a side of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SidePanel {
    Library,
    Curves,
}

impl SidePanel {
    pub fn name(self) -> &'static str {
        match self {
            Self::Library => "Library",
            Self::Curves => "Curves",
        }
    }

    /// The width of the window below which the panel is a rail until it is opened, points.
    pub fn least_window(self) -> f32 {
        match self {
            Self::Library => 800.0,
            Self::Curves => 1000.0,
        }
    }

    /// Whether the window has no room for it, or is one cell's.
    fn is_in_the_way(self, view: &View, window: f32) -> bool {
        window < self.least_window() || view.alone.is_some()
    }

    /// Whether the whole panel is shown in a window of a width, points.
    pub fn is_open(self, view: &View, window: f32) -> bool {
        match self.is_in_the_way(view, window) {
            true => view.opened_over == Some(self),
            false => self.is_wanted(view),
        }
    }

    /// Makes a rail of the panel, or the panel of its rail. Where the window has no room for it, what is
    /// wanted in larger ones stays.
    pub fn toggle(self, view: &mut View, window: f32) {
        if self.is_in_the_way(view, window) {
            view.opened_over = (view.opened_over != Some(self)).then_some(self);
            return;
        }
        match self {
            Self::Library => view.library ^= true,
            Self::Curves => view.curves ^= true,
        }
    }

    fn is_wanted(self, view: &View) -> bool {
        match self {
            Self::Library => view.library,
            Self::Curves => view.curves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_give_way_in_narrow_windows_and_come_back() {
        let (mut view, panel) = (View::default(), SidePanel::Curves);
        assert!(panel.is_open(&view, 1280.0));
        assert!(!panel.is_open(&view, 640.0));
        panel.toggle(&mut view, 640.0);
        assert!(panel.is_open(&view, 640.0));
        SidePanel::Library.toggle(&mut view, 640.0);
        assert!(!panel.is_open(&view, 640.0), "one at a time");
        assert!(panel.is_open(&view, 1280.0));
        panel.toggle(&mut view, 1280.0);
        assert!(!panel.is_open(&view, 1280.0));
        let alone = View { alone: Some((0, "gradient")), ..View::default() };
        assert!(!panel.is_open(&alone, 2560.0));
    }
}
