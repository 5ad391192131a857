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

    /// What eyes without one kind of cone see of a colour: the matrices of Machado, Oliveira and Fernandes
    /// (2009) at their severest, for linear red, green and blue.
    const COLOUR_BLIND: [(&str, [[f32; 3]; 3]); 3] = [
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    fn seen(colour: [u8; 3], by: &[[f32; 3]; 3]) -> [f32; 3] {
        let linear = colour.map(|value| (f32::from(value) / 255.0).powf(2.2));
        by.map(|row| {
            let value: f32 = row.iter().zip(linear).map(|(weight, value)| weight * value).sum();
            255.0 * value.clamp(0.0, 1.0).powf(1.0 / 2.2)
        })
    }

    /// Signed maps are read by their two colours, so these must differ for everybody, or the map says that
    /// they don't.
    #[test]
    fn both_signs_differ_for_the_colour_blind() {
        for map in ColourMap::ALL.into_iter().filter(|map| map.is_diverging()) {
            for (name, eyes) in &COLOUR_BLIND {
                let [low, high] = [0.15, 0.85].map(|at| seen(map.colour(at), eyes));
                let apart: f32 = low.iter().zip(high).map(|(a, b)| (a - b).powi(2)).sum();
                let is_told = apart.sqrt() > 60.0 || map.caution().is_some();
                assert!(is_told, "{} with {name}: {low:?} and {high:?}", map.name());
            }
        }
        let (_, eyes) = &COLOUR_BLIND[1];
        let [red, green] = [[200, 60, 0], [90, 115, 0]].map(|colour| seen(colour, eyes));
        let apart: f32 = red.iter().zip(green).map(|(a, b)| (a - b).powi(2)).sum();
        assert!(apart.sqrt() < 60.0, "red and green look alike: {red:?} and {green:?}");
    }
}
