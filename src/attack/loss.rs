//! The loss of logits and its gradient, on the host, since logits are few.

use burn::tensor::{Device, Tensor, TensorData};

/// Losses of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    /// Of each sample.
    pub values: Vec<f64>,
    /// Of each sample's loss with respect to its own logits, N×classes.
    pub gradient: Vec<f32>,
}

/// −ln softmax(logits)[label]; logits are N×classes.
pub fn cross_entropy(logits: &[f32], labels: &[usize]) -> Loss {
    let classes = logits.len() / labels.len().max(1);
    let logarithms = log_softmax(logits, classes);
    let values = logarithms.chunks_exact(classes).zip(labels).map(|(row, label)| -row[*label]);
    let values = values.collect();
    let mut gradient: Vec<f32> = logarithms.iter().map(|value| value.exp() as f32).collect();
    let rows = gradient.chunks_exact_mut(classes).zip(logarithms.chunks_exact(classes));
    for ((row, logarithms), label) in rows.zip(labels) {
        // p − 1 where p is nearly 1, without cancellation.
        row[*label] = logarithms[*label].exp_m1() as f32;
    }
    Loss { values, gradient }
}

/// ln softmax of every row of logits, in 64 bits.
pub fn log_softmax(logits: &[f32], classes: usize) -> Vec<f64> {
    let row = |row: &[f32]| {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted: Vec<f64> = row.iter().map(|value| f64::from(value - most)).collect();
        let total = shifted.iter().map(|value| value.exp()).sum::<f64>().ln();
        shifted.into_iter().map(move |value| value - total)
    };
    logits.chunks_exact(classes).flat_map(row).collect()
}

/// The cotangent of a backward pass, N×classes×1×1, from a gradient at the logits (N×classes).
pub fn cotangent(gradient: Vec<f32>, classes: usize, device: &Device) -> Tensor<4> {
    let samples = gradient.len() / classes;
    Tensor::from_data(TensorData::new(gradient, [samples, classes, 1, 1]), device)
}
