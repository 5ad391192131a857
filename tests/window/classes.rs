//! Classes of networks whose label spaces differ, and maps of different classes side by side.

use super::*;

/// The two networks and a picture of [`comparison`], the robust network's classes by other names.
fn with_names(folder: &Path, names: &[&str]) -> Option<Vec<PathBuf>> {
    let files = comparison(folder)?;
    let listed = serde_json::to_string(names).unwrap();
    std::fs::write(folder.join("names.json"), listed).unwrap();
    let card = std::fs::read_to_string(&files[1]).unwrap();
    let card = card.replace("labels = \"mnist\"", "labels = \"names.json\"");
    std::fs::write(&files[1], card).unwrap();
    Some(files)
}

const REVERSED: [&str; 10] = ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"];
const ANIMALS: [&str; 10] = ["ant", "bee", "cat", "dog", "eel", "fly", "gnu", "hen", "ibis", "jay"];

#[test]
fn maps_of_different_classes_are_marked_and_a_click_makes_them_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = with_names(folder.path(), &REVERSED) else { return };
    let mut window = window(files);
    // Both networks hold the second class most probable, which is named 1 and 8.
    wait(&mut window, "Gradient of LeNet5 vanilla: done, of class 1");
    wait(&mut window, "Gradient of LeNet5 robust: done, of class 8");
    press(&mut window, egui::Modifiers::NONE, egui::Key::J);
    wait_until(&mut window, "three marks at likenesses", |window| {
        window.query_all_by_label_contains("≠ 1 | 8").count() == 3
    });
    window.check_accessibility();
    click(&mut window, "≠ Explain 8 on all");
    wait(&mut window, "1  8 ▼");
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    wait(&mut window, "Gradient of LeNet5 robust: done");
    assert_eq!(window.query_all_by_label_contains("≠").count(), 0, "{}", labels(&window));
}

#[test]
fn a_pair_is_made_of_one_class_by_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = with_names(folder.path(), &REVERSED) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 robust: done, of class 8");
    press(&mut window, egui::Modifiers::NONE, egui::Key::J);
    wait_for_part(&mut window, "≠ 1 | 8");
    window.query_all_by_label_contains("≠ 1 | 8").next().unwrap().click();
    window.run_steps(3);
    wait(&mut window, "1  1 ▼");
    wait(&mut window, "Gradient of LeNet5 robust: done");
    assert!(window.query_by_label_contains("≠").is_none(), "{}", labels(&window));
}

#[test]
fn a_network_without_the_chosen_class_explains_its_own_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = with_names(folder.path(), &ANIMALS) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done, of class 1");
    click(&mut window, "top class of each network ▼");
    click(&mut window, "7  7  · LeNet5 vanilla");
    wait(&mut window, "7  7 ▼");
    wait(&mut window, "Gradient of LeNet5 vanilla: done, of class 7");
    wait(&mut window, "Gradient of LeNet5 robust: done, of class bee");
    wait(&mut window, "has no class 7: its own top class");
    // No network has the other's class, so that there is nothing to click.
    assert!(window.query_by_label_contains("≠ Explain").is_none());
}
