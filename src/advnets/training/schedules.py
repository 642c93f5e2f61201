"""Algorithm 1: one iteration of a game. Goodfellow et al. 2014, section 4.

Two schedules:

alternating   as printed: k times {fresh noise, a fresh minibatch, the discriminators move}, then fresh noise, the
              generators' side moves (once; more often only to provoke the Helvetica scenario).
simultaneous  as the authors' code and the tutorial do it: one noise draw, one pass of all networks, all gradients
              taken at the same point and through the same dropout masks, then all players move.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence

import torch
from torch import Tensor

from advnets.games.game import Batch, Inputs
from advnets.networks.layers import rows_pass
from advnets.randomness import StepNoise, Stream, generator_for, seed_layers
from advnets.training.accumulation import in_parts
from advnets.training.gradients import Match, Outcome, both_sides, discriminators_side, generators_side
from advnets.training.statistics import global_statistics

_INDICES = 3  # of what layers draw in an update: by either schedule's turns


def simultaneous(match: Match, step: int) -> Sequence[Outcome]:
    """One iteration of the authors' schedule: all players move at once from the same point."""
    batch = match.batch(step)
    with _layers_seeded(match, batch, step, 0):
        draws = _moved(match, batch, drawn(match, batch, step, Stream.DISCRIMINATOR_NOISE))
        grads, outcomes = (both_sides if match.parts == 1 else in_parts)(match, batch, draws, step)
    for side in ("discriminator", "generator"):
        for name, player in match.side(side).items():
            player.move(grads[name], step, match.steps)
    return outcomes


def alternating(match: Match, step: int) -> Sequence[Outcome]:
    """One iteration of Algorithm 1 as printed: k moves of the discriminators, then the generators' side's."""
    pace, ahead = match.coordination.pace, match.generator_steps
    first, k = (step * match.discriminator_steps, match.discriminator_steps) if pace is None else pace.begin(step)
    planned = match.steps * k if pace is None else pace.planned(step, match.steps)
    batch, outcomes = match.batch(first), list[Outcome]()
    for update in range(first, first + k):
        batch = batch if update == first else match.batch(update)
        with _layers_seeded(match, batch, update, 1):
            draws = _moved(match, batch, drawn(match, batch, update, Stream.DISCRIMINATOR_NOISE), learned=False)
            grads, outcomes = discriminators_side(match, batch, draws, update)
        for name, player in match.side("discriminator").items():
            player.move(grads[name], update, planned)
    for update in range(step * ahead, (step + 1) * ahead):
        with _layers_seeded(match, batch, update, 2):
            draws = _moved(match, batch, drawn(match, batch, update, Stream.GENERATOR_NOISE))
            grads, outcomes = generators_side(match, batch, draws, update, outcomes)
        for name, player in match.side("generator").items():
            player.move(grads[name], update, match.steps * ahead)
    return outcomes


SCHEDULES: dict[str, Callable[[Match, int], Sequence[Outcome]]] = {
    "simultaneous": simultaneous,
    "alternating": alternating,
}


@contextlib.contextmanager
def _layers_seeded(match: Match, batch: Batch, update: int, index: int) -> Generator[None]:
    """Seed what networks draw inside their passes: by global row, where processes share the rows of a minibatch."""
    seed, device = match.seed, batch.image.device
    # What modules of the user's own draw differs from process to process.
    seed_layers(seed, update, index + _INDICES * match.world.rank, device)
    if match.world.size == 1:
        yield
        return
    masks = generator_for(seed, update, Stream.LAYERS, index, device)
    statistics = global_statistics() if match.normalized else contextlib.nullcontext()
    with rows_pass(batch.first, len(batch), batch.total, masks), statistics:
        yield


def _moved(match: Match, batch: Batch, draws: Inputs, learned: bool = True) -> Inputs:
    """The draws as players see them; `learned` says whether the generators' side learns in this update."""
    return match.coordination.draws(match.game, match.nets, batch, draws, learned)


def drawn(match: Match, batch: Batch, update: int, stream: Stream) -> Inputs:
    """What is random in an update, in the dtype of the batch."""
    noise = StepNoise(match.seed, update, stream, batch.first, len(batch), batch.total, batch.image.device)
    return {name: as_computed(drawn, batch.image.dtype) for name, drawn in match.game.draw(batch, noise).items()}


def as_computed(drawn: Tensor, dtype: torch.dtype) -> Tensor:
    """In the dtype of the step, where it is no whole numbers."""
    return drawn.to(dtype) if drawn.is_floating_point() else drawn
