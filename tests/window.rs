//! The window, driven by the names that its widgets have for people who can't see them.

mod support;

use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, Node};
use hyaline::explorer::{Explorer, Places};
use hyaline::model::ComputeDevice;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A window of the usual size, with files opening.
fn window<'a>(files: Vec<PathBuf>) -> Harness<'a, Explorer> {
    window_with(files, Places::default())
}

/// The same with places to keep things in.
fn window_with<'a>(files: Vec<PathBuf>, places: Places) -> Harness<'a, Explorer> {
    // The renderer needs an adapter; without one the window can't be tested.
    Harness::builder()
        .with_size([1280.0, 1400.0])
        .with_max_steps(60)
        .wgpu()
        .build_eframe(|cc| Explorer::new(cc, ComputeDevice::cpu(), files, places))
}

/// Lets the window live until something is there.
fn wait<'a>(window: &'a mut Harness<'_, Explorer>, what: &'a str) -> Node<'a> {
    let start = Instant::now();
    while window.query_by_label(what).is_none() {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "`{what}` did not come; there is:\n{}",
            labels(window)
        );
        window.step();
        std::thread::sleep(Duration::from_millis(10));
    }
    window.get_by_label(what)
}

fn labels(window: &Harness<Explorer>) -> String {
    let all = window.query_all(egui_kittest::kittest::by());
    all.filter_map(|node| node.accesskit_node().label()).collect::<Vec<_>>().join("\n")
}

/// Lets the window live until something whose name holds a text is there.
fn wait_for_part(window: &mut Harness<'_, Explorer>, part: &str) {
    let start = Instant::now();
    while window.query_all_by_label_contains(part).next().is_none() {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "nothing with `{part}` came; there is:\n{}",
            labels(window)
        );
        window.step();
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn press(window: &mut Harness<Explorer>, modifiers: egui::Modifiers, key: egui::Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

fn click(window: &mut Harness<Explorer>, what: &str) {
    wait(window, what).click();
    window.run_steps(3);
}

/// A file let go above the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

fn drop_on(window: &mut Harness<Explorer>, files: &[PathBuf]) {
    let dropped = &mut window.input_mut().dropped_files;
    dropped.extend(
        files.iter().map(|file| Arc::new(Dropped(file.clone())) as egui::DroppedFileHandle),
    );
    window.step();
}

/// A grey picture with something like a one.
fn picture(folder: &Path, name: &str) -> PathBuf {
    let image = image::GrayImage::from_fn(28, 28, |x, y| {
        image::Luma([if (12..16).contains(&x) && (4..24).contains(&y) { 255 } else { 0 }])
    });
    let path = folder.join(name);
    image.save(&path).unwrap();
    path
}

/// Two twins and a picture, or nothing where the data folder or an adapter is missing.
fn comparison(folder: &Path) -> Option<Vec<PathBuf>> {
    let data = support::data().filter(|_| support::can_paint())?;
    Some(vec![
        support::card("mnist_lenet5_vanilla", &data, folder),
        support::card("mnist_lenet5_adv", &data, folder),
        picture(folder, "one.png"),
    ])
}

#[test]
fn an_empty_window_says_what_to_do() {
    if !support::can_paint() {
        return;
    }
    let mut window = window(vec![]);
    window.run_steps(2);
    window.get_by_label("Open networks…");
    window.get_by_label("Open pictures…");
    window.get_by_label("or drop files and folders here");
}

#[test]
fn files_open_and_cells_and_curves_fill() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    for model in ["LeNet5 vanilla", "LeNet5 robust"] {
        for method in ["Gradient", "Integrated Gradients", "Grad-CAM"] {
            wait(&mut window, &format!("{method} of {model}: done"));
            wait(&mut window, &format!("{method} · {model}"));
        }
    }
    let warning = "Both areas follow a network's confidence: Insertion favours confident networks, \
         Deletion doubtful ones. Compare methods on one network, or networks by normalised areas.";
    wait(&mut window, warning);
    click(&mut window, "Normalised");
    window.run_steps(3);
    assert!(window.query_by_label(warning).is_none(), "normalised areas need no warning");
    click(&mut window, "Probability");
    wait(&mut window, warning);
    assert_eq!(window.query_all_by_label_contains("colour bar from").count(), 3);
    // A click on a class explains it on every network, a second one the top class of each.
    let is_prediction = |label: &str| {
        label.split_once(' ').is_some_and(|(class, probability)| {
            class.len() == 1 && probability.parse::<f32>().is_ok_and(|p| p < 0.4)
        })
    };
    let said = labels(&window);
    let lines: Vec<&str> = said.lines().filter(|line| is_prediction(line)).collect();
    let once = |line: &&&str| lines.iter().filter(|other| other == line).count() == 1;
    let prediction = *lines.iter().find(once).expect("networks differ in some probability");
    let class = &prediction[..1];
    click(&mut window, prediction);
    wait(&mut window, &format!("{class}  {class} ▼"));
    click(&mut window, prediction);
    wait(&mut window, "top class of each network ▼");
    window.check_accessibility();
    let image = window.render().unwrap();
    let colours: std::collections::HashSet<_> = image.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 500, "the cells show maps, not blanks: {} colours", colours.len());
}

