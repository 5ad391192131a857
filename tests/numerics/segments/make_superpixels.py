"""Writes superpixels.safetensors: small pictures and how scikit-image 0.26 segments them.

    python make_superpixels.py [FOLDER]

Pictures are `picture.NAME` (C×H×W, u8), segmentations `NAME.METHOD.SETTINGS` (H×W, u8). Quickshift
breaks ties of its densities with noise: `quickshift` has it as it is, `quickshift_ordered` has a
ramp instead of the noise, by which the earlier of two equally dense pixels is the denser one. Needs
numpy, scikit-image and safetensors. The astronaut is NASA's, public domain.
"""

import sys
from pathlib import Path
from unittest import mock

import numpy as np
from safetensors.numpy import save_file
from skimage import data, segmentation
from skimage.color import gray2rgb

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)

SLIC = {
    "default": {},
    "compact": dict(n_segments=50, compactness=30, sigma=3),
    "loose": dict(n_segments=30, compactness=2, sigma=1, enforce_connectivity=False),
}
QUICKSHIFT = {
    "default": {},
    "lime": dict(kernel_size=4, max_dist=200, ratio=0.2),
}
FELZENSZWALB = {
    "default": {},
    "coarse": dict(scale=100, sigma=0.5, min_size=50),
}


class Ramp:
    """Noise that only orders equals: less for every later pixel."""

    def normal(self, scale, size):
        return -1e-12 * np.arange(np.prod(size)).reshape(size)


def pictures():
    astronaut = data.astronaut()[:448, 32:480].astype(float)
    astronaut = astronaut.reshape(64, 7, 64, 7, 3).mean((1, 3))
    y, x = np.mgrid[:40, :56] / 40
    waves = [np.sin(9 * x + 4 * y) + np.cos(5 * y * x), x * y * 2 - (x > 0.7), np.sin(8 * (x - y))]
    noise = np.random.default_rng(1).normal(scale=0.06, size=(3, 40, 56))
    waves = np.stack(waves) * 0.25 + 0.5 + noise
    y, x = np.mgrid[:32, :32] - np.array([14.3, 16.1])[:, None, None]
    ring = np.exp(-((np.hypot(x + 0.3 * y, y * 0.7) - 7) ** 2) / 3) * (0.8 + 0.02 * x)
    ring[ring < 0.02] = 0
    yield "astronaut", np.rint(astronaut).astype(np.uint8).transpose(2, 0, 1)
    yield "waves", np.rint(waves.clip(0, 1) * 255).astype(np.uint8)
    yield "ring", np.rint(ring.clip(0, 1) * 255).astype(np.uint8)[None]


def main():
    out = {}
    for name, picture in pictures():
        out[f"picture.{name}"] = picture
        pixels = (picture.astype(np.float32) / np.float32(255)).astype(np.float64)
        pixels = pixels.transpose(1, 2, 0)
        colour = gray2rgb(pixels[..., 0]) if pixels.shape[2] == 1 else pixels
        for settings, values in SLIC.items():
            out[f"{name}.slic.{settings}"] = segmentation.slic(colour, start_label=0, **values)
        for settings, values in QUICKSHIFT.items():
            out[f"{name}.quickshift.{settings}"] = segmentation.quickshift(colour, **values)
            with mock.patch("numpy.random.default_rng", lambda seed: Ramp()):
                found = segmentation.quickshift(colour, **values)
            out[f"{name}.quickshift_ordered.{settings}"] = found
        for settings, values in FELZENSZWALB.items():
            out[f"{name}.felzenszwalb.{settings}"] = segmentation.felzenszwalb(pixels, **values)
    for name, labels in out.items():
        if not name.startswith("picture."):
            print(f"{name}: {labels.max() + 1} segments")
            out[name] = labels.astype(np.uint8)
    save_file({name: np.ascontiguousarray(value) for name, value in out.items()},
              FOLDER / "superpixels.safetensors")


main()
