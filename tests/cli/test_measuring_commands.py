"""Commands that measure and compare: figures, reports, pictures."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import Terminal
from PIL import Image

from advnets.evaluation.report import write_report
from advnets.runs.run import Run
from advnets.terminal import measuring


def test_evaluation(terminal: Terminal, digits: Path, folder: Path) -> None:
    said = terminal.out(
        "evaluate", digits, "--metrics", "total_variation,parzen", "--count", 200, "--json", "answers.json"
    )
    answers = json.loads((folder / "answers.json").read_text())
    assert list(answers) == ["total_variation", "parzen"]
    for answer in answers.values():
        assert isinstance(answer["value"], float)
        assert "standard_error" in answer or "interval" in answer
    assert "answers: answers.json" in said
    assert json.loads((digits / "evaluation.json").read_text()) == answers
    assert "## Measures" in (digits / "report.md").read_text()


def test_samples_in_a_file_are_measured(terminal: Terminal, digits: Path, folder: Path) -> None:
    terminal.out("sample", digits, "--count", 50, "--out", "made.npy")
    args = ("--data", "mnist", "--metrics", "total_variation", "--json", "answers.json")
    terminal.out("evaluate", "made.npy", *args)
    assert list(json.loads((folder / "answers.json").read_text())) == ["total_variation"]


def test_the_report_says_which_step_was_measured(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "total_variation")
    report = folder / "run" / "report.md"
    assert "100 samples (seed 1) of step 20 against 10,000 real images of mnist (test)." in report.read_text("utf-8")
    assert "neighbors.png" in report.read_text("utf-8")
    terminal.out("resume", "run", "--steps", 25)
    assert "of step 20 against 10,000 real images of mnist (test)." in report.read_text("utf-8")
    assert "neighbors.png" not in report.read_text("utf-8")  # it shows samples of another step
    terminal.out("evaluate", "run", "--count", 10, "--metrics", "total_variation")
    assert not (folder / "run" / "neighbors.png").exists()


def test_another_seed_leaves_the_reports_picture(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    before = (folder / "run" / "samples.png").read_bytes()
    assert "samples-5.png" in terminal.out("sample", "run", "--seed", 5)
    assert (folder / "run" / "samples.png").read_bytes() == before


def test_points_are_not_images_to_measure_against(terminal: Terminal, digits: Path) -> None:
    assert "ring holds points, not images" in terminal.mistake("evaluate", digits, "--data", "ring")


def test_pictures_of_other_samples_are_not_mixed_in(terminal: Terminal, digits: Path, folder: Path) -> None:
    terminal.out("sample", digits, "--count", 5, "--out", "made")
    terminal.out("sample", digits, "--count", 5, "--out", "made")  # the same again
    assert "made holds more than these 3 samples; name an empty" in terminal.mistake(
        "sample", digits, "--count", 3, "--out", "made"
    )
    assert "made holds other pictures; name an empty" in terminal.mistake(
        "sample", digits, "--count", 5, "--seed", 1, "--out", "made"
    )
    assert len(list((folder / "made").iterdir())) == 5


@pytest.mark.parametrize("content", ["", "[]", "{", '{"parzen": {"value": 1.0, "of": {"data": "mnist", "count": 5}}}'])
def test_a_report_does_without_measures_that_are_not_its_own(
    digits: Path, folder: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.figures.curves", lambda *_: None)
    shutil.copytree(digits, folder / "run")
    (folder / "run" / "evaluation.json").write_text(content)
    write_report(Run(folder / "run"))
    assert "## Measures" not in (folder / "run" / "report.md").read_text("utf-8")


def test_a_copied_run_keeps_its_pictures(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "total_variation")
    terminal.out("interpolate", "run")
    for file in (folder / "run" / "checkpoints").rglob("*"):
        os.utime(file)
    terminal.out("resume", "run")
    report = (folder / "run" / "report.md").read_text("utf-8")
    assert "neighbors.png" in report
    assert "interpolation.png" in report
    terminal.out("resume", "run", "--steps", 21)
    report = (folder / "run" / "report.md").read_text("utf-8")
    assert "neighbors.png" not in report
    assert "interpolation.png" not in report


def test_a_run_is_measured_against_images_of_another_size(terminal: Terminal, digits: Path, folder: Path) -> None:
    rng = np.random.default_rng(0)
    np.save(folder / "large [1].npy", rng.integers(0, 256, (60, 40, 40, 3), dtype=np.uint8))
    args = ("--metrics", "total_variation", "--count", 50)
    said = terminal.out("evaluate", digits, "--data", "large [1].npy", *args)
    assert "50 samples, 1 x 28 x 28, against 60 real images of large [1].npy (all), in pixels" in said
    assert "real images in large [1].npy: 60 of 60 were shrunk from 40 x 40 to 28 x 28 (Lanczos, antialiased)" in said


def test_the_closest_pairs_are_shown(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "run")
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "birthday,two_sample")
    assert Image.open(folder / "run" / "duplicates.png").size[0] > 10 * 28
    terminal.out("evaluate", "run", "--count", 100, "--metrics", "total_variation")
    answers = json.loads((folder / "run" / "evaluation.json").read_text())
    assert set(answers) == {"birthday", "two_sample", "total_variation"}  # of the same samples: kept
    assert "duplicates.png" in (folder / "run" / "report.md").read_text("utf-8")
    terminal.out("evaluate", "run", "--count", 90, "--metrics", "total_variation")
    assert set(json.loads((folder / "run" / "evaluation.json").read_text())) == {"total_variation"}
    assert not (folder / "run" / "duplicates.png").exists()


def test_generators_are_compared(terminal: Terminal, digits: Path, folder: Path) -> None:
    shutil.copytree(digits, folder / "again")
    rng = np.random.default_rng(0)
    np.save(folder / "noise.npy", rng.integers(0, 256, (100, 28, 28, 1), dtype=np.uint8))
    args = ("--data", "mnist", "--count", 100, "--metrics", "total_variation,sliced_wasserstein")
    said = terminal.out("compare", digits, "again", "noise.npy", *args, "--json", "found.json")
    assert "differences are real at 95 %" in said
    assert Image.open(folder / "comparison.png").size[0] > 300
    found = json.loads((folder / "found.json").read_text())
    verdicts = found["verdicts"]["sliced_wasserstein"]
    assert verdicts["again"] in ("best", "like the best")
    assert verdicts["noise.npy"] == "worse"


def test_figures_are_set_beside_damaged_images(
    terminal: Terminal,
    digits: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    only_defects: Callable[..., None],
) -> None:
    monkeypatch.setenv("ADVNETS_CACHE", str(folder / "cache"))
    only_defects("blur", "noise")
    shutil.copytree(digits, folder / "run")
    args = ("--count", 60, "--metrics", "total_variation,precision", "--equivalents", "--json", "answers.json")
    said = terminal.out("evaluate", "run", *args)
    answers = json.loads((folder / "answers.json").read_text())
    kept = json.loads((folder / "run" / "evaluation.json").read_text())
    report = (folder / "run" / "report.md").read_text("utf-8")
    for name in ("total_variation", "precision"):
        sentence = answers[name]["equivalents"]["said"]
        assert f"\n{sentence}\n" in said
        assert f"- {sentence}\n" in report
        assert kept[name]["equivalents"] == answers[name]["equivalents"]
    assert "### What the figures are worth" in report
    assert answers["total_variation"]["equivalents"]["together"] in said


def test_what_was_measured_is_kept_though_nobody_reads_it(
    digits: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **options: object) -> None:
        raise BrokenPipeError

    run = shutil.copytree(digits, folder / "unread")
    (run / "evaluation.json").unlink(missing_ok=True)
    monkeypatch.setattr("advnets.terminal.answers.print_evaluation", gone)
    with pytest.raises(BrokenPipeError):
        measuring.evaluate([str(run), "--metrics", "total_variation", "--count", "50"])
    assert (run / "evaluation.json").exists()
