//! The window under load: how long frames take while RISE refines one of 24 panels of 224 px, and
//! how much memory stepping through 200 pictures takes. `HYALINE_DATA` names the folder of networks.
//!
//! Frames are those of the user interface on one thread and, separately, with painting and reading the
//! picture back, on whatever adapter there is: on a software one, painting shares the processor.

// The window belongs to the program, not to the library.
#[allow(dead_code, unused_imports)]
#[path = "../src/explorer/mod.rs"]
mod explorer;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use explorer::{Explorer, UserDirs};
use hyaline::engine::compute_below_painting;
use hyaline::model::ComputeDevice;
use image::{Rgb, RgbImage};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NETWORK: &str = "imagenet_efficientnet_lite0";
/// With RISE, twelve methods on two networks.
const METHODS: [&str; 12] = [
    "gradient",
    "input-x-gradient",
    "guided-backpropagation",
    "deconvolution",
    "cam",
    "grad-cam",
    "grad-cam-plus-plus",
    "hires-cam",
    "xgrad-cam",
    "layer-cam",
    "random-map",
    "rise",
];
const FRAMES: usize = 120;
const PICTURES: usize = 200;
/// Of a large comparison.
const NETWORKS: usize = 30;
const MANY_PICTURES: u32 = 2000;
/// Of the window, points: as it opens, and large.
const SIZES: [[f32; 2]; 2] = [[1280.0, 800.0], [1920.0, 1080.0]];

fn main() {
    let data =
        std::env::var_os("HYALINE_DATA").map_or_else(|| "../shared/data".into(), PathBuf::from);
    if !data.join("weights").is_dir() {
        println!("{} has no networks; HYALINE_DATA names their folder", data.display());
        return;
    }
    compute_below_painting();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cards = ["one", "two"].map(|name| card(&data, folder.path(), NETWORK, name));
    for size in SIZES {
        frames(folder.path(), &cards, size);
    }
    memory(folder.path(), &cards[..1]);
    many(folder.path(), &data);
}

fn card(data: &Path, folder: &Path, network: &str, name: &str) -> PathBuf {
    let text = std::fs::read_to_string(format!("tests/cards/{network}.toml")).expect("a card");
    let weights = data.join("weights").join(format!("{network}.safetensors"));
    let weights = weights.canonicalize().expect("the network is there");
    let path = folder.join(format!("{name}.toml"));
    std::fs::write(&path, text.replace("WEIGHTS", &weights.display().to_string())).expect("room");
    path
}

fn picture(folder: &Path, index: usize) -> PathBuf {
    let path = folder.join(format!("{index:03}.png"));
    let value = |x: u32, y: u32, c: usize| ((x * 3 + y * 5) as usize * (c + 1) + 17 * index) as u8;
    let image = RgbImage::from_fn(256, 256, |x, y| Rgb([0, 1, 2].map(|c| value(x, y, c))));
    image.save(&path).expect("room for a picture");
    path
}

fn session(folder: &Path, networks: &[PathBuf], pictures: &[PathBuf], methods: &[&str]) -> PathBuf {
    let file = |kind: &str, path: &PathBuf| {
        format!("[[{kind}]]\npath = {:?}\nsha256 = \"00\"\n", path.display().to_string())
    };
    let method = |id: &&str| format!("[[methods]]\nid = \"{id}\"\n");
    let head = "hyaline-session = 1\nseed = 0\nselected = 0\n[shown]\narrangement = \"networks-by-methods\"\n".to_string();
    let files = networks.iter().map(|path| file("networks", path));
    let files = files.chain(pictures.iter().map(|path| file("pictures", path)));
    let text: String =
        std::iter::once(head).chain(files).chain(methods.iter().map(method)).collect();
    let path = folder.join("session.toml");
    std::fs::write(&path, text).expect("room for a session");
    path
}

fn open<'a>(files: Vec<PathBuf>, size: [f32; 2]) -> Harness<'a, Explorer> {
    // As the program paints, and not as tests do.
    let painting = egui_wgpu::RendererOptions::default();
    let builder = Harness::builder().with_size(size).with_max_steps(60);
    builder
        .with_render_options(painting)
        .wgpu()
        .build_eframe(|cc| Explorer::new(cc, ComputeDevice::cpu(), files, UserDirs::default()))
}

