//! Plots: every number at its place, under any name, in SVG that is whole.

use super::toy::{TEXT, contents, definition, run_all};
use hyaline::study::report::{PlotFile, Report};
use hyaline::study::{Plan, Records};
use roxmltree::{Document, Node};

const HOSTILE: &str = "a<b> & \"quoted\" 模型 😀 \u{7} that goes on and on until no legend could hold it all, \
    whatever its width may be";

/// The toy study, its first model under a hostile name.
fn plots() -> Vec<PlotFile> {
    let study = definition(TEXT);
    let mut found = contents(&study, 6);
    found.models[0].name = HOSTILE.into();
    let folder = tempfile::tempdir().unwrap();
    run_all(&Plan::new(&study, found).unwrap(), folder.path());
    Report::new(Records::of_stores(&[folder.path().to_path_buf()]).unwrap()).plots()
}

fn number(node: &Node, name: &str) -> Option<f64> {
    node.attribute(name)?.parse().ok()
}

/// Value and place to the right of every round mark, which are the first model's.
fn marks(svg: &Document) -> Vec<[f64; 2]> {
    let circles = svg.descendants().filter(|node| node.has_tag_name("circle"));
    let mark = |circle: Node| {
        let title = circle.descendants().find(|node| node.has_tag_name("title"))?.text()?;
        let value = title.rsplit_once(": ")?.1.parse().ok()?;
        Some([value, number(&circle, "cx")?])
    };
    circles.filter_map(mark).collect()
}

#[test]
fn there_is_a_plot_of_every_metric_and_of_curves() {
    let names: Vec<String> = plots().into_iter().map(|plot| plot.name).collect();
    let metrics =
        ["insertion", "deletion", "insertion-normalised", "deletion-normalised", "sparseness"];
    let mut wanted: Vec<String> = metrics.map(|id| format!("plots/{id}.svg")).to_vec();
    wanted.push("plots/insertion-curves.svg".into());
    assert_eq!(names, wanted);
}

#[test]
fn marks_lie_where_their_numbers_are() {
    for plot in plots().iter().filter(|plot| !plot.name.contains("curves")) {
        let svg = Document::parse(&plot.svg).unwrap();
        let marks = marks(&svg);
        assert_eq!(marks.len(), 3, "{}: one for each method", plot.name);
        // All on one line: as far apart as their values. Titles have four decimals.
        let slope = (marks[1][1] - marks[0][1]) / (marks[1][0] - marks[0][0]);
        if slope.is_finite() && plot.name != "plots/sparseness.svg" {
            let expected = marks[0][1] + slope * (marks[2][0] - marks[0][0]);
            assert!((marks[2][1] - expected).abs() < 2.0, "{}: {marks:?}", plot.name);
        }
    }
}

#[test]
fn nothing_leaves_the_sheet_and_any_name_is_text() {
    for plot in plots() {
        let svg = Document::parse(&plot.svg).unwrap_or_else(|e| panic!("{}: {e}", plot.name));
        let view: Vec<f64> = svg
            .root_element()
            .attribute("viewBox")
            .unwrap()
            .split(' ')
            .map(|side| side.parse().unwrap())
            .collect();
        for node in svg.descendants() {
            let xs = ["x", "x1", "x2", "cx"].into_iter().filter_map(|name| number(&node, name));
            let ys = ["y", "y1", "y2", "cy"].into_iter().filter_map(|name| number(&node, name));
            for (place, most) in xs.map(|x| (x, view[2])).chain(ys.map(|y| (y, view[3]))) {
                assert!((0.0..=most).contains(&place), "{}: {node:?} at {place}", plot.name);
            }
        }
        let texts = svg.descendants().filter_map(|node| node.text()).map(str::trim);
        let texts: Vec<&str> = texts.collect();
        assert!(texts.iter().any(|text| text.starts_with("a<b> & \"quoted\" 模型 😀  ")));
    }
}
