//! What outlives a window: sessions, and what a crash left.

use super::*;

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
    // The button moves while messages come, so a click may miss it.
    while window.query_by_label("Copy").is_none() {
        wait_for_part(&mut window, " messages");
        window.query_all_by_label_contains(" messages").next().unwrap().click();
        window.run_steps(3);
    }
    for told in ["lost.png", "one.png has changed", "`of-tomorrow`"] {
        wait_for_part(&mut window, told);
    }
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    wait(&mut window, "or drop files and folders here");
}

#[test]
fn what_a_crash_left_and_what_was_opened_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = comparison(folder.path()) else { return };
    let dirs = UserDirs {
        settings: Some(folder.path().join("settings.toml")),
        unsaved: Some(folder.path().join("unsaved")),
        ..UserDirs::default()
    };
    {
        let mut window = window_with(files.clone(), dirs.clone());
        wait(&mut window, "Gradient of LeNet5 robust: done");
        wait(&mut window, "1 of 5");
        click(&mut window, "Next");
        wait(&mut window, "2 of 5");
        click(&mut window, "Skip");
        let unsaved = dirs.unsaved.as_ref().unwrap().join("0.toml");
        wait_until(&mut window, "the kept session", |_| unsaved.exists());
        // Dropped without being closed, as a crash does.
    }
    let mut window = window_with(vec![], dirs.clone());
    window.run_steps(3);
    assert!(window.query_by_label("2 of 5").is_none(), "hints are shown once");
    click(&mut window, "Restore");
    wait(&mut window, "Gradient of LeNet5 robust: done");
    click(&mut window, "File");
    window.get_by_label("Open recent").hover();
    wait(&mut window, "mnist_lenet5_adv.toml");
    assert!(!dirs.unsaved.unwrap().join("0.toml").exists(), "it is taken up once");
}
