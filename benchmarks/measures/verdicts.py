"""What every measure says of generators whose worth is known: good ones, a blurred, a collapsed and a memorizing one.

    python benchmarks/measures/verdicts.py [--paper RUN] [--mnist RUN] [--only blurred,collapsed] [--count 10000]

The two runs are finished ones of `paper-mnist` and `mnist`. The rest is made here: real validation images (the best
there can be); `mnist` averaged far too long, early in its training (blurred); `mnist` with G's rate raised every 25
steps after the 900th until half of the digits are gone (collapsed); and what replays training images (memorizing).
Those that are not asked for keep their earlier figures.
Result: results/verdicts.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

import advnets
from advnets.data import ImageTable, open_table
from advnets.evaluation.report import describe
from advnets.measures.catalog import MEASURES
from advnets.training.trainer import Trainer
from benchmarks.machine import machine
from benchmarks.quality.worsening import Case, class_counter, rate_of_g, trained
from benchmarks.record import record, result_of

FEATURES = {"parzen": "pixels", "total_variation": "pixels", "memorization": "pixels"}
"""What a measure is taken in here; the classifier where nothing is said."""


def makers(options: argparse.Namespace, table: ImageTable) -> dict[str, Callable[[], np.ndarray]]:
    """What draws samples, uint8 N x C x H x W, by the name of who makes them."""
    count = options.count
    train = table.rows("train")
    replayed = np.random.default_rng(0).choice(train, count, replace=False)
    return {
        "real images": lambda: table.values[table.rows("valid")[:count]],
        "paper-mnist": lambda: np.asarray(advnets.load(options.paper).sample(count, seed=1)),
        "mnist": lambda: np.asarray(advnets.load(options.mnist).sample(count, seed=1)),
        "blurred": lambda: np.asarray(blurred(table).sampler.draw(count, 1)),
        "collapsed": lambda: np.asarray(collapsed(table).raw_sampler.draw(count, 1)),
        "memorizing": lambda: table.values[np.sort(replayed)],
    }


def blurred(table: ImageTable) -> Trainer:
    """The default game after 4,000 steps, G averaged over all of them alike."""
    endless = {"share": 1.0, "decay": 0.999999}
    *_, trainer = trained(Case("mnist", "averaged", "mnist-dense", 4000, 0, {"generator.average": endless}), table)
    return trainer


def collapsed(table: ImageTable) -> Trainer:
    """The default game after 900 good steps and as many with ever higher rates of G as leave half of the digits."""
    count = class_counter(table)
    for trainer in trained(Case("mnist", "wrecked", "mnist-dense", 1300, 0, {}, rate_of_g(1.3), 900), table):
        if trainer.step > 900 and trainer.step % 5 == 0:
            there, of = count(trainer)
            if 2 * there <= of:
                return trainer
    raise RuntimeError("it did not collapse")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paper", type=Path)
    parser.add_argument("--mnist", type=Path)
    parser.add_argument("--only", help="names, with commas between them")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    table = open_table("mnist")
    answers: dict[str, Any] = json.loads(options.out.read_text())["answers"] if options.only else {}
    for name, make in makers(options, table).items():
        if options.only and name not in options.only.split(","):
            continue
        samples, answers[name] = make(), {}
        for features in ("pixels", "classifier"):
            taken = [each for each, entry in MEASURES.items() if entry.of != "conditions"]
            asked = [each for each in taken if FEATURES.get(each, "classifier") == features]
            if name == "real images":  # the validation images choose Parzen's sigma, and so cannot be its samples
                asked = [each for each in asked if each != "parzen"]
            answers[name] |= advnets.evaluate(samples, table, asked, options.count, features=features).measures
        print(name, {measure: describe(answer)[0] for measure, answer in answers[name].items()}, flush=True)
        record(options.out, {"machine": machine(), "count": options.count, "answers": answers})


def page(result: dict[str, Any]) -> str:
    """A row a measure, a column a generator: the value and half the width of its interval."""
    answers: dict[str, dict[str, dict[str, Any]]] = result["answers"]
    lines = [f"| | {' | '.join(answers)} |", "|---" * (len(answers) + 1) + "|"]
    for measure in (each for each, entry in MEASURES.items() if entry.of != "conditions"):
        cells = [_cell(each[measure]) if measure in each else "" for each in answers.values()]
        lines.append(f"| {measure} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(answer: dict[str, Any]) -> str:
    low, high = answer["interval"]
    if high is None:
        return f"> {low:.3g}"
    return f"{answer['value']:.3g} ± {(high - low) / 2:.1g}"


if __name__ == "__main__":
    main()
