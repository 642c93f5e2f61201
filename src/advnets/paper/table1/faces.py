"""Table 1's second column: the same models on faces, scored on the five folds of the Toronto Face Database.

The benchmark `benchmarks/faces.py` makes the same column of other faces in the database's format.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from advnets import figures
from advnets.config.recipe import Recipe, load_recipe, to_dict
from advnets.data import ImageTable, open_table
from advnets.data.tfd import FILE, TFD
from advnets.errors import DataError, RunError
from advnets.measures.parzen import parzen
from advnets.measures.total_variation import total_variation
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table, keep_samples, read_samples
from advnets.paper.models.contractive import CAEConfig
from advnets.paper.models.dbn import DBNConfig
from advnets.paper.models.gsn import GSNConfig
from advnets.paper.models.rbm import RBMConfig
from advnets.paper.rivals import (
    Made,
    Rivals,
    at_the_end,
    caption,
    chain_steps,
    rival_models,
    sample_count,
    settings,
    train_images,
)
from advnets.paper.training import trained
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

_SHOWN, _COLUMNS = 60, 20
_UNITS = 32  # of every layer of a quick game, z among them, so that stage two fits on stage one
_QUICK_STEPS = 20


@dataclass(frozen=True)
class Scores:
    """What the samples of a model score, as it is kept.

    Args:
        folds: mean log-likelihood of each fold's test faces, in nats.
        sigmas: the window that each fold's validation faces chose, in units of [0, 1].
        at_edge: whether that is an end of the choice.
        total_variation: of the samples, over that of all folds' test faces.
        seconds: of training, those before a kill included; 0 where nothing was trained.
        shown: checksum of the samples that are kept for a picture; 0 where none are.
    """

    folds: list[float]
    sigmas: list[float]
    at_edge: list[bool]
    total_variation: float
    seconds: float
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


def section(bench: Bench) -> Exhibit:
    """The column of TFD; where that is not at hand, a sentence that says so."""
    title = "Faces: TFD"
    try:
        folds = open_folds()
    except DataError as error:
        remedy = (
            f"With its authors' {FILE} in the folder that `ADVNETS_DATA` names, the same command makes this column."
        )
        return Exhibit(title, [f"Not made: {error.what}. {remedy}"], [], {"missing": "tfd"})
    found = column(bench, "TFD", folds, recipes())
    return Exhibit(
        title,
        [
            "The Toronto Face Database: real-valued 48 x 48 faces in [0, 1]. All models train on its unlabeled faces"
            f"{fewer(bench, folds[0])}, which are the same in all five folds, and draw {sample_count(bench):,} samples"
            " once, rounded to bytes as faces are. In each fold the validation faces choose sigma from"
            " logspace(-1, 0, 10) and the test faces are scored. The figure is the mean of the folds, in nats, with its"
            " standard error over them.",
            table(found, "TFD"),
            *[_picture(bench, "TFD", model, found[model], folds[0].shape) for model in found if model in PAPER],
        ],
        [Row(f"{model}, TFD", found[model].nats, paper) for model, paper in PAPER.items()],
        {model: scores.facts() for model, scores in found.items()},
    )


def fewer(bench: Bench, table: ImageTable) -> str:
    """A remark where the rivals see only a part of the training images."""
    count = len(train_images(bench, table))
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
    bench: Bench, name: str, folds: Sequence[ImageTable], stages: Sequence[Recipe], only: Collection[str] = ()
) -> dict[str, Scores]:
    """Train what is not trained yet, draw from each model once, score the samples on each fold.

    Args:
        bench: where rows, samples and trainings are kept; a kept row of the same faces and settings is not made anew.
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
        **at_the_end(bench, rival_models(bench, folds[0], rivals)),
        "Adversarial nets": lambda: _adversarial(bench, folds[0], stages),
        REAL: lambda: _real(bench, folds[0]),
    }
    of = {
        "DBN": settings("dbn", rivals), "Stacked CAE": settings("cae", rivals), "Deep GSN": settings("gsn", rivals),
        "Adversarial nets": [to_dict(each) for each in stages], REAL: None,
    }  # fmt: skip
    faces = [each.fingerprint for each in folds]
    return {
        model: _scores(
            bench.keep(
                _part(name, model),
                functools.partial(_row, bench, _part(name, model), make, folds, shown=model in PAPER),
                [faces, of[model], sample_count(bench), chain_steps(bench)],
                functools.partial(_check, bench, _part(name, model), folds, model in PAPER),
            )
        )
        for model, make in makers.items()
        if not only or model in only
    }


