"""Modes of stacked MNIST: counted by a classifier of single digits."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import entropy

import advnets
from advnets import cli
from advnets.data import ImageTable, open_table
from advnets.data.stacked import Stacked
from advnets.errors import DataError, MeasureError
from advnets.measures.features import BUILDERS, Extractor, Setting, extract_all, extractor
from advnets.measures.features.classifier import classifier
from advnets.measures.features.classifier_training import Plan
from advnets.measures.features.store import store_folder

TINY = ("--generator.base", "4", "--discriminator.base", "4", "--batch", "4", "--sample-every", "0")


@pytest.fixture(autouse=True)
def _quick(few_digits: Stacked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few digits, and a classifier that learns them in a second or two."""

    def build(setting: Setting) -> Extractor:
        return classifier(setting, Plan(pixels=1, least_steps=60, batch=64))

    monkeypatch.setitem(BUILDERS, "classifier", build)


@pytest.fixture
def table() -> ImageTable:
    return open_table("stacked-mnist", progress=False)


@pytest.fixture
def images(table: ImageTable) -> np.ndarray:
    """The test images."""
    return np.array(table.values[table.rows("test")])


@pytest.fixture
def labels(table: ImageTable) -> np.ndarray:
    """Of the test images."""
    assert table.labels is not None
    return table.labels[table.rows("test")]


def seen(found: Extractor, images: np.ndarray) -> np.ndarray:
    """The classes that the classifier sees."""
    classes = found.likeliest(extract_all(found, images))
    assert classes is not None
    return classes[0]


def test_each_channel_is_classified_as_a_digit(table: ImageTable, images: np.ndarray, tmp_path: Path) -> None:
    assert table.stack_of is not None
    found, single = extractor("classifier", table), extractor("classifier", table.stack_of())
    features = extract_all(found, images)
    assert features.shape == (400, 3 * single.dimension)
    planes = [extract_all(single, images[:, channel : channel + 1]) for channel in range(3)]
    np.testing.assert_allclose(features, np.concatenate(planes, 1), atol=1e-4)
    chances = found.probabilities(features)
    a, b, c = (single.probabilities(each) for each in planes)
    np.testing.assert_allclose(chances, np.einsum("na,nb,nc->nabc", a, b, c).reshape(400, 27), atol=1e-4)
    classes, count = found.likeliest(features)
    assert count == 27
    np.testing.assert_array_equal(classes, chances.argmax(1))


def test_the_share_of_digits_that_are_right_is_told(
    table: ImageTable, images: np.ndarray, labels: np.ndarray, few_digits_folder: Path
) -> None:
    found = extractor("classifier", table)
    digits = [np.stack(np.unravel_index(each, (3, 3, 3)), 1) for each in (seen(found, images), labels)]
    right = digits[0] == digits[1]
    assert right.mean() > 0.95
    told = [float(share) for share in re.findall(r"([\d.]+)%", found.note)]
    assert told[1:] == [round(100 * right.mean(), 2), round(100 * right.all(1).mean(), 2)]
    assert found.note.startswith("a classifier trained on mnist, right on")
    assert "of the channels of stacked-mnist's 400 test images" in found.note
    # No network of 27 classes: one of digits is all that was trained.
    assert len(list(store_folder(few_digits_folder.parent / "cache").glob("*.safetensors"))) == 1
    assert extractor("classifier", table).note == found.note


@pytest.mark.parametrize("features", ["pixels", "classifier"])
def test_real_images_cover_all_modes(images: np.ndarray, labels: np.ndarray, features: str) -> None:
    answer = advnets.evaluate(images, "stacked-mnist", "modes", features=features)
    found = answer.results["modes"]
    assert len(np.unique(labels)) == found.details["modes"] == found.value == 27
    assert (found.details["kl"], found.features, found.real) == (0, "classifier", 400)
    assert found.details["fair_modes"] == pytest.approx(27, abs=0.1)
    assert sum("right on" in note for note in answer.notes) == 1
    part = advnets.evaluate(images[:40], "stacked-mnist", "modes", features=features).results["modes"]
    assert abs(part.value - len(np.unique(labels[:40]))) <= 1  # a digit may be taken for another


