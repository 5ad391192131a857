//! Whole small trainings.

use super::pictures::write_idx;
use super::support;
use hyaline::model::{Card, ComputeDevice, Model};
use hyaline::progress::Flow;
use hyaline::random::RandomStream;
use hyaline::training::Explanation;
use hyaline::training::data::{Augmentation, Part, Pictures, TargetShape};
use hyaline::training::{Accuracies, Outcome, Precision, Progress, Recipe, Training, accuracy};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Noisy 12×12 pictures of four classes: a bright half of the picture each.
fn write_halves(folder: &Path, count: usize) -> PathBuf {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut picture = |class: usize| -> Vec<u8> {
        let bright = |place: usize| match class {
            0 => place / 12 < 6,
            1 => place / 12 >= 6,
            2 => place % 12 < 6,
            _ => place % 12 >= 6,
        };
        let mut value = |place| if bright(place) { 100 } else { 60 } + random.random_range(0..100);
        (0..144).map(|place| value(place) as u8).collect()
    };
    let all: Vec<_> = (0..count).map(|n| ((n % 4) as u8, picture(n % 4))).collect();
    write_idx(folder, 12, &all)
}

/// Noisy 12×12 pictures, red or blue, in a folder for each class.
fn write_colours(folder: &Path, count: usize) -> PathBuf {
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let root = folder.join("colours");
    for class in ["blue", "red"] {
        fs::create_dir_all(root.join(class)).unwrap();
        for number in 0..count / 2 {
            let mut noise = || random.random_range(0..100u8);
            let mut pixel = |_, _| match class {
                "red" => image::Rgb([150 + noise(), noise(), noise()]),
                _ => image::Rgb([noise(), noise(), 150 + noise()]),
            };
            let picture = image::RgbImage::from_fn(12, 12, &mut pixel);
            picture.save(root.join(class).join(format!("{number}.png"))).unwrap();
        }
    }
    root
}

fn recipe(pictures: &Path, more: &str) -> Recipe {
    let train = pictures.display();
    Recipe::parse(&format!(
        "name = \"halves\"\nseed = 3\nepochs = 3\nbatch = 32\nrate = 0.05\n{more}\n\
         [network]\narchitecture = \"lenet5\"\n\
         [data]\ntrain = \"{train}\"\nholdout = 0.25\naugmentation = \"none\"\n\
         [optimiser]\naverage = 0.9\n\
         [evaluation]\ncurve = [0.5]\nrobust_pictures = 32\nrestarts = 1\n"
    ))
    .unwrap()
}

const FAST: &str = "objective = { kind = \"fast\", epsilon = 0.05 }";

fn train(recipe: Recipe, out: &Path, stop_after: usize) -> Outcome {
    let training = Training::prepare(recipe, out, &ComputeDevice::cpu(), false).unwrap();
    let mut batches = 0;
    let mut hear = |progress: Progress| {
        batches += usize::from(matches!(progress, Progress::Batch { .. }));
        if batches >= stop_after { Flow::Cancel } else { Flow::Continue }
    };
    training.run(&mut hear).unwrap()
}

#[test]
fn a_small_training_learns_and_what_it_writes_opens() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 400);
    let out = folder.path().join("out");
    let Outcome::Trained { card, accuracies } = train(recipe(&pictures, FAST), &out, usize::MAX)
    else {
        panic!("nobody stopped it")
    };
    assert!(accuracies.clean > 0.95, "{accuracies:?}");
    assert!(accuracies.pgd50 <= accuracies.pgd20 && accuracies.pgd20 <= accuracies.clean);
    assert!(accuracies.pgd20 > 0.4, "{accuracies:?}");
    let model = Model::open(&card, &ComputeDevice::cpu()).unwrap();
    assert_eq!((model.architecture.as_str(), model.graph.classes()), ("LeNet5", 4));
    assert!(model.warnings.is_empty(), "{:?}", model.warnings);
    let training = model.training.unwrap();
    assert_eq!((training.kind.as_str(), training.norm.as_deref()), ("fast", Some("linf")));
    assert_eq!(training.epsilon, Some(0.05));
    assert_eq!(training.more["recipe"]["seed"].as_integer(), Some(3));
    let clean = training.more["accuracies"]["clean"].as_float();
    assert_eq!(clean, Some(accuracies.clean));
    let log = fs::read_to_string(out.join("log.csv")).unwrap();
    assert_eq!(log.lines().count(), 4, "{log}");
}

