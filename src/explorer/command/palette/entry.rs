//! What the palette finds: commands, methods, settings, networks, pictures and classes.

use super::fit::{fit, looseness};
use super::setting::Setting;
use crate::explorer::command::{Command, Obstacle};
use crate::explorer::context::{Action, Context};
use crate::explorer::panel::class_chooser::classes_found;
use crate::explorer::state::document::Document;
use hyaline::engine::ClassChoice;

/// Something to find, and what choosing it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    Command(Command),
    /// Shows a method, or hides it where it is shown.
    Method(&'static str),
    Setting(Setting),
    /// Shows a network's details.
    Network(u64),
    /// Explains a picture, by its place.
    Picture(usize),
    /// A network and its class.
    Class(u64, usize),
}

/// A line of the palette.
#[derive(Debug)]
pub struct Entry {
    pub found: Found,
    pub name: String,
    /// Why it can't be done now.
    pub obstacle: Obstacle,
}

/// Classes that are listed at most; more letters find others.
const CLASSES: usize = 50;
/// Letters apart count as this and more beside words that fit.
const LOOSE: usize = 10;

/// What a text finds, the best first, and what can be done before what can't.
pub fn entries(
    text: &str,
    document: &Document,
    obstacle: impl Fn(Command) -> Obstacle,
) -> Vec<Entry> {
    let mut found: Vec<(usize, Entry)> = vec![];
    let mut add = |fit: Option<usize>, of: Found, name: String, obstacle: Obstacle| {
        found.extend(fit.map(|fit| (fit, Entry { found: of, name, obstacle })));
    };
    for command in Command::ALL.iter().filter(|command| **command != Command::Palette) {
        let (name, words) = (command.name(), command.row().words);
        let loose = || looseness(text, name).map(|far| LOOSE + far);
        let fit = fit(text, name, words).or_else(loose);
        add(fit, Found::Command(*command), name.into(), obstacle(*command));
    }
    if !text.trim().is_empty() {
        for (of, name, words) in things(document) {
            add(fit(text, &name, words), of, name, None);
        }
        for class in classes_found(document, text).into_iter().take(CLASSES) {
            let fit = fit(text, class.network.value.labels.name(class.class), "");
            let of = Found::Class(class.network.id, class.class);
            add(fit.or(Some(LOOSE)), of, class.name(), None);
        }
    }
    found.sort_by_key(|(fit, entry)| (*fit, entry.obstacle.is_some()));
    found.into_iter().map(|(_, entry)| entry).collect()
}

/// What is open and how it is shown, with words to find it by.
fn things(document: &Document) -> Vec<(Found, String, &'static str)> {
    let methods = document.methods.iter().map(|choice| {
        let description = choice.method.description();
        (Found::Method(description.id), description.name.to_string(), method_words(description.id))
    });
    let settings = Setting::all()
        .into_iter()
        .map(|setting| (Found::Setting(setting), setting.name(), setting.words()));
    let networks = document
        .models
        .iter()
        .map(|open| (Found::Network(open.id), open.value.name.clone(), "network model"));
    let pictures = document
        .pictures
        .iter()
        .enumerate()
        .map(|(index, open)| (Found::Picture(index), open.value.name.clone(), "picture image"));
    methods.chain(settings).chain(networks).chain(pictures).collect()
}

/// What people call a method beside its name.
fn method_words(id: &str) -> &'static str {
    match id {
        "gradient" => "saliency sensitivity vanilla backpropagation",
        "grad-cam" => "class activation cam heatmap attention",
        "integrated-gradients" => "ig path",
        "occlusion" => "sliding window patch",
        "lime" => "superpixels surrogate",
        _ => "",
    }
}

