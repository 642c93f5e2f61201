"""Every exhibit is made quickly, says what the paper says, keeps what took long, and joins the page."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from advnets import cli, paper
from advnets.data import open_table
from advnets.errors import UsageError
from advnets.paper import table2
from advnets.paper.exhibit import Exhibit, Provenance, Row, Table, joined
from advnets.paper.fig1 import distributions
from advnets.paper.fig1 import exhibit as fig1
from advnets.paper.fig1 import game as fig1_game
from advnets.paper.markdown import text_of
from advnets.paper.theory import densities, exact, learned
from advnets.paper.workspace import Workspace

ROOT = Path(paper.__file__).parent
PICTURELESS = "table2"  # words and figures


def embedded(text: str) -> list[str]:
    return re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)


@pytest.mark.parametrize("name", paper.EXHIBITS)
def test_an_exhibit_has_text_figures_and_its_pictures(exhibits: Path, name: str) -> None:
    text = (exhibits / f"{name}.md").read_text("utf-8")
    pictures = embedded(text)
    assert bool(pictures) != (name == PICTURELESS)
    assert all((exhibits / picture).read_bytes().startswith((b"\x89PNG", b"GIF8")) for picture in pictures)
    facts = json.loads((exhibits / f"{name}.json").read_text("utf-8"))
    assert facts["quick"]
    assert facts["rows"]
    assert f"advnets paper {name} --quick" in text


@pytest.mark.parametrize("name", paper.EXHIBITS)
def test_the_page_of_all_has_each_exhibit_with_its_picture_and_what_differs(exhibits: Path, name: str) -> None:
    page, own = (exhibits / "README.md").read_text("utf-8"), (exhibits / f"{name}.md").read_text("utf-8")
    facts = json.loads((exhibits / f"{name}.json").read_text("utf-8"))
    shown, differences = page.split("## Where we differ from the paper, and why\n")
    (section,) = (each for each in shown.split("\n## ") if each.startswith(f"[{facts['title']}]({name}.md)\n"))
    assert embedded(section) == embedded(own)[:1]
    assert facts["rows"]
    assert all(f"\n| {row['what'].replace('|', '&#124;')} |" in section for row in facts["rows"])
    assert facts["differs"]
    listed = "\n".join(f"- {each}" for each in facts["differs"])
    assert f"**{facts['title']}**\n\n{listed}\n" in differences


def test_the_page_of_all_has_nothing_else_and_no_mistakes(exhibits: Path) -> None:
    page = (exhibits / "README.md").read_text("utf-8")
    titles = [json.loads((exhibits / f"{name}.json").read_text("utf-8"))["title"] for name in paper.EXHIBITS]
    found = re.findall(r"^## \[(.+)\]\((\w+)\.md\)$", page, re.MULTILINE)
    assert found == list(zip(titles, paper.EXHIBITS, strict=True))
    assert "**Made with `--quick`**" in page
    for file in exhibits.glob("*.md"):
        assert not re.search(r"Traceback|Error\b|\bnan\b|\{\w", file.read_text("utf-8")), file.name


def figures(exhibits: Path, name: str) -> dict[str, Any]:
    return json.loads((exhibits / f"{name}.json").read_text("utf-8"))["figures"]


def test_the_costs_saturate_where_the_tutorial_says(exhibits: Path) -> None:
    at = figures(exhibits, "costs")["at"]
    d = 0.01
    assert at["minimax"]["0.01"][1] == pytest.approx(-d / 2)
    assert at["non-saturating"]["0.01"][1] == pytest.approx(-(1 - d))
    assert at["maximum-likelihood"]["0.01"][1] == pytest.approx(-d / (1 - d))


def test_costs_are_compared_with_one_factor(exhibits: Path) -> None:
    assert figures(exhibits, "costs")["slope ratio at .01"] == pytest.approx(99)
    assert "99 times that of log(1 - D(G(z)))" in (exhibits / "costs.md").read_text("utf-8")


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


def of_the_theorem(keys: Any) -> Any:
    return exact._found(keys("theory"))


def of_the_fits(keys: Any) -> list[Any]:
    return list(learned._found(keys("theory"), learned._QUICK).values())


def of_figure_1(keys: Any) -> Any:
    return fig1._record(keys("fig1"), "mixture", fig1._QUICK)


def of_table_2(keys: Any) -> dict[str, Any]:
    return table2._found(keys("table2"), open_table("mnist"))


def changed(settings: Any, *but: str) -> list[Any]:
    """As many settings as there are fields, a number in each changed."""
    return [
        dataclasses.replace(settings, **{name: value * 2})
        for name, value in dataclasses.asdict(settings).items()
        if name not in but
    ]


KEPT: list[tuple[Callable[[Any], Any], Any, str, Sequence[Any]]] = [
    (of_the_theorem, exact, "_NEAR", [(0.1,)]),
    (of_the_theorem, exact, "_WRONG", [1.2]),
    (of_the_theorem, exact, "_QUICK_PAIRS", [100]),
    (of_the_theorem, exact, "_OUTCOMES", [(2, 20)]),
    (of_the_theorem, exact, "_IMPOSSIBLE", [0.5]),
    (of_the_theorem, exact, "_GAMMA", [1.0]),
    (of_the_theorem, exact, "_ROUNDING", [1e-9]),
    (of_the_fits, learned, "DATA", [densities.MADE]),
    (of_the_fits, learned, "MADE", [densities.DATA]),
    (of_the_fits, learned, "GRID", [densities.GRID[:100]]),
    (of_the_fits, learned, "SPACING", [0.1]),
    (of_the_fits, learned, "_QUICK", changed(learned._QUICK, "widths", "counts")),
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
    (of_figure_1, distributions.DISTRIBUTIONS, "mixture", [distributions.gaussian]),
    (of_figure_1, fig1, "_QUICK", changed(fig1._QUICK)),
    (of_table_2, table2, "_QUICK", changed(table2._QUICK)),
]


@pytest.mark.parametrize(
    ("of", "module", "name", "value"), [(*kept, value) for *kept, values in KEPT for value in values]
)
def test_kept_figures_of_other_settings_are_not_used(
    of: Callable[[Any], Any], module: Any, name: str, value: Any, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = of(keys)
    if isinstance(module, dict):
        monkeypatch.setitem(module, name, value)
    else:
        monkeypatch.setattr(module, name, value)
    assert of(keys) != before


@pytest.mark.parametrize("module", [fig1_game, table2, exact, learned])
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
    text = text_of(whole, Provenance("advnets paper whole"))
    assert text.index("Opening.") < text.index("## Part 1") < text.index("text 2")
    assert "| a&#124;b |" in text
    assert text.count("| what | 2 | 1 |") == 2


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
        room = "" if (ROOT / f"{name}.py").exists() else ".exhibit"
        assert callable(importlib.import_module(f"advnets.paper.{name}{room}").make)
        assert f"`{name}`" in page
    assert cli.main(["paper", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in paper.EXHIBITS)
