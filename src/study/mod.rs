//! `hyaline study`: models × methods × pictures × scores, measured over hours, resumable after
//! anything, and what comes of it in tables.
//!
//! A [`Definition`] is what a person writes; with the contents of its files it becomes a [`Plan`],
//! whose [`Cell`]s are computed one by one into a [`Store`]; a report is made from what is there.

mod annotated;
mod catalogues;
mod cell;
mod definition;
mod evaluate;
mod merge;
mod opened;
mod plan;
pub mod report;
mod run;
mod shard;
pub mod statistics;
mod store;

pub use crate::score::{Better, OverPictures};
pub use catalogues::values_of;
pub use cell::{Cell, CellPrediction, CellResults, Curve, Measured};
pub use definition::{Catalogue, Choice, Definition, Layout, ListedPicture, Pictures, TargetRule};
pub use evaluate::Evaluator;
pub use opened::OpenedStudy;
pub use plan::{Contents, Metric, Plan, PlannedModel, PlannedPicture};
pub use run::{Outcome, Progress, StudyOptions, Watch, Work, run};
pub use shard::Shard;
pub use store::{Claim, DATABASE, Done, EarlierMap, Record, Records, Store};
