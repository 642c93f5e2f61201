"""Every exhibit is made quickly, says what the paper says, keeps what took long, and joins the page."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advnets import cli, paper, theory
from advnets.data import open_table
from advnets.errors import RunError, UsageError
from advnets.paper import table2
from advnets.paper.exhibit import Exhibit, Picture, Row, Table, joined, markdown, write
from advnets.paper.fig1 import data as fig1_data
from advnets.paper.fig1 import exhibit as fig1
from advnets.paper.fig1 import game as fig1_game
from advnets.paper.theory import exact as theory_exact
from advnets.paper.theory import grid as theory_grid
from advnets.paper.theory import learned as theory_learned
from advnets.paper.workspace import Workspace

PICTURELESS = "table2"  # words and figures
pytestmark = pytest.mark.timeout(900)  # whichever test comes first makes all exhibits


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All exhibits and their page, by the one command."""
    folder = tmp_path_factory.mktemp("paper")
    assert paper.make("all", folder, quick=True, say=lambda _: None) == folder / "README.md"
    return folder


def embedded(text: str) -> list[str]:
    return re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)


@pytest.mark.parametrize("name", paper.EXHIBITS)
def test_an_exhibit_has_text_figures_and_its_pictures(made: Path, name: str) -> None:
    text = (made / f"{name}.md").read_text("utf-8")
    pictures = embedded(text)
    assert bool(pictures) != (name == PICTURELESS)
    assert all((made / picture).read_bytes().startswith((b"\x89PNG", b"GIF8")) for picture in pictures)
    facts = json.loads((made / f"{name}.json").read_text("utf-8"))
    assert facts["quick"]
    assert facts["rows"]
    assert f"advnets paper {name} --quick" in text


@pytest.mark.parametrize("name", paper.EXHIBITS)
def test_the_page_of_all_has_each_exhibit_with_its_picture_and_what_differs(made: Path, name: str) -> None:
    page, own = (made / "README.md").read_text("utf-8"), (made / f"{name}.md").read_text("utf-8")
    facts = json.loads((made / f"{name}.json").read_text("utf-8"))
    shown, differences = page.split("## Where we differ from the paper, and why\n")
    (section,) = (each for each in shown.split("\n## ") if each.startswith(f"[{facts['title']}]({name}.md)\n"))
    assert embedded(section) == embedded(own)[:1]
    assert facts["rows"]
    assert all(f"\n| {row['what'].replace('|', '&#124;')} |" in section for row in facts["rows"])
    assert facts["differs"]
    listed = "\n".join(f"- {each}" for each in facts["differs"])
    assert f"**{facts['title']}**\n\n{listed}\n" in differences


def test_the_page_of_all_has_nothing_else_and_no_mistakes(made: Path) -> None:
    page = (made / "README.md").read_text("utf-8")
    titles = [json.loads((made / f"{name}.json").read_text("utf-8"))["title"] for name in paper.EXHIBITS]
    found = re.findall(r"^## \[(.+)\]\((\w+)\.md\)$", page, re.MULTILINE)
    assert found == list(zip(titles, paper.EXHIBITS, strict=True))
    assert "**Made with `--quick`**" in page
    for file in made.glob("*.md"):
        assert not re.search(r"Traceback|Error\b|\bnan\b|\{\w", file.read_text("utf-8")), file.name


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
    assert "bound with 95 % confidence" in text
    assert "| 5 % may be; widths share data sets |" in text
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

    workspace = Workspace("theory", tmp_path, say=lambda _: None)
    assert workspace.keep("part", compute, of=[5]) == {"value": [1, 2]} == workspace.keep("part", compute, of=(5,))
    assert len(calls) == 1
    for other in (
        Workspace("theory", tmp_path, quick=True),
        Workspace("theory", tmp_path, seed=1),
    ):
        other.keep("part", compute, of=[5])
    workspace.keep("part", compute, of=[6])
    assert len(calls) == 4
    (workspace.parts / "part.json").write_text('{"key": ')
    assert workspace.keep("part", compute, of=[6]) == {"value": [1, 2]}
    assert len(calls) == 5


class Keys(Workspace):
    """Computes nothing: the parts that would be kept, and what each is of."""

    def keep(self, part: str, compute: Callable[[], Any], of: Any = None, check: Any = None) -> Any:
        return json.dumps([part, of])


