//! What works beside the window, and where it keeps things.

use super::ending::Ending;
use crate::explorer::files::open::Opening;
use crate::explorer::state::autosave::Autosave;
use crate::explorer::state::settings::SettingsFile;
use crate::explorer::state::user_dirs::UserDirs;
use eframe::egui_wgpu::RenderState;
use hyaline::engine::{Results, Worker};
use hyaline::model::ComputeDevice;

/// What works beside the window, and where it keeps things.
pub struct Services {
    pub device: ComputeDevice,
    pub dirs: UserDirs,
    pub worker: Worker,
    /// What the worker gave, as of the beginning of this frame.
    pub results: Results,
    pub opening: Opening,
    pub autosave: Autosave,
    /// Whether the system wants the window closed.
    pub ending: Ending,
    pub settings_file: SettingsFile,
    pub render_state: RenderState,
}
