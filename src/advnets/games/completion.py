"""p(x_S | the rest): one generator fills in whatever is missing of an image. Section 7, extension 3."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from advnets.games.adversarial import D, G, OfPlainCosts
from advnets.games.game import Batch, DataSpec, Input, Inputs, Made, Nets, RowNoise, Seat, View
from advnets.games.masks import check_shares, draw_masks


@dataclass(frozen=True)
class CompletionGame(OfPlainCosts):
    """The paper's game for all conditionals at once: G is given an image with a hole, where the hole is, and z.

    What is observed stays as it is; D sees real images and completed ones, each with the mask of its row.
    Source: Goodfellow et al. 2014, section 7; Goodfellow et al. 2013, Multi-Prediction Deep Boltzmann Machines, for all
    conditionals at once by drawing what is observed; Bendel et al. 2023, section 3, for `reconstruction`.

    Args:
        plain: the same game without images to complete.
        masks: weights of the manners in which something is missing, `masks.MANNERS`; None is for `check_shares`.
        reconstruction: weight of the mean absolute error, over all values, of the mean of `averaged` completions of an
            image, less their spread, weighed so that normally distributed values are best drawn with their own mean
            and deviation; see `reward`.
        averaged: completions of an image that are averaged there; of one alone, it is the plain error, which every
            completion makes least by being the same.
    """

    masks: Mapping[str, float | None]
    reconstruction: float = 0.0
    averaged: int = 2

    def seats(self, data: DataSpec) -> Mapping[str, Seat]:
        """G makes images of images, masks and z; D scores images beside masks."""
        check_shares(self.masks, data.shape)
        seats, mask = self.plain.seats(data), {"mask": Input(data.shape)}
        G_takes = {"image": Input(data.shape), **mask, **seats[G].takes}
        return {
            G: Seat("generator", G_takes, data.shape, averaged=True),
            D: Seat("discriminator", {**seats[D].takes, **mask}),
        }

    def draw(self, batch: Batch, noise: RowNoise) -> Inputs:
        """z, of `averaged` completions where they are asked for, and masks."""
        channels, height, width = batch.image.shape[1:]
        shape = channels, height, width
        drawn = {"mask": draw_masks(check_shares(self.masks, shape), shape, noise), **self.plain.draw(batch, noise)}
        for number in range(1, self.averaged if self.reconstruction else 1):
            drawn[_z(number)] = noise(_z(number), lambda count, rng: self.plain.wish(count, rng)["z"])
        return drawn

    def make(self, nets: Nets, batch: Batch, draws: Inputs) -> Made:
        """Completions of the batch's own images."""
        image, mask = batch.image, draws["mask"]
        if not self.reconstruction:
            return Made({"image": _completed(nets, image, mask, draws["z"])})
        z = torch.cat([draws["z"], *(draws[_z(number)] for number in range(1, self.averaged))])
        each = _completed(nets, image.repeat(self.averaged, 1, 1, 1), mask.repeat(self.averaged, 1, 1, 1), z)
        several = each.unflatten(0, (self.averaged, len(batch)))
        mean = several.mean(0)
        cost = (mean - image).abs().mean() - reward(self.averaged) * (several - mean).abs().mean()
        return Made({"image": several[0]}, self.reconstruction * cost)

    def views(self, batch: Batch, draws: Inputs, made: Inputs) -> Sequence[View]:
        """Real images beside completed ones, with the same masks."""
        mask = {"mask": draws["mask"]}
        return [View(D, {"image": batch.image, **mask}, {**made, **mask})]

    def wish(self, count: int, rng: torch.Generator) -> Inputs:
        """z of `count` samples; an image and a mask may be given beside it, without them all is missing."""
        return self.plain.wish(count, rng)

    def sample(self, nets: Nets, inputs: Inputs) -> Tensor:
        """The images, with what is missing filled in."""
        return _completed(nets, inputs["image"], inputs["mask"], inputs["z"])


def reward(averaged: int) -> float:
    """What the spread of so many completions weighs beside the error of their mean; 0 of one.

    For P completions x_i and their mean m, the factor sqrt(2 / (pi P (P + 1))) of Bendel et al. 2023, section 3, times
    that of their spread, sqrt(pi / (2 P (P - 1))) sum |x_i - m|, which here is the mean of |x_i - m| and not their sum.
    """
    return 0.0 if averaged == 1 else 1 / math.sqrt(averaged**2 - 1)


def _z(number: int) -> str:
    return f"z {number}"


def _completed(nets: Nets, image: Tensor, mask: Tensor, z: Tensor) -> Tensor:
    """The observed values, and G's own elsewhere; G sees 0 there."""
    seen = torch.where(mask > 0, image, 0)
    return torch.where(mask > 0, image, nets[G](seen, mask, z))
