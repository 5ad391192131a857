//! What explains: one picture on one model under one condition, and the work that is done for a
//! window, on a thread of its own.

mod cell;
mod class_choice;
pub mod job;
mod opened;
mod results;
mod subject;
mod thread_priority;
mod worker;

pub use cell::{CellId, CellIndex, Condition};
pub use class_choice::{ClassChoice, ExplainedClass, Standing};
pub use opened::{MethodChoice, OpenModel, OpenPicture, Opened};
pub use results::{AnyState, Key, Partial, Query, Results, Running, State};
pub use subject::{Subject, background};
pub use thread_priority::compute_below_painting;
pub use worker::{Task, Worker};
