//! Pickles rewritten, operation by operation, so that they say the same in forms that are read:
//! classes of whole modules before PyTorch 1.6, and the objects of TorchScript.
//!
//! Nothing is executed: an operation is its opcode and arguments.

use std::io::{self, BufRead, Read, Write};

const MARK: u8 = b'(';
const GLOBAL: u8 = b'c';
const TEXT: u8 = b'X';
const PUT: u8 = b'q';
const LONG_PUT: u8 = b'r';
const GET: u8 = b'h';
const LONG_GET: u8 = b'j';
const REFERENCE: u8 = b'Q';
const NEW: u8 = 0x81;
const BUILD: u8 = b'b';
const POP: u8 = b'0';
const STOP: u8 = b'.';
const PROTOCOL: u8 = 0x80;
const EMPTY_DICTIONARY: u8 = b'}';
const SET_ITEM: u8 = b's';
/// Bytes that one operation may carry.
const MOST: u64 = 100 << 20;

/// One operation with its arguments.
struct Operation {
    code: u8,
    bytes: Vec<u8>,
}

impl Operation {
    fn read(from: &mut impl BufRead) -> io::Result<Self> {
        let mut code = [0];
        from.read_exact(&mut code)?;
        let code = code[0];
        let mut bytes = vec![code];
        for _ in 0..lines(code) {
            from.by_ref().take(MOST).read_until(b'\n', &mut bytes)?;
        }
        let mut fixed = vec![0; fixed(code)];
        from.read_exact(&mut fixed)?;
        bytes.extend(&fixed);
        if has_length(code) {
            let mut length = [0; 8];
            length[..fixed.len()].copy_from_slice(&fixed);
            let length = u64::from_le_bytes(length);
            let taken = from.by_ref().take(length.min(MOST)).read_to_end(&mut bytes)?;
            if taken as u64 != length {
                return Err(io::Error::other("the pickle ends within an operation"));
            }
        }
        Ok(Self { code, bytes })
    }

    /// The number under which a value is put away or fetched.
    fn number(&self) -> Option<u32> {
        match *self.bytes.as_slice() {
            [PUT | GET, number] => Some(number.into()),
            [LONG_PUT | LONG_GET, a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d])),
            _ => None,
        }
    }

    fn is_put(&self) -> bool {
        matches!(self.code, PUT | LONG_PUT)
    }
}

/// Lines that an operation carries.
fn lines(code: u8) -> usize {
    match code {
        b'c' | b'i' => 2,
        b'I' | b'L' | b'F' | b'S' | b'V' | b'P' | b'g' | b'p' => 1,
        _ => 0,
    }
}

/// Bytes of fixed number that it carries, first those of a length.
fn fixed(code: u8) -> usize {
    match code {
        b'K' | b'h' | b'q' | b'U' | b'C' | 0x80 | 0x82 | 0x8a | 0x8c => 1,
        b'M' | 0x83 => 2,
        b'J' | b'j' | b'r' | b'X' | b'T' | b'B' | 0x84 | 0x8b => 4,
        b'G' | 0x8d | 0x8e | 0x95 | 0x96 => 8,
        _ => 0,
    }
}

/// Whether the fixed bytes are the length of more.
fn has_length(code: u8) -> bool {
    matches!(code, b'U' | b'C' | b'X' | b'T' | b'B' | 0x8a | 0x8b | 0x8c | 0x8d | 0x8e | 0x96)
}

/// Passes one pickle on as it is.
pub fn copy(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    rewritten(from, to, |operation, to| to.write_all(&operation.bytes))
}

