"""Writes small ONNX classifiers that preprocess their pixels themselves, with ONNX Runtime's logits.

    python make_preprocessing.py

`preprocessing` beside this file gets NAME.onnx for every case, and expected.safetensors with one
picture's `pixels` (1×3×10×8 in [0,1]), and `NAME.output` (logits) and `NAME.zero` (the colour that the
network's first convolution gets as zero, where there is one). A case's text turns its input `x` into
`p`, N×3×H×W; `takes` makes its input of the picture. Needs onnx, onnxruntime, numpy and safetensors.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper, parser
from safetensors.numpy import save_file

from case import floats, ints, normal, scalar

MEAN, STD = floats(0.485, 0.456, 0.406), floats(0.229, 0.224, 0.225)
CAFFE = floats(103.939, 116.779, 123.68)
PLANES, LAST = (1, 3, 1, 1), (3,)
NCHW, NHWC = ("N", 3, 10, 8), ("N", 10, 8, 3)
BACK = dict(b=ints(-1), e=ints(-(2**63) + 1), s=ints(-1))


@dataclass
class Case:
    name: str
    body: str
    zero: np.ndarray | None
    takes: str = "unit"
    shape: tuple = NCHW
    type: str = "float"
    weights: dict = field(default_factory=dict)
    metadata: dict = field(default_factory=dict)


CASES = []


def add(name, body, zero, **more):
    known = {key: more.pop(key) for key in list(more) if key in Case.__annotations__}
    CASES.append(Case(name, body, zero, weights=more, **known))


def taken(case, pixels):
    """The case's own input, of pixels in [0,1]."""
    mean, std = MEAN.reshape(PLANES), STD.reshape(PLANES)
    values = {
        "unit": lambda x: x,
        "byte": lambda x: x * 255,
        "signed": lambda x: x * 2 - 1,
        "imagenet": lambda x: (x - mean) / std,
        "byte-bgr": lambda x: x[:, ::-1] * 255,
    }[case.takes](pixels)
    if case.shape == NHWC:
        values = values.transpose(0, 2, 3, 1)
    kind = {"float": np.float32, "uint8": np.uint8, "float16": np.float16, "int32": np.int32}[case.type]
    values = np.rint(values) if kind in (np.uint8, np.int32) else values
    return np.ascontiguousarray(values.astype(kind))


