//! Labelled pictures from every kind of file.

use flate2::Compression;
use flate2::write::GzEncoder;
use hyaline::training::data::{Augmentation, Part, Pictures, TargetShape};
use image::{Rgb, RgbImage};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

const AS_IT_IS: TargetShape = TargetShape { channels: None, size: None };

/// 32×32 pictures of two classes, three of each, in order of classes.
fn picture(class: usize, index: usize) -> RgbImage {
    RgbImage::from_fn(32, 32, |x, y| {
        let value = (class * 97 + index * 31) as u32 + 3 * x + 5 * y;
        Rgb([value as u8, (2 * value) as u8, (x * y) as u8])
    })
}

fn all() -> Vec<(usize, RgbImage)> {
    (0..2).flat_map(|class| (0..3).map(move |index| (class, picture(class, index)))).collect()
}

/// Bytes C×H×W.
fn planes(image: &RgbImage) -> Vec<u8> {
    (0..3).flat_map(|channel| image.pixels().map(move |pixel| pixel.0[channel])).collect()
}

fn folders(at: &Path) -> PathBuf {
    let root = at.join("folders");
    for (number, (class, image)) in all().iter().enumerate() {
        let folder = root.join(["cats", "dogs"][*class]);
        fs::create_dir_all(&folder).unwrap();
        image.save(folder.join(format!("{number}.png"))).unwrap();
    }
    root
}

fn archive(at: &Path, packed: bool) -> PathBuf {
    let path = at.join(if packed { "all.tar.gz" } else { "all.tar" });
    let file = File::create(&path).unwrap();
    let file: Box<dyn Write> = match packed {
        true => Box::new(GzEncoder::new(file, Compression::fast())),
        false => Box::new(file),
    };
    let mut builder = tar::Builder::new(file);
    builder.append_dir_all("pictures", folders(at)).unwrap();
    builder.finish().unwrap();
    path
}

fn npz(at: &Path) -> PathBuf {
    npz_of(at, "all.npz", &["images.npy"], &["labels.npy"])
}

/// The pictures and their classes, each under some names.
fn npz_of(at: &Path, name: &str, images: &[&str], labels: &[&str]) -> PathBuf {
    let header = |shape: &str, kind: &str| {
        let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
        let text = format!("{text:<117}\n");
        [b"\x93NUMPY\x01\x00\x76\x00".as_slice(), text.as_bytes()].concat()
    };
    let path = at.join(name);
    let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for name in images {
        archive.start_file(*name, options).unwrap();
        archive.write_all(&header("(6, 32, 32, 3)", "|u1")).unwrap();
        for (_, image) in all() {
            archive.write_all(image.as_raw()).unwrap();
        }
    }
    for (place, name) in labels.iter().enumerate() {
        archive.start_file(*name, options).unwrap();
        archive.write_all(&header("(6,)", "<i8")).unwrap();
        for (class, _) in all() {
            archive.write_all(&((class + place) as i64).to_le_bytes()).unwrap();
        }
    }
    archive.finish().unwrap();
    path
}

fn cifar(at: &Path, head: &[u8], name: &str) -> PathBuf {
    let folder = at.join(name.replace('.', "-"));
    fs::create_dir_all(&folder).unwrap();
    let record = |(class, image): &(usize, RgbImage)| {
        [head, &[*class as u8], planes(image).as_slice()].concat()
    };
    let bytes: Vec<u8> = all().iter().flat_map(record).collect();
    fs::write(folder.join(name), bytes).unwrap();
    folder
}

#[test]
fn the_same_pictures_are_the_same_from_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let expected = Pictures::read(&folders(at), AS_IT_IS, Part::Train).unwrap();
    assert_eq!(expected.classes, ["cats", "dogs"]);
    assert_eq!(expected.labels, [0, 0, 0, 1, 1, 1]);
    assert_eq!(expected.picture(4), planes(&picture(1, 1)));
    for path in [
        archive(at, false),
        archive(at, true),
        npz(at),
        cifar(at, &[], "data_batch_1.bin").join("data_batch_1.bin"),
        cifar(at, &[7], "train.bin"),
    ] {
        let found = Pictures::read(&path, AS_IT_IS, Part::Train).unwrap();
        assert_eq!(found.sha256(), expected.sha256(), "{}", path.display());
    }
}

