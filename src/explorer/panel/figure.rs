//! A figure for a paper, seen as it will be written.

use crate::explorer::context::{Action, Context, Panel};
use crate::explorer::figure_requests::FigureSource;
use crate::explorer::lookup::Lookup;
use crate::explorer::paint::theme;
use crate::explorer::panel::choice::choose;
use crate::explorer::panel::path_prompt::PathFor;
use crate::explorer::state::document::Document;
use crate::explorer::state::view::View;
use egui::{
    Align, Button, Checkbox, ColorImage, DragValue, Grid, Layout, ScrollArea, TextEdit,
    TextureHandle, Ui, Window, vec2,
};
use hyaline::engine::Task;
use hyaline::error::{Error, Result, panic_text};
use hyaline::figure::{Figure, FigureContents, Format};
use hyaline::session::{Comparison, CurvesShown, FigureOptions, POINTS, Session, Size, Typeface};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// The window's own state.
pub struct FigurePanel {
    /// Name of the files without their endings.
    base: String,
    formats: Vec<Format>,
    /// What is previewed, or is about to be.
    of: Option<Matter>,
    shown: Option<Result<Preview>>,
    is_drawing: bool,
    is_writing: bool,
    sender: Sender<Message>,
    receiver: Receiver<Message>,
}

/// Everything that a figure follows from: the document, and which results are there.
#[derive(PartialEq)]
struct Matter {
    document: Document,
    results: Vec<usize>,
}

/// A figure as it is shown.
struct Preview {
    texture: TextureHandle,
    caption: String,
    warnings: Vec<String>,
    /// Width and height, points.
    size: [f64; 2],
}

/// What comes from other threads.
enum Message {
    Drawn(Result<Drawn>),
    Written(Result<Vec<PathBuf>>),
}

struct Drawn {
    image: ColorImage,
    caption: String,
    warnings: Vec<String>,
    size: [f64; 2],
}

/// Width of what can be chosen, points.
const CONTROLS: f32 = 290.0;
/// Width of the window below which the preview stands above that, points.
const NARROW: f32 = 640.0;
/// Width of previews, pixels.
const PREVIEW_WIDTH: f64 = 1200.0;

impl FigurePanel {
    /// Whose files go to a folder unless a person says otherwise.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let (sender, receiver) = channel();
        let folder = folder.unwrap_or_default();
        Self {
            base: folder.join("figure").display().to_string(),
            formats: vec![Format::Pdf, Format::Png],
            of: None,
            shown: None,
            is_drawing: false,
            is_writing: false,
            sender,
            receiver,
        }
    }

    /// Names the files, as a dialog said.
    pub fn call(&mut self, path: PathBuf) {
        self.base = Format::without_ending(&path).display().to_string();
    }
}

