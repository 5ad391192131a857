//! Distances between pixels, as recipes write them.

use serde::{Deserialize, Serialize};

/// A distance in [0,1] pixels, 0 or more: a number, or a fraction such as "8/255".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "f64")]
pub struct PixelDistance(f64);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number in [0,1] pixels, or a fraction such as \"8/255\"")]
enum Written {
    Number(f64),
    Fraction(String),
}

impl TryFrom<Written> for PixelDistance {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let value = match &written {
            Written::Number(value) => Some(*value),
            Written::Fraction(text) => text.split_once('/').and_then(|(above, below)| {
                let number = |text: &str| text.trim().parse::<f64>().ok();
                Some(number(above)? / number(below)?)
            }),
        };
        value
            .filter(|value| value.is_finite() && *value >= 0.0)
            .map(PixelDistance)
            .ok_or_else(|| "expected a number, or a fraction such as \"8/255\"".into())
    }
}

impl From<PixelDistance> for f64 {
    fn from(distance: PixelDistance) -> f64 {
        distance.0
    }
}

impl PixelDistance {
    pub const fn new(value: f64) -> Self {
        Self(value)
    }

    pub const fn of_255(value: f64) -> Self {
        Self(value / 255.0)
    }

    pub const fn exact(self) -> f64 {
        self.0
    }

    pub const fn value(self) -> f32 {
        self.0 as f32
    }
}