/// Lets the window live until the name of something holds a text.
fn wait(window: &mut Harness<Explorer>, part: &str) {
    let start = Instant::now();
    while window.query_all_by_label_contains(part).next().is_none() {
        assert!(start.elapsed() < Duration::from_mins(5), "`{part}` did not come");
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn frames(folder: &Path, cards: &[PathBuf], size: [f32; 2]) {
    let session = session(folder, cards, &[picture(folder, 0)], &METHODS);
    let mut window = open(vec![session], size);
    // The window is never idle while RISE runs on 4000 masks.
    let is_refining = |window: &Harness<Explorer>| {
        window.query_all_by_label_contains("RISE of").any(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            label.ends_with("of 4000") && !label.ends_with(": 0 of 4000")
        })
    };
    while !is_refining(&window) {
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("{FRAMES} frames of {size:?} with 24 panels of 224 px while RISE refines:");
    report("  user interface", &measured(|| window.step()));
    // The first frame ever painted builds pipelines and uploads fonts; a window has done so on opening.
    drop(window.render().expect("an adapter"));
    let painted = || {
        window.step();
        drop(window.render().expect("an adapter"));
    };
    report("  with painting ", &measured(painted));
    assert!(is_refining(&window), "RISE ended before the frames did");
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Period);
    wait(&mut window, "Stopped before the end.");
    println!("the same at rest:");
    let painted = || {
        window.step();
        drop(window.render().expect("an adapter"));
    };
    report("  with painting ", &measured(painted));
}

/// How long frames take, in rising order.
fn measured(mut frame: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..FRAMES)
        .map(|_| {
            let start = Instant::now();
            frame();
            start.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn report(what: &str, times: &[Duration]) {
    let milliseconds = |time: Duration| 1000.0 * time.as_secs_f64();
    println!(
        "{what}: median {:.1} ms, 95 % below {:.1} ms, longest {:.1} ms",
        milliseconds(times[FRAMES / 2]),
        milliseconds(times[FRAMES * 95 / 100]),
        milliseconds(times[FRAMES - 1]),
    );
}

/// Frames of a window with many networks and pictures while its lists and its grid are scrolled.
fn many(folder: &Path, data: &Path) {
    let kinds = ["mnist_lenet5_vanilla", "mnist_lenet5_adv"];
    let cards = (0..NETWORKS).map(|i| card(data, folder, kinds[i % 2], &format!("network-{i:02}")));
    let pictures = folder.join("many");
    std::fs::create_dir(&pictures).expect("room for a folder");
    for index in 0..MANY_PICTURES {
        let image = RgbImage::from_fn(28, 28, |x, y| Rgb([(x * y + index) as u8; 3]));
        image.save(pictures.join(format!("{index:04}.png"))).expect("room for a picture");
    }
    let start = Instant::now();
    let mut window = open(cards.chain([pictures]).collect(), SIZES[0]);
    for count in [NETWORKS.to_string(), MANY_PICTURES.to_string()] {
        while window.query_by_label(&count).is_none() {
            assert!(start.elapsed() < Duration::from_mins(5), "{count} were not opened");
            window.step();
        }
    }
    println!(
        "{NETWORKS} networks and {MANY_PICTURES} pictures: open after {:.1} s",
        start.elapsed().as_secs_f64()
    );
    for (what, place) in [("the library", [100.0, 500.0]), ("the grid", [600.0, 400.0])] {
        window.event(egui::Event::PointerMoved(place.into()));
        let wheel = |delta: f32| egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: [0.0, delta].into(),
            modifiers: egui::Modifiers::NONE,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
        };
        let mut frame = 0;
        let mut scroll = |window: &mut Harness<Explorer>| {
            frame += 1;
            window.event(wheel(if frame % 60 < 40 { -120.0 } else { 120.0 }));
            window.step();
        };
        println!("scrolling {what}:");
        report("  user interface", &measured(|| scroll(&mut window)));
        drop(window.render().expect("an adapter"));
        let painted = measured(|| {
            scroll(&mut window);
            drop(window.render().expect("an adapter"));
        });
        report("  with painting ", &painted);
    }
    println!("memory: {:.0} MiB", resident_mebibytes());
}

fn memory(folder: &Path, cards: &[PathBuf]) {
    let pictures: Vec<PathBuf> = (0..PICTURES).map(|index| picture(folder, index)).collect();
    let session = session(folder, cards, &pictures, &["gradient", "grad-cam"]);
    let mut window = open(vec![session], SIZES[0]);
    println!("memory of the program while {PICTURES} pictures are stepped through:");
    for index in 0..PICTURES {
        wait(&mut window, "Grad-CAM of EfficientNet-lite0: done");
        wait(&mut window, "Ready");
        if [0, 24, 49, 99, 149, 199].contains(&index) {
            println!("  after {:3}: {:.0} MiB", index + 1, resident_mebibytes());
        }
        window.key_press(egui::Key::PageDown);
        window.run_steps(2);
    }
}

/// Memory that the process holds, MiB; 0 where the system doesn't tell.
fn resident_mebibytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes =
        line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}
