#!/usr/bin/env python3
"""Writes heads.json.gz and spellings.json.gz: what PyTorch computes with other classifiers than the
published ones, and networks in the spellings of other libraries.

As in make_cases.py every tensor is rebuilt from its name and shape, and the reference is computed
in 64 bits. Needs torch, torchvision, timm and transformers. Usage: make_heads.py
"""
import gzip
import json
from pathlib import Path

import torch
import torchvision.models as tv
import transformers
from torch import nn

from make_cases import IMAGENET, formula, uniform
from networks import DeepMindWideResNet

SIZE = 64


def with_head(build, attribute, head):
    model = build()
    holder, _, name = attribute.rpartition(".")
    place = model.get_submodule(holder) if holder else model
    if name.isdigit():
        place[int(name)] = head
    else:
        setattr(place, name, head)
    return model


def two(inputs, *between, hidden=24, outputs=3):
    return nn.Sequential(nn.Linear(inputs, hidden), *between, nn.Linear(hidden, outputs))


def pooled_once(build, head):
    model = build()
    model.avgpool, model.classifier = nn.AdaptiveAvgPool2d(1), head
    return model


class Named(nn.Module):
    """Layers under names of their own."""

    def __init__(self):
        super().__init__()
        self.norm, self.fc1, self.bn1, self.fc2 = nn.LayerNorm(512), nn.Linear(512, 24), nn.BatchNorm1d(24), nn.Linear(24, 3)

    def forward(self, x):
        return self.fc2(self.bn1(self.fc1(self.norm(x))).relu())


class ConcatPool(nn.Module):
    def forward(self, x):
        return torch.cat([nn.functional.adaptive_max_pool2d(x, 1), nn.functional.adaptive_avg_pool2d(x, 1)], 1)


def grey(model):
    model.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    return model


def fastai():
    model = tv.resnet18()
    model.avgpool = ConcatPool()
    model.fc = nn.Sequential(nn.BatchNorm1d(1024), nn.Dropout(), nn.Linear(1024, 24, bias=False), nn.ReLU(),
                             nn.BatchNorm1d(24), nn.Dropout(), nn.Linear(24, 3, bias=False))
    return model


CONVNEXT = [tv.convnext.CNBlockConfig(16 << i, 32 << i if i < 3 else None, 1) for i in range(4)]
R18, MOBILE, DROP = tv.resnet18, tv.mobilenet_v3_small, nn.Dropout
NETWORKS = {
    "dropout, linear": lambda: with_head(R18, "fc", nn.Sequential(DROP(), nn.Linear(512, 5))),
    "one in a sequence": lambda: with_head(R18, "fc", nn.Sequential(nn.Linear(512, 4))),
    "no bias": lambda: with_head(R18, "fc", nn.Linear(512, 6, bias=False)),
    "two layers": lambda: with_head(R18, "fc", two(512, nn.ReLU(), DROP())),
    "two layers, norm, relu": lambda: with_head(R18, "fc", two(512, nn.BatchNorm1d(24), nn.ReLU())),
    "two layers, relu, norm, dropout": lambda: with_head(R18, "fc", two(512, nn.ReLU(), nn.BatchNorm1d(24), DROP())),
    "two layers, nothing between": lambda: with_head(R18, "fc", two(512)),
    "layer norm, linear": lambda: with_head(R18, "fc", nn.Sequential(nn.LayerNorm(512), nn.Linear(512, 5))),
    "names": lambda: with_head(R18, "fc", Named()),
    "convolution": lambda: with_head(R18, "fc", nn.Sequential(nn.Unflatten(1, (512, 1, 1)), nn.Conv2d(512, 5, 1), nn.Flatten())),
    "fastai": fastai,
    "grey": lambda: grey(tv.resnet18(num_classes=4)),
    "mobilenet-v2, linear": lambda: with_head(tv.mobilenet_v2, "classifier", nn.Linear(1280, 2)),
    "mobilenet-v3, last": lambda: with_head(MOBILE, "classifier.3", nn.Linear(1024, 2)),
    "mobilenet-v3, last two": lambda: with_head(MOBILE, "classifier.3", two(1024, nn.ReLU())),
    "mobilenet-v3, other": lambda: with_head(MOBILE, "classifier", two(576, nn.ReLU(), DROP())),
    "efficientnet, linear": lambda: with_head(tv.efficientnet_b0, "classifier", nn.Linear(1280, 2)),
    "densenet, two layers": lambda: with_head(tv.densenet121, "classifier", two(1024, nn.ReLU())),
    "vgg, last two": lambda: with_head(tv.vgg11, "classifier.6", two(4096, nn.ReLU(), DROP())),
    "vgg, linear": lambda: with_head(tv.vgg11_bn, "classifier", nn.Linear(25088, 3)),
    "vgg, average": lambda: pooled_once(tv.vgg11, nn.Linear(512, 3)),
    "alexnet, dropout, linear": lambda: with_head(tv.alexnet, "classifier", nn.Sequential(DROP(), nn.Linear(9216, 3))),
    "squeezenet, classes": lambda: with_head(tv.squeezenet1_1, "classifier.1", nn.Conv2d(512, 3, 1)),
    "shufflenet, two layers": lambda: with_head(tv.shufflenet_v2_x0_5, "fc", two(1024, nn.ReLU())),
    "convnext, last two": lambda: with_head(lambda: tv.ConvNeXt(CONVNEXT), "classifier.2", two(128, nn.ReLU())),
}


def in_transformers(network, **options):
    config = getattr(transformers, f"{network}Config")(num_labels=5, **options)
    return lambda: getattr(transformers, f"{network}ForImageClassification")(config)


SPELLINGS = {
    "transformers resnet, basic": in_transformers("ResNet", depths=[1, 1, 2, 1], hidden_sizes=[16, 24, 32, 40], layer_type="basic", embedding_size=16),
    "transformers resnet, bottleneck": in_transformers("ResNet", depths=[2, 1, 1, 1], hidden_sizes=[32, 48, 64, 80], embedding_size=16),
    "transformers convnext": in_transformers("ConvNext", depths=[1, 1, 2, 1], hidden_sizes=[16, 24, 32, 40]),
    "transformers mobilenet-v2": in_transformers("MobileNetV2", depth_multiplier=0.5),
    "deepmind wide resnet": lambda: DeepMindWideResNet(1, 16),
}


def case(name, build):
    model = build().double().eval()
    state = {key: value for key, value in model.state_dict().items() if value.dim() > 0}
    with torch.no_grad():
        for key, value in state.items():
            value.copy_(formula(key, tuple(value.shape), 0.8))
        channels = 1 if name == "grey" else 3
        pixels = torch.from_numpy((uniform("pixels", channels * SIZE * SIZE) + 1) / 2)
        pixels = pixels.double().view(1, channels, SIZE, SIZE)
        mean, std = (torch.tensor(v[:channels]).double().view(1, -1, 1, 1) for v in IMAGENET)
        logits = model((pixels - mean) / std)
        logits = getattr(logits, "logits", logits)[0]
    assert logits.isfinite().all() and logits.std() > 1e-3, name
    tensors = {key: list(value.shape) for key, value in state.items()}
    return {"name": name, "tensors": tensors, "logits": [round(v, 7) for v in logits.tolist()][:10]}


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    for file, networks in {"heads": NETWORKS, "spellings": SPELLINGS}.items():
        cases = [case(name, build) for name, build in networks.items()]
        text = json.dumps(cases, separators=(",", ":")).encode()
        Path(__file__).with_name(f"{file}.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))
        for each in cases:
            print(each["name"], each["logits"][:4])


if __name__ == "__main__":
    main()
