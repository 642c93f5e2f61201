"""Which runs a list has, and in which order: by facts, by fields of the recipe, and by measures that compare."""

from __future__ import annotations

import operator
import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from advnets.config.names import measure_names
from advnets.config.recipe import parse_duration
from advnets.config.resolve import meanings
from advnets.errors import RecipeError, UsageError
from advnets.files import meant
from advnets.terminal.listed import Figure, Listed

FACTS = "run", "recipe", "data", "step", "steps", "status", "changed"
STATUSES = "running", "done", "stopped", "interrupted", "at rest", "collapsed", "diverged", "damaged"
FINISHED = "done", "at rest"
"""What the status `finished` stands for: a training that came to its end."""
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
_WAYS = 6  # in which a measure was taken, that are described


@dataclass(frozen=True)
class Column:
    """Something that runs have, or may have.

    Args:
        name: what it is called.
        of: a run's value; None where it has none.
        measure: whether it is a measure.
    """

    name: str
    of: Callable[[Listed], Any]
    measure: bool = False


@dataclass(frozen=True)
class Ways:
    """The ways in which a measure was taken of some runs; figures of different ones do not compare.

    Args:
        measure: its name.
        places: a run's directory to the place of its way among them, the most frequent first.
        said: what tells them apart, in words; empty where there is but one.
    """

    measure: str
    places: Mapping[str, int]
    said: str

    def letter(self, run: str) -> str:
        """Of a run's way; empty where there is but one, or the run has none."""
        return _letter(self.places[run]) if self.said and run in self.places else ""


def column(name: str, runs: Sequence[Listed]) -> Column:
    """What a name means: a fact, a measure, or a field of the recipe.

    Raises:
        UsageError: nothing that any of the runs has, or several fields alike.
    """
    if name in FACTS:
        return Column(name, lambda run: None if (value := getattr(run, name)) == "" else value)
    measured = {measure: None for run in runs for measure in run.measures}
    meaning = measure_names(name)
    if len(meaning) == 1 and (measure := meaning[0]) in measured:
        return Column(measure, lambda run: run.measures[measure].value if measure in run.measures else None, True)
    known = {path: None for run in runs for path in _leaves(run.fields)}
    found = meanings(name.replace("-", "_"), list(known))
    if len(found) == 1:
        return Column(name, lambda run: _at(run.fields, found[0]))
    if found:
        raise UsageError(f"{name} may mean {', '.join('.'.join(path) for path in found)}", "say which")
    near = meant(name, [*FACTS, *measured, *(path[-1] for path in known)])
    there = f"there are {', '.join(FACTS)}, measures ({', '.join(measured) or 'none was taken'}), fields of the recipe"
    raise UsageError(f"no run has {name!r}", f"perhaps you mean {near}; {there}" if near else there)


@dataclass(frozen=True)
class Condition:
    """What is asked of runs.

    Args:
        column: of what.
        sign: how it is to stand to the value.
        value: as it was said.
    """

    column: Column
    sign: str
    value: str

    def holds(self, run: Listed) -> bool:
        """Whether it is so of a run; never of one that has no such value.

        Raises:
            UsageError: the value is not one to compare with.
        """
        found = self.column.of(run)
        if found is None:
            return False
        if self.column.name == "changed":
            return _SIGNS[self.sign](_age(found), self._seconds())
        if isinstance(found, int | float) and not isinstance(found, bool):
            return _SIGNS[self.sign](found, self._number())
        if self.sign not in ("=", "!="):
            raise UsageError(f"{self} compares words", f"say {self.column.name}=..., or !=")
        words = FINISHED if self.column.name == "status" and self.value == "finished" else (self.value,)
        return any(fnmatchcase(in_words(found), word) for word in words) == (self.sign == "=")

    def _number(self) -> float:
        try:
            return float(self.value.replace(",", "").replace("_", ""))
        except ValueError:
            raise UsageError(f"{self}: {self.value!r} is no number", f"as {self.column.name}{self.sign}100") from None

    def _seconds(self) -> float:
        try:
            seconds = parse_duration(self.value)
        except RecipeError:
            seconds = None
        if seconds is None or self.sign in ("=", "!="):
            raise UsageError(f"{self} is no age", "say how long ago: changed<2d, changed>3h")
        return seconds

    def __str__(self) -> str:
        return f"--where {self.column.name}{self.sign}{self.value}"


