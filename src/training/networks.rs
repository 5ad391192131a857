//! Networks to train: names, shapes and first values of their tensors.
//!
//! They are those of the architectures that weights files are recognised as, so that what was
//! trained opens like any other network.

use crate::error::{Error, Result};
use crate::model::{WeightTensor, Weights};
use rand::Rng;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A network by its architecture's identifier, with what that leaves open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkRecipe {
    /// `lenet5`, `convnet`, `cifar-resnet20` (and other depths of 6n + 2), `cifar-resnet18`,
    /// `cifar-resnet34`, `wide-resnet-28-10` (and other depths and widths) or
    /// `cifar-mobilenet-v2`.
    pub architecture: String,
    /// Channels of the first layer, for ResNets (16, or 64 for 18 and 34 layers) and ConvNet (32).
    pub width: Option<usize>,
    /// Shortcuts where the size changes, for ResNets of 6n + 2 layers: `A`, without weights, or
    /// `B`, convolutions.
    #[serde(default)]
    pub shortcut: Shortcut,
    /// A network of the same shape to begin with, such as a vanilla one that is to become robust;
    /// from the folder of the recipe. By default weights are drawn.
    pub start: Option<PathBuf>,
}

/// He et al. 2016, "Deep Residual Learning for Image Recognition", section 3.3.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shortcut {
    #[default]
    A,
    B,
}

/// Channels that a first layer may have.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=1024;

/// Tensors under construction.
struct First<'a, R: Rng> {
    weights: Weights,
    random: &'a mut R,
}

impl NetworkRecipe {
    /// First weights for pictures of a shape (channels, height, width) and a number of classes.
    ///
    /// # Errors
    /// When the architecture is none of those that can be trained, or can't take the pictures.
    pub fn weights(
        &self,
        shape: [usize; 3],
        classes: usize,
        random: &mut impl Rng,
    ) -> Result<Weights> {
        let name = self.architecture.as_str();
        if self.width.is_some_and(|width| !WIDTHS.contains(&width)) {
            let why = format!("it must be {} to {}", WIDTHS.start(), WIDTHS.end());
            return Err(Error::new("`width` can't be used", why));
        }
        let mut first = First { weights: Weights::default(), random };
        let resnet = name.strip_prefix("cifar-resnet").and_then(|depth| depth.parse().ok());
        let wide = name.strip_prefix("wide-resnet-").and_then(|rest| rest.split_once('-'));
        let wide = wide.and_then(|(depth, width)| Some((depth.parse().ok()?, width.parse().ok()?)));
        let wide = wide.filter(|(_, width): &(usize, usize)| (1..=64).contains(width));
        let done = match (name, resnet, wide) {
            ("lenet5", ..) => first.lenet5(shape, classes),
            ("convnet", ..) => first.convnet(shape, classes, self.width.unwrap_or(32)),
            ("cifar-mobilenet-v2", ..) => {
                first.mobilenet(shape[0], classes);
                Some(())
            }
            (_, Some(depth), _) => first.resnet(depth, self, shape[0], classes),
            (_, _, Some((depth, width))) => first.wide_resnet(depth, width, shape[0], classes),
            _ => None,
        };
        let untrainable = || {
            let why = format!(
                "known are lenet5, convnet, cifar-resnet18, cifar-resnet34, cifar-resnetN with N of \
                 20, 26, 32 …, wide-resnet-N-K with N of 10, 16, 22 …, and cifar-mobilenet-v2; \
                 pictures are {}×{}×{}",
                shape[0], shape[1], shape[2]
            );
            Error::new(format!("cannot train `{name}`"), why)
        };
        done.ok_or_else(untrainable)?;
        match &self.start {
            Some(path) => begun(first.weights, path),
            None => Ok(first.weights),
        }
    }
}

