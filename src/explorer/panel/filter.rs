//! Finding entries of long lists.

use egui::{TextEdit, Ui, WidgetInfo};

/// Entries from which a list has a field to find some.
pub const MANY: usize = 8;

/// A field for parts of names, said by its hint.
pub fn filter_field(ui: &mut Ui, filter: &mut String, hint: &str) {
    let field = TextEdit::singleline(filter).hint_text(hint).desired_width(f32::INFINITY);
    let field = ui.add(field);
    field.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, hint));
}

/// Whether texts together have every word of a filter, whatever its capitals.
pub fn is_match(filter: &str, texts: &[&str]) -> bool {
    let text = texts.join(" ").to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// Heights of two lists above a third that takes what they leave: each has what it needs, or of the room as
/// much as the others.
pub fn share(room: f32, needs: [f32; 2]) -> [f32; 2] {
    let third = (room / 3.0).max(0.0);
    let spare = needs.map(|need| (third - need).max(0.0));
    [needs[0].min(third + spare[1]), needs[1].min(third + spare[0])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_in_any_text() {
        assert!(is_match("resnet ROBUST", &["ResNet-20 robust", "l2"]));
        assert!(is_match("20 l2", &["ResNet-20 robust", "l2"]));
        assert!(is_match("", &[]));
        assert!(!is_match("vanilla", &["ResNet-20 robust"]));
    }

    #[test]
    fn long_lists_leave_each_other_room() {
        assert_eq!(share(900.0, [2000.0, 80_000.0]), [300.0, 300.0]);
        assert_eq!(share(900.0, [100.0, 80_000.0]), [100.0, 500.0]);
        assert_eq!(share(900.0, [100.0, 50.0]), [100.0, 50.0]);
        assert_eq!(share(-5.0, [100.0, 50.0]), [0.0, 0.0]);
    }
}
