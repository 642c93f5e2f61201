"""`advnets data`: look before training."""

from __future__ import annotations

import json as as_json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from advnets.errors import UsageError
from advnets.terminal.arguments import call

if TYPE_CHECKING:
    from advnets.data.survey import Survey

_ROWS = 40  # of a table on the terminal
_PAGES = (".html", ".htm")


def data(args: list[str]) -> None:
    """Look at data before training."""

    def data(
        source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
        size: str | None = None,
        channels: int | None = None,
        fit: str | None = None,
        labels: str | None = None,
        range: str | None = None,
        holdout: float | None = None,
        strict: bool = False,
        verify: bool = False,
        out: Path | None = None,
        json: bool = False,
    ) -> None:
        """Look at data before training: counts, sizes, classes, splits, what was left out, duplicates, what train does.

        Example: advnets data photos --size 64 --out photos.html

        Args:
            source: what `advnets train` takes: a folder, an archive, arrays, a data set by name, a recipe.
            size: H or HxW that images are brought to; as all flags to --strict, as `advnets train` takes it.
            channels: 1 for gray, 3 for color, 4 for color and opacity.
            fit: crop, pad or stretch.
            labels: auto, folder, none, or the name of a column.
            range: the values of black and white, LOW:HIGH or auto.
            holdout: share for validation and for the test each.
            strict: stop at the first file that cannot be used.
            verify: read every byte again, and see that the cache holds what the files do. If not, it is made anew, and
                the exit status is 2.
            out: a page of images as the discriminator will see them, one HTML file.
            json: print one JSON object.
        """
        if out is not None and out.suffix.lower() not in _PAGES:
            raise UsageError(f"--out {out}: the page is an HTML file", f"name it {out.with_suffix('.html')}")
        said = {
            "size": size, "channels": channels, "fit": fit, "labels": labels, "range": range, "holdout": holdout,
            "strict": strict or None,
        }  # fmt: skip
        _look(
            [*_first(source), *(word for name, value in said.items() for word in _flag(name, value))], verify, out, json
        )

    call(data, _joined(args))


def _look(words: Sequence[str], verify: bool, out: Path | None, as_object: bool) -> None:
    """Look at the data that a command of `advnets train` would train on.

    Args:
        words: of that command.
        verify: read every byte again.
        out: where the page goes.
        as_object: print JSON.
    """
    from advnets.data import open_data
    from advnets.data.survey import survey
    from advnets.terminal.data_facts import facts
    from advnets.terminal.flags import train_flags
    from advnets.terminal.plan import plan

    recipe = train_flags(words).recipe
    table = open_data(recipe, verify=verify)
    found, planned = survey(table), plan(words, recipe, table)
    said = facts(found, planned.words())
    if out is not None:
        _write_page(found, said, out)
    if as_object:
        print(as_json.dumps({**found.as_dict(), "training": planned.as_dict()}, indent=1))
        return
    for term, text in said:
        print(f"{term}: {text}")
    _print_tables(found)
    if out is not None:
        print(f"page: {out}")


def _write_page(found: Survey, said: Sequence[tuple[str, str]], out: Path) -> None:
    from advnets.files import write_whole
    from advnets.terminal.data_page import page_of
    from advnets.terminal.saving import writing_elsewhere

    with writing_elsewhere(out):
        write_whole(out, page_of(found, said).encode())


def _print_tables(found: Survey) -> None:
    """The classes, and the columns of numbers, where there are not too many of them."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from advnets.terminal.data_page import class_rows, column_rows

    for headings, rows in (class_rows(found), column_rows(found)):
        if not rows:
            continue
        table = Table()
        for place, heading in enumerate(headings):
            table.add_column(heading, overflow="fold", justify="right" if place else "left")
        for row in rows[:_ROWS]:
            table.add_row(*map(escape, row))
        Console().print(table)
        if len(rows) > _ROWS:
            print(f"{len(rows) - _ROWS:,} more: --json and --out have them all")


def _first(source: str) -> list[str]:
    """The words of `advnets train` that name data; what is not there is looked for as data, not as a recipe."""
    from advnets.config.load import recipe_names
    from advnets.data.named import NAMED

    known = source in recipe_names() or source in NAMED or Path(source).exists()
    return [source] if known else ["images", f"--data={source}"]


def _flag(name: str, value: object) -> list[str]:
    """A flag as `advnets train` takes it."""
    if value is None:
        return []
    return [f"--{name}"] if value is True else [f"--{name}={value}"]


def _joined(args: Sequence[str]) -> list[str]:
    """The words with a range behind its flag, since -1:1 alone looks like a flag."""
    words = list(args)
    for place in reversed(range(len(words) - 1)):
        if words[place] == "--range":
            words[place : place + 2] = [f"--range={words[place + 1]}"]
    return words
