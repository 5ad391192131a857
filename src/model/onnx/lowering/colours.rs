//! Finding the preprocessing at the front of a network: what only scales, shifts, picks and orders
//! the channels of its pixels, however the file spells it.

use crate::graph::op::{Concatenate, Pointwise, Slice, Steps};
use crate::graph::{GraphBuilder, NodeId, Op, Shape};
use std::collections::{BTreeSet, HashMap};

/// A channel of a value: scale·(a channel of the pixels) + shift.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Channel {
    source: usize,
    scale: f64,
    shift: f64,
}

/// A value that is the pixels but for its colours.
#[derive(Debug, Clone)]
pub struct Coloured {
    channels: Vec<Channel>,
    /// True where rows or columns were resized or cut.
    is_moved: bool,
    /// True where one node mixed channels, which can't be taken apart.
    is_mixed: bool,
    /// True where values were kept in bounds, which normalisation can't.
    is_clipped: bool,
}

/// Mean and deviation that the pixels seem to have.
pub type Statistics = [f64; 2];

/// What a network does to its pixels first.
#[derive(Debug, Clone, PartialEq)]
pub struct Inside {
    /// The channel of the pixels that each channel comes from.
    pub sources: Vec<usize>,
    /// The order of channels that became part of the normalisation; the pixels' own otherwise.
    pub order: Vec<usize>,
    /// Mean and deviation of each channel of the pixels, as the network takes them; none where it
    /// takes them as they are, or does more to them than that.
    pub normalisation: Option<[Vec<f32>; 2]>,
    /// What it subtracts from its pixels and divides them by, where that shows their range.
    pub statistics: Vec<Statistics>,
}

impl Inside {
    /// The same for pixels whose channels are in the other order.
    pub fn of_reversed_pixels(mut self) -> Self {
        let last = self.order.len() - 1;
        for source in self.sources.iter_mut().chain(&mut self.order) {
            *source = last - *source;
        }
        if let Some(normalisation) = &mut self.normalisation {
            for values in normalisation {
                values.reverse();
            }
        }
        self
    }
}

/// The values known to be coloured pixels, by their nodes.
#[derive(Debug, Default)]
pub struct Colours {
    known: HashMap<NodeId, Coloured>,
    /// What nodes say of the pixels that they take.
    statistics: HashMap<NodeId, Vec<Statistics>>,
}

impl Channel {
    fn then(self, scale: f64, shift: f64) -> Self {
        Self { scale: self.scale * scale, shift: self.shift * scale + shift, ..self }
    }

    fn is_as_it_was(self) -> bool {
        self.scale == 1.0 && self.shift == 0.0
    }

    /// Mean and deviation of the pixels where this channel's are 0 and 1.
    fn statistics(self) -> Statistics {
        self.taken_back([0.0, 1.0])
    }

    /// Mean and deviation of the pixels, given this channel's.
    fn taken_back(self, [mean, std]: Statistics) -> Statistics {
        [(mean - self.shift) / self.scale, std / self.scale.abs()]
    }
}

impl Coloured {
    /// Mean and deviation of every channel of the pixels, if each is taken in one way, and not
    /// upside down.
    fn normalisation(&self, channels: usize) -> Option<[Vec<f32>; 2]> {
        let mut found: Vec<Option<Channel>> = vec![None; channels];
        for channel in &self.channels {
            let before = found[channel.source].get_or_insert(*channel);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * a.abs().max(b.abs());
            if !near(before.scale, channel.scale) || !near(before.shift, channel.shift) {
                return None;
            }
        }
        let [mean, std]: [Vec<f32>; 2] = [0, 1].map(|which| {
            let statistics =
                |channel: &Option<Channel>| channel.map_or([0.0, 1.0], Channel::statistics);
            found.iter().map(|channel| statistics(channel)[which] as f32).collect()
        });
        let upright = found.iter().flatten().all(|channel| channel.scale > 0.0);
        let finite = mean.iter().all(|mean| mean.is_finite())
            && std.iter().all(|std| std.is_finite() && *std > 0.0);
        (upright && finite).then_some([mean, std])
    }

    fn sources(&self) -> Vec<usize> {
        self.channels.iter().map(|channel| channel.source).collect()
    }

