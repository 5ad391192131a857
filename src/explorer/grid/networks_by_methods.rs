//! The grid transposed: networks as rows, methods as columns, as papers print it.

use crate::explorer::context::Context;
use crate::explorer::grid::header::{method_header, model_header};
use crate::explorer::grid::pair::pair_header;
use crate::explorer::grid::{
    Shown, Table, cell_of_table, cells_table, column, pair_of_table, style_of,
};
use crate::explorer::paint::theme;
use egui::{RichText, ScrollArea, Ui, vec2};

/// Networks as rows, methods as columns.
pub fn networks_grid(ui: &mut Ui, cx: &mut Context, shown: &Shown) {
    let table = cells_table(cx, shown);
    ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
        method_headers(ui, cx, shown, &table);
        for index in 0..shown.models.len() {
            ui.horizontal_top(|ui| {
                let (picture, model) = (&shown.picture, &shown.models[index]);
                column(ui, shown.side, |ui| model_header(ui, cx, picture, model, shown.side));
                for row in 0..shown.methods.len() {
                    column(ui, shown.side, |ui| {
                        cell_of_table(ui, cx, shown, &table, [row, index]);
                    });
                }
            });
        }
        if let Some(pair) = &shown.pair {
            ui.horizontal_top(|ui| {
                column(ui, shown.side, |ui| pair_header(ui, cx, pair));
                for row in 0..shown.methods.len() {
                    column(ui, shown.side, |ui| pair_of_table(ui, cx, shown, &table, row));
                }
            });
        }
    });
}

/// The methods' names, with the colour bars of their columns.
fn method_headers(ui: &mut Ui, cx: &mut Context, shown: &Shown, table: &Table) {
    ui.horizontal_top(|ui| {
        column(ui, shown.side, |ui| {
            ui.add(egui::Label::new(RichText::new(&shown.picture.value.name).strong()).wrap());
            let (width, height) = shown.picture.value.size();
            ui.weak(format!("{width}×{height} px"));
        });
        for (choice, scales) in shown.methods.iter().zip(&table.scales) {
            column(ui, shown.side, |ui| {
                method_header(ui, cx, choice);
                let scale = scales.iter().flatten().next().copied();
                let style = style_of(cx.document, choice, scale, shown.side);
                let has_bar = style.norm.norm.has_bar_a_row();
                if let Some(scale) = scale.filter(|_| has_bar) {
                    style.bar(choice, scale).show_across(ui, shown.side);
                }
            });
        }
    });
}
