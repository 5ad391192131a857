//! Figures: files that other programs read, made again from themselves.

mod contents;
mod replay;

use crate::support;
use contents::contents;
use hyaline::display::{Appearance, Arrangement, Norm, Norms, Scope};
use hyaline::figure::{Figure, Format, Record};
use hyaline::session::{Comparison, CurvesShown, FigureOptions, Session, Size};
use std::path::Path;
use std::process::Command;

const METHODS: [&str; 3] = ["gradient", "grad-cam", "rise"];
/// What no file format, shell or typesetter may take for its own.
const HOSTILE: &str = "a & \"b\" <c>\u{fffe}\n100% $d_e^f ~ {g} \\input{h} ' #1 😀 名前 ../../etc";

fn session(arrangement: Arrangement, scope: Scope, figure: FigureOptions) -> Session {
    let all = Norm { scope, ..Norm::default() };
    let norms = Norms { all, ..Norms::default() };
    let shown = Appearance { arrangement, norms, ..Appearance::default() };
    Session { shown, figure, pair: Some([0, 1]), ..Session::default() }
}

/// Every kind of figure.
fn sessions() -> Vec<Session> {
    let mut sessions = vec![];
    for arrangement in Arrangement::ALL {
        for scope in Scope::ALL {
            for (curves, comparison) in [
                (CurvesShown::None, Comparison::None),
                (CurvesShown::Picture, Comparison::Difference),
                (CurvesShown::Mean, Comparison::Wipe),
                (CurvesShown::MeanAlone, Comparison::None),
            ] {
                let is_of_pictures = arrangement == Arrangement::PicturesByNetworks;
                if is_of_pictures && curves == CurvesShown::Mean {
                    continue;
                }
                for all_pictures in [false, true] {
                    let letters = curves == CurvesShown::Picture;
                    let options =
                        FigureOptions { curves, comparison, letters, ..FigureOptions::default() };
                    let options = FigureOptions { all_pictures, ..options };
                    sessions.push(session(arrangement, scope, options));
                }
            }
        }
    }
    sessions
}

#[test]
fn every_kind_of_figure_is_drawn_and_says_how_it_was_made() {
    let contents = contents(&["Vanilla", "Robust"], &["cat", "dog"], &METHODS, 16);
    for session in sessions() {
        let figure = Figure::new(&contents, &session).unwrap();
        let [width, height] = figure.size();
        assert!(width <= 396.1 && height <= 8.6 * 72.0 + 0.1, "{width} × {height}");
        let svg = figure.svg(None);
        let document = roxmltree::Document::parse(&svg).unwrap();
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
        let is_of_all = session.figure.all_pictures
            || session.shown.arrangement == Arrangement::PicturesByNetworks;
        let is_of_all = is_of_all && session.figure.curves != CurvesShown::MeanAlone;
        let has_dog = texts.iter().any(|text| text.contains("dog"));
        assert_eq!(has_dog, is_of_all, "{session:?}");
        for name in ["Vanilla", "Robust"] {
            assert!(texts.iter().any(|text| text.contains(name)), "{name} in {session:?}");
        }
        for said in ["Vanilla", "seed 7", "CPU (2 cores)"] {
            assert!(figure.caption.contains(said), "{said} in {}", figure.caption);
        }
    }
}

#[test]
fn the_same_figure_is_the_same_file() {
    let contents = contents(&["Vanilla", "Robust"], &["cat"], &["gradient", "rise"], 4);
    let options =
        FigureOptions { panel_pixels: 4, size: Size::CvprColumn, ..FigureOptions::default() };
    let options = FigureOptions { curves: CurvesShown::Picture, letters: true, ..options };
    let session = session(Arrangement::MethodsByNetworks, Scope::Row, options);
    let svg = Figure::new(&contents, &session).unwrap().svg(None);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/figures/golden.svg");
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    if svg != golden && std::env::var_os("HYALINE_WRITE").is_some() {
        std::fs::write(&path, svg).unwrap();
        return;
    }
    assert!(svg == golden, "HYALINE_WRITE=1 writes {} anew", path.display());
}

/// All files of a figure with a hostile network, picture and name for a method.
fn written(folder: &Path, anonymous: bool) -> (Figure, Vec<std::path::PathBuf>) {
    let contents = contents(&[HOSTILE, "Robust"], &[HOSTILE], &METHODS, 16);
    let names = [("RISE".to_string(), format!("R {HOSTILE}"))].into();
    let options = FigureOptions { anonymous, names, letters: true, ..FigureOptions::default() };
    let options = FigureOptions { curves: CurvesShown::Picture, ..options };
    let session = session(Arrangement::MethodsByNetworks, Scope::Row, options);
    let figure = Figure::new(&contents, &session).unwrap();
    let mut session = session;
    session.pictures = vec![hyaline::session::File {
        path: "/home/someone/pictures/cat.png".into(),
        sha256: "11".repeat(32),
        card: None,
    }];
    let paths = figure.write(&contents, &session, &folder.join("a.b c"), &Format::ALL).unwrap();
    (figure, paths)
}

