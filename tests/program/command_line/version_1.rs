//! Files of the first version of each format, written by the program of then, are still read.

use super::{json, succeed};
use crate::support;
use std::fs;
use std::path::Path;

/// How far numbers of another processor may lie.
const TOLERANCE: f64 = 5e-3;

/// A folder with the example's networks and pictures and the files of version 1.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for from in ["assets/example", "tests/program/command_line/version_1"] {
        for file in fs::read_dir(root.join(from)).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    folder
}

fn is_near(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs())
}

/// Asserts that two figures' records tell of the same maps.
fn assert_same_maps(found: &Path, expected: &Path) {
    let [found, expected] = [found, expected].map(json);
    let [maps, expected_maps] =
        [&found, &expected].map(|record| record["maps"].as_array().unwrap());
    assert_eq!(maps.len(), expected_maps.len());
    for (map, expected) in maps.iter().zip(expected_maps) {
        for exact in
            ["picture", "network", "method", "row", "class", "label", "shape", "parameters"]
        {
            assert_eq!(map[exact], expected[exact], "{exact}");
        }
        for number in ["minimum", "maximum", "mass", "probability"] {
            let [a, b] = [map, expected].map(|map| map[number].as_f64().unwrap());
            assert!(is_near(a, b), "{number}: {a}, it was {b}");
        }
    }
    for size in ["width", "height"] {
        assert_eq!(found["pixels"][size], expected["pixels"][size]);
    }
}

#[test]
fn a_session_makes_the_figure_that_it_made() {
    let folder = folder();
    let arguments = ["figure", "session.toml", "--out", "again", "--format", "json"];
    succeed(folder.path(), &arguments);
    let [again, before] = ["again.json", "figure.json"].map(|name| folder.path().join(name));
    assert_same_maps(&again, &before);
    assert_eq!(json(&again)["hyaline-figure"], 2);
}

#[test]
fn a_figure_is_replayed() {
    let folder = folder();
    let arguments = ["replay", "figure.json", "--data", ".", "--out", "again"];
    // On another processor the maps are not the same to the bit, which the exit code says.
    let output = support::program(folder.path(), &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}");
    let [again, before] = ["again.json", "figure.json"].map(|name| folder.path().join(name));
    assert_same_maps(&again, &before);
}

/// The columns of a table of values but `seconds`, by model, method, picture and metric.
fn values(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let row = |line: &str| line.split(',').take(11).map(String::from).collect();
    let mut rows: Vec<Vec<String>> = text.lines().map(row).collect();
    rows.sort();
    rows
}

#[test]
fn a_study_goes_on_and_reports_the_same() {
    let folder = folder();
    let results = folder.path().join("results");
    fs::create_dir(&results).unwrap();
    // One half of the cells is there.
    fs::rename(folder.path().join("study.sqlite"), results.join("study.sqlite")).unwrap();
    let output = succeed(folder.path(), &["study", "study.toml", "--out", "results"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("2 cells computed"), "{said}");
    let [found, expected] =
        [results.join("values.csv"), folder.path().join("values.csv")].map(|path| values(&path));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        for (a, b) in found.iter().zip(expected) {
            match (a.parse(), b.parse()) {
                (Ok(a), Ok(b)) => assert!(is_near(a, b), "{found:?}, it was {expected:?}"),
                _ => assert_eq!(a, b),
            }
        }
    }
}
