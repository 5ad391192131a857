//! YOLO's text: a line an object, in shares of the picture's sides.

use super::format::{bytes, text};
use super::{Annotations, BoundingBox, Frame, Region, Shape};
use std::path::Path;
use yaml_rust2::{Yaml, YamlLoader};

/// Files that name the classes, one a line.
const LISTS: [&str; 2] = ["classes.txt", "obj.names"];
/// Files that name the classes under `names`.
const DESCRIPTIONS: [&str; 4] = ["data.yaml", "data.yml", "dataset.yaml", "dataset.yml"];
const MAX_CLASSES: usize = 100_000;

/// Reads the objects of one picture: class, centre x, centre y, width, height, and perhaps a
/// confidence, which is left unread.
pub(super) fn read(
    name: &str,
    text: &str,
    names: &[String],
    found: &mut Annotations,
) -> Result<(), String> {
    found.picture(name, Frame::Unit)?;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("{name}, line {}", index + 1);
        let mut region = region(line).map_err(|why| format!("{place}: {why}"))?;
        region.label = region.class.and_then(|class| names.get(class)).cloned();
        found.add(name, Frame::Unit, region, &place)?;
    }
    Ok(())
}

fn region(line: &str) -> Result<Region, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if !matches!(words.len(), 5 | 6) {
        return Err(format!("{} numbers instead of class, x, y, width, height", words.len()));
    }
    let class = words[0].parse();
    let class = class.map_err(|_| format!("`{}` is no number of a class", words[0]))?;
    let mut shares = [0.0; 4];
    for (share, word) in shares.iter_mut().zip(&words[1..]) {
        *share = word.parse().map_err(|_| format!("`{word}` is not a number"))?;
    }
    let [x, y, width, height] = shares;
    if !shares.iter().all(|share| (-0.5..=1.5).contains(share)) || width < 0.0 || height < 0.0 {
        return Err(format!("{shares:?} are no shares of a picture's sides, 0 to 1"));
    }
    let edges = [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0];
    let region = Region::new(Shape::Box(BoundingBox::new(edges)?));
    Ok(Region { class: Some(class), ..region })
}

/// Names of the classes from a file beside a picture's, or one folder up; none where there is none.
pub(super) fn names_beside(file: &Path) -> Result<Vec<String>, String> {
    for folder in file.ancestors().skip(1).take(2) {
        let present = |name: &&str| folder.join(name).is_file();
        if let Some(name) = LISTS.into_iter().find(present) {
            let lines = text(bytes(&folder.join(name))?)?;
            return Ok(lines.lines().map(|line| line.trim().to_string()).collect());
        }
        if let Some(name) = DESCRIPTIONS.into_iter().find(present) {
            let described = text(bytes(&folder.join(name))?)?;
            return described_names(&described).map_err(|why| format!("{name}: {why}"));
        }
    }
    Ok(vec![])
}

/// The `names` of a data set's description: a list, or a table from numbers to names.
fn described_names(text: &str) -> Result<Vec<String>, String> {
    let documents = YamlLoader::load_from_str(text).map_err(|e| format!("broken YAML: {e}"))?;
    let name = |value: &Yaml| match value {
        Yaml::Integer(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_string(),
    };
    match documents.first().map(|document| &document["names"]) {
        Some(Yaml::Array(names)) => Ok(names.iter().map(name).collect()),
        Some(Yaml::Hash(table)) => {
            let mut names = vec![];
            for (class, value) in table {
                let class = class.as_i64().and_then(|class| usize::try_from(class).ok());
                let class = class.filter(|class| *class < MAX_CLASSES).ok_or("odd `names`")?;
                names.resize(names.len().max(class + 1), String::new());
                names[class] = name(value);
            }
            Ok(names)
        }
        _ => Ok(vec![]),
    }
}

/// Whether a text file names classes instead of describing a picture.
pub(super) fn is_list_of_names(file: &Path) -> bool {
    LISTS.iter().any(|name| file.file_name().is_some_and(|file| file == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_lists_and_tables() {
        let expected = ["cat", "dog"];
        for text in [
            "names: [cat, dog]",
            "nc: 2\nnames:\n  - cat\n  - 'dog'\n",
            "names:\n  0: cat\n  1: dog",
        ] {
            assert_eq!(described_names(text).unwrap(), expected);
        }
        assert!(described_names("path: x").unwrap().is_empty());
        assert!(described_names("").unwrap().is_empty());
        assert!(described_names("names: {99999999999: cat}").is_err());
        assert!(described_names("names: [").is_err());
    }

    #[test]
    fn lines_are_boxes_or_clear_errors() {
        let found = region("3 0.5 0.5 0.25 0.5 0.9").unwrap();
        assert_eq!(found.class, Some(3));
        let Shape::Box(bounds) = found.shape else { panic!("a box") };
        assert_eq!(bounds, BoundingBox { x1: 0.375, y1: 0.25, x2: 0.625, y2: 0.75 });
        for (line, words) in [
            ("3 0.5 0.5", "3 numbers instead"),
            ("cat 0.5 0.5 0.2 0.2", "`cat` is no number"),
            ("0 0.5 x 0.2 0.2", "`x` is not a number"),
            ("0 320 240 100 50", "no shares"),
            ("0 0.5 0.5 -0.1 0.2", "no shares"),
            ("0 nan 0.5 0.1 0.2", "no shares"),
        ] {
            let why = region(line).unwrap_err();
            assert!(why.contains(words), "{line}: {why}");
        }
    }
}
