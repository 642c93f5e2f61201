"""Evaluations and comparisons as tables on the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from advnets import figures
from advnets.evaluation.compare import Comparison
from advnets.evaluation.counted import of_halves, real_count, real_images
from advnets.evaluation.equivalents import sentences
from advnets.evaluation.evaluate import Evaluation
from advnets.evaluation.report import class_table, describe, paper_figure
from advnets.measures.measurement import interval_of
from advnets.terminal.saving import writing_elsewhere

_NAME = 16  # columns that a contender's name has at least
_FEW = 4  # measures whose caveats fit below their table


def print_evaluation(evaluation: Evaluation, has_report: bool) -> None:
    """What was measured, a table of the answers, and what they cannot tell.

    Args:
        evaluation: the answers, and what they are of.
        has_report: whether report.md is written, where caveats that do not fit here can be read.
    """
    of, shape = evaluation.of, evaluation.samples.shape[1:]
    size = " x ".join(str(side) for side in shape) + (" columns" if evaluation.table.scale is not None else "")
    digest = evaluation.weights[:8]
    weights = f" (weights {digest})" if digest and digest not in evaluation.features else ""
    print(f"{of['count']:,} samples, {size}, against {real_images(of)}, in {evaluation.features}{weights}")
    answers = evaluation.measures
    paper = paper_figure(of["data"], shape, of["count"], of["real"]) if "parzen" in answers else ""
    Console().print(_table(answers, paper))
    headings, rows = class_table(answers)
    if rows:
        Console().print(_rows(headings, rows))
    for note in [*of_halves(answers), *sentences(answers), *evaluation.notes]:
        print(note)
    if len(answers) > _FEW:
        print(
            "What each measure cannot tell stands beside its answer"
            + (" in report.md." if has_report else " (--json).")
        )
    for measure, answer in answers.items() if len(answers) <= _FEW else ():
        print(f"{measure}: {answer['caveat']}")


def _table(answers: Mapping[str, Mapping[str, Any]], paper: str) -> Table:
    """Of an evaluation, how many real images each took, features where they differ, and the paper's Parzen figure."""
    table = Table()
    mixed = len({answer["features"] for answer in answers.values()}) > 1
    more = [*(["in"] if mixed else []), *(["paper"] if paper else [])]
    for heading in ("measure", "value", "95 % interval", "real", *more):
        # Where a line is too short for all, values go on in the next: no figure is cut off.
        table.add_column(heading, no_wrap=heading not in ("value", "95 % interval"), overflow="fold")
    for measure, answer in answers.items():
        own = [answer["features"]] if mixed else []
        figure = [paper if measure == "parzen" else ""] if paper else []
        table.add_row(measure, *map(escape, describe(answer)), real_count(answer), *own, *figure)
    return table


def _rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table()
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def print_comparison(found: Comparison) -> None:
    """A table of the answers with their verdicts, and the differences that are real."""
    print(f"{_of(found)['count']:,} samples each, against {real_images(_of(found))}")
    Console().print(_verdicts(found))
    for name, answers in found.answers.items():
        for line in of_halves(answers):
            print(f"{name}: {line}")
    for remark in found.remarks():
        print(remark)
    differences = found.differences()
    real = [each for each in differences if each.real]
    for each in real:
        low, high = each.interval
        print(f"{each.measure}: {each.first} less {each.second} is {each.value:.4g} ({low:.4g} to {high:.4g})")
    print(f"{len(real)} of {len(differences)} differences are real at 95 %.")


def _of(found: Comparison) -> Mapping[str, Any]:
    """What answers that compare are all of."""
    return next(iter(next(iter(found.answers.values())).values()))["of"]


def _verdicts(found: Comparison) -> Table:
    table = Table()
    widest = max((len(name) for name in found.answers), default=0)
    table.add_column("measure", overflow="fold")
    table.add_column("of", overflow="fold", min_width=min(widest, _NAME))  # a row without its name says nothing
    for heading in ("value", "95 % interval", "verdict"):
        table.add_column(heading)
    for measure in found.measures:
        for name, verdict in found.verdicts(measure).items():
            table.add_row(measure, escape(name), *map(escape, describe(found.answers[name][measure])), verdict)
        table.add_section()
    return table


def draw_comparison(found: Comparison, picture: Path) -> None:
    """Every contender's value and interval, a panel a measure, as a PNG file.

    Raises:
        RunError: the picture cannot be written.
    """
    panels = {
        measure: {
            name: (answers[measure]["value"], *interval_of(answers[measure])) for name, answers in found.answers.items()
        }
        for measure in found.measures
    }
    with writing_elsewhere(picture):
        figures.intervals(panels, picture)
