"""Figures read off damaged sets: doses between measured ones, as far as a measure goes one way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import pytest

from advnets.measures.defects import DEFECTS, Figure, Measured, differs, equivalent_doses, sentence_of, together
from advnets.measures.defects.equivalents import nearest
from advnets.measures.defects.measured import Row

DOSES = {
    "blur": (0.3, 0.5, 0.7, 1, 2), "blocks": (2, 3, 4, 5), "noise": (0.02, 0.05, 0.1, 0.2), "shift": (1, 2, 4, 8),
    "rotation": (5, 10, 20, 45), "gray_levels": (16, 8, 4), "jpeg": (90, 70, 50),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _known_doses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, doses in DOSES.items():
        monkeypatch.setitem(DEFECTS, name, dataclasses.replace(DEFECTS[name], doses=doses))


def figure(value: float, half: float = 0.01) -> Figure:
    return Figure(value, (value - half, value + half))


def found_of(undamaged: Mapping[str, float], defects: Mapping[str, Mapping[str, Sequence[float]]]) -> Measured:
    """Figures by defect and measure at the defect's first doses."""
    rows = {
        defect: [
            Row(dose, {name: figure(values[place]) for name, values in courses.items() if place < len(values)})
            for place, dose in enumerate(DOSES[defect][: max(map(len, courses.values()))])
        ]
        for defect, courses in defects.items()
    }
    return Measured({name: figure(value) for name, value in undamaged.items()}, rows, {}, 1000, 1000, False)


def doses_of(value: float, courses: Mapping[str, Sequence[float]], undamaged: float = 1.0) -> dict[str, float]:
    found = found_of({"recall": undamaged}, {name: {"recall": each} for name, each in courses.items()})
    return {each.defect: each.dose for each in equivalent_doses("recall", figure(value), found)}


def test_doses_lie_between_measured_ones() -> None:
    assert doses_of(3, {"blur": [2, 4, 8, 9, 10]})["blur"] == pytest.approx(0.4)
    assert doses_of(1.5, {"blur": [2, 4, 8, 9, 10]})["blur"] == pytest.approx(0.15)
    assert doses_of(8, {"blur": [2, 4, 8, 9, 10]})["blur"] == pytest.approx(0.7)
    # halfway on the scale that the doses are on: gray levels at 16, 8, ... of 256; JPEG downward from 100
    assert doses_of(3, {"gray_levels": [2, 4]})["gray_levels"] == pytest.approx(math.sqrt(16 * 8))
    assert doses_of(1.5, {"gray_levels": [2, 4]})["gray_levels"] == pytest.approx(math.sqrt(256 * 16))
    assert doses_of(1.5, {"jpeg": [2, 4]})["jpeg"] == pytest.approx(95)
    # downward as upward
    assert doses_of(0.4, {"blur": [0.8, 0.6, 0.2]})["blur"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("value", "course"),
    [
        (3, [1, 1.005, 0.995]),  # not seen by the measure
        (3, [0.5, 0.2, 0.1]),  # moved the other way
        (3, [1.5, 2, 2.5]),  # not as far
        (1.6, [1.2, 1.4, 1.1, 1.9]),  # turned before: beyond, doses are no longer told by their figures
    ],
)
def test_where_there_is_no_such_dose(value: float, course: Sequence[float]) -> None:
    assert doses_of(value, {"blur": course}) == {}


def test_steps_back_within_chance_are_none() -> None:
    course = [0.995, 1.5, 1.495, 2]  # intervals are .01 to both sides
    assert doses_of(1.25, {"blur": course})["blur"] == pytest.approx(0.4, abs=0.01)
    assert doses_of(1.75, {"blur": course})["blur"] == pytest.approx(0.85, abs=0.01)
    assert doses_of(1.3, {"blur": [1.2, 1.4, 1.1, 1.9]})["blur"] == pytest.approx(0.4)  # before it turns


