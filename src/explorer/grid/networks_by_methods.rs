//! The grid transposed: networks as rows, methods as columns, as papers print it.

use crate::explorer::context::Context;
use crate::explorer::grid::header::{method_header, model_header, picture_name};
use crate::explorer::grid::pair::pair_header;
use crate::explorer::grid::{
    Shown, Table, cell_of_table, cells_table, column, in_lines, pair_of_table, scale_of_bar,
    style_of, title,
};
use crate::explorer::paint::theme;
use egui::{ScrollArea, Ui, vec2};

/// Networks as rows, methods as columns; rows stand beside each other where there is room.
pub fn networks_grid(ui: &mut Ui, cx: &mut Context, shown: &Shown) {
    let table = cells_table(cx, shown);
    let layout = shown.layout;
    ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
        if !layout.is_named {
            in_lines(ui, layout, shown.methods.len() + 1, |ui, column| {
                column_header(ui, cx, shown, &table, column);
            });
        }
        let blocks: Vec<_> = (0..shown.columns()).collect();
        for row in blocks.chunks(layout.across) {
            ui.horizontal_top(|ui| {
                for index in row {
                    column(ui, layout.block_width(), |ui| {
                        network_block(ui, cx, shown, &table, *index);
                    });
                }
            });
        }
    });
}

/// A network's picture and maps, or the pair's.
fn network_block(ui: &mut Ui, cx: &mut Context, shown: &Shown, table: &Table, index: usize) {
    let layout = shown.layout;
    in_lines(ui, layout, shown.methods.len() + 1, |ui, column| {
        if layout.is_named {
            column_header(ui, cx, shown, table, column);
        }
        match (column.checked_sub(1), shown.models.get(index), &shown.pair) {
            (Some(row), Some(_), _) => cell_of_table(ui, cx, shown, table, [row, index]),
            (Some(row), None, _) => pair_of_table(ui, cx, shown, table, row),
            (None, Some(model), _) => model_header(ui, cx, &shown.picture, model, layout),
            (None, None, Some(pair)) => pair_header(ui, cx, pair),
            (None, None, None) => {}
        }
    });
}

/// What a column is of: the picture, or a method with its colour bar.
fn column_header(ui: &mut Ui, cx: &mut Context, shown: &Shown, table: &Table, column: usize) {
    let Some(row) = column.checked_sub(1) else {
        title(ui, |ui| picture_name(ui, &shown.picture), |_, _| {});
        return title(ui, |_| {}, |_, _| {});
    };
    let choice = &shown.methods[row];
    title(ui, |ui| method_header(ui, cx, choice), |_, _| {});
    let style = style_of(cx.document, choice, scale_of_bar(table, row), shown.layout.side);
    let bar = style.scale.filter(|_| style.norm.norm.has_bar_a_row());
    title(
        ui,
        |ui| {
            if let Some(scale) = bar {
                style.bar(choice, scale).show_in_line(ui, ui.available_width());
            }
        },
        |_, _| {},
    );
}
