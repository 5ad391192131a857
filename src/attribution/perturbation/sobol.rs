//! Sobol indices: the share of the score's variance that each cell of a grid has a part in.

use crate::attribution::baseline;
use crate::attribution::estimate::STANDARD_ERROR;
use crate::attribution::job::Job;
use crate::attribution::method::{
    Cost, Description, Family, MapShape, Method, Need, Ranking, Sign,
};
use crate::attribution::perturbation::quantity::{self, SCORE};
use crate::attribution::upsample::nearest_of;
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use crate::progress::Flow;
use burn::tensor::{Tensor, TensorData};
use ndarray::{Array1, Array2, Array3, Axis};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

pub struct Sobol;

static DESCRIPTION: Description = Description {
    id: "sobol",
    name: "Sobol indices",
    family: Family::Perturbation,
    paper: "Fel, Cadène, Chalvidal, Cord, Vigouroux, Serre 2021, Look at the Variance!, section 3; designs are Latin hypercubes, as even along every axis as the paper's Sobol sequence and not limited in their dimensions; the variance is over A and B",
    formula: "S_Ti = Σ_n (f(A_n) − f(C_n^i))² / (2N Var f), C^i = A with cell i of B, f(M) = S_c(x ⊙ M + x₀ ⊙ (1 − M))",
    shape: MapShape::Grid,
    unit: "share of the variance",
    passes: "designs × (cells + 2) forwards",
    ranking: Ranking::Signed,
    sign: Sign::Positive,
    parameters: &[
        Parameter {
            id: "grid",
            help: "cells on a side; each is one value of the map",
            unit: "cells",
            kind: Kind::Integer { default: 8, min: 1, max: 64 },
            source: "Xplique (grid_size)",
        },
        Parameter {
            id: "designs",
            help: "pairs of random masks (A, B), N",
            unit: "pairs",
            kind: Kind::Integer { default: 32, min: 2, max: 10_000 },
            source: "Xplique (nb_design)",
        },
        Parameter {
            id: "baseline",
            help: baseline::HELP,
            unit: "",
            kind: Kind::Baseline { default: "mean", options: baseline::BASELINES },
            source: "Xplique (inpainting): zero to the network",
        },
        SCORE,
    ],
};

impl Method for Sobol {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let cells = values.integer("grid").pow(2);
        Cost { forwards: values.integer("designs") * (cells + 2), backwards: 0 }
    }

    fn needs(&self, values: &Values) -> Vec<Need> {
        quantity::needs(values)
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let [_, _, height, width] = job.pixels.dims();
        let (grid, designs) = (job.values.integer("grid"), job.values.integer("designs"));
        let device = job.pixels.device();
        let mut generator = job.stream.generator();
        let baseline = baseline::drawn(job, job.values.baseline("baseline"), &mut generator)?;
        let design = Design::new(&mut generator, designs, grid * grid);
        let difference = job.pixels.clone() - baseline.clone();
        let enlarge = nearest_of([grid; 2], [height, width], &device);
        let mut scores = Scores { values: vec![], cells: grid * grid };
        let total = design.masks();
        let mut flow = Flow::Continue;
        while scores.values.len() < total && flow == Flow::Continue {
            let done = scores.values.len();
            let batch = job.batch.min(total - done);
            let values: Vec<f32> = (done..done + batch).flat_map(|i| design.mask(i)).collect();
            let data = TensorData::new(values, [batch, 1, grid, grid]);
            let masks = enlarge.apply(Tensor::from_data(data, &device));
            let pixels = baseline.clone() + difference.clone() * masks;
            scores.values.extend(quantity::scores(job, pixels)?);
            job.convergence = Some((STANDARD_ERROR, scores.relative_standard_error()));
            flow = job.advance(done + batch, total, &|| Ok(scores.map(grid)));
        }
        let map = scores.map(grid);
        // One where no two cells interact, above it where they do.
        job.diagnostics.insert("sum of the indices", f64::from(map.sum()));
        Ok(map)
    }
}

/// Masks for the estimator: two designs of as many rows, one value in [0,1] for every cell.
struct Design {
    a: Array2<f32>,
    b: Array2<f32>,
}

impl Design {
    fn new(generator: &mut impl Rng, rows: usize, cells: usize) -> Self {
        Self {
            a: latin_hypercube(generator, rows, cells),
            b: latin_hypercube(generator, rows, cells),
        }
    }

    fn masks(&self) -> usize {
        let (rows, cells) = self.a.dim();
        rows * (cells + 2)
    }

