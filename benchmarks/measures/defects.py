"""What every measure says of real images that are damaged in known ways, by doses: what its figures are worth.

    python benchmarks/measures/defects.py mnist:10000,emoji:1000,fashion-mnist,cifar10 [--emoji FILE]

Sets are of 2,000 images unless a table is named with another count. Training images are damaged and measured against
the test images in the features of the classifier; emoji, which have no classes, in pixels. The emoji are the array `x`
of an .npz file, the others are found as `advnets train` finds them. The figures of each set are kept in the cache, so
that a run that was stopped goes on where it was. Tables that are not named keep what they had. Results:
results/defects.json; results/defects/TABLE.md with a picture (none with images of cifar10, which have no license);
and a part of MNIST's table in docs/explanation/what-a-figure-is-worth.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets import figures
from advnets.data import ImageTable, open_table
from advnets.errors import DataError
from advnets.files import write_whole
from advnets.measures.catalog import MEASURES
from advnets.measures.defects import Originals, measured, parted
from advnets.measures.features import Extractor, extractor
from benchmarks.machine import machine
from benchmarks.measures.defect_pages import in_short, picture, plain, whole, with_part
from benchmarks.record import record, result_of

OTHERS = {"mnist": "fashion-mnist", "emoji": "cifar10", "fashion-mnist": "mnist", "cifar10": "emoji"}
"""The tables, and whose images are mixed in where they are at hand."""
COUNT, MIXED_IN, IN_PICTURE = 2000, 2000, 1000
SHOWN = "mnist"
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "what-a-figure-is-worth.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", help=f"names, with commas between them, :COUNT behind each: {', '.join(OTHERS)}")
    parser.add_argument("--emoji", type=Path)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    tables: dict[str, Any] = json.loads(options.out.read_text("utf-8"))["tables"] if options.out.exists() else {}
    for name, count in map(named, options.tables.split(",")):
        table = table_of(name, options.emoji)
        others = others_of(name, table, options.emoji)
        tables[name] = taken(table, count, others)
        folder = options.out.parent / options.out.stem
        if name != "cifar10":
            shown = None if OTHERS[name] == "cifar10" else others
            figures.save(pictured(table, shown), folder / f"{name}.png")
        write_whole(folder / f"{name}.md", whole(name, tables[name], name != "cifar10").encode())
        record(options.out, {"machine": machine(), "tables": {each: tables[each] for each in OTHERS if each in tables}})
    if options.out == result_of(__file__) and SHOWN in tables:
        write_whole(PAGE, with_part(PAGE.read_text("utf-8"), in_short(tables[SHOWN])).encode())


def named(word: str) -> tuple[str, int]:
    """A table and how many images make a set."""
    name, _, count = word.partition(":")
    if name not in OTHERS:
        raise DataError(f"there is no table {name!r}", f"choose from {', '.join(OTHERS)}")
    return name, int(count or COUNT)


def table_of(name: str, emoji: Path | None) -> ImageTable:
    """The images of a name."""
    if name != "emoji":
        return open_table(name)
    if emoji is None:
        raise DataError("emoji lie in a file", "name it with --emoji")
    return open_table(np.load(emoji)["x"], holdout=0.3)


def others_of(name: str, table: ImageTable, emoji: Path | None) -> np.ndarray | None:
    """Images to mix in, if they are at hand."""
    try:
        others = table_of(OTHERS[name], emoji)
    except DataError as error:
        print(f"no images of another table: {error}", file=sys.stderr)
        return None
    assert others.shape == table.shape
    return np.array(others.values[others.rows("test")[:MIXED_IN]])


def pictured(table: ImageTable, others: np.ndarray | None) -> np.ndarray:
    """A picture of the table's images, damaged."""
    parts = parted(table, "test", IN_PICTURE)
    return picture(Originals(table, parts.pool, min(IN_PICTURE, len(parts.pool)), parts.searched, others=others))


def taken(table: ImageTable, count: int, others: np.ndarray | None) -> dict[str, Any]:
    """Every measure that the table allows, as plain values."""
    found: Extractor = extractor("classifier" if table.labels is not None else "pixels", table, progress=True)
    fitting = [
        name
        for name, entry in MEASURES.items()
        if entry.of != "conditions" and (entry.of != "classes" or table.labels is not None)
    ]
    figures_of = measured(table, found, fitting, count=count, others=others, progress=True)
    return {"features": found.name, "note": found.note, **plain(figures_of)}


def page(result: dict[str, Any]) -> str:
    """A row a table, with its page."""
    lines = ["| | images in a set | against | in | damaged sets | figures |", "|---|---|---|---|---|---|"]
    for name, of in result["tables"].items():
        sets = sum(map(len, of["defects"].values()))
        link = f"[{name}.md](measures/results/defects/{name}.md)"
        lines.append(f"| {name} | {of['count']:,} | {of['real']:,} | {of['features']} | {sets} | {link} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
