"""A generator's figures beside real images that were damaged in known ways: what the figures are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from advnets.data import Table, holds_images
from advnets.errors import MeasureError
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Subject
from advnets.measures.defects import (
    DEFECTS,
    VERSION,
    Figure,
    Measured,
    equivalent_doses,
    measured,
    sentence_of,
    together,
)
from advnets.measures.stored_statistics import StoredStatistics


@dataclass(frozen=True)
class Equivalents:
    """What figures are worth.

    Args:
        answers: measure to plain values: `said`, the figure in a sentence; `doses`, defect to the dose that comes out
            alike, of all defects that have one; `undamaged`, the figure of real images; `images` and `real_images`,
            how many were damaged and measured against; `together`, all figures in a sentence; `version` of the list.
        notes: in what the comparison is not quite one of like with like.
    """

    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    notes: Sequence[str] = ()


NONE = Equivalents()
"""Where they were not asked for."""


def check_equivalents(table: Table, statistics: StoredStatistics | None = None) -> None:
    """See that there are images to damage, before anything is measured.

    Raises:
        MeasureError: the data are points, or a file's statistics stand for real images.
    """
    if statistics is not None:
        what = f"{statistics.path} holds statistics of real images, and only images are damaged"
        raise MeasureError(what, "name the images themselves with --data, or leave the equivalents out")
    if not holds_images(table):
        raise MeasureError(f"{table.name} holds points, and only images are damaged", "leave the equivalents out")


def equivalents_of(subject: Subject, results: Mapping[str, Measurement]) -> Equivalents:
    """Set figures beside those of damaged images, which are measured where that was not done before.

    Args:
        subject: the samples, real images and features that the figures are of.
        results: the figures.

    Raises:
        MeasureError: too few images to damage.
        DataError: the cache cannot be written.
    """
    names = [name for name in results if MEASURES[name].of != "conditions"]
    if not names:
        return Equivalents(notes=["accuracy is about conditions: no defect has an equivalent of it"])
    assert subject.extractor is not None, "asked of images only"
    count = len(subject.samples)
    found = measured(subject.data, subject.extractor, names, count=count, real=subject.real, progress=True)
    figures = {name: Figure(results[name].value, results[name].interval) for name in names if name in found.undamaged}
    joint = together(figures, found)
    answers = {name: _answer(name, figure, found, joint) for name, figure in figures.items()}
    unsaid = [f"{name} cannot be taken of damaged images: no equivalents" for name in results if name not in figures]
    return Equivalents(answers, [*unsaid, *_notes(found, count)])


def _answer(name: str, figure: Figure, found: Measured, joint: str) -> dict[str, Any]:
    return {
        "said": sentence_of(name, figure, found),
        "doses": {each.defect: each.dose for each in equivalent_doses(name, figure, found)},
        "undamaged": found.undamaged[name].value,
        "images": found.count,
        "real_images": found.real,
        "together": joint,
        "version": VERSION,
    }


def _notes(found: Measured, count: int) -> list[str]:
    """In what the damaged sets are unlike the samples."""
    notes: list[str] = []
    if found.halved:
        notes.append(
            "equivalents: no images are left beside those that are measured against, so that half of them were damaged"
            f" and measured against the other half ({found.real:,}); --real test may leave others"
        )
    if found.count < count:
        notes.append(
            f"equivalents: {found.count:,} damaged images, as many as there are beside the real ones, stand for"
            f" {count:,} samples; of fewer images frechet and its like are higher"
        )
    return notes


def sentences(measures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What figures are worth, a sentence each, and all together in one.

    Args:
        measures: measure to its answer, as `Evaluation.measures` has it.
    """
    known = [answer["equivalents"] for answer in measures.values() if "equivalents" in answer]
    return [each["said"] for each in known] + [
        each for each in dict.fromkeys(each["together"] for each in known) if each
    ]


def section(measures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The same for report.md, with a table of all doses; no lines where equivalents were not asked for.

    Args:
        measures: measure to its answer, as `Evaluation.measures` has it.
    """
    known = {name: answer["equivalents"] for name, answer in measures.items() if "equivalents" in answer}
    if not known:
        return []
    of = next(iter(known.values()))
    head = (
        f"{of['images']:,} real images that are damaged in known ways have the same figures, against"
        f" {of['real_images']:,} others, at these doses, read between measured ones."
    )
    doses = {name: each["doses"] for name, each in known.items()}
    rows = [_row(defect, list(doses.values())) for defect in DEFECTS if any(defect in each for each in doses.values())]
    table = [f"| as real images with | {' | '.join(doses)} |", "|---" * (len(doses) + 1) + "|", *rows]
    return [
        "### What the figures are worth",
        "",
        head,
        "",
        *(f"- {each}" for each in sentences(measures)),
        "",
        *table,
        "",
    ]


def _row(defect: str, doses: Sequence[Mapping[str, float]]) -> str:
    cells = [DEFECTS[defect].number_of(each[defect]) if defect in each else "" for each in doses]
    return f"| {DEFECTS[defect].said.format('...', s='s', es='es')} | {' | '.join(cells)} |"