#[test]
fn hostile_names_stay_names_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let (figure, paths) = written(folder.path(), false);
    assert_eq!(paths.len(), Format::ALL.len());
    for path in &paths {
        assert!(path.starts_with(folder.path()) && path.exists(), "{}", path.display());
    }
    for ending in ["pdf", "svg", "png", "json"] {
        let record = Record::find(&folder.path().join(format!("a.b c.{ending}"))).unwrap();
        assert_eq!(record.caption, figure.caption, "{ending}");
        assert_eq!(record.networks[0].name, HOSTILE);
        assert_eq!(record.maps.len(), 6);
        assert_eq!(record.session.pictures[0].path, Path::new("/home/someone/pictures/cat.png"));
    }
    let svg = std::fs::read_to_string(folder.path().join("a.b c.svg")).unwrap();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let texts = document.descendants().filter_map(|node| node.text());
    assert!(texts.filter(|text| text.contains("😀") || text.starts_with("a & \"b\"")).count() > 1);
    let archive = std::fs::File::open(folder.path().join("a.b c.npz")).unwrap();
    let archive = zip::ZipArchive::new(archive).unwrap();
    for name in archive.file_names() {
        let name = name.unwrap();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        assert!(name.chars().all(is_plain) && !name.contains(".."), "{name}");
    }
    let tex = std::fs::read_to_string(folder.path().join("a.b c-latex/figure.tex")).unwrap();
    assert!(!tex.contains("\\input{h}") && tex.contains("100\\%"), "{tex}");
    let csv = std::fs::read(folder.path().join("a.b c.csv")).unwrap();
    let mut rows = csv::Reader::from_reader(&csv[..]);
    assert!(rows.records().all(|row| row.unwrap()[0] == *HOSTILE));
}

#[test]
fn anonymous_files_have_no_paths() {
    let folder = tempfile::tempdir().unwrap();
    let (_, paths) = written(folder.path(), true);
    for path in paths.iter().filter(|path| path.is_file()) {
        let bytes = std::fs::read(path).unwrap();
        let found = bytes.windows(7).any(|window| window == b"someone");
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn pixels_are_the_panels_and_dots_an_inch_are_told() {
    let contents = contents(&["Vanilla"], &["cat"], &["gradient"], 32);
    let options = FigureOptions {
        dpi: 600,
        size: Size::CvprColumn,
        scores: false,
        border: 0.0,
        panel_pixels: 32,
        ..FigureOptions::default()
    };
    let session = session(Arrangement::NetworksByMethods, Scope::Row, options);
    let folder = tempfile::tempdir().unwrap();
    let figure = Figure::new(&contents, &session).unwrap();
    let base = folder.path().join("figure");
    figure.write(&contents, &session, &base, &[Format::Png]).unwrap();
    let file = std::fs::File::open(folder.path().join("figure.png")).unwrap();
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().unwrap();
    let dots = reader.info().pixel_dims.unwrap();
    assert_eq!((dots.xppu, dots.yppu), (23622, 23622), "600 dots an inch in dots a metre");
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, 3.25f64.mul_add(600.0, 0.0) as u32, "the whole width");
    // The input panel's middle is the picture's.
    let svg = figure.svg(None);
    let document = roxmltree::Document::parse(&svg).unwrap();
    let image = document.descendants().find(|node| node.has_tag_name("image")).unwrap();
    let number = |name: &str| image.attribute(name).unwrap().parse::<f64>().unwrap();
    let [x, y] = [("x", "width"), ("y", "height")]
        .map(|(at, side)| ((number(at) + 0.5 * number(side)) * 600.0 / 72.0) as usize);
    let start = 3 * (y * info.width as usize + x);
    let found = &pixels[start..start + 3];
    let expected = contents.views[0][0].as_ref().unwrap().image.get_pixel(16, 16).0;
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.abs_diff(expected) < 12, "{found} for {expected}");
    }
}

/// Whether a program is there; says aloud where not.
fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("-v").output().is_ok();
    if !is_there {
        eprintln!("SKIPPED: {program} is not there");
    }
    is_there
}

fn said(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}

