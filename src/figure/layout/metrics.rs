//! Sizes of a layout, and the letters of its panels. All lengths are points.

/// Around everything.
pub(super) const MARGIN: f64 = 2.0;
/// Of small text to text.
pub(super) const SMALL: f64 = 0.86;
/// Of lines of text to their height.
pub(super) const LINE: f64 = 1.2;
/// Of charts, width to height.
pub(super) const CHART: f64 = 1.3;
/// What lies above and below a baseline, in heights of text.
pub(super) const ABOVE: f64 = 0.78;
pub(super) const BELOW: f64 = 0.24;
/// Side of the smallest panel that shows anything.
pub(super) const LEAST_SIDE: f64 = 10.0;
/// Between headings and panels, in heights of text.
pub(super) const ABOVE_PANELS: f64 = 0.25;
/// Right of a bar's unit, so that nobody takes it for the next chart's, in heights of small text.
pub(super) const AFTER_UNIT: f64 = 0.8;
/// Thickness of colour bars, in heights of text.
pub(super) const THICKNESS: f64 = 0.7;

/// a, b … z, aa, ab …
pub fn letters(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        before => letters(before - 1) + &letter.to_string(),
    }
}
