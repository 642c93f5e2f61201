"""A generator whose values do not fit the range that it declares is found before the first step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from small_games import LATENT, SHAPE, images, seeded_discriminator
from torch import Tensor, nn

from advnets.config.recipe import Recipe
from advnets.training.output_range import bounds, fits, misfit
from advnets.training.trainer import Trainer

FLAT = Recipe().replace(latent=LATENT, batch=12, precision="float32", steps=20)
OWN = FLAT.replace(**{"game.generator.network": {"kind": "own"}})


class Painter(nn.Module):
    """Makes images that end in a function of the user's choice."""

    def __init__(self, end: Callable[[Tensor], Tensor], normed: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        middle = nn.LayerNorm(16) if normed else nn.Identity()
        self.layers, self.end = nn.Sequential(nn.Linear(LATENT, 16), middle, nn.ReLU(), nn.Linear(16, 12)), end

    def forward(self, z: Tensor) -> Tensor:
        return self.end(self.layers(z)).view(-1, *SHAPE)


def found(end: Callable[[Tensor], Tensor], declared: tuple[float, float] | None, normed: bool = False) -> str:
    made = Painter(end, normed)
    if declared is not None:
        made.output_range = declared
    trainer = Trainer(OWN, images(), {"generator": made, "discriminator": seeded_discriminator()})
    before = torch.get_rng_state()
    said = misfit(trainer)
    assert torch.equal(torch.get_rng_state(), before)
    return said


@pytest.mark.parametrize("normed", [False, True])
def test_outputs_that_do_not_fit_are_named_with_what_would(normed: bool) -> None:
    assert found(torch.tanh, None, normed) == (
        "the generator makes values from -1 to 1, but its output_range is not said, which means 0 to 1;"
        " give it output_range = (-1, 1), or outputs that fit"
    )
    assert "from -1 to 1, but its output_range is 0 to 1;" in found(torch.tanh, (0.0, 1.0), normed)
    assert "from 0 to 1, but its output_range is -1 to 1;" in found(torch.sigmoid, (-1.0, 1.0), normed)
    assert "give it output_range = (0, 255)" in found(lambda x: 255 * torch.sigmoid(x), None, normed)
    assert "makes values from 0, but its output_range is -1 to 1" in found(torch.relu, (-1.0, 1.0), normed)


@pytest.mark.parametrize("normed", [False, True])
def test_outputs_that_fit_or_have_no_bounds_are_not(normed: bool) -> None:
    assert found(torch.tanh, (-1.0, 1.0), normed) == ""
    assert found(torch.sigmoid, None, normed) == ""
    assert found(torch.relu, None, normed) == ""
    assert found(lambda x: x, None, normed) == ""
    assert found(lambda x: x.clamp(-2, 3), (-2.0, 3.0), normed) == ""
    assert found(lambda x: torch.tanh(x * 0), None, normed) == ""  # it has not begun to move


def test_what_fails_when_it_is_pushed_is_not_judged() -> None:
    def refuse(x: Tensor) -> Tensor:
        assert x.abs().max() < 100
        return torch.tanh(x)

    assert found(refuse, None) == ""


def test_networks_of_a_recipe_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(FLAT, images(), {"discriminator": seeded_discriminator()})
    monkeypatch.setattr("advnets.training.output_range._pushed", None)
    assert misfit(trainer) == ""


def test_a_bound_is_where_many_values_stand_however_far_they_are_pushed() -> None:
    row = torch.linspace(-1, 1, 100)
    assert bounds(row.clamp(-0.5, 0.5), (1e3 * row).clamp(-0.5, 0.5), 1.0) == (-0.5, 0.5)
    assert bounds(row, row, 1.0) == (None, None)  # one value stands at each end
    assert bounds(row, 1e3 * row, 1.0) == (None, None)
    assert bounds(row * torch.nan, row * torch.nan, 1.0) == (None, None)


def test_a_bound_may_lie_a_twentieth_of_the_range_beside_its_end() -> None:
    assert fits((-1.1, None), (-1.0, 1.0))
    assert not fits((-1.2, None), (-1.0, 1.0))
    assert not fits((None, 0.8), (-1.0, 1.0))