def test_a_set_that_could_not_be_measured_ends_the_course() -> None:
    found = found_of({"frechet": 1, "recall": 0.9}, {"blur": {"frechet": [2, 3, 4], "recall": [0.5]}})
    assert [each.dose for each in equivalent_doses("recall", figure(0.7), found)] == [pytest.approx(0.15)]
    assert equivalent_doses("recall", figure(0.3), found) == []
    assert equivalent_doses("coverage", figure(0.3), found) == []


def test_squares_of_distances_are_read_on_a_scale_of_distances() -> None:
    found = found_of({"kernel": 1}, {"shift": {"kernel": [2, 5, 17]}})  # roots of what is above 1: 1, 2, 4 of 1, 2, 4
    for value, dose in ((1.25, 0.5), (2, 1), (3.25, 1.5), (10, 3)):
        (read,) = equivalent_doses("kernel", figure(value), found)
        assert read.dose == pytest.approx(dose)
    closest = nearest({"kernel": figure(10)}, found)
    assert closest is not None
    assert (str(closest), closest.figures["kernel"].value) == ("a shift by 3 pixels", pytest.approx(10))


def test_supports_are_read_on_a_scale_of_ratios() -> None:
    found = found_of({"birthday": 1e6}, {"blur": {"birthday": [1e4, 1e2]}})
    rows = [
        Row(row.dose, {"birthday": Figure(f.value, (f.value / 2, math.inf))})
        for row in found.defects["blur"]
        for f in row.figures.values()
    ]
    found = Measured({"birthday": Figure(1e6, (5e5, 2e6))}, {"blur": rows}, {}, 1, 1, False)
    (dose,) = equivalent_doses("birthday", Figure(1e3, (5e2, 2e3)), found)
    assert dose.dose == pytest.approx(0.4)
    assert not differs("birthday", Figure(1e6, (5e5, 2e6)), Figure(8e5, (4e5, math.inf)))


def test_a_figure_in_a_sentence() -> None:
    steep = {"frechet": [2, 4, 8, 9]}
    found = found_of({"frechet": 1}, dict.fromkeys(("blur", "blocks", "noise", "shift", "rotation"), steep))
    assert sentence_of("frechet", figure(3.06), found) == (
        "frechet 3.06: as a blur of sigma 0.42, noise of 3.8 % of white or a shift by 1.6 pixels"
    )  # of each family the first
    assert sentence_of("frechet", figure(1.005), found) == "frechet 1: as undamaged real images (1)"
    assert sentence_of("frechet", figure(0.5), found) == "frechet 0.5: as no defect of the list"


BLUR = {"frechet": [2, 4, 8], "precision": [0.95, 0.99, 1.0], "recall": [0.6, 0.3, 0.1]}
NOISE = {"frechet": [2, 4, 8], "precision": [0.7, 0.5, 0.2], "recall": [0.85, 0.8, 0.7]}
FOUND = found_of({"frechet": 1, "precision": 0.9, "recall": 0.9}, {"blur": BLUR, "noise": NOISE})


def test_all_figures_together() -> None:
    as_blur = {"frechet": figure(2.866), "precision": figure(0.97), "recall": figure(0.45)}
    assert together(as_blur, FOUND) == "Together they are as a blur of sigma 0.4."
    closest = nearest(as_blur, FOUND)
    assert closest is not None
    assert closest.figures["recall"].value == pytest.approx(0.45)
    real = {"frechet": figure(1), "precision": figure(0.9), "recall": figure(0.9)}
    assert together(real, FOUND) == "Together they are as undamaged real images."
    odd = {"frechet": figure(3), "precision": figure(0.6), "recall": figure(0.45)}  # which noise takes less away of
    assert together(odd, FOUND) == (
        "No defect of the list has these figures together; the nearest is noise of 3.8 % of white, but with recall 0.82"
        " (0.45 here)."
    )
    assert together({"frechet": figure(3)}, FOUND) == ""
    assert nearest({"coverage": figure(3)}, FOUND) is None


def test_a_missing_class_is_told_from_none() -> None:
    assert differs("modes", Figure(9, (8, 10)), Figure(10, (10, 10)))
    assert not differs("modes", Figure(10, (10, 10)), Figure(10, (10, 10)))
    assert not differs("modes", Figure(9, (7, 10)), Figure(10, (10, 10)))
