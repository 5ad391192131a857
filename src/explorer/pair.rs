//! Two networks joined, such as a vanilla one and its robust twin: a column that shows how their maps
//! differ.

use super::cell::{Cell, Look, label, paint, waiting};
use super::document::Document;
use super::inspector::shadowed;
use super::{Explorer, theme};
use crate::display::{ColorMap, Scale, Scaler};
use crate::engine::job::{MapQuery, Similarity, SimilarityQuery};
use crate::engine::{MethodChoice, OpenModel, OpenPicture, State, Subject};
use crate::figure::DIFFERENCE;
use crate::score::Measured;
use egui::{Align2, ComboBox, Label, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use std::sync::Arc;
use std::time::Duration;

/// Two networks by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub first: u64,
    pub second: u64,
}

/// How a pair's maps are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum PairView {
    #[default]
    Difference,
    Wipe,
    Blink,
}

/// Seconds that each of two maps is shown for.
const BLINK_SECONDS: f64 = 0.6;

impl PairView {
    const ALL: [Self; 3] = [Self::Difference, Self::Wipe, Self::Blink];

    fn name(self) -> &'static str {
        match self {
            Self::Difference => "Difference",
            Self::Wipe => "Wipe",
            Self::Blink => "Blink",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Difference => {
                "The second map less the first, each divided by the end of its own scale: orange where the \
                 first is higher, purple where the second is"
            }
            Self::Wipe => "The first map left of a line, the second right of it; drag the line",
            Self::Blink => "One map after the other",
        }
    }
}

impl Document {
    /// The two networks that are joined, while both are open.
    pub(super) fn joined(&self) -> Option<[OpenModel; 2]> {
        let pair = self.pair?;
        let open = |id| self.models.iter().find(|open| open.id == id).cloned();
        Some([open(pair.first)?, open(pair.second)?])
    }

    /// Two networks of one architecture that were trained otherwise, if they can be told by their
    /// cards.
    pub(super) fn twins(&self) -> Option<Pair> {
        let kind = |open: &OpenModel| open.value.training.as_ref().map(|card| card.kind.clone());
        self.pairs().into_iter().find_map(|[a, b]| {
            let is_twin = a.value.architecture == b.value.architecture
                && a.value.preprocessing.size == b.value.preprocessing.size
                && kind(&a) != kind(&b);
            is_twin.then_some(Pair { first: a.id, second: b.id })
        })
    }

    /// All networks two by two.
    fn pairs(&self) -> Vec<[OpenModel; 2]> {
        let rest = |index: usize| self.models[index + 1..].iter().cloned();
        let each = self.models.iter().enumerate();
        each.flat_map(|(index, a)| rest(index).map(move |b| [a.clone(), b])).collect()
    }
}

