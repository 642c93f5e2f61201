"""The page that shows all exhibits: the paper's figures beside ours, then each exhibit's link."""

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


def write_page(folder: Path, names: Sequence[str]) -> Path:
    """Write README.md from the exhibits' JSON files that are there.

    Args:
        folder: where the exhibits lie.
        names: theirs, in the order of the page.

    Returns:
        The path of the page.

    Raises:
        RunError: an exhibit is missing or damaged.
        OSError: the page cannot be written.
    """
    parts = [_TITLE, _OPENING]
    quick = False
    for name in names:
        try:
            facts = json.loads((folder / f"{name}.json").read_text("utf-8"))
            rows = [Row(**row) for row in facts["rows"]]
            quick |= facts["quick"]
            parts.append(f"## [{facts['title']}]({name}.md)")
        except (OSError, ValueError, KeyError, TypeError):
            raise RunError(f"{folder / name}.json is missing or damaged", f"make it: advnets paper {name}") from None
        if rows:
            parts.append(table_lines(rows_table(rows)))
    if quick:
        parts.insert(2, "**Made with `--quick`**: fewer steps, samples and seeds than the figures deserve.")
    page = folder / "README.md"
    write_whole(page, ("\n\n".join(parts) + "\n").encode())
    return page
