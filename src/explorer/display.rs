//! Maps made ready to be shown: reduced to one value a pixel, with their scales, computed once
//! for each map and norm.

use crate::attribution::Sign;
use crate::figure::{Norm, Scale};
use ndarray::{Array2, Array3};
use std::collections::HashMap;
use std::sync::Arc;

/// A cache that forgets what a frame did not ask for.
#[derive(Default)]
pub struct Display {
    norm: Norm,
    reduced: HashMap<(usize, Sign), Entry<Reduced>>,
    scales: HashMap<(Vec<usize>, Sign), Entry<Scale>>,
    differences: HashMap<([usize; 2], Sign), Entry<Values>>,
}

type Values = Arc<Array2<f32>>;

struct Entry<T> {
    value: T,
    used: bool,
}

struct Reduced {
    /// Keeps the address, which is the key, from being used again.
    _map: Arc<Array3<f32>>,
    values: Values,
}

impl Display {
    /// Starts a frame with its norm.
    pub fn begin(&mut self, norm: Norm) {
        if norm != self.norm {
            *self = Self { norm, ..Self::default() };
        }
        self.differences.retain(|_, entry| std::mem::take(&mut entry.used));
        self.scales.retain(|_, entry| std::mem::take(&mut entry.used));
        self.reduced.retain(|_, entry| std::mem::take(&mut entry.used));
    }

    /// One value a pixel.
    pub fn reduced(&mut self, map: &Arc<Array3<f32>>, sign: Sign) -> Values {
        let norm = self.norm;
        let entry = self.reduced.entry((address(map), sign)).or_insert_with(|| Entry {
            value: Reduced { _map: map.clone(), values: Arc::new(norm.reduce(map, sign)) },
            used: true,
        });
        entry.used = true;
        entry.value.values.clone()
    }

    /// The one scale of some maps.
    pub fn scale(&mut self, maps: &[&Arc<Array3<f32>>], sign: Sign) -> Scale {
        let reduced: Vec<_> = maps.iter().map(|map| self.reduced(map, sign)).collect();
        let key = maps.iter().map(|map| address(map)).collect();
        let norm = self.norm;
        let entry = self.scales.entry((key, sign)).or_insert_with(|| Entry {
            value: norm.scale(reduced.iter().map(|map| &**map), sign),
            used: true,
        });
        entry.used = true;
        entry.value
    }

    /// The second map less the first, each divided by its end of the scale; none where they differ in
    /// size.
    pub fn difference(
        &mut self,
        maps: [&Arc<Array3<f32>>; 2],
        sign: Sign,
        ends: [f32; 2],
    ) -> Option<Values> {
        let [first, second] = maps.map(|map| self.reduced(map, sign));
        if first.dim() != second.dim() {
            return None;
        }
        let entry = self.differences.entry((maps.map(address), sign)).or_insert_with(|| Entry {
            value: Arc::new(&*second / ends[1] - &*first / ends[0]),
            used: true,
        });
        entry.used = true;
        Some(entry.value.clone())
    }
}

fn address(map: &Arc<Array3<f32>>) -> usize {
    Arc::as_ptr(map) as usize
}
