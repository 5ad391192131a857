"""Writes small ONNX networks that differ in what they give, with what they give for one picture.

    python make_outputs.py [FOLDER]

FOLDER (by default `outputs`, beside this file) gets NAME.onnx for every network, and
expected.safetensors with `pixels` and, of every network, the logits `NAME.z` and the probabilities
`NAME.p` by ONNX Runtime. Needs onnx, onnxruntime, numpy and safetensors.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper, parser
from safetensors.numpy import save_file

BODY = """
a = Conv <pads=[1,1,1,1]> (x, w)
b = Relu (a)
c = GlobalAveragePool (b)
f = Flatten (c)
z = Gemm <transB=1> (f, m, n)
"""

# Name: number of logits, how the network ends, its outputs, and p of z.
softmax = lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum()
sigmoid = lambda z: 1 / (1 + np.exp(-z))
both = lambda z: np.concatenate([1 - sigmoid(z), sigmoid(z)], 1)
CASES = {
    "logits": (4, "y = Identity (z)", "y", softmax),
    "softmax": (4, "y = Softmax <axis=1> (z)", "y", softmax),
    "softmax_written": (4, "e = Exp (z)\n s = ReduceSum <keepdims=1> (e, one)\n y = Div (e, s)", "y", softmax),
    "softmax_shifted": (4, "t = ReduceMax <axes=[1], keepdims=1> (z)\n d = Sub (z, t)\n e = Exp (d)\n s = ReduceSum <keepdims=1> (e, one)\n y = Div (e, s)", "y", softmax),
    "log_softmax": (4, "y = LogSoftmax <axis=1> (z)", "y", softmax),
    "log_softmax_written": (4, "e = Exp (z)\n s = ReduceSum <keepdims=1> (e, one)\n l = Log (s)\n y = Sub (z, l)", "y", softmax),
    "one_logit": (1, "y = Identity (z)", "y", both),
    "sigmoid": (1, "y = Sigmoid (z)", "y", both),
    "sigmoid_squeezed": (1, "t = Sigmoid (z)\n y = Squeeze (t, one)", "y", both),
    "sigmoid_written": (1, "t = Neg (z)\n e = Exp (t)\n d = Add (e, unit)\n y = Div (unit, d)", "y", both),
    "complement": (1, "p = Sigmoid (z)\n q = Sub (unit, p)\n y = Concat <axis=1> (q, p)", "y", both),
    "labels": (4, "y = Sigmoid (z)", "y", sigmoid),
    "ensemble": (4, "p = Softmax <axis=1> (z)\n t = Mul (z, half)\n q = Softmax <axis=1> (t)\n s = Add (p, q)\n y = Mul (s, half)", "y", lambda z: (softmax(z) + softmax(z / 2)) / 2),
    "tanh": (1, "y = Tanh (z)", "y", None),
    # The scores are neither first nor last, nor called so.
    "features_first": (4, "y = Identity (f)\n u = Identity (z)", "y, u", softmax),
    "named": (4, "embedding = Identity (f)\n logits = Identity (z)\n aux = Gemm <transB=1> (f, m, k)", "embedding, aux, logits", softmax),
    "with_probabilities": (4, "p = Softmax <axis=1> (z)\n h = Identity (b)\n t = ArgMax <axis=1> (z)", "h, t, z, p", softmax),
}


def build(name, outputs, ending, names, random):
    listed = ", ".join(f"float[N{i}] {output}" for i, output in enumerate(names.split(", ")))
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 13]> {name} (float[1,3,8,8] x) => ({listed}) {{ {BODY}{ending} }}'
    )
    values = {
        "w": random.normal(size=(6, 3, 3, 3)) / 3,
        "m": random.normal(size=(outputs, 6)) * 3,
        "n": random.normal(size=outputs) / 2,
        "k": random.normal(size=outputs) / 2,
        "unit": np.ones(1),
        "half": np.full(1, 0.5),
    }
    used = {input for node in model.graph.node for input in node.input}
    for key, value in values.items():
        if key in used:
            model.graph.initializer.append(numpy_helper.from_array(value.astype(np.float32), key))
    if "one" in used:
        model.graph.initializer.append(numpy_helper.from_array(np.array([1]), "one"))
    model.producer_name = "hyaline"
    for output in model.graph.output:
        # Lengths of axes are not said, as exporters often leave them out.
        output.type.tensor_type.ClearField("shape")
        if output.name == "t":
            output.type.tensor_type.elem_type = onnx.TensorProto.INT64
    return model


def run(model, name, pixels):
    """A value by ONNX Runtime, whether it is an output or not."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    if all(output.name != name for output in model.graph.output):
        model.graph.output.append(helper.make_empty_tensor_value_info(name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run([name], {session.get_inputs()[0].name: pixels})[0]


def main():
    here = Path(__file__).parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "outputs"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(19)
    pixels = random.random((1, 3, 8, 8), dtype=np.float32)
    expected = {"pixels": pixels}
    for name, (outputs, ending, names, probabilities) in CASES.items():
        model = build(name, outputs, ending, names, random)
        if name == "named":
            # An input that no node takes.
            unused = helper.make_tensor_value_info("training", onnx.TensorProto.BOOL, [])
            model.graph.input.insert(0, unused)
        onnx.save_model(model, folder / f"{name}.onnx")
        if name == "named":
            del model.graph.input[0]
        z = run(model, "z", pixels)
        expected[f"{name}.z"] = z
        if probabilities is not None:
            p = probabilities(z).astype(np.float32)
            expected[f"{name}.p"] = p
            if names == "y":
                y = run(model, "y", pixels)
                own = np.exp(y) if name.startswith("log_") else y
                same = {"logits": z, "one_logit": z}.get(name, p if own.size == p.size else p[:, 1:])
                assert np.allclose(own.reshape(same.shape), same, atol=1e-6), name
    save_file(expected, folder / "expected.safetensors")
    print(f"{len(CASES)} networks")


if __name__ == "__main__":
    main()
