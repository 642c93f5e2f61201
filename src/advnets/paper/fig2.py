"""Figure 2: fair random draws of each of the paper's models, with the training example nearest to a row's last one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from advnets import figures
from advnets.api import open_data
from advnets.data import ImageTable, open_table
from advnets.data.contrast import normalize
from advnets.errors import DataError
from advnets.measures import nearest
from advnets.paper import table1_faces
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row
from advnets.paper.rivals import adversarial
from advnets.paper.training import trained
from advnets.recipe import Recipe, load_recipe, to_dict
from advnets.training.run import Run

Pixels = npt.NDArray[np.uint8]
ROWS, COLUMNS = 6, 9
_QUICK = {"steps": 20, "log_every": 10, "checkpoint_every": 20, "sample_every": 0, "batch": 20}


@dataclass(frozen=True)
class _Panel:
    """One of the figure's four.

    Args:
        letter: in the paper.
        what: the data and the model.
        recipe: the one that is trained.
        quick: fields that make it small.
        full: how the recipe of the authors' size is called, where `recipe` is a smaller one.
    """

    letter: str
    what: str
    recipe: str
    quick: dict[str, Any]
    full: str = ""


_PANELS = (
    _Panel("a", "MNIST", "paper-mnist", {}),
    _Panel("b", "TFD", table1_faces.STAGES[-1], {}, "paper-tfd-stage-two"),
    _Panel(
        "c", "CIFAR-10, fully connected", "paper-cifar10-fc-small",
        {"generator": {"hidden": [32, 32]}, "discriminator": {"units": [16, 16]}}, "paper-cifar10-fc",
    ),
    _Panel(
        "d", "CIFAR-10, convolutional D and deconvolutional G", "paper-cifar10-conv-small",
        {"generator": {"maps": 4}, "discriminator": {"widths": [4, 4, 4], "dense": 8}}, "paper-cifar10-conv",
    ),
)  # fmt: skip


def make(bench: Bench) -> Exhibit:
    """Train what is not trained yet, as far as its data are at hand, and draw."""
    parts = [_panel(bench, panel) for panel in _PANELS]
    return Exhibit(
        "Figure 2: fair draws and their nearest training examples",
        [
            "Samples are the first draws of a seed, never picked. The framed last column shows the training example"
            " nearest (Euclidean, in pixels as the game sees them: CIFAR-10's after contrast normalization) to the"
            " sample on its left: a model that had learned its training set by heart would show the same image twice.",
            *(part for body, _, _ in parts for part in body),
        ],
        [row for _, rows, _ in parts for row in rows],
        {panel.letter: facts for panel, (_, _, facts) in zip(_PANELS, parts, strict=True)},
    )


def _panel(bench: Bench, panel: _Panel) -> tuple[list[str | Picture], list[Row], dict[str, Any]]:
    """A panel's text and picture, its row and its figures; where its data are not at hand, that is said."""
    heading = f"## {panel.letter}) {panel.what}"
    try:
        run = _run(bench, panel)
        table = open_data(run.recipe)
    except DataError as error:
        data = load_recipe(panel.recipe).data
        row = Row(panel.what, "not made: no data", "fair draws", f"with {data} at hand, the same command makes it")
        return (
            [heading, f"Not made: {error.what}. With the data at hand, the same command makes it."],
            [row],
            {"missing": data},
        )
    assert isinstance(table, ImageTable)
    target = bench.path(f"-{panel.letter}.png")
    facts = bench.keep(panel.letter, lambda: _nearness(run, table, bench), of=run.step)
    _draw(run, table, target, bench.seed)
    size = f" The model is smaller than the authors' (`{panel.full}` is theirs)." if panel.full else ""
    caption = f"{panel.what}: `{panel.recipe}` after {run.step:,} steps.{size}"
    row = Row(
        f"{panel.what}: distance to the nearest training image over that of test images", f"{facts['ratio']:.2f}",
        "no copies", f"{facts['copies']} of {facts['count']:,} samples equal a training image",
    )  # fmt: skip
    return [heading, Picture(target.name, caption)], [row], facts


def _run(bench: Bench, panel: _Panel) -> Run:
    if panel.recipe == "paper-mnist":
        return adversarial(bench, panel.recipe)
    recipe = load_recipe(panel.recipe)
    if recipe.data == "tfd":
        return table1_faces.both_stages(bench, open_table("tfd"), table1_faces.recipes())[1]
    return trained(bench, _smaller(recipe, panel.quick) if bench.quick else recipe)


def _smaller(recipe: Recipe, fields: dict[str, Any]) -> Recipe:
    """A recipe of the same kind of networks that takes a second."""
    plain = to_dict(recipe)
    players = {name: {**plain[name], **change} for name, change in fields.items()}
    return recipe.replace(**_QUICK, **players)


def _nearness(run: Run, table: ImageTable, bench: Bench) -> dict[str, Any]:
    """How far samples lie from training images, in the distance that test images have."""
    count = 50 if bench.quick else 500
    train = table.images[table.rows("train")]
    samples = np.asarray(run.sample(count, bench.seed + 1), np.uint8)
    test = table.images[table.rows("test")[:count]]
    seen = _as_seen(train, run.recipe)
    ours, theirs = (nearest(_as_seen(each, run.recipe), seen)[1][:, 0] for each in (samples, test))
    copies = int((nearest(samples, train)[1][:, 0] == 0).sum())
    return {"count": count, "copies": copies, "ratio": float(np.median(ours) / np.median(theirs))}


def _as_seen(images: Pixels, recipe: Recipe) -> npt.NDArray[Any]:
    """Images as D sees them, but for a scale that all have."""
    return images if recipe.contrast is None else normalize(torch.from_numpy(images), recipe.contrast).numpy()


def _draw(run: Run, table: ImageTable, target: Path, seed: int) -> None:
    samples = np.asarray(run.sample(ROWS * COLUMNS, seed), np.uint8)
    train = table.images[table.rows("train")]
    ends = samples[COLUMNS - 1 :: COLUMNS]
    closest = np.zeros((len(samples), *samples.shape[1:]), np.uint8)
    found, _ = nearest(_as_seen(ends, run.recipe), _as_seen(train, run.recipe))
    closest[COLUMNS - 1 :: COLUMNS] = train[found[:, 0]]
    figures.save(figures.neighbors(samples, closest, columns=COLUMNS), target, run.step)
