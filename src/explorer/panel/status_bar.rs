//! What runs, how far it is, and where.

use crate::explorer::command::Command;
use crate::explorer::context::Context;
use crate::explorer::grid::probe::pixel_readout;
use crate::explorer::panel::notices::Notices;
use crate::explorer::state::open_panels::PanelId;
use crate::text::duration;
use egui::{Align, Layout, Panel, ProgressBar, Ui};

/// The bar at the bottom of the window.
pub fn status_bar(ui: &mut Ui, cx: &mut Context, notices: &mut Notices) {
    Panel::bottom("status").show(ui, |ui| {
        ui.horizontal(|ui| {
            work_status(ui, cx);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.weak(&cx.device.name).on_hover_text("Where networks run; --device chooses");
                if let Some(text) = pixel_readout(cx) {
                    ui.separator();
                    ui.weak(text);
                }
                notices.line(ui, cx);
            });
        });
    });
}

fn work_status(ui: &mut Ui, cx: &mut Context) {
    let (running, open) = cx.worker.open_work();
    let waiting = cx.loading;
    if cx.worker.is_paused() {
        ui.label(format!("Paused with {open} to do."));
        cx.command_button_named(ui, Command::Pause, "Resume work");
    } else if let Some((task, running)) = running {
        let share = running.done as f32 / running.total.max(1) as f32;
        let bar = ProgressBar::new(share)
            .desired_width(120.0)
            .text(format!("{}/{}", running.done, running.total));
        ui.add(bar);
        cx.command_button(ui, Command::Cancel);
        ui.label(task.title());
        if let Some(seconds) = running.remaining().filter(|seconds| *seconds >= 1.0) {
            ui.weak(format!("{} left", duration(seconds)));
        }
        if open > 1 {
            let more = format!("· {} more waiting", open - 1);
            if ui.button(more).on_hover_text("All open work").clicked() {
                cx.open.open(PanelId::Jobs);
            }
        }
        if cx.worker.can_resume() {
            cx.command_button(ui, Command::Retry);
        }
    } else if waiting > 0 {
        ui.spinner();
        ui.label(format!("Opening {waiting} file{}", if waiting == 1 { "" } else { "s" }));
    } else if cx.worker.can_resume() {
        ui.label("Stopped before the end.");
        cx.command_button(ui, Command::Retry);
    } else {
        ui.weak("Ready");
    }
}
