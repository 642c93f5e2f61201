"""Figure 2 tells copies from samples, and its models from the authors'; Figure 3 tells digits from double exposures."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from advnets.config.load import load_recipe, to_dict
from advnets.config.recipe import Recipe
from advnets.data import ImageTable, named
from advnets.data.contrast import display_range, normalize
from advnets.data.named import CIFAR10
from advnets.errors import DataError
from advnets.paper import fig2, fig3
from advnets.paper.workspace import Workspace
from advnets.runs.run import Run

PANEL = fig2._PANELS[2]
NORM = 55.0


@dataclass
class Faked:
    """A run that gives samples out: of a recipe, at a step."""

    recipe: Recipe
    samples: np.ndarray
    step: int = 7
    metrics: Sequence[dict[str, float]] = ({"step": 1, "cost_d": 1.0, "cost_g": 1.0, "d_real": 0.5, "d_fake": 0.5},)

    def sample(self, count: int, seed: int) -> np.ndarray:
        return self.samples[np.arange(count) % len(self.samples)]


@dataclass
class Few:
    """A table of 200 training and 50 test images of the most different brightness and contrast."""

    values: np.ndarray

    def reals(self, split: str, count: int | None = None) -> np.ndarray:
        return (self.values[:200] if split == "train" else self.values[200:])[:count]


@pytest.fixture
def few() -> Few:
    rng = np.random.default_rng(0)
    contrast, light = rng.uniform(10, 40, (250, 1, 1, 1)), rng.uniform(80, 170, (250, 1, 1, 1))
    return Few((light + contrast * rng.uniform(-1, 1, (250, 3, 8, 8))).round().astype(np.uint8))


def as_shown(images: np.ndarray, like: np.ndarray) -> np.ndarray:
    """As a generator of the same images would show them: with the mean and norm of the average image."""
    low, high = display_range(like, NORM)
    values = normalize(torch.from_numpy(images), NORM).numpy()
    return np.rint((values - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)


def nearness(few: Few, samples: np.ndarray) -> dict[str, Any]:
    run = cast("Run", Faked(load_recipe(PANEL.recipe), samples))
    return fig2.nearness(run, cast("ImageTable", few), 50, 1)


def test_memorized_images_are_copies_though_no_byte_is_equal(few: Few) -> None:
    train = few.values[:200]
    memorized = as_shown(train[:50], train)
    assert not any((image == train).all((1, 2, 3)).any() for image in memorized)
    found = nearness(few, memorized)
    assert found["copies"] == 50
    assert found["ratio"] < 0.1


def test_unseen_images_are_no_copies(few: Few) -> None:
    found = nearness(few, few.values[200:])
    assert found["ratio"] == 1
    assert found["copies"] <= 1


def test_kept_figures_are_of_their_recipe_step_and_count(
    few: Few, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace("fig2", tmp_path, quick=True, say=lambda _: None)
    run = Faked(load_recipe(PANEL.recipe), few.values[:60])
    monkeypatch.setattr(fig2, "_run", lambda *_: run)
    monkeypatch.setattr(fig2, "open_data", lambda _: few)

    def panel() -> dict[str, Any]:
        return fig2._panel(workspace, PANEL)[2]

    def key() -> Any:
        return json.loads((workspace.parts / "c.json").read_text())["key"]["of"]

    copied = panel()
    assert key() == [to_dict(run.recipe), 7, 50]
    run.samples = few.values[200:]
    assert panel() == copied  # kept
    run.recipe = run.recipe.replace(batch=99)
    assert panel()["ratio"] > copied["ratio"]


def test_what_differs_from_the_authors_is_told_setting_by_setting() -> None:
    rows = {
        name: (ours, theirs) for name, ours, theirs in fig2.differences(*map(load_recipe, (PANEL.recipe, PANEL.full)))
    }
    assert rows["generator.hidden"] == ("[2000, 2000]", "[8000, 8000]")
    assert rows["penalties.r1.weight"] == ("30.0", "0.0")
    assert rows["generator.optimizer.kind"] == ("adam", "sgd")
    assert rows["generator.optimizer.betas"] == ("[0.0, 0.999]", "-")  # SGD has none
    assert rows["generator.optimizer.momentum_steps"] == ("-", "100000")
    assert rows["generator.optimizer.decay"] == ("-", "1.000004")
    assert rows["generator.optimizer.decay_from"] == ("0.5", "-")
    assert rows["penalties.r1.every"] == ("8", "-")  # of weight 0 there
    assert not {"name", "sample_every", "checkpoint_every", "objective"} & set(rows)
    assert fig2.differences(load_recipe(PANEL.full), load_recipe(PANEL.full)) == []


@pytest.fixture
def small_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six batches of twenty random images under the name of cifar10, in the folder that ADVNETS_DATA names."""
    folder = tmp_path / "data" / CIFAR10.folder
    folder.mkdir(parents=True)
    digests: dict[str, str] = {}
    for number, name in enumerate(CIFAR10.files):
        rows = np.random.default_rng(number).integers(0, 256, (20, 3073), np.uint8)
        rows[:, 0] = np.arange(20) % 10
        (folder / name).write_bytes(rows.tobytes())
        digests[name] = hashlib.md5(rows.tobytes()).hexdigest()
    monkeypatch.setitem(named.NAMED, "cifar10", replace(CIFAR10, files=digests))
    monkeypatch.setenv("ADVNETS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("small_cifar")
def test_panels_of_cifar_are_trained_drawn_and_set_beside_the_authors(tmp_path: Path) -> None:
    for panel in fig2._PANELS[2:]:
        workspace = Workspace("fig2", tmp_path / "out", quick=True, say=lambda _: None)
        body, (row,), facts = fig2._panel(workspace, panel)
        for picture in (f"fig2-{panel.letter}.png", f"fig2-{panel.letter}-curves.png"):
            assert (tmp_path / "out" / picture).read_bytes().startswith(b"\x89PNG")
        assert facts["count"] == 50
        assert ["steps", "100"] in [
            list(each[:2]) for part in body if isinstance(part, fig2.Table) for each in part.rows
        ]
        assert "reduced" in row.note


def test_without_data_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise DataError("cifar10: www.cs.toronto.edu cannot be reached", "go online")

    monkeypatch.setattr(fig2, "trained", unreachable)
    body, (row,), facts = fig2._panel(Workspace("fig2", tmp_path, quick=True), PANEL)
    assert body[1] == (
        "Not made: cifar10: www.cs.toronto.edu cannot be reached. With the data at hand, the same command makes it."
    )
    assert row.ours == "not made: no data"
    assert facts == {"missing": "cifar10"}


def test_figure_3_tells_digits_halfway_from_double_exposures() -> None:
    left, right = np.zeros((2, 28, 28), np.uint8)
    left[4:24, 6:10], right[4:24, 10:14] = 255, 255
    turned = np.stack([left, left, right, right, right])[None, :, None].repeat(2, 0)
    blended = fig3.pixel_walks(turned)
    assert np.array_equal(blended[0, [0, -1]], turned[0, [0, -1]])
    assert fig3.longest_step(blended) == pytest.approx(0.25, abs=0.01)
    assert fig3.longest_step(turned) == 1
    assert fig3.midpoint_variation(blended) < 0.9 < fig3.midpoint_variation(turned)
    assert fig3.half_gray(blended[:, [2]]) > 0.1 > fig3.half_gray(turned[:, [2]]) == 0
