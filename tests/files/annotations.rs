//! Annotations: every format, the way to a network's input, and files that are broken.

mod dialects;
mod placing;
mod wrong_files;

use crate::support;
use hyaline::picture::annotation::{
    Annotation, Annotations, BoundingBox, Frame, MAX_BYTES, Region, Regions, RunLengths, Shape,
};
use hyaline::picture::{Filter, Picture, Placement, Preprocessing};
use hyaline::random::RandomStream;
use image::{GrayImage, Luma};
use ndarray::{Array2, ArrayView2};
use rand::{Rng, RngExt};
use safetensors::SafeTensors;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/annotations").join(name)
}

/// Writes a file into a folder of its own and opens it.
fn opened(name: &str, content: impl AsRef<[u8]>) -> hyaline::error::Result<Annotations> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    Annotations::open(&path)
}

/// The one line that a broken file gets.
fn refused(name: &str, content: impl AsRef<[u8]>) -> String {
    let why = opened(name, content).unwrap_err().to_string();
    assert!(why.contains(name) && !why.contains('\n'), "{why}");
    why
}

fn bounds(x1: f32, y1: f32, x2: f32, y2: f32) -> BoundingBox {
    BoundingBox { x1, y1, x2, y2 }
}

fn boxes(annotation: &Annotation) -> Vec<BoundingBox> {
    let as_box = |region: &Region| match &region.shape {
        Shape::Box(bounds) => *bounds,
        other => panic!("{other:?}"),
    };
    annotation.regions.iter().map(as_box).collect()
}

fn input(size: [usize; 2], crop: f32) -> Preprocessing {
    let (mean, std) = (vec![0.5; 3], vec![0.5; 3]);
    Preprocessing { channels: 3, size, mean, std, resize: Filter::Bilinear, crop }
}

fn xml(database: &str, size: [usize; 2], objects: &str) -> String {
    format!(
        "<annotation><folder>x</folder><filename>cat</filename><source><database>{database}</database></source>\
         <size><width>{}</width><height>{}</height><depth>3</depth></size>{objects}</annotation>",
        size[1], size[0]
    )
}

fn object(name: &str, edges: [f32; 4]) -> String {
    let [x1, y1, x2, y2] = edges;
    format!(
        "<object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin>\
         <xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
    )
}

#[test]
fn voc_and_imagenet_differ_in_where_they_count_from() {
    let objects = object("dog", [11.0, 21.0, 40.0, 60.0])
        + &object("cat", [1.0, 2.0, 3.0, 4.0]).replace("<difficult>0", "<difficult>1");
    for (database, first) in [
        ("ILSVRC_2012", bounds(11.0, 21.0, 40.0, 60.0)),
        ("Unknown", bounds(11.0, 21.0, 40.0, 60.0)),
        ("The VOC2007 Database", bounds(10.0, 20.0, 40.0, 60.0)),
    ] {
        let found = opened("cat.xml", xml(database, [100, 80], &objects)).unwrap();
        let annotation = found.of("cat").unwrap();
        assert_eq!(annotation.frame, Frame::Size([100, 80]));
        assert_eq!(boxes(annotation)[0], first);
        let about: Vec<_> =
            annotation.regions.iter().map(|r| (r.label.as_deref().unwrap(), r.difficult)).collect();
        assert_eq!(about, [("dog", false), ("cat", true)]);
        let dogs = annotation.only(|region| region.label.as_deref() == Some("dog"));
        assert_eq!(dogs.regions.len(), 1);
    }
    let unsized_ = opened("cat.xml", xml("", [0, 0], &objects)).unwrap();
    assert_eq!(unsized_.of("cat").unwrap().frame, Frame::Original);
    assert!(unsized_.of("dog").is_none());
    // A part of an object is none.
    let part = "<object><name>a</name><part><bndbox><xmin>1</xmin></bndbox></part><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>";
    assert_eq!(
        opened("cat.xml", xml("", [9, 9], part)).unwrap().of("cat").unwrap().regions.len(),
        1
    );
}

