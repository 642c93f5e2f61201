"""Evaluation: whatever holds samples is measured, Parzen never alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.config.load import from_dict
from advnets.data import open_table
from advnets.data.toys import open_points
from advnets.errors import MeasureError, RecipeError
from advnets.measures import parzen
from advnets.measures.catalog import MEASURES, Subject
from advnets.measures.features import BUILDERS, Extractor, Setting, extractor


def real_digits(count: int = 120) -> np.ndarray:
    return np.array(open_table("mnist").values[:count])


def test_parzen_brings_the_total_variation_with_it() -> None:
    measures = advnets.evaluate(real_digits(), "mnist", metrics=["parzen"]).measures
    assert set(measures) == {"parzen", "total_variation"}
    assert measures["total_variation"]["value"] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("shape", [(20, 28, 28), (20, 28, 28, 1)])
def test_an_array_has_the_layouts_of_data(shape: tuple[int, ...]) -> None:
    assert advnets.evaluate(real_digits(20).reshape(shape), "mnist", "total_variation").samples.shape == (20, 1, 28, 28)
    with pytest.raises(MeasureError, match="samples have 4 channels"):
        advnets.evaluate(np.zeros((20, 4, 28, 28), np.uint8), "mnist")


def test_image_files_are_brought_to_the_datas_size(tmp_path: Path) -> None:
    for number, image in enumerate(real_digits(20)):
        Image.fromarray(image[0]).resize((100, 100)).save(tmp_path / f"{number}.png")
    found = advnets.evaluate(tmp_path, "mnist", metrics=["total_variation"])
    assert found.samples.shape == (20, 1, 28, 28)


def test_each_answer_says_what_it_is_of() -> None:
    found = advnets.evaluate(real_digits(50), "mnist", "total_variation", count=30, real="valid")
    answer = found.measures["total_variation"]
    assert {**answer["of"], "fingerprint": ""} == {
        "data": "mnist", "real": "valid", "real_images": 10_000, "fingerprint": "", "count": 30,
        "extractor": "pixels-1",
    }  # fmt: skip
    table = open_table("mnist")
    same = advnets.evaluate(real_digits(50), table, "total_variation", real="valid").of["fingerprint"]
    other = advnets.evaluate(real_digits(50), table, "total_variation").of["fingerprint"]
    assert answer["of"]["fingerprint"] == same != other
    assert (answer["samples"], answer["real"]) == (30, 10_000)
    low, high = answer["interval"]
    assert low < answer["value"] < high


def test_all_are_all_but_those_that_cannot_be_taken() -> None:
    table = open_table("mnist")
    few = {split: rows[:2000] for split, rows in table.splits.items()}
    unlabeled = dataclasses.replace(table, labels=None, splits=few)
    found = advnets.evaluate(real_digits(150), unlabeled, "all")
    impossible = {"frechet_infinity", "inception_score", "modes"}  # fewer samples than pixels; no labels
    assert list(found.results) == [name for name in MEASURES if name not in {*impossible, "accuracy"}]
    assert {note.split()[0] for note in found.notes if "was left out" in note} == impossible
    for name, answer in found.measures.items():
        assert found.results[name].measure == name
        assert answer["caveat"]
        assert answer["interval_by"]
    json.dumps(found.measures, allow_nan=False)
    assert found.measures["memorization"]["value"] > 0.9  # they are training images


def test_fewer_samples_than_real_images_meet_all_classes(tmp_path: Path) -> None:
    table = open_table("mnist")
    assert table.labels is not None
    for digit in range(10):  # a folder's rows come class by class
        (tmp_path / str(digit)).mkdir()
        for row in np.flatnonzero(table.labels == digit)[:120]:
            Image.fromarray(table.values[row][0]).save(tmp_path / str(digit) / f"{row}.png")
    data = open_table(tmp_path, holdout=0.4, cache=tmp_path / "cache", progress=False)
    assert data.labels is not None
    subject = Subject(real_digits(60), data, extractor("pixels", data), "test", limit=100)
    _, real = subject.equal_counts()
    known = {image.tobytes(): label for image, label in zip(data.values, data.labels, strict=True)}
    seen = [known[np.rint(row * 255).astype(np.uint8).tobytes()] for row in real]
    assert len(seen) == 60
    assert set(seen) == set(range(10))
    made = advnets.evaluate(tmp_path, data, "total_variation", 100).samples
    assert {known[image.tobytes()] for image in made} == set(range(10))


def test_one_table_serves_runs_and_samples() -> None:
    table = advnets.evaluate(real_digits(20), "mnist", "total_variation").table
    assert table.fingerprint == open_table("mnist").fingerprint


def test_validation_and_test_points_are_others() -> None:
    ring = open_points("ring")
    valid, test = ({tuple(point) for point in ring.reals(split, 1000).tolist()} for split in ("valid", "test"))
    assert len(valid) == len(test) == 1000
    assert not valid & test


def test_parzen_does_not_choose_sigma_on_what_it_scores() -> None:
    on_test, on_valid = (
        advnets.evaluate(real_digits(100), "mnist", "parzen", real=real).measures["parzen"]
        for real in ("test", "valid")
    )
    assert on_valid["real"] == 10_000
    table = open_table("mnist")
    of_training = parzen(real_digits(100), table.values[:2], table.values[table.rows("train")[:1000]])
    assert on_valid["validation"] == pytest.approx(list(of_training.details["validation"]), rel=1e-9)
    assert on_valid["validation"] != pytest.approx(on_test["validation"], rel=1e-6)
    assert on_valid["value"] == pytest.approx(on_test["value"], abs=8)


def test_a_copy_is_found_wherever_it_was_trained_on() -> None:
    table = open_table("mnist")
    last = np.array(table.values[table.rows("train")[-50:]])
    subject = Subject(last, table, extractor("pixels", table), "valid", limit=1000)
    assert MEASURES["memorization"].compute(subject).value > 0.9


def test_the_seed_reaches_every_draw() -> None:
    answer = advnets.evaluate(real_digits(60), "mnist", "two_sample,kernel", seed=7).measures
    assert {each["seed"] for each in answer.values()} == {7}


@pytest.mark.parametrize(
    ("source", "options", "says"),
    [
        ("points", {"data": "ring", "features": "classifier"}, "holds points, which have no classifier"),
        ("digits", {"data": "mnist", "size": 14}, "size is for image files"),
    ],
)
def test_what_would_be_ignored_is_refused(source: str, options: dict[str, Any], says: str) -> None:
    samples = open_points("ring").values[:50] if source == "points" else real_digits(20)
    with pytest.raises(MeasureError, match=says):
        advnets.evaluate(samples, **options)


def test_points_in_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="holds no points"):
        advnets.evaluate(tmp_path, "ring")


def test_points_are_measured_by_their_modes(tmp_path: Path) -> None:
    ring = open_points("ring")
    np.save(tmp_path / "points.npy", ring.values[:4000])
    found = advnets.evaluate(tmp_path / "points.npy", "ring").results
    assert found["modes"].value == 8
    # Two independent draws differ by how many fall to each mode; .1 held while the samples were among the real points.
    assert found["sliced_wasserstein"].value < 0.3
    half = advnets.evaluate(ring.values[:4000][ring.values[:4000, 0] > 0.5], "ring").results
    assert half["modes"].value == 3
    assert half["sliced_wasserstein"].value > 0.5
    np.savez(tmp_path / "points.npz", x=ring.values[:4000])
    assert advnets.evaluate(tmp_path / "points.npz", "ring").results == found
    few = dataclasses.replace(ring, values=ring.values[:20_000], labels=ring.labels[:20_000])  # each is searched
    replay = advnets.evaluate(few.values[:2000], few, "memorization").results["memorization"]
    assert (replay.value, replay.details["copies"]) == (1, 1)
    fresh = advnets.evaluate(few.reals("test", 12_000)[10_000:], few, "memorization").results["memorization"]
    assert fresh.standard_error is not None
    assert abs(fresh.value - 0.5) < 3 * fresh.standard_error
    with pytest.raises(MeasureError, match="about images"):
        advnets.evaluate(ring.values[:100], "ring", "parzen")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"real": "training"}, "no split"),
        ({"count": 1}, "too few"),
        ({"seed": -1}, "seed -1; use 0 or more"),
        ({"metrics": "ppl"}, "unknown measure 'ppl'; choose from parzen"),
        ({"metrics": "modes", "data": np.zeros((30, 28, 28), np.uint8)}, "modes: array has no labels, so that nothing"),
        ({"features": "clip"}, "clip"),
    ],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, Any], message: str) -> None:
    data = options.pop("data", None)
    with pytest.raises(MeasureError, match=message):
        advnets.evaluate(real_digits(10), "mnist" if data is None else open_table(data, progress=False), **options)


def test_classes_are_the_classifiers_where_features_name_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def halves(setting: Setting) -> Extractor:  # stands for the classifier, which takes a minute to train
        def classify(features: np.ndarray) -> np.ndarray:
            return np.concatenate([features, 1 - features], 1)

        def extract(images: np.ndarray) -> np.ndarray:
            return (images.mean((1, 2, 3), dtype=np.float32) > 33)[:, None].astype(np.float32)

        return Extractor(name="classifier", dimension=1, identity="halves", extract=extract, classify=classify)

    monkeypatch.setitem(BUILDERS, "classifier", halves)
    found = advnets.evaluate(real_digits(50), "mnist", "modes,inception_score,precision").results
    assert found["modes"].value == 2
    assert [found[name].features for name in ("modes", "inception_score", "precision")] == [
        "classifier", "classifier", "pixels",
    ]  # fmt: skip


def test_no_measure_is_no_evaluation() -> None:
    with pytest.raises(MeasureError, match="no measure"):
        advnets.evaluate(real_digits(10), "mnist", metrics=[])


@pytest.mark.parametrize("name", ["../escape", "/tmp/escape", ".hidden", "", "a/b"])
def test_a_recipes_name_never_leaves_the_runs_folder(name: str) -> None:
    with pytest.raises(RecipeError, match="name cannot be"):
        from_dict({"name": name}, "stranger.yaml")


def test_what_is_refused_draws_no_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), np.uint8))
    small = {"generator.base": 4, "discriminator.base": 4, "batch": 8, "steps": 1, "sample_every": 0}
    run = advnets.train("images", data=tmp_path / "noise.npy", run=tmp_path / "run", holdout=0.0, **small)  # type: ignore[arg-type]
    monkeypatch.setattr(type(run), "sample_with_classes", lambda *_: pytest.fail("samples were drawn"))
    with pytest.raises(MeasureError, match=r"was trained on all of .* but nothing"):
        advnets.evaluate(run)
