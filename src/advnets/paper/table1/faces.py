"""Table 1's second column: the same models on faces, scored on the five folds of the Toronto Face Database.

The benchmark `benchmarks/paper/faces.py` makes the same column of other faces in the database's format.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from advnets.config.load import load_recipe, to_dict
from advnets.config.recipe import Recipe
from advnets.data import ImageTable, open_table
from advnets.data.tfd import FILE, TFD
from advnets.errors import DataError, RunError
from advnets.measures.parzen import parzen
from advnets.measures.total_variation import total_variation
from advnets.paper.exhibit import Exhibit, Row, Table
from advnets.paper.models.contractive import CAEConfig
from advnets.paper.models.dbn import DBNConfig
from advnets.paper.models.gsn import GSNConfig
from advnets.paper.models.rbm import RBMConfig
from advnets.paper.rivals import (
    Made,
    Rivals,
    at_the_end,
    chain_steps,
    rival_models,
    sample_count,
    settings,
    train_images,
)
from advnets.paper.shared_runs import trained
from advnets.paper.shrinking import shrunk
from advnets.paper.table1.kept_rows import kept_row, picture, slug
from advnets.paper.workspace import Workspace
from advnets.runs.run import Run

Images = NDArray[np.uint8]

PAPER = {
    "DBN": "1909 ± 66",
    "Stacked CAE": "2110 ± 50",
    "Deep GSN": "1890 ± 29",
    "Adversarial nets": "2057 ± 26",
}
"""The paper's figure of each model on TFD, in nats."""

REAL = "Real training faces"
"""What a perfect generator can do."""

RIVALS = Rivals(
    data="faces",
    dbn=DBNConfig((RBMConfig(hidden=1000, epochs=20), RBMConfig(hidden=1000, epochs=20))),
    cae=CAEConfig(units=(500, 500), epochs=(4, 4)),
    gsn=GSNConfig(units=(1000, 1000), epochs=10),
    sigma=8.0,
)
"""The models of MNIST, with fewer epochs: at most five minutes on one core for 28,000 faces of 48 x 48. Pixels are
read as probabilities, as they are there, though those of faces are seldom near 0 or 1. The contractive auto-encoder's
chain needs a longer step: with MNIST's 1.5 it stays at the average face. Of 1.5, 4, 8, 16 and 32, training faces of
FER2013 that were held out score highest with 8."""

STAGES = ("paper-tfd-small", "paper-tfd-stage-two-small")
"""The recipes of the authors' generator at a reduced size, in the order in which they are trained."""


@dataclass(frozen=True)
class Scores:
    """What the samples of a model score, as it is kept.

    Args:
        folds: mean log-likelihood of each fold's test faces, in nats.
        sigmas: the window that each fold's validation faces chose, in units of [0, 1].
        at_edge: whether that is an end of the choice.
        total_variation: of the samples, over that of all folds' test faces.
        seconds: of training, those before a kill included; None where nothing was trained.
        shown: checksum of the samples that are kept for a picture; 0 where none are.
    """

    folds: list[float]
    sigmas: list[float]
    at_edge: list[bool]
    total_variation: float
    seconds: float | None
    shown: int = 0

    @property
    def mean(self) -> float:
        """Over the folds, in nats."""
        return float(np.mean(self.folds))

    @property
    def error(self) -> float:
        """The mean's standard error over the folds: their standard deviation (n - 1) over the root of their number.

        One model and one set of samples serve all folds: it has the chance in the faces, and none of the training's.
        """
        return float(np.std(self.folds, ddof=1) / math.sqrt(len(self.folds)))

    @property
    def nats(self) -> str:
        """Mean and error in words."""
        return f"{self.mean:.0f} ± {self.error:.0f}"

    def facts(self) -> dict[str, Any]:
        """All figures, for JSON."""
        return {"mean": self.mean, "error": self.error, **{k: v for k, v in vars(self).items() if k != "shown"}}


_scores = TypeAdapter(Scores).validate_python


def open_folds() -> list[ImageTable]:
    """The five folds of TFD; their training faces are the same.

    Raises:
        DataError: it is not at hand, or damaged.
    """
    return [open_table(each.name) for each in TFD]


def recipes() -> list[Recipe]:
    """Those of both stages."""
    return [load_recipe(each) for each in STAGES]


def section(workspace: Workspace) -> Exhibit:
    """The column of TFD; where that is not at hand, a sentence that says so."""
    title = "Faces: TFD"
    try:
        folds = open_folds()
    except DataError as error:
        remedy = (
            f"With its authors' {FILE} in the folder that `ADVNETS_DATA` names, the same command makes this column."
        )
        return Exhibit(title, [f"Not made: {error.what}. {remedy}"], [], {"missing": "tfd"})
    found = column(workspace, "TFD", folds, recipes())
    return Exhibit(
        title,
        [
            "The Toronto Face Database: real-valued 48 x 48 faces in [0, 1]. All models train on its unlabeled faces"
            f"{fewer(workspace, folds[0])}, which are the same in all five folds, and draw"
            f" {sample_count(workspace):,} samples once, rounded to bytes as faces are. In each fold the validation"
            " faces choose sigma from logspace(-1, 0, 10) and the test faces are scored. The figure is the mean of the"
            " folds, in nats, with its standard error over them.",
            table(found, "TFD"),
            *[
                picture(workspace, slug(f"TFD {model}"), model, folds[0].shape, found[model].shown, scale=1)
                for model in PAPER
            ],
        ],
        [Row(f"{model}, TFD", found[model].nats, paper) for model, paper in PAPER.items()],
        {model: scores.facts() for model, scores in found.items()},
    )


