//! Reading a study back. Seals are checked: what differs from what was written is an error.

use super::Store;
use super::failure::{damaged, of_database};
use super::row::Row;
use crate::error::{Error, Result};
use crate::file::sha256;
use crate::score::OverPictures;
use crate::study::cell::{Cell, CellPrediction, Curve, Measured};
use crate::study::plan::Plan;
use rusqlite::{OptionalExtension, Row as SqlRow};
use std::collections::HashMap;

/// A study and what is known of each of its cells.
#[derive(Debug, Clone)]
pub struct Records {
    pub plan: Plan,
    /// In the order of the plan's cells; none where nothing is known yet.
    pub cells: Vec<Option<Record>>,
}

/// What is known of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    Done(Done),
    /// Why it failed.
    Failed(String),
}

/// The results of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    pub prediction: CellPrediction,
    /// In the order of the plan's metrics.
    pub values: Vec<Measured>,
    /// By metric, where it comes from a curve: overlaps of boxes at every threshold, or else values
    /// at [`CURVE_PLACES`] places.
    pub curves: Vec<Option<Vec<f32>>>,
    /// Time that the method took.
    pub seconds: f64,
    pub warnings: Vec<String>,
    /// SHA-256 of the map's file, where it was kept.
    pub map: Option<String>,
}

/// Evenly spread places from 0 to 1 at which reports read curves, whatever their own are: networks of
/// several input sizes have several numbers of steps.
pub const CURVE_PLACES: usize = 101;

const CELL: &str = "SELECT key, map_key, error, map, seconds, warnings, target, predicted,
    confidence, seal, id FROM cells";

