"""A generator's figures beside damaged images of its data: printed, kept, written into the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import advnets
from advnets.data import ImageTable, open_table
from advnets.data.toys import open_points
from advnets.errors import MeasureError
from advnets.evaluation.equivalents import section, sentences
from advnets.evaluation.evaluate import Evaluation
from advnets.measures.defects import DEFECTS, Originals, parted


@pytest.fixture
def digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, only_defects: Callable[..., None]) -> ImageTable:
    """1,797 digits of 8 x 8 pixels; three defects are enough."""
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    only_defects("blur", "noise", "noise_images")
    images = (load_digits().images * 255 / 16).astype(np.uint8)
    return open_table(images, holdout=0.2, progress=False)


def told_of(found: Evaluation) -> list[str]:
    return [note for note in found.notes if note.startswith("equivalents")]


def noisy(table: ImageTable, count: int = 250) -> np.ndarray:
    """Validation images, which nothing else is measured with, with noise of 15 % of white."""
    return DEFECTS["noise"].damaged(Originals(table, table.rows("valid"), count, table.rows("valid"), seed=5), 0.15)


def test_damaged_images_are_as_they_were_damaged(digits: ImageTable) -> None:
    asked = "frechet,recall,total_variation"
    found = advnets.evaluate(noisy(digits), digits, asked, real="test", equivalents=True)
    answers = found.measures
    for name in ("frechet", "total_variation"):
        equivalents = answers[name]["equivalents"]
        assert equivalents["doses"]["noise"] == pytest.approx(0.15, abs=0.03), name
        assert equivalents["said"].startswith(f"{name} {answers[name]['value']:.3g}: as ")
        assert (equivalents["images"], equivalents["real_images"]) == (250, digits.count("test"))
    assert "blur" not in answers["total_variation"]["equivalents"]["doses"], "which makes it smaller"
    assert told_of(found) == []
    json.dumps(answers, allow_nan=False)
    told = sentences(answers)
    assert len(told) == 4
    assert told[-1].startswith("Together they are as noise of 1")
    page = "\n".join(section(answers))
    assert "| as real images with | frechet | recall | total_variation |" in page
    assert "| noise of ... of white | 1" in page
    assert all(f"- {each}" in page for each in told)


def test_they_are_measured_once(digits: ImageTable, monkeypatch: pytest.MonkeyPatch) -> None:
    before = advnets.evaluate(noisy(digits), digits, "frechet", equivalents=True)

    def again(*args: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr("advnets.measures.defects.gauge.Gauge.take", again)
    assert advnets.evaluate(noisy(digits), digits, "frechet", equivalents=True).measures == before.measures
    assert "equivalents" not in advnets.evaluate(noisy(digits), digits, "frechet").measures["frechet"]
    with pytest.raises(AssertionError, match="measured again"):
        advnets.evaluate(noisy(digits, 200), digits, "frechet", equivalents=True)


def test_fewer_damaged_images_than_samples_are_told(digits: ImageTable) -> None:
    many = np.concatenate([noisy(digits)] * 5)
    (note,) = told_of(advnets.evaluate(many, digits, "total_variation", real="test", equivalents=True))
    images = len(parted(digits, "test", 1250).pool)
    assert f"{images:,} damaged images, as many as there are beside the real ones, stand for 1,250 samples" in note


def test_where_all_images_are_measured_against_half_of_them_are_damaged(digits: ImageTable) -> None:
    found = advnets.evaluate(noisy(digits), digits, "total_variation", real="all", equivalents=True)
    (note,) = told_of(found)
    assert "half of them were damaged and measured against the other half (898); --real test may leave others" in note
    assert found.measures["total_variation"]["equivalents"]["real_images"] == 898
    assert found.of["real_images"] == 1797


def test_what_cannot_have_equivalents_is_refused_before_it_is_measured(digits: ImageTable, tmp_path: Path) -> None:
    ring = open_points("ring")
    with pytest.raises(MeasureError, match="ring holds points, and only images are damaged; leave the equivalents out"):
        advnets.evaluate(ring.values[:100], ring, equivalents=True)
    np.savez(tmp_path / "stats.npz", mu=np.zeros(2048), sigma=np.eye(2048))
    with pytest.raises(MeasureError, match="holds statistics of real images, and only images are damaged; name the"):
        advnets.evaluate(noisy(digits), tmp_path / "stats.npz", equivalents=True)


def test_without_equivalents_nothing_is_said() -> None:
    assert sentences({"frechet": {"value": 1.0}}) == []
    assert section({"frechet": {"value": 1.0}}) == []
