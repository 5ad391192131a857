//! Studies: what a person writes, what runs, what survives, what is reported.

mod damage;
mod definition;
mod killing;
mod plots;
mod reporting;
mod running;
mod statistics;
mod toy;
