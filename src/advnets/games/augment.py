"""Differentiable augmentation of what a discriminator is shown, real and made alike (Zhao et al. 2020).

A discriminator that sees few images learns them by heart; one that sees every image recolored, moved or with a hole
cannot, and since made images are treated in the same way, differentiably, the generator learns none of it. Where each
change is done to a part of the images alone, what is left as it was tells the generator which ones are the changed:
up to a probability of .8 none of it leaks into what is made (Karras et al. 2020 (ADA), section 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from advnets.errors import RecipeError
from advnets.games.game import Inputs, RowNoise
from advnets.games.warps import Warp

Change = Callable[[Tensor, RowNoise, float], Tensor]
"""(images N x C x H x W, random numbers by row, white less black) -> images of the same shape."""

_FARTHEST, _HOLE = 1 / 8, 1 / 2  # of a side: how far an image moves, how large a hole is
_GEOMETRY = Warp(turn=15.0, stretch=0.2, slant=0.2)


def augmented(inputs: Inputs, changes: Sequence[str], noise: RowNoise, span: float, probability: float = 1.0) -> Inputs:
    """A view's inputs with its images changed.

    Args:
        inputs: of a view; the input named "image" is changed.
        changes: keys of `CHANGES`, one after another.
        noise: random numbers by row.
        span: white less black, in the images' values.
        probability: that an image is changed, for each change by itself.
    """
    image = inputs["image"]
    for name in changes if probability > 0 else ():
        changed = CHANGES[name](image, noise, span)
        if probability < 1:
            changed = torch.where(_uniform(image, noise, f"whether {name}") < probability, changed, image)
        image = changed
    return {**inputs, "image": image}


def noisy(inputs: Inputs, noise: RowNoise, deviation: float) -> Inputs:
    """A view's inputs with Gaussian noise on its images, or points: instance noise (Sonderby et al. 2017, section 2.5).

    Args:
        inputs: of a view; the input named "image" is changed.
        noise: random numbers by row.
        deviation: of the noise, in the images' values.
    """
    image = inputs["image"]
    shape = image.shape[1:]
    drawn = noise("noise", lambda count, rng: torch.randn(count, *shape, generator=rng, device=rng.device))
    return {**inputs, "image": image + deviation * drawn.to(image.device, image.dtype)}


def color(images: Tensor, noise: RowNoise, span: float) -> Tensor:
    """Brightness within half the span, saturation 0 to 2, contrast 1/2 to 3/2; opacity, a fourth channel, stays.

    Source: Zhao et al. 2020, appendix.
    """
    if images.shape[1] == 4:
        return torch.cat([color(images[:, :3], noise, span), images[:, 3:]], 1)
    brightness, saturation, contrast = (
        _uniform(images, noise, name) for name in ("brightness", "saturation", "contrast")
    )
    light, strength, spread = (brightness - 0.5) * (span / 2), 2 * saturation, contrast + 0.5
    gray = images.mean(1, keepdim=True)
    mean = gray.mean((2, 3), keepdim=True)
    # Together they are linear in a pixel, its gray and the mean: one by one they would pass over the images ten times.
    rest = torch.addcmul(light + (1 - spread) * mean, gray, spread * (1 - strength))
    return torch.addcmul(rest, images, spread * strength)


def translation(images: Tensor, noise: RowNoise, span: float) -> Tensor:
    """Moves within an eighth of a side; the edge is drawn on."""
    height, width = images.shape[2:]
    down, right = (_places(images, noise, name, side) for name, side in (("down", height), ("right", width)))
    number = torch.arange(len(images), device=images.device).view(-1, 1, 1)
    moved = images.permute(0, 2, 3, 1)[number, down.unsqueeze(2), right.unsqueeze(1)]
    return moved.permute(0, 3, 1, 2)


def geometry(images: Tensor, noise: RowNoise, span: float) -> Tensor:
    """Turned within 15 degrees, stretched along either side and slanted within a fifth; the edge is drawn on."""
    return _GEOMETRY(images, noise("geometry", _GEOMETRY.draw), None)


def cutout(images: Tensor, noise: RowNoise, span: float) -> Tensor:
    """A hole of half a side, anywhere, filled with the image's mean."""
    height, width = images.shape[2:]
    hole = torch.ones(len(images), 1, 1, 1, dtype=torch.bool, device=images.device)
    for name, side, shape in (("row", height, (1, -1, 1)), ("column", width, (1, 1, -1))):
        middle = _uniform(images, noise, f"hole {name}") * side
        away = (torch.arange(side, device=images.device).view(shape) + 0.5 - middle).abs()
        hole = hole & (away < side * _HOLE / 2)
    return torch.where(hole, images.mean((1, 2, 3), keepdim=True), images)


def _uniform(images: Tensor, noise: RowNoise, name: str) -> Tensor:
    """A number in [0, 1) for each row, N x 1 x 1 x 1."""
    drawn = noise(name, lambda count, rng: torch.rand(count, 1, 1, 1, generator=rng, device=rng.device))
    return drawn.to(images.device, images.dtype)


def _places(images: Tensor, noise: RowNoise, name: str, side: int) -> Tensor:
    """From which place of the image each place is taken, N x side."""
    farthest = round(side * _FARTHEST)
    drawn = noise(name, lambda n, rng: torch.randint(-farthest, farthest + 1, (n, 1), generator=rng, device=rng.device))
    return (torch.arange(side, device=images.device) + drawn.to(images.device)).clamp(0, side - 1)


CHANGES: dict[str, Change] = {"color": color, "translation": translation, "geometry": geometry, "cutout": cutout}
"""What can be done to images, by the name that recipes use."""


def check_changes(changes: Sequence[str], shape: Sequence[int]) -> None:
    """See that such augmentation is there, and that these are images.

    Raises:
        RecipeError: it is not.
    """
    for name in changes:
        if name not in CHANGES:
            raise RecipeError(f"no augmentation {name!r}", f"choose from {', '.join(CHANGES)}, or '' for none")
    if changes and len(shape) != 3:
        raise RecipeError("augmentation is about images, these data are points", "leave augment out")
