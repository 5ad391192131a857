//! The session as it is, written while a person works, so that a crash costs seconds.
//!
//! Every window has a file of its own, beside a lock that the system gives free when its process
//! ends; a file whose lock is free was left by a window that did not end by itself.

use crate::explorer::state::document::Document;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Writes one window's session.
#[derive(Default)]
pub struct Autosave {
    own: Option<Own>,
    /// A session that an earlier window left.
    pub left: Option<PathBuf>,
}

struct Own {
    session: PathBuf,
    lock: PathBuf,
    /// Held until the window ends.
    _file: File,
    written: Option<Document>,
    at: Instant,
}

/// Time between two writes.
const PAUSE: Duration = Duration::from_secs(2);

impl Autosave {
    /// Takes a file in a folder, and finds what earlier windows left there. Without a folder, or
    /// where it can't be written, nothing is kept.
    pub fn start(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else { return Self::default() };
        if std::fs::create_dir_all(folder).is_err() {
            return Self::default();
        }
        let left = left_behind(folder);
        let own = (0..64).find_map(|number| Own::take(folder, number));
        Self { own, left }
    }

    /// Writes the document where it has changed, at most every few seconds; gives the time after which
    /// it is to be called again. What can't be written is tried again later.
    pub fn keep(&mut self, document: &Document) -> Option<Duration> {
        let own = self.own.as_mut()?;
        if own.written.as_ref().is_some_and(|written| written == document) {
            return None;
        }
        if let Some(left) = PAUSE.checked_sub(own.at.elapsed()) {
            return Some(left);
        }
        own.at = Instant::now();
        let done = match document.is_empty() {
            true => remove(&own.session),
            false => document.to_session().write(&own.session).is_ok(),
        };
        own.written = done.then(|| document.clone());
        (!done).then_some(PAUSE)
    }

    /// The file that it writes.
    pub fn file(&self) -> Option<PathBuf> {
        self.own.as_ref().map(|own| own.session.clone())
    }

    /// Ends with nothing left: the person closed the window.
    pub fn finish(&mut self) {
        if let Some(own) = self.own.take() {
            let Own { session, lock, .. } = own;
            remove(&session);
            remove(&lock);
        }
    }

    /// Gives up what an earlier window left.
    pub fn discard_left(&mut self) {
        if let Some(left) = self.left.take() {
            remove(&left);
        }
    }

    /// Takes the file of a session away that is open again, and kept as the own one from now on.
    pub fn take_up(session: &Path) {
        remove(session);
    }

    /// Whether a session file is one of these and not a person's.
    pub fn is_own(folder: Option<&Path>, session: &Path) -> bool {
        folder.is_some() && session.parent() == folder
    }
}

impl Own {
    fn take(folder: &Path, number: usize) -> Option<Self> {
        let lock = folder.join(format!("{number}.lock"));
        let file = File::options().create(true).append(true).open(&lock).ok()?;
        file.try_lock().ok()?;
        let session = folder.join(format!("{number}.toml"));
        // Left by the window that had this number, and found by now.
        if session.exists() {
            return None;
        }
        Some(Self { session, lock, _file: file, written: None, at: Instant::now() })
    }
}

/// The newest session whose window is gone.
fn left_behind(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let sessions = entries.flatten().map(|entry| entry.path());
    let is_left = |path: &PathBuf| {
        let lock = path.with_extension("lock");
        let held = File::open(lock)
            .is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
        path.extension().is_some_and(|extension| extension == "toml") && !held
    };
    let written = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    sessions.filter(is_left).max_by_key(written)
}

fn remove(path: &Path) -> bool {
    std::fs::remove_file(path).is_ok() || !path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_window_left_is_found_unless_it_ended_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let start = || Autosave::start(Some(folder.path()));
        let first = start();
        assert_eq!(first.left, None);
        let session = first.own.as_ref().unwrap().session.clone();
        std::fs::write(&session, "of the first").unwrap();
        let mut second = start();
        assert_eq!(second.left, None, "the first still runs");
        second.finish();
        drop(first);
        let mut third = start();
        assert_eq!(third.left.as_deref(), Some(session.as_path()));
        assert_ne!(third.own.as_ref().unwrap().session, session, "and is not written over");
        third.discard_left();
        assert!(!session.exists());
        third.finish();
        assert_eq!(start().left, None);
    }

    #[test]
    fn a_folder_that_cannot_be_is_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let mut autosave = Autosave::start(Some(&file.join("inside")));
        autosave.keep(&Document::default());
        assert!(autosave.own.is_none() && autosave.left.is_none());
    }
}
