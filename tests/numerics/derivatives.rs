//! The reverse pass against finite differences and burn's autodiff, for every kind of node, and
//! closed forms of linear models, on the CPU and on wgpu.

use crate::support;
use crate::support::relative_error;
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};
use hyaline::graph::op::{
    Affine, Arithmetic, Axes, BatchNorm, Concatenate, Convolution, Elementary, Linear,
    LocalResponse, Matrix, MaxPool, Normalise, PRelu, Pad, Pointwise, PoolAxis, Rearrange,
    Resample, Slice, Standardise, Steps, Take,
};
use hyaline::graph::{Graph, GraphBuilder, NodeId, Op, Rules, Shape, read_back};

const CHANNELS: usize = 4;
const SIDE: usize = 7;
const INPUT: Shape = Shape::new(CHANNELS, SIDE, SIDE);

/// Values without pattern, kept away from the kinks at 0 and 1.
fn values(count: usize, phase: f32) -> Vec<f32> {
    let wave = |i: usize| (i as f32 * 1.618 + phase).sin();
    (0..count).map(|i| wave(i) * 0.9 + 0.05 * wave(i).signum()).collect()
}

fn tensor<const D: usize>(shape: [usize; D], phase: f32, device: &Device) -> Tensor<D> {
    let data = TensorData::new(values(shape.iter().product(), phase), shape);
    Tensor::from_data(data, device)
}

fn convolution(out: usize, kernel: [usize; 2], options: ConvOptions<2>, device: &Device) -> Op {
    let shape = [out, CHANNELS / options.groups, kernel[0], kernel[1]];
    let bias = tensor([out], 2.0, device);
    Convolution::new(tensor(shape, 1.0, device), Some(bias), options).into()
}

