"""A claim of the paper's, tried: its words, what we did and saw, and a verdict that follows from intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from advnets.paper.claims.intervals import Interval
from advnets.paper.exhibit import Exhibit, Part, Row

SUPPORTED, NOT_SUPPORTED, MIXED, UNDECIDED = "supported", "not supported", "mixed", "undecided"
MARGIN = 1.25
"""By what factor two games may differ and still count as equally good."""


@dataclass(frozen=True)
class Claim:
    """What the paper says of its game in passing, and what came of it.

    Args:
        title: its heading.
        quote: where the paper says it, and its words.
        did: our experiment, in paragraphs.
        saw: its outcome.
        verdict: one of the four, or a sentence of several.
        why: how the verdict follows.
        rows: our figures beside the paper's.
        figures: everything that was computed, for JSON.
    """

    title: str
    quote: str
    did: Sequence[str]
    saw: Sequence[Part]
    verdict: str
    why: str
    rows: Sequence[Row]
    figures: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def exhibit(self) -> Exhibit:
        """The claim as a section; what is not supported is among what differs from the paper."""
        body = [
            f"> {self.quote}", f"**What we did.** {self.did[0]}", *self.did[1:], *self.saw,
            f"**Verdict: {self.verdict}.** {self.why}",
        ]  # fmt: skip
        differs = f"{self.quote} Ours: {self.verdict} ([what was seen](claims.md))."
        return Exhibit(self.title, body, self.rows, self.figures, [] if self.verdict == SUPPORTED else [differs])


def verdict_of(parts: Iterable[str]) -> str:
    """Of a claim, by the verdicts on its parts: mixed only where one is supported and another is not."""
    found = set(parts)
    return found.pop() if len(found) == 1 else MIXED if {SUPPORTED, NOT_SUPPORTED} <= found else UNDECIDED


def more(ratio: Interval) -> str:
    """Whether a ratio is above 1; it is not where a factor of `MARGIN` is excluded."""
    return SUPPORTED if ratio.low > 1 else NOT_SUPPORTED if ratio.high < MARGIN else UNDECIDED


def less(ratio: Interval) -> str:
    """Whether a ratio is below 1; it is not where a factor of 1 / `MARGIN` is excluded."""
    return SUPPORTED if ratio.high < 1 else NOT_SUPPORTED if ratio.low > 1 / MARGIN else UNDECIDED


def no_worse(ratio: Interval) -> str:
    """Whether games are no worse than others: the ratio of their distances from the data is within `MARGIN`."""
    return SUPPORTED if ratio.high <= MARGIN else NOT_SUPPORTED if ratio.low > 1 else UNDECIDED


def equally_good(ratio: Interval) -> str:
    """Whether two games are equally good, by the ratio of their distances from the data."""
    if ratio.low >= 1 / MARGIN and ratio.high <= MARGIN:
        return SUPPORTED
    return NOT_SUPPORTED if ratio.high < 1 or ratio.low > 1 else UNDECIDED
