//! Networks exported for a batch of a fixed length, picture by picture against ONNX Runtime on the
//! whole batch (`make_batches.py`).

use super::{floats, open, support::relative_error};
use burn::tensor::{Device, Tensor, TensorData};
use hyaline::graph::read_back;
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/onnx/batches")
}

#[test]
fn every_picture_gets_its_logits_of_the_batch() {
    let bytes = std::fs::read(folder().join("expected.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let device = Device::flex();
    let (shape, pixels) = floats(&file, "pixels");
    let data = TensorData::new(pixels, shape.clone());
    let pixels: Tensor<4> = Tensor::from_data(data, &device);
    let mut failures = vec![];
    let mut count = 0;
    for name in file.names().into_iter().filter_map(|name| name.strip_suffix(".output")) {
        count += 1;
        let (graph, _, notes) = match open(&folder().join(format!("{name}.onnx")), &device) {
            Ok(opened) => opened,
            Err(why) => {
                failures.push(format!("{name}: {why}"));
                continue;
            }
        };
        assert!(notes.iter().any(|note| note.contains("batches of 6")), "{name}: {notes:?}");
        let (_, expected) = floats(&file, &format!("{name}.output"));
        let one = |picture: usize| {
            let picture = pixels.clone().slice_dim(0, picture..picture + 1);
            read_back(graph.logits(picture)).unwrap()
        };
        let found: Vec<f32> = (0..shape[0]).flat_map(one).collect();
        let error = relative_error(found, expected);
        if error.is_nan() || error > 1e-5 {
            failures.push(format!("{name}: {error:.1e}"));
        }
    }
    assert!(count > 20, "{count} networks");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Where pictures are mixed, or batch norms are in training mode, no one picture has logits.
#[test]
fn networks_that_mix_pictures_are_refused() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder().join("mixed")).unwrap() {
        let path = entry.unwrap().path();
        let why = open(&path, &Device::flex()).map(|_| ()).unwrap_err();
        assert!(why.contains("batch"), "{}: {why}", path.display());
        count += 1;
    }
    assert!(count > 10, "{count} networks");
}