/// Every kind of node that takes a C×7×7 value, by a name for messages.
fn operations(device: &Device) -> Vec<(&'static str, Op)> {
    let plain =
        |stride, padding, dilation, groups| ConvOptions::new(stride, padding, dilation, groups);
    let uneven = |stride| ConvOptions::new_with_padding(stride, [(0, 1), (2, 1)], [1, 1], 1);
    let convolution = |out, kernel, options| convolution(out, kernel, options, device);
    let mut operations = vec![
        ("3×3", convolution(5, [3, 3], plain([1, 1], [1, 1], [1, 1], 1))),
        ("1×1", convolution(5, [1, 1], plain([1, 1], [0, 0], [1, 1], 1))),
        ("stride 2", convolution(5, [3, 3], plain([2, 2], [1, 1], [1, 1], 1))),
        ("stride 2, last pixel unused", convolution(3, [2, 2], plain([2, 2], [0, 0], [1, 1], 1))),
        ("stride 3×2, 4×2 kernel", convolution(3, [4, 2], plain([3, 2], [1, 0], [1, 1], 1))),
        ("uneven padding", convolution(5, [3, 3], uneven([1, 1]))),
        ("uneven padding, stride 2", convolution(5, [3, 3], uneven([2, 2]))),
        ("padding beyond the kernel", convolution(2, [2, 2], plain([1, 1], [3, 3], [1, 1], 1))),
        ("dilated", convolution(5, [3, 3], plain([1, 1], [2, 2], [2, 2], 1))),
        ("groups", convolution(6, [3, 3], plain([1, 1], [1, 1], [1, 1], 2))),
        ("groups, stride 2", convolution(6, [3, 3], plain([2, 2], [1, 1], [1, 1], 2))),
        ("depthwise", convolution(4, [3, 3], plain([1, 1], [1, 1], [1, 1], 4))),
        ("depthwise, stride 2", convolution(4, [5, 5], plain([2, 2], [2, 2], [1, 1], 4))),
        ("one output channel", convolution(1, [3, 3], plain([1, 1], [1, 1], [1, 1], 1))),
        ("normalise", Normalise::new(&[0.1, 0.2, 0.3, 0.4], &[0.5, 1.0, 2.0, 0.25], device).into()),
        (
            "normalise reordered",
            Normalise::new(&[0.1, 0.2, 0.3, 0.4], &[0.5, 1.0, 2.0, 0.25], device)
                .ordered(&[2, 0, 3, 1])
                .into(),
        ),
        ("batch norm", {
            BatchNorm::new(vec![1.0, 0.5, 2.0, -1.0], vec![0.1, 0.0, -0.2, 0.3], 1e-5, device)
                .into()
        }),
        ("max pool", MaxPool::square(2).into()),
        ("overlapping max pool", {
            let options = MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]);
            MaxPool { options }.into()
        }),
        ("global average pool", Op::GlobalAveragePool),
        ("subsample", Slice::subsample(INPUT, 2).into()),
        ("slice", {
            let steps = |start, end, step| Steps { start, end, step };
            Slice { ranges: [steps(1, 3, 1), steps(0, 6, 3), steps(2, 7, 2)] }.into()
        }),
        ("pad channels", Pad::channels(1, 2).into()),
        ("pad", Pad { sides: [(0, 1), (2, 0), (1, 3)], value: 0.7 }.into()),
        ("flatten", Op::Flatten),
        ("transpose", rearranged(&[CHANNELS, SIDE, SIDE], &[1, 2, 0], [SIDE, SIDE, CHANNELS])),
        ("channel shuffle", {
            rearranged(&[2, CHANNELS / 2, SIDE * SIDE], &[1, 0, 2], [CHANNELS, SIDE, SIDE])
        }),
        ("reshape", Rearrange::reshape(Shape::new(SIDE, CHANNELS, SIDE)).into()),
        ("scale and shift", {
            let rows = Shape::new(1, SIDE, 1);
            Affine::new(Some(values(SIDE, 1.0)), Some(values(SIDE, 2.0)), rows, device).into()
        }),
        ("prelu", PRelu::new(values(CHANNELS, 1.0), Shape::new(CHANNELS, 1, 1), device).into()),
        ("average pool", {
            let rows = PoolAxis {
                kernel: 3,
                stride: 2,
                dilation: 1,
                padding: (1, 0),
                ceil: true,
                count_padding: true,
            };
            let columns = PoolAxis { count_padding: false, padding: (1, 1), ..rows };
            let matrix = |axis| Matrix::average_pool(SIDE, axis).unwrap();
            Resample::new("average pool", matrix(rows), matrix(columns), device).into()
        }),
        ("sum", Op::Sum(Axes { channels: true, rows: false, columns: true })),
        ("layer norm", Standardise { axes: Axes::CHANNELS, epsilon: 1e-3 }.into()),
        ("instance norm", Standardise { axes: Axes::SPATIAL, epsilon: 1e-3 }.into()),
        ("local response", { LocalResponse::new(CHANNELS, 3, [0.5, 0.75, 1.5], device).into() }),
        ("local response, even size", {
            LocalResponse::new(CHANNELS, 2, [0.5, 0.75, 1.5], device).into()
        }),
        ("softmax", Op::Softmax(Axes { channels: true, rows: true, columns: false })),
        ("take", {
            // Some places twice, some never.
            let places: Vec<usize> = (0..60).map(|i| i * 37 % (INPUT.len() - 9)).collect();
            Take::new(&places, Shape::new(5, 4, 3), device).unwrap().into()
        }),
    ];
    operations.extend(functions().map(|(name, function)| (name, function.into())));
    operations
}

fn rearranged(factors: &[usize], order: &[usize], [c, h, w]: [usize; 3]) -> Op {
    Rearrange::new(factors, order, Shape::new(c, h, w)).unwrap().into()
}