/// Replaces weights by those of a file.
fn begun(mut weights: Weights, path: &Path) -> Result<Weights> {
    let failed = |why: String| {
        Error::new(format!("cannot begin with {}", path.display()), why)
            .hint("`start` names a weights file of the same architecture and classes")
    };
    let mut start = Weights::read(path).map_err(|e| failed(e.to_string()))?;
    for (name, tensor) in &mut weights.tensors {
        let found =
            start.tensors.remove(name).ok_or_else(|| failed(format!("it has no {name}")))?;
        if found.shape != tensor.shape {
            let why = format!("its {name} is {:?}, not {:?}", found.shape, tensor.shape);
            return Err(failed(why));
        }
        *tensor = found;
    }
    match start.tensors.keys().next() {
        Some(name) => Err(failed(format!("the network has no {name}"))),
        None => Ok(weights),
    }
}

impl<R: Rng> First<'_, R> {
    fn put(&mut self, name: String, shape: &[usize], values: Vec<f32>) {
        self.weights.tensors.insert(name, WeightTensor { shape: shape.to_vec(), values });
    }

    /// A convolution without bias, by He's deviation √(2 / inputs of a value) (He et al. 2015,
    /// "Delving Deep into Rectifiers", section 2.2).
    fn convolution(&mut self, name: &str, [out, inputs, side]: [usize; 3]) {
        let deviation = (2.0 / (inputs * side * side) as f32).sqrt();
        let mut draw = || self.random.sample::<f32, _>(StandardNormal) * deviation;
        let values = (0..out * inputs * side * side).map(|_| draw()).collect();
        self.put(format!("{name}.weight"), &[out, inputs, side, side], values);
    }

    fn biased_convolution(&mut self, name: &str, shape: [usize; 3]) {
        self.convolution(name, shape);
        self.put(format!("{name}.bias"), &[shape[0]], vec![0.0; shape[0]]);
    }

    /// Uniform up to 1 / √inputs, as PyTorch begins.
    fn linear(&mut self, name: &str, [out, inputs]: [usize; 2]) {
        let most = (inputs as f32).sqrt().recip();
        let mut draw = |count: usize| -> Vec<f32> {
            (0..count).map(|_| self.random.random_range(-most..most)).collect()
        };
        let [weight, bias] = [out * inputs, out].map(&mut draw);
        self.put(format!("{name}.weight"), &[out, inputs], weight);
        self.put(format!("{name}.bias"), &[out], bias);
    }

    fn norm(&mut self, name: &str, channels: usize) {
        let parts = [("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)];
        for (part, value) in parts {
            self.put(format!("{name}.{part}"), &[channels], vec![value; channels]);
        }
    }

    fn convolution_norm(&mut self, [name, norm]: [&str; 2], shape: [usize; 3]) {
        self.convolution(name, shape);
        self.norm(norm, shape[0]);
    }

    fn lenet5(&mut self, [channels, height, width]: [usize; 3], classes: usize) -> Option<()> {
        let features = quartered(height, width)? * 64;
        self.biased_convolution("conv1", [32, channels, 3]);
        self.biased_convolution("conv2", [64, 32, 3]);
        self.linear("linear1", [200, features]);
        self.linear("linear2", [classes, 200]);
        Some(())
    }

    fn convnet(
        &mut self,
        [channels, height, width]: [usize; 3],
        classes: usize,
        out: usize,
    ) -> Option<()> {
        let features = quartered(height, width)? * 2 * out;
        self.biased_convolution("0", [out, channels, 3]);
        self.biased_convolution("2", [out, out, 3]);
        self.biased_convolution("5", [2 * out, out, 3]);
        self.biased_convolution("7", [2 * out, 2 * out, 3]);
        self.linear("11", [256, features]);
        self.linear("13", [classes, 256]);
        Some(())
    }

    fn resnet(
        &mut self,
        depth: usize,
        recipe: &NetworkRecipe,
        channels: usize,
        classes: usize,
    ) -> Option<()> {
        let (blocks, usual) = match depth {
            18 => (vec![2; 4], 64),
            34 => (vec![3, 4, 6, 3], 64),
            _ if depth >= 8 && depth % 6 == 2 => (vec![(depth - 2) / 6; 3], 16),
            _ => return None,
        };
        let projects = blocks.len() == 4 || recipe.shortcut == Shortcut::B;
        let width = recipe.width.unwrap_or(usual);
        self.convolution_norm(["conv1", "bn1"], [width, channels, 3]);
        let mut inputs = width;
        for (layer, depth) in blocks.into_iter().enumerate() {
            let out = width << layer;
            for index in 0..depth {
                let name = |part: &str| format!("layer{}.{index}.{part}", layer + 1);
                self.convolution_norm([&name("conv1"), &name("bn1")], [out, inputs, 3]);
                self.convolution_norm([&name("conv2"), &name("bn2")], [out, out, 3]);
                if projects && inputs != out {
                    let names = [name("shortcut.0"), name("shortcut.1")];
                    self.convolution_norm([&names[0], &names[1]], [out, inputs, 1]);
                }
                inputs = out;
            }
        }
        self.linear("linear", [classes, inputs]);
        Some(())
    }

    fn wide_resnet(
        &mut self,
        depth: usize,
        widening: usize,
        channels: usize,
        classes: usize,
    ) -> Option<()> {
        let blocks = depth.checked_sub(4).filter(|rest| *rest > 0 && rest % 6 == 0)? / 6;
        self.convolution("conv1", [16, channels, 3]);
        let mut inputs = 16;
        for layer in 1..=3 {
            let out = (8 << layer) * widening.max(1);
            for index in 0..blocks {
                let name = |part: &str| format!("block{layer}.layer.{index}.{part}");
                self.norm(&name("bn1"), inputs);
                self.convolution_norm([&name("conv1"), &name("bn2")], [out, inputs, 3]);
                self.convolution(&name("conv2"), [out, out, 3]);
                if inputs != out {
                    self.convolution(&name("convShortcut"), [out, inputs, 1]);
                }
                inputs = out;
            }
        }
        self.norm("bn1", inputs);
        self.linear("fc", [classes, inputs]);
        Some(())
    }

    /// Sandler et al. 2018, "MobileNetV2", table 2, less two of its strides, for small pictures.
    fn mobilenet(&mut self, channels: usize, classes: usize) {
        const STACKS: [[usize; 3]; 7] =
            [[1, 16, 1], [6, 24, 2], [6, 32, 3], [6, 64, 4], [6, 96, 3], [6, 160, 3], [6, 320, 1]];
        self.convolution_norm(["conv1", "bn1"], [32, channels, 3]);
        let (mut inputs, mut block) = (32, 0);
        for (stack, [expansion, out, repeats]) in STACKS.into_iter().enumerate() {
            for index in 0..repeats {
                let name = |part: &str| format!("layers.{block}.{part}");
                let wide = inputs * expansion;
                self.convolution_norm([&name("conv1"), &name("bn1")], [wide, inputs, 1]);
                self.convolution_norm([&name("conv2"), &name("bn2")], [wide, 1, 3]);
                self.convolution_norm([&name("conv3"), &name("bn3")], [out, wide, 1]);
                // Stacks 2, 3 and 5 begin with a stride, over which there is no shortcut.
                if index == 0 && ![2, 3, 5].contains(&stack) && inputs != out {
                    let names = [name("shortcut.0"), name("shortcut.1")];
                    self.convolution_norm([&names[0], &names[1]], [out, inputs, 1]);
                }
                (inputs, block) = (out, block + 1);
            }
        }
        self.convolution_norm(["conv2", "bn2"], [1280, inputs, 1]);
        self.linear("linear", [classes, 1280]);
    }
}

/// Places after two pools, of a square picture.
fn quartered(height: usize, width: usize) -> Option<usize> {
    (height == width && height.is_multiple_of(4)).then_some(height * width / 16)
}
