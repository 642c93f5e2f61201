"""Table 1, with its rivals running: Parzen log-likelihoods by one estimator, and what that measure rewards.

The column of MNIST; `faces` makes the column of TFD.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from advnets.config.load import load_recipe, to_dict
from advnets.data import ImageTable, open_table
from advnets.evaluation.evaluate import evaluate
from advnets.evaluation.report import describe
from advnets.measures.measurement import Measurement
from advnets.measures.parzen import VALIDATION_IMAGES
from advnets.paper.exhibit import Exhibit, Heading, Part, Picture, Row, Table
from advnets.paper.rivals import (
    AUTHORS,
    GAMES,
    KEYS,
    OURS,
    Made,
    chain_steps,
    models,
    raw_draws,
    sample_count,
    settings,
)
from advnets.paper.table1 import faces as table1_faces
from advnets.paper.table1.chain_lengths import along
from advnets.paper.table1.kept_rows import kept_row, picture, slug
from advnets.paper.table1.rewards import Stand, stands
from advnets.paper.workspace import Workspace

Images = NDArray[np.uint8]
_SHARP = 0.05  # how far from real images' total variation a figure counts
_COVERED = 0.75  # of real images' recall: with less a figure is remarked on
_LATER = (("GMMN+AE (2015)", "282 ± 2"), ("adversarial auto-encoder (2016)", "340 ± 2"))


@dataclass(frozen=True)
class _Share:
    """Precision or recall with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return "{} ({})".format(*describe({"value": self.value, "interval": (self.low, self.high)}))


@dataclass(frozen=True)
class _Answer:
    """A model's or a stand-in's figures as they are kept; `shown` is the checksum of the samples in its picture."""

    parzen: tuple[float, float]
    sigma: float
    at_edge: bool
    total_variation: float
    precision: _Share
    recall: _Share
    seconds: float | None = None
    shown: int = 0

    def facts(self) -> dict[str, Any]:
        """All figures, for JSON."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "shown"}


_answer = TypeAdapter(_Answer).validate_python


def make(workspace: Workspace) -> Exhibit:
    """Train what is not trained yet, measure, draw: each row is kept on its own."""
    table = open_table("mnist")
    found = _answers(workspace, table)
    rewards = {
        what: _reward(workspace, f"rewards-{place}", what, stand, table)
        for place, (what, stand) in enumerate(stands(workspace, table).items())
    }
    what, real = next(iter(rewards.items()))
    goal = f"Real images: {what}"
    faces = table1_faces.section(workspace)
    chains = along(
        workspace, table, {name: (found[name].parzen[0], found[name].total_variation) for name in KEYS}, real.parzen[0]
    )
    rows = [
        *(Row(name, _nats(answer), _paper(name), note(name, answer, real)) for name, answer in found.items()),
        Row(goal, _nats(real), _paper(goal), "the goal: a perfect generator comes out here"),
        *faces.rows,
    ]  # fmt: skip
    return Exhibit(
        "Table 1: Parzen log-likelihood",
        [
            _opening(workspace, table),
            _main({**found, goal: real}, real),
            _how_to_read(workspace),
            *_pictures(workspace, found, table),
            Heading(chains.title),
            *chains.body,
            Heading(faces.title),
            *faces.body,
            *_rewarded(rewards),
        ],
        rows,
        {
            "models": {name: answer.facts() for name, answer in found.items()},
            "rewards": {name: answer.facts() for name, answer in rewards.items()},
            "chains": chains.figures,
            "faces": faces.figures,
        },
        _differs(workspace, found, real),
    )


RAW = "The authors' settings, G itself instead of its average"

PAPER = {"DBN": (138, 2), "Stacked CAE": (121, 1.6), "Deep GSN": (214, 1.1), AUTHORS: (225, 2), OURS: (225, 2)}
"""The paper's figure of each row and its standard error, in nats."""

_DIFFERENCES = {
    AUTHORS: "an average of G's weights is sampled; the authors sampled G and name no end"
    " (why: docs/explanation/paper-mnist.md)",
    RAW: "as its last step left it",
    OURS: "the same networks in the relativistic game, with gradient penalties instead of dropout, and Adam; an average"
    " of G's weights is sampled (why: docs/explanation/measures.md)",
}


