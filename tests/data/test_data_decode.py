"""Every kind of image file comes out upright, gray or RGB, with the colors a viewer shows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from data_samples import bomb
from PIL import Image

from advnets.data.decode import MAX_PIXELS, UnusableError, decode


def image_in(file: BinaryIO) -> Image.Image:
    """The only image of a file."""
    (decoded,) = decode(file)
    return decoded.image


def encoded(image: Image.Image, kind: str, **options: object) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def pixels(image: Image.Image, kind: str = "PNG", **options: object) -> np.ndarray:
    return np.asarray(image_in(encoded(image, kind, **options)))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_keep_every_pixel(kind: str, emoji: np.ndarray) -> None:
    assert np.array_equal(pixels(Image.fromarray(emoji[7]), kind), emoji[7])


def test_webp_and_gif_and_jpeg_are_read(emoji: np.ndarray) -> None:
    image = Image.fromarray(emoji[7])
    assert np.array_equal(pixels(image, "WEBP", lossless=True), emoji[7])
    assert np.array_equal(pixels(image.quantize(200), "GIF"), np.asarray(image.quantize(200).convert("RGB")))
    assert np.abs(pixels(image, "JPEG", quality=95).astype(int) - emoji[7]).mean() < 4


def test_gif_gives_its_first_frame() -> None:
    frames = [Image.new("P", (8, 8), color) for color in (0, 1)]
    for frame in frames:
        frame.putpalette([10, 20, 30, 200, 100, 0])
    assert pixels(frames[0], "GIF", save_all=True, append_images=frames[1:])[0, 0].tolist() == [10, 20, 30]


def test_gray_stays_one_channel(digits: np.ndarray) -> None:
    assert np.array_equal(pixels(Image.fromarray(digits[0])), digits[0])


def test_one_bit_becomes_black_and_white() -> None:
    bits = np.eye(9, dtype=bool)
    assert np.array_equal(pixels(Image.fromarray(bits)), np.where(bits, 255, 0))


def test_alpha_lies_over_white() -> None:
    assert pixels(Image.new("RGBA", (4, 4), (255, 0, 0, 0)))[0, 0].tolist() == [255, 255, 255]
    half = pixels(Image.new("RGBA", (4, 4), (255, 0, 0, 128)))[0, 0]
    assert np.abs(half.astype(int) - [255, 127, 127]).max() <= 1
    assert pixels(Image.new("LA", (4, 4), (0, 0)))[0, 0] == 255


def test_palette_transparency_lies_over_white() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert pixels(image)[0, 0].tolist() == [10, 20, 30]
    assert pixels(image, transparency=1)[0, 0].tolist() == [255, 255, 255]
    assert pixels(Image.new("L", (4, 4), 7), transparency=7)[0, 0] == 255


def test_cmyk_becomes_rgb() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    assert np.abs(pixels(cyan, "JPEG", quality=95)[8, 8].astype(int) - [0, 255, 255]).max() < 8
    assert pixels(cyan, "TIFF")[0, 0].tolist() == [0, 255, 255]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(kind: str) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    assert np.array_equal(pixels(Image.fromarray(ramp), kind), np.arange(256, dtype=np.uint8).reshape(16, 16))


def test_float_pixels_count_from_zero_to_one() -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    assert np.array_equal(pixels(Image.fromarray(ramp), "TIFF").ravel(), np.arange(256))
    with pytest.raises(UnusableError, match="--range"):
        pixels(Image.fromarray(ramp * 9), "TIFF")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(kind: str, orientation: int) -> None:
    upright = np.zeros((32, 48), np.uint8)
    upright[:16, :24] = 255  # the bright quarter is at the top left when upright
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x112] = orientation
    seen = pixels(Image.fromarray(np.ascontiguousarray(stored)).convert("RGB"), kind, exif=exif)[..., 0]
    assert seen.shape == upright.shape
    assert np.abs(seen.astype(int) - upright).mean() < 3


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_spoil_the_pixels(digits: np.ndarray) -> None:
    file = encoded(Image.fromarray(digits[0]), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff broken")
    assert image_in(file).size == (64, 64)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_truncated_files_are_unusable(kind: str, emoji: np.ndarray) -> None:
    content = encoded(Image.fromarray(emoji[7]).resize((200, 200)), kind).getvalue()
    with pytest.raises(UnusableError):
        image_in(io.BytesIO(content[: len(content) * 2 // 3]))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is text", "not a readable image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a readable"),
    ],
)
def test_foreign_files_are_named_for_what_they_are(content: bytes, reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        image_in(io.BytesIO(content))


def test_formats_outside_the_list_are_not_even_tried() -> None:
    with pytest.raises(UnusableError, match="not a readable image"):
        pixels(Image.new("RGB", (8, 8)), "PCX")


@pytest.mark.parametrize("size", [(50_000, 50_000), (MAX_PIXELS // 10_000 + 1, 10_000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_pixel_bombs_are_refused_by_their_header(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", lambda self: pytest.fail("decoded a bomb"))
    with pytest.raises(UnusableError, match="too large"):
        image_in(io.BytesIO(bomb(*size)))


def test_a_phones_multi_picture_jpeg_is_read(tmp_path: Path, emoji: np.ndarray) -> None:
    image = Image.fromarray(emoji[7])
    file = encoded(image, "MPO", save_all=True, append_images=[image.rotate(90)])
    assert image_in(file).size == (32, 32)
