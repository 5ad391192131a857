"""Packs the ONNX backend test suite's node tests into one file that a test of Rust reads.

    python pack_suite.py [FILE]

Every test becomes classifiers of the ordinary kind, with a picture as their only input and one row
of scores: the outputs and the picture, one after the other. Up to three are made of a test:

    computed    all of its float inputs are cut out of the picture, all others are constants
    first       only the first float input is, as in most networks
    folded      all inputs are constants

so that an operator meets values that depend on the picture in all of its inputs, and constants in all
of them. The cases of `flow.py` are packed as they are, with the numbers of ONNX Runtime. FILE (by default `suite.safetensors.gz`, beside this script) holds for each of them the model
(`NAME/KIND.model`), the picture and the row, and `index.json` with what was left out and why. Needs
onnx, onnxruntime, numpy and safetensors.
"""

import gzip
import json
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from safetensors.numpy import save

import flow
import make_cases

# More values than this say no more about an operator.
MOST_BYTES = 8_000

# Operators that no classifier of pictures holds, by the reason.
LEFT_OUT = {
    "training": "SoftmaxCrossEntropyLoss NegativeLogLikelihoodLoss Adagrad Adam Momentum Gradient",
    "text": "StringNormalizer StringSplit StringConcat RegexFullMatch TfIdfVectorizer LabelEncoder",
    "sequences and optional values": "SequenceMap SequenceInsert SequenceEmpty SequenceConstruct SequenceAt "
    "SequenceErase SequenceLength SplitToSequence ConcatFromSequence OptionalHasElement OptionalGetElement Optional",
    "other domains": "TreeEnsemble ArrayFeatureExtractor Binarizer",
    "sound": "DFT STFT BlackmanWindow HammingWindow HannWindow MelWeightMatrix",
    "compressed pictures": "ImageDecoder",
    "random values": "Bernoulli RandomNormal RandomUniform RandomNormalLike RandomUniformLike Multinomial",
    "detection": "NonMaxSuppression RoiAlign",
}
REASONS = {operator: reason for reason, operators in LEFT_OUT.items() for operator in operators.split()}
FLOATS = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16}
NUMBERS = FLOATS | {
    TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL,
    TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64,
}  # fmt: skip


def operators(graph):
    """The operators of a graph and of those inside it."""
    found = set()
    for node in graph.node:
        found.add(node.op_type)
        for attribute in node.attribute:
            found |= operators(attribute.g) if attribute.HasField("g") else set()
    return found


def name_of(case, model):
    """The operator that a test is of: the one in its model, or that its name begins with."""
    if len(model.graph.node) == 1:
        return model.graph.node[0].op_type
    return "expanded: " + case.name.removeprefix("test_").split("_expanded")[0].split("_")[0]


def why_left_out(case, model):
    if case.name.startswith("test_training_dropout"):
        return "training"
    for operator in operators(model.graph):
        if operator in REASONS:
            return REASONS[operator]
    if any(node.domain not in ("", "ai.onnx") for node in model.graph.node):
        return "other domains"
    for value in [*model.graph.input, *model.graph.output]:
        if not value.type.HasField("tensor_type"):
            return "sequences and optional values"
        if value.type.tensor_type.elem_type not in NUMBERS:
            return "text, complex numbers or types of 8 bits and fewer"
    return None


def arrays(values, infos):
    """The tensors of a test by name, as numpy has them."""
    found = []
    for value in values:
        if isinstance(value, TensorProto):
            value = numpy_helper.to_array(value)
        found.append(np.asarray(value))
    return list(zip(infos, found))


def number(nodes, graph, operator, inputs, **attributes):
    output = f"hyaline_{len(nodes)}"
    nodes.append(helper.make_node(operator, inputs, [output], **attributes))
    return output


def constant(model, name, array):
    model.graph.initializer.append(numpy_helper.from_array(array, name))
    return name


