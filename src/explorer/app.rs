//! The application: what it is made of, and a frame of it.

use super::autosave::Autosave;
use super::command::Command;
use super::command::palette::Palette;
use super::curves_panel::CurveMeasure;
use super::display::Display;
use super::document::{Document, History};
use super::ending::Ending;
use super::figure_panel::FigurePanel;
use super::grid::Latest;
use super::inspector::Pointed;
use super::network_panel::NetworkPanel;
use super::notices::Notices;
use super::open_panels::{OpenPanels, PanelId};
use super::opening::{Arrival, Opening};
use super::overlay::OverlayRenderer;
use super::pins::Pin;
use super::places::Places;
use super::range_panel::RangePanel;
use super::regions::Boxes;
use super::settings::Settings;
use super::study_panel::StudyPanel;
use super::textures::Textures;
use super::training_panel::TrainingPanel;
use super::view::View;
use super::{library_panel, theme, welcome};
use crate::attribution::Target;
use crate::display::Appearance;
use crate::engine::{Results, Worker};
use crate::example;
use crate::file::stem;
use crate::model::ComputeDevice;
use crate::text::count;
use eframe::egui_wgpu::RenderState;
use image::RgbaImage;
use std::collections::HashMap;
use std::path::PathBuf;

/// The application.
pub struct Explorer {
    pub(super) services: Services,
    pub(super) state: State,
    pub(super) panels: Panels,
    pub(super) frame: Frame,
}

/// What works beside the window, and where it keeps things.
pub(super) struct Services {
    pub device: ComputeDevice,
    pub places: Places,
    pub worker: Worker,
    pub opening: Opening,
    pub autosave: Autosave,
    /// Whether the system wants the window closed.
    pub ending: Ending,
    /// The settings as their file has them.
    pub kept_settings: Settings,
    pub render_state: RenderState,
}

/// What is open, and how it is shown.
#[derive(Default)]
pub(super) struct State {
    pub document: Document,
    pub history: History,
    pub view: View,
    pub settings: Settings,
    pub open: OpenPanels,
}

/// The panels, each with what it alone must remember.
pub(super) struct Panels {
    pub notices: Notices,
    pub network: NetworkPanel,
    pub range: RangePanel,
    pub study: StudyPanel,
    pub training: TrainingPanel,
    pub figure: FigurePanel,
    pub palette: Palette,
    pub class_filter: String,
    pub method_filter: String,
    pub drafts: library_panel::Drafts,
    pub curve_measure: CurveMeasure,
    /// Which of the first start's hints is shown.
    pub hint: usize,
    /// Whether what to look for in the example is told above it.
    pub introduction: bool,
    pub pins: Vec<Pin>,
}

/// What frames leave for the next one: caches of what is on screen, and where things were drawn.
#[derive(Default)]
pub(super) struct Frame {
    /// What the worker gave, as of the beginning of this frame.
    pub results: Results,
    pub display: Display,
    pub textures: Textures,
    pub thumbnails: HashMap<u64, egui::TextureHandle>,
    pub boxes: Boxes,
    /// The last finished map of each picture, network and method with its class, shown until the next
    /// one is done.
    pub latest: Latest,
    pub pointed: Pointed,
    /// The side of a cell, points.
    pub shown_cell: f32,
    /// The width of the methods' names, points.
    pub row_header: f32,
    /// Which pictures there was room for, where several are shown.
    pub visible_pictures: std::ops::Range<usize>,
    /// The file that the window's title names.
    pub titled: Option<PathBuf>,
    /// The size of the window, points.
    pub window_size: Option<egui::Vec2>,
}

