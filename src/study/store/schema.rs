//! The tables, and how a database is known as a store of this version.

use super::failure::{READ_ONLY, damaged, of_database};
use crate::error::{Error, Result};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::path::Path;
use std::time::{Duration, Instant};

/// "HYLN": marks the file as one of Hyaline's.
const APPLICATION: i32 = 0x4859_4C4E;
/// Raised with every change of the tables or the plan: 2 has conditions in it. Stores of version 1
/// are read and written as they are.
const VERSION: i32 = 2;

const TABLES: &str = "
-- The study that was run last, whole, as TOML; seal is its SHA-256.
CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    hash TEXT NOT NULL,
    plan TEXT NOT NULL,
    seal TEXT NOT NULL
) STRICT;
CREATE TABLE models (id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, name TEXT NOT NULL) STRICT;
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    label INTEGER
) STRICT;
-- Parameters are JSON.
CREATE TABLE methods (
    id INTEGER PRIMARY KEY,
    method TEXT NOT NULL,
    parameters TEXT NOT NULL,
    UNIQUE (method, parameters)
) STRICT;
-- One method on one picture with one model, done or failed as a whole.
CREATE TABLE cells (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    map_key TEXT NOT NULL,
    model INTEGER NOT NULL REFERENCES models,
    picture INTEGER NOT NULL REFERENCES pictures,
    method INTEGER NOT NULL REFERENCES methods,
    status TEXT NOT NULL CHECK (status IN ('done', 'failed')),
    error TEXT CHECK ((status = 'failed') = (error IS NOT NULL)),
    -- SHA-256 of the .npy file in maps/
    map TEXT,
    seconds REAL,
    -- A JSON list
    warnings TEXT,
    target INTEGER,
    predicted INTEGER,
    confidence REAL,
    seal TEXT NOT NULL
) STRICT;
CREATE INDEX cells_by_map ON cells (map_key) WHERE map IS NOT NULL;
-- A value, or why there is none.
CREATE TABLE measurements (
    cell INTEGER NOT NULL REFERENCES cells ON DELETE CASCADE,
    metric TEXT NOT NULL,
    value REAL,
    reason TEXT,
    PRIMARY KEY (cell, metric),
    CHECK ((value IS NULL) <> (reason IS NULL))
) STRICT, WITHOUT ROWID;
-- Points are pairs of little-endian 32-bit floats: place, value.
CREATE TABLE curves (
    cell INTEGER NOT NULL REFERENCES cells ON DELETE CASCADE,
    kind TEXT NOT NULL,
    points BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (cell, kind)
) STRICT, WITHOUT ROWID;
-- Cells that a process has begun.
CREATE TABLE claims (key TEXT PRIMARY KEY, worker TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Makes the tables of a new database, or checks those that are there; then writes go to a log
/// beside it, which a kill can't leave half applied. Another process that does the same is waited for,
/// for as long as `patience`.
pub fn prepare(connection: &mut Connection, database: &Path, patience: Duration) -> Result<()> {
    let failed = of_database("open", database);
    if !is_new(connection).map_err(&failed)? {
        check(connection, database)?;
    }
    if connection.is_readonly("main").map_err(&failed)? {
        let what = format!("cannot open study store {}", database.display());
        return Err(Error::new(what, "it can't be written to").hint(READ_ONLY));
    }
    let mode = log_writes(connection, patience).map_err(&failed)?;
    if mode != "wal" {
        let what = format!("cannot open study store {}", database.display());
        return Err(Error::new(what, "its disk can't hold a log of writes")
            .hint("put the study on a local disk"));
    }
    connection.pragma_update(None, "foreign_keys", true).map_err(&failed)?;
    create(connection).map_err(&failed)?;
    check(connection, database)
}

/// Has writes go to a log; gives the mode that the database is in then.
fn log_writes(connection: &Connection, patience: Duration) -> rusqlite::Result<String> {
    let begun = Instant::now();
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0));
        match mode {
            // SQLite doesn't wait here by itself, since two that wait for each other would for ever.
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && begun.elapsed() < patience =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            mode => return mode,
        }
    }
}

/// Makes the tables if no other process has made them just now.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if is_new(&transaction)? {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

/// Whether a database has nothing in it.
pub fn is_new(connection: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && number(connection, "user_version")? == 0)
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

/// # Errors
/// When the database is none of Hyaline's or of a newer version.
pub fn check(connection: &Connection, database: &Path) -> Result<()> {
    let failed = of_database("open", database);
    let application = number(connection, "application_id").map_err(&failed)?;
    let version = number(connection, "user_version").map_err(&failed)?;
    let what = format!("cannot open study store {}", database.display());
    if application != APPLICATION {
        return Err(Error::new(what, "it is a database, but no study of Hyaline's")
            .hint("name another folder"));
    }
    match version {
        1..=VERSION => Ok(()),
        newer if newer > VERSION => Err(Error::new(
            what,
            format!("a newer Hyaline made it (version {newer}, this one reads 1 to {VERSION})"),
        )
        .hint("use the newer Hyaline")),
        other => Err(damaged(database, format!("there is no version {other}"))),
    }
}

/// # Errors
/// When SQLite finds its own structures damaged.
pub fn check_whole(connection: &Connection, database: &Path) -> Result<()> {
    let answer: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(of_database("read", database))?;
    match answer.as_str() {
        "ok" => Ok(()),
        problem => Err(damaged(database, problem)),
    }
}
