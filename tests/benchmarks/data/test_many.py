"""The images that are read by the million are real ones, shifted; what is compared is the same; a row takes little."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from advnets.data import ahead, open_table
from benchmarks.data import many, many_made


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ADVNETS_CIFAR10", "ADVNETS_EMOJI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    many_made.write(tmp_path, 120, 50)
    return tmp_path


def test_shards_and_parquet_files_hold_the_same_images(place: Path) -> None:
    assert sorted(path.name for path in (place / "webdataset").iterdir()) == ["000000.tar", "000001.tar", "000002.tar"]
    tables = [open_table(many.pattern(place, kind, 120, 50), cache=place / kind, progress=False) for kind in many.KINDS]
    assert tables[0].fingerprint == tables[1].fingerprint
    assert (len(tables[0]), tables[0].shape, len(tables[0].classes)) == (120, (3, 32, 32), 10)
    assert len(np.unique(tables[0].values.reshape(120, -1), axis=0)) == 120


def test_ways_are_played_in_turn_from_the_same_rows(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "LARGE", 1)
    monkeypatch.setattr(many, "GAMES", {"small dense": many.GAMES["small dense"]})
    source = many.pattern(place, "parquet", 120, 50)
    found = many.training(source, place / "cache", 2, 2)
    assert set(found) == {"small dense", "small dense, from disk"}
    far = found["small dense, from disk"]
    assert far.keys() >= {"in memory", "forgotten", "forgotten, not read ahead", "forgotten: rate"}
    assert all(value > 0 for each in found.values() for value in each.values())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory from /proc")
def test_a_row_takes_sixteen_bytes_at_most_beside_its_pixels(place: Path) -> None:
    kinds = many_made.real_images()
    (place / "many").mkdir()
    many_made.write_parquet(part := place / "many" / "000000.parquet", kinds, 0, 10_000)
    for number in range(1, 40):
        (place / "many" / f"{number:06d}.parquet").hardlink_to(part)
    held: list[float] = []
    for shards in (5, 40):
        process = many.Process(str(place / "many" / f"{{000000..{shards - 1:06d}}}.parquet"), place / f"cache-{shards}")
        assert process.wait()[1] == 10_000 * shards
        held.append(1e6 * process.megabytes)
    assert (held[1] - held[0]) / 350_000 < 16
