//! Pictures on the GPU while they are on screen.

use image::RgbaImage;
use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// What a texture shows, and whether it is enlarged smoothly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub of: Of,
    pub smooth: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of {
    /// A picture as a network sees it.
    Input { model: u64, picture: u64 },
    /// A point along a curve: the address of its sequence, whether of Deletion, and which.
    Step { sequence: usize, deletion: bool, point: usize },
    /// A channel of a layer, its activation or its gradient: the address of its layer, and which.
    Channel { layer: usize, place: usize, gradient: bool },
}

#[derive(Default)]
pub struct Textures {
    textures: HashMap<Key, Texture>,
}

struct Texture {
    handle: egui::TextureHandle,
    drawn: bool,
    /// Keeps an address that is a key from being used again.
    _owner: Option<Arc<dyn Any + Send + Sync>>,
}

impl Textures {
    /// Frees what was not drawn since the last call.
    pub fn forget_hidden(&mut self) {
        self.textures.retain(|_, texture| std::mem::take(&mut texture.drawn));
    }

    /// The texture of a key, made of `image` where it is not there yet.
    pub fn get(
        &mut self,
        ctx: &egui::Context,
        key: Key,
        owner: Option<Arc<dyn Any + Send + Sync>>,
        image: impl FnOnce() -> Option<Arc<RgbaImage>>,
    ) -> Option<egui::TextureId> {
        let texture = match self.textures.entry(key) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => {
                let image = image()?;
                let size = [image.width() as usize, image.height() as usize];
                let image = egui::ColorImage::from_rgba_unmultiplied(size, &image);
                let options = match key.smooth {
                    true => egui::TextureOptions::LINEAR,
                    false => egui::TextureOptions::NEAREST,
                };
                let handle = ctx.load_texture("picture", image, options);
                place.insert(Texture { handle, drawn: true, _owner: owner })
            }
        };
        texture.drawn = true;
        Some(texture.handle.id())
    }
}
