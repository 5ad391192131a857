//! Annotations as programs write them: what is read covers what other libraries say it covers.

use super::fixture;
use hyaline::picture::Placement;
use hyaline::picture::annotation::Annotations;
use serde_json::Value;
use std::fs;

const SIZE: [usize; 2] = [48, 64];
/// Pixels at the outline that other rules of rounding count otherwise.
const TOLERANCE: f64 = 0.012;

#[test]
fn every_dialect_covers_what_it_should() {
    let folder = fixture("dialects");
    let expected = fs::read(folder.join("expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_slice(&expected).unwrap();
    assert!(expected.len() > 50);
    for (file, expected) in &expected {
        let found = Annotations::open(&folder.join(file)).unwrap();
        let annotation = found.of("cat").unwrap_or_else(|| panic!("{file}: no cat"));
        let regions = annotation.on_input(&Placement::exact(SIZE)).unwrap();
        let (share, right) = (regions.share(), expected["share"].as_f64().unwrap());
        assert!((share - right).abs() < TOLERANCE, "{file}: {share} for {right}");
        let said = found.warnings().join("\n");
        let says = expected["says"].as_array().unwrap();
        let missing = says.iter().find(|words| !said.contains(words.as_str().unwrap()));
        assert!(missing.is_none(), "{file} says {said}, not {missing:?}");
        assert_eq!(said.is_empty(), says.is_empty(), "{file}: {said}");
    }
}

#[test]
fn folders_in_folders_and_same_names_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("data.yaml", "names: {0: cat, 7: dog}");
    write("labels/train/1.txt", "0 0.5 0.5 0.1 0.1\n");
    write("labels/val/1.txt", "7 0.5 0.5 0.2 0.2\n7 0.1 0.1 0.1 0.1\n");
    write("labels/val/2.txt", "7 0.5 0.5 0.2 0.2\n");
    write("labels/train.txt", "images/train/1.jpg\n");
    write("labels/README.txt", "Read me\n");
    let found = Annotations::open(&folder.path().join("labels")).unwrap();
    assert_eq!(found.len(), 3);
    let of = |path: &str| found.of_picture(std::path::Path::new(path)).map(|a| a.regions.len());
    assert_eq!(of("/data/images/train/1.jpg"), Some(1));
    assert_eq!(of("/data/images/val/1.png"), Some(2));
    assert_eq!(of("/data/images/2.png"), Some(1));
    assert_eq!(of("/data/elsewhere/1.png"), None);
    let dog = found.of_picture(std::path::Path::new("val/2.jpg")).unwrap().regions[0].clone();
    assert_eq!((dog.class, dog.label.as_deref()), (Some(7), Some("dog")));
    let said = found.warnings().join("\n");
    assert!(said.contains("1 of 5 files skipped: README.txt"), "{said}");
    assert!(said.contains("1 name is of several pictures (train/1, val/1"), "{said}");
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_followed_once() {
    let [here, there] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    fs::write(there.path().join("a.txt"), "0 0.5 0.5 0.1 0.1\n").unwrap();
    let link = |from: &std::path::Path, name: &str, to: &std::path::Path| {
        std::os::unix::fs::symlink(to, from.join(name)).unwrap();
    };
    link(here.path(), "link", there.path());
    link(here.path(), "again", there.path());
    link(there.path(), "back", here.path());
    link(there.path(), "loop", there.path());
    link(here.path(), "nowhere", std::path::Path::new("/nowhere"));
    let found = Annotations::open(here.path()).unwrap();
    assert_eq!((found.len(), found.of("a").map(|a| a.regions.len())), (1, Some(1)));
}

#[test]
fn masks_have_the_names_of_the_description_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let masks = folder.path().join("masks");
    fs::create_dir(&masks).unwrap();
    fs::copy(fixture("masks/grey.png"), masks.join("a.png")).unwrap();
    fs::write(folder.path().join("config.yaml"), "classes:\n  0: background\n  2: cat\n").unwrap();
    let found = Annotations::open(&masks).unwrap();
    let labels: Vec<_> =
        found.of("a").unwrap().regions.iter().map(|r| r.label.as_deref()).collect();
    assert_eq!(labels, [None, Some("cat")]);
}

#[test]
fn labelmes_folder_is_read_and_other_tables_are_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str| {
        format!(
            "{{\"shapes\": [{{\"label\": \"x\", \"points\": [[1, 1], [5, 5]], \"shape_type\": \"rectangle\"}}], \"imagePath\": \"{name}.jpg\"}}"
        )
    };
    for name in ["a", "b"] {
        fs::write(folder.path().join(format!("{name}.json")), text(name)).unwrap();
    }
    assert_eq!(Annotations::open(folder.path()).unwrap().len(), 2);
    fs::write(folder.path().join("0.json"), "{\"images\": [], \"annotations\": []}").unwrap();
    let why = Annotations::open(folder.path()).unwrap_err().to_string();
    assert!(why.contains("several tables"), "{why}");
}

#[test]
fn outlines_that_cost_too_much_are_refused() {
    // Each edge crosses every column of a picture of a hundred million.
    let corners: Vec<String> =
        (0..400).map(|i| format!("{},{}", i % 2 * 99_999_999, i * i % 89)).collect();
    let json = format!(
        "{{\"images\":[{{\"id\":1,\"file_name\":\"a\",\"height\":1,\"width\":100000000}}],\"annotations\":[{{\"image_id\":1,\"segmentation\":[[{}]]}}]}}",
        corners.join(",")
    );
    let why = super::refused("a.json", json);
    assert!(why.contains("is too much"), "{why}");
}
