"""The page of all exhibits shows pictures and tables and what differs from the paper; Table 2 has the paper's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from advnets.errors import RunError
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table, write
from advnets.paper.page import write_page
from advnets.paper.table2 import _rows, _table

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
        write(Bench(name, folder), Exhibit(f"The {name}", BODY, ROWS))
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


def test_the_end_says_where_we_differ(tmp_path: Path) -> None:
    write(Bench("fig1", tmp_path), Exhibit("The fig1", BODY, ROWS, differs=["Other faces.", "Fewer."]))
    write(Bench("costs", tmp_path), Exhibit("The costs", BODY, ROWS))
    text = write_page(tmp_path, ["costs", "fig1"]).read_text("utf-8")
    assert text.rstrip().endswith(
        "## Where we differ from the paper, and why\n\n**The fig1**\n\n- Other faces.\n- Fewer."
    )
    write(Bench("fig3", tmp_path), Exhibit("Smooth", ["text"], [Row("step", "7 %")]))
    assert "Where we differ" not in write_page(tmp_path, ["fig3"]).read_text("utf-8")


def test_an_exhibit_without_its_text_is_named(tmp_path: Path) -> None:
    page(tmp_path, "fig1")
    (tmp_path / "fig1.md").unlink()
    with pytest.raises(RunError, match=r"fig1\.md is missing or damaged"):
        write_page(tmp_path, ["fig1"])


def test_table_2_has_the_papers_words_beside_ours_task_by_task(tmp_path: Path) -> None:
    chain = {"steps": 12.0, "error": 1.0, "seconds": 0.5, "minutes": 2.0}
    z = {"bound": -90.0, "log Z": 300.0, "low": None, "high": 301.0, "effective": 9.0, "chains": 20}
    seen = {"bound": -99.0, "estimate": -95.0, "draws": 50, "divergence": 25.0, "seconds": 0.001, "minutes": 1.0}
    found = {
        "vae": seen,
        "dbn": {**chain, **z},
        "cae": chain,
        "gsn": chain,
        "mnist": {"seconds": 0.001, "minutes": 3.0},
    }
    cells = {row[0]: row[1:] for row in _table(found).rows}
    assert list(cells) == ["Training", "Inference", "Sampling", "Evaluating p(x)", "Model design"]
    assert cells["Inference"][1] == "paper: Variational inference<br>ours: layer by layer, approximate"
    assert cells["Sampling"][1] == (
        "paper: Requires Markov chain<br>ours: 12 ± 1 Markov steps, 500 ms an independent sample"
    )
    rows = {row.what: row for row in _rows(found)}
    assert list(rows) == list(cells)
    assert "no difficulties (directed, adversarial)" in rows["Sampling"].paper
    assert "DBN 12 ± 1, CAE 12 ± 1, GSN 12 ± 1" in rows["Sampling"].ours
    write(Bench("table2", tmp_path), Exhibit("Table 2", [_table(found)], _rows(found)))
    assert write_page(tmp_path, ["table2"]).read_text("utf-8").count("| Sampling |") == 1
