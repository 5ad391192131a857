"""Opens whole networks as ONNX files: a sample of 150 of torchvision's and timm's convolutional
classifiers, exported by both of PyTorch's exporters.

    python zoo.py export FOLDER [NAME…]            writes networks, pictures and logits of PyTorch
    python zoo.py check FOLDER HYALINE [NAME…]     has `HYALINE verify` open them; writes zoo.csv
    python zoo.py sample                           lists the sample

The sample: of every module that holds convolutional classifiers at least one network, the rest in
proportion to the square root of the number of its networks, drawn with a fixed seed from those of
at most 60 million parameters. Weights are random, and every normalisation has the statistics of the pictures with
them, so that no branch vanishes; blocks add less to their shortcuts where PyTorch's own rounding is
much. Logits are right within 1e-4 of PyTorch's in 64 bits; where they are not, the table has ONNX
Runtime's own distance beside. `check` deletes what it saw agree, unless told `--keep`. Needs torch,
torchvision, timm, onnx, onnxruntime, onnxscript and numpy.
"""

import csv
import math
import os
import random
import re
import subprocess
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np

EXPORTERS = {"script": {"dynamo": False, "opset_version": 17}, "dynamo": {"dynamo": True}}
TORCHVISION, TIMM = 40, 110
MOST_PARAMETERS = 60_000_000
SIDES = [96, 224]
# Modules of timm without attention between places; of MetaFormer's those that pool or convolve.
MODULES = """byobnet convmixer convnext cspnet cspnext densenet dla dpn efficientnet fasternet focalnet
ghostnet hardcorenas hgnet hrnet inception_next inception_resnet_v2 inception_v3 inception_v4 lcnetv2
mambaout metaformer mobilenetv3 nasnet nfnet pnasnet rdnet regnet repghost repvit res2net resnest
resnet resnetv2 rexnet selecsls senet sknet starnet tresnet vgg vovnet xception
xception_aligned""".split()
# What PyTorch's 32 bits may be off for a network to be measured at its first weights.
ROUNDING = 2e-5
ATTENTION = re.compile(r"caformer|^bat_|lambda|halo|botnet|sehalonet|^vit|^swin|^maxvit")
PICTURES, LOGITS = ".input.npy", ".logits.npy"
TABLE = Path(__file__).with_name("zoo.csv")


def candidates():
    """Names of networks by library and module."""
    import timm
    import torchvision
    from timm.models import _registry as registry

    found = {"torchvision": {}, "timm": {}}
    for name in torchvision.models.list_models(module=torchvision.models):
        module = torchvision.models.get_model_builder(name).__module__.rsplit(".", 1)[-1]
        if not ATTENTION.search(name):
            found["torchvision"].setdefault(module, []).append(name)
    for name in timm.list_models(pretrained=True):
        name = name.split(".")[0]
        module = registry._model_to_module[name]
        names = found["timm"].setdefault(module, []) if module in MODULES else []
        if name not in names and not ATTENTION.search(name):
            names.append(name)
    return found


def create(library, name):
    import timm
    import torchvision

    if library == "timm":
        return timm.create_model(name, num_classes=10)
    extra = {"aux_logits": False} if name in ("googlenet", "inception_v3") else {}
    return torchvision.models.get_model(name, weights=None, num_classes=10, **extra)


def parameters(library, name):
    import torch

    warnings.simplefilter("ignore")
    try:
        with torch.device("meta"):
            net = create(library, name)
    except (NotImplementedError, RuntimeError):
        net = create(library, name)
    return sum(p.numel() for p in net.parameters())


def draw(modules, count, library):
    """`count` networks, at least one of every module."""
    chance = random.Random(count)
    small = {}
    for module, names in modules.items():
        names = [name for name in sorted(names) if parameters(library, name) <= MOST_PARAMETERS]
        if names:
            small[module] = chance.sample(names, len(names))
    shares = {module: 0 for module in small}
    for _ in range(count):
        open_ = [m for m in small if shares[m] < len(small[m])]
        wanting = max(open_, key=lambda m: math.sqrt(len(small[m])) / (shares[m] + 1e-9) if shares[m] else 1e9)
        shares[wanting] += 1
    return [(library, module, name) for module in small for name in small[module][: shares[module]]]


def sample():
    found = candidates()
    return draw(found["torchvision"], TORCHVISION, "torchvision") + draw(found["timm"], TIMM, "timm")


