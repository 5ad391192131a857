#!/usr/bin/env python3
"""Writes pictures/, maps/ and labels/: files as cameras, microscopes, libraries and hubs leave them, and
pictures/expected.npz, the pixels that Pillow makes of the pictures.

Needs numpy, Pillow, pillow-jxl-plugin and tifffile.
"""
import io
import json
from pathlib import Path

import numpy as np
import pillow_jxl  # noqa: F401, registers the format
import tifffile
from PIL import Image

HERE = Path(__file__).parent
RANDOM = np.random.default_rng(5)
y, x = np.mgrid[:16, :24]
PIXELS = np.stack([x * 10, y * 15, (x * y) % 256], -1).astype(np.uint8)
GREY = (np.hypot(x - 12, y - 8) / 15).clip(0, 1)
PICTURES, SEEN = HERE / "pictures", {}


def seen(name, pixels):
    SEEN[name] = np.asarray(pixels, np.uint8)


def pillows(name):
    seen(name, Image.open(PICTURES / name).convert("RGB"))


def write_tiffs():
    palette = Image.fromarray(PIXELS).quantize(16)
    palette.save(PICTURES / "palette8.tif")
    pillows("palette8.tif")
    indices = np.asarray(palette)
    colours = np.array(palette.getpalette(), np.uint16)[:48].reshape(16, 3).T * 257
    packed = (indices[:, ::2] << 4 | indices[:, 1::2]).astype(np.uint8)
    four_bit_palette(PICTURES / "palette4.tif", packed, colours)
    pillows("palette4.tif")
    for order, byteorder in [("little", "<"), ("big", ">")]:
        for big in [False, True]:
            name = f"palette_{order}{'_big' if big else ''}.tif"
            maps = np.zeros((3, 256), np.uint16)
            maps[:, :16] = colours
            tifffile.imwrite(PICTURES / name, indices, photometric="palette", colormap=maps,
                             bigtiff=big, byteorder=byteorder, metadata=None)
            seen(name, Image.open(PICTURES / "palette8.tif").convert("RGB"))
    tifffile.imwrite(PICTURES / "big.tif", PIXELS, photometric="rgb", bigtiff=True, metadata=None)
    seen("big.tif", PIXELS)
    for kind in ["float16", "float32", "float64"]:
        tifffile.imwrite(PICTURES / f"{kind}.tif", GREY.astype(kind), metadata=None)
        seen(f"{kind}.tif", np.repeat(np.round(GREY.astype(kind).astype(float) * 255)[..., None], 3, 2))
    tifffile.imwrite(PICTURES / "turned.tif", np.rot90(GREY).astype(np.float32), metadata=None,
                     extratags=[(274, 3, 1, 6, True)])
    seen("turned.tif", SEEN["float32.tif"])
    tifffile.imwrite(PICTURES / "refused_range.tif", (GREY * 255).astype(np.float32), metadata=None)
    tifffile.imwrite(PICTURES / "refused_colours.tif", PIXELS.astype(np.float32), photometric="rgb", metadata=None)
    tifffile.imwrite(PICTURES / "colours.tif", (PIXELS / 255).astype(np.float32), photometric="rgb", metadata=None)
    seen("colours.tif", PIXELS)


def four_bit_palette(path, packed, colours):
    """A plain TIFF of one strip, which neither Pillow nor tifffile writes."""
    height, row = packed.shape
    entries = [(256, 4, 1, row * 2), (257, 4, 1, height), (258, 3, 1, 4), (259, 3, 1, 1),
               (262, 3, 1, 3), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height),
               (279, 4, 1, packed.size), (320, 3, 48, 8 + packed.size)]
    word = lambda value, size: int(value).to_bytes(size, "little")
    body = packed.tobytes() + colours.astype("<u2").tobytes()
    directory = word(len(entries), 2) + b"".join(
        word(tag, 2) + word(kind, 2) + word(count, 4) + word(value, 4) for tag, kind, count, value in entries)
    path.write_bytes(b"II*\0" + word(8 + len(body), 4) + body + directory + word(0, 4))


