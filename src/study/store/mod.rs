//! What a study has measured so far: a folder with a SQLite database, and the raw maps beside it.
//!
//! A cell is written in one transaction, so that a kill at any moment leaves it whole or not at
//! all. Several processes may work on one store: a cell that one has begun, others leave to it for
//! as long as it lives. Every row that a report reads is sealed with a hash, so that damage to the
//! file is told and never becomes a number.

mod claim;
mod failure;
mod maps;
mod read;
mod row;
mod schema;
mod worker;
mod write;

pub use claim::Claim;
pub use read::{CURVE_PLACES, Done, EarlierMap, Record, Records};

use crate::error::{Error, Result};
use failure::of_database;
use ndarray::Array3;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;
use worker::Worker;

/// The database in a store's folder.
pub const DATABASE: &str = "study.sqlite";
/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open store.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    connection: Connection,
    /// This process as others see it, from its first cell on.
    worker: Option<Worker>,
}

impl Store {
    /// Opens the store in a folder, or makes one there.
    ///
    /// # Errors
    /// When the folder can't be made, or the database is damaged, of a newer version, none of
    /// Hyaline's, can't be written to, or is held by another process.
    pub fn open(folder: &Path) -> Result<Self> {
        let database = folder.join(DATABASE);
        let failed = |e: &dyn std::fmt::Display| {
            Error::new(format!("cannot make study store {}", folder.display()), e)
                .hint("name a folder that can be written to")
        };
        std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = connect(&database, &database, flags)?;
        schema::prepare(&mut connection, &database, PATIENCE)?;
        schema::check_whole(&connection, &database)?;
        Ok(Self { folder: folder.to_path_buf(), connection, worker: None })
    }

    /// Opens the store in a folder to read it, also where nothing can be written.
    ///
    /// # Errors
    /// When there is none, or the database is damaged, of a newer version or none of Hyaline's.
    pub fn open_to_read(folder: &Path) -> Result<Self> {
        let database = folder.join(DATABASE);
        if !database.is_file() {
            let what = format!("cannot read study store {}", folder.display());
            return Err(Error::new(what, format!("there is no {DATABASE} in it")));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let mut connection = connect(&database, &database, flags)?;
        if needs_room(&connection) && !has_changes(&database) {
            connection = connect_unchanging(&database, flags)?;
        }
        schema::check(&connection, &database)?;
        schema::check_whole(&connection, &database)?;
        Ok(Self { folder: folder.to_path_buf(), connection, worker: None })
    }

    /// How long to wait for another process that writes, 10 s unless said otherwise.
    ///
    /// # Errors
    /// When the database doesn't take it.
    pub fn set_patience(&self, patience: Duration) -> Result<()> {
        let waited = self.connection.busy_timeout(patience);
        waited.map_err(of_database("use", &self.database()))
    }

    /// Whether a process computes cells of the store in a folder now.
    pub fn is_at_work(folder: &Path) -> bool {
        worker::is_any_alive(folder)
    }

    /// A stored map, by its hash.
    ///
    /// # Errors
    /// When it is not there or damaged.
    pub fn map(&self, sha256: &str) -> Result<Array3<f32>> {
        maps::read(&self.folder, sha256)
    }

    /// The file of a stored map, by its hash.
    pub fn map_path(&self, sha256: &str) -> PathBuf {
        maps::path(&self.folder, sha256)
    }

    /// Begins to write. What is `lasting` is on the disk when it ends, and survives a power cut.
    fn transaction(&mut self, lasting: bool) -> rusqlite::Result<Transaction<'_>> {
        let how = if lasting { "full" } else { "normal" };
        self.connection.pragma_update(None, "synchronous", how)?;
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate)
    }

    fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }
}

fn connect(address: &Path, database: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(address, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = connection.map_err(of_database("open", database))?;
    connection.busy_timeout(PATIENCE).map_err(of_database("open", database))?;
    Ok(connection)
}

/// Whether reading fails for want of a place beside the database for its index of changes.
fn needs_room(connection: &Connection) -> bool {
    let code = schema::is_new(connection).err().and_then(|error| error.sqlite_error_code());
    matches!(code, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// Opens a database that nobody changes, without files beside it.
fn connect_unchanging(database: &Path, flags: OpenFlags) -> Result<Connection> {
    let encode = |byte: u8| match byte {
        b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    let path: String = database.to_string_lossy().bytes().map(encode).collect();
    let address = PathBuf::from(format!("file:{path}?immutable=1"));
    connect(&address, database, flags | OpenFlags::SQLITE_OPEN_URI)
}

/// Whether finished work is still in the file of changes beside a database.
fn has_changes(database: &Path) -> bool {
    let mut changes = database.as_os_str().to_owned();
    changes.push("-wal");
    std::fs::metadata(changes).is_ok_and(|file| file.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::definition::{Layout, TargetRule};
    use crate::study::plan::Plan;

    fn plan(name: String) -> Plan {
        Plan {
            name,
            program: String::new(),
            seed: 0,
            target: TargetRule::Top1,
            layout: Layout::ByScore,
            annotations: None,
            compare: vec![],
            notes: vec![],
            conditions: vec![],
            models: vec![],
            methods: vec![],
            scores: vec![],
            metrics: vec![],
            pictures: vec![],
        }
    }

    #[test]
    fn a_database_that_cant_grow_is_a_full_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        store.adopt(&plan("small".into())).unwrap();
        store.connection.pragma_update(None, "max_page_count", 30).unwrap();
        let error = store.adopt(&plan("x".repeat(1 << 20))).unwrap_err().to_string();
        assert!(error.contains("the disk is full (free some space"), "{error}");
        assert_eq!(store.plan().unwrap().name, "small");
    }

    #[test]
    fn a_database_opened_without_files_beside_it_may_have_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("50% of a?b#c d é");
        let mut store = Store::open(&odd).unwrap();
        store.adopt(&plan("odd".into())).unwrap();
        drop(store);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = connect_unchanging(&odd.join(DATABASE), flags).unwrap();
        let name: String =
            connection.query_row("SELECT plan FROM study", [], |row| row.get(0)).unwrap();
        assert!(name.contains("odd"));
    }
}
