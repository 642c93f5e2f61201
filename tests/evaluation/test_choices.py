"""What nobody said: real images that the generator has not seen, measures and features that fit the data."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import advnets
from advnets.data import ImageTable, Table, open_points, open_table
from advnets.errors import MeasureError
from advnets.evaluation import choices
from advnets.evaluation.choices import Wish, fitting_features, wish_of
from advnets.evaluation.opening import Opened
from advnets.measures import words
from advnets.measures.features import BUILDERS, Extractor, Setting
from advnets.measures.mistakes import Confusion

OWN = ["frechet", "kernel", "precision", "recall", "memorization"]


def shades(count: int = 300, *, labels: bool = False, holdout: float = 0.1) -> ImageTable:
    """Images of one's own: 6 x 6 pixels."""
    images = np.random.default_rng(0).integers(0, 256, (count, 6, 6), dtype=np.uint8)
    given: Any = (images, np.arange(count) % 3) if labels else images
    return open_table(given, holdout=holdout, progress=False)


def run_on(name: str, fingerprint: str = "", metrics: str = "") -> Any:
    """Stands for a run: what is asked of it."""
    recipe = SimpleNamespace(measure=SimpleNamespace(names=[each for each in metrics.split(",") if each]))
    return SimpleNamespace(
        recipe=recipe, facts={"data": {"name": name, "fingerprint": fingerprint}}, path=Path("runs/mine")
    )


def asked(table: Table, run: Any = None, data: Any = None, metrics: Any = None, real: str | None = None) -> Wish:
    return wish_of(Opened(np.empty((0, *table.shape), np.uint8), table, run), data, metrics, real)


def test_samples_of_other_programs_are_held_against_all_images_of_ones_own() -> None:
    assert asked(shades()).real == "all"
    assert asked(shades(), real="valid").real == "valid"
    assert asked(open_table("mnist")).real == "test"  # published
    assert asked(open_points("ring")).real == "test"


def test_a_run_is_held_against_what_it_was_not_trained_on() -> None:
    table = shades()
    assert asked(table, run_on("array")).real == "valid+test"
    assert asked(table, run_on("array"), table).real == "valid+test"
    assert asked(table, run_on("moved", table.fingerprint), table).real == "valid+test"
    assert asked(table, run_on("array", metrics="frechet")).real == "test"  # validation chose among its checkpoints
    assert asked(table, run_on("others"), table).real == "all"  # it has seen none of them
    assert asked(open_table("mnist"), run_on("mnist")).real == "test"


def test_a_run_on_all_its_images_is_told_what_to_do() -> None:
    with pytest.raises(MeasureError, match=r"mine was trained on all of .* but nothing; .* --data, or .* --real train"):
        asked(shades(holdout=0.0), run_on("array"))
    assert asked(shades(holdout=0.0), run_on("array"), real="train").real == "train"


def test_parzen_is_for_data_that_everybody_knows() -> None:
    assert asked(open_table("mnist")).names == ["parzen", "total_variation"]
    assert asked(shades()).names == OWN
    assert asked(dataclasses.replace(shades(), name="mnist")).names == OWN  # a folder of that name
    assert not asked(shades()).named
    assert asked(shades(), metrics="recall").named


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("fid", ["frechet"]),
        ("FID, KID", ["frechet", "kernel"]),
        ("isc,is", ["inception_score"]),
        ("prc,recall,density", ["precision", "recall", "density"]),
    ],
)
def test_words_of_other_libraries_are_understood(said: str, ours: list[str]) -> None:
    for metrics in (said, said.split(",")):
        wish = asked(shades(), metrics=metrics)
        assert list(wish.names) == ours
        assert set(wish.words) == {"fid", "kid", "isc", "is", "prc"} & {
            each.strip().lower() for each in said.split(",")
        }


def test_words_are_explained() -> None:
    pixels, published = (words.explained(["fid", "isc", "prc"], each, each) for each in ("pixels", "inception"))
    assert "fid is frechet, here in pixels: it does not compare with published FID" in pixels[0]
    assert "--features inception put pt_inception-2015-12-05-6726825d.pth into" in pixels[0]
    assert "it compares with published FID figures of as many samples" in published[0]
    assert "Inception Scores" in pixels[1]
    assert "VGG-16" in pixels[2]
    assert "does not compare" in words.explained(["kid"], "inception-1234abcd", "")[0]  # not the published weights


