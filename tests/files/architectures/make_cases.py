#!/usr/bin/env python3
"""Writes cases.json.gz: what PyTorch computes for the architectures that Hyaline recognises.

Every tensor is rebuilt from its name and shape by `formula`, so that no weights are stored. The
reference is computed in 64 bits. An argument
keeps to the cases whose names contain it and only prints them.
Needs torch, torchvision and timm. Usage: make_cases.py [PART OF A NAME]
"""
import gzip
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision.models as tv

import networks as own

warnings.filterwarnings("ignore")
torch.set_num_threads(2)

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
GREY = ([0.0], [1.0])
# Every so many-th value of the gradient is stored.
GRADIENT_VALUES = 64
# Keys of their pixels. Where a value lies at the kink of a ReLU, rounding decides its derivative:
# three pictures are kept of which PyTorch's 32 bits agree with its 64.
PICTURES = ("pixels", "picture", "image", "view", "scene", "photo", "frame", "shot")

# Smaller factors, tried in their order where rounding counts for every picture.
GAINS = (0.7, 0.5, 0.35)
# Factors of the weights of networks by parts of their names.
DAMPED = {
    0.4: ["nfnet", "nf re"],
    0.7: [f"efficientnet_b{size}" for size in range(3, 8)] + ["efficientnet_lite4"],
    0.8: [f"efficientnet_lite{size}" for size in range(1, 4)] + ["mobilenet_v3_large"],
}


def uniform(key, count):
    """SplitMix64 from the FNV-1a hash of a key, in [-1, 1)."""
    state = 0xCBF29CE484222325
    for byte in key.encode():
        state = ((state ^ byte) * 0x100000001B3) & (2**64 - 1)
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.float64) / 2**24 * 2 - 1).astype(np.float32)


def formula(key, shape, gain=1.0):
    u, leaf = uniform(key, int(np.prod(shape))), key.rsplit(".", 1)[-1]
    if leaf == "running_var":
        u = 1.0 + 0.5 * u
    elif leaf in ("running_mean", "bias"):
        u = 0.1 * u
    elif leaf == "weight" and len(shape) == 1:
        u = 1.0 + 0.2 * u
    else:
        u = u * np.float32(gain * np.sqrt(6.0 / np.prod(shape[1:])))
    return torch.from_numpy(u.astype(np.float32).reshape(shape))


def torchvision(name, **options):
    if name in ("googlenet", "inception_v3"):
        options = dict(transform_input=False, init_weights=False, **options)
    return lambda: getattr(tv, name)(weights=None, **options)


def in_timm(name):
    return lambda: timm.create_model(name)


def old_densenet(key):
    """torchvision's first names."""
    for part in ("norm1", "norm2", "conv1", "conv2"):
        key = key.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.") if "denselayer" in key else key
    return key


def authors_convnext(key):
    """From timm's names to those of ConvNeXt's authors."""
    for there, here in [("stem.", "downsample_layers.0."), (".blocks.", "."), (".conv_dw.", ".dwconv."), ("head.norm.", "norm."),
                        ("head.fc.", "head."), (".mlp.fc1.", ".pwconv1."), (".mlp.fc2.", ".pwconv2.")]:
        key = key.replace(there, here)
    for stage in (1, 2, 3):
        key = key.replace(f"stages.{stage}.downsample.", f"downsample_layers.{stage}.")
    return key