/// Every function of one value that is defined for values of both signs.
fn functions() -> impl Iterator<Item = (&'static str, Pointwise)> {
    [
        ("relu", Pointwise::Relu),
        ("clip", Pointwise::Clip { low: 0.0, high: 0.5 }),
        ("clip on both sides", Pointwise::Clip { low: -0.4, high: 0.5 }),
        ("leaky relu", Pointwise::LeakyRelu { slope: 0.2 }),
        ("thresholded relu", Pointwise::ThresholdedRelu { threshold: 0.2 }),
        ("elu", Pointwise::Elu { alpha: 1.5, scale: 1.2 }),
        ("sigmoid", Pointwise::Sigmoid),
        ("hard sigmoid", Pointwise::HardSigmoid { slope: 0.8, offset: 0.5 }),
        ("hard swish", Pointwise::HardSwish),
        ("silu", Pointwise::Silu),
        ("tanh", Pointwise::Tanh),
        ("gelu", Pointwise::Gelu),
        ("gelu by tanh", Pointwise::GeluTanh),
        ("softplus", Pointwise::Softplus),
        ("smooth relu", Pointwise::SmoothRelu { beta: 3.0 }),
        ("mish", Pointwise::Mish),
        ("exp", Pointwise::Exp),
        ("abs", Pointwise::Abs),
        ("erf", Pointwise::Erf),
        ("square", Pointwise::Power { exponent: 2.0 }),
        ("cube", Pointwise::Power { exponent: 3.0 }),
        ("sin", Pointwise::Elementary(Elementary::Sin)),
        ("cos", Pointwise::Elementary(Elementary::Cos)),
        ("tan", Pointwise::Elementary(Elementary::Tan)),
        ("asin", Pointwise::Elementary(Elementary::Asin)),
        ("acos", Pointwise::Elementary(Elementary::Acos)),
        ("atan", Pointwise::Elementary(Elementary::Atan)),
        ("sinh", Pointwise::Elementary(Elementary::Sinh)),
        ("cosh", Pointwise::Elementary(Elementary::Cosh)),
        ("asinh", Pointwise::Elementary(Elementary::Asinh)),
        ("atanh", Pointwise::Elementary(Elementary::Atanh)),
    ]
    .into_iter()
}

/// The operation, its square added to itself through a second path (so that gradients of a shared
/// value are summed), flattened, and a linear layer to three scores.
fn network(op: &Op, device: &Device) -> Graph {
    let mut graph = GraphBuilder::new(INPUT, device);
    let value = graph.add("op", op.clone(), &[Graph::INPUT]).unwrap();
    let relu = graph.add("relu", Pointwise::Relu, &[value]).unwrap();
    let sum = graph.add("add", Arithmetic::Add, &[value, relu]).unwrap();
    let flat = graph.add("flat", Op::Flatten, &[sum]).unwrap();
    let inputs = graph.shape(flat).len();
    let weight = tensor([3, inputs], 3.0, device);
    graph.add("linear", Linear::new(weight, Some(tensor([3], 4.0, device))), &[flat]).unwrap();
    graph.finish().unwrap()
}

/// The value of op at a phase that puts no input on a kink; two samples.
fn pixels(device: &Device) -> Tensor<4> {
    tensor([2, CHANNELS, SIDE, SIDE], 0.3, device)
}

#[test]
fn shapes_are_those_that_burn_computes() {
    for device in support::devices() {
        for (name, op) in operations(&device.device) {
            let graph = network(&op, &device.device);
            let tape = graph.forward(pixels(&device.device));
            for id in graph.ids() {
                let Shape { channels, height, width } = graph.node(id).shape;
                let dims = tape.value(id).dims();
                assert_eq!(dims, [2, channels, height, width], "{name}: {}", graph.node(id).name);
            }
        }
    }
}

