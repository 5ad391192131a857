//! What the window shows beside the document: no part of a session, and not undone.

use crate::explorer::state::document::Document;
use crate::explorer::state::pair::PairView;
use crate::explorer::state::scrub::Scrub;
use crate::explorer::state::side_panel::SidePanel;
use crate::explorer::state::zoom::ViewTransform;
use hyaline::display::Arrangement;
use hyaline::engine::MethodChoice;

/// What the window shows beside the document, and how near.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Side of a cell in points; `None` fits the window.
    pub cell: Option<f32>,
    /// The part of the picture that all cells show.
    pub transform: ViewTransform,
    /// The network and method of a cell that is shown alone.
    pub alone: Option<(u64, &'static str)>,
    /// Whether the values at probes are shown.
    pub probes: bool,
    pub pair: PairView,
    /// A place along the curves, whose pictures cells show instead of their maps.
    pub scrub: Option<Scrub>,
    /// Where a wiped cell goes over from one map to the other, in shares of its width.
    pub wipe: f32,
    /// The method that all pictures are shown by.
    pub method: Option<&'static str>,
    pub library: bool,
    pub curves: bool,
    /// The panel opened where the window has no room for it.
    pub opened_over: Option<SidePanel>,
}

impl View {
    /// How the grid is laid out; a cell alone needs no choice.
    pub fn arrangement(&self, document: &Document) -> Arrangement {
        match self.alone {
            Some(_) => Arrangement::default(),
            None => document.appearance.arrangement,
        }
    }

    /// The method whose maps are shown for all pictures: the chosen one, or the first shown.
    pub fn method_of<'d>(&self, document: &'d Document) -> Option<&'d MethodChoice> {
        let is_chosen =
            |choice: &&MethodChoice| Some(choice.method.description().id) == self.method;
        document.shown_methods().find(is_chosen).or_else(|| document.shown_methods().next())
    }
}

impl Default for View {
    fn default() -> Self {
        Self {
            cell: None,
            transform: ViewTransform::default(),
            alone: None,
            probes: true,
            pair: PairView::default(),
            scrub: None,
            wipe: 0.5,
            method: None,
            library: true,
            curves: true,
            opened_over: None,
        }
    }
}
