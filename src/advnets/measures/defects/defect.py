"""What a defect is: a way of damaging real images, by doses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from advnets.measures.defects.originals import Images, Indices, Originals
from advnets.measures.inputs import slices

Values = npt.NDArray[np.float32]
"""n x C x H x W, gray values from 0 to 255."""

_ELEMENTS_AT_ONCE = 1 << 21


@dataclass(frozen=True, eq=False)
class Block:
    """A few images that are damaged together, each by itself.

    Args:
        images: uint8, n x C x H x W.
        rows: of the table, n; with the seed, all that may be drawn for an image is a function of its own.
        seed: of what is drawn.
    """

    images: Images
    rows: Indices
    seed: int

    @property
    def values(self) -> Values:
        """The gray values as numbers that may be fractions."""
        return self.images.astype(np.float32)


Damage = Callable[[Originals, float], Images]
"""A damaged set of originals, uint8 n x C x H x W, at a dose."""


@dataclass(frozen=True)
class Defect:
    """A way of damaging real images.

    Args:
        said: the damage in words, with {} for the dose, {s} and {es} for plurals: "a shift by {} pixel{s}".
        family: what kind of defect it is: of those of one family, a sentence names one.
        none: the dose that stands for no damage: of JPEG quality 100, which is none.
        doses: the doses that are measured, each worse than the one before.
        damage: does it; is not asked for the dose `none`.
        number: how a dose is written: with two digits, as a share in percent, or whole.
        log: whether halfway between two doses lies their geometric mean.
        why_not: why originals cannot be damaged so, in words; empty where they can.
        most: the last dose that such originals can take, where not all can take all.
    """

    said: str
    family: str
    none: float
    doses: tuple[float, ...]
    damage: Damage
    number: Literal["digits", "share", "whole"] = "digits"
    log: bool = False
    why_not: Callable[[Originals], str] = lambda originals: ""
    most: Callable[[Originals], float] = lambda originals: math.inf

    def damaged(self, originals: Originals, dose: float) -> Images:
        """A damaged set: a function of the originals' rows and seed, and of the dose, alone.

        Args:
            originals: what is damaged; they are left as they are.
            dose: how much, `none` for not at all.

        Returns:
            uint8, n x C x H x W, in no order that says anything; n is the originals' count or, where the defect
            leaves too few of the pool, less.
        """
        return originals.images() if dose == self.none else self.damage(originals, dose)

    def doses_for(self, originals: Originals) -> tuple[float, ...]:
        """The doses that are measured of such originals; none where they cannot be damaged so."""
        if self.why_not(originals):
            return ()
        return tuple(itertools.takewhile(lambda dose: dose <= self.most(originals), self.doses))

    def in_words(self, dose: float) -> str:
        """The damage at a dose: "a blur of sigma 0.5"."""
        number = self.number_of(dose)
        one = number == "1"
        return self.said.format(number, s="" if one else "s", es="" if one else "es")

    def number_of(self, dose: float) -> str:
        """A dose as a reader meets it: 0.35, 12 %, 50."""
        if self.number == "whole":
            return f"{dose:.0f}"
        return f"{_two_digits(100 * dose)} %" if self.number == "share" else _two_digits(dose)

    def between(self, first: float, second: float, way: float) -> float:
        """The dose that lies a part of the way, from 0 to 1, from one to another."""
        if self.log:
            return math.exp(math.log(first) * (1 - way) + math.log(second) * way)
        return first * (1 - way) + second * way


def _two_digits(number: float) -> str:
    return f"{float(f'{number:.2g}'):g}"


def each(change: Callable[[Block, float], Images]) -> Damage:
    """A damage that is done to every image by itself; a few at a time, since changes are made of larger numbers."""

    def damage(originals: Originals, dose: float) -> Images:
        images, rows = originals.images(), originals.rows
        for part in parts_of(images):
            images[part] = change(Block(images[part], rows[part], originals.seed), dose)
        return images

    return damage


def parts_of(images: Images) -> Iterator[slice]:
    """Consecutive slices of a set, each small enough to be worked on in larger numbers."""
    return slices(len(images), max(1, _ELEMENTS_AT_ONCE // max(1, images[0].size)))


def to_bytes(values: npt.NDArray[np.floating]) -> Images:
    """Gray values as they are stored: rounded, and cut off at black and white."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
