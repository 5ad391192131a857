//! Axes of the window's plots.

use egui_plot::AxisHints;

/// Points between the numbers of an axis, at least.
const BESIDE: f32 = 60.0;
const ABOVE: f32 = 22.0;

/// Axes, across and up, whose numbers are there or not: egui_plot's own fade where they come near to
/// each other, until nobody can read them.
pub fn legible_axes<'a>() -> [Vec<AxisHints<'a>>; 2] {
    let spaced = |axis: AxisHints<'a>, least: f32| vec![axis.label_spacing(least..=least)];
    [spaced(AxisHints::new_x(), BESIDE), spaced(AxisHints::new_y(), ABOVE)]
}
