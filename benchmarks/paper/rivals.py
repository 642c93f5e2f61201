"""Which settings of Table 1's contractive auto-encoder and stochastic network do best, by validation images alone.

    python benchmarks/paper/rivals.py OUT [--only cae,gsn] [--count 10000] [--steps 300] [--seed 0] [--quick]

Each candidate is trained on MNIST's training images; the states of its chains are measured against the 10,000
validation images: Parzen (training images choose sigma), total variation, and precision and recall in the features of
the classifier of digits. Test images choose nothing; they tell the classifier's own accuracy. The rule, stated before
the first run: of a model's candidates whose Parzen after all steps is at least the paper's figure, the one with the
highest sum of precision and recall then. OUT keeps trainings and lines: a command that was stopped goes on. With
--only, lines are made and kept, and nothing is written until a command without it collects them all. Result:
results/rivals.json (with --quick in OUT instead).
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.data import ImageTable, open_table
from advnets.errors import AdvnetsError
from advnets.evaluation.evaluate import evaluate
from advnets.evaluation.report import describe
from advnets.measures.parzen import VALIDATION_IMAGES
from advnets.paper.exhibit import Table
from advnets.paper.markdown import table_lines
from advnets.paper.models.contractive import SIGMA, CAEConfig
from advnets.paper.models.gsn import GSNConfig
from advnets.paper.rivals import MNIST, cae, gsn
from advnets.paper.table1.exhibit import PAPER
from advnets.paper.workspace import Workspace
from benchmarks.machine import machine
from benchmarks.record import record, result_of

MEASURES = {"parzen": "pixels", "total_variation": "pixels", "precision": "classifier", "recall": "classifier"}
MODELS = {"cae": "Stacked CAE", "gsn": "Deep GSN"}
CAES = [CAEConfig(contraction=contraction) for contraction in [(1.0, 0.5), (0.3, 0.15), (0.1, 0.05)]]
SIGMAS = (0.5, 1.0, SIGMA, 2.0)
GSNS = [GSNConfig(noise=(0.0, noise)) for noise in (0.5, 1.0, 2.0)]

Chain = Callable[[int], Iterator[Tensor]]
Candidate = tuple[str, Chain, Any]
"""A name, what walks so many chains (training first), and all that its figures depend on."""


def main() -> None:
    options = arguments()
    workspace = Workspace("rivals", options.out, options.quick, options.seed, lambda text: print(text, flush=True))
    table, surroundings = open_table("mnist"), machine()
    lines = {"real images": real(workspace, table, options.count)}
    for model in options.only or MODELS:
        for name, chain, of in CANDIDATES[model](workspace, table):
            asked = [of, options.count, options.steps]
            walk = functools.partial(walked, chain, table, options)
            part = "".join(c if c.isalnum() else "-" for c in name.lower())
            lines[name] = workspace.keep(part, walk, asked)
            print(name, *(f"{step}: {in_words(look['parzen'])}" for step, look in lines[name].items()), flush=True)
    if not options.only:
        target = workspace.path(".json") if workspace.quick else result_of(__file__)
        record(target, {"machine": surroundings, "count": options.count, "seed": options.seed, "lines": lines})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder that keeps trainings and lines")
    parser.add_argument("--only", default="", help="cae, gsn, or both with a comma between them")
    parser.add_argument("--count", type=int, default=10_000, help="samples of each candidate, 100 to 10,000")
    parser.add_argument("--steps", type=int, default=300, help="of the chains; a tenth and a third are looked at, too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few units and epochs")
    options = parser.parse_args()
    options.only = [each for each in options.only.split(",") if each]
    if set(options.only) - {*MODELS}:
        parser.error(f"--only takes {' and '.join(MODELS)}")
    if not 100 <= options.count <= 10_000 or options.steps < 1:
        parser.error("--count takes 100 to 10000, --steps 1 or more")
    return options


def caes(workspace: Workspace, table: ImageTable) -> Iterator[Candidate]:
    """Each stack, trained once, with every sigma of its chain."""
    for config in CAES[: 1 if workspace.quick else None]:
        low, high = config.contraction
        rivals = dataclasses.replace(MNIST, cae=config)
        for sigma in SIGMAS:
            yield (
                f"CAE, lambda {low:g} and {high:g}, {sum(config.epochs)} epochs, sigma {sigma:g}",
                lambda count, r=rivals, s=sigma: cae(workspace, table, r).chain(count, workspace.seed + 1, s),
                [repr(config), sigma],
            )


def gsns(workspace: Workspace, table: ImageTable) -> Iterator[Candidate]:
    """Each network."""
    for config in GSNS[: 1 if workspace.quick else None]:
        rivals = dataclasses.replace(MNIST, gsn=config)
        yield (
            f"GSN, noise {config.noise[1]:g}, {config.epochs} epochs",
            lambda count, r=rivals: gsn(workspace, table, r).chain(count, workspace.seed + 1),
            repr(config),
        )


CANDIDATES = {"cae": caes, "gsn": gsns}


def real(workspace: Workspace, table: ImageTable, count: int) -> dict[str, Any]:
    """What as many training images score, none of them among those that choose sigma."""
    rows = np.random.default_rng(workspace.seed).choice(table.rows("train")[VALIDATION_IMAGES:], count, replace=False)
    return workspace.keep("real", lambda: {"-": measured(table.values[np.sort(rows)], table)}, count)


def walked(chain: Chain, table: ImageTable, options: argparse.Namespace) -> dict[str, Any]:
    """Measures of the chains' states after a tenth, a third and all of the steps."""
    looks = {max(options.steps // part, 1) for part in (10, 3, 1)}
    found = {}
    for step, state in enumerate(itertools.islice(chain(options.count), options.steps), 1):
        if step in looks:
            values = state.float().numpy().reshape(-1, *table.shape)
            found[str(step)] = measured(np.rint(values * 255).astype(np.uint8), table)
    return found


def measured(samples: np.ndarray, table: ImageTable) -> dict[str, dict[str, Any]]:
    """Each measure against validation images."""
    found = {}
    for features in ("pixels", "classifier"):
        asked = [name for name, of in MEASURES.items() if of == features]
        found |= evaluate(samples, table, asked, len(samples), real="valid", features=features).measures
    return {name: found[name] for name in MEASURES}


def in_words(answer: dict[str, Any]) -> str:
    """A measure and its interval."""
    return "{} ({})".format(*describe(answer))


def chosen(lines: dict[str, Any], model: str) -> str | None:
    """The candidate of a model that the rule takes; None where none has the paper's figure."""
    ends = {name: list(looks.values())[-1] for name, looks in lines.items() if name.startswith(model.upper())}
    least = PAPER[MODELS[model]][0]
    good = {name: end for name, end in ends.items() if end["parzen"]["value"] >= least}
    return max(good, key=lambda name: sum(good[name][each]["value"] for each in ("precision", "recall")), default=None)


def page(result: dict[str, Any]) -> str:
    """The lines as a table, how they were made, and what the rule takes."""
    rows = [
        [name, step, *map(in_words, answers.values())]
        for name, looks in result["lines"].items()
        for step, answers in looks.items()
    ]
    table = Table(["settings", "steps of the chain", *(name.replace("_", " ") for name in MEASURES)], rows)
    return (
        f"{result['count']:,} samples each, against MNIST's validation images, seed {result['seed']}.\n\n"
        f"{table_lines(table)}\n\n"
        "Of the candidates that reach the paper's figure at the end, those with the highest sum of precision and"
        f" recall: {'; '.join(chosen(result['lines'], model) or f'no {name}' for model, name in MODELS.items())}.\n"
    )


if __name__ == "__main__":
    try:
        main()
    except AdvnetsError as error:
        sys.exit(f"rivals.py: {error}")
