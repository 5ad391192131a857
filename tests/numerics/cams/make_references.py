#!/usr/bin/env python3
"""Writes references.safetensors: class activation maps of pytorch-grad-cam and Captum.

Needs: pip install torch captum grad-cam safetensors numpy
Usage: make_references.py DATA_DIR     (the folder with weights/ and images/)

A tensor is called NETWORK/NAME. Maps are raw where the library gives them raw: neither ReLU'd nor
scaled nor enlarged. pytorch-grad-cam gets the network and normalised pixels, as it is used.
"""
import gzip
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from captum.attr import GuidedGradCam
from pytorch_grad_cam import AblationCAM, EigenGradCAM, GradCAM, HiResCAM, ScoreCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from safetensors.torch import load_file, save_file

DATA = Path(sys.argv[1])


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.relu1, self.maxpool1 = nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
        self.conv2, self.relu2, self.maxpool2 = nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
        self.linear1, self.relu3, self.linear2 = nn.Linear(3136, 200), nn.ReLU(), nn.Linear(200, 10)

    def forward(self, x):
        x = self.maxpool1(self.relu1(self.conv1(x)))
        x = self.maxpool2(self.relu2(self.conv2(x)))
        return self.linear2(self.relu3(self.linear1(x.flatten(1))))


def cnn_a():
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(2048, 100), nn.ReLU(), nn.Linear(100, 10))


class Normalised(nn.Module):
    def __init__(self, net, mean, std):
        super().__init__()
        self.net, self.mean, self.std = net, mean, std

    def forward(self, x):
        return self.net((x - self.mean) / self.std)


def mnist(index):
    raw = gzip.open(DATA / "images/mnist/t10k-images-idx3-ubyte.gz").read()
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 1, 28, 28)[index]


def cifar10(index):
    arrays = np.load(DATA / "images/cifar10_exact_subset.npz")
    pictures = next(arrays[name] for name in arrays.files if arrays[name].ndim == 4)
    return pictures[index].transpose(2, 0, 1)


def activations_and_gradients(net, layer, x, target):
    kept = {}

    def keep(_module, _inputs, output):
        kept["activations"] = output
        output.register_hook(lambda gradient: kept.__setitem__("gradients", gradient))

    handle = layer.register_forward_hook(keep)
    net(x.clone().requires_grad_(True))[0, target].backward()
    handle.remove()
    return kept["activations"].detach(), kept["gradients"].detach()


def raw(cam_class, net, layer, x, target, **options):
    """A library's map of one layer before it is ReLU'd, scaled and enlarged."""
    activations, gradients = activations_and_gradients(net, layer, x, target)
    with cam_class(model=net, target_layers=[layer]) as cam:
        options.setdefault("eigen_smooth", False)
        targets = [ClassifierOutputTarget(target)]
        return cam.get_cam_image(x, layer, targets, activations.numpy(), gradients.numpy(), **options)


def score_cam_by_probability(net, layer, x, target):
    """Score-CAM as its authors' code has it, on the layer's own grid."""
    activations, _ = activations_and_gradients(net, layer, x, target)
    total = torch.zeros_like(activations[0, 0])
    with torch.no_grad():
        for channel in activations[0]:
            mask = F.interpolate(channel[None, None], size=x.shape[2:], mode="bilinear", align_corners=False)
            low, high = mask.min(), mask.max()
            if low != high:
                total += net(x * (mask - low) / (high - low)).softmax(1)[0, target] * channel
    return total.numpy()[None]


def augmented(net, layer, x, target):
    """The mean of Grad-CAM's raw maps over the library's copies of the picture."""
    with GradCAM(model=net, target_layers=[layer]) as cam:
        transforms = list(cam.tta_transforms)
    maps = []
    for transform in transforms:
        cam = raw(GradCAM, net, layer, transform.augment_image(x), target)
        maps.append(transform.deaugment_mask(torch.from_numpy(cam)[:, None])[:, 0].numpy())
    return np.mean(maps, axis=0)


def fused(net, layers, x, target):
    """Grad-CAM of several layers by the library's scaling, at the size of the largest."""
    maps = [np.maximum(raw(GradCAM, net, layer, x, target), 0) for layer in layers]
    height, width = max(cam.shape[1:] for cam in maps)
    return np.mean([scale_cam_image(cam, (width, height)) for cam in maps], axis=0)


CASES = {
    "mnist_lenet5_vanilla": (LeNet5(), ["relu1", "relu2"], [0.0], [1.0], mnist(0)),
    "cifar10_cnn_a_adv": (cnn_a(), ["1", "3"], [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.2010], cifar10(0)),
}

out = {}
for name, (net, layer_names, mean, std, picture) in CASES.items():
    net.load_state_dict(load_file(DATA / "weights" / f"{name}.safetensors"))
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (mean, std))
    model = Normalised(net, mean, std).eval()
    pixels = torch.from_numpy(np.float32(picture) / 255)[None]
    x = (pixels - mean) / std
    target = int(net(x).argmax())
    layers = [net.get_submodule(layer) for layer in layer_names]
    last = layers[-1]
    maps = {
        "score-cam": score_cam_by_probability(net, last, x, target),
        "score-cam.softmax": raw(ScoreCAM, net, last, x, target),
        "ablation-cam": raw(AblationCAM, net, last, x, target),
        "ablation-cam.early": raw(AblationCAM, net, layers[0], x, target),
        "eigen-grad-cam": raw(EigenGradCAM, net, last, x, target),
        "grad-cam.pca": raw(GradCAM, net, last, x, target, eigen_smooth=True),
        "hires-cam.pca": raw(HiResCAM, net, last, x, target, eigen_smooth=True),
        "grad-cam.flips": augmented(net, last, x, target),
        "grad-cam.layers": fused(net, layers, x, target),
    }
    guided = GuidedGradCam(model, last)
    guided = guided.attribute(pixels.clone().requires_grad_(True), target, interpolate_mode="bilinear")
    maps["guided-grad-cam"] = guided.detach().numpy()[0]
    out[f"{name}/input"] = pixels.contiguous()
    out[f"{name}/target"] = torch.tensor([float(target)])
    for map_name, values in maps.items():
        out[f"{name}/{map_name}"] = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        print(name, map_name, values.shape, float(np.abs(values).max()))
save_file(out, Path(__file__).with_name("references.safetensors"))
