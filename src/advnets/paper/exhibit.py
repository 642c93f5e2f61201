"""What an exhibit of the paper is: figures beside the paper's, text, tables and pictures, as values and as JSON."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from advnets.errors import RunError


@dataclass(frozen=True)
class Row:
    """A figure of ours beside the paper's.

    Args:
        what: what it is of.
        ours: our figure, as text with its error and unit.
        paper: the paper's; empty where it states none.
        note: what one has to know to read it.
    """

    what: str
    ours: str
    paper: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Picture:
    """A picture that lies beside the exhibit's text."""

    file: str
    caption: str


@dataclass(frozen=True)
class Heading:
    """A heading within an exhibit's text."""

    heading: str


Part = str | Heading | Table | Picture
"""Of an exhibit's body; a text is a paragraph in Markdown."""


@dataclass(frozen=True)
class Exhibit:
    """A table, figure or theorem of the paper, as we found it.

    Args:
        title: its heading.
        body: paragraphs, headings, tables and pictures, in the order of reading.
        rows: our figures beside the paper's.
        figures: everything that was computed, for JSON.
        differs: where it differs from the paper, and why: for the page of all exhibits.
    """

    title: str
    body: Sequence[Part]
    rows: Sequence[Row] = ()
    figures: Mapping[str, Any] = field(default_factory=dict[str, Any])
    differs: Sequence[str] = ()


@dataclass(frozen=True)
class Provenance:
    """How an exhibit was made.

    Args:
        command: what makes it again.
        quick: with fewer steps, samples and seeds than its figures deserve.
        seed: of everything that was drawn.
    """

    command: str
    quick: bool = False
    seed: int = 0


_exhibit = TypeAdapter(Exhibit).validate_python
_provenance = TypeAdapter(Provenance).validate_python


_NUMBERS = re.compile(r"\[\n\s+([-+.\deE,\s]+)\n\s+\]")
"""A list of nothing but numbers, which takes a line and not a line for each."""


def joined(title: str, opening: str, sections: Sequence[Exhibit]) -> Exhibit:
    """One exhibit of several: each with a heading of its own, all rows and all differences together."""
    body: list[Part] = [opening, *(part for each in sections for part in (Heading(each.title), *each.body))]
    rows = [row for each in sections for row in each.rows]
    differs = [each for section in sections for each in section.differs]
    return Exhibit(title, body, rows, {each.title: dict(each.figures) for each in sections}, differs)


def to_json(exhibit: Exhibit, made: Provenance) -> str:
    """Both as JSON: `command`, `quick`, `seed`, `title`, `rows`, `differs`, `body` and `figures`."""
    values = {name: _plain(getattr(exhibit, name)) for name in ("title", "rows", "differs", "body", "figures")}
    text = json.dumps({**dataclasses.asdict(made), **values}, indent=1)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def read(path: Path) -> tuple[Exhibit, Provenance]:
    """What `to_json` made of an exhibit.

    Raises:
        RunError: it is missing or damaged.
    """
    try:
        facts = json.loads(path.read_text("utf-8"))
        made = {field.name: facts.pop(field.name) for field in dataclasses.fields(Provenance)}
        return _exhibit(facts), _provenance(made)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ValidationError):
        raise RunError(f"{path} is missing or damaged", f"make it: advnets paper {path.stem}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return dataclasses.asdict(value) if isinstance(value, Row | Heading | Table | Picture) else value
