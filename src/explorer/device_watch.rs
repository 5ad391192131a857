//! A device that was given up: said once, and the CPU goes on.

use super::Explorer;
use crate::model::ComputeDevice;
use egui::Context;
use std::time::Duration;

impl Explorer {
    /// Says that the device was given up, if it was, and frees the worker where the device holds it.
    pub(super) fn look_after_device(&mut self, ctx: &Context) {
        let Some(liveness) = self.services.device.liveness.clone() else { return };
        let Some(why) = liveness.given_up() else {
            if self.services.worker.open_work().0.is_some() {
                // A device that hangs has nobody ask for another frame.
                ctx.request_repaint_after(Duration::from_secs(1));
            }
            return;
        };
        self.services.worker.leave_held(|thread| liveness.holds(thread));
        if self.services.device.notice.as_ref() != Some(&why) {
            self.panels.notices.warn(format!("{why}; the CPU computes from now on"));
            self.services.device.name = ComputeDevice::cpu().name;
            self.services.device.notice = Some(why);
        }
    }
}
