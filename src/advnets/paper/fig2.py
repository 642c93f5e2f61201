"""Figure 2: fair random draws of each of the paper's models, with the training example nearest to a row's last one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from advnets import figures
from advnets.config.load import load_recipe, to_dict
from advnets.config.recipe import Recipe
from advnets.data import Table as DataTable
from advnets.data import open_data, open_table
from advnets.data.contrast import normalize
from advnets.errors import DataError
from advnets.measures import nearest
from advnets.paper.exhibit import Exhibit, Heading, Part, Picture, Row, Table
from advnets.paper.rivals import AVERAGED, adversarial
from advnets.paper.shared_runs import trained
from advnets.paper.shrinking import shrunk
from advnets.paper.table1 import faces as table1_faces
from advnets.paper.workspace import Workspace
from advnets.runs.run import Run

Pixels = npt.NDArray[np.uint8]
ROWS, COLUMNS = 6, 9
_SCALE = 2
_CLOSE = 1.0
"""Percent of unseen images that lie as near to a training image as what counts as a copy."""
_UNTOLD = ("name", "seed", "log_every", "sample_every", "checkpoint_every", "measure", "watch", "generator.pretrained")
"""What of a recipe changes neither networks nor game, or is a path of this machine."""


@dataclass(frozen=True)
class _Panel:
    """One of the figure's four.

    Args:
        letter: in the paper.
        what: the data and the model.
        recipe: the one that is trained.
        full: how the recipe of the authors' size is called, where `recipe` is a smaller one.
        but: what in that is not theirs.
    """

    letter: str
    what: str
    recipe: str
    full: str = ""
    but: str = ""


_NO_END = " but for its end, which their file does not name"
_PANELS = (
    _Panel("a", "MNIST", "paper-mnist"),
    _Panel("b", "TFD", table1_faces.STAGES[-1], "paper-tfd-stage-two"),
    _Panel(
        "c", "CIFAR-10, fully connected", "paper-cifar10-fc-small",
        "paper-cifar10-fc",
        _NO_END,
    ),
    _Panel(
        "d", "CIFAR-10, convolutional D and deconvolutional G", "paper-cifar10-conv-small",
        "paper-cifar10-conv",
        _NO_END,
    ),
)  # fmt: skip


def make(workspace: Workspace) -> Exhibit:
    """Train what is not trained yet, as far as its data are at hand, and draw."""
    parts = [_panel(workspace, panel) for panel in _PANELS]
    return Exhibit(
        "Figure 2: fair draws and their nearest training examples",
        [
            "Samples are the first draws of a seed, never picked. The framed last column shows the training example"
            " nearest (Euclidean, in pixels as the game sees them: CIFAR-10's after contrast normalization) to the"
            " sample on its left: a model that had learned its training set by heart would show the same image twice.",
            "The ratio is the median distance of samples to their nearest training image over that of test images,"
            " which no model has seen. About 1: samples lie as far from training images as unseen images do. Far below"
            " 1: they are copies, or so blurred that they lie near to everything. Above 1: they are unlike any training"
            f" image. A sample counts as a copy where it lies nearer than all but {_CLOSE:g} % of test images do; as"
            " many would if samples were real images that were never seen.",
            *(part for body, _, _ in parts for part in body),
        ],
        [row for _, rows, _ in parts for row in rows],
        {panel.letter: facts for panel, (_, _, facts) in zip(_PANELS, parts, strict=True)},
        [
            AVERAGED,
            *(
                f"{panel.what}: {_differs(panel, facts)}"
                for panel, (_, _, facts) in zip(_PANELS, parts, strict=True)
                if panel.full or "missing" in facts
            ),
        ],
    )


def _panel(workspace: Workspace, panel: _Panel) -> tuple[list[Part], list[Row], dict[str, Any]]:
    """A panel's text, picture and table, its row and its figures; where its data are not at hand, that is said."""
    heading = Heading(f"{panel.letter}) {panel.what}")
    try:
        run = _run(workspace, panel)
        table = open_data(run.recipe)
    except DataError as error:
        data = load_recipe(panel.recipe).data
        row = Row(panel.what, "not made: no data", "fair draws", f"with {data} at hand, the same command makes it")
        return (
            [heading, f"Not made: {error.what}. With the data at hand, the same command makes it."],
            [row],
            {"missing": data},
        )
    target, curves = workspace.path(f"-{panel.letter}.png"), workspace.path(f"-{panel.letter}-curves.png")
    count = 50 if workspace.quick else 500
    of = [to_dict(run.recipe), run.step, count]
    facts = workspace.keep(panel.letter, lambda: nearness(run, table, count, workspace.seed + 1), of=of)
    draw(run, table, target, workspace.seed)
    figures.curves(run.metrics, curves)
    row = Row(
        f"{panel.what}: distance to the nearest training image over that of test images",
        f"{facts['ratio']:.2f}; {facts['copies']} of {count:,} samples so near as {_CLOSE:g} % of test images",
        "no copies",
        f"`{panel.recipe}`, a reduced model" if panel.full else "",
    )
    pictures = (
        Picture(target.name, f"{panel.what}: `{panel.recipe}` after {run.step:,} steps."),
        Picture(curves.name, "The training: costs, D's outputs and the bound on JSD that they give."),
    )
    return [heading, *pictures, *_reduced(run.recipe, panel)], [row], facts


