#!/usr/bin/env python3
"""Writes coco.json and coco.safetensors, objects and the masks that pycocotools makes of them, and
mask pictures of every kind that Pillow writes.

Needs numpy, Pillow, pycocotools and safetensors.
"""
import json
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as coco
from safetensors.numpy import save_file

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(3)
HEIGHT, WIDTH = 45, 60


def disk(y, x, radius):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (rows - y) ** 2 + (columns - x) ** 2 < radius**2


def star(corners):
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radii = np.where(np.arange(corners) % 2, 8.0, 19.0) + RANDOM.uniform(-2, 2, corners)
    points = np.stack([30 + radii * np.cos(angles), 22 + radii * np.sin(angles)], 1)
    return points.round(2).ravel().tolist()


def segmentations():
    ring = disk(20, 30, 15) & ~disk(20, 30, 7)
    noise = RANDOM.random((HEIGHT, WIDTH)) < 0.3
    everything = np.ones((HEIGHT, WIDTH), bool)
    for mask in [ring, noise, everything]:
        encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        yield {"size": encoded["size"], "counts": encoded["counts"].decode()}
    flat = disk(30, 10, 9).ravel(order="F").astype(int)
    edges = np.flatnonzero(np.diff(flat)) + 1
    ends = np.concatenate([[0], edges, [flat.size]])
    yield {"size": [HEIGHT, WIDTH], "counts": np.diff(ends).tolist()}
    yield [star(14)]
    yield [[2, 3, 21.5, 3, 21.5, 14.2, 2, 14.2], [40.3, 20, 58.9, 20, 49, 43.7]]


def decoded(segmentation):
    if isinstance(segmentation, list):
        return coco.decode(coco.merge(coco.frPyObjects(segmentation, HEIGHT, WIDTH)))
    if isinstance(segmentation["counts"], list):
        return coco.decode(coco.frPyObjects(segmentation, HEIGHT, WIDTH))
    return coco.decode(segmentation)


def write_coco():
    objects, masks = [], {}
    for index, segmentation in enumerate(segmentations()):
        crowd = int(isinstance(segmentation, dict))
        objects.append({"id": index, "image_id": 7, "category_id": [18, 3, 90][index % 3],
                        "iscrowd": crowd, "bbox": [0, 0, 5, 5], "segmentation": segmentation})
        masks[str(index)] = np.ascontiguousarray(decoded(segmentation))
    objects.append({"id": 99, "image_id": 7, "category_id": 3, "bbox": [4.5, 6, 20, 10.25]})
    images = [{"id": 7, "file_name": "val/cat.jpg", "height": HEIGHT, "width": WIDTH},
              {"id": 8, "file_name": "val/empty.jpg", "height": 9, "width": 12}]
    names = {90: "toothbrush", 3: "car", 18: "dog"}
    categories = [{"id": key, "name": name} for key, name in names.items()]
    content = {"images": images, "annotations": objects, "categories": categories}
    (HERE / "coco.json").write_text(json.dumps(content))
    save_file(masks, str(HERE / "coco.safetensors"))


def write_masks():
    """Value (⌊y/4⌋ + ⌊x/5⌋) mod 3 for every pixel of 23 × 18."""
    rows, columns = np.mgrid[:18, :23]
    values = ((rows // 4 + columns // 5) % 3).astype(np.uint8)
    folder = HERE / "masks"
    folder.mkdir(exist_ok=True)
    grey = Image.fromarray(values)
    grey.save(folder / "grey.png")
    grey.save(folder / "grey.bmp")
    grey.save(folder / "grey.tif")
    grey.save(folder / "grey.gif")
    Image.fromarray(values.astype(np.uint16) * 1000).save(folder / "deep.png")
    Image.fromarray(values > 0).save(folder / "one_bit.png")
    colours = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0]], np.uint8)
    Image.fromarray(colours[values]).save(folder / "colours.png")
    for bits in [1, 2, 4, 8]:
        palette = Image.fromarray(np.minimum(values, 2**bits - 1))
        palette.putpalette((colours.ravel().tolist() + [9] * 768)[:3 * 2**bits])
        palette.save(folder / f"palette{bits}.png", bits=bits)
    void = np.where(values == 2, 255, values).astype(np.uint8)
    palette = Image.fromarray(void)
    palette.putpalette((list(colours.ravel()) + [0] * 768)[:765] + [224, 224, 192])
    palette.save(folder / "void.png")


write_coco()
write_masks()
