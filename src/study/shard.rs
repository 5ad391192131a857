//! A part of a study's cells, for one of several machines.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Part `number` of `of`, counted from 1. Which cells belong follows from their keys alone, so it
/// is the same on every machine and whatever the order of models, pictures and methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    of: u64,
}

impl Shard {
    /// The one part that holds everything.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Whether a cell belongs, by its key (SHA-256 in hexadecimal).
    pub fn contains(self, key: &str) -> bool {
        let start = key.get(..16).and_then(|start| u64::from_str_radix(start, 16).ok());
        start.unwrap_or(0) % self.of == self.number - 1
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(Error::new(
                format!("cannot use shard `{text}`"),
                "it is K/N: part K of N, from 1/N to N/N",
            )
            .hint("such as 1/2 on one machine and 2/2 on another")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::sha256;

    #[test]
    fn every_key_is_in_exactly_one_part() {
        let parts: Vec<Shard> =
            ["1/3", "2/3", "3/3"].iter().map(|text| text.parse().unwrap()).collect();
        let mut sizes = [0; 3];
        for index in 0..3000u32 {
            let key = sha256(&index.to_le_bytes());
            let within: Vec<usize> = (0..3).filter(|part| parts[*part].contains(&key)).collect();
            assert_eq!(within.len(), 1);
            assert!(Shard::WHOLE.contains(&key));
            sizes[within[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (900..1100).contains(size)), "{sizes:?}");
    }

    #[test]
    fn what_is_no_part_is_refused_in_one_line() {
        for text in ["", "1", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/99999999999999999999"]
        {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("K/N"), "{error}");
        }
        assert_eq!("2/3".parse::<Shard>().unwrap().to_string(), "2/3");
    }
}
