//! Methods are chosen, their work goes on, and networks are looked into.

use super::*;

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
    let is_at_work = |window: &Harness<Explorer>| {
        window.query_by_label_contains("RISE of LeNet5 vanilla: ").is_some_and(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            label.ends_with("of 4000") && !label.ends_with(": 0 of 4000")
        })
    };
    wait_until(&mut window, "RISE at work", is_at_work);
    press(&mut window, egui::Modifiers::NONE, egui::Key::Escape);
    wait_until(&mut window, "RISE still at work", is_at_work);
    click(&mut window, "Cancel work");
    wait(&mut window, "RISE of LeNet5 vanilla: cancelled");
    wait(&mut window, "RISE of LeNet5 robust: cancelled");
    wait(&mut window, "Stopped before the end.");
    click(&mut window, "Run again: RISE of LeNet5 vanilla");
    wait(&mut window, "RISE of LeNet5 vanilla: done");
    wait(&mut window, "RISE of LeNet5 robust: cancelled");
    wait(&mut window, "Run cancelled work again");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::R);
    wait(&mut window, "RISE of LeNet5 robust: done");
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
    wait(&mut window, "Grad-CAM of LeNet5 vanilla: done, of class automobile");
    click(&mut window, "Layers");
    click(&mut window, "relu1");
    wait_for_part(&mut window, "layer relu1");
    wait(&mut window, "Grad-CAM of LeNet5 vanilla: done, of class automobile");
    window.check_accessibility();
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
    wait_for_part(&mut window, "No map, curve or prediction waits");
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
    click(&mut window, "Resume");
    wait(&mut window, "Extremal Perturbation of LeNet5 robust: cancelled");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::Period);
    wait(&mut window, "Extremal Perturbation of LeNet5 vanilla: cancelled");
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

#[test]
fn menus_of_cells_and_names_open_by_keys() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done").focus();
    window.run_steps(2);
    press(&mut window, egui::Modifiers::SHIFT, egui::Key::F10);
    wait(&mut window, "Show this cell alone");
    press(&mut window, egui::Modifiers::NONE, egui::Key::Escape);
    assert!(window.query_by_label("Show this cell alone").is_none());
    wait(&mut window, "Gradient of LeNet5 vanilla: done").focus();
    window.run_steps(2);
    press(&mut window, egui::Modifiers::NONE, egui::Key::Menu);
    click(&mut window, "Pin this map");
    wait_for_part(&mut window, "Gradient of LeNet5 vanilla");
}
