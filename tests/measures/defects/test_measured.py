"""Damaged sets are measured once, and kept set by set: by table, real images, features, measure and count."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_tables import table_of

from advnets.data.toys import open_points
from advnets.errors import MeasureError
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Entry, Subject
from advnets.measures.defects import DEFECTS, Measured, measured
from advnets.measures.features import BUILDERS, Extractor, Setting, extractor

FEW = ("blur", "shift", "classes_missing", "other_images")
TABLE = table_of((1, 12, 12))
SETS = 1 + len(DEFECTS["blur"].doses) + 2 + 2  # a shift by 4 of 12 pixels is too far, half of four classes are two


@pytest.fixture(autouse=True)
def _few_defects(only_defects: Callable[..., None]) -> None:
    only_defects(*FEW)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Subject]]:
    """What was measured: names and subjects. Three measures stand for the real ones, which are slower."""
    calls: list[tuple[str, Subject]] = []

    def add(name: str, of: str, compute: float | None) -> None:
        def measure(subject: Subject) -> Measurement:
            calls.append((name, subject))
            if compute is None:
                raise MeasureError("cannot be taken", "of such sets")
            value = float(subject.samples.std() * compute)
            return Measurement(
                measure=name, value=value, interval=(value - 1, value + 1), interval_by="", samples=1, real=1
            )

        monkeypatch.setitem(MEASURES, name, Entry(measure, "lower", of))

    add("spread", "features", 1.0)
    add("double", "features", 2.0)
    add("impossible", "features", None)
    add("kinds", "classes", 1.0)
    return calls


def take(cache: Path, *names: str, count: int = 60, real: str = "test") -> Measured:
    return measured(TABLE, extractor("pixels", TABLE), names, count=count, real=real, cache=cache)


def test_every_set_is_measured_once(tmp_path: Path, asked: list[tuple[str, Subject]]) -> None:
    first = take(tmp_path, "spread")
    assert len(asked) == SETS
    assert take(tmp_path, "spread") == first
    assert len(asked) == SETS
    both = take(tmp_path, "double", "spread")
    assert [name for name, _ in asked[SETS:]] == ["double"] * SETS
    assert both.undamaged["double"].value == 2 * first.undamaged["spread"].value
    assert [row.dose for row in first.defects["blur"]] == list(DEFECTS["blur"].doses)
    spreads = [first.undamaged, *(row.figures for row in first.defects["blur"])]
    values = [figures["spread"].value for figures in spreads]
    assert values == sorted(values, reverse=True)
    assert (first.count, first.real, first.halved) == (60, 200, False)
    assert set(first.left_out) == {"other_images"}


def test_other_sets_are_measured_for_themselves(tmp_path: Path, asked: list[tuple[str, Subject]]) -> None:
    take(tmp_path, "spread")
    take(tmp_path, "spread", count=50)
    take(tmp_path, "spread", real="train")
    found = extractor("pixels", TABLE)
    measured(TABLE, dataclasses.replace(found, identity="others"), ["spread"], count=60, cache=tmp_path)
    assert len(asked) == 4 * SETS
    others = np.zeros((5, *TABLE.shape), np.uint8)
    mixed = measured(TABLE, found, ["spread"], count=60, others=others, cache=tmp_path)
    assert len(asked) == 4 * SETS + 4, "of another table's images alone"
    assert len(mixed.defects["other_images"]) == 4


def test_what_was_stopped_goes_on(
    tmp_path: Path, asked: list[tuple[str, Subject]], monkeypatch: pytest.MonkeyPatch
) -> None:
    blur = DEFECTS["blur"]

    def stopped(*args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(DEFECTS, "shift", dataclasses.replace(DEFECTS["shift"], damage=stopped))
        with pytest.raises(KeyboardInterrupt):
            take(tmp_path, "spread")
    done = 1 + len(blur.doses)
    assert len(asked) == done
    take(tmp_path, "spread")
    assert len(asked) == SETS


def test_damaged_records_are_made_anew(tmp_path: Path, asked: list[tuple[str, Subject]]) -> None:
    first = take(tmp_path, "spread")
    files = sorted((tmp_path / "defects").iterdir())
    assert len(files) == SETS
    for file, content in zip(files, (b"", b"{", b"[]", b'{"figures": {"spread": 3}}'), strict=False):
        file.write_bytes(content)
    assert take(tmp_path, "spread") == first
    assert len(asked) == SETS + 4


def test_what_cannot_be_taken_is_not_tried_again(tmp_path: Path, asked: list[tuple[str, Subject]]) -> None:
    found = take(tmp_path, "impossible", "spread")
    assert len(asked) == 2 * SETS
    assert set(found.undamaged) == {"spread"}
    take(tmp_path, "impossible")
    assert len(asked) == 2 * SETS


def test_no_damaged_image_is_among_the_real_ones(tmp_path: Path, asked: list[tuple[str, Subject]]) -> None:
    take(tmp_path, "spread")
    for _, subject in asked:
        rows = [subject.data.rows(split) for split in ("test", "train")]
        assert np.array_equal(rows[0], TABLE.rows("test"))
        kept = {TABLE.values[row].tobytes() for row in np.concatenate(rows)}
        assert not any(image.tobytes() in kept for image in subject.samples)


def test_classes_are_asked_of_the_tables_own_classifier(
    tmp_path: Path, asked: list[tuple[str, Subject]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(setting: Setting) -> Extractor:
        assert setting.table is TABLE, "one trained on other splits would be known by this table's fingerprint"
        return dataclasses.replace(extractor("pixels", TABLE), name="classifier", classify=lambda rows: rows)

    monkeypatch.setitem(BUILDERS, "classifier", build)
    assert set(take(tmp_path, "kinds", "spread").undamaged) == {"kinds", "spread"}
    seen = {name: subject.extractor.name for name, subject in asked if subject.extractor is not None}
    assert seen == {"kinds": "classifier", "spread": "pixels"}


def test_it_says_how_long_it_takes(
    tmp_path: Path, asked: list[tuple[str, Subject]], capsys: pytest.CaptureFixture[str]
) -> None:
    measured(TABLE, extractor("pixels", TABLE), ["spread"], count=60, cache=tmp_path, progress=True)
    assert (
        f"{SETS} sets of 60 damaged images are measured, once for these data: about a minute" in capsys.readouterr().err
    )
    measured(TABLE, extractor("pixels", TABLE), ["spread"], count=60, cache=tmp_path, progress=True)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_damaged_is_refused(tmp_path: Path) -> None:
    few = table_of((1, 12, 12), count=30)
    with pytest.raises(MeasureError, match="15 images to damage and 10 to measure them against; use data with 20"):
        measured(few, extractor("pixels", few), ["frechet"], count=60, cache=tmp_path)
    with pytest.raises(MeasureError, match="ring holds points"):
        measured(open_points("ring"), extractor("pixels", TABLE), ["frechet"], count=60, cache=tmp_path)


def test_real_measures_of_damaged_images(tmp_path: Path) -> None:
    names = ["frechet", "precision", "recall", "memorization", "parzen", "two_sample", "birthday"]
    found = take(tmp_path, *names)
    assert set(found.undamaged) == {*names, "total_variation"}
    farthest = {name: rows[-1].figures for name, rows in found.defects.items()}
    for name in FEW[:3]:
        assert farthest[name]["frechet"].value > found.undamaged["frechet"].value
    assert farthest["blur"]["total_variation"].value < 0.5
    assert abs(found.undamaged["memorization"].value - 0.5) < 0.15, "the images that are searched are none of the set's"
