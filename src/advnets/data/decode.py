"""One image file, whatever its format, depth and color model, to upright gray or RGB pixels in sRGB.

Only the formats listed here are ever tried, so no file can reach a rarer decoder or an external program.
"""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from advnets.data.depth import Depth, Range, RangeError, to_bytes

# Importing a plugin registers it: with all of these at hand Pillow never loads the rest of its decoders.
DECODERS = {
    "PNG": PngImagePlugin,
    "JPEG": JpegImagePlugin,
    "WEBP": WebPImagePlugin,
    "AVIF": AvifImagePlugin,
    "JPEG2000": Jpeg2KImagePlugin,
    "BMP": BmpImagePlugin,
    "GIF": GifImagePlugin,
    "TIFF": TiffImagePlugin,
    "PPM": PpmImagePlugin,
}
MAX_PIXELS = 100_000_000
LARGE_PIXELS = 16_000_000
MAX_PAGES = 4096
BROKEN_PROFILE = "have a broken color profile: their colors are as they are"
ANIMATED = "move: their first frame alone"
UPPER_BITS = "have 16 bits a color: the upper 8 alone are read, so a small range has few shades"
_DEEP = "16 bits"
_UNREAD = (
    (4, b"ftyphe", "HEIC"), (4, b"ftypmif1", "HEIC"), (4, b"ftypmsf1", "HEIC"), (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL \r\n\x87\n", "JPEG XL"), (0, b"8BPS", "Photoshop's PSD"), (0, b"%PDF", "PDF"),
)  # fmt: skip
"""Files that hold pictures in a format that is not read: where its mark begins, the mark, the format."""
_NEW_SUBFILE_TYPE, _REDUCED = 254, 1  # TIFF 6.0, section 8: bit 0 says "a reduced-resolution version of another page"
_MAX_PROFILE_BYTES = 16 << 20
_PROFILES = _KINDS = 64
_CHUNKS = 16  # of a WebP file, that are passed over on the way to its pixels
_MODES = {
    "1": ("black and white", "1 bit"), "L": ("gray", "8 bits"), "LA": ("gray with alpha", "8 bits"),
    "P": ("palette", "8 bits"), "PA": ("palette with alpha", "8 bits"), "RGB": ("color", "8 bits"),
    "RGBA": ("color with alpha", "8 bits"), "RGBX": ("color", "8 bits"), "I": ("gray", "32 bits"),
    "F": ("gray", "floats of 32 bits"), "I;16": ("gray", "16 bits"), "I;16B": ("gray", "16 bits"),
    "I;16L": ("gray", "16 bits"), "I;16N": ("gray", "16 bits"),
}  # fmt: skip
"""Pillow's modes in words: colors and depth; the others, as CMYK, are called as Pillow does."""

_GRAY_MODES = {mode for mode, (colors, _) in _MODES.items() if colors in ("black and white", "gray", "gray with alpha")}


class UnusableError(Exception):
    """A file that gives no image; its text is the reason."""


@dataclass(frozen=True)
class Decoded:
    """An image out of a file.

    Args:
        image: mode "L" or "RGB", upright, alpha laid over white, 8 bits; "RGBA" where opacity is asked for.
        depth: what its values were before they became bytes; None where they were bytes and remain as they are.
        remarks: what a reader of all images should hear of it, in words that go on after a count.
        page: of a file that has several, from 1; else 0.
        kind: format, colors and depth of the file, in words.
    """

    image: Image.Image
    depth: Depth | None
    remarks: tuple[str, ...] = ()
    page: int = 0
    kind: str = ""


def decode(
    file: BinaryIO,
    large: threading.Semaphore | None = None,
    value_range: Range | None = None,
    opacity: bool = False,
) -> Iterator[Decoded]:
    """Reads the images of a file: every page of a TIFF, the first frame of anything else.

    Args:
        file: the file, open for reading and seekable.
        large: taken while an image of more than 16 megapixels is in memory, so that many threads at once do
            not hold many such images.
        value_range: the values that stand for black and white; by default the whole range of their type.
        opacity: keep alpha as a fourth channel instead of laying it over white.

    Yields:
        Images: rotated as their EXIF says, colors brought to sRGB, alpha laid over white, depth brought to 8 bits.

    Raises:
        UnusableError: it is empty, broken, no image, or larger than `MAX_PIXELS`.
    """
    if not (head := file.read(12)):
        raise UnusableError("empty file")
    lossy = head[:4] == b"RIFF" and head[8:] == b"WEBP" and _is_lossy(file)
    file.seek(0)
    try:
        with Image.open(file, formats=tuple(DECODERS)) as image:
            frames = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
            if frames == 1:
                animated = (ANIMATED,) if getattr(image, "is_animated", False) else ()
                one = _one(image, large, value_range, opacity, animated)
                yield replace(one, kind=f"lossy {one.kind}") if lossy else one
                return
            for page in _pages(image, frames):
                yield replace(_one(image, large, value_range, opacity, ()), page=page)
    except UnusableError:
        raise
    except RangeError as error:
        raise UnusableError(str(error)) from None
    except UnidentifiedImageError:
        raise UnusableError(_not_read(head)) from None
    except Image.DecompressionBombError:
        raise UnusableError(f"too large: more than {MAX_PIXELS:,} pixels") from None
    except Exception as error:  # a stranger's bytes can make a decoder fail in any way at all
        text = " ".join(str(error).split())[:100]
        raise UnusableError(f"broken or truncated ({text or type(error).__name__})") from error


def _not_read(head: bytes) -> str:
    """Why no decoder takes a file that begins so; of formats that people's pictures come in, what to do."""
    for start, mark, name in _UNREAD:
        if head.startswith(mark, start):
            return f"{name}, which has to be saved as JPEG or PNG first"
    return "not a readable image (PNG, JPEG, WebP, AVIF, JPEG 2000, BMP, GIF, TIFF or PPM)"


def is_image(content: bytes) -> bool:
    """Whether bytes begin as an image does that `decode` reads."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(DECODERS)):
            return True
    except Exception:  # as in `decode`
        return False


def has_gray_header(opened: Callable[[], BinaryIO]) -> bool:
    """Whether a file says before its pixels that it is one gray image, or is none that `decode` reads."""
    try:
        with opened() as file, Image.open(file, formats=tuple(DECODERS)) as image:
            return getattr(image, "n_frames", 1) == 1 and image.mode in _GRAY_MODES
    except Exception:  # as in `decode`
        return True


def _one(
    image: Image.Image,
    large: threading.Semaphore | None,
    value_range: Range | None,
    opacity: bool,
    remarks: tuple[str, ...],
) -> Decoded:
    pixels, kind = _check_pixels(image.size), _kind_of(image)
    with large if large and pixels > LARGE_PIXELS else nullcontext():
        image.load()
        turned = upright(image)
        if turned.mode.startswith("I") or turned.mode == "F":
            values, depth = to_bytes(np.asarray(turned), value_range)
            return Decoded(Image.fromarray(values), depth, remarks, kind=kind)
        turned, sound = _in_srgb(turned)
        remarks = remarks if sound else (*remarks, BROKEN_PROFILE)
        seen_through = opacity and turned.has_transparency_data
        shown = hidden_white(turned.convert("RGBA")) if seen_through else _over_white(turned)
        is_deep = kind.endswith(_DEEP)  # and has colors or alpha: Pillow gave the upper 8 bits
        if value_range is None and not is_deep:
            return Decoded(shown, None, remarks, kind=kind)
        values = np.asarray(shown)
        alpha, values = (values[..., 3:], values[..., :3]) if seen_through else (values[..., :0], values)
        values, depth = to_bytes(values * np.uint16(257) if is_deep else values, value_range)
        values = np.concatenate([values, alpha], axis=-1) if seen_through else values
        if is_deep and value_range is not None:
            remarks = (*remarks, UPPER_BITS)
        return Decoded(Image.fromarray(values), depth, remarks, kind=kind)


def _is_lossy(webp: BinaryIO) -> bool:
    """Whether a WebP file, read up to its first chunk, keeps pixels with losses: Pillow does not say."""
    for _ in range(_CHUNKS):
        chunk = webp.read(8)
        if len(chunk) < 8 or chunk[:4] in (b"VP8 ", b"VP8L"):
            return chunk[:4] == b"VP8 "
        size = int.from_bytes(chunk[4:], "little")
        webp.seek(size + size % 2, 1)
    return False


def _kind_of(image: Image.Image) -> str:
    """What an image is that is open and not yet decoded."""
    tiles = getattr(image, "tile", None)
    raw = tiles[0][3] if tiles else ""
    return _kind(image.format or "", image.mode, "16" in str(raw[0] if isinstance(raw, tuple) and raw else raw))


@functools.lru_cache(_KINDS)
def _kind(format: str, mode: str, is_deep: bool) -> str:
    """Format, colors and depth, in words: "PNG, gray, 8 bits".

    Args:
        is_deep: whether values of 16 bits are stored, of which Pillow gives 8 where there are colors.
    """
    colors, bits = _MODES.get(mode, (mode, "8 bits"))
    return f"{format}, {colors}, {_DEEP if is_deep else bits}"


def _pages(image: Image.Image, frames: int) -> Iterator[int]:
    """Goes from page to page of a TIFF, from 1, past thumbnails of others."""
    for page in range(frames):
        if page == MAX_PAGES:
            raise UnusableError(f"the pages after the first {MAX_PAGES:,} of {frames:,}: too many for one file")
        image.seek(page)
        if not page or not _is_reduced(image):
            yield page + 1


def _is_reduced(image: Image.Image) -> bool:
    """Whether a page is a thumbnail of another."""
    return bool(int(image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)) & _REDUCED)  # type: ignore[attr-defined]


def _check_pixels(size: tuple[int, int]) -> int:
    width, height = size
    if width * height > MAX_PIXELS:
        raise UnusableError(f"too large: {width:,} x {height:,} is more than {MAX_PIXELS:,} pixels")
    return width * height


def upright(image: Image.Image) -> Image.Image:
    """An image that is loaded, rotated as its EXIF says."""
    with suppress(Exception):  # a damaged EXIF block does not spoil the pixels
        # A file without any notes has no EXIF (a TIFF always has some); to look for it takes a while of a small file.
        if image.info and image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
            return ImageOps.exif_transpose(image)
    return image


def _in_srgb(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image with an embedded profile's colors brought to sRGB; and whether the profile was sound.

    A gray image stays one: a gray profile is a tone curve.
    """
    profile = image.info.get("icc_profile")
    if not profile:
        return image, True
    mode = {"LA": "L", "PA": "RGB", "P": "RGB"}.get(image.mode, image.mode)
    try:
        if image.has_transparency_data and image.mode != "RGBA":
            image = image.convert("LA" if mode == "L" else "RGBA")
        elif image.mode != mode:
            image = image.convert(mode)
        alpha = image.getchannel("A") if "A" in image.getbands() else None
        colors = image if alpha is None else image.convert(image.mode[:-1])
        transform = _transform(bytes(profile), colors.mode)
        if transform is not None:
            colors = in_mode(_applied(transform, colors), "L" if colors.mode == "L" else "RGB")
        if alpha is not None:
            colors.putalpha(alpha)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image, False
    return colors, True


@functools.lru_cache(_PROFILES)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile to sRGB; None where it is sRGB already."""
    if len(profile) > _MAX_PROFILE_BYTES:
        raise ValueError("a color profile of more than 16 MiB")
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if "srgb" in ImageCms.getProfileDescription(opened).lower():
        return None
    # Of a gray profile's curve LittleCMS makes a table of 32 points, up to six levels wrong, unless told not to.
    flags = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
    return ImageCms.buildTransform(opened, _srgb(), mode, "RGB", flags=flags)


def _applied(transform: ImageCms.ImageCmsTransform, image: Image.Image) -> Image.Image:
    made = ImageCms.applyTransform(image, transform)
    assert made is not None  # it is not done in place
    return made


@functools.lru_cache(1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _over_white(image: Image.Image) -> Image.Image:
    """Gray or RGB, with alpha laid over white."""
    if not image.has_transparency_data:
        return in_mode(image, "L" if image.mode in ("1", "L") else "RGB")
    gray = image.mode in ("L", "LA", "La", "1")
    colors = image.convert("RGBA")
    white = Image.new("RGBA", colors.size, "white")
    return Image.alpha_composite(white, colors).convert("L" if gray else "RGB")


def hidden_white(image: Image.Image) -> Image.Image:
    """RGBA with white where nothing is seen: what color is hidden there tells files apart, not pictures."""
    pixels = np.array(image)
    pixels[pixels[..., 3] == 0, :3] = 255
    return Image.fromarray(pixels)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image in a mode; itself if it has it, where Pillow would copy (a tenth of a large photo's time)."""
    return image if image.mode == mode else image.convert(mode)