#[test]
fn a_stopped_training_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 200);
    let out = |name: &str| folder.path().join(name);
    let weights = |name: &str| fs::read(out(name).join("halves.safetensors")).unwrap();
    train(recipe(&pictures, FAST), &out("whole"), usize::MAX);
    // Within the first epoch, then within the second, then to the end.
    for stop_after in [2, 5, usize::MAX] {
        let outcome = train(recipe(&pictures, FAST), &out("parts"), stop_after);
        assert_eq!(matches!(outcome, Outcome::Stopped { .. }), stop_after != usize::MAX);
    }
    assert!(weights("whole") == weights("parts"), "other weights");
    let other = recipe(&pictures, "objective = { kind = \"vanilla\" }");
    let error =
        Training::prepare(other, &out("parts"), &ComputeDevice::cpu(), false).err().unwrap();
    assert!(error.to_string().contains("another recipe"), "{error}");
}

#[test]
fn trainings_with_two_passes_go_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 120);
    let colours = write_colours(folder.path(), 48);
    for (name, kind) in [
        ("sep", "kind = \"sep\", epsilon = 0.05, steps = 2, lambda = 100.0"),
        ("advprop", "kind = \"advprop\", epsilon = 0.05, steps = 1"),
    ] {
        let of_kind = || {
            let mut recipe = recipe(&pictures, &format!("objective = {{ {kind} }}"));
            (recipe.epochs, recipe.network.width) = (2, Some(4));
            recipe.network.architecture = "cifar-resnet8".into();
            recipe.data.augmentation = Augmentation::Standard;
            recipe.data.train = colours.clone();
            recipe
        };
        let out = |part: &str| folder.path().join(format!("{name}-{part}"));
        train(of_kind(), &out("whole"), usize::MAX);
        for stop_after in [1, usize::MAX] {
            train(of_kind(), &out("parts"), stop_after);
        }
        let weights = |part: &str| fs::read(out(part).join("halves.safetensors")).unwrap();
        assert!(weights("whole") == weights("parts"), "{name}: other weights");
    }
}

#[test]
fn a_training_begins_with_another_network() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 400);
    let out = |name: &str| folder.path().join(name);
    let vanilla = recipe(&pictures, "objective = { kind = \"vanilla\" }");
    let Outcome::Trained { accuracies, .. } = train(vanilla, &out("vanilla"), usize::MAX) else {
        panic!("nobody stopped it")
    };
    // Steps of nearly nothing leave it what it was.
    let mut robust = recipe(&pictures, FAST);
    (robust.rate, robust.epochs, robust.optimiser.average) = (1e-9, 1, 0.0);
    robust.network.start = Some(out("vanilla").join("halves.safetensors"));
    let training = train(robust.clone(), &out("robust"), usize::MAX);
    let Outcome::Trained { accuracies: begun, .. } = training else { panic!("nobody stopped it") };
    assert_eq!(begun.clean, accuracies.clean);

    // Another start is another training.
    let mut other = robust.clone();
    other.network.start = None;
    let prepared = Training::prepare(other, &out("robust"), &ComputeDevice::cpu(), false);
    let error = prepared.err().unwrap().to_string();
    assert!(error.contains("another recipe"), "{error}");

    robust.network.architecture = "convnet".into();
    let prepared = Training::prepare(robust, &out("other"), &ComputeDevice::cpu(), false);
    let error = prepared.err().unwrap().to_string();
    assert!(error.contains("cannot begin with") && error.contains("it has no 0."), "{error}");
}

#[test]
fn what_is_measured_is_what_the_file_holds() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 400);
    let mut recipe = recipe(&pictures, FAST);
    recipe.precision = Precision::Half;
    (recipe.evaluation.explanations, recipe.evaluation.explanation) = (20, Explanation::Gradient);
    let Outcome::Trained { card, accuracies } =
        train(recipe.clone(), &folder.path().join("out"), usize::MAX)
    else {
        panic!("nobody stopped it")
    };
    let model = Model::open(&card, &ComputeDevice::cpu()).unwrap();
    let all =
        Pictures::read(&pictures, TargetShape { channels: None, size: None }, Part::Train).unwrap();
    let mut random = RandomStream::new(recipe.seed, "holdout", "", "").generator();
    let [_, held_out] = all.split(recipe.data.holdout, &mut random);
    assert_eq!(accuracy(&model.graph, &held_out).unwrap(), accuracies.clean);
    // Maps of 144 pixels that sum to 1 are apart by 2/144 at most, and by something.
    let loss = accuracies.explanation_loss.unwrap();
    assert!(loss > 1e-6 && loss < 2.0 / 144.0, "{loss}");
    let again = Accuracies::measure(&recipe, &model.graph, &held_out, &mut |_| Flow::Continue);
    assert_eq!(again.unwrap().unwrap(), accuracies);
}

