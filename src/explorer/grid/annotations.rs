//! Annotations: ground-truth boxes over the pictures.

use crate::explorer::context::Context;
use crate::explorer::paint::theme;
use crate::explorer::state::document::OpenAnnotations;
use crate::explorer::state::zoom::PictureTransform;
use egui::{Rect, Stroke, StrokeKind, Ui, vec2};
use hyaline::engine::{OpenModel, OpenPicture};
use hyaline::picture::annotation::BoundingBox;
use std::collections::HashMap;
use std::sync::Arc;

/// Boxes in the pixels of networks' inputs, by annotations, network and picture, while they are shown.
#[derive(Default)]
pub struct Boxes {
    known: HashMap<(u64, u64, u64), Arc<Vec<BoundingBox>>>,
}

impl Boxes {
    fn of(
        &mut self,
        annotations: &OpenAnnotations,
        model: &OpenModel,
        picture: &OpenPicture,
    ) -> Arc<Vec<BoundingBox>> {
        let key = (annotations.id, model.id, picture.id);
        self.known.retain(|(of, ..), _| *of == annotations.id);
        let boxes = || {
            let placement = picture.value.placement(&model.value.preprocessing);
            let annotation = annotations.value.annotations.of_picture(&picture.value.path)?;
            annotation.on_input(&placement).ok().map(|regions| regions.boxes)
        };
        self.known.entry(key).or_insert_with(|| Arc::new(boxes().unwrap_or_default())).clone()
    }
}

/// Draws the picture's boxes over it, as this network sees it.
pub fn draw_annotations(
    ui: &Ui,
    cx: &mut Context,
    model: &OpenModel,
    picture: &OpenPicture,
    transform: &PictureTransform,
) {
    let Some(annotations) =
        cx.document.annotations.clone().filter(|_| cx.document.appearance.boxes)
    else {
        return;
    };
    let [height, width] = model.value.preprocessing.size.map(|side| side as f32);
    let point = transform.input.size() / vec2(width, height);
    let at = |x: f32, y: f32| transform.input.min + vec2(x, y) * point;
    let painter = ui.painter().with_clip_rect(transform.cell.intersect(ui.clip_rect()));
    for edges in cx.frame.boxes.of(&annotations, model, picture).iter() {
        let BoundingBox { x1, y1, x2, y2 } = *edges;
        let region = Rect::from_min_max(at(x1, y1), at(x2, y2));
        // A dark line around a bright one shows on every map.
        for (width, colour) in theme::ANNOTATION {
            let stroke = Stroke::new(width, colour);
            painter.rect_stroke(region, 0.0, stroke, StrokeKind::Inside);
        }
    }
}
