//! Progress on the terminal, and Ctrl-C that keeps what is done.

use crate::error::{Error, Result};
use crate::progress::Flow;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watches for Ctrl-C, once in a process however many pieces of work follow each other. The first
/// Ctrl-C sets the flag, a second one ends the program.
///
/// # Errors
/// Where the system lets no handler be set.
pub fn interrupted() -> Result<&'static AtomicBool> {
    static FLAG: AtomicBool = AtomicBool::new(false);
    static SET: OnceLock<Option<String>> = OnceLock::new();
    let set = SET.get_or_init(|| {
        let on_signal = || {
            if FLAG.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        };
        ctrlc::set_handler(on_signal).err().map(|e| e.to_string())
    });
    match set {
        None => Ok(&FLAG),
        Some(why) => Err(Error::new("cannot watch for Ctrl-C", why)),
    }
}

/// A progress line on standard error (only on a terminal), and the cancel flag.
pub struct Watch {
    bar: ProgressBar,
    cells: usize,
    cell: usize,
    cancelled: &'static AtomicBool,
}

impl Watch {
    /// Watches `cells` pieces of work. The first Ctrl-C ends the work and keeps what there is; a
    /// second one ends the program.
    pub fn new(cells: usize) -> Result<Self> {
        let cancelled = interrupted()?;
        let style = "{prefix} {msg} {wide_bar} {pos}/{len} {per_sec} {eta}";
        let bar = ProgressBar::new(0)
            .with_style(ProgressStyle::with_template(style).expect("a valid template"));
        Ok(Self { bar, cells, cell: 0, cancelled })
    }

    /// Starts the next piece of work.
    pub fn begin(&mut self, what: String) {
        self.cell += 1;
        self.bar.reset();
        self.bar.set_prefix(format!("[{}/{}]", self.cell, self.cells));
        self.bar.set_message(what);
    }

    /// Hears of progress; says whether to go on.
    pub fn advance(&self, done: usize, total: usize) -> Flow {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        if self.cancelled() { Flow::Cancel } else { Flow::Continue }
    }

    /// Shows what comes next and how much of all is done; says whether to go on.
    pub fn say(&self, what: String, done: usize, total: usize) -> Flow {
        self.bar.set_prefix(format!("[{}/{total}]", done + 1));
        self.bar.set_message(what);
        self.advance(done, total)
    }

    /// Takes the line off the terminal.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
