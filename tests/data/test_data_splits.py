"""Splits are drawn by content: nothing that happens around an image moves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_samples import save_images
from PIL import Image

from advnets.data import ImageTable, open_table
from advnets.data.splits import split_by_key
from advnets.errors import DataError


def sides(table: ImageTable) -> dict[bytes, str]:
    """The split of each image, by its pixels."""
    return {table.values[row].tobytes(): split for split in ("train", "valid", "test") for row in table.rows(split)}


def test_the_splits_part_the_rows_in_the_asked_shares(emoji: np.ndarray) -> None:
    table = open_table(emoji, holdout=0.2)
    parts = [table.rows(split) for split in ("train", "valid", "test")]
    assert table.drawn
    np.testing.assert_array_equal(table.rows("valid+test"), np.sort(np.concatenate(parts[1:])))
    assert np.array_equal(np.sort(np.concatenate(parts)), table.rows("all"))
    for rows in parts:
        assert rows.dtype == np.int64
        assert (np.diff(rows) > 0).all()
    shares = [len(rows) / len(table) for rows in parts]
    assert np.abs(np.array(shares) - [0.6, 0.2, 0.2]).max() < 0.03


def test_adding_renaming_and_recoding_move_no_image(tmp_path: Path, emoji: np.ndarray) -> None:
    paths = save_images(tmp_path / "set", emoji[100:300])
    before = sides(open_table(tmp_path / "set", holdout=0.25))
    assert set(before.values()) == {"train", "valid", "test"}
    for number, path in enumerate(paths):
        path.rename(path.with_name(f"{(number * 37) % 200:03d} renamed.png"))
    Image.open(tmp_path / "set" / "000 renamed.png").save(tmp_path / "set" / "000.bmp")
    (tmp_path / "set" / "000 renamed.png").unlink()
    save_images(tmp_path / "set" / "more", emoji[300:500])
    after = sides(open_table(tmp_path / "set", holdout=0.25))
    assert len(after) > len(before)
    assert {image: after[image] for image in before} == before


def test_another_size_and_other_channels_move_no_row(tmp_path: Path, emoji: np.ndarray) -> None:
    save_images(tmp_path / "set", emoji[100:200])
    tables = [open_table(tmp_path / "set", holdout=0.25, **o) for o in ({}, {"size": 16}, {"channels": 1})]  # type: ignore[arg-type]
    assert len({tuple(table.rows("test")) for table in tables}) == 1


def test_copies_share_a_side(emoji: np.ndarray) -> None:
    table = open_table(np.concatenate([emoji[:300]] * 3), holdout=0.25)
    for split in ("train", "valid", "test"):
        rows = table.rows(split)
        assert np.array_equal(np.unique(rows % 300), np.unique(rows[rows < 300]))
        assert len(rows) == 3 * (rows < 300).sum()


def test_training_rows_are_never_lacking() -> None:
    for holdout in (0.0, 0.1, 0.49):
        for seed in range(200):
            keys = np.random.default_rng(seed).integers(0, 2**64, 2, np.uint64)
            splits = split_by_key(keys, holdout)
            assert len(splits["train"]) >= 1
            assert sum(len(rows) for rows in splits.values()) == 2


def test_no_holdout_leaves_every_row_for_training(emoji: np.ndarray) -> None:
    table = open_table(emoji[:50], holdout=0)
    assert np.array_equal(table.rows("train"), table.rows("all"))


def test_an_unknown_split_is_named(emoji: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"no split .validation.; choose one of train, valid, test, valid\+test, all"):
        open_table(emoji[:50]).rows("validation")
