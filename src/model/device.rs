//! Choosing where to compute, and checking that it computes rightly.

use crate::error::{Error, Result};
use crate::graph::liveness::{self, Expected, Liveness};
use crate::graph::op::{Convolution, Linear, MaxPool, Pointwise};
use crate::graph::{Graph, GraphBuilder, NodeId, Op, Rules, Shape, read_back};
use burn::tensor::ops::ConvOptions;
use burn::tensor::wgpu::WgpuSetup;
use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceChoice {
    /// A real GPU that passes the self-check, or else the CPU.
    #[default]
    Auto,
    /// burn-flex on the processor.
    Cpu,
    /// burn's wgpu, on a software adapter too if that is all there is.
    Gpu,
}

/// Where networks run.
#[derive(Clone)]
pub struct ComputeDevice {
    pub device: Device,
    /// Display name: the adapter's name, or the processor.
    pub name: String,
    /// The GPU's handles, for a window that shares it.
    pub gpu: Option<WgpuSetup>,
    /// Whether it still answers, of devices that may stop to.
    pub liveness: Option<Arc<Liveness>>,
    /// Why it is not what was expected, if so.
    pub notice: Option<String>,
}

impl std::fmt::Debug for ComputeDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ComputeDevice({})", self.name)
    }
}

/// Largest relative L2 difference between GPU and CPU that the self-check passes.
const SELF_CHECK_TOLERANCE: f32 = 1e-3;

impl ComputeDevice {
    /// The CPU, through burn-flex.
    pub fn cpu() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            device: Device::flex(),
            name: format!("CPU ({cores} cores)"),
            gpu: None,
            liveness: None,
            notice: None,
        }
    }

    /// Whether it is more than the processor, and may fail.
    pub fn is_gpu(&self) -> bool {
        self.liveness.is_some()
    }

    /// Why the device was given up, if it was.
    pub fn given_up(&self) -> Option<String> {
        self.liveness.as_ref()?.given_up()
    }

    /// The device itself, or the CPU where it was given up.
    pub fn usable(&self) -> Self {
        if self.given_up().is_some() { Self::cpu() } else { self.clone() }
    }

    /// The device for a choice. `Auto` never fails: it falls back to the CPU and reports why.
    ///
    /// # Errors
    /// When a GPU was asked for and none works rightly.
    pub fn choose(choice: DeviceChoice) -> Result<Self> {
        match choice {
            DeviceChoice::Cpu => Ok(Self::cpu()),
            DeviceChoice::Gpu => Self::checked_gpu(),
            DeviceChoice::Auto if !has_real_gpu() => Ok(Self::cpu()),
            DeviceChoice::Auto => Ok(Self::checked_gpu().unwrap_or_else(|e| Self {
                notice: Some(format!("computing on the CPU: {e}")),
                ..Self::cpu()
            })),
        }
    }

    fn checked_gpu() -> Result<Self> {
        let opened = within(OPENING, || catch_unwind(Self::open_gpu));
        let gpu = opened.unwrap_or_else(|why| Ok(Err(unusable(why))));
        let gpu = gpu.map_err(|_| unusable("its driver failed"))??;
        let checked = catch_unwind(AssertUnwindSafe(|| self_check(&gpu.device)));
        let difference = checked.map_err(|_| unusable("it failed to run a tiny network"))?;
        let difference = difference.map_err(unusable)?;
        if difference.is_nan() || difference > SELF_CHECK_TOLERANCE {
            return Err(unusable(format!(
                "on a tiny network it differs from the CPU by {difference:.1e} (relative)"
            )));
        }
        Ok(gpu)
    }

    fn open_gpu() -> Result<Self> {
        let (device, setup) = Device::wgpu_options().init_with_setup().map_err(unusable)?;
        let info = setup.adapter.get_info();
        let name = format!("{} ({})", info.name, info.backend);
        let expected = match info.device_type {
            wgpu::DeviceType::Cpu => Expected::SOFTWARE,
            _ => Expected::CARD,
        };
        let queue = setup.device.clone();
        let poll = move || drop(queue.poll(wgpu::PollType::Poll));
        let liveness = Some(liveness::watch(&device, &name, expected, poll));
        Ok(Self { device, name, gpu: Some(setup), liveness, notice: None })
    }
}

