//! Files come in: by argument, drop and clipboard, right and wrong ones.

use super::*;

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
         Deletion less confident networks. Compare methods on one network, or networks by normalised areas.";
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
    wait(&mut window, "boxes: Loaded annotations for 1 picture");
    let drawn = window.render().unwrap();
    click(&mut window, "Boxes");
    window.run_steps(3);
    assert_ne!(drawn.as_raw(), window.render().unwrap().as_raw(), "boxes come and go");
    let broken = folder.path().join("broken.xml");
    std::fs::write(&broken, "<annotation><object>").unwrap();
    drop_on(&mut window, &[broken]);
    wait_for_part(&mut window, "broken.xml");
    assert!(window.query_by_label("Boxes").is_some(), "what was open stays");
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
    click(&mut window, "3 messages");
    for name in ["broken.png", "missing.png", "missing.safetensors"] {
        wait_for_part(&mut window, name);
    }
    press(&mut window, egui::Modifiers::NONE, egui::Key::Escape);
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
    window.get_by_label_contains("one trained as usual (vanilla)");
    window.get_by_label("Pair vanilla and robust");
    window.check_accessibility();
    click(&mut window, "Got it");
    assert!(window.query_by_label("Start empty").is_none());
    press(&mut window, egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::E);
    click(&mut window, "Start empty");
    wait(&mut window, "or drop files and folders here");
}

#[test]
fn a_copied_picture_is_pasted() {
    let folder = tempfile::tempdir().unwrap();
    if !support::can_paint() {
        return;
    }
    let dirs = UserDirs { pasted: Some(folder.path().to_path_buf()), ..UserDirs::default() };
    let mut window = window_with(vec![], dirs);
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
