//! Figures from the command line, and made again.

use super::support::program;
use std::path::Path;
use std::process::Output;

fn hyaline(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).args(["--device", "cpu"]).output().unwrap()
}

/// Runs a command; gives what it said and whether it succeeded.
fn run(folder: &Path, arguments: &[&str]) -> (String, bool) {
    let output = hyaline(folder, arguments);
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (said.concat(), output.status.success())
}

/// The example's files and a session of them.
fn workplace(more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = program(folder.path(), &["example", "--out", "example"]).output().unwrap();
    assert!(output.status.success());
    let files = ["vanilla.toml", "robust.toml"]
        .map(|name| format!("[[networks]]\npath = \"example/{name}\"\n"));
    let text = format!(
        "hyaline-session = 1\nseed = 3\npair = [0, 1]\n{}[[pictures]]\npath = \"example/ship.png\"\n\
         [[pictures]]\npath = \"example/cat.png\"\n[[methods]]\nid = \"gradient\"\n\
         [[methods]]\nid = \"rise\"\nparameters = {{ masks = \"40\" }}\n{more}",
        files.concat()
    );
    std::fs::write(folder.path().join("one.toml"), text).unwrap();
    folder
}

#[test]
fn every_example_is_made_again_to_the_pixel() {
    for more in [
        "[figure]\ncurves = \"picture\"\ncomparison = \"difference\"\n",
        "[shown]\narrangement = \"networks-by-methods\"\nstyle = \"contours\"\n[figure]\nletters = true\nfont = \"serif\"\n",
        "[shown]\narrangement = \"pictures-by-networks\"\nsmooth = false\n[figure]\ncomparison = \"wipe\"\ntransparent = true\n",
        "[figure]\ncurves = \"mean-alone\"\nsize = \"slide\"\n",
    ] {
        let folder = workplace(more);
        let (said, done) = run(folder.path(), &["figure", "one.toml", "--out", "out/one"]);
        assert!(done && said.contains("Made with Hyaline"), "{said}");
        for ending in ["png", "svg", "pdf", "json"] {
            let file = format!("out/one.{ending}");
            let (said, same) = run(folder.path(), &["replay", &file]);
            assert!(same && said.contains("pixels: identical"), "{file} {more}: {said}");
            assert!(!said.contains("otherwise"), "nothing has changed: {said}");
        }
    }
}

#[test]
fn a_figure_without_paths_is_made_again_from_a_folder() {
    let folder = workplace("");
    let (said, done) = run(folder.path(), &["figure", "one.toml", "--anonymous"]);
    assert!(done, "{said}");
    let elsewhere = tempfile::tempdir().unwrap();
    let figure = elsewhere.path().join("figure.pdf");
    std::fs::rename(folder.path().join("one.pdf"), &figure).unwrap();
    let (said, done) = run(elsewhere.path(), &["replay", "figure.pdf"]);
    assert!(!done && said.contains("--data"), "{said}");
    let data = folder.path().join("example");
    let data = data.to_str().unwrap();
    let (said, same) = run(elsewhere.path(), &["replay", "figure.pdf", "--data", data]);
    assert!(same, "{said}");
}

#[test]
fn no_figure_is_written_over_what_it_is_made_from() {
    let folder = workplace("");
    let ship = folder.path().join("example/ship.png");
    let before = std::fs::read(&ship).unwrap();
    let (said, done) = run(folder.path(), &["figure", "one.toml", "--out", "example/ship"]);
    assert!(!done && said.contains("made from it"), "{said}");
    assert_eq!(std::fs::read(&ship).unwrap(), before);
    assert!(!folder.path().join("example/ship.pdf").exists(), "nothing is half done");
    assert!(run(folder.path(), &["figure", "one.toml"]).1);
    let (said, done) = run(folder.path(), &["replay", "one.png", "--out", "one"]);
    assert!(!done && said.contains("made again"), "{said}");
}

