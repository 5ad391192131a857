//! What leaves the window by the clipboard: a panel as it is shown, and the command that computes what
//! is shown.

use crate::explorer::context::Context;
use crate::explorer::grid::cell::{Cell, CellStyle, overlay_of};
use crate::explorer::state::document::Document;
use egui::ColorImage;
use hyaline::attribution::Target;
use hyaline::display::{Scaler, blend};
use hyaline::engine::{MethodChoice, OpenModel};
use hyaline::figure::enlarged;
use image::DynamicImage;

/// Side of a panel's picture, pixels at least.
pub const SIDE: u32 = 256;

/// The map of a cell over its picture, as it is shown now.
pub fn panel_image(cx: &mut Context, cell: &Cell, style: &CellStyle) -> Option<ColorImage> {
    let (map, seen) = (cell.map()?.clone(), cell.seen.as_ref()?);
    let picture = DynamicImage::from((**seen.image()).clone()).into_rgb8();
    let scale = style.scale.unwrap_or_else(|| cx.frame.reduced.scale(&[&map], style.norm));
    let overlay = overlay_of(cx, &map, style, scale);
    let values = cx.frame.reduced.reduced(&map, style.norm);
    let shown = blend(&enlarged(&picture, SIDE, overlay.smooth), &values, &overlay);
    let size = [shown.width() as usize, shown.height() as usize];
    Some(ColorImage::from_rgb(size, &shown))
}

impl Document {
    /// The commands that compute the maps that are shown, of the picture that is explained, a line each
    /// for networks that explain classes of different indices; none where there is nothing to compute.
    pub fn command_line(&self) -> Option<String> {
        let target = |open: &OpenModel| self.class.on(&open.value).0;
        let mut groups: Vec<(Target, Vec<&OpenModel>)> = vec![];
        for open in self.shown_models() {
            match groups.iter_mut().find(|(of, _)| *of == target(open)) {
                Some((_, models)) => models.push(open),
                None => groups.push((target(open), vec![open])),
            }
        }
        let lines = groups.iter().map(|(target, models)| self.command_of(models, *target));
        lines.collect::<Option<Vec<_>>>().map(|lines| lines.join("\n")).filter(|c| !c.is_empty())
    }

    /// The command for some networks and the class that they explain.
    fn command_of(&self, models: &[&OpenModel], target: Target) -> Option<String> {
        let picture = self.picture()?;
        let methods: Vec<_> = self.shown_methods().collect();
        if methods.is_empty() {
            return None;
        }
        let ids = methods.iter().map(|choice| choice.method.description().id.to_string());
        let paths = models.iter().map(|open| quoted(&open.value.path.to_string_lossy()));
        let mut words = vec!["hyaline explain --model".to_string()];
        words.extend(paths);
        words.extend(["--image".into(), quoted(&picture.value.path.to_string_lossy())]);
        words.push("--method".into());
        words.extend(ids);
        let settings: Vec<String> = methods.iter().flat_map(|choice| settings(choice)).collect();
        if !settings.is_empty() {
            words.push("--set".into());
            words.extend(settings);
        }
        if let Target::Class(class) = target {
            words.push(format!("--target {class}"));
        }
        words.push(format!("--seed {} --out maps", self.seed));
        Some(words.join(" "))
    }
}

/// The parameters of a method that are not at their defaults.
fn settings(choice: &MethodChoice) -> Vec<String> {
    let description = choice.method.description();
    let changed = description.parameters.iter().filter_map(|parameter| {
        let value = choice.values.get(parameter.id);
        let is_default = *value == parameter.default_value();
        let setting = || format!("{}.{}={value}", description.id, parameter.id);
        (!is_default).then(|| quoted(&setting()))
    });
    changed.collect()
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-=,+:@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyaline::parameter::Value;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_them() {
        assert_eq!(quoted("/a/b-c_1.png"), "/a/b-c_1.png");
        assert_eq!(quoted("it's a $cat"), r"'it'\''s a $cat'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn only_changed_parameters_are_set() {
        let mut document = Document::default();
        let rise =
            document.methods.iter_mut().find(|c| c.method.description().id == "rise").unwrap();
        assert_eq!(settings(rise), Vec::<String>::new());
        rise.values.insert("masks", Value::Integer(20));
        assert_eq!(settings(rise), ["rise.masks=20"]);
        assert_eq!(document.command_line(), None, "nothing is open");
    }
}