def build(model, inputs, outputs, most):
    """The classifier with up to `most` inputs cut out of the picture, this and the row of scores."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    opset = next(s.version for s in model.opset_import if s.domain in ("", "ai.onnx"))
    before, after, picture, row = [], [], [], []
    start = 0
    for info, array in inputs:
        kind = info.type.tensor_type.elem_type
        if kind not in FLOATS or len(picture) == most:
            model.graph.initializer.append(tensor(info, array))
            continue
        count = array.size
        ends = [constant(model, f"hyaline_{info.name}_{end}", np.array([value], np.int64))
                for end, value in (("start", start), ("end", start + count), ("axis", 1))]
        part = f"hyaline_{info.name}_part"
        shape = constant(model, f"hyaline_{info.name}_shape", np.array(array.shape, np.int64))
        if opset >= 10:
            before.append(helper.make_node("Slice", ["hyaline_x", *ends], [part]))
        else:
            before.append(helper.make_node("Slice", ["hyaline_x"], [part], starts=[start], ends=[start + count], axes=[1]))
        if kind == TensorProto.FLOAT:
            before.append(helper.make_node("Reshape", [part, shape], [info.name]))
        else:
            before.append(helper.make_node("Reshape", [part, shape], [part + "_shaped"]))
            before.append(helper.make_node("Cast", [part + "_shaped"], [info.name], to=kind))
        picture.append(array.astype(np.float32).ravel())
        start += count
    found = len(picture)
    if not picture:
        picture.append(np.array([0.25, 0.5], np.float32))
    flat = constant(model, "hyaline_flat", np.array([1, -1], np.int64))
    parts = []
    for info, array in outputs:
        parts.append(f"hyaline_{info.name}_row")
        after.append(helper.make_node("Cast", [info.name], [parts[-1] + "_float"], to=TensorProto.FLOAT))
        after.append(helper.make_node("Reshape", [parts[-1] + "_float", flat], [parts[-1]]))
        row.append(array.astype(np.float32).ravel())
    if all(np.isfinite(part).all() for part in picture):
        parts.append("hyaline_x")
        row.extend(picture)
    after.append(helper.make_node("Concat", parts, ["hyaline_y"], axis=1))
    nodes = [*before, *model.graph.node, *after]
    del model.graph.node[:], model.graph.input[:], model.graph.output[:], model.graph.value_info[:]
    model.graph.node.extend(nodes)
    picture, row = np.concatenate(picture), np.concatenate(row)
    model.graph.input.append(helper.make_tensor_value_info("hyaline_x", TensorProto.FLOAT, [1, picture.size]))
    model.graph.output.append(helper.make_tensor_value_info("hyaline_y", TensorProto.FLOAT, [1, row.size]))
    return model, picture, row, found


def tensor(info, array):
    made = helper.make_tensor(info.name, info.type.tensor_type.elem_type, array.shape, array.tobytes(), raw=True)
    return made


def pack_own(packed, index):
    """The cases of `flow.py`."""
    for case in flow.CASES:
        model = make_cases.build(case)
        shape = [1 if size == "N" else size for size in case.shape]
        picture = np.random.default_rng(zlib.crc32(case.name.encode())).random(shape, dtype=np.float32)
        row = make_cases.run(model.SerializeToString(), picture)
        assert np.isfinite(row).all() and np.ptp(row) > 0, case.name
        name = f"{case.name}/own"
        packed[f"{name}.model"] = np.frombuffer(model.SerializeToString(), np.uint8)
        packed[f"{name}.picture"], packed[f"{name}.row"] = picture, row
        index.append({"name": case.name, "operator": "own cases", "left_out": None, "kinds": ["own"], "tolerance": 2e-5})


def real_models():
    """The operators of the suite's real models, by the model's name."""
    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    models = {path.stem.removeprefix("light_"): onnx.load(path) for path in sorted(folder.glob("*.onnx"))}
    assert models, folder
    # What makes the weights of these light copies is no part of the models.
    made = {"ConstantOfShape", "Constant"}
    return {name: sorted(operators(model.graph) - made) for name, model in models.items()}


def main():
    warnings.simplefilter("ignore")
    packed, index = {}, []
    for case in collect_testcases(None):
        model = case.model
        entry = {"name": case.name.removeprefix("test_"), "operator": name_of(case, model)}
        index.append(entry)
        entry["left_out"] = why_left_out(case, model)
        if entry["left_out"]:
            continue
        given, wanted = case.data_sets[0]
        inputs, outputs = arrays(given, model.graph.input), arrays(wanted, model.graph.output)
        if sum(array.size * 4 for _, array in inputs + outputs) > MOST_BYTES or model.ByteSize() > MOST_BYTES:
            entry["left_out"] = "size"
            continue
        if any(array.size == 0 for _, array in inputs + outputs):
            entry["left_out"] = "values without elements"
            continue
        if not all(np.isfinite(array.astype(np.float64)).all() for _, array in outputs):
            entry["left_out"] = "results that are not finite"
            continue
        kinds = entry["kinds"] = []
        made_before = set()
        for kind, most in (("folded", 0), ("first", 1), ("computed", len(inputs))):
            model_, picture, row, found = build(model, inputs, outputs, most)
            if found in made_before:
                continue
            made_before.add(found)
            kinds.append(kind)
            name = f"{entry['name']}/{kind}"
            packed[f"{name}.model"] = np.frombuffer(model_.SerializeToString(), np.uint8)
            packed[f"{name}.picture"], packed[f"{name}.row"] = picture, row
        entry["tolerance"] = 2e-2 if any(i.type.tensor_type.elem_type in (TensorProto.FLOAT16, TensorProto.BFLOAT16)
                                         for i in [*model.graph.input, *model.graph.output]) else 1e-3  # fmt: skip
    pack_own(packed, index)
    packed["real.json"] = np.frombuffer(json.dumps(real_models()).encode(), np.uint8)
    packed["index.json"] = np.frombuffer(json.dumps(index).encode(), np.uint8)
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("suite.safetensors.gz")
    path.write_bytes(gzip.compress(save(packed), 9, mtime=0))
    left = {}
    for entry in index:
        left[entry["left_out"]] = left.get(entry["left_out"], 0) + 1
    print(f"{path}: {path.stat().st_size} bytes, {len(packed) // 3} networks; {left}")


if __name__ == "__main__":
    main()
