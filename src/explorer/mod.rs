//! The window.

mod autosave;
mod cell;
mod command;
mod context_menu;
mod curves_panel;
mod device_watch;
mod display;
mod document;
mod ending;
mod export;
mod figure_panel;
mod figure_requests;
mod grid;
mod header;
mod hints;
mod inspector;
mod jobs_panel;
mod layer_view;
mod library_panel;
mod network_panel;
mod networks_grid;
mod notices;
mod open_panels;
mod opening;
mod order;
mod overlay;
mod pair;
mod paste;
mod pictures_grid;
mod pins;
mod places;
mod range_panel;
mod regions;
mod requests;
mod scrubber;
mod session;
mod settings;
#[cfg(test)]
mod soak;
mod status_bar;
mod study_panel;
mod target_chooser;
mod textures;
mod theme;
mod toolbar;
mod training_panel;
mod view_transform;
mod welcome;

pub use overlay::{CellPaint, OverlayRenderer};
pub use places::Places;

use crate::attribution::Target;
use crate::display::Appearance;
use crate::engine::{Results, Worker};
use crate::example;
use crate::file::stem;
use crate::model::ComputeDevice;
use crate::text::count;
use autosave::Autosave;
use command::Command;
use display::Display;
use document::{Document, History};
use eframe::egui_wgpu::RenderState;
use ending::Ending;
use image::RgbaImage;
use notices::Notices;
use open_panels::{OpenPanels, PanelId};
use opening::{Arrival, Opening};
use pair::PairView;
use scrubber::Scrub;
use settings::Settings;
use std::collections::HashMap;
use std::path::PathBuf;
use textures::Textures;
use view_transform::ViewTransform;

/// What the window shows beside the document, and how near.
#[derive(Debug, Clone, Copy, PartialEq)]
struct View {
    /// Side of a cell in points; `None` fits the window.
    cell: Option<f32>,
    /// The part of the picture that all cells show.
    transform: ViewTransform,
    /// The network and method of a cell that is shown alone.
    alone: Option<(u64, &'static str)>,
    /// Whether the values at probes are shown.
    probes: bool,
    pair: PairView,
    /// A place along the curves, whose pictures cells show instead of their maps.
    scrub: Option<Scrub>,
    /// Where a wiped cell goes over from one map to the other, in shares of its width.
    wipe: f32,
    /// The method that all pictures are shown by.
    method: Option<&'static str>,
    library: bool,
    curves: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            cell: None,
            transform: ViewTransform::default(),
            alone: None,
            probes: true,
            pair: PairView::default(),
            scrub: None,
            wipe: 0.5,
            method: None,
            library: true,
            curves: true,
        }
    }
}

/// The application.
pub struct Explorer {
    device: ComputeDevice,
    places: Places,
    settings: Settings,
    /// The settings as their file has them.
    kept_settings: Settings,
    autosave: Autosave,
    /// Whether the system wants the window closed.
    ending: Ending,
    document: Document,
    history: History,
    view: View,
    opening: Opening,
    worker: Worker,
    /// What the worker gave, as of the beginning of this frame.
    results: Results,
    display: Display,
    notices: Notices,
    open: OpenPanels,
    network_panel: network_panel::NetworkPanel,
    range_panel: range_panel::RangePanel,
    study_panel: study_panel::StudyPanel,
    training_panel: training_panel::TrainingPanel,
    figure_panel: figure_panel::FigurePanel,
    palette: command::palette::Palette,
    thumbnails: HashMap<u64, egui::TextureHandle>,
    class_filter: String,
    method_filter: String,
    drafts: library_panel::Drafts,
    curve_measure: curves_panel::CurveMeasure,
    boxes: regions::Boxes,
    /// Which of the first start's hints is shown.
    hint: usize,
    /// Whether what to look for in the example is told above it.
    introduction: bool,
    /// The file that the window's title names.
    titled: Option<PathBuf>,
    /// The side of a cell in the last frame, points.
    shown_cell: f32,
    pointed: inspector::Pointed,
    /// The width of the methods' names in the last frame, points.
    row_header: f32,
    /// Which pictures the last frame had room for, where it showed several.
    visible_pictures: std::ops::Range<usize>,
    textures: Textures,
    pins: Vec<pins::Pin>,
    /// The last finished map of each picture, network and method with its class, shown until the next
    /// one is done.
    latest: grid::Latest,
    /// The size of the window in the last frame, points.
    window_size: Option<egui::Vec2>,
    render_state: RenderState,
}

