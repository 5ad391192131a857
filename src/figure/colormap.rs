//! Colour maps, as tables of 256 colours.
//!
//! viridis, magma, inferno and cividis are matplotlib's (CC0); blue-red and orange-purple are
//! ColorBrewer's RdBu (reversed) and PuOr (Apache-2.0) at matplotlib's 256 levels.

use crate::attribution::Sign;
use std::sync::LazyLock;

/// Colours of a map.
pub const LEVELS: usize = 256;

/// A colour map. Diverging ones have their neutral colour in the middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColorMap {
    Viridis,
    Magma,
    Inferno,
    Cividis,
    Grey,
    BlueRed,
    OrangePurple,
}

type Table = [[u8; 3]; LEVELS];

static TABLES: LazyLock<Vec<(&str, Table)>> =
    LazyLock::new(|| include_str!("../../assets/colormaps.txt").lines().map(read).collect());

impl ColorMap {
    pub const ALL: [ColorMap; 7] = [
        ColorMap::Viridis,
        ColorMap::Magma,
        ColorMap::Inferno,
        ColorMap::Cividis,
        ColorMap::Grey,
        ColorMap::BlueRed,
        ColorMap::OrangePurple,
    ];

    pub fn name(self) -> &'static str {
        TABLES[self as usize].0
    }

    pub fn is_diverging(self) -> bool {
        matches!(self, ColorMap::BlueRed | ColorMap::OrangePurple)
    }

    /// The usual map for a kind of values.
    pub fn for_sign(sign: Sign) -> Self {
        match sign {
            Sign::Signed => ColorMap::BlueRed,
            Sign::Positive | Sign::Absolute | Sign::Full => ColorMap::Inferno,
        }
    }

    /// All colours, sRGB, from the lowest value to the highest.
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize].1
    }

    /// The colour at a place in [0,1]: the nearest of the 256.
    pub fn color(self, at: f32) -> [u8; 3] {
        let level = (at.clamp(0.0, 1.0) * (LEVELS - 1) as f32 + 0.5) as usize;
        self.table()[level]
    }
}

fn read(line: &'static str) -> (&'static str, Table) {
    let mut words = line.split(' ');
    let name = words.next().expect("a colour map has a name");
    let channel = |word: &str, i: usize| {
        u8::from_str_radix(&word[2 * i..2 * i + 2], 16).expect("hexadecimal")
    };
    let colors: Vec<[u8; 3]> = words.map(|word| [0, 1, 2].map(|i| channel(word, i))).collect();
    (name, colors.try_into().expect("256 colours"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_the_order_of_the_maps() {
        let names = ColorMap::ALL.map(ColorMap::name);
        assert_eq!(
            names,
            ["viridis", "magma", "inferno", "cividis", "grey", "blue-red", "orange-purple"]
        );
        assert_eq!(ColorMap::Viridis.color(0.0), [0x44, 0x01, 0x54]);
        assert_eq!(ColorMap::Viridis.color(1.0), [0xfd, 0xe7, 0x25]);
        assert_eq!(ColorMap::Grey.color(0.2), [51, 51, 51]);
    }

    #[test]
    fn diverging_maps_are_pale_in_the_middle_and_sequential_ones_brighten() {
        for map in ColorMap::ALL {
            let luma = |at: f32| map.color(at).iter().map(|c| u32::from(*c)).sum::<u32>();
            if map.is_diverging() {
                assert!(luma(0.5) > 700 && luma(0.0) < 400 && luma(1.0) < 400, "{}", map.name());
            } else {
                assert!(luma(1.0) > luma(0.5) && luma(0.5) > luma(0.0), "{}", map.name());
            }
        }
    }
}
