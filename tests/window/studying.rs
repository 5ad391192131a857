//! Studies and trainings in the window.

use super::*;

/// A study of two networks and two pictures, measured; its definition lies beside its results.
fn study(folder: &Path) -> Option<PathBuf> {
    use hyaline::study::{Definition, Evaluator, Store, StudyOptions, run};
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
    let (mut evaluator, plan) =
        Evaluator::open(&Definition::read(&definition).unwrap(), &ComputeDevice::cpu()).unwrap();
    let mut store = Store::open(&results).unwrap();
    let mut work = |cell: &hyaline::study::Cell, store: &Store| {
        evaluator.work(cell, store, &mut |_, _| hyaline::progress::Flow::Continue)
    };
    let mut go_on = |_: &hyaline::study::Progress| hyaline::progress::Flow::Continue;
    run(&plan, &mut store, StudyOptions::default(), &mut work, &mut go_on).unwrap();
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
fn all_cells_are_listed_the_lowest_first_and_a_lost_definition_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let Some(results) = study(folder.path()) else { return };
    let listed = |results: PathBuf| {
        let mut window = window(vec![results]);
        click(&mut window, "List all cells");
        wait_for_part(&mut window, "of 8 cells");
        let rows = window.query_all_by_label_contains(".png · ");
        let rows: Vec<_> = rows.filter_map(|node| node.accesskit_node().label()).collect();
        let value = |row: &String| row.split_once("  ").unwrap().0.parse::<f64>().unwrap();
        let values: Vec<_> = rows.iter().map(value).collect();
        assert!(values.len() == 8 && values.is_sorted(), "{rows:?}");
        click(&mut window, &rows[0]);
        window
    };
    let mut window = listed(results.clone());
    wait_for_part(&mut window, ": done");
    std::fs::remove_file(folder.path().join("twins.toml")).unwrap();
    let mut window = listed(results);
    wait_for_part(&mut window, "as twins.toml");
    assert!(window.query_by_label("Close the list of cells").is_some(), "the study stays");
}

#[test]
fn scores_stand_side_by_side_and_are_plotted_by_a_click() {
    let folder = tempfile::tempdir().unwrap();
    let Some(results) = study(folder.path()) else { return };
    let mut window = window(vec![results]);
    wait(&mut window, "Random map of LeNet5 robust");
    wait_for_part(&mut window, "finished, 8 cells");
    click(&mut window, "All");
    let numbers = window.query_all_by_label_contains("Random map of LeNet5 robust, ").count();
    assert!(numbers > 2, "a column for every score: {numbers}");
    window.check_accessibility();
    window.query_all_by_label_contains("Plot ").next().unwrap().click();
    wait_for_part(&mut window, "Plot of ");
    click(&mut window, "Back to the table");
    wait_for_part(&mut window, "Random map of LeNet5 robust, ");
}

#[test]
fn studies_are_listed_with_how_far_they_are() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (Some(first), Some(second)) = (study(one.path()), study(other.path())) else { return };
    let mut window = window(vec![first, second]);
    wait(&mut window, "Studies");
    wait_until(&mut window, "two studies", |window| {
        window.query_all_by_label("finished, 8 cells").count() == 2
    });
    assert_eq!(window.query_all_by_label("Twins").count(), 2);
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
    wait_for_part(&mut window, "it has no results yet");
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