#[test]
fn coco_masks_are_those_of_pycocotools() {
    let found = Annotations::open(&fixture("coco.json")).unwrap();
    assert_eq!(found.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["cat", "empty"]);
    assert!(found.of("empty").unwrap().regions.is_empty());
    let annotation = found.of("cat").unwrap();
    let bytes = fs::read(fixture("coco.safetensors")).unwrap();
    let masks = SafeTensors::deserialize(&bytes).unwrap();
    for (index, region) in annotation.regions.iter().take(6).enumerate() {
        let Shape::Mask(mask) = &region.shape else { panic!("object {index} is a mask") };
        let expected = masks.tensor(&index.to_string()).unwrap().data().to_vec();
        let expected = Array2::from_shape_vec((45, 60), expected).unwrap().mapv(|v| v != 0);
        let found = mask.to_array();
        if region.difficult {
            assert_eq!(found, expected, "run lengths of object {index}");
        } else {
            assert_same_within_a_pixel(&found, &expected);
        }
    }
    let about = |index: usize| {
        let region = &annotation.regions[index];
        (region.class.unwrap(), region.label.as_deref().unwrap())
    };
    assert_eq!([0, 1, 2].map(about), [(1, "dog"), (0, "car"), (2, "toothbrush")]);
    assert_eq!(annotation.regions[6].shape, Shape::Box(bounds(4.5, 6.0, 24.5, 16.25)));
}

/// Asserts that masks differ only next to an outline of the second, and seldom.
fn assert_same_within_a_pixel(found: &Array2<bool>, expected: &Array2<bool>) {
    let differing = found.indexed_iter().filter(|(place, inside)| **inside != expected[*place]);
    let mut count = 0;
    for ((y, x), inside) in differing {
        count += 1;
        let near = (y.saturating_sub(1)..(y + 2).min(expected.nrows())).any(|y| {
            (x.saturating_sub(1)..(x + 2).min(expected.ncols()))
                .any(|x| expected[[y, x]] == *inside)
        });
        assert!(near, "({y}, {x}) is far from the outline");
    }
    let size = expected.iter().filter(|inside| **inside).count();
    assert!(count * 8 < size, "{count} of {size} pixels differ");
}

#[test]
fn yolo_knows_names_from_beside_and_above() {
    let folder = tempfile::tempdir().unwrap();
    let labels = folder.path().join("labels");
    fs::create_dir(&labels).unwrap();
    fs::write(labels.join("a.txt"), "1 0.5 0.25 0.5 0.5\n\n0 0.1 0.1 0.2 0.2 0.93\n").unwrap();
    fs::write(labels.join("b.txt"), "").unwrap();
    fs::write(folder.path().join("data.yaml"), "names:\n  0: cat\n  1: dog\n").unwrap();
    let found = Annotations::open(&labels).unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.of("b").unwrap().regions.is_empty());
    let annotation = found.of("a").unwrap();
    assert_eq!(annotation.frame, Frame::Unit);
    assert_eq!(boxes(annotation)[0], bounds(0.25, 0.0, 0.75, 0.5));
    assert_eq!(annotation.regions[0].label.as_deref(), Some("dog"));
    let placed = annotation.on_input(&Placement::exact([40, 80])).unwrap();
    assert_eq!(placed.boxes, [bounds(20.0, 0.0, 60.0, 20.0), bounds(0.0, 0.0, 16.0, 8.0)]);
    fs::write(labels.join("classes.txt"), "Katze\nHund\n").unwrap();
    for path in [labels.clone(), labels.join("a.txt")] {
        let found = Annotations::open(&path).unwrap();
        assert!(found.of("classes").is_none());
        assert_eq!(found.of("a").unwrap().regions[0].label.as_deref(), Some("Hund"));
    }
}

#[test]
fn tables_are_read_by_the_names_of_their_columns() {
    let plain = "image,class,wnid,x1,y1,x2,y2,w,h\na,65,n01751748,75.5,73.5,301,131,341,256\na,65,n01751748,1,2,3,4,341,256\nb,7,n1,1,1,2,2,9,8\n";
    let found = opened("boxes.csv", plain).unwrap();
    assert_eq!(found.len(), 2);
    let annotation = found.of("a").unwrap();
    assert_eq!(annotation.frame, Frame::Size([256, 341]));
    assert_eq!(boxes(annotation), [bounds(75.5, 73.5, 301.0, 131.0), bounds(1.0, 2.0, 3.0, 4.0)]);
    assert_eq!(annotation.regions[0].class, Some(65));
    assert_eq!(annotation.regions[0].label.as_deref(), Some("n01751748"));
    // Other names, order and separators; a class in words; a byte order mark.
    let other =
        "\u{feff}xmax;ymax;X_Min;Y Min;class;File-Name;difficult\n30;40;10;20;dog;dir\\a.JPG;1\n";
    for name in ["boxes.csv", "boxes.txt", "boxes"] {
        let found = opened(name, other).unwrap();
        let annotation = found.of("a").unwrap();
        assert_eq!(annotation.frame, Frame::Original);
        assert_eq!(boxes(annotation), [bounds(10.0, 20.0, 30.0, 40.0)]);
        let region = &annotation.regions[0];
        assert_eq!((region.class, region.label.as_deref()), (None, Some("dog")));
        assert!(region.difficult);
    }
    let open_images = "ImageID\tLabelName\tXMin\tXMax\tYMin\tYMax\n0f\t/m/01\t0.1\t0.5\t0.25\t1\n";
    let found = opened("boxes.tsv", open_images).unwrap();
    assert_eq!(found.of("0f").unwrap().frame, Frame::Unit);
    assert_eq!(boxes(found.of("0f").unwrap()), [bounds(0.1, 0.25, 0.5, 1.0)]);
}

