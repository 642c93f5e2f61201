"""What the measurements of one training say of its course: the best so far, and whether it still gets better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advnets.measures.catalog import badness

Lines = Sequence[Mapping[str, Any]]
"""Lines of measures.jsonl: each has a `step` and `measures`, name to an answer with its `value`."""


def best_steps(lines: Lines, name: str) -> list[int]:
    """The steps of all measurements so far by one measure, the best first, of equals the first."""
    known = [line for line in lines if name in line["measures"]]
    return [
        int(line["step"]) for line in sorted(known, key=lambda line: badness(name, line["measures"][name]["value"]))
    ]


def best_step(lines: Lines, name: str) -> int | None:
    """The step of the best measurement so far by one measure, the first of equals; None where there is none."""
    return next(iter(best_steps(lines, name)), None)


def at_rest(lines: Lines, name: str, patience: int) -> bool:
    """Whether as many measurements as `patience` (0: never) have come and gone without a better one."""
    best = best_step(lines, name)
    return bool(patience) and best is not None and sum(line["step"] > best for line in lines) >= patience
