"""How many real images answers were held against, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def real_images(of: Mapping[str, Any]) -> str:
    """What samples were held against: 10,000 real images of mnist (test).

    Args:
        of: what an answer is of, as `Evaluation.of` has it.
    """
    data, count = f"{of['data']} ({of['real']})", of.get("real_images")  # answers of before have no count
    return data if count is None else f"{count:,} real {_kind(of)} of {data}"


def _kind(of: Mapping[str, Any]) -> str:
    return "images" if "extractor" in of else "points"


def real_count(answer: Mapping[str, Any]) -> str:
    """How many real images an answer took: 10,000, none, unknown."""
    count = answer.get("real")
    return "unknown" if count is None else f"{count:,}" if count else "none"


def notes_in(measures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a reader of answers should know, each note once.

    Args:
        measures: measure to its answer, as `Evaluation.measures` has it.
    """
    return list(dict.fromkeys(note for answer in measures.values() for note in answer.get("notes", ())))


def of_halves(measures: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Distances beside those between two halves of few real images, a sentence each.

    Args:
        measures: measure to its answer, as `Evaluation.measures` has it.
    """
    few = {name: answer for name, answer in measures.items() if "halves" in answer}
    return [
        f"{name} {each['value']:.4g}: two halves of the {each['real']:,} real {_kind(each['of'])} are"
        f" {each['halves']:.3g} apart"
        for name, each in few.items()
    ]
