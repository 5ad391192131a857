//! JPEG XL, by the decoder of its authors.

use super::limits::{MAX_WHOLE_PIXELS, checked_whole};
use image::{DynamicImage, RgbaImage};
use jxl::api::{AlphaMode, Event, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat};

/// Red, green, blue, alpha, and some extra channels at most.
const MAX_SAMPLES: usize = 5 * MAX_WHOLE_PIXELS as usize;

/// Whether a file is one, in its container or bare.
pub(super) fn is_jpeg_xl(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0x0a]) || bytes.starts_with(b"\0\0\0\x0cJXL \r\n\x87\n")
}

/// The first frame, upright.
///
/// # Errors
/// When it can't be decoded or ends early.
pub(super) fn decoded(bytes: &[u8]) -> Result<DynamicImage, String> {
    let mut options = JxlDecoderOptions::default();
    options.sample_limit = Some(MAX_SAMPLES);
    options.alpha_mode = AlphaMode::Unpremultiplied;
    let (mut decoder, mut input) = (JxlDecoder::new(options), bytes);
    let failed = |e: &dyn std::fmt::Display| format!("the JPEG XL can't be decoded: {e}");
    let cut_off = || "the file ends before the picture does; copy or download it again".to_string();
    match decoder.process(&mut input, None, None).map_err(|e| failed(&e))? {
        Event::BasicInfo => {}
        _ => return Err(cut_off()),
    }
    let info = decoder.basic_info().ok_or_else(cut_off)?;
    let ((width, height), extra) = (info.size, info.extra_channels.len());
    let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    checked_whole(side(width), side(height))?;
    decoder.set_pixel_format(JxlPixelFormat::rgba8(extra)).map_err(|e| failed(&e))?;
    let mut pixels = vec![255; 4 * width * height];
    loop {
        let mut buffers = [JxlOutputBuffer::new(&mut pixels, height, 4 * width)];
        match decoder.process(&mut input, Some(&mut buffers), None).map_err(|e| failed(&e))? {
            Event::FrameComplete { .. } | Event::Complete => break,
            Event::NeedMoreInput { .. } => return Err(cut_off()),
            Event::BasicInfo | Event::FrameHeader => {}
        }
    }
    let image = RgbaImage::from_raw(side(width), side(height), pixels);
    image.map(DynamicImage::from).ok_or_else(cut_off)
}
