"""What codes of real images are good for: walks from one image to another, and changes of what an image shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from advnets.data import Table
from advnets.data.attributes import Attribute
from advnets.errors import RunError
from advnets.games import priors
from advnets.measures.inputs import some
from advnets.runs.run import Run
from advnets.runs.sampling import Samples
from advnets.runs.walks import straight_lines

_MOST = 2000
"""Training images of a kind whose codes are averaged."""
_NAMED = 20  # in a message


def walk(
    run: Run, images: NDArray[Any], points: int = 9, refine: int = 100, condition: Tensor | None = None
) -> Samples:
    """Images along straight lines from the code of each image to that of the next.

    Args:
        run: with an encoder.
        images: as `examples_of` gives them, N of them.
        points: along each line, both ends included.
        refine: steps of Adam on the codes of the ends.
        condition: of a conditional run, one for each image. Classes that differ are mixed along the line.

    Returns:
        (N - 1) x points x the shape of a sample.

    Raises:
        RunError: fewer than two images or points.
    """
    if len(images) < 2 or points < 2:
        raise RunError(f"a walk of {points} points through {len(images)} images", "give 2 images and points or more")
    coder = run.coder
    codes, _ = coder.refine(images, coder.encode(images), refine, condition)
    along = priors.inside(coder.prior, straight_lines(codes, points).flatten(0, 1))
    given = None if condition is None else straight_lines(_mixable(run, condition), points).flatten(0, 1)
    made = coder.decode(along, given)
    return made.reshape(len(images) - 1, points, *made.shape[1:])


def check_change(run: Run, table: Table, change: str) -> None:
    """See that a run's data know a change, as `direction` takes it, before an encoder is trained.

    Raises:
        RunError: as `direction`.
    """
    if run.conditional:
        raise RunError(*_told(run, change))
    for rows in _kinds(table, change):
        _training_rows(table, rows, change)


def direction(run: Run, table: Table, change: str) -> Tensor:
    """The mean code of one kind of training images less that of another, (L,).

    Args:
        run: with an encoder.
        table: its data.
        change: FROM:TO, two classes of the data; or the name of a column of its vectors: from images with its low
            values to those with its high ones.

    Raises:
        RunError: the data have no two such classes or column, or no training image of one of the kinds; or the run
            is told of classes or attributes, so that its codes need not be.
    """
    check_change(run, table, change)
    before, after = (_mean_code(run, table, rows, change) for rows in _kinds(table, change))
    return after - before


def _told(run: Run, change: str) -> tuple[str, str]:
    """Why codes of a conditional run do not know a change, and what makes one."""
    if run.classes:
        remedy = "name images with another --class and --refine 0: their codes stay, the class changes"
        return f"{run.path} is told of classes, codes need not know them", remedy
    known = sorted(run.attributes, key=lambda each: each.name != change)  # the one that is asked for, if it is one
    like = f"{known[0].name}={_two_values(known[0])}" if known else "NAME=VALUE:VALUE"
    remedy = f"change them by `advnets sample {run.path} --attributes {like}`: along a column the code stays"
    return f"{run.path} is told of attributes, codes need not know them", remedy


def _two_values(of: Attribute) -> str:
    """Two values that training examples have, or lie among theirs, as --attributes are written."""
    inset = 0.0 if of.two else (of.greatest - of.least) / 4
    return f"{of.least + inset:.4g}:{of.greatest - inset:.4g}"


def edit(
    run: Run,
    images: NDArray[Any],
    along: Tensor,
    points: int = 9,
    strength: float = 1.0,
    refine: int = 100,
    condition: Tensor | None = None,
) -> Samples:
    """Images whose codes move along a direction.

    Args:
        run: with an encoder.
        images: as `examples_of` gives them.
        along: the direction, (L,).
        points: the first is the image itself as G makes it, the last is `strength` times the direction away.
        strength: 1 is the whole way from one mean to the other.
        refine: steps of Adam on the images' codes.
        condition: of a conditional run, one for each image; it stays.

    Returns:
        N x points x the shape of a sample.

    Raises:
        RunError: fewer than two points, or a strength that is not finite.
    """
    if points < 2 or not math.isfinite(strength):
        raise RunError(f"a change of strength {strength} in {points} points", "give 2 or more, and a finite strength")
    coder = run.coder
    codes, _ = coder.refine(images, coder.encode(images), refine, condition)
    shares = torch.linspace(0, strength, points).view(1, points, 1)
    moved = priors.inside(coder.prior, (codes[:, None] + shares * along).flatten(0, 1))
    given = None if condition is None else condition.repeat_interleave(points, 0)
    made = coder.decode(moved, given)
    return made.reshape(len(images), points, *made.shape[1:])


def kind_rows(table: Table, change: str, split: str) -> NDArray[np.int64]:
    """Rows of a split that are of the kind a change begins with."""
    before, _ = _kinds(table, change)
    return np.intersect1d(before, table.rows(split))


def _mixable(run: Run, condition: Tensor) -> Tensor:
    """Conditions as numbers that can be mixed: shares of classes, or vectors."""
    return condition if condition.is_floating_point() else torch.eye(len(run.classes))[condition]


def _mean_code(run: Run, table: Table, rows: NDArray[np.int64], change: str) -> Tensor:
    rows = _training_rows(table, rows, change)
    return run.coder.encode(table.values[rows[some(len(rows), _MOST)]]).mean(0)


def _training_rows(table: Table, rows: NDArray[np.int64], change: str) -> NDArray[np.int64]:
    """Those for training among rows of a kind."""
    rows = np.intersect1d(rows, table.rows("train"))
    if not len(rows):
        raise RunError(f"no training image is on one side of {change}", "name another change")
    return rows


def _kinds(table: Table, change: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that a change goes from and to, of all splits."""
    if table.vectors is not None and change in table.columns:
        column = table.vectors[:, table.columns.index(change)]
        middle = (float(column.min()) + float(column.max())) / 2
        return np.flatnonzero(column <= middle), np.flatnonzero(column > middle)
    numbers = _pair(change, table.classes)
    if numbers is not None and numbers[0] == numbers[1]:
        raise RunError(f"{change} goes from a class to itself", _remedy(table))
    if numbers is None:
        raise RunError(f"{table.name} knows no change {change}", _remedy(table))
    assert table.labels is not None  # it has classes
    before, after = (np.flatnonzero(table.labels == number) for number in numbers)
    return before, after


def _pair(change: str, classes: Sequence[str]) -> tuple[int, int] | None:
    """The numbers of FROM and TO, whose names may have colons of their own."""
    places = [place for place, letter in enumerate(change) if letter == ":"]
    pairs = [(change[:place], change[place + 1 :]) for place in places]
    return next(((classes.index(a), classes.index(b)) for a, b in pairs if a in classes and b in classes), None)


def _remedy(table: Table) -> str:
    if table.columns:
        return f"name a column: {', '.join(table.columns[:_NAMED])}"
    if table.classes:
        return f"write FROM:TO of its classes: {', '.join(table.classes[:_NAMED])}"
    return "use data with classes, or with named columns of attributes"
