"""The features that need no network."""

from __future__ import annotations

import math

import numpy as np

from advnets.measures.features.extractor import Extractor, Features, Images, check_shape
from advnets.measures.features.setting import Setting
from advnets.measures.inputs import PIXEL_STEPS


def pixels(setting: Setting) -> Extractor:
    """Values in [0, 1], flattened; D = C H W."""
    shape = setting.table.shape

    def extract(images: Images) -> Features:
        check_shape(images, shape, "pixels")
        return np.divide(images.reshape(len(images), -1), PIXEL_STEPS, dtype=np.float32)

    return Extractor(
        name="pixels", dimension=math.prod(shape), identity="pixels-1", extract=extract, batch=1024, cached=False
    )
