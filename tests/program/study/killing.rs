//! Processes that are killed at any moment, and several at once.

use super::toy::{go_on, plan, report_files, run_all, work};
use hyaline::study::{Cell, Plan, Records, Shard, Store, StudyOptions, run};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "HYALINE_TEST_STUDY_FOLDER";
const NUMBER: &str = "HYALINE_TEST_STUDY_NUMBER";
const SHARD: &str = "HYALINE_TEST_STUDY_SHARD";
const PICTURES: usize = 20;

/// What a child process does: the rest of the study, noting every cell it begins.
#[test]
fn a_process_at_work() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let number = std::env::var(NUMBER).unwrap();
    let shard: Shard = std::env::var(SHARD).unwrap().parse().unwrap();
    let notes = folder.join("notes.txt");
    let mut notes = OpenOptions::new().create(true).append(true).open(notes).unwrap();
    let mut noted = |cell: &Cell, _: &Store| {
        notes.write_all(format!("{number} {}\n", cell.key).as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(1));
        work(cell)
    };
    let mut store = Store::open(&folder).unwrap();
    let options = StudyOptions { shard, retry_failed: false };
    run(&plan(PICTURES), &mut store, options, &mut noted, &mut go_on).unwrap();
}

fn start(folder: &Path, number: usize, shard: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "study::killing::a_process_at_work", "--test-threads", "1"])
        // Why it ends goes to standard error, which is kept.
        .arg("--nocapture")
        .env(FOLDER, folder)
        .env(NUMBER, number.to_string())
        .env(SHARD, shard)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
fn ends_well(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Keys of the cells that are finished.
fn finished(folder: &Path, plan: &Plan) -> BTreeSet<String> {
    if !folder.join(hyaline::study::DATABASE).is_file() {
        return BTreeSet::new();
    }
    let store = Store::open(folder).unwrap();
    let missing = store.missing(plan.cells(), false).unwrap();
    let missing: BTreeSet<String> = missing.into_iter().map(|cell| cell.key).collect();
    plan.cells().map(|cell| cell.key).filter(|key| !missing.contains(key)).collect()
}

/// The processes that began a cell, by cell.
fn notes(folder: &Path) -> BTreeMap<String, Vec<usize>> {
    let mut notes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for line in std::fs::read_to_string(folder.join("notes.txt")).unwrap().lines() {
        let (number, key) = line.split_once(' ').unwrap();
        notes.entry(key.into()).or_default().push(number.parse().unwrap());
    }
    notes
}

fn undisturbed() -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    drop(run_all(&plan(PICTURES), folder.path()));
    report_files(&[folder.path().to_path_buf()])
}

#[track_caller]
fn same_files(ours: &[(String, Vec<u8>)], wanted: &[(String, Vec<u8>)]) {
    // Tables, a plot for each of five metrics, and one of curves.
    assert_eq!(ours.len(), 7 + 5 + 1);
    for ((name, ours), (_, wanted)) in ours.iter().zip(wanted) {
        assert!(ours == wanted, "{name} differs");
    }
}

/// Kills a process at a random moment: every fifth while it opens the store or soon after, the
/// others in the course of their second or third cell, however long cells take on this disk.
fn kill_somewhere(
    mut child: Child,
    folder: &Path,
    generator: &mut ChaCha8Rng,
    early: bool,
) -> bool {
    let notes = folder.join("notes.txt");
    let count = || std::fs::read_to_string(&notes).map_or(0, |notes| notes.lines().count());
    let before = count();
    let begun = Instant::now();
    let mut delay = Duration::from_millis(8);
    if !early {
        let cells = generator.random_range(2..=3);
        let mut first = None;
        while count() < before + cells && child.try_wait().unwrap().is_none() {
            if first.is_none() && count() > before {
                first = Some(Instant::now());
            }
            std::thread::sleep(Duration::from_micros(50));
        }
        delay = first.unwrap_or(begun).elapsed() / (cells as u32 - 1);
    }
    std::thread::sleep(delay.mul_f64(generator.random()));
    let at_work = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    at_work
}

