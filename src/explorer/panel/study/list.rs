//! The list of studies: finished ones, those that are being computed, and those that stopped before.

use super::StudyPanel;
use egui::{RichText, ScrollArea, Ui};
use hyaline::study::OpenedStudy;
use hyaline::text::count;

impl StudyPanel {
    /// All studies that were opened, each with how far it is.
    pub(super) fn list(&mut self, ui: &mut Ui) {
        ui.strong("Studies");
        let mut chosen = None;
        ScrollArea::vertical().id_salt("studies").show(ui, |ui| {
            for (place, study) in self.studies.iter().enumerate() {
                let is_shown = place == self.shown;
                let name = &study.report.plan().name;
                let row = ui.selectable_label(is_shown, name);
                let about = study.results.display().to_string();
                if row.on_hover_text(about).clicked() && !is_shown {
                    chosen = Some(place);
                }
                ui.label(RichText::new(progress_text(study)).weak().small());
            }
        });
        if let Some(place) = chosen {
            self.look_at(place);
        }
    }
}

/// How far a study is.
pub(super) fn progress_text(study: &OpenedStudy) -> String {
    let [done, failed, missing] = study.report.counts();
    let (gone, all) = (done + failed, done + failed + missing);
    let state = match (missing, study.is_running) {
        (0, _) => format!("finished, {}", count(all, "cell", "cells")),
        (_, true) => format!("running, {gone} of {all} cells"),
        (_, false) => format!("stopped at {gone} of {all} cells"),
    };
    if failed == 0 { state } else { format!("{state}, {failed} failed") }
}
