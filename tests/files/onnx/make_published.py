"""Freezes ONNX Runtime's logits of the published networks of the data folder.

    python make_published.py DATA

writes published.safetensors beside this script: NAME.input (as the network takes it, noise in
[0,1]) and NAME.output. Needs numpy, onnxruntime and safetensors.
"""

import sys
from pathlib import Path

import numpy
import onnxruntime
from safetensors.numpy import save_file

tensors = {}
for path in sorted((Path(sys.argv[1]) / "weights-original").glob("*.onnx")):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    wanted = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in wanted.shape]
    pixels = numpy.random.default_rng(0).random(shape, dtype=numpy.float32)
    tensors[f"{path.stem}.input"] = pixels
    tensors[f"{path.stem}.output"] = session.run(None, {wanted.name: pixels})[0]
    print(path.name, shape, "→", tensors[f"{path.stem}.output"].shape)
save_file(tensors, Path(__file__).with_name("published.safetensors"))
