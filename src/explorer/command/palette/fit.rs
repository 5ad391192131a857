//! How well a text fits the name of something, or the words that people call it by.

/// How well a text fits: less is better, and none where it does not. The text's words may come in any
/// order, and may be begun only.
pub fn fit(text: &str, name: &str, words: &str) -> Option<usize> {
    let (text, name) = (text.trim().to_lowercase(), name.to_lowercase());
    let asked = split(&text);
    let begins = |of: &[&str], word: &str| of.iter().any(|one| one.starts_with(word));
    let (own, others) = (split(&name), split(words));
    let is_of = |words: &[&str]| asked.iter().all(|word| begins(words, word));
    let both: Vec<&str> = own.iter().chain(&others).copied().collect();
    let whole = |words: &[&str]| asked.iter().all(|word| words.contains(word));
    match () {
        () if text.is_empty() => Some(0),
        () if name == text => Some(0),
        () if asked.is_empty() => name.contains(&text).then_some(5),
        () if whole(&own) => Some(1),
        () if joined(&name) == joined(&text) => Some(1),
        () if is_of(&own) => Some(2),
        () if whole(&both) => Some(3),
        () if is_of(&both) => Some(4),
        () if name.contains(&text) || joined(&name).contains(&joined(&text)) => Some(5),
        () => None,
    }
}

/// How far the letters of `text` lie apart in a name that has them in their order, beginning at the best
/// place; none where it has not.
pub fn looseness(text: &str, name: &str) -> Option<usize> {
    let wanted: Vec<char> = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let Some(first) = wanted.first() else { return Some(0) };
    let from = |start: usize| {
        let mut at = start;
        for letter in &wanted[1..] {
            at += 1 + name[at + 1..].iter().position(|c| c == letter)?;
        }
        let is_inside = start > 0 && name[start - 1] != ' ';
        Some(at - start + if is_inside { INSIDE } else { 0 })
    };
    let starts = (0..name.len()).filter(|at| name[*at] == *first);
    starts.filter_map(from).min()
}

/// What letters from the middle of a word count more than those from its beginning.
const INSIDE: usize = 4;

fn split(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// Without spaces and signs: `gradcam` is Grad-CAM.
fn joined(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_before_words_and_whole_words_before_begun_ones() {
        let of = |text| fit(text, "Save session as…", "store keep project");
        let rising = ["save session as…", "save", "sa", "keep save", "sto", "ession"].map(of);
        assert!(rising.is_sorted() && rising[0] == Some(0) && rising[5] == Some(5), "{rising:?}");
        assert_eq!(of("open"), None);
        assert_eq!(fit("gradcam", "Grad-CAM", ""), Some(1));
        assert_eq!(fit("gradcam", "Guided Grad-CAM", ""), Some(5));
        assert_eq!(fit("", "anything", ""), Some(0));
    }

    #[test]
    fn letters_in_their_order_fit_loosely() {
        assert!(looseness("otd", "Open the directory") < looseness("otd", "Note the word"));
        assert_eq!(looseness("xyz", "Open"), None);
    }
}
