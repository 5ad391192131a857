//! Any bytes as a list of pictures: pictures or an error, never a panic.
#![no_main]

use hyaline::study::Definition;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("list.csv"), bytes).expect("room for it");
    let text = "name = 'a'\nmodels = ['a']\nmethods = ['a']\nscores = ['a']\n[pictures]\nlist = 'list.csv'";
    let definition = Definition::parse(&folder.path().join("a.toml"), text).expect("a study");
    let _ = definition.pictures(|_| true);
});
