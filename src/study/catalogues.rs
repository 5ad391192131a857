//! The methods and scores that a study may name, with their parameters as TOML.

use super::definition::{Catalogue, Choice};
use super::plan::Metric;
use crate::attribution::{self, Method};
use crate::error::{Error, Result};
use crate::file::sha256;
use crate::parameter::{Parameter, Value, Values};
use crate::score::{self, Better, Measure, OverPictures};
use std::path::Path;

/// Every method and preset.
pub struct Methods<'a> {
    /// Where the paths of baselines begin.
    pub folder: &'a Path,
    /// What identifies all pictures, for methods that use the others.
    pub pictures: String,
}

/// Every score of one map.
pub struct Scores;

impl Catalogue for Methods<'_> {
    fn expand(&self, name: &str) -> Result<Vec<Choice>> {
        if attribution::PRESETS.iter().any(|preset| preset.id == name) {
            let choices = attribution::preset(name)?.choices();
            return Ok(choices
                .into_iter()
                .map(|(method, values)| chosen(method, &values))
                .collect());
        }
        attribution::method(name).map(|_| vec![Choice::new(name)])
    }

    fn complete(&self, choice: Choice) -> Result<Choice> {
        let method = attribution::method(&choice.id)?;
        let choice = self.with_paths(choice);
        let values = values_of(&choice, method.description().parameters)?;
        let files = values.iter().filter_map(|(_, value)| match value {
            Value::Baseline(name) if Path::new(name).is_file() => Some(name),
            _ => None,
        });
        let mut content = String::new();
        for file in files {
            let bytes = std::fs::read(file)
                .map_err(|e| Error::new(format!("cannot read baseline {file}"), e))?;
            content += &sha256(&bytes);
        }
        if values.uses_background() {
            content += &self.pictures;
        }
        Ok(Choice { content, ..chosen(method, &values) })
    }
}

impl Methods<'_> {
    /// Texts that name files beside the study, as paths.
    fn with_paths(&self, mut choice: Choice) -> Choice {
        for (_, value) in &mut choice.parameters {
            let file = value.as_str().map(|text| self.folder.join(text));
            if let Some(file) = file.filter(|file| file.is_file()) {
                *value = file.to_string_lossy().into_owned().into();
            }
        }
        choice
    }
}

impl Catalogue for Scores {
    fn expand(&self, name: &str) -> Result<Vec<Choice>> {
        score::score(name).map(|_| vec![Choice::new(name)])
    }

    fn complete(&self, choice: Choice) -> Result<Choice> {
        let description = score::score(&choice.id)?;
        if matches!(description.measure, Measure::TwoMaps(_)) {
            let why = format!("{} compares two maps, a study scores one", description.id);
            return Err(Error::new("cannot use the score", why));
        }
        let values = values_of(&choice, description.parameters)?;
        let parameters = table(&values);
        Ok(Choice { label: description.name.into(), parameters, ..choice })
    }
}

fn chosen(method: &dyn Method, values: &Values) -> Choice {
    let description = method.description();
    Choice {
        label: description.name.into(),
        parameters: table(values),
        ..Choice::new(description.id)
    }
}

/// A choice's values: those it sets, and defaults.
///
/// # Errors
/// When a parameter is unknown or its value is not allowed.
pub fn values_of(choice: &Choice, parameters: &[Parameter]) -> Result<Values> {
    let mut values = Values::defaults(parameters);
    for (id, value) in &choice.parameters {
        values.set(parameters, id, &text(value))?;
    }
    Ok(values)
}

fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn table(values: &Values) -> toml::Table {
    let value = |value: &Value| match value {
        Value::Integer(value) => (*value).into(),
        Value::Real(value) => (*value).into(),
        Value::Reals(values) => values.clone().into(),
        other => other.to_string().into(),
    };
    values.iter().map(|(id, one)| (id.to_string(), value(one))).collect()
}

/// The numbers that a score gives of a map.
pub fn metrics_of(choice: &Choice) -> Result<Vec<Metric>> {
    let description = score::score(&choice.id)?;
    match description.measure {
        Measure::Curves => {}
        Measure::Randomisation => return Ok(randomisation_metrics()),
        _ => {
            return Ok(vec![Metric {
                over_pictures: description.over_pictures,
                ..metric(description.id, description.name, description.better)
            }]);
        }
    }
    let raw = |id: &str, label: &str, better| Metric {
        follows_confidence: true,
        normalised: Some(format!("{id}-normalised")),
        ..metric(id, label, better)
    };
    let over = |id: &str, label: &str, better| Metric {
        follows_confidence: true,
        ..metric(id, label, better)
    };
    Ok(vec![
        raw("insertion", "Insertion", Better::Higher),
        raw("deletion", "Deletion", Better::Lower),
        metric("insertion-normalised", "Insertion, normalised", Better::Higher),
        metric("deletion-normalised", "Deletion, normalised", Better::Higher),
        over("insertion-over-maximum", "Insertion / maximum", Better::Higher),
        over("deletion-over-maximum", "Deletion / maximum", Better::Lower),
    ])
}

/// For every measure of similarity, its mean over the steps and its value after the last.
fn randomisation_metrics() -> Vec<Metric> {
    let of = |(measure, _): &score::Similarity| {
        let [mean, last] = randomisation_ids(measure);
        let labels = [format!("Randomised: {measure}"), format!("All randomised: {measure}")];
        [metric(&mean, &labels[0], Better::Lower), metric(&last, &labels[1], Better::Lower)]
    };
    score::ADEBAYO.iter().flat_map(of).collect()
}

/// Identifiers of the mean of a measure over randomised layers, and of its last value.
pub fn randomisation_ids(measure: &str) -> [String; 2] {
    [format!("randomisation-{measure}"), format!("randomisation-{measure}-last")]
}

fn metric(id: &str, label: &str, better: Better) -> Metric {
    Metric {
        id: id.into(),
        label: label.into(),
        better,
        follows_confidence: false,
        normalised: None,
        over_pictures: OverPictures::Mean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Definition;

    #[test]
    fn the_studies_that_come_along_name_what_there_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/studies");
        let mut read = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let definition = Definition::read(&entry.unwrap().path()).unwrap();
            let catalogue = Methods { folder: &folder, pictures: String::new() };
            let methods = definition.methods(&catalogue).unwrap();
            let scores = definition.scores(&Scores).unwrap();
            definition.check_parameters(&methods, &scores).unwrap();
            assert!(scores.iter().all(|score| !metrics_of(score).unwrap().is_empty()));
            read += 1;
        }
        assert_eq!(read, 2);
    }

    #[test]
    fn parameters_come_back_as_they_were_set() {
        let mut choice = Choice::new("wsl-iou");
        choice.parameters.insert("thresholds".into(), vec![0.2, 0.4].into());
        let choice = Scores.complete(choice).unwrap();
        let values = values_of(&choice, score::score("wsl-iou").unwrap().parameters).unwrap();
        assert_eq!(values.reals("thresholds"), [0.2, 0.4]);
        let catalogue = Methods { folder: Path::new(""), pictures: "all".into() };
        let mut choice = Choice::new("expected-gradients");
        choice.parameters.insert("baseline".into(), "others".into());
        assert_eq!(catalogue.complete(choice).unwrap().content, "all");
    }
}
