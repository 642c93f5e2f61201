"""What the mean scores of a log are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def score_names(line: Mapping[str, Any]) -> tuple[str, str]:
    """D(x) and D(G(z)), probabilities, where D minimizes cross entropy; elsewhere f(x) and f(G(z)), its logits.

    Args:
        line: of metrics.jsonl: `jsd_bound` is where scores are probabilities.
    """
    return ("D(x)", "D(G(z))") if line.get("jsd_bound") is not None else ("f(x)", "f(G(z))")
