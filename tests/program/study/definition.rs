//! STUDY.toml, the pictures it names, and what makes two studies the same.

use super::toy::{METHODS, SCORES, TEXT, contents, definition, metric, plan, plan_of};
use hyaline::study::{Better, Definition, Layout, Plan, TargetRule};
use std::path::{Path, PathBuf};

fn parse(text: &str) -> Result<Definition, String> {
    Definition::parse(Path::new("/studies/STUDY.toml"), text).map_err(|e| e.to_string())
}

#[test]
fn a_definition_says_what_it_says() {
    let read = parse(
        r#"
        name = "robust or not"
        models = ["a.toml", "nets/b.onnx", "/c.pth"]
        methods = ["gradient"]
        scores = ["curves"]
        target = 207
        device = "cpu"
        layout = "by-model"
        keep_maps = false
        compare = [["nets/b.onnx", "a.toml"]]
        [pictures]
        list = "val.csv"
        sample = 50
        annotations = "boxes.csv"
        "#,
    )
    .unwrap();
    let paths = ["/studies/a.toml", "/studies/nets/b.onnx", "/c.pth"].map(PathBuf::from);
    assert_eq!(read.models, paths);
    assert_eq!((read.target, read.layout), (TargetRule::Class(207), Layout::ByModel));
    assert_eq!((read.seed, read.keep_maps, &read.compare), (0, false, &vec![[1, 0]]));
    assert_eq!(read.pictures.annotations.as_deref(), Some(Path::new("/studies/boxes.csv")));
    let plain = definition(TEXT);
    assert_eq!((plain.target, plain.layout), (TargetRule::Top1, Layout::ByScore));
    assert_eq!((plain.keep_maps, plain.compare), (true, vec![[0, 1]]));
}

/// Each: what to replace in a good study, by what, and what the error must say.
#[test]
fn errors_say_the_line_and_what_is_allowed() {
    let wrong = [
        ("seed = 3", "sede = 3", &["line 3", "`sede`", "`seed`"][..]),
        ("seed = 3", "seed = -3", &["line 3"]),
        ("seed = 3", "seed = 3\nlayout = \"wide\"", &["line 4", "`by-score`", "`by-model`"]),
        ("seed = 3", "seed = 3\ntarget = \"top5\"", &["line 4", "top1", "label", "index"]),
        ("seed = 3", "seed = 3\ntarget = -1", &["line 4", "top1", "index"]),
        ("seed = 3", "seed = 3\ndevice = \"tpu\"", &["line 4", "`auto`", "`cpu`", "`gpu`"]),
        ("name = \"toy\"", "", &["missing field `name`", "a study needs"]),
        ("name = \"toy\"", "name = \" \"", &["line 2", "empty"]),
        ("\"vanilla.toml\", \"robust.toml\"", "", &["line 4", "no models"]),
        ("\"robust.toml\"", "\"vanilla.toml\"", &["line 4", "twice"]),
        (
            "\"robust.toml\"]",
            "\"robust.toml\"]\ncompare = [[\"x\", \"robust.toml\"]]",
            &["line 5", "vanilla.toml, robust.toml"],
        ),
        (
            "\"robust.toml\"]",
            "\"robust.toml\"]\ncompare = [[\"robust.toml\", \"robust.toml\"]]",
            &["line 5", "itself"],
        ),
        ("folders = [\"pictures\"]", "limit = 5", &["line 8", "folders, files and list"]),
        ("folders = [\"pictures\"]", "folders = [\"p\"]\nlimit = 0", &["line 8", "1 or more"]),
        (
            "folders = [\"pictures\"]",
            "folders = [\"p\"]\nlimit = 1\nsample = 1",
            &["line 8", "both"],
        ),
        ("folders", "folder", &["line 9", "`folder`", "`folders`"]),
        ("seed = 3", "seed = ", &["line 3"]),
    ];
    for (from, to, told) in wrong {
        assert!(TEXT.contains(from));
        let error = parse(&TEXT.replacen(from, to, 1)).unwrap_err();
        assert!(error.starts_with("cannot use study /studies/STUDY.toml: "), "{error}");
        for words in told {
            assert!(error.contains(words), "`{to}` gives `{error}` without `{words}`");
        }
        assert!(!error.contains('\n'));
    }
}

