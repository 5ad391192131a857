//! `hyaline methods`: what there is to compute.

use super::terminal::print;
use crate::attribution::{Family, METHODS, Method, PRESETS, Preset, method, preset};
use crate::error::{Error, Result};
use crate::parameter::Parameter;
use crate::score::{Better, Description, SCORES, score};
use crate::text::unknown;
use clap::Args;
use std::fmt::Write;
use std::process::ExitCode;

/// List the methods.
#[derive(Debug, Args)]
#[command(after_help = "Set a parameter with --set ID.PARAM=VALUE, such as --set rise.masks=500.
A preset is several methods with the settings of a paper: --preset ID.

Examples:
  hyaline methods
  hyaline methods occlusion")]
pub struct Methods {
    /// One method or preset alone
    #[arg(value_name = "ID")]
    id: Option<String>,
}

impl Methods {
    pub fn run(&self) -> Result<ExitCode> {
        let text = self.id.as_deref().map_or_else(|| Ok(describe_all()), describe_one)?;
        print(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A method or preset by its id.
fn describe_one(id: &str) -> Result<String> {
    if let Ok(preset) = preset(id) {
        return Ok(describe_preset(preset));
    }
    method(id).map(describe).map_err(|_| {
        let methods = METHODS.iter().map(|method| method.description().id);
        let known: Vec<_> = methods.chain(PRESETS.iter().map(|preset| preset.id)).collect();
        Error::new(format!("unknown method `{id}`"), unknown(id, &known))
            .hint("`hyaline methods` lists all")
    })
}

fn describe_all() -> String {
    let mut text = String::new();
    for family in Family::ALL {
        let _ = writeln!(text, "{}\n", family.name().to_uppercase());
        for method in METHODS.iter().filter(|m| m.description().family == family) {
            let _ = writeln!(text, "{}", describe(*method));
        }
    }
    let _ = writeln!(text, "PRESETS\n");
    for preset in PRESETS {
        let _ = writeln!(text, "{}", describe_preset(preset));
    }
    text
}

fn describe_preset(preset: &Preset) -> String {
    let mut text = format!("{}  {}\n    {}\n", preset.id, preset.name, preset.source);
    for (id, settings) in preset.methods {
        let settings: Vec<_> = settings.iter().map(|(id, value)| format!("{id} {value}")).collect();
        let _ = writeln!(text, "      {id} {}", settings.join(", "));
    }
    text
}

fn describe(method: &dyn Method) -> String {
    let description = method.description();
    let mut text = String::new();
    let _ = writeln!(text, "{}  {}", description.id, description.name);
    let _ = writeln!(text, "    {}", description.formula);
    let _ = writeln!(text, "    {}", description.paper);
    let crate::attribution::Description { shape, unit, passes, .. } = description;
    let _ = writeln!(text, "    gives {shape}, in units of: {unit}; costs {passes}");
    text + &describe_parameters(description.parameters)
}

/// Prints one score of a map, or every one.
pub(super) fn print_scores(id: Option<&str>) -> Result<ExitCode> {
    let texts: Vec<_> = match id {
        Some(id) => vec![describe_score(score(id)?)],
        None => SCORES.iter().map(|score| describe_score(score)).collect(),
    };
    print(&texts.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn describe_score(score: &Description) -> String {
    let better = match score.better {
        Better::Higher => "; higher is better",
        Better::Lower => "; lower is better",
        Better::Neither => "",
    };
    let mut text = format!("{}  {}\n    {}\n", score.id, score.name, score.formula);
    let _ = writeln!(text, "    {}", score.paper);
    let _ = writeln!(text, "    {}{better}; costs {}", score.range, score.passes);
    text + &describe_parameters(score.parameters)
}

fn describe_parameters(parameters: &[Parameter]) -> String {
    let mut text = String::new();
    for parameter in parameters {
        let unit =
            if parameter.unit.is_empty() { String::new() } else { format!(" {}", parameter.unit) };
        let _ = writeln!(
            text,
            "      {} = {}{unit}  [{}]\n        {} (default: {})",
            parameter.id,
            parameter.default_value(),
            parameter.range(),
            parameter.help,
            parameter.source
        );
    }
    text
}
