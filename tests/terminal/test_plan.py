"""What a training would be told of, and how often it would see each example."""

from __future__ import annotations

import numpy as np
import pytest

from advnets.config.load import load_recipe
from advnets.data import Table, open_table
from advnets.terminal.plan import plan


@pytest.fixture
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """80 images of two classes."""
    images = np.random.default_rng(0).integers(0, 256, (80, 8, 8), np.uint8)
    cache = tmp_path_factory.mktemp("cache")
    return open_table((images, np.arange(80) % 2), holdout=0, cache=cache, progress=False)


def test_a_conditional_game_is_told_of_classes(table: Table) -> None:
    recipe = load_recipe("mnist-conditional")
    found = plan(["mnist-conditional"], recipe, table)
    assert (found.chosen, found.told, found.untold) == ("as named", ("classes",), ())
    assert found.words().endswith("told of the classes")
    plain = plan(["photos"], load_recipe("images"), table)
    assert (plain.chosen, plain.told, plain.untold) == ("the one for these data", (), ("classes",))


def test_vectors_go_before_classes(table: Table) -> None:
    from dataclasses import replace

    both = replace(table, vectors=np.zeros((80, 3), np.float32))  # type: ignore[type-var]  # an ImageTable
    found = plan(["mnist-conditional"], load_recipe("mnist-conditional"), both)
    assert (found.told, found.untold) == (("vectors",), ("classes",))


def test_times_count_every_update_of_the_discriminator(table: Table) -> None:
    recipe = load_recipe("images").replace(schedule="alternating", discriminator_steps=3, batch=20, steps=100)
    found = plan(["images", "--data=photos"], recipe, table)
    assert found.times == 100 * 20 * 3 / 80
    assert found.as_dict()["times"] == found.times
    assert found.chosen == "the one for these data"
    assert "fewer examples than a batch" not in found.words()


def test_fewer_examples_than_a_batch_are_spoken_of(table: Table) -> None:
    found = plan(["photos"], load_recipe("images").replace(batch=100), table)
    assert "fewer examples than a batch; --batch 80 takes each once a step" in found.words()
