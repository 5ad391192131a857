//! Range and colour: where scales end, over a histogram of what they scale, and what of maps is shown.

use crate::explorer::context::{Context, Panel};
use crate::explorer::lookup::Lookup;
use crate::explorer::paint::cell::label;
use crate::explorer::paint::focus::show_focus;
use crate::explorer::paint::theme;
use crate::explorer::panel::choice::choose;
use egui::{
    Align2, ComboBox, DragValue, FontId, Rect, Response, Sense, Slider, Stroke, Ui, Window, pos2,
    vec2,
};
use hyaline::attribution::Sign;
use hyaline::display::{
    Arrangement, ColourMap, Ends, Norm, Reduction, Scale, Scaler, Scope, Style, TOP, conventions,
};
use hyaline::engine::MethodChoice;
use hyaline::text::number;
use ndarray::{Array2, Array3};
use std::sync::Arc;

/// The window's own state.
#[derive(Debug, Default)]
pub struct RangePanel {
    /// The method whose norm is edited; none for that of all.
    method: Option<&'static str>,
    /// The end of the scale that is dragged.
    dragged: Option<Side>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Low,
    High,
}

/// Bars of the histogram.
const BINS: usize = 64;
/// Its height, points.
const HEIGHT: f32 = 84.0;
/// Width of a number at an end of the scale, points.
const NUMBER: f32 = 56.0;

impl Panel for RangePanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let window = Window::new("Range and colour")
            .default_pos(ctx.content_rect().right_top() + vec2(-372.0, 72.0))
            .default_width(340.0)
            .max_height(ctx.content_rect().height() - 60.0)
            .vscroll(true);
        Some(window)
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let shown: Vec<MethodChoice> = cx.document.shown_methods().cloned().collect();
        self.norm_chooser(ui, cx, &shown);
        self.norm_controls(ui, cx, &shown);
        ui.separator();
        style_controls(ui, cx);
    }
}

impl RangePanel {
    /// Whose norm is edited, and by whose conventions.
    fn norm_chooser(&mut self, ui: &mut Ui, cx: &mut Context, shown: &[MethodChoice]) {
        let ids = shown.iter().map(|choice| choice.method.description());
        if !ids.clone().any(|method| Some(method.id) == self.method) {
            self.method = None;
        }
        let name = |of: Option<&str>| {
            let named = ids.clone().find(|method| Some(method.id) == of);
            named.map_or("all methods", |method| method.name)
        };
        ui.horizontal(|ui| {
            let label = ui.label("Apply to");
            ComboBox::from_id_salt("apply to")
                .selected_text(name(self.method))
                .show_ui(ui, |ui| {
                    ui.selectable_value(&mut self.method, None, "all methods");
                    for method in ids.clone() {
                        ui.selectable_value(&mut self.method, Some(method.id), method.name);
                    }
                })
                .response
                .labelled_by(label.id)
                .on_hover_text("A method with a norm of its own keeps it when that of all changes");
            let method = self.method;
            let appearance = &mut cx.document.appearance;
            ui.menu_button("Conventions", |ui| {
                for convention in conventions() {
                    if ui.button(convention.name).on_hover_text(convention.about).clicked() {
                        appearance.take(&convention, method);
                        ui.close();
                    }
                }
            })
            .response
            .on_hover_text("Show maps as a library or paper does");
            if let Some(id) = method
                && appearance.norms.own.contains_key(id)
                && ui.button("As all").on_hover_text("Give up the norm of its own").clicked()
            {
                appearance.norms.own.remove(id);
            }
        });
    }