impl Panel for FigurePanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let room = ctx.content_rect();
        let window = Window::new("Figure")
            .default_pos(room.left_top() + vec2(40.0, 60.0))
            .default_size((room.size() - vec2(80.0, 110.0)).min(vec2(1080.0, 640.0)))
            .min_size([320.0, 240.0])
            .max_size(room.size() - vec2(24.0, 48.0));
        Some(window)
    }

    fn tasks(&self, lookup: Lookup, view: &View) -> Vec<Task> {
        FigureSource::new(lookup, view).tasks()
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let missing = self.draw(ui.ctx(), cx);
        // Side by side where there is room for both.
        if ui.available_width() < NARROW {
            let area = ScrollArea::vertical().id_salt("figure");
            area.show(ui, |ui| {
                self.preview(ui, cx, missing);
                ui.separator();
                self.controls(ui, cx, missing);
            });
            return;
        }
        let height = ui.available_height();
        ui.horizontal_top(|ui| {
            let top_down = Layout::top_down(Align::Min);
            let size = vec2(CONTROLS, height);
            ui.allocate_ui_with_layout(size, top_down, |ui| {
                ui.set_width(CONTROLS);
                let area = ScrollArea::vertical().id_salt("figure controls");
                let area = area.auto_shrink([false, false]);
                area.show(ui, |ui| self.controls(ui, cx, missing));
            });
            ui.separator();
            let size = vec2(ui.available_width(), height);
            ui.allocate_ui_with_layout(size, top_down, |ui| {
                let area = ScrollArea::vertical().id_salt("preview");
                let area = area.auto_shrink([false, false]);
                area.show(ui, |ui| self.preview(ui, cx, missing));
            });
        });
    }

    /// Takes what other threads are done with.
    fn update(&mut self, ctx: &egui::Context, cx: &mut Context) {
        while let Ok(message) = self.receiver.try_recv() {
            match message {
                Message::Drawn(drawn) => {
                    self.is_drawing = false;
                    self.shown = Some(drawn.map(|drawn| Preview {
                        texture: ctx.load_texture(
                            "figure",
                            drawn.image,
                            egui::TextureOptions::LINEAR,
                        ),
                        caption: drawn.caption,
                        warnings: drawn.warnings,
                        size: drawn.size,
                    }));
                }
                Message::Written(written) => {
                    self.is_writing = false;
                    match written {
                        Ok(paths) => {
                            let paths: Vec<_> =
                                paths.iter().map(|path| path.display().to_string()).collect();
                            cx.info(format!(
                                "Wrote {}; `hyaline replay` makes it again",
                                paths.join(", ")
                            ));
                        }
                        Err(error) => cx.warn(error.to_string()),
                    }
                }
            }
        }
    }
}

impl FigurePanel {
    /// Draws the figure anew where what it follows from has changed; gives how many maps are missing.
    fn draw(&mut self, ctx: &egui::Context, cx: &Context) -> usize {
        let source = source(cx);
        let cells = source.cells();
        let (mut results, mut missing) = (vec![], 0);
        for cell in &cells {
            let (map, curves) = source.results(cell);
            missing += usize::from(map.is_none());
            missing += usize::from(curves.is_none() && cx.document.figure.needs_curves());
            results.push(map.map_or(0, |map| Arc::as_ptr(&map).cast::<u8>() as usize));
            results.push(curves.map_or(0, |curves| Arc::as_ptr(&curves).cast::<u8>() as usize));
        }
        let matter = Matter { document: cx.document.clone(), results };
        if self.is_drawing || self.of.as_ref() == Some(&matter) {
            return missing;
        }
        let (contents, session) = source.contents(cx.device);
        (self.of, self.is_drawing) = (Some(matter), true);
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        std::thread::spawn(move || {
            let drawn = survived(|| preview(&contents, &session));
            // The window may be gone, and then nobody waits.
            let _ = sender.send(Message::Drawn(drawn));
            ctx.request_repaint();
        });
        missing
    }
}

/// Turns a panic on another thread into an error.
fn survived<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::new("cannot make the figure", panic_text(&*panic))))
}

fn preview(contents: &FigureContents, session: &Session) -> Result<Drawn> {
    let figure = Figure::new(contents, session)?;
    let [width, _] = figure.size();
    let pixels = figure.rendering()?.pixels(PREVIEW_WIDTH * POINTS / width)?;
    let size = [pixels.width as usize, pixels.height as usize];
    let image = ColorImage::from_rgba_unmultiplied(size, &pixels.rgba);
    let size = figure.size();
    Ok(Drawn { image, caption: figure.caption, warnings: figure.warnings, size })
}

