//! The queue: what is computed, what waits, what was stopped.

use crate::explorer::command::Command;
use crate::explorer::context::{Action, Context, Panel};
use egui::{ProgressBar, RichText, ScrollArea, Ui, Window, vec2};
use hyaline::engine::{AnyState, State, Task};
use hyaline::text::duration;

#[derive(Debug, Default)]
pub struct JobsPanel;

impl Panel for JobsPanel {
    fn window(&self, ctx: &egui::Context, _: &Context) -> Option<Window<'static>> {
        let place = ctx.content_rect().left_bottom() + vec2(260.0, -320.0);
        Some(Window::new("Jobs").default_pos(place).default_size([420.0, 240.0]))
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context) {
        let jobs = cx.worker.jobs();
        ui.horizontal(|ui| {
            if cx.can(Command::Pause) {
                let text = if cx.worker.is_paused() { "Resume" } else { "Pause" };
                if ui.button(text).clicked() {
                    cx.run(Command::Pause);
                }
            }
            if cx.worker.open_work().1 > 0 {
                cx.command_button(ui, Command::Cancel);
            }
            if cx.worker.can_resume() {
                cx.command_button(ui, Command::Retry);
            }
            if jobs.is_empty() {
                ui.weak("No map, curve or prediction waits; trainings and studies have their own panels");
            }
        });
        let row = ui.spacing().interact_size.y;
        let area = ScrollArea::vertical().auto_shrink([false, true]);
        area.show_rows(ui, row, jobs.len(), |ui, range| {
            for (task, state) in &jobs[range] {
                // A click that began on one line is none on the line that takes its place.
                ui.push_id(task.key(), |ui| {
                    ui.horizontal(|ui| job(ui, cx, task, state.as_ref()));
                });
            }
        });
    }
}

fn job(ui: &mut Ui, cx: &mut Context, task: &Task, state: Option<&AnyState>) {
    let name = task.title();
    if !matches!(state, Some(State::Stopped(_) | State::Failed(_))) {
        let text = format!("Cancel {name}");
        let button = ui.small_button("×").on_hover_text("Cancel this one");
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &text));
        if button.clicked() {
            cx.act(Action::CancelJob(task.key().clone()));
        }
    }
    match state {
        None => {
            ui.weak("waits");
            ui.label(name);
            if let Some(seconds) = task.seconds() {
                ui.weak(format!("about {}", duration(seconds)));
            }
        }
        Some(State::Running(running)) => {
            let share = running.done as f32 / running.total.max(1) as f32;
            let text = format!("{}/{}", running.done, running.total);
            ui.add(ProgressBar::new(share).desired_width(90.0).text(text));
            ui.label(name);
            let rate = running.done as f64 / running.started.elapsed().as_secs_f64();
            ui.weak(format!("{rate:.1}/s"));
            if let Some(seconds) = running.remaining() {
                ui.weak(format!("{} left", duration(seconds)));
            }
        }
        Some(State::Failed(why)) => {
            ui.label(name);
            let why = RichText::new(why).color(ui.visuals().error_fg_color);
            ui.add(egui::Label::new(why).truncate());
        }
        Some(_) => {
            ui.weak("stopped");
            ui.label(name);
        }
    }
}
