//! Training classifiers: vanilla, and robust to changes of their pixels or of their explanations.
//!
//! A [`Recipe`] says what is trained on which pictures and how. Weights are state dicts with
//! PyTorch's names, on the host; for every step the network is built from them, by the same
//! architectures that open files. All randomness comes from the recipe's seed, and sums are added
//! in the same order on any number of cores, so that an interrupted training ends with the same
//! bits as an uninterrupted one.

mod batches;
mod checkpoint;
pub mod data;
mod epoch;
mod evaluation;
mod explanations;
mod monitor;
mod network;
pub mod networks;
pub mod objective;
mod optimiser;
mod pixel_distance;
mod recipe;
mod run;
mod schedule;
mod update;

pub use epoch::Epoch;
pub use evaluation::{Accuracies, accuracy, robust_accuracy};
pub use explanations::{Explanation, starting_loss};
pub use network::Network;
pub use objective::{Batch, Objective};
pub use optimiser::{Sgd, Values};
pub use pixel_distance::PixelDistance;
pub use recipe::{Precision, Recipe};
pub use run::{Outcome, Progress, Training};
pub use schedule::Schedule;
pub use update::Update;
