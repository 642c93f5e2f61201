"""Pages of damaged images: what is not seen is a dash, what looks better is bold, and they are what the result says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advnets.data import open_table
from advnets.measures.defects import DEFECTS, Figure, Measured, Originals, parted
from advnets.measures.defects.measured import Row
from benchmarks.measures import defect_pages, defects
from benchmarks.record import result_of

RESULT = result_of(defects.__file__)


def figure(value: float) -> Figure:
    return Figure(value, (value - 0.01, value + 0.01))


def test_a_table() -> None:
    rows = [Row(dose, {"frechet": figure(dose), "recall": figure(1 - dose)}) for dose in (0.3, 0.5, 0.7)]
    undamaged = {"frechet": figure(0.295), "recall": figure(0.6)}
    found = Measured(undamaged, {"blur": rows}, {"hue": "the images have no colors"}, 1000, 2000, False)
    of = {"features": "pixels", "note": "", **defect_pages.plain(found)}
    page = defect_pages.whole("digits", json.loads(json.dumps(of)), pictured=True)
    assert "1,000 real images" in page
    assert (
        "| undamaged | 0.295 | 0.6 |\n| a blur of sigma 0.3 | – | **0.7** |\n| a blur of sigma 0.5 | 0.5 | 0.5 |"
        in page
    )
    assert "Not of these images: hue, as the images have no colors." in page
    assert "![digits, damaged](digits.png)" in page
    short = defect_pages.in_short(of)
    assert short.count("a blur of") == 1
    text = defect_pages.with_part("before <!-- defects --> stale <!-- end of defects --> after", short)
    assert "stale" not in text
    assert defect_pages.with_part(text, short) == text


def test_a_picture_shows_what_changes() -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 10, 12), dtype=np.uint8)
    table = open_table(images, holdout=0.2, progress=False)
    parts = parted(table, "test", 100)
    originals = Originals(table, parts.pool, 80, parts.searched)
    row = defect_pages._row(DEFECTS["noise_images"], originals, most=5)
    assert row.shape == (3 * 6, 1, 10, 12)
    before, *doses = row.reshape(6, 3, 1, 10, 12)
    changed = [(dose != before).any((1, 2, 3)).sum() for dose in doses[:4]]
    assert changed == [1, 2, 3, 3], "2, 5, 10 and 25 % of the images"
    assert (doses[4] == 255).all()
    assert defect_pages.picture(originals).ndim == 3


@pytest.mark.skipif(not RESULT.exists(), reason="nothing was measured yet")
def test_pages_are_what_the_result_makes_of_them() -> None:
    tables = json.loads(RESULT.read_text("utf-8"))["tables"]
    for name, of in tables.items():
        written = (RESULT.parent / RESULT.stem / f"{name}.md").read_text("utf-8")
        assert written == defect_pages.whole(name, of, name != "cifar10")
    text = Path(defects.PAGE).read_text("utf-8")
    assert text == defect_pages.with_part(text, defect_pages.in_short(tables[defects.SHOWN]))
