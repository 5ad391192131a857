//! Which two networks are a pair, where that is not plain.

use crate::explorer::context::{Context, Panel};
use crate::explorer::state::open_panels::PanelId;
use crate::explorer::state::pair::Pair;
use egui::{Align2, ComboBox, RichText, ScrollArea, Ui, Window};

/// The two that are chosen so far.
#[derive(Debug, Default)]
pub struct PairChooser {
    chosen: [Option<u64>; 2],
}

impl Panel for PairChooser {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let window = Window::new("Which two networks?")
            .pivot(Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center())
            .default_width(420.0)
            .collapsible(false);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let pair = proposals(ui, cx).or_else(|| self.own(ui, cx));
        if let Some(pair) = pair {
            cx.document.pair = Some(pair);
            cx.open.close(PanelId::Pair);
        }
    }
}

/// Likely twins, each with what speaks for it; gives the one that was chosen.
fn proposals(ui: &mut Ui, cx: &Context) -> Option<Pair> {
    let twins = cx.document.twins();
    if twins.is_empty() {
        ui.label("No two networks have one architecture and names or cards of different training.");
        return None;
    }
    ui.label("Networks of one architecture that differ in training:");
    let mut chosen = None;
    ScrollArea::vertical().max_height(200.0).show(ui, |ui| {
        for twins in &twins {
            let [a, b] = [twins.pair.first, twins.pair.second].map(|id| name(cx, id));
            if ui.button(format!("{a} | {b}")).clicked() {
                chosen = Some(twins.pair);
            }
            ui.label(RichText::new(&twins.why).weak().small());
        }
    });
    chosen
}

impl PairChooser {
    /// Any two.
    fn own(&mut self, ui: &mut Ui, cx: &Context) -> Option<Pair> {
        ui.separator();
        for (label, chosen) in ["First", "Second"].into_iter().zip(&mut self.chosen) {
            let is_open = |id: &u64| cx.document.models.iter().any(|open| open.id == *id);
            *chosen = chosen.filter(is_open);
            ui.horizontal(|ui| {
                let label = ui.label(label);
                let text = chosen.map_or("choose a network".into(), |id| name(cx, id));
                let combo = ComboBox::from_id_salt(("pair", label.id)).selected_text(text);
                let shown = combo.width(260.0).show_ui(ui, |ui| {
                    for open in &cx.document.models {
                        ui.selectable_value(chosen, Some(open.id), &open.value.name);
                    }
                });
                shown.response.labelled_by(label.id);
            });
        }
        let pair = match self.chosen {
            [Some(first), Some(second)] if first != second => Some(Pair { first, second }),
            _ => None,
        };
        let button = ui.add_enabled(pair.is_some(), egui::Button::new("Pair these"));
        pair.filter(|_| button.on_disabled_hover_text("Choose two different ones").clicked())
    }
}

fn name(cx: &Context, id: u64) -> String {
    let open = cx.document.models.iter().find(|open| open.id == id);
    open.map_or(String::new(), |open| open.value.name.clone())
}
