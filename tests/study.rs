//! Studies: what a person writes, what runs, what survives, what is reported.

#[path = "study/damage.rs"]
mod damage;
#[path = "study/definition.rs"]
mod definition;
#[path = "study/killing.rs"]
mod killing;
#[path = "study/plots.rs"]
mod plots;
#[path = "study/reporting.rs"]
mod reporting;
#[path = "study/running.rs"]
mod running;
#[path = "study/statistics.rs"]
mod statistics;
#[path = "study/toy.rs"]
mod toy;