#[test]
fn presets_open_up_and_parameters_are_checked() {
    let methods = definition(TEXT).methods(&METHODS).unwrap();
    let told: Vec<_> = methods.iter().map(|of| format!("{} {}", of.id, of.json())).collect();
    assert_eq!(
        told,
        ["gradient {}", "grad-cam {\"layer\":\"layer4\"}", "layer-cam {\"layer\":0.1}"]
    );
    let wrong = [
        ("\"cams\"", "\"cams\", \"grad-cam\"", &["grad-cam is chosen twice", "line 11"][..]),
        ("\"gradient\"", "\"gradeint\"", &["line 5", "gradient, grad-cam"]),
        ("layer =", "layers =", &["line 11", "`layers`", "grad-cam has layer"]),
    ];
    for (from, to, told) in wrong {
        let error = definition(&TEXT.replacen(from, to, 1)).methods(&METHODS).unwrap_err();
        for words in told {
            assert!(error.to_string().contains(words), "{error}");
        }
    }
    let other = definition(&TEXT.replace("[parameters.grad-cam]", "[parameters.lime]"));
    let (methods, scores) = (other.methods(&METHODS).unwrap(), other.scores(&SCORES).unwrap());
    let error = other.check_parameters(&methods, &scores).unwrap_err().to_string();
    assert!(error.contains("line 11: [parameters.lime]"), "{error}");
}

/// A folder with a study and some files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn pictures(folder: &Path, of: &str) -> Result<Vec<(String, Option<usize>)>, String> {
    let text = TEXT.replacen("folders = [\"pictures\"]", of, 1);
    let study = Definition::parse(&folder.join("STUDY.toml"), &text).unwrap();
    let found = study.pictures(|path| path.extension().is_some_and(|e| e == "png"));
    let found = found.map_err(|e| e.to_string())?;
    assert!(found.iter().all(|picture| picture.path.is_file()));
    Ok(found.into_iter().map(|picture| (picture.name, picture.label)).collect())
}

