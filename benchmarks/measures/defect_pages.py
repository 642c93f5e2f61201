"""Pages and pictures of damaged images, for benchmarks/measures/defects.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from advnets import figures
from advnets.measures.catalog import badness
from advnets.measures.defects import DEFECTS, Defect, Measured, Originals, differs

IN_SHORT = ("frechet", "precision", "recall", "two_sample", "modes", "birthday", "memorization", "parzen")
"""Measures on the page that shows a part of a table."""
EACH = 3
"""Images of a dose in a picture."""
_LOOKED_THROUGH = 500
_BEGIN, _END = "<!-- defects -->", "<!-- end of defects -->"
_LEGEND = "A dash: cannot be told from undamaged images. Bold: better than those."


def plain(found: Measured) -> dict[str, Any]:
    """What was measured, as plain values."""
    return {
        "count": found.count,
        "real": found.real,
        "undamaged": {name: _short(each.value) for name, each in found.undamaged.items()},
        "defects": {
            name: [
                {
                    "dose": row.dose,
                    "figures": {measure: _short(each.value) for measure, each in row.figures.items()},
                    "unseen": [
                        measure for measure, each in row.figures.items()
                        if measure in found.undamaged and not differs(measure, each, found.undamaged[measure])
                    ],
                }
                for row in rows
            ]
            for name, rows in found.defects.items()
        },
        "left_out": dict(found.left_out),
    }  # fmt: skip


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def whole(name: str, of: dict[str, Any], pictured: bool) -> str:
    """The page of a table: every dose by every measure."""
    lines = [
        f"# {name}: what the figures are worth",
        "",
        f"Sets of {of['count']:,} real images, each damaged in one way, against {of['real']:,} others, in the features"
        f" {of['features']}{' (' + of['note'] + ')' if of['note'] else ''}. {_LEGEND}",
        "",
        *_table(of, list(of["undamaged"]), [(name, row) for name, rows in of["defects"].items() for row in rows]),
        "",
        *(f"Not of these images: {name.replace('_', ' ')}, as {why}." for name, why in of["left_out"].items()),
    ]
    if pictured:
        lines += [
            "",
            f"![{name}, damaged]({name}.png)",
            "",
            "From left to right undamaged, then the doses of the table.",
        ]
    return "\n".join(lines).rstrip() + "\n"


def in_short(of: dict[str, Any]) -> str:
    """A part of it: of each defect the middle one of its doses, by a few measures."""
    rows = [(name, rows[len(rows) // 2]) for name, rows in of["defects"].items()]
    said = f"{of['count']:,} training images, damaged, against {of['real']:,} test images; {of['note']}. {_LEGEND}"
    return "\n".join([said, "", *_table(of, [name for name in IN_SHORT if name in of["undamaged"]], rows)])


def with_part(text: str, part: str) -> str:
    """A page with the part between its marks written anew."""
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n\n{part}\n\n{_END}{after}"


def _table(of: dict[str, Any], measures: Sequence[str], rows: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    undamaged = [f"{of['undamaged'][name]:.3g}" for name in measures]
    yield f"| | {' | '.join(measures)} |"
    yield "|---" * (len(measures) + 1) + "|"
    yield f"| undamaged | {' | '.join(undamaged)} |"
    for name, row in rows:
        cells = [_cell(measure, row, of["undamaged"][measure]) for measure in measures]
        yield f"| {DEFECTS[name].in_words(row['dose'])} | {' | '.join(cells)} |"


def _cell(measure: str, row: dict[str, Any], undamaged: float) -> str:
    if measure not in row["figures"]:
        return ""
    if measure in row["unseen"]:
        return "–"
    value = row["figures"][measure]
    better = badness(measure, value) < badness(measure, undamaged)
    return f"**{value:.3g}**" if better else f"{value:.3g}"


def picture(originals: Originals) -> np.ndarray:
    """A row a defect: a few images undamaged, and at every dose."""
    fitting = {name: each for name, each in DEFECTS.items() if each.doses_for(originals)}
    most = max(len(each.doses) for each in fitting.values())
    rows = [_row(each, originals, most) for each in fitting.values()]
    return figures.by_class(np.stack(rows), [name.replace("_", " ") for name in fitting])


def _row(defect: Defect, originals: Originals, most: int) -> np.ndarray:
    """The same few images at each dose, such as change if some do; white where there are no more doses."""
    images = originals.images()[:_LOOKED_THROUGH]
    sets = [defect.damaged(originals, dose)[:_LOOKED_THROUGH] for dose in defect.doses_for(originals)]
    few = min(len(images), *(len(each) for each in sets))
    changed = [(each[:few] != images[:few]).any((1, 2, 3)) for each in sets]
    firsts = [
        np.flatnonzero(now & ~before) for now, before in zip(changed, [changed[0] & False, *changed], strict=False)
    ]
    chosen = [int(each[0]) for each in firsts if len(each)]
    chosen = list(dict.fromkeys([*chosen, *range(few)]))[:EACH]
    white = np.full((EACH, *images.shape[1:]), 255, np.uint8)
    shown = [images[chosen], *(each[chosen] for each in sets), *[white] * (most - len(sets))]
    return np.concatenate(shown)
