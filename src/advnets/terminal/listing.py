"""A folder of runs as a table: what each is, how far it got, what was measured of it, and how long ago."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from advnets.errors import RunError
from advnets.runs.durations import in_words as duration
from advnets.terminal.listed import Listed, listed, runs_below
from advnets.terminal.ranking import FACTS, Column, Ways, column, condition, in_words, ranked, ways

_PLAIN = "run", "recipe", "data", "step", "status"
_LAST = "last measured"


@dataclass(frozen=True)
class Wish:
    """What is asked of a list.

    Args:
        sort: by what; empty for what changed last.
        reverse: the other way round.
        where: conditions, as `ranking.condition` reads them.
        columns: of the table; none for those that the wish speaks of.
    """

    sort: str = ""
    reverse: bool = False
    where: Sequence[str] = ()
    columns: Sequence[str] = ()


def print_list(folder: Path, as_json: bool, wish: Wish | None = None) -> None:
    """The runs in a folder and in those below it, by default all, the one that changed last first.

    Raises:
        RunError: there are none.
        UsageError: the wish is of something that no run has.
    """
    wish = wish or Wish()
    runs = [listed(path) for path in runs_below(folder)]
    if not runs:
        remedy = "name a directory that `advnets train` made, or a folder of them"
        raise RunError(f"{folder} is not a run, and holds none", remedy)
    asked, by = [condition(said, runs) for said in wish.where], column(wish.sort or "changed", runs)
    named = [column(name, runs) for name in wish.columns]
    found = ranked([run for run in runs if all(each.holds(run) for each in asked)], by, wish.reverse)
    spoken = [*named, *(each for each in (by, *(one.column for one in asked)) if each.name not in _PLAIN)]
    apart = [ways(found, each.name) for each in {each.name: each for each in spoken if each.measure}.values()]
    if as_json:
        print(json.dumps(_objects(found, named), indent=1, ensure_ascii=False))
        return
    if found:
        shown = named or _shown(spoken, found)
        print("\n".join(table(found, time.time(), shown, apart)))
    for said in _remarks(runs, found, by, apart, bool(asked)):
        print(said)


def table(
    runs: Sequence[Listed], now: float, shown: Sequence[Column] | None = None, apart: Sequence[Ways] = ()
) -> list[str]:
    """The lines of a table, with its headings.

    Args:
        runs: its rows.
        now: in seconds since 1970.
        shown: its columns.
        apart: in which ways measures were taken.
    """
    shown = _shown((), runs) if shown is None else shown
    of = {each.measure: each for each in apart}
    cells = [tuple(_cell(run, each, now, of.get(each.name)) for each in shown) for run in runs]
    rows = [tuple(each.name for each in shown), *cells]
    widths = [max(len(row[place]) for row in rows) for place in range(len(shown))]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _shown(spoken: Sequence[Column], runs: Sequence[Listed]) -> list[Column]:
    """The plain columns, those that were spoken of, and when a run changed; without any of these what was measured."""
    more = {each.name: each for each in spoken if each.name not in ("changed", "steps")}
    last = Column(_LAST, lambda run: run.measure)
    middle = list(more.values()) if any(each.measure for each in more.values()) else [*more.values(), last]
    return [*(column(name, runs) for name in _PLAIN), *middle, column("changed", runs)]


def _cell(run: Listed, shown: Column, now: float, apart: Ways | None) -> str:
    value = shown.of(run)
    if shown.name == "step":
        return f"{run.step:,} of {run.steps:,}" if run.steps else f"{run.step:,}"
    if value is None:
        return "-"
    if shown.name == "changed":
        return f"{duration(max(0.0, now - datetime.fromisoformat(value).timestamp()))} ago"
    if shown.name == _LAST:
        return f"{value.name} {value.value:.4g} (step {value.step:,})"
    return _figure(run, shown.name, apart) if shown.measure else in_words(value)


def _figure(run: Listed, measure: str, apart: Ways | None) -> str:
    """A figure with its interval, the step where that is not the run's last, and the letter of the way it was taken."""
    found = run.measures[measure]
    low, high = found.interval or (None, None)
    within = "" if low is None or high is None else f" ({low:.4g} to {high:.4g})"
    step = "" if found.step == run.step else f", step {found.step:,}"
    letter = "" if apart is None else apart.letter(run.run)
    return f"{found.value:.4g}{within}{step} {letter}".rstrip()


def _remarks(
    runs: Sequence[Listed], found: Sequence[Listed], by: Column, apart: Sequence[Ways], chosen: bool
) -> list[str]:
    """What is to be known of the list: how many there are, which have no such figure, which do not compare."""
    said = [each.said for each in apart if each.said]
    without = sum(by.of(run) is None for run in found)
    said += [f"{without:,} of them without {by.name}, last"] if without and by.name not in FACTS else []
    said += [f"{len(found):,} of {len(runs):,} runs"] if chosen else []
    return [*said, *(run.problem for run in found if run.problem)]


def _objects(runs: Sequence[Listed], named: Sequence[Column]) -> list[dict[str, Any]]:
    """The list for programs: of each run the columns that were named, or everything but the recipe's fields."""
    if named:
        return [{each.name: each.of(run) for each in named} for run in runs]
    measures = {name: None for run in runs for name in run.measures}
    apart = {name: ways(runs, name) for name in measures}
    objects: list[dict[str, Any]] = []
    for run in runs:
        known = {name: each for name, each in asdict(run).items() if name != "fields"}
        for name, figure in known["measures"].items():
            figure["way"] = apart[name].places[run.run] + 1
        objects.append(known)
    return objects
