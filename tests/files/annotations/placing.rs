//! Annotations on the input of a network.

use super::*;

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