def _differs(panel: _Panel, facts: dict[str, Any]) -> str:
    if "missing" in facts:
        return f"not made, for {facts['missing']} is not at hand."
    return (
        f"`{panel.recipe}` is a smaller model than the authors' (`{panel.full}`); the figure's page has all settings."
    )


def _reduced(recipe: Recipe, panel: _Panel) -> list[str | Table]:
    """What differs from the authors' recipe, where this is not theirs."""
    if not panel.full:
        return []
    rows = differences(recipe, load_recipe(panel.full))
    return [
        f"`{panel.full}` has the authors' settings{panel.but}. `{panel.recipe}` is reduced to what a small machine"
        " trains, and re-tuned where a reduced model needs it. All that differs:",
        Table(["setting", "here", f"`{panel.full}`"], rows),
    ]


def differences(recipe: Recipe, original: Recipe) -> list[list[str]]:
    """Where a recipe differs: setting, its value, the original's; "-" for what one of them does not use."""
    ours, theirs = (_in_use(_flat(to_dict(each))) for each in (recipe, original))
    return [
        [name, str(ours.get(name, "-")), str(theirs.get(name, "-"))]
        for name in dict.fromkeys([*ours, *theirs])
        if ours.get(name, "-") != theirs.get(name, "-")
        and not any(name == each or name.startswith(f"{each}.") for each in _UNTOLD)
    ]


def _in_use(values: dict[str, Any]) -> dict[str, Any]:
    """Settings without those that a rate's schedule or a penalty's weight of 0 leaves idle."""
    idle = {f"penalties.{name}.every" for name in ("r1", "r2", "wgan_gp") if values[f"penalties.{name}.weight"] == 0}
    for player in ("generator", "discriminator"):
        schedule = values[f"{player}.optimizer.schedule"]
        idle |= {f"{player}.optimizer.{field}" for field, of in _OF_SCHEDULE.items() if schedule not in of}
    return {name: value for name, value in values.items() if name not in idle}


_OF_SCHEDULE = {
    "decay": {"exponential"}, "decay_from": {"cosine", "linear"}, "floor": {"cosine", "linear", "exponential"},
}  # fmt: skip
"""Fields of an optimizer that do something with these schedules only."""


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their names joined with dots, as a recipe's flags have them: without `game` and `network`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = prefix if name in ("game", "network") else f"{prefix}{name}."
        found |= _flat(value, inner) if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def _run(workspace: Workspace, panel: _Panel) -> Run:
    if panel.recipe == "paper-mnist":
        return adversarial(workspace, panel.recipe)
    recipe = load_recipe(panel.recipe)
    if recipe.data == "tfd":
        return table1_faces.both_stages(workspace, open_table("tfd"), table1_faces.recipes())[1]
    return trained(workspace, shrunk(recipe) if workspace.quick else recipe)


def nearness(run: Run, table: DataTable, count: int, seed: int) -> dict[str, Any]:
    """How far samples lie from training images, in the distance that test images have, both as D sees them.

    Args:
        run: a finished training.
        table: its data.
        count: of samples, and of test images at most.
        seed: of the samples.

    Returns:
        `count`; `ratio`, the samples' median distance over the test images'; `copies`, the samples that lie nearer than
        all but one percent of the test images.
    """
    samples = np.asarray(run.sample(count, seed), np.uint8)
    test, seen = table.reals("test", count), _as_seen(table.reals("train"), run.recipe)
    ours, theirs = (nearest(_as_seen(each, run.recipe), seen)[1][:, 0] for each in (samples, test))
    # Not equal bytes: a sample is shown with the average image's mean and norm, so that no copy would be equal.
    copies = int((ours < np.percentile(theirs, _CLOSE)).sum())
    return {"count": count, "copies": copies, "ratio": float(np.median(ours) / np.median(theirs))}


def _as_seen(images: Pixels, recipe: Recipe) -> npt.NDArray[Any]:
    """Images as D sees them, but for a scale that all have."""
    return images if recipe.contrast is None else normalize(torch.from_numpy(images), recipe.contrast).numpy()


def draw(run: Run, table: DataTable, target: Path, seed: int) -> None:
    """The first draws of a seed, and in a framed last column the training example nearest to each row's last.

    Raises:
        OSError: the picture cannot be written.
    """
    samples = np.asarray(run.sample(ROWS * COLUMNS, seed), np.uint8)
    train = table.reals("train")
    ends = samples[COLUMNS - 1 :: COLUMNS]
    closest = np.zeros((len(samples), *samples.shape[1:]), np.uint8)
    found, _ = nearest(_as_seen(ends, run.recipe), _as_seen(train, run.recipe))
    closest[COLUMNS - 1 :: COLUMNS] = train[found[:, 0]]
    figures.save(figures.neighbors(samples, closest, columns=COLUMNS, scale=_SCALE), target, run.step)
