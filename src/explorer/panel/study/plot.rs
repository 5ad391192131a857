//! The report's plots of a score, as they are written to files.

use egui::{Color32, ColorImage, Frame, TextureHandle, TextureOptions, Ui, Vec2};
use hyaline::error::Result;
use hyaline::figure::{Fonts, Rendering};
use hyaline::session::Typeface;
use hyaline::study::report::{PlotFile, Report};

/// Dots an inch: two a point, so that lines are fine on fine screens.
const DPI: f64 = 144.0;

/// Plots of one score.
pub struct ShownPlot {
    title: String,
    /// With their sizes, points.
    pages: Vec<(TextureHandle, Vec2)>,
    /// Why there are none.
    why: Option<String>,
}

impl ShownPlot {
    /// Draws the plots of a score.
    ///
    /// # Errors
    /// When one can't be drawn.
    pub fn of(ctx: &egui::Context, report: &Report, metric: usize) -> Result<Self> {
        let plots = report.plots_of(metric);
        let pages = plots.iter().map(|plot| page(ctx, plot)).collect::<Result<Vec<_>>>()?;
        let title = report.plan().metrics[metric].label.clone();
        let why = pages.is_empty().then(|| format!("{title} has no value yet"));
        Ok(Self { title, pages, why })
    }

    /// In the place of plots that can't be drawn.
    pub fn failed(why: String) -> Self {
        Self { title: String::new(), pages: vec![], why: Some(why) }
    }

    /// Shows them on white, as on paper; true when they are to go.
    pub fn show(&self, ui: &mut Ui) -> bool {
        let is_done = ui.button("Back to the table").clicked();
        if let Some(why) = &self.why {
            ui.label(why);
        }
        for (texture, size) in &self.pages {
            Frame::new().fill(Color32::WHITE).inner_margin(6.0).show(ui, |ui| {
                let image = egui::Image::new((texture.id(), *size));
                ui.add(image.alt_text(format!("Plot of {}", self.title)));
            });
        }
        is_done
    }
}

fn page(ctx: &egui::Context, plot: &PlotFile) -> Result<(TextureHandle, Vec2)> {
    let fonts = Fonts::new(&Typeface::Sans, &plot.svg)?;
    let rendering = Rendering::new(&plot.svg, &fonts)?;
    let pixels = rendering.pixels(DPI)?;
    let size = [pixels.width as usize, pixels.height as usize];
    let image = ColorImage::from_rgba_unmultiplied(size, &pixels.rgba);
    let texture = ctx.load_texture("plot of a study", image, TextureOptions::LINEAR);
    let points = rendering.size().map(|side| side as f32);
    Ok((texture, points.into()))
}
