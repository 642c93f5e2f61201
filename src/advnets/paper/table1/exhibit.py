"""Table 1, with its rivals running: Parzen log-likelihoods by one estimator, and what that measure rewards.

The column of MNIST; `table1_faces` makes the column of TFD.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from advnets import figures
from advnets.config.load import load_recipe, to_dict
from advnets.data import ImageTable, open_table
from advnets.evaluation.evaluate import evaluate
from advnets.evaluation.report import describe
from advnets.measures.parzen import VALIDATION_IMAGES
from advnets.paper.exhibit import Bench, Exhibit, Picture, Row, Table, keep_samples, read_samples
from advnets.paper.rivals import (
    AUTHORS,
    GAMES,
    KEYS,
    OURS,
    Made,
    caption,
    chain_steps,
    models,
    raw_draws,
    sample_count,
    settings,
)
from advnets.paper.table1 import faces as table1_faces
from advnets.paper.table1.chains import along
from advnets.paper.table1.rewards import Stand, stands

Images = NDArray[np.uint8]
_SHOWN, _COLUMNS = 60, 20
_SHARP = 0.05  # how far from real images' total variation a figure counts
_COVERED = 0.75  # of real images' recall: with less a figure is remarked on
_LATER = (("GMMN+AE (2015)", "282 ± 2"), ("adversarial auto-encoder (2016)", "340 ± 2"))


@dataclass(frozen=True)
class _Answer:
    """A model's or a stand-in's figures as they are kept; `shown` is the checksum of the samples in its picture."""

    parzen: tuple[float, float]
    sigma: float
    at_edge: bool
    total_variation: float
    precision: str
    recall: str
    seconds: float | None = None
    shown: int = 0

    def facts(self) -> dict[str, Any]:
        """All figures, for JSON."""
        return {name: value for name, value in vars(self).items() if name != "shown"}


_answer = TypeAdapter(_Answer).validate_python


def make(bench: Bench) -> Exhibit:
    """Train what is not trained yet, measure, draw: each row is kept on its own."""
    table = open_table("mnist")
    found = _answers(bench, table)
    rewards = {
        what: _reward(bench, f"rewards-{place}", what, stand, table)
        for place, (what, stand) in enumerate(stands(bench, table).items())
    }
    what, real = next(iter(rewards.items()))
    goal = f"Real images: {what}"
    faces = table1_faces.section(bench)
    chains = along(
        bench, table, {name: (found[name].parzen[0], found[name].total_variation) for name in KEYS}, real.parzen[0]
    )
    rows = [
        *(Row(name, _nats(answer), _paper(name), note(name, answer, real)) for name, answer in found.items()),
        Row(goal, _nats(real), _paper(goal), "the goal: a perfect generator comes out here"),
        *faces.rows,
    ]  # fmt: skip
    return Exhibit(
        "Table 1: Parzen log-likelihood",
        [
            _opening(bench, table),
            _main({**found, goal: real}, real),
            _how_to_read(bench),
            *_pictures(bench, found, table),
            f"## {chains.title}",
            *chains.body,
            f"## {faces.title}",
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
        _differs(bench, found, real),
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


def _answers(bench: Bench, table: ImageTable) -> dict[str, _Answer]:
    """Every row of the table, in its order; the authors' G itself stands below its average."""
    found: dict[str, _Answer] = {}
    for name, make_samples in models(bench, table).items():
        found[name] = _row(bench, name, make_samples, table)
        if name == AUTHORS:
            stand = Stand([to_dict(load_recipe(MODELS[AUTHORS])), sample_count(bench)], raw_draws(bench))
            found[RAW] = _reward(bench, "authors-g-itself", RAW, stand, table)
    return found


def _row(bench: Bench, name: str, make_samples: Callable[[], Made], table: ImageTable) -> _Answer:
    def compute() -> dict[str, Any]:
        made = make_samples()
        measured = _measured(bench, made.samples, table)
        return {**measured, "seconds": made.seconds, "shown": keep_samples(_kept(bench, name), made.samples[:_SHOWN])}

    def check(kept: Any) -> None:
        read_samples(_kept(bench, name), table.shape, _answer(kept).shown)

    of = [settings(MODELS[name]), sample_count(bench), chain_steps(bench)]
    return _answer(bench.keep(_slug(name), compute, of, check))


def _reward(bench: Bench, part: str, what: str, stand: Stand, table: ImageTable) -> _Answer:
    return _answer(bench.keep(part, lambda: _measured(bench, stand.draw(), table), [what, stand.of], _answer))


def _opening(bench: Bench, table: ImageTable) -> str:
    """How the figures were made, with the numbers of this pace."""
    return (
        f"{sample_count(bench):,} samples of each model become the centers of Gaussian windows of one width, chosen on"
        f" {VALIDATION_IMAGES:,} validation images from logspace(-1, 0, 10); the figure is the mean log-likelihood of"
        f" the {len(table.rows('test')):,} test images, in nats, with its standard error over test images (the authors'"
        " script). Images are read as values in [0, 1], and samples are rounded to bytes, as real images are. All"
        f" models train on the same {len(table.rows('train')):,} images{table1_faces.fewer(bench, table)}. The error"
        " is one over test images and knows nothing of other trainings, of which there is one each."
    )