def of_the_theorem(folder: Path) -> Any:
    return theory_exact._found(Keys("theory", folder, quick=True))


def of_the_fits(folder: Path) -> list[Any]:
    return list(theory_learned._found(Keys("theory", folder, quick=True), theory_learned._QUICK).values())


def of_figure_1(folder: Path) -> Any:
    return fig1._course(Keys("fig1", folder, quick=True), "mixture", fig1._QUICK)


def of_table_2(folder: Path) -> dict[str, Any]:
    return table2._found(Keys("table2", folder, quick=True), open_table("mnist"))


def changed(settings: Any, *but: str) -> list[Any]:
    """As many settings as there are fields, a number in each changed."""
    return [
        dataclasses.replace(settings, **{name: value * 2})
        for name, value in dataclasses.asdict(settings).items()
        if name not in but
    ]


KEPT: list[tuple[Callable[[Path], Any], Any, str, Sequence[Any]]] = [
    (of_the_theorem, theory_exact, "_NEAR", [(0.1,)]),
    (of_the_theorem, theory_exact, "_WRONG", [1.2]),
    (of_the_theorem, theory_exact, "_QUICK_PAIRS", [100]),
    (of_the_theorem, theory_exact, "_OUTCOMES", [(2, 20)]),
    (of_the_theorem, theory_exact, "_IMPOSSIBLE", [0.5]),
    (of_the_theorem, theory_exact, "_GAMMA", [1.0]),
    (of_the_theorem, theory_exact, "_ROUNDING", [1e-9]),
    (of_the_fits, theory_learned, "DATA", [theory_grid.MADE]),
    (of_the_fits, theory_learned, "MADE", [theory_grid.DATA]),
    (of_the_fits, theory_learned, "GRID", [theory_grid.GRID[:100]]),
    (of_the_fits, theory_learned, "SPACING", [0.1]),
    (of_the_fits, theory_learned, "_QUICK", changed(theory_learned._QUICK, "widths", "counts")),
    (of_figure_1, fig1_game, "_STRETCH", [0.99]),
    (of_figure_1, fig1_game, "_CELLS", [800]),
    (of_figure_1, fig1_game, "_FILM_CELLS", [200]),
    (of_figure_1, fig1_game, "_MARGIN", [4.0]),
    (of_figure_1, fig1_game, "_SHOWN_MARGIN", [1.0]),
    (of_figure_1, fig1_game, "_EVERY", [10]),
    (of_figure_1, fig1_game, "_Z_POINTS", [4097]),
    (of_figure_1, fig1_game, "_CHUNKS", [4]),
    (of_figure_1, fig1_game, "_BETAS", [(0.5, 0.95)]),
    (of_figure_1, fig1, "_SAMPLES", [{True: 10}]),
    (of_figure_1, fig1_data.DISTRIBUTIONS, "mixture", [fig1_data.gaussian]),
    (of_figure_1, fig1, "_QUICK", changed(fig1._QUICK)),
    (of_table_2, table2, "_QUICK", changed(table2._QUICK)),
]


@pytest.mark.parametrize(
    ("of", "module", "name", "value"), [(*kept, value) for *kept, values in KEPT for value in values]
)
def test_kept_figures_of_other_settings_are_not_used(
    of: Callable[[Path], Any], module: Any, name: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = of(tmp_path)
    if isinstance(module, dict):
        monkeypatch.setitem(module, name, value)
    else:
        monkeypatch.setattr(module, name, value)
    assert of(tmp_path) != before


@pytest.mark.parametrize("module", [fig1_game, table2, theory_exact, theory_learned])
def test_every_number_that_is_a_setting_is_in_a_key(module: Any) -> None:
    """A new constant of these modules has to join a key, and this list."""
    numbers = {
        name for name, value in vars(module).items()
        if name.startswith("_") and name.isupper() and isinstance(value, (int, float, tuple))
    }  # fmt: skip
    words = {"_FAMILIES", "_NO_DENSITY"}
    assert numbers - words <= {name for _, where, name, _ in KEPT if where is module} | {"_PAIRS"}


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
        write(
            Workspace(name, tmp_path),
            Exhibit(f"The {name}", ["text", Picture("a.png", "a")], [Row("x", "1", "2", "n")]),
        )
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
