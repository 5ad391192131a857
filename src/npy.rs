//! NumPy's arrays and archives of any type of number, as 32-bit floats.

use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use std::io::{Cursor, Read};

/// Arrays above this many bytes are refused before they are read.
pub const MAX_BYTES: u64 = 1 << 30;
const MAX_AXES: usize = 32;

const NPY: &[u8] = b"\x93NUMPY";
const ZIP: &[u8] = b"PK";
const SAVE_RIGHT: &str = "save it with np.save(\"map.npy\", np.asarray(map, dtype=np.float32))";

/// An array, and of what it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    pub values: ArrayD<f32>,
    pub kind: Kind,
    /// Some of the values are others as 32-bit floats, within their rounding.
    pub is_rounded: bool,
}

/// What the numbers of an array were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Signed(usize),
    Unsigned(usize),
    Float(usize),
}

impl Kind {
    /// NumPy's name of it.
    pub fn name(self) -> String {
        match self {
            Self::Bool => "bool".into(),
            Self::Signed(bytes) => format!("int{}", 8 * bytes),
            Self::Unsigned(bytes) => format!("uint{}", 8 * bytes),
            Self::Float(bytes) => format!("float{}", 8 * bytes),
        }
    }

    /// From a descriptor without its byte order, such as `f4`.
    fn of(descriptor: &str) -> Option<Self> {
        Some(match descriptor {
            "b1" => Self::Bool,
            "i1" | "i2" | "i4" | "i8" => Self::Signed(descriptor[1..].parse().ok()?),
            "u1" | "u2" | "u4" | "u8" => Self::Unsigned(descriptor[1..].parse().ok()?),
            "f2" | "f4" | "f8" => Self::Float(descriptor[1..].parse().ok()?),
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Signed(bytes) | Self::Unsigned(bytes) | Self::Float(bytes) => bytes,
        }
    }

    /// A number of this kind from its bytes, the lowest first.
    fn value(self, bytes: [u8; 8]) -> f64 {
        let word = u64::from_le_bytes(bytes);
        match self {
            Self::Bool => f64::from(u8::from(word != 0)),
            Self::Signed(size) => {
                let unused = 64 - 8 * size as u32;
                (((word << unused) as i64) >> unused) as f64
            }
            Self::Unsigned(_) => word as f64,
            Self::Float(2) => half::f16::from_bits(word as u16).to_f64(),
            Self::Float(4) => f64::from(f32::from_bits(word as u32)),
            Self::Float(_) => f64::from_bits(word),
        }
    }
}

/// Whether a file's content is an archive of arrays, or another archive.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(ZIP)
}

/// The array of a `.npy` file's content.
///
/// # Errors
/// In words, with how to save it right, when it is none or not of numbers.
pub fn array(bytes: &[u8]) -> Result<Numbers, String> {
    let Some(rest) = bytes.strip_prefix(NPY) else { return Err(no_array(bytes)) };
    let cut_off = || "the .npy file ends early; save it again".to_string();
    let (header, data) = header(rest).ok_or_else(cut_off)?;
    let header = Header::parsed(header)?;
    let count = header.shape.iter().try_fold(1usize, |product, side| product.checked_mul(*side));
    let size = count.and_then(|count| count.checked_mul(header.kind.size()));
    let data = size.and_then(|size| data.get(..size)).ok_or_else(cut_off)?;
    let mut is_rounded = false;
    let values = data.chunks_exact(header.kind.size()).map(|number| {
        let mut bytes = [0; 8];
        bytes[..number.len()].copy_from_slice(number);
        if header.is_big_endian {
            bytes[..number.len()].reverse();
        }
        let value = header.kind.value(bytes);
        is_rounded |= f64::from(value as f32) != value && value.is_finite();
        value as f32
    });
    let values: Vec<f32> = values.collect();
    let shape = IxDyn(&header.shape).set_f(header.is_fortran);
    let values = ArrayD::from_shape_vec(shape, values).map_err(|e| e.to_string())?;
    Ok(Numbers { values, kind: header.kind, is_rounded })
}

/// What a file is that is no array.
fn no_array(bytes: &[u8]) -> String {
    let is = match bytes {
        [] => return "the file is empty".into(),
        [b'P', b'K', ..] => {
            return "it is an archive: .npz, which must be called so, or a file of PyTorch, which np.save(\"map.npy\", map.detach().cpu().numpy()) saves right".into();
        }
        [0x80, ..] => "a Python pickle",
        [0x89, b'H', b'D', b'F', ..] => "HDF5",
        _ => "no .npy file",
    };
    format!("it is {is}; {SAVE_RIGHT}")
}

/// The header's text and what follows it.
fn header(rest: &[u8]) -> Option<(&str, &[u8])> {
    let (version, rest) = rest.split_at_checked(2)?;
    let (length, rest) = if version[0] == 1 {
        let (length, rest) = rest.split_first_chunk()?;
        (u32::from(u16::from_le_bytes(*length)), rest)
    } else {
        let (length, rest) = rest.split_first_chunk()?;
        (u32::from_le_bytes(*length), rest)
    };
    let (header, data) = rest.split_at_checked(length as usize)?;
    Some((std::str::from_utf8(header).ok()?, data))
}