impl FigurePanel {
    fn preview(&self, ui: &mut Ui, cx: &Context, missing: usize) {
        let dpi = cx.document.figure.dpi;
        if missing > 0 {
            match source(cx).failure() {
                Some(why) => drop(ui.colored_label(ui.visuals().error_fg_color, why)),
                None => drop(ui.weak(format!("Waits for {missing} maps and curves"))),
            }
        }
        match &self.shown {
            None => drop(ui.spinner()),
            Some(Err(error)) => {
                ui.colored_label(ui.visuals().error_fg_color, error.to_string());
            }
            Some(Ok(preview)) => {
                let [width, height] = preview.size.map(|side| side / POINTS);
                let pixels = [width, height].map(|side| (side * f64::from(dpi)).round());
                ui.horizontal(|ui| {
                    ui.weak(format!(
                        "{width:.2} × {height:.2} in · {} × {} px at {dpi} dpi",
                        pixels[0], pixels[1]
                    ));
                    if self.is_drawing {
                        ui.spinner();
                    }
                });
                {
                    let room = ui.available_width().min(PREVIEW_WIDTH as f32);
                    let size = vec2(room, room * (height / width) as f32);
                    let image = egui::Image::new((preview.texture.id(), size));
                    ui.add(image.alt_text("The figure as it will be written"));
                    for warning in &preview.warnings {
                        ui.colored_label(ui.visuals().warn_fg_color, warning);
                    }
                    ui.add_space(theme::GAP);
                    ui.horizontal(|ui| {
                        ui.strong("Caption");
                        if ui.small_button("Copy caption").clicked() {
                            ui.ctx().copy_text(preview.caption.clone());
                        }
                    });
                    ui.add(egui::Label::new(&preview.caption).wrap());
                }
            }
        }
    }

    fn controls(&mut self, ui: &mut Ui, cx: &mut Context, missing: usize) {
        figure_options(ui, cx);
        ui.separator();
        self.files(ui, cx, missing);
    }

    fn files(&mut self, ui: &mut Ui, cx: &mut Context, missing: usize) {
        ui.horizontal_wrapped(|ui| {
            for format in Format::ALL {
                let mut is_chosen = self.formats.contains(&format);
                if ui
                    .checkbox(&mut is_chosen, format.name())
                    .on_hover_text(format.about())
                    .changed()
                {
                    match is_chosen {
                        true => self.formats.push(format),
                        false => self.formats.retain(|other| *other != format),
                    }
                }
            }
        });
        let label = ui.label("Name of the files, without an ending").id;
        let field = TextEdit::singleline(&mut self.base).desired_width(f32::INFINITY);
        ui.add(field).labelled_by(label);
        let can_write = missing == 0 && !self.formats.is_empty() && !self.is_writing;
        ui.horizontal(|ui| {
            if ui.button("Choose…").on_hover_text("By the system's dialog").clicked() {
                cx.act(Action::AskPath(PathFor::Figure));
            }
            let write = ui.add_enabled(can_write, Button::new("Write figure"));
            let why = if missing > 0 { "Waits for maps" } else { "Choose what to write" };
            if write.on_disabled_hover_text(why).clicked() {
                self.write(ui.ctx(), cx);
            }
            if self.is_writing {
                ui.spinner();
            }
        });
    }

    fn write(&mut self, ctx: &egui::Context, cx: &Context) {
        let (contents, session) = source(cx).contents(cx.device);
        self.is_writing = true;
        let base = Format::without_ending(Path::new(self.base.trim()));
        let formats = self.formats.clone();
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        std::thread::spawn(move || {
            let written = survived(|| {
                if base.file_name().is_none() || base.is_dir() {
                    let why = format!("`{}` is no name of a file", base.display());
                    return Err(Error::new("cannot write the figure", why));
                }
                Figure::new(&contents, &session)?.write(&contents, &session, &base, &formats)
            });
            let _ = sender.send(Message::Written(written));
            ctx.request_repaint();
        });
    }
}

fn source<'a>(cx: &'a Context) -> FigureSource<'a> {
    FigureSource::new(cx.lookup(), cx.view)
}

