"""Measures within each class, and accuracy of a run's samples."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from conditional_runs import digits, eight_by_eight, ring, vectors

import advnets
from advnets.data import open_points, open_table
from advnets.errors import MeasureError
from advnets.evaluation.choices import default_metrics
from advnets.evaluation.opening import Opened


def test_each_measure_is_taken_within_each_class() -> None:
    table = open_table(eight_by_eight(), holdout=0.4, progress=False)
    found = advnets.evaluate(digits(), table, "recall", count=300, per_class=True, real="valid")
    assert list(found.by_class.answers) == list("0123456789")
    answers = found.measures["recall"]["classes"]
    assert answers["3"]["samples"] <= 30
    counts = np.bincount(table.labels[table.rows("valid")])  # type: ignore[index]
    assert [answers[name]["real_images"] for name in answers] == counts.tolist()


def test_classes_are_known_by_their_names() -> None:
    table = open_table(eight_by_eight(), holdout=0.4, progress=False)
    turned = dataclasses.replace(table, classes=(*table.classes[::-1], "more"), labels=9 - table.labels)
    found, other = (
        advnets.evaluate(digits(), each, "recall", count=300, features="pixels", per_class=True, real="valid")
        for each in (table, turned)
    )
    assert found.by_class.answers == other.by_class.answers


def test_a_class_with_few_real_images_is_named_and_left_out() -> None:
    table = open_table(eight_by_eight(), holdout=0.4, progress=False)
    rows = table.rows("valid")
    threes = rows[table.labels[rows] == 3]  # type: ignore[index]
    few = dataclasses.replace(table, splits={**table.splits, "valid": np.setdiff1d(rows, threes[20:])})
    found = advnets.evaluate(digits(), few, "recall", count=300, per_class=True, real="valid")
    assert "3" not in found.by_class.answers
    assert "class 3 was left out: 20 real images, 50 are needed" in found.notes


def test_figures_that_were_there_stay_as_they_are() -> None:
    plain = advnets.evaluate(ring(), metrics="recall,modes", count=400)
    more = advnets.evaluate(ring(), metrics="recall,modes,accuracy", count=400, per_class=True)
    assert plain.results["recall"] == more.results["recall"]
    assert plain.results["modes"] == more.results["modes"]
    assert "classes" not in more.measures["modes"]
    assert any("modes is about several classes" in note for note in more.notes)


def test_all_takes_in_accuracy_where_samples_have_classes() -> None:
    opened = Opened(ring().sample(2), open_points("ring"), ring())
    assert "accuracy" not in default_metrics(opened, True)
    assert "accuracy" in default_metrics(dataclasses.replace(opened, classes=np.arange(2)), True)


def test_what_has_no_classes_is_refused() -> None:
    with pytest.raises(MeasureError, match="only a run"):
        advnets.evaluate(ring().sample(50), "ring", "recall", per_class=True)
    table = open_table(eight_by_eight(), holdout=0.4, progress=False)
    with pytest.raises(MeasureError, match="makes samples without classes"):
        advnets.evaluate(vectors(), table, "recall", count=50, per_class=True)
    with pytest.raises(MeasureError, match="accuracy is about samples of classes"):
        advnets.evaluate(vectors(), table, "accuracy", count=50)
