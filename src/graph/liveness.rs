//! Whether a device still answers. Drivers hang and their callbacks get lost, and a thread that
//! waits for them can't be ended: it is left behind, the device is given up for the rest of the
//! process, and the caller continues without it.
//!
//! A wait may take [`PATIENCE`] times what the work handed over should take at the slowest rate
//! seen, and a floor besides, so that slow honest work is never given up.

use crate::error::{Error, Result, panic_text, quietly, unwind_untold};
use burn::tensor::{Device, StreamId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock, Weak};
use std::thread::{Builder, ThreadId};
use std::time::{Duration, Instant};

/// How many times longer than expected an answer may take.
const PATIENCE: f64 = 20.0;
/// Between two checks of a device that should answer.
const STEP: Duration = Duration::from_millis(100);
/// Waiting after which the device's queue is polled from here too. cubecl polls it on a thread of
/// its own; where that thread died, or sleeps, nothing else would ever see that the work is done.
const LATE: Duration = Duration::from_secs(2);
/// Between two polls of ours.
const BETWEEN_POLLS: Duration = Duration::from_millis(5);
/// Least work of a wait that is used to measure the device's rate, multiply-adds.
const TELLING: f64 = 1e9;

/// What a device is expected to do.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// What any wait may take: compiling shaders, other programs on the device.
    pub floor: Duration,
    /// Multiply-adds a second that it does at the least, until a slower rate was seen.
    pub rate: f64,
}

impl Expected {
    /// Of a graphics card.
    pub const CARD: Self = Self { floor: Duration::from_mins(1), rate: 2e10 };
    /// Of an adapter that is a program on the processor, maybe a busy one.
    pub const SOFTWARE: Self = Self { floor: Duration::from_mins(5), rate: 1e9 };
}

/// What a device does wrong, for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Reading values back never ends.
    Hangs,
    /// Handing over work never ends.
    TakesNothing,
    /// The device is gone.
    Lost,
    /// It has memory for this many samples at once.
    OutOfMemory(usize),
}

/// A device that may stop answering.
pub struct Liveness {
    device: Device,
    name: String,
    expected: Expected,
    /// Has finished work reported.
    poll: Arc<dyn Fn() + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Multiply-adds handed over since the last wait.
    open: f64,
    /// The slowest rate seen, multiply-adds a second.
    rate: Option<f64>,
    /// Work being handed over.
    submitting: Vec<Handing>,
    submissions: u64,
    given_up: Option<String>,
    fault: Option<Fault>,
    /// Whether an answer came late, and all are polled for from then on.
    polls: bool,
    /// Samples of the largest pass since the last wait.
    samples: usize,
}

struct Handing {
    number: u64,
    since: Instant,
    by: ThreadId,
}

static WATCHED: RwLock<Vec<Arc<Liveness>>> = RwLock::new(Vec::new());
/// Called when a thread is blocked by a device that was given up.
static WHEN_HELD: OnceLock<fn(&str)> = OnceLock::new();

/// Sets what is called, once, when a thread that submits work is blocked by its device for good;
/// the window leaves the thread behind, a command has no other.
pub fn when_held(handler: fn(&str)) {
    let _ = WHEN_HELD.set(handler);
}

/// Watches a device from now on. `poll` has finished work reported and may block.
pub fn watch(
    device: &Device,
    name: &str,
    expected: Expected,
    poll: impl Fn() + Send + Sync + 'static,
) -> Arc<Liveness> {
    let (device, name, poll) = (device.clone(), name.to_string(), Arc::new(poll));
    let liveness = Arc::new(Liveness { device, name, expected, poll, state: Mutex::default() });
    let mut watched = WATCHED.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    watched.retain(|other| !other.is_of(&liveness.device));
    watched.push(liveness.clone());
    let weak = Arc::downgrade(&liveness);
    // Without this thread, only threads that submit work could be blocked.
    let _ = Builder::new().name("device watch".into()).spawn(move || look_after(&weak));
    liveness
}

/// Ends watching a device.
pub fn forget(device: &Device) {
    let mut watched = WATCHED.write().unwrap_or_else(std::sync::PoisonError::into_inner);
    watched.retain(|other| !other.is_of(device));
}

/// The watched device that this is, if it is one: the CPU never is.
pub fn of(device: &Device) -> Option<Arc<Liveness>> {
    let watched = WATCHED.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    watched.iter().find(|one| one.is_of(device)).cloned()
}

/// Why a device was given up, if it was.
pub fn given_up(device: &Device) -> Option<String> {
    of(device)?.given_up()
}

