"""Writes small networks exported for a batch of six by PyTorch's two exporters, with the logits.

    python make_batches.py

`batches` beside this file gets NAME.script.onnx and NAME.dynamo.onnx, and expected.safetensors with the
`pixels` (6×3×12×12) and `NAME.output`, logits as ONNX Runtime computes them for the whole batch. Those
in `mixed` compute a picture's logits from others of its batch, or batch norms in training mode do. Needs torch, onnx, onnxruntime, numpy
and safetensors.
"""

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import torch
from safetensors.numpy import save_file
from torch import nn

BATCH = 6


class Net(nn.Module):
    """A few convolutions, then what `ends` the network."""

    def __init__(self, ends):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.ReLU(), nn.AvgPool2d(3, 1, 1)
        )
        self.head = nn.Linear(12, 5)
        self.wide = nn.Linear(12 * 9, 5)
        self.token = nn.Parameter(torch.randn(1, 1, 12))
        self.places = nn.Parameter(torch.randn(1, 10, 12) * 0.1)
        self.attention = nn.MultiheadAttention(12, 3, batch_first="first" in ends.__name__)
        self.gate = nn.Linear(12, 12)
        self.scale = nn.Parameter(torch.rand(12) + 0.5)
        self.ends = ends

    def forward(self, x):
        return self.ends(self, self.body(x))


def flat(net, x):
    return net.wide(x.reshape(BATCH, 108))


def minus(net, x):
    return net.wide(x.reshape(BATCH, -1))


def inferred(net, x):
    return net.wide(x.reshape(-1, 108))


def groups(net, x):
    x = x.reshape(BATCH, 3, 4, 3, 3).transpose(1, 2).reshape(BATCH, 12, 3, 3)
    return net.wide(x.flatten(1))


def group_norm(net, x):
    x = x.reshape(BATCH * 4, -1)
    x = (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-5).sqrt()
    return net.wide((x.reshape(BATCH, 12, 3, 3) * net.scale.reshape(1, 12, 1, 1)).flatten(1))


def token(net, x):
    x = torch.cat([net.token.expand(BATCH, 1, 12), x.flatten(2).transpose(1, 2)], 1)
    x = x + net.places.expand(BATCH, 10, 12)
    return net.head(x.softmax(-1)[:, 0])


def attention(net, x):
    x = x.flatten(2).permute(2, 0, 1)
    return net.head(net.attention(x, x, x)[0].mean(0))


def attention_first(net, x):
    x = x.flatten(2).transpose(1, 2)
    return net.head(net.attention(x, x, x)[0].mean(1))


def windows(net, x):
    x = torch.nn.functional.pad(x, (0, 1, 0, 1)).permute(0, 2, 3, 1)
    x = x.view(BATCH, 2, 2, 2, 2, 12).permute(0, 1, 3, 2, 4, 5).reshape(BATCH * 4, 4, 12)
    x = (x @ x.transpose(1, 2)).softmax(-1) @ x
    x = x.view(BATCH, 2, 2, 2, 2, 12).permute(0, 1, 3, 2, 4, 5).reshape(BATCH, 4, 4, 12)
    return net.head(x.mean((1, 2)))


def gate(net, x):
    weights = net.gate(x.mean((2, 3)).view(BATCH, 12)).sigmoid().view(BATCH, 12, 1, 1)
    return net.head((x * weights).mean((2, 3)))


def enlarged(net, x):
    return net.head(torch.nn.functional.interpolate(x, (5, 7), mode="bilinear").amax((2, 3)))


def split(net, x):
    a, b = x.chunk(2, 1)
    return net.head(torch.cat([a * b.sigmoid(), b], 1).reshape(BATCH, 12, 9).mean(2))


def strided(net, x):
    return net.head(x.contiguous().as_strided((BATCH, 9, 12), (108, 1, 9)).mean(1))


def rows(net, x):
    return net.head(torch.cat([row.reshape(1, 12, 9).mean(2) for row in x.unbind(0)]))


def centred(net, x):
    return net.head((x - x.mean(0, keepdim=True)).mean((2, 3)))


def first_only(net, x):
    return net.head((x + x[:1]).mean((2, 3)))


def uneven(net, x):
    return net.head(x.mean((2, 3)) * torch.linspace(0.5, 1.5, BATCH).reshape(BATCH, 1))


APART = [flat, minus, inferred, groups, group_norm, token, attention, attention_first, windows, gate, enlarged, split, strided]
MIXED = [centred, first_only, uneven, rows]


def main():
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    folder = Path(__file__).parent / "batches"
    (folder / "mixed").mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(16).random((BATCH, 3, 12, 12), np.float32)
    expected = {"pixels": pixels}
    for end in APART + MIXED:
        torch.manual_seed(7)
        net = Net(end).eval()
        for parameter in net.parameters():
            parameter.data = torch.randn_like(parameter) * parameter[0].numel() ** -0.5
        for exporter in ["script", "dynamo"]:
            name = f"{end.__name__}.{exporter}"
            path = (folder / "mixed" if end in MIXED else folder) / f"{name}.onnx"
            pixels_ = torch.from_numpy(pixels)
            more = dict(external_data=False, verbose=False) if exporter == "dynamo" else {}
            opset = 18 if exporter == "dynamo" else 17
            torch.onnx.export(net, (pixels_,), path, dynamo=exporter == "dynamo", opset_version=opset, input_names=["x"], **more)
            model = onnx.load(path)
            for node in model.graph.node:
                node.ClearField("metadata_props"), node.ClearField("doc_string")
            for info in [*model.graph.value_info, *model.graph.initializer, *model.graph.input, *model.graph.output]:
                info.ClearField("metadata_props"), info.ClearField("doc_string")
            del model.graph.value_info[:], model.metadata_props[:], model.graph.metadata_props[:]
            onnx.save(model, path)
            if end in APART:
                options = onnxruntime.SessionOptions()
                options.log_severity_level = 3
                session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
                expected[f"{name}.output"] = session.run(None, {"x": pixels})[0]
    for opset, outputs, attribute in [(6, "h", "is_test = 0"), (9, "h, m2, v2, m3, v3", "epsilon = 0.001"), (15, "h, m2, v2", "training_mode = 1")]:
        model = onnx.parser.parse_model(
            f'<ir_version: 8, opset_import: ["" : {opset}]> net (float[N,3,12,12] x) => (float[N,3] y) {{'
            f"{outputs} = BatchNormalization <{attribute}> (x, s, b, m, v) p = GlobalAveragePool (h) y = Flatten (p) }}"
        )
        values = np.array([[1, 1, 1], [0, 0, 0], [0.5, 0.5, 0.5], [0.1, 0.1, 0.1]], np.float32)
        model.graph.initializer.extend(onnx.numpy_helper.from_array(v, k) for k, v in zip("sbmv", values))
        onnx.save(model, folder / "mixed" / f"batch_norm.{opset}.onnx")
    save_file(expected, folder / "expected.safetensors")
    print(len(APART), "networks,", len(MIXED), "that mix pictures")


if __name__ == "__main__":
    main()
