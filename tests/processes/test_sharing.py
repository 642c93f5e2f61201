"""Processes that share drawing and measuring find what one process finds, to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from small_games import images
from test_together import free_port

import advnets
from advnets import figures
from advnets.config.load import load_recipe
from advnets.errors import MeasureError
from advnets.measures.features import extract_all
from advnets.measures.features.extractor import Extractor
from advnets.measures.inputs import rows_of
from advnets.measures.manifold import manifold
from advnets.measures.pairwise import nearest_between, nearest_within
from advnets.measures.parzen import log_likelihoods
from advnets.sharing import everybody, in_blocks, in_turn, shared_among
from advnets.world import World

SMALL = {"steps": 40, "batch": 16, "log_every": 20, "checkpoint_every": 40, "sample_every": 0}


def found(folder: Path) -> dict[str, Any]:
    """Everything that is shared, of uneven counts."""
    rng = np.random.default_rng(0)
    left = rng.normal(size=(2_300, 7)).astype(np.float32)
    right = np.concatenate([rng.normal(size=(1_500, 7)), left[:77]]).astype(np.float32)  # some are copies
    pictures = images(300).values
    within, between = nearest_within(left, 4), nearest_between(left, right, 2)
    rows = rows_of(pictures[:250], "samples"), rows_of(pictures[10:], "test")
    extractor = Extractor(**SUMS)
    run = advnets.load(folder)
    return {
        "within": within.rows, "within, squared": within.squared,
        "between": between.rows, "between, squared": between.squared,
        "manifold": np.array([each.value for each in manifold(left, right).values()]),
        "likelihoods": log_likelihoods(*rows, (0.1, 0.3)),
        "features": extract_all(extractor, pictures),
        "some features": extract_all(extractor, pictures, np.arange(9)),
        "samples": run.sample(1_111, seed=3),
        "streamed": np.concatenate(list(run.stream(700, seed=3, first=301))),
    }  # fmt: skip


def sums(pictures: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.stack([pictures.sum((1, 2, 3)), pictures[:, 0, 0].sum(1)], 1).astype(np.float32)


SUMS: dict[str, Any] = {"name": "sums", "dimension": 2, "identity": "sums", "extract": sums, "batch": 7}


def refused(rank: int, size: int) -> str:
    """What is said where the last of several processes alone finds something wrong."""

    def last_one_fails(block: int) -> np.ndarray[Any, Any]:
        if rank == size - 1:
            raise MeasureError(f"block {block} is bad", "mend it")
        return np.zeros(1)

    try:
        in_blocks(range(6), last_one_fails, 6)
    except MeasureError as error:
        return str(error)
    return ""


def _process(rank: int, size: int, port: int, folder: str) -> None:
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=size)
    world = World(rank, size)
    with shared_among(world):
        answers = found(Path(folder))
        answers["everybody"] = np.array([everybody(True), everybody(rank == 0)])
        failed = [refused(rank, size), extract_all(Extractor(**SUMS), images(300).values).shape]
        answers["failed"] = np.array([str(each) for each in failed])
        answers["in turn"] = np.array([in_turn(lambda: rank)])
    np.savez(f"{folder}/found-{rank}.npz", **answers)
    world.leave()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small training on digits."""
    path = tmp_path_factory.mktemp("sharing") / "run"
    advnets.train(load_recipe("mnist-dense").replace(**SMALL), run=path)
    return path


@pytest.mark.parametrize("size", [2, 3])
def test_they_find_what_one_finds(run: Path, size: int) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = found(run)
    finally:
        torch.set_num_threads(threads)
    mp.spawn(_process, (size, free_port(), str(run)), nprocs=size)  # type: ignore[attr-defined]  # it is there
    for rank in range(size):
        shared = np.load(run / f"found-{rank}.npz")
        for name, value in alone.items():
            np.testing.assert_array_equal(shared[name], value, name)
        assert shared["everybody"].tolist() == [True, False]
        assert shared["in turn"].tolist() == [rank]
        assert shared["failed"].tolist() == [f"block {6 - 6 // size} is bad; mend it", "(300, 2)"]


def launched(*args: str, processes: int = 2) -> str:
    """What a command says that torchrun starts."""
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes))
    line = (*torchrun, "--master-port", str(free_port()), "-m", "--", "advnets", *args)
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=120)
    return done.stdout + done.stderr


def test_commands(run: Path, tmp_path: Path) -> None:
    """The command line: figures and samples of two processes are those of one."""
    answers = tmp_path / "answers.json"
    line = ("evaluate", str(run), "--count", "700", "--metrics", "parzen,precision,recall,total_variation")
    said = launched(*line, "--json", str(answers))
    assert said.count("report: ") == 1, said
    shared = json.loads(answers.read_text())
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "advnets", *line, "--json", str(answers)], check=True, env=env, timeout=120)
    assert json.loads(answers.read_text()) == shared
    drawn = advnets.load(run).sample(600, seed=2)
    assert "600 samples" in launched(
        "sample", str(run), "--count", "600", "--seed", "2", "--out", str(tmp_path / "all")
    )
    assert len(list((tmp_path / "all").iterdir())) == 600
    assert figures.shows(tmp_path / "all" / "000599.png", drawn[599].transpose(1, 2, 0))
    (tmp_path / "all" / "000400.png").unlink()
    said = launched("sample", str(run), "--count", "600", "--seed", "2", "--out", str(tmp_path / "all"))
    assert "(400 of them were there)" in said
    refused = launched("sample", str(run), "--count", "9")
    assert "samples.png is drawn by one process; start it without torchrun" in refused
    assert "compare is the work of one process; start it without torchrun" in launched("compare", str(run), str(run))


def test_what_is_measured_on_the_way(tmp_path: Path) -> None:
    """Measures of a training of two processes are those of the samples that its checkpoint makes."""
    path = tmp_path / "run"
    line = ("train", "ring", "--steps", "60", "--batch", "16", "--sample-every", "0", "--log-every", "30")
    said = launched(*line, "--measure", "modes,precision@every=30,count=600", "--run", str(path), processes=3)
    assert "done: " in said, said
    kept = advnets.load(path)
    lines = kept.measures
    assert [each["step"] for each in lines] == [30, 60]
    found = advnets.evaluate(kept, metrics="modes,precision", count=600, seed=1, real="valid").results
    for name, measured in lines[-1]["measures"].items():
        assert found[name].value == measured["value"]