/// Writes pictures of one channel as MNIST's two files.
pub fn write_idx(folder: &Path, side: usize, pictures: &[(u8, Vec<u8>)]) -> PathBuf {
    let number = |n: usize| (n as u32).to_be_bytes();
    let mut images = [vec![0, 0, 8, 3], number(pictures.len()).to_vec()].concat();
    images.extend([number(side), number(side)].concat());
    let mut labels = [vec![0, 0, 8, 1], number(pictures.len()).to_vec()].concat();
    for (label, pixels) in pictures {
        images.extend(pixels);
        labels.push(*label);
    }
    let path = folder.join("images-idx3-ubyte");
    fs::write(&path, images).unwrap();
    fs::write(folder.join("labels-idx1-ubyte"), labels).unwrap();
    path
}

#[test]
fn mnists_files_are_read_together() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<_> = (0..5u8).map(|n| (n % 3, vec![n * 20; 64])).collect();
    let read = Pictures::read(&write_idx(folder.path(), 8, &all), AS_IT_IS, Part::Train).unwrap();
    assert_eq!((read.shape, read.labels.as_slice()), ([1, 8, 8], [0, 1, 2, 0, 1].as_slice()));
    assert_eq!(read.picture(3), [60; 64]);
    let [mean, std] = read.normalisation();
    assert!((mean[0] - 40.0 / 255.0).abs() < 1e-6 && (std[0] - 800f32.sqrt() / 255.0).abs() < 1e-6);
}

#[test]
fn what_is_no_set_of_pictures_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("cut.bin"), [1; 3000]).unwrap();
    fs::write(at.join("empty.npz"), []).unwrap();
    fs::write(at.join("a-idx3-ubyte"), [0, 0, 8, 3, 0, 0, 0, 9]).unwrap();
    fs::write(at.join("all.tar.gz"), b"no gzip").unwrap();
    fs::write(at.join("notes.txt"), b"text").unwrap();
    fs::create_dir(at.join("nothing")).unwrap();
    for name in
        ["cut.bin", "empty.npz", "a-idx3-ubyte", "all.tar.gz", "notes.txt", "nothing", "gone.npz"]
    {
        let error = Pictures::read(&at.join(name), AS_IT_IS, Part::Train).unwrap_err().to_string();
        assert!(error.contains(name) && !error.contains('\n'), "{error}");
    }
    let large = TargetShape { size: Some([16, 16]), ..AS_IT_IS };
    assert_eq!(Pictures::read(&folders(at), large, Part::Train).unwrap().shape, [3, 16, 16]);
    RgbImage::new(40, 40).save(at.join("folders/dogs/other.png")).unwrap();
    let error = Pictures::read(&at.join("folders"), AS_IT_IS, Part::Train).unwrap_err().to_string();
    assert!(error.contains("several sizes"), "{error}");
}

#[test]
fn sets_for_training_and_for_tests_are_not_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let names = (["x_test.npy", "x_train.npy"], ["y_test.npy", "y_train.npy"]);
    let both = npz_of(at, "both.npz", &names.0, &names.1);
    // The labels of the second set are one higher.
    for (part, first) in [(Part::Test, 0), (Part::Train, 1)] {
        assert_eq!(Pictures::read(&both, AS_IT_IS, part).unwrap().labels[0], first);
    }
    let unclear = npz_of(at, "unclear.npz", &["images.npy"], &["ids.npy", "labels.npy"]);
    let error = Pictures::read(&unclear, AS_IT_IS, Part::Train).unwrap_err().to_string();
    assert!(error.contains("ids.npy, labels.npy"), "{error}");

    // Four of five training files are an error, the test file is one by itself.
    let cifar10 = cifar(at, &[], "data_batch_1.bin");
    fs::copy(cifar10.join("data_batch_1.bin"), cifar10.join("test_batch.bin")).unwrap();
    assert_eq!(Pictures::read(&cifar10, AS_IT_IS, Part::Test).unwrap().len(), 6);
    let error = Pictures::read(&cifar10, AS_IT_IS, Part::Train).unwrap_err().to_string();
    assert!(error.contains("data_batch_2.bin"), "{error}");

    let path = at.join("two.tar");
    let mut builder = tar::Builder::new(File::create(&path).unwrap());
    for set in ["train", "test"] {
        builder.append_dir_all(set, folders(at)).unwrap();
    }
    builder.finish().unwrap();
    let error = Pictures::read(&path, AS_IT_IS, Part::Train).unwrap_err().to_string();
    assert!(error.contains("test, train"), "{error}");
}

