"""Images with holes from files: what masks of all kinds say, and what of the hole reaches what is observed: nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data.holes import Wanted, read_holed
from advnets.errors import DataError

SIDE = 16
WANTED = Wanted((3, SIDE, SIDE))
PIXELS = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
HOLE = np.zeros((SIDE, SIDE), bool)
HOLE[3:9, 5:14] = True
LIGHT = (HOLE * 255).astype(np.uint8)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return saved(tmp_path / "image.png", PIXELS)


def saved(path: Path, array: np.ndarray, **options) -> Path:
    Image.fromarray(array).save(path, **options)
    return path


def test_the_image_as_it_is_and_its_hole(image: Path, tmp_path: Path) -> None:
    found = read_holed(image, saved(tmp_path / "mask.png", LIGHT), WANTED)
    np.testing.assert_array_equal(found.pixels, PIXELS.transpose(2, 0, 1))
    np.testing.assert_array_equal(found.missing, np.stack([HOLE] * 3))
    assert found.share == pytest.approx(6 * 9 / 256)
    assert not found.resized
    inverted = read_holed(image, tmp_path / "mask.png", WANTED, inverted=True)
    np.testing.assert_array_equal(inverted.missing, ~found.missing)


def as_jpeg(path: Path) -> Path:
    return saved(path.with_suffix(".jpg"), np.stack([LIGHT] * 3, -1), quality=30)


def turned(path: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    return saved(path.with_suffix(".jpg"), np.rot90(LIGHT).copy(), exif=exif, quality=95)


@pytest.mark.parametrize(
    "make",
    [
        lambda path: saved(path, HOLE.astype(np.uint8)),  # 0 and 1
        lambda path: saved(path, HOLE),  # 1 bit
        lambda path: saved(path, HOLE.astype(np.uint16)),
        lambda path: saved(path, LIGHT.astype(np.uint16)),
        lambda path: saved(path, HOLE.astype(np.uint16) * 65535),
        lambda path: saved(path, np.where(HOLE, 128, 127).astype(np.uint8)),  # half is the threshold
        lambda path: saved(path, np.dstack([LIGHT, LIGHT, LIGHT, 255 - LIGHT])),  # white strokes on a clear sheet
        lambda path: saved(path, LIGHT.repeat(4, 0).repeat(3, 1)),  # another size
        as_jpeg,
        turned,
    ],
)
def test_masks_of_all_kinds_say_the_same(make, image: Path, tmp_path: Path) -> None:
    found = read_holed(image, make(tmp_path / "mask.png"), WANTED)
    np.testing.assert_array_equal(found.missing[0], HOLE)


def test_grey_edges_are_cut_at_half(image: Path, tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, 1))
    np.testing.assert_array_equal(read_holed(image, saved(tmp_path / "m.png", ramp), WANTED).missing[0], ramp >= 128)


def test_transparent_is_missing_where_there_is_no_mask(tmp_path: Path, image: Path) -> None:
    clear = saved(tmp_path / "clear.png", np.dstack([PIXELS, 255 - LIGHT]))
    found = read_holed(clear, None, WANTED)
    np.testing.assert_array_equal(found.missing[0], HOLE)
    np.testing.assert_array_equal(found.pixels[~found.missing], PIXELS.transpose(2, 0, 1)[~found.missing])
    with pytest.raises(DataError, match="no transparent part that says what is missing; name its --mask"):
        read_holed(image, None, WANTED)


def test_opacity_that_is_part_of_the_images_is_not_what_is_missing(tmp_path: Path) -> None:
    wanted, alpha = Wanted((4, SIDE, SIDE)), np.random.default_rng(1).integers(1, 256, (SIDE, SIDE, 1), np.uint8)
    whole = np.concatenate([PIXELS, alpha], 2)
    path, mask = saved(tmp_path / "a.png", whole), saved(tmp_path / "mask.png", LIGHT)
    found = read_holed(path, mask, wanted)
    np.testing.assert_array_equal(found.pixels, whole.transpose(2, 0, 1))
    np.testing.assert_array_equal(found.missing, np.stack([HOLE] * 4))
    opaque = read_holed(saved(tmp_path / "b.png", PIXELS), mask, wanted).pixels
    assert (opaque[3] == 255).all()
    planes = np.stack([LIGHT, LIGHT, np.zeros_like(LIGHT)], 2)
    by_channel = read_holed(path, saved(tmp_path / "colors.png", planes), wanted, by_channel=True).missing
    np.testing.assert_array_equal(by_channel, np.stack([HOLE, HOLE, HOLE & False, HOLE & False]))
    with pytest.raises(DataError, match="transparency is a part of these images, not what is missing; name its --mask"):
        read_holed(path, None, wanted)


def test_a_mask_in_colors_by_channel(image: Path, tmp_path: Path) -> None:
    red = saved(tmp_path / "red.png", np.dstack([LIGHT, LIGHT * 0, LIGHT * 0]))
    found = read_holed(image, red, WANTED, by_channel=True)
    np.testing.assert_array_equal(found.missing, [HOLE, HOLE & False, HOLE & False])
    with pytest.raises(DataError, match="is gray"):
        read_holed(image, saved(tmp_path / "gray.png", LIGHT), WANTED, by_channel=True)
    with pytest.raises(DataError, match="the images are gray"):
        read_holed(image, red, Wanted((1, SIDE, SIDE)), by_channel=True)


@pytest.mark.parametrize(("fit", "size"), [("crop", (40, 64)), ("pad", (40, 64)), ("stretch", (64, 40))])
def test_nothing_of_the_hole_reaches_what_is_observed_of_a_larger_image(fit, size, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pixels, hole = rng.integers(0, 256, (*size, 3), np.uint8), rng.random(size) < 0.0
    hole[7:20, 9:31] = True
    mask = saved(tmp_path / "mask.png", (hole * 255).astype(np.uint8))
    found = []
    for inside in (0, 255):
        pixels[hole] = inside
        wanted = Wanted((3, SIDE, SIDE), fit)
        found.append(read_holed(saved(tmp_path / "image.png", pixels), mask, wanted))
    first, second = found
    assert first.resized
    np.testing.assert_array_equal(first.missing, second.missing)
    np.testing.assert_array_equal(first.pixels[~first.missing], second.pixels[~second.missing])
    assert 0.05 < first.share < 0.4


def overlapping(count: int, first: float, last: float, made: int) -> np.ndarray:
    """By exact fractions: which of `made` pixels between two places of an axis overlap with which of `count`."""
    wide = (Fraction(last) - Fraction(first)) / made
    begins = [Fraction(first) + wide * number for number in range(made)]
    return np.array([[min(j + 1, b + wide) > max(j, b) for j in range(count)] for b in begins])


@pytest.mark.parametrize(
    ("fit", "before", "after", "seen", "there"),
    [
        ("stretch", (40, 40), (32, 32), (0, 0, 40, 40), (0, 0, 32, 32)),
        ("stretch", (9, 14), (32, 24), (0, 0, 14, 9), (0, 0, 24, 32)),  # enlarged
        ("crop", (30, 45), (8, 8), (7.5, 0, 37.5, 30), (0, 0, 8, 8)),
        ("crop", (7, 12), (16, 16), (2.5, 0, 9.5, 7), (0, 0, 16, 16)),
        ("pad", (20, 50), (16, 16), (0, 0, 50, 20), (0, 5, 16, 11)),
    ],
)
def test_a_pixel_that_is_partly_hole_is_missing(fit, before, after, seen, there, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    hole = np.zeros(before, bool)
    hole[: before[0] // 3, : before[1] // 3 + 1] = True
    hole |= rng.random(before) < 0.02
    rows = overlapping(before[0], seen[1], seen[3], there[3] - there[1])
    columns = overlapping(before[1], seen[0], seen[2], there[2] - there[0])
    wanted = np.zeros(after, bool)
    wanted[there[1] : there[3], there[0] : there[2]] = rows.astype(int) @ hole.astype(int) @ columns.T.astype(int) > 0
    image = saved(tmp_path / "image.png", rng.integers(0, 256, (*before, 3), np.uint8))
    found = read_holed(image, saved(tmp_path / "mask.png", (hole * 255).astype(np.uint8)), Wanted((3, *after), fit))
    np.testing.assert_array_equal(found.missing, np.stack([wanted] * 3))


def test_columns_that_the_hole_reaches_a_little_into_are_missing(tmp_path: Path) -> None:
    light = np.zeros((40, 40), np.uint8)
    light[:, :13] = 255  # the eleventh of 32 columns covers 12.5 to 13.75
    image = saved(tmp_path / "image.png", np.zeros((40, 40, 3), np.uint8))
    found = read_holed(image, saved(tmp_path / "mask.png", light), Wanted((3, 32, 32)))
    assert (found.missing[..., :11].all(), found.missing[..., 11:].any()) == (True, False)
    assert found.share == 11 / 32


def test_files_that_cannot_be_used(image: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no image")
    for pair in ((tmp_path / "text.png", image), (image, tmp_path / "text.png"), (tmp_path / "none.png", image)):
        with pytest.raises(DataError, match=r"text.png: not a readable image|none.png cannot be read"):
            read_holed(*pair, WANTED)
