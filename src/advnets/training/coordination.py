"""What a recipe's `coordination` does in a training: built for a game, part of its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.game import Batch, Game, Inputs, Nets, Slopes, View, slopes
from advnets.games.realness import Realness
from advnets.training.latents import LatentSteps
from advnets.training.pace import Pace
from advnets.training.replay import Replay
from advnets.training.top_k import TopK, learned_from


@dataclass(frozen=True)
class Coordination:
    """Each part is None where it is off.

    Args:
        top: which fakes the generators' side learns from.
        latents: how z moves before it is used.
        replay: fakes of before.
        pace: how many updates the discriminators have.
        realness: of each discriminator's scores.
    """

    top: TopK | None = None
    latents: LatentSteps | None = None
    replay: Replay | None = None
    pace: Pace | None = None
    realness: Mapping[str, Realness] = field(default_factory=dict[str, Realness])

    def draws(self, game: Game, nets: Nets, batch: Batch, draws: Inputs, learned: bool) -> Inputs:
        """The draws of an update, with latents that moved; `learned` says whether the generators' side learns in it."""
        return draws if self.latents is None else self.latents(game, nets, batch, draws, learned)

    def shown(self, number: int, view: View, update: int) -> tuple[View, int]:
        """A view as discriminators learn from it, and how many of its first fakes are old ones."""
        return (view, 0) if self.replay is None else self.replay.mixed(number, view, update)

    def slopes(
        self, game: Game, name: str, real: Tensor, fake: Tensor, batch: Batch, done: tuple[int, int], old: int = 0
    ) -> Slopes:
        """Slopes of a view's costs, those of the generators' side of the fakes that it learns from.

        Args:
            game, name, real, fake, batch: as for `advnets.games.game.slopes`.
            done: number of the generators' update, and how many there are.
            old: how many of the first fakes are old ones.
        """
        if self.top is None and not old:
            return slopes(game, name, real, fake, batch)
        share = 1.0 if self.top is None else self.top.at(*done)
        return learned_from(game, name, real, fake, batch, share, self.realness[name], old)

    @property
    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """What a checkpoint keeps of it, by file."""
        return {} if self.replay is None else self.replay.state

    @property
    def state(self) -> dict[str, Any]:
        """Plain values that a checkpoint keeps of it."""
        return {} if self.pace is None else {"pace": self.pace.state}

    def restore(self, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any], device: Any) -> None:
        """Take over what a checkpoint kept.

        Raises:
            RecipeError: it is one of a training whose k did not adapt.
        """
        if self.replay is not None:
            self.replay.restore(tensors, device)
        if self.pace is not None:
            if "pace" not in state:
                raise RecipeError("the checkpoint is of a training whose k stayed", "use the recipe it was saved with")
            self.pace.restore(state["pace"])
