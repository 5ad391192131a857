//! What is put to the test: a picture, its map, and the functions that answer for the network.

use super::function::{ExplainFunction, ScoreFunction, Watch};
use crate::attribution::{Ranking, bilinear};
use crate::error::{Error, Result};
use crate::progress::Flow;
use ndarray::{Array2, Array3, Array4, Axis};

/// A map whose claims about a class's score are tried out.
pub struct ScoreTrial<'a> {
    /// C×H×W in [0,1].
    pub pixels: &'a Array3<f32>,
    /// C×H×W of the picture, 1×H×W, or 1×h×w of a layer.
    pub map: &'a Array3<f32>,
    /// The colour that the network normalises to zero, one value a channel.
    pub mean_colour: &'a [f32],
    /// What makes a pixel important to the map's method.
    pub ranking: Ranking,
    /// The class's score, a logit or a probability: every result is in its units.
    pub score: &'a mut ScoreFunction<'a>,
    /// Pictures to score at once, at most.
    pub batch: usize,
    /// Told after every batch.
    pub watch: &'a mut Watch<'a>,
}

/// Gets the picture's map, another picture, and that one's map.
type HearMap<'a> = dyn FnMut(&Array3<f32>, &Array3<f32>, &Array3<f32>) + 'a;

/// A method whose maps of a picture and its neighbours are compared.
pub struct ExplainTrial<'a> {
    /// C×H×W in [0,1].
    pub pixels: &'a Array3<f32>,
    pub explain: &'a mut ExplainFunction<'a>,
    /// Told after every map.
    pub watch: &'a mut Watch<'a>,
}

impl ScoreTrial<'_> {
    /// Height and width of the picture.
    pub fn size(&self) -> [usize; 2] {
        let (_, height, width) = self.pixels.dim();
        [height, width]
    }

    /// The map at every value of the picture, C×H×W: enlarged bilinearly, and one channel repeated
    /// for all.
    ///
    /// # Errors
    /// When map and picture don't fit or hold NaN or infinite values.
    pub(super) fn attribution(&self) -> Result<Array3<f32>> {
        self.check()?;
        let [height, width] = self.size();
        let enlarged =
            self.map.outer_iter().map(|plane| bilinear(&plane.to_owned(), [height, width]));
        let planes: Vec<Array2<f32>> = enlarged.collect();
        Ok(Array3::from_shape_fn(self.pixels.dim(), |(channel, y, x)| {
            planes[channel.min(planes.len() - 1)][[y, x]]
        }))
    }

    /// The map's importance of every pixel, H×W: reduced by the ranking, then enlarged bilinearly.
    ///
    /// # Errors
    /// As for [`ScoreTrial::attribution`].
    pub(super) fn importance(&self) -> Result<Array2<f32>> {
        self.check()?;
        Ok(importance(self.map, self.ranking, self.size()))
    }

    /// Scores `count` pictures, batch after batch. `draw` gives the next picture and what else is
    /// known of it; `hear` gets that back with the score, in the same order. Nothing else is kept.
    ///
    /// # Errors
    /// When a picture can't be drawn or scored.
    pub(super) fn score_each<T>(
        &mut self,
        count: usize,
        draw: &mut dyn FnMut(usize) -> Result<(Array3<f32>, T)>,
        hear: &mut dyn FnMut(T, f64),
    ) -> Result<Flow> {
        let (channels, height, width) = self.pixels.dim();
        let mut done = 0;
        while done < count {
            let size = self.batch.max(1).min(count - done);
            let mut batch = Array4::zeros((size, channels, height, width));
            let mut known = Vec::with_capacity(size);
            for (index, mut place) in batch.outer_iter_mut().enumerate() {
                let (picture, of_picture) = draw(done + index)?;
                check_shape(self.pixels, &picture)?;
                place.assign(&picture);
                known.push(of_picture);
            }
            let scores = (self.score)(batch)?;
            check_scores(&scores, size)?;
            known.into_iter().zip(scores).for_each(|(known, score)| hear(known, f64::from(score)));
            done += size;
            if (self.watch)(done, count) == Flow::Cancel {
                return Ok(Flow::Cancel);
            }
        }
        Ok(Flow::Continue)
    }

    /// Scores the picture and `count` changed ones; `hear` gets what is known of each changed one
    /// with the loss f(x) − f(changed).
    ///
    /// # Errors
    /// As for [`ScoreTrial::score_each`].
    pub(super) fn loss_each<T>(
        &mut self,
        count: usize,
        draw: &mut dyn FnMut() -> Result<(Array3<f32>, T)>,
        hear: &mut dyn FnMut(T, f64),
    ) -> Result<Flow> {
        let pixels = self.pixels;
        let mut original = 0.0;
        let mut next = |index: usize| match index {
            0 => Ok((pixels.clone(), None)),
            _ => draw().map(|(picture, known)| (picture, Some(known))),
        };
        self.score_each(count + 1, &mut next, &mut |known, score| match known {
            None => original = score,
            Some(known) => hear(known, original - score),
        })
    }

    /// Checks that map, picture and colour fit and are finite.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |why: String| Err(Error::new("cannot score the map", why));
        let (channels, ..) = self.pixels.dim();
        if self.pixels.is_empty() || self.map.is_empty() {
            return wrong("the picture or the map is empty".into());
        }
        if ![1, channels].contains(&self.map.dim().0) {
            let of_map = self.map.dim().0;
            return wrong(format!("it has {of_map} channels, the picture {channels}"));
        }
        if self.mean_colour.len() != channels {
            let count = self.mean_colour.len();
            return wrong(format!("the mean colour has {count} values, the picture {channels}"));
        }
        let is_finite = |array: &Array3<f32>| array.iter().all(|value| value.is_finite());
        if !is_finite(self.map) || !is_finite(self.pixels) {
            return wrong("the map or the picture holds NaN or infinite values".into());
        }
        Ok(())
    }
}

