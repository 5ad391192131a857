//! Annotations: every format, the way to a network's input, and files that are broken.

mod dialects;

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
fn masks_go_where_the_picture_of_them_goes() {
    let mut generator = RandomStream::new(2, "masks", "", "").generator();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cat.png");
    for crop in [1.0, 0.875, 0.5] {
        let size = (generator.random_range(20..200), generator.random_range(20..200));
        let waves: [f32; 4] = std::array::from_fn(|_| generator.random_range(0.02..0.3));
        let mask = Array2::from_shape_fn(size, |(y, x)| {
            (y as f32 * waves[0] + x as f32 * waves[1]).sin() + (x as f32 * waves[2]).cos()
                > waves[3]
        });
        save_mask(&path, mask.view());
        let input = input([57, 64], crop);
        let placement = Picture::open(&path).unwrap().placement(&input);
        let found = Annotations::open(&path).unwrap();
        let regions = found.of("cat").unwrap().on_input(&placement).unwrap();
        assert_eq!(regions.mask, shown(&path, &input), "crop {crop}");
        assert!(regions.pixels() > 100 && regions.share() < 0.9);
    }
}

#[test]
fn boxes_go_where_the_picture_of_them_goes() {
    let mut generator = RandomStream::new(4, "boxes", "", "").generator();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cat.png");
    let mut compared = 0;
    for round in 0..40 {
        let size = [generator.random_range(60..260), generator.random_range(60..260)];
        let [x1, y1, x2, y2] = random_box(&mut generator, size);
        let whole = bounds(x1, y1, x2, y2);
        let mut mask = Array2::from_elem(size, false);
        whole.rows().for_each(|y| whole.columns().for_each(|x| mask[[y, x]] = true));
        save_mask(&path, mask.view());
        let input = input([48, 64], [1.0, 0.875][round % 2]);
        let rendered = shown(&path, &input);
        let region =
            Region { shape: Shape::Box(whole), label: None, class: None, difficult: false };
        let annotation = Annotation { frame: Frame::Size(size), regions: vec![region] };
        let regions = annotation.on_input(&Placement::new(size, &input)).unwrap();
        // Resampling rounds the four corners and may tip an edge that halves a pixel.
        let differing = regions.mask.iter().zip(&rendered).filter(|(a, b)| a != b).count();
        let allowed = regions.boxes.first().map_or(4.0, |b| 4.0 + b.width() + b.height());
        assert!(differing as f32 <= allowed, "{whole:?} in {size:?}: {differing} pixels");
        compared += usize::from(differing <= 4);
        if let [found] = regions.boxes[..] {
            assert_eq!(regions.mask, regions.box_mask());
            assert_eq!(found.rows().len() * found.columns().len(), regions.pixels());
        }
    }
    assert!(compared >= 30, "only {compared} of 40 differ in no more than corners");
}

#[test]
fn what_the_crop_cuts_off_is_dropped() {
    // Resized to 80 × 160, columns 40 to 120 are seen.
    let placement = Placement::new([100, 200], &input([80, 80], 1.0));
    assert_eq!((placement.resized, placement.corner), ([80, 160], [0, 40]));
    let edges = [[0.0, 0.0, 40.0, 100.0], [40.0, 10.0, 60.0, 50.0], [100.0, 0.0, 200.0, 100.0]];
    let found = opened("a.csv", {
        let row = |e: &[f32; 4]| format!("cat,{},{},{},{}\n", e[0], e[1], e[2], e[3]);
        "image,x1,y1,x2,y2\n".to_string() + &edges.iter().map(row).collect::<String>()
    });
    let annotation = found.unwrap().of("cat").unwrap().clone();
    let regions = annotation.on_input(&placement).unwrap();
    assert_eq!(regions.sources, [1, 2]);
    assert_eq!(regions.boxes, [bounds(0.0, 8.0, 8.0, 40.0), bounds(40.0, 0.0, 80.0, 80.0)]);
    assert_eq!(regions.pixels(), 8 * 32 + 40 * 80);
    assert!(regions.warnings.is_empty());
    let first = annotation.only(|region| region.shape == annotation.regions[0].shape);
    let none = first.on_input(&placement).unwrap();
    assert!(none.is_empty() && none.pixels() == 0);
}

