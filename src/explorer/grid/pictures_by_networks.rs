//! One method on many pictures: pictures as rows, networks as columns.

use crate::explorer::context::Context;
use crate::explorer::files::dropped::Target;
use crate::explorer::grid::cell::{Cell, cell_of, show_cell};
use crate::explorer::grid::classes::class_notes;
use crate::explorer::grid::layout::{Content, Pictures};
use crate::explorer::grid::line_menu::orderable;
use crate::explorer::grid::pair::{pair_cell, pair_header};
use crate::explorer::grid::{Shown, column, in_lines, named, style_of, title};
use crate::explorer::lookup::Lookup;
use crate::explorer::paint::theme;
use crate::explorer::state::reorder::GridLine;
use egui::{ComboBox, RichText, ScrollArea, Sense, Ui, vec2};
use hyaline::display::{Scale, Scope, scale_of_pair, scales_of_pictures};
use hyaline::engine::{ExplainedClass, MethodChoice, OpenModel, OpenPicture};
use ndarray::Array3;
use std::ops::Range;
use std::sync::Arc;

/// Pictures as rows, networks as columns; rows stand beside each other where there is room.
pub fn pictures_grid(ui: &mut Ui, cx: &mut Context, shown: &Shown) {
    let Some(choice) = cx.view.method_of(cx.document).cloned() else { return };
    let scales = scales(cx, shown, &choice);
    pictures_header(ui, cx, shown, &choice, &scales);
    let (layout, count) = (shown.layout, cx.document.pictures.len());
    let height = block_height(cx, shown);
    let area = ScrollArea::both().auto_shrink([false, false]);
    ui.spacing_mut().item_spacing = vec2(theme::GAP, theme::GAP);
    area.show_rows(ui, height, count.div_ceil(layout.across), |ui, rows| {
        let range =
            |rows: Range<usize>| rows.start * layout.across..(rows.end * layout.across).min(count);
        cx.frame.visible_pictures = range(rows.clone());
        for row in rows {
            ui.horizontal_top(|ui| {
                ui.set_height(height);
                for index in range(row..row + 1) {
                    let picture = cx.document.pictures[index].clone();
                    column(ui, layout.block_width(), |ui| {
                        picture_block(ui, cx, shown, (&picture, index, &choice), &scales);
                    });
                }
            });
        }
    });
}

fn block_height(cx: &Context, shown: &Shown) -> f32 {
    let (cells, pictures) = (shown.columns(), Pictures::Nowhere);
    let content = Content { blocks: 1, cells, pictures, foot: cx.frame.caption };
    shown.layout.block_height(content, 0)
}

/// The method, its colour bar, and where they do not stand at the cells the networks.
fn pictures_header(
    ui: &mut Ui,
    cx: &mut Context,
    shown: &Shown,
    choice: &MethodChoice,
    scales: &[Option<Scale>],
) {
    let layout = shown.layout;
    let scale = scales.iter().flatten().next().copied();
    let style = style_of(cx.document, choice, scale, layout.side);
    let bar = scale.filter(|_| style.norm.norm.has_bar_a_row());
    title(
        ui,
        |ui| method_chooser(ui, cx, shown, choice),
        |ui, room| {
            if let Some(scale) = bar {
                style.bar(choice, scale).show_in_line(ui, room);
            }
        },
    );
    if layout.is_named {
        if let Some(pair) = &shown.pair {
            pair_header(ui, cx, pair);
        }
        return;
    }
    in_lines(ui, layout, shown.columns(), |ui, index| {
        let Some(model) = shown.models.get(index) else {
            return shown.pair.iter().for_each(|pair| pair_header(ui, cx, pair));
        };
        let name = egui::Label::new(RichText::new(&model.value.name).strong());
        let name = ui.add(name.truncate().selectable(false).sense(Sense::click_and_drag()));
        orderable(ui, cx, &name, GridLine::Network(model.id));
        cx.frame.drops.add(ui, name.rect, Target::Network(model.id));
        name.on_hover_text(&model.value.architecture);
    });
}