/// Value (⌊y/4⌋ + ⌊x/5⌋) mod 3 for every pixel of 23 × 18, as the mask fixtures have.
fn stripes() -> Array2<usize> {
    Array2::from_shape_fn((18, 23), |(y, x)| (y / 4 + x / 5) % 3)
}

#[test]
fn masks_keep_their_values() {
    let both: &[usize] = &[1, 2];
    for (file, objects) in [
        ("grey.png", both),
        ("grey.bmp", both),
        ("grey.tif", both),
        ("grey.gif", both),
        ("palette2.png", both),
        ("palette4.png", both),
        ("palette8.png", both),
        ("deep.png", both),
        ("colours.png", &[2, 1]),
        ("void.png", &[1]),
    ] {
        let found = Annotations::open(&fixture("masks").join(file)).unwrap();
        let (_, annotation) = found.iter().next().unwrap();
        assert_eq!(annotation.frame, Frame::Size([18, 23]));
        assert_eq!(annotation.regions.len(), objects.len(), "{file}");
        for (region, value) in annotation.regions.iter().zip(objects) {
            assert_eq!((region.class, region.label.as_deref()), (None, None), "{file}");
            let Shape::Mask(mask) = &region.shape else { panic!("a mask") };
            assert_eq!(mask.to_array(), stripes().mapv(|v| v == *value), "{file}, {value}");
        }
    }
    for file in ["one_bit.png", "palette1.png"] {
        let found = Annotations::open(&fixture("masks").join(file)).unwrap();
        let union = found.iter().next().unwrap().1.on_input(&Placement::exact([18, 23])).unwrap();
        assert_eq!(union.mask, stripes().mapv(|value| value > 0), "{file}");
    }
}

#[test]
fn folders_are_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let empty = Annotations::open(folder.path()).unwrap_err().to_string();
    assert!(empty.contains("holds none") && empty.contains("COCO"), "{empty}");
    let grey = fixture("masks/grey.png");
    for name in ["cat_mask.png", "dog-mask.png", "cat.png", ".hidden_mask.png"] {
        fs::copy(&grey, file(name)).unwrap();
    }
    let masks = Annotations::open(folder.path()).unwrap();
    assert_eq!(masks.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["cat", "dog"]);
    fs::write(file("boxes.csv"), "image,x1,y1,x2,y2\nbird,1,2,3,4\n").unwrap();
    assert!(Annotations::open(folder.path()).unwrap().of("bird").is_some());
    fs::write(file("more.json"), "{}").unwrap();
    assert!(Annotations::open(folder.path()).unwrap_err().to_string().contains("several"));
    for name in ["fox.xml", "owl.xml"] {
        fs::write(file(name), xml("", [9, 9], &object("a", [1.0, 1.0, 5.0, 5.0]))).unwrap();
    }
    fs::write(file("broken.xml"), "<annotation>").unwrap();
    let found = Annotations::open(folder.path()).unwrap();
    assert_eq!(found.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["fox", "owl"]);
    let warnings = found.warnings();
    assert!(
        warnings[0].starts_with("1 of 3 files skipped: broken.xml: broken XML"),
        "{warnings:?}"
    );
}

/// Edges of a box of some size in a picture of height and width.
fn random_box(generator: &mut impl Rng, [height, width]: [usize; 2]) -> [f32; 4] {
    let mut pair = |side: usize| {
        let from = generator.random_range(0..side - 4);
        let to = generator.random_range(from + 4..=side);
        [from as f32, to as f32]
    };
    let ([x1, x2], [y1, y2]) = (pair(width), pair(height));
    [x1, y1, x2, y2]
}

