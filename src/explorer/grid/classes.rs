//! Which class a network's maps are of, said where others' are of another; a click makes all explain it.

use crate::explorer::context::Context;
use egui::{Button, Label, RichText, Ui};
use hyaline::engine::{ClassChoice, ExplainedClass, OpenModel, OpenPicture, Standing};
use hyaline::model::NamedClass;

/// What a network's header says of its class: why it is not the chosen one, and a way to give all
/// networks this one where maps of different classes stand side by side.
pub fn class_notes(ui: &mut Ui, cx: &mut Context, picture: &OpenPicture, model: &OpenModel) {
    let Some(explained) = cx.lookup().explained(model, picture) else { return };
    if let Some(note) = standing_note(&cx.document.class, explained.standing) {
        let text = RichText::new(&note).small().color(ui.visuals().warn_fg_color);
        ui.add(Label::new(text).truncate()).on_hover_text(note);
    }
    let models = cx.document.of_shown().models;
    let all = cx.lookup().all_explained(&models, picture);
    if cx.view.alone.is_none()
        && ExplainedClass::differ(&all)
        && can_be_shared(&models, &all, &explained)
    {
        let text = format!("≠ Explain {} on all", explained.class.name);
        let about = "Maps of different classes stand side by side. A click makes every network that has \
                     this class explain it";
        share_button(ui, cx, &text, about, explained.class);
    }
}

/// Says below a pair that its maps are of different classes; a click makes both explain one.
pub fn pair_notes(ui: &mut Ui, cx: &mut Context, pair: &[OpenModel; 2], picture: &OpenPicture) {
    let explained = cx.lookup().all_explained(pair, picture);
    let [Some(first), Some(second)] = &explained[..] else { return };
    if first.is_same(second) {
        return;
    }
    let text = format!("≠ {} | {}", first.class.name, second.class.name);
    let shared = [first, second].into_iter().find(|of| can_be_shared(pair, &explained, of));
    if let Some(class) = shared.map(|of| of.class.clone()) {
        let about = format!(
            "The two maps are of different classes, so that neither their difference nor their \
             likeness is of the networks alone. A click makes both explain {}",
            class.name
        );
        return share_button(ui, cx, &text, &about, class);
    }
    let text = RichText::new(text).small().color(ui.visuals().warn_fg_color);
    let about = "The two maps are of different classes, and no network has the other's";
    ui.add(Label::new(text).truncate()).on_hover_text(about);
}

/// A small button that makes all networks explain a class.
fn share_button(ui: &mut Ui, cx: &mut Context, text: &str, about: &str, class: NamedClass) {
    let text = RichText::new(text).small().color(ui.visuals().warn_fg_color);
    if ui.add(Button::new(text).truncate()).on_hover_text(about).clicked() {
        cx.document.class = ClassChoice::Named(class);
    }
}

/// Whether a network that explains another class has this one too.
fn can_be_shared(
    models: &[OpenModel],
    all: &[Option<ExplainedClass>],
    explained: &ExplainedClass,
) -> bool {
    let other = |of: &Option<ExplainedClass>| of.as_ref().is_some_and(|of| !of.is_same(explained));
    let others = models.iter().zip(all).filter(|(_, of)| other(of));
    others.into_iter().any(|(model, _)| model.value.follow(&explained.class).is_some())
}

/// Why a network explains the class that it does, where that is not what was chosen.
fn standing_note(choice: &ClassChoice, standing: Standing) -> Option<String> {
    let ClassChoice::Named(class) = choice else { return None };
    match standing {
        Standing::Missing => Some(format!("has no class {}: its own top class", class.name)),
        Standing::ByIndex => Some(format!("class {} by its number: no names", class.index)),
        Standing::Top1 | Standing::Chosen => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_without_the_chosen_class_says_so() {
        let class = NamedClass { index: 3, classes: 10, name: "cat".into(), wnid: None };
        let choice = ClassChoice::Named(class);
        let note = |standing| standing_note(&choice, standing);
        assert_eq!(note(Standing::Missing).unwrap(), "has no class cat: its own top class");
        assert_eq!(note(Standing::ByIndex).unwrap(), "class 3 by its number: no names");
        assert_eq!(note(Standing::Chosen), None);
        assert_eq!(standing_note(&ClassChoice::Top1, Standing::Top1), None);
    }
}
