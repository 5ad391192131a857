//! A device that fails on command, for tests.

use super::ComputeDevice;
use crate::graph::liveness::{self, Expected, Fault, Liveness};
use burn::tensor::Device;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Computes on the processor, but counts as a GPU, until it is made to fail. There is one at a
/// time: another one waits until it is dropped.
pub struct FakeGpu {
    pub device: ComputeDevice,
    liveness: Arc<Liveness>,
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

impl FakeGpu {
    /// A device that answers within `floor`, or is given up.
    pub fn new(floor: Duration) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing else uses such a device, by which it is known.
        let device = Device::flex().autodiff().gradient_checkpointing();
        let expected = Expected { floor, rate: 1e12 };
        let liveness = liveness::watch(&device, "Fake GPU", expected, || {});
        let gpu = ComputeDevice {
            device,
            name: "Fake GPU".into(),
            gpu: None,
            liveness: Some(liveness.clone()),
            notice: None,
        };
        Self { device: gpu, liveness, _turn: turn }
    }

    /// Fails from now on.
    pub fn fail(&self, fault: Fault) {
        self.liveness.inject(fault);
    }
}

impl Drop for FakeGpu {
    fn drop(&mut self) {
        liveness::forget(&self.device.device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::{self, Attribution, Explained, Progress};
    use crate::model::Model;
    use crate::parameter::Values;
    use crate::progress::Flow;
    use crate::score::{self, Quantity};
    use ndarray::{Array3, Array4};
    use safetensors::tensor::{Dtype, TensorView};
    use std::path::Path;
    use std::time::Instant;

    const FLOOR: Duration = Duration::from_millis(500);
    /// What any of this may take on a busy machine.
    const LIMIT: Duration = Duration::from_mins(1);

    /// A small network of two convolutions and two linear layers, for 1×8×8 pixels.
    fn network(folder: &Path, device: &ComputeDevice) -> Model {
        let shapes = [
            ("0.weight", vec![16, 1, 4, 4]),
            ("0.bias", vec![16]),
            ("2.weight", vec![32, 16, 4, 4]),
            ("2.bias", vec![32]),
            ("5.weight", vec![100, 128]),
            ("5.bias", vec![100]),
            ("7.weight", vec![10, 100]),
            ("7.bias", vec![10]),
        ];
        let values = |shape: &[usize]| -> Vec<u8> {
            let wave = |i| (i as f32 * 2.3).sin() * 0.2;
            (0..shape.iter().product()).flat_map(|i: usize| wave(i).to_le_bytes()).collect()
        };
        let bytes: Vec<_> = shapes.iter().map(|(_, shape)| values(shape)).collect();
        let views = shapes.iter().zip(&bytes).map(|((name, shape), bytes)| {
            (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
        });
        let path = folder.join("net.safetensors");
        std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
        Model::open(&path, device).unwrap()
    }

    fn picture() -> Array3<f32> {
        Array3::from_shape_fn((1, 8, 8), |(_, y, x)| ((y * 8 + x) as f32 * 0.7).sin() * 0.5 + 0.5)
    }

    fn rise(
        model: &Model,
        pixels: &Array3<f32>,
        watch: &mut dyn FnMut(&Progress) -> Flow,
    ) -> Attribution {
        let method = attribution::method("rise").unwrap();
        let parameters = method.description().parameters;
        let mut values = Values::defaults(parameters);
        values.set(parameters, "masks", "200").unwrap();
        let explained = Explained::new(model, pixels, "p", 3, 0);
        attribution::attribute(method, &explained, &values, watch).unwrap()
    }

    /// RISE on a device that fails after its second batch, and on the CPU.
    fn explained_by_failing(fault: Fault) -> (Attribution, FakeGpu) {
        let folder = tempfile::tempdir().unwrap();
        let gpu = FakeGpu::new(FLOOR);
        let begun = Instant::now();
        let (model, pixels) = (network(folder.path(), &gpu.device), picture());
        assert!(model.on_gpu);
        let mut batches = 0;
        let found = rise(&model, &pixels, &mut |_| {
            batches += 1;
            if batches == 2 {
                gpu.fail(fault);
            }
            Flow::Continue
        });
        let cpu = rise(model.on_cpu().unwrap(), &pixels, &mut |_| Flow::Continue);
        let difference = (&*found.map - &*cpu.map).mapv(f32::abs).sum() / cpu.map.sum();
        assert!(difference < 1e-5, "nothing is lost: {difference}");
        assert!(!found.is_partial());
        assert!(begun.elapsed() < LIMIT);
        (found, gpu)
    }

    #[test]
    fn until_it_fails_it_computes() {
        let folder = tempfile::tempdir().unwrap();
        let gpu = FakeGpu::new(LIMIT);
        let model = network(folder.path(), &gpu.device);
        let found = rise(&model, &picture(), &mut |_| Flow::Continue);
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
        assert_eq!(gpu.device.given_up(), None);
    }

    #[test]
    fn a_driver_that_hangs_is_given_up_and_the_cpu_goes_on() {
        let (found, gpu) = explained_by_failing(Fault::Hangs);
        let said = "computed on the CPU: the device failed to compute: Fake GPU is given up: it did \
                    not answer for 0.5 s";
        assert!(found.warnings[0].starts_with(said), "{}", found.warnings[0]);
        assert!(gpu.device.given_up().is_some());
        // From now on nothing is asked of it.
        let folder = tempfile::tempdir().unwrap();
        let model = network(folder.path(), &gpu.device);
        assert!(!model.on_gpu);
        assert_eq!(model.classify(&picture()).unwrap().len(), 10);
    }

    #[test]
    fn a_lost_device_and_one_out_of_memory_leave_the_work_to_the_cpu() {
        for fault in [Fault::Lost, Fault::OutOfMemory(0)] {
            let (found, _) = explained_by_failing(fault);
            assert!(found.warnings[0].starts_with("computed on the CPU: "), "{fault:?}");
        }
    }

    #[test]
    fn where_memory_is_short_batches_are_smaller() {
        let (found, _) = explained_by_failing(Fault::OutOfMemory(5));
        let said = "computed in batches of 4: the GPU failed with larger ones";
        assert_eq!(found.warnings[0], said);
    }

    #[test]
    fn predictions_and_scores_are_the_cpus_where_the_device_fails() {
        for fault in [Fault::Hangs, Fault::Lost] {
            let folder = tempfile::tempdir().unwrap();
            let gpu = FakeGpu::new(FLOOR);
            let model = network(folder.path(), &gpu.device);
            gpu.fail(fault);
            let classes = model.classify(&picture()).unwrap();
            let expected = model.on_cpu().unwrap().classify(&picture()).unwrap();
            assert_eq!(classes, expected);
            let mut score = score::of_class(&model, classes[0].class, Quantity::Probability);
            let pictures = Array4::from_shape_vec((1, 1, 8, 8), picture().into_iter().collect());
            let score = score(pictures.unwrap()).unwrap()[0];
            assert!((score - classes[0].score()).abs() < 1e-6);
        }
    }

    #[test]
    fn a_thread_that_the_device_holds_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let gpu = FakeGpu::new(FLOOR);
        let model = Arc::new(network(folder.path(), &gpu.device));
        gpu.fail(Fault::TakesNothing);
        let held = model.clone();
        let held = std::thread::spawn(move || held.classify(&picture()).map(drop));
        let begun = Instant::now();
        while !gpu.liveness.holds(held.thread().id()) {
            assert!(begun.elapsed() < LIMIT);
            std::thread::sleep(FLOOR / 10);
        }
        assert!(!gpu.liveness.holds(std::thread::current().id()));
        assert_eq!(model.classify(&picture()).unwrap().len(), 10);
        let why = gpu.device.given_up().unwrap();
        assert_eq!(why, "Fake GPU is given up: it took no work for 0.5 s");
    }
}
