"""The exact step: every player's gradient is that of its own cost, in every game, by one pass where that is exact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from every_game import Bare, Paired, batch, conditional_batch, draws, games
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_autograd import plainly, worst
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.games.augment import augmented
from advnets.games.game import Batch, Inputs, Made, RowNoise
from advnets.games.objectives import OBJECTIVES
from advnets.games.penalties import PENALTIES, Scheduled
from advnets.training import gradients
from advnets.training.gradients import Match, both_sides, discriminators_side, generators_side

NAMES = list(games(OBJECTIVES["non-saturating"]))
every_game = pytest.mark.parametrize("name", NAMES)


def match_of(name: str, objective: str = "non-saturating", **more: Any) -> tuple[Match, Batch]:
    game, players = games(OBJECTIVES[objective])[name]
    judges = frozenset(each for each, player in players.items() if player.side == "discriminator")
    rows = conditional_batch() if name.startswith("conditional") else batch()
    fields: dict[str, Any] = {"rowwise": judges, **more}
    return Match(game, players, lambda _: rows, seed=3, steps=10, **fields), rows  # type: ignore[arg-type]


def augment(inputs: Inputs, noise: RowNoise) -> Inputs:
    """All that recipes can do, to most images."""
    return augmented(inputs, ("color", "translation", "geometry", "cutout"), noise, span=2.0, probability=0.8)


@every_game
@pytest.mark.parametrize("shown", [None, augment], ids=["as they are", "augmented"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_players_gradient_is_that_of_its_own_cost(name: str, shown: Any, objective: str) -> None:
    match, rows = match_of(name, objective, augment=shown)
    found, _ = both_sides(match, rows, draws(), update=1)
    assert worst(found, plainly(match, rows, draws(), update=1)) < 1e-9


@every_game
@pytest.mark.parametrize("penalty", PENALTIES)
def test_also_with_penalties(name: str, penalty: str) -> None:
    if name == "K classes":
        pytest.skip("a penalty is on one score a row")
    match, rows = match_of(name, penalties=[Scheduled(PENALTIES[penalty], 0.7, 2)], augment=augment)
    for update in (0, 1):
        due = match if update == 0 else replace(match, penalties=())
        found, _ = both_sides(match, rows, draws(), update)
        assert worst(found, plainly(due, rows, draws(), update)) < 1e-9


@settings(deadline=None, max_examples=40)
@given(
    name=st.sampled_from(NAMES),
    objective=st.sampled_from(list(OBJECTIVES)),
    scale=st.sampled_from([0.1, 1.0, 8.0]),
    seed=st.integers(0, 10**6),
)
def test_wherever_the_weights_and_the_data_are(name: str, objective: str, scale: float, seed: int) -> None:
    match, rows = match_of(name, objective)
    rows = replace(rows, image=batch(seed).image, label=batch(seed).label)
    with torch.no_grad():
        for player in match.side("discriminator").values():
            for parameter in player.parameters:
                parameter.mul_(scale)
    found, _ = both_sides(match, rows, draws(seed), update=0)
    assert worst(found, plainly(match, rows, draws(seed))) < 1e-6  # slopes as small as 2^-30 / m are held up


@every_game
def test_one_side_alone_has_the_gradients_that_it_has_with_the_other(name: str) -> None:
    match, rows = match_of(name)
    both, said = both_sides(match, rows, draws(), update=0)
    alone, outcomes = discriminators_side(match, rows, draws(), update=0)
    makers, _ = generators_side(match, rows, draws(), 0, outcomes)
    assert worst(alone | makers, both) < 1e-12
    for mine, theirs in zip(outcomes, said, strict=True):
        torch.testing.assert_close(mine.real, theirs.real)


@every_game
def test_a_score_a_row_costs_one_backward_pass_through_each_discriminator(name: str, monkeypatch: Any) -> None:
    passes = {"one": 0, "two": 0}
    for kind in passes:
        real = getattr(gradients, f"{kind}_pass" if kind == "one" else f"{kind}_passes")
        counted = _counted(real, passes, kind)
        monkeypatch.setattr(gradients, real.__name__, counted)
    match, rows = match_of(name)
    both_sides(match, rows, draws(), update=0)
    assert (passes["two"] == 0) == (name != "K classes")


def _counted(function: Any, passes: dict[str, int], kind: str) -> Any:
    def counting(*args: Any) -> Any:
        passes[kind] += 1
        return function(*args)

    return counting


class Across(nn.Module):
    """A discriminator with statistics of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(32, 8), nn.BatchNorm1d(8), nn.Linear(8, 1), nn.Flatten(0))

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


def test_where_rows_are_not_independent_there_are_two_passes_and_they_are_exact() -> None:
    match, rows = match_of("plain", rowwise=frozenset())
    players = {**match.players, "discriminator": Bare(Across().double(), "discriminator")}
    match = replace(match, players=players)  # type: ignore[arg-type]
    found, _ = both_sides(match, rows, draws(), update=0)
    assert worst(found, plainly(match, rows, draws())) < 1e-9


def test_a_direct_cost_that_forgets_its_mean_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    match, rows = match_of("image to image")
    make = Paired.make

    def rowwise(*args: Any) -> Made:
        made = make(*args)
        return replace(made, direct=made.outputs["image"].mean((1, 2, 3)))

    monkeypatch.setattr(Paired, "make", rowwise)
    with pytest.raises(RecipeError, match=r"the game's direct cost has shape \(6,\); return one scalar"):
        both_sides(match, rows, draws(), 0)
