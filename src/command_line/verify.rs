//! `hyaline verify`: whether a network computes what it should.

use super::{open_device, print};
use crate::error::{Error, Result};
use crate::graph::{Rules, read_back};
use crate::model::{ComputeDevice, DeviceChoice, Model};
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
      logits and input gradient on the GPU against the CPU
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
}

impl Verify {
    pub fn run(&self) -> Result<ExitCode> {
        let cpu = open_device(DeviceChoice::Cpu)?;
        let model = Model::open(&self.model, &cpu)?;
        let pixels = match &self.input {
            Some(path) => self.pixels(path, &model)?,
            None => noise(&model),
        };
        let logits = logits(&model, &pixels)?;
        let mut text = format!("{} on {}\n", model.name, cpu.name);
        let mut agrees = true;
        let mut compare = |what: String, difference: f32| {
            let verdict = if difference <= TOLERANCE { "agrees" } else { "DIFFERS" };
            agrees &= difference <= TOLERANCE;
            let _ = writeln!(text, "{what:<40} {difference:.1e}  {verdict}");
        };
        if let Some(path) = &self.against {
            let expected = expected(path, logits.len())?;
            compare(format!("logits against {}", path.display()), difference(&logits, &expected));
        }
        match ComputeDevice::choose(DeviceChoice::Gpu) {
            Ok(gpu) => {
                let other = Model::open(&self.model, &gpu)?;
                let found = self::logits(&other, &pixels)?;
                compare(format!("logits on {}", gpu.name), difference(&found, &logits));
                let [found, expected] = [gradient(&other, &pixels)?, gradient(&model, &pixels)?];
                compare(format!("gradient on {}", gpu.name), difference(&found, &expected));
            }
            Err(why) if self.against.is_none() => {
                return Err(Error::new("nothing to compare the CPU with", why).hint(
                    "--input x.npy --against logits.npy compares with numbers from elsewhere",
                ));
            }
            Err(why) => {
                let _ = writeln!(text, "no GPU to compare with: {why}");
            }
        }
        print(&text)?;
        Ok(if agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
