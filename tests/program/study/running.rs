//! Running: from where it was left, whatever happened, and nothing twice.

use super::toy::{TEXT, chance, contents, definition, go_on, metric, plan, plan_of, run_all, work};
use hyaline::error::Error;
use hyaline::progress::Flow;
use hyaline::study::{
    Better, Cell, CellResults, Claim, Measured, Outcome, Plan, Record, Records, Store,
    StudyOptions, run,
};
use std::collections::BTreeMap;

/// Runs with a count of calls by cell.
struct Runner {
    folder: tempfile::TempDir,
    calls: BTreeMap<String, usize>,
}

impl Runner {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), calls: BTreeMap::new() }
    }

    fn store(&self) -> Store {
        Store::open(self.folder.path()).unwrap()
    }

    fn run(
        &mut self,
        plan: &Plan,
        options: StudyOptions,
        work: impl Fn(&Cell) -> hyaline::error::Result<Option<CellResults>>,
    ) -> hyaline::error::Result<Outcome> {
        let mut store = self.store();
        let mut counted = |cell: &Cell, _: &Store| {
            *self.calls.entry(cell.key.clone()).or_default() += 1;
            work(cell)
        };
        run(plan, &mut store, options, &mut counted, &mut go_on)
    }

    fn records(&self) -> Records {
        self.store().records().unwrap()
    }
}

fn failures(records: &Records) -> Vec<&str> {
    let failed = records.cells.iter().filter_map(|record| match record {
        Some(Record::Failed(why)) => Some(why.as_str()),
        _ => None,
    });
    failed.collect()
}

#[test]
fn everything_is_computed_once_and_failures_are_kept() {
    let (mut runner, plan) = (Runner::new(), plan(7));
    let first = runner.run(&plan, StudyOptions::default(), work).unwrap();
    assert_eq!((first.done, first.failed, first.elsewhere), (36, 6, 0));
    let again = runner.run(&plan, StudyOptions::default(), work).unwrap();
    assert_eq!(again, Outcome::default());
    assert!(runner.calls.len() == 42 && runner.calls.values().all(|calls| *calls == 1));
    let records = runner.records();
    assert_eq!(failures(&records), ["cannot open picture 002.png: the file is cut off"; 6]);
    assert!(records.cells.iter().all(Option::is_some));
}

#[test]
fn failures_are_tried_again_only_when_asked() {
    let (mut runner, plan) = (Runner::new(), plan(4));
    runner.run(&plan, StudyOptions::default(), work).unwrap();
    let mended = |cell: &Cell| {
        let mut cell = cell.clone();
        let picture = hyaline::study::PlannedPicture { name: "ok".into(), ..cell.picture.clone() };
        cell.picture = &picture;
        work(&cell)
    };
    let retry = StudyOptions { retry_failed: true, ..StudyOptions::default() };
    let again = runner.run(&plan, retry, work).unwrap();
    assert_eq!((again.done, again.failed), (0, 6));
    let again = runner.run(&plan, retry, mended).unwrap();
    assert_eq!((again.done, again.failed), (6, 0));
    assert_eq!(failures(&runner.records()), [""; 0]);
    assert_eq!(runner.run(&plan, retry, mended).unwrap(), Outcome::default());
}

#[test]
fn results_come_back_as_they_were() {
    let (mut runner, plan) = (Runner::new(), plan(3));
    runner.run(&plan, StudyOptions::default(), work).unwrap();
    let (records, store) = (runner.records(), runner.store());
    for (cell, record) in plan.cells().zip(&records.cells) {
        let Some(Record::Done(done)) = record else { continue };
        let wanted = work(&cell).unwrap().unwrap();
        assert_eq!((done.prediction, done.seconds), (wanted.prediction, wanted.seconds));
        assert_eq!(done.warnings, wanted.warnings);
        for (metric, value) in plan.metrics.iter().zip(&done.values) {
            assert_eq!(*value, wanted.values[&metric.id]);
        }
        assert_eq!(store.map(done.map.as_ref().unwrap()).unwrap(), wanted.map.unwrap());
        let curve = store.curve(&cell.key, "insertion").unwrap().unwrap();
        assert_eq!(curve, wanted.curves[0]);
        assert_eq!(store.curve(&cell.key, "deletion").unwrap(), None);
    }
}

