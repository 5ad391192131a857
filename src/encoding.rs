//! Text in the encodings that files have.

/// The text of a file, without its byte order mark, and what its encoding was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    pub text: String,
    pub encoding: Encoding,
}

/// How text was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    /// Assumed of what is neither: the Western European one of Windows, which holds Latin-1.
    Windows1252,
}

/// Bytes as text: UTF-8, UTF-16 by its byte order mark or its zeros, or else Windows-1252.
///
/// # Errors
/// In words, when the bytes are no text.
pub fn decoded(bytes: Vec<u8>) -> Result<Decoded, String> {
    let decoded = match bytes[..] {
        [0xff, 0xfe, ref rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, ref rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [a, 0, b, 0, ..] if a > 0 && b > 0 => utf16(&bytes, u16::from_le_bytes)?,
        [0, a, 0, b, ..] if a > 0 && b > 0 => utf16(&bytes, u16::from_be_bytes)?,
        _ => eight_bits(bytes),
    };
    match decoded.text.contains('\0') {
        true => Err("it is no text".into()),
        false => Ok(decoded),
    }
}

/// The text of bytes, where the encoding does not matter.
///
/// # Errors
/// As [`decoded`].
pub fn text(bytes: Vec<u8>) -> Result<String, String> {
    decoded(bytes).map(|decoded| decoded.text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Decoded, String> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).map_err(|_| "it is no text in UTF-16")?;
    Ok(Decoded { text, encoding: Encoding::Utf16 })
}

fn eight_bits(bytes: Vec<u8>) -> Decoded {
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = match text.strip_prefix('\u{feff}') {
                Some(rest) => rest.to_string(),
                None => text,
            };
            Decoded { text, encoding: Encoding::Utf8 }
        }
        Err(other) => {
            let text = other.as_bytes().iter().map(|byte| windows_1252(*byte)).collect();
            Decoded { text, encoding: Encoding::Windows1252 }
        }
    }
}

/// Differs from Latin-1 in 0x80 to 0x9f alone.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_from_every_encoding() {
        let word = "chaté €\n";
        let utf16 = |bytes: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
            let mark = mark.then_some(0xfeff);
            mark.into_iter().chain(word.encode_utf16()).flat_map(bytes).collect()
        };
        let windows = b"chat\xe9 \x80\n".to_vec();
        for (bytes, encoding) in [
            (word.as_bytes().to_vec(), Encoding::Utf8),
            (format!("\u{feff}{word}").into_bytes(), Encoding::Utf8),
            (utf16(u16::to_le_bytes, true), Encoding::Utf16),
            (utf16(u16::to_be_bytes, true), Encoding::Utf16),
            (utf16(u16::to_le_bytes, false), Encoding::Utf16),
            (utf16(u16::to_be_bytes, false), Encoding::Utf16),
            (windows, Encoding::Windows1252),
        ] {
            assert_eq!(decoded(bytes).unwrap(), Decoded { text: word.into(), encoding });
        }
        assert_eq!(text(vec![]).unwrap(), "");
        assert!(decoded(vec![1, 2, 0, 0, 7]).is_err());
        assert!(decoded(vec![0xff, 0xfe, 0x00, 0xd8]).is_err());
    }
}
