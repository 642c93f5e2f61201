"""Conditional games with unknown conditions and with an auxiliary classifier: their step in float64."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from every_game import Bare
from game_kinds import COUNT, images, labelled, partly_labelled, recipe_of
from plain_autograd import plainly, worst
from torch import Tensor

from advnets.games.build import build_game, build_penalties
from advnets.games.game import Batch
from advnets.randomness import StepNoise, Stream
from advnets.runs.networks import initial_networks
from advnets.training.batches import Batches, Data
from advnets.training.gradients import Match, both_sides, discriminators_side, generators_side

ROWS = 12
KINDS: dict[str, tuple[dict[str, Any], Any]] = {
    "projection": ({}, "partly"),
    "concatenation": ({"game.discriminator.condition": "concatenation"}, "partly"),
    "auxiliary alone": ({"game.discriminator.condition": "none", "game.auxiliary": 0.7}, "partly"),
    "all labelled": ({"game.auxiliary": 0.7}, "all"),
    "relativistic": ({"game.objective": "relativistic", "game.auxiliary": 0.7, "game.mismatched": 0.3}, "partly"),
    "vectors": ({"game.mismatched": 0.3}, "vectors"),
    "attributes told": ({"game.auxiliary": 0.7, "game.scaled": True}, "vectors"),
}


def vectors() -> Data:
    """Images with an attribute that is there or not, a number, and a constant one; every fourth has none."""
    rng = np.random.default_rng(1)
    found = np.stack([rng.integers(0, 2, COUNT), rng.normal(30, 5, COUNT), np.full(COUNT, 2.0)], 1).astype(np.float32)
    found[::4] = np.nan
    return replace(images(), vectors=found)


DATA = {"partly": partly_labelled, "all": labelled, "vectors": vectors}


def match_of(kind: str) -> tuple[Match, Batch, dict[str, Tensor]]:
    """A conditional game in float64 and without dropout, its first rows, and what it draws."""
    changes, which = KINDS[kind]
    recipe, data = recipe_of("conditional", **{"game.mismatched": 0.0, "game.auxiliary": 0.0, **changes}), DATA[which]()
    game = build_game(recipe.game)
    seats = game.seats(data.spec)
    networks = initial_networks(recipe, seats)
    torch.manual_seed(0)
    for network in networks.values():
        for name, each in network.named_parameters():
            if "embedding" in name:
                each.data.normal_()  # it begins at zero in D, which would hide what it is given
    players = {name: Bare(network.double().eval(), seats[name].side) for name, network in networks.items()}
    batches = Batches(data, ROWS, 0, torch.device("cpu"), torch.float64, (-1.0, 1.0), conditions=True)
    judges = frozenset({"discriminator"})
    penalties = build_penalties(recipe.game)
    match = Match(game, players, batches, seed=3, steps=10, rowwise=judges, penalties=penalties)  # type: ignore[arg-type]
    noise = StepNoise(3, 0, Stream.DISCRIMINATOR_NOISE, 0, ROWS, ROWS, torch.device("cpu"))
    batch = batches(0)
    return match, batch, {name: each.double() for name, each in game.draw(batch, noise).items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_players_gradient_is_that_of_its_own_cost(kind: str) -> None:
    match, batch, draws = match_of(kind)
    wanted = plainly(match, batch, draws)
    found, said = both_sides(match, batch, draws, 0)
    assert worst(found, wanted) < 1e-9
    for side, (alone, _) in {
        "discriminator": discriminators_side(match, batch, draws, 0),
        "generator": generators_side(match, batch, draws, 0, said),
    }.items():
        assert worst(alone, {name: wanted[name] for name in match.side(side)}) < 1e-9


@pytest.mark.parametrize("kind", ["projection", "concatenation", "vectors"])
def test_of_a_row_without_a_condition_d_is_told_none(kind: str) -> None:
    match, batch, draws = match_of(kind)
    assert batch.asked is not None
    D, game = match.nets["discriminator"], match.game
    made = game.make(match.nets, batch, draws)
    view = game.views(batch, draws, made.outputs)[0]
    condition = batch.condition
    assert condition is not None
    unknown = condition.isnan().any(1) if condition.is_floating_point() else condition < 0
    assert 0 < int(unknown.sum()) < ROWS
    bare = {name: each.clone() for name, each in D.state_dict().items()}
    before = D(*view.real.values()).detach(), D(*view.fake.values()).detach()
    D.load_state_dict({name: each + ("embedding" in name) for name, each in bare.items()})
    after = D(*view.real.values()).detach(), D(*view.fake.values()).detach()
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one[unknown], other[unknown])
        assert not torch.isclose(one[~unknown], other[~unknown]).any()
