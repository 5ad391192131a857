//! The comparison: methods by networks, the same transposed, or pictures by networks.

pub mod annotations;
pub mod cell;
pub mod classes;
pub mod curve_scrubber;
pub mod header;
pub mod layout;
pub mod line_menu;
pub mod networks_by_methods;
pub mod pair;
pub mod pictures_by_networks;
pub mod probe;

use super::context::Context;
use crate::explorer::grid::cell::{Cell, CellStyle, cell_of, show_cell};
use crate::explorer::grid::header::{header, method_header};
use crate::explorer::grid::layout::{Content, FOOT, GridLayout, Pictures, TITLE};
use crate::explorer::grid::networks_by_methods::networks_grid;
use crate::explorer::grid::pair::{is_swapped, pair_cell};
use crate::explorer::grid::pictures_by_networks::pictures_grid;
use crate::explorer::paint::text_on_picture::shadowed;
use crate::explorer::paint::theme;
use crate::explorer::state::document::Document;
use egui::{
    Align, Align2, CentralPanel, Label, Layout, Rect, RichText, ScrollArea, Ui, Vec2, vec2,
};
use hyaline::display::{Arrangement, ColourMap, PairOfScales, Scale, shared_scales};
use hyaline::engine::job::MapQuery;
use hyaline::engine::{CellId, ExplainedClass, MethodChoice, OpenModel, OpenPicture};
use ndarray::Array3;
use std::collections::HashMap;
use std::sync::Arc;

/// What the grid shows in this frame.
pub struct Shown {
    pub picture: OpenPicture,
    pub models: Vec<OpenModel>,
    pub methods: Vec<MethodChoice>,
    /// Two of the networks that are compared as a pair.
    pub pair: Option<[OpenModel; 2]>,
    pub layout: GridLayout,
}

/// Cells and the scales that they share, by method and network.
pub struct Table {
    pub cells: Vec<Vec<Cell>>,
    pub scales: Vec<Vec<Option<Scale>>>,
}

/// Maps with their classes.
pub type PreviousMaps = HashMap<CellId, (usize, Arc<Array3<f32>>)>;

impl Shown {
    /// Cells of a method: of each network, and of the pair.
    pub fn columns(&self) -> usize {
        self.models.len() + usize::from(self.pair.is_some())
    }

    /// The pair as scales go by it.
    pub fn pair_of_scales(&self, cx: &Context) -> PairOfScales {
        self.pair_indices().map(|pair| (pair, cx.document.appearance.pair_ends))
    }

    /// How the cell of a method and a network is shown.
    pub fn cell_style(
        &self,
        cx: &Context,
        choice: &MethodChoice,
        network: usize,
        scale: Option<Scale>,
    ) -> CellStyle {
        let style = style_of(cx.document, choice, scale, self.layout.side);
        let is_paired = self.pair_indices().is_some_and(|pair| pair.contains(&network));
        CellStyle { is_of_pair: is_paired && !style.norm.norm.has_bar_a_row(), ..style }
    }

    /// Indices of the pair's networks among those shown.
    pub fn pair_indices(&self) -> Option<[usize; 2]> {
        let place = |id: u64| self.models.iter().position(|open| open.id == id);
        let [a, b] = self.pair.as_ref()?;
        Some([place(a.id)?, place(b.id)?])
    }
}

pub fn grid(ui: &mut Ui, cx: &mut Context) {
    CentralPanel::default().show(ui, |ui| {
        let Some(picture) = cx.document.picture().cloned() else {
            return hint(ui, "Open a picture to see what the networks look at");
        };
        if cx.document.models.is_empty() {
            return hint(ui, "Open a network to explain this picture");
        }
        let (models, methods) = shown_axes(cx);
        if cx.view.alone.is_some() && ui.button("Show all cells").on_hover_text("Escape").clicked()
        {
            cx.view.alone = None;
        }
        if models.is_empty() {
            return hint(ui, "All networks are hidden: the library's eyes show them");
        }
        let pair = cx.document.paired().filter(|_| cx.view.alone.is_none());
        let arrangement = cx.view.arrangement(cx.document);
        let columns = models.len() + usize::from(pair.is_some());
        let (blocks, cells, pictures) = match arrangement {
            Arrangement::MethodsByNetworks => (methods.len() + 1, columns, Pictures::FirstBlock),
            Arrangement::NetworksByMethods => (columns, methods.len() + 1, Pictures::FirstCell),
            Arrangement::PicturesByNetworks => {
                (cx.document.pictures.len(), columns, Pictures::Nowhere)
            }
        };
        let foot = if pictures == Pictures::Nowhere { cx.frame.caption } else { FOOT };
        let layout = layout(cx, ui.available_size(), Content { blocks, cells, pictures, foot });
        cx.frame.shown_cell = layout.side;
        if methods.is_empty() {
            hint(ui, "Choose a method in the library on the left");
        }
        let shown = Shown { picture, models, methods, pair, layout };
        match arrangement {
            Arrangement::MethodsByNetworks => methods_grid(ui, cx, &shown),
            Arrangement::NetworksByMethods => networks_grid(ui, cx, &shown),
            Arrangement::PicturesByNetworks => pictures_grid(ui, cx, &shown),
        }
    });
}

