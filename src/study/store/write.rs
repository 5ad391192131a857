//! Writing what a cell gave, in one transaction.

use super::claim::forget;
use super::failure::of_database;
use super::row::Row;
use super::{Store, maps};
use crate::error::{Error, Result};
use crate::file::sha256;
use crate::study::cell::{Cell, CellResults, Curve};
use crate::study::plan::Plan;
use rusqlite::{Connection, Transaction, params};

impl Store {
    /// Takes on a study. Cells of an earlier one stay, and count where they are the same.
    ///
    /// # Errors
    /// When the database fails.
    pub fn adopt(&mut self, plan: &Plan) -> Result<()> {
        let text = toml::to_string(plan).map_err(|e| {
            Error::new(format!("cannot write study store {}", self.folder.display()), e)
        })?;
        let failed = of_database("write to", &self.database());
        let transaction = self.transaction(true).map_err(&failed)?;
        let query = "INSERT OR REPLACE INTO study (id, hash, plan, seal) VALUES (1, ?1, ?2, ?3)";
        let values = params![plan.hash(), text, sha256(text.as_bytes())];
        transaction.execute(query, values).map_err(&failed)?;
        transaction.commit().map_err(failed)
    }

    /// Writes the results of a cell, or why there are none, and ends its claim. A cell that is
    /// done stays as it is.
    ///
    /// # Errors
    /// When the map or the database can't be written to; then nothing of the cell is there.
    pub fn finish(&mut self, cell: &Cell, outcome: Result<&CellResults, &str>) -> Result<()> {
        let row = match outcome {
            Err(why) => Row::failed(cell, why),
            Ok(results) => {
                let map = results.map.as_ref().map(|map| maps::write(&self.folder, map));
                Row::done(cell, results, map.transpose()?)
            }
        };
        let curves = outcome.map_or(&[][..], |results| &results.curves);
        let failed = of_database("write to", &self.database());
        let transaction = self.transaction(true).map_err(&failed)?;
        write(transaction, cell, &row, curves).map_err(failed)
    }
}

fn write(
    transaction: Transaction,
    cell: &Cell,
    row: &Row,
    curves: &[Curve],
) -> rusqlite::Result<()> {
    let failure = "DELETE FROM cells WHERE key = ?1 AND status = 'failed'";
    transaction.execute(failure, [&row.key])?;
    let done = "SELECT EXISTS (SELECT 1 FROM cells WHERE key = ?1)";
    let done: bool = transaction.query_row(done, [&row.key], |row| row.get(0))?;
    if !done {
        insert(&transaction, cell, row)?;
        let id = transaction.last_insert_rowid();
        let query =
            "INSERT INTO measurements (cell, metric, value, reason) VALUES (?1, ?2, ?3, ?4)";
        let mut statement = transaction.prepare(query)?;
        for (metric, (value, reason)) in &row.measurements {
            statement.execute(params![id, metric, value, reason])?;
        }
        let query = "INSERT INTO curves (cell, kind, points, sha256) VALUES (?1, ?2, ?3, ?4)";
        let mut statement = transaction.prepare(query)?;
        for curve in curves {
            let bytes = bytes(&curve.points);
            statement.execute(params![id, curve.kind, bytes, sha256(&bytes)])?;
        }
    }
    forget(&transaction, &row.key)?;
    transaction.commit()
}

fn insert(connection: &Connection, cell: &Cell, row: &Row) -> rusqlite::Result<()> {
    let Cell { model, picture, method, .. } = cell;
    let names = "INSERT INTO models (sha256, name) VALUES (?1, ?2)
        ON CONFLICT (sha256) DO UPDATE SET name = excluded.name
        WHERE name <> excluded.name";
    connection.execute(names, params![model.sha256, model.name])?;
    let names = "INSERT INTO pictures (sha256, name, label) VALUES (?1, ?2, ?3)
        ON CONFLICT (sha256) DO UPDATE SET name = excluded.name, label = excluded.label
        WHERE name <> excluded.name OR label IS NOT excluded.label";
    let label = picture.label.map(|label| label as i64);
    connection.execute(names, params![picture.sha256, picture.name, label])?;
    let names = "INSERT OR IGNORE INTO methods (method, parameters) VALUES (?1, ?2)";
    connection.execute(names, params![method.id, method.json()])?;
    let query = "INSERT INTO cells (model, picture, method, key, map_key, status, error, map,
            seconds, warnings, target, predicted, confidence, seal)
        SELECT models.id, pictures.id, methods.id, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15
        FROM models, pictures, methods WHERE models.sha256 = ?1 AND pictures.sha256 = ?2
            AND methods.method = ?3 AND methods.parameters = ?4";
    let values = params![
        model.sha256,
        picture.sha256,
        method.id,
        method.json(),
        row.key,
        row.map_key,
        row.status(),
        row.error,
        row.map,
        row.seconds,
        row.warnings,
        row.target,
        row.predicted,
        row.confidence,
        row.seal(),
    ];
    connection.execute(query, values)?;
    Ok(())
}

fn bytes(points: &[[f32; 2]]) -> Vec<u8> {
    points.iter().flatten().flat_map(|value| value.to_le_bytes()).collect()
}