def test_a_generator_of_few_modes_is_counted_exactly(table: ImageTable, images: np.ndarray, labels: np.ndarray) -> None:
    classes = seen(extractor("classifier", table), images)
    shown = [np.flatnonzero((classes == each) & (labels == each))[0] for each in (0, 5, 26)]
    samples = images[np.repeat(shown, [50, 30, 20])]
    found = advnets.evaluate(samples, "stacked-mnist", "modes").results["modes"]
    assert (found.value, found.interval) == (3, (3, 3))
    real = np.bincount(classes, minlength=27) / len(classes)
    expected = entropy([0.5, 0.3, 0.2], real[[0, 5, 26]]) - np.log(real[[0, 5, 26]].sum())
    assert found.details["kl"] == pytest.approx(expected)
    assert found.details["kl_even"] == pytest.approx(np.log(27) - entropy([0.5, 0.3, 0.2]))


def test_distances_are_taken_in_the_channels_features(images: np.ndarray) -> None:
    found = advnets.evaluate(images, "stacked-mnist", "precision,inception_score", features="classifier").results
    assert found["precision"].value == 1
    assert 10 < found["inception_score"].value <= 27  # with 40 images a split
    gray = advnets.evaluate(images[:, :1].repeat(3, 1), "stacked-mnist", "recall", features="classifier").results
    assert gray["recall"].value < 0.2  # three times the same digit


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, watched = str(tmp_path / "run"), "modes@every=3,count=500"
    assert cli.main(["train", "stacked-mnist", *TINY, "--steps", "6", "--measure", watched, "--run", run]) == 0
    lines = [json.loads(line) for line in (tmp_path / "run" / "measures.jsonl").read_text("utf-8").splitlines()]
    assert [(line["step"], line["measures"]["modes"]["modes"]) for line in lines] == [(3, 27), (6, 27)]
    assert all(1 <= line["measures"]["modes"]["value"] <= 27 for line in lines)
    capsys.readouterr()
    assert cli.main(["evaluate", run, "--metrics", "modes", "--count", "50"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert re.search(r"modes │ \d+ of 27, KL ", said)
    assert "a classifier trained on mnist" in said
    np.save(tmp_path / "samples.npy", np.zeros((20, 14, 14, 3), np.uint8))
    assert cli.main(["evaluate", str(tmp_path / "samples.npy"), "--data", "stacked-mnist", "--metrics", "modes"]) == 0
    assert "modes │ 1 of 27" in " ".join(capsys.readouterr().out.split())


def test_what_does_not_fit_is_refused_in_one_line(images: np.ndarray) -> None:
    with pytest.raises(DataError, match="use images of 3 channels, or mnist"):
        advnets.evaluate(images[:, :1], "stacked-mnist", "modes")
    with pytest.raises(MeasureError, match="has no labels, so that nothing names classes"):
        advnets.evaluate(images, open_table("stacked-mnist", labels="none"), "modes")
    with pytest.raises(MeasureError, match="give samples and data of one size"):
        advnets.evaluate(images[:, :, 2:], open_table("stacked-mnist"), "modes")


@pytest.mark.slow
def test_real_images_cover_a_thousand_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # all of the digits, and the whole training of the classifier
    table = open_table("stacked-mnist")
    samples = np.array(table.values[table.rows("train")[:10_000]])
    answer = advnets.evaluate(samples, table, "modes")
    found = answer.results["modes"]
    assert found.value >= 998
    assert found.details["kl"] == pytest.approx(found.details["fair_kl"], rel=0.1)
    each, whole = (float(share) for share in re.findall(r"([\d.]+)%", answer.notes[0])[1:])
    assert each > 99
    assert whole == pytest.approx(100 * (each / 100) ** 3, abs=0.1)
