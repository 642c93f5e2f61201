"""Decoded pixels to rows of the table: the wanted size, the wanted channels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from advnets.data.decode import hidden_white, in_mode
from advnets.data.options import Fit

COLORS_LOST = "lose their colors"
OPAQUE = "are transparent nowhere"
OPACITY = 4
"""Channels of images with opacity: red, green, blue, opacity."""
FILE_CHANNELS = 1, 3, OPACITY
"""Channels that images of files are had with."""


Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def fit_image(image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    """Resizes with an antialiased filter; an image that has the size already is left untouched.

    Args:
        image: mode "L", "RGB" or "RGBA".
        size: height and width of the result.
        fit: "crop" keeps the center of the wanted aspect, "pad" shows everything on white (as alpha is laid
            over white; where there is opacity, on nothing), "stretch" gives up the aspect.
    """
    height, width = size
    if image.size == (width, height):
        return image
    seen, (left, top, right, bottom) = laid_out(image.size, size, fit)
    resized = image.resize((right - left, bottom - top), Image.Resampling.LANCZOS, box=seen)
    resized = hidden_white(resized) if image.mode == "RGBA" else resized
    if resized.size == (width, height):
        return resized
    canvas = Image.new(image.mode, (width, height), (255, 255, 255, 0) if image.mode == "RGBA" else "white")
    canvas.paste(resized, (left, top))
    return canvas


def laid_out(before: tuple[int, int], size: tuple[int, int], fit: Fit) -> tuple[Box, tuple[int, int, int, int]]:
    """Which part of an image `fit_image` shows, and where in the result it comes to lie: boxes.

    Args:
        before: width and height.
        size: height and width.
        fit: as for `fit_image`.
    """
    height, width = size
    whole = (0.0, 0.0, float(before[0]), float(before[1]))
    if fit == "crop":
        return _center_box(before, width / height), (0, 0, width, height)
    if fit == "stretch":
        return whole, (0, 0, width, height)
    scale = min(width / before[0], height / before[1])
    inner = max(1, round(before[0] * scale)), max(1, round(before[1] * scale))
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    return whole, (left, top, left + inner[0], top + inner[1])


def changes(before: tuple[int, int], size: tuple[int, int], fit: Fit) -> tuple[str, ...]:
    """What `fit_image` does that people should hear of, in words that go on after a count.

    Args:
        before: width and height.
        size: height and width.
    """
    (width, height), (new_height, new_width) = before, size
    found: list[str] = []
    if new_width > width or new_height > height:
        found.append("are enlarged")
    if fit == "crop" and max(width * new_height, height * new_width) > 1.02 * min(
        width * new_height, height * new_width
    ):
        found.append("are cropped")
    return tuple(found)


def color_changes(pixels: NDArray[np.uint8], channels: int | None) -> tuple[str, ...]:
    """As `changes`, of the channels that are asked for.

    Args:
        pixels: H x W of gray, H x W x 3, or x 4 with opacity; or of many, N x H x W x C.
    """
    if channels == OPACITY:
        return () if pixels.ndim > 2 and pixels.shape[-1] == OPACITY else (OPAQUE,)
    lost = channels == 1 and pixels.ndim > 2 and pixels.shape[-1] == 3 and bool((pixels != pixels[..., :1]).any())
    return (COLORS_LOST,) if lost else ()


def _center_box(size: tuple[int, int], aspect: float) -> Box:
    width, height = size
    crop_width, crop_height = min(width, height * aspect), min(height, width / aspect)
    left, top = (width - crop_width) / 2, (height - crop_height) / 2
    return left, top, left + crop_width, top + crop_height


def image_row(image: Image.Image, channels: int | None, pixels: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """An image as uint8, C x H x W. With channels None: 1 where every pixel is gray, else 3.

    Args:
        channels: 1 for gray, 3 for color, 4 for color and opacity.
        pixels: the image's, where they are at hand.
    """
    wanted = image if channels is None else in_mode(image, {1: "L", 3: "RGB", 4: "RGBA"}[channels])
    if pixels is None or wanted is not image:
        pixels = np.asarray(wanted, np.uint8)
    if pixels.ndim == 2:
        return pixels[None]
    row = pixels.transpose(2, 0, 1)
    if channels is None and np.array_equal(row[0], row[1]) and np.array_equal(row[0], row[2]):
        row = row[:1]
    return np.ascontiguousarray(row)
