"""Reference values of faithfulness and stability: python make.py writes reference.safetensors and
reference.json beside itself.

Needs torch, captum 0.9, quantus 0.6, grad-cam 1.5, scipy, safetensors. What is random is drawn here
and frozen, so that both sides see the same perturbations.
"""

import json
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import quantus
import torch
from captum.metrics import infidelity, sensitivity_max
from pytorch_grad_cam.metrics.cam_mult_image import (
    CamMultImageConfidenceChange,
    DropInConfidence,
    IncreaseInConfidence,
)
from pytorch_grad_cam.metrics.road import (
    NoisyLinearImputer,
    ROADCombined,
    ROADLeastRelevantFirstAverage,
    ROADMostRelevantFirstAverage,
)
from safetensors.numpy import save_file

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent
RNG = np.random.default_rng(20)
# Height times width is a multiple of ten, so that tenths of the pixels are whole numbers.
C, H, W = 3, 20, 15
SAMPLES = 6


def f32(array):
    return np.ascontiguousarray(array, dtype=np.float32)


PIXELS = f32(RNG.random((C, H, W)))
# The score is a smooth function with a known gradient.
V = f32(RNG.normal(size=(C, H, W)) / 20)
U = f32(RNG.normal(size=(C, H, W)) / 20)


class Score(torch.nn.Module):
    """tanh(v·x) + (u·x)²; with a second class at zero where classes are expected."""

    def __init__(self, classes=False):
        super().__init__()
        self.classes = classes
        # Some libraries look for parameters.
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x):
        x = x.double().reshape(len(x), -1)
        v, u = (torch.tensor(a).double().reshape(-1) for a in (V, U))
        score = torch.tanh(x @ v) + (x @ u) ** 2
        return torch.stack([score, 0 * score], 1) if self.classes else score


def gradient(x):
    """Gradients of the score at N×C×H×W pictures."""
    flat = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
    v, u = (a.astype(np.float64).reshape(-1) for a in (V, U))
    slope = (1 - np.tanh(flat @ v) ** 2)[:, None] * v + 2 * (flat @ u)[:, None] * u
    return slope.reshape(x.shape)


arrays, numbers = {"pixels": PIXELS, "v": V, "u": U}, {}
X = torch.tensor(PIXELS)[None]

# Captum: infidelity of a map over frozen perturbations.
MAP = f32(gradient(PIXELS[None])[0] + RNG.normal(size=(C, H, W)) / 40)
CHANGES = f32(RNG.normal(size=(SAMPLES, C, H, W)) * 0.2)
arrays |= {"map": MAP, "changes": CHANGES}
for normalise in (False, True):
    frozen = torch.tensor(CHANGES)
    value = infidelity(
        Score(), lambda x: (frozen, x - frozen), X, torch.tensor(MAP)[None],
        n_perturb_samples=SAMPLES, normalize=normalise,
    )
    numbers["infidelity_scaled" if normalise else "infidelity"] = value.item()

# Captum and Quantus: how maps move under the same perturbations.
numbers["sensitivity_captum"] = sensitivity_max(
    lambda x: (torch.tensor(gradient(x[0].numpy() if isinstance(x, tuple) else x.numpy())),),
    X, lambda x: x + torch.tensor(CHANGES), n_perturb_samples=SAMPLES,
).item()


def frozen_noise():
    draws = iter(CHANGES)
    return lambda arr, indices, **_: arr + next(draws).reshape(1, -1)


def explain(model, inputs, targets, **_):
    return gradient(inputs)


call = dict(
    model=Score(classes=True).eval(), x_batch=PIXELS[None], y_batch=np.array([0]),
    a_batch=gradient(PIXELS[None]), channel_first=True, softmax=False, device="cpu",
)
options = dict(nr_samples=SAMPLES, disable_warnings=True, normalise=False, abs=False)
metric = quantus.MaxSensitivity(**options, perturb_func=frozen_noise())
numbers["sensitivity_quantus"] = float(metric(**call, explain_func=explain)[0])
metric = quantus.LocalLipschitzEstimate(**options, perturb_func=frozen_noise())
numbers["lipschitz_quantus"] = float(metric(**call, explain_func=explain)[0])

