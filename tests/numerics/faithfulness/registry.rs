//! The registry of scores.

use super::*;

#[test]
fn the_registry_can_be_trusted() {
    for (index, score) in SCORES.iter().enumerate() {
        assert!(SCORES[..index].iter().all(|other| other.id != score.id), "{}", score.id);
        let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(score.id.chars().all(is_kebab), "{}", score.id);
        for text in [score.id, score.name, score.range, score.paper, score.formula, score.passes] {
            assert!(!text.is_empty(), "{}", score.id);
        }
        for parameter in score.parameters {
            let default = parameter.default_value();
            assert_eq!(parameter.parse(&default.to_string()), Some(default), "{}", parameter.id);
            assert!(!parameter.source.is_empty() && !parameter.help.is_empty());
        }
        assert_eq!(score::score(score.id).unwrap().id, score.id);
    }
    assert!(score::score("goodness").unwrap_err().to_string().contains("infidelity"));
}