def cases():
    """Name, identifier, network, side, whether slow, and the spelling of keys where it differs."""
    plain = lambda key: key
    all_cases = []

    def add(name, identifier, make, side, slow=False, spelled=plain, channels=3):
        all_cases.append((name, identifier, make, side, slow, spelled, channels))

    def add_torchvision(names, side, slow=False):
        for name in names.split():
            add(name, name.replace("_", "-"), torchvision(name), side, slow)

    add_torchvision("alexnet resnet18 resnet50 resnext50_32x4d densenet121 mobilenet_v2 mobilenet_v3_small "
                    "mobilenet_v3_large squeezenet1_0 squeezenet1_1 shufflenet_v2_x0_5 shufflenet_v2_x1_0 mnasnet0_5 mnasnet1_0 "
                    "efficientnet_b0 convnext_tiny vgg11", 64)
    add_torchvision("resnet34 resnet101 resnet152 wide_resnet50_2 wide_resnet101_2 resnext101_32x8d resnext101_64x4d "
                    "densenet161 densenet169 densenet201 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn "
                    "shufflenet_v2_x1_5 shufflenet_v2_x2_0 mnasnet0_75 mnasnet1_3 efficientnet_b1 efficientnet_b2 "
                    "efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 efficientnet_b7 convnext_small convnext_base "
                    "convnext_large", 64, slow=True)
    add("googlenet", "googlenet", torchvision("googlenet", aux_logits=False), 64)
    add("googlenet with auxiliary heads", "googlenet", torchvision("googlenet", aux_logits=True), 64)
    add("inception_v3", "inception-v3", torchvision("inception_v3", aux_logits=True), 80)
    add("densenet121, first names", "densenet121", torchvision("densenet121"), 64, spelled=old_densenet)
    add("mobilenet_v2 half as wide", "mobilenet-v2", torchvision("mobilenet_v2", width_mult=0.5), 65)
    add("resnet, another depth and width", "resnet", torchvision_resnet, 65)

    for name in ("resnet18", "resnet50", "wide_resnet50_2", "resnext50_32x4d"):
        add(f"{name} in timm", name.replace("_", "-"), in_timm(name), 64, slow=name != "resnet18")
    for size in range(8):
        id = f"efficientnet-b{size}"
        width, depth = [(1, 1), (1, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8), (1.6, 2.2), (1.8, 2.6), (2, 3.1)][size]
        add(f"efficientnet_b{size} of lukemelas", id, lambda w=width, d=depth: own.EfficientNet(w, d), 65, slow=size > 0)
    for size in range(5):
        id, width, depth = f"efficientnet-lite{size}", [1, 1, 1.1, 1.2, 1.4][size], [1, 1.1, 1.2, 1.4, 1.8][size]
        name = f"efficientnet_lite{size}"
        add(f"{name} of lukemelas", id, lambda w=width, d=depth: own.EfficientNet(w, d, lite=True), 65, slow=size > 0)
    for size in ("tiny", "small", "base", "large"):
        add(f"convnext_{size} in timm", f"convnext-{size}", in_timm(f"convnext_{size}"), 64, slow=size != "tiny")
    add("convnext_tiny of its authors", "convnext-tiny", in_timm("convnext_tiny"), 64, spelled=authors_convnext)

    for depth in (20, 32, 44, 56, 110):
        blocks = (depth - 2) // 6
        for option in "AB":
            add(f"cifar resnet{depth}, option {option}", f"cifar-resnet{depth}",
                lambda b=blocks, o=option: own.CifarResNet([b] * 3, 16, option=o), 32, slow=depth > 20)
    add("cifar resnet20, torchvision's names", "cifar-resnet20",
        lambda: own.CifarResNet([3] * 3, 16, name="downsample", head="fc"), 32)
    add("resnet18 for cifar", "cifar-resnet18", lambda: own.CifarResNet([2, 2, 2, 2], 64), 32)
    add("resnet34 for cifar", "cifar-resnet34", lambda: own.CifarResNet([3, 4, 6, 3], 64), 32, slow=True)
    add("resnet50 for cifar", "cifar-resnet50", lambda: own.CifarResNet([3, 4, 6, 3], 64, deep=True), 32, slow=True)
    add("preact resnet18", "preact-resnet18", lambda: own.PreActResNet([2, 2, 2, 2], False), 32)
    add("preact resnet18 with a last norm", "preact-resnet18", lambda: own.PreActResNet([2, 2, 2, 2], True), 32)
    add("wide resnet 16-4", "wide-resnet-16-4", lambda: own.WideResNet(16, 4), 32)
    add("wide resnet 10-1 with what TRADES leaves", "wide-resnet", lambda: own.WideResNet(10, 1, unused=True), 32)
    for depth, widening in ((28, 10), (34, 10), (40, 2)):
        add(f"wide resnet {depth}-{widening}", f"wide-resnet-{depth}-{widening}",
            lambda d=depth, w=widening: own.WideResNet(d, w), 32, slow=True)
    add("vgg11 for cifar", "vgg11-bn", lambda: own.CifarVgg([1, 1, 2, 2, 2]), 32)
    add("vgg16 for cifar", "vgg16-bn", lambda: own.CifarVgg([2, 2, 3, 3, 3]), 32, slow=True)
    add("resnet2b", "resnet2b", lambda: own.VerificationResNet(8, 1), 32)
    add("resnet4b", "resnet4b", lambda: own.VerificationResNet(16, 2), 32)
    add("lenet5", "lenet5", own.LeNet5, 28, channels=1)
    add("cnn-a", "cnn-a", own.cnn_a, 32)
    for name in ("example", "lenet", "challenge", "perceptron"):
        add(f"plain, {name}", "sequential", lambda n=name: own.plain(n), 28, channels=1)
    for name in ("tutorial", "carlini", "large", "normed"):
        add(f"plain, {name}", "sequential", lambda n=name: own.plain(n), 32)
    return all_cases


