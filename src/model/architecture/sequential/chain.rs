//! The layers of a plain network, in order.

use crate::model::architecture::tensors::{Tensors, place, position};

/// Convolutions, then linear layers, each with what the one before gives.
pub struct Chain {
    pub convolutions: Vec<Layer>,
    pub linear: Vec<Layer>,
}

pub struct Layer {
    pub name: String,
    pub inputs: usize,
    pub out: usize,
    /// Of a convolution's window; 1 for a linear layer.
    pub side: usize,
    /// The batch norm after it.
    pub norm: Option<String>,
}

impl Chain {
    /// Convolutions, then linear layers.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.convolutions.iter().chain(&self.linear)
    }

    /// `None` where a tensor is of no convolution, linear layer or batch norm, or a layer does not
    /// take what the one before gives.
    pub fn read(tensors: &Tensors) -> Option<Self> {
        let mut modules: Vec<&str> =
            tensors.names().filter_map(|name| name.strip_suffix(".weight")).collect();
        modules.sort_by_key(|name| position(name));
        let whole = tensors.names().all(|name| {
            name.rsplit_once('.').is_some_and(|(module, part)| {
                let known =
                    ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
                known.contains(&part) && modules.contains(&module)
            })
        });
        let mut chain = Self { convolutions: vec![], linear: vec![] };
        let mut norms = vec![];
        for name in modules {
            let shape = tensors.shape(&format!("{name}.weight"))?;
            let layer = |side| Layer {
                name: name.to_string(),
                inputs: shape[1],
                out: shape[0],
                side,
                norm: None,
            };
            match shape {
                [_, _, height, width] if height == width => chain.convolutions.push(layer(*height)),
                [_, _] => chain.linear.push(layer(1)),
                [channels] if tensors.has(&format!("{name}.running_mean")) => {
                    norms.push((name, *channels));
                }
                _ => return None,
            }
        }
        let normed = norms.into_iter().all(|(name, channels)| chain.take_norm(name, channels));
        (whole && normed && chain.is_connected()).then_some(chain)
    }

    /// Gives a norm to the layer before it: by number among the container's modules, or else to
    /// the first of its width.
    fn take_norm(&mut self, name: &str, channels: usize) -> bool {
        let layers = || 0..self.convolutions.len() + self.linear.len();
        let layer = |index: usize| match index.checked_sub(self.convolutions.len()) {
            None => &self.convolutions[index],
            Some(index) => &self.linear[index],
        };
        let before = place(name).and_then(|(container, index)| {
            let wanted = (container, index.checked_sub(1)?);
            layers().find(|i| place(&layer(*i).name) == Some(wanted))
        });
        let free = |i: &usize| layer(*i).norm.is_none() && layer(*i).out == channels;
        let Some(index) = before.or_else(|| layers().find(free)).filter(free) else {
            return false;
        };
        let split = self.convolutions.len();
        let layer = if index < split {
            &mut self.convolutions[index]
        } else {
            &mut self.linear[index - split]
        };
        layer.norm = Some(name.to_string());
        true
    }

    fn is_connected(&self) -> bool {
        let linked = |layers: &[Layer]| layers.windows(2).all(|two| two[0].out == two[1].inputs);
        let (Some(linear), first) = (self.linear.first(), self.convolutions.first()) else {
            return false;
        };
        let picture = first.is_none_or(|first| [1, 3].contains(&first.inputs));
        let divides = |last: &Layer| linear.inputs.is_multiple_of(last.out.max(1));
        picture
            && linked(&self.convolutions)
            && linked(&self.linear)
            && self.convolutions.last().is_none_or(divides)
    }

    /// Where max pools may be: as the numbering of the modules leaves room for them, or else in the
    /// usual patterns.
    pub fn pools(&self) -> Vec<Vec<bool>> {
        let count = self.convolutions.len();
        if let Some(known) = self.numbered_pools() {
            return known;
        }
        let pattern = |pool: fn(usize, usize) -> bool| (0..count).map(|i| pool(i, count)).collect();
        vec![
            pattern(|_, _| true),
            pattern(|_, _| false),
            pattern(|i, _| i % 2 == 1),
            pattern(|i, count| i + 1 == count),
        ]
    }

    /// A layer, its norm and its ReLU take a number each; one more is a pool. Where the last
    /// convolution and the first linear layer are numbered apart, the last pool is open.
    fn numbered_pools(&self) -> Option<Vec<Vec<bool>>> {
        let mut pools = vec![];
        for two in self.convolutions.windows(2) {
            pools.push(extra(&two[0], &two[1])? > 0);
        }
        let last = self.convolutions.last()?;
        let open = match extra(last, self.linear.first()?) {
            // The flattening takes a number too.
            Some(extra) => vec![extra > 1],
            None => place(&last.name).map(|_| vec![true, false])?,
        };
        Some(open.into_iter().map(|pool| [pools.clone(), vec![pool]].concat()).collect())
    }
}

/// Modules between two layers besides the first's norm and ReLU; `None` where they are not numbered
/// together or the numbers leave no room for a ReLU.
fn extra(layer: &Layer, next: &Layer) -> Option<usize> {
    let ((container, index), (other, end)) = (place(&layer.name)?, place(&next.name)?);
    let taken = 2 + usize::from(layer.norm.is_some());
    (container == other).then(|| end.checked_sub(index + taken))?
}