fn rewritten<W: Write>(
    from: &mut impl BufRead,
    to: &mut W,
    mut write: impl FnMut(&Operation, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    loop {
        let operation = Operation::read(from)?;
        write(&operation, to)?;
        if operation.code == STOP {
            return Ok(());
        }
    }
}

/// Passes on a pickle of modules before PyTorch 1.6, which refers to a class by `('module', class,
/// file, source)`, with the class alone in its place.
pub fn with_plain_classes(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    // What came since the last mark: whether its first value is the word, and the class's number.
    let (mut first, mut is_class, mut class) = (false, false, None);
    let mut word = None;
    let (mut before, mut was_word) = (0u8, false);
    rewritten(from, to, |operation, to| {
        let is_word = operation.code == TEXT && operation.bytes[5..] == *b"module";
        if operation.is_put() && was_word {
            word = operation.number();
        }
        if operation.is_put() && before == GLOBAL && is_class && class.is_none() {
            class = operation.number();
        }
        match operation.code {
            MARK => (first, is_class, class) = (true, false, None),
            TEXT if first => (first, is_class) = (false, is_word),
            GET | LONG_GET if first => {
                (first, is_class) = (false, word.is_some() && operation.number() == word);
            }
            PUT | LONG_PUT => {}
            _ => first = false,
        }
        (before, was_word) = (operation.code, is_word);
        match class.filter(|_| operation.code == REFERENCE && is_class) {
            Some(number) => {
                to.write_all(&[POP, LONG_GET])?;
                to.write_all(&number.to_le_bytes())
            }
            None => to.write_all(&operation.bytes),
        }
    })
}

/// Passes on a pickle of TorchScript, whose objects are made without arguments and then given
/// their attributes, with the dictionaries of attributes alone in their place.
pub fn with_plain_attributes(from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    rewritten(from, to, |operation, to| match operation.code {
        NEW => to.write_all(&[POP, POP]),
        BUILD => Ok(()),
        _ => to.write_all(&operation.bytes),
    })
}

/// Passes on a pickle with its value in a dictionary under a name, for readers of dictionaries
/// only.
pub fn in_dictionary(name: &str, from: &mut impl BufRead, to: &mut impl Write) -> io::Result<()> {
    let mut is_open = false;
    rewritten(from, to, |operation, to| {
        if !is_open && operation.code != PROTOCOL {
            is_open = true;
            to.write_all(&[EMPTY_DICTIONARY, TEXT])?;
            to.write_all(&(name.len() as u32).to_le_bytes())?;
            to.write_all(name.as_bytes())?;
        }
        if operation.code == STOP {
            to.write_all(&[SET_ITEM])?;
        }
        to.write_all(&operation.bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_passed_on_whole() {
        let pickle = b"\x80\x02}q\0(X\x01\0\0\0aK\x01U\x02hi\x8a\x01\x05cmodule\nname\nu.rest";
        let mut from = &pickle[..];
        let mut to = vec![];
        copy(&mut from, &mut to).unwrap();
        assert_eq!((to.as_slice(), from), (&pickle[..pickle.len() - 4], &b"rest"[..]));
    }

    #[test]
    fn a_class_stands_for_its_reference() {
        let pickle =
            b"(X\x06\0\0\0moduleq\0cmain\nNet\nq\x01NNtq\x02Q(h\0cmain\nB\nq\x03NNtq\x04Q.";
        let mut to = vec![];
        with_plain_classes(&mut &pickle[..], &mut to).unwrap();
        let expected: &[u8] = b"(X\x06\0\0\0moduleq\0cmain\nNet\nq\x01NNtq\x020j\x01\0\0\0\
            (h\0cmain\nB\nq\x03NNtq\x040j\x03\0\0\0.";
        assert_eq!(to, expected);
        let storage = b"(X\x07\0\0\0storageq\0cmain\nNet\nq\x01tQ.";
        let mut to = vec![];
        with_plain_classes(&mut &storage[..], &mut to).unwrap();
        assert_eq!(to, storage);
    }

    #[test]
    fn a_value_is_put_into_a_dictionary() {
        let mut to = vec![];
        in_dictionary("ab", &mut &b"\x80\x02]q\0K\x01a."[..], &mut to).unwrap();
        assert_eq!(to, b"\x80\x02}X\x02\0\0\0ab]q\0K\x01as.");
    }

    #[test]
    fn what_ends_early_is_an_error() {
        for pickle in [&b""[..], b"X\xff\xff\xff\x7fshort", b"cmodule\nname\n", b"J\x01"] {
            assert!(copy(&mut &*pickle, &mut vec![]).is_err());
        }
    }
}
