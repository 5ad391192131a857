//! What stands behind a number of a table: its pictures.

use super::{Report, SummaryIndex};
use crate::engine::CellIndex;
use crate::study::cell::{CellPrediction, Measured};
use crate::study::store::Record;

/// One picture of a model and method.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PictureValue<'a> {
    /// Its place in the plan.
    pub picture: usize,
    /// What the network says of it; none where the cell failed.
    pub subject: Option<CellPrediction>,
    /// The metric, or why there is none.
    pub value: Result<f64, &'a str>,
}

impl Report {
    /// A metric of every picture that a model and method were tried on, in the plan's order.
    pub fn pictures(
        &self,
        SummaryIndex { model, method, metric }: SummaryIndex,
    ) -> Vec<PictureValue<'_>> {
        let view = super::View { records: &self.records };
        let value = |picture| match view.record(CellIndex::clean(picture, model, method))? {
            Record::Failed(why) => Some(PictureValue { picture, subject: None, value: Err(why) }),
            Record::Done(done) => {
                let value = match &done.values[metric] {
                    Measured::Value(value) => Ok(*value),
                    Measured::Undefined(reason) => Err(reason.as_str()),
                };
                Some(PictureValue { picture, subject: Some(done.prediction), value })
            }
        };
        (0..self.plan().pictures.len()).filter_map(value).collect()
    }
}
