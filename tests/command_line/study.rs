//! `hyaline study` on real networks: results, going on, failures, parts, wrong definitions.

use super::{fail, hyaline, succeed, text, workplace};
use std::path::Path;

const STUDY: &str = r#"
name = "Twins"
models = ["mnist_lenet5_vanilla.toml", "mnist_lenet5_adv.toml"]
methods = ["gradient", "grad-cam", "random-map"]
scores = ["insertion-deletion", "energy-game", "pointing-game", "gini", "max-sensitivity", "road", "randomisation"]
device = "cpu"

[pictures]
folders = ["pictures"]
annotations = "boxes.csv"

[parameters.pointing-game]
tolerance = 3

[parameters.max-sensitivity]
samples = 2
"#;

/// Three strokes with their boxes, and a picture that is none.
fn laid_out(folder: &Path) {
    std::fs::create_dir(folder.join("pictures")).unwrap();
    let mut boxes = String::from("image,class,x1,y1,x2,y2,w,h\n");
    for index in 0..3u32 {
        let (left, right) = (6 + 4 * index, 10 + 4 * index);
        let picture = image::GrayImage::from_fn(28, 28, |x, y| {
            let inside = (left..right).contains(&x) && (4..24).contains(&y);
            image::Luma([if inside { 255 } else { 10 }])
        });
        picture.save(folder.join(format!("pictures/stroke{index}.png"))).unwrap();
        boxes.extend([format!("stroke{index},1,{left},4,{right},24,28,28\n")]);
    }
    std::fs::write(folder.join("boxes.csv"), boxes).unwrap();
    std::fs::write(folder.join("pictures/torn.png"), b"\x89PNG, but torn").unwrap();
    std::fs::write(folder.join("twins.toml"), STUDY).unwrap();
}

fn summary(folder: &Path, results: &str) -> String {
    std::fs::read_to_string(folder.join(results).join("summary.csv")).unwrap()
}

#[test]
fn a_study_is_computed_once_and_says_what_failed() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    laid_out(folder);
    let said = text(&succeed(folder, &["study", "twins.toml"]).stderr);
    assert!(said.contains("18 cells computed, 6 failed"), "{said}");
    let report = std::fs::read_to_string(folder.join("twins-results/report.md")).unwrap();
    for words in ["torn.png", "Insertion", "Energy", "LeNet5", "confidence", "ssim"] {
        assert!(report.contains(words), "no `{words}` in: {report}");
    }
    controls_do_not_depend_on_weights(&folder.join("twins-results/values.csv"));
    let first = summary(folder, "twins-results");
    let said = text(&succeed(folder, &["study", "twins.toml"]).stderr);
    assert!(said.contains("0 cells computed"), "{said}");
    assert_eq!(first, summary(folder, "twins-results"));
    for file in ["values.csv", "values.parquet", "comparisons.csv", "tables.tex"] {
        assert!(folder.join("twins-results").join(file).metadata().unwrap().len() > 0, "{file}");
    }
}

/// A random map stays as it is when layers lose their weights, a gradient does not.
fn controls_do_not_depend_on_weights(values: &Path) {
    let mut table = csv::Reader::from_path(values).unwrap();
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (method, metric, value) = (column("method"), column("metric"), column("value"));
    let mut seen = [0; 2];
    for row in table.records().map(Result::unwrap) {
        if &row[metric] != "randomisation-spearman-last" || row[value].is_empty() {
            continue;
        }
        let value: f64 = row[value].parse().unwrap();
        match &row[method] {
            "random-map" => assert!((value - 1.0).abs() < 1e-9, "{value}"),
            "gradient" => assert!(value < 0.9, "{value}"),
            _ => continue,
        }
        seen[usize::from(&row[method] == "gradient")] += 1;
    }
    assert_eq!(seen, [6, 6]);
}

#[test]
fn parts_join_to_the_whole() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    laid_out(folder);
    succeed(folder, &["study", "twins.toml", "--out", "whole"]);
    for part in ["1/2", "2/2"] {
        let out = format!("part{}", &part[..1]);
        // A part may hold nothing but the torn picture's failures; here neither does.
        succeed(folder, &["study", "twins.toml", "--shard", part, "--out", &out]);
    }
    succeed(folder, &["study", "report", "part1", "part2", "--out", "joined"]);
    let of = |results: &str| {
        let table = summary(folder, results);
        // Seconds differ from run to run.
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let rows = reader.records().map(|row| row.unwrap());
        rows.map(|row| {
            let cells = headers.iter().zip(row.iter());
            cells
                .filter(|(name, _)| !name.contains("seconds"))
                .map(|(_, v)| v.to_string())
                .collect()
        })
        .collect::<Vec<Vec<String>>>()
    };
    assert_eq!(of("joined"), of("whole"));
}

#[test]
fn scores_are_listed() {
    let Some(folder) = workplace() else { return };
    let said = text(&succeed(folder.path(), &["study", "scores"]).stdout);
    for words in ["insertion-deletion", "pointing-game", "tolerance", "higher is better", "ROAD"] {
        assert!(said.contains(words), "{words}");
    }
}

#[test]
fn wrong_definitions_name_their_line() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    laid_out(folder);
    for (from, to, words) in [
        ("\"grad-cam\"", "\"grad-cm\"", &["line 4", "grad-cm", "grad-cam"][..]),
        ("\"gini\"", "\"ssim\"", &["line 5", "two maps"]),
        ("\"gini\"", "\"goodness\"", &["line 5", "goodness", "energy-game"]),
        ("tolerance = 3", "tolerance = -3", &["tolerance", "0–4096"]),
        ("annotations = \"boxes.csv\"", "", &["boxes or masks", "annotations ="]),
        ("folders = [\"pictures\"]", "folders = [\"nowhere\"]", &["nowhere"]),
        ("mnist_lenet5_adv.toml", "no.toml", &["no.toml"]),
        ("device = \"cpu\"", "device = \"tpu\"", &["tpu"]),
    ] {
        std::fs::write(folder.join("wrong.toml"), STUDY.replace(from, to)).unwrap();
        fail(folder, &["study", "wrong.toml"], words);
        assert!(!folder.join("wrong-results").exists(), "{to}");
    }
    fail(folder, &["study", "twins.toml", "--shard", "3/2"], &["3/2"]);
    fail(folder, &["study", "report", "nothing"], &["nothing"]);
    assert!(!hyaline(folder, &["study"]).status.success());
}
