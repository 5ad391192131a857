//! Joining what several machines measured of one study.

use super::store::{Record, Records};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

impl Records {
    /// Reads the stores in several folders as one. A cell that is in several counts once, as the
    /// first store has it, but a done one before a failed one; a note says where they differ.
    ///
    /// # Errors
    /// When one can't be read, there is none, or they are not of the same study.
    pub fn of_stores(folders: &[PathBuf]) -> Result<Self> {
        let read = |folder: &PathBuf| super::Store::open_to_read(folder)?.records();
        let Some((first, others)) = folders.split_first() else {
            return Err(Error::new("nothing to report", "no store is named"));
        };
        let mut records = read(first)?;
        for folder in others {
            let other = read(folder)?;
            if let Some(difference) = records.plan.difference(&other.plan) {
                let what = format!("cannot join {} and {}", first.display(), folder.display());
                return Err(Error::new(what, format!("they are two studies: {difference}")));
            }
            records.join(other, folder);
        }
        Ok(records)
    }

    fn join(&mut self, other: Self, folder: &Path) {
        let keys = other.plan.cells().map(|cell| cell.key);
        let mut theirs: HashMap<String, Record> =
            keys.zip(other.cells).filter_map(|(key, record)| Some((key, record?))).collect();
        let mut differing = 0;
        for (cell, own) in self.plan.cells().zip(&mut self.cells) {
            let Some(their) = theirs.remove(&cell.key) else { continue };
            match (&*own, &their) {
                (Some(Record::Done(own)), Record::Done(their)) => {
                    differing += usize::from(own.values != their.values);
                }
                (Some(Record::Done(_)), _) | (Some(_), Record::Failed(_)) => {}
                _ => *own = Some(their),
            }
        }
        if differing > 0 {
            self.plan.notes.push(format!(
                "{differing} cells of {} came out otherwise in an earlier store, which counts",
                folder.display()
            ));
        }
    }
}
