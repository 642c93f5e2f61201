"""How well latents give images back: an encoder's beside nearest neighbors, a random search of z and optimization.

All errors are mean squares a value: of images with black 0 and white 1, of a table in standard deviations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.data import HELD_OUT, Table
from advnets.data.parallel import progress_bar
from advnets.data.points import PointTable
from advnets.errors import RunError
from advnets.measures import nearest
from advnets.measures.inputs import some
from advnets.randomness import Stream, generator_for
from advnets.runs.coding import Coder
from advnets.runs.run import Run

SEARCHED = 10_000
"""Own samples among which a random search of z finds the best."""
_OWN_SEED, _SEARCH_SEED, _START_SEED = 2, 1, 3
_AVERAGED, _BYTES_AT_ONCE = 10_000, 1 << 26
_Z = 1.96  # half a 95 % interval in standard errors


@dataclass(frozen=True)
class Way:
    """A way of giving images back.

    Args:
        name: of the way, in words.
        errors: mean squared error of each image, float64 (N,).
        made: what it gave back, as the examples are; None where nobody wants to see it.
        label: of its row in a picture.
    """

    name: str
    errors: NDArray[np.float64]
    made: NDArray[Any] | None = None
    label: str = ""

    def answer(self) -> dict[str, Any]:
        """Mean error with its 95 % interval."""
        mean, half = float(self.errors.mean()), _Z * float(self.errors.std(ddof=1)) / math.sqrt(len(self.errors))
        return {"way": self.name, "error": mean, "interval": [mean - half, mean + half]}


@dataclass(frozen=True)
class Held:
    """Real examples that nothing was trained on.

    Args:
        images: as the table stores them.
        rows: their numbers in the table; none of points of a mixture, which are drawn.
        split: of the table.
        condition: of a conditional game, their classes or vectors; else None.
    """

    images: NDArray[Any]
    rows: NDArray[np.int64]
    split: str
    condition: Tensor | None = None


def held_out(run: Run, table: Table, count: int) -> Held:
    """At most `count` examples of the test part, else of validation and test, evenly drawn, always the same.

    Of a mixture of points, as many drawn for the test.

    Rows without a class, or a vector, are left out where the game needs one.

    Raises:
        RunError: fewer than two are held out.
    """
    if isinstance(table, PointTable) and table.modes is not None:
        points, modes = table.fresh("test", count)  # no row of it is stored
        return Held(points, np.empty(0, np.int64), "test", torch.from_numpy(modes) if run.conditional else None)
    split = "test" if not table.drawn and len(table.rows("test")) else HELD_OUT
    rows = told_rows(run, table, table.rows(split))
    if len(rows) < 2:
        raise RunError(
            f"{run.path} holds out {len(rows)} examples", "train with a --holdout, or infer latents of images"
        )
    rows = rows[some(len(rows), count)]
    return Held(table.values[rows], rows, split, condition_of(run, table, rows))


def told_rows(run: Run, table: Table, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows that have what a conditional run is given: a class other than -1, or a vector without NaN."""
    if not run.conditional:
        return rows
    if table.vectors is not None:
        return rows[~np.isnan(table.vectors[rows]).any(1)]
    return rows if table.labels is None else rows[table.labels[rows] >= 0]


def condition_of(run: Run, table: Table, rows: NDArray[np.int64]) -> Tensor | None:
    """What a conditional run is given of rows of its data."""
    if not run.conditional:
        return None
    if table.vectors is not None:
        return torch.from_numpy(np.asarray(table.vectors[rows], np.float32))
    assert table.labels is not None  # or the run could not have been trained
    return torch.from_numpy(table.labels[rows])


def compare_ways(run: Run, coder: Coder, table: Table, held: Held, refine: int) -> list[Way]:
    """Every way of giving the examples back, from the plainest to the best that G can.

    Args:
        run: whose.
        coder: its encoder.
        table: its data, whose training part is searched.
        held: what is given back.
        refine: steps of Adam on latents.
    """
    return [_mean(coder, table, held), _neighbor(coder, table, held), _search(run, coder, held),
            *_by_codes(coder, held, refine)]  # fmt: skip