#[test]
fn classes_are_matched_by_name_and_numbers_by_value() {
    let folder = tempfile::tempdir().unwrap();
    for class in ["1", "2", "10"] {
        let of_class = folder.path().join(class);
        fs::create_dir(&of_class).unwrap();
        picture(0, 0).save(of_class.join("a.png")).unwrap();
    }
    let numbers = Pictures::read(folder.path(), AS_IT_IS, Part::Train).unwrap();
    assert_eq!(numbers.classes, ["1", "2", "10"]);

    let named = Pictures::read(&folders(folder.path()), AS_IT_IS, Part::Train).unwrap();
    let learned = ["birds", "cats", "dogs"].map(String::from);
    assert_eq!(named.clone().labelled_as(&learned).unwrap().labels, [1, 1, 1, 2, 2, 2]);
    let error = named.labelled_as(&["cats", "cows"].map(String::from)).unwrap_err().to_string();
    assert!(error.contains("`dogs`"), "{error}");
}

#[test]
fn what_no_network_can_learn_from_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = |read: hyaline::error::Result<Pictures>| read.unwrap_err().to_string();
    let one = write_idx(folder.path(), 8, &[(0, vec![0; 64])]);
    assert!(error(Pictures::read(&one, AS_IT_IS, Part::Train)).contains("fewer than two"));
    let flat = write_idx(folder.path(), 0, &[(0, vec![]), (1, vec![])]);
    assert!(error(Pictures::read(&flat, AS_IT_IS, Part::Train)).contains("0×0"));
    let other = TargetShape { size: Some([16, 16]), ..AS_IT_IS };
    let fixed = npz(folder.path());
    assert!(error(Pictures::read(&fixed, other, Part::Train)).contains("3×32×32 for good"));
    // A byte of class 200 in CIFAR-10.
    let torn = folder.path().join("torn.bin");
    fs::write(&torn, [[200].as_slice(), &[0; 3072]].concat()).unwrap();
    assert!(error(Pictures::read(&torn, AS_IT_IS, Part::Train)).contains("class 200"));
}

#[test]
fn parts_share_no_picture_and_augmentation_follows_from_its_seed() {
    let labels = vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    let pixels = labels.iter().flat_map(|n| (0..64).map(move |i| (n * 20 + i % 8) as u8)).collect();
    let classes = labels.iter().map(ToString::to_string).collect();
    let all = Pictures { shape: [1, 8, 8], pixels, labels, classes };
    let [rest, apart] = all.split(0.3, &mut ChaCha8Rng::seed_from_u64(1));
    let mut together = [rest.labels.clone(), apart.labels.clone()].concat();
    together.sort_unstable();
    assert_eq!((apart.len(), together), (3, all.labels.clone()));

    let augmented =
        |seed, epoch, indices: &[usize]| Augmentation::Standard.apply(&all, indices, seed, epoch);
    let first = augmented(1, 0, &[3, 7]);
    assert_eq!(first[64..], augmented(1, 0, &[7]));
    assert_ne!(first, augmented(1, 1, &[3, 7]));
    assert_ne!(first, augmented(2, 0, &[3, 7]));
    assert_eq!(Augmentation::None.apply(&all, &[2], 1, 0), all.plain(&[2]));
    // A shifted row is the row, mirrored or not, with black at one end.
    let row: Vec<u8> = first[32..40].iter().map(|v| (v * 255.0).round() as u8).collect();
    let seen: Vec<u8> = row.iter().copied().filter(|v| *v > 0).collect();
    assert!(seen.len() >= 7, "{row:?}");
    assert!(seen.windows(2).all(|two| two[0].abs_diff(two[1]) == 1), "{row:?}");
}
