"""Answers a kind of training, a batch size and a number of steps on standard input with the seconds
that these steps of ResNet-20 take in PyTorch, at 32 px, with Nesterov's momentum."""
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, inputs, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.stride, self.pad = stride, (out - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(x + y)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        blocks, inputs = [], 16
        for out, stride in ((16, 1), (32, 2), (64, 2)):
            for index in range(3):
                blocks.append(Block(inputs, out, stride if index == 0 else 1))
                inputs = out
        self.blocks, self.linear = nn.Sequential(*blocks), nn.Linear(64, 10)

    def forward(self, x):
        return self.linear(self.blocks(F.relu(self.bn1(self.conv1(x)))).mean((2, 3)))


def attacked(net, x, y, epsilon=8 / 255):
    """One step from a random start, by the statistics of the running network."""
    net.eval()
    start = (x + torch.empty_like(x).uniform_(-epsilon, epsilon)).clamp(0, 1).requires_grad_(True)
    gradient, = torch.autograd.grad(F.cross_entropy(net(start), y), start)
    change = (start.detach() + 1.25 * epsilon * gradient.sign() - x).clamp(-epsilon, epsilon)
    return (x + change).clamp(0, 1)


def main():
    net = ResNet20()
    decaying = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": decaying, "weight_decay": 5e-4}, {"params": others}]
    optimiser = torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True)
    for line in sys.stdin:
        kind, batch, steps = line.split()
        x, y = torch.rand(int(batch), 3, 32, 32), torch.arange(int(batch)) % 10
        start = time.perf_counter()
        for _ in range(int(steps)):
            z = attacked(net, x, y) if kind == "fast" else x
            net.train()
            optimiser.zero_grad()
            F.cross_entropy(net((z - 0.5) / 0.25), y).backward()
            optimiser.step()
        print(time.perf_counter() - start, flush=True)


main()
