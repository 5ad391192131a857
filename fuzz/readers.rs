//! Every reader of files from elsewhere, over bytes. Whatever the bytes are, it gives what they
//! hold or an error: the fuzz targets and `tests/files/readers` look for those that make it panic, run
//! for ever or fill the memory.

use hyaline::attribution::ForeignMap;
use hyaline::model::onnx::Network;
use hyaline::model::{ComputeDevice, Labels, Weights};
use hyaline::picture::annotation::{Annotations, Frame};
use hyaline::picture::{Filter, Picture, Placement, Preprocessing};
use hyaline::study::Definition;
use std::path::Path;

/// A reader over bytes.
pub type Reader = fn(&[u8]);

/// Names of the readers, and the folders below `tests/files` with files for them.
pub const READERS: [(&str, &str, Reader); 12] = [
    ("pytorch", "readers/good", weights),
    ("safetensors", "readers/good", weights),
    ("onnx", "onnx/cases", onnx),
    ("coco", "annotations/dialects/coco", coco),
    ("voc", "annotations/dialects/voc", voc),
    ("yolo", "annotations/dialects/yolo", yolo),
    ("tables", "annotations/dialects/tables", tables),
    ("masks", "annotations/dialects/masks", masks),
    ("maps", "readers/maps", maps),
    ("labels", "readers/labels", labels),
    ("pictures", "readers/pictures", pictures),
    ("lists", "readers/lists", lists),
];

/// Whether bytes begin as safetensors do, with a length and an opening brace.
pub fn are_safetensors(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{')
}

/// PyTorch checkpoints and safetensors, told apart by their content.
pub fn weights(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("net.bin");
    std::fs::write(&path, bytes).expect("room for it");
    let _ = Weights::read(&path);
}

pub fn onnx(bytes: &[u8]) {
    let Ok(network) = Network::decode(bytes.to_vec(), Path::new("")) else { return };
    let shape = network.input_shape();
    let device = ComputeDevice::cpu().device;
    let Ok(lowered) = network.lower([shape.height, shape.width], &device) else { return };
    let _ = lowered.finish(&vec![0.0; shape.channels], &vec![1.0; shape.channels]);
}

/// JSON of COCO, LVIS or Labelme.
pub fn coco(bytes: &[u8]) {
    annotations("a.json", bytes);
}

/// XML of VOC, ImageNet or CVAT.
pub fn voc(bytes: &[u8]) {
    annotations("a.xml", bytes);
}

/// Text of YOLO or DOTA.
pub fn yolo(bytes: &[u8]) {
    annotations("a.txt", bytes);
}

/// Tables of boxes.
pub fn tables(bytes: &[u8]) {
    annotations("a.csv", bytes);
}

pub fn masks(bytes: &[u8]) {
    annotations("a.png", bytes);
}

/// Reads annotations and places what they hold on their first pictures.
fn annotations(name: &str, bytes: &[u8]) {
    const PICTURES: usize = 3;
    const REGIONS: usize = 64;
    let Ok(found) = Annotations::from_bytes(Path::new(name), bytes.to_vec()) else { return };
    assert!(found.warnings().len() < 16, "warnings are summed up");
    let few = found.iter().filter(|(_, annotation)| annotation.regions.len() <= REGIONS);
    for (_, annotation) in few.take(PICTURES) {
        let size = match annotation.frame {
            Frame::Size(size) if size[0] * size[1] < 1 << 16 => size,
            _ => [24, 32],
        };
        let _ = annotation.on_input(&Placement::exact(size));
    }
}

/// Maps made elsewhere, arrays or archives, on the input of a network.
pub fn maps(bytes: &[u8]) {
    let name = if bytes.starts_with(b"PK") { "a.npz" } else { "a.npy" };
    let Ok(map) = ForeignMap::from_bytes(Path::new(name), bytes, None) else { return };
    let (mean, std) = (vec![0.5; 3], vec![0.5; 3]);
    let input =
        Preprocessing { channels: 3, size: [6, 8], mean, std, resize: Filter::Bilinear, crop: 0.8 };
    let Ok((map, _)) = map.on_input(&input, &Placement::new([12, 18], &input)) else { return };
    assert!(map.dim().1 <= 6 && map.dim().2 <= 8 && map.iter().all(|value| value.is_finite()));
}

/// Names of classes.
pub fn labels(bytes: &[u8]) {
    let Ok(labels) = Labels::from_bytes(bytes.to_vec()) else { return };
    assert!(!labels.is_empty());
    let class_of = labels.lookup();
    let last = labels.len() - 1;
    let _ = [0, last, last + 1].map(|class| class_of(labels.name(class)));
}

pub fn pictures(bytes: &[u8]) {
    let name = if bytes.starts_with(b"\x93NUMPY") { "a.npy" } else { "a.png" };
    let _ = Picture::from_bytes(Path::new(name), bytes);
}

/// Lists of pictures with labels.
pub fn lists(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("list.csv"), bytes).expect("room for it");
    let text = "name = 'a'\nmodels = ['a']\nmethods = ['a']\nscores = ['a']\n[pictures]\nlist = 'list.csv'";
    let definition = Definition::parse(&folder.path().join("a.toml"), text).expect("a study");
    let _ = definition.pictures(|_| true);
}
