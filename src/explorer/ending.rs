//! Termination by the system, as a shutdown, a closed terminal or `kill` does it: the window
//! closes as if a person had closed it, and leaves nothing to restore.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time for a window to hear of its end; one that nobody sees may not be painted any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the system asked the process to end.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    asked: Arc<AtomicBool>,
    begun: Arc<AtomicBool>,
}

impl Ending {
    /// Whether the window is to close.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// Notes that the window closes, which may take a while.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::SeqCst);
    }

    /// The system asks for the end: `changed` wakes the window, and where that does not close, the process ends
    /// without the session that was kept for a crash. A second request ends it at once.
    pub fn ask(&self, code: i32, kept: Option<PathBuf>, changed: &dyn Fn()) {
        if self.asked.swap(true, Ordering::SeqCst) {
            std::process::exit(code);
        }
        changed();
        let ending = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            if !ending.begun.load(Ordering::SeqCst) {
                let _ = kept.map(std::fs::remove_file);
                std::process::exit(code);
            }
        });
    }

    /// Listens to the system from now on.
    #[cfg(unix)]
    pub fn listen(&self, kept: Option<PathBuf>, changed: impl Fn() + Send + 'static) {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let mut wanted = vec![SIGINT, SIGTERM];
        wanted.extend((!ignores_hangup()).then_some(SIGHUP));
        let Ok(mut signals) = signal_hook::iterator::Signals::new(wanted) else { return };
        let ending = self.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                ending.ask(128 + signal, kept.clone(), &changed);
            }
        });
    }

    #[cfg(not(unix))]
    pub fn listen(&self, kept: Option<PathBuf>, changed: impl Fn() + Send + 'static) {
        let ending = self.clone();
        let _ = ctrlc::set_handler(move || ending.ask(130, kept.clone(), &changed));
    }
}

/// Whether a closed terminal is to leave the program alone, as `nohup` asks; taken for so where
/// the system does not tell.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_none_or(|mask| mask & 1 != 0)
}
