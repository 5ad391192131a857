//! The scales of a pair, and what its difference is of.

use super::*;

fn count(window: &Harness<Explorer>, part: &str) -> usize {
    window.query_all_by_label_contains(part).count()
}

#[test]
fn a_pair_shares_ends_unless_own_ones_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let mut window = window(files);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
    press(&mut window, egui::Modifiers::NONE, egui::Key::N);
    wait_for_part(&mut window, "values of Gradient, scale from");
    click(&mut window, "Conventions");
    click(&mut window, "zennit");
    wait_for_part(&mut window, "scaled alone, to");
    press(&mut window, egui::Modifiers::NONE, egui::Key::J);
    wait_until(&mut window, "three differences of raw values", |window| {
        count(window, "difference of raw values, from") == 3
    });
    wait_for_part(&mut window, "pair's scale, to");
    assert_eq!(count(&window, "scaled alone, to"), 0, "{}", labels(&window));
    click(&mut window, "Own ends");
    wait_until(&mut window, "three normalised differences", |window| {
        count(window, "difference of each over its own end, from") == 3
    });
    wait_for_part(&mut window, "scaled alone, to");
    assert_eq!(count(&window, "pair's scale, to"), 0, "{}", labels(&window));
    window.check_accessibility();
}

#[test]
fn a_pair_is_compared_on_all_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut files) = comparison(folder.path()) else { return };
    files.push(picture(folder.path(), "two.png"));
    let mut window = window(files);
    wait(&mut window, "Grad-CAM of LeNet5 robust: done");
    press(&mut window, egui::Modifiers::NONE, egui::Key::J);
    press(&mut window, egui::Modifiers::NONE, egui::Key::T);
    press(&mut window, egui::Modifiers::NONE, egui::Key::T);
    for picture in ["one", "two"] {
        let of_both = "Gradient of LeNet5 vanilla and LeNet5 robust";
        wait(&mut window, &format!("{of_both} on {picture}: Difference"));
    }
    wait_until(&mut window, "two likenesses", |window| count(window, "Spearman ") == 2);
    assert_eq!(count(&window, "difference of raw values, from"), 2, "{}", labels(&window));
}
