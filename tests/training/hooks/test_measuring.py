"""Measures in training: logged with intervals, within a budget, the best kept, an end by plateau, exact on resume."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from small_games import ring, saved

import advnets
from advnets.config.measuring import parse_flag
from advnets.errors import MeasureError, RecipeError, RunError
from advnets.measures.catalog import MEASURES, Entry
from advnets.measures.progress import at_rest, best_step
from advnets.runs import checkpoint

MEASURED = {"metrics": "frechet,modes", "every": 10, "count": 500}


def lines(run: advnets.Run | Path) -> list[dict[str, Any]]:
    path = run if isinstance(run, Path) else run.path
    found = [json.loads(line) for line in (path / "measures.jsonl").read_text("utf-8").splitlines()]
    return [{key: value for key, value in line.items() if key != "measure_seconds"} for line in found]


def line(step: int, value: float) -> dict[str, Any]:
    return {"step": step, "measures": {"frechet": {"value": value}, "precision": {"value": value}}}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return advnets.train(ring(measure=MEASURED), run=tmp_path_factory.mktemp("measured") / "run").path


def test_every_measurement_is_a_line_with_intervals(measured: Path) -> None:
    found = lines(measured)
    assert [entry["step"] for entry in found] == [10, 20, 30, 40]
    for entry in found:
        assert entry["count"] == 500
        assert list(entry["measures"]) == ["frechet", "modes"]
        for answer in entry["measures"].values():
            low, high = answer["interval"]
            assert low <= answer["value"] <= high


def test_measuring_does_not_change_the_training(measured: Path, finished: Path) -> None:
    assert saved(measured, 40) == saved(finished, 40)


def test_a_resumed_training_measures_as_one_never_stopped(measured: Path, tmp_path: Path) -> None:
    part = advnets.train(ring(measure=MEASURED, steps=25), run=tmp_path / "part")
    torn = (part.path / "measures.jsonl").read_text("utf-8")
    (part.path / "measures.jsonl").write_text(torn + '{"step": 30, "measu')
    resumed = advnets.resume(part, steps=40)
    # 25 was the end of the shorter training, and so was measured.
    assert [entry for entry in lines(resumed) if entry["step"] != 25] == lines(measured)


def test_a_training_made_longer_goes_on_measuring_on_its_grid(tmp_path: Path) -> None:
    run = advnets.train(ring(measure={"metrics": "modes", "count": 500}, steps=80), run=tmp_path / "run")
    assert run.recipe.measure.every == 2
    assert [entry["step"] for entry in lines(advnets.resume(run, steps=90))] == list(range(2, 91, 2))


def test_the_best_checkpoint_outlives_the_newest(tmp_path: Path) -> None:
    config = {**MEASURED, "best": "modes"}
    run = advnets.train(ring(measure=config, steps=60, keep_checkpoints=1, checkpoint_every=10), run=tmp_path / "run")
    best = best_step(lines(run), "modes")
    assert best is not None
    assert set(checkpoint.steps(run.directory.checkpoints)) == {best, 60}
    assert run.best.step == best


def test_what_has_no_best_step_yet_says_how_it_comes_to_one(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"was not measured in training; .*train anew with --measure"):
        _ = advnets.load(finished).best
    early = advnets.train(ring(measure=MEASURED), run=tmp_path / "run")
    (early.path / "measures.jsonl").unlink()  # as of one that was stopped before its first measurement
    with pytest.raises(RunError, match=r"not measured yet; advnets resume .* every 10 steps and at its end"):
        _ = early.best


def test_a_plateau_ends_the_training(tmp_path: Path) -> None:
    # At a rate of nearly nothing, modes stay as they are.
    slow = {"generator.rate": 1e-12, "discriminator.rate": 1e-12}
    measure = {"metrics": "modes", "every": 10, "count": 500, "patience": 3}
    run = advnets.train(ring(measure=measure, steps=400, **slow), run=tmp_path / "run")
    assert (run.step, run.directory.status) == (40, "at rest")
    assert [entry["step"] for entry in lines(run)] == [10, 20, 30, 40]
    again = advnets.resume(run)
    assert again.step == 40


def test_best_is_what_the_measure_calls_better() -> None:
    course = [line(10, 3.0), line(20, 1.0), line(30, 2.0), line(40, 1.0)]
    assert best_step(course, "frechet") == 20
    assert best_step(course, "precision") == 10
    assert best_step([], "frechet") is None
    assert at_rest(course, "frechet", 2)
    assert not at_rest(course, "frechet", 3)
    assert not at_rest(course, "frechet", 0)


def test_a_budget_that_allows_nothing_is_said_once_and_the_fewest_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frugal = advnets.train(ring(measure={**MEASURED, "count": 0, "budget": 1e-6}), run=tmp_path / "run")
    assert {entry["count"] for entry in lines(frugal)} == {500}
    assert capsys.readouterr().err.count("of the training time, with as few as 500 samples") == 1


def test_samples_are_as_many_as_the_budget_allows_and_stay_as_many(tmp_path: Path) -> None:
    rich = advnets.train(ring(measure={**MEASURED, "count": 0, "every": 20, "budget": 1.0}), run=tmp_path / "rich")
    (count,) = {entry["count"] for entry in lines(rich)}
    assert 500 <= count <= 10_000
    assert {entry["count"] for entry in lines(advnets.resume(rich, steps=60))} == {count}


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"metrics": "ppl"}, MeasureError), ({"metrics": "frechet", "best": "recall"}, MeasureError),
        ({"metrics": "frechet", "budget": 0.0}, RecipeError), ({"metrics": "frechet", "every": -1}, RecipeError),
        ({"metrics": "frechet", "count": 1}, RecipeError),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_said_before_the_first_step(
    tmp_path: Path, config: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        advnets.train(ring(measure=config), run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_words_of_other_libraries_are_explained_once_and_real_images_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = advnets.train(ring(measure={**MEASURED, "metrics": "fid,prc", "best": "FID"}, steps=20), run=tmp_path / "r")
    assert list(lines(run)[0]["measures"]) == ["frechet", "precision", "recall"]
    said = capsys.readouterr().err
    assert said.count("fid is frechet, here in points") == 1
    assert "(500 samples, 10,000 real)" in said


def test_the_flag_spells_the_fields() -> None:
    assert parse_flag("frechet,recall@every=500,best=recall") == {
        "metrics": "frechet,recall", "every": "500", "best": "recall",
    }  # fmt: skip
    assert parse_flag("frechet") == {"metrics": "frechet"}
    for wrong in ("frechet@often", "frechet@metrics=recall", "frechet@pace=3"):
        with pytest.raises(MeasureError, match="write NAMES@field=value"):
            parse_flag(wrong)


@pytest.mark.parametrize("flag", ["@every=10", "", " , @every=5", "frechet@every=abc", "frechet@budget=nan"])
def test_a_flag_without_sense_is_one_line(flag: str) -> None:
    with pytest.raises(MeasureError, match=r"names no measure|give a number"):
        parse_flag(flag)


def test_a_measure_that_cannot_be_taken_does_not_end_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(subject: object) -> None:
        raise MeasureError("too few")

    monkeypatch.setitem(MEASURES, "recall", Entry(refuse, "higher", "features"))  # type: ignore[arg-type]
    run = advnets.train(ring(measure={**MEASURED, "metrics": "modes,recall"}), run=tmp_path / "run")
    assert run.step == 40
    assert all(set(entry["measures"]) == {"modes"} for entry in lines(run))
    assert all("too few" in entry["refused"]["recall"] for entry in lines(run))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"metrics": "parzen"}, "parzen is about images"),
        ({"metrics": "inception_score"}, "inception_score is about images"),
        ({"features": "classifier"}, "holds points, which have no classifier"),
        ({"metrics": "frechet_infinity", "count": 20}, "frechet_infinity of 20 samples"),
    ],
)
def test_what_never_fits_the_data_is_refused_at_the_start(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(MeasureError, match=says):
        advnets.train(ring(measure={**MEASURED, **changes}), run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def at_thirty(lines: Sequence[Mapping[str, Any]], share: float) -> bool:
    assert share == lines[-1]["step"] / 40
    return lines[-1]["step"] == 30


def test_a_hopeless_training_ends_with_a_checkpoint_and_may_go_on(measured: Path, tmp_path: Path) -> None:
    run = advnets.train(ring(measure=MEASURED), run=tmp_path / "run", prune=at_thirty)
    assert run.directory.status == "pruned"
    assert checkpoint.steps(run.path / "checkpoints")[-1] == run.step == 30
    again = advnets.resume(run.path)
    assert again.directory.status == "done"
    assert lines(again) == lines(measured)
    assert saved(run.path, 40) == saved(measured, 40)


def test_a_kill_between_a_hopeless_measurement_and_the_end_changes_nothing(tmp_path: Path) -> None:
    run = advnets.train(ring(measure=MEASURED), run=tmp_path / "run", prune=at_thirty)
    run.directory.write_facts({**run.directory.facts, "status": "running"})
    again = advnets.resume(run.path, prune=at_thirty)
    assert (again.step, again.directory.status) == (30, "pruned")


def test_prune_without_a_measure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="none are taken"):
        advnets.train(ring(), run=tmp_path / "run", prune=at_thirty)
    assert not (tmp_path / "run").exists()