#[test]
fn a_method_twice_is_two_methods_and_files_as_baselines_move_along() {
    let folder = workplace(
        "[[methods]]\nid = \"rise\"\nparameters = { masks = \"60\" }\n\
         [[methods]]\nid = \"integrated-gradients\"\n\
         parameters = { steps = \"4\", baseline = \"example/truck.png\" }\n",
    );
    let arguments = ["figure", "one.toml", "--anonymous", "--format", "svg", "npz"];
    let (said, done) = run(folder.path(), &arguments);
    assert!(done, "{said}");
    let svg = std::fs::read_to_string(folder.path().join("one.svg")).unwrap();
    assert!(svg.contains("masks 40") && svg.contains("masks 60"), "told apart");
    assert!(!svg.contains(folder.path().to_str().unwrap()), "no paths");
    // What an editor adds, and files elsewhere.
    let edited = "<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n".to_string() + &svg;
    std::fs::write(folder.path().join("one.svg"), edited).unwrap();
    let (said, same) = run(folder.path(), &["replay", "one.svg", "--data", "example"]);
    assert!(same && said.contains("maps: 8 of 8 identical"), "{said}");
}

#[test]
fn content_counts_more_than_names() {
    let folder = workplace("");
    assert!(run(folder.path(), &["figure", "one.toml"]).1);
    let example = folder.path().join("example");
    std::fs::rename(example.join("ship.png"), example.join("boat.png")).unwrap();
    std::fs::copy(example.join("cat.png"), example.join("ship.png")).unwrap();
    let (said, same) = run(folder.path(), &["replay", "one.png", "--data", "example"]);
    assert!(same, "{said}");
}

#[test]
fn what_has_changed_is_told() {
    let folder = workplace("");
    assert!(run(folder.path(), &["figure", "one.toml"]).1);
    let example = folder.path().join("example");
    std::fs::copy(example.join("cat.png"), example.join("ship.png")).unwrap();
    let (said, same) = run(folder.path(), &["replay", "one.png"]);
    assert!(!same && said.contains("not what it was"), "{said}");
    assert!(
        said.contains("maps: 0 of 4 identical") && said.contains("pixels: DIFFERENT"),
        "{said}"
    );
    let card = example.join("robust.toml");
    let text = std::fs::read_to_string(&card).unwrap();
    let changed = text.replace("resize = \"bicubic\"", "resize = \"nearest\"");
    assert_ne!(changed, text);
    std::fs::write(&card, changed).unwrap();
    let (said, same) = run(folder.path(), &["replay", "one.png"]);
    assert!(!same && said.contains("robust takes pictures otherwise"), "{said}");
}

#[test]
fn files_that_are_no_figures_get_one_error() {
    let folder = workplace("");
    for (arguments, why) in [
        (vec!["replay", "example/ship.png"], "no record"),
        (vec!["replay", "one.toml"], "no record"),
        (vec!["replay", "none.svg"], "cannot replay"),
        (vec!["figure", "example/vanilla.toml"], "cannot open session"),
        (vec!["figure", "one.toml", "--out", "example/"], "folder"),
        (vec!["figure", "one.toml", "--format", "gif"], "gif"),
    ] {
        let output = hyaline(folder.path(), &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(why), "{arguments:?}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    }
    let text = std::fs::read_to_string(folder.path().join("one.toml")).unwrap();
    for (from, to, why) in [
        ("id = \"rise\"", "id = \"nise\"", "nise"),
        ("masks = \"40\"", "masks = \"-1\"", "masks"),
        ("seed = 3", "seed = 3\nclass = 70", "70"),
        ("hyaline-session = 1", "hyaline-session = 1\nfigure = { size = \"A0\" }", "A0"),
        ("hyaline-session = 1", "hyaline-session = 1\nfigure = { font = \"None\" }", "None"),
        ("pair = [0, 1]", "pair = [0, 2]", "pair"),
        ("seed = 3", "seed = 3\nselected = 2", "selected"),
    ] {
        std::fs::write(folder.path().join("two.toml"), text.replace(from, to)).unwrap();
        let (said, done) = run(folder.path(), &["figure", "two.toml"]);
        assert!(!done && said.contains(why), "{from}: {said}");
        assert!(!folder.path().join("two.pdf").exists());
    }
    // A damaged file is no reason to break down.
    assert!(run(folder.path(), &["figure", "one.toml"]).1);
    for ending in ["png", "pdf", "svg"] {
        let path = folder.path().join(format!("one.{ending}"));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.truncate(1000);
        std::fs::write(&path, bytes).unwrap();
        let (said, same) = run(folder.path(), &["replay", &format!("one.{ending}")]);
        assert!(!same && !said.contains("panicked"), "{said}");
    }
}
