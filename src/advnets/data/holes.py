"""Images of which something is missing, from files: the image as a table's rows are, the hole from a mask or alpha.

Light is the hole, as in the masks of most editors, and so is transparent; from half on a gray value counts as light.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from advnets.data.decode import DECODERS, Decoded, UnusableError, decode, is_image, upright
from advnets.data.depth import Range
from advnets.data.options import Fit
from advnets.data.resize import OPACITY, color_changes, fit_image, image_row, laid_out
from advnets.errors import DataError

Missing = NDArray[np.bool_]
"""H x W, or H x W x 3 where each channel has its own: true where something is missing."""
_HALF = 128  # of 256 shades: from here on a value is light
_ROUNDED = 1e-6  # of a pixel: an overlap as small is one of rounded numbers
_FEW_BITS = 255.0  # the greatest value of a mask that has more bits than it uses


@dataclass(frozen=True)
class Wanted:
    """What images are brought to before they are completed, as the data were that a run was trained on.

    Args:
        shape: C x H x W; C is 1 or 3, or 4, the last of them opacity.
        fit: "crop", "pad" or "stretch".
        value_range: the values that stand for black and white; None for the whole range of their type.
        drop_colors: whether images that have colors become gray where one channel is wanted.
    """

    shape: tuple[int, int, int]
    fit: Fit = "crop"
    value_range: Range | None = None
    drop_colors: bool = False


@dataclass(frozen=True, eq=False)
class Holed:
    """An image of which something is missing.

    Args:
        pixels: uint8, C x H x W.
        missing: bool, C x H x W.
        resized: whether the file's image has another size.
        mask_size: height and width of a mask that has another size than the file's image; None of others.
    """

    pixels: NDArray[np.uint8]
    missing: NDArray[np.bool_]
    resized: bool
    mask_size: tuple[int, int] | None = None

    @property
    def share(self) -> float:
        """How much of it is missing, from 0 to 1."""
        return float(self.missing.mean())


def read_holed(
    image: Path, mask: Path | None, wanted: Wanted, inverted: bool = False, by_channel: bool = False
) -> Holed:
    """An image and what is missing of it.

    Args:
        image: its file; rotated as its EXIF says, alpha laid over white, as when data are read.
        mask: the file of its mask, brought to the image's size by the nearest pixels; None takes the image's alpha,
            which is no part of the image then.
        wanted: what both are brought to. Where they are resized, a pixel is observed if all of it was.
        inverted: dark is the hole; of alpha, what can be seen.
        by_channel: each channel of a mask in colors says what is missing of that channel.

    Raises:
        DataError: a file that cannot be used, an image without alpha where there is no mask, or whose alpha is wanted,
            one whose channels are not those of the mask, or one with colors, where something is observed, and gray ones
            are wanted.
    """
    opacity = wanted.shape[0] == OPACITY
    if opacity and mask is None:
        raise DataError(f"{image}: transparency is a part of these images, not what is missing", "name its --mask")
    decoded = _decoded(image, wanted.value_range, opacity)
    missing = _of_alpha(image) if mask is None else _of_mask(mask, by_channel)
    missing = ~missing if inverted else missing
    if missing.ndim == 3 and wanted.shape[0] == 1:
        raise DataError(f"{mask}: the images are gray, they have no channels to say it of", "leave --by-channel out")
    height, width = missing.shape[:2]
    missing = _nearest(missing, decoded.image.size)
    if wanted.shape[0] == 1 and not wanted.drop_colors and color_changes(np.asarray(decoded.image)[~missing][None], 1):
        raise DataError(f"{image} has colors, and gray images are wanted", "make it gray first")
    found = _fitted(decoded.image, missing, wanted)
    return found if (width, height) == decoded.image.size else replace(found, mask_size=(height, width))


def has_colors(mask: Path) -> bool:
    """Whether a mask has colors, each of which could say what is missing.

    Raises:
        DataError: it cannot be read.
    """
    return bool(color_changes(np.asarray(_decoded(mask).image), 1))


def reason_unusable(path: Path) -> str:
    """Why a file is none that begins as an image does; empty where it is one."""
    try:
        content = path.read_bytes()
        if not is_image(content):
            next(iter(decode(io.BytesIO(content))))
    except UnusableError as error:
        return str(error)
    except OSError as error:
        return f"cannot be read ({(error.strerror or str(error)).lower()})"
    return ""


def _decoded(path: Path, value_range: Range | None = None, opacity: bool = False) -> Decoded:
    try:
        with path.open("rb") as file:
            return next(iter(decode(file, value_range=value_range, opacity=opacity)))
    except UnusableError as error:
        raise DataError(f"{path}: {error}", "give an image") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{path} cannot be read ({reason})", "name an image's file") from None


def _of_alpha(path: Path) -> Missing:
    """What is transparent of an image that `decode` takes."""
    with path.open("rb") as file, Image.open(file, formats=tuple(DECODERS)) as opened:
        opened.load()
        if not opened.has_transparency_data:
            raise DataError(f"{path} has no transparent part that says what is missing", "name its --mask")
        return np.asarray(upright(opened).convert("RGBA").getchannel("A")) < _HALF


def _of_mask(path: Path, by_channel: bool) -> Missing:
    """What is light of a mask, whatever its depth: of one whose values are 0 and 1, or 0 to 255 in 16 bits, too."""
    decoded = _decoded(path)
    if decoded.depth is not None and decoded.depth.kind == "integers" and decoded.depth.high <= _FEW_BITS:
        decoded = _decoded(path, (0.0, 1.0 if decoded.depth.high <= 1 else _FEW_BITS))
    values = np.asarray(decoded.image if by_channel else decoded.image.convert("L"))
    if by_channel and values.ndim == 2:
        raise DataError(f"{path} is gray: it says nothing of each channel", "leave --by-channel out")
    return values > 0 if values.max() <= 1 else values >= _HALF


def _nearest(missing: Missing, size: tuple[int, int]) -> Missing:
    """A mask of another size, width x height, by its nearest pixels."""
    if missing.shape[1::-1] == size:
        return missing
    return np.asarray(Image.fromarray(missing.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)) > 0


def _fitted(image: Image.Image, missing: Missing, wanted: Wanted) -> Holed:
    """Both brought to size and channels."""
    channels, *size = wanted.shape
    height, width = size
    planes = [missing] if missing.ndim == 2 else [missing[..., place] for place in range(missing.shape[2])]
    resized = image.size != (width, height)
    if resized:
        # What is missing has no part in what is observed: not by the filter that resizes, either.
        image = _without(image, np.logical_and.reduce(planes))
        image = fit_image(image, (height, width), wanted.fit)
        planes = [_reached(plane, (height, width), wanted.fit) for plane in planes]
    if len(planes) == 3 and channels == OPACITY:  # of which a mask in colors says nothing
        planes.append(np.logical_and.reduce(planes))
    rows = np.stack(planes) if len(planes) == channels else np.repeat(planes[0][None], channels, 0)
    return Holed(image_row(image, channels), rows, resized)


def _without(image: Image.Image, missing: Missing) -> Image.Image:
    """The image with the mean of what is observed where all is missing."""
    pixels = np.array(image)
    if missing.any() and not missing.all():
        pixels[missing] = pixels[~missing].mean(0).round().astype(np.uint8)
    return Image.fromarray(pixels)


def _reached(missing: Missing, size: tuple[int, int], fit: Fit) -> Missing:
    """The pixels of another size that anything missing reaches into: each covers a box of the image's own pixels."""
    seen, there = laid_out(missing.shape[1::-1], size, fit)
    for axis in (0, 1):
        first, last = seen[1 - axis], seen[3 - axis]
        edges = np.linspace(first, last, there[3 - axis] - there[1 - axis] + 1)
        begins = np.floor(edges[:-1] + _ROUNDED).astype(int)
        ends = np.minimum(np.ceil(edges[1:] - _ROUNDED).astype(int), missing.shape[axis])
        parts = [np.take(missing, np.arange(*ends_of), axis).any(axis) for ends_of in zip(begins, ends, strict=True)]
        missing = np.stack(parts, axis)
    found = np.zeros(size, bool)
    found[there[1] : there[3], there[0] : there[2]] = missing
    return found
