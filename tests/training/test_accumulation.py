"""A minibatch in parts has the gradients of the whole one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from game_kinds import KINDS, of, recipe_of

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.data import open_data
from advnets.errors import RecipeError
from advnets.games.game import Batch
from advnets.randomness import Stream
from advnets.training.accumulation import in_parts
from advnets.training.gradients import both_sides
from advnets.training.schedules import drawn
from advnets.training.trainer import Trainer
from advnets.world import ALONE, Sum, World

RELATIVISTIC = {"objective": "relativistic", "penalties": {"r1": {"weight": 0.3, "every": 1}, "r2": {"weight": 0.2}}}
CONV = {
    "game.generator.network": {"kind": "conv", "base": 4, "blocks": 1},
    "game.discriminator.network": {"kind": "conv", "base": 4, "blocks": 1},
}


def trainer(kind: str = "adversarial", **changes: Any) -> Trainer:
    return Trainer(recipe_of(kind, **changes), of(kind).data())


@pytest.mark.parametrize("parts", [2, 5, 12])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        RELATIVISTIC,
        RELATIVISTIC | CONV | {"augment": ("color", "translation", "cutout")},
        {"objective": "least-squares", "penalties": {"r1": {"weight": 1.0, "every": 1}}} | CONV,
        {"objective": "wasserstein", "penalties": {"wgan_gp": {"weight": 10.0, "every": 1}}} | CONV,
    ],
    ids=["plain", "relativistic", "augmented", "convolutional", "between"],
)
def test_the_gradients_are_those_of_the_whole(changes: dict[str, Any], parts: int) -> None:
    whole, divided = trainer(**changes), trainer(**changes, accumulate=parts)
    for game in (whole, divided):
        for network in game.nets.values():
            network.double()
    for step in (0, 1):
        wide = _wide(whole._match.batch(step))
        draws = {
            name: each.double() if each.is_floating_point() else each
            for name, each in drawn(whole._match, wide, step, Stream.DISCRIMINATOR_NOISE).items()
        }
        expected, said = both_sides(whole._match, wide, draws, step)
        found, also_said = in_parts(divided._match, wide, draws, step)
        assert set(found) == set(expected)
        for name, grads in expected.items():
            for mine, other in zip(found[name], grads, strict=True):
                torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-9)
        for one, other in zip(also_said, said, strict=True):
            torch.testing.assert_close(one.real, other.real)
            torch.testing.assert_close(one.fake, other.fake)
            assert one.made == other.made


@pytest.mark.parametrize("parts", [2, 5])
def test_rows_of_a_conditional_game_keep_their_neighbors(parts: int) -> None:
    whole, divided = trainer("conditional"), trainer("conditional", accumulate=parts)
    batch = whole._match.batch(0)
    draws = drawn(whole._match, batch, 0, Stream.DISCRIMINATOR_NOISE)
    expected, _ = both_sides(whole._match, batch, draws, 0)
    found, _ = in_parts(divided._match, batch, draws, 0)
    for name, grads in expected.items():
        assert not isinstance(grads, Sum)
        for mine, other in zip(found[name], grads, strict=True):  # type: ignore[arg-type]  # they are of one process
            torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def _wide(batch: Batch) -> Batch:
    return replace(batch, image=batch.image.double())


def test_a_training_in_parts_ends_where_the_whole_one_does() -> None:
    whole, divided = (trainer(**RELATIVISTIC, **CONV, accumulate=parts) for parts in (1, 3))
    for _ in range(5):
        whole.advance()
        divided.advance()
    mine, other = (game.sampler.nets["generator"].state_dict() for game in (divided, whole))
    for name, each in other.items():
        torch.testing.assert_close(mine[name], each, rtol=2e-3, atol=2e-4)


def test_dropout_masks_of_a_part_are_the_same_in_both_passes() -> None:
    """Else slopes would belong to other scores: the scores of the second pass are those of the first."""
    network = {"kind": "maxout", "units": [16, 16], "pieces": 2, "keep_input": 0.8, "keep_hidden": 0.5}
    game = trainer(**{"game.discriminator.network": network, "penalties.r1.weight": 0.0}, accumulate=3)
    seen: list[torch.Tensor] = []
    game.nets["discriminator"].register_forward_hook(lambda *given: seen.append(given[2].detach()))
    game.advance()
    assert len(seen) == 6
    for first, second in zip(seen[:3], seen[3:], strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("adversarial", {"schedule": "alternating"}, "needs the simultaneous schedule"),
        ("adversarial", {"accumulate": 13}, "12 examples cannot be had in 13 parts"),
        ("adversarial", {"coordination.top_share": 0.5}, "not there with coordination"),
        ("translation", {}, "depends on the whole minibatch"),
        ("semi-supervised", {}, "depends on the whole minibatch"),
    ],
)
def test_what_needs_the_whole_is_refused(kind: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        trainer(kind, **{"accumulate": 2, **changes})


def test_every_kind_either_goes_in_parts_or_says_why_not() -> None:
    played, refused = set[str](), set[str]()
    for kind in KINDS:
        try:
            trainer(kind, accumulate=2).advance()
            played.add(kind)
        except RecipeError:
            refused.add(kind)
    assert played >= {"adversarial", "ebgan"}
    assert refused >= {"translation", "semi-supervised", "adversarial-autoencoder"}


@pytest.mark.parametrize("world", [ALONE, World(0, 2)])
def test_rounding_is_no_dependence_on_other_rows(world: World) -> None:
    """Products of other numbers of rows round otherwise in bfloat16: `mnist` was refused for it."""
    parts = 2 if world is ALONE else 1
    recipe = load_recipe("mnist").replace(batch=16, accumulate=parts, precision="bfloat16")
    Trainer(recipe, training_data(open_data(recipe)), world=world)
