//! The one error type: what failed, why, and what to try.

use std::cell::Cell;
use std::fmt;

/// An error a person can act on, printed as one line: `what: why (hint)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    what: String,
    why: String,
    hint: Option<String>,
    of_device: bool,
}

/// The crate's result type.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `what` failed (for example `cannot open cat.png`) because of `why`.
    pub fn new(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self {
            what: one_line(&what.into()),
            why: one_line(&why.to_string()),
            hint: None,
            of_device: false,
        }
    }

    /// The device failed while it computed; another one may not.
    pub fn device(why: impl fmt::Display) -> Self {
        let failed = Self::new("the device failed to compute", why).hint("try --device cpu");
        Self { of_device: true, ..failed }
    }

    /// True where the device failed, and not what it was given.
    pub fn is_of_device(&self) -> bool {
        self.of_device
    }

    /// Adds what the person can try.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(one_line(&hint.into()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Messages of other libraries and names of files may span lines or steer the terminal; an error
/// here never does.
pub(crate) fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A panic that nobody has told of.
struct Untold(String);

/// Unwinds with a reason that whoever catches it tells.
pub(crate) fn unwind_untold(why: String) -> ! {
    std::panic::resume_unwind(Box::new(Untold(why)))
}

/// The reason of a panic that nobody has told of.
pub fn untold(panic: &(dyn std::any::Any + Send)) -> Option<&str> {
    panic.downcast_ref::<Untold>().map(|untold| untold.0.as_str())
}

/// What a caught panic said.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(untold(panic)).or(panic.downcast_ref::<&str>().copied()).unwrap_or("unknown panic")
}

thread_local! {
    /// Whether whoever runs on this thread tells of panics itself.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs with panics of this thread told by the caller, and not by [`tell_panics`].
pub(crate) fn quietly<T>(run: impl FnOnce() -> T) -> T {
    let before = QUIET.replace(true);
    let done = run();
    QUIET.set(before);
    done
}

/// Has `say` tell of panics, in one line each, but for those that are caught and told otherwise: of
/// [`quietly`], and of the threads that cubecl runs a device on (`DS…`), which hands them on. With
/// `RUST_BACKTRACE` the whole of them is printed.
pub fn tell_panics(say: fn(&str)) {
    let whole = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    let printed = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        let of_device = thread.name().is_some_and(|name| name.starts_with("DS"));
        match (QUIET.get() || of_device, whole) {
            (true, false) => {}
            (_, true) => printed(panic),
            (false, false) => {
                let text = panic_text(panic.payload());
                let at = panic.location().map_or(String::new(), |at| format!(" ({at})"));
                say(&one_line(&format!("a fault in the program: {text}{at}")));
            }
        }
    }));
}