    /// True where every channel of the pixels is there once.
    fn is_permutation(&self, channels: usize) -> bool {
        let mut sources = self.sources();
        sources.sort_unstable();
        sources.into_iter().eq(0..channels)
    }
}

impl Colours {
    /// The pixels themselves.
    pub fn of(pixels: NodeId, channels: usize) -> Self {
        let same = |source| Channel { source, scale: 1.0, shift: 0.0 };
        let channels = (0..channels).map(same).collect();
        let whole = Coloured { channels, is_moved: false, is_mixed: false, is_clipped: false };
        let pixels = (pixels, whole);
        Self { known: HashMap::from([pixels]), ..Self::default() }
    }

    /// Records what was found about a node.
    pub fn know(&mut self, id: NodeId, coloured: Option<Coloured>) {
        if let Some(coloured) = coloured {
            self.known.insert(id, coloured);
        }
    }

    /// Follows coloured pixels through a node that only moves them.
    pub fn follow(&mut self, graph: &GraphBuilder, id: NodeId) {
        let node = graph.node(id);
        let known = |input: &NodeId| self.known.get(input).cloned();
        let Some(parts) = node.inputs.iter().map(known).collect::<Option<Vec<_>>>() else {
            return;
        };
        let is_cut = node.inputs.iter().any(|input| {
            let before = graph.shape(*input);
            [before.height, before.width] != [node.shape.height, node.shape.width]
        });
        let channels: Vec<Channel> =
            parts.iter().flat_map(|part| part.channels.iter().copied()).collect();
        let channels = match &node.op {
            Op::Slice(Slice { ranges: [Steps { start, end, step }, ..] }) => {
                channels[*start..*end].iter().step_by(*step).copied().collect()
            }
            Op::Concatenate(Concatenate { axis: 0 }) | Op::Pointwise(Pointwise::Clip { .. }) => {
                channels
            }
            Op::Resample(resample) if resample.keeps_constants() => channels,
            _ => return,
        };
        let is_clip = matches!(node.op, Op::Pointwise(_));
        if let (Op::Pointwise(Pointwise::Clip { low: 0.0, high }), [from]) =
            (&node.op, &node.inputs[..])
            && high.is_finite()
        {
            let middle = f64::from(*high) / 2.0;
            self.note_statistics(*from, &vec![[middle, middle]; channels.len()]);
        }
        let is_moved =
            is_cut || matches!(node.op, Op::Resample(_)) || parts.iter().any(|part| part.is_moved);
        let is_mixed = parts.iter().any(|part| part.is_mixed);
        let is_clipped = is_clip || parts.iter().any(|part| part.is_clipped);
        self.known.insert(id, Coloured { channels, is_moved, is_mixed, is_clipped });
    }

    /// What a scale and a shift of a `shape` make of coloured pixels. Where they differ from place
    /// to place, they are no colour, but show the pixels' range.
    pub fn scaled(
        &mut self,
        from: NodeId,
        scale: Option<&[f32]>,
        shift: Option<&[f32]>,
        shape: Shape,
    ) -> Option<Coloured> {
        let value = |values: Option<&[f32]>, index: usize, default: f64| match values {
            Some([one]) => f64::from(*one),
            Some(values) => f64::from(values[index]),
            None => default,
        };
        let change = |index: usize| [value(scale, index, 1.0), value(shift, index, 0.0)];
        if shape.is_spatial() {
            let taken = (0..shape.len())
                .map(change)
                .map(|[scale, shift]| [-shift / scale, 1.0 / scale.abs()]);
            let sum = taken.fold([0.0, 0.0], |[a, b], [mean, std]| [a + mean, b + std]);
            let channels = self.known.get(&from)?.channels.len();
            self.note_statistics(from, &vec![sum.map(|sum| sum / shape.len() as f64); channels]);
            return None;
        }
        let from = self.known.get(&from)?;
        let changed = |(index, channel): (usize, &Channel)| {
            let [scale, shift] = change(index);
            channel.then(scale, shift)
        };
        let channels = from.channels.iter().enumerate().map(changed).collect();
        Some(Coloured { channels, ..from.clone() })
    }