impl ExplainTrial<'_> {
    /// Explains the picture and then `count` pictures that `draw` gives; `hear` gets the picture's
    /// map, and each other picture with its own.
    ///
    /// # Errors
    /// When a picture can't be explained, or maps differ in shape or are not finite.
    pub(super) fn explain_each(
        &mut self,
        count: usize,
        draw: &mut dyn FnMut() -> Array3<f32>,
        hear: &mut HearMap,
    ) -> Result<Flow> {
        let original = (self.explain)(self.pixels)?;
        check_alike(&original, &original)?;
        let mut flow = (self.watch)(1, count + 1);
        let mut done = 0;
        while done < count && flow == Flow::Continue {
            let picture = draw();
            check_shape(self.pixels, &picture)?;
            let map = (self.explain)(&picture)?;
            check_alike(&original, &map)?;
            hear(&original, &picture, &map);
            done += 1;
            flow = (self.watch)(done + 1, count + 1);
        }
        Ok(flow)
    }
}

/// A map's importance of every pixel, H×W: channels reduced by the ranking, then enlarged
/// bilinearly to the picture.
pub fn importance(map: &Array3<f32>, ranking: Ranking, size: [usize; 2]) -> Array2<f32> {
    let reduced = match ranking {
        Ranking::Magnitude => map.mapv(f32::abs).sum_axis(Axis(0)),
        Ranking::Signed => map.sum_axis(Axis(0)),
    };
    bilinear(&reduced, size)
}

/// Checks that a changed picture, or its change, is of the picture's shape.
pub(super) fn check_shape(pixels: &Array3<f32>, changed: &Array3<f32>) -> Result<()> {
    if pixels.dim() == changed.dim() {
        return Ok(());
    }
    let why = format!("it is {:?}, the picture {:?}", changed.dim(), pixels.dim());
    Err(Error::new("cannot use a changed picture", why))
}

fn check_scores(scores: &[f32], pictures: usize) -> Result<()> {
    let why = match scores.len() == pictures {
        false => format!("{} scores of {pictures} pictures", scores.len()),
        true if scores.iter().all(|score| score.is_finite()) => return Ok(()),
        true => "the score of a changed picture is NaN or infinite".into(),
    };
    Err(Error::new("cannot score the map", why))
}

fn check_alike(original: &Array3<f32>, map: &Array3<f32>) -> Result<()> {
    let why = match original.dim() == map.dim() && !map.is_empty() {
        false => format!("maps of {:?} and {:?}", original.dim(), map.dim()),
        true if map.iter().all(|value| value.is_finite()) => return Ok(()),
        true => "a map holds NaN or infinite values".into(),
    };
    Err(Error::new("cannot compare maps of changed pictures", why))
}