#[test]
fn a_map_on_disk_is_what_its_name_says_or_an_error() {
    let (mut runner, plan) = (Runner::new(), plan(1));
    runner.run(&plan, StudyOptions::default(), work).unwrap();
    let (records, store) = (runner.records(), runner.store());
    let Some(Record::Done(done)) = &records.cells[0] else { panic!("not done") };
    let hash = done.map.clone().unwrap();
    let path = store.map_path(&hash);
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(hyaline::file::sha256(&bytes), hash);
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&path, damaged).unwrap();
    assert!(store.map(&hash).unwrap_err().to_string().contains("damaged"));
    std::fs::remove_file(&path).unwrap();
    assert!(store.map(&hash).is_err());
    // Names that are no hash are no path out of the store either.
    for name in ["", "a", "é", "../../etc/passwd"] {
        assert!(store.map(name).is_err());
    }
}

#[test]
fn what_breaks_the_work_is_its_result() {
    let (mut runner, plan) = (Runner::new(), plan(2));
    let breaking = |cell: &Cell| {
        let mut results = work(cell)?.unwrap();
        match (cell.method.id.as_str(), cell.index.picture) {
            ("gradient", 0) => panic!("index out of bounds"),
            ("gradient", _) => drop(results.values.remove("deletion")),
            ("grad-cam", 0) => drop(results.values.insert("loss".into(), 1.0.into())),
            ("grad-cam", _) => results.prediction.confidence = Some(f64::NAN),
            (_, 0) => {
                drop(results.values.insert("deletion".into(), Measured::Value(f64::INFINITY)));
            }
            _ => results.seconds = f64::NAN,
        }
        Ok(Some(results))
    };
    let outcome = runner.run(&plan, StudyOptions::default(), breaking).unwrap();
    assert_eq!((outcome.done, outcome.failed), (2, 10));
    let records = runner.records();
    let told: Vec<_> = failures(&records).into_iter().take(5).collect();
    let wanted = [
        "gradient failed: index out of bounds",
        "the scores gave loss, which the study doesn't measure",
        "the scores gave no deletion",
        "the network's confidence is NaN",
        "it took NaN seconds",
    ];
    assert_eq!(told, wanted);
    let Some(Record::Done(done)) = &records.cells[2] else { panic!("not done") };
    assert_eq!(done.values[1], Measured::Undefined("it came out as inf".into()));
}

#[test]
fn a_failing_device_is_no_cells_fault() {
    let (mut runner, plan) = (Runner::new(), plan(2));
    let third = plan.cells().nth(2).unwrap().key;
    let lost = |cell: &Cell| match cell.key == third {
        true => Err(Error::device("lost")),
        false => work(cell),
    };
    let error = runner.run(&plan, StudyOptions::default(), lost).unwrap_err();
    assert!(error.is_of_device());
    assert_eq!(runner.records().cells.iter().flatten().count(), 2);
    runner.run(&plan, StudyOptions::default(), work).unwrap();
    let twice: Vec<_> = runner.calls.values().filter(|calls| **calls > 1).collect();
    assert_eq!((runner.calls.len(), twice.len()), (12, 1));
}

#[test]
fn a_cancel_keeps_what_is_done() {
    let plan = plan(4);
    let runner = Runner::new();
    let mut store = runner.store();
    // Between cells, by whoever watches.
    let mut seen = vec![];
    let mut watch = |progress: &hyaline::study::Progress| {
        seen.push((progress.done, progress.total, progress.remaining_seconds.is_some()));
        if progress.done == 5 { Flow::Cancel } else { Flow::Continue }
    };
    let mut plain = |cell: &Cell, _: &Store| work(cell);
    let outcome = run(&plan, &mut store, StudyOptions::default(), &mut plain, &mut watch).unwrap();
    assert!(outcome.cancelled && outcome.done == 5);
    let wanted = [0, 1, 2, 3, 4, 5, 5].map(|done| (done, 24, done > 0));
    assert_eq!(seen, wanted);
    // Within a cell, by the work; it is left as it was.
    let mut calls = 0;
    let mut stopping = |cell: &Cell, _: &Store| {
        calls += 1;
        if calls == 3 { Ok(None) } else { work(cell) }
    };
    let outcome =
        run(&plan, &mut store, StudyOptions::default(), &mut stopping, &mut go_on).unwrap();
    assert!(outcome.cancelled && outcome.done + outcome.failed == 2);
    let outcome = run(&plan, &mut store, StudyOptions::default(), &mut plain, &mut go_on).unwrap();
    assert!(!outcome.cancelled && outcome.done + outcome.failed == 17);
}

