#!/usr/bin/env python3
"""Writes reference.safetensors: small maps with boxes, and their localisation scores by TorchRay,
Quantus, OpenCV and plain NumPy.

Needs numpy, scipy, torch, torchray, quantus, opencv-python-headless and safetensors.
"""
from pathlib import Path

import cv2
import numpy as np
import quantus
import torch
from safetensors.numpy import save_file
from scipy.ndimage import gaussian_filter
from torchray.benchmark.pointing_game import PointingGame


HERE = Path(__file__).parent
RANDOM = np.random.default_rng(7)
TOLERANCES = [1, 4, 15]
SHARES = np.round(np.arange(0.1, 0.51, 0.05), 2)
out = {}


def maps():
    y, x = np.mgrid[:28, :36]
    blob = lambda cy, cx, s: np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * s * s))
    yield "blobs", blob(9, 8, 4) + 0.8 * blob(18, 26, 5) + 0.3 * blob(24, 4, 2)
    yield "noise", RANDOM.normal(size=(24, 32))
    yield "smooth", gaussian_filter(RANDOM.normal(size=(40, 30)), 2)
    yield "ties", np.round(2 * gaussian_filter(RANDOM.normal(size=(20, 20)), 0.7))
    yield "corner", (np.mgrid[:15, :21].sum(0) == 34) * 2.0
    yield "edge", np.arange(13 * 17).reshape(13, 17) == 5 * 17
    yield "negative", -RANDOM.random((12, 12)) - 0.5
    y, x = np.mgrid[:33, :33] - 16.0
    yield "rings", np.sin(np.hypot(y, 1.2 * x)) + 0.02 * x
    yield "speckles", (RANDOM.random((30, 30)) > 0.9) * RANDOM.random((30, 30))


def boxes_of(name, scores):
    """Edges x1, y1, x2, y2, inside the picture."""
    h, w = scores.shape
    if name == "blobs":
        return [[3.2, 4.4, 13.6, 14.1], [20.0, 12.0, 33.0, 25.0]]
    if name == "corner":
        return [[14.5, 9.3, 21.0, 15.0]]
    if name == "edge":
        return [[0.0, 3.6, 6.2, 9.7]]
    if name == "rings":
        return [[8.6, 4.5, 24.4, 29.0]]
    y, x = np.unravel_index(scores.argmax(), scores.shape)
    left, up, right, down = RANDOM.uniform(0, 8, 4)
    return [[max(x - left, 0), max(y - up, 0), min(x + 2 + right, w), min(y + 2 + down, h)]]


def mask_of(boxes, shape):
    """Pixels whose centres lie in a box."""
    y, x = np.mgrid[:shape[0], :shape[1]] + 0.5
    inside = [(x >= b[0]) & (x < b[2]) & (y >= b[1]) & (y < b[3]) for b in boxes]
    return np.any(inside, axis=0)


def inclusive_iou(a, b):
    size = lambda q: max(q[2] - q[0] + 1, 0) * max(q[3] - q[1] + 1, 0)
    shared = size([max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])])
    return shared / (size(a) + size(b) - shared)


