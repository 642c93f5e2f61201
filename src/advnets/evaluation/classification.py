"""How often a run's own classifier errs on labelled rows that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets.data import Table, holds_images, open_again, open_data
from advnets.errors import MeasureError
from advnets.measures.intervals import wilson
from advnets.runs.classifying import has_classifier, outputs
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
    """

    table: Table
    rows: NDArray[np.int64]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]

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
            return f"{len(self.rows):,} rows, none of them with a label of {', '.join(self.classes)}"
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


def classify(run: Run, data: str | Path | Table | None = None, real: str | None = None) -> Classified:
    """What the averaged classifier of a semi-supervised game says of data.

    Args:
        run: whose.
        data: images, brought to the run's size, or a table of numbers with its columns; by default what it was
            trained on.
        real: the split: test, valid, valid+test, train or all; by default the test images of what it was trained on,
            all of other data.

    Raises:
        RunError: the run has no classifier.
        MeasureError: the data do not fit, or have no such rows.
        DataError: they cannot be read.
    """
    table = _opened(run, data)
    rows = table.rows(real or ("test" if data is None else "all"))
    if not len(rows):
        raise MeasureError(f"{table.name} has no {real or 'test'} rows", "name others with --real, as all")
    logits, _ = outputs(run, _as_played(run, table, table.values[rows]))
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return Classified(table, rows, run.data.classes, odds / odds.sum(1, keepdims=True), _truth(run, table, rows))


def note_of(run: Run | None, table: Table) -> list[str]:
    """What a run's own classifier errs on the test rows of a table, in words; nothing of other games."""
    if run is None or not has_classifier(run) or table.labels is None or not len(table.rows("test")):
        return []
    if table.shape != run.shape or table.scale != run.scale:  # other data than it can be asked about
        return []
    return [f"the run's own classifier: {classify(run, table, 'test').words()}, of {table.name}'s test rows"]


def _opened(run: Run, data: str | Path | Table | None) -> Table:
    if data is None:
        return open_again(run.recipe)
    if not isinstance(data, str | Path):
        return data
    table = open_data(run.recipe.replace(data=str(data)))
    if len(run.shape) == 3 and holds_images(table) and table.shape != run.shape:
        channels, height, width = run.shape
        table = open_data(run.recipe.replace(data=str(data), size=(height, width), channels=channels))
    if table.shape != run.shape and (run.scale is None or table.scale is None):
        raise MeasureError(f"{table.name} has rows of shape {table.shape}, {run.path} knows {run.shape}", "use others")
    return table


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
