//! Beginning a cell, so that no two processes compute the same.

use super::Store;
use super::failure::of_database;
use super::worker::{Worker, is_alive};
use crate::error::Result;
use crate::study::cell::Cell;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::HashSet;

/// What [`Store::begin`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The cell is this process's to compute.
    Begun,
    /// It is done, or failed and not to be tried again.
    Finished,
    /// Another process is computing it.
    Elsewhere,
}

impl Store {
    /// The cells without results, in their order; with `retry_failed` those that failed too.
    ///
    /// # Errors
    /// When the database fails.
    pub fn missing<'a>(
        &self,
        cells: impl Iterator<Item = Cell<'a>>,
        retry_failed: bool,
    ) -> Result<Vec<Cell<'a>>> {
        let finished = self.finished(retry_failed);
        let finished = finished.map_err(of_database("read", &self.database()))?;
        Ok(cells.filter(|cell| !finished.contains(&cell.key)).collect())
    }

    fn finished(&self, retry_failed: bool) -> rusqlite::Result<HashSet<String>> {
        let query = "SELECT key FROM cells WHERE status = 'done' OR NOT ?1";
        let mut statement = self.connection.prepare(query)?;
        statement.query_map([retry_failed], |row| row.get(0))?.collect()
    }

    /// Begins a cell, unless it has results or another process is at it.
    ///
    /// # Errors
    /// When the database fails.
    pub fn begin(&mut self, cell: &Cell, retry_failed: bool) -> Result<Claim> {
        if self.worker.is_none() {
            self.worker = Some(Worker::enter(&self.folder)?);
        }
        let name = self.worker.as_ref().map(|worker| worker.name.clone()).unwrap_or_default();
        let failed = of_database("write to", &self.database());
        let folder = self.folder.clone();
        let living = |other: &str| other != name && is_alive(&folder, other);
        // A claim ends with its process; it needn't outlast the machine.
        let transaction = self.transaction(false).map_err(&failed)?;
        claim(transaction, &cell.key, &name, retry_failed, living).map_err(failed)
    }

    /// Gives up a cell that was begun, without results.
    ///
    /// # Errors
    /// When the database fails.
    pub fn release(&mut self, cell: &Cell) -> Result<()> {
        let released = forget(&self.connection, &cell.key);
        released.map_err(of_database("write to", &self.database()))
    }
}

fn claim(
    transaction: Transaction,
    key: &str,
    worker: &str,
    retry_failed: bool,
    living: impl Fn(&str) -> bool,
) -> rusqlite::Result<Claim> {
    let text =
        |query| transaction.query_row(query, [key], |row| row.get::<_, String>(0)).optional();
    let status = text("SELECT status FROM cells WHERE key = ?1")?;
    if status.is_some_and(|status| status == "done" || !retry_failed) {
        return Ok(Claim::Finished);
    }
    let owner = text("SELECT worker FROM claims WHERE key = ?1")?;
    if owner.is_some_and(|owner| living(&owner)) {
        return Ok(Claim::Elsewhere);
    }
    let write = "INSERT OR REPLACE INTO claims (key, worker) VALUES (?1, ?2)";
    transaction.execute(write, params![key, worker])?;
    transaction.commit()?;
    Ok(Claim::Begun)
}

/// Takes a claim away.
pub(super) fn forget(connection: &Connection, key: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM claims WHERE key = ?1", [key])?;
    Ok(())
}
