//! Painting: colours and sizes, maps on the GPU, texts on pictures.

pub mod cell;
pub mod colour_bar;
pub mod context_menu;
pub mod difference_bar;
pub mod focus;
pub mod overlay;
pub mod plot_axes;
pub mod reduced_maps;
pub mod text_on_picture;
pub mod textures;
pub mod theme;