MODELS = {**KEYS, **GAMES}
"""What `rivals.settings` knows each row as."""


def _answers(workspace: Workspace, table: ImageTable) -> dict[str, _Answer]:
    """Every row of the table, in its order; the authors' G itself stands below its average."""
    found: dict[str, _Answer] = {}
    for name, make_samples in models(workspace, table).items():
        found[name] = _row(workspace, name, make_samples, table)
        if name == AUTHORS:
            stand = Stand([to_dict(load_recipe(MODELS[AUTHORS])), sample_count(workspace)], raw_draws(workspace))
            found[RAW] = _reward(workspace, "authors-g-itself", RAW, stand, table)
    return found


def _row(workspace: Workspace, name: str, make: Callable[[], Made], table: ImageTable) -> _Answer:
    of = [settings(MODELS[name]), sample_count(workspace), chain_steps(workspace)]
    measure = functools.partial(_measured, workspace, table)
    return kept_row(workspace, slug(name), make, measure, of, _answer, table.shape)


def _reward(workspace: Workspace, part: str, what: str, stand: Stand, table: ImageTable) -> _Answer:
    measure = functools.partial(_measured, workspace, table)
    return kept_row(workspace, part, lambda: Made(stand.draw()), measure, [what, stand.of], _answer, None)


def _opening(workspace: Workspace, table: ImageTable) -> str:
    """How the figures were made, with the numbers of this pace."""
    train, test = (f"{len(table.rows(split)):,}" for split in ("train", "test"))
    return (
        f"{sample_count(workspace):,} samples of each model become the centers of Gaussian windows of one width, chosen"
        f" on {VALIDATION_IMAGES:,} validation images from logspace(-1, 0, 10); the figure is the mean log-likelihood"
        f" of the {test} test images, in nats, with its standard error over test images (the authors' script). Images"
        " are read as values in [0, 1], and samples are rounded to bytes, as real images are. All models train on the"
        f" same {train} images{table1_faces.fewer(workspace, table)}. The error is one over test images and knows"
        " nothing of other trainings, of which there is one each."
    )


def _how_to_read(workspace: Workspace) -> str:
    return (
        "Real images' own row is the goal: a perfect generator comes out there. What is above has better centers of"
        " windows (averages, prototypes), not better images (Theis, van den Oord and Bethge 2016: such estimates rank"
        " models unreliably): whether they are as good, precision and recall say. Total variation is the"
        f" samples' sharpness over that of real images: a figure counts where it is within {_SHARP:g} of 1, for blur"
        " raises Parzen. Precision and recall are in"
        f" {'pixels' if workspace.quick else 'the features of a classifier of digits'}, with 95 % intervals."
    )


def _pictures(workspace: Workspace, found: Mapping[str, _Answer], table: ImageTable) -> list[Picture]:
    """The adversarial nets' samples, then the rivals'."""
    shown = [*(name for name in MODELS if name not in KEYS), *KEYS]
    return [picture(workspace, slug(name), name, table.shape, found[name].shown, scale=2) for name in shown]


def _rewarded(rewards: dict[str, _Answer]) -> list[Part]:
    return [
        Heading("What the measure rewards"),
        "The same estimator on real images and on what is made of them. Averages and prototypes do better than real"
        " images, and so did later records. A generator that is averaged over all of a short training is no good one,"
        " but blurred. So a figure above that of as many real images says that samples are better centers of windows"
        " than images are, not that they are better images. Precision and recall of fewer images than the others' are"
        " taken against as few real ones: the first two rows of centroids compare with no other.",
        _rewards(rewards),
    ]


def _differs(workspace: Workspace, found: Mapping[str, _Answer], real: _Answer) -> list[str]:
    blurred = [
        name for name in KEYS
        if found[name].parzen[0] > PAPER[name][0] and _unlike(found[name]) == "blurred"
    ]  # fmt: skip
    return [
        "Samples are rounded to bytes, as real images are; the authors' were not.",
        f"The rivals' samples are ends of chains of {chain_steps(workspace)} steps; other lengths give other figures"
        " (in the text).",
        *([f"Above the paper's figure by blur: {', '.join(blurred)}."] if blurred else []),
        *(f"{name}: {note(name, answer, real)}." for name, answer in found.items()),
    ]