def randomise(net, pixels, seed, share):
    """Random weights, and the statistics that the pictures have with them. `share` is a factor of what
    normalisations give, which is how much blocks add to their shortcuts."""
    import torch

    chance = torch.Generator().manual_seed(seed)
    normal = lambda t: torch.randn(t.shape, generator=chance)
    with torch.no_grad():
        for name, value in net.named_parameters():
            small = value.dim() < 2 or value[0].numel() == 1 or value.shape[0] == 1
            if value.dim() < 2 and name.endswith("bias"):
                value.copy_(0.1 * normal(value))
            elif small:
                value.copy_(share * (0.9 + 0.1 * normal(value)))
            else:
                value.copy_(normal(value) * (1.4 / value[0].numel()) ** 0.5)
        norms = [m for m in net.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
        for norm in norms:
            norm.momentum = 1.0
            norm.train()
        net(torch.tensor(pixels))
    return net.eval()


def export(folder, names):
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    for exporter, settings in EXPORTERS.items():
        for library, module, name in sample():
            whole = f"{library}.{name}"
            path = folder / f"{whole}.{exporter}.onnx"
            if (names and name not in names) or path.exists() or path.with_suffix(".failed").exists() or path.with_suffix(".done").exists():
                continue
            started = time.time()
            # Some networks open at a side, but are exported at a larger one only.
            for sides in (SIDES, SIDES[1:]):
                try:
                    write_network(folder / whole, path, run(library, name, zlib.crc32(whole.encode()), sides), settings)
                    path.with_suffix(".failed").unlink(missing_ok=True)
                    print(f"{path.name}: {time.time() - started:.0f} s", flush=True)
                    break
                except Exception as error:  # noqa: BLE001: a network that can't be exported is counted
                    why = " ".join(str(error).split())[:200]
                    path.with_suffix(".failed").write_text(why)
                    print(f"{path.name}: not exported: {why}", flush=True)


def write_network(whole, path, found, settings):
    import torch

    net, pixels, logits = found
    np.save(f"{whole}{PICTURES}", pixels)
    np.save(f"{whole}{LOGITS}", logits)
    temporary = path.with_suffix(".part")
    torch.onnx.export(net, (torch.tensor(pixels[:1]),), str(temporary), input_names=["x"],
                      external_data=False, verbose=False, **settings)
    temporary.rename(path)
    path.with_suffix(".parameters").write_text(str(sum(p.numel() for p in net.parameters())))


def run(library, name, seed, sides):
    """The network, two pictures of the smallest side that it takes, and their logits."""
    import torch

    for side in sides:
        pixels = np.random.default_rng(seed).standard_normal((4, 3, side, side), dtype=np.float32)
        best = None
        try:
            # Some networks magnify rounding beyond measure; where blocks add less, they do not.
            for share in (1.0, 0.5, 0.25, 0.1):
                net = randomise(create(library, name).eval(), pixels, seed, share)
                with torch.no_grad():
                    short = net(torch.tensor(pixels[:2])).double()
                    exact = net.double()(torch.tensor(pixels[:2]).double())
                rounding = float((short - exact).norm() / exact.norm())
                if best is None or rounding < best[0]:
                    best = rounding, net.float(), exact.float().numpy()
                if rounding < ROUNDING:
                    break
        except (RuntimeError, AssertionError, ValueError, IndexError):
            continue
        _, net, logits = best
        assert np.isfinite(logits).all(), "its logits are not finite"
        assert np.ptp(logits[0] - logits[1]) > 1e-3 * np.abs(logits).max(), "its logits do not depend on the picture"
        return net, pixels[:2], logits
    raise ValueError("it takes none of the pictures")


def check(folder, program, names, keep):
    rows = {}
    if TABLE.is_file():
        rows = {(row["network"], row["exporter"]): row for row in csv.DictReader(TABLE.open())}
    for exporter in EXPORTERS:
        for library, module, name in sample():
            whole = f"{library}.{name}"
            path = folder / f"{whole}.{exporter}.onnx"
            if names and name not in names:
                continue
            failed = path.with_suffix(".failed")
            row = {"network": whole, "module": module, "exporter": exporter}
            if failed.exists():
                row |= {"parameters": "", "error": "", "why": "not exported: " + failed.read_text()}
            elif path.exists():
                error, why = verify(path, folder / whole, program)
                row |= {"parameters": path.with_suffix(".parameters").read_text(), "error": error, "why": why}
                if not why and not keep:
                    path.unlink()
                    path.with_suffix(".done").touch()
                print(path.name, error, why, flush=True)
            else:
                continue
            rows[whole, exporter] = row
            write(rows)
    summary(rows)


def verify(path, whole, program):
    """The relative difference from PyTorch's logits, or why there is none."""
    command = [program, "verify", path, "--input", f"{whole}{PICTURES}", "--against", f"{whole}{LOGITS}", "--normalised"]
    if "--device" in subprocess.run([program, "verify", "--help"], capture_output=True, text=True).stdout:
        command += ["--device", "cpu"]
    environment = dict(os.environ, VK_DRIVER_FILES="/nonexistent", VK_ICD_FILENAMES="/nonexistent")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    except subprocess.TimeoutExpired:
        return "", "no answer in 300 s"
    against = re.search(r"logits against.*?(\S+)\s+(agrees|DIFFERS)", done.stdout)
    if not against:
        return "", " ".join(done.stderr.split())[-300:]
    error = float(against.group(1))
    if error <= 1e-4:
        return f"{error:.1e}", ""
    return f"{error:.1e}", f"differs; ONNX Runtime's by {runtime(path, whole):.1e}"


def runtime(path, whole):
    """How far ONNX Runtime is from PyTorch."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    pixels, logits = np.load(f"{whole}{PICTURES}"), np.load(f"{whole}{LOGITS}")
    found = np.concatenate([session.run(None, {name: picture[None]})[0] for picture in pixels])
    return float(np.linalg.norm(found - logits) / np.linalg.norm(logits))


def write(rows):
    with TABLE.open("w", newline="") as file:
        table = csv.DictWriter(file, ["network", "module", "exporter", "parameters", "error", "why"], lineterminator="\n")
        table.writeheader()
        table.writerows(rows[key] for key in sorted(rows))


def summary(rows):
    for exporter in EXPORTERS:
        of = [row for row in rows.values() if row["exporter"] == exporter]
        right = sum(not row["why"] for row in of)
        exported = sum(not row["why"].startswith("not exported") for row in of)
        print(f"{exporter}: {right} of {exported} exported, of {len(of)} in the sample")


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--keep"]
    match arguments:
        case ["sample"]:
            for row in sample():
                print(*row)
        case ["export", folder, *names]:
            export(Path(folder), names)
        case ["check", folder, program, *names]:
            check(Path(folder), program, names, "--keep" in sys.argv)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
