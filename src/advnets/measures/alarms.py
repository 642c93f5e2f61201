"""The alarms of the Helvetica watch, read off its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

UNSTEADY, COLLAPSED, STUCK = "unsteady", "collapsed", "stuck"
UNCONDITIONAL, REPETITIVE = (
    "unconditional",
    "repetitive",
)  # of a conditional game: classes alike, classes of one picture
ALARMS = (UNSTEADY, UNCONDITIONAL, REPETITIVE, COLLAPSED, STUCK)
"""The states that are alarms, the later the worse."""


def is_alarm(lines: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the last of these lines of watch.jsonl is the first to find a collapse, or the first signs of one."""
    state, before = lines[-1]["state"], lines[-2]["state"] if len(lines) > 1 else "rising"
    return state in ALARMS and before not in ALARMS[ALARMS.index(state) :]


def alarm_steps(lines: Sequence[Mapping[str, Any]]) -> list[int]:
    """The steps of the alarms in these lines of watch.jsonl."""
    return [line["step"] for place, line in enumerate(lines) if is_alarm(lines[max(0, place - 1) : place + 1])]
