//! Methods with settings that papers and their code share, under one name.

use super::{Method, Values, method};
use crate::error::{Error, Result};

/// Several methods, each with the values of a paper.
#[derive(Debug)]
pub struct Preset {
    pub id: &'static str,
    pub name: &'static str,
    /// Where the choice comes from.
    pub source: &'static str,
    /// Methods with the parameters that differ from their defaults.
    pub methods: &'static [(&'static str, &'static [(&'static str, &'static str)])],
}

/// Every preset, in the order people meet them.
pub static PRESETS: &[Preset] = &[Preset {
    id: "controls",
    name: "Controls",
    source: "maps that know nothing of the network: what a method must beat",
    methods: &[
        ("random-map", &[]),
        ("centred-gaussian", &[]),
        ("sobel", &[]),
        ("input-intensity", &[]),
    ],
}];

impl Preset {
    /// The methods with all their values.
    pub fn choices(&self) -> Vec<(&'static dyn Method, Values)> {
        let choice = |(id, settings): &(&'static str, &[(&str, &str)])| {
            let method = method(id).expect("presets name methods of the registry");
            let parameters = method.description().parameters;
            let mut values = Values::defaults(parameters);
            for (parameter, value) in *settings {
                values.set(parameters, parameter, value).expect("presets set what is allowed");
            }
            (method, values)
        };
        self.methods.iter().map(choice).collect()
    }
}

/// The preset with an identifier.
///
/// # Errors
/// When there is none; the message lists all.
pub fn preset(id: &str) -> Result<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id).ok_or_else(|| {
        let ids: Vec<_> = PRESETS.iter().map(|preset| preset.id).collect();
        Error::new(format!("unknown preset `{id}`"), format!("known are {}", ids.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_name_methods_and_values_that_exist() {
        for (index, preset) in PRESETS.iter().enumerate() {
            assert!(PRESETS[..index].iter().all(|other| other.id != preset.id), "{}", preset.id);
            assert_eq!(preset.choices().len(), preset.methods.len());
        }
    }
}
