//! Pictures a second that ResNet-20 learns from at 32 px, vanilla and by fast adversarial training,
//! next to PyTorch's doing the same steps on the same cores, in turns, as the machine's speed drifts.
//!
//! `HYALINE_PYTHON=… cargo bench --bench training`, with a python that has torch (`python3` by
//! default).

use burn::tensor::{Tensor, TensorData};
use hyaline::model::{ComputeDevice, Weights};
use hyaline::training::networks::{NetworkRecipe, Shortcut};
use hyaline::training::objective::{Batch, Fast, Objective, Vanilla};
use hyaline::training::{Network, Sgd, Values};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 128;
/// Steps of a round.
const STEPS: usize = 4;
const ROUNDS: usize = 7;

fn main() {
    let device = ComputeDevice::cpu();
    let mut peer = Peer::start();
    println!("ResNet-20, batch {BATCH}, on {}: medians, pictures a second", device.name);
    println!("| training | Hyaline | PyTorch | ratio of times |\n|---|---|---|---|");
    let kinds: [(&str, &dyn Objective); 2] = [("vanilla", &Vanilla {}), ("fast", &Fast::default())];
    for (name, objective) in kinds {
        let mut ours = Learner::new(&device, objective);
        let (mut mine, mut theirs) = (vec![], vec![]);
        // The first round warms up.
        for _ in 0..=ROUNDS {
            mine.push(ours.seconds());
            theirs.extend(peer.as_mut().and_then(|peer| peer.seconds(name)));
        }
        let rate = |seconds: f64| (STEPS * BATCH) as f64 / seconds;
        let mine = median(&mine[1..]);
        match theirs.get(1..).filter(|theirs| !theirs.is_empty()).map(median) {
            Some(theirs) => {
                let ratio = mine / theirs;
                println!("| {name} | {:.0} | {:.0} | {ratio:.2} |", rate(mine), rate(theirs));
            }
            None => println!("| {name} | {:.0} | not measured | |", rate(mine)),
        }
    }
    if peer.is_none() {
        println!("set HYALINE_PYTHON to a python with torch to measure the peer");
    }
}

struct Learner<'a> {
    network: Network,
    objective: &'a dyn Objective,
    weights: Weights,
    velocity: Values,
    batch: Batch,
    random: ChaCha8Rng,
}

impl<'a> Learner<'a> {
    fn new(device: &ComputeDevice, objective: &'a dyn Objective) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let recipe = NetworkRecipe {
            architecture: "cifar-resnet20".into(),
            width: None,
            shortcut: Shortcut::A,
            start: None,
        };
        let weights = recipe.weights([3, 32, 32], 10, &mut random).expect("it can be trained");
        let normalisation = [vec![0.5; 3], vec![0.25; 3]];
        let network = Network::new("cifar-resnet20", &weights, [32, 32], normalisation, device);
        let pixels: Vec<f32> = (0..BATCH * 3 * 32 * 32).map(|_| random.random()).collect();
        let pixels = TensorData::new(pixels, [BATCH, 3, 32, 32]);
        let batch = Batch {
            pixels: Tensor::from_data(pixels, &device.device),
            labels: (0..BATCH).map(|index| index % 10).collect(),
        };
        let network = network.expect("weights of the architecture");
        Self { network, objective, weights, velocity: Values::new(), batch, random }
    }

    /// Seconds of some steps.
    fn seconds(&mut self) -> f64 {
        let Self { network, objective, weights, velocity, batch, random } = self;
        let start = Instant::now();
        for _ in 0..STEPS {
            let update =
                objective.learn(network, weights, batch, random).expect("the CPU computes");
            Sgd::default().step(weights, velocity, &update.gradients, 0.01);
            update.move_statistics(weights);
        }
        start.elapsed().as_secs_f64()
    }
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The peer's process, which answers kinds of training with seconds.
struct Peer {
    process: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start() -> Option<Self> {
        let python = std::env::var("HYALINE_PYTHON").unwrap_or_else(|_| "python3".into());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/training_peer.py");
        let mut process = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (ask, answers) = (process.stdin.take()?, process.stdout.take()?);
        let mut peer = Self { process, ask, answers: BufReader::new(answers) };
        peer.seconds("vanilla").map(|_| peer)
    }

    fn seconds(&mut self, kind: &str) -> Option<f64> {
        writeln!(self.ask, "{kind} {BATCH} {STEPS}").ok()?;
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
