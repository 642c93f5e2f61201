"""Every exhibit is made quickly, says what the paper says, keeps what took long, and joins the page."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advnets import cli, paper, theory
from advnets.errors import RunError, UsageError
from advnets.paper import theory_exact, theory_grid
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table, joined, markdown, write

FAST = ("costs", "theory")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paper")
    for name in FAST:
        paper.make(name, folder, quick=True, say=lambda _: None)
    return folder


@pytest.mark.parametrize("name", FAST)
def test_an_exhibit_has_text_figures_and_its_pictures(made: Path, name: str) -> None:
    text = (made / f"{name}.md").read_text("utf-8")
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert pictures
    assert all((made / picture).read_bytes().startswith(b"\x89PNG") for picture in pictures)
    facts = json.loads((made / f"{name}.json").read_text("utf-8"))
    assert facts["quick"]
    assert facts["rows"]
    assert f"advnets paper {name} --quick" in text


def figures(made: Path, name: str) -> dict[str, Any]:
    return json.loads((made / f"{name}.json").read_text("utf-8"))["figures"]


def test_the_theory_holds(made: Path) -> None:
    found = figures(made, "theory")
    exact, learned = found["Proposition 1 and Theorem 1"], found["A D that is trained"]
    assert 0 < exact["identity"] < 1e-9
    assert exact["better"] == 0
    assert found["Maximum likelihood is minimizing a divergence"]["identity"] < 1e-9
    descent = found["Proposition 2"]
    assert 0 < descent["largest share of what is promised"] <= 1
    assert 0 <= descent["largest rise"] <= 1e-15
    fits = [fit for group in learned["fits"].values() for fit in group]
    assert all(fit["gap"] > 0 and fit["bound"] < learned["true JSD"] for fit in fits)


def test_a_descent_begins_where_it_says(made: Path) -> None:
    courses = figures(made, "theory")["Proposition 2"]["JSD"]
    p, start = theory_grid.DATA.density(), theory_grid.Mixture((1.0,), (0.3,)).density()
    assert courses["narrow"][0] == pytest.approx(theory.jensen_shannon_divergence(p, start, theory_grid.SPACING))


def test_a_wrong_best_d_loses_to_its_neighbors(monkeypatch: pytest.MonkeyPatch) -> None:
    found = theory_exact.on_random_pairs(100, 0)
    assert found["better"] == 0
    assert found["better than a wrong D"] > found["rivals"] / 4
    monkeypatch.setattr(theory_exact, "optimal_discriminator", lambda p, q: p / np.maximum(p + 1.1 * q, 1e-300))
    found = theory_exact.on_random_pairs(100, 0)
    assert found["better"] > found["rivals"] / 4


def test_only_bounds_that_could_fail_are_counted(made: Path) -> None:
    found = figures(made, "theory")["A D that is trained"]
    fits = [fit for group in found["fits"].values() for fit in group]
    assert found["samples that can prove"] == [10_000]
    assert found["more than 0"] == sum(fit["bound"] > 0 for fit in fits) < len(fits)
    assert found["of these above"] == 0
    text = (made / "theory.md").read_text("utf-8")
    assert f"| {found['more than 0']} of {len(fits)} | with 100 samples none can |" in text
    assert f"| 0 of {found['more than 0']} |" in text


def test_the_costs_saturate_where_the_tutorial_says(made: Path) -> None:
    at = figures(made, "costs")["at"]
    d = 0.01
    assert at["minimax"]["0.01"][1] == pytest.approx(-d / 2)
    assert at["non-saturating"]["0.01"][1] == pytest.approx(-(1 - d))
    assert at["maximum-likelihood"]["0.01"][1] == pytest.approx(-d / (1 - d))


def test_costs_are_compared_with_one_factor(made: Path) -> None:
    assert figures(made, "costs")["slope ratio at .01"] == pytest.approx(99)
    assert "99 times that of log(1 - D(G(z)))" in (made / "costs.md").read_text("utf-8")


def test_what_takes_long_is_kept_until_it_is_of_something_else(tmp_path: Path) -> None:
    calls: list[int] = []

    def compute() -> dict[str, Any]:
        calls.append(1)
        return {"value": (1, 2)}

    bench = Bench("theory", tmp_path, say=lambda _: None)
    assert bench.keep("part", compute, of=[5]) == {"value": [1, 2]} == bench.keep("part", compute, of=(5,))
    assert len(calls) == 1
    for other in (
        Bench("theory", tmp_path, quick=True),
        Bench("theory", tmp_path, seed=1),
    ):
        other.keep("part", compute, of=[5])
    bench.keep("part", compute, of=[6])
    assert len(calls) == 4
    (bench.parts / "part.json").write_text('{"key": ')
    assert bench.keep("part", compute, of=[6]) == {"value": [1, 2]}
    assert len(calls) == 5


def test_fresh_computes_anew_and_touches_nothing_else(tmp_path: Path) -> None:
    paper.make("costs", tmp_path, say=lambda _: None)
    mine, kept = tmp_path / "parts" / "mine.txt", tmp_path / "parts" / "costs" / "part.json"
    for file in (mine, kept):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    paper.make("costs", tmp_path, fresh=True, say=lambda _: None)
    assert mine.exists()
    assert not kept.exists()


def test_sections_are_joined_under_their_headings() -> None:
    sections = [
        Exhibit(f"Part {i}", [f"text {i}", Table(["a|b"], [["c"]])], [Row("what", "1", "2")], differs=[f"D{i}"])
        for i in (1, 2)
    ]
    whole = joined("Whole", "Opening.", sections)
    assert whole.differs == ["D1", "D2"]
    text = markdown(whole, "whole")
    assert text.index("Opening.") < text.index("## Part 1") < text.index("text 2")
    assert "| a&#124;b |" in text
    assert text.count("| what | 2 | 1 |") == 2


def test_the_page_shows_all_and_names_what_is_missing(tmp_path: Path) -> None:
    for name in ("theory", "costs"):
        write(Bench(name, tmp_path), Exhibit(f"The {name}", ["text", Picture("a.png", "a")], [Row("x", "1", "2", "n")]))
    page = paper.write_page(tmp_path, ["theory", "costs"]).read_text("utf-8")
    assert page.index("[The theory](theory.md)") < page.index("[The costs](costs.md)")
    assert "| x | 2 | 1 | n |" in page
    assert "--quick" not in page
    with pytest.raises(RunError, match=r"fig9\.json is missing"):
        paper.write_page(tmp_path, ["fig9"])


def test_mistakes_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="choose one of theory"):
        paper.make("table9", tmp_path)
    assert cli.main(["paper", "table9"]) == 2
    assert "no exhibit 'table9'" in capsys.readouterr().err
    assert cli.main(["paper", "costs", "--seed", "-1", "--out", str(tmp_path)]) == 2
    assert "use 0 to 4294967295" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert cli.main(["paper", "costs", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_every_exhibit_is_made_by_a_module_and_named_in_the_docs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "paper.md").read_text("utf-8")
    for name in paper.EXHIBITS:
        assert callable(importlib.import_module(f"advnets.paper.{name}").make)
        assert f"`{name}`" in page
    assert cli.main(["paper", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in paper.EXHIBITS)