#[test]
fn gradients_agree_with_autodiff() {
    for device in support::devices() {
        let autodiff = device.device.clone().autodiff();
        for (name, op) in operations(&autodiff) {
            let graph = network(&op, &autodiff);
            let x = pixels(&autodiff).require_grad();
            let logits = graph.logits(x.clone());
            let gradients = logits.slice([0..2, 1..2]).sum().backward();
            let expected = read_back(x.grad(&gradients).unwrap()).unwrap();
            let plain = network(
                &operations(&device.device).into_iter().find(|(n, _)| *n == name).unwrap().1,
                &device.device,
            );
            let found = plain.input_gradient(pixels(&device.device), 1, &Rules::default());
            let error = relative_error(read_back(found).unwrap(), expected);
            assert!(error < 1e-5, "{name} on {}: {error:.1e}", device.name);
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    const STEP: f32 = 1e-2;
    let device = Device::flex();
    for (name, op) in operations(&device) {
        let graph = network(&op, &device);
        let gradient =
            read_back(graph.input_gradient(pixels(&device), 2, &Rules::default())).unwrap();
        let base = values(2 * CHANNELS * SIDE * SIDE, 0.3);
        for index in (0..base.len()).step_by(17) {
            let score = |change: f32| {
                let mut moved = base.clone();
                moved[index] += change;
                let x =
                    Tensor::from_data(TensorData::new(moved, [2, CHANNELS, SIDE, SIDE]), &device);
                let logits = read_back(graph.logits(x)).unwrap();
                f64::from(logits[2] + logits[5])
            };
            let (low, here, high) = (score(-STEP), score(0.0), score(STEP));
            // A kink between the two points has no derivative to compare with.
            if ((high - here) - (here - low)).abs() > 1e-4 {
                continue;
            }
            let slope = ((high - low) / f64::from(2.0 * STEP)) as f32;
            let found = gradient[index];
            assert!(
                (slope - found).abs() < 2e-3 * (1.0 + slope.abs()),
                "{name} at {index}: {found} for {slope}"
            );
        }
    }
}

#[test]
fn the_reverse_pass_can_be_differentiated_again() {
    let device = Device::flex();
    for (name, op) in operations(&device.clone().autodiff()) {
        let autodiff = device.clone().autodiff();
        let graph = network(&op, &autodiff);
        let seed = tensor([2, 3, 1, 1], 5.0, &autodiff).require_grad();
        let tape = graph.forward(pixels(&autodiff));
        let gradient = graph
            .vector_jacobian(&tape, seed.clone(), &[Graph::INPUT], &Rules::default())
            .remove(0);
        let loss = gradient.powi_scalar(2).sum();
        let second = read_back(seed.grad(&loss.clone().backward()).unwrap()).unwrap();
        // The gradient is linear in its seed and the loss quadratic: seed · ∂loss/∂seed = 2 loss.
        let seed = values(6, 5.0);
        let product: f32 = seed.iter().zip(&second).map(|(a, b)| a * b).sum();
        let loss = read_back(loss).unwrap()[0];
        assert!((product - 2.0 * loss).abs() < 1e-3 * loss, "{name}: {product} for {}", 2.0 * loss);
    }
}

#[test]
fn gradients_stop_at_the_node_asked_for() {
    let device = Device::flex();
    let graph = network(&Op::GlobalAveragePool, &device);
    let tape = graph.forward(pixels(&device));
    let add = graph.find("add").unwrap();
    let found = graph.gradients(&tape, &[1, 2], &[add, Graph::INPUT], &Rules::default());
    let rows = values(3 * CHANNELS, 3.0);
    assert_eq!(
        read_back(found[0].clone()).unwrap(),
        rows[CHANNELS..].to_vec(),
        "the linear layer's own rows"
    );
    assert_eq!(found[1].dims(), [2, CHANNELS, SIDE, SIDE]);
}

/// The input and a function of it (one value a channel where it is `stretched`), joined.
fn joined(join: &Op, stretched: bool, device: &Device) -> Graph {
    let mut graph = GraphBuilder::new(INPUT, device);
    let squared = Pointwise::Power { exponent: 2.0 };
    let square = graph.add("square", squared, &[Graph::INPUT]).unwrap();
    let gate = graph.add("gate", Pointwise::Sigmoid, &[square]).unwrap();
    let gate = match stretched {
        true => graph.add("pool", Op::GlobalAveragePool, &[gate]).unwrap(),
        false => gate,
    };
    let both = graph.add("join", join.clone(), &[Graph::INPUT, gate]).unwrap();
    graph.add("flat", Op::Flatten, &[both]).unwrap();
    graph.finish().unwrap()
}

#[test]
fn operations_on_two_values_agree_with_autodiff() {
    let operations: [(Op, bool); 10] = [
        (Arithmetic::Add.into(), false),
        (Arithmetic::Subtract.into(), true),
        (Arithmetic::Multiply.into(), false),
        (Arithmetic::Multiply.into(), true),
        (Arithmetic::Divide.into(), false),
        (Arithmetic::Divide.into(), true),
        (Op::MatrixProduct, false),
        (Concatenate { axis: 0 }.into(), false),
        (Concatenate { axis: 1 }.into(), false),
        (Concatenate { axis: 2 }.into(), false),
    ];
    for device in support::devices() {
        let autodiff = device.device.clone().autodiff();
        for (op, stretched) in &operations {
            let x = pixels(&autodiff).require_grad();
            let logits = joined(op, *stretched, &autodiff).logits(x.clone());
            let gradients = logits.slice([0..2, 9..10]).sum().backward();
            let expected = read_back(x.grad(&gradients).unwrap()).unwrap();
            let graph = joined(op, *stretched, &device.device);
            let found = graph.input_gradient(pixels(&device.device), 9, &Rules::default());
            let error = relative_error(read_back(found).unwrap(), expected);
            assert!(error < 1e-5, "{} on {}: {error:.1e}", op.kind(), device.name);
        }
    }
}

/// The mask and one of the values are the pixels' own; one value a channel is stretched.
fn chosen(device: &Device) -> Graph {
    let mut graph = GraphBuilder::new(INPUT, device);
    let above = Pointwise::Elementary(Elementary::Above { threshold: 0.2 });
    let mask = graph.add("mask", above, &[Graph::INPUT]).unwrap();
    let square = Pointwise::Power { exponent: 2.0 };
    let a = graph.add("square", square, &[Graph::INPUT]).unwrap();
    let b = graph.add("pool", Op::GlobalAveragePool, &[Graph::INPUT]).unwrap();
    let value = graph.add("choose", Op::Choose, &[mask, a, b]).unwrap();
    let flat = graph.add("flat", Op::Flatten, &[value]).unwrap();
    let weight = tensor([3, INPUT.len()], 3.0, device);
    graph.add("linear", Linear::new(weight, None), &[flat]).unwrap();
    graph.finish().unwrap()
}

#[test]
fn a_choice_passes_gradients_to_what_was_chosen() {
    for device in support::devices() {
        let autodiff = device.device.clone().autodiff();
        let x = pixels(&autodiff).require_grad();
        let logits = chosen(&autodiff).logits(x.clone());
        let gradients = logits.slice([0..2, 1..2]).sum().backward();
        let expected = read_back(x.grad(&gradients).unwrap()).unwrap();
        let found = chosen(&device.device);
        let found = found.input_gradient(pixels(&device.device), 1, &Rules::default());
        let error = relative_error(read_back(found).unwrap(), expected);
        assert!(error < 1e-5, "on {}: {error:.1e}", device.name);
    }
}

/// DeepLIFT's multipliers times changes add up to the change of the logit, where masks change too.
#[test]
fn multipliers_of_a_choice_add_up() {
    let device = Device::flex();
    let graph = chosen(&device);
    let x = tensor([1, CHANNELS, SIDE, SIDE], 0.3, &device);
    let reference = tensor([1, CHANNELS, SIDE, SIDE], 1.7, &device);
    let (tape, other) = (graph.forward(x.clone()), graph.forward(reference.clone()));
    let multipliers =
        graph.gradients(&tape, &[2], &[Graph::INPUT], &Rules::Rescale(&other)).remove(0);
    let sum = read_back(multipliers * (x - reference)).unwrap().iter().sum::<f32>();
    let change = read_back(tape.logits() - other.logits()).unwrap()[2];
    assert!((sum - change).abs() < 1e-4 * (1.0 + change.abs()), "{sum} for {change}");
}

#[test]
fn the_logits_follow_from_any_node() {
    for device in support::devices() {
        let graph = joined(&Arithmetic::Multiply.into(), true, &device.device);
        let both = pixels(&device.device);
        let tapes = [0, 1].map(|i| graph.forward(both.clone().slice_dim(0, i..i + 1)));
        for id in graph.ids() {
            // Its own value changes nothing, in a batch of any size.
            let [own, other] = [&tapes[0], &tapes[1]].map(|tape| tape.value(id));
            let values = Tensor::cat(vec![own, other], 0);
            let found = read_back(graph.logits_from(&tapes[0], id, values.clone())).unwrap();
            let logits = read_back(tapes[0].logits()).unwrap();
            let count = logits.len();
            let what = &graph.node(id).name;
            assert!(relative_error(found[..count].to_vec(), logits) < 1e-6, "{what}");
            // Another value acts through what comes after the node, and nothing else.
            let expected = match what.as_str() {
                "square" | "gate" | "pool" => {
                    let gate = tapes[1].value(graph.find("pool").unwrap());
                    read_back(tapes[0].value(Graph::INPUT) * gate).unwrap()
                }
                _ => read_back(tapes[1].logits()).unwrap(),
            };
            assert!(relative_error(found[count..].to_vec(), expected) < 1e-6, "{what}");
        }
    }
}

#[test]
fn a_node_beside_the_way_leaves_the_logits() {
    let device = Device::flex();
    let mut graph = GraphBuilder::new(INPUT, &device);
    let aside = graph.add("aside", Pointwise::Relu, &[Graph::INPUT]).unwrap();
    graph.add("flat", Op::Flatten, &[Graph::INPUT]).unwrap();
    let graph = graph.finish().unwrap();
    let tape = graph.forward(pixels(&device).slice_dim(0, 0..1));
    let found = graph.logits_from(&tape, aside, pixels(&device));
    let logits = read_back(tape.logits()).unwrap();
    assert_eq!(read_back(found).unwrap(), [logits.clone(), logits].concat());
}

#[test]
fn a_sign_has_no_gradient() {
    let device = Device::flex();
    let graph = network(&Pointwise::Sign.into(), &device);
    let gradient = graph.input_gradient(pixels(&device), 1, &Rules::default());
    assert!(read_back(gradient).unwrap().iter().all(|value| *value == 0.0));
    let signs = read_back(graph.forward(pixels(&device)).value(graph.find("op").unwrap())).unwrap();
    assert!(signs.iter().all(|value| value.abs() == 1.0));
}

#[test]
fn batches_give_what_single_pictures_give() {
    for device in support::devices() {
        let of_batch = |op: &Op| matches!(op, Op::BatchNorm(_));
        for (name, op) in operations(&device.device).iter().filter(|(_, op)| !of_batch(op)) {
            let graph = network(op, &device.device);
            let both = pixels(&device.device);
            let together =
                read_back(graph.input_gradient(both.clone(), 0, &Rules::default())).unwrap();
            let one = |i: usize| {
                graph.input_gradient(both.clone().slice_dim(0, i..i + 1), 0, &Rules::default())
            };
            let apart = [read_back(one(0)).unwrap(), read_back(one(1)).unwrap()].concat();
            assert!(relative_error(together, apart) < 1e-6, "{name} on {}", device.name);
        }
    }
}

#[test]
fn wrong_networks_are_refused_with_a_reason() {
    let device = Device::flex();
    let mut graph = GraphBuilder::new(Shape::new(3, 8, 8), &device);
    let convolution = convolution(5, [3, 3], ConvOptions::new([1, 1], [1, 1], [1, 1], 1), &device);
    let message = |result: Result<NodeId, hyaline::error::Error>| result.unwrap_err().to_string();
    assert!(
        message(graph.add("a", convolution, &[Graph::INPUT]))
            .contains("takes 4 channels, its input has 3")
    );
    assert!(
        message(graph.add("input", Pointwise::Relu, &[Graph::INPUT])).contains("name is taken")
    );
    assert!(message(graph.add("b", Arithmetic::Add, &[Graph::INPUT])).contains("takes 2 inputs"));
    let relu = graph.add("relu", Pointwise::Relu, &[Graph::INPUT]).unwrap();
    assert_eq!(graph.shape(relu), Shape::new(3, 8, 8));
    assert!(graph.finish().unwrap_err().to_string().contains("not one score a class"));
}

#[test]
fn modules_are_found_by_their_last_node() {
    let device = Device::flex();
    let mut graph = GraphBuilder::new(Shape::new(2, 3, 3), &device);
    let a = graph.add("layer1.relu", Pointwise::Relu, &[Graph::INPUT]).unwrap();
    let b = graph.add("layer1.other", Pointwise::Relu, &[a]).unwrap();
    let c = graph.add("layer10", Op::GlobalAveragePool, &[b]).unwrap();
    let graph = graph.finish().unwrap();
    assert_eq!(graph.find("layer1"), Some(b));
    assert_eq!(graph.find("layer1.relu"), Some(a));
    assert_eq!(graph.find("layer10"), Some(c));
    assert_eq!(graph.find("layer"), None);
    assert_eq!(graph.default_cam_layer(), Some(b));
}
