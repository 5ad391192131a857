//! What SQLite's errors mean to people.

use crate::error::Error;
use rusqlite::ErrorCode;
use std::path::Path;

/// Turns an error of the database into one of "cannot `act` study store".
pub fn of_database(act: &str, database: &Path) -> impl Fn(rusqlite::Error) -> Error + use<> {
    let what = format!("cannot {act} study store {}", database.display());
    move |error| {
        let (why, hint) = explain(&error);
        let error = Error::new(what.clone(), why);
        if hint.is_empty() { error } else { error.hint(hint) }
    }
}

/// The database holds what can't have been written there.
pub fn damaged(database: &Path, why: impl std::fmt::Display) -> Error {
    let what = format!("cannot read study store {}", database.display());
    Error::new(what, format!("it is damaged: {why}")).hint(DAMAGED)
}

const DAMAGED: &str = "go back to a copy, or start in another folder; maps/ can be kept";
pub const READ_ONLY: &str = "the file and its folder must be writable";
const FULL: &str = "free some space and run again: what is finished stays finished";

/// Why it failed, and what to try.
fn explain(error: &rusqlite::Error) -> (String, &'static str) {
    use rusqlite::Error as E;
    let Some(code) = error.sqlite_error_code() else {
        return match error {
            E::InvalidColumnType(..)
            | E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::Utf8Error(..)
            | E::QueryReturnedNoRows => (format!("it is damaged: {error}"), DAMAGED),
            _ => (error.to_string(), ""),
        };
    };
    match code {
        ErrorCode::DatabaseCorrupt => (format!("it is damaged: {error}"), DAMAGED),
        ErrorCode::NotADatabase => ("it is damaged or no database".into(), DAMAGED),
        ErrorCode::DiskFull => ("the disk is full".into(), FULL),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            ("it can't be written to".into(), READ_ONLY)
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => (
            "another process holds it".into(),
            "wait for the other process or end it, then run again",
        ),
        ErrorCode::CannotOpen => (
            "it can't be opened".into(),
            "it must be a file, and its folder one that can be written to",
        ),
        ErrorCode::SystemIoFailure => (
            format!("the disk failed: {error}"),
            "check the disk and the space on it; stores don't work on network drives",
        ),
        // Tables that are not as they were made.
        ErrorCode::Unknown | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch => {
            (format!("it is damaged: {error}"), DAMAGED)
        }
        _ => (error.to_string(), ""),
    }
}
