"""Asking for conditions: classes by name, vectors, attributes by name.

What is asked of some attributes becomes rows of conditions with NaN in the place of all others.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from advnets.data.attributes import Attribute, attributes_of
from advnets.errors import RunError
from advnets.games.game import Columns

if TYPE_CHECKING:
    from advnets.runs.run import Run

Attributes = Mapping[str, float | Sequence[float]]
"""Names of attributes, each with a value, or with several."""
_NAMED = 20  # classes, or attributes, in a message


@dataclass(frozen=True)
class Asked:
    """Conditions that were asked for by name.

    Args:
        rows: float32, K x V: every combination of the values, the last attribute's changing first; NaN is not asked.
        names: of the rows, as "slant=-10, width=2", of what differs among them; of a single row of all that is asked.
        unseen: which values lie beyond those of training examples, or are neither of two, in words.
    """

    rows: Tensor
    names: tuple[str, ...]
    unseen: tuple[str, ...] = ()


def wanted_of(
    run: Run, classes: Sequence[str] | str | None, conditions: ArrayLike | None, attributes: Attributes | None
) -> list[int] | Tensor | None:
    """What samples are asked for: numbers of classes, or vectors, float32 K x V; None where nothing is.

    Args:
        run: whose samples.
        classes, conditions, attributes: as `Run.sample` takes them.

    Raises:
        RunError: it is said in several ways, there is no such class or attribute, or the conditions do not fit.
    """
    one_of(classes=classes, conditions=conditions, attributes=attributes)
    if conditions is not None:
        return _vectors_for(run, conditions)
    if attributes is not None:
        return run.asked(attributes).rows
    return None if classes is None else class_numbers(run, classes)


def class_numbers(run: Run, wanted: Sequence[str | int] | str | int) -> list[int]:
    """The numbers of named classes; of "all", every one that was trained.

    Args:
        run: whose classes.
        wanted: names; an integer stands for the name that it is written as.

    Raises:
        RunError: there is no such class, it had no training example, or the run has none.
    """
    classes = run.classes
    if not classes:
        vector = "name --attributes, in Python attributes= or conditions="
        remedy = vector if run.conditional else "train with --game.kind conditional"
        raise RunError(f"{run.path} makes samples without classes", remedy)
    trained = [name for name, count in zip(classes, run.data.counts, strict=True) if count]
    names = trained if isinstance(wanted, str) and wanted == "all" else _names(wanted, trained)
    if not names:
        raise RunError("no class is named", f"choose from {_some(trained)}")
    for name in names:
        if name not in classes:
            raise RunError(f"{run.path} has no class {name!r}", f"choose from {_some(trained)}")
        if name not in trained:
            raise RunError(f"{run.path} had no training image of class {name!r}", f"choose from {_some(trained)}")
    return [classes.index(name) for name in names]


def _names(wanted: object, trained: Sequence[str]) -> list[str]:
    """Names of classes, of one or of several, of which numbers may be written as such."""
    try:
        several = [wanted] if isinstance(wanted, str | Integral) else list(cast("Iterable[object]", wanted))
    except TypeError:
        raise RunError(f"{wanted!r} names no class", f"choose from {_some(trained)}") from None
    return [str(each) for each in several]


def _vectors_for(run: Run, conditions: ArrayLike) -> Tensor:
    """Vectors that were asked of a run, float32 K x V."""
    length = run.data.vector if run.conditional else 0
    if not length:
        remedy = "name classes" if run.classes else "train with --game.kind conditional on data with vectors"
        raise RunError(f"{run.path} takes no vectors as conditions", remedy)
    return vectors_of(conditions, length)


def vectors_of(conditions: ArrayLike, length: int) -> Tensor:
    """Vectors that were asked for, float32 K x length.

    Raises:
        RunError: they are none, or not finite.
    """
    return rows_of(conditions, length, "conditions")


def rows_of(said: ArrayLike, length: int, what: str) -> Tensor:
    """Rows of finite numbers, float32 K x length; `what` they are is said in messages.

    Raises:
        RunError: they are none.
    """
    try:
        given = np.asarray(said, np.float32)
    except (TypeError, ValueError):
        raise RunError(f"{what} that are no numbers", f"give finite numbers, K x {length}") from None
    if given.ndim != 2 or not len(given) or given.shape[1] != length or not np.isfinite(given).all():
        raise RunError(f"{what} of shape {given.shape}", f"give finite numbers, K x {length}")
    return torch.from_numpy(given)


def given_to(run: Run, count: int, wanted: Sequence[int] | Tensor | None) -> Tensor | None:
    """The conditions of `count` images of the user's: the i-th has the (i mod their number)-th. None in games without.

    Args:
        run: that the images go into.
        count: of images.
        wanted: as `wanted_of` gives it.

    Returns:
        Classes, int64 (N,), or vectors, float32 N x V.

    Raises:
        RunError: a game of conditions without them, or with some of its attributes alone.
    """
    if wanted is None and not run.conditional:
        return None
    if wanted is None and not run.data.vector:
        raise RunError(f"{run.path} makes images of a class", "say of which with --class, in Python classes=")
    rows = torch.full((1, run.data.vector), math.nan) if wanted is None else torch.as_tensor(wanted)
    if rows.isnan().any():
        unsaid = rows.isnan().any(0).tolist()
        missing = [each for each, left_out in zip(run.attributes, unsaid, strict=True) if left_out]
        remedy = "say all with --attributes NAME=VALUE,..., in Python attributes= or conditions="
        raise RunError(f"{run.path} is told every attribute of an image, not said: {_some(missing)}", remedy)
    return rows[torch.arange(count) % len(rows)]


def one_of(**said: object) -> None:
    """See that conditions are asked for in one way alone.

    Raises:
        RunError: in several.
    """
    ways = [name for name, each in said.items() if each is not None]
    if len(ways) > 1:
        raise RunError(f"{' and '.join(ways)} at once", "give one of them")


def known_attributes(data: Mapping[str, Any], kept: Tensor | None) -> tuple[Attribute, ...]:
    """A run's attributes.

    Args:
        data: what run.json says of the data.
        kept: the vectors that the run keeps: what an earlier version did not say of all vectors is said of these.
    """
    if "attributes" in data or kept is None:
        return tuple(Attribute(**each) for each in data.get("attributes", ()))
    return attributes_of(kept.numpy(), data.get("columns", ()))


def asked_for(where: str, known: Sequence[Attribute], wanted: Attributes) -> Asked:
    """What is asked of a run's attributes.

    Args:
        where: the run, in messages.
        known: its attributes.
        wanted: those that are asked for.

    Raises:
        RunError: the run has none, no such one, or a value is no finite number.
    """
    if not known:
        what = "has no attributes: it was trained with classes, or without conditions"
        raise RunError(f"{where} {what}", "name classes, or train with --game.kind conditional on data with vectors")
    values = {
        place: _values(where, known, name, wanted[name]) for name in wanted for place in [_find(where, known, name)]
    }
    if not values:
        raise RunError(f"{where}: no attribute is named", f"choose from {_some(known)}")
    differing = [place for place, each in values.items() if len(each) > 1] or list(values)
    rows, names = list[list[float]](), list[str]()
    for combination in itertools.product(*values.values()):
        row = dict(zip(values, combination, strict=True))
        rows.append([row.get(place, math.nan) for place in range(len(known))])
        names.append(", ".join(f"{known[place].name}={row[place]:g}" for place in differing))
    return Asked(torch.tensor(rows), tuple(names), tuple(_unseen(known, values)))


def ends_of(where: str, known: Sequence[Attribute], wanted: Attributes) -> tuple[Tensor, bool]:
    """Rows where a walk along an attribute begins and ends, and True; where none has two values one row, and False.

    Raises:
        RunError: as `asked_for`, or a walk along several attributes, or through several values.
    """
    asked = asked_for(where, known, wanted)
    walked = [name for name, each in wanted.items() if not isinstance(each, float | int) and len(each) > 1]
    if len(walked) > 1:
        raise RunError(
            f"{where}: lines walk along one attribute, not {' and '.join(walked)}", "give one of them an end"
        )
    if len(asked.rows) > 2:
        raise RunError(f"{where}: a line walks between two values of {walked[0]}, not {len(asked.rows)}", "give two")
    return asked.rows, bool(walked)


def columns_of(attributes: Sequence[Attribute], device: torch.device | str = "cpu") -> Columns:
    """What the numbers of vectors are like, as games are told."""
    rows = torch.tensor([(each.mean, each.deviation or 1.0, each.two) for each in attributes], dtype=torch.float64)
    mean, deviation, two = rows.unbind(1)
    return Columns(mean.float().to(device), deviation.float().to(device), (two > 0).to(device))


def filled(rows: Tensor, drawn: Tensor) -> Tensor:
    """Rows of conditions, N x V, with drawn ones in the place of NaN."""
    return torch.where(rows.isnan(), drawn, rows)


def _find(where: str, known: Sequence[Attribute], name: str) -> int:
    names = [each.name for each in known]
    if name not in names:
        raise RunError(f"{where} has no attribute {name!r}", f"choose from {_some(known)}")
    return names.index(name)


def _values(where: str, known: Sequence[Attribute], name: str, said: float | Sequence[float]) -> list[float]:
    many = said if isinstance(said, Sequence) else [said]
    try:
        values = [float(each) for each in many]
    except (TypeError, ValueError):
        values = []
    if isinstance(said, str) or not values or not all(abs(each) < 3e38 for each in values):
        like = known[_find(where, known, name)]
        raise RunError(f"{where}: {name} cannot be {said!r}", f"give a number, or several; training examples: {like}")
    return list(dict.fromkeys(values))


def _unseen(known: Sequence[Attribute], values: Mapping[int, Sequence[float]]) -> list[str]:
    return [
        f"{known[place].name}={value:g} (training examples: {known[place].values})"
        for place, each in values.items()
        for value in each
        if not known[place].has(value)
    ]


def _some(known: Sequence[str | Attribute]) -> str:
    """The first of the names; of attributes with their values."""
    return ", ".join(map(str, known[:_NAMED])) + (f" and {len(known) - _NAMED:,} more" if len(known) > _NAMED else "")
