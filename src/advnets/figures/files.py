"""Pictures as files: whole or not at all, in the format that the name's ending says."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin

from advnets.errors import DataError
from advnets.files import write_whole

Picture = npt.NDArray[np.uint8]
_PNG: dict[str, Any] = {"format": "PNG"}
_JPEG: dict[str, Any] = {"format": "JPEG", "quality": 95, "subsampling": 0}
_FORMATS = {"": _PNG, ".png": _PNG, ".jpg": _JPEG, ".jpeg": _JPEG, ".webp": {"format": "WEBP", "lossless": True}}
ENDINGS = tuple(ending for ending in _FORMATS if ending)
"""How names of pictures end. JPEG alone is not exact: it is written at quality 95, colors at full resolution."""
_CHANNELS, _CHANNELS_OF_PNG = (1, 3), (1, 2, 3, 4)


def save(image: Picture, path: str | os.PathLike[str], step: int | None = None) -> Path:
    """Writes a picture aside first and then renames it, so that no reader meets half of it.

    Args:
        image: uint8, H x W x 1 (gray) or H x W x 3 (color), as `grid` and its kin return it.
        path: where to; one of `ENDINGS` says as what, and none as PNG. Folders on the way are made.
        step: of the training that it shows, kept in a PNG file for `step_of`.

    Returns:
        The path.

    Raises:
        DataError: another ending.
        OSError: the file cannot be written; what was there is untouched.
    """
    target = Path(path)
    options: dict[str, Any] = _options(target)
    if options is _PNG:
        notes = PngImagePlugin.PngInfo()
        if step is not None:
            notes.add_text("step", str(step))
        options = {**_PNG, "optimize": True, "pnginfo": notes}
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    write_whole(target, lambda file: picture.save(file, **options))  # pyright: ignore[reportArgumentType]
    return target


def save_one(image: Picture, path: Path) -> None:
    """Writes one of many images, whole or not at all; it may be lost with the power.

    Args:
        image: uint8, H x W x 1 (gray) or H x W x 3 (color); as PNG also with a last channel of opacity.
        path: as for `save`.

    Raises:
        DataError: another ending, or images of so many channels are none of that format.
        OSError: the file cannot be written.
    """
    check_channels(image.shape[-1], path.suffix)
    write_whole(path, lambda file: _encode(image, path, file), durable=False)


def shows(path: Path, image: Picture) -> bool:
    """Whether a file has, pixel by pixel, what `save_one` writes of an image."""
    meant = io.BytesIO()
    _encode(image, path, meant)
    try:
        with Image.open(path) as found, Image.open(meant) as wanted:
            return np.array_equal(np.asarray(found), np.asarray(wanted))
    except (OSError, ValueError, SyntaxError):  # damaged, or none
        return False


def _encode(image: Picture, path: Path, file: BinaryIO) -> None:
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(file, **_options(path))


def check_picture(path: Path) -> None:
    """See that a picture can be written to a file of that name.

    Raises:
        DataError: another ending than `save` takes.
    """
    _options(path)


def check_channels(channels: int, ending: str) -> None:
    """See that images of so many channels can be files of a format.

    Raises:
        DataError: they cannot.
    """
    if channels not in (_CHANNELS_OF_PNG if _FORMATS[ending.lower()] is _PNG else _CHANNELS):
        raise DataError(f"images of {channels} channels are no {ending} files", "name a .npy or .npz file")


def step_of(path: str | os.PathLike[str]) -> int | None:
    """The step of the training that a saved picture shows; None where it does not say, or is not there."""
    try:
        with Image.open(path) as picture:
            return int(picture.info["step"])
    except (OSError, KeyError, ValueError, SyntaxError):
        return None


def _options(path: Path) -> dict[str, Any]:
    try:
        return _FORMATS[path.suffix.lower()]
    except KeyError:
        raise DataError(f"{path} cannot be a picture", f"end its name in {', '.join(ENDINGS)}") from None
