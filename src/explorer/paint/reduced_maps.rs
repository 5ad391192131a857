//! Maps made ready to be shown: reduced to one value a pixel, with their scales, computed once
//! for each map and norm.

use hyaline::display::{Difference, MethodNorm, Norm, Norms, Scale, Scaler};
use ndarray::{Array2, Array3};
use std::collections::HashMap;
use std::sync::Arc;

/// A cache that forgets what a frame did not ask for. A map belongs to one method, whose norm does
/// not change within a frame, so that its address is key enough.
#[derive(Default)]
pub struct ReducedMaps {
    norms: Norms,
    reduced: HashMap<usize, Entry<Reduced>>,
    scales: HashMap<Vec<usize>, Entry<Scale>>,
    ends: HashMap<Vec<usize>, Entry<f32>>,
    differences: HashMap<([usize; 2], &'static str), Entry<Values>>,
    tops: HashMap<(usize, [u32; 3]), Entry<f32>>,
}

type Values = Arc<Array2<f32>>;
type Map = Arc<Array3<f32>>;

struct Entry<T> {
    value: T,
    used: bool,
}

impl<T> Entry<T> {
    fn new(value: T) -> Self {
        Self { value, used: true }
    }

    fn used(&mut self) -> &T {
        self.used = true;
        &self.value
    }
}

struct Reduced {
    /// Keeps the address, which is the key, from being used again.
    _map: Map,
    values: Values,
}

impl ReducedMaps {
    /// Starts a frame with its norms.
    pub fn begin(&mut self, norms: &Norms) {
        if *norms != self.norms {
            *self = Self { norms: norms.clone(), ..Self::default() };
        }
        forget(&mut self.tops);
        forget(&mut self.differences);
        forget(&mut self.ends);
        forget(&mut self.scales);
        forget(&mut self.reduced);
    }

    /// One value a pixel.
    pub fn reduced(&mut self, map: &Map, of: MethodNorm) -> Values {
        let entry = self.reduced.entry(address(map)).or_insert_with(|| {
            let values = Arc::new(of.norm.reduce(map, of.sign));
            Entry::new(Reduced { _map: map.clone(), values })
        });
        entry.used().values.clone()
    }

    /// The strength that the strongest share of a map's values has at least.
    pub fn strength_of_top(&mut self, map: &Map, of: MethodNorm, scale: Scale, share: f32) -> f32 {
        let reduced = self.reduced(map, of);
        let key = (address(map), [scale.low, scale.high, share].map(f32::to_bits));
        let entry = self
            .tops
            .entry(key)
            .or_insert_with(|| Entry::new(scale.strength_of_top(&reduced, share)));
        *entry.used()
    }

    /// The difference of two maps; none where they differ in size.
    pub fn difference(
        &mut self,
        maps: [&Map; 2],
        of: MethodNorm,
        difference: Difference,
    ) -> Option<Values> {
        let [first, second] = maps.map(|map| self.reduced(map, of));
        if first.dim() != second.dim() {
            return None;
        }
        let entry = self
            .differences
            .entry((maps.map(address), difference.words()))
            .or_insert_with(|| Entry::new(Arc::new(difference.of([&first, &second]))));
        Some(entry.used().clone())
    }
}

impl<'m> Scaler<&'m Map> for ReducedMaps {
    fn scale(&mut self, maps: &[&'m Map], of: MethodNorm) -> Scale {
        let reduced: Vec<_> = maps.iter().map(|map| self.reduced(map, of)).collect();
        let key = maps.iter().map(|map| address(map)).collect();
        let entry = self.scales.entry(key).or_insert_with(|| {
            Entry::new(of.norm.scale(reduced.iter().map(|map| &**map), of.sign))
        });
        *entry.used()
    }

    fn shared_end(&mut self, maps: &[(&'m Map, MethodNorm)]) -> f32 {
        let reduced: Vec<_> =
            maps.iter().map(|(map, of)| (self.reduced(map, *of), of.sign)).collect();
        let norm = maps.first().map_or(Norm::default(), |(_, of)| of.norm);
        let key = maps.iter().map(|(map, _)| address(map)).collect();
        let entry = self.ends.entry(key).or_insert_with(|| {
            Entry::new(norm.shared_end(reduced.iter().map(|(map, sign)| (&**map, *sign))))
        });
        *entry.used()
    }
}

fn forget<K, T>(entries: &mut HashMap<K, Entry<T>>) {
    entries.retain(|_, entry| std::mem::take(&mut entry.used));
}

fn address(map: &Map) -> usize {
    Arc::as_ptr(map) as usize
}
