"""The report, and what stands beside its measures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import advnets
from advnets import cli
from advnets.evaluation.report import write_report
from advnets.measures import Measurement
from advnets.measures.catalog import MEASURES, Subject
from advnets.measures.parzen import parzen

PAPERS = "225 ± 2 nats"


SMALL = ("--generator.hidden", "8", "--discriminator.units", "8", "--batch", "10", "--sample-every", "0")


def trained(run: Path) -> Path:
    assert cli.main(["train", "mnist-dense", *SMALL, "--steps", "2", "--run", str(run)]) == 0
    return run


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that makes digits of the paper's size, if not of its quality."""
    return trained(tmp_path_factory.mktemp("runs") / "digits")


@pytest.mark.parametrize(
    ("real", "count", "shown"),
    [("test", 10_000, True), ("valid", 10_000, False), ("train", 10_000, False), ("test", 9_999, False)],
)
def test_the_papers_figure_stands_only_beside_what_compares_with_it(
    digits: Path,
    real: str,
    count: int,
    shown: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def of_few(subject: Subject) -> Measurement:  # all ten thousand take minutes, and only the words are looked at
        images = subject.images.values
        return parzen(subject.samples[:20], images[:20], images[20:40])

    monkeypatch.setitem(MEASURES, "parzen", dataclasses.replace(MEASURES["parzen"], compute=of_few))
    capsys.readouterr()
    options = ["--metrics", "parzen", "--real", real, "--count", str(count)]
    assert cli.main(["evaluate", str(digits), *options]) == 0
    said = capsys.readouterr().out
    assert f"({real})" in said
    assert "parzen" in said
    assert (PAPERS in said) == ("paper" in said) == shown
    report = (digits / "report.md").read_text("utf-8")
    assert "| parzen |" in report
    assert (PAPERS in report) == shown


@pytest.mark.usefixtures("few_digits")
def test_answers_of_the_same_samples_come_together_whatever_was_asked_first(tmp_path: Path) -> None:
    digits = trained(tmp_path / "run")
    path = digits / "evaluation.json"
    for name in ("birthday", "memorization", "recall"):
        assert cli.main(["evaluate", str(digits), "--metrics", name, "--count", "80"]) == 0
    answers = json.loads(path.read_text("utf-8"))
    assert set(answers) == {"birthday", "memorization", "recall"}
    assert {name for name, answer in answers.items() if "training" in answer["of"]} == {"memorization"}
    assert (digits / "duplicates.png").exists()
    note = answers["recall"]["notes"][-1]
    assert "recall takes as many samples as real examples" in note
    assert f"- {note}" in (digits / "report.md").read_text("utf-8").splitlines()


def headings(run: Path) -> list[str]:
    return [line for line in (run / "report.md").read_text("utf-8").splitlines() if line.startswith("#")]


def test_what_is_of_a_step_says_so_whatever_step_the_run_is_at(run: Path) -> None:
    assert cli.main(["evaluate", str(run), "--metrics", "modes", "--count", "100", "--step", "20"]) == 0
    of_20 = ["# ring: step 40 of 40", "## Measures of step 20", "## Samples of step 20", "## Course of the training"]
    assert headings(run)[:4] == of_20
    write_report(advnets.load(run))  # as a training does at its end: what was measured before is still shown
    assert headings(run)[:3] == ["# ring: step 40 of 40", "## Measures of step 20", "## Samples of step 40"]
    assert "Last line of the log, step 40: " in (run / "report.md").read_text("utf-8")
