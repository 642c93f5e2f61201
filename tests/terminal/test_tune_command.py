"""`advnets tune`: a study of small games, gone on with, refused, explained."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest

from advnets import cli
from advnets.errors import DivergedError
from advnets.runs.directory import RunDirectory

SMALL = (
    "tune", "ring", "--generator.hidden", "16", "--discriminator.units", "16", "--batch", "32", "--steps", "20",
    "--checkpoint-every", "10", "--sample-every", "0", "--measure", "frechet@count=500,every=10",
)  # fmt: skip
pytestmark = pytest.mark.usefixtures("no_report")


def said(capsys: pytest.CaptureFixture[str], *more: object, code: int = 0) -> str:
    capsys.readouterr()
    assert cli.main([*SMALL, *map(str, more)]) == code
    return "".join(capsys.readouterr())


def test_a_study_is_played_gone_on_with_and_its_winner_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study"
    first = said(capsys, "--study", study, "--trials", 2)
    assert "trial 0 is the recipe as it is" in first
    assert "2 trials: 2 done" in first
    assert f"winner: {study}/best.yaml" in first
    again = said(capsys, "--study", study, "--trials", 2)
    assert "trial 0, of" not in again
    assert "2 trials: 2 done" in again
    more = said(capsys, "--study", study, "--trials", 3)
    assert "trial 2, of 3 in all" in more
    assert "3 trials: 3 done" in more
    for number in range(3):
        run = RunDirectory.open(study / "trials" / f"{number:04d}")
        assert run.status == "done"
        assert run.recipe.seed == 0
    assert cli.main(["train", str(study / "best.yaml"), "--run", str(tmp_path / "won")]) == 0
    other = said(capsys, "--study", study, "--latent", 4, code=2)
    assert "was begun otherwise" in other
    assert other.count("\n") == 1


def test_a_trial_that_diverges_is_one_of_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from advnets.training.trainer import Trainer

    advance = Trainer.advance

    def advanced(trainer: Trainer) -> Any:
        if trainer.step == 10 and trainer.recipe.batch == 16:
            raise DivergedError("a cost is not finite")
        return advance(trainer)

    monkeypatch.setattr(Trainer, "advance", advanced)
    line = [word for word in SMALL if word not in ("--batch", "32")]
    more = ["--search", "batch=16,32", "--study", str(tmp_path / "s"), "--trials", "3"]
    assert cli.main([*line, *more]) == 0
    out = capsys.readouterr().out
    assert ", diverged (a cost is not finite)" in out
    assert "done" in out
    assert "batch: 32" in (tmp_path / "s" / "best.yaml").read_text()


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--trials", "0"], "--trials 0; give a number"),
        (["--trials", "2", "--trials", "3"], "--trials is said twice"),
        (["--run", "x"], "say --study DIRECTORY"),
        (["--search"], "--search needs a value"),
        (["--search", "steps=1,2"], "given a value already"),
        (["--no-prune", "x"], "--no-prune takes no value"),
        (["--measure", "nonsense"], "said twice"),
        (["--storage", "sqlite:///x"], "no PostgreSQL database"),
        (["--nonsense", "1"], "unknown flag --nonsense"),
    ],
)
def test_mistakes_are_one_line_and_make_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    found = said(capsys, *more, code=2)
    assert line in found
    assert found.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_without_optuna_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "optuna":
            raise ImportError(name)
        return real(name, *args, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert "pip install 'advnets[tune]'" in said(capsys, code=2)


def test_the_help_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tune", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--search FIELD=VALUES" in out
    assert "--no-prune" in out
    assert all(len(line) <= 120 for line in out.splitlines())


def test_a_study_says_what_it_is_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "--study", tmp_path / "s", "--trials", 1)
    command = json.loads((tmp_path / "s" / "trials" / "0000" / "run.json").read_bytes())["command"]
    assert command
    assert cli.main(["info", str(tmp_path / "s")]) == 0
    assert "trials/0000" in capsys.readouterr().out
