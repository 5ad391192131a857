"""What a case is, and short names for the constants in it."""

import zlib
from dataclasses import dataclass, field

import numpy as np

PICTURE = ("N", 4, 5, 3)


@dataclass
class Case:
    name: str
    body: str
    weights: dict = field(default_factory=dict)
    shape: tuple = PICTURE
    opset: int = 17
    ir: int = 8
    batch: int = 1
    weights_are_inputs: bool = False
    external: bool = False
    compressed: bool = False
    functions: str = ""


class Cases(list):
    """Collects cases; `add` tells a case's settings from its initialisers by their names."""

    def add(self, name, body, **keywords):
        settings = {key: keywords.pop(key) for key in list(keywords) if key in Case.__annotations__}
        self.append(Case(name, body, weights=keywords, **settings))


def normal(*shape, scale=0.5):
    """Weights drawn from a normal distribution, the same for the same shape."""
    random = np.random.default_rng(zlib.crc32(repr(shape).encode()))
    return (random.standard_normal(shape) * scale).astype(np.float32)


def positive(*shape):
    return np.abs(normal(*shape)) + np.float32(0.5)


def ints(*values):
    return np.array(values, dtype=np.int64)


def scalar(value):
    return np.float32(value)


def floats(*values):
    return np.array(values, dtype=np.float32)
