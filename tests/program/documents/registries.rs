//! `assets/methods.md` and `assets/scores.md` are what the registries say.

use hyaline::attribution::{self, Family, METHODS, PRESETS, Preset, Ranking};
use hyaline::parameter::Parameter;
use hyaline::score::{self, Better, Measure, OverPictures, SCORES};
use std::path::Path;

/// Compares a document with what it should be, or writes it anew where that is asked for.
fn hold(name: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if written != now && std::env::var_os("HYALINE_WRITE").is_some() {
        return std::fs::write(path, now).unwrap();
    }
    assert!(written == now, "HYALINE_WRITE=1 writes {} anew", path.display());
}

/// Text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*").replace('<', "&lt;")
}

fn parameters(parameters: &[Parameter]) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    let row = |parameter: &Parameter| {
        let (default, range) = (parameter.default_value().to_string(), parameter.range());
        let texts = [&default, parameter.unit, &range, parameter.help, parameter.source];
        format!("| `{}` | {} |\n", parameter.id, texts.map(cell).join(" | "))
    };
    let rows: String = parameters.iter().map(row).collect();
    format!(
        "\n| parameter | default | unit | range | what it is | source of the default |\n\
         |---|---|---|---|---|---|\n{rows}"
    )
}

/// The head of a section: name, identifier, formula, source.
fn head([name, id, formula, paper]: [&str; 4]) -> String {
    format!("\n### {name} (`{id}`)\n\n```\n{formula}\n```\n\n{}.\n\n", cell(paper))
}

fn method(description: &attribution::Description) -> String {
    let attribution::Description { id, name, formula, paper, .. } = *description;
    let ranking = match description.ranking {
        Ranking::Magnitude => "absolute values",
        Ranking::Signed => "values",
    };
    format!(
        "{}- Map: {}; unit: {}.\n- Shown: {}. Pixels are ranked by {ranking}, summed over channels.\n- Passes: {}.\n{}",
        head([name, id, formula, paper]),
        description.shape,
        description.unit,
        description.sign.name(),
        description.passes,
        parameters(description.parameters)
    )
}

fn family(family: Family) -> String {
    let of_family = METHODS.iter().map(|method| method.description());
    let sections = of_family.filter(|description| description.family == family).map(method);
    format!("\n## {}\n{}", family.name(), sections.collect::<String>())
}

fn preset(preset: &Preset) -> String {
    let row = |(id, settings): &(&str, &[(&str, &str)])| {
        let settings: Vec<_> = settings.iter().map(|(id, value)| format!("{id} {value}")).collect();
        format!("| `{id}` | {} |\n", settings.join(", "))
    };
    let rows: String = preset.methods.iter().map(row).collect();
    let Preset { id, name, source, .. } = preset;
    format!("\n### {name} (`{id}`)\n\n{source}.\n\n| method | settings |\n|---|---|\n{rows}")
}

#[test]
fn the_list_of_methods_is_the_registry() {
    let families: String = Family::ALL.into_iter().map(family).collect();
    let presets: String = PRESETS.iter().map(preset).collect();
    hold(
        "methods.md",
        &format!(
            "# Methods\n\n`hyaline methods ID` prints one of these. Parameters are set by \
             `--set ID.PARAMETER=VALUE`, presets chosen by `--preset ID`.\n{families}\n## Presets\n{presets}"
        ),
    );
}

/// Which section a score belongs to.
fn section(measure: Measure) -> &'static str {
    match measure {
        Measure::Curves => "Curves",
        Measure::Scores(_) => "Faithfulness: the class's score of changed pictures",
        Measure::Explanations(_) => "Stability: maps of changed pictures",
        Measure::Randomisation => "Sanity: maps of networks with random weights",
        Measure::Regions(_) => "Localisation: where a map lies",
        Measure::Map(_) => "The map alone",
        Measure::TwoMaps(_) => "Similarity of two maps",
    }
}

fn score(description: &score::Description) -> String {
    let score::Description { id, name, formula, paper, .. } = *description;
    let better = match description.better {
        Better::Higher => "; higher is better",
        Better::Lower => "; lower is better",
        Better::Neither => "",
    };
    let over_pictures = match description.over_pictures {
        OverPictures::Mean => "mean",
        OverPictures::MeanOfClasses => "mean over classes of each class's mean",
        OverPictures::BestThreshold(_) => "share of pictures at the best threshold",
    };
    format!(
        "{}- Values: {}{better}.\n- Over pictures: {over_pictures}.\n- Passes: {}.\n{}",
        head([name, id, formula, paper]),
        description.range,
        description.passes,
        parameters(description.parameters)
    )
}

#[test]
fn the_list_of_scores_is_the_registry() {
    let mut text = "# Scores\n\n`hyaline study scores ID` prints one of these.\n".to_string();
    let mut last = "";
    for description in SCORES {
        let title = section(description.measure);
        if title != last {
            text.extend(["\n## ", title, "\n"]);
            last = title;
        }
        text += &score(description);
    }
    hold("scores.md", &text);
}
