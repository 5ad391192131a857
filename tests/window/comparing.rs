//! Methods, networks and pictures compared, and looked at closely.

use super::*;

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
fn a_class_is_found_by_typing_and_by_arrows() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    click(&mut window, "top class of each network ▼");
    wait(&mut window, "Find a class").type_text("7");
    window.run_steps(3);
    press(&mut window, egui::Modifiers::NONE, egui::Key::Enter);
    wait(&mut window, "7  7 ▼");
    click(&mut window, "7  7 ▼");
    wait(&mut window, "Find a class");
    for _ in 0..3 {
        press(&mut window, egui::Modifiers::NONE, egui::Key::ArrowDown);
    }
    press(&mut window, egui::Modifiers::NONE, egui::Key::Enter);
    wait(&mut window, "3  3 ▼");
}

#[test]
fn the_palette_finds_more_than_commands_and_says_what_cannot_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    let find = |window: &mut Harness<Explorer>, text: &str| {
        press(window, egui::Modifiers::COMMAND, egui::Key::P);
        wait(window, "Find a command").type_text(text);
        window.run_steps(3);
    };
    find(&mut window, "zoom out");
    wait(&mut window, "Zoom out: The whole picture is shown");
    press(&mut window, egui::Modifiers::NONE, egui::Key::Enter);
    wait(&mut window, "Find a command");
    press(&mut window, egui::Modifiers::NONE, egui::Key::Escape);
    assert!(window.query_by_label("Find a command").is_none());
    find(&mut window, "vargrad");
    press(&mut window, egui::Modifiers::NONE, egui::Key::Enter);
    wait(&mut window, "VarGrad of LeNet5 robust: done");
    find(&mut window, "contours");
    press(&mut window, egui::Modifiers::NONE, egui::Key::Enter);
    find(&mut window, "lenet5 robust");
    press(&mut window, egui::Modifiers::NONE, egui::Key::Enter);
    wait(&mut window, "Report and input");
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

#[test]
fn two_networks_are_paired_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 robust: done");
    click(&mut window, "Pair vanilla and robust");
    let of_both = "Gradient of LeNet5 vanilla and LeNet5 robust";
    wait(&mut window, &format!("{of_both}: Difference"));
    let spearman =
        |window: &Harness<Explorer>| window.query_all_by_label_contains("Spearman ").count();
    wait_until(&mut window, "three likenesses", |window| spearman(window) >= 3);
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
    // Zoomed in, the position in the middle stays where it is.
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

/// How many cells say a probability.
fn probabilities(window: &Harness<Explorer>) -> usize {
    let begin = |digit| window.query_all_by_label_contains(digit).count();
    ["probability 0", "probability 1"].into_iter().map(begin).sum()
}

#[test]
fn cells_show_what_networks_saw_along_a_curve() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Grad-CAM · LeNet5 robust");
    click(&mut window, "Deletion, step by step");
    wait_until(&mut window, "six probabilities", |window| probabilities(window) >= 6);
    window.render().unwrap();
    click(&mut window, "Back to maps");
    assert_eq!(probabilities(&window), 0);
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
    drag_upper_end(&mut window);
    assert!(window.query_by_label("As all").is_none(), "of all methods no value is an end");
    window.get_by_role_and_label(egui::Role::ComboBox, "Apply to").click();
    window.run_steps(3);
    window.query_all_by_role_and_label(egui::Role::Button, "Gradient").last().unwrap().click();
    window.run_steps(3);
    drag_upper_end(&mut window);
    wait(&mut window, "As all");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::Z);
    assert!(window.query_by_label("As all").is_none(), "a drag is one step");
    window.check_accessibility();
}

fn drag_upper_end(window: &mut Harness<'_, Explorer>) {
    let rect =
        window.query_all_by_label_contains("values of Gradient, scale").next().unwrap().rect();
    let at = |share: f32| egui::pos2(rect.left() + rect.width() * share, rect.center().y);
    window.drag_at(at(0.98));
    window.run_steps(2);
    window.hover_at(at(0.75));
    window.run_steps(2);
    window.drop_at(at(0.75));
    window.run_steps(3);
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
    // Folded columns have their bars on every line.
    assert!(window.query_all_by_label_contains("colour bar from").count() >= 3);
    press(&mut window, egui::Modifiers::NONE, egui::Key::T);
    for picture in ["one", "two"] {
        wait(&mut window, &format!("Gradient of LeNet5 robust on {picture}: done"));
    }
    window.check_accessibility();
    press(&mut window, egui::Modifiers::NONE, egui::Key::T);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
}