impl Explorer {
    /// Builds the window's state and begins to open files. What outlives the window is kept in `places`.
    ///
    /// # Panics
    /// When the window was not set up with wgpu.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        device: ComputeDevice,
        files: Vec<PathBuf>,
        places: Places,
    ) -> Self {
        theme::install(&cc.egui_ctx);
        let render_state = cc.wgpu_render_state.clone().expect("the window paints with wgpu");
        let renderer = OverlayRenderer::new(
            &render_state.device,
            &render_state.queue,
            render_state.target_format,
        );
        render_state.renderer.write().callback_resources.insert(renderer);
        let repaint = {
            let ctx = cc.egui_ctx.clone();
            move || ctx.request_repaint()
        };
        let mut notices = Notices::default();
        if let Some(notice) = &device.notice {
            notices.tell(notice.clone());
        }
        let opening = Opening::new(device.clone(), repaint.clone());
        if !files.is_empty() {
            opening.open(files);
        }
        let settings = places.settings.as_deref().map(Settings::read).unwrap_or_default();
        let mut explorer = Self {
            device,
            kept_settings: settings.clone(),
            settings,
            autosave: Autosave::start(places.unsaved.as_deref()),
            ending: Ending::default(),
            worker: Worker::start(places.cache.clone(), repaint),
            results: Results::default(),
            document: Document::default(),
            history: History::default(),
            view: View::default(),
            opening,
            display: Display::default(),
            notices,
            open: OpenPanels::default(),
            network_panel: network_panel::NetworkPanel::default(),
            range_panel: range_panel::RangePanel::default(),
            study_panel: study_panel::StudyPanel::default(),
            training_panel: training_panel::TrainingPanel::default(),
            figure_panel: figure_panel::FigurePanel::new(places.figures.clone()),
            places,
            palette: command::palette::Palette::default(),
            thumbnails: HashMap::new(),
            class_filter: String::new(),
            method_filter: String::new(),
            drafts: HashMap::new(),
            curve_measure: curves_panel::CurveMeasure::default(),
            boxes: regions::Boxes::default(),
            hint: 0,
            introduction: false,
            titled: None,
            shown_cell: theme::COMFORTABLE_CELL,
            pointed: inspector::Pointed::default(),
            row_header: theme::row_header(0.0),
            visible_pictures: 0..0,
            textures: Textures::default(),
            pins: vec![],
            latest: HashMap::new(),
            window_size: None,
            render_state,
        };
        explorer.take_settings(&cc.egui_ctx);
        explorer
    }

    fn take_arrivals(&mut self, ctx: &egui::Context) {
        for arrival in self.opening.arrivals() {
            match arrival {
                Arrival::Model(model) => {
                    for warning in &model.value.warnings {
                        self.notices.tell(format!("{}: {warning}", model.value.name));
                    }
                    self.document.models.push(model);
                }
                Arrival::Replaced(old, model) => {
                    self.network_panel.follow(old, model.id);
                    if let Some(place) = self.document.models.iter_mut().find(|m| m.id == old) {
                        *place = model;
                    }
                }
                Arrival::Picture(picture, thumbnail) => {
                    self.keep_thumbnail(ctx, picture.id, &thumbnail);
                    for note in &picture.value.notes {
                        self.notices.tell(format!("{}: {note}", picture.value.name));
                    }
                    self.document.pictures.push(picture);
                    self.study_panel.settle(&mut self.document);
                }
                Arrival::Annotations(annotations) => {
                    let name = stem(&annotations.value.path);
                    let found = &annotations.value.annotations;
                    for warning in found.warnings() {
                        self.notices.tell(format!("{name}: {warning}"));
                    }
                    let pictures = count(found.len(), "picture", "pictures");
                    self.notices.tell(format!("{name}: boxes and masks of {pictures}"));
                    for model in &self.document.models {
                        let classes = found.classes_of(model.value.labels.lookup());
                        if let Some(summary) = classes.summary(&model.value.name) {
                            self.notices.tell(format!("{name}: {summary}"));
                        }
                    }
                    self.document.annotations = Some(annotations);
                }
                Arrival::Study(study) => {
                    self.study_panel.show(*study);
                    self.open.open(PanelId::Study);
                }
                Arrival::Recipe(path, recipe) => {
                    self.open.open(PanelId::Training);
                    if let Err(error) = self.training_panel.show(path, *recipe) {
                        self.notices.warn(error.to_string());
                    }
                }
                Arrival::Session(session, thumbnails) => {
                    for (id, thumbnail) in &thumbnails {
                        self.keep_thumbnail(ctx, *id, thumbnail);
                    }
                    self.take_session(&session);
                }
                Arrival::Asked(paths) => self.settings.remember(&paths),
                Arrival::SaveTo(path) => self.save_session(path),
                Arrival::WriteTo(path) => self.figure_panel.call(path),
                Arrival::Failed(error) => self.notices.warn(error.to_string()),
            }
        }
        let dropped: Vec<PathBuf> = ctx.input(|input| {
            input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect()
        });
        if !dropped.is_empty() {
            self.opening.open(dropped);
        }
    }

    fn keep_thumbnail(&mut self, ctx: &egui::Context, picture: u64, thumbnail: &RgbaImage) {
        let size = [thumbnail.width() as usize, thumbnail.height() as usize];
        let image = egui::ColorImage::from_rgba_unmultiplied(size, thumbnail);
        let texture = ctx.load_texture("thumbnail", image, egui::TextureOptions::LINEAR);
        self.thumbnails.insert(picture, texture);
    }

    /// Opens the example in the place of what is there, which undo brings back, and says what to look
    /// for. Its files are unpacked to `folder`.
    pub fn open_example(&mut self, folder: PathBuf) {
        self.close_all();
        let (methods, target, seed) = (Document::default().methods, Target::Top1, 0);
        self.document = Document { methods, target, seed, ..self.document.clone() };
        self.document.appearance = Appearance::of_example();
        self.opening.open_example(folder);
        self.introduction = true;
    }

    fn close_all(&mut self) {
        self.document.close_all();
        self.opening.forget();
        self.introduction = false;
    }

    /// Panels take two frames to settle after the window has another size.
    fn note_window_size(&mut self, ctx: &egui::Context) {
        // As the system counts it, whatever the scale of texts.
        let size = Some(ctx.content_rect().size() * ctx.zoom_factor());
        if size != self.window_size {
            self.window_size = size;
            ctx.request_repaint();
        }
    }
}