#[test]
fn dropped_files_open() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(vec![]);
    window.run_steps(2);
    drop_on(&mut window, &files[2..]);
    wait(&mut window, "Open a network to explain this picture");
    drop_on(&mut window, &files[..1]);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
}

#[test]
fn dropped_boxes_are_drawn_over_the_picture_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let picture = files.iter().find(|file| file.extension().is_some_and(|e| e == "png")).unwrap();
    let stem = picture.file_stem().unwrap().to_str().unwrap().to_string();
    let mut window = window(files.clone());
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    let boxes = folder.path().join("boxes.csv");
    std::fs::write(&boxes, format!("image,x1,y1,x2,y2\n{stem},2,2,9,9\n")).unwrap();
    drop_on(&mut window, &[boxes]);
    wait(&mut window, "boxes: boxes and masks of 1 picture");
    let drawn = window.render().unwrap();
    click(&mut window, "Boxes");
    window.run_steps(3);
    assert_ne!(drawn.as_raw(), window.render().unwrap().as_raw(), "boxes come and go");
    let broken = folder.path().join("broken.xml");
    std::fs::write(&broken, "<annotation><object>").unwrap();
    drop_on(&mut window, &[broken]);
    let start = Instant::now();
    while window.query_all_by_label_contains("broken.xml").count() == 0 {
        assert!(start.elapsed() < Duration::from_mins(1), "{}", labels(&window));
        window.step();
    }
    assert!(window.query_by_label("Boxes").is_some(), "what was open stays");
}

#[test]
fn methods_are_chosen_and_unchosen_and_undone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    click(&mut window, "Input × Gradient");
    wait(&mut window, "Input × Gradient of LeNet5 robust: done");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.run_steps(3);
    assert!(window.query_by_label_contains("Input × Gradient of").is_none());
    window.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::Z);
    wait(&mut window, "Input × Gradient of LeNet5 robust: done");
}

#[test]
fn a_preset_shows_its_methods_and_a_word_finds_some() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    click(&mut window, "Presets");
    click(&mut window, "Controls alone");
    wait(&mut window, "Random map of LeNet5 vanilla: done");
    wait(&mut window, "Centred Gaussian of LeNet5 robust: done");
    wait(&mut window, "Controls · 4 shown");
    assert!(window.query_by_label("Gradient of LeNet5 vanilla: done").is_none());
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    wait(&mut window, "Find a method").focus();
    window.run_steps(2);
    window.get_by_label("Find a method").type_text("vargrad");
    window.run_steps(3);
    window.get_by_label("VarGrad");
    assert!(window.query_by_label("SmoothGrad").is_none());
}