    fn norm_controls(&mut self, ui: &mut Ui, cx: &mut Context, shown: &[MethodChoice]) {
        let method = self.method;
        let before = cx.document.appearance.norms.get(method);
        let mut norm = before;
        egui::Grid::new("norm").num_columns(2).show(ui, |ui| {
            choose(ui, "Channels", &mut norm.reduction, &Reduction::ALL.map(|r| (r, r.name())));
            let signs = Sign::ALL.map(|sign| (Some(sign), sign.name()));
            let signs: Vec<_> = [(None, "as the method says")].into_iter().chain(signs).collect();
            choose(ui, "Values", &mut norm.sign, &signs);
            let of_pictures = cx.document.appearance.arrangement == Arrangement::PicturesByNetworks;
            let name = |scope: Scope| match scope {
                Scope::Row | Scope::Figure if of_pictures => "One for all pictures",
                _ => scope.name(),
            };
            choose(ui, "Scale", &mut norm.scope, &Scope::ALL.map(|scope| (scope, name(scope))));
        });
        let norms = &cx.document.appearance.norms;
        let has_own = |id: &str| norms.own.contains_key(id);
        let is_drawn = |choice: &&MethodChoice| {
            let id = choice.method.description().id;
            method.map_or_else(|| !has_own(id), |method| method == id)
        };
        let drawn = shown.iter().find(is_drawn);
        let scale = drawn.and_then(|choice| self.histogram(ui, cx, choice, &mut norm));
        // Methods share no units, so that values are chosen for one.
        ends_controls(ui, &mut norm.ends, scale.filter(|_| method.is_some()));
        if norm != before {
            cx.document.appearance.norms.set(method, norm);
        }
    }

    /// How often values occur in the shown maps of a method, with the ends of their scale to drag; gives
    /// that scale.
    fn histogram(
        &mut self,
        ui: &mut Ui,
        cx: &mut Context,
        choice: &MethodChoice,
        norm: &mut Norm,
    ) -> Option<Scale> {
        let of = cx.document.appearance.norms.of(choice.method);
        let maps = finished_maps(cx.lookup(), choice);
        let maps: Vec<_> = maps.iter().collect();
        if maps.is_empty() {
            ui.weak("No map of this method is there yet");
            return None;
        }
        let reduced: Vec<_> = maps.iter().map(|map| cx.frame.reduced.reduced(map, of)).collect();
        let scale = cx.frame.reduced.scale(&maps, of);
        let counts = Counts::of(&reduced, scale);
        let colour_map =
            cx.document.appearance.colour_map.unwrap_or_else(|| ColourMap::for_sign(of.sign));
        let name = choice.method.description().name;
        let alone = if norm.scope == Scope::Panel { "; each cell ends elsewhere" } else { "" };
        ui.weak(match self.method {
            Some(_) => format!("Values of {name}, drag an end of their scale{alone}"),
            None => format!("Values of {name}; choose a method above to drag its ends{alone}"),
        });
        let response = counts.draw(ui, scale, colour_map);
        label(
            &response,
            format!("values of {name}, scale from {} to {}", number(scale.low), number(scale.high)),
        );
        let ends = self.dragged_ends(&response, &counts, scale);
        if let Some(ends) = ends.filter(|_| self.method.is_some()) {
            norm.ends = ends;
        }
        if response.double_clicked() {
            norm.ends = Norm::default().ends;
        }
        response.on_hover_text(format!(
            "{name} on the networks shown; bars grow with the logarithm of how often a value occurs. Twice \
             a click sets the ends back to the 99th percentile"
        ));
        Some(scale)
    }

    fn dragged_ends(&mut self, response: &Response, counts: &Counts, scale: Scale) -> Option<Ends> {
        let dragged = &mut self.dragged;
        if response.drag_started()
            && let Some(at) = response.interact_pointer_pos()
        {
            let distance = |value| (counts.x(response.rect, value) - at.x).abs();
            let nearest =
                if distance(scale.low) < distance(scale.high) { Side::Low } else { Side::High };
            *dragged = Some(nearest);
        }
        if response.drag_stopped() {
            *dragged = None;
        }
        let side = dragged.filter(|_| response.dragged())?;
        let value = counts.value(response.rect, response.interact_pointer_pos()?.x);
        moved(scale, side, value)
    }
}