def cut_contours(picture, threshold):
    limit = int(threshold * picture.max())
    _, binary = cv2.threshold(picture, limit, 255, cv2.THRESH_BINARY)
    return cv2.findContours(binary, cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[0]


def wsol(scores, boxes):
    """Overlaps at every threshold: of the largest contour's box, and of the best box."""
    scores = scores.astype(np.float64)
    scores -= scores.min()
    scores /= scores.max()
    picture = (scores * 255).astype(np.uint8)
    h, w = picture.shape
    truth = [[min(int(v), s - 1) for v, s in zip(b, [w, h, w, h])] for b in boxes]

    def overlap(contour):
        x, y, width, height = cv2.boundingRect(contour)
        box = [x, y, min(x + width, w - 1), min(y + height, h - 1)]
        return max(inclusive_iou(box, b) for b in truth)

    rows = []
    for threshold in np.arange(0, 1, 0.001):
        contours = cut_contours(picture, threshold)
        rows.append([overlap(max(contours, key=cv2.contourArea)), max(map(overlap, contours))])
    return np.array(rows)


def per_level(rows):
    """The thresholds' overlaps by the level of grey that each comes down to."""
    levels = [int(t * 255) for t in np.arange(0, 1, 0.001)]
    assert sorted(set(levels)) == list(range(255))
    for level in range(255):
        assert np.all(rows[levels.index(level)] == rows[[i for i, l in enumerate(levels) if l == level]])
    return np.array([rows[levels.index(level)] for level in range(255)])


def tight_box_iou(scores, boxes):
    truth = mask_of(boxes, scores.shape)
    found = []
    for share in SHARES:
        high = scores >= share * float(scores.max())
        rows, columns = np.where(high.any(1))[0], np.where(high.any(0))[0]
        box = np.zeros_like(truth)
        box[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1] = True
        found.append((box & truth).sum() / (box | truth).sum())
    return np.array(found)


def quantus_scores(scores, mask):
    options = dict(normalise=False, abs=False, disable_warnings=True)
    a, s = scores[None, None].astype(np.float64), mask[None, None]
    k = mask.size // 5
    order = np.sort(scores.ravel())[::-1]
    tied = [order[n - 1] == order[n] for n in (mask.sum(), k)]
    rank = quantus.RelevanceRankAccuracy(**options).evaluate_batch(a_batch=a, s_batch=s)
    mass = quantus.RelevanceMassAccuracy(**options).evaluate_batch(a_batch=np.maximum(a, 0), s_batch=s)
    top = quantus.TopKIntersection(k=k, **options).evaluate_batch(a_batch=a, s_batch=s)
    point = quantus.PointingGame(**options).evaluate_batch(a_batch=a, s_batch=s)
    # Where values tie at the edge, Quantus takes whichever its sort puts first.
    untied = {} if tied[0] else {"rank": rank}
    untied |= {} if tied[1] else {"top": top}
    return {**untied, "mass": mass, "point": point}


def torchray_hits(scores, mask):
    y, x = np.unravel_index(scores.argmax(), scores.shape)
    games = [PointingGame(1, tolerance=tolerance) for tolerance in TOLERANCES]
    return [game.evaluate(torch.tensor(mask), (int(x), int(y))) == 1 for game in games]


def numpy_scores(scores, mask):
    z = scores.astype(np.float64)
    positive = np.maximum(z, 0)
    locs = []
    for share in [0, 0.25, 0.5]:
        high = scores > np.float32(share) * scores.max()
        locs.append((high & mask).sum() / (mask.sum() + (high & ~mask).sum()))
    y, x = np.mgrid[:z.shape[0], :z.shape[1]]

    def spread(w):
        w = w / w.sum()
        return (w * np.hypot(y - (w * y).sum(), x - (w * x).sum())).sum()

    return {
        "positive": positive[mask].sum() / np.abs(z[mask]).sum(),
        "loc": locs,
        "concentration": 1 - spread(positive) / spread(np.ones_like(z)),
    }


def put(name, values):
    out[name] = np.ascontiguousarray(np.atleast_1d(np.asarray(values, dtype=np.float64)))


def score_maps():
    everything = []
    for name, scores in maps():
        scores = scores.astype(np.float32)
        boxes = np.array(boxes_of(name, scores), dtype=np.float32)
        mask = mask_of(boxes, scores.shape)
        out[f"{name}.map"], out[f"{name}.boxes"] = scores, boxes
        out[f"{name}.mask"] = mask.astype(np.uint8)
        rows = wsol(scores, boxes)
        everything.append(rows)
        levels = per_level(rows)
        put(f"{name}.largest", levels[:, 0])
        put(f"{name}.all", levels[:, 1])
        put(f"{name}.hits", torchray_hits(scores, mask))
        if scores.max() > 0:
            put(f"{name}.wsl", tight_box_iou(scores, boxes))
            results = {**quantus_scores(scores, mask), **numpy_scores(scores, mask)}
            for key, value in results.items():
                put(f"{name}.{key}", value)
    right = np.array(everything)
    put("accuracy.v1", (right[:, :, 0] >= 0.5).mean(0).max())
    put("accuracy.v2", np.mean([(right[:, :, 1] >= d).mean(0).max() for d in (0.3, 0.5, 0.7)]))


def score_contours():
    for index, density in enumerate([0.1, 0.3, 0.4, 0.5, 0.6, 0.8, 0.95]):
        mask = RANDOM.random((21, 26)) < density
        if index % 2:
            mask = gaussian_filter(RANDOM.normal(size=(40, 37)), 1.2) > 0.3 - density
        contours, tree = cv2.findContours(
            mask.astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)

        def depth(i):
            return 0 if tree[0][i][3] < 0 else 1 + depth(tree[0][i][3])

        rows = [[*cv2.boundingRect(c), round(2 * cv2.contourArea(c)), depth(i) % 2]
                for i, c in enumerate(contours)]
        out[f"contours.{index}.mask"] = mask.astype(np.uint8)
        out[f"contours.{index}.found"] = np.array(sorted(rows), dtype=np.int32)


score_maps()
score_contours()
save_file(out, str(HERE / "reference.safetensors"))
for name, values in sorted(out.items()):
    if values.size < 10 and values.dtype == np.float64:
        print(name, values)
