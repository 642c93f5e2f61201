"""Evaluation: whatever holds samples is measured, Parzen never alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.data import open_table
from advnets.errors import MeasureError, RecipeError
from advnets.recipe import from_dict


def real_digits(count: int = 120) -> np.ndarray:
    return np.array(open_table("mnist").images[:count])


def test_a_folder_and_an_array_of_the_same_samples_measure_the_same(tmp_path: Path) -> None:
    digits = real_digits()
    for number, image in enumerate(digits):
        Image.fromarray(image[0]).save(tmp_path / f"{number:04d}.png")
    from_folder = advnets.evaluate(tmp_path, "mnist").measures
    from_array = advnets.evaluate(digits, "mnist").measures
    for name, answer in from_array.items():
        assert from_folder[name]["value"] == pytest.approx(answer["value"], rel=1e-9)


def test_parzen_brings_the_total_variation_with_it() -> None:
    measures = advnets.evaluate(real_digits(), "mnist", metrics=["parzen"]).measures
    assert set(measures) == {"parzen", "total_variation"}
    assert measures["total_variation"]["value"] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("shape", [(20, 28, 28), (20, 28, 28, 1)])
def test_an_array_of_another_layout_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(MeasureError, match="N x C x H x W"):
        advnets.evaluate(np.zeros(shape, np.uint8), "mnist")


def test_no_measure_is_no_evaluation() -> None:
    with pytest.raises(MeasureError, match="no measure"):
        advnets.evaluate(real_digits(10), "mnist", metrics=[])


@pytest.mark.parametrize("name", ["../escape", "/tmp/escape", ".hidden", "", "a/b"])
def test_a_recipes_name_never_leaves_the_runs_folder(name: str) -> None:
    with pytest.raises(RecipeError, match="name cannot be"):
        from_dict({"name": name}, "stranger.yaml")