def torchvision_resnet():
    from torchvision.models.resnet import Bottleneck, ResNet
    return ResNet(Bottleneck, [1, 2, 1, 2], num_classes=7, groups=4, width_per_group=24)


def passed(network, pixels, mean, std, dtype, target=None):
    network, pixels = network.to(dtype), pixels.clone().to(dtype).requires_grad_(True)
    mean, std = (torch.tensor(v).to(dtype).view(1, -1, 1, 1) for v in (mean, std))
    logits = network((pixels - mean) / std)
    target = int(logits.argmax()) if target is None else target
    logits[0, target].backward()
    return logits[0].detach().double(), pixels.grad.flatten().double(), target


def relative(found, expected):
    return float((found - expected).norm() / expected.norm())


def found_pictures(network, name, size, mean, std):
    channels, side = size
    pictures = []
    for key in PICTURES:
        pixels = (uniform(key, channels * side * side) + 1) / 2
        pixels = torch.from_numpy(pixels).reshape(1, channels, side, side)
        short = passed(network.float(), pixels, mean, std, torch.float32)
        logits, gradient, target = passed(network, pixels, mean, std, torch.float64, short[2])
        rounding = [relative(short[0], logits), relative(short[1], gradient)]
        print(f"{name}: {key}, target {target}, |logits| {logits.norm():.3g}, |gradient| {gradient.norm():.3g}, "
              f"rounding {rounding[0]:.1e} {rounding[1]:.1e}", flush=True)
        step = max(1, len(gradient) // GRADIENT_VALUES)
        picture = {
            "key": key,
            "target": target,
            "logits": digits(logits[:10]),
            "logits_norm": float(logits.norm()),
            "gradient_step": step,
            "gradient": digits(gradient[::step]),
            "gradient_norm": float(gradient.norm()),
        }
        if max(rounding) < 2e-5:
            pictures.append(picture)
        if len(pictures) == 3:
            break
    return pictures


def measured(name, identifier, make, side, slow, spelled, channels, named=False):
    network = make().eval()
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    network.requires_grad_(False)
    mean, std = GREY if channels == 1 else IMAGENET
    # With weights of the usual size some networks magnify rounding beyond measure.
    gain = next((gain for gain, parts in DAMPED.items() if any(part in name for part in parts)), 1.0)
    for gain in [gain] + [less for less in GAINS if less < gain]:
        state = network.float().state_dict()
        for key, value in state.items():
            if not key.endswith("num_batches_tracked"):
                value.copy_(formula(spelled(key), tuple(value.shape), gain))
        pictures = found_pictures(network, f"{name}, gain {gain}", (channels, side), mean, std)
        if pictures:
            break
    assert pictures, name
    return {
        "name": name,
        "architecture": identifier,
        "slow": slow,
        **({"called": named} if isinstance(named, str) else {"named": True} if named else {}),
        "gain": gain,
        "input": [channels, side, side],
        "mean": mean,
        "std": std,
        "tensors": {spelled(k): list(v.shape) for k, v in state.items() if not k.endswith("num_batches_tracked")},
        "pictures": pictures,
    }


def digits(values):
    return [float(f"{v:.7g}") for v in values]


def main(all_cases, name):
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    found = [measured(*case) for case in all_cases if part in case[0]]
    if not part:
        file = Path(__file__).with_name(name)
        with gzip.GzipFile(file, "wb", 9, mtime=0) as out:
            out.write(json.dumps(found, separators=(",", ":")).encode())


if __name__ == "__main__":
    main(cases(), "cases.json.gz")