impl eframe::App for Explorer {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.note_window_size(&ctx);
        if self.ending.is_asked() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        self.show_title(&ctx);
        self.take_arrivals(&ctx);
        self.look_after_device(&ctx);
        self.take_pasted(&ctx);
        self.results = self.worker.results();
        self.mend_target();
        for command in Command::pressed(&ctx, |command| self.can(command)) {
            self.perform(command, &ctx);
        }
        self.pointed.begin();
        self.textures.forget_hidden();
        self.display.begin(&self.document.appearance.norms);
        if let Some(renderer) =
            self.render_state.renderer.write().callback_resources.get_mut::<OverlayRenderer>()
        {
            renderer.forget_hidden();
        }
        self.toolbar(ui);
        self.status_bar(ui);
        self.recovery(ui);
        if self.document.is_empty() && self.opening.waiting() == 0 {
            self.welcome(ui);
        } else {
            if self.view.library {
                self.library_panel(ui);
            }
            if self.view.curves {
                self.curves_panel(ui);
            }
            self.introduction(ui);
            self.grid(ui);
        }
        welcome::drop_hint(&ctx);
        self.network_panel(&ctx);
        self.range_window(&ctx);
        self.study_panel(&ctx);
        self.training_panel(&ctx);
        self.figure_window(&ctx);
        self.probes_window(&ctx);
        self.jobs_window(&ctx);
        self.help(&ctx);
        self.palette(&ctx);
        self.pin_windows(&ctx);
        self.hints(&ctx);
        self.notices.show(&ctx);
        self.notices.log(&ctx, &mut self.open);
        if self.pointed.is_stale() {
            ctx.request_repaint();
        }
        let settled = !ctx.input(|input| input.pointer.any_down());
        // While a value is dragged, what is cheap follows, and what is dear waits for the end.
        if settled || !self.shows_slow_methods() {
            self.request();
        }
        // What is opened together is one step.
        self.history.record(&self.document, settled && self.opening.waiting() == 0);
        self.keep_settings();
        let is_calm = settled && self.opening.waiting() == 0;
        if let Some(later) = is_calm.then(|| self.autosave.keep(&self.document)).flatten() {
            ctx.request_repaint_after(later);
        }
    }

    /// A training that runs ends with a checkpoint.
    fn on_exit(&mut self) {
        self.ending.begin();
        self.training_panel.finish();
        self.settings.window = self.window_size.map(Into::into);
        self.keep_settings();
        self.autosave.finish();
    }
}

