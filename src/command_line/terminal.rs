//! What the program says.

use crate::error::{Error, Result};

/// Says one line on standard error, if anyone listens.
pub fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "hyaline: {line}");
}

/// Writes to standard output; a reader that left early (`| head`) is no error.
pub(super) fn print(text: &str) -> Result<()> {
    use std::io::{ErrorKind, Write};
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Error::new("cannot print", e)),
        _ => Ok(()),
    }
}
