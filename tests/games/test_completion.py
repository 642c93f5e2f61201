"""Completion: what is observed stays, what is missing is not looked at, and completions are drawn apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from game_kinds import images, recipe_of
from torch import Tensor

from advnets.config.load import load_recipe
from advnets.errors import RecipeError
from advnets.games.build import build_game
from advnets.games.completion import CompletionGame, reward
from advnets.games.game import Batch, DataSpec
from advnets.randomness import StepNoise, Stream
from advnets.training.hooks.watch import Watch
from advnets.training.trainer import Trainer

SHAPE = (1, 12, 10)


def game(**changes) -> CompletionGame:
    found = build_game(load_recipe("images").replace(**{"game.kind": "completion", "latent": 3, **changes}).game)
    assert isinstance(found, CompletionGame)
    return found


def batch(rows: int = 8) -> Batch:
    return Batch(torch.arange(rows), torch.rand(rows, *SHAPE, generator=torch.Generator().manual_seed(1)))


class Adds(torch.nn.Module):
    """What is seen, its mean and the latents' sum, everywhere."""

    def forward(self, image: Tensor, mask: Tensor, z: Tensor) -> Tensor:
        del mask
        return image + image.mean((1, 2, 3), keepdim=True) + z.sum(1).view(-1, 1, 1, 1)


def drawn(rules: CompletionGame, rows: Batch) -> dict[str, Tensor]:
    return dict(rules.draw(rows, StepNoise(1, 0, Stream.SAMPLES, 0, len(rows), len(rows), torch.device("cpu"))))


def test_what_is_observed_stays_and_what_is_missing_is_not_seen() -> None:
    rules, rows = game(), batch()
    draws = drawn(rules, rows)
    made = rules.make({"generator": Adds()}, rows, draws).outputs["image"]
    missing = draws["mask"] == 0
    assert torch.equal(made[~missing], rows.image[~missing])
    assert bool((made[missing] != rows.image[missing]).all())
    other = Batch(rows.rows, torch.where(missing, -7.0, rows.image))
    assert torch.equal(rules.make({"generator": Adds()}, other, draws).outputs["image"], made)
    given = {"image": rows.image, **draws}
    assert torch.equal(rules.sample({"generator": Adds()}, given), made)
    (view,) = rules.views(rows, draws, {"image": made})
    assert view.real["mask"] is view.fake["mask"] is draws["mask"]


def test_the_reward_of_spread_is_that_at_which_normal_values_have_their_own_deviation() -> None:
    """E |x - m| less the reward times E |x_i - m|, in closed form for x of deviation 1 and x_i of deviation s."""
    s = np.linspace(0, 3, 3001)
    for count in (2, 3, 8):
        error = np.sqrt(1 + s**2 / count)
        spread = s * math.sqrt((count - 1) / count)
        assert s[np.argmin(error - reward(count) * spread)] == pytest.approx(1, abs=2e-3)
    assert reward(1) == 0


def test_the_direct_cost_is_that_of_the_mean_less_the_spread() -> None:
    rules, rows = game(reconstruction=2.0, averaged=3), batch()
    draws = drawn(rules, rows)
    made = rules.make({"generator": Adds()}, rows, draws)
    each = [
        rules.sample({"generator": Adds()}, {"image": rows.image, "mask": draws["mask"], "z": draws[z]})
        for z in ("z", "z 1", "z 2")
    ]
    mean = sum(each) / 3
    spread = sum((one - mean).abs().mean() for one in each) / 3
    wanted = 2 * ((mean - rows.image).abs().mean() - spread / math.sqrt(8))
    torch.testing.assert_close(made.direct, wanted)
    torch.testing.assert_close(made.outputs["image"], each[0])
    plain = game(reconstruction=2.0, averaged=1)
    direct = plain.make({"generator": Adds()}, rows, draws).direct
    torch.testing.assert_close(direct, 2 * (each[0] - rows.image).abs().mean())


def test_what_cannot_be_completed_is_said() -> None:
    with pytest.raises(RecipeError, match="about images, these data are points"):
        game().seats(DataSpec((2,)))
    with pytest.raises(RecipeError, match="gray images have no channels"):
        game(**{"masks.channels": 1.0}).seats(DataSpec(SHAPE))
    with pytest.raises(RecipeError, match="contrast"):
        load_recipe("paper-cifar10-fc").replace(**{"game.kind": "completion"})


@pytest.mark.parametrize("shape", [(3, 13, 21), (1, 9, 8)])
def test_images_of_any_size_train_with_the_recipe_for_own_images(shape: tuple[int, int, int]) -> None:
    small = {"game.kind": "completion", "base": 4, "steps": 3, "batch": 4, "device": "cpu", "data": "photos"}
    changes = {"generator.base": 4, "discriminator.base": 4, **{k: v for k, v in small.items() if k != "base"}}
    data = images()
    values = np.random.default_rng(0).integers(0, 256, (20, *shape), np.uint8)
    trainer = Trainer(load_recipe("images").replace(**changes), type(data)(values, np.arange(20)))
    trainer.advance()
    made = trainer.sampler.draw(5)
    assert made.shape == (5, *shape)


def test_the_watch_looks_at_samples_of_nothing_and_hears_the_discriminator_on_completions() -> None:
    trainer = Trainer(
        recipe_of("completion", steps=20, batch=64, **{"watch.every": 1, "watch.action": "warn"}), images()
    )
    watch = Watch(trainer)
    for _ in range(20):
        watch.prepare(trainer)
        trainer.advance()
    line = watch.look(trainer)
    assert not watch.blind
    assert 0 <= line["accuracy"] <= 1
    assert 0 < line["spread"] < 2
    np.testing.assert_array_equal(watch.fakes(trainer), trainer.raw_sampler.draw(64, 7))
