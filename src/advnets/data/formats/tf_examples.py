"""What a tf.train.Example holds: an image, as its file or as plain pixels, and columns that say something of it.

    image/encoded, image, img       the bytes of an image file (ImageNet's scripts, TFDS); else the only such feature
    shape, data                     the progressive GAN's: C x H x W (or H x W x C) and uint8 pixels
    image/class/text, .../label     the class; the text goes before the number
    image/filename, file_name       the row's name

Source: TensorFlow, `core/example/example.proto`; Karras et al. 2018, *Progressive Growing of GANs*,
`dataset_tool.TFRecordExporter`; TensorFlow models, `build_imagenet_data.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from advnets.data.decode import UnusableError, is_image
from advnets.data.extras import need
from advnets.errors import DataError

SHAPE, DATA = "shape", "data"
IMAGES = ("image/encoded", "image", "img", "image_raw", "encoded", "jpeg", "png")
FILES = ("image/filename", "file_name", "filename", "image/file_name")
_TEXT, _LABEL = "image/class/text", "image/class/label"
_OF_THE_FILE = frozenset(("height", "width", "channels", "depth", "colorspace", "format", "shape", "key/sha256"))

Features = Mapping[str, Sequence[Any]]
"""Lists of bytes, floats or integers by name."""


@dataclass(frozen=True)
class Example:
    """An image and what is said of it.

    Args:
        name: of its file; empty where it has none.
        image: an image file.
        columns: numbers, texts and lists of numbers by name.
        blobs: features that are neither.
    """

    name: str
    image: bytes
    columns: dict[str, object]
    blobs: Sequence[str]


def features_of(record: bytes) -> Features:
    """The features of a serialized tf.train.Example.

    Raises:
        UnusableError: it is none.
    """
    example = need("tfrecord.example_pb2", "TFRecord files").Example
    try:
        found = example.FromString(record).features.feature
    except need("google.protobuf.message", "TFRecord files").DecodeError:
        raise UnusableError("no tf.train.Example") from None
    kinds = {name: feature.WhichOneof("kind") for name, feature in found.items()}
    return {name: list(getattr(found[name], kind).value) for name, kind in sorted(kinds.items()) if kind}


def image_feature(source: str, features: Features) -> str:
    """The feature that holds the image; empty where there is none.

    Raises:
        DataError: several hold one, under names that nobody knows.
    """
    single = [name for name, values in features.items() if len(values) == 1 and isinstance(values[0], bytes)]
    if SHAPE in features and DATA in single:
        return DATA
    for usual in IMAGES:
        if usual in single:
            return usual
    found = [name for name in single if is_image(features[name][0])]
    if len(found) > 1:
        what = f"{source}: several features are images ({', '.join(found)})"
        raise DataError(what, f"write the one to take as {IMAGES[0]}")
    return found[0] if found else ""


def example_of(features: Features, image: str) -> Example:
    """The image of an example, and what is said of it.

    Args:
        image: the feature that holds it.

    Raises:
        UnusableError: it has none.
    """
    if len(features.get(image, ())) != 1:
        raise UnusableError("a record without an image")
    content = features[image][0]
    pixels = image == DATA and SHAPE in features
    file = next((name for name in FILES if features.get(name)), "")
    taken = {image, file, SHAPE if pixels else "", _LABEL if features.get(_TEXT) else ""}
    columns: dict[str, object] = {}
    blobs: list[str] = []
    for name, values in features.items():
        short = name.removeprefix("image/")
        if name in taken or short in _OF_THE_FILE:
            continue
        value = _value(values)
        if isinstance(value, bytes):
            blobs.append(name)
        elif value is not None:
            columns["label" if name in (_TEXT, _LABEL) else short] = value
    said = _value(features[file]) if file else ""
    return Example(said if isinstance(said, str) else "", _file_of(features) if pixels else content, columns, blobs)


def _value(values: Sequence[Any]) -> object:
    """Of one value itself, as text where it is one; a list of numbers; else bytes; None of nothing."""
    if not values:
        return None
    if not isinstance(values[0], bytes):
        return values[0] if len(values) == 1 else list(values)
    if len(values) > 1:
        return b""
    try:
        return values[0].decode("utf-8")
    except UnicodeDecodeError:
        return values[0]


def _file_of(features: Features) -> bytes:
    """The progressive GAN's pixels as an image file, PPM, which adds a header and changes nothing.

    Raises:
        UnusableError: they are not what their shape says, or neither gray nor RGB.
    """
    shape, content = [size for size in features[SHAPE] if isinstance(size, int)], features[DATA][0]
    while len(shape) > 3 and shape[0] == 1:
        shape = shape[1:]
    shape = [1, *shape] if len(shape) == 2 else shape
    if len(shape) != 3 or min(shape) < 1 or math.prod(shape) != len(content):
        raise UnusableError(f"{len(content):,} bytes of pixels for shape {shape}")
    pixels = np.frombuffer(content, np.uint8).reshape(shape)
    if shape[0] in (1, 3):
        pixels = pixels.transpose(1, 2, 0)
    height, width, channels = pixels.shape
    if channels not in (1, 3):
        raise UnusableError(f"shape {shape} is neither gray nor RGB")
    return b"P%d %d %d 255\n" % (5 if channels == 1 else 6, width, height) + pixels.tobytes()
