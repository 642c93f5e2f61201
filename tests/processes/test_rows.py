"""Each row of an epoch comes once, however often a training is killed; processes share shards, however few."""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from test_together import launched

from advnets.data import open_table

ROWS, BATCH, STEPS = 200, 16, 60
RECORDED = """
import json, os, signal, sys
from advnets.training.batches import Batches

out, last = sys.argv.pop(1), int(sys.argv.pop(1))
call = Batches.__call__

def recorded(self, update):
    if update == last:
        os.kill(os.getpid(), signal.SIGKILL)
    batch = call(self, update)
    with open(out, "a") as file:
        file.write(json.dumps([update, batch.rows.tolist()]) + "\\n")
    return batch

Batches.__call__ = recorded
from advnets.cli import main
main()
"""
FLAGS = (
    "mnist-dense", "--generator.hidden", "8", "--discriminator.units", "8", "--batch", BATCH, "--size", 8,
    "--steps", STEPS, "--checkpoint-every", 7, "--log-every", 5, "--sample-every", 0, "--watch.action", "off",
)  # fmt: skip


def png(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (8, 8), np.uint8)).save(file, "PNG")
    return file.getvalue()


def in_shards(place: Path, counts: tuple[int, ...]) -> Path:
    """WebDataset's shards of so many images each."""
    place.mkdir()
    for shard, count in enumerate(counts):
        first = sum(counts[:shard])
        with tarfile.open(place / f"{shard}.tar", "w") as archive:
            for number in range(first, first + count):
                info = tarfile.TarInfo(f"{number:06d}.png")
                info.size = len(content := png(number))
                archive.addfile(info, io.BytesIO(content))
    return place


def in_parquet(place: Path, counts: tuple[int, ...]) -> Path:
    """Parquet files of so many images each."""
    place.mkdir()
    for part, count in enumerate(counts):
        first = sum(counts[:part])
        rows = [{"image": {"bytes": png(number), "path": None}} for number in range(first, first + count)]
        pq.write_table(pa.Table.from_pylist(rows), place / f"{part}.parquet")
    return place


def played(out: Path, last: int, *words: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", RECORDED, out, last, *words]
    return subprocess.run(
        list(map(str, line)), capture_output=True, text=True, timeout=120, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )


@pytest.mark.parametrize("put", [in_shards, pytest.param(in_parquet, marks=pytest.mark.slow)])
def test_each_row_of_an_epoch_comes_once(put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    source, run, out = put(tmp_path / "set", (130, 70)), tmp_path / "run", tmp_path / "rows.jsonl"
    assert played(out, 23, "train", *FLAGS, "--data", source, "--run", run).returncode == -signal.SIGKILL
    assert played(out, 45, "resume", run).returncode == -signal.SIGKILL
    done = played(out, -1, "resume", run)
    assert done.returncode == 0, done.stderr
    found: dict[int, list[int]] = {}
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    times = Counter(update for update, _ in lines)
    assert {update for update in range(1, STEPS) if times[update] > 1} == {21, 22, 42, 43, 44}  # since the checkpoint
    for update, rows in lines:
        assert found.setdefault(update, rows) == rows  # what is played again is the same again
    seen = np.concatenate([found[update] for update in range(STEPS)])
    train = open_table(source, 8, 1, progress=False).rows("train")
    epochs = [seen[start : start + len(train)] for start in range(0, len(seen), len(train))]
    assert len(epochs) > 5
    for epoch in epochs[:-1]:
        assert np.array_equal(np.sort(epoch), train)
    assert not any(np.array_equal(one, other) for one, other in itertools.pairwise(epochs[:-1]))


@pytest.mark.parametrize("put", [in_shards, pytest.param(in_parquet, marks=pytest.mark.slow)])
def test_processes_share_fewer_and_uneven_shards(put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    source, run = put(tmp_path / "set", (120, 9)), tmp_path / "run"
    process = launched("train", *map(str, FLAGS), "--data", str(source), "--run", str(run), processes=3)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "processes: 3, which share a minibatch: 6 of 16 rows for each" in said
    facts = json.loads((run / "run.json").read_text())
    assert facts["data"]["examples"] == 129
    assert len(list((tmp_path / "cache" / "tables").iterdir())) == 1
