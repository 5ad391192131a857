"""Answers names of methods on standard input with the seconds that one map takes in Captum or
pytorch-grad-cam, of EfficientNet-lite0's layers at 224 px.

Batch norm is folded: every convolution has a bias. Weights are random; time does not depend on
them. `batch` after a name is the peer's own batch size.
"""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from captum.attr import IntegratedGradients, Occlusion, Saliency
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

STAGES = [(1, 16, 3, 1, 1), (6, 24, 3, 2, 2), (6, 40, 5, 2, 2), (6, 80, 3, 2, 3),
          (6, 112, 5, 1, 3), (6, 192, 5, 2, 4), (6, 320, 3, 1, 1)]


class Same(nn.Conv2d):
    """A convolution with TensorFlow's padding."""

    def forward(self, x):
        pad = []
        for side in (3, 2):
            kernel, stride, size = self.kernel_size[side - 2], self.stride[side - 2], x.shape[side]
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pad += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pad), self.weight, self.bias, self.stride, 0, 1, self.groups)


class Block(nn.Module):
    def __init__(self, inputs, out, kernel, stride, expansion):
        super().__init__()
        wide = inputs * expansion
        layers = [Same(inputs, wide, 1), nn.ReLU6()] if expansion > 1 else []
        layers += [Same(wide, wide, kernel, stride, groups=wide), nn.ReLU6(), Same(wide, out, 1)]
        self.layers, self.skip = nn.Sequential(*layers), stride == 1 and inputs == out

    def forward(self, x):
        return x + self.layers(x) if self.skip else self.layers(x)


def network():
    layers, inputs = [Same(3, 32, 3, 2), nn.ReLU6()], 32
    for expansion, out, kernel, stride, depth in STAGES:
        for repeat in range(depth):
            layers.append(Block(inputs, out, kernel, stride if repeat == 0 else 1, expansion))
            inputs = out
    layers += [Same(320, 1280, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers).eval().requires_grad_(False)


def rise(net, x, batch, masks=1000, grid=7):
    """RISE as its authors wrote it: coarse masks enlarged and shifted, forward passes, a weighted sum."""
    cell = -(-x.shape[-1] // grid)
    total = torch.zeros(x.shape[-2:])
    with torch.no_grad():
        for start in range(0, masks, batch):
            count = min(batch, masks - start)
            coarse = (torch.rand(count, 1, grid, grid) < 0.5).float()
            fine = F.interpolate(coarse, size=((grid + 1) * cell,) * 2, mode="bilinear")
            shifts = torch.randint(0, cell, (count, 2)).tolist()
            side = x.shape[-1]
            cut = torch.stack([m[:, a:a + side, b:b + side] for m, (a, b) in zip(fine, shifts)])
            scores = net(x * cut).softmax(1)[:, 0]
            total += (scores.view(-1, 1, 1, 1) * cut).sum((0, 1))
    return total / masks / 0.5


def run(net, method, batch):
    x = torch.rand(1, 3, 224, 224, requires_grad=method != "rise")
    if method == "gradient":
        return Saliency(net).attribute(x, target=0, abs=False)
    if method == "integrated-gradients":
        return IntegratedGradients(net).attribute(x, target=0, n_steps=50, internal_batch_size=batch)
    if method == "occlusion":
        return Occlusion(net).attribute(x, target=0, sliding_window_shapes=(3, 56, 56), strides=(3, 28, 28),
                                        perturbations_per_eval=batch)
    if method == "rise":
        return rise(net, x, batch)
    with GradCAM(model=net, target_layers=[net[-4]]) as cam:
        return cam(input_tensor=x, targets=[ClassifierOutputTarget(0)])


def main():
    net = network()
    for line in sys.stdin:
        method, batch = line.split()
        start = time.perf_counter()
        run(net, method, int(batch))
        print(time.perf_counter() - start, flush=True)


main()
