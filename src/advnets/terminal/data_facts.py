"""What `advnets data` found, in words: for the terminal and for its page alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from advnets.data import Table, holds_images
from advnets.data.duplicates import NEAR
from advnets.data.orientation import Orientation
from advnets.data.survey import TINY, Alike, Copies, Sizes, Survey

_NAMED = 3  # files behind a count, sizes
_CLASSES = 10  # classes in a sentence
_COLORS = {1: "gray", 3: "color"}
_HELD_OUT = {"valid": "validation", "test": "test"}


def facts(survey: Survey, training: str) -> list[tuple[str, str]]:
    """Pairs of a term and what is said of it.

    Args:
        survey: what was found.
        training: what a training would do, in words.
    """
    table = survey.table
    found = [("data", _data(table)), *_stored(survey), ("seen as", _seen(table)), ("splits", _splits(table))]
    if survey.classes:
        found.append(("classes", _classes(survey)))
    if table.vectors is not None:
        found.append(("conditions", f"vectors of {_count(len(survey.columns), 'number')}"))
    found += [("note", note) for note in table.notes]
    found += [("left out", text) for text in _left_out(survey)]
    found.append(("copies", _copies(survey.copies)))
    if survey.alike is not None:
        found.append(("near duplicates", _near(survey, survey.alike)))
    if survey.orientation is not None and survey.orientation.count:
        found.append(("mirror images", _mirrored(survey.orientation)))
    if len(survey.flat):
        found.append(
            ("strange", f"{_count(len(survey.flat), 'image')} of a single shade ({_names(survey, survey.flat)})")
        )
    return [*found, ("training", training)]


def size_text(size: Sequence[int]) -> str:
    """Height and width."""
    return " x ".join(f"{side:,}" for side in size)


def _data(table: Table) -> str:
    what = "image" if holds_images(table) else "point"
    kind = f", {table.format}" if table.format else ""
    return f"{table.name}{kind}: {_count(len(table), what)}"


def _stored(survey: Survey) -> Iterator[tuple[str, str]]:
    """What the images were as stored."""
    if survey.origins is None or survey.sizes is None:
        if survey.looks is not None:
            yield "stored as", "not known of a table of an earlier version; --verify reads it again"
        return
    kinds = sorted(survey.origins.kinds.items(), key=lambda each: -each[1])
    said = kinds[0][0] if len(kinds) == 1 else "; ".join(f"{kind} ({count:,})" for kind, count in kinds)
    if survey.origins.extremes is not None:
        low, high = survey.origins.extremes
        said += f"; values from {low:g} to {high:g}"
    yield "stored as", said
    yield "sizes", _sizes(survey.sizes)
    if said := survey.origins.cropping(survey.table.shape):
        yield "cropped", said


def _sizes(sizes: Sizes) -> str:
    if sizes.distinct == 1:
        return f"all {size_text(sizes.smallest)}"
    often = ", ".join(f"{size_text(size)} ({count:,})" for size, count in sizes.frequent[:_NAMED])
    least, median, greatest = (f"{aspect:.3g}" for aspect in sizes.aspects)
    span = f"{size_text(sizes.smallest)} to {size_text(sizes.largest)} (height x width)"
    aspects = f"width by height from {least} to {greatest}, median {median}"
    return f"{sizes.distinct:,} different, from {span}; most often {often}; {aspects}"


def _seen(table: Table) -> str:
    if not holds_images(table):
        return f"points of {_count(table.shape[0], 'number')}"
    channels, *size = table.shape
    return f"{size_text(size)}, {_COLORS.get(channels, f'{channels} channels')}"


def _splits(table: Table) -> str:
    held = [
        f"{table.count(split) or 'none':{',' if table.count(split) else ''}} for {_of(split)}" for split in _HELD_OUT
    ]
    return ", ".join([f"{len(table.rows('train')):,} for training", *held])


def _of(split: str) -> str:
    return "the test" if split == "test" else _HELD_OUT[split]


def _classes(survey: Survey) -> str:
    """How many, from the smallest to the largest; which are empty or tiny."""
    totals = {name: sum(counts.values()) for name, counts in survey.classes.items()}
    known = {name: count for name, count in totals.items() if count}
    said = [f"{len(totals):,}"]
    if known:
        least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
        span = f"from {known[least]:,} ({least}) to {known[most]:,} ({most})"
        said[0] += f", {known[least]:,} each" if known[least] == known[most] else f", {span}"
    said += [f"none of {_listed(survey.empty)}"] if survey.empty else []
    said += [f"fewer than {TINY} for training of {_listed(survey.tiny)}"] if survey.tiny else []
    said += [f"{survey.unlabeled:,} without a class"] if survey.unlabeled else []
    return "; ".join(said)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_CLASSES])
    return shown if len(names) <= _CLASSES else f"{shown} and {len(names) - _CLASSES:,} more"


def _left_out(survey: Survey) -> Iterator[str]:
    one = "file" if holds_images(survey.table) else "column"
    for each in survey.left_out:
        shown = ", ".join(file.name.removeprefix("column ") for file in each.files[:_NAMED])
        yield f"{_count(len(each.files), one)}, {each.reason} ({shown}{', ...' if len(each.files) > _NAMED else ''})"


def _copies(copies: Copies) -> str:
    if not copies.sets:
        return "no exact copies"
    said = f"{_count(copies.extra, 'exact copy', 'exact copies')} of {_count(len(copies.sets), 'example')}"
    other = [f"{copies.other_class:,} of another class"] if copies.other_class else []
    return "; ".join([said, *_across(copies.across, "copies of"), *other])


def _mirrored(found: Orientation) -> str:
    doing = "belong to the set: --mirror" if found.any_way else "do not belong to the set"
    share = f"of {found.count:,} images {100 * found.share:.0f} % have their nearest other one as it is"
    return f"{doing} ({share}, where chance is 50 %)"


def _near(survey: Survey, alike: Alike) -> str:
    if not alike.images:
        return f"none (correlation of {NEAR} and more)"
    near = alike.pairs
    closest = ", ".join(
        f"{survey.name(one)} and {survey.name(other)} ({difference:.2g} gray levels apart)"
        for (one, other), difference in zip(near.rows[:_NAMED].tolist(), near.differences.tolist(), strict=False)
    )
    said = f"{_count(len(near.rows), 'pair')} (correlation of {NEAR} and more), {alike.images:,} images"
    said += f" in {_count(alike.sets, 'set')}"
    return "; ".join([said, *_across(alike.across, "like"), f"closest {closest}"])


def _across(across: Mapping[str, int], what: str) -> list[str]:
    held = [f"{count:,} of {_of(split)}" for split, count in across.items() if count]
    return [f"{' and '.join(held)} {what} images for training"] if held else []


def _names(survey: Survey, rows: Iterable[int]) -> str:
    names = [survey.name(int(row)) for row in rows]
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _count(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