impl Explorer {
    /// Chooses which two networks are joined.
    pub(super) fn pair_chooser(&mut self, ui: &mut Ui) {
        if self.state.document.models.len() < 2 {
            return;
        }
        let label = ui.label("Pair");
        let name = |[a, b]: &[OpenModel; 2]| format!("{} | {}", a.value.name, b.value.name);
        let joined = self.state.document.joined();
        let pairs = self.state.document.pairs();
        let chosen = joined.as_ref().map_or("none".to_string(), name);
        ComboBox::from_id_salt("pair")
            .selected_text(chosen)
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut self.state.document.pair, None, "none");
                for pair in pairs {
                    let value = Pair { first: pair[0].id, second: pair[1].id };
                    ui.selectable_value(&mut self.state.document.pair, Some(value), name(&pair));
                }
            })
            .response
            .labelled_by(label.id)
            .on_hover_text("Two networks that get a column of their differences");
        if joined.is_none()
            && let Some(twins) = self.state.document.twins()
            && ui
                .button("Join twins")
                .on_hover_text("They have one architecture and were trained otherwise")
                .clicked()
        {
            self.state.document.pair = Some(twins);
        }
    }

    /// Above the pair's column: which networks, and how they are held against each other.
    pub(super) fn pair_header(&mut self, ui: &mut Ui, [a, b]: &[OpenModel; 2]) {
        let name = format!("{} | {}", a.value.name, b.value.name);
        ui.add(Label::new(RichText::new(name).strong()).wrap());
        ui.horizontal_wrapped(|ui| {
            for view in PairView::ALL {
                ui.selectable_value(&mut self.state.view.pair, view, view.name())
                    .on_hover_text(view.about());
            }
        });
        ui.add(Label::new(RichText::new(self.state.view.pair.about()).weak().small()).wrap());
        ui.add(
            Label::new(
                RichText::new("Hold Shift to see each in the place of the other").weak().small(),
            )
            .wrap(),
        );
    }

    /// Whether each of two joined networks is shown in the place of the other.
    pub(super) fn is_swapped(&self, ui: &Ui) -> bool {
        ui.input(|input| input.modifiers.shift_only()) && !ui.ctx().text_edit_focused()
    }

    /// How two cells of a row differ.
    pub(super) fn pair_cell(
        &mut self,
        ui: &mut Ui,
        (picture, joined, choice): (&OpenPicture, &[OpenModel; 2], &MethodChoice),
        (cells, shared): ([&Cell; 2], [Option<Scale>; 2]),
        look: &Look,
    ) {
        let size = vec2(look.side, look.side);
        let (square, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let method = choice.method.description();
        let [a, b] = joined.each_ref().map(|open| open.value.name.as_str());
        label(
            &response,
            format!("{} of {a} and {b}: {}", method.name, self.state.view.pair.name()),
        );
        let lens = self.lens(square, &joined[0], picture);
        match self.state.view.pair {
            PairView::Wipe if response.dragged() => {
                if let Some(at) = response.interact_pointer_pos() {
                    self.state.view.wipe =
                        ((at.x - square.left()) / square.width()).clamp(0.0, 1.0);
                }
                self.frame.pointed.now = response.hover_pos().map(|at| lens.place(at));
            }
            _ => self.navigate(ui, &response, &lens, picture),
        }
        let [Some(first), Some(second)] = cells.map(Cell::shown) else {
            return waiting(ui, square, "waits for both maps");
        };
        ui.painter().rect_filled(square, 0.0, theme::canvas(ui.visuals()));
        let own = [first.0, second.0].map(|map| self.frame.display.scale(&[map], look.norm));
        let overlays = [0, 1].map(|which| {
            let scale = shared[which].unwrap_or(own[which]);
            self.overlay_of([first.0, second.0][which], look, scale)
        });
        let maps = [first.0, second.0].map(|map| self.frame.display.reduced(map, look.norm));
        let seen = [first.1, second.1];
        let id = |which: &str| egui::Id::unique((which, method.id)).value();
        let show = |ui: &Ui, which: usize, clip: Rect| {
            let map = (maps[which].clone(), overlays[which]);
            paint(ui, &lens, clip, id(["first", "second"][which]), seen[which], map);
        };
        match self.state.view.pair {
            PairView::Wipe => {
                let x = square.left() + self.state.view.wipe * square.width();
                show(ui, 0, square.with_max_x(x));
                show(ui, 1, square.with_min_x(x));
                for (width, color) in theme::CROSSHAIR {
                    let line = [pos2(x, square.top()), pos2(x, square.bottom())];
                    ui.painter().line_segment(line, Stroke::new(width, color));
                }
            }
            PairView::Blink => {
                let turn = (ui.input(|input| input.time) / BLINK_SECONDS) as u64 % 2;
                show(ui, turn as usize, square);
                let name = [a, b][turn as usize];
                shadowed(
                    ui.painter(),
                    square.left_top() + vec2(4.0, 3.0),
                    Align2::LEFT_TOP,
                    name,
                    11.0,
                );
                ui.ctx().request_repaint_after(Duration::from_secs_f64(BLINK_SECONDS / 4.0));
            }
            PairView::Difference => {
                match self.frame.display.difference([first.0, second.0], look.norm, own) {
                    Some(map) => {
                        let overlay = self.overlay(ColorMap::OrangePurple, DIFFERENCE);
                        paint(ui, &lens, square, id("difference"), seen[0], (map, overlay));
                    }
                    None => return waiting(ui, square, "the maps differ in size"),
                }
            }
        }
        self.draw_marks(ui, &lens);
        self.pair_footer(ui, cells);
    }

    fn pair_footer(&self, ui: &mut Ui, cells: [&Cell; 2]) {
        let query = similarity_query(cells);
        let Some(similarity) = query.and_then(|query| self.frame.results.done(&query)) else {
            return;
        };
        let Similarity { spearman, ssim } = *similarity;
        let text = |measured: Measured| match measured {
            Measured::Value(value) => format!("{value:.3}"),
            Measured::Undefined(_) => "–".into(),
        };
        let line = format!("Spearman {}  SSIM {}", text(spearman), text(ssim));
        ui.add(Label::new(RichText::new(line).small()).truncate()).on_hover_text(
            "How alike the two maps are, signed and as computed: correlation of ranks, and structural \
             similarity with each map divided by its largest magnitude",
        );
    }
}

/// The similarity of two cells' maps, once both maps are done.
fn similarity_query(cells: [&Cell; 2]) -> Option<SimilarityQuery> {
    let [a, b] = cells.map(|cell| cell.finished_query().cloned());
    Some(SimilarityQuery([a?, b?]))
}

impl Cell {
    /// The query of a map that is done.
    fn finished_query(&self) -> Option<&MapQuery> {
        self.query.as_ref().filter(|_| matches!(self.state, Some(State::Done(_))))
    }

    /// The map and the picture it is of.
    fn shown(&self) -> Option<(&Arc<ndarray::Array3<f32>>, &Arc<Subject>)> {
        Some((self.own_map()?, self.seen.as_ref()?))
    }
}
