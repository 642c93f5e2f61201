"""Which samples are shown: latents nearer to the middle of the prior, and of several candidates the one D prefers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from advnets.errors import RecipeError, RunError
from advnets.games.game import DataSpec, Game, Inputs, Seat
from advnets.games.priors import truncated
from advnets.games.realness import realness


@dataclass(frozen=True)
class Selection:
    """What is asked for.

    Args:
        truncation: share of the prior that latents come from (see `advnets.games.priors.truncated`); None for all.
        candidates: samples that are made for each one that is shown.

    Raises:
        RunError: numbers that mean nothing.
    """

    truncation: float | None = None
    candidates: int = 1

    def __post_init__(self) -> None:
        if self.truncation is not None and not 0 < self.truncation < 5:
            raise RunError(f"truncation {self.truncation:g}", "use more than 0, below 1 (of a gaussian prior: below 5)")
        if not 1 <= self.candidates <= 1000:
            raise RunError(f"{self.candidates:,} candidates a sample", "use 2 to 1,000")

    @property
    def facts(self) -> dict[str, Any]:
        """What is to be said of such samples; nothing where all is as the game makes it."""
        cut = {} if self.truncation is None else {"truncation": self.truncation}
        return {**cut, **({} if self.candidates == 1 else {"candidates": self.candidates})}

    @property
    def suffix(self) -> str:
        """For the names of files with such samples."""
        cut = "" if self.truncation is None else f"-truncation-{self.truncation:g}"
        return cut + ("" if self.candidates == 1 else f"-best-of-{self.candidates}")


class Chooser:
    """Carries a selection out with a run's networks.

    Args:
        selection: what is asked for.
        game, seats, data: what was played, by whom, on what.
        prior: of z; None where the game has none.
        nets: the players' networks.

    Raises:
        RunError: the game has no latents of a prior that can be truncated, or that candidates could differ in, or no
            discriminator of samples alone.
    """

    def __init__(
        self,
        selection: Selection,
        game: Game,
        seats: Mapping[str, Seat],
        data: DataSpec,
        prior: str | None,
        nets: Mapping[str, nn.Module],
    ) -> None:
        self.selection, self._nets, self._prior = selection, nets, prior or ""
        drawn = game.wish(2, torch.Generator().manual_seed(0))
        if selection.candidates > 1 and not drawn:
            raise RunError("candidates would be all alike: the game draws no latents", "leave --reject out")
        self._judge = "" if selection.candidates == 1 else _judge(seats, data)
        self._takes = list(seats[self._judge].takes) if self._judge else []
        self._said = realness(game, seats, data) if self._judge else {}
        if selection.truncation is not None:
            if prior is None or "z" not in drawn:
                raise RunError("truncation changes nothing: the game draws no latents z of a prior", "leave it out")
            self.truncated({"z": torch.zeros(1, 2)})

    def truncated(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """What samples are made from, with latents of the middle of the prior.

        Raises:
            RunError: there is no middle.
        """
        share = self.selection.truncation
        if share is None:
            return inputs
        try:
            return {**inputs, "z": truncated(self._prior, inputs["z"], share)}
        except RecipeError as error:
            raise RunError(error.what, error.remedy) from None

    def realness(self, made: Tensor, inputs: Inputs) -> Tensor:
        """How real D finds samples, (N,), float32."""
        given = {"image": made, **({"condition": inputs["condition"]} if "condition" in inputs else {})}
        return self._said[self._judge](self._nets[self._judge](*(given[name] for name in self._takes)).float())


def _judge(seats: Mapping[str, Seat], data: DataSpec) -> str:
    """The discriminator that is shown samples, perhaps with their conditions, and nothing else."""
    for name, seat in seats.items():
        image, more = seat.takes.get("image"), set(seat.takes) - {"image", "condition"}
        if seat.side == "discriminator" and image is not None and image.shape == data.shape and not more:
            return name
    raise RunError("no discriminator of this game is shown samples alone: none can reject them", "leave --reject out")
