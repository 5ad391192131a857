//! Walking along the curves: what networks saw at a step of Insertion or Deletion, in every cell.

use crate::explorer::context::Context;
use crate::explorer::paint::text_on_picture::{is_legible, shadowed};
use crate::explorer::paint::{textures, theme};
use crate::explorer::state::scrub::{Scrub, Side};
use crate::explorer::state::zoom::{PictureTransform, UNIT};
use egui::{Align2, Color32, Slider, Ui, vec2};
use hyaline::engine::job::{CurvesQuery, MapQuery};
use std::sync::Arc;

/// Below the charts, while cells show pictures along a curve.
pub fn scrub_controls(ui: &mut Ui, cx: &mut Context) {
    let Some(scrub) = &mut cx.view.scrub else {
        ui.weak("Drag along a curve to see what the networks saw there, or go by");
        ui.horizontal_wrapped(|ui| {
            for side in [Side::Insertion, Side::Deletion] {
                if ui.button(side.button()).clicked() {
                    cx.view.scrub = Some(Scrub { side, share: 0.25 });
                }
            }
        });
        return;
    };
    let mut done = false;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label(format!("Pixels {}", scrub.side.participle()));
        ui.add(Slider::new(&mut scrub.share, 0.0..=1.0).fixed_decimals(2)).labelled_by(label.id);
        done = ui.button("Back to maps").on_hover_text("Esc").clicked();
    });
    if done {
        cx.view.scrub = None;
    }
}

/// Shows in a cell what its network saw at the chosen step of the cell's curves; gives the
/// score there. None where nothing is chosen, or the curves are not there yet.
pub fn step_picture(
    ui: &Ui,
    cx: &mut Context,
    map: &MapQuery,
    transform: &PictureTransform,
) -> Option<String> {
    let scrub = cx.view.scrub?;
    let done = cx.results.done(&CurvesQuery(map.clone()))?;
    let (curves, sequence) = &*done;
    let point = scrub.point(sequence);
    let size = sequence.size();
    let of = textures::Of::Step {
        sequence: Arc::as_ptr(sequence) as usize,
        deletion: scrub.side == Side::Deletion,
        point,
    };
    let smooth = cx.document.appearance.smooth && !is_legible(transform, size);
    let texture = textures::Key { of, smooth };
    let texture = cx
        .frame
        .textures
        .get(ui.ctx(), texture, Some(sequence.clone()), || scrub.side.picture(sequence, point))?;
    let painter = ui.painter().with_clip_rect(transform.cell.intersect(ui.clip_rect()));
    painter.rect_filled(transform.cell, 0.0, theme::canvas(ui.visuals()));
    painter.image(texture, transform.input, UNIT, Color32::WHITE);
    let share = 100.0 * curves.fractions[point];
    let text = format!("{share:.0} % {}", scrub.side.participle());
    let at = transform.cell.left_top() + vec2(4.0, 3.0);
    shadowed(&painter, at, Align2::LEFT_TOP, &text, 11.0);
    let model = cx.document.models.iter().find(|model| model.id == map.cell.model);
    let is_value = model.is_some_and(|model| model.value.outputs.kind.probability().is_none());
    let scored = if is_value { "value" } else { "probability" };
    Some(format!("{scored} {:.3}", scrub.side.curve(curves).scores[point]))
}