impl Store {
    /// The study that was run last.
    ///
    /// # Errors
    /// When there is none, or the database is damaged.
    pub fn plan(&self) -> Result<Plan> {
        let database = self.database();
        let query = "SELECT plan, seal FROM study";
        let row = self
            .connection
            .query_row(query, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
        let row = row.optional().map_err(of_database("read", &database))?;
        let Some((text, seal)) = row else {
            let what = format!("cannot read study store {}", database.display());
            return Err(Error::new(what, "no study was run in it yet"));
        };
        if sha256(text.as_bytes()) != seal {
            return Err(damaged(&database, "the study is not as it was written"));
        }
        toml::from_str(&text).map_err(|e| damaged(&database, e.message()))
    }

    /// The study that was run last and all its results.
    ///
    /// # Errors
    /// When there is none, or the database is damaged.
    pub fn records(&self) -> Result<Records> {
        let plan = self.plan()?;
        let places: HashMap<String, usize> =
            plan.cells().enumerate().map(|(place, cell)| (cell.key, place)).collect();
        let mut cells = vec![None; plan.len()];
        self.each(&format!("{CELL} ORDER BY id"), &[], &mut |row| {
            if let Some(place) = places.get(&row.key) {
                cells[*place] = Some(self.record(row, &plan)?);
            }
            Ok(())
        })?;
        Ok(Records { plan, cells })
    }

    /// A map that was computed for the same cell with other scores, and is still there.
    ///
    /// # Errors
    /// When the database fails.
    pub fn earlier_map(&self, cell: &Cell) -> Result<Option<EarlierMap>> {
        let query = format!("{CELL} WHERE map_key = ?1 AND map IS NOT NULL");
        let mut found = None;
        self.each(&query, &[&cell.map_key], &mut |row| {
            let map = row.map.filter(|map| self.map_path(map).is_file());
            let warnings = row.warnings.and_then(|text| serde_json::from_str(&text).ok());
            if let (Some(map), Some(seconds), Some(warnings)) = (map, row.seconds, warnings) {
                found = Some(EarlierMap { map, seconds, warnings });
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// A curve of a cell.
    ///
    /// # Errors
    /// When the database is damaged.
    pub fn curve(&self, key: &str, kind: &str) -> Result<Option<Curve>> {
        let query = "SELECT points, curves.sha256 FROM curves JOIN cells ON cells.id = curves.cell
            WHERE key = ?1 AND kind = ?2";
        let row = self.connection.query_row(query, [key, kind], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
        });
        let row = row.optional().map_err(of_database("read", &self.database()))?;
        let Some((bytes, hash)) = row else { return Ok(None) };
        if sha256(&bytes) != hash {
            return Err(damaged(&self.database(), "a curve is not as it was written"));
        }
        let values: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let points = values.as_chunks::<2>().0.to_vec();
        Ok(Some(Curve { kind: kind.to_string(), points }))
    }

    /// Every cell that a query finds, its seal checked.
    fn each(
        &self,
        query: &str,
        values: &[&dyn rusqlite::ToSql],
        take: &mut dyn FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let failed = of_database("read", &self.database());
        let mut statement = self.connection.prepare(query).map_err(&failed)?;
        let mut found = statement.query(values).map_err(&failed)?;
        while let Some(row) = found.next().map_err(&failed)? {
            let (row, seal) = self.row(row).map_err(&failed)?;
            if row.seal() != seal {
                return Err(damaged(&self.database(), "a cell is not as it was written"));
            }
            take(row)?;
        }
        Ok(())
    }

    fn row(&self, row: &SqlRow) -> rusqlite::Result<(Row, String)> {
        let query = "SELECT metric, value, reason FROM measurements WHERE cell = ?1";
        let mut statement = self.connection.prepare(query)?;
        let measurements = statement
            .query_map([row.get::<_, i64>(10)?], |row| {
                Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let cell = Row {
            key: row.get(0)?,
            map_key: row.get(1)?,
            error: row.get(2)?,
            map: row.get(3)?,
            seconds: row.get(4)?,
            warnings: row.get(5)?,
            target: row.get(6)?,
            predicted: row.get(7)?,
            confidence: row.get(8)?,
            measurements,
        };
        Ok((cell, row.get(9)?))
    }

    fn record(&self, mut row: Row, plan: &Plan) -> Result<Record> {
        if let Some(why) = row.error {
            return Ok(Record::Failed(why));
        }
        let lacks = |what: &str| damaged(&self.database(), format!("a cell lacks its {what}"));
        let values = plan.metrics.iter().map(|metric| match row.measurements.remove(&metric.id) {
            Some((Some(value), None)) => Ok(Measured::Value(value)),
            Some((None, Some(reason))) => Ok(Measured::Undefined(reason)),
            _ => Err(lacks(&metric.id)),
        });
        let values = values.collect::<Result<_>>()?;
        let curves = plan.metrics.iter().map(|metric| {
            let curve = self.curve(&row.key, &metric.id)?;
            Ok(curve.map(|curve| match metric.over_pictures {
                OverPictures::BestThreshold(_) => {
                    curve.points.iter().map(|[_, overlap]| *overlap).collect()
                }
                OverPictures::Mean | OverPictures::MeanOfClasses => at_places(&curve.points),
            }))
        });
        let curves = curves.collect::<Result<_>>()?;
        let warnings = row.warnings.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Record::Done(Done {
            prediction: CellPrediction {
                target: row.target.ok_or_else(|| lacks("target"))? as usize,
                predicted: row.predicted.ok_or_else(|| lacks("prediction"))? as usize,
                confidence: row.confidence,
            },
            values,
            curves,
            seconds: row.seconds.ok_or_else(|| lacks("time"))?,
            warnings: warnings.ok_or_else(|| lacks("warnings"))?,
            map: row.map,
        }))
    }
}

/// A curve's values at evenly spread places, along straight lines between its points, and level
/// beyond them.
fn at_places(points: &[[f32; 2]]) -> Vec<f32> {
    let at = |x: f32| {
        let after = points.partition_point(|[place, _]| *place < x);
        match (points.get(after.wrapping_sub(1)), points.get(after)) {
            (Some([x0, y0]), Some([x1, y1])) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
            (Some([_, y]), None) | (None, Some([_, y])) => *y,
            (None, None) => f32::NAN,
        }
    };
    if points.is_empty() {
        return vec![];
    }
    (0..CURVE_PLACES).map(|place| at(place as f32 / (CURVE_PLACES - 1) as f32)).collect()
}

/// A map of an earlier run.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierMap {
    /// SHA-256 of its file, for [`Store::map`].
    pub map: String,
    /// Time that the method took.
    pub seconds: f64,
    pub warnings: Vec<String>,
}