def _row(bench: Bench, part: str, make: Callable[[], Made], folds: Sequence[ImageTable], shown: bool) -> dict[str, Any]:
    made = make()
    found = {**_measured(made.samples, folds), "seconds": made.seconds}
    if not shown:  # real faces are nobody's to show
        return found
    return {**found, "shown": keep_samples(_kept(bench, part), made.samples[:_SHOWN])}


def _check(bench: Bench, part: str, folds: Sequence[ImageTable], shown: bool, kept: Any) -> None:
    """See that a kept row has scores of all folds, and samples to show: a ValueError otherwise."""
    scores = _scores(kept)
    if {len(scores.folds), len(scores.sigmas), len(scores.at_edge)} != {len(folds)}:
        raise ValueError(f"{part}: not of {len(folds)} folds")
    if shown:
        read_samples(_kept(bench, part), folds[0].shape, scores.shown)


def _measured(samples: Images, folds: Sequence[ImageTable]) -> dict[str, Any]:
    """Figures of samples, N x 1 x 48 x 48, by fold."""
    tests = [each.values[each.rows("test")] for each in folds]
    valids = [each.values[each.rows("valid")] for each in folds]
    found = [
        parzen(samples, test, valid, validation_images=len(valid)) for test, valid in zip(tests, valids, strict=True)
    ]
    return {
        "folds": [each.value for each in found],
        "sigmas": [each.details["sigma"] for each in found],
        "at_edge": [each.details["at_edge"] for each in found],
        "total_variation": total_variation(samples, np.concatenate(tests)).value,
    }


def both_stages(bench: Bench, faces: ImageTable, stages: Sequence[Recipe]) -> tuple[Run, Run]:
    """The run of stage one, then that of stage two on top of it, which is the one to sample.

    Raises:
        RunError: a training was stopped, or is of other settings or faces.
    """
    first, second = (_small(each) for each in stages) if bench.quick else stages
    one = _trained(bench, faces, first)
    stacked = dataclasses.replace(second.generator, pretrained=str(one.path.absolute()))
    return one, _trained(bench, faces, second.replace(generator=stacked))


def _adversarial(bench: Bench, faces: ImageTable, stages: Sequence[Recipe]) -> Made:
    one, two = both_stages(bench, faces, stages)
    samples = np.asarray(two.sample(sample_count(bench), bench.seed + 1), np.uint8)
    return Made(samples, sum(run.metrics[-1]["seconds"] for run in (one, two)))


def _trained(bench: Bench, faces: ImageTable, recipe: Recipe) -> Run:
    run = trained(bench, recipe)
    if run.facts["data"]["fingerprint"] != faces.fingerprint:
        raise RunError(f"{run.path} was trained on other faces", "remove it, or give another --out")
    return run


def _small(recipe: Recipe) -> Recipe:
    """A recipe of the same kind of networks that takes a second."""
    plain = to_dict(recipe)
    generator = {**plain["generator"], "hidden": [_UNITS] * len(recipe.generator.hidden)}
    if recipe.generator.output_sparse is not None:
        generator["output_sparse"] = _UNITS // 2
    steps = min(recipe.steps, _QUICK_STEPS)
    return recipe.replace(
        latent=_UNITS, generator=generator, discriminator={**plain["discriminator"], "units": [16, 16]}, batch=20,
        steps=steps, log_every=steps, checkpoint_every=steps, sample_every=0,
    )  # fmt: skip


def _real(bench: Bench, faces: ImageTable) -> Made:
    """As many training faces as models draw samples, or all of them."""
    rows = np.random.default_rng(bench.seed + 1).permutation(faces.rows("train"))[: sample_count(bench)]
    return Made(faces.values[np.sort(rows)], 0.0)


def _sigmas(scores: Scores) -> str:
    pairs = zip(scores.sigmas, scores.at_edge, strict=True)
    return ", ".join(f"{sigma:.3f}{' (edge)' if edge else ''}" for sigma, edge in pairs)


def _picture(bench: Bench, name: str, model: str, scores: Scores, shape: Sequence[int]) -> Picture:
    part = _part(name, model)
    target = bench.path(f"-{part}.png")
    samples = read_samples(_kept(bench, part), shape, scores.shown)
    figures.save(figures.grid(samples, columns=_COLUMNS, scale=1), target)
    return Picture(target.name, f"{model}: fair draws. {caption(bench, model)}")


def _kept(bench: Bench, part: str) -> Path:
    return bench.parts / f"{part}.npy"


def _part(name: str, model: str) -> str:
    return f"{name} {model}".lower().replace(" ", "-")
