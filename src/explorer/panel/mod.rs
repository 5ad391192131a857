//! The panels: a file each.

pub mod choice;
pub mod class_chooser;
pub mod curves;
pub mod figure;
pub mod filter;
pub mod help;
pub mod hints;
pub mod jobs;
pub mod layer;
pub mod library;
pub mod network;
pub mod networks_list;
pub mod notices;
pub mod pick_list;
pub mod pinned_maps;
pub mod range;
pub mod side;
pub mod status_bar;
pub mod study;
pub mod toolbar;
pub mod training;
pub mod welcome;
