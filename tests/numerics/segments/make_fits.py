"""Writes fits.json and xrai.safetensors: what the lime and shap packages and PAIR's saliency make
of given coalitions, regions and attributions.

    python make_fits.py [FOLDER]

Reads superpixels.safetensors. Needs numpy, lime, shap, saliency and safetensors.
"""

import json
import sys
from pathlib import Path

import numpy as np
import saliency.core as saliency
import shap
from lime.lime_base import LimeBase
from safetensors.numpy import load_file, save_file
from saliency.core import xrai
from scipy import ndimage
from skimage import segmentation
from sklearn.metrics import pairwise_distances

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)


def function(count):
    """A function of coalitions with interactions, and nothing that cancels."""
    generator = np.random.default_rng(count)
    linear, pairs = generator.normal(size=count), generator.normal(size=(count, count)) / count
    return lambda z: np.tanh(z @ linear * 0.5 + np.einsum("ni,ij,nj->n", z, pairs, z))


def bits(coalitions):
    return ["".join(str(int(v)) for v in row) for row in coalitions]


def lime_fit():
    """As LimeImageExplainer fits: 120 coalitions of 9 superpixels."""
    data = np.random.RandomState(0).randint(0, 2, (120, 9))
    data[0] = 1
    data[7] = 0
    scores = function(9)(data.astype(float)) * 0.5 + 0.5
    distances = pairwise_distances(data, data[:1], metric="cosine").ravel()
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 0.25**2)), random_state=0)
    labels = np.stack([1 - scores, scores], 1)
    intercept, local, score, _ = base.explain_instance_with_data(data, labels, distances, 1, 100000)
    coefficients = [float(dict(local)[i]) for i in range(9)]
    return dict(coalitions=bits(data), scores=scores.tolist(), coefficients=coefficients,
                intercept=float(intercept), r_squared=float(score))


def shap_fit(count, samples):
    """What KernelExplainer scored, and its values."""
    np.random.seed(1)
    f = function(count)
    explainer = shap.KernelExplainer(f, np.zeros((1, count)))
    values = explainer.shap_values(np.ones((1, count)), nsamples=samples, l1_reg=False, silent=True)
    return dict(coalitions=bits(np.asarray(explainer.maskMatrix)), weights=np.asarray(explainer.kernelWeights).tolist(),
                scores=np.asarray(explainer.ey)[:, 0].tolist(), nothing=float(explainer.fnull[0]),
                everything=float(explainer.fx[0]), values=np.ravel(values).tolist())


def xrai_case():
    """XRAI of PAIR's saliency over its own segmentations of a picture of 40×56 px."""
    picture = load_file(FOLDER / "superpixels.safetensors")["picture.waves"]
    picture = picture.transpose(1, 2, 0).astype(float) / 255
    attribution = np.random.default_rng(5).normal(size=(40, 56, 3))
    attribution = ndimage.gaussian_filter(attribution, (3, 3, 0)).astype(np.float32)
    masks = xrai._get_segments_felzenszwalb(picture, resize_image=False)
    normalised = xrai._normalize_image(picture, [-1.0, 1.0])
    labels = [segmentation.felzenszwalb(normalised, scale=scale, sigma=0.8, min_size=150)
              for scale in xrai._FELZENSZWALB_SCALE_VALUES]
    assert sum(found.max() + 1 for found in labels) == len(masks)
    found = saliency.XRAI().GetMask(picture, None, segments=masks, base_attribution=attribution)
    print(len(masks), "regions,", len(np.unique(found)), "values")
    return dict(labels=np.stack(labels).astype(np.uint8),
                attribution=np.ascontiguousarray(attribution.transpose(2, 0, 1)),
                map=found.astype(np.float32))


fits = dict(lime=lime_fit(), shap_all=shap_fit(4, "auto"), shap_drawn=shap_fit(12, 300))
(FOLDER / "fits.json").write_text(json.dumps(fits))
save_file(xrai_case(), FOLDER / "xrai.safetensors")
