"""Each kind of game as it is shipped: its step in float64 against plain autograd."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from every_game import Bare
from game_kinds import KINDS, recipe_of
from plain_autograd import plainly, worst
from torch import Tensor

from advnets.games.augment import CHANGES
from advnets.games.build import GAMES, build_game, build_penalties
from advnets.games.game import Batch, Labels, begun
from advnets.randomness import StepNoise, Stream
from advnets.runs.networks import initial_networks
from advnets.training.batches import Batches
from advnets.training.gradients import Match, both_sides, discriminators_side, generators_side
from advnets.training.outcomes import figures_of
from advnets.training.trainer import Trainer

ROWS = 12


def test_every_kind_is_tried() -> None:
    assert set(KINDS) == set(GAMES), "add the kind's row to tests/game_kinds.py"


def match_of(kind: str) -> tuple[Match, Batch]:
    """The game of a recipe with the networks it describes, in float64 and without dropout, and real rows."""
    recipe, data = recipe_of(kind), KINDS[kind].data()
    game = build_game(recipe.game)
    seats = game.seats(data.spec)
    networks = initial_networks(recipe, seats)
    players = {name: Bare(network.double().eval(), seats[name].side) for name, network in networks.items()}
    labelled = getattr(game, "labels", Labels(0)).rows
    beside = {"conditions": True, "labelled": labelled}
    batches = Batches(data, ROWS, 0, torch.device("cpu"), torch.float64, (-1.0, 1.0), **beside)
    judges = frozenset(name for name, seat in seats.items() if seat.side == "discriminator")
    penalties = build_penalties(recipe.game)
    known = {name: each.double() for name, each in begun(game, data.spec).items()}
    match = Match(game, players, batches, 3, 10, rowwise=judges, penalties=penalties, memory=known)  # type: ignore[arg-type]
    return match, match.batch(0)


def drawn(match: Match, batch: Batch) -> dict[str, Tensor]:
    """What the game draws, in float64."""
    noise = StepNoise(3, 0, Stream.DISCRIMINATOR_NOISE, 0, len(batch), len(batch), torch.device("cpu"))
    draws = match.game.draw(batch, noise)
    return {name: each.double() if each.is_floating_point() else each for name, each in draws.items()}


@pytest.mark.parametrize("kind", GAMES)
def test_k_adapts_to_held_out_rows(kind: str) -> None:
    data = KINDS[kind].data()
    apart = replace(data, rows=data.rows[:-8], held_out=data.rows[-8:], valid=data.rows[-8:])
    asked = {"coordination.most_discriminator_steps": 3, "coordination.decide_every": 2}
    trainer = Trainer(recipe_of(kind, schedule="alternating", **asked), apart)
    figures = [trainer.figures(trainer.advance()) for _ in range(3)][-1]
    assert 0 <= figures["held_out_accuracy"] <= 1
    assert 1 <= figures["adaptive_k"] <= 3


@pytest.mark.parametrize("kind", GAMES)
def test_it_is_played_in_half_precision_and_sampled(kind: str) -> None:
    recipe = recipe_of(kind, precision="bfloat16")
    if hasattr(recipe.game, "augment"):
        recipe = recipe.replace(**{"game.augment": list(CHANGES), "game.augment_probability": 0.7})
    trainer = Trainer(recipe, KINDS[kind].data())
    _, outcomes = trainer.advance(), trainer.advance()
    trainer.check_finite(trainer.figures(outcomes))
    assert all(player.compute == torch.bfloat16 for player in trainer.players.values())
    assert len(trainer.sampler.draw(trainer.sampler.once(4))) > 0


@pytest.mark.parametrize("kind", GAMES)
def test_every_players_gradient_is_that_of_its_own_cost(kind: str) -> None:
    match, batch = match_of(kind)
    draws = drawn(match, batch)
    for update in (0, 1):  # penalties are due at the first
        due = match if update == 0 else replace(match, penalties=[])
        wanted = plainly(due, batch, draws, update)
        found, said = both_sides(match, batch, draws, update)
        assert worst(found, wanted) < 1e-9
        direct = match.game.make(match.nets, batch, draws).direct
        logged = figures_of(match.game, said).get("cost_direct")
        assert logged == (None if direct is None else pytest.approx(float(direct.detach())))
        for side, (alone, _) in {
            "discriminator": discriminators_side(match, batch, draws, update),
            "generator": generators_side(match, batch, draws, update, said),
        }.items():
            assert worst(alone, {name: wanted[name] for name in match.side(side)}) < 1e-9
