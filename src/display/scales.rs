//! Which maps share a scale.

use crate::display::{MethodNorm, Norm, PairEnds, Scale, Scope};

/// What makes scales of maps `M`.
pub trait Scaler<M> {
    /// The one scale of some maps of a method.
    fn scale(&mut self, maps: &[M], of: MethodNorm) -> Scale;

    /// How far from zero the maps of several methods reach, by the norm of the first.
    fn shared_end(&mut self, maps: &[(M, MethodNorm)]) -> f32;
}

/// Two networks that are compared, by their places, and where their scales end.
pub type PairOfScales = Option<([usize; 2], PairEnds)>;

/// The scale that each map shares with others, by method and network; none where a map is scaled alone
/// or there is nothing to scale yet. `norms` are the methods', `maps` by method and network.
pub fn shared_scales<M: Copy>(
    norms: &[MethodNorm],
    maps: &[Vec<Option<M>>],
    pair: PairOfScales,
    scaler: &mut impl Scaler<M>,
) -> Vec<Vec<Option<Scale>>> {
    let networks = maps.first().map_or(0, Vec::len);
    let ends: Vec<Option<f32>> =
        (0..networks).map(|one| shared_end(norms, maps, &[one], scaler)).collect();
    let whole = shared_end(norms, maps, &(0..networks).collect::<Vec<_>>(), scaler);
    let of_pair = pair.and_then(|(pair, _)| shared_end(norms, maps, &pair, scaler));
    let rows = norms.iter().zip(maps);
    rows.map(|(of, row)| {
        let there: Vec<M> = row.iter().flatten().copied().collect();
        let shared = |end: Option<f32>| end.map(|end| Norm::up_to(end, of.sign));
        let mut scales = match of.norm.scope {
            Scope::Panel => vec![None; networks],
            Scope::Column if of.has_zero() => ends.iter().map(|end| shared(*end)).collect(),
            Scope::Figure if of.has_zero() => vec![shared(whole); networks],
            _ => vec![(!there.is_empty()).then(|| scaler.scale(&there, *of)); networks],
        };
        if let Some((pair, ends)) = pair {
            let scale = match (ends, of.norm.scope) {
                (PairEnds::Shared, Scope::Column) if of.has_zero() => shared(of_pair),
                (PairEnds::Shared, Scope::Row | Scope::Figure | Scope::Column) => scales[pair[0]],
                _ => scale_of_pair(*of, pair.map(|network| row[network]), ends, scaler),
            };
            for network in pair {
                scales[network] = scale;
            }
        }
        scales
    })
    .collect()
}

/// The scale that the maps of a pair share where maps are scaled alone otherwise; none where each of the
/// pair's is scaled alone too.
pub fn scale_of_pair<M: Copy>(
    of: MethodNorm,
    maps: [Option<M>; 2],
    ends: PairEnds,
    scaler: &mut impl Scaler<M>,
) -> Option<Scale> {
    let there: Vec<M> = maps.into_iter().flatten().collect();
    let is_shared = ends == PairEnds::Shared && !there.is_empty();
    is_shared.then(|| scaler.scale(&there, of))
}

/// The scales of one method's maps, by network, of `maps` by network and picture; none where a picture's
/// maps are scaled alone, or those of a pair by [`scale_of_pair`].
pub fn scales_of_pictures<M: Copy>(
    of: MethodNorm,
    maps: &[Vec<M>],
    pair: PairOfScales,
    scaler: &mut impl Scaler<M>,
) -> Vec<Option<Scale>> {
    let mut scale = |maps: &[M]| (!maps.is_empty()).then(|| scaler.scale(maps, of));
    let mut scales = match of.norm.scope {
        Scope::Panel => vec![None; maps.len()],
        Scope::Column => maps.iter().map(|maps| scale(maps)).collect(),
        Scope::Row | Scope::Figure => vec![scale(&maps.concat()); maps.len()],
    };
    if let Some((pair, ends)) = pair {
        let both = match (ends, of.norm.scope) {
            (PairEnds::Own, _) | (_, Scope::Panel) => None,
            (PairEnds::Shared, Scope::Column) => scale(&pair.map(|of| &maps[of][..]).concat()),
            (PairEnds::Shared, Scope::Row | Scope::Figure) => scales[pair[0]],
        };
        for network in pair {
            scales[network] = both;
        }
    }
    scales
}

