"""A quick recipe is the same game with fewer units, rows and steps, and nothing that was said is lost."""

from __future__ import annotations

from typing import Any

import pytest

from advnets.config.load import load_recipe, recipe_names, to_dict
from advnets.paper.shrinking import shrunk

COUNTS = {
    "latent", "batch", "steps", "log_every", "checkpoint_every", "sample_every", "hidden", "output_sparse", "maps",
    "base", "units", "widths", "dense",
}  # fmt: skip


def without_counts(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {name: without_counts(value) for name, value in values.items() if name not in COUNTS}


@pytest.mark.parametrize("name", recipe_names())
def test_what_is_no_count_stays(name: str) -> None:
    recipe, quick = load_recipe(name), shrunk(load_recipe(name))
    assert without_counts(to_dict(quick)) == without_counts(to_dict(recipe))
    assert quick.steps <= 100 < recipe.steps
    assert shrunk(quick) == quick


def test_a_quick_mnist_best_has_no_dropout_that_the_recipe_has_not() -> None:
    networks = [
        each.players["discriminator"].network for each in (load_recipe("mnist-best"), load_recipe("mnist-dense"))
    ]
    quick = [shrunk(load_recipe(name)).players["discriminator"].network for name in ("mnist-best", "mnist-dense")]
    assert [each.keep_hidden for each in quick] == [each.keep_hidden for each in networks] == [1.0, 0.5]
    assert quick[0].units == (16, 16)


def test_a_stack_of_quick_generators_fits() -> None:
    one, two = (shrunk(load_recipe(f"paper-tfd{stage}-small")) for stage in ("", "-stage-two"))
    below = two.players["generator"].network.hidden
    own = (one.game.latent, *one.players["generator"].network.hidden)
    assert below[-len(own) + 1 :] == own[1:]
    assert below[-len(own)] == own[0]
    assert len(below) == len(load_recipe("paper-tfd-stage-two-small").players["generator"].network.hidden)
