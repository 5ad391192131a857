//! Opening files away from the window's thread, by dialog, drop or argument.

use crate::explorer::context::Action;
use crate::explorer::files::dropped::DroppedMap;
use crate::explorer::files::file_kind::FileKind;
use crate::explorer::panel::path_prompt::PathFor;
use crate::explorer::state::document::{AnnotationFile, Document, OpenAnnotations};
use crate::explorer::state::session::OpenedSession;
use hyaline::attribution;
use hyaline::engine::{OpenModel, OpenPicture, Opened};
use hyaline::error::{Error, Result};
use hyaline::example;
use hyaline::file::{sha256, stem, write};
use hyaline::input_file::files_of;
use hyaline::model::{Card, ComputeDevice, Model};
use hyaline::picture::Picture;
use hyaline::picture::annotation::Annotations;
use hyaline::session::{self, Session};
use hyaline::study::OpenedStudy;
use hyaline::training::Recipe;
use image::RgbaImage;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// What came of opening a file.
pub enum LoadEvent {
    Model(OpenModel),
    /// A network opened anew, for the one of that number.
    Replaced(u64, OpenModel),
    /// With its thumbnail.
    Picture(OpenPicture, RgbaImage),
    Annotations(OpenAnnotations),
    /// Of another program, to be shown beside a cell.
    Map(Box<DroppedMap>),
    /// With pictures' thumbnails.
    Session(Box<OpenedSession>, Vec<(u64, RgbaImage)>),
    Study(Box<OpenedStudy>),
    /// One that is listed, with what was computed since.
    StudyAgain(Box<OpenedStudy>),
    /// With the path of its file.
    Recipe(PathBuf, Box<Recipe>),
    Failed(Error),
}

impl LoadEvent {
    /// Whether it becomes part of what is open.
    fn is_of_document(&self) -> bool {
        matches!(
            self,
            Self::Model(_)
                | Self::Replaced(..)
                | Self::Picture(..)
                | Self::Annotations(_)
                | Self::Session(..)
        )
    }
}

/// Files on their way in.
pub struct Opening {
    device: ComputeDevice,
    sender: Sender<(u64, LoadEvent)>,
    receiver: Receiver<(u64, LoadEvent)>,
    actions: Sender<Action>,
    actions_of_dialogs: Receiver<Action>,
    /// What was asked for before the last time that everything was closed is of an older one.
    generation: u64,
    waiting: Arc<AtomicUsize>,
    ids: Arc<AtomicU64>,
    repaint: Arc<dyn Fn() + Send + Sync>,
}

const THUMBNAIL_PIXELS: u32 = 96;
/// A dialog that is gone by then was never there: nobody cancels one as fast.
const TOO_FAST_FOR_PEOPLE: Duration = Duration::from_millis(250);

impl Opening {
    pub fn new(device: ComputeDevice, repaint: impl Fn() + Send + Sync + 'static) -> Self {
        let (sender, receiver) = channel();
        let (actions, actions_of_dialogs) = channel();
        Self {
            device,
            sender,
            receiver,
            actions,
            actions_of_dialogs,
            generation: 0,
            waiting: Arc::default(),
            ids: Arc::default(),
            repaint: Arc::new(repaint),
        }
    }

    /// Opens files, and the files in folders, in order.
    pub fn open(&self, paths: Vec<PathBuf>) {
        let (worker, device) = (self.handle(), self.device.clone());
        std::thread::spawn(move || worker.open_asked(paths, &device));
    }