/// Gives up on devices that have blocked a thread for too long.
fn look_after(liveness: &Weak<Liveness>) {
    while let Some(liveness) = liveness.upgrade() {
        if let Some(limit) = liveness.held_too_long() {
            let why = liveness.give_up(format!("it took no work for {}", seconds(limit)));
            if let Some(handler) = WHEN_HELD.get() {
                handler(&why);
            }
            return;
        }
        drop(liveness);
        std::thread::sleep(STEP);
    }
}

impl Liveness {
    /// Has the device do something wrong from now on.
    pub fn inject(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Why the device was given up, if it was.
    pub fn given_up(&self) -> Option<String> {
        self.state().given_up.clone()
    }

    /// Whether a thread that submits work is blocked by the device, which was given up.
    pub fn holds(&self, thread: ThreadId) -> bool {
        let state = self.state();
        let held = |one: &Handing| one.by == thread && one.since.elapsed() > LATE;
        state.given_up.is_some() && state.submitting.iter().any(held)
    }

    fn is_of(&self, device: &Device) -> bool {
        let of_autodiff = device.gradient_checkpointing_strategy();
        self.device == *device
            && (of_autodiff == self.device.gradient_checkpointing_strategy()
                || self.device.gradient_checkpointing_strategy().is_none())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn give_up(&self, why: String) -> String {
        let why = format!("{} is given up: {why}", self.name);
        self.state().given_up.get_or_insert(why).clone()
    }

    /// What a wait for all work handed over may take.
    fn limit(&self, state: &State) -> Duration {
        let rate = state.rate.unwrap_or(self.expected.rate).min(self.expected.rate);
        // A million seconds is without an end to anyone.
        let of_work = (PATIENCE * state.open / rate).min(1e6);
        self.expected.floor + Duration::from_secs_f64(of_work)
    }

    fn held_too_long(&self) -> Option<Duration> {
        let state = self.state();
        let limit = self.limit(&state);
        state.submitting.iter().any(|one| one.since.elapsed() > limit).then_some(limit)
    }

    /// Runs a wait for the device on its own thread.
    ///
    /// # Errors
    /// The wait's own, or when the device was given up or now is.
    pub(super) fn wait<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (open, limit, fault) = {
            let state = self.state();
            (state.open, self.limit(&state), state.fault.map(|fault| (fault, state.samples)))
        };
        let begun = Instant::now();
        let faulty = move || fault.map_or(Ok(()), |(fault, samples)| fault.happen(samples));
        let answer = self.answer(move || faulty().and_then(|()| work()), limit);
        let mut state = self.state();
        state.open = (state.open - open).max(0.0);
        state.samples = 0;
        if answer.is_ok() && open > TELLING {
            let rate = open / begun.elapsed().as_secs_f64();
            state.rate = Some(state.rate.map_or(rate, |slowest| slowest.min(rate)));
        }
        answer
    }

    /// The result of a wait, in time.
    fn answer<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
        limit: Duration,
    ) -> Result<T> {
        if let Some(why) = self.given_up() {
            return Err(Error::device(why));
        }
        let (sender, receiver) = channel();
        // On the stream of the thread that waits, where the work was handed over.
        let stream = StreamId::current();
        let run = move || {
            let done = quietly(|| catch_unwind(AssertUnwindSafe(|| stream.executes(work))));
            let _ = sender.send(done.unwrap_or_else(|p| Err(Error::device(panic_text(&*p)))));
        };
        let started = Builder::new().name("read back".into()).spawn(run);
        started.map_err(|e| Error::device(format!("no thread can wait for it: {e}")))?;
        let begun = Instant::now();
        let mut polling = self.state().polls.then(|| self.keep_polling());
        loop {
            if let Some(why) = self.given_up() {
                return Err(Error::device(why));
            }
            match receiver.recv_timeout(STEP) {
                Ok(done) => return done,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::device("the thread that waited for it ended"));
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() > limit => {
                    self.give_up(format!("it did not answer for {}", seconds(limit)));
                }
                Err(RecvTimeoutError::Timeout) if begun.elapsed() > LATE => {
                    self.state().polls = true;
                    polling.get_or_insert_with(|| self.keep_polling());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Polls on another thread, as polling may block too, for as long as the value lives.
    fn keep_polling(&self) -> Arc<()> {
        let wanted = Arc::new(());
        let (still, poll) = (Arc::downgrade(&wanted), self.poll.clone());
        let run = move || {
            while still.upgrade().is_some() {
                // Whoever waits for the device gets its errors.
                let _ = quietly(|| catch_unwind(AssertUnwindSafe(&*poll)));
                std::thread::sleep(BETWEEN_POLLS);
            }
        };
        let _ = Builder::new().name("device poll".into()).spawn(run);
        wanted
    }
}

/// Work that is being handed over, until this is dropped.
pub(super) struct Submission {
    liveness: Arc<Liveness>,
    number: u64,
}

impl Drop for Submission {
    fn drop(&mut self) {
        self.liveness.state().submitting.retain(|one| one.number != self.number);
    }
}

/// Records that a pass of `samples` and multiply-adds is submitted to a device, which may block the
/// thread meanwhile.
///
/// # Panics
/// Without a message on standard error, when the device was given up: it would block this thread too.
pub(super) fn submit(
    device: &Device,
    samples: usize,
    multiply_adds: impl FnOnce() -> f64,
) -> Option<Submission> {
    let liveness = of(device)?;
    let (number, fault) = {
        let mut state = liveness.state();
        if let Some(why) = &state.given_up {
            let why = why.clone();
            drop(state);
            unwind_untold(why);
        }
        state.open += multiply_adds();
        state.samples = state.samples.max(samples);
        state.submissions += 1;
        let number = state.submissions;
        let by = std::thread::current().id();
        state.submitting.push(Handing { number, since: Instant::now(), by });
        (number, state.fault)
    };
    while fault == Some(Fault::TakesNothing) {
        std::thread::park();
    }
    Some(Submission { liveness, number })
}

impl Fault {
    /// Fails while a pass of `samples` is waited for.
    fn happen(self, samples: usize) -> Result<()> {
        match self {
            Fault::Hangs => loop {
                std::thread::park();
            },
            Fault::Lost => Err(Error::device("it was lost")),
            Fault::OutOfMemory(most) if samples > most => {
                Err(Error::device(format!("out of memory for {samples} samples")))
            }
            Fault::TakesNothing | Fault::OutOfMemory(_) => Ok(()),
        }
    }
}

fn seconds(limit: Duration) -> String {
    crate::text::duration(limit.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(floor: f64, rate: f64) -> Liveness {
        let expected = Expected { floor: Duration::from_secs_f64(floor), rate };
        Liveness {
            device: Device::flex(),
            name: "it".into(),
            expected,
            poll: Arc::new(|| {}),
            state: Mutex::default(),
        }
    }

    #[test]
    fn slow_work_is_waited_for_and_none_is_not() {
        let device = device(0.2, 1e9);
        let slow = || {
            std::thread::sleep(Duration::from_millis(600));
            Ok(7)
        };
        device.state().open = 1e9;
        assert_eq!(device.wait(slow), Ok(7), "it may take 20 s more than 0.2");
        let error = device.wait(slow).unwrap_err();
        assert!(error.is_of_device());
        assert!(error.to_string().contains("it is given up: it did not answer for 0.2 s"));
        assert!(device.wait(|| Ok(7)).is_err(), "and is not asked again");
    }

    #[test]
    fn limits_follow_from_work_and_the_slowest_rate() {
        let device = device(60.0, 2e10);
        let limit = |open, rate| device.limit(&State { open, rate, ..State::default() }).as_secs();
        assert_eq!(limit(0.0, None), 60);
        assert_eq!(limit(1e12, None), 60 + 20 * 50);
        assert_eq!(limit(1e12, Some(1e10)), 60 + 20 * 100, "a slower one was seen");
        assert_eq!(limit(1e12, Some(1e12)), 60 + 20 * 50, "a faster one is no promise");
        assert_eq!(limit(1e30, None), 60 + 1_000_000);
    }

    #[test]
    fn a_panic_of_the_driver_is_an_error() {
        let device = device(60.0, 1e9);
        let error = device.wait::<()>(|| panic!("the driver broke")).unwrap_err();
        assert!(error.is_of_device() && error.to_string().contains("the driver broke"));
    }

    #[test]
    fn who_waits_for_long_has_finished_work_reported() {
        let (sender, receiver) = channel();
        let sender = Mutex::new(sender);
        let poll = Arc::new(move || {
            let _ = sender.lock().unwrap().send(());
        });
        let device = Liveness { poll, ..device(60.0, 1e9) };
        let polled = move || receiver.recv().map_err(|e| Error::device(e.to_string()));
        assert_eq!(device.wait(polled), Ok(()), "nothing else reports it");
    }
}
