//! Seconds of passes through real networks: forward and gradient at several batch sizes, and what
//! Insertion and Deletion cost beyond their forward passes.
//!
//! `cargo bench --bench passes`

use hyaline::attribution::Ranking;
use hyaline::graph::{Rules, read_back};
use hyaline::model::{ComputeDevice, DeviceChoice, Model};
use hyaline::progress::Flow;
use hyaline::random::RandomStream;
use hyaline::score::{Protocol, Quantity, ScoreTrial, insertion_deletion, of_class};
use std::path::{Path, PathBuf};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NETWORKS: [&str; 3] =
    ["imagenet_efficientnet_lite0", "cifar10_resnet20_vanilla", "mnist_lenet5_vanilla"];
const REPEATS: usize = 15;

fn main() {
    let data = std::env::var_os("HYALINE_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    if !data.is_dir() {
        return println!("no networks to measure: set HYALINE_DATA");
    }
    let choice = match std::env::var("HYALINE_DEVICE").as_deref() {
        Ok("gpu") => DeviceChoice::Gpu,
        _ => DeviceChoice::Cpu,
    };
    let device = ComputeDevice::choose(choice).expect("the device works");
    println!("{}: median of {REPEATS}, milliseconds a picture", device.name);
    for network in NETWORKS {
        let model = Model::open(&data.join(format!("weights/{network}.safetensors")), &device);
        let model = model.expect("the network opens");
        println!("\n{network} (batch in use: {})", model.batch);
        for batch in [1, 2, 4, 8, 16] {
            println!(
                "  batch {batch:>2}: forward {:7.2}  gradient {:7.2}",
                forward(&model, batch),
                gradient(&model, batch)
            );
        }
        let (plain, curves) = (forward(&model, model.batch), curves(&model));
        let more = curves / plain;
        println!(
            "  Insertion and Deletion by rows: {curves:.2} a picture, {more:.2}× a forward pass"
        );
    }
}

/// Milliseconds for each picture of both curves, a row of pixels a step.
fn curves(model: &Model) -> f64 {
    let picture = picture(model);
    let [height, width] = model.preprocessing.size;
    let protocol = Protocol { step: width, ..Protocol::rise([height, width]) };
    median(2 * (height + 1), || {
        let mut trial = ScoreTrial {
            pixels: &picture,
            map: &picture,
            mean_colour: &model.preprocessing.mean,
            ranking: Ranking::Signed,
            score: &mut of_class(model, 0, Quantity::Probability),
            batch: model.batch,
            watch: &mut |_, _| Flow::Continue,
        };
        let generator = &mut RandomStream::new(0, "", "", "").generator();
        drop(insertion_deletion(&mut trial, &protocol, generator).expect("the scores are finite"));
    })
}

fn pixels(model: &Model, batch: usize) -> burn::tensor::Tensor<4> {
    model.tensor(&picture(model)).repeat_dim(0, batch)
}

fn picture(model: &Model) -> ndarray::Array3<f32> {
    let shape = model.graph.input_shape();
    ndarray::Array3::from_shape_fn((shape.channels, shape.height, shape.width), |(c, y, x)| {
        ((c * 31 + y * 7 + x) as f32).sin() * 0.5 + 0.5
    })
}

fn forward(model: &Model, batch: usize) -> f64 {
    let x = pixels(model, batch);
    median(batch, || drop(read_back(model.graph.logits(x.clone())).unwrap()))
}

fn gradient(model: &Model, batch: usize) -> f64 {
    let x = pixels(model, batch);
    median(batch, || {
        drop(read_back(model.graph.input_gradient(x.clone(), 0, &Rules::default())).unwrap());
    })
}

/// Milliseconds a picture, after two runs that warm up.
fn median(batch: usize, mut run: impl FnMut()) -> f64 {
    let repeats = (REPEATS / batch).max(3);
    let mut times: Vec<f64> = (0..repeats + 2)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1000.0 / batch as f64
        })
        .skip(2)
        .collect();
    times.sort_by(f64::total_cmp);
    times[repeats / 2]
}