to_front = "p = Transpose <perm = [0, 3, 1, 2]> (n)"
caffe_zero = CAFFE[::-1] / 255
add("caffe_slice_last", f"f = Slice (x, b, e, a, s) n = Sub (f, m) {to_front}", caffe_zero, takes="byte", shape=NHWC, m=CAFFE, a=ints(3), **BACK)
add("caffe_slice_planes", "f = Slice (x, b, e, a, s) p = Sub (f, m)", caffe_zero, takes="byte", m=CAFFE.reshape(PLANES), a=ints(1), **BACK)
add("caffe_gather", f"f = Gather <axis = 3> (x, i) n = Sub (f, m) {to_front}", caffe_zero, takes="byte", shape=NHWC, m=CAFFE, i=ints(2, 1, 0))
add("caffe_after_mean", "d = Sub (x, m) p = Gather <axis = 1> (d, i)", caffe_zero, takes="byte", m=CAFFE[::-1].reshape(PLANES), i=ints(2, 1, 0))
add("caffe_after_transposition", f"t = Transpose <perm = [0, 3, 1, 2]> (x) f = Gather <axis = 1> (t, i) p = Sub (f, m)", caffe_zero, takes="byte", shape=NHWC, m=CAFFE.reshape(PLANES), i=ints(2, 1, 0))
add("caffe_split", f"r, g, b = Split <axis = 3> (x) f = Concat <axis = 3> (b, g, r) n = Add (f, m) {to_front}", caffe_zero, takes="byte", shape=NHWC, m=-CAFFE)
add("caffe_convolution", "f = Conv (x, k, o) p = Identity (f)", caffe_zero, takes="byte", k=np.eye(3, dtype=np.float32)[::-1].reshape(3, 3, 1, 1).copy(), o=-CAFFE)
add("caffe_reversed", "t = Transpose <perm = [3, 1, 2, 0]> (x) r = ReverseSequence <batch_axis = 1, time_axis = 0> (t, l) f = Transpose <perm = [3, 0, 1, 2]> (r) p = Sub (f, m)", caffe_zero, takes="byte", shape=NHWC, m=CAFFE.reshape(PLANES), l=ints(*[3] * 10))
add("caffe_scaled", "f = Gather <axis = 1> (x, i) d = Sub (f, m) p = Mul (d, s)", caffe_zero, takes="byte", m=CAFFE.reshape(PLANES), i=ints(2, 1, 0), s=scalar(0.017))
add("caffe_of_unit_pixels", "f = Gather <axis = 1> (x, i) b = Mul (f, s) p = Sub (b, m)", caffe_zero, m=CAFFE.reshape(PLANES), i=ints(2, 1, 0), s=scalar(255))
add("mean_in_two_steps", "d = Sub (x, a) f = Gather <axis = 1> (d, i) e = Sub (f, m) g = Gather <axis = 1> (e, i) p = Div (g, s)", floats(0.5, 0.5, 0.5), takes="byte", a=scalar(100), m=scalar(27.5), i=ints(2, 1, 0), s=scalar(127.5))
add("rescaling", f"n = Mul (x, r) {to_front}", floats(0, 0, 0), takes="byte", shape=NHWC, r=scalar(1 / 255))
add("rescaling_signed", f"d = Mul (x, r) n = Add (d, o) {to_front}", floats(0.5, 0.5, 0.5), takes="byte", shape=NHWC, r=scalar(1 / 127.5), o=scalar(-1))
add("doubled_less_one", "d = Mul (x, r) p = Sub (d, o)", floats(0.5, 0.5, 0.5), r=scalar(2), o=scalar(1))
add("torch_of_bytes", f"d = Div (x, r) c = Sub (d, m) n = Div (c, s) {to_front}", MEAN, takes="byte", shape=NHWC, r=scalar(255), m=MEAN, s=STD)
add("uint8_last", f"c = Cast <to = 1> (x) n = Div (c, r) {to_front}", floats(0, 0, 0), takes="byte", shape=NHWC, type="uint8", r=scalar(255))
add("uint8_cast_after_transposition", "t = Transpose <perm = [0, 3, 1, 2]> (x) c = Cast <to = 1> (t) d = Div (c, r) e = Sub (d, m) p = Div (e, s)", MEAN, takes="byte", shape=NHWC, type="uint8", r=scalar(255), m=MEAN.reshape(PLANES), s=STD.reshape(PLANES))
add("uint8_bare", "p = Cast <to = 1> (x)", floats(0, 0, 0), takes="byte", type="uint8")
add("int32_bgr", "c = Cast <to = 1> (x) f = Gather <axis = 1> (c, i) p = Sub (f, m)", caffe_zero, takes="byte", type="int32", m=CAFFE.reshape(PLANES), i=ints(2, 1, 0))
add("float16_input", "c = Cast <to = 1> (x) d = Sub (c, m) p = Div (d, s)", MEAN, type="float16", m=MEAN.reshape(PLANES), s=STD.reshape(PLANES))
add("transform_input", "\n".join(f"c{c} = Gather <axis = 1> (x, i{c}) u{c} = Unsqueeze (c{c}, one) m{c} = Mul (u{c}, s{c}) a{c} = Add (m{c}, o{c})" for c in range(3)) + " p = Concat <axis = 1> (a0, a1, a2)", floats(0.5, 0.5, 0.5), takes="imagenet", one=ints(1), **{f"i{c}": np.int64(c) for c in range(3)}, **{f"s{c}": scalar(STD[c] / 0.5) for c in range(3)}, **{f"o{c}": scalar((MEAN[c] - 0.5) / 0.5) for c in range(3)})
add("signed_to_imagenet", "a = Add (x, one) h = Div (a, two) d = Sub (h, m) p = Div (d, s)", MEAN, takes="signed", one=scalar(1), two=scalar(2), m=MEAN.reshape(PLANES), s=STD.reshape(PLANES))
add("batch_norm_first", "p = BatchNormalization (x, g, b, m, v)", floats(120, 110, 100) / 255, takes="byte", g=floats(1, 2, 0.5), b=floats(0, 0, 0), m=floats(120, 110, 100), v=floats(60, 62, 64) ** 2)
add("resized_inside", "r = Resize <mode = \"linear\"> (x, , c) f = Gather <axis = 1> (r, i) p = Sub (f, m)", caffe_zero, takes="byte", m=CAFFE.reshape(PLANES), i=ints(2, 1, 0), c=floats(1, 1, 1.5, 2))
add("cut_inside", "r = Slice (x, b, e, a) d = Sub (r, m) p = Div (d, s)", MEAN, m=MEAN.reshape(PLANES), s=STD.reshape(PLANES), b=ints(1, 1), e=ints(9, 7), a=ints(2, 3))
add("mean_picture", "p = Sub (x, m)", None, takes="byte", m=np.abs(normal(3, 10, 8)) * 40 + 100)
add("metadata_bgr", "d = Sub (x, m) p = Identity (d)", caffe_zero, takes="byte-bgr", m=CAFFE.reshape(PLANES), metadata={"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"})
add("metadata_range", "p = Identity (x)", floats(0.5, 0.5, 0.5), takes="signed", metadata={"Image.NominalPixelRange": "Normalized_1_1"})


def build(case):
    dimensions = ",".join(map(str, case.shape))
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 13]> {case.name} ({case.type}[{dimensions}] x) => '
        f"(float[N,5] y) {{ {case.body}\nn1 = Conv <pads = [1,1,1,1]> (p, w1) n2 = Relu (n1) "
        f"n3 = GlobalAveragePool (n2) n4 = Flatten (n3) y = Gemm (n4, w2, w3) }}"
    )
    weights = dict(case.weights, w1=normal(4, 3, 3, 3) * scale(case), w2=normal(4, 5), w3=normal(5))
    model.graph.initializer.extend(numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items())
    model.producer_name = "hyaline"
    for key, value in case.metadata.items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    return model


def scale(case):
    """Logits of one size, whatever the range that the convolution takes."""
    unscaled = ("caffe" in case.name and case.name != "caffe_scaled") or case.name in (
        "mean_picture", "resized_inside", "metadata_bgr", "int32_bgr", "uint8_bare")
    return np.float32(0.01 if unscaled else 1)


def main():
    folder = Path(__file__).parent / "preprocessing"
    pixels = (np.random.default_rng(19).integers(0, 256, (1, 3, 10, 8)) / 255).astype(np.float32)
    expected = {"pixels": pixels}
    for case in CASES:
        path = folder / f"{case.name}.onnx"
        onnx.save_model(build(case), path)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        expected[f"{case.name}.output"] = session.run(["y"], {"x": taken(case, pixels)})[0]
        if case.zero is not None:
            expected[f"{case.name}.zero"] = np.asarray(case.zero, np.float32)
    save_file(expected, folder / "expected.safetensors")
    print(len(CASES), "cases")


if __name__ == "__main__":
    main()
