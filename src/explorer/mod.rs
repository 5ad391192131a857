//! The window.

mod app;
mod command;
mod context;
mod device_watch;
mod ending;
mod figure_requests;
mod files;
mod frame;
mod grid;
mod lookup;
mod paint;
mod panel;
mod requests;
mod services;
mod state;

pub use app::{Explorer, missing_display, run};
pub use paint::overlay::{CellPaint, OverlayRenderer};
pub use state::user_dirs::UserDirs;
