//! Colour maps, as tables of 256 colours.
//!
//! viridis, magma, inferno and cividis are matplotlib's (CC0); turbo is Google's (Apache-2.0); RdBu_r
//! and PuOr are ColorBrewer's (Apache-2.0) at matplotlib's 256 levels. RdWhGn and coldnhot run straight
//! between the colours that Captum and zennit name.

use crate::attribution::Sign;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// Colours of a map.
pub const LEVELS: usize = 256;

/// A colour map. Diverging ones have their neutral colour in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&str")]
pub enum ColourMap {
    Viridis,
    Magma,
    Inferno,
    Cividis,
    Grey,
    Turbo,
    BlueRed,
    OrangePurple,
    RedGreen,
    ColdHot,
}

type Table = [[u8; 3]; LEVELS];

static TABLES: LazyLock<Vec<(&str, Table)>> =
    LazyLock::new(|| include_str!("../../assets/colormaps.txt").lines().map(read).collect());

impl ColourMap {
    pub const ALL: [ColourMap; 10] = [
        ColourMap::Viridis,
        ColourMap::Magma,
        ColourMap::Inferno,
        ColourMap::Cividis,
        ColourMap::Grey,
        ColourMap::Turbo,
        ColourMap::BlueRed,
        ColourMap::OrangePurple,
        ColourMap::RedGreen,
        ColourMap::ColdHot,
    ];

    pub fn name(self) -> &'static str {
        TABLES[self as usize].0
    }

    pub fn is_diverging(self) -> bool {
        use ColourMap::{BlueRed, ColdHot, OrangePurple, RedGreen};
        matches!(self, BlueRed | OrangePurple | RedGreen | ColdHot)
    }

    /// What a reader should know before choosing it.
    pub fn caution(self) -> Option<&'static str> {
        match self {
            ColourMap::Turbo => {
                Some("its brightness rises and falls, so that values seem to have edges")
            }
            ColourMap::RedGreen => Some("red and green look alike to one man in twelve"),
            _ => None,
        }
    }

    /// The usual map for a kind of values.
    pub fn for_sign(sign: Sign) -> Self {
        match sign {
            Sign::Signed => ColourMap::BlueRed,
            Sign::Positive | Sign::Absolute | Sign::Full => ColourMap::Inferno,
        }
    }

    /// All colours, sRGB, from the lowest value to the highest.
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize].1
    }

    /// The colour at a place in [0,1]: the nearest of the 256.
    pub fn colour(self, at: f32) -> [u8; 3] {
        let level = (at.clamp(0.0, 1.0) * (LEVELS - 1) as f32 + 0.5) as usize;
        self.table()[level]
    }
}

impl From<ColourMap> for &'static str {
    fn from(map: ColourMap) -> Self {
        map.name()
    }
}

impl TryFrom<String> for ColourMap {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|map| map.name() == name);
        found.ok_or_else(|| {
            format!(
                "no colour map is called {name}; there are {}",
                Self::ALL.map(Self::name).join(", ")
            )
        })
    }
}

fn read(line: &'static str) -> (&'static str, Table) {
    let mut words = line.split(' ');
    let name = words.next().expect("a colour map has a name");
    let channel = |word: &str, i: usize| {
        u8::from_str_radix(&word[2 * i..2 * i + 2], 16).expect("hexadecimal")
    };
    let colours: Vec<[u8; 3]> = words.map(|word| [0, 1, 2].map(|i| channel(word, i))).collect();
    (name, colours.try_into().expect("256 colours"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_the_order_of_the_maps() {
        let names = ColourMap::ALL.map(ColourMap::name).join(" ");
        assert_eq!(names, "viridis magma inferno cividis grey turbo RdBu_r PuOr RdWhGn coldnhot");
        assert_eq!(ColourMap::BlueRed.colour(0.0), [0x05, 0x30, 0x61], "negative is blue");
        assert_eq!(ColourMap::OrangePurple.colour(0.0), [0x7f, 0x3b, 0x08], "negative is orange");
        assert_eq!(ColourMap::Viridis.colour(0.0), [0x44, 0x01, 0x54]);
        assert_eq!(ColourMap::Viridis.colour(1.0), [0xfd, 0xe7, 0x25]);
        assert_eq!(ColourMap::Grey.colour(0.2), [51, 51, 51]);
    }

    #[test]
    fn diverging_maps_are_neutral_in_the_middle_and_sequential_ones_brighten() {
        for map in ColourMap::ALL {
            let luma = |at: f32| map.colour(at).iter().map(|c| u32::from(*c)).sum::<u32>();
            if map == ColourMap::ColdHot {
                assert!(
                    luma(0.5) < 10 && luma(0.0) > 400 && luma(1.0) > 400,
                    "black in the middle"
                );
            } else if map.is_diverging() {
                assert!(luma(0.5) > 700 && luma(0.0) < 400 && luma(1.0) < 400, "{}", map.name());
            } else if map.caution().is_none() {
                assert!(luma(1.0) > luma(0.5) && luma(0.5) > luma(0.0), "{}", map.name());
            }
        }
    }
}
