//! Which maps share a scale.

use crate::display::{MethodNorm, Norm, Scale, Scope};
use std::ops::Range;

/// What makes scales of maps `M`.
pub trait Scaler<M> {
    /// The one scale of some maps of a method.
    fn scale(&mut self, maps: &[M], of: MethodNorm) -> Scale;

    /// How far from zero the maps of several methods reach, by the norm of the first.
    fn shared_end(&mut self, maps: &[(M, MethodNorm)]) -> f32;
}

/// The scale that each map shares with others, by method and network; none where a map is scaled alone
/// or there is nothing to scale yet. `norms` are the methods', `maps` by method and network.
pub fn shared_scales<M: Copy>(
    norms: &[MethodNorm],
    maps: &[Vec<Option<M>>],
    scaler: &mut impl Scaler<M>,
) -> Vec<Vec<Option<Scale>>> {
    let networks = maps.first().map_or(0, Vec::len);
    let ends: Vec<Option<f32>> =
        (0..networks).map(|one| shared_end(norms, maps, one..one + 1, scaler)).collect();
    let whole = shared_end(norms, maps, 0..networks, scaler);
    let rows = norms.iter().zip(maps);
    rows.map(|(of, row)| {
        let there: Vec<M> = row.iter().flatten().copied().collect();
        let shared = |end: Option<f32>| end.map(|end| Norm::up_to(end, of.sign));
        match of.norm.scope {
            Scope::Panel => vec![None; networks],
            Scope::Column if of.has_zero() => ends.iter().map(|end| shared(*end)).collect(),
            Scope::Figure if of.has_zero() => vec![shared(whole); networks],
            _ => vec![(!there.is_empty()).then(|| scaler.scale(&there, *of)); networks],
        }
    })
    .collect()
}

/// The scales of one method's maps, by network, of `maps` by network and picture.
pub fn scales_of_pictures<M: Copy>(
    of: MethodNorm,
    maps: &[Vec<M>],
    scaler: &mut impl Scaler<M>,
) -> Vec<Option<Scale>> {
    let mut scale = |maps: &[M]| (!maps.is_empty()).then(|| scaler.scale(maps, of));
    match of.norm.scope {
        Scope::Panel => vec![None; maps.len()],
        Scope::Column => maps.iter().map(|maps| scale(maps)).collect(),
        Scope::Row | Scope::Figure => vec![scale(&maps.concat()); maps.len()],
    }
}

/// How far from zero the maps of some networks reach, of the methods that share it.
fn shared_end<M: Copy>(
    norms: &[MethodNorm],
    maps: &[Vec<Option<M>>],
    networks: Range<usize>,
    scaler: &mut impl Scaler<M>,
) -> Option<f32> {
    let rows = norms.iter().zip(maps);
    let shared: Vec<_> = rows
        .filter(|(of, _)| of.has_zero() && of.norm.scope.is_wide())
        .flat_map(|(of, row)| row[networks.clone()].iter().flatten().map(move |map| (*map, *of)))
        .collect();
    (!shared.is_empty()).then(|| scaler.shared_end(&shared))
}