fn style_controls(ui: &mut Ui, cx: &mut Context) {
    let appearance = &mut cx.document.appearance;
    egui::Grid::new("style").num_columns(2).show(ui, |ui| {
        let maps = ColourMap::ALL.map(|map| (Some(map), map.name()));
        let maps: Vec<_> = [(None, "by method")].into_iter().chain(maps).collect();
        choose(ui, "Colours", &mut appearance.colour_map, &maps);
        choose(ui, "Shown", &mut appearance.style, &Style::ALL.map(|s| (s, s.name())));
        let label = ui.label("Strongest");
        ui.add(Slider::new(&mut appearance.top, TOP).suffix(" %").fixed_decimals(0))
            .labelled_by(label.id)
            .on_hover_text("Show this share of a map's pixels, the strongest");
        ui.end_row();
    });
    if let Some(caution) = appearance.colour_map.and_then(ColourMap::caution) {
        ui.colored_label(ui.visuals().warn_fg_color, format!("Mind: {caution}"));
    }
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut appearance.smooth, "Smooth")
            .on_hover_text("Enlarge pixels bilinearly instead of showing them");
        ui.checkbox(&mut appearance.fade, "Fade").on_hover_text("Make weak pixels transparent");
        ui.checkbox(&mut appearance.grey, "Grey picture")
            .on_hover_text("Take the picture's colours away, so that only maps have some");
    });
}

/// Maps of a method that are done, of all networks.
fn finished_maps(lookup: Lookup, choice: &MethodChoice) -> Vec<Arc<Array3<f32>>> {
    let Some(picture) = lookup.document.picture() else { return vec![] };
    let models = lookup.document.shown_models();
    models.filter_map(|model| lookup.finished_map(model, picture, choice)).collect()
}

/// Where scales end, in numbers; at values only of a scale that is known.
fn ends_controls(ui: &mut Ui, ends: &mut Ends, scale: Option<Scale>) {
    let fixed = scale.map(|scale| Ends::Fixed { low: scale.low, high: scale.high });
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Ends at");
        let options = [Ends::Percentile(99.0), Ends::Mass(98.0)].into_iter().chain(fixed);
        ComboBox::from_id_salt("ends")
            .selected_text(ends.name())
            .show_ui(ui, |ui| {
                for option in options {
                    let is_chosen = option.name() == ends.name();
                    if ui.selectable_label(is_chosen, option.name()).clicked() && !is_chosen {
                        *ends = option;
                    }
                }
            })
            .response
            .labelled_by(label.id);
        match ends {
            Ends::Percentile(percent) | Ends::Mass(percent) => {
                ui.add(DragValue::new(percent).range(0.1..=100.0).speed(0.1).suffix(" %"))
                    .labelled_by(label.id);
            }
            Ends::Fixed { low, high } => {
                let speed = f64::from(*high - *low) / 200.0;
                let value = |ui: &mut Ui, value: &mut f32| {
                    ui.add(DragValue::new(value).speed(speed)).labelled_by(label.id);
                };
                let (before, mut after) = ((*low, *high), (*low, *high));
                value(ui, &mut after.0);
                ui.label("to");
                value(ui, &mut after.1);
                // An end that is moved past the other takes it along.
                if after.0 >= after.1 {
                    let span = before.1 - before.0;
                    match after.0 == before.0 {
                        true => after.0 = after.1 - span,
                        false => after.1 = after.0 + span,
                    }
                }
                if after.0 < after.1 && (after.1 - after.0).is_finite() {
                    (*low, *high) = after;
                }
            }
        }
    });
}

/// A scale with one end moved; the other mirrors it where zero is in the middle.
fn moved(scale: Scale, side: Side, value: f32) -> Option<Ends> {
    let (low, high) = match side {
        _ if scale.centred => (-value.abs(), value.abs()),
        Side::Low => (value, scale.high),
        Side::High => (scale.low, value),
    };
    (low < high).then_some(Ends::Fixed { low, high })
}

/// A histogram.
struct Counts {
    low: f32,
    high: f32,
    bins: [usize; BINS],
}

impl Counts {
    /// Of all values of some maps, over a range that holds them and the ends of their scale.
    fn of(maps: &[Arc<Array2<f32>>], scale: Scale) -> Self {
        let values = || maps.iter().flat_map(|map| map.iter().copied());
        let low = values().fold(scale.low, f32::min);
        let high = values().fold(scale.high, f32::max);
        let mut bins = [0; BINS];
        for value in values() {
            let bin = (value - low) / (high - low) * BINS as f32;
            bins[(bin as usize).min(BINS - 1)] += 1;
        }
        Self { low, high, bins }
    }

