"""What the step is held against: every player differentiates its own cost, and no cleverness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from advnets.games.game import Batch, Inputs, RowNoise, judging
from advnets.randomness import StepNoise, Stream
from advnets.training.gradients import Match

Found = Mapping[str, Any]


def noise_of(match: Match, rows: Batch, update: int, turn: object, stream: Stream = Stream.AUGMENTATION) -> RowNoise:
    """The random numbers of a view's rows."""
    step = StepNoise(match.seed, update, stream, 0, len(rows), len(rows), torch.device("cpu"))
    return lambda name, draw: step(f"{turn} {name}", draw)


def plainly(match: Match, rows: Batch, drawn: Inputs, update: int = 0) -> dict[str, list[Tensor | None]]:
    """Every player differentiates its own cost, and no cleverness."""
    game, nets = match.game, match.nets
    made = game.make(nets, rows, drawn)
    theirs: Any = 0.0 if made.direct is None else made.direct
    own: dict[str, Any] = {}
    for number, view in enumerate(game.views(rows, drawn, made.outputs)):
        shown = [view.real, view.fake]
        if match.augment is not None:
            whose = [(view.real, "real"), (view.fake, "fake")]
            turns = [(inputs, f"discriminators {number} {side}") for inputs, side in whose]
            shown = [match.augment(inputs, noise_of(match, rows, update, turn)) for inputs, turn in turns]
        D = nets[view.discriminator]
        real, fake = D(*shown[0].values()), D(*shown[1].values())
        costs = game.costs(view.discriminator, real, fake, rows)
        theirs = theirs + view.weight * costs.generators
        mine = view.weight * costs.discriminator
        for each in match.penalties:
            noise = noise_of(match, rows, update, number, Stream.PENALTY)
            still = [{key: value.detach() for key, value in side.items()} for side in shown]
            mine = mine + view.weight * each.weight * each.every * each.penalty(
                judging(game, D), still[0], still[1], noise
            )
        own[view.discriminator] = own.get(view.discriminator, 0.0) + mine
    costs_of = {name: own.get(name, theirs) for name in match.players}
    return {name: _differentiated(costs_of[name], player) for name, player in match.players.items()}


def _differentiated(cost: Tensor, player: Any) -> list[Tensor | None]:
    return list(torch.autograd.grad(cost, player.parameters, retain_graph=True, allow_unused=True))


def worst(found: Found, wanted: Found) -> float:
    """The largest difference of two sets of gradients, over the largest value of a player's own."""
    assert set(found) == set(wanted)
    far = 0.0
    for name in wanted:
        largest = max(float(each.abs().max()) for each in wanted[name] if each is not None)
        for ours, theirs in zip(found[name], wanted[name], strict=True):
            ours = torch.zeros(()) if ours is None else ours
            theirs = torch.zeros_like(ours) if theirs is None else theirs
            far = max(far, float((ours - theirs).abs().max()) / largest)
    return far