#[test]
fn work_is_cancelled_kept_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Grad-CAM · LeNet5 robust");
    click(&mut window, "Perturbations");
    click(&mut window, "RISE");
    let start = Instant::now();
    while window.query_by_label_contains("RISE of LeNet5 vanilla: ").is_none_or(|node| {
        let label = node.accesskit_node().label().unwrap_or_default();
        !label.ends_with("of 4000") || label.ends_with(": 0 of 4000")
    }) {
        assert!(start.elapsed() < Duration::from_mins(1), "{}", labels(&window));
        window.step();
    }
    click(&mut window, "Cancel work");
    wait(&mut window, "RISE of LeNet5 vanilla: cancelled");
    wait(&mut window, "RISE of LeNet5 robust: cancelled");
    wait(&mut window, "Stopped before the end.");
    click(&mut window, "Resume work");
    wait(&mut window, "RISE of LeNet5 robust: done");
}

#[test]
fn another_class_is_chosen_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    click(&mut window, "top class of each network ▼");
    click(&mut window, "7  7");
    wait(&mut window, "7  7 ▼");
    wait(&mut window, "Gradient of LeNet5 robust: done");
}

#[test]
fn a_network_tells_what_it_is_and_takes_other_settings() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    click(&mut window, "Details of LeNet5 vanilla");
    wait(&mut window, "safetensors");
    assert_eq!(window.query_all_by_label_contains("passed in ").count(), 1);
    wait(&mut window, "8 matched, 0 missing, 0 unexpected, 0 misshapen (confidence 100 %)");
    window.get_by_label("Labels").focus();
    window.run_steps(2);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.run_steps(2);
    window.get_by_label("Labels").type_text("cifar10");
    window.run_steps(2);
    click(&mut window, "Apply");
    wait(&mut window, "10 (airplane, …), names from the model card");
    wait(&mut window, "Grad-CAM of LeNet5 vanilla: done");
    click(&mut window, "Layers");
    click(&mut window, "relu1");
    wait(&mut window, "layer relu1");
    wait(&mut window, "Grad-CAM of LeNet5 vanilla: done");
    window.check_accessibility();
}

#[test]
fn wrong_files_are_named_once_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut files) = comparison(folder.path()) else { return };
    let broken = folder.path().join("broken.png");
    std::fs::write(&broken, b"\x89PNG\r\n\x1a\n and then nothing").unwrap();
    files.extend([
        broken,
        folder.path().join("missing.png"),
        folder.path().join("missing.safetensors"),
    ]);
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    for name in ["broken.png", "missing.png", "missing.safetensors"] {
        let start = Instant::now();
        while window.query_all_by_label_contains(name).count() == 0 {
            assert!(start.elapsed() < Duration::from_secs(20), "{name}: {}", labels(&window));
            window.step();
        }
    }
    click(&mut window, "Dismiss all");
    assert!(window.query_by_label_contains("missing").is_none());
}

#[test]
fn closing_the_last_picture_leaves_a_working_window() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    click(&mut window, "Close one");
    wait(&mut window, "Open a picture to see what the networks look at");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
}

#[test]
fn small_and_dense_windows_hold_together() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    for (size, scale) in [([640.0, 420.0], 1.0), ([2400.0, 1300.0], 1.0), ([900.0, 600.0], 2.0)] {
        window.set_size(size.into());
        window.set_pixels_per_point(scale);
        window.run_steps(3);
        window.render().unwrap();
    }
}

