//! How long a figure takes from given maps to files: five methods by four networks with colour bars and
//! curves, panels of 224 px. `cargo bench --bench figure -- DIR` leaves the files in a folder.

#[path = "../tests/program/figures/contents.rs"]
mod contents;

use hyaline::figure::{Figure, Format};
use hyaline::session::{CurvesShown, FigureOptions, Session, Size};
use std::path::PathBuf;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 7;

fn main() {
    let networks = ["Vanilla", "PGD", "TRADES", "AdvProp"];
    let methods = ["gradient", "integrated-gradients", "grad-cam", "rise", "lime"];
    let contents = contents::contents(&networks, &["cat"], &methods, 224);
    let figure = FigureOptions {
        size: Size::CvprPage,
        curves: CurvesShown::Picture,
        letters: true,
        ..FigureOptions::default()
    };
    let session = Session { figure, ..Session::default() };
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = folder.map_or_else(|| temporary.path().to_path_buf(), PathBuf::from);
    let seconds = |formats: &[Format]| {
        let mut times: Vec<f64> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                let made = Figure::new(&contents, &session).expect("room for panels");
                let base = folder.join("figure");
                made.write(&contents, &session, &base, formats).expect("room for files");
                start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        (times[RUNS / 2], times[RUNS - 1])
    };
    println!("5 × 4 panels of 224 px with colour bars and curves, {RUNS} runs, with layout:");
    for formats in [&[Format::Png][..], &[Format::Pdf, Format::Svg, Format::Png], &Format::ALL] {
        let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
        let (median, longest) = seconds(formats);
        println!("  {}: median {median:.2} s, longest {longest:.2} s", names.join(", "));
    }
}