def condition(said: str, runs: Sequence[Listed]) -> Condition:
    """What is asked of runs, from NAME=VALUE, NAME!=VALUE, NAME<VALUE and their like.

    Raises:
        UsageError: not of this form, or of nothing that a run has.
    """
    match = re.fullmatch(r"\s*([\w.-]+)\s*(<=|>=|!=|<|>|=)\s*(.+?)\s*", said)
    if match is None:
        raise UsageError(f"--where {said!r}", "write NAME=VALUE, or !=, <, <=, >, >=, in quotes: 'frechet<300'")
    found = Condition(column(match[1], runs), match[2], match[3])
    known = (*STATUSES, "finished")
    if found.column.name == "status" and not any(fnmatchcase(each, found.value) for each in known):
        raise UsageError(f"{found}: no such status", f"choose from {', '.join(known)}")
    return found


def ranked(runs: Sequence[Listed], by: Column, reverse: bool = False) -> list[Listed]:
    """Runs in order: of a measure the best first, what changed last first, else ascending; those without it last.

    Of a measure that was taken in several ways, what was taken in the most frequent one comes first, ranked by itself.

    Args:
        runs: any.
        by: what.
        reverse: the other way round; those without it stay the last.
    """
    have = [run for run in runs if by.of(run) is not None]
    down = reverse != (by.name == "changed")
    # Numbers before words: of two recipes one may have a number where the other has a word.
    found = sorted(have, key=lambda run: _rank(by, run), reverse=down)
    if by.measure:
        places = ways(runs, by.name).places
        found.sort(key=lambda run: places[run.run])
    return [*found, *(run for run in runs if by.of(run) is None)]


def ways(runs: Sequence[Listed], measure: str) -> Ways:
    """In which ways a measure was taken of these runs, the most frequent first."""
    taken = {run.run: _way(run.measures[measure]) for run in runs if measure in run.measures}
    found = [way for way, _ in Counter(taken.values()).most_common()]
    places = {way: place for place, way in enumerate(found)}
    said = _told_apart(measure, found) if len(found) > 1 else ""
    return Ways(measure, {run: places[way] for run, way in taken.items()}, said)


def in_words(value: Any) -> str:
    """A value as it is printed, and compared with words."""
    if isinstance(value, list | tuple):
        return ",".join(in_words(each) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


_Way = tuple[tuple[str, Any], ...]


def _way(figure: Figure) -> _Way:
    return tuple(figure.conditions.items())


def _letter(number: int) -> str:
    return string.ascii_uppercase[number] if number < 26 else str(number + 1)


def _told_apart(measure: str, found: Sequence[_Way]) -> str:
    """In what the ways differ, in words."""
    from advnets.evaluation.comparable import in_short

    facts = [dict(way) for way in found]
    differ = [
        key for key in {key: None for each in facts for key in each} if len({each.get(key) for each in facts}) > 1
    ]
    said = [
        f"{_letter(number)}: {', '.join(f'{key} {in_short(each.get(key))}' for key in differ)}"
        for number, each in enumerate(facts[:_WAYS])
    ]
    more = f"; and {len(facts) - _WAYS:,} more" if len(facts) > _WAYS else ""
    return f"{measure} was taken in {len(facts)} ways, which do not compare: {'; '.join(said)}{more}"


def _rank(by: Column, run: Listed) -> tuple[bool, Any]:
    value = by.of(run)
    if by.measure:
        from advnets.measures.catalog import badness

        return False, badness(by.name, value)
    number = isinstance(value, int | float)
    return not number, value if number else in_words(value)


def _age(changed: str) -> float:
    """Seconds since then."""
    return (datetime.now(UTC) - datetime.fromisoformat(changed)).total_seconds()


def _leaves(fields: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, value in fields.items():
        path = (*above, str(name))
        found += _leaves(value, path) if isinstance(value, Mapping) else [path]
    return found


def _at(fields: Any, path: Sequence[str]) -> Any:
    for name in path:
        if not isinstance(fields, Mapping) or name not in fields:
            return None
        fields = fields[name]
    return fields
