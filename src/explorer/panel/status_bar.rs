//! What runs, how far it is, and where.

use crate::explorer::command::Command;
use crate::explorer::context::Context;
use crate::explorer::grid::probe::pixel_readout;
use crate::explorer::panel::notices::Notices;
use crate::explorer::state::open_panels::PanelId;
use egui::{Align, Label, Layout, Panel, ProgressBar, RichText, Ui, vec2};
use hyaline::text::duration;

/// Width from which everything has room beside each other, points.
const ROOMY: f32 = 800.0;

/// The bar at the bottom of the window. Where it is narrow, work and messages go before what can be read
/// elsewhere.
pub fn status_bar(ui: &mut Ui, cx: &mut Context, notices: &mut Notices) {
    Panel::bottom("status").show(ui, |ui| {
        let is_narrow = ui.available_width() < ROOMY;
        let (has_work, has_message) = (has_work(cx), notices.any());
        // What is shorter stands first, from the right; the work has the room that is left.
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if !(is_narrow && (has_work || has_message)) {
                    device(ui, cx);
                }
                if let Some(text) = pixel_readout(cx).filter(|_| !(is_narrow && has_work)) {
                    ui.separator();
                    ui.weak(text);
                }
                if has_message {
                    let half = vec2(ui.available_width() / 2.0, ui.available_height());
                    let layout = Layout::right_to_left(Align::Center);
                    ui.allocate_ui_with_layout(half, layout, |ui| notices.line(ui, cx));
                }
                let layout = Layout::left_to_right(Align::Center);
                ui.with_layout(layout, |ui| work_status(ui, cx, is_narrow));
            });
        });
    });
}

/// Whether there is more to say of work than that there is none.
fn has_work(cx: &Context) -> bool {
    cx.worker.is_paused() || cx.worker.open_work().1 > 0 || cx.loading > 0 || cx.worker.can_resume()
}

/// The device's name, which may be long, in at most a quarter of the bar.
fn device(ui: &mut Ui, cx: &Context) {
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width() / 4.0);
        let name = &cx.device.name;
        let label = Label::new(RichText::new(name).weak()).truncate();
        let about = format!("{name}\nWhere networks run; --device chooses");
        ui.add(label.show_tooltip_when_elided(false)).on_hover_text(about);
    });
}

fn work_status(ui: &mut Ui, cx: &mut Context, is_narrow: bool) {
    let (running, open) = cx.worker.open_work();
    let waiting = cx.loading;
    if cx.worker.is_paused() {
        cx.command_button_named(ui, Command::Pause, "Resume work");
        ui.add(Label::new(format!("Paused with {open} to do.")).truncate());
    } else if let Some((task, running)) = running {
        let share = running.done as f32 / running.total.max(1) as f32;
        let width = if is_narrow { 60.0 } else { 120.0 };
        let bar = ProgressBar::new(share)
            .desired_width(width)
            .text(format!("{}/{}", running.done, running.total));
        ui.add(bar);
        cx.command_button(ui, Command::Cancel);
        if let Some(seconds) = running.remaining().filter(|seconds| *seconds >= 1.0 && !is_narrow) {
            ui.weak(format!("{} left", duration(seconds)));
        }
        if open > 1 {
            let more = format!("{} more waiting", open - 1);
            if ui.button(more).on_hover_text("All open work").clicked() {
                cx.open.open(PanelId::Jobs);
            }
        }
        if cx.worker.can_resume() {
            cx.command_button(ui, Command::Retry);
        }
        ui.add(Label::new(task.title()).truncate());
    } else if waiting > 0 {
        ui.spinner();
        ui.label(format!("Opening {waiting} file{}", if waiting == 1 { "" } else { "s" }));
    } else if cx.worker.can_resume() {
        cx.command_button(ui, Command::Retry);
        ui.add(Label::new("Stopped before the end.").truncate());
    } else {
        ui.weak("Ready");
    }
}
