"""What discriminators say of rows that they were never trained on, beside fresh fakes: accuracy and overfitting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.games.game import Batch, Game, Inputs, Nets, score
from advnets.games.realness import Realness
from advnets.randomness import StepNoise, Stream
from advnets.runs.sampling import evaluating

Part = tuple[Batch, Inputs]
"""Real rows, and fresh draws of the game for as many."""
Shown = Callable[[Inputs, str], Inputs]
"""(inputs of a view's rows, whether "real" or "fake") -> what a discriminator sees of them."""
Said = dict[int, tuple[Tensor, Tensor]]
"""Number of a view -> how real its real rows, (m,), and its fakes, (n,), are."""


def parts_of(
    game: Game,
    rows: Callable[[NDArray[np.int64]], Batch],
    chosen: NDArray[np.int64],
    at_once: int,
    seed: int,
    step: int,
) -> Iterator[Part]:
    """Rows, so many at a time as fit the memory of a training, with draws of their own.

    Args:
        game: what is played.
        rows: numbers of rows -> these, as discriminators see them, float32.
        chosen: numbers of rows.
        at_once: rows of a part.
        seed, step: of the training: draws are a function of them.
    """
    for first in range(0, len(chosen), at_once):
        batch = rows(chosen[first : first + at_once])
        noise = StepNoise(seed, step, Stream.HELD_OUT_NOISE, first, len(batch), len(chosen), batch.image.device)
        yield batch, game.draw(batch, noise)


def held_out_accuracy(game: Game, nets: Nets, parts: Iterable[Part], realness: Mapping[str, Realness]) -> float:
    """The share of held-out real rows, and of fresh fakes, on their own side of the middle between their mean scores.

    The middle, and not 0, so that critics, whose scores have no zero, and energies have an accuracy, too. The mean over
    the views whose fakes the generators' side makes. Networks are in eval mode meanwhile.

    Args:
        game: says what is made and shown.
        nets: the players' networks.
        parts: held-out real rows.
        realness: of each discriminator's scores.
    """
    found = said_of(game, nets, parts, realness)
    return float(torch.stack([_accuracy(*each) for each in found.values()]).mean())


def overfitting(
    game: Game,
    nets: Nets,
    trained: Iterable[Part],
    held_out: Iterable[Part],
    realness: Mapping[str, Realness],
    shown: Shown | None = None,
) -> float:
    """How far D takes held-out rows for fakes: 0 where they score as training rows do, 1 where as fakes do.

    The mean over views; within [0, 1]. 0, too, where D does not tell training rows from fakes. It does not change where
    scores are shifted or scaled. Source: Karras et al. 2020 (ADA), Eq. 1, r_v.

    Args:
        game: says what is made and shown.
        nets: the players' networks.
        trained, held_out: real rows that D was trained on, and others.
        realness: of each discriminator's scores.
        shown: what is done to a view's rows before a discriminator sees them; None for nothing.
    """
    known = said_of(game, nets, trained, realness, shown)
    others = said_of(game, nets, held_out, realness, shown)
    found: list[Tensor] = []
    for number, (real, fake) in known.items():
        unseen, more = others[number]
        span = real.mean() - torch.cat([fake, more]).mean()
        found.append(torch.where(span > 0, (real.mean() - unseen.mean()) / span, torch.zeros_like(span)).clamp(0, 1))
    return float(torch.stack(found).mean())


def said_of(
    game: Game, nets: Nets, parts: Iterable[Part], realness: Mapping[str, Realness], shown: Shown | None = None
) -> Said:
    """How real discriminators find rows, and fresh fakes beside them, in each view with fakes that G's side made."""
    said: dict[int, list[tuple[Tensor, Tensor]]] = {}
    with evaluating(nets.values()):
        for batch, draws in parts:
            for number, scores in _scores(game, nets, batch, draws, realness, shown).items():
                said.setdefault(number, []).append(scores)
    return {
        number: (torch.cat([real for real, _ in each]), torch.cat([fake for _, fake in each]))
        for number, each in said.items()
    }


def _scores(
    game: Game, nets: Nets, batch: Batch, draws: Inputs, realness: Mapping[str, Realness], shown: Shown | None
) -> Said:
    with torch.enable_grad():  # which says what they made
        views = game.views(batch, draws, game.make(nets, batch, draws).outputs)
    found: Said = {}
    for number, view in enumerate(views):
        if view.has_made:
            network, read = nets[view.discriminator], realness[view.discriminator]
            sides = ("real", view.real), ("fake", view.fake)
            with torch.no_grad():
                seen = [inputs if shown is None else shown(inputs, side) for side, inputs in sides]
                real, fake = (read(score(network, inputs)) for inputs in seen)
            found[number] = real, fake
    return found


def _accuracy(real: Tensor, fake: Tensor) -> Tensor:
    middle = (real.mean() + fake.mean()) / 2
    return ((real > middle).double().mean() + (fake < middle).double().mean()) / 2