#[test]
fn a_study_can_grow() {
    let (mut runner, small) = (Runner::new(), plan(3));
    runner.run(&small, StudyOptions::default(), work).unwrap();
    let large = plan_of(&TEXT.replacen("\"gradient\", ", "\"gradient\", \"rise\", ", 1), 5);
    let outcome = runner.run(&large, StudyOptions::default(), work).unwrap();
    // Two more pictures for three methods, five for the new one, two models.
    assert_eq!(outcome.done + outcome.failed, 2 * (2 * 3 + 5));
    assert!(runner.calls.values().all(|calls| *calls == 1));
    let other = tempfile::tempdir().unwrap();
    assert_eq!(runner.records().cells, run_all(&large, other.path()).records().unwrap().cells);
    // And shrink again, and nothing is lost.
    assert_eq!(runner.run(&small, StudyOptions::default(), work).unwrap(), Outcome::default());
    assert_eq!(runner.records().cells.len(), small.len());
}

#[test]
fn another_score_finds_the_maps_of_before() {
    let (mut runner, first) = (Runner::new(), plan(4));
    runner.run(&first, StudyOptions::default(), work).unwrap();
    let study = definition(&TEXT.replacen("[\"curves\", \"sparseness\"]", "[\"curves\"]", 1));
    let mut found = contents(&study, 5);
    found.metrics = vec![metric("deletion", Better::Lower)];
    let other = Plan::new(&study, found).unwrap();
    let mut store = runner.store();
    let (mut reused, mut computed) = (0, 0);
    let mut again = |cell: &Cell, store: &Store| {
        let before = work(cell);
        match store.earlier_map(cell)? {
            Some(earlier) => {
                // The toy's maps follow from the whole key, so these are the first study's.
                let of_before = first.cells().find(|other| other.map_key == cell.map_key).unwrap();
                let wanted = work(&of_before)?.unwrap();
                assert_eq!(store.map(&earlier.map)?, wanted.map.unwrap());
                assert_eq!((earlier.seconds, earlier.warnings), (wanted.seconds, wanted.warnings));
                reused += 1;
            }
            None => computed += 1,
        }
        let mut results = before?.unwrap();
        results.values.retain(|id, _| id == "deletion");
        Ok(Some(results))
    };
    run(&other, &mut store, StudyOptions::default(), &mut again, &mut go_on).unwrap();
    // Three of four pictures had maps; one failed, one is new.
    assert_eq!((reused, computed), (3 * 6, 2 * 6));
}

#[test]
fn two_at_work_share_and_the_dead_leave_nothing_behind() {
    let (runner, plan) = (Runner::new(), plan(1));
    let cells: Vec<Cell> = plan.cells().collect();
    let (mut one, mut other) = (runner.store(), runner.store());
    one.adopt(&plan).unwrap();
    assert_eq!(one.begin(&cells[0], false).unwrap(), Claim::Begun);
    assert_eq!(one.begin(&cells[0], false).unwrap(), Claim::Begun);
    assert_eq!(other.begin(&cells[0], false).unwrap(), Claim::Elsewhere);
    assert_eq!(other.begin(&cells[1], false).unwrap(), Claim::Begun);
    one.release(&cells[0]).unwrap();
    assert_eq!(other.begin(&cells[0], false).unwrap(), Claim::Begun);
    let results = work(&cells[0]).unwrap().unwrap().checked(&plan).unwrap();
    other.finish(&cells[0], Ok(&results)).unwrap();
    assert_eq!(one.begin(&cells[0], true).unwrap(), Claim::Finished);
    // What is done stays as it is.
    one.finish(&cells[0], Err("too late")).unwrap();
    assert!(matches!(one.records().unwrap().cells[0], Some(Record::Done(_))));
    // A claim goes with its process.
    assert_eq!(one.begin(&cells[1], false).unwrap(), Claim::Elsewhere);
    drop(other);
    assert_eq!(one.begin(&cells[1], false).unwrap(), Claim::Begun);
    drop(one);
    assert_eq!(std::fs::read_dir(runner.folder.path().join("workers")).unwrap().count(), 0);
}

#[test]
fn time_left_follows_each_methods_pace() {
    let (runner, plan) = (Runner::new(), plan_of(TEXT, 4));
    let mut store = runner.store();
    let mut left = vec![];
    let mut watch = |progress: &hyaline::study::Progress| {
        left.extend(progress.remaining_seconds);
        Flow::Continue
    };
    let mut slow = |cell: &Cell, _: &Store| {
        let slow = cell.method.id == "layer-cam";
        std::thread::sleep(std::time::Duration::from_millis(if slow { 30 } else { 0 }));
        assert!(chance(&cell.key) < 1.0);
        work(cell)
    };
    run(&plan, &mut store, StudyOptions::default(), &mut slow, &mut watch).unwrap();
    // After the first picture, seven times LayerCAM are left: at least 0.21 s.
    assert!(left[2] > 0.2, "{}", left[2]);
    assert_eq!(left.last(), Some(&0.0));
}
