#!/usr/bin/env python3
"""Writes reference.safetensors: losses, gradients and attacks of a tiny residual network, in
64-bit PyTorch.

Needs torch and safetensors. Usage: make.py
"""
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "architectures"))
import networks as own  # noqa: E402

MEAN, STD = [0.5, 0.45, 0.4], [0.25, 0.2, 0.3]
EPSILON, STEP, STEPS, BETA = 8 / 255, 2 / 255, 4, 6.0
RADIUS, STRIDE = 0.5, 0.2
SOFTPLUS = 5.0
OUT = {}


class Normalised(torch.nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
        self.mean = torch.tensor(MEAN, dtype=torch.float64).view(1, -1, 1, 1)
        self.std = torch.tensor(STD, dtype=torch.float64).view(1, -1, 1, 1)

    def forward(self, x):
        return self.net((x - self.mean) / self.std)


def network():
    """ResNet-8 with 2 channels and shortcuts of zeros."""
    torch.manual_seed(1)
    net = own.CifarResNet([1, 1, 1], 2, option="A")
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            draw = torch.rand(tensor.shape, generator=generator) if tensor.is_floating_point() else None
            if name.endswith("running_var"):
                tensor.copy_(0.5 + draw)
            elif name.endswith("running_mean"):
                tensor.copy_(0.2 * draw - 0.1)
            elif tensor.dim() == 1 and tensor.is_floating_point():
                tensor.copy_(0.6 + 0.8 * draw if name.endswith("weight") else 0.4 * draw - 0.2)
    return net.double()


def put(name, tensor):
    OUT[name] = tensor.detach().clone().to(torch.float32 if tensor.is_floating_point() else torch.int64).contiguous()


def put_gradients(case, model):
    for name, parameter in model.net.named_parameters():
        if parameter.grad is not None:
            put(f"{case}/{name}", parameter.grad)
    model.zero_grad()


def put_statistics(case, model):
    for name, tensor in model.net.state_dict().items():
        if "running" in name:
            put(f"{case}/{name}", tensor)


def norm(x):
    return x.pow(2).sum((1, 2, 3), keepdim=True).sqrt()


def attack(model, x, y, l2):
    model.eval()
    z = x.clone()
    for _ in range(STEPS):
        z.requires_grad_(True)
        gradient, = torch.autograd.grad(F.cross_entropy(model(z), y, reduction="sum"), z)
        with torch.no_grad():
            if l2:
                change = z + STRIDE * gradient / norm(gradient) - x
                change = change * (RADIUS / norm(change)).clamp(max=1)
            else:
                change = (z + STEP * gradient.sign() - x).clamp(-EPSILON, EPSILON)
            z = (x + change).clamp(0, 1)
    return z.detach()


def trades(model, x, z, y):
    """TRADES' loss (Zhang et al. 2019), each half by the statistics of its own batch."""
    clean = model(x)
    adversarial = model(z)
    kl = F.kl_div(F.log_softmax(adversarial, 1), F.softmax(clean, 1), reduction="batchmean")
    return F.cross_entropy(clean, y) + BETA * kl


class Smooth(torch.autograd.Function):
    """ln(1 + e^(βx)) / β, whose backward may be guided; the backward can be differentiated."""
    guided = False

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return F.softplus(x, SOFTPLUS, threshold=1000)

    @staticmethod
    def backward(ctx, gradient):
        x, = ctx.saved_tensors
        if Smooth.guided:
            gradient = F.relu(gradient)
        return gradient * torch.sigmoid(SOFTPLUS * x)


def explanation_loss(x, noise, y, kind):
    """Mean squared change of the normalised map of the labels' logits, and its gradients."""
    Smooth.guided = kind == "guided-backpropagation"
    relu, F.relu = F.relu, lambda v: v.clamp(min=0) if plain[0] else Smooth.apply(v)
    try:
        model = Normalised(network()).eval()
        maps = []
        for z in (x, x + noise):
            z = z.clone().requires_grad_(True)
            plain[0] = False
            logit = model(z).gather(1, y[:, None]).sum()
            plain[0] = True
            gradient, = torch.autograd.grad(logit, z, create_graph=True)
            heat = (gradient * z.detach() if kind == "input-x-gradient" else gradient).abs().sum(1)
            maps.append(heat / heat.sum((1, 2), keepdim=True))
        # A guided backward is no derivative: differentiating it needs the usual one again.
        Smooth.guided = False
        loss = (maps[1] - maps[0]).pow(2).mean()
        loss.backward()
    finally:
        F.relu = relu
    return model, loss


plain = [True]


def main():
    x = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(3)).double()
    y = torch.tensor([0, 3, 1, 7, 9, 3])
    model = Normalised(network())
    for name, tensor in model.net.state_dict().items():
        if tensor.is_floating_point():
            put(f"weights/{name}", tensor)
    put("pixels", x)
    put("labels", y)
    put("logits", model.eval()(x))

    loss = F.cross_entropy(model.train()(x), y)
    loss.backward()
    put("vanilla/loss", loss.view(1))
    put_gradients("vanilla", model)
    put_statistics("vanilla", model)

    for case, l2 in [("linf", False), ("l2", True)]:
        model = Normalised(network())
        z = attack(model, x, y, l2)
        put(f"{case}/attacked", z)
        loss = F.cross_entropy(model.train()(z), y)
        loss.backward()
        if not l2:
            put(f"{case}/loss", loss.view(1))
            put_gradients(case, model)
            model = Normalised(network()).train()
            loss = trades(model, x, z, y)
            loss.backward()
            put("trades/loss", loss.view(1))
            put_gradients("trades", model)
            put_statistics("trades", model)

    noise = 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(4)).double()
    noise = noise.float().double()
    put("noise", noise)
    for kind in ("gradient", "input-x-gradient", "guided-backpropagation"):
        model, loss = explanation_loss(x, noise, y, kind)
        put(f"{kind}/loss", loss.view(1))
        put_gradients(kind, model)

    model = Normalised(network()).train()
    decaying = [p for p in model.net.parameters() if p.dim() > 1]
    others = [p for p in model.net.parameters() if p.dim() == 1]
    groups = [{"params": decaying, "weight_decay": 0.05}, {"params": others}]
    optimiser = torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True)
    for _ in range(3):
        optimiser.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimiser.step()
    for name, tensor in model.net.state_dict().items():
        if tensor.is_floating_point():
            put(f"after/{name}", tensor)
    save_file(OUT, HERE / "reference.safetensors")


main()
