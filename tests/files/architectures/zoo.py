#!/usr/bin/env python3
"""Measures which networks of timm and torchvision open right from their bare weights.

Every network is built without its published weights and filled by a formula; a batch in training
mode then sets the statistics of its batch norms, so that signals neither die nor grow. Its
state dict is saved as people have it (timm: model.safetensors with config.json, as on the hub;
torchvision: NAME.pth under its published name), PyTorch gives the logits of two pictures, and
`hyaline verify --against` compares. What differs by weights only is measured once.

Needs torch, torchvision, timm, numpy and the program.
Usage: zoo.py --program hyaline --tags timm.csv [--only MODULE,…] [--match PART] [--torchvision] [--out zoo.csv]
"""
import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision.models as tv
from safetensors.torch import save_file
from timm.data import resolve_model_data_config
from timm.models import is_model, model_entrypoint
from torch import nn

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

# timm's modules whose networks are convolutional throughout. Those that attend between places in
# some of their networks only are here with HYBRIDS left out.
CNNS = """byobnet convmixer convnext cspnet cspnext densenet dla dpn efficientnet fasternet fastvit
focalnet ghostnet hardcorenas hgnet hrnet inception_next inception_resnet_v2 inception_v3
inception_v4 lcnetv2 mambaout metaformer mobilenetv3 nasnet nfnet pnasnet rdnet regnet repghost
repvit res2net resnest resnet resnetv2 rexnet selecsls senet sknet starnet tresnet vgg vovnet
xception xception_aligned""".split()
# Attention pooling (CLIP's ResNets), self-attention between places (bilinear, mobile multi-query).
HYBRIDS = re.compile(r"^(resnet\d+(x\d+)?_clip(?!_gap)|bat_|mobilenetv4_hybrid|test_.*hybrid)")
# torchvision's that attend between places.
TRANSFORMERS = re.compile(r"^(vit_|swin_|maxvit)")

# Odd sides on the way down tell paddings apart.
SIDE = 72
SIDES = {"aa": 64, "dla": 96, "hrnet": 96, "inception_v3": 107, "inception_v4": 107, "inception_resnet_v2": 107, "nasnet": 107, "pnasnet": 107, "googlenet": 107}
TOLERANCE = 1e-4
# Bytes of weights above which a network is not measured.
LARGEST = 1.5e9


