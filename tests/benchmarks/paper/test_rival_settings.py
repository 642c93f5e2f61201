"""The benchmark of the rivals' settings: its rule, and that no image chooses the window that it is scored with."""

from advnets.data import open_table
from advnets.measures.parzen import VALIDATION_IMAGES
from advnets.paper.workspace import Workspace
from benchmarks.paper import rivals


def end(parzen, precision, recall):
    figures = {"parzen": parzen, "total_variation": 1.0, "precision": precision, "recall": recall}
    return {"30": {}, "300": {name: {"value": value} for name, value in figures.items()}}


def test_the_rule_takes_the_best_of_those_that_reach_the_papers_figure():
    lines = {
        "CAE, a": end(120.9, 0.9, 0.9), "CAE, b": end(121, 0.3, 0.3), "CAE, c": end(300, 0.5, 0.05),
        "GSN, a": end(213.9, 0.9, 0.9),
    }  # fmt: skip
    assert rivals.chosen(lines, "cae") == "CAE, b"
    assert rivals.chosen(lines, "gsn") is None


def test_images_that_choose_the_window_are_not_among_the_samples(tmp_path, monkeypatch):
    digits, drawn = open_table("mnist"), []
    monkeypatch.setattr(rivals, "measured", lambda samples, _: drawn.append(samples) or {})
    rivals.real(Workspace("rivals", tmp_path), digits, 10_000)
    once = {image.tobytes() for image in digits.values[digits.rows("train")[VALIDATION_IMAGES:]]}
    assert {image.tobytes() for image in drawn[0]} <= once
