//! Any bytes as an ONNX network: a graph or an error, never a panic.
#![no_main]

use hyaline::model::ComputeDevice;
use hyaline::model::onnx::Network;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let Ok(network) = Network::decode(bytes.to_vec(), Path::new("")) else { return };
    let shape = network.input_shape();
    let Ok(laid) = network.lay([shape.height, shape.width], &ComputeDevice::cpu().device) else { return };
    let _ = laid.finish(&vec![0.0; shape.channels], &vec![1.0; shape.channels]);
});