#[test]
fn sizes_that_differ_are_scaled_or_refused() {
    let row = |w: usize, h: usize| format!("image,x1,y1,x2,y2,w,h\ncat,10,20,30,40,{w},{h}\n");
    let on = |w, h, placement: Placement| {
        opened("a.csv", row(w, h)).unwrap().of("cat").unwrap().on_input(&placement)
    };
    let half = on(100, 50, Placement::exact([100, 200])).unwrap();
    assert_eq!(half.boxes, [bounds(20.0, 40.0, 60.0, 80.0)]);
    assert!(half.warnings.is_empty());
    let squashed = on(100, 100, Placement::exact([100, 200])).unwrap_err().to_string();
    assert!(squashed.contains("proportions") && squashed.contains("100×100"), "{squashed}");
    // Of the network's input itself.
    let cropped = Placement::new([100, 200], &input([50, 50], 1.0));
    let seen = on(50, 50, cropped).unwrap();
    assert_eq!(seen.boxes, [bounds(10.0, 20.0, 30.0, 40.0)]);
    assert!(seen.warnings[0].contains("network's input"), "{:?}", seen.warnings);
    let turned = on(100, 200, Placement::exact([100, 200])).unwrap_err().to_string();
    assert!(turned.contains("EXIF") && turned.contains("100×200"), "{turned}");
    // Masks of half the size.
    let mask = Array2::from_shape_fn((10, 20), |(y, x)| y < 5 && x >= 10);
    let region = Region {
        shape: Shape::Mask(RunLengths::from_array(mask.view())),
        label: None,
        class: None,
        difficult: false,
    };
    let annotation = Annotation { frame: Frame::Size([10, 20]), regions: vec![region] };
    let found = annotation.on_input(&Placement::exact([20, 40])).unwrap();
    assert_eq!(found.boxes, [bounds(20.0, 0.0, 40.0, 10.0)]);
    let size = [8, 1_000_000];
    let whole = RunLengths::from_counts(size, [0, 8_000_000]).unwrap();
    let region = Region { shape: Shape::Mask(whole), ..annotation.regions[0].clone() };
    let annotation = Annotation { frame: Frame::Size(size), regions: vec![region] };
    let long = Placement::new(size, &input([224, 224], 1.0));
    assert!(annotation.on_input(&long).unwrap_err().to_string().contains("long and narrow"));
}

#[test]
fn exact_arrays_are_the_input_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    ndarray_npy::write_npy(&path, &ndarray::Array3::<f32>::zeros((3, 64, 64))).unwrap();
    let array = Picture::open(&path).unwrap();
    assert_eq!(array.placement(&input([64, 64], 0.5)), Placement::exact([64, 64]));
}

#[test]
fn boxes_beyond_the_picture_are_cut_and_told() {
    let rows = "image,x1,y1,x2,y2,w,h\na,-5,2,20,30,40,50\na,0,0,40.9,50.4,40,50\na,41,0,60,10,40,50\na,3,3,3,9,40,50\n";
    let found = opened("a.csv", rows).unwrap();
    let expected = [bounds(0.0, 2.0, 20.0, 30.0), bounds(0.0, 0.0, 40.0, 50.0)];
    assert_eq!(boxes(found.of("a").unwrap()), expected);
    let warnings = found.warnings();
    let nothing = "a box that has no size or lies outside its picture";
    let expected = [
        format!("2 of 4 entries skipped: line 4, a: {nothing}; line 5, a: {nothing}"),
        "1 box reached beyond the picture and was cut: line 2, a".to_string(),
    ];
    assert_eq!(warnings, expected);
    // Where the size is not known, it is told when the picture is.
    let unsized_ = opened("a.csv", "image,x1,y1,x2,y2\na,-5,2,20,30\na,1,2,20,30\n").unwrap();
    assert!(unsized_.warnings().is_empty());
    let placed = unsized_.of("a").unwrap().on_input(&Placement::exact([50, 40])).unwrap();
    assert_eq!(placed.boxes[0], bounds(0.0, 2.0, 20.0, 30.0));
    assert_eq!(placed.warnings, ["box 1 reaches beyond its picture"]);
}

