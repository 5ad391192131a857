//! `hyaline verify`: whether a network computes what it should.

use super::arguments::OutputArgument;
use super::terminal::print;
use crate::error::{Error, Result};
use crate::graph::{Rules, read_back};
use crate::model::{ComputeDevice, DeviceChoice, Model, OutputKind, caught};
use burn::tensor::{Tensor, TensorData};
use clap::Args;
use ndarray::{ArrayD, Axis};
use ndarray_npy::ReadNpyExt;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Relative L2 difference up to which two computations agree.
const TOLERANCE: f32 = 1e-3;

/// Check a network's numbers.
#[derive(Debug, Args)]
#[command(after_help = "\
Differences are relative: the length of the difference over the length of the expected values. More
than 0.001 fails, and the exit code is 1.

Examples:
  hyaline verify net.onnx
      logits and input gradient on the GPU, a software one if there is no other, against the CPU
  hyaline verify net.pth --input x.npy --against logits.npy
      logits against those that PyTorch gave for x, N×C×H×W pixels in [0,1]
  hyaline verify net.pth --input x.npy --normalised --against logits.npy
      the same where x was normalised before PyTorch saw it")]
pub struct Verify {
    /// Model card (.toml), network (.onnx) or weights (.safetensors, .pth and kin)
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Pictures of the network's size as .npy, C×H×W or N×C×H×W, in [0,1]; noise without
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The input is what comes after mean and std
    #[arg(long, requires = "input")]
    normalised: bool,
    /// Logits of these pictures from elsewhere as .npy, N×classes
    #[arg(long, value_name = "FILE", requires = "input")]
    against: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgument,
    /// What to check: the CPU alone, or any GPU too; auto leaves out a software one where there are
    /// numbers from elsewhere
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        value_name = "auto|cpu|gpu",
        hide_possible_values = true
    )]
    pub(super) device: DeviceChoice,
}

/// What is found, line by line.
#[derive(Default)]
struct Findings {
    text: String,
    differs: bool,
}

impl Findings {
    fn compare(&mut self, what: &str, found: &[f32], expected: &[f32]) {
        let difference = difference(found, expected);
        let agrees = difference <= TOLERANCE;
        let verdict = if agrees { "agrees" } else { "DIFFERS" };
        self.differs |= !agrees;
        let _ = writeln!(self.text, "{what:<40} {difference:.1e}  {verdict}");
    }
}