    /// Row by row A, B, and A with one cell of B, for every cell; so the first masks of all are a
    /// smaller design.
    fn mask(&self, index: usize) -> Vec<f32> {
        let (row, part) = (index / (self.a.ncols() + 2), index % (self.a.ncols() + 2));
        let (a, b) = (self.a.row(row), self.b.row(row));
        let mut mask = if part == 1 { b.to_vec() } else { a.to_vec() };
        if let Some(cell) = part.checked_sub(2) {
            mask[cell] = b[cell];
        }
        mask
    }
}

/// Rows × cells, every column with one value in each of as many equal parts of [0,1].
fn latin_hypercube(generator: &mut impl Rng, rows: usize, cells: usize) -> Array2<f32> {
    let mut values = Array2::zeros((rows, cells));
    for mut column in values.columns_mut() {
        let mut parts: Vec<usize> = (0..rows).collect();
        parts.shuffle(generator);
        for (value, part) in column.iter_mut().zip(parts) {
            *value = (part as f32 + generator.random::<f32>()) / rows as f32;
        }
    }
    values
}

/// Scores of a design's masks, in their order.
struct Scores {
    values: Vec<f32>,
    cells: usize,
}

impl Scores {
    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.cells + 2)
    }

    /// (f(A) − f(C^i))² / 2, rows × cells: samples of the variance that cell i has a part in
    /// (Jansen 1999, Analysis of variance designs for model output).
    fn parts(&self) -> Array2<f64> {
        let part = |a: f32, c: f32| f64::from(a - c).powi(2) / 2.0;
        let parts = self.rows().flat_map(|row| row[2..].iter().map(|c| part(row[0], *c))).collect();
        Array2::from_shape_vec((self.rows().count(), self.cells), parts).expect("whole rows")
    }

    /// Total Sobol indices of the cells, over the rows that are complete; zero where nothing
    /// changes the score.
    fn total_indices(&self) -> Vec<f32> {
        let ends: Array1<f64> =
            self.rows().flat_map(|row| [row[0], row[1]]).map(f64::from).collect();
        let variance = if ends.is_empty() { 0.0 } else { ends.var(1.0) };
        match self.parts().mean_axis(Axis(0)) {
            Some(parts) if variance > 0.0 => parts.iter().map(|p| (p / variance) as f32).collect(),
            _ => vec![0.0; self.cells],
        }
    }

    fn relative_standard_error(&self) -> f64 {
        let parts = self.parts();
        if parts.nrows() < 2 {
            return f64::INFINITY;
        }
        let means = parts.mean_axis(Axis(0)).expect("there are rows");
        let variance = parts.var_axis(Axis(0), 1.0).sum() / parts.nrows() as f64;
        (variance / means.mapv(|mean| mean * mean).sum()).sqrt()
    }

    fn map(&self, grid: usize) -> Array3<f32> {
        Array3::from_shape_vec((1, grid, grid), self.total_indices()).expect("one index a cell")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use std::f32::consts::PI;

    fn indices(rows: usize, cells: usize, score: impl Fn(&[f32]) -> f32) -> Vec<f32> {
        let design = Design::new(&mut ChaCha8Rng::seed_from_u64(3), rows, cells);
        let values = (0..design.masks()).map(|i| score(&design.mask(i))).collect();
        Scores { values, cells }.total_indices()
    }

    #[test]
    fn indices_of_a_linear_score_are_squares_of_its_weights() {
        let weights = [3.0f32, -1.0, 0.0, 2.0];
        let found = indices(4000, 4, |x| x.iter().zip(weights).map(|(x, w)| x * w).sum());
        for (found, weight) in found.iter().zip(weights) {
            assert!((found - weight * weight / 14.0).abs() < 0.02, "{found} for {weight}");
        }
        assert_eq!(found[2], 0.0);
    }

    #[test]
    fn indices_of_ishigamis_function_are_its_own() {
        // a = 7, b = 0.1; total indices from Sobol and Levitan 1999.
        let found = indices(8000, 3, |x| {
            let x = [0, 1, 2].map(|i| PI * (2.0 * x[i] - 1.0));
            x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
        });
        for (found, exact) in found.iter().zip([0.5576, 0.4424, 0.2437]) {
            assert!((found - exact).abs() < 0.015, "{found} for {exact}");
        }
    }

    #[test]
    fn a_score_that_nothing_changes_has_no_indices() {
        assert_eq!(indices(4, 9, |_| 0.3), [0.0; 9]);
        assert_eq!(Scores { values: vec![1.0, 2.0], cells: 3 }.total_indices(), [0.0; 3]);
    }

    #[test]
    fn every_column_of_a_latin_hypercube_is_even() {
        let values = latin_hypercube(&mut ChaCha8Rng::seed_from_u64(1), 16, 5);
        for column in values.columns() {
            let mut parts: Vec<usize> =
                column.iter().map(|value| (value * 16.0) as usize).collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..16).collect::<Vec<_>>());
        }
    }
}