/// How far from zero the maps of some networks reach, of the methods that share it.
fn shared_end<M: Copy>(
    norms: &[MethodNorm],
    maps: &[Vec<Option<M>>],
    networks: &[usize],
    scaler: &mut impl Scaler<M>,
) -> Option<f32> {
    let rows = norms.iter().zip(maps);
    let shared: Vec<_> = rows
        .filter(|(of, _)| of.has_zero() && of.norm.scope.is_wide())
        .flat_map(|(of, row)| networks.iter().filter_map(move |one| Some((row[*one]?, *of))))
        .collect();
    (!shared.is_empty()).then(|| scaler.shared_end(&shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::Sign;

    /// Maps of one value, which is where their scales end.
    struct Largest;

    impl Scaler<f32> for Largest {
        fn scale(&mut self, maps: &[f32], of: MethodNorm) -> Scale {
            Norm::up_to(maps.iter().copied().fold(0.0, f32::max), of.sign)
        }

        fn shared_end(&mut self, maps: &[(f32, MethodNorm)]) -> f32 {
            maps.iter().map(|(map, _)| *map).fold(0.0, f32::max)
        }
    }

    fn norm(scope: Scope) -> MethodNorm {
        MethodNorm { norm: Norm { scope, ..Norm::default() }, sign: Sign::Positive }
    }

    /// Where the scales of three networks' maps 1, 4 and 9 end, the first two being a pair.
    fn ends(scope: Scope, ends: PairEnds) -> Vec<Option<f32>> {
        let (norms, maps) = ([norm(scope)], [vec![Some(1.0), Some(4.0), Some(9.0)]]);
        let scales = shared_scales(&norms, &maps, Some(([0, 1], ends)), &mut Largest);
        scales[0].iter().map(|scale| scale.map(|scale| scale.high)).collect()
    }

    #[test]
    fn a_pair_shares_ends_unless_own_ones_are_asked_for() {
        assert_eq!(ends(Scope::Panel, PairEnds::Shared), [Some(4.0), Some(4.0), None]);
        assert_eq!(ends(Scope::Column, PairEnds::Shared), [Some(4.0), Some(4.0), Some(9.0)]);
        for scope in [Scope::Row, Scope::Figure] {
            assert_eq!(ends(scope, PairEnds::Shared), [Some(9.0); 3]);
            assert_eq!(ends(scope, PairEnds::Own), [None, None, Some(9.0)]);
        }
        assert_eq!(ends(Scope::Panel, PairEnds::Own), [None; 3]);
    }

    #[test]
    fn a_pair_shares_ends_over_pictures_too() {
        let maps = [vec![1.0, 2.0], vec![4.0], vec![9.0]];
        let ends = |scope, ends| {
            let scales = scales_of_pictures(norm(scope), &maps, Some(([0, 1], ends)), &mut Largest);
            scales.iter().map(|scale| scale.map(|scale| scale.high)).collect::<Vec<_>>()
        };
        assert_eq!(ends(Scope::Column, PairEnds::Shared), [Some(4.0), Some(4.0), Some(9.0)]);
        assert_eq!(ends(Scope::Row, PairEnds::Own), [None, None, Some(9.0)]);
        assert_eq!(ends(Scope::Panel, PairEnds::Shared), [None; 3]);
        let both = scale_of_pair(
            norm(Scope::Panel),
            [Some(1.0), Some(4.0)],
            PairEnds::Shared,
            &mut Largest,
        );
        assert_eq!(both.map(|scale| scale.high), Some(4.0));
    }
}
