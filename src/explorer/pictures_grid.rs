//! One method on many pictures: pictures as rows, networks as columns.

use super::cell::Cell;
use super::grid::{Bar, Shown, column};
use super::order::Line;
use super::{Explorer, theme};
use crate::display::{Scale, scales_of_pictures};
use crate::engine::{MethodChoice, OpenModel, OpenPicture};
use egui::{ComboBox, RichText, ScrollArea, Sense, Ui, vec2};
use ndarray::Array3;
use std::sync::Arc;

/// What stands below a cell, points.
const CAPTION: f32 = 66.0;

impl Explorer {
    /// The method whose maps are shown for all pictures: the chosen one, or the first shown.
    pub(super) fn pictures_method(&self) -> Option<&MethodChoice> {
        let is_chosen =
            |choice: &&MethodChoice| Some(choice.method.description().id) == self.state.view.method;
        let mut shown = self.state.document.shown_methods();
        shown.find(is_chosen).or_else(|| self.state.document.shown_methods().next())
    }

    /// Pictures as rows, networks as columns.
    pub(super) fn pictures_grid(&mut self, ui: &mut Ui, shown: &Shown) {
        let Some(choice) = self.pictures_method().cloned() else { return };
        let scales = self.scales_of_pictures(shown, &choice);
        self.pictures_header(ui, shown, &choice);
        let row = shown.side + CAPTION;
        let count = self.state.document.pictures.len();
        let area = ScrollArea::both().auto_shrink([false, false]);
        ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
        area.show_rows(ui, row, count, |ui, range| {
            self.frame.visible_pictures = range.clone();
            for index in range {
                let picture = self.state.document.pictures[index].clone();
                self.picture_row(ui, shown, (&picture, index, &choice), &scales);
            }
        });
    }

    fn pictures_header(&mut self, ui: &mut Ui, shown: &Shown, choice: &MethodChoice) {
        ui.horizontal_top(|ui| {
            column(ui, self.frame.row_header, |ui| {
                let mut chosen = choice.method.description().id;
                ComboBox::from_id_salt("method of all pictures")
                    .selected_text(choice.method.description().name)
                    .width(self.frame.row_header - 8.0)
                    .truncate()
                    .show_ui(ui, |ui| {
                        for method in shown.methods.iter().map(|c| c.method.description()) {
                            ui.selectable_value(&mut chosen, method.id, method.name);
                        }
                    })
                    .response
                    .on_hover_text("The method shown for all pictures");
                self.state.view.method = Some(chosen);
            });
            for model in &shown.models {
                column(ui, shown.side, |ui| {
                    let name = egui::Label::new(RichText::new(&model.value.name).strong());
                    let name =
                        ui.add(name.truncate().selectable(false).sense(Sense::click_and_drag()));
                    self.order(ui, &name, Line::Network(model.id));
                    let about = &model.value.architecture;
                    ui.add(egui::Label::new(RichText::new(about).weak()).truncate());
                });
            }
        });
    }

    fn picture_row(
        &mut self,
        ui: &mut Ui,
        shown: &Shown,
        (picture, index, choice): (&OpenPicture, usize, &MethodChoice),
        scales: &[Option<Scale>],
    ) {
        let scale = scales.iter().flatten().next().copied();
        let look = self.look(choice, scale, shown.side);
        let has_bar = look.norm.norm.has_bar_a_row();
        ui.horizontal_top(|ui| {
            ui.set_height(shown.side + CAPTION);
            column(ui, self.frame.row_header, |ui| self.picture_header(ui, picture, index));
            for (model, scale) in shown.models.iter().zip(scales) {
                column(ui, shown.side, |ui| {
                    let cell = self.cell(picture, model, choice);
                    let look = self.look(choice, *scale, shown.side);
                    self.show_cell(ui, (picture, model, choice), &cell, &look);
                    ui.add(egui::Label::new(RichText::new(self.verdict(&cell)).small()).truncate());
                });
            }
            if let Some(scale) = scale.filter(|_| has_bar) {
                Bar::of(choice, &look, scale).show(ui, shown.side);
            }
        });
    }

    /// The picture's name, which chooses it.
    fn picture_header(&mut self, ui: &mut Ui, picture: &OpenPicture, index: usize) {
        if let Some(texture) = self.frame.thumbnails.get(&picture.id) {
            let size = egui::Vec2::splat(self.frame.row_header.min(56.0));
            let image = egui::Image::new(texture).fit_to_exact_size(size).sense(Sense::click());
            if ui.add(image.alt_text(&picture.value.name)).clicked() {
                self.state.document.selected = index;
            }
        }
        let is_chosen = self.state.document.selected == index;
        let name = RichText::new(&picture.value.name).small();
        let name = egui::Button::selectable(is_chosen, name).truncate();
        if ui.add(name).on_hover_text("Explain this picture by all methods").clicked() {
            self.state.document.selected = index;
        }
    }

    /// What the network says of the explained class.
    fn verdict(&self, cell: &Cell) -> String {
        let said = cell.seen.as_ref().and_then(|seen| {
            let prediction = seen.prediction(seen.class(self.state.document.target)?)?;
            Some(format!("{} {:.3}", prediction.label, prediction.score()))
        });
        said.unwrap_or_default()
    }

    /// The scales of a method's maps of all pictures that are there, by network: one for all, one for
    /// each network, or none.
    fn scales_of_pictures(&mut self, shown: &Shown, choice: &MethodChoice) -> Vec<Option<Scale>> {
        let norm = self.state.document.appearance.norms.of(choice.method);
        let maps: Vec<Vec<Arc<Array3<f32>>>> =
            shown.models.iter().map(|model| self.maps_of_pictures(model, choice)).collect();
        let maps: Vec<Vec<_>> = maps.iter().map(|maps| maps.iter().collect()).collect();
        scales_of_pictures(norm, &maps, &mut self.frame.display)
    }

    /// The maps of all pictures that are there.
    fn maps_of_pictures(&self, model: &OpenModel, choice: &MethodChoice) -> Vec<Arc<Array3<f32>>> {
        let pictures = self.state.document.pictures.iter();
        pictures.filter_map(|picture| self.finished_map(model, picture, choice)).collect()
    }

    /// The map of a cell that is done.
    pub(super) fn finished_map(
        &self,
        model: &OpenModel,
        picture: &OpenPicture,
        choice: &MethodChoice,
    ) -> Option<Arc<Array3<f32>>> {
        let query = self.map_query(model, picture, choice)?;
        self.frame.results.done(&query).map(|attribution| attribution.map.clone())
    }
}