def write_jpegs():
    noisy = Image.fromarray(RANDOM.integers(0, 256, (32, 40, 3), np.uint8))
    for name, options in [("plain", {}), ("progressive", {"progressive": True}), ("restarts", {"restart_marker_rows": 1})]:
        noisy.save(PICTURES / f"{name}.jpg", "JPEG", quality=60, **options)


def write_jpeg_xls():
    rgb = Image.fromarray(PIXELS)
    alpha = Image.fromarray((x * 10).astype(np.uint8))
    rgb.save(PICTURES / "lossless.jxl", lossless=True)
    rgb.save(PICTURES / "lossy.jxl", quality=90)
    rgb.convert("L").save(PICTURES / "grey.jxl", lossless=True)
    Image.merge("RGBA", (*rgb.split(), alpha)).save(PICTURES / "alpha.jxl", lossless=True)
    for name in ["lossless.jxl", "lossy.jxl", "grey.jxl"]:
        pillows(name)
    white = Image.new("RGBA", rgb.size, "white")
    white.alpha_composite(Image.open(PICTURES / "alpha.jxl"))
    seen("alpha.jxl", white.convert("RGB"))


def write_maps():
    folder = HERE / "maps"
    folder.mkdir(exist_ok=True)
    values = RANDOM.integers(-60, 60, (6, 8)).astype(np.float32) / 8
    three = np.stack([values / 4, values / 2, values / 4])
    forms = {
        "hw": values, "float64": values.astype(np.float64), "float16": values.astype(np.float16),
        "big_endian": values.astype(">f4"), "fortran": np.asfortranarray(values),
        "int16": (values * 8).astype(np.int16), "int64": (values * 8).astype(">i8"),
        "batch": values[None, None], "chw": three, "batch_chw": three[None],
        "hwc": np.ascontiguousarray(three.transpose(1, 2, 0)), "shap": three.transpose(1, 2, 0)[None, ..., None],
        "larger": np.kron(values, np.ones((3, 3), np.float32)),
        "picture": np.kron(np.pad(values, ((0, 0), (1, 1))), np.ones((2, 2), np.float32)),
    }
    for name, array in forms.items():
        np.save(folder / f"{name}.npy", array)
    np.savez(folder / "one.npz", values)
    np.savez_compressed(folder / "several.npz", saliency=values, other=np.zeros(3))
    np.save(folder / "refused_objects.npy", np.array([values, None], object))
    np.save(folder / "refused_complex.npy", values.astype(np.complex64))
    np.save(folder / "refused_batch.npy", np.stack([values] * 5))
    np.save(folder / "refused_flat.npy", values.ravel())
    np.save(folder / "refused_turned.npy", np.ascontiguousarray(values.T))
    np.save(folder / "refused_nan.npy", np.where(values > 7, np.nan, values))


def write_labels():
    folder = HERE / "labels"
    folder.mkdir(exist_ok=True)
    names = {0: ("n01440764", "tench"), 1: ("n01443537", "goldfish"), 2: ("n01484850", "white shark")}
    files = {
        "lines.txt": "\n".join(name for _, name in names.values()),
        "class_index.json": json.dumps({str(key): list(pair) for key, pair in names.items()}),
        "config.json": json.dumps({"id2label": {str(key): name for key, (_, name) in names.items()}}),
        "dictionary.txt": str({key: name for key, (_, name) in names.items()}),
        "synsets.txt": "\n".join(" ".join(pair) for pair in names.values()),
        "table.csv": "index,wnid,name\n" + "\n".join(f"{key},{wnid},{name}" for key, (wnid, name) in names.items()),
    }
    for name, text in files.items():
        (folder / name).write_text(text)


PICTURES.mkdir(exist_ok=True)
write_tiffs()
write_jpegs()
write_jpeg_xls()
write_maps()
write_labels()
np.savez_compressed(PICTURES / "expected.npz", **{name.replace(".", "_"): pixels for name, pixels in SEEN.items()})
