"""Prints the median milliseconds of one input gradient of EfficientNet-lite0's layers at 224 px.

Batch norm is folded: every convolution has a bias. Weights are random; time does not depend on
them.
"""
import time
import torch
import torch.nn as nn
import torch.nn.functional as F

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


def main():
    net, times = network(), []
    for _ in range(17):
        x = torch.rand(1, 3, 224, 224, requires_grad=True)
        start = time.perf_counter()
        torch.autograd.grad(net(x)[0, 0], x)
        times.append(time.perf_counter() - start)
    print(sorted(times[2:])[7] * 1000)


main()
