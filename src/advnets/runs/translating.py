"""Translation: what a run makes of images that somebody gives it, each by itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.errors import RunError
from advnets.games.game import sampled, translates
from advnets.networks.image_to_image import Upscaler
from advnets.randomness import Stream, generator_for
from advnets.runs.sampling import evaluating

if TYPE_CHECKING:
    from advnets.runs.run import Run

Image = NDArray[np.uint8]
"""uint8, C x H x W."""

_PART = 512  # pixels of a side of what is enlarged at once


class Translator:
    """A run's averaged networks as a function of one image.

    Args:
        run: of a game that translates.
        seed: of z, where the game has one.
        reverse: the other way: images of the data's kind become sources.

    Raises:
        RunError: the run's game translates nothing, or knows one way, or a seed where it has no z.
    """

    def __init__(self, run: Run, seed: int = 0, reverse: bool = False) -> None:
        if not translates(run.seats):
            kind = run.recipe.game.kind
            remedy = "train with the recipe pairs, unpaired or super-resolution; advnets sample draws its samples"
            raise RunError(f"{run.path} is a run of the {kind} game, which translates no images", remedy)
        self._run, self._seed = run, seed
        maker = sampled(run.seats)
        back: Callable[..., Tensor] | None = getattr(run.game, "reversed", None)
        if reverse and back is None:
            remedy = "leave --reverse out; the recipe unpaired learns both ways"
            raise RunError(f"{run.path} translates one way", remedy)
        if seed and (reverse or not run.game.wish(1, generator_for(seed, 0, Stream.SAMPLE_SOURCES))):
            what = f"seed {seed} changes nothing: {run.path} makes one image of each, without latents z"
            raise RunError(what, "leave --seed out")
        self._back = back if reverse else None
        takes = run.shape if reverse else run.seats[maker].takes["source"].shape
        self.channels, self.height, self.width = takes
        network = run.players[maker]
        self.upscaler = network if isinstance(network, Upscaler) else None
        """What takes images of any height and width; None where those of the training's sources alone are taken."""

    def __call__(self, image: Image, number: int = 0, say: Callable[[int], None] | None = None) -> Image:
        """What is made of an image, whatever other images there are. A large one is enlarged part by part.

        Args:
            image: uint8, C x H x W.
            number: of the image, by which it has its z.
            say: called with how many of the image's pixels are done since it was called last.

        Raises:
            RunError: it is of another size, or has other channels.
        """
        self._check(image)
        if self.upscaler is None:
            return self._make(image, number)
        return self._in_parts(image, number, self.upscaler, say or (lambda pixels: None))

    def _in_parts(self, image: Image, number: int, network: Upscaler, say: Callable[[int], None]) -> Image:
        """What is made of the whole: each part is seen with as much around it as bears on it."""
        factor, (channels, height, width) = network.factor, image.shape
        made = np.empty((channels, height * factor, width * factor), np.uint8)
        for top, left in itertools.product(range(0, height, _PART), range(0, width, _PART)):
            first = max(top - network.reach, 0), max(left - network.reach, 0)
            last = min(top + _PART, height), min(left + _PART, width)
            seen = image[:, first[0] : last[0] + network.reach, first[1] : last[1] + network.reach]
            there = [slice(a * factor, b * factor) for a, b in zip((top, left), last, strict=True)]
            inside = [
                slice((a - c) * factor, (b - c) * factor) for a, b, c in zip((top, left), last, first, strict=True)
            ]
            made[:, *there] = self._make(seen, number)[:, *inside]
            say((last[0] - top) * (last[1] - left))
        return made

    def _make(self, image: Image, number: int) -> Image:
        run, sampler = self._run, self._run.sampler
        rows = sampler.as_input(torch.tensor(image)[None])
        rng = generator_for(self._seed, number, Stream.SAMPLE_SOURCES, index=1)
        inputs = {**run.game.wish(1, rng), "source": rows}
        device = next(next(iter(run.players.values())).parameters()).device
        there = {name: each.to(device) for name, each in inputs.items()}
        with torch.no_grad(), evaluating(run.players.values()):
            made = (
                run.game.sample(run.players, there) if self._back is None else self._back(run.players, there["source"])
            )
        return sampler.as_output(made)[0].numpy()

    def _check(self, image: Image) -> None:
        channels, *size = image.shape
        if channels != self.channels:
            what = f"an image of {channels} channels, {self._run.path} translates images of {self.channels}"
            raise RunError(what, "give it such images")
        if self.upscaler is None and size != [self.height, self.width]:
            what = f"an image of {size[0]} x {size[1]}, {self._run.path} translates {self.height} x {self.width}"
            raise RunError(what, "bring it to this size, or let advnets translate read it from its file")


def translated(run: Run, images: Any, seed: int = 0, reverse: bool = False) -> NDArray[np.uint8]:
    """What a run makes of images, as `Run.translate` says."""
    given = np.asarray(images)
    if given.dtype != np.uint8 or given.ndim != 4 or not len(given):
        raise RunError(f"images of {given.dtype}, shape {given.shape}", "give uint8, N x C x H x W")
    translate = Translator(run, seed, reverse)
    return np.stack([translate(image, number) for number, image in enumerate(given)])
