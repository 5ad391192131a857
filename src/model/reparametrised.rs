//! Weights that a file stores in parts, merged as PyTorch does before it runs them: weight
//! norm (Salimans and Kingma 2016), spectral norm (Miyato et al. 2018) and pruning masks, in the
//! names of `torch.nn.utils` and of `torch.nn.utils.parametrize`.

use super::stored::{Stored, Tensors};
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Names of the parts that a tensor is made of.
enum Parts {
    /// Lengths and directions.
    WeightNorm([String; 2]),
    /// The tensor before it is divided by its largest singular value, and the two vectors that
    /// estimate that.
    SpectralNorm([String; 3]),
    /// The tensor and which part of it is stored.
    Mask([String; 2]),
}

impl Parts {
    fn names(&self) -> &[String] {
        match self {
            Parts::WeightNorm(names) | Parts::Mask(names) => names,
            Parts::SpectralNorm(names) => names,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Parts::WeightNorm(_) => "weight norm",
            Parts::SpectralNorm(_) => "spectral norm",
            Parts::Mask(_) => "pruning masks",
        }
    }
}

/// The tensors with parts merged under the name of the whole, and a sentence for every kind
/// of parts there were.
///
/// # Errors
/// When a tensor is parametrised in a way that its name does not show.
pub fn put_together(mut tensors: Tensors) -> Result<(Tensors, Vec<String>)> {
    let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
    let names: Vec<String> = tensors.keys().cloned().collect();
    for name in &names {
        let Some((whole, parts)) = parts_of(name, &tensors)? else { continue };
        *counts.entry(parts.kind()).or_default() += 1;
        let taken: Vec<Stored> =
            parts.names().iter().filter_map(|part| tensors.remove(part)).collect();
        tensors.insert(whole.clone(), computed(whole, &parts, taken)?);
    }
    let told = |(kind, count)| format!("{kind} of {count} tensors: their parts are merged");
    Ok((tensors, counts.into_iter().map(told).collect()))
}

/// The tensor that a name is the first part of, and all its parts.
fn parts_of(name: &str, tensors: &Tensors) -> Result<Option<(String, Parts)>> {
    let there = |part: String| tensors.contains_key(&part).then_some(part);
    let pair =
        |base: &str, second: &str| Some([name.to_string(), there(format!("{base}{second}"))?]);
    let triple = |u: String, v: String| Some([name.to_string(), there(u)?, there(v)?]);
    if let Some(base) = name.strip_suffix("_g") {
        return Ok(pair(base, "_v").map(|names| (base.to_string(), Parts::WeightNorm(names))));
    }
    if let Some(base) = name.strip_suffix("_orig") {
        let masked = pair(base, "_mask").map(Parts::Mask);
        let normed = triple(format!("{base}_u"), format!("{base}_v")).map(Parts::SpectralNorm);
        return match (masked, normed) {
            (Some(_), Some(_)) => Err(unknown(base)),
            (masked, normed) => Ok(masked.or(normed).map(|parts| (base.to_string(), parts))),
        };
    }
    let Some((base, whole)) = parametrised(name) else { return Ok(None) };
    let more = tensors.keys().filter(|other| other.starts_with(base)).count();
    let parts = match name.strip_prefix(base) {
        Some("original0") => pair(base, "original1").filter(|_| more == 2).map(Parts::WeightNorm),
        Some("original") => triple(format!("{base}0._u"), format!("{base}0._v"))
            .filter(|_| more == 3)
            .map(Parts::SpectralNorm),
        // Later parts go with the first.
        _ => return Ok(None),
    };
    parts.map(|parts| Some((whole.clone(), parts))).ok_or_else(|| unknown(&whole))
}

/// What names of a parametrised tensor start with, and the name of the tensor.
fn parametrised(name: &str) -> Option<(&str, String)> {
    const MARK: &str = "parametrizations.";
    let at = name.rfind(MARK).filter(|at| *at == 0 || name[..*at].ends_with('.'))?;
    let inner = &name[at + MARK.len()..];
    let parameter = inner.split_once('.')?.0;
    let base = &name[..=at + MARK.len() + parameter.len()];
    Some((base, format!("{}{parameter}", &name[..at])))
}

fn unknown(whole: &str) -> Error {
    let why = format!("the parts of `{whole}` are of no weight norm, spectral norm or mask");
    Error::new("weights of another parametrisation", why).hint(
        "before saving, torch.nn.utils.parametrize.remove_parametrizations(module, \"weight\") or \
         torch.nn.utils.prune.remove(module, \"weight\") makes them plain weights",
    )
}

