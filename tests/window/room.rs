//! Room: cells in windows of all sizes, and panels that give way.

use super::*;

/// Pictures and maps on screen, by their names.
fn cells(window: &Harness<Explorer>) -> Vec<(String, egui::Rect)> {
    let all = window.query_all(egui_kittest::kittest::by());
    let named = all.filter_map(|node| Some((node.accesskit_node().label()?, node.rect())));
    let is_cell = |name: &str| name.ends_with(": done") || name.ends_with(" sees it");
    named.filter(|(name, _)| is_cell(name)).collect()
}

#[test]
fn cells_share_windows_of_all_sizes_without_overlap() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
    for size in [[640.0, 420.0], [1280.0, 720.0], [1920.0, 1080.0], [2560.0, 1440.0]] {
        window.set_size(size.into());
        window.run_steps(4);
        let cells = cells(&window);
        let whole = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        let is_whole = |(_, rect): &&(String, egui::Rect)| whole.contains_rect(*rect);
        assert!(cells.iter().any(|cell| is_whole(&cell)), "{size:?}: {cells:?}");
        for (index, (name, rect)) in cells.iter().enumerate() {
            assert!(rect.left() >= 0.0 && rect.right() <= size[0], "{size:?}: {name} is cut");
            for (other, beside) in &cells[index + 1..] {
                assert!(!rect.shrink(1.0).intersects(*beside), "{size:?}: {name} over {other}");
            }
        }
        window.render().unwrap();
    }
}

#[test]
fn panels_are_rails_in_a_narrow_window_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    wait(&mut window, "Collapse library");
    window.set_size([640.0, 420.0].into());
    window.run_steps(3);
    wait(&mut window, "Show curves");
    click(&mut window, "Show library");
    wait(&mut window, "Find a method");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::L);
    wait(&mut window, "Show library");
    window.set_size([1280.0, 720.0].into());
    window.run_steps(3);
    wait(&mut window, "Collapse library");
    click(&mut window, "Collapse curves");
    wait(&mut window, "Show curves");
    window.check_accessibility();
}

#[test]
fn a_cell_takes_the_window_and_gives_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done").focus();
    window.run_steps(2);
    press(&mut window, egui::Modifiers::NONE, egui::Key::Enter);
    wait(&mut window, "Show library");
    let cell = wait(&mut window, "Gradient of LeNet5 vanilla: done").rect();
    assert!(cell.width() > 1000.0, "{cell}");
    press(&mut window, egui::Modifiers::NONE, egui::Key::Escape);
    wait(&mut window, "Collapse library");
    wait(&mut window, "Gradient of LeNet5 robust: done");
}

#[test]
fn a_network_is_hidden_and_shown_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
    click(&mut window, "Hide LeNet5 vanilla");
    wait(&mut window, "1 of 2");
    assert!(window.query_by_label_contains("of LeNet5 vanilla: ").is_none());
    wait(&mut window, "Gradient of LeNet5 robust: done");
    click(&mut window, "Hide LeNet5 robust");
    wait_for_part(&mut window, "All networks are hidden");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::Z);
    click(&mut window, "Show LeNet5 vanilla");
    wait(&mut window, "Gradient of LeNet5 vanilla: done");
}

#[test]
fn a_long_list_of_pictures_leaves_methods_their_room_and_is_searched() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut files) = comparison(folder.path()) else { return };
    files.extend((0..40).map(|index| picture(folder.path(), &format!("p{index}.png"))));
    let mut window = window(files);
    wait(&mut window, "41");
    window.run_steps(3);
    let methods = wait(&mut window, "Find a method").rect();
    assert!(methods.bottom() < 1000.0, "{methods}");
    wait(&mut window, "Find a picture").focus();
    window.run_steps(2);
    window.get_by_label("Find a picture").type_text("p17");
    wait(&mut window, "1 of 41");
    wait(&mut window, "Close p17");
    assert!(window.query_by_label("Close one").is_none());
}
