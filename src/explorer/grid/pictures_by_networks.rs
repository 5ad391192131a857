//! One method on many pictures: pictures as rows, networks as columns.

use crate::display::{Scale, scales_of_pictures};
use crate::engine::{ExplainedClass, MethodChoice, OpenModel, OpenPicture};
use crate::explorer::context::Context;
use crate::explorer::grid::cell::{Cell, cell_of, show_cell};
use crate::explorer::grid::classes::class_notes;
use crate::explorer::grid::line_menu::orderable;
use crate::explorer::grid::{Shown, column, style_of};
use crate::explorer::lookup::Lookup;
use crate::explorer::paint::focus::show_focus;
use crate::explorer::paint::theme;
use crate::explorer::state::reorder::GridLine;
use egui::{ComboBox, RichText, ScrollArea, Sense, Ui, vec2};
use ndarray::Array3;
use std::sync::Arc;

/// What stands below a cell, points.
const CAPTION: f32 = 88.0;

/// Pictures as rows, networks as columns.
pub fn pictures_grid(ui: &mut Ui, cx: &mut Context, shown: &Shown) {
    let Some(choice) = cx.view.method_of(cx.document).cloned() else { return };
    let scales = scales(cx, shown, &choice);
    pictures_header(ui, cx, shown, &choice);
    let row = shown.side + CAPTION;
    let count = cx.document.pictures.len();
    let area = ScrollArea::both().auto_shrink([false, false]);
    ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
    area.show_rows(ui, row, count, |ui, range| {
        cx.frame.visible_pictures = range.clone();
        for index in range {
            let picture = cx.document.pictures[index].clone();
            picture_row(ui, cx, shown, (&picture, index, &choice), &scales);
        }
    });
}

fn pictures_header(ui: &mut Ui, cx: &mut Context, shown: &Shown, choice: &MethodChoice) {
    ui.horizontal_top(|ui| {
        column(ui, cx.frame.row_header, |ui| {
            let mut chosen = choice.method.description().id;
            ComboBox::from_id_salt("method of all pictures")
                .selected_text(choice.method.description().name)
                .width(cx.frame.row_header - 8.0)
                .truncate()
                .show_ui(ui, |ui| {
                    for method in shown.methods.iter().map(|c| c.method.description()) {
                        ui.selectable_value(&mut chosen, method.id, method.name);
                    }
                })
                .response
                .on_hover_text("The method shown for all pictures");
            cx.view.method = Some(chosen);
        });
        for model in &shown.models {
            column(ui, shown.side, |ui| {
                let name = egui::Label::new(RichText::new(&model.value.name).strong());
                let name = ui.add(name.truncate().selectable(false).sense(Sense::click_and_drag()));
                orderable(ui, cx, &name, GridLine::Network(model.id));
                let about = &model.value.architecture;
                ui.add(egui::Label::new(RichText::new(about).weak()).truncate());
            });
        }
    });
}

fn picture_row(
    ui: &mut Ui,
    cx: &mut Context,
    shown: &Shown,
    (picture, index, choice): (&OpenPicture, usize, &MethodChoice),
    scales: &[Option<Scale>],
) {
    let scale = scales.iter().flatten().next().copied();
    let style = style_of(cx.document, choice, scale, shown.side);
    let has_bar = style.norm.norm.has_bar_a_row();
    ui.horizontal_top(|ui| {
        ui.set_height(shown.side + CAPTION);
        column(ui, cx.frame.row_header, |ui| picture_header(ui, cx, picture, index));
        let all = cx.lookup().all_explained(&shown.models, picture);
        let differ = ExplainedClass::differ(&all);
        for ((model, scale), explained) in shown.models.iter().zip(scales).zip(all) {
            column(ui, shown.side, |ui| {
                let mut cell = cell_of(cx, picture, model, choice);
                cell.said_class =
                    explained.as_ref().filter(|_| differ).map(|of| of.class.name.clone());
                let style = style_of(cx.document, choice, *scale, shown.side);
                show_cell(ui, cx, (picture, model, choice), &cell, &style);
                let said = RichText::new(verdict(cx, model, &cell)).small();
                ui.add(egui::Label::new(said).truncate());
                class_notes(ui, cx, picture, model);
            });
        }
        if let Some(scale) = scale.filter(|_| has_bar) {
            style.bar(choice, scale).show(ui, shown.side);
        }
    });
}

/// The picture's name, which chooses it.
fn picture_header(ui: &mut Ui, cx: &mut Context, picture: &OpenPicture, index: usize) {
    if let Some(texture) = cx.frame.thumbnails.get(&picture.id) {
        let size = egui::Vec2::splat(cx.frame.row_header.min(56.0));
        let image = egui::Image::new(texture).fit_to_exact_size(size).sense(Sense::click());
        let image = ui.add(image.alt_text(&picture.value.name));
        show_focus(ui, &image);
        if image.clicked() {
            cx.document.selected = index;
        }
    }
    let is_chosen = cx.document.selected == index;
    let name = RichText::new(&picture.value.name).small();
    let name = egui::Button::selectable(is_chosen, name).truncate();
    if ui.add(name).on_hover_text("Explain this picture by all methods").clicked() {
        cx.document.selected = index;
    }
}

/// What the network says of the explained class.
fn verdict(cx: &Context, model: &OpenModel, cell: &Cell) -> String {
    let said = cell.seen.as_ref().and_then(|seen| {
        let prediction = seen.prediction(cx.lookup().class(model, seen)?)?;
        Some(format!("{} {:.3}", prediction.label, prediction.score()))
    });
    said.unwrap_or_default()
}

/// The scales of a method's maps of all pictures that are there, by network: one for all, one for
/// each network, or none.
fn scales(cx: &mut Context, shown: &Shown, choice: &MethodChoice) -> Vec<Option<Scale>> {
    let norm = cx.document.appearance.norms.of(choice.method);
    let maps: Vec<Vec<Arc<Array3<f32>>>> =
        shown.models.iter().map(|model| maps_of_pictures(cx.lookup(), model, choice)).collect();
    let maps: Vec<Vec<_>> = maps.iter().map(|maps| maps.iter().collect()).collect();
    scales_of_pictures(norm, &maps, &mut cx.frame.reduced)
}

/// The maps of all pictures that are there.
fn maps_of_pictures(
    lookup: Lookup,
    model: &OpenModel,
    choice: &MethodChoice,
) -> Vec<Arc<Array3<f32>>> {
    let pictures = lookup.document.pictures.iter();
    pictures.filter_map(|picture| lookup.finished_map(model, picture, choice)).collect()
}