fn figure_options(ui: &mut Ui, cx: &mut Context) {
    let is_paired = cx.document.paired().is_some();
    let names = figure_names(cx);
    let options = &mut cx.document.figure;
    Grid::new("figure options").num_columns(2).show(ui, |ui| {
        size_controls(ui, options);
        let curves = CurvesShown::ALL.map(|curves| (curves, curves.name()));
        choose(ui, "Curves", &mut options.curves, &curves);
        let comparisons = Comparison::ALL.map(|comparison| (comparison, comparison.name()));
        if is_paired {
            choose(ui, "Pair", &mut options.comparison, &comparisons);
        }
    });
    for (value, text, about) in [
        (&mut options.letters, "Letters", "(a), (b), (c) … under panels"),
        (
            &mut options.all_pictures,
            "All pictures",
            "Networks with every picture, not the selected one alone",
        ),
        (&mut options.input, "Input", "The picture as networks see it"),
        (&mut options.scores, "Areas", "Under the Insertion and Deletion curves"),
        (&mut options.bars, "Colour bars", "As scales are shared: Range and colour (N) says how"),
        (&mut options.transparent, "Transparent", "No white ground"),
        (&mut options.anonymous, "Anonymous", "No paths in the files, for review"),
    ] {
        ui.add(Checkbox::new(value, text)).on_hover_text(about);
    }
    ui.collapsing("Names", |ui| {
        Grid::new("names").num_columns(2).show(ui, |ui| {
            for own in names {
                let label = ui.add(egui::Label::new(&own).truncate()).id;
                let mut shown = options.name(&own).to_string();
                let field = TextEdit::singleline(&mut shown).desired_width(110.0);
                if ui.add(field).labelled_by(label).changed() {
                    match shown == own {
                        true => drop(options.names.remove(&own)),
                        false => drop(options.names.insert(own.clone(), shown)),
                    }
                }
                ui.end_row();
            }
        });
    });
}

/// What can have another name.
fn figure_names(cx: &Context) -> Vec<String> {
    let networks = cx.document.shown_models().map(|open| open.value.name.clone());
    let methods = source(cx).methods();
    let methods = methods.iter().map(|c| c.method.description().name.to_string());
    let picture = cx.document.picture().map(|open| open.value.name.clone());
    networks.chain(methods).chain(picture).collect()
}

fn size_controls(ui: &mut Ui, options: &mut FigureOptions) {
    choose(ui, "Size", &mut options.size, &Size::ALL.map(|size| (size, size.name())));
    let label = ui.label("Width, in").id;
    let mut width = options.width.unwrap_or(options.size.width());
    let field = DragValue::new(&mut width).range(1.0..=40.0).speed(0.05).max_decimals(3);
    if ui.add(field).labelled_by(label).changed() {
        options.width = (width != options.size.width()).then_some(width);
    }
    ui.end_row();
    let mut fonts = vec![(Typeface::Sans, "sans"), (Typeface::Serif, "serif")];
    let own = options.font.clone();
    if let Typeface::Named(name) = &own {
        fonts.push((own.clone(), name));
    }
    choose(ui, "Font", &mut options.font, &fonts);
    let label = ui.label("Text, pt").id;
    let mut size = options.font_points();
    if ui.add(DragValue::new(&mut size).range(4.0..=40.0).speed(0.1)).labelled_by(label).changed() {
        options.font_size = Some(size);
    }
    ui.end_row();
    for (name, value, range) in [
        ("Resolution (dpi)", &mut options.dpi, 36..=2400),
        ("Panels, px", &mut options.panel_pixels, 1..=4096),
    ] {
        let label = ui.label(name).id;
        ui.add(DragValue::new(value).range(range)).labelled_by(label);
        ui.end_row();
    }
    for (name, value, most) in
        [("Gap, pt", &mut options.gap, 36.0), ("Border, pt", &mut options.border, 4.0)]
    {
        let label = ui.label(name).id;
        ui.add(DragValue::new(value).range(0.0..=most).speed(0.1)).labelled_by(label);
        ui.end_row();
    }
}