/// Opens the window with files, or else with the example, and runs until it is closed.
///
/// # Errors
/// When there is no display or the window can't be made; nothing was computed then.
pub fn run(files: Vec<PathBuf>, device: ComputeDevice) -> Result<(), String> {
    let places = Places::of_user();
    let settings = places.settings.as_deref().map(Settings::read).unwrap_or_default();
    let mut options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Hyaline")
            .with_app_id("hyaline")
            .with_inner_size(settings.window.unwrap_or([1280.0, 800.0]))
            .with_min_inner_size([640.0, 420.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Wgpu,
        ..Default::default()
    };
    if let Some(gpu) = &device.gpu {
        options.wgpu_options.wgpu_setup =
            egui_wgpu::WgpuSetup::Existing(egui_wgpu::WgpuSetupExisting {
                instance: gpu.instance.clone(),
                adapter: gpu.adapter.clone(),
                device: gpu.device.clone(),
                queue: gpu.queue.clone(),
            });
    }
    let creator: eframe::AppCreator =
        Box::new(move |cc| Ok(Box::new(first_window(cc, device, files, places))));
    eframe::run_native("hyaline", options, creator).map_err(|e| e.to_string())
}

fn first_window(
    cc: &eframe::CreationContext<'_>,
    device: ComputeDevice,
    files: Vec<PathBuf>,
    places: Places,
) -> Explorer {
    let is_plain = files.is_empty();
    let mut explorer = Explorer::new(cc, device, files, places);
    let ctx = cc.egui_ctx.clone();
    explorer.ending.listen(explorer.autosave.file(), move || ctx.request_repaint());
    if is_plain {
        explorer.open_example(example::user_folder());
    }
    explorer
}

/// Why no window can be opened, if that is plain before trying.
pub fn missing_display() -> Option<&'static str> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let linux = cfg!(all(unix, not(target_os = "macos")));
    (linux && !set("DISPLAY") && !set("WAYLAND_DISPLAY"))
        .then_some("neither DISPLAY nor WAYLAND_DISPLAY is set")
}