impl Verify {
    pub fn run(&self) -> Result<ExitCode> {
        let cpu = ComputeDevice::cpu();
        let model = self.output.open(&self.model, &cpu)?;
        let pixels = match &self.input {
            Some(path) => self.pixels(path, &model)?,
            None => noise(&model),
        };
        let logits = logits(&model, &pixels)?;
        let mut findings = Findings::default();
        let _ = writeln!(findings.text, "{} on {}", model.name, cpu.name);
        if let Some(path) = &self.against {
            let logits = of_file(&model, &logits);
            let expected = expected(path, logits.len())?;
            let what = format!("logits against {}", path.display());
            findings.compare(&what, &logits, &expected);
        }
        let done = match self.gpu()? {
            Ok(gpu) => self.compare_on(&gpu, (&model, &logits), &pixels, &mut findings),
            Err(why) => {
                let _ = writeln!(findings.text, "no GPU to compare with: {why}");
                Ok(())
            }
        };
        print(&findings.text)?;
        done?;
        Ok(if findings.differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    /// The GPU to compare with, or why there is none.
    ///
    /// # Errors
    /// When one was asked for, or nothing else is there to compare with.
    fn gpu(&self) -> Result<Result<ComputeDevice, String>> {
        let needed = self.against.is_none();
        let found = match self.device {
            DeviceChoice::Cpu => Err("--device cpu".to_string()),
            DeviceChoice::Gpu => return ComputeDevice::choose(DeviceChoice::Gpu).map(Ok),
            DeviceChoice::Auto => {
                let device = ComputeDevice::choose(DeviceChoice::Auto)?;
                match device.notice {
                    _ if device.is_gpu() => Ok(device),
                    Some(why) => Err(why),
                    None if needed => {
                        ComputeDevice::choose(DeviceChoice::Gpu).map_err(|e| e.to_string())
                    }
                    None => Err("none is real; --device gpu takes a software one".into()),
                }
            }
        };
        match found {
            Err(why) if needed => Err(Error::new("nothing to compare the CPU with", why)
                .hint("--input x.npy --against logits.npy compares with numbers from elsewhere")),
            found => Ok(found),
        }
    }

    /// Compares a GPU's logits and gradient with the CPU's.
    ///
    /// # Errors
    /// When the GPU failed to compute them.
    fn compare_on(
        &self,
        gpu: &ComputeDevice,
        (model, expected): (&Model, &[f32]),
        pixels: &ArrayD<f32>,
        findings: &mut Findings,
    ) -> Result<()> {
        let (logits_there, gradient_there) = caught(|| {
            let other = self.output.open(&self.model, gpu)?;
            Ok((logits(&other, pixels)?, gradient(&other, pixels)?))
        })
        .map_err(|why| Error::new(format!("cannot compare with {}", gpu.name), why))?;
        findings.compare(&format!("logits on {}", gpu.name), &logits_there, expected);
        let gradient = gradient(model, pixels)?;
        findings.compare(&format!("gradient on {}", gpu.name), &gradient_there, &gradient);
        Ok(())
    }

    /// Pictures of a file in [0,1], N×C×H×W.
    fn pixels(&self, path: &Path, model: &Model) -> Result<ArrayD<f32>> {
        let shape = model.graph.input_shape();
        let mut array = read_npy(path)?;
        if array.ndim() == 3 {
            array = array.insert_axis(Axis(0));
        }
        let wanted = [shape.channels, shape.height, shape.width];
        if array.ndim() != 4 || array.shape()[1..] != wanted || array.is_empty() {
            let why = format!("it is {:?}, the network takes N×{shape}", array.shape());
            return Err(Error::new(format!("cannot use {}", path.display()), why));
        }
        if self.normalised {
            for (channel, mut values) in array.axis_iter_mut(Axis(1)).enumerate() {
                let input = &model.preprocessing;
                let (mean, std) = (input.mean[channel], input.std[channel]);
                values.mapv_inplace(|value| value * std + mean);
            }
        }
        Ok(array)
    }
}

fn read_npy(path: &Path) -> Result<ArrayD<f32>> {
    let what = || format!("cannot read {}", path.display());
    let bytes = std::fs::read(path).map_err(|e| Error::new(what(), e))?;
    ArrayD::<f32>::read_npy(bytes.as_slice())
        .or_else(|_| {
            ArrayD::<f64>::read_npy(bytes.as_slice()).map(|array| array.mapv(|v| v as f32))
        })
        .map_err(|e| Error::new(what(), e).hint("it takes .npy files of float32 or float64"))
}

/// Logits from elsewhere, as many as there are.
fn expected(path: &Path, count: usize) -> Result<Vec<f32>> {
    let array = read_npy(path)?;
    if array.len() != count {
        let why = format!("it holds {} logits, the network gave {count}", array.len());
        return Err(Error::new(format!("cannot compare with {}", path.display()), why));
    }
    Ok(array.iter().copied().collect())
}

/// Two pictures without pattern that need no generator.
fn noise(model: &Model) -> ArrayD<f32> {
    let shape = model.graph.input_shape();
    let dims = [2, shape.channels, shape.height, shape.width];
    let count = dims.iter().product::<usize>();
    let values = (0..count).map(|i| (i as f32 * 1.7).sin().abs()).collect();
    ArrayD::from_shape_vec(dims.to_vec(), values).expect("as many values as places")
}

fn tensor(model: &Model, pixels: &ArrayD<f32>) -> Tensor<4> {
    let dims: [usize; 4] = std::array::from_fn(|axis| pixels.shape()[axis]);
    let data = TensorData::new(pixels.iter().copied().collect::<Vec<f32>>(), dims);
    Tensor::from_data(data, model.graph.device())
}

fn logits(model: &Model, pixels: &ArrayD<f32>) -> Result<Vec<f32>> {
    let mut logits = vec![];
    for picture in tensor(model, pixels).split(model.batch, 0) {
        logits.extend(read_back(model.graph.logits(picture))?);
    }
    Ok(logits)
}

/// The logits that the file itself gives: of the two of a single logit, the positive one.
fn of_file(model: &Model, logits: &[f32]) -> Vec<f32> {
    match model.outputs.kind {
        OutputKind::Sigmoid => logits.iter().copied().skip(1).step_by(2).collect(),
        _ => logits.to_vec(),
    }
}

/// The gradient of class 0 at the first picture.
fn gradient(model: &Model, pixels: &ArrayD<f32>) -> Result<Vec<f32>> {
    let first = tensor(model, pixels).slice_dim(0, 0..1);
    read_back(model.graph.input_gradient(first, 0, &Rules::default()))
}

fn difference(found: &[f32], expected: &[f32]) -> f32 {
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>();
    let missed = square(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    let difference = (missed / square(&mut expected.iter().copied())).sqrt();
    if difference.is_nan() { f32::INFINITY } else { difference }
}