    fn x(&self, rect: Rect, value: f32) -> f32 {
        rect.left() + rect.width() * (value - self.low) / (self.high - self.low)
    }

    fn value(&self, rect: Rect, x: f32) -> f32 {
        let share = ((x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        self.low + share * (self.high - self.low)
    }

    /// Bars in the colours of their values, and lines at the ends of the scale.
    fn draw(&self, ui: &mut Ui, scale: Scale, colour_map: ColourMap) -> Response {
        let size = vec2(ui.available_width(), HEIGHT);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let painter = ui.painter();
        painter.rect_filled(rect, 2.0, theme::canvas(ui.visuals()));
        let logarithm = |count: usize| (1.0 + count as f32).ln();
        let most = self.bins.iter().copied().map(logarithm).fold(1.0, f32::max);
        let width = rect.width() / BINS as f32;
        for (bin, count) in self.bins.iter().enumerate() {
            let left = rect.left() + width * bin as f32;
            let middle = self.value(rect, left + width / 2.0);
            let [r, g, b] = colour_map.colour(scale.place(middle));
            let top = rect.bottom() - (rect.height() - 16.0) * logarithm(*count) / most;
            let bar = Rect::from_min_max(pos2(left, top), pos2(left + width, rect.bottom()));
            painter.rect_filled(bar, 0.0, egui::Color32::from_rgb(r, g, b));
        }
        let place = |value| self.x(rect, value).clamp(rect.left() + 1.0, rect.right() - 1.0);
        let [low, high] = [scale.low, scale.high].map(place);
        // Between the ends where two numbers have room, else beyond them, unless the border is near.
        let inside = [
            high - low > 2.0 * NUMBER || low - rect.left() < NUMBER,
            high - low > 2.0 * NUMBER || rect.right() - high < NUMBER,
        ];
        let ends = [(scale.low, low, inside[0]), (scale.high, high, !inside[1])];
        for (value, x, is_right) in ends {
            for (width, colour) in theme::CROSSHAIR {
                let line = [pos2(x, rect.top()), pos2(x, rect.bottom())];
                painter.line_segment(line, Stroke::new(width, colour));
            }
            let (align, aside) =
                if is_right { (Align2::LEFT_TOP, 4.0) } else { (Align2::RIGHT_TOP, -4.0) };
            let at = pos2(x + aside, rect.top() + 2.0);
            let font = FontId::proportional(11.0);
            painter.text(at, align, number(value), font, ui.visuals().text_color());
        }
        show_focus(ui, &response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn a_histogram_counts_every_value_and_finds_values_where_it_draws_them() {
        let maps = [Arc::new(arr2(&[[-1.0, 0.0, 0.5, 2.0]]))];
        let scale = Scale { low: -4.0, high: 1.0, centred: false };
        let counts = Counts::of(&maps, scale);
        assert_eq!((counts.low, counts.high), (-4.0, 2.0));
        assert_eq!(counts.bins.iter().sum::<usize>(), 4);
        assert_eq!(counts.bins[BINS - 1], 1);
        let rect = Rect::from_min_size(pos2(10.0, 0.0), vec2(300.0, 50.0));
        for value in [-4.0, -1.5, 2.0] {
            let found = counts.value(rect, counts.x(rect, value));
            assert!((found - value).abs() < 1e-3, "{found} for {value}");
        }
    }

    #[test]
    fn ends_never_cross_and_mirror_each_other_around_zero() {
        let centred = Scale { low: -2.0, high: 2.0, centred: true };
        assert_eq!(moved(centred, Side::Low, -3.0), Some(Ends::Fixed { low: -3.0, high: 3.0 }));
        assert_eq!(moved(centred, Side::High, 0.0), None);
        let free = Scale { low: 0.0, high: 2.0, centred: false };
        assert_eq!(moved(free, Side::Low, 1.0), Some(Ends::Fixed { low: 1.0, high: 2.0 }));
        assert_eq!(moved(free, Side::Low, 2.5), None);
    }
}
