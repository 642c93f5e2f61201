"""One image file, whatever its format and color model, to upright gray or RGB pixels.

Only the formats listed here are ever tried, so no file can reach a rarer decoder or an external program.
"""

from __future__ import annotations

import threading
from contextlib import nullcontext, suppress
from typing import BinaryIO

import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

# Importing a plugin registers it: with all of these at hand Pillow never loads the rest of its decoders.
DECODERS = {
    "PNG": PngImagePlugin,
    "JPEG": JpegImagePlugin,
    "WEBP": WebPImagePlugin,
    "BMP": BmpImagePlugin,
    "GIF": GifImagePlugin,
    "TIFF": TiffImagePlugin,
    "PPM": PpmImagePlugin,
}
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 16_000_000


class UnusableError(Exception):
    """A file that gives no image; its text is the reason."""


def decode(file: BinaryIO, large: threading.Semaphore | None = None) -> Image.Image:
    """Reads the first frame of an image file.

    Args:
        file: the file, open for reading and seekable.
        large: taken while an image of more than 16 megapixels is in memory, so that many threads at once do
            not hold many such images.

    Returns:
        An image of mode "L" or "RGB": rotated as its EXIF says, alpha laid over white, 16 bits scaled to 8.

    Raises:
        UnusableError: it is empty, broken, no image, or larger than `MAX_PIXELS`.
    """
    if not file.read(1):
        raise UnusableError("empty file")
    file.seek(0)
    try:
        with Image.open(file, formats=tuple(DECODERS)) as image:
            pixels = _check_pixels(image.size)
            with large if large and pixels > LARGE_PIXELS else nullcontext():
                image.load()
                _turn_upright(image)
                return _gray_or_rgb(image)
    except UnusableError:
        raise
    except UnidentifiedImageError:
        raise UnusableError("not a readable image (PNG, JPEG, WebP, BMP, GIF, TIFF or PPM)") from None
    except Image.DecompressionBombError:
        raise UnusableError(f"too large: more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:  # a stranger's bytes can make a decoder fail in any way at all
        text = " ".join(str(error).split())[:100]
        raise UnusableError(f"broken or truncated ({text or type(error).__name__})") from error


def _check_pixels(size: tuple[int, int]) -> int:
    width, height = size
    if width * height > MAX_PIXELS:
        raise UnusableError(f"too large: {width:,} x {height:,} is more than {MAX_PIXELS:,} pixels")
    return width * height


def _turn_upright(image: Image.Image) -> None:
    with suppress(Exception):  # a damaged EXIF block does not spoil the pixels
        ImageOps.exif_transpose(image, in_place=True)


def _gray_or_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep(image)
    if image.has_transparency_data:
        colors = image.convert("RGBA")
        white = Image.new("RGBA", colors.size, "white")
        return Image.alpha_composite(white, colors).convert("RGB")
    return in_mode(image, "L" if image.mode in ("1", "L") else "RGB")


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image in a mode; itself if it has it, where Pillow would copy (a tenth of a large photo's time)."""
    return image if image.mode == mode else image.convert(mode)


def _from_deep(image: Image.Image) -> Image.Image:
    """Gray of more than 8 bits: Pillow's own conversion clips at 255, so the full range is scaled here."""
    values = np.asarray(image).astype(np.float32)
    full = 1.0 if image.mode == "F" else 65535.0
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= full):
        raise UnusableError(f"pixels from {low:g} to {high:g} do not fit 0 to {full:g}")
    return Image.fromarray(np.rint(values * (255.0 / full)).astype(np.uint8))
