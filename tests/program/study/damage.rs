//! Databases that are damaged, foreign, locked, full or read-only: an error that says so, and never
//! a number that isn't so.

use super::toy::{go_on, plan, report_files, run_all, work};
use hyaline::study::{Cell, DATABASE, Store, StudyOptions, run};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A finished study in a folder, and its database.
fn finished(pictures: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    drop(run_all(&plan(pictures), folder.path()));
    let database = folder.path().join(DATABASE);
    (folder, database)
}

fn values(folder: &Path) -> Result<String, String> {
    let read = |store: Store| {
        let records = store.records()?;
        let curves: hyaline::error::Result<Vec<_>> =
            records.plan.cells().map(|cell| store.curve(&cell.key, "insertion")).collect();
        Ok(format!("{records:?} {:?}", curves?))
    };
    Store::open_to_read(folder).and_then(read).map_err(|e| e.to_string())
}

/// Opening to write must end as well.
fn resumed(folder: &Path) -> Result<(), String> {
    let mut store = Store::open(folder).map_err(|e| e.to_string())?;
    let mut plain = |cell: &Cell, _: &Store| work(cell);
    let outcome = run(&plan(6), &mut store, StudyOptions::default(), &mut plain, &mut go_on);
    outcome.map(|_| ()).map_err(|e| e.to_string())
}

#[test]
fn flipped_bytes_are_told_or_change_nothing() {
    let (folder, database) = finished(6);
    let good = std::fs::read(&database).unwrap();
    let wanted = values(folder.path()).unwrap();
    let (mut told, mut harmless) = (0, 0);
    for place in (0..good.len()).step_by(good.len() / 400) {
        let mut bytes = good.clone();
        bytes[place] ^= 1 << (place % 8);
        std::fs::write(&database, &bytes).unwrap();
        match values(folder.path()) {
            Ok(values) => {
                assert_eq!(values, wanted, "byte {place} changed results");
                harmless += 1;
            }
            Err(error) => {
                assert!(error.starts_with("cannot "), "{error}");
                told += 1;
            }
        }
    }
    // Half of a small database is free space and names that no report reads.
    assert!(told > 120 && harmless > 20, "{told} told, {harmless} harmless");
}

#[test]
fn flipped_bytes_never_stop_a_run_without_words() {
    let (folder, database) = finished(6);
    let good = std::fs::read(&database).unwrap();
    for place in (0..good.len()).step_by(good.len() / 60) {
        let mut bytes = good.clone();
        bytes[place] ^= 0x10;
        std::fs::write(&database, &bytes).unwrap();
        if let Err(error) = resumed(folder.path()) {
            assert!(error.starts_with("cannot "), "{error}");
        }
        for more in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("{DATABASE}{more}")));
        }
    }
}

#[test]
fn a_cut_file_is_told() {
    let (folder, database) = finished(6);
    let good = std::fs::read(&database).unwrap();
    for length in [512, 4096, 4097, good.len() / 2, good.len() - 4096, good.len() - 1] {
        std::fs::write(&database, &good[..length]).unwrap();
        let error = values(folder.path()).unwrap_err();
        assert!(error.contains("damaged") && error.contains("study.sqlite"), "{length}: {error}");
    }
    // Less than a header is nothing to SQLite.
    for length in [0, 1, 99] {
        std::fs::write(&database, &good[..length]).unwrap();
        let error = values(folder.path()).unwrap_err();
        assert!(error.contains("no study of Hyaline") || error.contains("damaged"), "{error}");
    }
    std::fs::write(&database, "name,value\n".repeat(1000)).unwrap();
    let error = Store::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("damaged or no database"), "{error}");
}

#[test]
fn nonsense_in_the_log_of_writes_is_left_out() {
    let (folder, _) = finished(3);
    let wanted = values(folder.path()).unwrap();
    let log = folder.path().join(format!("{DATABASE}-wal"));
    std::fs::write(&log, vec![7; 10_000]).unwrap();
    drop(Store::open(folder.path()).unwrap());
    assert_eq!(values(folder.path()).unwrap(), wanted);
}