/// A study of two networks and two pictures, measured; its definition lies beside its results.
fn study(folder: &Path) -> Option<PathBuf> {
    use hyaline::study::{Definition, Options, Store, Workshop, run};
    let data = support::data().filter(|_| support::can_paint())?;
    let cards =
        ["mnist_lenet5_vanilla", "mnist_lenet5_adv"].map(|name| support::card(name, &data, folder));
    let pictures = folder.join("pictures");
    std::fs::create_dir(&pictures).unwrap();
    picture(&pictures, "one.png");
    image::GrayImage::from_fn(28, 28, |x, _| image::Luma([(x * 9) as u8]))
        .save(pictures.join("ramp.png"))
        .unwrap();
    let definition = folder.join("twins.toml");
    let text = format!(
        "name = \"Twins\"\nmodels = {:?}\nmethods = [\"gradient\", \"random-map\"]\n\
         scores = [\"gini\", \"insertion-deletion\"]\n\
         target = \"top1\"\ndevice = \"cpu\"\n[pictures]\nfolders = [\"pictures\"]\n",
        cards.map(|card| card.to_string_lossy().into_owned())
    );
    std::fs::write(&definition, text).unwrap();
    let results = folder.join("twins-results");
    let (mut workshop, plan) =
        Workshop::open(&Definition::read(&definition).unwrap(), &ComputeDevice::cpu()).unwrap();
    let mut store = Store::open(&results).unwrap();
    let mut work = |cell: &hyaline::study::Cell, store: &Store| {
        workshop.work(cell, store, &mut |_, _| hyaline::attribution::Flow::Continue)
    };
    let mut go_on = |_: &hyaline::study::Progress| hyaline::attribution::Flow::Continue;
    run(&plan, &mut store, Options::default(), &mut work, &mut go_on).unwrap();
    Some(results)
}

#[test]
fn a_study_leads_from_its_numbers_to_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let Some(results) = study(folder.path()) else { return };
    for opened in [results, folder.path().join("twins.toml")] {
        let mut window = window(vec![opened]);
        click(&mut window, "Random map of LeNet5 robust");
        wait(&mut window, "one.png");
        click(&mut window, "ramp.png");
        wait(&mut window, "Random map of LeNet5 robust: done");
        wait(&mut window, "ramp as LeNet5 robust sees it");
        assert!(window.query_by_label("one.png").is_none(), "the study makes room for its picture");
        window.check_accessibility();
    }
}

#[test]
fn a_study_without_results_says_how_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    if !support::can_paint() {
        return;
    }
    let definition = folder.path().join("later.toml");
    std::fs::write(&definition, "models = [\"a.toml\"]\n[pictures]\nfiles = []\n").unwrap();
    let mut window = window(vec![definition]);
    let start = Instant::now();
    while window.query_all_by_label_contains("it has no results yet").count() == 0 {
        assert!(start.elapsed() < Duration::from_mins(1), "{}", labels(&window));
        window.step();
    }
}

/// A recipe that learns dark from light in a moment.
fn recipe(folder: &Path) -> PathBuf {
    for (class, level) in [("dark", 40), ("light", 200)] {
        let of_class = folder.join("pictures").join(class);
        std::fs::create_dir_all(&of_class).unwrap();
        for place in 0..8u8 {
            let pixel = |x, y| image::Luma([level + place + 3 * (x * y % 7) as u8]);
            let name = of_class.join(format!("{place}.png"));
            image::GrayImage::from_fn(8, 8, pixel).save(name).unwrap();
        }
    }
    let path = folder.join("tiny.toml");
    let text = "epochs = 3\nbatch = 4\n\
        [network]\narchitecture = \"cifar-resnet8\"\nwidth = 4\n\
        [data]\ntrain = \"pictures\"\nholdout = 0.25\naugmentation = \"none\"\n\
        [objective]\nkind = \"vanilla\"\n\
        [evaluation]\nrestarts = 1\ncurve = []\n";
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_recipe_is_trained_and_its_network_opened() {
    let folder = tempfile::tempdir().unwrap();
    if !support::can_paint() {
        return;
    }
    let mut window = window(vec![recipe(folder.path())]);
    wait(&mut window, "cifar-resnet8, vanilla, 3 epochs of pictures");
    click(&mut window, "Start");
    click(&mut window, "Open the network");
    wait(&mut window, "Details of tiny");
    let log = std::fs::read_to_string(folder.path().join("tiny/log.csv")).unwrap();
    assert_eq!(log.lines().count(), 4, "{log}");
    window.check_accessibility();
}

#[test]
fn twins_are_joined_and_held_against_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 robust: done");
    click(&mut window, "Join twins");
    let of_both = "Gradient of LeNet5 vanilla and LeNet5 robust";
    wait(&mut window, &format!("{of_both}: Difference"));
    let start = Instant::now();
    while window.query_all_by_label_contains("Spearman ").count() < 3 {
        assert!(start.elapsed() < Duration::from_mins(1), "{}", labels(&window));
        window.step();
    }
    click(&mut window, "Wipe");
    wait(&mut window, &format!("{of_both}: Wipe"));
    window.render().unwrap();
    window.key_press(egui::Key::B);
    wait(&mut window, &format!("{of_both}: Blink"));
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    window.run_steps(3);
    assert!(window.query_by_label_contains(of_both).is_none(), "undone");
    window.check_accessibility();
}

