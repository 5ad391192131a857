//! A thousand random commands: whatever a person does in whatever order, the document holds together,
//! undo leads back, sessions keep it, and nothing is held that is not open.

use crate::explorer::state::document::{Document, History};
use crate::explorer::state::reorder::GridLine;
use hyaline::attribution::PRESETS;
use hyaline::display::{Arrangement, ColourMap, conventions};
use hyaline::engine::{ClassChoice, OpenModel, OpenPicture, Opened};
use hyaline::example;
use hyaline::model::{ComputeDevice, Model};
use hyaline::picture::Picture;
use hyaline::session::Session;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;

const COMMANDS: usize = 1000;

/// What can be opened.
struct Pool {
    models: Vec<OpenModel>,
    pictures: Vec<OpenPicture>,
}

impl Pool {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = example::unpack(folder.path()).unwrap();
        let mut ids = 0..;
        let (cards, pictures) = files.split_at(2);
        let device = ComputeDevice::cpu();
        let model = |card| Model::open(card, &device).unwrap();
        let twice = cards.iter().chain(cards);
        Self {
            models: twice.map(|card| open(&mut ids, model(card))).collect(),
            pictures: pictures.iter().map(|p| open(&mut ids, Picture::open(p).unwrap())).collect(),
        }
    }
}

fn open<T>(ids: &mut std::ops::RangeFrom<u64>, value: T) -> Arc<Opened<T>> {
    Arc::new(Opened { id: ids.next().unwrap(), value })
}

/// Does one thing that a person could do.
fn act(document: &mut Document, history: &mut History, pool: &Pool, random: &mut ChaCha8Rng) {
    let any_method = random.random_range(0..document.methods.len());
    match random.random_range(0..20) {
        0 | 1 => {
            let model = pool.models.choose(random).unwrap();
            if !document.models.iter().any(|open| open.id == model.id) {
                document.models.push(model.clone());
            }
        }
        2..=4 => {
            let picture = pool.pictures.choose(random).unwrap();
            if !document.pictures.iter().any(|open| open.id == picture.id) {
                document.pictures.push(picture.clone());
            }
        }
        5 if !document.models.is_empty() => {
            document.models.remove(random.random_range(0..document.models.len()));
        }
        6 if !document.pictures.is_empty() => {
            document.remove_picture(random.random_range(0..document.pictures.len()));
        }
        7 => document.step_picture(random.random_range(-2..=2i32) as isize),
        8 => document.methods[any_method].shown ^= true,
        9 => document.take(PRESETS.choose(random).unwrap()),
        10 => {
            let [line, to] = [any_method, random.random_range(0..document.methods.len())]
                .map(|place| GridLine::Method(document.methods[place].method.description().id));
            document.reorder(line, to);
        }
        11 => {
            let named = document.models.first().map(|open| open.value.named_class(3));
            let chosen = named.map_or(ClassChoice::Index(3), ClassChoice::Named);
            document.class = if random.random() { chosen } else { ClassChoice::Top1 };
        }
        12 => document.seed = random.random_range(0..5),
        13 => document.pair = document.counterparts().filter(|_| random.random()),
        14 => document.probes.push(egui::pos2(random.random(), random.random())),
        15 => document.appearance.take(conventions().choose(random).unwrap(), None),
        16 => {
            document.appearance.colour_map = ColourMap::ALL.choose(random).copied();
            document.appearance.arrangement = *Arrangement::ALL.choose(random).unwrap();
        }
        17 => history.undo(document),
        18 => history.redo(document),
        19 if random.random_ratio(1, 10) => document.close_all(),
        _ => {}
    }
}

fn check(document: &Document) {
    assert!(document.selected == 0 || document.selected < document.pictures.len());
    assert_eq!(document.picture().is_none(), document.pictures.is_empty());
    if let Some([a, b]) = document.paired() {
        assert_ne!(a.id, b.id);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.toml");
    let session = document.to_session();
    session.write(&path).unwrap();
    assert_eq!(document.to_session(), Session::read(&path).unwrap(), "sessions keep everything");
}

#[test]
fn a_thousand_random_commands_leave_a_sound_document() {
    let pool = Pool::new();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut document, mut history) = (Document::default(), History::default());
    history.record(&document, true);
    for _ in 0..COMMANDS {
        act(&mut document, &mut history, &pool, &mut random);
        history.record(&document, random.random_ratio(3, 4));
        check(&document);
    }
    history.record(&document, true);
    let (last, mut steps) = (document.clone(), 0);
    while history.can_undo() {
        history.undo(&mut document);
        check(&document);
        steps += 1;
    }
    assert!((1..=100).contains(&steps), "{steps} steps are kept");
    while history.can_redo() {
        history.redo(&mut document);
    }
    assert!(document == last, "redo leads back to where undo began");
    drop((document, history, last));
    assert!(pool.models.iter().all(|open| Arc::strong_count(open) == 1));
    assert!(pool.pictures.iter().all(|open| Arc::strong_count(open) == 1));
}