fn names(found: Result<Vec<(String, Option<usize>)>, String>) -> Vec<String> {
    found.unwrap().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn folders_are_searched_by_name_and_junk_left_out() {
    let files = ["b/2.png", "b/1.png", "a.png", "b/._1.png", "b/notes.txt", "c/1.png", "b/c/0.png"];
    let folder = folder(&files.map(|name| (name, "x")));
    let of = |of: &str| names(pictures(folder.path(), of));
    assert_eq!(of("folders = [\".\"]"), ["a.png", "b/1.png", "b/2.png", "b/c/0.png", "c/1.png"]);
    assert_eq!(of("folders = [\".\"]\nlimit = 2"), ["a.png", "b/1.png"]);
    // Names that are the same in two folders are told apart; a file counts once.
    assert_eq!(
        of("folders = [\"c\", \"b\"]\nfiles = [\"b/2.png\"]"),
        ["c/1.png", "b/1.png", "2.png", "c/0.png"]
    );
    let none = pictures(folder.path(), "folders = [\"nowhere\"]").unwrap_err();
    assert!(none.contains("cannot read folder"), "{none}");
    let missing = pictures(folder.path(), "files = [\"a.png\", \"z.png\"]").unwrap_err();
    assert!(
        missing.contains("cannot find 1 of 2 pictures") && missing.contains("z.png"),
        "{missing}"
    );
}

#[test]
fn a_sample_hardly_changes_with_its_folder() {
    let all: Vec<String> = (0..100).map(|index| format!("{index:03}.png")).collect();
    let files: Vec<_> = all.iter().map(|name| (name.as_str(), "x")).collect();
    let folder = folder(&files);
    let of = |seed: &str| {
        let of = format!("folders = [\".\"]\nsample = 20\n#{seed}");
        names(pictures(folder.path(), &of))
    };
    let before = of("");
    assert_eq!(before.len(), 20);
    assert!(before.is_sorted() && before != all[..20]);
    std::fs::write(folder.path().join("new.png"), "x").unwrap();
    let after = of("");
    let kept = before.iter().filter(|name| after.contains(name)).count();
    assert!(kept >= 19 && after.len() == 20);
}

#[test]
fn lists_have_names_and_labels() {
    let csv = "\u{feff}Image,x1,Label\r\n1.png,5,7\r\n2.png,6,\r\n1.png,9,7\r\n";
    let folder = folder(&[
        ("data/val.csv", csv),
        ("data/1.png", "x"),
        ("data/2.png", "y"),
        ("data/val.txt", "2.png\r\n\r\n  1.png \n"),
        ("data/two.csv", "file,class\n1.png,3\n1.png,4\n"),
        ("data/word.csv", "file,class\n1.png,3\n2.png,dog\n"),
        ("data/none.csv", "thing;label\n1.png;3\n"),
        ("data/semicolons.csv", "picture;label\n1.png;3.0\n"),
        ("data/empty.txt", "\n"),
    ]);
    let of = |list: &str| pictures(folder.path(), &format!("list = \"data/{list}\""));
    let labelled = |name: &str, label| (name.to_string(), label);
    assert_eq!(of("val.csv").unwrap(), [labelled("1.png", Some(7)), labelled("2.png", None)]);
    assert_eq!(of("val.txt").unwrap(), [labelled("2.png", None), labelled("1.png", None)]);
    assert!(of("two.csv").unwrap_err().contains("both 3 and 4"));
    assert!(of("word.csv").unwrap_err().contains("line 3: label dog"));
    assert_eq!(of("semicolons.csv").unwrap(), [labelled("1.png", Some(3))]);
    assert!(of("none.csv").unwrap_err().contains("none is image, path, file, filename"));
    assert!(of("empty.txt").unwrap_err().contains("[pictures] are none"));
}

type Change<'a> = &'a dyn Fn(&mut Plan);

#[test]
fn a_study_is_known_by_contents_and_not_by_names_order_or_looks() {
    let first = plan(5);
    let changed = |change: &dyn Fn(&mut Plan)| {
        let mut plan = first.clone();
        change(&mut plan);
        plan
    };
    let same = changed(&|plan| {
        plan.name = "other".into();
        plan.models.reverse();
        plan.pictures.swap(0, 3);
        plan.pictures[1].name = "moved".into();
        plan.layout = Layout::ByModel;
        plan.compare = vec![];
        plan.metrics[0].label = "Ins.".into();
    });
    assert_eq!((first.hash(), first.difference(&same)), (same.hash(), None));
    let others: [(&str, Change); 8] = [
        ("another seed", &|plan| plan.seed += 1),
        ("another version of the program", &|plan| plan.program += "1"),
        ("another target", &|plan| plan.target = TargetRule::Label),
        ("other models", &|plan| plan.models[0].sha256 += "0"),
        ("other pictures", &|plan| drop(plan.pictures.pop())),
        ("other methods", &|plan| {
            drop(plan.methods[1].parameters.insert("layer".into(), 1.into()));
        }),
        ("other scores", &|plan| plan.scores[0].content = "x".into()),
        ("other annotations", &|plan| plan.annotations = Some("x".into())),
    ];
    for (words, change) in others {
        let other = changed(change);
        assert_ne!(first.hash(), other.hash());
        assert_eq!(first.difference(&other).as_deref(), Some(words));
    }
}

#[test]
fn keys_are_of_the_cell_alone() {
    let few = plan(3);
    let many = plan(6);
    let keys = |plan: &Plan| -> Vec<_> { plan.cells().map(|cell| cell.key).collect() };
    let (few_keys, many_keys) = (keys(&few), keys(&many));
    assert_eq!((few_keys.len(), many_keys.len()), (18, 36));
    assert!(few_keys.iter().all(|key| many_keys.contains(key) && key.len() == 64));
    let mut distinct = many_keys.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 36);
    // Other scores are other cells of the same maps; their order is nothing.
    let mut other = few.clone();
    other.scores.reverse();
    assert_eq!(keys(&other), few_keys);
    other.scores.pop();
    assert!(keys(&other).iter().all(|key| !few_keys.contains(key)));
    assert!(other.cells().zip(few.cells()).all(|(one, two)| one.map_key == two.map_key));
    // A class is explained the same, whether it is the picture's own or everyone's.
    let (mut own, mut all) = (few.clone(), few.clone());
    (own.target, all.target) = (TargetRule::Label, TargetRule::Class(1));
    let same: Vec<bool> = keys(&own).iter().zip(keys(&all)).map(|(a, b)| *a == b).collect();
    let of_label_1: Vec<bool> = few.cells().map(|cell| cell.picture.label == Some(1)).collect();
    assert_eq!(same, of_label_1);
}

