"""Writes small checkpoints in every form that PyTorch and its users save networks in.

    python make.py [FOLDER]

FOLDER (by default this one) gets `expected.safetensors` with a small network, `good/` with the
same network in other files, `parts/` with networks whose weights are kept in parts, and `evil/`
with pickles that try to write the file `EXECUTED` when they are loaded. Needs torch, numpy and
safetensors.
"""

import argparse
import io
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

MARKER = "EXECUTED"


def no_source(*_arguments):
    raise OSError("whole modules are saved without their source text, which is long")


torch.serialization.get_source_lines_and_file = no_source


def network():
    """A network of PyTorch's own modules, with values that f16 and bf16 hold exactly."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(OrderedDict(
        conv1=torch.nn.Conv2d(1, 2, 3), bn1=torch.nn.BatchNorm2d(2), relu=torch.nn.ReLU(),
        flat=torch.nn.Flatten(), fc=torch.nn.Linear(8, 3))).eval()
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.randint(-64, 64, tensor.shape) / 32)
    return model


def wrapped(state, prefix):
    return OrderedDict((prefix + name, tensor) for name, tensor in state.items())


def cast(state, kind):
    return OrderedDict((n, t.to(kind) if t.is_floating_point() else t) for n, t in state.items())


def training(state):
    """What training scripts save beside a network."""
    parameters = [torch.nn.Parameter(t.clone()) for t in state.values() if t.is_floating_point()]
    optimizer = torch.optim.Adam(parameters)
    sum(p.sum() for p in parameters).backward()
    optimizer.step()
    return {"epoch": 7, "arch": "small", "state_dict": wrapped(state, "module."),
            "optimizer": optimizer.state_dict(), "best_acc1": torch.tensor(91.5),
            "loss": np.float64(0.25), "history": np.arange(5.0), "args": argparse.Namespace(lr=0.1),
            "scheduler": {"milestones": [1, 2], "gamma": 0.1}, "rng_state": torch.get_rng_state(),
            "amp": None, "device": torch.device("cpu"), "dtype": torch.float32}


def strided(state):
    """Tensors that are views: transposed, and parts of one storage."""
    storage = torch.cat([t.flatten() for t in state.values() if t.is_floating_point()])
    views, start = OrderedDict(), 0
    for name, tensor in state.items():
        if tensor.is_floating_point():
            views[name] = storage[start:start + tensor.numel()].view(tensor.shape)
            start += tensor.numel()
    views["fc.weight"] = state["fc.weight"].t().contiguous().t()
    return views


def write_tar(state, path):
    """The container before PyTorch 0.1.10."""
    state = OrderedDict((n, t) for n, t in state.items() if t.is_floating_point())

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return str(thing.key) if isinstance(thing, Reference) else None

    class Reference:
        def __init__(self, key):
            self.key = key

    def dump(thing, *more):
        out = io.BytesIO()
        Pickler(out, protocol=2).dump(thing)
        return out.getvalue() + b"".join(more)

    kind = torch.FloatStorage
    storages, tensors = [dump(len(state))], [dump(len(state))]
    for key, tensor in enumerate(state.values()):
        values = tensor.contiguous().numpy().tobytes()
        storages.append(dump((key, "cpu", kind), struct.pack("<q", tensor.numel()), values))
        sizes = struct.pack("<ii", tensor.dim(), 0)
        sizes += b"".join(struct.pack("<q", n) for n in (*tensor.shape, *tensor.stride(), 0))
        tensors.append(dump((100 + key, key, torch.FloatTensor), sizes))
    storages.append(dump([]))
    info = {"protocol_version": 1000, "little_endian": True,
            "type_sizes": {"short": 2, "int": 4, "long": 4}}
    references = OrderedDict((name, Reference(100 + key)) for key, name in enumerate(state))
    entries = {"sys_info": dump(info), "pickle": dump(references),
               "tensors": b"".join(tensors), "storages": b"".join(storages)}
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in entries.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))


def write_good(model, folder):
    state = model.state_dict()
    mean, std = torch.tensor([0.5]), torch.tensor([0.25])
    picture = (1, 1, 1, 1)
    files = {
        "zip": state,
        "half": cast(state, torch.float16),
        "bfloat16": cast(state, torch.bfloat16),
        "double": cast(state, torch.float64),
        "training": training(state),
        "list": [state, {"epoch": 3}],
        "listed": {"state_dict": [state], "epoch": torch.tensor(3)},
        "strided": strided(state),
        "module": model,
        "module_in_checkpoint": {"model": torch.nn.DataParallel(model).cpu(), "epoch": 3},
        "averaged": {"n_averaged": torch.tensor(4), **wrapped(state, "module.")},
        "compiled": wrapped(state, "_orig_mod."),
        "deepspeed": {"module": state, "buffer_names": [], "optimizer": None, "ds_version": "0.15"},
        # The first entry of its directory is as long as the 64-bit end.
        "twenty_one_characters": state,
        "attack_code": {"model": {**wrapped(state, "module.model."),
                                  **wrapped(state, "module.attacker.model."),
                                  "module.normalizer.new_mean": mean.view(1, 1, 1),
                                  "module.normalizer.new_std": std.view(1, 1, 1)}, "epoch": 5},
        "normalised_mu": {"mu": mean.view(picture), "sigma": std.view(picture), **wrapped(state, "model.")},
        "normalised_wrapper": {"normalize.mean": mean, "normalize.std": std, **wrapped(state, "model.")},
        "normalised_buffers": {"mean": mean.view(picture), "std": std.view(picture), **state},
    }
    for name, content in files.items():
        torch.save(content, folder / f"{name}.pth")
    torch.save(state, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(training(state), folder / "legacy_training.th", _use_new_zipfile_serialization=False)
    torch.save(model, folder / "legacy_module.pt", _use_new_zipfile_serialization=False)
    torch.jit.trace(model, torch.zeros(1, 1, 4, 4)).save(folder / "traced.pt")
    torch.save(state, folder / "legacy_protocol_4.pt", _use_new_zipfile_serialization=False, pickle_protocol=4)
    torch.serialization.set_crc32_options(False)
    torch.save(state, folder / "no_checksums.ckpt")
    torch.serialization.set_crc32_options(True)
    write_tar(state, folder / "early.tar")
    save_file(cast(state, torch.float16), folder / "half.safetensors")
    save_file(wrapped(state, "model."), folder / "wrapped.safetensors")


PARTS = {
    "weight_norm": weight_norm,
    "weight_norm_columns": lambda module: weight_norm(module, dim=1),
    "weight_norm_whole": lambda module: weight_norm(module, dim=None),
    "weight_norm_parametrised": parametrizations.weight_norm,
    "spectral_norm": spectral_norm,
    "spectral_norm_parametrised": parametrizations.spectral_norm,
    "pruned": lambda module: prune.l1_unstructured(module, "weight", 0.5),
}


def write_parts(folder):
    """The files, and what PyTorch evaluates with."""
    whole = {}
    for name, divide in PARTS.items():
        model = network()
        for layer in (model.conv1, model.fc):
            divide(layer)
        if "spectral" in name:
            model.train()
            for _ in range(3):
                model(torch.rand(2, 1, 4, 4))
            model.bn1.reset_running_stats()
        model.eval()
        torch.save(model.state_dict(), folder / f"{name}.pth")
        with torch.no_grad():
            model(torch.rand(2, 1, 4, 4))
            whole |= {f"{name}.{layer}": getattr(model, layer).weight.detach().clone()
                      for layer in ("conv1", "fc")}
    save_file(whole, folder / "expected.safetensors")


class Call:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def write_evil(model, folder):
    state = model.state_dict()
    # Four bytes that stand for ten gigabytes.
    torch.save({"fc.weight": torch.ones(1, 1).expand(50_000, 50_000)}, folder / "expanded.pth")
    calls = {
        "system": Call(os.system, f"touch {MARKER}"),
        "eval": Call(eval, f"open({MARKER!r}, 'w').close()"),
        "exec": Call(exec, f"open({MARKER!r}, 'w').close()"),
        "open": Call(open, MARKER, "w"),
        "popen": Call(subprocess.Popen, ["touch", MARKER]),
        "getattr": Call(getattr, Call(__import__, "os"), "system"),
    }
    for name, call in calls.items():
        for suffix, zipped in {"zip": True, "legacy": False}.items():
            save = lambda content, place: torch.save(  # noqa: E731
                content, folder / f"{name}_{place}_{suffix}.pth", _use_new_zipfile_serialization=zipped)
            save(call, "alone")
            save({"state_dict": state, "epoch": call}, "beside")
            if name in ("system", "eval"):
                save({**state, "fc.extra": call}, "inside")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for part in ("good", "parts", "evil"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    model = network()
    floats = {n: t for n, t in model.state_dict().items() if t.is_floating_point()}
    save_file(floats, folder / "expected.safetensors")
    write_good(model, folder / "good")
    write_parts(folder / "parts")
    write_evil(model, folder / "evil")
    for file in folder.rglob("*.*"):
        file.chmod(0o644)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
