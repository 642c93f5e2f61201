"""Exhibits in words: the text of each, and the page that shows all of them in short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advnets.paper.exhibit import Exhibit, Heading, Part, Picture, Provenance, Row, Table

_TITLE = "# *Generative Adversarial Nets*, running"
_OPENING = (
    "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville and Bengio, NIPS 2014: every table, figure"
    " and theorem, made anew. `advnets paper all` makes this page; what was computed before is kept, so that it goes"
    " on where it was stopped."
)
_TABLES = ("table1", "table2")
"""The exhibits that are a table of the paper: theirs is shown, and in rows only what is not in it."""


def text_of(exhibit: Exhibit, made: Provenance) -> str:
    """The text of an exhibit: its figures beside the paper's first, then its body."""
    parts: list[Part] = [f"# {exhibit.title}", f"`{made.command}` makes this page."]
    if made.quick:
        parts.append("**Made with `--quick`**: fewer steps, samples and seeds than the figures below deserve.")
    if exhibit.rows:
        parts.append(rows_table(exhibit.rows))
    return _joined([*parts, *exhibit.body])


def page_of(exhibits: Mapping[str, Exhibit], quick: bool) -> str:
    """The page that shows all exhibits: figures beside the paper's, first pictures, where we differ.

    Args:
        exhibits: by name, in the order of the page.
        quick: whether any was made with fewer steps, samples and seeds.
    """
    parts: list[Part] = [_TITLE, _OPENING]
    if quick:
        parts.append("**Made with `--quick`**: fewer steps, samples and seeds than the figures deserve.")
    for name, exhibit in exhibits.items():
        parts += [Heading(f"[{exhibit.title}]({name}.md)"), *in_short(exhibit, name in _TABLES)]
    differences = [_differences(each) for each in exhibits.values() if each.differs]
    if differences:
        parts += [Heading("Where we differ from the paper, and why"), *differences]
    return _joined(parts)


def in_short(exhibit: Exhibit, tabular: bool) -> list[Part]:
    """An exhibit's rows and its first picture.

    If it is `tabular`: its main table with the paragraph below, which tells how to read it, and what rows are left.
    """
    main = _main_table(exhibit.body) if tabular else []
    shown = {row[0] for part in main if isinstance(part, Table) for row in part.rows}
    more = [row for row in exhibit.rows if row.what not in shown]
    pictures = [part for part in exhibit.body if isinstance(part, Picture)]
    return [*main, *([rows_table(more)] if more else []), *pictures[:1]]


def rows_table(rows: Sequence[Row]) -> Table:
    """Our figures beside the paper's, with a column of notes where there are any."""
    noted = any(row.note for row in rows)
    cells = [[row.what, row.paper or "-", row.ours, *([row.note] if noted else [])] for row in rows]
    return Table(["", "paper", "ours", *(["note"] if noted else [])], cells)


def table_lines(table: Table) -> str:
    """A table in Markdown; bars within its cells are escaped."""
    rows = [table.headings, ["---"] * len(table.headings), *table.rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)


def _main_table(body: Sequence[Part]) -> list[Part]:
    """The first table, and the paragraph below it where one follows at once."""
    first = next((place for place, part in enumerate(body) if isinstance(part, Table)), len(body))
    below = [part for part in body[first + 1 : first + 2] if isinstance(part, str)]
    return [*body[first : first + 1], *below]


def _differences(exhibit: Exhibit) -> str:
    return "\n".join([f"**{exhibit.title}**\n", *(f"- {each}" for each in exhibit.differs)])


def _joined(parts: Sequence[Part]) -> str:
    return "\n\n".join(map(_markdown, parts)) + "\n"


def _markdown(part: Part) -> str:
    if isinstance(part, Picture):
        return f"![{part.caption}]({part.file})\n\n*{part.caption}*"
    if isinstance(part, Heading):
        return f"## {part.heading}"
    return table_lines(part) if isinstance(part, Table) else part
