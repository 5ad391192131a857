//! What the test binaries share: data folders, devices, model cards, golden numbers.
#![allow(dead_code)]

use hyaline::attribution::{self, Attribution, Explained, Progress};
use hyaline::model::{ComputeDevice, DeviceChoice, Model};
use hyaline::parameter::Values;
use hyaline::progress::Flow;
use ndarray::Array3;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Whether a missing device or folder is a failure instead of a loud skip.
pub fn required() -> bool {
    std::env::var_os("CI").is_some()
}

/// Says that something is not tested, past the capture of output.
fn skip(why: &str) {
    say(&format!("SKIPPED: {why}"));
}

fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A folder named by an environment variable, by default beside the project. `None`, said aloud,
/// where it is not there.
fn folder(variable: &str, default: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable)
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(default), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    assert!(!required(), "{variable}: {} is not there", path.display());
    skip(&format!("{} is not there; set {variable}", path.display()));
    None
}

/// Real networks and pictures.
pub fn data() -> Option<PathBuf> {
    folder("HYALINE_DATA", "../shared/data")
}

/// Reference numbers.
pub fn golden() -> Option<PathBuf> {
    folder("HYALINE_GOLDEN", "../shared/golden")
}

/// The devices that numbers must agree on: the CPU, and wgpu on whatever adapter there is, a software
/// one too. OpenGL is left out: its driver's lock gives up after six seconds on a busy machine. Says
/// once what is tested on.
pub fn devices() -> &'static [ComputeDevice] {
    static DEVICES: OnceLock<Vec<ComputeDevice>> = OnceLock::new();
    DEVICES.get_or_init(|| {
        let mut devices = vec![ComputeDevice::cpu()];
        let gpu = match has_adapter() {
            true => ComputeDevice::choose(DeviceChoice::Gpu).map_err(|e| e.to_string()),
            false => Err("there is no adapter of Vulkan, Metal or Direct3D".into()),
        };
        match gpu {
            Ok(gpu) => devices.push(gpu),
            Err(why) if required() => panic!("{why}"),
            Err(why) => skip(&format!("numbers on wgpu: {why}")),
        }
        let names: Vec<_> = devices.iter().map(|device| device.name.as_str()).collect();
        say(&format!("TESTED ON: {}", names.join(", ")));
        devices
    })
}

/// Whether wgpu has an adapter beside OpenGL's.
fn has_adapter() -> bool {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    !pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY)).is_empty()
}

/// Whether there is an adapter to paint windows and run shaders on; says aloud where not.
pub fn can_paint() -> bool {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter =
        pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()));
    match adapter {
        Ok(_) => true,
        Err(why) if required() => panic!("no adapter to paint on: {why}"),
        Err(why) => {
            skip(&format!("no adapter to paint on: {why}"));
            false
        }
    }
}

/// The program in a folder, away from any display.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hyaline"));
    command.args(arguments).current_dir(folder).env("HYALINE_CACHE", "");
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

/// The card of a network of the data folder, with its weights' place filled in.
pub fn card(name: &str, data: &Path, folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cards").join(format!("{name}.toml")),
    )
    .unwrap();
    let weights = data.join("weights").join(format!("{name}.safetensors")).canonicalize().unwrap();
    let path = folder.join(format!("{name}.toml"));
    std::fs::write(&path, text.replace("WEIGHTS", weights.to_str().unwrap())).unwrap();
    path
}

/// A network of the data folder on a device.
pub fn model(name: &str, data: &Path, device: &ComputeDevice) -> Model {
    let folder = tempfile::tempdir().unwrap();
    Model::open(&card(name, data, folder.path()), device).unwrap()
}

/// Writes named tensors as safetensors and opens them as a network.
pub fn write_model(folder: &Path, weights: &[(&str, Vec<usize>, Vec<f32>)]) -> Model {
    let bytes: Vec<Vec<u8>> = weights
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views = weights.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
        (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let path = folder.join("net.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    Model::open(&path, &ComputeDevice::cpu()).unwrap()
}

/// A method's map of a picture, a class and a seed, with settings as people write them.
pub fn run(
    model: &Model,
    id: &str,
    (picture, class, seed): (&Array3<f32>, usize, u64),
    settings: &[(&str, &str)],
    watch: &mut dyn FnMut(&Progress) -> Flow,
) -> Attribution {
    let method = attribution::method(id).unwrap();
    let parameters = method.description().parameters;
    let mut values = Values::defaults(parameters);
    for (name, value) in settings {
        values.set(parameters, name, value).unwrap();
    }
    let explained = Explained::new(model, picture, "picture", class, seed);
    attribution::attribute(method, &explained, &values, watch).unwrap()
}

/// A golden case: tensors by name, and what it says of itself.
pub struct Golden {
    pub tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
    pub order: Vec<usize>,
    pub meta: serde_json::Value,
}

impl Golden {
    pub fn read(case: &str) -> Option<Self> {
        let bytes = std::fs::read(golden()?.join(format!("{case}.safetensors"))).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let meta = header.metadata().as_ref().unwrap()["meta"].clone();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors = HashMap::new();
        let mut order = Vec::new();
        for (name, view) in file.iter() {
            if name == "curve.order" {
                order = view
                    .data()
                    .chunks_exact(8)
                    .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as usize)
                    .collect();
            } else {
                let values =
                    view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
                tensors.insert(name.to_string(), (view.shape().to_vec(), values.collect()));
            }
        }
        Some(Self { tensors, order, meta: serde_json::from_str(&meta).unwrap() })
    }

    pub fn values(&self, name: &str) -> &[f32] {
        &self.tensors[name].1
    }

    /// A 1×C×H×W tensor without its first axis.
    pub fn map(&self, name: &str) -> Array3<f32> {
        let (shape, values) = &self.tensors[name];
        Array3::from_shape_vec((shape[1], shape[2], shape[3]), values.clone()).unwrap()
    }

    pub fn target(&self) -> usize {
        self.meta["target"].as_u64().unwrap() as usize
    }
}

/// ‖found − expected‖ / ‖expected‖.
pub fn relative_error(
    found: impl IntoIterator<Item = f32>,
    expected: impl IntoIterator<Item = f32>,
) -> f32 {
    let (mut difference, mut size, mut counts) = (0f64, 0f64, (0, 0));
    let mut expected = expected.into_iter();
    for found in found {
        let expected = expected.next().expect("more values than expected");
        difference += f64::from(found - expected).powi(2);
        size += f64::from(expected).powi(2);
        counts.0 += 1;
    }
    counts.1 = expected.count();
    assert_eq!(counts.1, 0, "fewer values than expected");
    (difference / size).sqrt() as f32
}
