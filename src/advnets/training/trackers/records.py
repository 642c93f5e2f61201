"""What trackers are told, from the logs' lines: as they are written, and of those that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advnets.runs.directory import RunDirectory
from advnets.training.hooks.watch import FIGURES
from advnets.training.trackers.tracker import Record

Line = Mapping[str, Any]


def of_log(line: Line) -> dict[str, float]:
    """All figures of a line of metrics.jsonl."""
    return {name: float(value) for name, value in line.items() if name != "step"}


def of_measures(line: Line) -> dict[str, float]:
    """The measures of a line of measures.jsonl, with the ends of their intervals."""
    found: dict[str, float] = {}
    for name, answer in line["measures"].items():
        low, high = answer["interval"]
        ends = {"": answer["value"], "/low": low, "/high": high}
        found |= {f"measures/{name}{end}": float(each) for end, each in ends.items() if each is not None}
    return found


def of_watch(line: Line) -> dict[str, float]:
    """The figures of a line of watch.jsonl."""
    return {f"watch/{name}": float(line[name]) for name in FIGURES if line.get(name) is not None}


def written(run: RunDirectory, after: int, until: int) -> list[Record]:
    """What the logs hold of the steps after one, up to another: what a tracker missed, or was not yet there for.

    Of the watch's many looks it is those that are drawn, which ask D, too.
    """
    found: dict[int, dict[str, float]] = {}
    for line in run.read_metrics():
        found.setdefault(line["step"], {}).update(of_log(line))
    for line in run.read_measures():
        found.setdefault(line["step"], {}).update(of_measures(line))
    for line in run.read_watch():
        if "accuracy" in line:
            found.setdefault(line["step"], {}).update(of_watch(line))
    pictures = {int(path.stem[5:]): path for path in run.samples.glob("step-*.png") if path.stem[5:].isdigit()}
    steps = sorted(step for step in found.keys() | pictures.keys() if after < step <= until)
    return [Record(step, found.get(step, {}), [pictures[step]] if step in pictures else []) for step in steps]
