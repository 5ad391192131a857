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

// The program uses some of these; tests and benches, which compile this module as theirs, use others.
#[allow(unused_imports)]
pub use {
    app::{Explorer, missing_display, run},
    paint::overlay::{CellPaint, OverlayRenderer},
    state::user_dirs::UserDirs,
};