def note(name: str, answer: _Answer, real: _Answer) -> str:
    """What differs from the paper in how a row was made, and in what came out; `real`: of as many real images."""
    gap = answer.parzen[0] - PAPER[AUTHORS if name == RAW else name][0]
    parts = [_DIFFERENCES.get(name, "trained anew; the paper has samples of Bengio et al. (2013)")]
    if gap < 0:
        parts.append(f"{-gap:.1f} below the paper's")
    if name == OURS and answer.parzen[0] < real.parzen[0]:  # our aim, where the authors' settings have the paper's
        parts.append(f"{real.parzen[0] - answer.parzen[0]:.1f} below real images' own")
    if answer.parzen[0] > real.parzen[0]:
        parts.append(f"above real images' own {real.parzen[0]:.1f}")
    if _covers_little(answer, real):
        parts.append(
            f"covers little of the data: recall {answer.recall.value:.2f}, real images {real.recall.value:.2f}"
        )
    if sharpness := _unlike(answer):
        parts.append("not sharp enough to count" if sharpness == "blurred" else "too noisy to count")
    return "; ".join(parts)


def _covers_little(answer: _Answer, real: _Answer) -> bool:
    return answer.recall.value < _COVERED * real.recall.value


def _unlike(answer: _Answer) -> str:
    """ "blurred" or "noisy" where total variation is too far from real images' for a figure to count."""
    off = answer.total_variation - 1
    return "" if abs(off) <= _SHARP else "blurred" if off < 0 else "noisy"


def _measured(workspace: Workspace, table: ImageTable, samples: Images) -> dict[str, Any]:
    likelihood = evaluate(samples, table, ["parzen", "total_variation"], len(samples)).results
    kin = evaluate(
        samples, table, ["precision", "recall"], len(samples), features="pixels" if workspace.quick else "classifier"
    ).results
    parzen = likelihood["parzen"]
    return {
        "parzen": [parzen.value, parzen.standard_error],
        "sigma": parzen.details["sigma"],
        "at_edge": parzen.details["at_edge"],
        "total_variation": likelihood["total_variation"].value,
        **{name: _share(kin[name]) for name in ("precision", "recall")},
    }


def _share(found: Measurement) -> dict[str, float]:
    low, high = found.interval
    return {"value": found.value, "low": low, "high": high}


def _main(found: Mapping[str, _Answer], real: _Answer) -> Table:
    headings = [
        "model", "paper", "ours, nats", "counts", "sigma", "total variation", "precision", "recall",
        "minutes of training",
    ]  # fmt: skip
    return Table(
        headings,
        [
            [
                name, _paper(name), _nats(answer), _counts(answer, real),
                f"{answer.sigma:.3f}{' (edge)' if answer.at_edge else ''}", f"{answer.total_variation:.3f}",
                str(answer.precision), str(answer.recall), _minutes(answer),
            ]
            for name, answer in found.items()
        ],
    )  # fmt: skip


def _minutes(answer: _Answer) -> str:
    return "-" if answer.seconds is None else f"{answer.seconds / 60:.1f}"


def _counts(answer: _Answer, real: _Answer) -> str:
    """Whether a figure can be set beside others, and what is to be remembered then."""
    sharpness = _unlike(answer)
    said = [f"no: {sharpness}" if sharpness else "yes"]
    return ", ".join([*said, "covers little"] if _covers_little(answer, real) else said)


def _rewards(found: dict[str, _Answer]) -> Table:
    rows = [
        [what, _nats(answer), f"{answer.total_variation:.3f}", str(answer.precision), str(answer.recall)]
        for what, answer in found.items()
    ]
    rows += [[f"{what}, as its authors report", figure, "-", "-", "-"] for what, figure in _LATER]
    return Table(['"samples"', "nats", "total variation", "precision", "recall"], rows)


def _paper(name: str) -> str:
    figure = PAPER.get(AUTHORS if name == RAW else name)
    return "-" if figure is None else "{:g} ± {:g}".format(*figure)


def _nats(answer: _Answer) -> str:
    return f"{answer.parzen[0]:.1f} ± {answer.parzen[1]:.1f}"
