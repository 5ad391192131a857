//! Sizes of pictures that can be opened.

/// Pictures of more pixels are refused before they are decoded: they could fill the memory.
pub const MAX_PIXELS: u64 = 100_000_000;
/// Pictures with fewer pixels on a side are too small to explain.
pub const MIN_SIDE: u32 = 8;
/// Decoders that would need more memory refuse.
pub(super) const MAX_DECODER_BYTES: u64 = 1 << 30;

/// Refuses pictures that are too large or too small to explain.
///
/// # Errors
/// When a picture is either.
pub(super) fn checked_dimensions(width: u32, height: u32) -> Result<(), String> {
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
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
