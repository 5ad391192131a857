//! Numbers in words, and words for LaTeX.

use std::fmt::Write as _;

/// A time for people: `8 s`, `2 min 05 s`, `3 h 20 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0 if seconds < 0.1 => "under 0.1 s".into(),
        0..3 => format!("{seconds:.1} s"),
        3..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// A count with its noun: `1 pass`, `2 passes`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Of known names, those that an unknown one may be meant for, the nearest first; three at most, and
/// one that is the same but for capitals and hyphens alone.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    /// Less alike names are other names.
    const ALIKE: f64 = 0.8;
    let unknown = unknown.to_lowercase().replace(['_', ' '], "-");
    let likeness = |name: &str| {
        let part = unknown.len() > 2 && (name.contains(&unknown) || unknown.contains(name));
        strsim::jaro_winkler(&unknown, name).max(if part { ALIKE } else { 0.0 })
    };
    let mut found: Vec<_> = known.into_iter().map(|name| (likeness(name), name)).collect();
    let is_same = found.iter().any(|(likeness, _)| *likeness == 1.0);
    found.retain(|(likeness, _)| *likeness >= if is_same { 1.0 } else { ALIKE });
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(3).map(|(_, name)| name).collect()
}

/// What is wrong with a name that is none of the known ones: what it may be meant for, or all there are.
pub fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()).as_slice() {
        [] => format!("known are {}", known.join(", ")),
        near => format!("the nearest is {}", near.join(" or ")),
    }
}

/// What differs in names: without the words that all begin with, and those that all end with. A name that has
/// none but these stays whole, and so do all.
pub fn differing(names: &[&str]) -> Vec<String> {
    let words: Vec<Vec<&str>> =
        names.iter().map(|name| name.split_whitespace().collect()).collect();
    let whole = || names.iter().map(ToString::to_string).collect();
    let Some(first) = words.first().filter(|_| words.len() > 1) else { return whole() };
    let begin = |count: usize| words.iter().all(|name| name.get(..count) == first.get(..count));
    let before = (1..=first.len()).take_while(|count| begin(*count)).count();
    let end = |name: &[&str], place: usize| name.iter().rev().nth(place).map(ToString::to_string);
    let is_shared = |place: usize| words.iter().all(|name| end(name, place) == end(first, place));
    let after = (0..first.len()).take_while(|place| is_shared(*place)).count();
    match words.iter().all(|name| name.len() > before + after) {
        true => words.iter().map(|name| name[before..name.len() - after].join(" ")).collect(),
        false => whole(),
    }
}

/// Three significant digits.
pub fn number(value: f32) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".into(),
        0.01..1.0 => format!("{value:.3}"),
        1.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        100.0..1000.0 => format!("{value:.0}"),
        _ => format!("{value:.2e}"),
    }
}

/// Text that LaTeX sets as text, in one line. A bracket or star in front is kept
/// from being read as an argument of the `\\` before it.
pub fn latex(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in crate::error::one_line(text).chars() {
        match character {
            '\\' => plain.push_str("\\textbackslash{}"),
            '~' => plain.push_str("\\textasciitilde{}"),
            '^' => plain.push_str("\\textasciicircum{}"),
            '<' => plain.push_str("\\textless{}"),
            '>' => plain.push_str("\\textgreater{}"),
            '|' => plain.push_str("\\textbar{}"),
            '"' => plain.push_str("\\symbol{34}"),
            '±' => plain.push_str("$\\pm$"),
            '×' => plain.push_str("$\\times$"),
            '→' => plain.push_str("$\\rightarrow$"),
            '↑' => plain.push_str("$\\uparrow$"),
            '↓' => plain.push_str("$\\downarrow$"),
            '−' => plain.push_str("$-$"),
            'ρ' => plain.push_str("$\\rho$"),
            'ε' => plain.push_str("$\\epsilon$"),
            'β' => plain.push_str("$\\beta$"),
            'σ' => plain.push_str("$\\sigma$"),
            '·' => plain.push_str("$\\cdot$"),
            '…' => plain.push_str("\\ldots{}"),
            '–' => plain.push_str("--"),
            '{' | '}' | '$' | '&' | '#' | '_' | '%' => {
                plain.push('\\');
                plain.push(character);
            }
            '[' | '*' if plain.is_empty() => {
                let _ = write!(plain, "{{{character}}}");
            }
            '`' => plain.push_str("{`}"),
            _ => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_names_only_what_differs_is_left() {
        assert_eq!(differing(&["ResNet-20 vanilla", "ResNet-20 robust"]), ["vanilla", "robust"]);
        assert_eq!(differing(&["a l2 net", "a linf net"]), ["l2", "linf"]);
        assert_eq!(differing(&["net", "net robust"]), ["net", "net robust"]);
        assert_eq!(differing(&["same name", "same name"]), ["same name", "same name"]);
        assert_eq!(differing(&["alone by itself"]), ["alone by itself"]);
    }

    #[test]
    fn times_are_short_and_plain() {
        let told = [0.01, 0.3, 2.0, 59.4, 125.0, 12_000.0].map(duration);
        assert_eq!(told, ["under 0.1 s", "0.3 s", "2.0 s", "59 s", "2 min 05 s", "3 h 20 min"]);
    }
}