impl Panels {
    fn new(notices: Notices, places: &Places) -> Self {
        Self {
            notices,
            figure: FigurePanel::new(places.figures.clone()),
            network: NetworkPanel::default(),
            range: RangePanel::default(),
            study: StudyPanel::default(),
            training: TrainingPanel::default(),
            palette: Palette::default(),
            class_filter: String::new(),
            method_filter: String::new(),
            drafts: HashMap::new(),
            curve_measure: CurveMeasure::default(),
            hint: 0,
            introduction: false,
            pins: vec![],
        }
    }
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
        let services = Services {
            autosave: Autosave::start(places.unsaved.as_deref()),
            ending: Ending::default(),
            worker: Worker::start(places.cache.clone(), repaint),
            kept_settings: settings.clone(),
            device,
            places,
            opening,
            render_state,
        };
        let frame = Frame {
            shown_cell: theme::COMFORTABLE_CELL,
            row_header: theme::row_header(0.0),
            ..Frame::default()
        };
        let panels = Panels::new(notices, &services.places);
        let state = State { settings, ..State::default() };
        let mut explorer = Self { services, state, panels, frame };
        explorer.take_settings(&cc.egui_ctx);
        explorer
    }

    fn take_arrivals(&mut self, ctx: &egui::Context) {
        for arrival in self.services.opening.arrivals() {
            match arrival {
                Arrival::Model(model) => {
                    for warning in &model.value.warnings {
                        self.panels.notices.tell(format!("{}: {warning}", model.value.name));
                    }
                    self.state.document.models.push(model);
                }
                Arrival::Replaced(old, model) => {
                    self.panels.network.follow(old, model.id);
                    if let Some(place) = self.state.document.models.iter_mut().find(|m| m.id == old)
                    {
                        *place = model;
                    }
                }
                Arrival::Picture(picture, thumbnail) => {
                    self.keep_thumbnail(ctx, picture.id, &thumbnail);
                    for note in &picture.value.notes {
                        self.panels.notices.tell(format!("{}: {note}", picture.value.name));
                    }
                    self.state.document.pictures.push(picture);
                    self.panels.study.settle(&mut self.state.document);
                }
                Arrival::Annotations(annotations) => {
                    let name = stem(&annotations.value.path);
                    let found = &annotations.value.annotations;
                    for warning in found.warnings() {
                        self.panels.notices.tell(format!("{name}: {warning}"));
                    }
                    let pictures = count(found.len(), "picture", "pictures");
                    self.panels.notices.tell(format!("{name}: boxes and masks of {pictures}"));
                    for model in &self.state.document.models {
                        let classes = found.classes_of(model.value.labels.lookup());
                        if let Some(summary) = classes.summary(&model.value.name) {
                            self.panels.notices.tell(format!("{name}: {summary}"));
                        }
                    }
                    self.state.document.annotations = Some(annotations);
                }
                Arrival::Study(study) => {
                    self.panels.study.show(*study);
                    self.state.open.open(PanelId::Study);
                }
                Arrival::Recipe(path, recipe) => {
                    self.state.open.open(PanelId::Training);
                    if let Err(error) = self.panels.training.show(path, *recipe) {
                        self.panels.notices.warn(error.to_string());
                    }
                }
                Arrival::Session(session, thumbnails) => {
                    for (id, thumbnail) in &thumbnails {
                        self.keep_thumbnail(ctx, *id, thumbnail);
                    }
                    self.take_session(&session);
                }
                Arrival::Asked(paths) => self.state.settings.remember(&paths),
                Arrival::SaveTo(path) => self.save_session(path),
                Arrival::WriteTo(path) => self.panels.figure.call(path),
                Arrival::Failed(error) => self.panels.notices.warn(error.to_string()),
            }
        }
        let dropped: Vec<PathBuf> = ctx.input(|input| {
            input.raw.dropped_files.iter().map(|file| file.path().to_path_buf()).collect()
        });
        if !dropped.is_empty() {
            self.services.opening.open(dropped);
        }
    }

    fn keep_thumbnail(&mut self, ctx: &egui::Context, picture: u64, thumbnail: &RgbaImage) {
        let size = [thumbnail.width() as usize, thumbnail.height() as usize];
        let image = egui::ColorImage::from_rgba_unmultiplied(size, thumbnail);
        let texture = ctx.load_texture("thumbnail", image, egui::TextureOptions::LINEAR);
        self.frame.thumbnails.insert(picture, texture);
    }

    /// Opens the example in the place of what is there, which undo brings back, and says what to look
    /// for. Its files are unpacked to `folder`.
    pub fn open_example(&mut self, folder: PathBuf) {
        self.close_all();
        let (methods, target, seed) = (Document::default().methods, Target::Top1, 0);
        self.state.document = Document { methods, target, seed, ..self.state.document.clone() };
        self.state.document.appearance = Appearance::of_example();
        self.services.opening.open_example(folder);
        self.panels.introduction = true;
    }

    pub(super) fn close_all(&mut self) {
        self.state.document.close_all();
        self.services.opening.forget();
        self.panels.introduction = false;
    }

    /// Panels take two frames to settle after the window has another size.
    fn note_window_size(&mut self, ctx: &egui::Context) {
        // As the system counts it, whatever the scale of texts.
        let size = Some(ctx.content_rect().size() * ctx.zoom_factor());
        if size != self.frame.window_size {
            self.frame.window_size = size;
            ctx.request_repaint();
        }
    }
}

impl eframe::App for Explorer {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.note_window_size(&ctx);
        if self.services.ending.is_asked() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        self.show_title(&ctx);
        self.take_arrivals(&ctx);
        self.look_after_device(&ctx);
        self.take_pasted(&ctx);
        self.frame.results = self.services.worker.results();
        self.mend_target();
        for command in Command::pressed(&ctx, |command| self.can(command)) {
            self.perform(command, &ctx);
        }
        self.frame.pointed.begin();
        self.frame.textures.forget_hidden();
        self.frame.display.begin(&self.state.document.appearance.norms);
        if let Some(renderer) = self
            .services
            .render_state
            .renderer
            .write()
            .callback_resources
            .get_mut::<OverlayRenderer>()
        {
            renderer.forget_hidden();
        }
        self.toolbar(ui);
        self.status_bar(ui);
        self.recovery(ui);
        if self.state.document.is_empty() && self.services.opening.waiting() == 0 {
            self.welcome(ui);
        } else {
            if self.state.view.library {
                self.library_panel(ui);
            }
            if self.state.view.curves {
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
        self.panels.notices.show(&ctx);
        self.panels.notices.log(&ctx, &mut self.state.open);
        if self.frame.pointed.is_stale() {
            ctx.request_repaint();
        }
        let settled = !ctx.input(|input| input.pointer.any_down());
        // While a value is dragged, what is cheap follows, and what is dear waits for the end.
        if settled || !self.shows_slow_methods() {
            self.request();
        }
        // What is opened together is one step.
        self.state
            .history
            .record(&self.state.document, settled && self.services.opening.waiting() == 0);
        self.keep_settings();
        let is_calm = settled && self.services.opening.waiting() == 0;
        if let Some(later) =
            is_calm.then(|| self.services.autosave.keep(&self.state.document)).flatten()
        {
            ctx.request_repaint_after(later);
        }
    }

    /// A training that runs ends with a checkpoint.
    fn on_exit(&mut self) {
        self.services.ending.begin();
        self.panels.training.finish();
        self.state.settings.window = self.frame.window_size.map(Into::into);
        self.keep_settings();
        self.services.autosave.finish();
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
    explorer
        .services
        .ending
        .listen(explorer.services.autosave.file(), move || ctx.request_repaint());
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