#[test]
fn every_format_says_the_same() {
    let mut generator = RandomStream::new(1, "formats", "", "").generator();
    for _ in 0..20 {
        let size = [generator.random_range(20..300), generator.random_range(20..300)];
        let [h, w] = size;
        let edges: Vec<[f32; 4]> =
            (0..generator.random_range(1..5)).map(|_| random_box(&mut generator, size)).collect();
        let objects: String = edges.iter().map(|edges| object("a", *edges)).collect();
        let mut csv = "filename,xmin,ymin,xmax,ymax,width,height\n".to_string();
        let (mut yolo, mut coco) = (String::new(), vec![]);
        for [x1, y1, x2, y2] in &edges {
            let _ = writeln!(csv, "cat.jpg,{x1},{y1},{x2},{y2},{w},{h}");
            let shares = [x1 + x2, y1 + y2, 2.0 * (x2 - x1), 2.0 * (y2 - y1)];
            let [x, y, width, height] =
                [0, 1, 2, 3].map(|i| f64::from(shares[i]) / 2.0 / [w, h, w, h][i] as f64);
            let _ = writeln!(yolo, "0 {x} {y} {width} {height}");
            coco.push(format!("{{\"image_id\":1,\"bbox\":[{x1},{y1},{},{}]}}", x2 - x1, y2 - y1));
        }
        let coco = format!(
            "{{\"images\":[{{\"id\":1,\"file_name\":\"cat.png\",\"height\":{h},\"width\":{w}}}],\"annotations\":[{}]}}",
            coco.join(",")
        );
        let placement = Placement::new(size, &input([64, 48], 0.8));
        let on_input = |name: &str, content: &str| {
            let found = opened(name, content).unwrap();
            assert!(found.warnings().is_empty(), "{:?}", found.warnings());
            found.of("cat").unwrap().on_input(&placement).unwrap()
        };
        let first = on_input("cat.xml", &xml("ILSVRC_2012", size, &objects));
        for (name, content) in [("cat.txt", &yolo), ("boxes.csv", &csv), ("boxes.json", &coco)] {
            assert_close(&on_input(name, content), &first, name);
        }
    }
}

fn assert_close(found: &Regions, expected: &Regions, what: &str) {
    assert_eq!(found.sources, expected.sources, "{what}");
    for (a, b) in found.boxes.iter().zip(&expected.boxes) {
        let distance = [a.x1 - b.x1, a.y1 - b.y1, a.x2 - b.x2, a.y2 - b.y2];
        assert!(distance.iter().all(|d| d.abs() < 1e-3), "{what}: {a:?} for {b:?}");
    }
}

fn save_mask(path: &Path, mask: ArrayView2<bool>) {
    let (height, width) = mask.dim();
    let image = GrayImage::from_fn(width as u32, height as u32, |x, y| {
        Luma([if mask[[y as usize, x as usize]] { 255 } else { 0 }])
    });
    image.save(path).unwrap();
}

/// The picture's pixels from half on, as a network would be shown it.
fn shown(path: &Path, input: &Preprocessing) -> Array2<bool> {
    let pixels = Picture::open(path).unwrap().pixels(input).unwrap();
    pixels.index_axis(ndarray::Axis(0), 0).mapv(|value| value >= 128.0 / 255.0)
}

#[test]
fn the_boxes_of_imagenet_are_read() {
    let Some(data) = support::data() else { return };
    let folder = data.join("images/ilsvrc_val_boxes");
    let found = Annotations::open(&folder).unwrap();
    assert!(found.warnings().is_empty());
    assert_eq!(found.iter().map(|(_, annotation)| annotation.regions.len()).sum::<usize>(), 301);
    let input = input([224, 224], 0.875);
    for (name, annotation) in found.iter().take(20) {
        let picture = Picture::open(&folder.join(format!("{name}.jpg"))).unwrap();
        let regions = annotation.on_input(&picture.placement(&input)).unwrap();
        assert!(regions.warnings.is_empty(), "{:?}", regions.warnings);
        assert_eq!(regions.is_empty(), regions.pixels() == 0);
    }
    let first = found.of("ILSVRC2012_val_00000001").unwrap();
    let regions = first.on_input(&Placement::new([256, 341], &input)).unwrap();
    // 341 × 256 already has the short side of 256; 58 columns and 16 rows are cut off.
    let [found] = regions.boxes[..] else { panic!("one box") };
    let expected = bounds(17.8, 57.7, 224.0, 115.8);
    assert!(found.iou(&expected) > 0.9999, "{found:?}");
}

#[test]
fn masks_beside_their_pictures_are_read() {
    let Some(data) = support::data() else { return };
    let found = Annotations::open(&data.join("images/photos/coral-ccby")).unwrap();
    let names: Vec<_> = found.iter().map(|(name, a)| (name, a.regions.len())).collect();
    assert_eq!(names, [("bird_segmentation", 3), ("dog_segmentation", 2)]);
}