def own_samples(run: Run, coder: Coder, count: int, refine: int) -> tuple[list[Way], float]:
    """The floor: own samples given back, by E and refined; and R^2 of E's latents against those they were made from."""
    inputs = run.sampler.inputs(count, _OWN_SEED)
    entered, latents = inputs.get("condition"), coder.latents.joined(inputs)
    condition = None if entered is None else coder.sampler.leaving(entered)
    images = _stored(run, coder.sampler.decode(inputs))
    codes = coder.encode(images)
    ways = [Way("own samples, E", coder_errors(coder, images, codes, 0, condition)[1])]
    if refine:
        name = f"own samples, E and {counted(refine, 'step')}"
        ways.append(Way(name, coder_errors(coder, images, codes, refine, condition)[1]))
    unexplained = (codes - latents).square().sum() / (latents - latents.mean(0)).square().sum()
    return ways, 1 - float(unexplained)


def coder_errors(
    coder: Coder, images: NDArray[Any], codes: Tensor, refine: int, condition: Tensor | None
) -> tuple[Tensor, NDArray[np.float64]]:
    """Codes after `refine` steps, and the error of each image."""
    codes, errors = coder.refine(images, codes, refine, condition)
    return codes, errors.double().numpy() / _span(coder) ** 2


def nearest_rows(images: NDArray[Any], table: Table) -> NDArray[np.int64]:
    """Rows of the table for training that are nearest to images; a part of the table at a time is in memory."""
    rows, size = table.rows("train"), max(1, _BYTES_AT_ONCE // table.values[:1].nbytes)
    best, least = np.zeros(len(images), np.int64), np.full(len(images), np.inf)
    with progress_bar("Nearest training examples", len(rows), unit="examples", shown=True) as advance:
        for begin in range(0, len(rows), size):
            part = rows[begin : begin + size]
            found, far = nearest(images, table.values[part])
            best = np.where(far[:, 0] < least, part[found[:, 0]], best)
            least = np.minimum(far[:, 0], least)
            advance(len(part))
    return best


def counted(count: int, noun: str) -> str:
    """A number of something in words: 1 step, 2,000 steps."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def noun_of(table: Table) -> str:
    """What an example of it is called."""
    return "point" if isinstance(table, PointTable) else "image"


def _by_codes(coder: Coder, held: Held, refine: int) -> list[Way]:
    codes = coder.encode(held.images)
    begins = [("G(E(x))", "G(E(x))", codes, 0)]
    if refine:
        wished = coder.sampler.game.wish(len(codes), generator_for(_START_SEED, 0, Stream.SAMPLES))
        begins.append((f"{counted(refine, 'step')} from a random z", "", coder.latents.joined(wished), refine))
        begins.append((f"{counted(refine, 'step')} from E(x)", "refined", codes, refine))
    ways: list[Way] = []
    for name, label, begin, steps in begins:
        found, errors = coder_errors(coder, held.images, begin, steps, held.condition)
        ways.append(Way(name, errors, coder.decode(found, held.condition) if label else None, label))
    return ways


def _mean(coder: Coder, table: Table, held: Held) -> Way:
    rows = table.rows("train")
    mean = coder.values(table.values[rows[some(len(rows), _AVERAGED)]]).mean(0, keepdim=True)
    return Way(f"mean training {noun_of(table)}", _errors(coder, coder.values(held.images), mean))


def _neighbor(coder: Coder, table: Table, held: Held) -> Way:
    found = table.values[nearest_rows(held.images, table)]
    errors = _errors(coder, coder.values(held.images), coder.values(found))
    return Way(f"nearest training {noun_of(table)}", errors, found, "nearest")


def _search(run: Run, coder: Coder, held: Held) -> Way:
    """The nearest of own samples, whatever their conditions."""
    parts: list[NDArray[Any]] = []
    with progress_bar("Own samples", SEARCHED, unit="samples", shown=True) as advance:
        for part in coder.sampler.stream(SEARCHED, _SEARCH_SEED):
            parts.append(part)
            advance(len(part))
    made = _stored(run, np.concatenate(parts))
    found, _ = nearest(held.images, made)
    best = made[found[:, 0]]
    return Way(f"best of {SEARCHED:,} samples", _errors(coder, coder.values(held.images), coder.values(best)))


def _stored(run: Run, made: NDArray[Any]) -> NDArray[Any]:
    """Samples as examples are stored: of a table, in standard deviations."""
    return made if run.scale is None else run.scale.standardize(made)


def _errors(coder: Coder, real: Tensor, made: Tensor) -> NDArray[np.float64]:
    return ((real - made) / _span(coder)).square().flatten(1).mean(1).double().numpy()


def _span(coder: Coder) -> float:
    """White less black; 1 of points."""
    shown = coder.sampler.value_range
    return 1.0 if shown is None else shown[1] - shown[0]


def answers(ways: list[Way]) -> list[Mapping[str, Any]]:
    """Every way's answer."""
    return [way.answer() for way in ways]
