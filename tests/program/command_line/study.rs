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

/// The values of a score by picture, and why others have none.
fn values(folder: &Path, results: &str, score: &str) -> Vec<[String; 3]> {
    let mut table = csv::Reader::from_path(folder.join(results).join("values.csv")).unwrap();
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let columns = [column("picture"), column("value"), column("reason")];
    let metric = column("metric");
    let rows = table.records().map(Result::unwrap);
    let rows = rows.filter(|row| &row[metric] == score);
    rows.map(|row| columns.map(|column| row[column].to_string())).collect()
}

#[test]
fn regions_of_the_explained_class_count_and_what_is_odd_is_told() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    laid_out(folder);
    std::fs::remove_file(folder.join("pictures/torn.png")).unwrap();
    let study = STUDY
        .replace("\"mnist_lenet5_vanilla.toml\", ", "")
        .replace("\"gradient\", \"grad-cam\", \"random-map\"", "\"input-intensity\"")
        .replace("\"insertion-deletion\", \"energy-game\", \"pointing-game\", \"gini\", \"max-sensitivity\", \"road\", \"randomisation\"", "\"energy-game\"")
        .replace("device = \"cpu\"", "device = \"cpu\"\ntarget = 1");
    let study = study.split("[parameters").next().unwrap();
    let named =
        "image,label,x1,y1,x2,y2\nstroke0,1,6,4,10,24\nstroke1,1,10,4,14,24\nstroke2,7,0,0,28,28\n";
    let both = format!("{named}stroke0,7,0,0,28,28\nstroke1,7,odd,0,28,28\n");
    let run = |name: &str, boxes: &str| {
        std::fs::write(folder.join("boxes.csv"), boxes).unwrap();
        std::fs::write(folder.join(format!("{name}.toml")), study).unwrap();
        let said = text(&succeed(folder, &["study", &format!("{name}.toml")]).stderr);
        (values(folder, &format!("{name}-results"), "energy-game"), said)
    };
    let (one, _) = run("one", named);
    let (two, said) = run("two", &both);
    assert_eq!(one, two);
    assert_eq!(one.len(), 3);
    assert!(one[0][1].parse::<f64>().unwrap() > 0.5 && one[2][1].is_empty(), "{one:?}");
    assert!(one[2][2].contains("no annotated object is of the explained class"), "{one:?}");
    for words in ["1 of 5 entries skipped: line 6", "regions of the explained class count"] {
        assert!(said.contains(words), "{said}");
    }
    let numbers = named.replace("label", "class");
    let (all, said) = run("all", &numbers);
    assert!(!all[2][1].is_empty() && said.contains("all regions count"), "{said}");
}

#[test]
fn where_a_map_lies_is_scored_without_annotations() {
    let Some(folder) = workplace() else { return };
    let folder = folder.path();
    laid_out(folder);
    std::fs::remove_file(folder.join("pictures/torn.png")).unwrap();
    let study = "name = \"Place\"\nmodels = [\"mnist_lenet5_adv.toml\"]\nmethods = [\"input-intensity\"]\n\
        scores = [\"concentration\"]\ndevice = \"cpu\"\n\
        [pictures]\nfolders = [\"pictures\"]\n";
    std::fs::write(folder.join("place.toml"), study).unwrap();
    succeed(folder, &["study", "place.toml"]);
    let found = values(folder, "place-results", "concentration");
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|[_, value, _]| value.parse::<f64>().is_ok()), "{found:?}");
}
