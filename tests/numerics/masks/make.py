#!/usr/bin/env python3
"""Writes reference.safetensors: masks of TorchRay, and of a plain PyTorch version of Meaningful
Perturbation, for the pictures of the golden cases.

Needs torch, torchray, scipy and safetensors. Usage: make.py DATA_DIR GOLDEN_DIR
"""
import functools
import json
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from scipy.ndimage import gaussian_filter

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "architectures"))
import networks as own  # noqa: E402

sys.modules.setdefault("matplotlib", types.ModuleType("matplotlib"))
sys.modules.setdefault("matplotlib.pyplot", types.ModuleType("matplotlib.pyplot"))
warnings.filterwarnings("ignore")
torch.set_num_threads(2)

GREY = ([0.0], [1.0])
CIFAR = ([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010])
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
ONE_SCALE = ([0.485, 0.456, 0.406], [0.225, 0.225, 0.225])
CASES = [
    ("mnist_lenet5_vanilla@0", own.LeNet5, GREY),
    ("mnist_lenet5_adv@0", own.LeNet5, GREY),
    ("cifar10_cnn_a_vanilla_sgd@0", own.cnn_a, ONE_SCALE),
    ("cifar10_cnn_a_adv@0", own.cnn_a, CIFAR),
    ("cifar10_resnet20_vanilla@3", lambda: own.CifarResNet([3, 3, 3], 16, option="A"), IMAGENET),
]


def column(values):
    return torch.tensor(values).view(1, -1, 1, 1)


def sort_with_ties(area, sort=torch.Tensor.sort, tie=1e-4):
    """A sort for TorchRay's area term after which values that tie at the edge of the area are all
    as far from their reference as from the mean of their references. TorchRay's own order of ties
    hangs on rounding: 1e-6 of noise in it gave masks that correlated by .77 to .97 only."""
    def shared(x, dim):
        values, places = sort(x, dim=dim)
        count = x.shape[1]
        zeros = int(count * (1 - area))
        distance = (values - values[:, zeros:zeros + 1]).detach()
        ties, above = (distance.abs() <= tie).float(), (distance > tie).float()
        share = (count - zeros - above.sum()) / ties.sum()
        return values + ties * ((torch.arange(count) >= zeros).float() - share), places
    return shared


def extremal(net, x, target, area, iterations):
    """TorchRay with its lengths for 224 px scaled to the picture: step 7 to 1, sigma 21 to 3."""
    import torchray.attribution.extremal_perturbation as ep

    pyramid, sort = ep.Perturbation, torch.Tensor.sort
    ep.Perturbation = functools.partial(pyramid, max_blur=20 * max(x.shape[2:]) / 224)
    torch.Tensor.sort = sort_with_ties(area)
    mask, _ = ep.extremal_perturbation(
        net, x, target, areas=[area], max_iter=iterations, step=1, sigma=3)
    ep.Perturbation, torch.Tensor.sort = pyramid, sort
    return mask[0]


def disc(radius, side, cells):
    middle = ((np.arange(cells) + 0.5) / cells - 0.5) * side
    inside = np.hypot(middle[:, None], middle[None, :]) <= radius
    return gaussian_filter(inside.astype(np.float64), 10 * cells / 224, mode="nearest")


def meaningful(net, pixels, target, blur, iterations, cells=14, l1=1e-4, tv=1e-2, beta=3.0):
    """A network of [0,1] pixels; lengths for 224 px scaled to the picture; without jitter."""
    side = pixels.shape[-1]
    blurred = torch.tensor(gaussian_filter(
        pixels.numpy(), (0, 0, blur * side / 224, blur * side / 224), mode="nearest"))
    enlarge = functools.partial(F.interpolate, size=(side, side), mode="nearest")

    def probability(mask):
        visible = enlarge(mask)
        return F.softmax(net(pixels * visible + blurred * (1 - visible)), 1)[:, target]

    masks = torch.tensor(np.stack([1 - disc(r * side / 224, side, cells) for r in range(0, 175, 5)]))
    masks = masks[:, None].float()
    with torch.no_grad():
        scores = probability(masks)
        whole = F.softmax(net(pixels), 1)[0, target]
    share = (scores - scores[-1]) / (whole - scores[-1])
    mask = masks[int(torch.nonzero(share < 0.01)[0])][None].clone().requires_grad_(True)
    adam = torch.optim.Adam([mask], lr=0.1)
    for _ in range(iterations):
        down = (mask[:, :, 1:] - mask[:, :, :-1]).abs().pow(beta).sum()
        across = (mask[:, :, :, 1:] - mask[:, :, :, :-1]).abs().pow(beta).sum()
        loss = probability(mask)[0] + l1 * (1 - mask).abs().sum() + tv * (down + across)
        adam.zero_grad()
        loss.backward()
        adam.step()
        mask.data.clamp_(0, 1)
    smooth = gaussian_filter(enlarge(mask).detach().numpy()[0, 0], side / 224, mode="nearest")
    return 1 - torch.tensor(smooth)[None]


def smooth_mask():
    """TorchRay's smooth mask of cells that are a wave."""
    from torchray.attribution.extremal_perturbation import MaskGenerator

    generator = MaskGenerator((20, 26), 3, 7)
    height, width = generator.shape_in
    cells = torch.sin(torch.arange(height * width) * 1.7).view(1, 1, height, width) * 0.5 + 0.5
    return generator.generate(cells)[1][0]


def main():
    data, golden = map(Path, sys.argv[1:])
    tensors = {"smooth_mask": smooth_mask()}
    for case, build, (mean, std) in CASES:
        name = case.split("@")[0]
        net = build().eval()
        net.load_state_dict(load_file(data / "weights" / f"{name}.safetensors"))
        with safe_open(golden / f"{case}.safetensors", "pt") as file:
            pixels = file.get_tensor("input")
            target = json.loads(file.metadata()["meta"])["target"]
        normalised = (pixels - column(mean)) / column(std)
        for iterations in (200, 800):
            tensors[f"{case} extremal {iterations}"] = extremal(
                net, normalised, target, 0.1, iterations)
        whole = nn.Sequential()
        whole.forward = lambda x, net=net, m=column(mean), s=column(std): net((x - m) / s)
        tensors[f"{case} meaningful"] = meaningful(whole, pixels, target, 40, 100)
        print(case, [round(float(tensors[k].mean()), 3) for k in tensors if k.startswith(case)])
    save_file({k: v.float().contiguous() for k, v in tensors.items()}, HERE / "reference.safetensors")


main()
