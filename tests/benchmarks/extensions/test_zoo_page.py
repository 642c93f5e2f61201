"""The zoo's table: a row a game, means over seeds, in the place that the page has for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.extensions import zoo

FOUND = {"frechet": 1.0, "precision": 0.5, "recall": 0.25, "own": {}, "steps": 9, "seconds": 60.0}


def result() -> dict[str, Any]:
    """Every cell with made-up figures; the recipe infogan's differ by seed."""
    cells = {cell.name: {"found": dict(FOUND)} for cell in zoo.CELLS if cell.function == "measured"}
    for seed, value in enumerate((1.0, 2.0, 6.0)):
        cells[f"infogan-{seed}"]["found"] |= {"frechet": value, "own": {"purity": 0.5}}
    return {"cells": {**cells, "drawn": {"found": ["samples"]}}}


def test_the_page_has_the_table_and_can_be_written_again() -> None:
    text = zoo.written(zoo.DOCS.read_text("utf-8"), result())
    assert zoo.written(text, result()) == text
    assert "| infogan (9 steps, 3 seeds) | 3 (1 to 6) | 0.5 | 0.25 | 1.0 | purity 0.5 |" in text
    assert "| lsgan (9 steps, 1 seed) | 1 | 0.5 | 0.25 | 1.0 |  |" in text
    assert "(../../benchmarks/extensions/results/zoo-samples.png)" in text


def test_bright_pixels_overlap_by_intersection_over_union() -> None:
    left, all_four = np.array([[[[255, 0], [255, 0]]]], np.uint8), np.full((1, 1, 2, 2), 200, np.uint8)
    assert zoo.overlap(left, 255 - left) == 0.0
    assert zoo.overlap(left, all_four) == 0.5
    assert zoo.overlap(left, left) == 1.0