#[test]
fn poppler_reads_the_pdf() {
    if !["pdftotext", "pdffonts", "pdftoppm", "pdfinfo"].iter().all(|program| has(program)) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let contents = contents(&["Vanilla", "Robust"], &["cat"], &METHODS, 16);
    let options = FigureOptions { curves: CurvesShown::Picture, ..FigureOptions::default() };
    let session = session(Arrangement::MethodsByNetworks, Scope::Row, options);
    let figure = Figure::new(&contents, &session).unwrap();
    figure.write(&contents, &session, &folder.path().join("a"), &[Format::Pdf]).unwrap();
    let text = said("pdftotext", &["a.pdf", "-"], folder.path());
    for word in ["Vanilla", "Robust", "Gradient", "Grad-CAM", "Insertion", "share of pixels"] {
        assert!(text.contains(word), "no {word} in {text}");
    }
    let fonts = said("pdffonts", &["a.pdf"], folder.path());
    let fonts: Vec<&str> = fonts.lines().skip(2).collect();
    assert!(!fonts.is_empty());
    for font in fonts {
        assert!(font.contains("CID TrueType") && font.contains("yes yes yes"), "{font}");
        assert!(!font.contains("Type 3"), "{font}");
    }
    let info = said("pdfinfo", &["a.pdf"], folder.path());
    let [width, height] = figure.size();
    assert!(info.contains("Pages:           1"), "{info}");
    assert!(info.contains(&format!("{width:.0}")) && info.contains("Hyaline"), "{info}");
    // Poppler's picture of it is the PNG's, but for the smoothing of edges.
    said("pdftoppm", &["-r", "100", "-png", "a.pdf", "seen"], folder.path());
    let seen = image::open(folder.path().join("seen-1.png")).unwrap().into_rgb8();
    let own = figure.rendering().unwrap().pixels(100.0).unwrap();
    let [wide, high] = [width, height].map(|side| (side / 0.72).round() as u32);
    assert!(seen.width().abs_diff(wide) <= 1 && seen.height().abs_diff(high) <= 1);
    let (mut differ, mut all) = (0, 0);
    for (x, y, pixel) in seen.enumerate_pixels() {
        if x < own.width && y < own.height {
            let at = 4 * (y * own.width + x) as usize;
            let worst = (0..3).map(|c| pixel.0[c].abs_diff(own.rgba[at + c])).max();
            (differ, all) = (differ + usize::from(worst > Some(64)), all + 1);
        }
    }
    assert!(20 * differ < all, "{differ} of {all} pixels differ");
}

#[test]
fn the_folder_for_latex_compiles() {
    if !has("pdflatex") {
        return;
    }
    for scope in Scope::ALL {
        let folder = tempfile::tempdir().unwrap();
        let contents = contents(&["Vanilla_1 & 100%", "Robust"], &["#cat"], &METHODS, 16);
        let options = FigureOptions {
            curves: CurvesShown::Picture,
            comparison: Comparison::Difference,
            letters: true,
            ..FigureOptions::default()
        };
        let session = session(Arrangement::MethodsByNetworks, scope, options);
        let figure = Figure::new(&contents, &session).unwrap();
        figure.write(&contents, &session, &folder.path().join("a"), &[Format::Latex]).unwrap();
        let arguments = ["-interaction=nonstopmode", "-halt-on-error", "example.tex"];
        said("pdflatex", &arguments, &folder.path().join("a-latex"));
    }
}

#[test]
fn what_no_figure_can_be_is_told() {
    let some = contents(&["Vanilla"], &["cat"], &["gradient"], 8);
    let mut none = some.clone();
    none.maps.clear();
    let usual = || session(Arrangement::MethodsByNetworks, Scope::Row, FigureOptions::default());
    let error = Figure::new(&none, &usual()).err().unwrap().to_string();
    assert!(error.contains("no map"), "{error}");
    for (options, why) in [
        (
            FigureOptions { width: Some(0.6), font_size: Some(20.0), ..FigureOptions::default() },
            "room",
        ),
        (FigureOptions { dpi: 1, ..FigureOptions::default() }, "dpi"),
        (
            FigureOptions { font: "No Such Font".to_string().into(), ..FigureOptions::default() },
            "No Such Font",
        ),
    ] {
        let session = Session { figure: options, ..usual() };
        let error = Figure::new(&some, &session).err().unwrap().to_string();
        assert!(error.contains(why), "{error}");
    }
    let huge = FigureOptions { width: Some(60.0), dpi: 2400, ..FigureOptions::default() };
    let session = Session { figure: huge, ..usual() };
    let error = Figure::new(&some, &session).unwrap().pixels().unwrap_err().to_string();
    assert!(error.contains("pixels"), "{error}");
}
