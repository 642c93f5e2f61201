"""What is done to images on their way to the measures is said."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.data import open_table
from advnets.errors import DataError, MeasureError


def noise(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


def folder(path: Path, images: np.ndarray, suffix: str = "png", **options: object) -> Path:
    path.mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image).save(path / f"{number:03d}.{suffix}", **options)
    return path


def said(source: object, data: object = "mnist", **options: object) -> str:
    return "\n".join(advnets.evaluate(source, data, "total_variation", **options).notes)  # type: ignore[arg-type]


def test_samples_of_the_datas_own_size_leave_nothing_to_say(tmp_path: Path) -> None:
    assert said(noise(8, 1, 28, 28)) == said(folder(tmp_path / "made", noise(8, 28, 28))) == ""


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ((40, 40), "samples in made: 8 of 8 were shrunk from 40 x 40 to 28 x 28 (Lanczos, antialiased)"),
        ((14, 14), "samples in made: 8 of 8 were enlarged from 14 x 14 to 28 x 28 (Lanczos, antialiased)"),
        ((20, 60), "shrunk from 20 x 60 to 28 x 28 (Lanczos, antialiased, cropped to the middle)"),
        ((28, 28, 3), "samples in made: 8 of 8 images lose their colors"),
    ],
)
def test_image_files_that_are_brought_to_the_data(tmp_path: Path, shape: tuple[int, ...], says: str) -> None:
    assert says in said(folder(tmp_path / "made", noise(8, *shape)))


def test_gray_pictures_saved_in_color_have_no_colors_to_lose(tmp_path: Path) -> None:
    gray = noise(8, 28, 28)[..., None].repeat(3, -1)
    assert said(folder(tmp_path / "made", gray)) == ""


@pytest.mark.parametrize(
    ("suffix", "options", "says"),
    [
        ("jpg", {}, "8 JPEG of 8 files, whose losses move figures"),
        ("webp", {"quality": 80}, "8 lossy WebP of 8 files"),
        ("webp", {"lossless": True}, ""),
        ("avif", {"quality": 80}, "8 AVIF of 8 files"),
        ("bmp", {}, ""),
    ],
)
def test_files_with_losses(tmp_path: Path, suffix: str, options: dict[str, object], says: str) -> None:
    found = said(folder(tmp_path / "made", noise(8, 28, 28), suffix, **options))
    assert (says in found) if says else found == ""


def test_losses_are_found_behind_a_profile(tmp_path: Path) -> None:
    made = folder(tmp_path / "made", noise(4, 28, 28, 3), "webp", quality=80, icc_profile=b"\0" * 5001)
    assert "4 lossy WebP" in said(made)


def test_archives_are_looked_into(tmp_path: Path) -> None:
    content = io.BytesIO()
    Image.fromarray(noise(1, 40, 40)[0]).save(content, "PNG")
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.png", content.getvalue())
    with tarfile.open(tmp_path / "made.tar.gz", "w:gz") as archive:
        for number in range(4):
            info = tarfile.TarInfo(f"{number}.png")
            info.size = len(content.getvalue())
            archive.addfile(info, io.BytesIO(content.getvalue()))
    for name in ("made.zip", "made.tar.gz"):
        assert f"samples in {name}: 4 of 4 were shrunk from 40 x 40 to 28 x 28" in said(tmp_path / name)


def test_data_that_are_brought_to_samples_in_arrays() -> None:
    found = said(noise(8, 1, 32, 32))
    assert "real images in mnist: 70,000 of 70,000 were enlarged from 28 x 28 to 32 x 32 (Lanczos" in found
    found = said(noise(8, 3, 28, 28))
    assert "real images in mnist: 70,000 of 70,000 are gray, repeated in every channel" in found


def test_real_images_that_were_shrunk(tmp_path: Path) -> None:
    photos = folder(tmp_path / "photos", noise(8, 90, 120, 3))
    assert "real images in photos: 8 of 8 were shrunk from 90 x 120 to 64 x 64 (Lanczos, antialiased, cropped" in said(
        noise(8, 3, 64, 64), photos
    )


def test_samples_that_are_left_out() -> None:
    assert "30 of 50 samples are measured: --count 50 measures all" in said(noise(50, 1, 28, 28), count=30)


def test_floats_are_bytes_in_other_words() -> None:
    bytes_ = noise(20, 1, 28, 28)
    for kind in (np.float32, np.float64):
        found = advnets.evaluate((bytes_ / 255).astype(kind), "mnist", "total_variation")
        assert found.results == advnets.evaluate(bytes_, "mnist", "total_variation").results


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        (noise(8, 1, 28, 28) / 127.5 - 1, "samples: pixels from -1 to 1, .* give --range -1:1"),
        (np.where(np.arange(28) == 3, np.nan, np.zeros((8, 1, 28, 28))), "samples: pixels that are not finite"),
        (np.zeros((8, 1, 28, 28), np.int64), "samples of type int64"),
        (noise(8, 5, 28, 28), "samples: an array of shape \\(8, 5, 28, 28\\)"),
    ],
)
def test_what_cannot_be_images_is_one_line(samples: np.ndarray, says: str) -> None:
    with pytest.raises((MeasureError, DataError), match=says):
        advnets.evaluate(samples, "mnist", "total_variation")


def test_a_range_is_of_samples_and_what_it_does_is_said(tmp_path: Path) -> None:
    bytes_ = noise(20, 1, 28, 28)
    np.save(tmp_path / "made.npy", bytes_ / np.float32(127.5) - 1)
    plain = advnets.evaluate(bytes_, "mnist", "total_variation")
    for source in (tmp_path / "made.npy", bytes_ / np.float32(127.5) - 1):
        found = advnets.evaluate(source, "mnist", "total_variation", range="-1:1")
        assert found.results == plain.results
        assert "samples: values from -1 to 1 became 0 to 255, and any beyond were cut off" in found.notes
    with pytest.raises(DataError, match=r"made.npy: pixels from -1 to 1, .* save them as bytes from 0 to 255"):
        advnets.evaluate(bytes_, tmp_path / "made.npy", "total_variation", range="-1:1")  # it is not of the data


def test_files_that_are_left_out_are_counted(tmp_path: Path) -> None:
    made = folder(tmp_path / "made", noise(8, 28, 28))
    (made / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert "samples in made: 1 files are left out, as broken.png: " in said(made)


def test_samples_of_another_number_of_channels_are_one_line(tmp_path: Path) -> None:
    np.save(tmp_path / "made.npy", noise(8, 28, 28, 4))
    with pytest.raises(MeasureError, match="samples have 4 channels, mnist has 1; give gray or RGB samples"):
        advnets.evaluate(tmp_path / "made.npy", "mnist", "total_variation")
    table = open_table(noise(30, 3, 28, 28), progress=False)
    with pytest.raises(MeasureError, match="frechet: pixels features are of 3 x 28 x 28 images"):
        advnets.evaluate(noise(8, 1, 28, 28), table, "frechet")
