"""Reference values of similarities between maps: python make.py writes reference.safetensors and
reference.json beside itself.

Needs numpy, scipy, scikit-image 0.26, safetensors.
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy import ndimage, stats
from skimage.feature import hog
from skimage.metrics import structural_similarity

HERE = Path(__file__).parent
RNG = np.random.default_rng(9)


def f32(array):
    return np.ascontiguousarray(array, dtype=np.float32)


def pair(channels, height, width, size):
    """Two smooth maps with something in common."""
    noise = RNG.normal(size=(3, channels, height, width))
    common, *own = ndimage.gaussian_filter(noise, (0, 0, 2, 2))
    return [f32(size * (common + each)) for each in own]


PAIRS = {"grey": pair(1, 50, 67, 3.0), "colour": pair(3, 49, 48, 1e-4)}
# Ties, as maps of superpixels and rectified maps have them.
PAIRS["tied"] = [f32(np.round(np.maximum(m, 0))) for m in pair(1, 50, 67, 8.0)]
# Every third row and column keeps the file small.
PAIRS["tied"] = [np.ascontiguousarray(m[:, ::3, ::3]) for m in PAIRS["tied"]]


def ssim(a, b, data_range, sample=False):
    planes = [
        structural_similarity(
            x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=sample,
            data_range=data_range,
        )
        for x, y in zip(a, b)
    ]
    return float(np.mean(planes))


def descriptor(a, cell):
    return hog(
        a.transpose(1, 2, 0), orientations=9, pixels_per_cell=(cell, cell),
        cells_per_block=(3, 3), channel_axis=2,
    )


def top(a, b, share):
    count = max(1, round(share * a.size))
    sets = [set(np.argsort(-m.reshape(-1))[:count]) for m in (a, b)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


arrays, numbers = {}, {}
for name, (first, second) in PAIRS.items():
    arrays |= {f"{name}_a": first, f"{name}_b": second}
    a, b = first.astype(np.float64), second.astype(np.float64)
    x, y = a.reshape(-1), b.reshape(-1)
    found = {
        "pearson": stats.pearsonr(x, y)[0],
        "spearman": stats.spearmanr(x, y)[0],
        "spearman_absolute": stats.spearmanr(abs(x), abs(y))[0],
        "kendall": stats.kendalltau(x, y)[0],
        "cosine": x @ y / np.linalg.norm(x) / np.linalg.norm(y),
        "l2": np.linalg.norm(x - y),
        "ssim_joint": ssim(a, b, max(x.max(), y.max()) - min(x.min(), y.min())),
        "ssim_own": ssim(a / abs(x).max(), b / abs(y).max(), 1.0 if min(x.min(), y.min()) >= 0 else 2.0),
    }
    if name != "tied":
        own = a / abs(x).max(), b / abs(y).max()
        found["top"] = top(a, b, 0.1)
        for cell in (8, 16):
            features = [descriptor(m, cell) for m in own]
            found[f"hog_{cell}"] = stats.pearsonr(*features)[0]
        arrays[f"{name}_hog"] = f32(features[0])
    numbers[name] = {key: float(value) for key, value in found.items()}

save_file(arrays, HERE / "reference.safetensors")
(HERE / "reference.json").write_text(json.dumps(numbers, indent=1) + "\n")
print(json.dumps(numbers, indent=1))
