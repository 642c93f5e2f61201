"""A classifier is asked what it is worth on images that it was not trained on; one that is worth nothing is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

import advnets
from advnets.data import ImageTable, open_table
from advnets.errors import MeasureError
from advnets.measures.features import BUILDERS, Extractor, Setting, extract_all, extractor
from advnets.measures.features.classifier import classifier
from advnets.measures.features.classifier_training import Plan
from advnets.measures.features.store import store_folder

QUICK = Plan(pixels=1, least_steps=40, batch=32)


def setting(table: ImageTable, cache: Path) -> Setting:
    return Setting(table=table, cache=cache, progress=False, device=torch.device("cpu"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path))
    monkeypatch.setitem(BUILDERS, "classifier", lambda setting: classifier(setting, QUICK))


def shades(holdout: float = 0.2, *, told: bool = True) -> ImageTable:
    """Dark, middling and bright images with noise; or labels that say nothing of them."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)
    level = labels if told else rng.permutation(labels)
    images = (level[:, None, None] * 80 + rng.integers(0, 60, (400, 6, 6))).astype(np.uint8)
    return open_table((images, np.array(["dark", "middle", "light"])[labels]), holdout=holdout, progress=False)


def test_the_confusion_is_of_all_that_was_held_out(tmp_path: Path) -> None:
    table = shades()
    found = extractor("classifier", table)
    rows = table.rows("valid+test")
    assert found.confusion is not None
    assert found.confusion.images == len(rows)
    seen = found.likeliest(extract_all(found, table.values, rows))
    assert seen is not None
    assert table.labels is not None
    truth = table.labels[rows]
    np.testing.assert_array_equal(found.confusion.counts.sum(1), np.bincount(truth, minlength=3))
    assert found.confusion.accuracy == (seen[0] == truth).mean() > 0.6
    assert f"of its {len(rows)} valid+test images" in found.note
    assert found.weights in found.identity
    files = sorted(path.name for path in store_folder(tmp_path).iterdir())
    assert extractor("classifier", table).confusion.counts.tolist() == found.confusion.counts.tolist()  # type: ignore[union-attr]
    assert sorted(path.name for path in store_folder(tmp_path).iterdir()) == files  # found again


def test_images_without_a_class_are_left_out() -> None:
    table = shades()
    assert table.labels is not None
    labels = np.where(np.arange(400) % 4 == 0, -1, table.labels)
    found = extractor("classifier", dataclasses.replace(table, labels=labels, fingerprint="fewer"))
    assert found.confusion is not None
    assert found.confusion.images == (labels[table.rows("valid+test")] >= 0).sum()


def test_another_share_held_out_is_another_classifier() -> None:
    assert extractor("classifier", shades(0.2)).weights != extractor("classifier", shades(0.4)).weights


def test_one_that_is_worth_nothing_is_refused(tmp_path: Path) -> None:
    table = shades(told=False)
    says = r"worth nothing: right on [\d.]+% \([\d.]+% to [\d.]+%\) of \d+ held-out images, and naming the largest"
    with pytest.raises(MeasureError, match=says):
        extractor("classifier", table)
    samples = np.array(table.values[:60])
    for metrics, features in (("modes", "pixels"), ("inception_score", "pixels"), ("frechet", "classifier")):
        with pytest.raises(MeasureError, match="worth nothing"):
            advnets.evaluate(samples, table, metrics, features=features)
    found = advnets.evaluate(samples, table, "all", features="pixels")
    assert {"modes", "inception_score"} & set(found.results) == set()
    assert sum("worth nothing" in note for note in found.notes) == 2


def test_one_that_nobody_can_test_is_refused() -> None:
    with pytest.raises(MeasureError, match=r"no labeled images are held out .* hold some out with --holdout"):
        extractor("classifier", shades(0.0))


def test_features_of_ones_own_are_taken_at_their_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(setting: Setting) -> Extractor:
        return Extractor(
            name="mine", dimension=1, identity="mine", extract=lambda images: images.mean((1, 2, 3))[:, None]
        )

    monkeypatch.setitem(BUILDERS, "mine", build)
    assert extractor("mine", shades()).confusion is None
