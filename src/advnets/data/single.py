"""Image files one by one, brought to a size and channels as those of a table are, for what is no training."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from advnets.data.decode import UnusableError, decode, has_gray_header
from advnets.data.formats.folder import list_folder
from advnets.data.options import Fit
from advnets.data.pictures import Entry
from advnets.data.resize import COLORS_LOST, OPACITY, color_changes, fit_image, image_row
from advnets.data.side_files import is_side
from advnets.data.table import Skipped, skip
from advnets.errors import DataError

_ENDING = re.compile(r"\.[^./]+$")


@dataclass(frozen=True)
class Wanted:
    """How images are wanted.

    Args:
        size: height and width; None for each image's own.
        channels: 1 or 3, or 4, the last of them opacity.
        fit: how an image of another aspect is brought to size.
        drop_colors: whether images that have colors become gray where one channel is wanted.
        most: pixels of an image of its own size.
    """

    size: tuple[int, int] | None
    channels: int
    fit: Fit
    drop_colors: bool = False
    most: int = 1 << 22


@dataclass(frozen=True)
class OneImage:
    """An image of a file.

    Args:
        name: of its file below the folder, without ending; behind it the page, of a file that has several.
        pixels: uint8, C x H x W.
    """

    name: str
    pixels: NDArray[np.uint8]


def files_of(path: Path) -> list[Entry | Skipped]:
    """The image files of a folder and its sub-folders, sorted by name, or the one of a file.

    Raises:
        DataError: there is nothing, or two files of one folder differ in their ending alone.
    """
    if path.is_file():
        return [Entry(path.name, path.stat().st_size, lambda: io.BytesIO(path.read_bytes()))]
    if not path.is_dir():
        raise DataError(f"{path}: no such file or folder", "name an image, or a folder of images")
    found = [each for each in list_folder(path).entries() if isinstance(each, Skipped) or not is_side(each.name)]
    if not any(isinstance(each, Entry) for each in found):
        raise DataError(f"{path}: no file in it", "name an image, or a folder of images")
    names = [each.name for each in found if isinstance(each, Entry)]
    twice = next((name for name, count in Counter(map(without_ending, names)).items() if count > 1), None)
    if twice is not None:
        both: Sequence[str] = [name for name in names if without_ending(name) == twice]
        raise DataError(f"{path}: {both[0]} and {both[1]} differ in the ending alone", "rename or remove one of them")
    return found


def without_ending(name: str) -> str:
    """A file's path without its ending."""
    return _ENDING.sub("", name)


def images_in(entry: Entry, wanted: Wanted) -> Iterator[OneImage | Skipped]:
    """The images of a file: every page of a TIFF, the first frame of anything else; or why there is none.

    Raises:
        DataError: an image with colors where gray ones are wanted.
    """
    try:
        with entry.open() as file:
            for decoded in decode(file, opacity=wanted.channels == OPACITY):
                name = f"{without_ending(entry.name)}-{decoded.page}" if decoded.page else without_ending(entry.name)
                yield _brought(name, decoded.image, wanted, entry.name)
    except UnusableError as error:
        yield skip(entry.name, str(error))
    except OSError as error:
        yield skip(entry.name, f"cannot be read ({error.strerror or error})")


def check_colors(entry: Entry, wanted: Wanted) -> None:
    """See that a file's images have no colors where gray ones are wanted, by its header where that is enough.

    Raises:
        DataError: one has.
    """
    if wanted.channels == 1 and not wanted.drop_colors and not has_gray_header(entry.open):
        for _ in images_in(entry, replace(wanted, size=None)):
            pass


def _brought(name: str, image: Image.Image, wanted: Wanted, file: str) -> OneImage | Skipped:
    pixels = np.asarray(image)
    if COLORS_LOST in color_changes(pixels, wanted.channels) and not wanted.drop_colors:
        raise DataError(f"{file} has colors, and gray images are wanted", "make it gray first")
    if wanted.size is not None:
        image = fit_image(image, wanted.size, wanted.fit)
    elif pixels.shape[0] * pixels.shape[1] > wanted.most:
        height, width = pixels.shape[:2]
        return skip(file, f"{height:,} x {width:,} is more than {wanted.most:,} pixels")
    return OneImage(name, image_row(image, wanted.channels))