#[test]
fn wrong_files_get_one_clear_line() {
    let coco = |objects: &str| {
        format!(
            "{{\"images\":[{{\"id\":1,\"file_name\":\"a.jpg\",\"height\":9,\"width\":8}}],\"annotations\":[{objects}]}}"
        )
    };
    let inside_out = object("a", [9.0, 1.0, 2.0, 3.0]);
    for (name, content, words) in [
        ("a.xml", String::new(), "the file is empty"),
        ("a.png", String::new(), "the file is empty"),
        ("a.xml", "<annotation><object>".into(), "broken XML"),
        ("a.xml", "<html></html>".into(), "`html`, not an `annotation`"),
        ("a.xml", xml("", [9, 9], "<object/>"), "object 1: it has no `bndbox`"),
        ("a.xml", xml("", [9, 9], &inside_out), "object 1: the box x 9 to 2"),
        (
            "a.xml",
            xml("", [9, 9], "<object><bndbox><xmin>x</xmin></bndbox></object>"),
            "`xmin` is `x`",
        ),
        ("a.xml", xml("", [1_000_000, 1_000_000], ""), "1000000×1000000 pixels"),
        ("a.json", "{\"images\": [".into(), "broken COCO JSON"),
        ("a.json", "{}".into(), "missing field `images`"),
        ("a.json", coco("{\"image_id\":2,\"bbox\":[1,1,2,2]}"), "there is no image 2"),
        ("a.json", coco("{\"image_id\":1,\"bbox\":[1,1,-2,2]}"), "negative size"),
        ("a.json", coco("{\"image_id\":1}"), "neither `bbox` nor `segmentation`"),
        (
            "a.json",
            coco("{\"image_id\":1,\"segmentation\":{\"size\":[9,8],\"counts\":[5,5]}}"),
            "run lengths of 10 pixels for a picture of 72",
        ),
        (
            "a.json",
            coco("{\"image_id\":1,\"segmentation\":{\"size\":[9,9],\"counts\":[81]}}"),
            "run lengths of 9×9 pixels in a picture of 8×9",
        ),
        (
            "a.json",
            coco("{\"image_id\":1,\"segmentation\":{\"size\":[9,8],\"counts\":\"ooooooooooooo\"}}"),
            "broken run lengths",
        ),
        ("a.json", coco("{\"image_id\":1,\"segmentation\":[[1,2,3]]}"), "a polygon of 3 numbers"),
        ("a.csv", "image,x1,y1,x2\na,1,2,3\n".into(), "no column for the bottom edge (y2, ymax"),
        ("a.csv", "x1,y1,x2,y2\n1,2,3,4\n".into(), "no column for the picture (image"),
        ("a.csv", "image,x1,y1,x2,y2\na,1,x,3,4\n".into(), "line 2: `x` is not a number"),
        ("a.csv", "image,x1,y1,x2,y2\na,1,2,3\n".into(), "line 2: `` is not a number"),
        ("a.csv", "image,x1,y1,x2,y2\n,1,2,3,4\n".into(), "line 2: it names no picture"),
        ("a.csv", "image,x1,y1,x2,y2\na,5,2,3,4\n".into(), "line 2, a: the box x 5 to 3"),
        ("a.csv", "image,x1,y1,x2,y2\na,nan,2,3,4\n".into(), "invalid pixel coordinate"),
        ("a.txt", "0 0.5 0.5 0.1\n".into(), "line 1: 4 numbers instead"),
        ("a.txt", "0 300 200 50 60\n".into(), "are no shares"),
        ("a.txt", "0 300 200 50 60\n1 9 9 9 9\n".into(), "are no shares"),
        (
            "a.csv",
            "image,x1,y1,x2,y2\na,1,x,3,4\nb,1,2,y,4\n".into(),
            "none of its 2 entries can be used: line 2: `x`",
        ),
        ("a.mat", "MATLAB".into(), "known are Pascal VOC"),
        ("a.png", "not a picture".into(), "it is no picture"),
    ] {
        let why = refused(name, &content);
        assert!(why.contains(words), "{name} {content}: {why}");
    }
    assert!(refused("a.txt", b"0 0.5 \xff\xfe").contains("`ÿþ` is not a number"));
    assert!(refused("a.txt", b"0 0.5 \0\x01").contains("its format is unknown"));
    let gone = Annotations::open(Path::new("nowhere.xml")).unwrap_err().to_string();
    assert!(gone.contains("nowhere.xml"), "{gone}");
    #[cfg(unix)]
    assert!(Annotations::open(Path::new("/dev/zero")).is_err());
}