def fewer(workspace: Workspace, table: ImageTable) -> str:
    """A remark where the rivals see only a part of the training images."""
    count = len(train_images(workspace, table))
    return f" (quick: the first three only on {count:,} of them)" if count < len(table.rows("train")) else ""


def table(found: dict[str, Scores], name: str) -> Table:
    """The column in full.

    Args:
        found: as `column` gives it.
        name: what the faces are called.
    """
    headings = ["model", "paper, TFD", f"ours, {name}, nats", "sigma by fold", "total variation", "minutes of training"]
    return Table(
        headings,
        [
            [
                model, PAPER.get(model, "-"), scores.nats, _sigmas(scores), f"{scores.total_variation:.3f}",
                f"{scores.seconds / 60:.1f}" if scores.seconds else "-",
            ]
            for model, scores in found.items()
        ],
    )  # fmt: skip


def column(
    workspace: Workspace, name: str, folds: Sequence[ImageTable], stages: Sequence[Recipe], only: Collection[str] = ()
) -> dict[str, Scores]:
    """Train what is not trained yet, draw from each model once, score the samples on each fold.

    Args:
        workspace: where rows, samples and trainings are kept; a kept row of the same faces and settings is not made
            anew.
        name: what the faces are called: rows and the rivals' trainings are kept under it.
        folds: tables of `tfd`, `tfd:2`, ...
        stages: the recipes of both stages of the adversarial nets, of the data `tfd`.
        only: the rows to make, of `PAPER` and `REAL`; empty: all.

    Returns:
        The rows in the order of the paper, then real faces.

    Raises:
        RunError: a training was stopped, or is of other settings or faces.
    """
    rivals = dataclasses.replace(RIVALS, data=name.lower())
    makers = {
        **at_the_end(workspace, rival_models(workspace, folds[0], rivals)),
        "Adversarial nets": lambda: _adversarial(workspace, folds[0], stages),
        REAL: lambda: _real(workspace, folds[0]),
    }
    of = {
        "DBN": settings("dbn", rivals), "Stacked CAE": settings("cae", rivals), "Deep GSN": settings("gsn", rivals),
        "Adversarial nets": [to_dict(each) for each in stages], REAL: None,
    }  # fmt: skip
    faces = [each.fingerprint for each in folds]
    return {
        model: kept_row(
            workspace,
            slug(f"{name} {model}"),
            make,
            functools.partial(_measured, folds),
            [faces, of[model], sample_count(workspace), chain_steps(workspace)],
            functools.partial(_scores_of, folds),
            folds[0].shape if model in PAPER else None,  # real faces are nobody's to show
        )
        for model, make in makers.items()
        if not only or model in only
    }


def _scores_of(folds: Sequence[ImageTable], kept: Any) -> Scores:
    """A kept row, if it has scores of all folds: a ValueError otherwise."""
    scores = _scores(kept)
    if {len(scores.folds), len(scores.sigmas), len(scores.at_edge)} != {len(folds)}:
        raise ValueError(f"not of {len(folds)} folds")
    return scores


def _measured(folds: Sequence[ImageTable], samples: Images) -> dict[str, Any]:
    """Figures of samples, N x 1 x 48 x 48, by fold."""
    tests = [each.reals("test") for each in folds]
    valids = [each.reals("valid") for each in folds]
    found = [
        parzen(samples, test, valid, validation_images=len(valid)) for test, valid in zip(tests, valids, strict=True)
    ]
    return {
        "folds": [each.value for each in found],
        "sigmas": [each.details["sigma"] for each in found],
        "at_edge": [each.details["at_edge"] for each in found],
        "total_variation": total_variation(samples, np.concatenate(tests)).value,
    }


def both_stages(workspace: Workspace, faces: ImageTable, stages: Sequence[Recipe]) -> tuple[Run, Run]:
    """The run of stage one, then that of stage two on top of it, which is the one to sample.

    Raises:
        RunError: a training was stopped, or is of other settings or faces.
    """
    first, second = (shrunk(each) for each in stages) if workspace.quick else stages
    one = _trained(workspace, faces, first)
    return one, _trained(workspace, faces, second.replace(**{"generator.pretrained": str(one.path.absolute())}))


def _adversarial(workspace: Workspace, faces: ImageTable, stages: Sequence[Recipe]) -> Made:
    one, two = both_stages(workspace, faces, stages)
    samples = np.asarray(two.sample(sample_count(workspace), workspace.seed + 1), np.uint8)
    return Made(samples, sum(run.metrics[-1]["seconds"] for run in (one, two)))


def _trained(workspace: Workspace, faces: ImageTable, recipe: Recipe) -> Run:
    run = trained(workspace, recipe)
    if run.facts["data"]["fingerprint"] != faces.fingerprint:
        raise RunError(f"{run.path} was trained on other faces", "remove it, or give another --out")
    return run


def _real(workspace: Workspace, faces: ImageTable) -> Made:
    """As many training faces as models draw samples, or all of them."""
    rows = np.random.default_rng(workspace.seed + 1).permutation(faces.rows("train"))[: sample_count(workspace)]
    return Made(faces.values[np.sort(rows)])


def _sigmas(scores: Scores) -> str:
    pairs = zip(scores.sigmas, scores.at_edge, strict=True)
    return ", ".join(f"{sigma:.3f}{' (edge)' if edge else ''}" for sigma, edge in pairs)
