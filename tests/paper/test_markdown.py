"""Exhibits in words: each one's text, and the page that shows all: pictures, tables and what differs from the paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advnets.errors import RunError
from advnets.paper.exhibit import Exhibit, Picture, Provenance, Row, Table, read, to_json
from advnets.paper.markdown import page_of, text_of

ROWS = [Row("DBN", "1", "138"), Row("DBN, TFD", "2", "1909", "other faces"), Row("k = 2", "3")]
BODY = [
    "text",
    Table(["model", "nats"], [["DBN", "17"]]),
    Picture("a.png", "Fair draws"),
    "more",
    Picture("b.png", "b"),
]
EXHIBIT = Exhibit("An exhibit", BODY, ROWS, {"values": [1.5, 2, None, -1e-9], "named": {"deep": [[1, 2], ["x"]]}})
MADE = Provenance("advnets paper fig1 --quick", quick=True, seed=3)


def page(*names: str) -> str:
    return page_of({name: replace(EXHIBIT, title=f"The {name}") for name in names}, quick=False)


def test_it_embeds_each_exhibits_first_picture_with_its_caption() -> None:
    text = page("fig1", "table1")
    assert text.count("![Fair draws](a.png)\n\n*Fair draws*") == 2
    assert "b.png" not in text
    assert text.index("(fig1.md)") < text.index("a.png") < text.index("(table1.md)")
    assert "--quick" not in text
    assert "**Made with `--quick`**" in page_of({"fig1": EXHIBIT}, quick=True)


def test_a_table_of_the_paper_stands_there_itself_and_rows_add_what_it_lacks() -> None:
    text = page("table1")
    assert "| DBN | 17 |" in text
    assert "| DBN | 138 |" not in text
    assert "| DBN, TFD | 1909 | 2 | other faces |" in text
    assert "| DBN | 17 |" not in page("fig2")
    body = [BODY[1], "how to read it", "more", Picture("a.png", "a")]
    text = page_of({"table1": replace(EXHIBIT, body=body)}, quick=False)
    assert "| DBN | 17 |\n\nhow to read it\n\n|" in text
    assert "more" not in text


def test_the_end_says_where_we_differ() -> None:
    differing = replace(EXHIBIT, title="The fig1", differs=["Other faces.", "Fewer."])
    text = page_of({"costs": EXHIBIT, "fig1": differing}, quick=False)
    assert text.rstrip().endswith(
        "## Where we differ from the paper, and why\n\n**The fig1**\n\n- Other faces.\n- Fewer."
    )
    assert "Where we differ" not in page_of({"fig3": EXHIBIT}, quick=False)


def test_a_text_says_how_it_was_made_and_shows_rows_before_the_body() -> None:
    text = text_of(EXHIBIT, MADE)
    assert text.startswith("# An exhibit\n\n`advnets paper fig1 --quick` makes this page.\n\n**Made with `--quick`**")
    assert text.index("| DBN, TFD | 1909 | 2 | other faces |") < text.index("\n\ntext\n\n")


def test_an_exhibit_is_read_as_it_was_written(tmp_path: Path) -> None:
    exhibit = replace(EXHIBIT, differs=["Fewer."])
    text = to_json(exhibit, MADE)
    assert "[1.5, 2, null, -1e-09]" not in text  # null is no number: such a list keeps a line for each
    assert "[1, 2]" in text
    (tmp_path / "fig1.json").write_text(text, "utf-8")
    assert read(tmp_path / "fig1.json") == (exhibit, MADE)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"command": "", "quick": false, "seed": 0, "title": 1}'])
def test_what_is_no_exhibit_is_named_with_the_command_that_makes_it(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "fig9.json").write_text(text, "utf-8")
    with pytest.raises(RunError, match=r"fig9\.json is missing or damaged; make it: advnets paper fig9"):
        read(tmp_path / "fig9.json")
