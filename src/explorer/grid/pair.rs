//! The column of a pair of networks, such as a vanilla and a robust one: how their maps differ.

use crate::explorer::context::Context;
use crate::explorer::grid::cell::{Cell, CellStyle, overlay_of, overlay_with};
use crate::explorer::grid::classes::pair_notes;
use crate::explorer::grid::probe::{draw_marks, navigate, picture_transform};
use crate::explorer::paint::cell::{label, paint, waiting};
use crate::explorer::paint::difference_bar::difference_bar;
use crate::explorer::paint::focus::show_focus;
use crate::explorer::paint::text_on_picture::shadowed;
use crate::explorer::paint::theme;
use crate::explorer::state::pair::PairView;
use egui::{Align2, Label, Rect, RichText, Sense, Stroke, Ui, pos2, vec2};
use hyaline::display::{Arrangement, ColourMap, Difference, PairEnds, Scale, Scaler};
use hyaline::engine::job::{MapQuery, Similarity, SimilarityQuery};
use hyaline::engine::{MethodChoice, OpenModel, OpenPicture, State, Subject};
use hyaline::score::Measured;
use hyaline::text::number;
use std::sync::Arc;
use std::time::Duration;

/// Seconds that each of two maps is shown for.
const BLINK_SECONDS: f64 = 0.6;

/// Above the pair's column: which networks, and how they are compared.
pub fn pair_header(ui: &mut Ui, cx: &mut Context, [a, b]: &[OpenModel; 2]) {
    let name = format!("{} | {}", a.value.name, b.value.name);
    ui.add(Label::new(RichText::new(name).strong()).wrap());
    ui.horizontal_wrapped(|ui| {
        for view in PairView::ALL {
            ui.selectable_value(&mut cx.view.pair, view, view.name()).on_hover_text(view.about());
        }
    });
    ui.add(Label::new(RichText::new(cx.view.pair.about()).weak().small()).wrap());
    own_ends(ui, cx);
    ui.add(
        Label::new(
            RichText::new("Hold Shift to see each in the place of the other").weak().small(),
        )
        .wrap(),
    );
}

/// Lets the pair's maps end where their own values do, which colours then do not compare.
fn own_ends(ui: &mut Ui, cx: &mut Context) {
    let ends = &mut cx.document.appearance.pair_ends;
    let mut own = *ends == PairEnds::Own;
    let about = "Each map of the pair up to the end of its own values, and the difference of maps divided by \
                 these: shows where weak maps are, but equal colours are not equal values";
    if ui.checkbox(&mut own, "Own ends").on_hover_text(about).changed() {
        *ends = if own { PairEnds::Own } else { PairEnds::Shared };
    }
}

/// Whether each network of a pair is shown in the place of the other.
pub fn is_swapped(ui: &Ui) -> bool {
    ui.input(|input| input.modifiers.shift_only()) && !ui.ctx().text_edit_focused()
}

/// How two cells of a row differ.
pub fn pair_cell(
    ui: &mut Ui,
    cx: &mut Context,
    (picture, pair, choice): (&OpenPicture, &[OpenModel; 2], &MethodChoice),
    (cells, shared): ([&Cell; 2], [Option<Scale>; 2]),
    style: &CellStyle,
) {
    let size = vec2(style.side, style.side);
    let (square, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let method = choice.method.description();
    let [a, b] = pair.each_ref().map(|open| open.value.name.as_str());
    let on = match cx.view.arrangement(cx.document) {
        Arrangement::PicturesByNetworks => format!(" on {}", picture.value.name),
        _ => String::new(),
    };
    label(&response, format!("{} of {a} and {b}{on}: {}", method.name, cx.view.pair.name()));
    let transform = picture_transform(cx, square, &pair[0], picture);
    match cx.view.pair {
        PairView::Wipe if response.dragged() => {
            if let Some(at) = response.interact_pointer_pos() {
                cx.view.wipe = ((at.x - square.left()) / square.width()).clamp(0.0, 1.0);
            }
            cx.frame.pointed.now = response.hover_pos().map(|at| transform.picture_from_screen(at));
        }
        _ => navigate(ui, cx, &response, &transform, picture),
    }
    let [Some(first), Some(second)] = cells.map(Cell::shown) else {
        return waiting(ui, square, "waits for both maps");
    };
    ui.painter().rect_filled(square, 0.0, theme::canvas(ui.visuals()));
    let own = [first.0, second.0].map(|map| cx.frame.reduced.scale(&[map], style.norm));
    let scales = [0, 1].map(|which| shared[which].unwrap_or(own[which]));
    let overlays =
        [0, 1].map(|which| overlay_of(cx, [first.0, second.0][which], style, scales[which]));
    let maps = [first.0, second.0].map(|map| cx.frame.reduced.reduced(map, style.norm));
    let seen = [first.1, second.1];
    let id = |which: &str| egui::Id::unique((which, picture.id, method.id)).value();
    let show = |ui: &Ui, which: usize, clip: Rect| {
        let map = (maps[which].clone(), overlays[which]);
        paint(ui, &transform, clip, id(["first", "second"][which]), seen[which], map);
    };
    match cx.view.pair {
        PairView::Wipe => {
            let x = square.left() + cx.view.wipe * square.width();
            show(ui, 0, square.with_max_x(x));
            show(ui, 1, square.with_min_x(x));
            for (width, colour) in theme::CROSSHAIR {
                let line = [pos2(x, square.top()), pos2(x, square.bottom())];
                ui.painter().line_segment(line, Stroke::new(width, colour));
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
            let of = Difference::of_scales(scales);
            match cx.frame.reduced.difference([first.0, second.0], style.norm, of) {
                Some(map) => {
                    let overlay = overlay_with(cx.document, ColourMap::OrangePurple, of.scale());
                    paint(ui, &transform, square, id("difference"), seen[0], (map, overlay));
                    let bar = egui::Id::unique(("difference bar", picture.id, method.id));
                    difference_bar(ui, square, bar, of);
                }
                None => return waiting(ui, square, "the maps differ in size"),
            }
        }
    }
    draw_marks(ui, cx, &transform);
    show_focus(ui, &response);
    if let [Some(a), Some(b)] = [0, 1].map(|which| shared[which].is_none().then_some(own[which])) {
        let text = format!("scaled alone, to {} | {}", number(a.high), number(b.high));
        ui.add(Label::new(RichText::new(text).small().weak()).truncate());
    }
    pair_footer(ui, cx, cells);
    pair_notes(ui, cx, pair, picture);
}

fn pair_footer(ui: &mut Ui, cx: &Context, cells: [&Cell; 2]) {
    let query = similarity_query(cells);
    let Some(similarity) = query.and_then(|query| cx.results.done(&query)) else {
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