#[test]
fn all_cells_tell_the_values_under_the_pointer_and_at_probes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Grad-CAM · LeNet5 robust");
    let cell = window.get_by_label("Gradient of LeNet5 vanilla: done").rect();
    window.hover_at(cell.center());
    window.run_steps(3);
    assert_eq!(window.query_all_by_label_contains(" · rank ").count(), 6, "{}", labels(&window));
    window.get_by_label("pixel (14, 14) of 28×28");
    window.key_press(egui::Key::P);
    wait(&mut window, "raw values at");
    wait(&mut window, "1 (14, 14)");
    // Magnified, the place in the middle stays where it is.
    for _ in 0..8 {
        window.key_press(egui::Key::CloseBracket);
        window.run_steps(2);
    }
    window.get_by_label("pixel (14, 14) of 28×28");
    window.render().unwrap();
    window.key_press(egui::Key::F);
    click(&mut window, "Remove probes");
    window.run_steps(2);
    assert!(window.query_by_label("raw values at").is_none());
    window.remove_cursor();
    window.run_steps(3);
    assert!(window.query_by_label_contains(" · rank ").is_none());
}

#[test]
fn cells_show_what_networks_saw_along_a_curve() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Grad-CAM · LeNet5 robust");
    click(&mut window, "Deletion, step by step");
    let start = Instant::now();
    while window.query_all_by_label_contains("probability ").count() < 6 {
        assert!(start.elapsed() < Duration::from_mins(1), "{}", labels(&window));
        window.step();
    }
    window.render().unwrap();
    click(&mut window, "Back to maps");
    assert!(window.query_by_label_contains("probability ").is_none());
}

#[test]
fn a_cell_is_shown_alone_and_a_command_is_found_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 robust: done");
    window.get_by_label("Gradient of LeNet5 robust: done").click_secondary();
    window.run_steps(3);
    click(&mut window, "Pin this map");
    wait_for_part(&mut window, "Gradient of LeNet5 robust · one");
    click(&mut window, "Close window");
    window.get_by_label("Gradient of LeNet5 robust: done").click_secondary();
    window.run_steps(3);
    click(&mut window, "Show this cell alone");
    window.run_steps(3);
    assert!(window.query_by_label_contains("of LeNet5 vanilla: ").is_none());
    let cell = window.get_by_label("Gradient of LeNet5 robust: done").rect();
    assert!(cell.width() > 400.0, "{cell}");
    window.key_press(egui::Key::Escape);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::P);
    wait(&mut window, "Find a command");
    window.run_steps(2);
    window.get_by_label("Find a command").type_text("close all");
    window.run_steps(3);
    window.key_press(egui::Key::Enter);
    wait(&mut window, "or drop files and folders here");
}

