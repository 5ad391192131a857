//! Which windows within the window are open.

use egui::{Context, Id, LayerId, Order};

/// A window within the window that Escape closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PanelId {
    Network,
    Range,
    Study,
    Training,
    Figure,
    Jobs,
    Help,
    Messages,
    Pair,
    Path,
    Problem,
}

impl PanelId {
    /// The id of its window.
    pub fn id(self) -> Id {
        Id::unique(("panel", self))
    }

    fn layer(self) -> LayerId {
        LayerId::new(Order::Middle, self.id())
    }
}

/// The panels that are open, in the order in which they were opened.
#[derive(Debug, Default)]
pub struct OpenPanels(Vec<PanelId>);

impl OpenPanels {
    pub fn contains(&self, panel: PanelId) -> bool {
        self.0.contains(&panel)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn open(&mut self, panel: PanelId) {
        self.set(panel, true);
    }

    pub fn close(&mut self, panel: PanelId) {
        self.set(panel, false);
    }

    pub fn toggle(&mut self, panel: PanelId) {
        self.set(panel, !self.contains(panel));
    }

    pub fn set(&mut self, panel: PanelId, is_open: bool) {
        if !is_open {
            self.0.retain(|open| *open != panel);
        } else if !self.contains(panel) {
            self.0.push(panel);
        }
    }

    /// The panel that lies above the others on screen; of those not drawn yet, the one opened last.
    pub fn topmost(&self, ctx: &Context) -> Option<PanelId> {
        let back_to_front: Vec<LayerId> = ctx.memory(|memory| memory.layer_ids().collect());
        let height = |panel: &PanelId| {
            back_to_front.iter().position(|layer| *layer == panel.layer()).unwrap_or(usize::MAX)
        };
        self.0.iter().copied().max_by_key(height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panel_opened_last_is_closed_first() {
        let (mut open, ctx) = (OpenPanels::default(), Context::default());
        assert_eq!(open.topmost(&ctx), None);
        for panel in [PanelId::Jobs, PanelId::Range, PanelId::Jobs, PanelId::Study] {
            open.open(panel);
        }
        for panel in [PanelId::Study, PanelId::Range, PanelId::Jobs] {
            assert_eq!(open.topmost(&ctx), Some(panel));
            open.close(panel);
        }
        assert!(open.is_empty());
        open.toggle(PanelId::Help);
        assert!(open.contains(PanelId::Help));
        open.toggle(PanelId::Help);
        assert!(!open.contains(PanelId::Help));
    }
}
