//! Computing gives way to painting: where both are on the processor, the window stays at hand.

use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// Of 0 to 99, in the middle of which ordinary threads are; on Unix a niceness of about 10.
const BELOW_ORDINARY: u8 = 25;

/// Lets all cores' threads compute below ordinary ones. It counts if nothing has computed yet.
pub fn compute_below_painting() {
    let pool = rayon::ThreadPoolBuilder::new().start_handler(|_| lower_this_thread());
    // A pool that is there already stays as it is.
    let _ = pool.build_global();
}

/// Lowers the thread that calls; where the system does not let it, all stays as it is.
pub(super) fn lower_this_thread() {
    if let Ok(value) = ThreadPriorityValue::try_from(BELOW_ORDINARY) {
        let _ = set_current_thread_priority(ThreadPriority::Crossplatform(value));
    }
}
