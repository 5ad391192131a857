//! Computing what a figure shows.

use crate::attribution::Progress;
use crate::command_line::plan::{Case, Plan};
use crate::command_line::watch::Watch;
use crate::engine::{CellIndex, ExplainedClass};
use crate::error::{Error, Result};
use crate::figure::{FigureContents, NetworkFacts, PictureFacts, Shown, View, boxes, wanted};
use crate::model::Model;
use crate::picture::annotation::Annotations;
use crate::picture::{Picture, to_rgb};
use crate::score::rise_curves;
use crate::session::{Comparison, Session};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Computes the maps that a session's figure shows. `None` after Ctrl-C.
///
/// # Errors
/// When something in the session is wrong, or the device failed.
pub fn compute(plan: &Plan, session: &Session) -> Result<Option<FigureContents>> {
    let pictures =
        plan.pictures.iter().map(|path| Picture::open(path).map(|p| PictureFacts::of(&p)));
    let pictures = pictures.collect::<Result<Vec<_>>>()?;
    let counts = [pictures.len(), plan.models.len(), plan.methods.len()];
    if let Some(what) = missing(counts) {
        return Err(Error::new("cannot make the figure", format!("the session names no {what}")));
    }
    check_indices(session, counts)?;
    let selected = session.selected;
    let (appearance, options) = (session.shown.clone().checked(), &session.figure);
    let wanted = wanted(&appearance, options, counts, selected);
    let annotations = session.annotations.as_deref().map(|path| match &session.annotations_of {
        Some(picture) => Annotations::open_of(path, picture),
        None => Annotations::open(path),
    });
    let annotations = annotations.transpose()?;
    for warning in annotations.iter().flat_map(Annotations::warnings) {
        crate::command_line::say(&format!("annotations: {warning}"));
    }
    let mut contents = FigureContents {
        networks: plan.models.iter().map(NetworkFacts::of).collect(),
        pictures,
        methods: plan.methods.clone(),
        views: vec![vec![None; counts[1]]; counts[0]],
        maps: BTreeMap::new(),
        selected,
        pair: session.pair,
        class: plan.class.clone(),
        seed: plan.seed,
        device: plan.device.name.clone(),
    };
    let mut watch = Watch::new(wanted.len())?;
    let mut wanted = wanted.into_iter().peekable();
    while let Some(cell) = wanted.peek().copied() {
        let CellIndex { picture, model: network, .. } = cell;
        let (model, path) = (&plan.models[network], &plan.pictures[picture]);
        let case = plan.case(model, path)?;
        contents.views[picture][network] = Some(view(plan, &case, model, annotations.as_ref())?);
        while let Some(at) = wanted.next_if(|at| at.is_same_subject(cell)) {
            let shown = shown(plan, (model, path), &case, (at, session), &mut watch)?;
            if watch.cancelled() {
                return Ok(None);
            }
            contents.maps.insert(at, shown);
        }
    }
    Ok(Some(contents))
}

/// Whether what the session counts is there.
fn check_indices(session: &Session, [pictures, networks, _]: [usize; 3]) -> Result<()> {
    let wrong = |why: String| Err(Error::new("cannot make the figure", why));
    if session.selected >= pictures {
        return wrong(format!(
            "selected = {}, the pictures are 0 to {}",
            session.selected,
            pictures - 1
        ));
    }
    match session.pair {
        Some([a, b]) if a == b || a.max(b) >= networks => {
            let last = networks - 1;
            wrong(format!("pair = [{a}, {b}], it takes two of the networks 0 to {last}"))
        }
        None if session.figure.comparison != Comparison::None => {
            wrong("a comparison takes a pair of networks, such as pair = [0, 1]".into())
        }
        _ => Ok(()),
    }
}

/// What there must be one of.
fn missing([pictures, networks, methods]: [usize; 3]) -> Option<&'static str> {
    let counts = [(networks, "networks"), (pictures, "pictures"), (methods, "methods")];
    counts.into_iter().find(|(count, _)| *count == 0).map(|(_, what)| what)
}

fn view(
    plan: &Plan,
    case: &Case,
    model: &Model,
    annotations: Option<&Annotations>,
) -> Result<View> {
    let class = case.subject.prediction(case.class).cloned().ok_or_else(|| {
        Error::new("cannot make the figure", format!("{} has no such class", model.name))
    })?;
    let explained =
        ExplainedClass { class: model.named_class(case.class), standing: plan.class.on(model).1 };
    let boxes =
        annotations.map_or(vec![], |found| boxes(found, &case.picture, &model.preprocessing));
    Ok(View { image: to_rgb(&case.subject.pixels), class, explained, boxes })
}

fn shown(
    plan: &Plan,
    (model, path): (&Model, &Path),
    case: &Case,
    (at, session): (CellIndex, &Session),
    watch: &mut Watch,
) -> Result<Shown> {
    let (method, values) = &plan.methods[at.method];
    let name = crate::file::stem(path);
    watch.begin(format!("{} · {name} · {}", model.name, method.description().id));
    let explained = case.explained(model, plan.seed);
    let mut progress = |p: &Progress| watch.advance(p.done, p.total);
    let attribution = plan.attribute(*method, &explained, values, &mut progress)?;
    let mut curves = None;
    if session.figure.needs_curves() && !attribution.is_partial() {
        let mut progress = |done, total| watch.advance(done, total);
        let found = rise_curves(model, &case.subject.pixels, &attribution, &mut progress)?;
        curves = found.map(|(curves, _)| Arc::new(curves));
    }
    Ok(Shown { attribution: Arc::new(attribution), curves })
}