# Quantus: faithfulness correlation over frozen subsets of the values of one channel.
GREY = f32(RNG.random((1, H, W)))
GREY_MAP = f32(RNG.normal(size=(1, H, W)))
SUBSETS = np.stack([RNG.choice(H * W, 40, replace=False) for _ in range(10)])
arrays |= {"grey": GREY, "grey_map": GREY_MAP, "subsets": f32(SUBSETS)}


class GreyScore(Score):
    def forward(self, x):
        return super().forward(x.expand(-1, C, -1, -1))


with mock.patch("numpy.random.choice", side_effect=list(SUBSETS)):
    metric = quantus.FaithfulnessCorrelation(
        nr_runs=len(SUBSETS), subset_size=40, disable_warnings=True, normalise=False, abs=False,
        perturb_func=lambda arr, indices, **_: np.where(
            np.isin(np.arange(arr.shape[1]), indices[0]), 0.0, arr
        ),
    )
    numbers["faithfulness_correlation"] = float(
        metric(
            model=GreyScore(classes=True).eval(), x_batch=GREY[None], y_batch=np.array([0]),
            a_batch=GREY_MAP[None].copy(), channel_first=True, softmax=False, device="cpu",
        )[0]
    )

# pytorch-grad-cam: imputation and ROAD without noise, confidence under the map.
CAM = f32(RNG.permutation(H * W).reshape(H, W) / (H * W - 1))
MASKS = np.stack([
    RNG.random((H, W)) < 0.9,
    (np.arange(H)[:, None] > 2) | (np.arange(W)[None] > 3),
    RNG.random((H, W)) < 0.3,
])
arrays |= {"cam": CAM, "masks": f32(MASKS)}
NoisyLinearImputer.__init__.__defaults__ = (0.0,) + NoisyLinearImputer.__init__.__defaults__[1:]
arrays["imputed"] = np.stack([
    NoisyLinearImputer()(torch.tensor(PIXELS), torch.tensor(f32(~mask))).numpy() for mask in MASKS
])
targets, cams = [lambda output: output], CAM[None]
for name, percentiles in (("few", [20, 40, 60, 80]), ("all", [10, 20, 30, 40, 50, 60, 70, 80, 90])):
    for kind, metric in (
        ("morf", ROADMostRelevantFirstAverage), ("lerf", ROADLeastRelevantFirstAverage),
        ("road", ROADCombined),
    ):
        value = metric(percentiles)(X, cams, targets, Score())
        numbers[f"{kind}_{name}"] = float(np.asarray(value).reshape(-1)[0])
for name, sign in (("up", 1.0), ("down", -1.0)):
    # The second picture's score falls where the first one's rises.
    picture = X if sign > 0 else torch.tensor(1 - PIXELS)[None]
    for kind, metric in (
        ("change", CamMultImageConfidenceChange), ("drop", DropInConfidence),
        ("increase", IncreaseInConfidence),
    ):
        numbers[f"{kind}_{name}"] = float(metric()(picture, cams, targets, Score())[0])
    numbers[f"score_{name}"] = Score()(picture).item()

# Quantus: statistics of one map.
magnitudes = np.abs(MAP)[None].astype(np.float64)
# Quantus adds 1e-7 to every value, which is nothing beside values of this size.
statistic = dict(call, a_batch=magnitudes * 1000)
numbers["gini"] = float(quantus.Sparseness(disable_warnings=True, normalise=False)(**statistic)[0])
statistic = dict(call, a_batch=magnitudes.copy())
numbers["entropy"] = float(quantus.Complexity(disable_warnings=True, normalise=False)(**statistic)[0])

save_file(arrays, HERE / "reference.safetensors")
(HERE / "reference.json").write_text(json.dumps(numbers, indent=1) + "\n")
print(json.dumps(numbers, indent=1))