#[test]
fn fifty_kills_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(PICTURES);
    let mut generator = ChaCha8Rng::seed_from_u64(17);
    let mut known = vec![];
    let mut within = 0;
    for number in 0..50 {
        let child = start(folder.path(), number, "1/1");
        let early = number % 5 == 0;
        within += usize::from(kill_somewhere(child, folder.path(), &mut generator, early));
        known.push(finished(folder.path(), &plan));
    }
    ends_well(start(folder.path(), 50, "1/1"));
    assert!(known.iter().zip(&known[1..]).all(|(before, after)| before.is_subset(after)));
    let notes = notes(folder.path());
    assert_eq!(notes.len(), plan.len());
    for (key, numbers) in &notes {
        for number in numbers.iter().filter(|number| **number > 0) {
            assert!(!known[number - 1].contains(key), "computed again by process {number}");
        }
    }
    let steps = known.windows(2).filter(|pair| pair[0].len() < pair[1].len()).count();
    assert!(within > 35 && steps > 20, "{within} killed at work, {steps} with progress");
    same_files(&report_files(&[folder.path().to_path_buf()]), &undisturbed());
}

#[test]
fn two_processes_on_one_store_compute_every_cell_once() {
    let folder = tempfile::tempdir().unwrap();
    let both = [1, 2].map(|number| start(folder.path(), number, "1/1"));
    both.into_iter().for_each(ends_well);
    let notes = notes(folder.path());
    assert_eq!(notes.len(), plan(PICTURES).len());
    assert!(notes.values().all(|numbers| numbers.len() == 1), "{notes:?}");
    for number in [1, 2] {
        assert!(notes.values().any(|numbers| numbers[0] == number), "only one worked");
    }
    same_files(&report_files(&[folder.path().to_path_buf()]), &undisturbed());
}

#[test]
fn shards_join_to_the_whole() {
    let folders = [1, 2, 3].map(|_| tempfile::tempdir().unwrap());
    let paths: Vec<PathBuf> = folders.iter().map(|folder| folder.path().to_path_buf()).collect();
    let children: Vec<Child> = paths
        .iter()
        .enumerate()
        .map(|(index, path)| start(path, index, &format!("{}/3", index + 1)))
        .collect();
    children.into_iter().for_each(ends_well);
    let sizes: Vec<usize> = paths.iter().map(|path| notes(path).len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), plan(PICTURES).len());
    assert!(sizes.iter().all(|size| *size > 12), "{sizes:?}");
    let wanted = undisturbed();
    same_files(&report_files(&paths), &wanted);
    // A store twice, or with the rest again, is still the same study.
    let twice = [paths.clone(), vec![paths[0].clone()]].concat();
    same_files(&report_files(&twice), &wanted);
    let part = Records::of_stores(&paths[..2]).unwrap();
    let missing = part.cells.iter().filter(|record| record.is_none()).count();
    assert_eq!(missing, sizes[2]);
}

#[test]
fn other_studies_dont_join() {
    let folders = [1, 2, 3].map(|_| tempfile::tempdir().unwrap());
    let [one, other, third] = folders.each_ref().map(|folder| folder.path().to_path_buf());
    run_all(&plan(2), &one);
    run_all(&plan(3), &other);
    let mut seeded = plan(2);
    seeded.seed += 1;
    run_all(&seeded, &third);
    let error = Records::of_stores(&[one.clone(), other]).unwrap_err().to_string();
    assert!(error.contains("two studies: other pictures"), "{error}");
    let error = Records::of_stores(&[one, third]).unwrap_err().to_string();
    assert!(error.contains("two studies: another seed"), "{error}");
    assert!(Records::of_stores(&[]).is_err());
}

#[test]
fn where_stores_differ_the_first_counts_and_a_note_says_so() {
    let folders = [1, 2].map(|_| tempfile::tempdir().unwrap());
    let [one, other] = folders.each_ref().map(|folder| folder.path().to_path_buf());
    let plan = plan(2);
    run_all(&plan, &one);
    let mut store = Store::open(&other).unwrap();
    let mut shifted = |cell: &Cell, _: &Store| {
        let mut results = work(cell)?.unwrap();
        if cell.index.picture == 1 {
            results.values.insert("deletion".into(), 0.5.into());
        }
        Ok(Some(results))
    };
    run(&plan, &mut store, StudyOptions::default(), &mut shifted, &mut go_on).unwrap();
    let alone = Records::of_stores(std::slice::from_ref(&one)).unwrap();
    let joined = Records::of_stores(&[one, other]).unwrap();
    assert_eq!(joined.cells, alone.cells);
    assert!(joined.plan.notes[0].starts_with("6 cells of "), "{:?}", joined.plan.notes);
}
