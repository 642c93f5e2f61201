"""The page of `advnets data --out`: images as the discriminator will see them, the strangest of them, the facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from advnets.data import holds_images
from advnets.data.survey import Survey
from advnets.figures import Listing, Section, Strip, Tile, page
from advnets.terminal.data_facts import size_text

_SAMPLE, _OF_CLASS, _STRANGE, _PAIRS, _SETS = 48, 10, 8, 16, 8
_MOST_CLASSES = 40
_FILES = 1000  # of those left out
_SPLITS = {"train": "training", "valid": "validation", "test": "test"}

Rows = NDArray[np.int64]


def page_of(survey: Survey, facts: Sequence[tuple[str, str]]) -> str:
    """The page as HTML.

    Args:
        survey: what was found.
        facts: the same in words.
    """
    sections: list[Section] = []
    if holds_images(survey.table):
        sections = [_sample(survey), *_by_class(survey), *_strange(survey), *_near(survey), *_copies(survey)]
    sections += [*_class_table(survey), *_columns(survey), *_left_out(survey)]
    return page(f"{survey.table.name}, before training", facts, sections)


def class_rows(survey: Survey) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of a table of the classes."""
    splits = [split for split in _SPLITS if any(counts[split] for counts in survey.classes.values())]
    rows = [[name, *(f"{counts[split]:,}" for split in splits)] for name, counts in survey.classes.items()]
    return ["class", *(_SPLITS[split] for split in splits)], rows


def column_rows(survey: Survey) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of a table of the columns."""
    rows = [
        [each.name, *(f"{figure:.4g}" for figure in (each.mean, each.deviation, each.least, each.greatest))]
        for each in survey.columns
    ]
    return ["column", "mean", "deviation", "least", "greatest"], rows


def _sample(survey: Survey) -> Section:
    train = survey.table.rows("train")
    drawn = np.sort(np.random.default_rng(0).permutation(train)[:_SAMPLE])
    text = "Fair random draws from the images for training, not picked, as the discriminator will see them."
    return Section("Images for training", [Strip("", _tiles(survey, drawn, named=False))], text)


def _by_class(survey: Survey) -> Iterator[Section]:
    labels, train = survey.table.labels, survey.table.rows("train")
    if labels is None or not survey.classes:
        return
    strips: list[Strip] = []
    for number, (name, counts) in enumerate(survey.classes.items()):
        if len(strips) < _MOST_CLASSES and counts["train"]:
            rows = train[labels[train] == number]
            drawn = np.sort(np.random.default_rng(number).permutation(rows)[:_OF_CLASS])
            strips.append(Strip(f"{name} ({counts['train']:,})", _tiles(survey, drawn, named=False)))
    more = len(survey.classes) - len(strips)
    text = "How many there are for training, and some of them" + (
        f"; {more:,} more classes are below." if more else "."
    )
    yield Section("Classes", strips, text)


def _strange(survey: Survey) -> Iterator[Section]:
    looks, origins, shape = survey.looks, survey.origins, survey.table.shape
    assert looks is not None
    strips = [
        Strip("Darkest", _tiles(survey, survey.first(looks.means, _STRANGE))),
        Strip("Brightest", _tiles(survey, survey.first(-looks.means, _STRANGE))),
        Strip("Least contrast", _tiles(survey, survey.first(looks.deviations, _STRANGE))),
    ]
    if origins is not None:
        scales, lost = origins.scales(shape), origins.cut_off(shape)
        for title, values, beyond, words in (
            ("Enlarged most", -scales, -1.0, lambda row: f"{scales[row]:.3g} times"),
            ("Cropped most", -lost, 0.0, lambda row: f"{100 * lost[row]:.0f} % cut off"),
        ):
            rows = survey.first(values, _STRANGE, beyond)
            if len(rows):
                strips.append(Strip(title, _tiles(survey, rows, [_was(survey, int(row), words(row)) for row in rows])))
    yield Section("The strangest", strips, "What to look at before a generator learns it.")


def _was(survey: Survey, row: int, words: str) -> str:
    """Which file, what was done to it, from which size."""
    assert survey.origins is not None
    return f"{survey.name(row)}, {words}, from {size_text(survey.origins.sizes[row].tolist())}"


def _near(survey: Survey) -> Iterator[Section]:
    assert survey.alike is not None
    near = survey.alike.pairs
    if not len(near.rows):
        return
    tiles = [
        _tile(survey, rows, f"{' and '.join(survey.name(row) for row in rows)}: {difference:.2g} gray levels apart")
        for rows, difference in zip(near.rows[:_PAIRS].tolist(), near.differences[:_PAIRS].tolist(), strict=True)
    ]
    more = f"; {len(near.rows) - _PAIRS:,} more pairs are not shown" if len(near.rows) > _PAIRS else ""
    text = f"Two by two, closest first{more}. A generator sees them twice; in two splits they flatter it."
    yield Section("Near duplicates", [Strip("", tiles)], text)


def _copies(survey: Survey) -> Iterator[Section]:
    sets = survey.copies.sets
    if not sets:
        return
    tiles = [_tile(survey, rows[:1].tolist(), ", ".join(_some(survey, rows))) for rows in sets[:_SETS]]
    more = f"; {len(sets) - _SETS:,} more are not shown" if len(sets) > _SETS else ""
    yield Section(
        "Exact copies", [Strip("", tiles)], f"Images that are there more than once, and under which names{more}."
    )


def _some(survey: Survey, rows: Rows) -> list[str]:
    return [*(survey.name(row) for row in rows[:3].tolist()), *([f"{len(rows) - 3:,} more"] if len(rows) > 3 else [])]


def _class_table(survey: Survey) -> Iterator[Section]:
    if survey.classes:
        yield Section("Classes in figures", [Listing(*class_rows(survey))], folded=True)


def _columns(survey: Survey) -> Iterator[Section]:
    if survey.columns:
        yield Section("Columns", [Listing(*column_rows(survey))], folded=len(survey.columns) > _MOST_CLASSES)


def _left_out(survey: Survey) -> Iterator[Section]:
    files = [file for each in survey.left_out for file in each.files]
    if files:
        more = f"The first {_FILES:,} of {len(files):,}; --json has all." if len(files) > _FILES else ""
        rows = [[file.name, file.reason] for file in files[:_FILES]]
        yield Section("Left out", [Listing(["name", "reason"], rows)], more, folded=True)


def _tiles(survey: Survey, rows: Iterable[int], captions: Sequence[str] = (), named: bool = True) -> list[Tile]:
    """Images with their names below, or with captions, or without either."""
    found = [int(row) for row in rows]
    said = captions or [survey.name(row) if named else "" for row in found]
    return [_tile(survey, [row], text) for row, text in zip(found, said, strict=True)]


def _tile(survey: Survey, rows: Sequence[int], caption: str) -> Tile:
    table = survey.table
    names = [survey.name(row) for row in rows]
    if table.labels is not None and table.classes:
        kinds = [table.classes[label] if label >= 0 else "no class" for label in table.labels[rows].tolist()]
        names = [f"{name}, {kind}" for name, kind in zip(names, kinds, strict=True)]
    return Tile([table.values[row] for row in rows], names, caption)