/// The networks and methods shown: all, or those of the one cell that is shown alone.
fn shown_axes(cx: &mut Context) -> (Vec<OpenModel>, Vec<MethodChoice>) {
    let (mut models, mut methods): (Vec<_>, Vec<_>) = (
        cx.document.shown_models().cloned().collect(),
        cx.document.shown_methods().cloned().collect(),
    );
    if let Some((model, method)) = cx.view.alone {
        let is_method = |choice: &MethodChoice| choice.method.description().id == method;
        let is_there = models.iter().any(|open| open.id == model);
        if is_there && methods.iter().any(is_method) {
            models.retain(|open| open.id == model);
            methods.retain(is_method);
        } else {
            cx.view.alone = None;
        }
    }
    (models, methods)
}

fn layout(cx: &Context, room: Vec2, content: Content) -> GridLayout {
    match cx.view.cell {
        _ if cx.view.alone.is_some() => GridLayout::alone(room),
        Some(side) => content.of_side(room.x, side.floor()),
        None => content.fit(room),
    }
}

/// All cells of a picture.
pub fn cells_table(cx: &mut Context, shown: &Shown) -> Table {
    let cell = |choice, model| cell_of(cx, &shown.picture, model, choice);
    let row = |choice| shown.models.iter().map(|model| cell(choice, model)).collect();
    let mut cells: Vec<Vec<Cell>> = shown.methods.iter().map(row).collect();
    mark_classes(cx, shown, &mut cells);
    keep_previous(cx, &mut cells);
    let scales = scales(cx, shown, &cells);
    Table { cells, scales }
}

/// Lets cells say their class where maps of different classes stand side by side.
fn mark_classes(cx: &Context, shown: &Shown, cells: &mut [Vec<Cell>]) {
    let explained = cx.lookup().all_explained(&shown.models, &shown.picture);
    if !ExplainedClass::differ(&explained) {
        return;
    }
    for row in cells {
        for (cell, explained) in row.iter_mut().zip(&explained) {
            cell.said_class = explained.as_ref().map(|of| of.class.name.clone());
        }
    }
}

/// Lets cells show the map of the same class that they had until the next one is there, so that a
/// value can be dragged without flicker.
fn keep_previous(cx: &mut Context, cells: &mut [Vec<Cell>]) {
    let mut previous = HashMap::new();
    for cell in cells.iter_mut().flatten() {
        let Some(MapQuery { cell: id, class, .. }) = cell.query.clone() else { continue };
        if cell.is_to_come() {
            let before = cx.frame.previous.remove(&id).filter(|(of, _)| *of == class);
            cell.previous = before.map(|(_, map)| map);
        }
        let map = cell.finished().or(cell.previous.as_ref());
        previous.extend(map.map(|map| (id, (class, map.clone()))));
    }
    cx.frame.previous = previous;
}

/// How the cells of a method are shown.
pub fn style_of(
    document: &Document,
    choice: &MethodChoice,
    scale: Option<Scale>,
    side: f32,
) -> CellStyle {
    let appearance = &document.appearance;
    let norm = appearance.norms.of(choice.method);
    let colour_map = appearance.colour_map.unwrap_or_else(|| ColourMap::for_sign(norm.sign));
    CellStyle { norm, colour_map, scale, is_of_pair: false, side }
}

/// Methods as rows, networks as columns; rows stand beside each other where there is room.
fn methods_grid(ui: &mut Ui, cx: &mut Context, shown: &Shown) {
    let table = cells_table(cx, shown);
    // The pictures as networks see them, which a cell alone is shown without, and then methods.
    let pictures = cx.view.alone.is_none().then_some(None);
    let blocks: Vec<_> = pictures.into_iter().chain((0..shown.methods.len()).map(Some)).collect();
    ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
        for row in blocks.chunks(shown.layout.across) {
            ui.horizontal_top(|ui| {
                for block in row {
                    column(ui, shown.layout.block_width(), |ui| match *block {
                        Some(method) => method_block(ui, cx, shown, &table, method),
                        None => header(ui, cx, shown),
                    });
                }
            });
        }
    });
}

