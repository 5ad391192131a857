//! Seconds of maps of EfficientNet-lite0 at 224 px, next to Captum's and pytorch-grad-cam's doing
//! the same passes on the same machine, in turns, as the machine's speed drifts.
//!
//! `HYALINE_PYTHON=… cargo bench --bench methods [-- METHOD …]`, with a python that has torch,
//! captum and grad-cam (`python3` by default).

use hyaline::attribution::{self, Explained};
use hyaline::model::{ComputeDevice, DeviceChoice, Model};
use hyaline::parameter::Values;
use hyaline::progress::Flow;
use ndarray::Array3;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A method with its settings here, the peer's fastest batch size, and rounds.
struct Race {
    method: &'static str,
    what: &'static str,
    settings: &'static [(&'static str, &'static str)],
    peer_batch: usize,
    rounds: usize,
}

const RACES: [Race; 5] = [
    Race { method: "gradient", what: "Gradient", settings: &[], peer_batch: 1, rounds: 15 },
    Race { method: "grad-cam", what: "Grad-CAM", settings: &[], peer_batch: 1, rounds: 15 },
    Race {
        method: "integrated-gradients",
        what: "Integrated gradients, 50 steps",
        settings: &[],
        peer_batch: 5,
        rounds: 5,
    },
    Race {
        method: "occlusion",
        what: "Occlusion, window 56, stride 28",
        settings: &[("window", "56"), ("stride", "28")],
        peer_batch: 4,
        rounds: 5,
    },
    Race {
        method: "rise",
        what: "RISE, 1000 masks",
        settings: &[("masks", "1000")],
        peer_batch: 8,
        rounds: 3,
    },
];

fn main() {
    let data = std::env::var_os("HYALINE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if !data.is_dir() {
        return println!("no network to measure: set HYALINE_DATA");
    }
    let chosen: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let device = match std::env::var("HYALINE_DEVICE").as_deref() {
        Ok("gpu") => ComputeDevice::choose(DeviceChoice::Gpu).expect("the device works"),
        _ => ComputeDevice::cpu(),
    };
    let path = data.join("weights/imagenet_efficientnet_lite0.safetensors");
    let model = Model::open(&path, &device).expect("the network opens");
    let mut peer = Peer::start();
    println!("EfficientNet-lite0 at 224 px on {}: medians, seconds", device.name);
    println!("| map | Hyaline | peer | ratio |\n|---|---|---|---|");
    for race in RACES.iter().filter(|r| chosen.is_empty() || chosen.iter().any(|c| c == r.method)) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // The first round warms up.
        for _ in 0..=race.rounds {
            ours.push(seconds(&model, race));
            theirs.extend(peer.as_mut().and_then(|peer| peer.seconds(race)));
        }
        let ours = median(&ours[1..]);
        match theirs.len() == race.rounds + 1 {
            true => {
                let theirs = median(&theirs[1..]);
                let ratio = ours / theirs;
                println!("| {} | {ours:.3} | {theirs:.3} | {ratio:.2} |", race.what);
            }
            false => println!("| {} | {ours:.3} | not measured | |", race.what),
        }
    }
    if peer.is_none() {
        println!(
            "set HYALINE_PYTHON to a python with torch, captum and grad-cam to measure the peer"
        );
    }
}

fn seconds(model: &Model, race: &Race) -> f64 {
    let shape = model.graph.input_shape();
    let pixels = Array3::from_shape_fn((shape.channels, shape.height, shape.width), |(c, y, x)| {
        ((c * 31 + y * 7 + x) as f32).sin() * 0.5 + 0.5
    });
    let method = attribution::method(race.method).expect("a method of the registry");
    let parameters = method.description().parameters;
    let mut values = Values::defaults(parameters);
    for (id, value) in race.settings {
        values.set(parameters, id, value).expect("a parameter of the method");
    }
    let start = Instant::now();
    let explained = Explained::new(model, &pixels, "", 0, 0);
    attribution::attribute(method, &explained, &values, &mut |_| Flow::Continue)
        .expect("the method runs");
    start.elapsed().as_secs_f64()
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The peer's process, which answers names of methods with seconds.
struct Peer {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Option<Self> {
        let python = std::env::var("HYALINE_PYTHON").unwrap_or_else(|_| "python3".into());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers.py");
        let mut process = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (ask, answers) = (process.stdin.take()?, process.stdout.take()?);
        let mut peer = Self { process, ask, answers: BufReader::new(answers) };
        peer.seconds(&RACES[0]).map(|_| peer)
    }

    fn seconds(&mut self, race: &Race) -> Option<f64> {
        writeln!(self.ask, "{} {}", race.method, race.peer_batch).ok()?;
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        line.trim().parse().ok()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
