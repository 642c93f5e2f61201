"""`infer`: an encoder for a finished run, what it is worth beside other ways to latents, a picture and a file of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advnets import figures
from advnets.config.names import IN_MEMORY
from advnets.data import Table, open_again, open_data
from advnets.data.recognize import Given
from advnets.errors import RunError
from advnets.files import write_whole
from advnets.inference.errors import Way, compare_ways, counted, held_out, own_samples
from advnets.inference.training import train_encoder
from advnets.runs.coding import latents_of
from advnets.runs.directory import writing
from advnets.runs.encoders import folder_of, plays, read_settings
from advnets.runs.run import Run

COLUMNS = 16
"""Images in the picture."""


@dataclass(frozen=True, eq=False)
class Inference:
    """What an encoder is worth.

    Args:
        run: whose; it has the encoder now.
        answer: what inference.json says.
        path: that file.
        picture: real images above what is made of them; None of points.
    """

    run: Run
    answer: dict[str, Any]
    path: Path
    picture: Path | None


def infer(
    run: Run | str | Path,
    *,
    count: int = 1000,
    refine: int = 100,
    data: str | Path | Given | Table | None = None,
    fresh: bool = False,
    **changes: Any,
) -> Inference:
    """Train an encoder for a finished run where none played in its game, and measure it on held-out examples.

    What was trained lies in RUN/encoder/; stopped, the same call goes on, bit for bit.

    Args:
        run: a run, or its directory.
        count: held-out examples, all of them where there are fewer, and as many own samples.
        refine: steps of Adam on latents, from E(x): the best that G can; 0 leaves that out.
        data: where the run's data are now, if they were moved; the same images, or their table, where they were passed
            in Python.
        fresh: train the encoder anew.
        **changes: fields of `EncoderSettings`: network, width, pixels, steps, batch, rate, seed.

    Raises:
        RunError: its samples are made from something else than vectors, its encoder played in the game and settings of
            another are given, or it was begun with others.
        DataError: its data cannot be read.
        DivergedError: a cost is not finite.
    """
    if count < 2 or refine < 0:
        raise RunError(f"{count} examples and {refine} steps", "measure 2 examples or more, in 0 steps or more")
    run = run if isinstance(run, Run) else Run(run)
    table = data_to_infer(run, data)
    held = held_out(run, table, count)  # before an encoder is trained
    give_encoder(run, table, fresh, changes)
    coder = run.coder
    ways = compare_ways(run, coder, table, held, refine)
    own, explained = own_samples(run, coder, len(held.images), refine)
    answer: dict[str, Any] = {
        "step": run.step,
        "encoder": encoder_in_words(run),
        "data": table.name,
        "split": held.split,
        "count": len(held.images),
        "ways": [way.answer() for way in (*ways, *own)],
        "latents_r2": explained,
    }
    folder = folder_of(run.path, run.step)
    with writing(folder):
        write_whole(folder / "inference.json", (json.dumps(answer, indent=1) + "\n").encode())
        picture = _drawn(held.images, ways, folder / "inference.png", run)
    return Inference(run, answer, folder / "inference.json", picture)


def data_to_infer(run: Run, data: str | Path | Given | Table | None) -> Table:
    """A run's own data, where its samples have latents that an encoder can find; `data` as for `infer`.

    Raises:
        RunError, DataError: as `infer`.
    """
    latents_of(run.game, run.seats)  # refused before anything is read
    return data_of(run, data)


def give_encoder(run: Run, table: Table, fresh: bool, changes: dict[str, Any]) -> None:
    """Train the encoder of a run, unless it has a finished one, or one that played in its game.

    Args:
        run: whose.
        table: its data, as `data_to_infer` gives them.
        fresh, changes: as for `infer`.

    Raises:
        RunError, DivergedError: as `infer`.
    """
    if plays(run.seats, latents_of(run.game, run.seats).length):
        if fresh or changes:
            said = ", ".join([*changes, *(["fresh"] if fresh else [])])
            what = f"the encoder of {run.path} played in its game and is not trained: nothing comes of {said}"
            raise RunError(what, "leave that out")
        return
    train_encoder(run, table, changes, fresh)
    vars(run).pop("coder", None)  # of an encoder that was there before


def data_of(run: Run, data: str | Path | Given | Table | None = None) -> Table:
    """A run's own data.

    Raises:
        RunError: they were passed in Python, or are others than those it was trained on.
        DataError: they cannot be read.
    """
    if data is None:
        if run.recipe.data == IN_MEMORY:
            raise RunError(
                f"the data of {run.path} were passed in Python", "pass them there: advnets.infer(run, data=images)"
            )
        table = open_again(run.recipe)
    elif isinstance(data, str | Path):
        table = open_data(run.recipe.replace(data=str(data)))
    else:
        table = open_data(run.recipe, data) if isinstance(data, np.ndarray | tuple) else data
    run.directory.check_data(table.fingerprint, table.classes, moved=data is not None)
    return table


def encoder_in_words(run: Run) -> str:
    """What the encoder is, for a reader of figures."""
    found = read_settings(folder_of(run.path, run.step))
    if plays(run.seats, run.coder.latents.length) or found is None:
        return "played in the game"
    settings, _ = found
    costs = "latents of own samples" if not settings.pixels else f"latents and {settings.pixels:g} x pixels"
    return f"{settings.network} of width {settings.width}, {counted(settings.steps, 'step')} on {costs}"


def _drawn(images: NDArray[Any], ways: Sequence[Way], path: Path, run: Run) -> Path | None:
    """Real images above what the best ways make of them; None of points."""
    if len(run.shape) != 3:
        return None
    order = "G(E(x))", "refined", "nearest"
    made = {way.label: way.made for way in ways if way.label and way.made is not None}
    rows = {"real": images, **{label: made[label] for label in order if label in made}}
    shown = np.stack([np.asarray(each[:COLUMNS], np.uint8) for each in rows.values()])
    figures.save(figures.by_class(shown, list(rows)), path, run.step)
    return path