    /// Opens a picture that was pasted, kept as a file by its content in a folder.
    pub fn open_pasted(&self, picture: RgbaImage, folder: PathBuf) {
        let (worker, device) = (self.handle(), self.device.clone());
        worker.waiting.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            match keep_pasted(&picture, &folder) {
                Ok(path) => drop(worker.open(vec![path], &device)),
                Err(error) => worker.send(LoadEvent::Failed(error)),
            }
            worker.waiting.fetch_sub(1, Ordering::SeqCst);
            (worker.repaint)();
        });
    }

    /// Opens a file that nobody named.
    pub fn open_again(&self, path: PathBuf) {
        let (worker, device) = (self.handle(), self.device.clone());
        std::thread::spawn(move || drop(worker.open(vec![path], &device)));
    }

    /// Opens the example, from a folder that it is unpacked to.
    pub fn open_example(&self, folder: PathBuf) {
        let (worker, device) = (self.handle(), self.device.clone());
        worker.waiting.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            match example::unpack(&folder) {
                Ok(files) => drop(worker.open(files, &device)),
                Err(error) => worker.send(LoadEvent::Failed(error)),
            }
            worker.waiting.fetch_sub(1, Ordering::SeqCst);
            (worker.repaint)();
        });
    }

    /// Opens a network once more as another card describes it.
    pub fn reopen(&self, model: &OpenModel, card: Card) {
        let (worker, device) = (self.handle(), self.device.clone());
        let (old, path) = (model.id, model.value.path.clone());
        worker.waiting.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            let open = || Model::open_as(&path, card, &device).map(Model::checked);
            let opened = catch_unwind(AssertUnwindSafe(open)).unwrap_or_else(|_| {
                Err(Error::new(format!("cannot open {}", path.display()), "reading it crashed"))
            });
            let id = worker.ids.fetch_add(1, Ordering::SeqCst);
            worker.waiting.fetch_sub(1, Ordering::SeqCst);
            worker.send(opened.map_or_else(LoadEvent::Failed, |value| {
                LoadEvent::Replaced(old, Arc::new(Opened { id, value }))
            }));
        });
    }

    /// Opens the boxes or masks of a picture, whatever their file is called. A picture that is no mask
    /// of it opens as one.
    pub fn open_annotations_of(&self, path: PathBuf, picture: OpenPicture) {
        self.load(path, move |id, path| {
            let is_other = || {
                image::image_dimensions(path).is_ok_and(|(width, height)| {
                    (width as usize, height as usize) != picture.value.size()
                })
            };
            let of = Some(stem(&picture.value.path));
            match open_annotations(id, path, of) {
                Ok(annotations) if !is_other() => LoadEvent::Annotations(annotations),
                Err(error) if Annotations::is_annotation_file(path) => LoadEvent::Failed(error),
                _ => open_picture(id, path)
                    .map_or_else(LoadEvent::Failed, |(picture, thumbnail)| {
                        LoadEvent::Picture(picture, thumbnail)
                    }),
            }
        });
    }

    /// Reads the results of a study again.
    pub fn read_study_again(&self, path: PathBuf) {
        self.load(path, |_, path| {
            OpenedStudy::open(path)
                .map_or_else(LoadEvent::Failed, |study| LoadEvent::StudyAgain(Box::new(study)))
        });
    }

    /// Opens a map of another program for a cell: a network, a picture and a method.
    pub fn open_map(
        &self,
        path: PathBuf,
        (model, picture, method): (OpenModel, OpenPicture, &'static str),
        document: Document,
    ) {
        self.load(path, move |_, path| {
            let map = attribution::method(method)
                .and_then(|method| DroppedMap::read(path, (&model, &picture), method, &document));
            map.map_or_else(LoadEvent::Failed, |map| LoadEvent::Map(Box::new(map)))
        });
    }

    /// Opens one file in a way of its own.
    fn load(&self, path: PathBuf, load: impl FnOnce(u64, &Path) -> LoadEvent + Send + 'static) {
        let worker = self.handle();
        worker.waiting.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            let id = worker.ids.fetch_add(1, Ordering::SeqCst);
            let opened = catch_unwind(AssertUnwindSafe(|| load(id, &path)));
            let event = opened.unwrap_or_else(|_| crashed(&path));
            worker.waiting.fetch_sub(1, Ordering::SeqCst);
            worker.send(event);
        });
    }

    /// Asks for a path with the system's dialog.
    pub fn browse(&self, of: PathFor) {
        match of {
            PathFor::Open(kind) => self.browse_to_open(kind),
            PathFor::SaveSession | PathFor::Figure | PathFor::Report => self.browse_to_save(of),
        }
    }

    fn browse_to_open(&self, kind: FileKind) {
        let dialog = rfd::AsyncFileDialog::new().set_title(kind.title());
        let dialog = dialog.add_filter(kind.name(), &kind.extensions());
        // The dialog is made on the window's thread, as some systems want, and awaited elsewhere.
        let chosen = dialog.pick_files();
        let (worker, device, asked) = (self.handle(), self.device.clone(), Instant::now());
        std::thread::spawn(move || match pollster::block_on(chosen) {
            Some(files) => {
                worker.open_asked(
                    files.iter().map(|file| file.path().to_path_buf()).collect(),
                    &device,
                );
            }
            None if asked.elapsed() < TOO_FAST_FOR_PEOPLE => {
                worker.ask_for(Action::NoDialog(PathFor::Open(kind)));
            }
            None => {}
        });
    }

    fn browse_to_save(&self, of: PathFor) {
        let dialog = rfd::AsyncFileDialog::new().set_title(of.title());
        let chosen = dialog.set_file_name(of.usual_name()).save_file();
        let (worker, asked) = (self.handle(), Instant::now());
        std::thread::spawn(move || match pollster::block_on(chosen) {
            Some(file) => worker.ask_for(of.action(file.path().to_path_buf())),
            None if asked.elapsed() < TOO_FAST_FOR_PEOPLE => worker.ask_for(Action::NoDialog(of)),
            None => {}
        });
    }

    /// Lets networks, pictures and sessions that are still on their way go astray.
    pub fn forget(&mut self) {
        self.generation += 1;
        self.waiting = Arc::default();
    }

    /// What arrived since the last call.
    pub fn events(&self) -> Vec<LoadEvent> {
        let is_current = |(generation, event): &(u64, LoadEvent)| {
            *generation == self.generation || !event.is_of_document()
        };
        self.receiver.try_iter().filter(is_current).map(|(_, event)| event).collect()
    }

    /// What dialogs were answered by since the last call.
    pub fn actions(&self) -> Vec<Action> {
        self.actions_of_dialogs.try_iter().collect()
    }

    /// Files that are still being opened.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    fn handle(&self) -> Handle {
        Handle {
            sender: self.sender.clone(),
            actions: self.actions.clone(),
            generation: self.generation,
            waiting: self.waiting.clone(),
            ids: self.ids.clone(),
            repaint: self.repaint.clone(),
        }
    }
}

