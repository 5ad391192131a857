"""Writes small ONNX classifiers, one for each operator and spelling of it, with their logits.

    python make_cases.py [FOLDER]

FOLDER (by default `cases`, beside this file) gets NAME.onnx for every case, and
expected.safetensors with `NAME.input` and `NAME.output` as ONNX Runtime computes them. A case is
written in ONNX's own text form: its input is `x`, the result `h` is flattened into the logits
`y`, and keywords are its initialisers. Needs onnx, onnxruntime, numpy and safetensors.
"""

import gzip
import re
import sys
import zlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper, parser
from safetensors.numpy import save_file

import operators
import networks


# Operator set of the functions that a case defines.
OWN = ', "own" : 1'


def initialiser(name, value):
    """Keeps tensors that were made by hand; numpy arrays become raw data."""
    if isinstance(value, TensorProto):
        value.name = name
        return value
    return numpy_helper.from_array(np.asarray(value), name)


def build(case):
    """The model of a case."""
    dimensions = ",".join(map(str, case.shape))
    tail = "" if re.search(r"^y = ", case.body, re.MULTILINE) else "y = Flatten (h)"
    model = parser.parse_model(
        f'<ir_version: {case.ir}, opset_import: ["" : {case.opset}{OWN if case.functions else ""}]>'
        f"{case.name} (float[{dimensions}] x) => (float[N,K] y) {{ {case.body}\n{tail} }}"
        f"{case.functions}"
    )
    model.producer_name = "hyaline"
    initialisers = [initialiser(name, value) for name, value in case.weights.items()]
    model.graph.initializer.extend(initialisers)
    if case.weights_are_inputs:
        inputs = [helper.make_tensor_value_info(i.name, i.data_type, i.dims) for i in initialisers]
        model.graph.input.extend(inputs)
    onnx.checker.check_model(model)
    return model


def run(path, pixels):
    """Logits by ONNX Runtime, operator by operator."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": pixels})[0]


def write(case, folder):
    """Writes a case; gives its input and output."""
    path = folder / f"{case.name}.onnx"
    external = {"save_as_external_data": True, "location": f"{case.name}.data", "size_threshold": 0}
    path.with_suffix(".data").unlink(missing_ok=True)
    onnx.save_model(build(case), path, **(external if case.external else {}))
    sizes = [case.batch if size == "N" else size for size in case.shape]
    random = np.random.default_rng(zlib.crc32(case.name.encode()))
    pixels = random.random(sizes, dtype=np.float32)
    logits = run(path, pixels)
    assert logits.dtype == np.float32 and logits.ndim == 2 and len(logits) == sizes[0], case.name
    assert np.isfinite(logits).all() and np.ptp(logits) > 0, case.name
    if case.compressed:
        path.with_suffix(".onnx.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()
    return {f"{case.name}.input": pixels, f"{case.name}.output": logits}


def main():
    here = Path(__file__).parent
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for case in operators.CASES + networks.CASES:
        try:
            expected.update(write(case, folder))
        except Exception as error:
            raise SystemExit(f"{case.name}: {error}") from error
    save_file(expected, folder / "expected.safetensors")
    print(f"{len(expected) // 2} cases")


if __name__ == "__main__":
    main()
