#!/usr/bin/env python3
"""Writes gradients.safetensors: reference maps of LeNet5 and CNN-A by zennit, PAIR's saliency and PyTorch.

Needs: pip install torch safetensors zennit saliency
Usage: gradients.py DATA_DIR GOLDEN_DIR
The pictures and classes are those of the golden cases mnist_lenet5_vanilla@0 and
cifar10_cnn_a_vanilla_sgd@0.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.numpy import save_file
from saliency.core import BlurIG, GuidedIG
from zennit.composites import EpsilonAlpha2Beta1, EpsilonGammaBox, EpsilonPlus

# PAIR's saliency 0.2 calls it by an argument that NumPy has renamed.
quantile = np.quantile
np.quantile = lambda a, q, interpolation: quantile(a, q, method=interpolation)

CASES = ["mnist_lenet5_vanilla@0", "cifar10_cnn_a_vanilla_sgd@0"]


def by_pair(model, method, x, target, **settings):
    """A map by PAIR's saliency, which takes H×W×C pictures in double precision."""
    def call(pictures, call_model_args=None, expected_keys=None):
        batch = torch.tensor(np.asarray(pictures).transpose(0, 3, 1, 2)).double().requires_grad_(True)
        gradient = torch.autograd.grad(model.double()(batch)[:, target].sum(), batch)[0]
        return {"INPUT_OUTPUT_GRADIENTS": gradient.numpy().transpose(0, 2, 3, 1)}
    picture = x[0].numpy().transpose(1, 2, 0).astype(np.float64)
    found = method.GetMask(picture, call, None, **settings)
    model.float()
    return found.transpose(2, 0, 1)[None].astype(np.float32)


def by_zennit(model, composite, x, target):
    """Relevance of the logit itself at the network's input; the normalisation passes it on."""
    net = model.net
    start = ((x - model.mean) / model.std).requires_grad_(True)
    with composite.context(net) as modified:
        logits = modified(start)
        seed = torch.zeros_like(logits)
        seed[0, target] = logits[0, target]
        return torch.autograd.grad(logits, start, seed)[0].numpy()


def full_grad(model, x, target):
    """Srinivas and Fleuret's saliency: pixels and the biases of convolutions, rescaled and summed."""
    net, kept = model.net, []
    hooks = [m.register_forward_hook(lambda m, i, o: kept.append((m, o)))
             for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    start = ((x - model.mean) / model.std).requires_grad_(True)
    logit = net(start)[0, target]
    for hook in hooks:
        hook.remove()
    gradients = torch.autograd.grad(logit, [start] + [o for _, o in kept])
    def rescaled(a):
        a = a.abs()
        return (a - a.min()) / (a.max() - a.min() + 1e-6)
    total = rescaled(start * gradients[0]).sum(1, keepdim=True)
    for (module, _), gradient in zip(kept, gradients[1:]):
        part = rescaled(module.bias.view(1, -1, 1, 1) * gradient)
        total = total + F.interpolate(part, size=x.shape[2:], mode="bilinear").sum(1, keepdim=True)
    return total.detach().numpy()


def main():
    data, golden = Path(sys.argv[1]), Path(sys.argv[2])
    generate = {"__name__": "generate"}
    source = (golden / "generate.py").read_text().rsplit("\nmain()", 1)[0]
    exec(compile(source, "generate.py", "exec"), generate)
    out = {}
    for case in CASES:
        model, _ = generate["build"](case.split("@")[0], data)
        with safe_open(golden / f"{case}.safetensors", "pt") as file:
            x, target = file.get_tensor("input"), json.loads(file.metadata()["meta"])["target"]
        low, high = (-model.mean / model.std), (1 - model.mean) / model.std
        low, high = [bound.expand(x.shape).contiguous() for bound in (low, high)]
        maps = {
            "guided_ig": by_pair(model, GuidedIG(), x, target, x_baseline=np.zeros(x.shape[2:] + x.shape[1:2]), x_steps=50),
            "blur_ig": by_pair(model, BlurIG(), x, target, max_sigma=8, steps=20),
            "lrp.epsilon-plus": by_zennit(model, EpsilonPlus(), x, target),
            "lrp.epsilon-alpha2-beta1": by_zennit(model, EpsilonAlpha2Beta1(), x, target),
            "lrp.epsilon-gamma-box": by_zennit(model, EpsilonGammaBox(low, high), x, target),
            "fullgrad": full_grad(model, x, target),
        }
        out |= {f"{case}/{name}": np.ascontiguousarray(value) for name, value in maps.items()}
    save_file(out, Path(__file__).with_suffix(".safetensors"))


main()
