//! Design tokens: every colour and distance of the window.

use egui::style::WidgetVisuals;
use egui::{Color32, Stroke, Theme, Visuals, vec2};
use hyaline::plot::palette;

/// Distance between unlike things, points.
pub const GAP: f32 = 8.0;
/// Side of a picture in a list, points.
pub const THUMBNAIL: f32 = 40.0;
/// Sides that a cell of the grid may have, points.
pub const CELL: std::ops::RangeInclusive<f32> = 72.0..=1600.0;

/// Laid over the window while files hover above it, and the writing on it.
pub const SCRIM: Color32 = Color32::from_rgba_premultiplied(0, 0, 0, 170);
pub const ON_SCRIM: Color32 = Color32::WHITE;

/// A panel at a side that leaves the middle of a small window its room.
pub fn side_panel(ui: &egui::Ui, panel: egui::Panel, width: f32) -> egui::Panel {
    let window = ui.ctx().content_rect().width();
    let (least, most) = (140.0, (0.3 * window).max(150.0));
    panel.default_size(width.min(0.27 * window).max(least)).size_range(least..=most)
}

/// Colours of the methods' curves.
pub fn series(index: usize, theme: Theme) -> Color32 {
    let [r, g, b] = match theme {
        Theme::Dark => palette::of_series(index, &palette::ON_DARK, 255),
        Theme::Light => palette::of_series(index, &palette::ON_LIGHT, 0),
    };
    Color32::from_rgb(r, g, b)
}

/// Widths (points) and colours of the lines around annotated objects.
pub const ANNOTATION: [(f32, Color32); 2] =
    [(3.0, Color32::from_black_alpha(170)), (1.5, Color32::from_rgb(255, 230, 80))];

/// Widths (points) and colours of the lines around the place under the pointer.
pub const CROSSHAIR: [(f32, Color32); 2] =
    [(3.0, Color32::from_black_alpha(150)), (1.0, Color32::WHITE)];

/// Writing on pictures, and its rim: together they show on every colour.
pub const ON_PICTURE: [Color32; 2] = [Color32::WHITE, Color32::BLACK];

/// Behind pictures and maps: grey, so that it leaves their colours alone.
pub fn canvas(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_gray(44) } else { Color32::from_gray(208) }
}

/// Behind a cell that has no map.
pub fn empty_cell(visuals: &Visuals) -> Color32 {
    visuals.faint_bg_color
}

/// Bars of probabilities.
pub fn probability(visuals: &Visuals) -> Color32 {
    visuals.selection.bg_fill.gamma_multiply(0.55)
}

/// Around what has the keyboard's focus, and what a drop would go to.
pub fn focus(visuals: &Visuals) -> Stroke {
    Stroke::new(2.0, visuals.selection.stroke.color)
}

/// The filled part of a bar along the edge of a cell.
pub fn progress(visuals: &Visuals) -> Color32 {
    visuals.selection.stroke.color
}

/// egui's colours, with those changed that are too near to each other: every text has a contrast of
/// 4.5:1 on all that it may stand on, dim and disabled ones too, and every outline 3:1.
pub fn visuals(theme: Theme) -> Visuals {
    let (mut visuals, colours) = match theme {
        Theme::Dark => (Visuals::dark(), &DARK),
        Theme::Light => (Visuals::light(), &LIGHT),
    };
    visuals.weak_text_color = Some(Color32::from_gray(colours.dim_text));
    visuals.error_fg_color = colours.error;
    visuals.warn_fg_color = colours.warning;
    visuals.hyperlink_color = visuals.selection.stroke.color;
    visuals.selection.bg_fill = colours.selection;
    visuals.disabled_alpha = 0.78;
    let focus = focus(&visuals);
    let widgets = &mut visuals.widgets;
    widgets.noninteractive.fg_stroke.color = Color32::from_gray(colours.text);
    widgets.hovered.weak_bg_fill = Color32::from_gray(colours.hovered);
    widgets.active.weak_bg_fill = colours.selection;
    for widget in [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.open] {
        outline(widget, colours);
    }
    widgets.inactive.fg_stroke.color = Color32::from_gray(colours.control);
    widgets.hovered.bg_stroke.color = widgets.hovered.fg_stroke.color;
    // egui shows what has the focus as it shows what is pressed.
    widgets.active.bg_stroke = focus;
    visuals
}

fn outline(widget: &mut WidgetVisuals, colours: &Colours) {
    widget.bg_stroke = Stroke::new(1.0, Color32::from_gray(colours.outline));
    widget.bg_fill = Color32::from_gray(colours.rail);
}

/// What a theme changes of egui's; single numbers are levels of grey.
struct Colours {
    text: u8,
    dim_text: u8,
    error: Color32,
    warning: Color32,
    /// Behind what is selected or pressed.
    selection: Color32,
    /// Behind a button under the pointer.
    hovered: u8,
    /// Around buttons, boxes and fields.
    outline: u8,
    /// Texts of buttons, ticks in boxes.
    control: u8,
    /// The rails and handles of sliders, and the insides of boxes to tick.
    rail: u8,
}

const DARK: Colours = Colours {
    text: 205,
    dim_text: 175,
    error: Color32::from_rgb(255, 155, 145),
    warning: Color32::from_rgb(255, 170, 60),
    selection: Color32::from_rgb(0, 70, 100),
    hovered: 56,
    outline: 135,
    control: 230,
    rail: 108,
};