fn crashed(file: &Path) -> LoadEvent {
    let what = format!("cannot open {}", file.display());
    LoadEvent::Failed(Error::new(what, "reading it crashed"))
}

/// The part of [`Opening`] that goes to another thread.
struct Handle {
    sender: Sender<(u64, LoadEvent)>,
    actions: Sender<Action>,
    generation: u64,
    waiting: Arc<AtomicUsize>,
    ids: Arc<AtomicU64>,
    repaint: Arc<dyn Fn() + Send + Sync>,
}

impl Handle {
    /// Opens files and folders that a person asked for, and remembers those that opened.
    fn open_asked(&self, paths: Vec<PathBuf>, device: &ComputeDevice) {
        let opened = self.open(paths, device);
        if !opened.is_empty() {
            self.ask_for(Action::Remember(opened));
        }
    }

    /// Opens files, and the files in folders; gives those of which anything opened.
    fn open(&self, paths: Vec<PathBuf>, device: &ComputeDevice) -> Vec<PathBuf> {
        let files: Vec<Vec<PathBuf>> = paths.iter().map(|path| files_of(path)).collect();
        self.waiting.fetch_add(files.iter().map(Vec::len).sum(), Ordering::SeqCst);
        (self.repaint)();
        let mut opened = vec![];
        for (path, files) in paths.into_iter().zip(files) {
            let done = files.iter().filter(|file| self.open_and_send(file, device)).count();
            opened.extend((done > 0).then_some(path));
        }
        opened
    }

    /// Opens a file; gives whether it could be opened.
    fn open_and_send(&self, file: &Path, device: &ComputeDevice) -> bool {
        let opened = catch_unwind(AssertUnwindSafe(|| self.open_one(file, device)));
        let event = opened.unwrap_or_else(|_| crashed(file));
        let is_opened = !matches!(event, LoadEvent::Failed(_));
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        self.send(event);
        is_opened
    }

    fn send(&self, event: LoadEvent) {
        // The window may be gone, and then nobody waits.
        let _ = self.sender.send((self.generation, event));
        (self.repaint)();
    }

    fn ask_for(&self, action: Action) {
        let _ = self.actions.send(action);
        (self.repaint)();
    }

