"""Pictures with a name beside each row: samples by class, walks from class to class."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from advnets.errors import DataError
from advnets.figures.grid import interpolation
from advnets.figures.layout import BACKGROUND, Pixels, check_images, chosen_scale, enlarge, lay_out, with_colors

MOST_ROWS = 100
"""Names that fit beside one picture."""
_FEW = 16
_LARGEST, _SMALLEST = 18, 9  # pixels of a letter's height, with what hangs below the line
_WIDEST = 180  # pixels of a name
_GAP = 6


def can_name(classes: Sequence[object]) -> bool:
    """Whether a picture that nobody asked for shows a row a class: where there are a few of them."""
    return 0 < len(classes) <= _FEW


def by_class(rows: Pixels, names: Sequence[str], padding: int = 2, scale: int | None = None) -> Pixels:
    """Images in a row a class, its name on the left.

    Args:
        rows: uint8, K x N x C x H x W, K up to `MOST_ROWS`.
        names: of the K rows; what is too long for its place ends in three dots.
        padding: pixels of background between images and around them.
        scale: whole factor by which each image is enlarged; without it, small ones are, to be easy to see.

    Returns:
        uint8, H x W x 1 or 3.

    Raises:
        DataError: not such images, more rows than fit, or a name for each is not there.
    """
    check_images(rows, "KNCHW")
    _check_names(names, len(rows))
    count, columns, *shape = rows.shape
    factor = _readable(chosen_scale(scale, rows.shape, columns, padding), shape[1], padding)
    images = rows.reshape(count * columns, *shape)
    return _beside(names, lay_out(enlarge(with_colors(images), factor), columns, padding), padding)


def walks_by_class(rows: Pixels, names: Sequence[str], padding: int = 2, scale: int | None = None) -> Pixels:
    """The rows of `interpolation`, each with a name on its left.

    Args:
        rows: uint8, R x S x C x H x W.
        names: of the R rows.
        padding, scale: as for `interpolation`.

    Raises:
        DataError: not such images, more rows than fit, or a name for each is not there.
    """
    check_images(rows, "RSCHW")
    _check_names(names, len(rows))
    factor = _readable(chosen_scale(scale, rows.shape, rows.shape[1], padding), rows.shape[3], padding)
    return _beside(names, interpolation(rows, padding, factor), padding)


def _readable(factor: int, height: int, padding: int) -> int:
    """The factor, or the least one by which a name fits beside an image."""
    return max(factor, -(-(_SMALLEST - padding) // height))


def _check_names(names: Sequence[str], rows: int) -> None:
    if len(names) != rows:
        raise DataError(f"{len(names)} names for {rows} rows", "give one for each")
    if rows > MOST_ROWS:
        remedy = f"name at most {MOST_ROWS} classes, or save an array or a folder instead of a picture"
        raise DataError(f"{rows:,} classes do not fit into a picture", remedy)


def _beside(names: Sequence[str], picture: Pixels, padding: int) -> Pixels:
    """The picture with a column of names, one in the middle of each of its rows' heights, all of one height."""
    pitch = (len(picture) - padding) // len(names)
    font = _font(max(_SMALLEST, min(_LARGEST, pitch)))
    shown = [_shortened(name, font) for name in names]
    width = int(max(font.getlength(name) for name in shown)) + 2 * _GAP
    column = Image.new("L", (width, len(picture)), BACKGROUND)
    draw = ImageDraw.Draw(column)
    for place, name in enumerate(shown):
        draw.text((width - _GAP, padding + (place + 0.5) * pitch), name, fill=0, font=font, anchor="rm")
    pixels = np.asarray(column, np.uint8)[..., None].repeat(picture.shape[-1], axis=-1)
    return np.concatenate([pixels, picture], axis=1)


def _shortened(name: str, font: ImageFont.FreeTypeFont) -> str:
    """The name on one line, as much of it as fits."""
    printable = "".join(letter if letter.isprintable() else " " for letter in name)
    if font.getlength(printable) <= _WIDEST:
        return printable
    while printable and font.getlength(printable + "…") > _WIDEST:
        printable = printable[:-1]
    return printable.rstrip() + "…"


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which has the letters of most alphabets and comes with matplotlib; that need not be imported."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None  # a dependency
    assert found.origin is not None
    return ImageFont.truetype(Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf", size)
