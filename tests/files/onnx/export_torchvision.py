"""Exports real architectures to ONNX, by both of PyTorch's exporters, with reference numbers.

    python export_torchvision.py FOLDER [NAME…]

NAME is a torchvision or timm model; by default a handful of torchvision's. Weights are random, of
a fixed seed, in evaluation mode, with running statistics as of a trained network. FOLDER gets
NAME.script.onnx (TorchScript exporter, operator set 14), NAME.dynamo.onnx, and NAME.safetensors
with `input` (1×3×224×224, [0,1]), `logits` (ONNX Runtime on the first export), `logits.torch` and
`gradient` (PyTorch in double precision, class 0) with `gradient.error`, single precision's relative distance
to it. Needs torch, torchvision, timm, onnx, onnxscript, onnxruntime.
"""

import sys
import warnings
from pathlib import Path

import onnxruntime
import timm
import torch
import torchvision
from safetensors.torch import save_file

DEFAULT = ["alexnet", "googlenet", "resnet50", "densenet161", "mobilenet_v2"]


def network(name):
    """A network with random weights, whose activations keep their scale through its depth."""
    torch.manual_seed(0)
    if name in torchvision.models.list_models():
        extra = {"aux_logits": False, "init_weights": True} if name == "googlenet" else {}
        model = torchvision.models.get_model(name, weights=None, **extra)
    else:
        model = timm.create_model(name, pretrained=False)
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.normal_(module.bias, std=0.1)
            module.reset_running_stats()
            module.momentum = None
    settle(model)
    return model.eval()


@torch.no_grad()
def settle(model):
    """Running statistics of the batch norms from a few noisy pictures, then a little off them."""
    model.train()
    model(torch.rand(4, 3, 224, 224))
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.running_mean += 0.1 * torch.randn_like(module.running_mean)
            module.running_var *= 0.8 + 0.4 * torch.rand_like(module.running_var)


def export(model, pixels, folder, name):
    """Writes both exports; gives the first's path."""
    by_script, by_dynamo = folder / f"{name}.script.onnx", folder / f"{name}.dynamo.onnx"
    torch.onnx.export(model, (pixels,), by_script, dynamo=False, opset_version=14,
                      input_names=["input"], output_names=["logits"],
                      dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}})
    torch.onnx.export(model, (pixels,), by_dynamo, dynamo=True, external_data=False, verbose=False,
                      input_names=["input"], output_names=["logits"])
    return [by_script, by_dynamo]


def passes(model, pixels):
    """Logits, and the gradient of class 0."""
    pixels = pixels.clone().requires_grad_()
    logits = model(pixels)
    (gradient,) = torch.autograd.grad(logits[0, 0], pixels)
    return logits.detach(), gradient


def reference(model, pixels, paths):
    """Logits that PyTorch and ONNX Runtime agree on, and the gradient in double precision.

    Kinks of ReLUs make gradients of deep random networks differ from run to run; how far single
    precision is from double tells what can be asked for.
    """
    logits, single = passes(model, pixels)
    found = []
    for path in paths:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        found.append(torch.from_numpy(session.run(None, {"input": pixels.numpy()})[0]))
        assert (found[-1] - logits).norm() < 1e-2 * logits.norm(), path
    _, double = passes(model.double(), pixels.double())
    error = (single - double).norm() / double.norm()
    return {"input": pixels, "logits": found[0], "logits.torch": logits, "gradient": double.float(),
            "gradient.error": error.float().reshape(1)}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or DEFAULT:
        model = network(name)
        torch.manual_seed(1)
        pixels = torch.rand(1, 3, 224, 224)
        tensors = reference(model, pixels, export(model, pixels, folder, name))
        save_file(tensors, folder / f"{name}.safetensors")
        print(name, f"logits {tensors['logits'].std():.3g}", f"gradient {tensors['gradient'].norm():.3g}", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