    fn open_one(&self, path: &Path, device: &ComputeDevice) -> LoadEvent {
        let id = self.ids.fetch_add(1, Ordering::SeqCst);
        if OpenedStudy::is_study_file(path) {
            return OpenedStudy::open(path)
                .map_or_else(LoadEvent::Failed, |study| LoadEvent::Study(Box::new(study)));
        }
        if Session::is_session_file(path) {
            return Session::read(path).map_or_else(LoadEvent::Failed, |session| {
                self.open_session(path, session, device)
            });
        }
        if Recipe::is_recipe_file(path) {
            return Recipe::read(path).map_or_else(LoadEvent::Failed, |recipe| {
                LoadEvent::Recipe(path.to_path_buf(), Box::new(recipe))
            });
        }
        if Model::is_model_file(path) {
            return open_model(id, path, device).map_or_else(LoadEvent::Failed, LoadEvent::Model);
        }
        if Annotations::is_annotation_file(path) {
            return open_annotations(id, path, None)
                .map_or_else(LoadEvent::Failed, LoadEvent::Annotations);
        }
        open_picture(id, path).map_or_else(LoadEvent::Failed, |(picture, thumbnail)| {
            LoadEvent::Picture(picture, thumbnail)
        })
    }

    /// Opens the files of a session; those that can't be opened are reported one by one.
    fn open_session(&self, path: &Path, session: Session, device: &ComputeDevice) -> LoadEvent {
        let id = || self.ids.fetch_add(1, Ordering::SeqCst);
        let mut thumbnails = vec![];
        let (networks, pictures, annotations) = session.files();
        let of = session.annotations_of.clone();
        let models =
            networks.iter().map(|file| self.reported(open_saved(id(), file, device))).collect();
        let mut picture = |file: &session::File| {
            let (picture, thumbnail) = self.reported(open_picture(id(), &file.path))?;
            thumbnails.push((picture.id, thumbnail));
            Some(picture)
        };
        let pictures = pictures.iter().map(&mut picture).collect();
        let annotations =
            annotations.and_then(|path| self.reported(open_annotations(id(), path, of)));
        let opened =
            OpenedSession { path: path.to_path_buf(), models, pictures, annotations, session };
        LoadEvent::Session(Box::new(opened), thumbnails)
    }

    /// What was opened; an error is sent to the window.
    fn reported<T>(&self, opened: Result<T>) -> Option<T> {
        opened.map_err(|error| self.send(LoadEvent::Failed(error))).ok()
    }
}

fn open_model(id: u64, path: &Path, device: &ComputeDevice) -> Result<OpenModel> {
    let value = Model::open(path, device).map(Model::checked)?;
    Ok(Arc::new(Opened { id, value }))
}

/// A network of a session, as its card was when that was saved.
fn open_saved(id: u64, file: &session::File, device: &ComputeDevice) -> Result<OpenModel> {
    let Some(card) = &file.card else { return open_model(id, &file.path, device) };
    let value = Model::open_as(&file.path, card.clone(), device).map(Model::checked)?;
    Ok(Arc::new(Opened { id, value }))
}

fn open_picture(id: u64, path: &Path) -> Result<(OpenPicture, RgbaImage)> {
    let value = Picture::open(path)?;
    let thumbnail = value.thumbnail(THUMBNAIL_PIXELS);
    Ok((Arc::new(Opened { id, value }), thumbnail))
}

/// Writes a pasted picture as PNG, called by its content.
fn keep_pasted(picture: &RgbaImage, folder: &Path) -> Result<PathBuf> {
    let mut png = Cursor::new(vec![]);
    picture
        .write_to(&mut png, image::ImageFormat::Png)
        .map_err(|e| Error::new("cannot keep the pasted picture", e))?;
    let name = format!("pasted-{}.png", &sha256(png.get_ref())[..8]);
    let path = folder.join(name);
    write(&path, png.get_ref())?;
    Ok(path)
}

/// Boxes and masks; `of` names the picture of a file that is one's alone.
fn open_annotations(id: u64, path: &Path, of: Option<String>) -> Result<OpenAnnotations> {
    let annotations = match &of {
        Some(picture) => Annotations::open_of(path, picture)?,
        None => Annotations::open(path)?,
    };
    let value = AnnotationFile { path: path.to_path_buf(), of, annotations };
    Ok(Arc::new(Opened { id, value }))
}
