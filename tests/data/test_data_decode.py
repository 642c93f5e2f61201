"""Every kind of image file comes out upright, gray or RGB, with the colors a viewer shows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from color_profiles import linear_gray, linear_rgb, neutral_cmyk
from data_samples import bomb, deep_png
from PIL import Image

from advnets.data.decode import ANIMATED, BROKEN_PROFILE, MAX_PIXELS, UPPER_BITS, UnusableError, decode
from advnets.data.depth import Depth


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
        (
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\7" * 90,
            "HEIC, which has to be saved as JPEG or PNG first",
        ),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + b"\7" * 90, "HEIC, which has"),
        (b"\xff\x0a" + b"\7" * 90, "JPEG XL, which has"),
        (b"\0\0\0\x20ftypisom" + b"\7" * 90, "not a readable image"),
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


def in_srgb(light: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1: light from 0 to 1 as values of sRGB, 0 to 255."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


@pytest.mark.parametrize(("mode", "profile"), [("RGB", linear_rgb()), ("L", linear_gray()), ("RGBA", linear_rgb())])
def test_colors_are_brought_to_srgb(mode: str, profile: bytes) -> None:
    shown = pixels(Image.fromarray(RAMP).convert(mode), icc_profile=profile)
    assert shown.ndim == (2 if mode == "L" else 3)
    expected = in_srgb(RAMP / 255)
    assert np.abs(shown.astype(float) - (expected if mode == "L" else expected[..., None])).max() <= 1.5


def test_cmyk_is_printed_as_its_profile_says() -> None:
    inks = np.zeros((16, 16, 4), np.uint8)
    inks[..., 3] = RAMP
    shown = pixels(Image.fromarray(inks, "CMYK"), "TIFF", icc_profile=neutral_cmyk())
    lightness = 100 * (1 - RAMP / 255.0)
    light = np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness / 903.3)  # CIE L* to Y
    assert np.abs(shown.astype(float) - in_srgb(light)[..., None]).max() <= 2
    assert pixels(Image.fromarray(inks, "CMYK"), "TIFF")[0, 0].tolist() == [255, 255, 255]


def test_a_broken_profile_leaves_colors_as_they_are_and_is_told() -> None:
    file = encoded(Image.fromarray(RAMP).convert("RGB"), "PNG", icc_profile=b"no profile at all" * 9)
    (decoded,) = decode(file)
    assert np.array_equal(np.asarray(decoded.image)[..., 0], RAMP)
    assert decoded.remarks == (BROKEN_PROFILE,)


def test_every_page_of_a_tiff_is_an_image_but_thumbnails_are_not() -> None:
    pages = [Image.fromarray(np.full((9, 8), value, np.uint8)) for value in (1, 2, 3)]
    pages[1].encoderinfo = {"tiffinfo": {254: 1}}
    file = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert [(each.page, each.image.getpixel((0, 0))) for each in decode(file)] == [(1, 1), (3, 3)]


def test_a_moving_picture_gives_its_first_frame_and_says_so() -> None:
    frames = [Image.fromarray(np.full((9, 8, 3), value, np.uint8)) for value in (10, 200)]
    for kind in ("GIF", "WEBP", "PNG"):
        (decoded,) = decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert np.asarray(decoded.image).max() < 20
        assert decoded.remarks == (ANIMATED,)


@pytest.mark.parametrize(("kind", "options"), [("AVIF", {"quality": 100}), ("JPEG2000", {"irreversible": False})])
def test_avif_and_jpeg_2000_are_read(kind: str, options: dict[str, object]) -> None:
    shown = pixels(Image.fromarray(RAMP).convert("RGB").resize((64, 64)), kind, **options)
    wanted = np.asarray(Image.fromarray(RAMP).resize((64, 64)))
    assert np.abs(shown.astype(int) - wanted[..., None]).max() <= (0 if kind == "JPEG2000" else 4)


def test_sixteen_bit_gray_takes_the_range_that_is_said() -> None:
    camera = encoded(Image.fromarray(RAMP.astype(np.uint16) * 16), "PNG")
    (decoded,) = decode(camera, value_range=(0, 4080))
    assert np.array_equal(np.asarray(decoded.image), RAMP)
    assert decoded.depth == Depth("said", 0, 4080)


@pytest.mark.parametrize(("color_type", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_of_colors_count_as_sixteen(color_type: int, channels: int) -> None:
    camera = np.repeat(RAMP[..., None].astype(np.uint16) * 16, channels, 2)  # 12 bits
    if channels != 3:
        camera[..., -1] = 65535
    (plain,) = decode(io.BytesIO(deep_png(camera, color_type)))
    assert plain.depth == Depth("integers", 0, 15 * 257)
    (said,) = decode(io.BytesIO(deep_png(camera, color_type)), value_range=(0, 4095))
    assert said.remarks == (UPPER_BITS,)
    shown = np.asarray(said.image).reshape(16, 16, -1)[..., 0]
    assert np.abs(shown.astype(int) - RAMP).max() <= 16
    (whole,) = decode(io.BytesIO(deep_png(np.where(camera == 65535, camera, camera * 16), color_type)))
    assert np.array_equal(np.asarray(whole.image).reshape(16, 16, -1)[..., 0], RAMP)
    assert whole.remarks == ()
