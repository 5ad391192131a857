//! How accurate a network is, and how accurate it stays under attack.

use super::batches::{batches, tensor};
use super::data::Pictures;
use super::explanations::starting_loss;
use super::recipe::Recipe;
use super::update::top;
use crate::attack::{Pgd, PixelNorm};
use crate::error::Result;
use crate::graph::{Graph, read_back};
use crate::progress::Flow;
use crate::random::RandomStream;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// What a trained network is measured by; parts of 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accuracies {
    /// Pictures of the accuracy without attack, and of those under attack.
    pub pictures: usize,
    pub robust_pictures: usize,
    pub clean: f64,
    /// Radius of the attacks, in [0,1] pixels.
    pub epsilon: f64,
    pub fgsm: f64,
    pub pgd20: f64,
    /// 50 steps from several random starts, of which the worst counts.
    pub pgd50: f64,
    /// Radii, and accuracies under 20 steps.
    pub curve: Vec<[f64; 2]>,
    /// The explanation loss before any attack, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_loss: Option<f64>,
}

impl Accuracies {
    /// Measures a network on test pictures. `advance` gets the part done, 0 to 1.
    ///
    /// # Errors
    /// When the device failed.
    pub fn measure(
        recipe: &Recipe,
        graph: &Graph,
        test: &Pictures,
        advance: &mut dyn FnMut(f64) -> Flow,
    ) -> Result<Option<Self>> {
        let (norm, epsilon) = recipe.adversary();
        let plan = &recipe.evaluation;
        let random = || RandomStream::new(recipe.seed, "test pictures", "", "").generator();
        let many = test.some(plan.pictures, &mut random());
        let few = test.some(plan.robust_pictures, &mut random());
        let radius = epsilon.value();
        let mut attacks = vec![
            (Pgd::fgsm(norm, radius), 1),
            (Pgd::usual(norm, radius, 20), 1),
            (Pgd::usual(norm, radius, 50), plan.restarts.max(1)),
        ];
        attacks.extend(plan.curve.iter().map(|part| (Pgd::usual(norm, part * radius, 20), 1)));
        let [clean, clean_of_few] = [accuracy(graph, &many)?, accuracy(graph, &few)?];
        let mut found = vec![];
        for (pgd, restarts) in &attacks {
            if advance((1.0 + found.len() as f64) / (1.0 + attacks.len() as f64)) == Flow::Cancel {
                return Ok(None);
            }
            found.push(robust_accuracy(graph, &few, *pgd, *restarts, recipe.seed)?);
        }
        let mut curve = vec![[0.0, clean_of_few], [epsilon.exact(), found[1]]];
        let others = plan.curve.iter().zip(&found[3..]);
        curve.extend(others.map(|(part, found)| [f64::from(*part) * epsilon.exact(), *found]));
        curve.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let explained = test.some(plan.explanations, &mut random());
        let explanation_loss = (plan.explanations > 1)
            .then(|| starting_loss(graph, &explained, plan.explanation))
            .transpose()?;
        Ok(Some(Self {
            pictures: many.len(),
            robust_pictures: few.len(),
            clean,
            epsilon: epsilon.exact(),
            fgsm: found[0],
            pgd20: found[1],
            pgd50: found[2],
            curve,
            explanation_loss,
        }))
    }
}

/// Share of the pictures that a network gets right.
///
/// # Errors
/// When the device failed.
pub fn accuracy(graph: &Graph, pictures: &Pictures) -> Result<f64> {
    let mut right = 0;
    for indices in batches(pictures.len()) {
        let pixels = tensor(graph, pictures, &indices);
        right += hits(graph, pixels, &pictures.labels_of(&indices))?.iter().filter(|h| **h).count();
    }
    Ok(right as f64 / pictures.len() as f64)
}

/// Share of the pictures that a network gets right whichever of some attacks, each from another
/// random start, is made on them.
///
/// # Errors
/// When the device failed.
pub fn robust_accuracy(
    graph: &Graph,
    pictures: &Pictures,
    pgd: Pgd,
    restarts: usize,
    seed: u64,
) -> Result<f64> {
    let mut right = 0;
    for indices in batches(pictures.len()) {
        let name = indices[0].to_string();
        let mut random = RandomStream::new(seed, "evaluation", &name, "").generator();
        let pixels = tensor(graph, pictures, &indices);
        let mut left = kept(&indices, &hits(graph, pixels, &pictures.labels_of(&indices))?);
        for _ in 0..restarts {
            if left.is_empty() {
                break;
            }
            let labels = pictures.labels_of(&left);
            let pixels = tensor(graph, pictures, &left);
            let attacked = pgd.attack(graph, &pixels, &labels, &mut random)?;
            left = kept(&left, &hits(graph, attacked, &labels)?);
        }
        right += left.len();
    }
    Ok(right as f64 / pictures.len() as f64)
}

/// The attack that training is watched with.
pub fn watching(norm: PixelNorm, epsilon: f32) -> Pgd {
    Pgd::usual(norm, epsilon, 10)
}

fn kept(indices: &[usize], hits: &[bool]) -> Vec<usize> {
    indices.iter().zip(hits).filter_map(|(index, hit)| hit.then_some(*index)).collect()
}

/// Which of some pictures a network gets right.
fn hits(graph: &Graph, pixels: Tensor<4>, labels: &[usize]) -> Result<Vec<bool>> {
    let logits = read_back(graph.logits(pixels))?;
    let rows = logits.chunks_exact(graph.classes()).zip(labels);
    Ok(rows.map(|(row, label)| top(row) == *label).collect())
}
