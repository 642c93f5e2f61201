"""`advnets codes`: what the codes of an InfoGAN run mean, as a picture and in figures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from advnets.errors import RunError
from advnets.terminal.arguments import Modules, Positional, Step, call

_FEWEST = 100
"""Samples for a mean of information: fewer have figures of chance."""


def codes(args: list[str]) -> None:
    """Draw and measure the codes of an InfoGAN."""

    def codes(
        run: Positional[Path],
        code: int = 1,
        columns: int = 10,
        reach: float = 1.0,
        seed: int = 0,
        count: int = 10_000,
        step: Step = "newest",
        out: Path | None = None,
        json: Path | None = None,
        modules: Modules = (),
    ) -> None:
        """Draw a row of samples for each value of the categorical code, along which a continuous code moves.

        Says how many nats of the codes the recognizer reads in samples at the least, and, where the data have classes,
        how well the categories that it sees in real test images separate them.

        Example: advnets codes runs/infogan --code 2 --reach 2

        Args:
            run: the run directory.
            code: the continuous code that moves, from 1; 0 for none: a z for each column instead.
            columns: samples a row.
            reach: the code that moves goes from -reach to reach; in training it went from -1 to 1.
            seed: which z and other codes.
            count: samples that the bound is taken of.
            out: the picture, a PNG file. By default codes-CODE.png in the run directory.
            json: also write the figures to this file, as one JSON object.
        """
        from advnets import figures
        from advnets.figures.labels import by_class
        from advnets.runs.codes import varied
        from advnets.terminal.runs import load_run
        from advnets.terminal.saving import save_json, writing_elsewhere

        if columns < 1 or count < _FEWEST:
            raise RunError(f"{columns} columns, {count} samples", f"ask for 1 column and {_FEWEST} samples or more")
        if not (0 < reach < math.inf):
            raise RunError(f"--reach {reach:g} is no distance from 0 that a code can go", "give one above 0, such as 1")
        loaded = load_run(run, step, modules)
        made = varied(loaded, code, columns, reach, seed)
        if len(loaded.shape) != 3:
            raise RunError(f"{run} makes points, not images", "draw them with `advnets sample`")
        target = out or run / f"codes-{code}.png"
        with writing_elsewhere(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            figures.save(by_class(made, [str(each) for each in range(len(made))]), target, loaded.step)  # type: ignore[arg-type]
        found = _measured(loaded, count)
        print(f"codes: {target}")
        if json is not None:
            save_json(found, json)
            print(f"answers: {json}")

    call(codes, args)


def _measured(run: Any, count: int) -> dict[str, Any]:
    """The figures of a run's codes, which are printed, too."""
    from advnets.data import holds_images, open_again
    from advnets.runs.codes import separated, told

    nats = told(run, count)
    print(f"information: {nats['categorical']:.3f} of {nats['entropy']:.3f} nats of the category", end="")
    print(f", {nats['continuous']:.2f} of the continuous codes, at the least")
    table = open_again(run.recipe)
    if table.labels is None or not holds_images(table) or not table.count("test"):
        return {"information": nats}
    found = separated(run, table)
    low, high = found.interval
    print(f"classes: {found.value:.1%} ({low:.1%} to {high:.1%}) of {found.real:,} test images are of the category")
    print(f"  that stands for their class; purity {found.details['purity']:.1%}")
    return {"information": nats, "clustering": found.as_dict()}
