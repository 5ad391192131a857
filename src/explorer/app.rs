//! The application: what it is made of, and a frame of it.

use super::command::Command;
use super::context::{Action, Context, Panel, show_panel};
use super::device_watch;
use super::ending::Ending;
use super::grid::grid;
use super::lookup::Lookup;
use super::requests::Requests;
use crate::explorer::files::open::Opening;
use crate::explorer::files::paste;
use crate::explorer::frame::Frame;
use crate::explorer::grid::probe::probes_window;
use crate::explorer::paint::overlay::OverlayRenderer;
use crate::explorer::paint::theme;
use crate::explorer::panel::curves::CurvesPanel;
use crate::explorer::panel::figure::FigurePanel;
use crate::explorer::panel::help::HelpPanel;
use crate::explorer::panel::hints::Hints;
use crate::explorer::panel::jobs::JobsPanel;
use crate::explorer::panel::library::{LibraryPanel, shows_slow_methods};
use crate::explorer::panel::network::NetworkPanel;
use crate::explorer::panel::notices::Notices;
use crate::explorer::panel::pinned_maps::Pins;
use crate::explorer::panel::prompts::Prompts;
use crate::explorer::panel::range::RangePanel;
use crate::explorer::panel::status_bar::status_bar;
use crate::explorer::panel::study::StudyPanel;
use crate::explorer::panel::toolbar::Toolbar;
use crate::explorer::panel::training::TrainingPanel;
use crate::explorer::panel::welcome::{self, Introduction};
use crate::explorer::services::Services;
use crate::explorer::state::State;
use crate::explorer::state::autosave::Autosave;
use crate::explorer::state::open_panels::PanelId;
use crate::explorer::state::settings::{Settings, SettingsFile};
use crate::explorer::state::user_dirs::UserDirs;
use eframe::egui_wgpu::RenderState;
use hyaline::engine::{Results, Worker};
use hyaline::example;
use hyaline::model::ComputeDevice;
use std::path::PathBuf;

/// The application.
pub struct Explorer {
    pub services: Services,
    pub state: State,
    pub panels: Panels,
    pub frame: Frame,
}

/// The panels, each with what it alone must remember.
pub struct Panels {
    pub toolbar: Toolbar,
    pub introduction: Introduction,
    pub library: LibraryPanel,
    pub curves: CurvesPanel,
    pub network: NetworkPanel,
    pub range: RangePanel,
    pub study: StudyPanel,
    pub training: TrainingPanel,
    pub figure: FigurePanel,
    pub jobs: JobsPanel,
    pub help: HelpPanel,
    pub prompts: Prompts,
    pub pins: Pins,
    pub hints: Hints,
    pub notices: Notices,
}

impl Panels {
    fn new(dirs: &UserDirs) -> Self {
        Self {
            toolbar: Toolbar::default(),
            introduction: Introduction::default(),
            library: LibraryPanel::default(),
            curves: CurvesPanel::default(),
            network: NetworkPanel::default(),
            range: RangePanel::default(),
            study: StudyPanel::default(),
            training: TrainingPanel::default(),
            figure: FigurePanel::new(dirs.figures.clone()),
            jobs: JobsPanel,
            help: HelpPanel,
            prompts: Prompts::default(),
            pins: Pins::default(),
            hints: Hints::default(),
            notices: Notices::default(),
        }
    }

    /// The panels that are windows, in the order in which they are drawn.
    fn windows(&mut self) -> [(PanelId, &mut dyn Panel); 11] {
        [
            (PanelId::Network, &mut self.network),
            (PanelId::Range, &mut self.range),
            (PanelId::Study, &mut self.study),
            (PanelId::Training, &mut self.training),
            (PanelId::Figure, &mut self.figure),
            (PanelId::Jobs, &mut self.jobs),
            (PanelId::Help, &mut self.help),
            (PanelId::Messages, &mut self.notices),
            (PanelId::Pair, &mut self.prompts.pair),
            (PanelId::Problem, &mut self.prompts.problem),
            (PanelId::Path, &mut self.prompts.path),
        ]
    }
}

