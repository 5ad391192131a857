//! Plain networks, layer after layer, from shapes alone.
//!
//! What shapes don't determine (strides, padding, pools, the size of the picture) is searched for
//! among the usual combinations: one that gives the first linear layer its inputs may be right. The
//! choice is reported as a guess.

mod chain;

use super::InputDefaults;
use super::family::Family;
use super::graph_assembler::GraphAssembler;
use super::input::CIFAR10;
use super::tensors::Tensors;
use super::window::{Window, window};
use crate::error::{Error, Result};
use crate::graph::{NodeId, Op};
use chain::{Chain, Layer};

pub static SEQUENTIAL: Family = Family {
    id: "sequential",
    name: "Sequential network",
    names: &[],
    renames: &[],
    signatures: &[],
    dimensions: |tensors| solutions(&Chain::read(tensors)?, None).first().map(|_| vec![]),
    variants: &[],
    input: |tensors, _| {
        let chain = Chain::read(tensors);
        let first = chain.and_then(|chain| solutions(&chain, None).into_iter().next());
        match first {
            Some(Solution { channels: 1, side, .. }) => InputDefaults::grey(side),
            Some(Solution { side, .. }) if side > 96 => InputDefaults::imagenet(side),
            Some(Solution { side, .. }) => InputDefaults::cifar10(CIFAR10).size(side),
            None => InputDefaults::cifar10(CIFAR10),
        }
    },
    leftovers: &[],
    build: |net, _, from| build(net, from),
};

/// Sides of pictures, the most usual first.
const SIDES_OF_GREY: [usize; 4] = [28, 32, 64, 224];
const SIDES_OF_COLOUR: [usize; 7] = [32, 64, 224, 28, 96, 128, 299];

/// How convolutions meet the borders and stride, the most usual first. A window with an even side
/// halves its input, as in the verification literature.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Habit {
    Padded,
    Unpadded,
    /// The first padded, the others not, as LeNet-5 is adapted to MNIST.
    FirstPadded,
    /// All stride by 2.
    Halving,
    /// Those that widen stride by 2.
    HalvingToWiden,
}

const HABITS: [Habit; 5] =
    [Habit::Padded, Habit::Unpadded, Habit::FirstPadded, Habit::Halving, Habit::HalvingToWiden];

/// One way to read the shapes.
#[derive(Debug, Clone, PartialEq)]
struct Solution {
    channels: usize,
    side: usize,
    steps: Vec<Step>,
    /// Whether an average over all positions precedes the linear layers.
    average: bool,
}

/// What one convolution does, and whether a max pool of side 2 follows.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    stride: usize,
    padding: usize,
    pool: bool,
}

impl Habit {
    fn step(self, chain: &Chain, index: usize, pool: bool) -> Step {
        let layer = &chain.convolutions[index];
        let side = layer.side;
        let (mut stride, mut padding) =
            if side.is_multiple_of(2) { (side / 2, side / 4) } else { (1, side / 2) };
        match self {
            Habit::Padded => {}
            Habit::FirstPadded if index == 0 => {}
            Habit::Unpadded | Habit::FirstPadded => padding = 0,
            Habit::Halving => stride = 2,
            Habit::HalvingToWiden => {
                let widens = index > 0 && layer.out > layer.inputs;
                stride = if widens { 2 } else { stride };
            }
        }
        Step { stride: stride.max(1), padding, pool }
    }
}

impl Solution {
    /// In words.
    fn text(&self, chain: &Chain) -> String {
        let layers = chain.convolutions.iter().zip(&self.steps).map(|(layer, step)| {
            let Step { stride, padding, pool } = step;
            let pool = if *pool { ", max pool" } else { "" };
            format!("`{}` stride {stride} padding {padding}{pool}", layer.name)
        });
        let average = self.average.then(|| "global average pool".to_string());
        let mut layout: Vec<_> = layers.chain(average).collect();
        layout.insert(0, format!("{0}×{0} pixels", self.side));
        layout.join("; ")
    }
}

impl Step {
    /// Side of the value after it, `None` where a window is too large.
    fn after(self, kernel: usize, side: usize) -> Option<usize> {
        let out = (side + 2 * self.padding).checked_sub(kernel)? / self.stride + 1;
        let out = if self.pool { out / 2 } else { out };
        (out > 0).then_some(out)
    }
}

/// Words in the names of plain networks' modules.
const WORDS: [&str; 33] = [
    "conv",
    "convs",
    "convolution",
    "fc",
    "fcs",
    "linear",
    "lin",
    "dense",
    "bn",
    "norm",
    "batchnorm",
    "features",
    "feature",
    "classifier",
    "layer",
    "layers",
    "net",
    "network",
    "model",
    "main",
    "seq",
    "sequential",
    "cnn",
    "mlp",
    "body",
    "head",
    "out",
    "output",
    "hidden",
    "input",
    "backbone",
    "encoder",
    "c",
];

/// Refuses what may be another network than a plain one: where several usual layouts fit for
/// pictures of a size (or of any), or where the names are not those of a plain network.
pub fn check(tensors: &Tensors, size: Option<[usize; 2]>) -> Result<()> {
    let Some(chain) = Chain::read(tensors) else { return Ok(()) };
    let refused = |why: String| {
        let hint = "architecture = \"sequential\" and size = [height, width] in a model card take \
                    it for a plain sequence all the same";
        Err(Error::new("the layout of the network is not determined by its shapes", why).hint(hint))
    };
    if let Some(layer) = chain.layers().find(|layer| !is_plain(&layer.name)) {
        return refused(format!("`{}` is not a name of a plain sequence of layers", layer.name));
    }
    let found = solutions(&chain, size.map(|[height, _]| height));
    match found.as_slice() {
        [] | [_] => Ok(()),
        [first, second, ..] => refused(format!(
            "{} usual combinations of size, stride, padding and pools fit, such as {} or {}",
            found.len(),
            first.text(&chain),
            second.text(&chain)
        )),
    }
}

