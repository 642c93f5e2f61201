"""The page that shows all exhibits: the paper's figures beside ours, each exhibit's first picture, where we differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from advnets.errors import RunError
from advnets.files import write_whole
from advnets.paper.exhibit import Row, rows_table, table_lines

_TITLE = "# *Generative Adversarial Nets*, running"
_OPENING = (
    "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, NIPS 2014: every table, figure"
    " and theorem, made anew. `advnets paper all` makes this page; what was computed before is kept, so that it goes"
    " on where it was stopped."
)
_TABLES = ("table1", "table2")
"""The exhibits that are a table of the paper: theirs is shown, and in rows only what is not in it."""


def write_page(folder: Path, names: Sequence[str]) -> Path:
    """Write README.md from the exhibits' JSON files and texts that are there.

    Args:
        folder: where the exhibits lie.
        names: theirs, in the order of the page.

    Returns:
        The path of the page.

    Raises:
        RunError: an exhibit is missing or damaged.
        OSError: the page cannot be written.
    """
    parts, differences = [_TITLE, _OPENING], list[str]()
    quick = False
    for name in names:
        try:
            facts = json.loads((folder / f"{name}.json").read_text("utf-8"))
            rows = [Row(**row) for row in facts["rows"]]
            quick |= facts["quick"]
            parts.append(f"## [{facts['title']}]({name}.md)")
            if facts["differs"]:
                differences.append("\n".join([f"**{facts['title']}**\n", *(f"- {each}" for each in facts["differs"])]))
        except (OSError, ValueError, KeyError, TypeError):
            raise RunError(f"{folder / name}.json is missing or damaged", f"make it: advnets paper {name}") from None
        parts += _shown(_body(folder / f"{name}.md", rows, name), rows, name in _TABLES)
    if differences:
        parts += ["## Where we differ from the paper, and why", *differences]
    if quick:
        parts.insert(2, "**Made with `--quick`**: fewer steps, samples and seeds than the figures deserve.")
    page = folder / "README.md"
    write_whole(page, ("\n\n".join(parts) + "\n").encode())
    return page


def _body(text: Path, rows: Sequence[Row], name: str) -> list[str]:
    """The paragraphs of an exhibit's text, as `exhibit.markdown` separates them, without the table of its rows."""
    try:
        blocks = text.read_text("utf-8").rstrip().split("\n\n")
    except (OSError, ValueError):
        raise RunError(f"{text} is missing or damaged", f"make it: advnets paper {name}") from None
    return [block for block in blocks if not rows or block != table_lines(rows_table(rows))]


def _shown(body: Sequence[str], rows: Sequence[Row], tabular: bool) -> list[str]:
    """An exhibit in short: its rows, its first picture with the caption below.

    If it is `tabular`: its main table with the paragraph below, which tells how to read it, and what rows are left.
    """
    first = next((place for place, block in enumerate(body) if block.startswith("| ")), len(body))
    below = [block for block in body[first + 1 : first + 2] if not block.startswith(("| ", "![", "#"))]
    tables = [*body[first : first + 1], *below] if tabular else []
    more = [row for row in rows if not any(f"\n| {row.what} |" in table for table in tables)]
    picture = next((place for place, block in enumerate(body) if block.startswith("![")), len(body))
    return [*tables, *([table_lines(rows_table(more))] if more else []), *body[picture : picture + 2]]
