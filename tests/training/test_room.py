"""What would not fit in memory is refused before the first step, with what does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from advnets import devices
from advnets.config.load import load_recipe
from advnets.errors import RecipeError
from advnets.training import room
from advnets.training.batches import Data
from advnets.training.trainer import Trainer


def trainer(**changes: Any) -> Trainer:
    recipe = load_recipe("images").replace(**{"data": "x.npy", "precision": "float32", "batch": 64, **changes})
    values = np.random.default_rng(0).integers(0, 256, (100, 3, 16, 16), dtype=np.uint8)
    return Trainer(recipe, Data(values, np.arange(100)))


def test_what_graphs_keep_is_counted_and_grows_with_the_rows() -> None:
    game = trainer(**{"generator.network.base": 8, "discriminator.network.base": 8, "augment": ()})
    match = game._match
    batch = match.batch(0)
    kept = {rows: room._kept(match, batch, rows) for rows in (4, 8, 16, 32)}
    images = 3 * 16 * 16 * 4  # bytes of one: real and fake ones are kept at the least, in several graphs
    for few, more in ((4, 8), (8, 16), (16, 32)):
        assert 2 * images < (kept[more] - kept[few]) / (more - few) < 200 * images
    before = game.checkpoint()
    assert before.step == 0
    outcomes = game.advance()  # nothing was moved or used up
    again = trainer(**{"generator.network.base": 8, "discriminator.network.base": 8, "augment": ()})
    assert torch.equal(again.advance()[0].fake, outcomes[0].fake)


@pytest.mark.parametrize(("free", "batch"), [(40 << 20, 32), (1 << 20, None)])
def test_a_minibatch_that_does_not_fit_is_refused(
    free: int, batch: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_memory", lambda _: free)
    with pytest.raises(RecipeError, match=r"a step of 512 examples needs at least .* are free") as refused:
        trainer(batch=512)
    if batch is None:
        assert "; use narrower networks" in str(refused.value)
        return
    said = str(refused.value)
    fitting = int(said.split("--batch ")[1].split(",")[0])
    assert fitting & (fitting - 1) == 0
    trainer(batch=fitting)
    monkeypatch.setattr(room, "free_memory", lambda _: None)
    trainer(batch=512)


@pytest.mark.parametrize("batch", [2, 8])
def test_small_minibatches_are_looked_at_too(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_memory", lambda _: 1 << 20)
    with pytest.raises(RecipeError, match=rf"a step of {batch} examples needs at least .* and 1 MiB are free"):
        trainer(batch=batch)


def test_parts_are_offered_where_a_minibatch_may_go_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_memory", lambda _: 40 << 20)
    with pytest.raises(RecipeError, match=r"use --batch 128, --accumulate 4, narrower"):
        trainer(batch=512)
    with pytest.raises(RecipeError, match=r"use --batch \d+, narrower"):
        trainer(batch=512, schedule="alternating")


def test_batches_that_grow_must_fit_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_memory", lambda _: 40 << 20)
    with pytest.raises(RecipeError, match=r"a step of 512 examples needs .* are free; use --final-batch 128, narrower"):
        trainer(batch=16, **{"coordination.final_batch": 512})
    trainer(batch=16)


def test_free_memory_is_the_machines_or_what_a_container_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_MEMORY", tmp_path / "meminfo")
    monkeypatch.setattr(devices, "_GROUP", tmp_path)
    cpu = torch.device("cpu")
    assert devices.free_memory(cpu) is None
    (tmp_path / "meminfo").write_text("MemTotal:  900 kB\nMemAvailable:  300 kB\nSwapFree:  20 kB\n")
    assert devices.free_memory(cpu) == 320 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    (tmp_path / "memory.stat").write_text("anon 900\ninactive_file 50\n")
    assert devices.free_memory(cpu) == 320 * 1024
    (tmp_path / "memory.max").write_text("5000\n")
    assert devices.free_memory(cpu) == 4050