/// From the shapes and values of the parts to those of the whole.
type Compute = fn(&[Vec<usize>], &[Vec<f32>]) -> Vec<f32>;

/// The whole, computed once it is read.
fn computed(name: String, parts: &Parts, taken: Vec<Stored>) -> Result<Stored> {
    let shapes: Vec<Vec<usize>> = taken.iter().map(|part| part.shape.clone()).collect();
    let (shape, compute): (_, Compute) = match parts {
        Parts::WeightNorm(_) => (shapes[1].clone(), weight_norm),
        Parts::SpectralNorm(_) => (shapes[0].clone(), spectral_norm),
        Parts::Mask(_) => (shapes[0].clone(), masked),
    };
    let fits = match parts {
        Parts::WeightNorm(_) => lengths_fit(&shapes[0], &shapes[1]),
        Parts::SpectralNorm(_) => row_side(&shapes).is_some(),
        Parts::Mask(_) => shapes[0] == shapes[1],
    };
    if !fits {
        let why = format!("the parts of `{name}` are of shapes {shapes:?}");
        return Err(Error::new(format!("the {} does not fit together", parts.kind()), why));
    }
    Ok(Stored::computed(shape, name, taken, move |values| compute(&shapes, values)))
}

/// Whether there is one length for all, or one for each index of some sides.
fn lengths_fit(lengths: &[usize], directions: &[usize]) -> bool {
    let one = lengths.iter().all(|side| *side == 1);
    let sides = lengths.len() == directions.len()
        && lengths.iter().zip(directions).all(|(a, b)| *a == 1 || a == b);
    one || sides
}

/// Index of an element in a tensor whose sides are 1 or the shape's.
fn index_among(shape: &[usize], lengths: &[usize], mut element: usize) -> usize {
    let (mut index, mut stride) = (0, 1);
    for (side, size) in shape.iter().enumerate().rev() {
        let position = element % size;
        element /= size;
        if let Some(length) = lengths.get(side).filter(|length| **length != 1) {
            index += position * stride;
            stride *= length;
        }
    }
    index
}

/// `g v / |v|`, each length over all elements that share it.
fn weight_norm(shapes: &[Vec<usize>], values: &[Vec<f32>]) -> Vec<f32> {
    let (lengths, directions) = (&values[0], &values[1]);
    let index = |element| index_among(&shapes[1], &shapes[0], element);
    let mut squares = vec![0.0f64; lengths.len()];
    for (element, value) in directions.iter().enumerate() {
        squares[index(element)] += f64::from(*value).powi(2);
    }
    let scaled = directions.iter().enumerate().map(|(element, value)| {
        let at = index(element);
        (f64::from(*value) * f64::from(lengths[at]) / squares[at].sqrt()) as f32
    });
    scaled.collect()
}

/// The side of the tensor that is the rows of its matrix: the first, or the second of transposed
/// convolutions.
fn row_side(shapes: &[Vec<usize>]) -> Option<usize> {
    let [shape, u, v] = shapes else { return None };
    let (u, v): (usize, usize) = (u.iter().product(), v.iter().product());
    let whole: usize = shape.iter().product();
    (0..shape.len().min(2)).find(|side| shape[*side] == u && whole == u.saturating_mul(v))
}

/// `W / (uᵀ W v)`, with the vectors that the last step of training left, as PyTorch evaluates.
fn spectral_norm(shapes: &[Vec<usize>], values: &[Vec<f32>]) -> Vec<f32> {
    let (shape, [weight, u, v]) = (&shapes[0], [&values[0], &values[1], &values[2]]);
    let rows = row_side(shapes).unwrap_or(0);
    let inner: usize = shape[rows + 1..].iter().product();
    let sum = weight.iter().enumerate().map(|(element, value)| {
        let row = element / inner % shape[rows];
        let column = element / (inner * shape[rows]) * inner + element % inner;
        f64::from(*value) * f64::from(u[row]) * f64::from(v[column])
    });
    let sigma: f64 = sum.sum();
    weight.iter().map(|value| (f64::from(*value) / sigma) as f32).collect()
}

fn masked(_: &[Vec<usize>], values: &[Vec<f32>]) -> Vec<f32> {
    values[0].iter().zip(&values[1]).map(|(value, mask)| value * mask).collect()
}