#[test]
fn other_databases_are_refused_and_left_alone() {
    let (folder, database) = finished(2);
    let change = |sql: &str| Connection::open(&database).unwrap().execute_batch(sql).unwrap();
    let refused = |words: &str| {
        for error in [
            Store::open(folder.path()).unwrap_err().to_string(),
            Store::open_to_read(folder.path()).unwrap_err().to_string(),
        ] {
            assert!(error.contains(words), "{error}");
        }
    };
    change("PRAGMA user_version = 3");
    refused("a newer Hyaline made it (version 3, this one reads 1 to 2)");
    change("PRAGMA user_version = -1");
    refused("damaged: there is no version -1");
    change("PRAGMA user_version = 1; DROP TABLE measurements");
    let store = Store::open(folder.path()).unwrap();
    assert!(store.records().unwrap_err().to_string().contains("damaged"));
    drop(store);
    change("PRAGMA application_id = 0");
    refused("no study of Hyaline");
    std::fs::remove_file(&database).unwrap();
    change("CREATE TABLE bookmarks (address TEXT)");
    let before = std::fs::read(&database).unwrap();
    refused("no study of Hyaline");
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

#[test]
fn stores_that_are_none_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open_to_read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("there is no study.sqlite in it"), "{error}");
    let empty = Store::open(&folder.path().join("new/er")).unwrap();
    let error = empty.records().unwrap_err().to_string();
    assert!(error.contains("no study was run in it yet"), "{error}");
    // A folder where the database should be, a file where the folder should be.
    std::fs::create_dir_all(folder.path().join("x").join(DATABASE)).unwrap();
    let error = Store::open(&folder.path().join("x")).unwrap_err().to_string();
    assert!(error.contains("it can't be opened"), "{error}");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = Store::open(&folder.path().join("file")).unwrap_err().to_string();
    assert!(error.contains("cannot make study store"), "{error}");
}

#[test]
fn a_lock_of_another_process_is_told() {
    let (folder, database) = finished(1);
    let store = Store::open(folder.path()).unwrap();
    let holder = Connection::open(&database).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (plan, mut store) = (plan(2), store);
    store.set_patience(Duration::from_millis(20)).unwrap();
    let error = store.adopt(&plan).unwrap_err().to_string();
    assert!(error.contains("another process holds it (wait"), "{error}");
    // Reading goes on.
    assert!(values(folder.path()).is_ok());
    holder.execute_batch("ROLLBACK").unwrap();
    store.adopt(&plan).unwrap();
}

/// Mounts a file system over a folder for as long as this lives; none where that isn't allowed.
struct Mounted(PathBuf);

impl Mounted {
    fn new(folder: &Path, arguments: &[&str]) -> Option<Self> {
        let mut mount = std::process::Command::new("mount");
        let mount = mount.args(arguments).arg(folder).output();
        let mounted = mount.is_ok_and(|mount| mount.status.success());
        if !mounted {
            skip("mounting is not allowed here");
        }
        mounted.then(|| Self(folder.to_path_buf()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).output();
    }
}

fn skip(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

#[test]
fn a_full_disk_is_told_and_what_is_finished_stays() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = Mounted::new(folder.path(), &["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
    else {
        return;
    };
    // Maps are files on their own; without them it is the database that fills the disk.
    let plan = plan(300);
    let mut bare = |cell: &Cell, _: &Store| {
        Ok(work(cell)?.map(|results| hyaline::study::CellResults { map: None, ..results }))
    };
    let mut store = Store::open(folder.path()).unwrap();
    let error = run(&plan, &mut store, StudyOptions::default(), &mut bare, &mut go_on).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("the disk is full (free some space and run again"), "{error}");
    drop(store);
    let records = Store::open_to_read(folder.path()).unwrap().records().unwrap();
    let finished = records.cells.iter().flatten().count();
    assert!((10..1_800).contains(&finished), "{finished}");
    assert!(records.cells[..finished].iter().all(Option::is_some));
}

#[test]
fn a_disk_full_of_maps_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_disk) = Mounted::new(folder.path(), &["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
    else {
        return;
    };
    let mut large = |cell: &Cell, _: &Store| {
        let map = Some(ndarray::Array3::from_elem((1, 100, 100), cell.index.picture as f32));
        Ok(work(cell)?.map(|results| hyaline::study::CellResults { map, ..results }))
    };
    let mut store = Store::open(folder.path()).unwrap();
    let error =
        run(&plan(100), &mut store, StudyOptions::default(), &mut large, &mut go_on).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("No space left") || error.contains("disk is full"), "{error}");
    let records = store.records().unwrap();
    for record in records.cells.iter().flatten() {
        if let hyaline::study::Record::Done(done) = record {
            store.map(done.map.as_ref().unwrap()).unwrap();
        }
    }
}

#[test]
fn a_study_on_a_read_only_disk_can_be_read_and_not_run() {
    let (folder, _) = finished(3);
    let wanted = values(folder.path()).unwrap();
    let path = folder.path().to_str().unwrap();
    let Some(_disk) = Mounted::new(folder.path(), &["--bind", "-o", "ro", path]) else { return };
    if std::fs::write(folder.path().join("x"), "").is_ok() {
        return skip("mounting read-only is not supported here");
    }
    assert_eq!(values(folder.path()).unwrap(), wanted);
    assert!(!report_files(&[folder.path().to_path_buf()]).is_empty());
    let error = Store::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("can't be written to") || error.contains("can't be opened"), "{error}");
}

#[test]
fn a_file_without_write_permission_is_told() {
    let (folder, database) = finished(1);
    let mut permissions = std::fs::metadata(&database).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&database, permissions).unwrap();
    if std::fs::OpenOptions::new().append(true).open(&database).is_ok() {
        return skip("permissions don't bind this user");
    }
    let error = Store::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("can't be written to"), "{error}");
    assert!(values(folder.path()).is_ok());
}