/// What a header says.
struct Header {
    kind: Kind,
    is_big_endian: bool,
    is_fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    fn parsed(text: &str) -> Result<Self, String> {
        let odd = || format!("the .npy header is broken; {SAVE_RIGHT}");
        let after = |key: &str| text.split_once(key).map(|(_, rest)| rest.trim_start());
        let descriptor = after("'descr':").ok_or_else(odd)?;
        let descriptor = descriptor.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let Some((descriptor, _)) = descriptor else {
            return Err(format!("it holds records and not numbers; {SAVE_RIGHT}"));
        };
        let (order, kind) = match descriptor.strip_prefix(['<', '>', '|', '=']) {
            Some(kind) => (&descriptor[..1], kind),
            None => ("", descriptor),
        };
        let shape = after("'shape':").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let sides = shape.ok_or_else(odd)?.0.split(',').map(str::trim);
        let sides = sides.filter(|side| !side.is_empty());
        let shape: Vec<usize> =
            sides.map(|side| side.parse().map_err(|_| odd())).collect::<Result<_, _>>()?;
        if shape.len() > MAX_AXES {
            return Err(odd());
        }
        Ok(Self {
            kind: Kind::of(kind).ok_or_else(|| unusable(kind))?,
            is_big_endian: order == ">",
            is_fortran: after("'fortran_order':").ok_or_else(odd)?.starts_with("True"),
            shape,
        })
    }
}

/// Why a type is no number.
fn unusable(descriptor: &str) -> String {
    let holds = match descriptor.chars().next() {
        Some('O') => "Python objects".to_string(),
        Some('c') => "complex numbers".to_string(),
        Some('U' | 'S') => "text".to_string(),
        Some('M' | 'm') => "times".to_string(),
        _ => format!("numbers of type {descriptor}"),
    };
    format!("it holds {holds}; {SAVE_RIGHT}")
}

/// An archive's only array, or the one called `name`.
///
/// # Errors
/// In words, when it is none, or there are several to choose from, with their names.
pub fn of_archive(bytes: &[u8], name: Option<&str>) -> Result<Numbers, String> {
    let failed = |e: zip::result::ZipError| format!("it is no .npz archive: {e}");
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(failed)?;
    let names = archive.file_names().map(|name| Ok(name.map_err(failed)?.into_owned()));
    let all: Vec<String> = names.collect::<Result<_, String>>()?;
    let bare = |file: &String| file.strip_suffix(".npy").map(str::to_string);
    let names: Vec<String> = all.iter().filter_map(bare).collect();
    let chosen = match (name, &names[..]) {
        (Some(name), _) if names.iter().any(|known| known == name) => name,
        (None, [only]) => only,
        (_, []) => return Err("the archive holds no .npy array".into()),
        (_, names) => {
            let names = names.join(", ");
            return Err(format!("the archive holds {names}; choose one: FILE.npz:NAME"));
        }
    };
    let entry = archive.by_name(&format!("{chosen}.npy")).map_err(failed)?;
    let mut content = vec![];
    let read = entry.take(MAX_BYTES + 1).read_to_end(&mut content);
    read.map_err(|e| format!("its array {chosen} is broken: {e}"))?;
    match content.len() as u64 > MAX_BYTES {
        true => Err(format!("its array {chosen} is above {} MiB", MAX_BYTES >> 20)),
        false => array(&content).map_err(|why| format!("its array {chosen}: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descriptor: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': {descriptor}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [NPY, &[1, 0], &length, header.as_bytes(), data].concat()
    }

    #[test]
    fn numbers_of_every_type_are_read() {
        for (descriptor, data) in [
            ("'|b1'", vec![0, 1]),
            ("'|u1'", vec![0, 1]),
            ("'|i1'", vec![0, 1]),
            ("'<i2'", vec![0, 0, 1, 0]),
            ("'>u4'", vec![0, 0, 0, 0, 0, 0, 0, 1]),
            ("'<i8'", [0i64, 1].map(i64::to_le_bytes).concat()),
            ("'>f2'", vec![0, 0, 0x3c, 0]),
            ("'<f4'", [0f32, 1.0].map(f32::to_le_bytes).concat()),
            ("'>f8'", [0f64, 1.0].map(f64::to_be_bytes).concat()),
        ] {
            let found = array(&file(descriptor, "False", "(2,)", &data)).unwrap();
            assert_eq!(
                found.values.iter().copied().collect::<Vec<_>>(),
                [0.0, 1.0],
                "{descriptor}"
            );
            assert!(!found.is_rounded);
        }
        let negative = array(&file("'>i2'", "False", "(1, 1)", &[0xff, 0xfe])).unwrap();
        assert_eq!((negative.values[[0, 0]], negative.kind.name()), (-2.0, "int16".into()));
        let large = array(&file("'<u4'", "False", "()", &16_777_217u32.to_le_bytes())).unwrap();
        assert!(large.is_rounded);
    }

    #[test]
    fn fortrans_order_is_by_columns() {
        let found = array(&file("'|u1'", "True", "(2, 3)", &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!((found.values[[0, 1]], found.values[[1, 0]]), (3.0, 2.0));
    }

    #[test]
    fn what_is_no_array_says_how_to_save_it() {
        for (bytes, words) in [
            (file("'|O'", "False", "(2,)", b"x"), "Python objects"),
            (file("'<c8'", "False", "(1,)", &[0; 8]), "complex"),
            (file("'<U3'", "False", "(1,)", &[0; 12]), "text"),
            (file("[('a', '<f4')]", "False", "(1,)", &[0; 4]), "records"),
            (file("'<f4'", "False", "(1, -1)", &[0; 4]), "header is broken"),
            (b"\x80\x04\x95".to_vec(), "pickle"),
            (b"hello".to_vec(), "no .npy file"),
        ] {
            let why = array(&bytes).unwrap_err();
            assert!(why.contains(words) && why.contains("np.save"), "{why}");
        }
        assert!(array(b"PK\x03\x04").unwrap_err().contains(".npz"));
        let claim = file("'<f8'", "False", "(4294967296, 4294967296, 4294967296)", &[0; 8]);
        assert!(array(&claim).unwrap_err().contains("ends early"));
    }
}