/// A method's title and cells.
fn method_block(ui: &mut Ui, cx: &mut Context, shown: &Shown, table: &Table, row: usize) {
    let choice = &shown.methods[row];
    let style = style_of(cx.document, choice, scale_of_bar(table, row), shown.layout.side);
    let bar = style.scale.filter(|_| style.norm.norm.has_bar_a_row());
    title(
        ui,
        |ui| {
            if cx.view.alone.is_some() {
                let names = shown.models.iter().map(|open| open.value.name.as_str());
                names.for_each(|name| drop(ui.add(Label::new(name).truncate())));
            }
            method_header(ui, cx, choice);
        },
        |ui, room| {
            if let Some(scale) = bar {
                style.bar(choice, scale).show_in_line(ui, room);
            }
        },
    );
    in_lines(ui, shown.layout, shown.columns(), |ui, index| {
        if let Some(model) = shown.models.get(index) {
            named(ui, shown.layout, &model.value.name);
            cell_of_table(ui, cx, shown, table, [row, index]);
        } else {
            named(ui, shown.layout, "Pair");
            pair_of_table(ui, cx, shown, table, row);
        }
    });
}

/// The scale that a method's colour bar is of.
pub fn scale_of_bar(table: &Table, row: usize) -> Option<Scale> {
    table.scales[row].iter().flatten().next().copied()
}

/// The line above a block: names at the left, and at the right what is told how wide it may be.
pub fn title(ui: &mut Ui, names: impl FnOnce(&mut Ui), end: impl FnOnce(&mut Ui, f32)) {
    let size = vec2(ui.available_width(), TITLE - 2.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        end(ui, (0.5 * size.x).min(180.0));
        ui.with_layout(Layout::left_to_right(Align::Center), names);
    });
}

/// The cells of a block, in lines of as many as there is room for, each in a column of a cell's width. Those
/// far from what is seen only take their room.
pub fn in_lines(
    ui: &mut Ui,
    layout: GridLayout,
    cells: usize,
    mut cell: impl FnMut(&mut Ui, usize),
) {
    let near = ui.clip_rect().expand2(ui.clip_rect().size());
    for first in (0..cells).step_by(layout.in_line) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = theme::GAP;
            for index in first..(first + layout.in_line).min(cells) {
                let room = Rect::from_min_size(ui.cursor().min, layout.cell_size());
                if near.intersects(room) {
                    column(ui, layout.side, |ui| cell(ui, index));
                } else {
                    ui.allocate_space(room.size());
                }
            }
        });
    }
}

/// The name of a cell's column, where it does not stand below it.
pub fn named(ui: &mut Ui, layout: GridLayout, name: &str) {
    if layout.is_named {
        ui.add(Label::new(RichText::new(name).small()).truncate());
    }
}

/// One cell; of a pair, that of the other network while Shift is held.
pub fn cell_of_table(
    ui: &mut Ui,
    cx: &mut Context,
    shown: &Shown,
    table: &Table,
    [row, index]: [usize; 2],
) {
    let choice = &shown.methods[row];
    let swapped = shown.pair_indices().filter(|_| is_swapped(ui));
    let which = swapped.map_or(index, |pair| other(index, pair));
    let style = shown.cell_style(cx, choice, which, table.scales[row][which]);
    let of = (&shown.picture, &shown.models[which], choice);
    let top = ui.cursor().left_top();
    show_cell(ui, cx, of, &table.cells[row][which], &style);
    if which != index {
        let at = top + vec2(4.0, 3.0);
        let name = &shown.models[which].value.name;
        shadowed(ui.painter(), at, Align2::LEFT_TOP, name, 11.0);
    }
}

/// How the cells of a pair's networks differ.
pub fn pair_of_table(ui: &mut Ui, cx: &mut Context, shown: &Shown, table: &Table, row: usize) {
    if let (Some(pair), Some(indices)) = (shown.pair.as_ref(), shown.pair_indices()) {
        let choice = &shown.methods[row];
        let cells = indices.map(|index| &table.cells[row][index]);
        let scales = indices.map(|index| table.scales[row][index]);
        let style = style_of(cx.document, choice, None, shown.layout.side);
        pair_cell(ui, cx, (&shown.picture, pair, choice), (cells, scales), &style);
    }
}

/// The scale that each cell shares with others, by method and network.
fn scales(cx: &mut Context, shown: &Shown, cells: &[Vec<Cell>]) -> Vec<Vec<Option<Scale>>> {
    let norms = &cx.document.appearance.norms;
    let norms: Vec<_> = shown.methods.iter().map(|choice| norms.of(choice.method)).collect();
    let maps: Vec<Vec<_>> = cells.iter().map(|row| row.iter().map(Cell::map).collect()).collect();
    let pair = shown.pair_of_scales(cx);
    shared_scales(&norms, &maps, pair, &mut cx.frame.reduced)
}

/// The other one of two indices, or the same where it is neither.
fn other(index: usize, [a, b]: [usize; 2]) -> usize {
    match index {
        _ if index == a => b,
        _ if index == b => a,
        _ => index,
    }
}

/// A part of a row of fixed width.
pub fn column<R>(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui) -> R) -> R {
    let layout = Layout::top_down(Align::Min);
    ui.allocate_ui_with_layout(vec2(width, 0.0), layout, |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 2.0;
        content(ui)
    })
    .inner
}

fn hint(ui: &mut Ui, text: &str) {
    ui.centered_and_justified(|ui| ui.weak(text));
}
