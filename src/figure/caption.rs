//! A figure's caption, with every setting in words.

use super::contents::FigureContents;
use crate::attribution::{Method, is_used};
use crate::display::{Appearance, Arrangement, Norm, PairEnds, Style};
use crate::engine::{ClassChoice, Standing};
use crate::parameter::Values;
use crate::score::{Protocol, Substrate};
use crate::session::{Comparison, CurvesShown, FigureOptions};
use crate::text::count;

/// What a caption says of areas of several networks.
const CONFIDENCE: &str = "Both areas follow a network's confidence: Insertion favours confident networks, Deletion less confident networks.";

/// The caption of a figure.
pub fn caption(
    contents: &FigureContents,
    appearance: &Appearance,
    options: &FigureOptions,
) -> String {
    let sentences = [
        subject(contents, appearance, options),
        classes(contents, appearance, options),
        methods(contents),
        scales(contents, appearance, options),
        style(appearance, options),
        comparison(contents, appearance, options),
        curves(contents, options),
        provenance(contents),
    ];
    sentences.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn subject(contents: &FigureContents, appearance: &Appearance, options: &FigureOptions) -> String {
    let name = |own: &str| options.name(own).to_string();
    let networks: Vec<_> = contents.networks.iter().map(|network| name(&network.name)).collect();
    let methods: Vec<_> =
        contents.methods.iter().map(|(method, _)| name(method.description().name)).collect();
    let picture = match options.all_pictures {
        true => {
            let names: Vec<_> =
                contents.pictures.iter().map(|picture| name(&picture.name)).collect();
            Some(listed(&names))
        }
        false => contents.pictures.get(contents.selected).map(|picture| name(&picture.name)),
    };
    let pictures = count(contents.pictures.len(), "picture", "pictures");
    let [networks, picture] = [listed(&networks), picture.unwrap_or_default()];
    if options.curves == CurvesShown::MeanAlone {
        let methods = listed(&methods);
        return match contents.pictures.len() {
            1 => format!("Insertion and Deletion of {networks} by {methods}, of {picture}."),
            _ => format!(
                "Insertion and Deletion of {networks} by {methods}, means over {pictures} with bands of a standard error."
            ),
        };
    }
    match appearance.arrangement {
        Arrangement::MethodsByNetworks => {
            format!(
                "Attributions of {networks} (columns) by {} (rows) for {picture}.",
                listed(&methods)
            )
        }
        Arrangement::NetworksByMethods => {
            format!(
                "Attributions of {networks} (rows) by {} (columns) for {picture}.",
                listed(&methods)
            )
        }
        Arrangement::PicturesByNetworks => {
            let method = methods.first().cloned().unwrap_or_default();
            format!("Attributions of {networks} (columns) by {method} for {pictures} (rows).")
        }
    }
}

fn classes(contents: &FigureContents, appearance: &Appearance, options: &FigureOptions) -> String {
    let chosen = chosen(contents);
    let is_of_one = appearance.arrangement != Arrangement::PicturesByNetworks
        && !options.all_pictures
        && options.curves != CurvesShown::MeanAlone;
    let views = contents.views.get(contents.selected).filter(|_| is_of_one);
    let said = |(index, view): (usize, &Option<super::View>)| {
        let (view, name) = (view.as_ref()?, options.name(&contents.networks[index].name));
        Some(format!("{name} {} {:.3}", view.class.label, view.class.score()))
    };
    let said: Vec<String> =
        views.map_or(vec![], |row| row.iter().enumerate().filter_map(said).collect());
    let said = if said.is_empty() { String::new() } else { format!(": {}", said.join("; ")) };
    let differ = match contents.classes_differ() {
        true => " Maps of different classes stand side by side.",
        false => "",
    };
    format!("{chosen}{said}.{differ}")
}

/// Which class was chosen, and what networks without it explain.
fn chosen(contents: &FigureContents) -> String {
    let views = || contents.views.iter().flatten().flatten();
    match &contents.class {
        ClassChoice::Top1 => "Explained is the most probable class of each network".to_string(),
        ClassChoice::Index(class) => {
            let label = views().find(|view| view.class.class == *class);
            let label = label.map_or(String::new(), |view| format!("{}, ", view.class.label));
            format!("Explained is class {class} ({label}chosen)")
        }
        ClassChoice::Named(class) => {
            let stands = |standing| views().any(|view| view.explained.standing == standing);
            let by_index = match stands(Standing::ByIndex) {
                true => ", by its index where networks have no names",
                false => "",
            };
            let missing = match stands(Standing::Missing) {
                true => ", and the most probable class of networks that do not have it",
                false => "",
            };
            format!(
                "Explained is class {} ({}, chosen{by_index}){missing}",
                class.index, class.name
            )
        }
    }
}

/// Every parameter; the layers that were looked at, where all networks have the same.
fn methods(contents: &FigureContents) -> String {
    let said = |(index, (method, values)): (usize, &(&'static dyn Method, Values))| {
        let maps = contents.maps.iter().filter(|(at, _)| at.method == index);
        let mut used = maps.map(|(_, shown)| &shown.attribution.values);
        // Methods without maps are not in the figure.
        let first = used.next()?;
        let values = if used.all(|other| other == first) { first } else { values };
        settings(*method, values)
    };
    let said: Vec<String> = contents.methods.iter().enumerate().filter_map(said).collect();
    if said.is_empty() { String::new() } else { format!("Settings: {}.", said.join("; ")) }
}

fn settings(method: &dyn Method, values: &Values) -> Option<String> {
    let values = &values.without_paths();
    let description = method.description();
    let said: Vec<String> = description
        .parameters
        .iter()
        .filter(|parameter| is_used(values, parameter.id))
        .map(|parameter| {
            let value = values.get(parameter.id);
            let unit = if parameter.unit.is_empty() {
                String::new()
            } else {
                format!(" {}", parameter.unit)
            };
            // A unit that only repeats the name says nothing.
            let unit = if unit.trim() == parameter.id { String::new() } else { unit };
            format!("{} {value}{unit}", parameter.id.replace('-', " "))
        })
        .collect();
    (!said.is_empty()).then(|| format!("{} ({})", description.name, said.join(", ")))
}

fn scales(contents: &FigureContents, appearance: &Appearance, options: &FigureOptions) -> String {
    if options.curves == CurvesShown::MeanAlone {
        return String::new();
    }
    if appearance.arrangement == Arrangement::PicturesByNetworks {
        let id = contents.methods.first().map(|(method, _)| method.description().id);
        return format!("{}.", appearance.norms.get(id).words_of_pictures());
    }
    let norms: Vec<(&str, Norm)> = contents
        .methods
        .iter()
        .map(|(method, _)| method.description())
        .map(|of| (of.name, appearance.norms.get(Some(of.id))))
        .collect();
    let Some((_, first)) = norms.first() else { return String::new() };
    if norms.iter().all(|(_, norm)| norm == first) {
        return format!("{}.", first.words());
    }
    let said = norms.iter().map(|(name, norm)| format!("{name}: {}.", norm.words()));
    said.collect::<Vec<_>>().join(" ")
}

fn style(appearance: &Appearance, options: &FigureOptions) -> String {
    if options.curves == CurvesShown::MeanAlone {
        return String::new();
    }
    let Appearance { style, opacity, threshold, top, fade, smooth, grey, .. } = *appearance;
    let mut said = vec![match style {
        Style::Heatmap => format!("Maps lie over the picture with opacity {opacity}"),
        Style::Mask => format!("Weak places are darkened with opacity {opacity}"),
        Style::Contours => {
            format!("Lines at 25, 50 and 75 % of the scale with opacity {opacity}")
        }
    }];
    if fade && style != Style::Contours {
        said.push("less where values are small".into());
    }
    if threshold > 0.0 {
        said.push(format!("places below {:.0} % of the scale left out", 100.0 * threshold));
    }
    if top < 100.0 {
        said.push(format!("only the strongest {top} % of places shown"));
    }
    said.push(if smooth { "enlarged bilinearly" } else { "pixels shown as they are" }.into());
    if grey {
        said.push("the picture in grey".into());
    }
    if let Some(map) = appearance.colour_map {
        said.push(format!("colours {}", map.name()));
    }
    format!("{}.", said.join(", "))
}

fn comparison(
    contents: &FigureContents,
    appearance: &Appearance,
    options: &FigureOptions,
) -> String {
    let is_shown = options.curves != CurvesShown::MeanAlone;
    let Some([a, b]) = contents.pair.filter(|_| is_shown) else { return String::new() };
    let [a, b] = [a, b].map(|index| options.name(&contents.networks[index].name));
    let (scales, of) = match appearance.pair_ends {
        PairEnds::Shared => ("share a scale", "on that scale"),
        PairEnds::Own => ("are each scaled alone", "each divided by the end of its own scale"),
    };
    let scales = format!("The maps of {a} and {b} {scales}.");
    match options.comparison {
        Comparison::None => scales,
        Comparison::Difference => format!(
            "{scales} Difference: the map of {b} less that of {a}, {of}; orange where {a} is higher, purple where {b} is."
        ),
        Comparison::Wipe => format!("{scales} {a} left of the line, {b} right of it."),
    }
}

fn curves(contents: &FigureContents, options: &FigureOptions) -> String {
    let of = contents.maps.values().filter_map(|shown| shown.curves.as_ref());
    let protocols: Vec<&Protocol> = of.map(|curves| &curves.protocol).collect();
    let is_said = options.curves != CurvesShown::None || options.scores;
    let Some(first) = protocols.first().filter(|_| is_said) else { return String::new() };
    let mut steps: Vec<usize> = protocols.iter().map(|protocol| protocol.step).collect();
    steps.sort_unstable();
    steps.dedup();
    let steps: Vec<String> = steps.iter().map(usize::to_string).collect();
    let mut text = format!(
        "Insertion (Ins) and Deletion (Del): {} as the most important pixels come back into {} or turn to {}, {} pixels a step.",
        contents.scored_in_words(),
        words(first.insertion),
        words(first.deletion),
        steps.join(" or "),
    );
    if contents.networks.len() > 1 {
        text = format!("{text} {CONFIDENCE}");
    }
    text
}

fn words(substrate: Substrate) -> &'static str {
    match substrate {
        Substrate::Mean => "the mean colour",
        Substrate::Black => "black",
        Substrate::PictureMean => "the picture's mean colour",
        Substrate::Blur => "a blurred picture",
        Substrate::Uniform => "noise",
        Substrate::Linear { .. } => "the mean of their neighbours",
    }
}

fn provenance(contents: &FigureContents) -> String {
    format!(
        "Made with Hyaline {} in float32 on {}, seed {}.",
        env!("CARGO_PKG_VERSION"),
        contents.device,
        contents.seed
    )
}