const LIGHT: Colours = Colours {
    text: 40,
    dim_text: 70,
    error: Color32::from_rgb(165, 0, 16),
    warning: Color32::from_rgb(125, 62, 0),
    selection: Color32::from_rgb(160, 214, 255),
    hovered: 222,
    outline: 110,
    control: 25,
    rail: 140,
};

/// Sets both themes up.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    for theme in [Theme::Dark, Theme::Light] {
        ctx.set_visuals_of(theme, visuals(theme));
    }
    ctx.all_styles_mut(|style| {
        style.spacing.item_spacing = vec2(GAP, 5.0);
        style.spacing.button_padding = vec2(8.0, 3.0);
        style.spacing.slider_width = 90.0;
        style.interaction.tooltip_delay = 0.3;
        for size in style.text_styles.values_mut() {
            size.size = size.size.max(11.0);
        }
    });
}

/// egui's fonts, with its monospaced one standing in for signs that the proportional one lacks:
/// the arrows of buttons and the operators of formulas.
fn fonts() -> egui::FontDefinitions {
    let mut fonts = egui::FontDefinitions::default();
    let monospaced = fonts.families.get(&egui::FontFamily::Monospace).cloned().unwrap_or_default();
    let proportional = fonts.families.entry(egui::FontFamily::Proportional).or_default();
    for name in monospaced {
        if !proportional.contains(&name) {
            proportional.push(name);
        }
    }
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEMES: [Theme; 2] = [Theme::Dark, Theme::Light];

    /// Relative luminance, by the Web Content Accessibility Guidelines 2.2.
    fn luminance(colour: Color32) -> f32 {
        let linear = |value: u8| {
            let value = f32::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    fn contrast(one: Color32, other: Color32) -> f32 {
        let [a, b] = [one, other].map(luminance);
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[track_caller]
    fn hold(theme: Theme, what: &str, ground: Color32, colour: Color32, least: f32) {
        let is = contrast(ground.blend(colour), ground);
        assert!(is >= least, "{theme:?}: {what} {colour:?} on {ground:?} has {is:.2}, not {least}");
    }

    /// What texts may stand on.
    fn grounds(visuals: &Visuals) -> Vec<Color32> {
        let widgets = &visuals.widgets;
        let states = [&widgets.inactive, &widgets.hovered, &widgets.active, &widgets.open];
        let panel = visuals.panel_fill;
        let mut grounds = states.map(|state| state.weak_bg_fill).to_vec();
        grounds.extend([panel, visuals.window_fill, visuals.extreme_bg_color]);
        grounds.extend([visuals.selection.bg_fill, visuals.code_bg_color]);
        grounds.extend([visuals.faint_bg_color, probability(visuals)].map(|c| panel.blend(c)));
        grounds
    }

    #[test]
    fn every_text_has_the_contrast_of_texts_on_all_that_it_may_stand_on() {
        for theme in THEMES {
            let visuals = visuals(theme);
            let texts = [
                ("text", visuals.text_color()),
                ("dim text", visuals.weak_text_color()),
                ("strong text", visuals.strong_text_color()),
                ("error", visuals.error_fg_color),
                ("warning", visuals.warn_fg_color),
                ("link", visuals.hyperlink_color),
                ("text of a selected row", visuals.selection.stroke.color),
            ];
            let code = visuals.code_bg_color;
            for ground in grounds(&visuals) {
                for (what, colour) in texts {
                    if ground != code || what == "text" {
                        hold(theme, what, ground, colour, 4.5);
                    }
                }
            }
            for colour in [visuals.text_color(), visuals.weak_text_color()] {
                hold(theme, "disabled", visuals.panel_fill, visuals.disable(colour), 4.5);
            }
            hold(theme, "text", canvas(&visuals), visuals.text_color(), 4.5);
        }
    }

    #[test]
    fn texts_of_controls_and_their_outlines_have_the_contrast_of_both() {
        for theme in THEMES {
            let visuals = visuals(theme);
            let widgets = &visuals.widgets;
            for state in [&widgets.inactive, &widgets.hovered, &widgets.active, &widgets.open] {
                hold(theme, "a button", state.weak_bg_fill, state.fg_stroke.color, 4.5);
                hold(theme, "a tick", state.bg_fill, state.fg_stroke.color, 3.0);
                let rows = [visuals.panel_fill, visuals.window_fill, widgets.hovered.weak_bg_fill];
                for ground in rows {
                    hold(theme, "an outline", ground, state.bg_stroke.color, 3.0);
                    hold(theme, "the focus", ground, focus(&visuals).color, 3.0);
                }
            }
            hold(theme, "a rail", visuals.panel_fill, widgets.inactive.bg_fill, 3.0);
            hold(theme, "progress", visuals.extreme_bg_color, progress(&visuals), 3.0);
        }
    }

    #[test]
    fn curves_and_writing_on_pictures_show() {
        for theme in THEMES {
            let ground = visuals(theme).extreme_bg_color;
            for index in 0..14 {
                hold(theme, "a curve", ground, series(index, theme), 3.0);
            }
        }
        let [bright, dark] = ON_PICTURE;
        assert!(contrast(bright, dark) >= 4.5);
        // Between the two, one of them has it on every ground.
        for level in 0..=255 {
            let ground = Color32::from_gray(level);
            assert!(contrast(bright, ground).max(contrast(dark, ground)) >= 4.5);
        }
    }
}
