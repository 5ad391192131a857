//! Sizes of pictures that can be opened.

/// Pictures of more pixels are refused before they are decoded: they could fill the memory.
pub const MAX_PIXELS: u64 = 300_000_000;
/// Of pictures of more pixels, half the width and height is kept.
pub(super) const MAX_WHOLE_PIXELS: u64 = 100_000_000;
/// Pictures with fewer pixels on a side are too small to explain.
pub const MIN_SIDE: u32 = 8;
/// Decoders that would need more memory refuse: four bytes for each pixel of the largest pictures.
pub(super) const MAX_DECODER_BYTES: u64 = 4 * MAX_PIXELS;

/// Whether half of a picture's width and height is kept.
pub(super) fn is_halved(width: u32, height: u32) -> bool {
    pixels(width, height) > MAX_WHOLE_PIXELS
}

/// Refuses pictures that are too large or too small to explain.
///
/// # Errors
/// When a picture is either.
pub(super) fn checked_dimensions(width: u32, height: u32) -> Result<(), String> {
    if pixels(width, height) > MAX_PIXELS {
        let limit = MAX_PIXELS / 1_000_000;
        return Err(format!(
            "{width}×{height} px is more than {limit} million pixels; shrink it first"
        ));
    }
    match width.min(height) < MIN_SIDE {
        true => Err(format!("{width}×{height} px is too small, each side needs {MIN_SIDE}")),
        false => Ok(()),
    }
}

/// The same for kinds of files that are only decoded whole, with more than a byte for each value.
///
/// # Errors
/// When a picture is too large or too small.
pub(super) fn checked_whole(width: u32, height: u32) -> Result<(), String> {
    checked_dimensions(width, height)?;
    match is_halved(width, height) {
        true => Err(format!(
            "{width}×{height} px is more than {} million pixels, which this kind of file may have; \
             save it as PNG or JPEG",
            MAX_WHOLE_PIXELS / 1_000_000
        )),
        false => Ok(()),
    }
}

fn pixels(width: u32, height: u32) -> u64 {
    u64::from(width) * u64::from(height)
}