#[test]
fn pictures_are_no_masks() {
    let folder = tempfile::tempdir().unwrap();
    let photo = GrayImage::from_fn(16, 16, |x, y| Luma([(x * 16 + y) as u8]));
    for (name, words) in [("a.png", "more than 64 values"), ("a.jpg", "not black and white")] {
        let path = folder.path().join(name);
        photo.save(&path).unwrap();
        let why = Annotations::open(&path).unwrap_err().to_string();
        assert!(why.contains(words), "{why}");
    }
}

#[test]
fn the_content_says_what_a_misnamed_file_is() {
    let objects = object("a", [1.0, 1.0, 5.0, 5.0]);
    let coco = fs::read(fixture("coco.json")).unwrap();
    let grey = fs::read(fixture("masks/grey.png")).unwrap();
    for name in ["cat", "cat.txt", "cat.dat"] {
        assert!(opened(name, xml("", [9, 9], &objects)).unwrap().of("cat").is_some());
        assert!(opened(name, &coco).unwrap().of("empty").is_some());
        assert_eq!(opened(name, &grey).unwrap().of("cat").unwrap().regions.len(), 2);
    }
}

#[test]
fn claims_of_size_cost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.json");
    fs::File::create(&large).unwrap().set_len(MAX_BYTES + 1).unwrap();
    let why = Annotations::open(&large).unwrap_err().to_string();
    assert!(why.contains("the limit is 512 MiB"), "{why}");
    let image = |height: u64, width: u64| {
        format!(
            "{{\"images\":[{{\"id\":1,\"file_name\":\"a\",\"height\":{height},\"width\":{width}}}],\"annotations\":[]}}"
        )
    };
    for (height, width) in [(0, 5), (u64::MAX, 3), (1 << 32, 1 << 32), (100_001, 1000)] {
        assert!(opened("a.json", image(height, width)).is_err());
    }
    assert!(opened("a.json", image(9, 5)).is_ok());
    // A PNG's header that claims 4 294 967 295 pixels on a side.
    let mut png = fs::read(fixture("masks/grey.png")).unwrap();
    png[16..24].fill(0xff);
    assert!(opened("a.png", png).is_err());
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    assert!(opened("a.xml", deep).is_err());
    assert!(opened("a.json", "[".repeat(200_000)).is_err());
    let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><annotation>&b;</annotation>";
    assert!(opened("a.xml", bomb).is_err());
    let names = "names: &a [x]\nb: *a\nc: [*a, *a]\n";
    fs::write(folder.path().join("data.yaml"), names).unwrap();
    fs::write(folder.path().join("cat.txt"), "0 0.5 0.5 0.1 0.1").unwrap();
    assert!(Annotations::open(&folder.path().join("cat.txt")).is_ok());
}

#[test]
fn files_cut_off_or_changed_anywhere_do_no_harm() {
    let coco = fs::read(fixture("coco.json")).unwrap();
    let csv =
        b"image,class,wnid,x1,y1,x2,y2,w,h\na,65,n01,75.8,73.7,301.1,131.8,341,256\n".to_vec();
    let voc = xml("The VOC2007 Database", [90, 80], &object("a", [1.0, 2.0, 30.0, 40.0]));
    let png = fs::read(fixture("masks/palette2.png")).unwrap();
    let mut generator = RandomStream::new(6, "damage", "", "").generator();
    for (name, whole) in [
        ("a.json", coco),
        ("a.csv", csv),
        ("a.xml", voc.into_bytes()),
        ("a.txt", b"1 0.5 0.25 0.5 0.5\n0 0.1 0.1 0.2 0.2\n".to_vec()),
        ("a.png", png),
    ] {
        let mut refused = 0;
        let mut open = |bytes: &[u8]| match Annotations::from_bytes(Path::new(name), bytes.to_vec())
        {
            Ok(found) => found.iter().for_each(|(_, annotation)| {
                let _ = annotation.on_input(&Placement::exact([12, 12]));
            }),
            Err(_) => refused += 1,
        };
        (0..whole.len()).for_each(|end| open(&whole[..end]));
        for _ in 0..2000 {
            let mut changed = whole.clone();
            let place = generator.random_range(0..changed.len());
            changed[place] = generator.random();
            open(&changed);
        }
        assert!(refused > 20, "{name}: {refused}");
    }
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