#[test]
fn a_plan_survives_its_text() {
    let mut first = plan(3);
    first.methods[0].parameters.insert("areas".into(), vec![0.1 + 0.2, 1e-7, 1e300].into());
    first.pictures.iter_mut().for_each(|picture| picture.path = PathBuf::new());
    first.models.iter_mut().for_each(|model| model.path = PathBuf::new());
    first.pictures[0].label = None;
    first.pictures[1].name = "a \"b\"\n\\ '''\u{7f}".into();
    let again: Plan = toml::from_str(&toml::to_string(&first).unwrap()).unwrap();
    assert_eq!(again, first);
    assert!(again.cells().zip(first.cells()).all(|(one, two)| one.key == two.key));
}

#[test]
fn pictures_of_the_same_content_count_once_and_are_named() {
    let study = definition(TEXT);
    let mut found = contents(&study, 4);
    found.pictures[3].sha256 = found.pictures[1].sha256.clone();
    let error = Plan::new(&study, found.clone()).unwrap_err().to_string();
    assert!(
        error.contains("001.png and 003.png are the same picture with labels 1 and 0"),
        "{error}"
    );
    found.pictures[1].label = None;
    let plan = Plan::new(&study, found).unwrap();
    assert_eq!((plan.pictures.len(), plan.pictures[1].label), (3, Some(0)));
    assert_eq!(plan.notes, ["001.png and 003.png are the same picture and count once"]);
}

#[test]
fn what_cant_be_told_apart_is_refused() {
    let study = definition(TEXT);
    let good = contents(&study, 4);
    let refused = |change: &dyn Fn(&mut hyaline::study::Contents)| {
        let mut found = good.clone();
        change(&mut found);
        Plan::new(&study, found).unwrap_err().to_string()
    };
    assert!(refused(&|f| f.models[1].sha256 = f.models[0].sha256.clone()).contains("same model"));
    assert!(
        refused(&|f| f.models[1].name = "vanilla".into()).contains("two models are called vanilla")
    );
    assert!(
        refused(&|f| f.metrics.push(metric("deletion", Better::Lower)))
            .contains("two scores measure deletion")
    );
    assert!(
        refused(&|f| f.metrics.truncate(2))
            .contains("insertion-normalised, which no score measures")
    );
    let study = definition(&TEXT.replacen("seed = 3", "target = \"label\"", 1));
    let mut found = contents(&study, 4);
    found.pictures[2].label = None;
    let error = Plan::new(&study, found).unwrap_err().to_string();
    assert!(error.contains("1 of 4 pictures have no label; the first is 002.png"), "{error}");
    assert!(!plan_of(TEXT, 1).is_empty());
}
