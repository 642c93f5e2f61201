"""A folder of runs, sorted and filtered: by facts, fields of the recipe, and measures that compare."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advnets import cli
from advnets.errors import UsageError
from advnets.runs.directory import RunDirectory
from advnets.terminal.listed import Figure, Listed
from advnets.terminal.ranking import column, condition, ranked, ways

Info = Callable[..., list[dict[str, Any]]]


def run(name: str, figure: float | None = None, measure: str = "frechet", **facts: Any) -> Listed:
    """A run in a list; of so many samples its figure was taken."""
    conditions = {"features": "pixels", "count": facts.pop("count", 1000)}
    measures = {} if figure is None else {measure: Figure(figure, (figure - 1, figure + 1), 40, conditions)}
    fields = facts.pop("fields", {"game": {"objective": "hinge", "generator": {"optimizer": {"rate": 1e-3}}}})
    known = {"recipe": "ring", "data": "ring", "step": 40, "steps": 40, "status": "done", "measure": None,
             "changed": "2026-01-01T00:00:00+00:00"}  # fmt: skip
    return Listed(name, **known | facts, measures=measures, fields=fields)


def names(runs: list[Listed]) -> str:
    return "".join(each.run for each in runs)


@pytest.mark.parametrize(
    ("measure", "reverse", "order"),
    [("frechet", False, "bac-"), ("frechet", True, "cab-"), ("recall", False, "cab-"), ("recall", True, "bac-")],
)
def test_the_best_come_first_whichever_way_the_measure_points(measure: str, reverse: bool, order: str) -> None:
    runs = [run("a", 0.2, measure), run("b", 0.1, measure), run("-"), run("c", 0.3, measure)]
    assert names(ranked(runs, column(measure, runs), reverse)) == order


def test_what_does_not_compare_is_ranked_by_itself_the_most_frequent_first() -> None:
    runs = [run("a", 1.0, count=500), run("b", 3.0), run("-"), run("c", 2.0), run("d", 0.5, count=500), run("e", 9.0)]
    assert names(ranked(runs, column("frechet", runs))) == "cbeda-"
    found = ways(runs, "frechet")
    assert found.said == "frechet was taken in 2 ways, which do not compare: A: count 1,000; B: count 500"
    assert [found.letter(each) for each in "abc-"] == ["B", "A", "A", ""]
    alike = [run("a", 1.0), run("b", 2.0)]
    assert (ways(alike, "frechet").said, ways(alike, "frechet").letter("a")) == ("", "")


def test_facts_and_fields_sort_upward_and_what_changed_last_comes_first() -> None:
    a = run("a", recipe="ring", step=9, changed="2026-01-01T00:00:00+00:00", fields={"game": {"k": 2, "batch": 10}})
    b = run("b", recipe="grid", step=70, changed="2026-01-02T00:00:00+00:00", fields={"game": {"k": None, "batch": 9}})
    for name, order in (("recipe", "ba"), ("step", "ab"), ("changed", "ba"), ("batch", "ba"), ("k", "ab")):
        assert names(ranked([a, b], column(name, [a, b]))) == order


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("frechet<2", "a"), ("frechet<=2", "ab"), ("frechet != 2", "a"), ("fid>1", "b"), ("recipe=ring", "ac"),
        ("recipe!=ring", "b"), ("recipe=r*", "ac"), ("status=finished", "ab"), ("status!=finished", "c"),
        ("status=at rest", "b"), ("steps>=1,000", "c"), ("generator.rate<1e-2", "abc"), ("objective=hinge", "abc"),
        ("changed>1h", "abc"), ("changed<1h", ""), ("step=40", "abc"), ("game.generator.optimizer.rate=0.001", "abc"),
    ],
)  # fmt: skip
def test_conditions(said: str, found: str) -> None:
    runs = [run("a", 1.0), run("b", 2.0, recipe="grid", status="at rest"), run("c", status="stopped", steps=1000)]
    asked = condition(said, runs)
    assert "".join(each.run for each in runs if asked.holds(each)) == found


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("frechet", "write NAME=VALUE"), ("frechet<many", "'many' is no number"), ("recipe<ring", "compares words"),
        ("status=finnished", "no such status; choose from running, done"), ("changed<5", "is no age"),
        ("changed=2d", "is no age"), ("freshet<3", "no run has 'freshet'; perhaps you mean frechet; there are run, "),
        ("recall>0", r"no run has 'recall'; there are .* measures \(frechet\)"),
        ("rate=1", r"rate may mean game\.generator\.optimizer\.rate, game\.discriminator\.rate; say which"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused_with_what_there_is(said: str, wrong: str) -> None:
    runs = [run("a", 1.0, fields={"game": {"generator": {"optimizer": {"rate": 1}}, "discriminator": {"rate": 2}}})]
    with pytest.raises(UsageError, match=wrong):
        condition(said, runs).holds(runs[0])


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """Runs of the ring: measured in training, evaluated later, at another count, not at all; and a damaged one."""
    figures = {"early": [(20, 3.0), (40, 5.0)], "evaluated": [(40, 4.0)], "again": [(40, 4.5)], "plain": []}
    for name, lines in figures.items():
        copied = shutil.copytree(finished, tmp_path / name)
        text = "".join(json.dumps(measured(step, value)) + "\n" for step, value in lines)
        (copied / "measures.jsonl").write_text(text)
    answer = {"value": 7.0, "interval": [6.0, 8.0], "features": "points"}
    of = {"data": "ring", "real": "test", "fingerprint": "0" * 64, "count": 10_000, "step": 40}
    (tmp_path / "evaluated" / "evaluation.json").write_text(json.dumps({"frechet": {**answer, "of": of}}))
    recipe = tmp_path / "plain" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("log_every: 10", "log_every: 7"))
    shutil.copytree(finished, tmp_path / "damaged")
    (tmp_path / "damaged" / "run.json").write_text("{}")
    return tmp_path


def measured(step: int, value: float) -> dict[str, Any]:
    answer = {"value": value, "interval": [value - 1, value + 1], "features": "points"}
    return {"step": step, "count": 500, "measures": {"frechet": answer}}


@pytest.fixture
def info(folder: Path, capsys: pytest.CaptureFixture[str]) -> Info:
    def info(*flags: str) -> list[dict[str, Any]]:
        assert cli.main(["info", str(folder), "--json", *flags]) == 0
        return json.loads(capsys.readouterr().out)

    return info


def test_figures_are_of_the_latest_step_and_with_how_they_came_about(info: Info, folder: Path) -> None:
    found = {Path(each["run"]).name: each["measures"] for each in info("--sort", "frechet")}
    assert list(found) == ["again", "early", "evaluated", "damaged", "plain"]
    fingerprint = RunDirectory.open(folder / "early").facts["data"]["fingerprint"]
    ours = {"features": "points", "data": "ring", "real": "valid", "fingerprint": fingerprint, "count": 500}
    early = {"value": 5.0, "interval": [4.0, 6.0], "step": 40, "way": 1}
    assert {name: early[name] for name in early} == {name: found["early"]["frechet"][name] for name in early}
    assert {name: found["early"]["frechet"]["conditions"][name] for name in ours} == ours
    assert (found["evaluated"]["frechet"]["value"], found["evaluated"]["frechet"]["way"]) == (7.0, 2)
    assert found["plain"] == {}


def test_the_table_tells_apart_what_does_not_compare(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(folder), "--sort", "frechet", "--where", "recipe=ring"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split()[-2:] == ["frechet", "changed"]
    assert [Path(line.split()[0]).name for line in lines[:4]] == ["again", "early", "evaluated", "plain"]
    assert [re.split(r"\s{2,}", line)[5] for line in lines[:4]] == [
        "4.5 (3.5 to 5.5) A", "5 (4 to 6) A", "7 (6 to 8) B", "-",
    ]  # fmt: skip
    assert lines[4].startswith("frechet was taken in 2 ways, which do not compare: A: real valid, fingerprint ")
    assert lines[4].endswith(", count 10,000")
    assert lines[5:] == ["1 of them without frechet, last", "4 of 5 runs"]


def test_columns_and_fields_of_recipes(info: Info, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = info("--columns", "run,log_every,frechet", "--where", "log-every<8")
    assert found == [{"run": str(folder / "plain"), "log_every": 7, "frechet": None}]
    assert cli.main(["info", str(folder), "--columns", "log_every,status", "--sort", "log_every"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[:3] == [["log_every", "status"], ["7", "done"], ["10", "done"]]
    assert info("--where", "step>1000") == []


def test_one_run_is_not_sorted(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(finished), "--sort", "step"]) == 2
    assert "is one run; leave --sort" in capsys.readouterr().err