def test_a_word_is_explained_beside_its_figure() -> None:
    found = advnets.evaluate(shades().values[:60], shades(), "fid,prc")
    assert list(found.results) == ["frechet", "precision", "recall"]
    assert sum("fid is frechet" in note for note in found.notes) == 1


def classifier(right: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is right on so many of 100 images of two classes."""

    def build(setting: Setting) -> Extractor:
        found = Confusion(np.array([[right // 2, 50 - right // 2], [50 - right // 2, right // 2]]))
        name = "classifier"
        return Extractor(name=name, dimension=1, identity="", extract=lambda x: x[:, 0, 0, :1], confusion=found)

    monkeypatch.setitem(BUILDERS, "classifier", build)


@pytest.mark.parametrize(
    ("right", "chosen", "says"),
    [
        (96, "classifier", "since the data have classes"),
        (66, "pixels", "right on only 66.0%"),
        (50, "pixels", "worth nothing"),
    ],
)
def test_a_classifier_gives_the_features_where_it_is_good(
    right: int, chosen: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier(right, monkeypatch)
    monkeypatch.setattr(choices, "at_hand", lambda: False)
    name, notes = fitting_features(shades(labels=True), Wish("valid+test", OWN, False))
    assert name == chosen
    assert says in notes[0]


def test_a_classifier_that_has_seen_the_real_images_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILDERS, "classifier", lambda setting: pytest.fail("a minute of training"))
    for real in ("all", "train"):
        monkeypatch.setattr(choices, "at_hand", lambda: False)
        name, notes = fitting_features(shades(labels=True), Wish(real, OWN, False))
        assert name == "pixels"
        assert "trained on some of these real images; --real valid+test has others" in notes[0]
        monkeypatch.setattr(choices, "at_hand", lambda: True)
        assert fitting_features(shades(labels=True), Wish(real, OWN, False))[0] == "inception"


def test_nothing_is_made_where_no_measure_is_of_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BUILDERS, "classifier", lambda setting: pytest.fail("a minute of training"))
    monkeypatch.setattr(choices, "at_hand", lambda: True)
    assert fitting_features(shades(labels=True), Wish("test", ["total_variation"], True)) == ("pixels", [])
    assert fitting_features(open_table("mnist"), Wish("test", OWN, True)) == ("pixels", [])
    assert fitting_features(open_points("ring"), Wish("test", ["recall"], True)) == ("pixels", [])
    assert fitting_features(open_table("mnist"), Wish("test", ["frechet"], True, ["fid"])) == ("inception", [])


def test_what_is_left_out_of_measures_that_nobody_named_is_said() -> None:
    table = shades(40)
    found = advnets.evaluate(table.values[:3], table)  # precision needs four
    assert list(found.results) == ["frechet", "memorization"]
    left = [note for note in found.notes if "was left out" in note]
    assert [note.split()[0] for note in left] == ["kernel", "precision", "recall"]
    with pytest.raises(MeasureError, match="kernel: 3 samples, 4 are needed"):
        advnets.evaluate(table.values[:3], table, "kernel")


def test_too_few_are_said_of_the_set_that_is_too_small() -> None:
    table = shades(40)  # of which precision, with as many samples as real images, saw no more of one than of the other
    many, real = np.repeat(table.values, 3, axis=0), len(table.rows("valid"))
    assert real < 6
    with pytest.raises(MeasureError, match=f"precision: array has {real} validation images, 6 are needed; .*--real"):
        advnets.evaluate(many, table, "precision", real="valid")
    with pytest.raises(MeasureError, match="precision: 5 samples, 6 are needed; give or draw more of them"):
        advnets.evaluate(table.values[:5], table, "precision")


def test_parzen_never_chooses_its_window_on_what_it_scores() -> None:
    with pytest.raises(MeasureError, match="parzen: it chooses its window on images that it does not score"):
        advnets.evaluate(shades().values[:50], shades(), "parzen")
    found = advnets.evaluate(shades().values[:50], shades(), "parzen", real="valid+test").results["parzen"]
    assert found.real == shades().count("valid+test")


def test_memorization_holds_each_out_in_turn_where_all_are_measured_against() -> None:
    table = shades(400)
    found = advnets.evaluate(table.values[:100], table, "memorization")
    assert found.results["memorization"].details["held_out"] == "each in turn"
    assert found.results["memorization"].value == 1
    assert found.training == table.digest("all")
    others = np.random.default_rng(7).integers(0, 256, (300, 1, 6, 6), dtype=np.uint8)
    low, high = advnets.evaluate(others, table, "memorization").results["memorization"].interval
    assert low < 0.5 < high