fn method_chooser(ui: &mut Ui, cx: &mut Context, shown: &Shown, choice: &MethodChoice) {
    let mut chosen = choice.method.description().id;
    ComboBox::from_id_salt("method of all pictures")
        .selected_text(choice.method.description().name)
        .width(ui.available_width().min(220.0))
        .truncate()
        .show_ui(ui, |ui| {
            for method in shown.methods.iter().map(|c| c.method.description()) {
                ui.selectable_value(&mut chosen, method.id, method.name);
            }
        })
        .response
        .on_hover_text("The method shown for all pictures");
    cx.view.method = Some(chosen);
}

/// A picture's title and cells.
fn picture_block(
    ui: &mut Ui,
    cx: &mut Context,
    shown: &Shown,
    (picture, index, choice): (&OpenPicture, usize, &MethodChoice),
    scales: &[Option<Scale>],
) {
    title(ui, |ui| picture_header(ui, cx, picture, index), |_, _| {});
    let all = cx.lookup().all_explained(&shown.models, picture);
    let differ = ExplainedClass::differ(&all);
    let scales = &scales_of_row(cx, shown, (picture, choice), scales);
    in_lines(ui, shown.layout, shown.columns(), |ui, column| {
        let model = shown.models.get(column);
        named(ui, shown.layout, model.map_or("Pair", |model| &model.value.name));
        let top = ui.cursor().top();
        match model {
            Some(model) => {
                let mut cell = cell_of(cx, picture, model, choice);
                let explained = all[column].as_ref().filter(|_| differ);
                cell.said_class = explained.map(|of| of.class.name.clone());
                let style = shown.cell_style(cx, choice, column, scales[column]);
                show_cell(ui, cx, (picture, model, choice), &cell, &style);
                let said = RichText::new(verdict(cx, model, &cell)).small();
                ui.add(egui::Label::new(said).truncate());
                class_notes(ui, cx, picture, model);
            }
            None => pair_of_row(ui, cx, shown, (picture, choice), scales),
        }
        let caption = ui.min_rect().bottom() - top - shown.layout.side;
        if caption > cx.frame.caption {
            cx.frame.caption = caption;
            ui.ctx().request_repaint();
        }
    });
}

/// How the maps of a picture differ between the pair's networks.
fn pair_of_row(
    ui: &mut Ui,
    cx: &mut Context,
    shown: &Shown,
    (picture, choice): (&OpenPicture, &MethodChoice),
    scales: &[Option<Scale>],
) {
    if let (Some(pair), Some(indices)) = (shown.pair.as_ref(), shown.pair_indices()) {
        let cells = pair.each_ref().map(|model| cell_of(cx, picture, model, choice));
        let style = style_of(cx.document, choice, None, shown.layout.side);
        let scales = indices.map(|index| scales[index]);
        pair_cell(ui, cx, (picture, pair, choice), (cells.each_ref(), scales), &style);
    }
}

/// The scales of a picture's maps, by network: those of all pictures, and one that the pair shares where
/// each map is scaled alone.
fn scales_of_row(
    cx: &mut Context,
    shown: &Shown,
    (picture, choice): (&OpenPicture, &MethodChoice),
    scales: &[Option<Scale>],
) -> Vec<Option<Scale>> {
    let mut scales = scales.to_vec();
    let norm = cx.document.appearance.norms.of(choice.method);
    let Some((pair, ends)) = shown.pair_of_scales(cx).filter(|_| norm.norm.scope == Scope::Panel)
    else {
        return scales;
    };
    let map = |index: usize| cell_of(cx, picture, &shown.models[index], choice).map().cloned();
    let maps = pair.map(map);
    let maps = maps.each_ref().map(Option::as_ref);
    let shared = scale_of_pair(norm, maps, ends, &mut cx.frame.reduced);
    for index in pair {
        scales[index] = shared;
    }
    scales
}

/// The picture's name, which chooses it.
fn picture_header(ui: &mut Ui, cx: &mut Context, picture: &OpenPicture, index: usize) {
    let is_chosen = cx.document.selected == index;
    let name = RichText::new(&picture.value.name);
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
    let pair = shown.pair_of_scales(cx);
    scales_of_pictures(norm, &maps, pair, &mut cx.frame.reduced)
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