#[test]
fn a_session_opens_in_the_place_of_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let session = folder.path().join("session.toml");
    let file = |kind: &str, path: &Path| {
        format!("[[{kind}]]\npath = {:?}\nsha256 = \"00\"\n", path.display().to_string())
    };
    let text = [
        "hyaline-session = 1\nseed = 3\nselected = 0\nclass = 7\npair = [0, 1]\n",
        "[shown]\nopacity = 0.5\nthreshold = 0.1\nstyle = \"contours\"\ncolor-map = \"turbo\"\n",
        "fade = true\nsmooth = false\nboxes = true\n",
        &file("networks", &files[0]),
        &file("networks", &files[1]),
        &file("pictures", &files[2]),
        &file("pictures", &folder.path().join("lost.png")),
        "[[methods]]\nid = \"input-x-gradient\"\n[[methods]]\nid = \"of-tomorrow\"\n",
    ];
    std::fs::write(&session, text.concat()).unwrap();
    let mut window = window(vec![]);
    drop_on(&mut window, &[session]);
    wait(&mut window, "Input × Gradient of LeNet5 vanilla and LeNet5 robust: Difference");
    wait(&mut window, "7  7 ▼");
    assert!(window.query_by_label_contains("Grad-CAM of").is_none());
    for told in ["lost.png", "one.png has changed", "`of-tomorrow`"] {
        let start = Instant::now();
        while window.query_all_by_label_contains(told).count() == 0 {
            assert!(start.elapsed() < Duration::from_mins(1), "{told}: {}", labels(&window));
            window.step();
        }
    }
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    wait(&mut window, "or drop files and folders here");
}

#[test]
fn the_example_is_a_comparison_to_begin_with() {
    if !support::can_paint() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut window = window(vec![]);
    window.state_mut().open_example(folder.path().join("example"));
    for network in ["ResNet-20 vanilla", "ResNet-20 robust"] {
        for method in ["Gradient", "Integrated Gradients", "Grad-CAM"] {
            wait(&mut window, &format!("{method} of {network}: done"));
            wait(&mut window, &format!("{method} · {network}"));
        }
    }
    window.get_by_label_contains("that differ in their training alone");
    window.get_by_label("Join twins");
    window.check_accessibility();
    click(&mut window, "Got it");
    assert!(window.query_by_label("Start empty").is_none());
    press(&mut window, egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::E);
    click(&mut window, "Start empty");
    wait(&mut window, "or drop files and folders here");
}

#[test]
fn scales_follow_conventions_and_hands_and_undo_brings_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
    press(&mut window, egui::Modifiers::NONE, egui::Key::N);
    wait_for_part(&mut window, "values of Gradient, scale from");
    click(&mut window, "Conventions");
    click(&mut window, "zennit");
    wait_for_part(&mut window, "scaled alone, to");
    assert_eq!(window.query_all_by_label_contains("colour bar from").count(), 0);
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::Z);
    assert_eq!(window.query_all_by_label_contains("colour bar from").count(), 3);
    // The upper end of the histogram is dragged to the middle of its right half.
    let bars: Vec<_> = window.query_all_by_label_contains("values of Gradient, scale").collect();
    let rect = bars[0].rect();
    let at = |share: f32| egui::pos2(rect.left() + rect.width() * share, rect.center().y);
    window.drag_at(at(0.98));
    window.run_steps(2);
    window.hover_at(at(0.75));
    window.run_steps(2);
    window.drop_at(at(0.75));
    window.run_steps(3);
    wait(&mut window, "As all");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::Z);
    assert!(window.query_by_label("As all").is_none(), "a drag is one step");
    window.check_accessibility();
}

#[test]
fn the_grid_is_transposed_and_shows_all_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut files) = comparison(folder.path()) else { return };
    files.push(picture(folder.path(), "two.png"));
    let mut window = window(files);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
    press(&mut window, egui::Modifiers::NONE, egui::Key::J);
    press(&mut window, egui::Modifiers::NONE, egui::Key::T);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
    wait(&mut window, "Gradient of LeNet5 vanilla and LeNet5 robust: Difference");
    assert_eq!(window.query_all_by_label_contains("colour bar from").count(), 3);
    press(&mut window, egui::Modifiers::NONE, egui::Key::T);
    for picture in ["one", "two"] {
        wait(&mut window, &format!("Gradient of LeNet5 robust on {picture}: done"));
    }
    window.check_accessibility();
    press(&mut window, egui::Modifiers::NONE, egui::Key::T);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
}

