//! Figures, seen before they are written.

use super::*;
use hyaline::figure::Record;

#[test]
fn a_figure_is_previewed_changed_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let figures = folder.path().join("figures");
    let dirs = UserDirs { figures: Some(figures.clone()), ..UserDirs::default() };
    let mut window = window_with(files, dirs);
    wait(&mut window, "Gradient of LeNet5 robust: done");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::E);
    wait(&mut window, "The figure as it will be written");
    wait_for_part(&mut window, "Attributions of LeNet5 vanilla and LeNet5 robust (columns)");
    // Another size is another figure, and undone like anything else.
    click(&mut window, "Size");
    click(&mut window, "CVPR column");
    wait_for_part(&mut window, "3.25 ×");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::Z);
    wait_until_gone(&mut window, "3.25 ×");
    wait_until_gone(&mut window, "Waits for ");
    click(&mut window, "JSON");
    window.render().unwrap();
    click(&mut window, "Write figure");
    wait_for_part(&mut window, "`hyaline replay` makes it again");
    for ending in ["pdf", "png", "json"] {
        let record = Record::find(&figures.join(format!("figure.{ending}"))).unwrap();
        assert_eq!(record.maps.len(), 6, "{ending}");
        assert_eq!(record.session.networks.len(), 2);
    }
    assert!(!figures.join("figure.svg").exists(), "nobody asked for it");
    window.check_accessibility();
    press(&mut window, egui::Modifiers::NONE, egui::Key::Escape);
    assert!(window.query_by_label("The figure as it will be written").is_none());
}

#[test]
fn means_over_pictures_are_computed_for_the_figure() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut files) = comparison(folder.path()) else { return };
    files.push(picture(folder.path(), "two.png"));
    let mut window = window(files);
    wait(&mut window, "Gradient of LeNet5 robust: done");
    press(&mut window, egui::Modifiers::COMMAND, egui::Key::E);
    click(&mut window, "Curves");
    click(&mut window, "means, without maps");
    wait_for_part(&mut window, "means over 2 pictures with bands");
    wait_until_gone(&mut window, "Waits for ");
}
