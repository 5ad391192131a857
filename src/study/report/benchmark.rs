//! Metrics as the benchmarks that published them count them, where that is no mean over pictures.

use super::{SummaryIndex, View};
use crate::engine::CellIndex;
use crate::score::OverPictures;
use crate::score::localisation::{BoxOverlaps, Contours, MaxBoxAccuracy, PointingAccuracy};
use crate::study::store::Done;

/// A metric of a model and method over all pictures; none where it is a mean, or no picture
/// has it.
pub fn benchmark(view: &View, SummaryIndex { model, method, metric }: SummaryIndex) -> Option<f64> {
    let plan = view.plan();
    let pictures = plan.pictures.iter().enumerate();
    let done = pictures.filter_map(|(place, picture)| {
        let done = view.done(CellIndex::clean(place, model, method))?;
        Some((picture.label.unwrap_or(done.prediction.target), done))
    });
    match plan.metrics[metric].over_pictures {
        OverPictures::Mean => None,
        OverPictures::MeanOfClasses => mean_of_classes(done, metric),
        OverPictures::BestThreshold(contours) => {
            best_threshold(done.map(|(_, done)| done), metric, contours)
        }
    }
}

fn mean_of_classes<'a>(
    pictures: impl Iterator<Item = (usize, &'a Done)>,
    metric: usize,
) -> Option<f64> {
    let mut accuracy = PointingAccuracy::default();
    for (class, done) in pictures {
        if let Some(hit) = done.values[metric].value() {
            accuracy.add(class, hit > 0.5);
        }
    }
    accuracy.accuracy()
}

/// The share of pictures that are right at the threshold that suits all best.
fn best_threshold<'a>(
    pictures: impl Iterator<Item = &'a Done>,
    metric: usize,
    contours: Contours,
) -> Option<f64> {
    let mut accuracy = MaxBoxAccuracy::default();
    for overlaps in pictures.filter_map(|done| done.curves[metric].as_ref()) {
        accuracy.add(&BoxOverlaps::restored(contours, overlaps.iter().copied()));
    }
    match contours {
        Contours::Largest => accuracy.v1(),
        Contours::All => accuracy.v2(),
    }
}