/// Whether a layer's name is one of a plain network: usual words and numbers, and no word within
/// something numbered, as blocks have.
fn is_plain(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let is_number = |part: &&str| part.chars().all(|c| c.is_ascii_digit());
    let in_block = parts.windows(2).any(|two| is_number(&two[0]) && !is_number(&two[1]));
    let is_usual = |part: &&str| {
        let words = part.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        words.into_iter().all(|word| WORDS.contains(&word.to_lowercase().as_str()))
    };
    !in_block && parts.iter().all(is_usual)
}

/// Every way that fits, the most usual first, for pictures of one side or of any usual one.
fn solutions(chain: &Chain, side: Option<usize>) -> Vec<Solution> {
    let Some(first) = chain.convolutions.first() else {
        return of_linear_layers(chain, side);
    };
    let usual: &[usize] = if first.inputs == 1 { &SIDES_OF_GREY } else { &SIDES_OF_COLOUR };
    let sides = side.map_or(usual.to_vec(), |side| vec![side]);
    let mut found: Vec<Solution> = vec![];
    for average in [false, true] {
        for &side in &sides {
            for habit in HABITS {
                for pools in chain.pools() {
                    let steps: Vec<_> =
                        (0..pools.len()).map(|i| habit.step(chain, i, pools[i])).collect();
                    let fits = fits(chain, &steps, side, average);
                    let solution = Solution { channels: first.inputs, side, steps, average };
                    if fits && !found.contains(&solution) {
                        found.push(solution);
                    }
                }
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}

fn fits(chain: &Chain, steps: &[Step], side: usize, average: bool) -> bool {
    let mut layers = chain.convolutions.iter().zip(steps);
    let last = layers.try_fold(side, |side, (layer, step)| step.after(layer.side, side));
    let features = |side: usize| {
        let places = if average { 1 } else { side * side };
        chain.convolutions.last().map_or(0, |layer| layer.out) * places
    };
    last.is_some_and(|side| features(side) == chain.linear[0].inputs)
}

/// Linear layers alone see a square picture.
fn of_linear_layers(chain: &Chain, side: Option<usize>) -> Vec<Solution> {
    let of = |channels: usize| {
        let found = (chain.linear[0].inputs / channels).isqrt();
        let fits = found * found * channels == chain.linear[0].inputs
            && side.is_none_or(|side| side == found)
            && found >= 8;
        fits.then_some(Solution { channels, side: found, steps: vec![], average: false })
    };
    [1, 3].into_iter().filter_map(of).collect()
}

fn build(net: &mut GraphAssembler, from: NodeId) -> Result<NodeId> {
    let unfit = |why| Err(Error::new("the weights do not fit sequential", why));
    let Some(chain) = Chain::read(net.tensors) else {
        return unfit(
            "they are not those of convolutions, then linear layers, one after the other",
        );
    };
    let shape = net.shape(from);
    let usual = solutions(&chain, None);
    let mut found = solutions(&chain, Some(shape.height));
    found.retain(|solution| solution.channels == shape.channels);
    let Some(solution) = found.first() else {
        return unfit("no usual strides and pools give the linear layers as many inputs");
    };
    explain(net, &chain, solution, usual.len().max(found.len()));
    let mut x = from;
    for (layer, step) in chain.convolutions.iter().zip(&solution.steps) {
        let window = window(layer.side).stride(step.stride).padding(step.padding);
        x = match &layer.norm {
            Some(norm) => net.convolution_norm([&layer.name, norm], window, x)?,
            None => net.bare_convolution(&layer.name, window, x)?,
        };
        x = net.relu(&format!("{}.relu", layer.name), x)?;
        if step.pool {
            x = net.max_pool(&format!("{}.pool", layer.name), Window::tiles(2), x)?;
        }
    }
    if solution.average {
        x = net.global_average_pool("average", x)?;
    }
    x = net.add("flatten", Op::Flatten, &[x])?;
    linear_layers(net, &chain.linear, x)
}

fn linear_layers(net: &mut GraphAssembler, layers: &[Layer], from: NodeId) -> Result<NodeId> {
    let mut x = from;
    for (index, layer) in layers.iter().enumerate() {
        x = net.bare_linear(&layer.name, x)?;
        if let Some(norm) = &layer.norm {
            x = net.norm(norm, x)?;
        }
        if index + 1 < layers.len() {
            x = net.relu(&format!("{}.relu", layer.name), x)?;
        }
    }
    Ok(x)
}

/// Reports what was chosen.
fn explain(net: &mut GraphAssembler, chain: &Chain, solution: &Solution, fitting: usize) {
    net.guess(format!(
        "the layers are built from their shapes alone, with ReLU between them: {}",
        solution.text(chain)
    ));
    if fitting > 1 {
        let others = fitting - 1;
        net.guess(format!(
            "{others} other usual combinations of size, stride, padding and pools fit the shapes \
             as well; this is the most usual one"
        ));
    }
}