#[test]
fn a_network_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 40);
    let recipe = recipe(&pictures, FAST);
    fs::write(folder.path().join("halves.toml"), "weights = \"x.pth\"").unwrap();
    let prepared = Training::prepare(recipe, folder.path(), &ComputeDevice::cpu(), false);
    let error = prepared.err().unwrap().to_string();
    assert!(error.contains("halves.toml is there already"), "{error}");
}

#[test]
fn a_killed_training_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 1200);
    let mut recipe = recipe(&pictures, FAST);
    recipe.checkpoint_minutes = 0.0;
    let file = folder.path().join("halves.toml");
    fs::write(&file, toml::to_string(&recipe).unwrap()).unwrap();
    let run = |out: &str| {
        Command::new(env!("CARGO_BIN_EXE_hyaline"))
            .args(["train", "--device", "cpu", "--out"])
            .arg(folder.path().join(out))
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    assert!(run("whole").wait().unwrap().success());
    let mut killed = run("killed");
    let checkpoint = folder.path().join("killed/checkpoint.safetensors");
    let wait_for = |is_there: &dyn Fn() -> bool| {
        while !is_there() {
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    // The first is of the beginning, the next of a batch.
    wait_for(&|| checkpoint.exists());
    let first = fs::read(&checkpoint).unwrap();
    wait_for(&|| fs::read(&checkpoint).unwrap() != first);
    std::thread::sleep(Duration::from_millis(150));
    killed.kill().unwrap();
    killed.wait().unwrap();
    let output = run("killed").wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("going on after"));
    let weights = |out: &str| fs::read(folder.path().join(out).join("halves.safetensors")).unwrap();
    assert!(weights("whole") == weights("killed"), "other weights");
}

#[test]
fn a_training_that_breaks_down_ends_with_its_last_good_weights() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 400);
    // A rate that explodes after two epochs stands for what happens by itself in long trainings.
    let more = format!("{FAST}\nschedule = {{ kind = \"step\", after = [2], factor = 1e6 }}");
    let mut recipe = recipe(&pictures, &more);
    (recipe.epochs, recipe.optimiser.average) = (6, 0.0);
    let training = Training::prepare(recipe, folder.path(), &ComputeDevice::cpu(), false).unwrap();
    let mut notices = vec![];
    let outcome = training.run(&mut |progress| {
        if let Progress::Notice(notice) = progress {
            notices.push(notice.to_string());
        }
        Flow::Continue
    });
    let Outcome::Trained { card, accuracies } = outcome.unwrap() else { panic!("it went on") };
    assert!(notices.len() == 1 && notices[0].contains("collapsed"), "{notices:?}");
    // Far above guessing among four classes.
    assert!(accuracies.clean > 0.4, "{accuracies:?}");
    let training = Card::read(&card).unwrap().training.unwrap();
    assert_eq!(training.more["notice"].as_str(), Some(notices[0].as_str()));
}

#[test]
fn the_command_says_what_is_wrong_in_one_line_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("net.toml");
    fs::write(&file, "epochs = 1\n[network]\narchitecture = \"lenet5\"\n[data]\ntrain = \"gone\"\n[objective]\nkind = \"vanilla\"\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hyaline"))
        .args(["train", "--device", "cpu"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.lines().count() == 1, "{said}");
    assert!(said.contains("gone") && said.contains("it is not there"), "{said}");
    assert!(!folder.path().join("net").exists());
}

#[test]
fn digits_are_learned_in_seconds() {
    let Some(data) = support::data() else { return };
    let digits = data.join("images/mnist/t10k-images-idx3-ubyte.gz").canonicalize().unwrap();
    let text = format!(
        "epochs = 3\nbatch = 64\nrate = 0.05\n[network]\narchitecture = \"lenet5\"\n\
         [data]\ntrain = \"{}\"\nholdout = 0.1\nlimit = 2560\naugmentation = \"none\"\n\
         [objective]\nkind = \"vanilla\"\n\
         [evaluation]\nrobust_pictures = 64\nattacked = 64\nepsilon = 0.3\ncurve = []\nrestarts = 1\n",
        digits.display()
    );
    let folder = tempfile::tempdir().unwrap();
    let outcome = train(Recipe::parse(&text).unwrap(), folder.path(), usize::MAX);
    let Outcome::Trained { accuracies, .. } = outcome else { panic!("nobody stopped it") };
    assert!(accuracies.clean > 0.9, "{accuracies:?}");
    assert!(accuracies.pgd20 < 0.5, "{accuracies:?}");
}

