"""Images to latents and back: what an encoder makes of images, and the latents of which G makes them best."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from advnets.data.contrast import normalize
from advnets.data.parallel import progress_bar
from advnets.errors import RunError
from advnets.games import priors
from advnets.games.game import Game, Inputs, Seat, blanks, translates
from advnets.randomness import Stream, generator_for
from advnets.runs.sampling import Sampler, evaluating

RATE = 0.1
"""Adam's first rate on latents of unit variance; it falls to zero along a cosine."""
_AT_A_TIME, _VALUES = 250, 2_000_000


@dataclass(frozen=True)
class Latents:
    """What samples are made from, laid out as one vector.

    Args:
        widths: length of each part, by its name among the inputs of `Game.sample`.
    """

    widths: Mapping[str, int]

    @property
    def length(self) -> int:
        """Of the whole vector."""
        return sum(self.widths.values())

    def joined(self, inputs: Inputs) -> Tensor:
        """The parts side by side, N x length."""
        return torch.cat([inputs[name] for name in self.widths], 1)

    def parted(self, codes: Tensor) -> dict[str, Tensor]:
        """The parts of N x length by name."""
        return dict(zip(self.widths, codes.split(list(self.widths.values()), 1), strict=True))


def latents_of(game: Game, seats: Mapping[str, Seat]) -> Latents:
    """The latents of a game whose samples are made from vectors of numbers, and perhaps a condition.

    A game that completes images has them too: of images with nothing observed.

    Raises:
        RunError: they are made from something else, as images.
    """
    wished = game.wish(2, generator_for(0, 0, Stream.SAMPLES))
    for name, each in wished.items():
        if not each.is_floating_point() or each.ndim != 2:
            what = f"this game makes samples from {name} of shape {tuple(each.shape[1:])}"
            raise RunError(f"{what}, which no encoder finds", "infer latents of a game of latent vectors")
    if not any(each.shape[1] for each in wished.values()):
        what = "this game has no z and makes samples of sources alone: there are no latents to find"
        raise RunError(what, "infer latents of a game of latent vectors")
    if translates(seats):
        what = "this game makes samples of sources besides z: no image has latents without its source"
        raise RunError(what, "infer latents of a game of latent vectors")
    return Latents({name: each.shape[1] for name, each in wished.items()})


@dataclass(frozen=True, eq=False)
class Coder:
    """An encoder and the generator that its codes are latents of.

    Args:
        encoder: N x shape in the generators' value range -> codes, N x length; in eval mode.
        sampler: makes samples of latents.
        latents: how they are laid out.
        prior: name of their distribution; codes are brought to where it can draw.
        contrast: the norm that images are scaled to before a network sees them, or None.
    """

    encoder: nn.Module
    sampler: Sampler
    latents: Latents
    prior: str = ""
    contrast: float | None = None

    def values(self, images: NDArray[Any]) -> Tensor:
        """Examples as the game's networks see them: uint8 images in their value range, points as they are; float32."""
        given = torch.from_numpy(np.require(images, requirements=("C", "W")))
        if given.dtype != torch.uint8 or self.sampler.value_range is None:
            return given.float()
        if self.contrast is not None:
            return normalize(given.float(), self.contrast)
        low, high = self.sampler.value_range
        return given.float().mul_((high - low) / 255.0).add_(low)

    @torch.no_grad()
    def encode(self, images: NDArray[Any]) -> Tensor:
        """The codes of images, float32 N x length, where the prior can draw."""
        with evaluating([self.encoder]):
            parts = [
                self.encoder(self.values(images[rows]).to(self._device)).cpu() for rows in self._parts(len(images))
            ]
        return priors.inside(self.prior, torch.cat(parts).float())

    def decode(self, codes: Tensor, condition: Tensor | None = None) -> NDArray[Any]:
        """Samples of codes, as `Sampler.decode` gives them.

        Args:
            codes: N x length.
            condition: of a conditional game: classes (N,), shares of classes, or the data's own vectors (N x ...).
        """
        return self.sampler.decode(self._inputs(codes, condition))

    def outputs(self, codes: Tensor, condition: Tensor | None = None) -> Tensor:
        """The generator's values for codes, differentiable in them."""
        return self.sampler.game.sample(self.sampler.nets, self._inputs(codes, condition))

    def refine(
        self, images: NDArray[Any], codes: Tensor, steps: int, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Codes after so many steps of Adam on the squared error of G(z), from `codes`: the best of each row's way.

        Args:
            images: as for `encode`.
            codes: where to begin, N x length.
            steps: of Adam; 0 leaves the codes as they are.
            condition: as for `decode`.

        Returns:
            The codes, and their mean squared errors in the generator's values, (N,).
        """
        found: list[tuple[Tensor, Tensor]] = []
        parts, label = list(self._parts(len(images))), "Refining latents"
        with (
            evaluating(self.sampler.nets.values()),
            progress_bar(label, steps * len(parts), unit="steps", shown=steps > 0) as advance,
        ):
            for rows in parts:
                given = None if condition is None else condition[rows].to(self._device)
                target = self.values(images[rows]).to(self._device)
                found.append(self._descend(target, codes[rows].to(self._device), steps, given, advance))
        return torch.cat([codes.cpu() for codes, _ in found]), torch.cat([errors.cpu() for _, errors in found])

    def _descend(
        self, target: Tensor, begin: Tensor, steps: int, condition: Tensor | None, advance: Callable[[int], None]
    ) -> tuple[Tensor, Tensor]:
        codes = begin.clone().requires_grad_()
        mover = torch.optim.Adam([codes], lr=RATE)
        best, least = begin.clone(), torch.full((len(begin),), math.inf, device=begin.device)
        for step in range(steps + 1):
            with torch.enable_grad():
                # What is discrete has no slope: it is what is nearest to codes that move freely.
                seen = codes + (priors.inside(self.prior, codes) - codes).detach()
                errors = (self.outputs(seen, condition) - target).square().flatten(1).mean(1)
                (codes.grad,) = torch.autograd.grad(errors.sum(), codes)
            better = errors.detach() < least
            best = torch.where(better[:, None], seen.detach(), best)
            least = torch.where(better, errors.detach(), least)
            mover.param_groups[0]["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / max(steps, 1)))
            mover.step()
            if self.prior not in priors.DISCRETE:
                codes.data = priors.inside(self.prior, codes.data)
            advance(int(step < steps))  # the last one only measures
        return best, least

    def _inputs(self, codes: Tensor, condition: Tensor | None) -> dict[str, Tensor]:
        parts = self.latents.parted(codes)
        unseen = blanks(self.sampler.seats, parts, len(codes))
        parts |= {name: each.to(codes.device) for name, each in unseen.items()}
        return parts if condition is None else {**parts, "condition": self.sampler.entering(condition)}

    @property
    def _device(self) -> torch.device:
        return next(self.encoder.parameters()).device

    def _parts(self, count: int) -> Iterator[slice]:
        """Rows that the networks see at a time: what keeps large images within memory."""
        size = max(8, min(_AT_A_TIME, _VALUES // math.prod(self.sampler.data.shape)))
        for begin in range(0, count, size):
            yield slice(begin, min(begin + size, count))
