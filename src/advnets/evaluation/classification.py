"""How often a run's own classifier errs on labelled rows that it was not trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data import ImageTable, Table, holds_images, open_again, open_data
from advnets.data.decode import is_image
from advnets.data.parallel import progress_bar
from advnets.data.resize import COLORS_LOST
from advnets.errors import MeasureError
from advnets.measures.intervals import wilson
from advnets.runs.classifying import has_classifier, outputs
from advnets.runs.inference import pictures_of
from advnets.runs.run import Run


@dataclass(frozen=True, eq=False)
class Classified:
    """What a run's classifier says of rows of a table.

    Args:
        table: the rows' table.
        rows: their numbers in it.
        classes: the run's, by name.
        probabilities: of them, float32 N x K.
        truth: what the table says they are, int64 N, indices into `classes`, -1 where it does not say.
        files: of all rows of the table, by name; none where they come from no image files.
    """

    table: Table
    rows: NDArray[np.int64]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]
    files: Sequence[str] = ()

    @property
    def notes(self) -> list[str]:
        """What became of the images' colors, a sentence without its full stop; nothing where they kept them."""
        return [note for note in self.table.notes if note.endswith(("loses its colors", COLORS_LOST))]

    @property
    def names(self) -> list[str]:
        """The likeliest class of each row."""
        return [self.classes[number] for number in self.probabilities.argmax(1)]

    @property
    def labelled(self) -> int:
        """How many of the rows have a label that the run knows."""
        return int((self.truth >= 0).sum())

    @property
    def errors(self) -> int:
        """How many of these are taken for another class."""
        known = self.truth >= 0
        return int((self.probabilities.argmax(1)[known] != self.truth[known]).sum())

    def words(self) -> str:
        """The share of errors with its 95 % interval; that there are no labels to say it by."""
        count = self.labelled
        if not count:
            named = ", ".join(self.classes)
            if len(self.rows) == 1:
                return f"1 row: {self.names[0]} ({self.probabilities.max():.1%}); it has no label of {named}"
            return f"{len(self.rows):,} rows, none of them with a label of {named}"
        low, high = (100 * end for end in wilson(self.errors, count))
        share = 100 * self.errors / count
        return f"{share:.2f} % of {count:,} are taken for another class ({low:.2f} to {high:.2f} %, 95 %)"

    def as_dict(self) -> dict[str, Any]:
        """Plain values: rows, labelled, errors, error and its interval (shares), None without labels."""
        count = self.labelled
        found = {"rows": len(self.rows), "labelled": count, "errors": self.errors if count else None}
        if not count:
            return {**found, "error": None, "interval": None}
        return {**found, "error": self.errors / count, "interval": list(wilson(self.errors, count))}


def classify(
    run: Run,
    data: str | Path | Table | None = None,
    real: str | None = None,
    progress: bool = False,
    copies: int = 1,
) -> Classified:
    """What the averaged classifier of a semi-supervised game says of data.

    Args:
        run: whose.
        data: images, or one, brought to the run's size, or a table of numbers with its columns; by default what it was
            trained on.
        real: the split: test, valid, valid+test, train or all; by default the test images of what it was trained on,
            all of other data.
        progress: show it.
        copies: of each row that are asked about and agreed upon, as `outputs` says.

    Raises:
        RunError: the run has no classifier, or plays without distortions and several copies are asked for.
        MeasureError: the data do not fit, or have no such rows.
        DataError: they cannot be read.
    """
    table, files = _opened(run, data)
    rows = table.rows(real or ("test" if data is None else "all"))
    if not len(rows):
        raise MeasureError(f"{table.name} has no {real or 'test'} rows", "name others with --real, as all")
    with progress_bar("Classifying", len(rows), unit="rows", shown=progress) as advance:
        logits, _ = outputs(run, _as_played(run, table, table.values[rows]), advance, copies)
    odds = np.exp(logits - logits.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    return Classified(table, rows, run.data.classes, odds, _truth(run, table, rows), files)


def note_of(run: Run | None, table: Table) -> list[str]:
    """What a run's own classifier errs on the test rows of a table, in words; nothing of other games."""
    if run is None or not has_classifier(run) or table.labels is None or not len(table.rows("test")):
        return []
    if table.shape != run.shape or table.scale != run.scale:  # other data than it can be asked about
        return []
    return [f"the run's own classifier: {classify(run, table, 'test').words()}, of {table.name}'s test rows"]


def _opened(run: Run, data: str | Path | Table | None) -> tuple[Table, Sequence[str]]:
    """A table, and the names of its rows' files."""
    if data is not None and not isinstance(data, str | Path):
        return data, ()
    single = None if data is None or len(run.shape) != 3 else _only_image(Path(data))
    if data is not None and single is not None:
        return _table_of(run, Path(data), single)
    table = open_again(run.recipe) if data is None else _table(run, str(data))
    origins = table.origins() if isinstance(table, ImageTable) else None
    return table, () if origins is None else origins.names


def _table(run: Run, data: str) -> Table:
    table = open_data(run.recipe.replace(data=data))
    if len(run.shape) == 3 and holds_images(table) and table.shape != run.shape:
        channels, height, width = run.shape
        table = open_data(run.recipe.replace(data=data, size=(height, width), channels=channels))
    if table.shape != run.shape and (run.scale is None or table.scale is None):
        raise MeasureError(f"{table.name} has rows of shape {table.shape}, {run.path} knows {run.shape}", "use others")
    return table


def _only_image(path: Path) -> Path | None:
    """The image file that a path names, or that is all there is in a folder: no table, which has two rows or more."""
    files = [path] if path.is_file() else []
    for each in path.rglob("*") if path.is_dir() else ():
        if each.is_file() and not each.name.startswith("."):
            files.append(each)
        if len(files) > 1:
            return None
    return files[0] if files and is_image(files[0].read_bytes()) else None


def _table_of(run: Run, path: Path, image: Path) -> tuple[Table, Sequence[str]]:
    """A file's image, or its pages, as a table: of the class that its folder is named by, below the path."""
    loose = pictures_of(run, [image])
    values = loose.values
    classes = () if image == path or image.parent == path else (image.parent.name,)
    labels = np.zeros(len(values), np.int64) if classes else None
    digest = hashlib.sha256(values.tobytes()).hexdigest()
    table = ImageTable(values, labels, classes, digest, path.name, notes=tuple(loose.notes))
    return table, [image.name if image == path else image.relative_to(path).as_posix()] * len(values)


def _as_played(run: Run, table: Table, values: NDArray[Any]) -> NDArray[Any]:
    """Rows of a table of numbers in the deviations of the run's own columns; all others as they are.

    Raises:
        MeasureError: the table lacks one of these columns.
    """
    mine, theirs = run.scale, table.scale
    if mine is None or theirs is None or mine == theirs:
        return values
    if missing := [name for name in mine.columns if name not in theirs.columns]:
        raise MeasureError(f"{table.name} has no column {missing[0]!r}", f"give {', '.join(mine.columns)}")
    return mine.standardize(theirs.restore(values)[:, [theirs.columns.index(name) for name in mine.columns]])


def _truth(run: Run, table: Table, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The table's labels as the run numbers the classes of these names."""
    if table.labels is None:
        return np.full(len(rows), -1, np.int64)
    known = {name: number for number, name in enumerate(run.data.classes)}
    numbers = np.array([known.get(name, -1) for name in table.classes] + [-1], np.int64)
    return numbers[table.labels[rows]]
