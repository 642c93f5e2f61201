"""The page of all exhibits shows pictures and tables and what differs from the paper; Table 2 has the paper's words."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from advnets.paper.page import write_page

from advnets.errors import RunError
from advnets.paper.exhibit import Exhibit, Picture, Row, Table, write
from advnets.paper.table2 import _mixing, _mixing_table, _rows, _table
from advnets.paper.workspace import Workspace

ROWS = [Row("DBN", "1", "138"), Row("DBN, TFD", "2", "1909", "other faces"), Row("k = 2", "3")]
BODY = [
    "text",
    Table(["model", "nats"], [["DBN", "17"]]),
    Picture("a.png", "Fair draws"),
    "more",
    Picture("b.png", "b"),
]


def page(folder: Path, *names: str) -> str:
    for name in names:
        write(Workspace(name, folder), Exhibit(f"The {name}", BODY, ROWS))
    return write_page(folder, names).read_text("utf-8")


def test_it_embeds_each_exhibits_first_picture_with_its_caption(tmp_path: Path) -> None:
    text = page(tmp_path, "fig1", "table1")
    assert text.count("![Fair draws](a.png)\n\n*Fair draws*") == 2
    assert "b.png" not in text
    assert text.index("(fig1.md)") < text.index("a.png") < text.index("(table1.md)")


def test_a_table_of_the_paper_stands_there_itself_and_rows_add_what_it_lacks(tmp_path: Path) -> None:
    text = page(tmp_path, "table1")
    assert "| DBN | 17 |" in text
    assert "| DBN | 138 |" not in text
    assert "| DBN, TFD | 1909 | 2 | other faces |" in text
    assert "| DBN | 17 |" not in page(tmp_path, "fig2")
    write(
        Workspace("table1", tmp_path),
        Exhibit("Table 1", [BODY[1], "how to read it", "more", Picture("a.png", "a")], ROWS),
    )
    text = write_page(tmp_path, ["table1"]).read_text("utf-8")
    assert "| DBN | 17 |\n\nhow to read it\n\n|" in text
    assert "more" not in text


def test_the_end_says_where_we_differ(tmp_path: Path) -> None:
    write(Workspace("fig1", tmp_path), Exhibit("The fig1", BODY, ROWS, differs=["Other faces.", "Fewer."]))
    write(Workspace("costs", tmp_path), Exhibit("The costs", BODY, ROWS))
    text = write_page(tmp_path, ["costs", "fig1"]).read_text("utf-8")
    assert text.rstrip().endswith(
        "## Where we differ from the paper, and why\n\n**The fig1**\n\n- Other faces.\n- Fewer."
    )
    write(Workspace("fig3", tmp_path), Exhibit("Smooth", ["text"], [Row("step", "7 %")]))
    assert "Where we differ" not in write_page(tmp_path, ["fig3"]).read_text("utf-8")


def test_an_exhibit_without_its_text_is_named(tmp_path: Path) -> None:
    page(tmp_path, "fig1")
    (tmp_path / "fig1.md").unlink()
    with pytest.raises(RunError, match=r"fig1\.md is missing or damaged"):
        write_page(tmp_path, ["fig1"])


def chain(*steps: float | None) -> dict[str, Any]:
    """A chain with a figure for each of these times; R-hat grows by 0.1 from one to the next."""
    figures = [
        {"steps": each, "error": 0.04 * (each or 0), "R-hat": 1 + place / 10} for place, each in enumerate(steps)
    ]
    return {"figures": figures, "more than": 1333.3, "seconds": 0.5, "minutes": 2.0}


def table_2() -> dict[str, Any]:
    z = {"bound": -90.0, "bound error": 0.5, "log Z": 300.0, "low": None, "high": 301.0, "effective": 9.0, "chains": 20}
    seen = {
        "bound": -99.0,
        "bound error": 0.5,
        "estimate": -95.0,
        "estimate error": 0.5,
        "draws": 50,
        "divergence": 25.0,
        "seconds": 0.001,
        "minutes": 1.0,
    }
    return {
        "vae": seen, "dbn": {**chain(None, 205.0, None), **z}, "cae": chain(60.0, 12.0, 300.0),
        "gsn": chain(None, None, None), "mnist-best": {"seconds": 0.001, "minutes": 3.0},
    }  # fmt: skip


def test_table_2_has_the_papers_words_beside_ours_task_by_task(tmp_path: Path) -> None:
    found = table_2()
    cells = {row[0]: row[1:] for row in _table(found).rows}
    assert list(cells) == ["Training", "Inference", "Sampling", "Evaluating p(x)", "Model design"]
    assert cells["Inference"][1] == "paper: Variational inference<br>ours: layer by layer, approximate"
    rows = {row.what: row for row in _rows(found)}
    assert list(rows) == list(cells)
    assert "no difficulties (directed, adversarial)" in rows["Sampling"].paper
    write(Workspace("table2", tmp_path), Exhibit("Table 2", [_table(found)], _rows(found)))
    assert write_page(tmp_path, ["table2"]).read_text("utf-8").count("| Sampling |") == 1


def test_chains_are_told_apart_by_their_fastest_and_slowest_figures_and_by_r_hat() -> None:
    found = table_2()
    row = next(row.ours for row in _rows(found) if row.what == "Sampling")
    assert "DBN 205 ± 8 to more than 1333 (1 of 3 figures measured; R-hat at most 1.200)" in row
    assert "CAE 12 ± 0.5 to 300 ± 12 (3 of 3 figures measured;" in row
    assert "GSN more than 1333 (0 of 3 figures measured;" in row
    sampling = next(row for row in _table(found).rows if row[0] == "Sampling")
    assert "figures measured; R-hat at most 1.200): Markov steps, more than 500 ms an independent sample" in sampling[2]
    assert "R-hat at most 1.200): Markov steps, 500 ms an independent sample; GSN" in sampling[3]
    assert list(_mixing_table(found).rows) == [
        ["brightness", "more than 1333 (1.000)", "60 ± 2 (1.000)", "more than 1333 (1.000)"],
        ["principal component 1", "205 ± 8 (1.100)", "12 ± 0.5 (1.100)", "more than 1333 (1.100)"],
        ["principal component 2", "more than 1333 (1.200)", "300 ± 12 (1.200)", "more than 1333 (1.200)"],
    ]


def test_fast_figures_are_measured_beside_slow_ones() -> None:
    noise = np.random.default_rng(0).normal(size=(20, 3_000, 2))
    noise[:, :, 1] += np.arange(20)[:, None]
    found = _mixing(noise, 0.01, 15)
    fast, slow = found["figures"]
    assert fast["steps"] == pytest.approx(1, abs=0.1)
    assert fast["R-hat"] == pytest.approx(1, abs=0.01)
    assert slow["steps"] is None
    assert slow["R-hat"] == pytest.approx(6, abs=0.2)
    assert (found["more than"], found["seconds"]) == (200, 2)
    assert _mixing(noise[:, :, :1], 0.01, 15)["seconds"] == pytest.approx(0.01 * fast["steps"])


def test_an_estimate_of_log_z_makes_no_bound() -> None:
    found = table_2()
    said = [row.ours for row in _rows(found)] + list(itertools.chain(*_table(found).rows))
    dbn = [each for each in said if "-90.0" in each]
    assert len(dbn) == 2
    assert all("about -90.0 ± 0.5 nats (a bound, if log Z is right)" in each for each in dbn)
    assert not any("-90.0 ± 0.5 nats at least" in each for each in said)
    assert sum("-99.0 ± 0.5 nats at least" in each for each in said) == 2