impl Explorer {
    /// Builds the window's state and begins to open files. What outlives the window is kept in `dirs`.
    ///
    /// # Panics
    /// When the window was not set up with wgpu.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        device: ComputeDevice,
        files: Vec<PathBuf>,
        dirs: UserDirs,
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
        let opening = Opening::new(device.clone(), repaint.clone());
        if !files.is_empty() {
            opening.open(files);
        }
        let settings_file = SettingsFile::open(dirs.settings.clone());
        let state = State { settings: settings_file.settings().clone(), ..State::default() };
        let services = Services {
            autosave: Autosave::start(dirs.unsaved.as_deref()),
            ending: Ending::default(),
            worker: Worker::start(dirs.cache.clone(), repaint),
            results: Results::default(),
            settings_file,
            device,
            dirs,
            opening,
            render_state,
        };
        let panels = Panels::new(&services.dirs);
        let mut app = Self { services, state, panels, frame: Frame::new() };
        if let Some(notice) = &app.services.device.notice {
            app.panels.notices.info(notice.clone());
        }
        app.state.settings.apply(&cc.egui_ctx, &mut app.state.view);
        app
    }

    /// What happened since the last frame: files that were loaded, dropped or pasted, results, keys.
    fn begin(&mut self, ctx: &egui::Context) {
        self.frame.note_window_size(ctx);
        if self.services.ending.is_asked() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        self.frame.show_title(ctx, self.state.document.session.as_deref());
        for event in self.services.opening.events() {
            self.take_loaded(event, ctx);
        }
        let Services { device, worker, .. } = &mut self.services;
        device_watch::watch(ctx, device, worker, &mut self.panels.notices);
        let mut actions = self.services.opening.actions();
        actions.extend(self.frame.drops.taken(ctx));
        actions.extend(paste::pasted(ctx));
        self.execute_all(actions, ctx);
        self.services.results = self.services.worker.results();
        self.state.document.mend_class();
        for command in Command::pressed(ctx, |command| command.obstacle(self).is_none()) {
            command.run(self, ctx);
        }
    }

    fn execute_all(&mut self, actions: Vec<Action>, ctx: &egui::Context) {
        if !actions.is_empty() {
            // What they change was drawn before.
            ctx.request_repaint();
        }
        for action in actions {
            self.execute(action, ctx);
        }
    }

    /// Draws everything; gives what the panels want done.
    fn draw(&mut self, ui: &mut egui::Ui) -> Vec<Action> {
        let ctx = ui.ctx().clone();
        self.frame.begin(&self.state.document.appearance.norms);
        forget_hidden_maps(&self.services.render_state);
        let obstacles: Vec<_> = Command::ALL.iter().map(|command| command.obstacle(self)).collect();
        let Self { services, state, panels, frame } = self;
        let mut actions = vec![];
        let cx = &mut Context::new(services, state, frame, &obstacles, &mut actions);
        panels.toolbar.ui(ui, cx);
        status_bar(ui, cx, &mut panels.notices);
        welcome::recovery(ui, cx);
        if cx.document.is_empty() && cx.loading == 0 {
            welcome::welcome(ui, cx);
        } else {
            panels.library.ui(ui, cx);
            panels.curves.ui(ui, cx);
            panels.introduction.ui(ui, cx);
            grid(ui, cx);
        }
        welcome::drop_hint(&ctx, cx);
        for (id, panel) in panels.windows() {
            show_panel(&ctx, cx, id, panel);
        }
        probes_window(&ctx, cx);
        panels.prompts.palette.show(&ctx, cx);
        panels.pins.show(&ctx);
        panels.hints.show(&ctx, cx);
        actions
    }

    /// Asks for the work that this frame would show, and keeps what is to outlive the window.
    fn end(&mut self, ctx: &egui::Context) {
        if self.frame.pointed.is_stale() {
            ctx.request_repaint();
        }
        let settled = !ctx.input(|input| input.pointer.any_down());
        // While a value is dragged, fast methods follow, and slow ones wait for the end.
        if settled || !shows_slow_methods(&self.state.document) {
            let tasks = self.requests().tasks();
            self.services.worker.request(tasks);
        }
        // What is opened together is one step.
        let is_calm = settled && self.services.opening.waiting() == 0;
        self.state.history.record(&self.state.document, is_calm);
        self.keep_settings();
        let autosave = &mut self.services.autosave;
        if let Some(later) = is_calm.then(|| autosave.keep(&self.state.document)).flatten() {
            ctx.request_repaint_after(later);
        }
    }

    fn requests(&mut self) -> Requests<'_> {
        let State { document, view, open, .. } = &self.state;
        let lookup = Lookup { document, results: &self.services.results };
        let panels = self.panels.windows().into_iter().filter(|(id, _)| open.contains(*id));
        Requests {
            lookup,
            view,
            visible_pictures: self.frame.visible_pictures.clone(),
            of_panels: panels.flat_map(|(_, panel)| panel.tasks(lookup, view)).collect(),
        }
    }

    fn keep_settings(&mut self) {
        let State { settings, view, .. } = &mut self.state;
        (settings.library, settings.curves) = (view.library, view.curves);
        if let Err(error) = self.services.settings_file.keep(settings) {
            self.panels.notices.warn(error.to_string());
        }
    }
}

/// Frees the maps on the GPU that the last frame did not draw.
fn forget_hidden_maps(render_state: &RenderState) {
    let mut renderer = render_state.renderer.write();
    if let Some(renderer) = renderer.callback_resources.get_mut::<OverlayRenderer>() {
        renderer.forget_hidden();
    }
}

impl eframe::App for Explorer {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.begin(&ctx);
        let actions = self.draw(ui);
        self.execute_all(actions, &ctx);
        self.end(&ctx);
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
    let dirs = UserDirs::of_user();
    let settings = dirs.settings.as_deref().map(Settings::read).unwrap_or_default();
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
        Box::new(move |cc| Ok(Box::new(first_window(cc, device, files, dirs))));
    eframe::run_native("hyaline", options, creator).map_err(|e| e.to_string())
}

fn first_window(
    cc: &eframe::CreationContext<'_>,
    device: ComputeDevice,
    files: Vec<PathBuf>,
    dirs: UserDirs,
) -> Explorer {
    let is_plain = files.is_empty();
    let mut explorer = Explorer::new(cc, device, files, dirs);
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