def fill(network, side, share, channels=3):
    """Weights by a formula, statistics of batch norms by a batch. `share` is a factor of what norms
    give, which is how much blocks add to their shortcuts."""
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if not value.is_floating_point():
                continue
            random = torch.Generator().manual_seed(zlib.crc32(name.encode()))
            leaf = name.rsplit(".", 1)[-1]
            if value.numel() == 1:
                # Scales of activations and the like: near what networks begin with.
                value.mul_(torch.rand(value.shape, generator=random) * 0.4 + 0.8)
            elif leaf == "running_var":
                value.copy_(torch.rand(value.shape, generator=random) + 0.5)
            elif value.dim() >= 2 and value.numel() > max(value.shape):
                fan = value.numel() / value.shape[0]
                value.copy_((2 * torch.rand(value.shape, generator=random) - 1) * (4.5 / fan) ** 0.5)
            elif leaf == "scale":
                # Of a shortcut or a block, where neither may vanish.
                value.copy_(torch.rand(value.shape, generator=random) * 0.4 + 0.8)
            elif leaf in ("weight", "gain", "gamma"):
                value.copy_(share * (torch.rand(value.shape, generator=random) * 0.4 + 0.8))
            else:
                value.copy_(torch.randn(value.shape, generator=random) * 0.1)
        norms = [m for m in network.eval().modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        kept = [norm.momentum for norm in norms]
        for norm in norms:
            norm.train()
            norm.momentum = 1.0
        if norms:
            network(torch.randn(6, channels, side, side, generator=torch.Generator().manual_seed(1)))
        for norm, momentum in zip(norms, kept):
            norm.momentum = momentum
    return network.eval()


def expected(network, side, mean, std):
    """Two pictures in [0,1], the logits of them normalised, in 64 bits, and how far 32 bits are off."""
    pixels = torch.rand(2, len(mean), side, side, generator=torch.Generator().manual_seed(2))
    pixels[1, :, side // 3 :] *= 0.3
    mean, std = (torch.tensor(v).view(1, -1, 1, 1) for v in (mean, std))
    with torch.no_grad():
        short = network((pixels - mean) / std).double()
        logits = network.double()((pixels.double() - mean.double()) / std.double())
    network.float()
    return pixels.numpy(), logits.numpy(), float((short - logits).norm() / logits.norm())


def check(program, weights, side, card):
    """Outcome, relative error and reason."""
    folder = weights.parent
    text = f'weights = "{weights.name}"\n{card.get("head", "")}[input]\nsize = [{side}, {side}]\n{card.get("input", "")}'
    weights.with_suffix(".toml").write_text(text)
    command = [program, "verify", str(weights), "--input", str(folder / "pixels.npy"), "--against", str(folder / "logits.npy")]
    quiet = {**os.environ, "VK_ICD_FILENAMES": "/dev/null", "VK_DRIVER_FILES": "/dev/null"}
    done = subprocess.run(command, capture_output=True, text=True, env=quiet, timeout=600)
    found = re.search(r"^logits against .*? ([0-9.e+-]+|NaN|inf)  ", done.stdout, re.M)
    if not found:
        reason = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        return "refused", "", reason[-1][:600].replace(str(folder), "") if reason else "no answer"
    error = float(found[1])
    return ("opened" if error <= TOLERANCE else "wrong"), f"{error:.1e}", ""


def prepare(make, save, folder, side, mean, std):
    """Writes weights, pixels and logits, or why they can't be had."""
    try:
        # Some networks magnify rounding beyond measure; where blocks add less, they do not.
        best = None
        for share in (1.0, 0.5, 0.25, 0.1):
            network = fill(make(), side, share)
            found = (network, *expected(network, side, mean, std))
            if best is None or found[-1] < best[-1]:
                best = found
            if best[-1] < TOLERANCE / 50:
                break
        network, pixels, logits, rounding = best
    except Exception as error:  # The network can't be built or run here.
        return f"PyTorch: {type(error).__name__}: {error}"[:200].replace("\n", " ")
    spread = np.linalg.norm(logits[0] - logits[1]) / np.linalg.norm(logits)
    if not np.isfinite(logits).all() or spread < 1e-3:
        return f"the formula's logits do not tell pictures apart ({spread:.1e})"
    if not rounding < TOLERANCE:
        return f"PyTorch's own 32 bits are {rounding:.1e} from its 64"
    save(network, folder)
    np.save(folder / "pixels.npy", pixels.astype(np.float32))
    np.save(folder / "logits.npy", logits.astype(np.float32))
    return None


def measure(arguments, name, make, save, side, mean, std, card):
    """Outcome, relative error and reason; what was prepared stays in a folder to keep."""
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(arguments.keep or passing) / name
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "logits.npy").exists():
            why = prepare(make, save, folder, side, mean, std)
            if why:
                return "not measured", "", why
        if arguments.program is None:
            return "prepared", "", ""
        weights = next(file for file in folder.iterdir() if file.suffix in (".safetensors", ".pth"))
        return check(arguments.program, weights, side, card)


def too_large(make):
    with torch.device("meta"):
        try:
            return 4 * sum(p.numel() for p in make().parameters()) > LARGEST
        except Exception:
            return False


def save_timm(network, folder):
    state = {name: value.contiguous().clone() for name, value in network.state_dict().items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    configuration = {k: v for k, v in network.pretrained_cfg.items() if isinstance(v, (str, int, float, bool, list, tuple))}
    architecture = configuration.pop("architecture")
    whole = {"architecture": architecture, "num_classes": network.num_classes, "num_features": network.num_features,
             "pretrained_cfg": configuration}
    (folder / "config.json").write_text(json.dumps(whole, indent=1))
    return folder / "model.safetensors"


def tags(path, only, match):
    """Tags of convolutional networks by module, those first that stand for the others."""
    for row in csv.DictReader(open(path)):
        tag = row["tag"]
        name = tag.split(".")[0]
        if not is_model(name):
            continue
        module = model_entrypoint(name).__module__.rsplit(".", 1)[-1]
        if module in CNNS and (not only or module in only) and not HYBRIDS.match(name) and re.search(match, tag):
            yield module, name, tag, row["classes"] == "0"


def measure_timm(arguments, write):
    outcomes = {}
    for module, name, tag, headless in tags(arguments.tags, arguments.only, arguments.match):
        key = (name, headless)
        if key not in outcomes:
            outcomes[key] = (tag, *one_of_timm(arguments, module, name, tag, headless))
        first, outcome, error, reason = outcomes[key]
        write(tag, module, outcome, error, reason if first == tag else f"measured as {first}")


def one_of_timm(arguments, module, name, tag, headless):
    make = lambda: timm.create_model(tag, pretrained=False)
    if headless:
        return "no head", "", "its published weights are features without a classifier"
    if too_large(make):
        return "not measured", "", "more than 1.5 GB of weights"
    data = resolve_model_data_config(None, pretrained_cfg=timm.models.get_pretrained_cfg(tag).to_dict())
    mean, std = (list(map(float, data[part])) for part in ("mean", "std"))
    card = {}
    if arguments.card:
        card = {"head": f'architecture = "{name}"\n', "input": f"mean = {mean}\nstd = {std}\n"}
    # Antialiased networks have shortcuts that fit even sides only.
    side = SIDES["aa"] if re.match(r"(se)?resne(x?)taa", name) else SIDES.get(module, SIDE)
    return measure(arguments, name, make, save_timm, side, mean, std, card)


def measure_torchvision(arguments, write):
    for name in tv.list_models(module=tv):
        if TRANSFORMERS.match(name) or not re.search(arguments.match, name):
            continue
        published = tv.get_model_weights(name).DEFAULT
        # Published weights of these two undo ImageNet's normalisation first.
        extra = dict(transform_input=True, aux_logits=True, init_weights=False) if name in ("googlenet", "inception_v3") else {}
        make = lambda: getattr(tv, name)(weights=None, **extra)

        def save(network, folder):
            file = folder / published.url.rsplit("/", 1)[-1]
            torch.save(network.state_dict(), file)
            return file

        side = SIDES.get(name, SIDE)
        if too_large(make):
            outcome = "not measured", "", "more than 1.5 GB of weights"
        else:
            pictures = published.transforms()
            normalisation = list(pictures.mean), list(pictures.std)
            outcome = measure(arguments, f"torchvision-{name}", make, save, side, *normalisation, {})
        write(name, "torchvision", *outcome)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", help="hyaline; without it, files are prepared only")
    parser.add_argument("--keep", help="a folder to keep files in and take them from")
    parser.add_argument("--tags", help="table with a column of timm's tags and one of their classes")
    parser.add_argument("--only", type=lambda text: text.split(","), help="these of timm's modules")
    parser.add_argument("--match", default="", help="a pattern that tags or names contain")
    parser.add_argument("--torchvision", action="store_true")
    parser.add_argument("--card", action="store_true", help="name the architecture and the normalisation in a card")
    parser.add_argument("--out", help="table to write, the rows of other networks kept")
    arguments = parser.parse_args()
    rows = {}
    if arguments.out and Path(arguments.out).exists():
        rows = {(row["module"], row["tag"]): row for row in csv.DictReader(open(arguments.out))}
    counts = {}

    def write(tag, module, outcome, error, reason):
        row = dict(tag=tag, module=module, outcome=outcome, error=error, reason=reason)
        rows[module, tag] = row
        counts.setdefault(module, {}).setdefault(outcome, []).append(tag)
        print(f"{module:20} {tag:50} {outcome:13} {error:8} {reason[:230]}", flush=True)
        if arguments.out:
            with open(arguments.out, "w", newline="") as file:
                table = csv.DictWriter(file, list(row), lineterminator="\n")
                table.writeheader()
                table.writerows(rows[key] for key in sorted(rows))

    if arguments.torchvision:
        measure_torchvision(arguments, write)
    if arguments.tags:
        measure_timm(arguments, write)
    for module, outcomes in sorted(counts.items()):
        print(module, {outcome: len(found) for outcome, found in outcomes.items()}, file=sys.stderr)


if __name__ == "__main__":
    main()
