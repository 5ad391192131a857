//! The grid transposed: networks as rows, methods as columns, as papers print it.

use super::Explorer;
use super::grid::{Bar, Shown, Table, column};
use super::theme;
use egui::{RichText, ScrollArea, Ui, vec2};

impl Explorer {
    /// Networks as rows, methods as columns.
    pub(super) fn networks_grid(&mut self, ui: &mut Ui, shown: &Shown) {
        let table = self.table(shown);
        ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
            self.method_headers(ui, shown, &table);
            for index in 0..shown.models.len() {
                ui.horizontal_top(|ui| {
                    let (picture, model) = (&shown.picture, &shown.models[index]);
                    column(ui, shown.side, |ui| self.model_header(ui, picture, model, shown.side));
                    for row in 0..shown.methods.len() {
                        column(ui, shown.side, |ui| {
                            self.cell_of_table(ui, shown, &table, [row, index]);
                        });
                    }
                });
            }
            if let Some(joined) = &shown.joined {
                ui.horizontal_top(|ui| {
                    column(ui, shown.side, |ui| self.pair_header(ui, joined));
                    for row in 0..shown.methods.len() {
                        column(ui, shown.side, |ui| self.pair_of_table(ui, shown, &table, row));
                    }
                });
            }
        });
    }

    /// The methods' names, with the colour bars of their columns.
    fn method_headers(&mut self, ui: &mut Ui, shown: &Shown, table: &Table) {
        ui.horizontal_top(|ui| {
            column(ui, shown.side, |ui| {
                ui.add(egui::Label::new(RichText::new(&shown.picture.value.name).strong()).wrap());
                let (width, height) = shown.picture.value.size();
                ui.weak(format!("{width}×{height} px"));
            });
            for (choice, scales) in shown.methods.iter().zip(&table.scales) {
                column(ui, shown.side, |ui| {
                    self.method_header(ui, choice);
                    let scale = scales.iter().flatten().next().copied();
                    let look = self.look(choice, scale, shown.side);
                    let has_bar = look.norm.norm.has_bar_a_row();
                    if let Some(scale) = scale.filter(|_| has_bar) {
                        Bar::of(choice, &look, scale).show_across(ui, shown.side);
                    }
                });
            }
        });
    }
}
