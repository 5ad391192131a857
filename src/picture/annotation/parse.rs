//! Numbers in files of annotations.

use crate::picture::MAX_PIXELS;

/// A size in pixels that a file claims, checked before it is believed.
pub(super) fn checked_size(height: u64, width: u64) -> Result<[usize; 2], String> {
    let pixels = height.checked_mul(width);
    if pixels.is_none_or(|pixels| pixels == 0 || pixels > MAX_PIXELS) {
        return Err(format!("a picture of {width}×{height} pixels"));
    }
    Ok([height as usize, width as usize])
}

/// A number with a decimal point, or else with a decimal comma.
pub(super) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let with_comma =
        || Some(text).filter(|text| text.matches(',').count() == 1 && !text.contains('.'));
    text.parse().ok().or_else(|| with_comma()?.replace(',', ".").parse().ok())
}
