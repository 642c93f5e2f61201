"""`advnets classify`: what a run's own classifier says of rows, and how often it errs."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from advnets.errors import UsageError
from advnets.terminal.arguments import Modules, Positional, Step, call

if TYPE_CHECKING:
    from advnets.evaluation.classification import Classified


def classify(args: list[str]) -> None:
    """Name the classes of images by a semi-supervised run."""

    def classify(
        run: Positional[Path],
        data: str | None = None,
        real: str | None = None,
        copies: int = 1,
        step: Step = "newest",
        out: Path | None = None,
        json: Path | None = None,
        modules: Modules = (),
    ) -> None:
        """Say which class each row is of, by the averaged discriminator of a semi-supervised run, and how often it errs
        where the data say it, too.

        Example: advnets classify runs/digits --out digits.csv

        Args:
            run: the run directory.
            data: images, or one, brought to the run's size, or a table of numbers; by default what the run was trained
                on.
            real: which rows: test, valid, valid+test, train or all. By default the test images of what it was trained
                on, all of other data.
            copies: of each row that are asked about, all but the first distorted half as far as in training; their mean
                answer counts. 9 err less often than 1, and take nine times as long.
            out: a .csv file: row, file (of image files), class, probability.
            json: also write errors and their interval to this file, as one JSON object.
        """
        from advnets.evaluation import classification
        from advnets.terminal.runs import load_run
        from advnets.terminal.saving import save_json

        if out is not None and out.suffix != ".csv":
            raise UsageError(f"--out {out}", "name a .csv file")
        found = classification.classify(load_run(run, step, modules), data, real, progress=True, copies=copies)
        for note in found.notes:
            print(f"noticed: {note}", file=sys.stderr)
        if out is not None:
            _save(found, out)
        if json is not None:
            save_json(found.as_dict(), json)
        print(f"{found.table.name}: {found.words()}")
        for name, target in (("classes", out), ("answers", json)):
            if target is not None:
                print(f"{name}: {target}")

    call(classify, args)


def _save(found: Classified, target: Path) -> None:
    from advnets.files import write_whole
    from advnets.terminal.saving import writing_elsewhere

    files = found.files
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["row", *(["file"] if files else []), "class", "probability"])
    for number, name, odds in zip(found.rows.tolist(), found.names, found.probabilities.max(1).tolist(), strict=True):
        table.writerow([number, *([files[number]] if files else []), name, f"{odds:.6f}"])
    with writing_elsewhere(target):
        write_whole(target, text.getvalue().encode("utf-8", "surrogatepass"))