#[test]
fn work_is_paused_listed_and_cancelled_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files[..2].to_vec());
    wait(&mut window, "Details of LeNet5 robust");
    click(&mut window, "Perturbations");
    click(&mut window, "Extremal Perturbation");
    press(&mut window, egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::J);
    wait(&mut window, "Nothing is to be done");
    drop_on(&mut window, &files[2..]);
    for network in ["vanilla", "robust"] {
        wait_for_part(&mut window, &format!("Cancel LeNet5 {network}: Extremal"));
    }
    click(&mut window, "Pause");
    wait_for_part(&mut window, "Paused with");
    // What is too short to pause still ends, and its line leaves the list.
    std::thread::sleep(Duration::from_millis(500));
    window.run_steps(3);
    let waiting = window.query_all_by_label_contains("Cancel LeNet5 robust: Extremal").next();
    waiting.expect("the other network's map waits").click();
    window.run_steps(3);
    click(&mut window, "Go on");
    wait(&mut window, "Extremal Perturbation of LeNet5 robust: cancelled");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::Period);
    wait(&mut window, "Extremal Perturbation of LeNet5 vanilla: cancelled");
}

#[test]
fn what_a_crash_left_and_what_was_opened_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let places = Places {
        settings: Some(folder.path().join("settings.toml")),
        unsaved: Some(folder.path().join("unsaved")),
        ..Places::default()
    };
    {
        let mut window = window_with(files.clone(), places.clone());
        wait(&mut window, "Gradient of LeNet5 robust: done");
        wait(&mut window, "1 of 5");
        click(&mut window, "Next");
        wait(&mut window, "2 of 5");
        click(&mut window, "Skip");
        let unsaved = places.unsaved.as_ref().unwrap().join("0.toml");
        let start = Instant::now();
        while !unsaved.exists() {
            assert!(start.elapsed() < Duration::from_mins(1), "nothing was kept");
            window.step();
            std::thread::sleep(Duration::from_millis(50));
        }
        // Dropped without being closed, as a crash does.
    }
    let mut window = window_with(vec![], places.clone());
    window.run_steps(3);
    assert!(window.query_by_label("2 of 5").is_none(), "hints are shown once");
    click(&mut window, "Open it again");
    wait(&mut window, "Gradient of LeNet5 robust: done");
    click(&mut window, "File");
    window.get_by_label("Open recent").hover();
    wait(&mut window, "mnist_lenet5_adv.toml");
    assert!(!places.unsaved.unwrap().join("0.toml").exists(), "it is taken up once");
}

#[test]
fn a_copied_picture_is_pasted() {
    let folder = tempfile::tempdir().unwrap();
    if !support::can_paint() {
        return;
    }
    let places = Places { pasted: Some(folder.path().to_path_buf()), ..Places::default() };
    let mut window = window_with(vec![], places);
    window.run_steps(2);
    let image = Arc::new(egui::ColorImage::filled([20, 10], egui::Color32::RED));
    window.event(egui::Event::PasteImage(image));
    wait(&mut window, "20×10");
    let name = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().file_name();
    wait_for_part(&mut window, name.to_str().unwrap().trim_end_matches(".png"));
    window.event(egui::Event::Paste("no path at all".into()));
    wait_for_part(&mut window, "Pasted text opens files when");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::M);
    wait(&mut window, "Messages");
}

#[test]
fn a_layer_shows_its_channels() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::I);
    click(&mut window, "Layers");
    wait_for_part(&mut window, "channels that contribute most to the class");
    assert_eq!(window.query_all_by_label_contains("gradient of channel").count(), 16);
}
