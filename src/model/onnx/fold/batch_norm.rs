//! Batch norms of constants in training mode: networks that standardise their weights are written
//! so, with the output channels of a kernel as the channels.

use super::arrays::input;
use crate::model::onnx::constant::Constant;
use crate::model::onnx::proto::Node;

/// `inputs` are values of `[n, channels, …]`, γ and β. The mean and the biased variance of each
/// channel are its values' own.
///
/// # Errors
/// When the inputs do not fit, or the result is not finite.
pub fn batch_norm(node: &Node, inputs: &[Option<&Constant>]) -> Result<Constant, String> {
    let [x, gamma, beta] = [input(inputs, 0)?, input(inputs, 1)?, input(inputs, 2)?];
    let &[_, channels, ref rest @ ..] = x.dims() else { return Err("no channels".into()) };
    if gamma.len() != channels || beta.len() != channels {
        return Err(format!("scales that are not of {channels} channels"));
    }
    let epsilon = f64::from(node.float("epsilon").unwrap_or(1e-5));
    let (gamma, beta) = (gamma.to_floats(), beta.to_floats());
    let mut values = x.to_floats();
    let size = rest.iter().product::<usize>().max(1);
    for channel in 0..channels {
        let own = || values.chunks_exact(size).skip(channel).step_by(channels).flatten();
        let count = own().count().max(1) as f64;
        let mean = own().copied().map(f64::from).sum::<f64>() / count;
        let variance = own().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count;
        let scale = f64::from(gamma[channel]) / (variance + epsilon).sqrt();
        let shift = f64::from(beta[channel]) - mean * scale;
        for value in values.chunks_exact_mut(size).skip(channel).step_by(channels).flatten() {
            *value = (f64::from(*value) * scale + shift) as f32;
        }
    }
    match values.iter().all(|value| value.is_finite()) {
        true => Constant::floats(x.dims(), values),
        false => Err("values that are not finite: the file is damaged".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_has_mean_beta_and_deviation_gamma() {
        let x = Constant::floats(&[2, 2, 2], vec![1., 3., 10., 30., 5., 7., 50., 70.]).unwrap();
        let gamma = Constant::floats(&[2], vec![1.0, 2.0]).unwrap();
        let beta = Constant::floats(&[2], vec![0.0, 5.0]).unwrap();
        let node = Node::default();
        let y = batch_norm(&node, &[Some(&x), Some(&gamma), Some(&beta)]).unwrap().to_floats();
        // Values 1, 3, 5, 7 have mean 4 and variance 5; the other channel's are ten times these.
        let expected = |v: f32, gamma: f32, beta: f32| gamma * (v - 4.0) / 5f32.sqrt() + beta;
        for (index, base) in [(0, 1.), (1, 3.), (4, 5.), (5, 7.)] {
            assert!((y[index] - expected(base, 1.0, 0.0)).abs() < 1e-5);
            assert!((y[index + 2] - expected(base, 2.0, 5.0)).abs() < 1e-5);
        }
        assert!(batch_norm(&node, &[Some(&x), Some(&gamma), None]).is_err());
        let damaged = Constant::floats(&[2], vec![f32::NAN, 1.0]).unwrap();
        assert!(batch_norm(&node, &[Some(&x), Some(&damaged), Some(&beta)]).is_err());
    }
}
