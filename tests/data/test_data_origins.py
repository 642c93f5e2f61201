"""What rows were before they were read is kept beside the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_samples import deep_png, save_images
from PIL import Image

from advnets.data import open_table
from advnets.data.origins import Origins, load_origins


@pytest.fixture
def mixed(tmp_path: Path, emoji: np.ndarray) -> Path:
    """Ten files of three kinds and five sizes, in an order that is not that of their sizes."""
    folder = tmp_path / "mixed"
    save_images(folder / "a", emoji[:6])
    for number, size in enumerate([(100, 50), (16, 24), (300, 300)]):
        Image.fromarray(emoji[10 + number]).resize(size).save(folder / "a" / f"b{number}.jpg")
    Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 16).save(folder / "a" / "deep.png")
    return folder


@pytest.mark.parametrize("again", [False, True])
def test_a_folder_says_what_its_files_were_the_first_time_and_from_the_cache(mixed: Path, again: bool) -> None:
    if again:
        open_table(mixed, size=32)
    found = open_table(mixed, size=32).origins()
    assert found is not None
    assert list(found.names)[5:9] == ["a/0005.png", "a/b0.jpg", "a/b1.jpg", "a/b2.jpg"]
    assert found.sizes[5:].tolist() == [[32, 32], [50, 100], [24, 16], [300, 300], [64, 64]]
    assert found.kinds == {"PNG, color, 8 bits": 6, "JPEG, color, 8 bits": 3, "PNG, gray, 16 bits": 1}
    assert found.extremes == (0, 4095 * 16)


def test_an_archive_in_another_order_has_the_same_origins(mixed: Path, tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(tmp_path / "mixed.tar", "w") as archive:
        for path in sorted(mixed.rglob("*.*"), reverse=True):
            archive.add(path, path.relative_to(mixed).as_posix())
    files, packed = (open_table(source, size=32).origins() for source in (mixed, tmp_path / "mixed.tar"))
    assert files is not None
    assert packed is not None
    assert list(files.names) == list(packed.names)
    assert np.array_equal(files.sizes, packed.sizes)


def test_arrays_have_a_type_and_one_size() -> None:
    images = np.random.default_rng(0).random((7, 12, 10, 3))
    found = open_table(images, size=8, fit="stretch").origins()
    assert found is not None
    assert found.kinds == {"float64, 3 channels": 7}
    assert found.sizes.tolist() == [[12, 10]] * 7
    assert found.extremes == (images.min(), images.max())
    assert (list(found.names), found.fit) == ([], "stretch")


def test_sixteen_bits_in_color_are_seen_though_pillow_gives_eight(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in "ab":
        (tmp_path / "deep" / f"{name}.png").write_bytes(deep_png(np.full((4, 4, 3), 50000), 2))
    found = open_table(tmp_path / "deep").origins()
    assert found is not None
    assert found.kinds == {"PNG, color, 16 bits": 2}
    assert found.extremes == (195 * 257, 195 * 257)


def test_scales_and_what_is_cut_off() -> None:
    sizes = np.array([[10, 20], [40, 20], [64, 64]], np.int32)
    cropped, padded = (Origins(sizes, fit) for fit in ("crop", "pad"))
    assert cropped.scales((1, 20, 20)).tolist() == [2, 1, 20 / 64]
    assert cropped.cut_off((1, 20, 20)).tolist() == [0.5, 0.5, 0]
    assert cropped.cut_off((1, 10, 20))[0] == 0
    assert padded.scales((1, 20, 20)).tolist() == [1, 0.5, 20 / 64]
    assert not padded.cut_off((1, 20, 20)).any()


def test_names_of_any_bytes_come_back_and_damage_is_nothing(tmp_path: Path) -> None:
    names = ["plain.png", "line\nbreak.png", "ünïcode 犬.png", "\udcff not text.png", ""]
    Origins(np.zeros((5, 2), np.int32), "crop", names).save(tmp_path / "kept.npz")
    found = load_origins(tmp_path / "kept.npz")
    assert found is not None
    assert list(found.names) == names
    whole = (tmp_path / "kept.npz").read_bytes()
    for damaged in (b"", whole[:100], whole[:-30], b"PK" + whole[:9]):
        (tmp_path / "kept.npz").write_bytes(damaged)
        assert load_origins(tmp_path / "kept.npz") is None
    assert load_origins(tmp_path / "nowhere.npz") is None