#[cfg(test)]
mod tests {
    use super::super::stored::Float;
    use super::*;

    fn stored(shape: &[usize], values: &[f32]) -> Stored {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Stored::new(shape.to_vec(), Some(Float::F32), move || Ok(bytes.clone()))
    }

    fn whole(parts: Vec<(&str, Stored)>) -> Vec<f32> {
        let tensors = parts.into_iter().map(|(name, tensor)| (name.to_string(), tensor)).collect();
        let (mut tensors, told) = put_together(tensors).unwrap();
        assert_eq!((tensors.len(), told.len()), (1, 1));
        tensors.remove("a.weight").unwrap().values("a.weight").unwrap()
    }

    const OLD: [&str; 2] = ["a.weight_g", "a.weight_v"];
    const NEW: [&str; 2] =
        ["a.parametrizations.weight.original0", "a.parametrizations.weight.original1"];

    #[test]
    fn lengths_are_of_rows_of_columns_or_of_all() {
        for [g, v] in [OLD, NEW] {
            let directions = || (v, stored(&[2, 2], &[3.0, 4.0, 0.0, 2.0]));
            let rows = whole(vec![(g, stored(&[2, 1], &[10.0, 1.0])), directions()]);
            assert_eq!(rows, [6.0, 8.0, 0.0, 1.0]);
            let columns = whole(vec![(g, stored(&[1, 2], &[3.0, 20f32.sqrt()])), directions()]);
            assert_eq!(columns, [3.0, 4.0, 0.0, 2.0]);
            let all = whole(vec![(g, stored(&[], &[29f32.sqrt()])), directions()]);
            assert_eq!(all, [3.0, 4.0, 0.0, 2.0]);
        }
    }

    #[test]
    fn the_estimate_of_the_largest_singular_value_divides() {
        let names = [
            ["a.weight_orig", "a.weight_u", "a.weight_v"],
            [
                "a.parametrizations.weight.original",
                "a.parametrizations.weight.0._u",
                "a.parametrizations.weight.0._v",
            ],
        ];
        for [w, u, v] in names {
            let parts = |shape: &[usize], rows: &[f32], columns: &[f32]| {
                vec![
                    (w, stored(shape, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
                    (u, stored(&[rows.len()], rows)),
                    (v, stored(&[columns.len()], columns)),
                ]
            };
            // (0, 1) W (0, 0, 1)ᵀ = 6
            let plain = whole(parts(&[2, 3], &[0.0, 1.0], &[0.0, 0.0, 1.0]));
            assert_eq!(plain[5], 1.0);
            // The rows are the second side: element [0][1] of the transposed matrix is 4.
            let transposed = whole(parts(&[2, 3], &[1.0, 0.0, 0.0], &[0.0, 1.0]));
            assert_eq!(transposed[3], 1.0);
        }
    }

    #[test]
    fn masks_multiply() {
        let parts = vec![
            ("a.weight_orig", stored(&[2], &[3.0, 4.0])),
            ("a.weight_mask", stored(&[2], &[0.0, 1.0])),
        ];
        assert_eq!(whole(parts), [0.0, 4.0]);
    }

    #[test]
    fn other_parametrisations_are_refused() {
        for names in [
            &["a.parametrizations.weight.original"][..],
            &["a.parametrizations.weight.original", "a.parametrizations.weight.0.base"],
            &["a.weight_orig", "a.weight_mask", "a.weight_u", "a.weight_v"],
        ] {
            let part = |name: &&str| ((*name).to_string(), stored(&[1], &[1.0]));
            let error = put_together(names.iter().map(part).collect()).unwrap_err().to_string();
            assert!(error.contains("`a.weight`"), "{error}");
        }
        let parts =
            [("a.weight_g", stored(&[3], &[1.0; 3])), ("a.weight_v", stored(&[2, 2], &[1.0; 4]))];
        let parts = parts.into_iter().map(|(name, part)| (name.to_string(), part)).collect();
        assert!(put_together(parts).unwrap_err().to_string().contains("[3]"));
    }

    #[test]
    fn plain_weights_stay() {
        let tensors = BTreeMap::from([("a.weight".to_string(), stored(&[1], &[2.0]))]);
        let (tensors, told) = put_together(tensors).unwrap();
        assert_eq!((tensors.len(), told.len()), (1, 0));
    }
}
