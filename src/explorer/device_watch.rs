//! A device that was given up: said once, and the CPU goes on.

use crate::explorer::panel::notices::Notices;
use egui::Context;
use hyaline::engine::Worker;
use hyaline::model::ComputeDevice;
use std::time::Duration;

/// Says that the device was given up, if it was, and frees the worker where the device holds it.
pub fn watch(
    ctx: &Context,
    device: &mut ComputeDevice,
    worker: &mut Worker,
    notices: &mut Notices,
) {
    let Some(liveness) = device.liveness.clone() else { return };
    let Some(why) = liveness.given_up() else {
        if worker.open_work().0.is_some() {
            // A device that hangs has nobody ask for another frame.
            ctx.request_repaint_after(Duration::from_secs(1));
        }
        return;
    };
    worker.leave_held(|thread| liveness.holds(thread));
    if device.notice.as_ref() != Some(&why) {
        notices.warn(format!("{why}; the CPU computes from now on"));
        device.name = ComputeDevice::cpu().name;
        device.notice = Some(why);
    }
}
