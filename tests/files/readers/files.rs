//! Pictures, maps and labels as cameras, microscopes, other libraries and hubs leave them.

use hyaline::attribution::ForeignMap;
use hyaline::model::Labels;
use hyaline::picture::{Content, Filter, Picture, Placement, Preprocessing};
use image::RgbImage;
use ndarray::{Array3, ArrayD};
use ndarray_npy::ReadNpyExt;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/readers").join(name)
}

/// The files of a folder that are read, and those that are refused.
fn files(name: &str) -> [Vec<PathBuf>; 2] {
    let mut files: Vec<_> =
        fs::read_dir(folder(name)).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let is_refused =
        |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with("refused");
    let (refused, read) = files.into_iter().partition(is_refused);
    [read, refused]
}

fn rgb(picture: Picture) -> RgbImage {
    match picture.content {
        Content::Rgb(image) => image,
        Content::Exact(_) => panic!("an array"),
    }
}

fn expected(name: &str) -> Array3<u8> {
    let file = fs::File::open(folder("pictures/expected.npz")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let entry = archive.by_name(&format!("{}.npy", name.replace('.', "_"))).unwrap();
    Array3::read_npy(entry).unwrap()
}

#[test]
fn tiffs_of_microscopes_have_pillows_pixels() {
    let [read, refused] = files("pictures");
    let tiffs = read.iter().filter(|path| path.extension().unwrap() == "tif");
    let mut compared = 0;
    for path in tiffs {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (image, expected) = (rgb(Picture::open(path).unwrap()), expected(name));
        let (width, height) = image.dimensions();
        assert_eq!((height as usize, width as usize, 3), expected.dim(), "{name}");
        let right = expected.iter().copied().eq(image.as_raw().iter().copied());
        assert!(right, "{name}");
        compared += 1;
    }
    assert_eq!(compared, 12);
    for path in refused {
        let why = Picture::open(&path).unwrap_err().to_string();
        assert!(why.contains("must be 0 to 1"), "{why}");
    }
}

#[test]
fn jpeg_xl_has_its_pixels_and_its_ends() {
    for name in ["lossless.jxl", "lossy.jxl", "grey.jxl", "alpha.jxl"] {
        let bytes = fs::read(folder("pictures").join(name)).unwrap();
        let open = |bytes: &[u8]| Picture::from_bytes(Path::new(name), bytes);
        let (image, expected) = (rgb(open(&bytes).unwrap()), expected(name));
        let furthest = expected.iter().zip(image.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        // The lossy one is rounded elsewhere by libjxl.
        let allowed = if name == "lossy.jxl" { 2 } else { u8::from(name == "alpha.jxl") };
        assert!(furthest.unwrap() <= allowed, "{name}: {furthest:?}");
        let cut = open(&bytes[..bytes.len() * 2 / 3]).unwrap_err().to_string();
        assert!(cut.contains("ends before") || cut.contains("can't be decoded"), "{cut}");
    }
}

#[test]
fn jpegs_are_whole_whatever_follows_them_and_refused_where_they_are_not() {
    for name in ["plain", "progressive", "restarts"] {
        let whole = fs::read(folder("pictures").join(format!("{name}.jpg"))).unwrap();
        let open = |bytes: &[u8]| Picture::from_bytes(Path::new("a.jpg"), bytes);
        let right = rgb(open(&whole).unwrap());
        let film = [&whole[..], b"\0\0\0\x18ftypmp42", &whole[20..400], b"\xff\xda\0\x02"].concat();
        for bytes in [film, [&whole[..], &[0; 50]].concat()] {
            let picture = open(&bytes).unwrap();
            assert!(picture.notes.is_empty() && rgb(picture) == right, "{name}");
        }
        for lacking in [1, 2] {
            let picture = open(&whole[..whole.len() - lacking]).unwrap();
            assert!(picture.notes[0].contains("marker of its end"), "{name}: {:?}", picture.notes);
            assert!(rgb(picture) == right, "{name} without {lacking} bytes");
        }
        for share in [30, 60, 90, 97, 99] {
            let cut = open(&whole[..whole.len() * share / 100]);
            let why = cut.map(|picture| picture.notes).unwrap_err().to_string();
            assert!(why.contains("ends before the picture does"), "{name}, {share} %: {why}");
        }
    }
}

fn input(channels: usize) -> Preprocessing {
    let (mean, std) = (vec![0.5; channels], vec![0.5; channels]);
    Preprocessing { channels, size: [6, 8], mean, std, resize: Filter::Bilinear, crop: 1.0 }
}

#[test]
fn maps_are_the_same_in_every_form() {
    let input = input(3);
    // Resized to 6 × 10, a column is cut off on either side.
    let placement = Placement::new([12, 20], &input);
    let whole: ArrayD<f32> =
        ArrayD::read_npy(fs::File::open(folder("maps/hw.npy")).unwrap()).unwrap();
    let [mut read, refused] = files("maps");
    read.push(folder("maps/several.npz:saliency"));
    read.retain(|path| !path.ends_with("several.npz"));
    assert!(read.len() > 14);
    for path in &read {
        let (map, notes) = ForeignMap::read(path).unwrap().on_input(&input, &placement).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let scale = if name.starts_with("int") { 8.0 } else { 1.0 };
        let summed = map.sum_axis(ndarray::Axis(0)) / scale;
        assert_eq!(
            map.dim().0,
            if name.contains('w') && name != "hw.npy" || name == "shap.npy" { 3 } else { 1 },
            "{name}"
        );
        // The picture's map is antialiased where it shrinks by half, which mixes neighbours.
        if name != "picture.npy" && name != "larger.npy" {
            let right = summed.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(right, "{name}: {summed}");
        }
        let assumed = ["batch", "batch_chw", "hwc", "shap", "larger", "picture"];
        let is_assumed = assumed.iter().any(|form| name.starts_with(form));
        assert_eq!(notes.is_empty(), !is_assumed, "{name}: {notes:?}");
    }
    for path in &refused {
        let read = ForeignMap::read(path);
        let read = read.and_then(|map| map.on_input(&input, &placement));
        let why = read.map(|_| ()).unwrap_err().to_string();
        assert!(!why.contains('\n') && why.contains("refused"), "{why}");
    }
    let several = ForeignMap::read(&folder("maps/several.npz")).unwrap_err().to_string();
    assert!(
        several.contains("other, saliency") || several.contains("saliency, other"),
        "{several}"
    );
}

#[test]
fn maps_of_the_picture_are_placed_as_the_picture_is() {
    let input = input(1);
    let placement = Placement::new([12, 20], &input);
    // A ramp across the picture stays one under any resizing, but for its ends.
    let ramp = Array3::from_shape_fn((1, 12, 20), |(_, _, x)| x as f32 + 0.5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ramp.npy");
    ndarray_npy::write_npy(&path, &ramp).unwrap();
    let (map, _) = ForeignMap::read(&path).unwrap().on_input(&input, &placement).unwrap();
    assert_eq!(map.dim(), (1, 6, 8));
    for (x, value) in map.iter().skip(2 * 8).take(8).enumerate() {
        let expected = (x as f32 + 1.5) * 2.0;
        assert!((value - expected).abs() < 1e-3, "{x}: {value} for {expected}");
    }
}

#[test]
fn labels_are_the_same_in_every_file() {
    let [read, _] = files("labels");
    assert_eq!(read.len(), 6);
    for path in read {
        let labels = Labels::read(&path).unwrap();
        let names = [0, 1, 2].map(|class| labels.name(class));
        assert_eq!(names, ["tench", "goldfish", "white shark"], "{}", path.display());
        assert_eq!((labels.len(), labels.class_of("White_Shark")), (3, Some(2)));
    }
}
