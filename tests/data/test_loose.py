"""Image files named one by one: the very bytes that a table of them has, and one line for what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data import open_table
from advnets.data.loose import read_loose
from advnets.errors import DataError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Colors, gray, alpha, 16 bits, turned by EXIF, of several sizes; and a text."""
    folder, rng = tmp_path / "photos", np.random.default_rng(0)
    (folder / "below").mkdir(parents=True)
    pixels = rng.integers(0, 256, (40, 60, 4), np.uint8)
    Image.fromarray(pixels[..., :3]).save(folder / "a.jpg", exif=_turned())
    Image.fromarray(pixels[..., 0]).save(folder / "b.png")
    Image.fromarray(pixels).save(folder / "c.png")
    Image.fromarray(pixels[..., 0].astype(np.uint16) * 257).save(folder / "below" / "d.png")
    (folder / "notes.txt").write_text("none")
    return folder


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("channels", [1, 3])
def test_bytes_are_those_of_a_table(photos: Path, tmp_path: Path, fit: str, channels: int) -> None:
    table = open_table(photos, (12, 20), channels, fit=fit, labels="none", cache=tmp_path / "cache", progress=False)  # type: ignore[arg-type]
    found = read_loose([photos], (channels, 12, 20), fit)  # type: ignore[arg-type]
    origins = table.origins()
    assert origins is not None
    order = [list(found.names).index(str(photos / name)) for name in origins.names]
    assert np.array_equal(found.values[order], table.values)
    assert [Path(each.name).name for each in found.skipped] == ["notes.txt"]


def test_files_come_in_the_order_in_which_they_are_named(photos: Path) -> None:
    both = [photos / "c.png", photos / "a.jpg"]
    assert list(read_loose(both, (3, 8, 8)).names) == [str(path) for path in both]


@pytest.mark.parametrize(
    ("name", "said"),
    [("notes.txt", "not a readable image"), ("gone.png", "cannot be read"), ("empty", "no usable image")],
)
def test_what_is_no_image_is_said_in_a_line(photos: Path, name: str, said: str) -> None:
    (photos / "empty").mkdir()
    with pytest.raises(DataError, match=said) as raised:
        read_loose([photos / name], (1, 8, 8))
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_range_says_what_is_black_and_white(photos: Path) -> None:
    low = read_loose([photos / "b.png"], (1, 40, 60), value_range=(0.0, 510.0)).values
    assert int(low.max()) == 128
