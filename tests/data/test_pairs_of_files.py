"""Sources beside a table: matched by name and never by position, held out together, and what is alone is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.config.load import load_recipe
from advnets.data import HELD_OUT, ImageTable, open_data
from advnets.errors import DataError, RecipeError

COUNT = 40
rng = np.random.default_rng(5)
TARGETS = rng.integers(0, 256, (COUNT, 8, 8, 3), np.uint8)


def grays(images: np.ndarray) -> np.ndarray:
    """One channel by which a target is known again."""
    return images[..., 0]


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Targets 0.png to 39.png, and their sources, whose names sort in another order."""
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    targets, sources = tmp_path / "targets", tmp_path / "sources"
    for number, image in enumerate(TARGETS):
        folder = "a" if number % 2 else "b"
        for root, pixels, ending in ((targets, image, "png"), (sources, grays(image), "bmp" if number % 3 else "tif")):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / folder / f"{number}.x.{ending}")
    return targets, sources


def opened(data: object, sources: object, kind: str = "pairs", **changes: object) -> ImageTable:
    table = open_data(load_recipe(kind).replace(data=str(data), sources=str(sources), **changes))
    assert isinstance(table, ImageTable)
    return table


def test_pairs_are_matched_by_name_and_held_out_together(folders: tuple[Path, Path]) -> None:
    table = opened(*folders)
    found = table.sources
    assert found is not None
    assert found.partners is not None
    for row in table.rows("all"):
        assert (found.values[found.partners[row], 0] == table.values[row, 0]).all()
    assert set(found.train) == set(found.partners[table.rows("train")])
    assert set(found.held_out) == set(found.partners[table.rows(HELD_OUT)])
    assert len(found.held_out) > 0
    assert not set(found.train) & set(found.held_out)


def test_what_has_no_partner_is_named_and_in_no_split(folders: tuple[Path, Path]) -> None:
    _, sources = folders
    whole = opened(*folders)
    (sources / "a" / "1.x.bmp").rename(sources / "a" / "y.bmp")
    table = opened(*folders)
    assert [str(each) for each in table.skipped] == [
        "a/1.x.png: has no partner in sources", "sources/a/y.bmp: has no partner in targets",
    ]  # fmt: skip
    assert len(table.rows("all")) == COUNT - 1
    assert table.fingerprint != whole.fingerprint
    with pytest.raises(DataError, match=r"targets: a/1\.x\.png: has no partner"):
        opened(*folders, strict=True)
    for path in sources.rglob("*.*"):
        path.rename(path.with_stem(f"z{path.stem}"))
    with pytest.raises(DataError, match=r"no image of targets has the name of one of sources: a/1\.x\.png, .*; a/z"):
        opened(*folders)


def test_names_that_differ_in_the_ending_alone_are_refused(folders: tuple[Path, Path]) -> None:
    Image.fromarray(TARGETS[0]).save(folders[0] / "b" / "0.x.webp")
    with pytest.raises(DataError, match=r"b/0\.x\.png and b/0\.x\.webp differ in the ending alone; rename"):
        opened(*folders)


def test_pairs_of_two_shapes_are_noticed(folders: tuple[Path, Path]) -> None:
    Image.fromarray(grays(TARGETS[0])[:6]).save(folders[1] / "b" / "0.x.tif")
    assert any("1 of 40 pairs are of two shapes" in note for note in opened(*folders, size=8).notes)


def test_sources_come_in_the_size_of_the_data_and_in_channels_of_their_own(folders: tuple[Path, Path]) -> None:
    table = opened(*folders, size="6x4")
    assert table.sources is not None
    assert (table.shape, table.sources.shape) == ((3, 6, 4), (1, 6, 4))
    other = opened(*folders, size="6x4", source_channels=3).sources
    assert other is not None
    assert other.shape == (3, 6, 4)


def test_arrays_are_matched_by_row(folders: tuple[Path, Path], tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", TARGETS)
    np.save(tmp_path / "s.npy", grays(TARGETS))
    table = opened(tmp_path / "t.npy", tmp_path / "s.npy")
    assert table.sources is not None
    assert (table.sources.partners == np.arange(COUNT)).all()
    np.save(tmp_path / "s.npy", grays(TARGETS)[1:])
    with pytest.raises(DataError, match="40 images and 39 sources, both without names"):
        opened(tmp_path / "t.npy", tmp_path / "s.npy")
    with pytest.raises(DataError, match=r"t\.npy has no names of files"):
        opened(tmp_path / "t.npy", folders[1])


def test_without_pairs_each_has_its_own_splits(folders: tuple[Path, Path]) -> None:
    targets, sources = folders
    for path in list(sources.rglob("*.bmp"))[:15]:
        path.unlink()
    table = opened(targets, sources, "unpaired")
    assert table.sources is not None
    assert table.sources.partners is None
    assert len(table.rows("all")) == COUNT
    assert not table.skipped
    assert len(table.sources.train) + len(table.sources.held_out) == len(table.sources.values) == COUNT - 15


def test_sources_are_needed_or_have_no_effect(folders: tuple[Path, Path]) -> None:
    recipe = load_recipe("pairs").replace(data="x")
    with pytest.raises(RecipeError, match=r"pairs translates .* of x; name them with --sources"):
        recipe.check_named()
    alone = dataclasses.replace(load_recipe("super-resolution"), data=str(folders[0]))
    alone.check_named()
    assert open_data(alone).sources is None