#[test]
fn a_wrong_recipe_is_one_line_that_says_where() {
    let good = "epochs = 1\n[network]\narchitecture = \"lenet5\"\n[data]\ntrain = \"x\"\n\
                [objective]\nkind = \"pgd\"\nepsilon = \"8/255\"\n";
    assert!(Recipe::parse(good).is_ok());
    for (from, to, said) in [
        ("epochs = 1", "epochs = 0", "epochs"),
        ("epochs = 1", "epoch = 1", "epoch"),
        ("epochs = 1", "rate = -1.0", "rate"),
        ("\"8/255\"", "\"8\"", "fraction"),
        ("\"8/255\"", "0", "vanilla"),
        ("kind = \"pgd\"", "kind = \"magic\"", "magic"),
        ("kind = \"pgd\"", "kind = \"pgd\"\nradius = 1", "radius"),
        ("train = \"x\"", "train = \"x\"\nholdout = 1.0", "holdout"),
        ("train = \"x\"", "train = \"x\"\nlimit = 0", "limit"),
        ("train = \"x\"", "train = \"x\"\nchannels = 2", "channels"),
        ("train = \"x\"", "train = \"x\"\nsize = [1, 1000000]", "size"),
        ("\"8/255\"", "8", "8/255"),
        ("kind = \"pgd\"", "kind = \"pgd\"\nstep = 0", "step"),
        ("kind = \"pgd\"", "kind = \"pgd\"\nsteps = 0", "steps"),
        ("kind = \"pgd\"", "kind = \"fast\"\nstep = -1.0", "step"),
        ("kind = \"pgd\"", "kind = \"trades\"\nbeta = nan", "beta"),
        ("kind = \"pgd\"", "kind = \"sep\"\nsoftplus = 0.0", "softplus"),
        ("epochs = 1", "checkpoint_minutes = -1.0", "checkpoint_minutes"),
        ("epochs = 1", "name = \"checkpoint\"", "name"),
        ("epochs = 1", "schedule = { kind = \"one-cycle\", rise = 1.0 }", "rise"),
        ("epochs = 1", "optimiser = { weight_decay = nan }", "weight_decay"),
        ("epochs = 1", "evaluation = { pictures = 0 }", "pictures"),
        ("[data]\ntrain = \"x\"\n", "", "data"),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good);
        let error = Recipe::parse(&text).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains('\n'), "{to}: {error}");
    }
}

#[test]
fn what_cannot_be_trained_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = write_halves(folder.path(), 40);
    let out = folder.path().join("out");
    for (architecture, said) in [("resnet50", "known are"), ("cifar-resnet21", "known are")] {
        let mut recipe = recipe(&pictures, FAST);
        recipe.network.architecture = architecture.into();
        let prepared = Training::prepare(recipe, &out, &ComputeDevice::cpu(), false);
        let error = prepared.err().unwrap().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(!out.exists());
}

#[test]
fn every_network_that_can_be_trained_is_recognised_when_it_is_opened() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for (architecture, width, shortcut, name) in [
        ("lenet5", None, "A", "LeNet5"),
        ("convnet", Some(8), "A", "ConvNet"),
        ("cifar-resnet20", None, "A", "ResNet-20 (CIFAR)"),
        ("cifar-resnet32", None, "B", "ResNet-32 (CIFAR)"),
        ("cifar-resnet20", Some(8), "B", "ResNet (CIFAR)"),
        ("cifar-resnet18", Some(8), "A", "ResNet (CIFAR)"),
        ("wide-resnet-16-4", None, "A", "WideResNet-16-4"),
        ("wide-resnet-10-1", None, "A", "WideResNet"),
        ("cifar-mobilenet-v2", None, "A", "MobileNet-v2 (CIFAR)"),
    ] {
        let width = width.map_or(String::new(), |width: usize| format!("width = {width}"));
        let text = format!("architecture = \"{architecture}\"\nshortcut = \"{shortcut}\"\n{width}");
        let recipe: hyaline::training::networks::NetworkRecipe = toml::from_str(&text).unwrap();
        let channels = if architecture == "lenet5" { 1 } else { 3 };
        let weights = recipe.weights([channels, 32, 32], 10, &mut random).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.safetensors");
        let half = architecture == "convnet";
        fs::write(&path, weights.safetensors(Default::default(), half)).unwrap();
        let model = Model::open(&path, &ComputeDevice::cpu()).unwrap();
        assert_eq!(model.architecture, name);
        assert!(model.report.fit.as_ref().is_none_or(|fit| fit.guessed.is_empty()));
    }
}
