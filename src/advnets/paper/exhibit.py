"""What an exhibit of the paper is: figures beside the paper's, a text, pictures; and where its long parts are kept."""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.files import write_whole

PARTS, RUNS = "parts", "runs"


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
class Exhibit:
    """A table, figure or theorem of the paper, as we found it.

    Args:
        title: its heading.
        body: Markdown paragraphs, tables and pictures, in the order of reading.
        rows: our figures beside the paper's.
        figures: everything that was computed, for JSON.
        differs: where it differs from the paper, and why: for the page of all exhibits.
    """

    title: str
    body: Sequence[str | Table | Picture]
    rows: Sequence[Row] = ()
    figures: Mapping[str, Any] = field(default_factory=dict[str, Any])
    differs: Sequence[str] = ()


def joined(title: str, opening: str, sections: Sequence[Exhibit]) -> Exhibit:
    """One exhibit of several: each with a heading of its own, all rows and all differences together."""
    body = [opening, *(part for each in sections for part in (f"## {each.title}", *each.body))]
    rows = [row for each in sections for row in each.rows]
    differs = [each for section in sections for each in section.differs]
    return Exhibit(title, body, rows, {each.title: dict(each.figures) for each in sections}, differs)


@dataclass(frozen=True)
class Bench:
    """Where an exhibit is made.

    Args:
        name: the exhibit's.
        folder: where text, figures and pictures go.
        quick: less than a minute in all, for a first look and for tests: fewer steps, samples and seeds.
        seed: of everything that is drawn.
        say: tells the user how far it is.
        data: what Figure 1's game is played on: a key of `fig1_data.DISTRIBUTIONS`; empty for the paper's.
    """

    name: str
    folder: Path
    quick: bool = False
    seed: int = 0
    say: Callable[[str], None] = print
    data: str = ""

    @property
    def parts(self) -> Path:
        """The folder of what takes long: computed once, so that a killed exhibit goes on where it was."""
        return self.folder / PARTS / self.name

    def path(self, suffix: str) -> Path:
        """A file of this exhibit's in the folder: `path("-curves.png")`. Of chosen data it has another name."""
        return self.folder / f"{self.name}{'-' if self.data else ''}{self.data}{suffix}"

    def keep(
        self,
        part: str,
        compute: Callable[[], Any],
        of: Any = None,
        check: Callable[[Any], object] = lambda _: None,
    ) -> Any:
        """What `compute` returned, or returned earlier.

        Args:
            part: its name, a file name.
            compute: returns what JSON can hold; it is given back as JSON holds it (lists, no tuples).
            of: what else it depends on, as JSON: kept figures of another `of`, seed or pace are computed anew.
            check: is given what was kept; where it raises a ValueError, that is computed anew, too.

        Raises:
            OSError: it cannot be written.
        """
        key = json.loads(json.dumps({"quick": self.quick, "seed": self.seed, "of": of}))
        path = self.parts / f"{part}.json"
        if (
            path.is_file()
            and (kept := _read(path)) is not None
            and kept["key"] == key
            and _passes(check, kept["value"])
        ):
            return kept["value"]
        self.say(f"{self.name}: {part}")
        text = json.dumps({"key": key, "value": compute()}, indent=1)
        write_whole(path, text.encode())
        return json.loads(text)["value"]


def write(bench: Bench, exhibit: Exhibit) -> Path:
    """Write NAME.json and NAME.md; the pictures are there already.

    Returns:
        The path of the text.

    Raises:
        OSError: a file cannot be written.
    """
    facts = {
        "title": exhibit.title, "quick": bench.quick, "seed": bench.seed,
        "rows": [dataclasses.asdict(row) for row in exhibit.rows], "differs": exhibit.differs,
        "figures": exhibit.figures,
    }  # fmt: skip
    write_whole(bench.path(".json"), (json.dumps(facts, indent=1) + "\n").encode())
    text = bench.path(".md")
    name = f"{bench.name} --data {bench.data}" if bench.data else bench.name
    write_whole(text, markdown(exhibit, name, bench.quick).encode())
    return text


def markdown(exhibit: Exhibit, name: str, quick: bool = False) -> str:
    """The text of the exhibit that `advnets paper NAME` makes: its figures beside the paper's first, then its body."""
    pace = " --quick" if quick else ""
    parts = [f"# {exhibit.title}", f"`advnets paper {name}{pace}` makes this page."]
    if quick:
        parts.append("**Made with `--quick`**: fewer steps, samples and seeds than the figures below deserve.")
    if exhibit.rows:
        parts.append(table_lines(rows_table(exhibit.rows)))
    parts += [table_lines(each) if isinstance(each, Table) else _text(each) for each in exhibit.body]
    return "\n\n".join(parts) + "\n"


def rows_table(rows: Sequence[Row]) -> Table:
    """Our figures beside the paper's, with a column of notes where there are any."""
    noted = any(row.note for row in rows)
    cells = [[row.what, row.paper or "-", row.ours, *([row.note] if noted else [])] for row in rows]
    return Table(["", "paper", "ours", *(["note"] if noted else [])], cells)


def _text(part: str | Picture) -> str:
    return part if isinstance(part, str) else f"![{part.caption}]({part.file})\n\n*{part.caption}*"


def table_lines(table: Table) -> str:
    """A table in Markdown; bars within its cells are escaped."""
    rows = [table.headings, ["---"] * len(table.headings), *table.rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)


def keep_samples(path: Path, samples: NDArray[np.uint8]) -> int:
    """Keep samples for a picture.

    Returns:
        Their checksum, to be kept with the figures that are of them: a kill may leave samples without figures, or
        beside older ones.

    Raises:
        OSError: they cannot be written.
    """
    write_whole(path, lambda file: np.save(file, samples))
    return zlib.crc32(samples.tobytes())


def read_samples(path: Path, shape: Sequence[int], checksum: int) -> NDArray[np.uint8]:
    """Samples that `keep_samples` kept: uint8, N x C x H x W. Nothing is unpickled, or read beyond the file's end.

    Args:
        path: a .npy file.
        shape: (C, H, W).
        checksum: of the samples that are meant.

    Raises:
        ValueError: it is missing, damaged, or holds something else.
    """
    try:
        samples = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged file ends in whatever NumPy, zipfile or ast raise
        raise ValueError(f"{path}: not a whole .npy file ({error})") from error
    if (
        isinstance(samples, np.ndarray)
        and samples.dtype == np.uint8
        and samples.shape[1:] == tuple(shape)
        and len(samples)
        and zlib.crc32(samples.tobytes()) == checksum
    ):
        return samples
    raise ValueError(f"{path}: not the samples of {shape} that were kept")


def _read(path: Path) -> dict[str, Any] | None:
    """What is kept there; None where it is damaged."""
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return kept if isinstance(kept, dict) and {"key", "value"} <= set(kept) else None


def _passes(check: Callable[[Any], object], value: Any) -> bool:
    try:
        check(value)
    except ValueError:
        return False
    return True
