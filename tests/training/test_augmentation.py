"""Augmentation by chance, and chance that follows D's overfitting: its formula, its way up and down, through a kill."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from advnets.api import training_data
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data.toys import open_points
from advnets.errors import RecipeError
from advnets.games.augment import CHANGES, augmented
from advnets.games.game import Batch, View
from advnets.randomness import StepNoise, Stream
from advnets.training.augmentation import SAFE, Adaptation, Augmentation
from advnets.training.batches import Data
from advnets.training.held_out import overfitting
from advnets.training.trainer import Trainer

ROWS = 400


def noise(update: int = 0, count: int = ROWS) -> StepNoise:
    return StepNoise(3, update, Stream.AUGMENTATION, 0, count, count, torch.device("cpu"))


def pictures(count: int = ROWS) -> Tensor:
    return torch.rand(count, 3, 8, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_done_to_its_share_of_the_images_and_to_no_other(name: str) -> None:
    images = pictures()
    shown = {p: augmented({"image": images}, [name], noise(), 1.0, p)["image"] for p in (0.0, 0.3, 1.0)}
    assert torch.equal(shown[0.0], images)
    whole, part = shown[1.0], shown[0.3]
    changed = (part != images).flatten(1).any(1)
    assert changed.double().mean() == pytest.approx(0.3, abs=0.07)
    assert torch.equal(part[changed], whole[changed])


def test_colors_change_in_brightness_then_saturation_then_contrast() -> None:
    images, row = pictures(5), noise(2, 5)
    brightness, saturation, contrast = (
        row(name, lambda count, rng: torch.rand(count, 1, 1, 1, generator=rng)).double()
        for name in ("brightness", "saturation", "contrast")
    )
    brighter = images + (brightness - 0.5) * 3 / 2
    gray = brighter.mean(1, keepdim=True)
    vivid = gray + 2 * saturation * (brighter - gray)
    mean = vivid.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(CHANGES["color"](images, row, 3.0), mean + (contrast + 0.5) * (vivid - mean))


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(list(CHANGES)), st.floats(0.1, 1.0), st.integers(0, 10**6))
def test_each_change_is_differentiable_and_of_its_own_row_alone(name: str, probability: float, update: int) -> None:
    images = pictures(4).requires_grad_()

    def shown(x: Tensor) -> Tensor:
        return augmented({"image": x}, [name], noise(update, 4), 1.0, probability)["image"]

    assert torch.autograd.gradcheck(shown, images)
    (slope,) = torch.autograd.grad(shown(images)[2].sum(), images)
    assert not slope[[0, 1, 3]].any()


@pytest.mark.parametrize(("done", "share"), [(0.0, 1.0), (0.3, 0.5), (0.6, 0.0), (0.9, 0.0)])
def test_instance_noise_falls_to_nothing_and_is_of_its_own_row(done: float, share: float) -> None:
    points = torch.zeros(ROWS, 50, dtype=torch.float64)
    noisy = Augmentation((), 1.0, instance_noise=0.2, until=0.6, done=done)
    shown = noisy({"image": points}, noise())["image"]
    assert float(shown.std()) == pytest.approx(0.2 * share, rel=0.03)
    part = StepNoise(3, 0, Stream.AUGMENTATION, 100, 50, ROWS, torch.device("cpu"))
    assert torch.equal(noisy({"image": points[100:150]}, part)["image"], shown[100:150])


def test_a_training_with_instance_noise_goes_on_as_it_would_have() -> None:
    recipe = load_recipe("ring").replace(**{"steps": 20, "batch": 8, "game.instance_noise_until": 0.8})
    data = training_data(open_points("ring"))
    played, resumed = Trainer(recipe, data), Trainer(recipe, data, restored=True)
    for _ in range(10):
        played.advance()
    resumed.restore(played.checkpoint())
    for _ in range(10):
        played.advance()
        resumed.advance()
    for name, tensors in played.checkpoint().tensors.items():
        assert all(torch.equal(each, resumed.checkpoint().tensors[name][key]) for key, each in tensors.items())
    begun, quiet = Trainer(recipe, data), Trainer(recipe.replace(**{"game.instance_noise": 0.0}), data)
    seen = [torch.as_tensor(each.as_seen(np.arange(3))) for each in (begun, quiet)]
    assert torch.equal(seen[1], quiet.real_rows(np.arange(3)))
    assert not torch.equal(*seen)


def test_noise_that_has_faded_does_not_come_back_for_more_steps() -> None:
    recipe, data = load_recipe("ring").replace(steps=10, batch=8), training_data(open_points("ring"))
    played = Trainer(recipe, data)
    for _ in range(10):
        played.advance()
    longer = Trainer(recipe.replace(steps=100), data, restored=True)
    longer.restore(played.checkpoint())
    longer.advance()
    points = longer.real_rows(np.arange(3))
    assert torch.equal(torch.as_tensor(longer.as_seen(np.arange(3))), points)


def test_noise_and_chance_go_on_together() -> None:
    recipe = few(**{"game.instance_noise": 0.5, "steps": 60})
    played, resumed = Trainer(recipe, rows()), Trainer(recipe, rows(), restored=True)
    for _ in range(32):  # a look is due at the next step
        played.advance()
    resumed.restore(played.checkpoint())
    mine, theirs = ([each.advance() for _ in range(3)][-1] for each in (played, resumed))
    assert played.figures(mine) == resumed.figures(theirs)
    alone = few(**{"game.augment": (), "game.instance_noise": 0.5})
    assert Trainer(alone, rows(held_out=0))._adaptation is None  # there is nothing to be made likelier


class Told:
    """A game of which a discriminator that adds up pixels is shown the batch beside what it is given."""

    def make(self, nets: Any, batch: Batch, draws: Any) -> Any:
        from advnets.games.game import Made

        return Made({"image": nets["generator"](draws["z"])})

    def views(self, batch: Batch, draws: Any, made: Any) -> Any:
        return [View("discriminator", {"image": batch.image}, made)]


@pytest.mark.parametrize("direction", [1.0, -2.0], ids=["scores", "energies"])
@pytest.mark.parametrize(("unseen", "wanted"), [(4.0, 0.0), (3.0, 0.25), (0.0, 1.0), (-2.0, 1.0), (6.0, 0.0)])
def test_overfitting_is_how_far_held_out_rows_are_on_their_way_to_fakes(
    unseen: float, wanted: float, direction: float
) -> None:
    judge, maker = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(judge.weight, direction)
    nn.init.ones_(maker.weight)
    nets = {"generator": maker, "discriminator": nn.Sequential(judge, nn.Flatten(0))}
    fake = {"z": torch.zeros(2, 1)}
    trained = [(Batch(torch.arange(2), torch.tensor([[3.0], [5.0]])), fake)]
    held_out = [(Batch(torch.arange(2), torch.full((2, 1), unseen)), fake)]
    real = {"discriminator": lambda scores: scores * direction}
    found = overfitting(Told(), nets, trained, held_out, real)  # type: ignore[arg-type]
    assert found == pytest.approx(wanted)
    turned = {"discriminator": lambda scores: -scores * direction}
    assert overfitting(Told(), nets, trained, held_out, turned) == 0  # type: ignore[arg-type]  # D takes it for a fake


def test_the_probability_rises_while_d_overfits_and_falls_while_it_does_not() -> None:
    shown, found = Augmentation(["color"], 1.0, 0.0), [1.0]
    adaptation = Adaptation(shown, target=0.3, most=0.05, pace=0.02, measure=lambda step: found[0])
    for step in range(16):
        adaptation.begin(step)
    assert shown.probability == 0
    seen: list[float] = []
    for step in range(16, 16 * 7, 16):
        adaptation.begin(step)
        seen.append(shown.probability)
    assert seen == pytest.approx([0, 0.02, 0.04, 0.05, 0.05, 0.05])  # its first look is damped by the mean
    found[0] = 0.0
    for step in range(16 * 7, 16 * 20, 16):
        adaptation.begin(step)
    assert shown.probability == 0
    assert adaptation.figures == {"augment_probability": 0, "overfitting": adaptation.overfitting}


def few(**changes: Any) -> Recipe:
    small = {"generator.base": 4, "discriminator.base": 4, "batch": 8, "steps": 200, "precision": "float32"}
    small |= {"discriminator.rate": 5e-3, "penalties.r1.weight": 0.0}  # D soon knows its rows by heart
    asked = {"game.augment": ["translation", "geometry"], "game.augment_target": 0.01}
    return load_recipe("images").replace(**{"data": "x.npy", **small, **asked, **changes})


def rows(held_out: int = 8) -> Data:
    values = np.random.default_rng(0).integers(0, 256, (32, 3, 8, 8), np.uint8)
    return Data(values, np.arange(32 - held_out), valid=np.arange(32 - held_out, 32))


def test_a_training_in_mid_adaptation_goes_on_as_it_would_have() -> None:
    data = rows()
    played = Trainer(few(), data)
    for _ in range(50):
        played.advance()
    kept = played.checkpoint()
    assert kept.state["augmentation"]["overfitting"] > 0
    resumed = Trainer(few(), data, restored=True)
    resumed.restore(kept)
    mine, theirs = ([each.advance() for _ in range(20)][-1] for each in (played, resumed))
    assert played.figures(mine) == resumed.figures(theirs)
    assert 0 < played.figures(mine)["augment_probability"] < SAFE
    for name, tensors in played.checkpoint().tensors.items():
        assert all(torch.equal(each, resumed.checkpoint().tensors[name][key]) for key, each in tensors.items())
    with pytest.raises(RecipeError, match="did not adapt"):
        resumed.restore(replace(kept, state={k: v for k, v in kept.state.items() if k != "augmentation"}))


def test_without_rows_to_know_it_by_it_is_refused() -> None:
    with pytest.raises(RecipeError, match="no rows for validation"):
        Trainer(few(), rows(held_out=0))
    with pytest.raises(RecipeError, match="less than 1"):
        few(**{"game.augment_target": 1.0})
    with pytest.raises(RecipeError, match="augment_probability"):
        few(**{"game.augment_probability": 1.5})