    /// What a 1×1 convolution of as many channels makes of coloured pixels, where each of its
    /// channels is one of theirs.
    pub fn mixed(&self, from: NodeId, kernel: &[f32], bias: Option<&[f32]>) -> Option<Coloured> {
        let from = self.known.get(&from)?;
        let count = from.channels.len();
        let channel = |(index, row): (usize, &[f32])| {
            let mut used = (0..count).filter(|index| row[*index] != 0.0);
            let (source, None) = (used.next()?, used.next()) else { return None };
            let shift = bias.map_or(0.0, |bias| f64::from(bias[index]));
            Some(from.channels[source].then(f64::from(row[source]), shift))
        };
        let rows = (kernel.len() == count * count).then(|| kernel.chunks_exact(count))?;
        let channels = rows.enumerate().map(channel).collect::<Option<_>>()?;
        Some(Coloured { channels, is_mixed: true, ..from.clone() })
    }

    /// Notes that a node takes values of a mean and deviation, channel by channel.
    pub fn note_statistics(&mut self, from: NodeId, statistics: &[Statistics]) {
        let Some(coloured) = self.known.get(&from) else { return };
        let pairs = coloured.channels.iter().zip(statistics);
        let taken: Vec<_> = pairs.map(|(channel, told)| channel.taken_back(*told)).collect();
        self.statistics.entry(from).or_default().extend(taken);
    }

    /// Takes the preprocessing out of a graph that ends in `output`, where it can be part of the
    /// pixels' normalisation, and returns what it was.
    pub fn take_out(&self, graph: &mut GraphBuilder, pixels: NodeId, output: NodeId) -> Inside {
        let channels = graph.shape(pixels).channels;
        let order: Vec<usize> = (0..channels).collect();
        let needed = graph.needed(output);
        let exits = self.exits(graph, &needed);
        let mut inside = Inside {
            sources: order.clone(),
            order,
            normalisation: None,
            statistics: self.statistics_of(&exits, &needed),
        };
        let [exit] = exits[..] else { return inside };
        let coloured = &self.known[&exit];
        let normalisation = coloured.normalisation(channels);
        let whole = coloured.is_permutation(channels) && !coloured.is_moved;
        let stays = coloured.is_clipped || (coloured.is_mixed && !whole);
        if exit == output || exit == pixels || normalisation.is_none() || stays {
            return inside;
        }
        inside.sources = coloured.sources();
        let changes = coloured.channels.iter().any(|channel| !channel.is_as_it_was());
        inside.normalisation = normalisation.filter(|_| changes);
        if whole {
            inside.order.clone_from(&inside.sources);
            graph.redirect(exit, pixels);
        } else {
            self.strip(graph, &needed);
        }
        inside
    }

    /// Coloured pixels that something else than preprocessing takes.
    fn exits(&self, graph: &GraphBuilder, needed: &BTreeSet<NodeId>) -> Vec<NodeId> {
        let ids = || graph.ids().filter(|id| needed.contains(id));
        let taken = |id: &NodeId| {
            let takes = |other: NodeId| {
                !self.known.contains_key(&other) && graph.node(other).inputs.contains(id)
            };
            ids().any(takes)
        };
        ids().filter(|id| self.known.contains_key(id)).filter(taken).collect()
    }

    /// Evidence of the pixels' range: statistics of data first, then what is subtracted and
    /// divided by.
    fn statistics_of(&self, exits: &[NodeId], needed: &BTreeSet<NodeId>) -> Vec<Statistics> {
        let is_needed = |(id, _): &(&NodeId, _)| needed.contains(id);
        let told = self.statistics.iter().filter(is_needed).flat_map(|(_, told)| told.clone());
        let mut statistics: Vec<Statistics> = told.collect();
        if statistics.is_empty() {
            let channels = exits.iter().flat_map(|exit| &self.known[exit].channels);
            let changed = channels.filter(|channel| !channel.is_as_it_was());
            statistics = changed.map(|channel| channel.statistics()).collect();
        }
        statistics.retain(|[mean, std]| mean.is_finite() && std.is_finite());
        statistics
    }

    /// Takes every scale and shift out of the preprocessing, and leaves what moves values.
    fn strip(&self, graph: &mut GraphBuilder, needed: &BTreeSet<NodeId>) {
        for id in graph.ids().filter(|id| needed.contains(id) && self.known.contains_key(id)) {
            if let (Op::Affine(_), [from]) = (&graph.node(id).op, &graph.node(id).inputs[..]) {
                let from = *from;
                graph.redirect(id, from);
            }
        }
    }
}
