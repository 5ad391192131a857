//! From SVG to PNG and PDF, with what readers find in the files.

use super::Fonts;
use crate::error::{Error, Result};
use crate::session::{FigureOptions, POINTS};
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt, SvgSettings};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::Tree;

/// Pixels of CSS in an inch, which is what SVG is read in.
const CSS_DPI: f64 = 96.0;
/// Of PNG, so that half a gigabyte of memory is enough.
const MOST_PIXELS: u64 = 100_000_000;
const METRE_INCHES: f64 = 39.370_078_74;

/// A figure that can become any file.
pub struct Rendering {
    tree: Tree,
}

/// The attachment of PDF that holds the record.
const PDF_ATTACHMENT: &str = "hyaline-figure.json";

/// Pixels of a figure: RGBA, not premultiplied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
}

impl Rendering {
    /// # Errors
    /// When the SVG can't be read.
    pub fn new(svg: &str, fonts: &Fonts) -> Result<Self> {
        let tree = Tree::from_str(svg, &fonts.options())
            .map_err(|e| Error::new("cannot render the figure", e))?;
        Ok(Self { tree })
    }

    /// Width and height, points.
    pub fn size(&self) -> [f64; 2] {
        let size = self.tree.size();
        [size.width(), size.height()].map(|side| f64::from(side) * POINTS / CSS_DPI)
    }

    /// The figure at so many dots an inch.
    ///
    /// # Errors
    /// When it has too many pixels.
    pub fn pixels(&self, dpi: f64) -> Result<Pixels> {
        let [width, height] = self.size().map(|side| ((side / POINTS * dpi).round() as u32).max(1));
        let is_small = u64::from(width) * u64::from(height) <= MOST_PIXELS;
        let map = is_small.then(|| Pixmap::new(width, height)).flatten();
        let mut map = map.ok_or_else(|| {
            let why = format!("{width}×{height} pixels are too many");
            Error::new("cannot render the figure", why).hint("choose fewer dots an inch")
        })?;
        let size = self.tree.size();
        let scale =
            Transform::from_scale(width as f32 / size.width(), height as f32 / size.height());
        resvg::render(&self.tree, scale, &mut map.as_mut());
        let rgba = map.pixels().iter().flat_map(|pixel| {
            let colour = pixel.demultiply();
            [colour.red(), colour.green(), colour.blue(), colour.alpha()]
        });
        Ok(Pixels { width, height, rgba: rgba.collect() })
    }

    /// The figure as a paper of PDF with fonts embedded, and a record attached.
    ///
    /// # Errors
    /// When a font or picture can't be embedded.
    pub fn pdf(&self, title: &str, record: &str) -> Result<Vec<u8>> {
        let failed = |why: String| Error::new("cannot write the figure as PDF", why);
        let [width, height] = self.size().map(|side| side as f32);
        let size = Size::from_wh(width, height).ok_or_else(|| failed("it has no size".into()))?;
        let settings =
            PageSettings::from_wh(width, height).ok_or_else(|| failed("it has no size".into()))?;
        let mut document = krilla::Document::new();
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        surface
            .draw_svg(&self.tree, size, SvgSettings::default())
            .ok_or_else(|| failed("it can't be drawn".into()))?;
        surface.finish();
        page.finish();
        let creator = format!("Hyaline {}", env!("CARGO_PKG_VERSION"));
        document.set_metadata(Metadata::new().title(title.into()).creator(creator));
        document.embed_file(EmbeddedFile {
            path: PDF_ATTACHMENT.into(),
            mime_type: MimeType::new("application/json"),
            description: Some("How this figure was made; `hyaline replay` makes it again".into()),
            association_kind: AssociationKind::Source,
            data: record.as_bytes().to_vec().into(),
            modification_date: None,
            // Found again without a reader of PDF.
            compress: Some(false),
            location: None,
        });
        document.finish().map_err(|e| failed(format!("{e:?}")))
    }
}

impl Pixels {
    /// As PNG with its dots an inch and a text.
    ///
    /// # Errors
    /// When it can't be encoded.
    pub fn png(&self, options: &FigureOptions, (keyword, text): (&str, &str)) -> Result<Vec<u8>> {
        let failed = |e: png::EncodingError| Error::new("cannot write the figure as PNG", e);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        // What nobody sees through needs no fourth channel.
        let is_opaque = self.rgba.iter().skip(3).step_by(4).all(|alpha| *alpha == 255);
        encoder.set_color(if is_opaque { png::ColorType::Rgb } else { png::ColorType::Rgba });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let per_metre = (f64::from(options.dpi) * METRE_INCHES).round() as u32;
        let unit = png::Unit::Meter;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit,
        }));
        encoder.add_itxt_chunk(keyword.to_string(), text.to_string()).map_err(failed)?;
        let mut writer = encoder.write_header().map_err(failed)?;
        let opaque: Vec<u8>;
        let data = match is_opaque {
            true => {
                opaque =
                    self.rgba.chunks(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
                &opaque
            }
            false => &self.rgba,
        };
        writer.write_image_data(data).map_err(failed)?;
        writer.finish().map_err(failed)?;
        Ok(bytes)
    }
}