def _how_to_read(bench: Bench) -> str:
    return (
        "Real images' own row is the goal: a perfect generator comes out there. What is above has better centers of"
        " windows (averages, prototypes), not better images (Theis, van den Oord and Bethge 2016: such estimates rank"
        " models unreliably): whether they are as good, precision and recall say. Total variation is the"
        f" samples' sharpness over that of real images: a figure counts where it is within {_SHARP:g} of 1, for blur"
        " raises Parzen. Precision and recall are in"
        f" {'pixels' if bench.quick else 'the features of a classifier of digits'}, with 95 % intervals."
    )


def _pictures(bench: Bench, found: Mapping[str, _Answer], table: ImageTable) -> list[Picture]:
    """The adversarial nets' samples, then the rivals'."""
    shown = [*(name for name in MODELS if name not in KEYS), *KEYS]
    return [
        Picture(_picture(bench, name, found[name], table).name, f"{name}: fair draws. {caption(bench, name)}")
        for name in shown
    ]


def _rewarded(rewards: dict[str, _Answer]) -> list[str | Table]:
    return [
        "## What the measure rewards",
        "The same estimator on real images and on what is made of them. Averages and prototypes do better than real"
        " images, and so did later records. A generator that is averaged over all of a short training is no good one,"
        " but blurred. So a figure above that of as many real images says that samples are better centers of windows"
        " than images are, not that they are better images. Precision and recall of fewer images than the others' are"
        " taken against as few real ones: the first two rows of centroids compare with no other.",
        _rewards(rewards),
    ]


def _differs(bench: Bench, found: Mapping[str, _Answer], real: _Answer) -> list[str]:
    blurred = [
        name for name in KEYS
        if found[name].parzen[0] > PAPER[name][0] and _unlike(found[name]) == "blurred"
    ]  # fmt: skip
    return [
        "Samples are rounded to bytes, as real images are; the authors' were not.",
        f"The rivals' samples are ends of chains of {chain_steps(bench)} steps; other lengths give other figures (in"
        " the text).",
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
            f"covers little of the data: recall {_first(answer.recall):.2f}, real images {_first(real.recall):.2f}"
        )
    if sharpness := _unlike(answer):
        parts.append("not sharp enough to count" if sharpness == "blurred" else "too noisy to count")
    return "; ".join(parts)


def _covers_little(answer: _Answer, real: _Answer) -> bool:
    return _first(answer.recall) < _COVERED * _first(real.recall)


def _unlike(answer: _Answer) -> str:
    """ "blurred" or "noisy" where total variation is too far from real images' for a figure to count."""
    off = answer.total_variation - 1
    return "" if abs(off) <= _SHARP else "blurred" if off < 0 else "noisy"


def _first(described: str) -> float:
    """The value of a measure that is kept with its interval in words."""
    return float(described.split()[0])


def _measured(bench: Bench, samples: Images, table: ImageTable) -> dict[str, Any]:
    likelihood = evaluate(samples, table, ["parzen", "total_variation"], len(samples)).results
    kin = evaluate(
        samples, table, ["precision", "recall"], len(samples), features="pixels" if bench.quick else "classifier"
    ).measures
    parzen = likelihood["parzen"]
    return {
        "parzen": [parzen.value, parzen.standard_error],
        "sigma": parzen.details["sigma"],
        "at_edge": parzen.details["at_edge"],
        "total_variation": likelihood["total_variation"].value,
        **{name: "{} ({})".format(*describe(kin[name])) for name in ("precision", "recall")},
    }


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
                answer.precision, answer.recall, "-" if answer.seconds is None else f"{answer.seconds / 60:.1f}",
            ]
            for name, answer in found.items()
        ],
    )  # fmt: skip


def _counts(answer: _Answer, real: _Answer) -> str:
    """Whether a figure can be set beside others, and what is to be remembered then."""
    sharpness = _unlike(answer)
    said = [f"no: {sharpness}" if sharpness else "yes"]
    return ", ".join([*said, "covers little"] if _covers_little(answer, real) else said)


def _rewards(found: dict[str, _Answer]) -> Table:
    rows = [
        [what, _nats(answer), f"{answer.total_variation:.3f}", answer.precision, answer.recall]
        for what, answer in found.items()
    ]
    rows += [[f"{what}, as its authors report", figure, "-", "-", "-"] for what, figure in _LATER]
    return Table(['"samples"', "nats", "total variation", "precision", "recall"], rows)


def _paper(name: str) -> str:
    figure = PAPER.get(AUTHORS if name == RAW else name)
    return "-" if figure is None else "{:g} ± {:g}".format(*figure)


def _nats(answer: _Answer) -> str:
    return f"{answer.parzen[0]:.1f} ± {answer.parzen[1]:.1f}"


def _picture(bench: Bench, name: str, answer: _Answer, table: ImageTable) -> Path:
    target = bench.path(f"-{_slug(name)}.png")
    samples = read_samples(_kept(bench, name), table.shape, answer.shown)
    figures.save(figures.grid(samples, columns=_COLUMNS, scale=2), target)
    return target


def _kept(bench: Bench, name: str) -> Path:
    return bench.parts / f"{_slug(name)}.npy"


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower()).replace("--", "-")
