"""What every measure says of generators whose worth is known: good ones, a blurred, a collapsed and a memorizing one.

    python benchmarks/verdicts.py PAPER_RUN MNIST_RUN [--count 10000]

PAPER_RUN and MNIST_RUN are finished runs of `paper-mnist` and `mnist`. The rest is made here: real validation images
(the best there can be), MNIST_RUN's generator collapsed to a hundred of its samples, the same samples averaged with
their nearest neighbors (blurred, as an average over far too long makes them), and one that replays training images.
Result: results/verdicts.json and verdicts.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from machine import machine

import advnets
from advnets.data import ImageTable, open_table
from advnets.measures import nearest
from advnets.measures.catalog import MEASURES
from advnets.report import describe

RESULT = Path(__file__).parent / "results" / "verdicts.json"
FEATURES = {"parzen": "pixels", "total_variation": "pixels", "memorization": "pixels"}
"""What a measure is taken in here; the classifier where nothing is said."""


def generators(paper: Path, mnist: Path, count: int, table: ImageTable) -> dict[str, np.ndarray]:
    """Samples by the name of who made them, uint8 N x C x H x W."""
    rng = np.random.default_rng(0)
    made = np.asarray(advnets.load(mnist).sample(count, seed=1))
    few = made[:100]
    neighbors, _ = nearest(made, made, 8)
    blurred = made[neighbors].astype(np.float32).mean(1).round().astype(np.uint8)
    train = table.images[np.sort(rng.choice(table.rows("train"), count, replace=False))]
    return {
        "real images": table.images[table.rows("valid")[:count]],
        "paper-mnist": np.asarray(advnets.load(paper).sample(count, seed=1)),
        "mnist": made,
        "blurred": blurred,
        "collapsed": few[rng.integers(0, 100, count)],
        "memorizing": train,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paper", type=Path)
    parser.add_argument("mnist", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    table = open_table("mnist")
    answers: dict[str, dict[str, dict]] = {}
    for name, samples in generators(options.paper, options.mnist, options.count, table).items():
        answers[name] = {}
        for features in ("pixels", "classifier"):
            asked = [each for each in MEASURES if FEATURES.get(each, "classifier") == features]
            if name == "real images":  # the validation images choose Parzen's sigma, and so cannot be its samples
                asked = [each for each in asked if each != "parzen"]
            answers[name] |= advnets.evaluate(samples, table, asked, options.count, features=features).measures
        print(name, {measure: describe(answer)[0] for measure, answer in answers[name].items()}, flush=True)
        result = {"machine": machine(), "count": options.count, "answers": answers}
        options.out.write_text(json.dumps(result, indent=1) + "\n")
        options.out.with_suffix(".md").write_text(table_of(answers))


def table_of(answers: dict[str, dict[str, dict]]) -> str:
    """A row a measure, a column a generator: the value and half the width of its interval."""
    lines = [f"| | {' | '.join(answers)} |", "|---" * (len(answers) + 1) + "|"]
    for measure in MEASURES:
        cells = [_cell(each[measure]) if measure in each else "" for each in answers.values()]
        lines.append(f"| {measure} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(answer: dict) -> str:
    low, high = answer["interval"]
    if high is None:
        return f"> {low:.3g}"
    return f"{answer['value']:.3g} ± {(high - low) / 2:.1g}"


if __name__ == "__main__":
    main()
