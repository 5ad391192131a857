//! Files that are wrong, misnamed, huge or damaged.

use super::*;

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
    for (height, width) in [(0, 5), (u64::MAX, 3), (1 << 32, 1 << 32), (100_001, 3000)] {
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