impl Entry {
    /// What kind of thing it is, as its line says.
    pub fn kind(&self, document: &Document) -> &'static str {
        match self.found {
            Found::Command(_) => "",
            Found::Method(id) => {
                let is_shown = document.shown_methods().any(|c| c.method.description().id == id);
                if is_shown { "method, shown" } else { "method" }
            }
            Found::Setting(_) => "setting",
            Found::Network(_) => "network",
            Found::Picture(_) => "picture",
            Found::Class(..) => "class",
        }
    }

    /// Does what it names.
    pub fn run(&self, cx: &mut Context) {
        match self.found {
            Found::Command(command) => cx.run(command),
            Found::Method(id) => {
                let is_it =
                    |c: &&mut hyaline::engine::MethodChoice| c.method.description().id == id;
                if let Some(choice) = cx.document.methods.iter_mut().find(is_it) {
                    choice.shown ^= true;
                }
            }
            Found::Setting(setting) => setting.apply(cx.document),
            Found::Network(id) => cx.act(Action::ToggleNetwork(id)),
            Found::Picture(index) => cx.document.selected = index,
            Found::Class(id, class) => {
                let network = cx.document.models.iter().find(|open| open.id == id);
                let named = network.map(|open| open.value.named_class(class));
                cx.document.class = named.map_or(ClassChoice::Top1, ClassChoice::Named);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<String> {
        let found = entries(text, &Document::default(), |_| None);
        found.into_iter().next().map(|entry| entry.name)
    }

    /// Words that people type, and what they mean by them.
    const EVERYDAY: &[(&str, &str)] = &[
        ("pair", "Pair networks / Unpair"),
        ("compare", "Pair networks / Unpair"),
        ("unpair", "Pair networks / Unpair"),
        ("join", "Pair networks / Unpair"),
        ("difference", "Blink or difference"),
        ("blink", "Blink or difference"),
        ("zoom", "Zoom in"),
        ("zoom in", "Zoom in"),
        ("zoom out", "Zoom out"),
        ("magnify", "Zoom in"),
        ("save", "Save session"),
        ("save as", "Save session as…"),
        ("export", "Figure for a paper"),
        ("figure", "Figure for a paper"),
        ("pdf", "Figure for a paper"),
        ("png", "Figure for a paper"),
        ("print", "Figure for a paper"),
        ("paper", "Figure for a paper"),
        ("screenshot", "Figure for a paper"),
        ("heatmap", "Show as heatmap"),
        ("contours", "Show as contours"),
        ("mask", "Show as masked picture"),
        ("opacity", "Opacity: 25 %"),
        ("transparency", "Opacity: 25 %"),
        ("threshold", "Threshold: 0 %"),
        ("color", "Range and colour"),
        ("colour", "Range and colour"),
        ("colormap", "Range and colour"),
        ("viridis", "Colours: viridis"),
        ("histogram", "Range and colour"),
        ("normalize", "Range and colour"),
        ("grey", "Grey picture on or off"),
        ("smooth", "Smooth maps on or off"),
        ("boxes", "Boxes on or off"),
        ("dark", "Toggle theme"),
        ("light", "Toggle theme"),
        ("theme", "Toggle theme"),
        ("font", "Larger text and controls"),
        ("bigger", "Larger cells"),
        ("larger", "Larger cells"),
        ("smaller", "Smaller cells"),
        ("fit", "Fit picture"),
        ("undo", "Undo"),
        ("redo", "Redo"),
        ("cancel", "Cancel work"),
        ("stop", "Cancel work"),
        ("resume", "Pause or resume work"),
        ("pause", "Pause or resume work"),
        ("retry", "Run cancelled work again"),
        ("open", "Open networks…"),
        ("load", "Open networks…"),
        ("folder", "Open pictures…"),
        ("image", "Open pictures…"),
        ("model", "Open networks…"),
        ("onnx", "Open networks…"),
        ("demo", "Open the example"),
        ("example", "Open the example"),
        ("help", "Keys and mouse"),
        ("shortcuts", "Keys and mouse"),
        ("exit", "Quit"),
        ("next", "Next picture"),
        ("previous", "Previous picture"),
        ("transpose", "Transpose, or all pictures"),
        ("curves", "Curves"),
        ("deletion", "Curves"),
        ("train", "Train by a recipe…"),
        ("study", "Study"),
        ("log", "Messages"),
        ("bug", "Report a problem"),
        ("tutorial", "Tour"),
        ("sidebar", "Library"),
        ("queue", "Jobs"),
        ("saliency", "Gradient"),
        ("gradcam", "Grad-CAM"),
        ("shap", "Expected Gradients (SHAP)"),
        ("lime", "LIME"),
        ("terminal", "Copy as command line"),
    ];

    #[test]
    fn everyday_words_find_what_they_mean() {
        let wrong: Vec<_> = EVERYDAY
            .iter()
            .map(|(text, meant)| (*text, *meant, first(text)))
            .filter(|(_, meant, found)| found.as_deref() != Some(*meant))
            .collect();
        assert!(wrong.is_empty(), "(typed, meant, found first): {wrong:#?}");
    }

    #[test]
    fn a_few_letters_find_a_command_and_nonsense_nothing() {
        assert_eq!(first("op pic").as_deref(), Some("Open pictures…"));
        assert_eq!(first("LARGER").as_deref(), Some("Larger cells"));
        assert_eq!(first("xyzzy"), None);
    }

    #[test]
    fn what_cannot_be_done_is_found_with_its_reason_and_after_what_can() {
        let why = |command| (command == Command::Redo).then_some("Nothing was undone");
        let found = entries("", &Document::default(), why);
        let last = found.last().unwrap();
        assert_eq!(
            (last.found, last.obstacle),
            (Found::Command(Command::Redo), why(Command::Redo))
        );
        assert_eq!(found.len(), Command::ALL.len() - 1, "settings and the like wait for a word");
    }

    #[test]
    fn settings_do_what_they_say() {
        let mut document = Document::default();
        for setting in Setting::all() {
            setting.apply(&mut document);
        }
        assert!(document.shown_methods().next().is_none(), "the last one hides all methods");
        assert_eq!(document.appearance.threshold, 0.5);
    }
}
