//! ARCHITECTURE.md says which folders of `src` may use which, and which files may use each other.

use super::imports::{Files, Names, used};

const ARCHITECTURE: &str = include_str!("../../../ARCHITECTURE.md");

/// The folders and files of `src`, the lowest first: those of the block of code marked `order`.
fn order() -> Vec<&'static str> {
    let block = ARCHITECTURE.split("```order\n").nth(1).expect("a block of the order");
    block
        .split("```")
        .next()
        .unwrap()
        .split([' ', '\n', ',', '→'])
        .filter(|n| !n.is_empty())
        .collect()
}

/// The rows of files that may use each other: those of the table under "Circles".
fn defended() -> Vec<Vec<String>> {
    let section = ARCHITECTURE.split("## Circles\n").nth(1).expect("a section of circles");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let names = |row: &str| row.split('`').skip(1).step_by(2).map(String::from).collect();
    rows.map(|row| names(row.split('|').nth(1).unwrap())).collect()
}

#[test]
fn folders_use_only_what_lies_below_them() {
    let order = order();
    let place = |name: &str| {
        let place = order.iter().position(|known| *known == name);
        place.unwrap_or_else(|| panic!("ARCHITECTURE.md has no place for {name}"))
    };
    let mut above = vec![];
    for (module, files) in used() {
        for file in files {
            let [by, of] = [&module, &file].map(|name| name.split("::").next().unwrap());
            if place(of) > place(by) {
                above.push(format!("{module} uses {file}"));
            }
        }
    }
    assert!(above.is_empty(), "against the order of ARCHITECTURE.md:\n{}", above.join("\n"));
    let used = used();
    let is_there = |name: &&&str| used.keys().any(|module| module.split("::").next() == Some(name));
    let gone: Vec<_> = order.iter().filter(|name| !is_there(name)).collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md orders what is not there: {gone:?}");
}

/// All that a file uses, directly or through others.
fn reached(from: &str, used: &Files<Names>) -> Names {
    let (mut found, mut next) = (Names::new(), vec![from.to_string()]);
    while let Some(file) = next.pop() {
        next.extend(used[&file].iter().filter(|file| found.insert((*file).clone())).cloned());
    }
    found
}

/// Sets of files of which each uses all others.
fn circles() -> Vec<Vec<String>> {
    let used = used();
    let reached: Files<_> = used.keys().map(|file| (file.clone(), reached(file, &used))).collect();
    let mut found: Vec<_> = reached
        .iter()
        .filter(|(file, of)| of.contains(*file))
        .map(|(file, of)| {
            of.iter().filter(|other| reached[*other].contains(file)).cloned().collect()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whether a row names a file, or with `::*` its folder.
fn names(row: &[String], file: &str) -> bool {
    let name = |name: &String| match name.strip_suffix("::*") {
        Some(folder) => {
            file.strip_prefix(folder).is_some_and(|f| f.is_empty() || f.starts_with("::"))
        }
        None => name == file,
    };
    row.iter().any(name)
}

#[test]
fn files_use_each_other_only_where_that_is_defended() {
    let (circles, defended) = (circles(), defended());
    for circle in &circles {
        let is_defended = defended.iter().any(|row| circle.iter().all(|file| names(row, file)));
        let files = circle.join(", ");
        assert!(is_defended, "a circle that ARCHITECTURE.md does not defend: {files}");
    }
    for row in &defended {
        let is_there = circles.iter().flatten().any(|file| names(row, file));
        assert!(is_there, "ARCHITECTURE.md defends a circle that is gone: {}", row.join(", "));
    }
}