/// What finding and opening a graphics card may take.
const OPENING: Duration = Duration::from_mins(1);

fn unusable(why: impl std::fmt::Display) -> Error {
    Error::new("cannot use the GPU", why).hint("--device cpu needs none")
}

/// What a driver gives, in time.
///
/// # Errors
/// When it does not answer.
fn within<T: Send + 'static>(
    limit: Duration,
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let run = move || drop(sender.send(ask()));
    std::thread::Builder::new().spawn(run).map_err(|e| e.to_string())?;
    let late = |_| format!("its driver did not answer for {} s", limit.as_secs());
    receiver.recv_timeout(limit).map_err(late)
}

/// Whether any adapter is more than a program on the processor.
fn has_real_gpu() -> bool {
    let adapters = || {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::PRIMARY,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
            .iter()
            .any(|adapter| adapter.get_info().device_type != wgpu::DeviceType::Cpu)
    };
    within(OPENING, adapters).unwrap_or(false)
}

/// Relative L2 difference between a device and the CPU over the logits and the input gradient of
/// a tiny network with fixed weights.
fn self_check(device: &Device) -> Result<f32> {
    let run = |device: &Device| -> Result<Vec<f32>> {
        let graph = tiny_network(device)?;
        let pixels = wave([2, 3, 12, 12], device);
        let mut values = read_back(graph.logits(pixels.clone()))?;
        values.extend(read_back(graph.input_gradient(pixels, 1, &Rules::default()))?);
        Ok(values)
    };
    let (expected, found) = (run(&Device::flex())?, run(device)?);
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>();
    let difference = square(&mut expected.iter().zip(&found).map(|(a, b)| a - b));
    Ok((difference / square(&mut expected.iter().copied())).sqrt())
}

fn tiny_network(device: &Device) -> Result<Graph> {
    let mut graph = GraphBuilder::new(Shape::new(3, 12, 12), device);
    let mut convolution = |name: &str, out: usize, groups: usize, stride: usize, from: NodeId| {
        let inputs = graph.shape(from).channels;
        let weight = wave([out, inputs / groups, 3, 3], device);
        let bias = wave([1, 1, 1, out], device).reshape([out]);
        let options = ConvOptions::new([stride; 2], [1, 1], [1, 1], groups);
        let node = graph.add(name, Convolution::new(weight, Some(bias), options), &[from])?;
        graph.add(format!("{name}.relu"), Pointwise::Relu, &[node])
    };
    let wide = convolution("wide", 16, 1, 1, Graph::INPUT)?;
    let depthwise = convolution("depthwise", 16, 16, 2, wide)?;
    let pooled = graph.add("pool", MaxPool::square(2), &[depthwise])?;
    let flat = graph.add("flat", Op::Flatten, &[pooled])?;
    let weight = wave([1, 1, 4, 144], device).reshape([4, 144]);
    graph.add("linear", Linear::new(weight, None), &[flat])?;
    graph.finish()
}

/// Values without pattern that need no generator.
fn wave(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let count = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..count).map(|i| (i as f32 * 1.7).sin() * 0.5).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Memory that the values of one batch may take on the CPU, bytes. Larger batches were no faster
/// there (`cargo bench --bench passes`); smaller ones spend their time between small tensors.
const CPU_BATCH_BYTES: usize = 128 << 20;
/// The same on a GPU, which is only busy with more.
const GPU_BATCH_BYTES: usize = 512 << 20;
const LARGEST_BATCH: usize = 64;

impl ComputeDevice {
    /// How many pictures of a network to run at once. It depends on nothing that changes from run
    /// to run, so that sums over batches come out the same to the bit.
    pub fn batch(&self, graph: &Graph) -> usize {
        let memory = if self.is_gpu() { GPU_BATCH_BYTES } else { CPU_BATCH_BYTES };
        (memory / (4 * graph.values_per_sample())).clamp(1, LARGEST_BATCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_self_check_sees_no_difference_between_a_device_and_itself() {
        assert_eq!(self_check(&Device::flex()).unwrap(), 0.0);
    }
}
