"""One thread: tests are small, and their results must not depend on the machine's cores. Digits and runs for all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_games import ring

import advnets
from advnets.data import named, open_table
from advnets.data.named import Published
from advnets.data.stacked import Stacked
from advnets.measures.defects import DEFECTS

torch.set_num_threads(1)
# No test tells anybody anything.
os.environ |= {"WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}

SHARED = ("exhibits", "live", "terminal")
"""Fixtures that train what the tests of many files read."""
ALONE = ("test_docs.py",)
"""Files whose tests take long and share nothing."""


@pytest.hookimpl(tryfirst=True)  # before it is asked which group a test is of
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share the tests, each group stays in one of them, so that nothing is trained twice.

    What takes longest comes first, so that the processes end together.
    """
    for item in items:
        shared = [name for name in SHARED if name in getattr(item, "fixturenames", ())]
        own = item.nodeid if item.path.name in ALONE else str(item.path)
        item.add_marker(pytest.mark.xdist_group(shared[0] if shared else own))
    early = {*SHARED, *(item.nodeid for item in items if item.path.name in ALONE)}
    items.sort(key=lambda item: _group(item) not in early)


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    assert marker is not None
    return marker.args[0]


@pytest.fixture(scope="session")
def few_digits_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with MNIST's four files, cut down to 1,260 zeros, ones and twos of 14 x 14 pixels."""
    table, folder = open_table("mnist", progress=False), tmp_path_factory.mktemp("few") / "mnist"
    folder.mkdir()
    for part, first, count in (("train", 0, 960), ("t10k", 60_000, 300)):
        rows = first + np.flatnonzero(table.labels[first:] < 3)[:count]
        pixels, labels = table.values[rows, 0, ::2, ::2], table.labels[rows].astype(np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", pixels), (f"{part}-labels-idx1-ubyte", labels)):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            (folder / name).write_bytes(header + array.tobytes())
    return folder


@pytest.fixture
def few_digits(few_digits_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Stacked:
    """These digits under the name of mnist, and what is stacked of them: 27 classes. Their cache lasts."""
    digests = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in few_digits_folder.iterdir()}
    mnist = Published("mnist", digests, ("0", "1", "2"))
    stacked = replace(named.STACKED_MNIST, counts={"train": 500, "valid": 300, "test": 400})
    monkeypatch.setenv("ADVNETS_CACHE", str(few_digits_folder.parent / "cache"))
    monkeypatch.setattr(named, "SHIPPED", few_digits_folder.parent)
    monkeypatch.setattr(named, "MNIST", mnist)
    monkeypatch.setitem(named.NAMED, "mnist", mnist)
    monkeypatch.setitem(named.NAMED, "stacked-mnist", stacked)
    return stacked


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the small ring game, 40 steps with a picture, for everybody to read."""
    return advnets.train(ring(sample_every=20), run=tmp_path_factory.mktemp("finished") / "run").path


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, to go on from, to damage."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings write no report, which takes nine tenths of the time of a small one."""
    monkeypatch.setattr("advnets.api.write_report", lambda run: None)


@pytest.fixture
def only_defects() -> Iterator[Callable[..., None]]:
    """Leaves only the named defects in the list, in its order, which is as it was after the test."""
    known = dict(DEFECTS)

    def leave(*names: str) -> None:
        for name in set(DEFECTS) - set(names):
            del DEFECTS[name]

    yield leave
    DEFECTS.clear()
    DEFECTS.update(known)
