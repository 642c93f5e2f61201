"""Which settings of Table 1's contractive auto-encoder and stochastic network do best, by validation images alone.

    python benchmarks/rivals.py OUT [--only cae,gsn] [--count 2000] [--steps 300] [--seed 0] [--quick]

Each candidate is trained on MNIST's training images; the states of its chains are measured against the 10,000
validation images: Parzen (training images choose sigma), total variation, and precision and recall in the features of
the classifier of digits. Test images are never looked at. OUT keeps trainings and lines: a command that was stopped
goes on. Result: results/rivals.json and rivals.md (with --quick in OUT instead). Parzen's figures are of --count
samples, and compare with the row of as many real images only.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from machine import in_words, machine
from torch import Tensor

from advnets.baselines.contractive import SIGMA, CAEConfig, train_cae
from advnets.baselines.gsn import GSNConfig, train_gsn
from advnets.data import ImageTable, open_table
from advnets.evaluation import evaluate
from advnets.files import write_whole
from advnets.paper.exhibit import Bench, Table, table_lines
from advnets.report import describe

RESULT = Path(__file__).parent / "results" / "rivals.json"
MEASURES = {"parzen": "pixels", "total_variation": "pixels", "precision": "classifier", "recall": "classifier"}
CAES = [
    CAEConfig(contraction=contraction, epochs=epochs)
    for contraction, epochs in itertools.product([(1.0, 0.5), (0.3, 0.15), (0.1, 0.05)], [(4, 4), (12, 12)])
]
SIGMAS = (0.5, 1.0, SIGMA, 2.0)
GSNS = [GSNConfig(noise=(0.0, noise)) for noise in (0.5, 1.0, 2.0)]

Chain = Callable[[int], Iterator[Tensor]]


def main() -> None:
    options = arguments()
    bench = Bench("rivals", options.out, options.quick, options.seed, lambda text: print(text, flush=True))
    table, surroundings = open_table("mnist"), machine()
    lines = {"real images": real(bench, table, options.count)}
    for name, chain, of in candidates(bench, table, options.only):
        asked = [of, options.count, options.steps]
        part = f"{name}-{len(lines)}"
        lines[name] = bench.keep(part, lambda chain=chain: walked(chain, table, options), asked)
        print(name, lines[name], flush=True)
    target = bench.path(".json") if bench.quick else RESULT
    result = {"machine": surroundings, "count": options.count, "seed": options.seed, "lines": lines}
    write_whole(target, (json.dumps(result, indent=1) + "\n").encode())
    write_whole(target.with_suffix(".md"), page(result).encode())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder that keeps trainings and lines")
    parser.add_argument("--only", default="cae,gsn", help="cae, gsn, or both with a comma between them")
    parser.add_argument("--count", type=int, default=2_000, help="samples of each candidate")
    parser.add_argument("--steps", type=int, default=300, help="of the chains; a tenth and a third are looked at, too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few units and epochs")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if set(options.only) - {"cae", "gsn"}:
        parser.error("--only takes cae and gsn")
    return options


def candidates(bench: Bench, table: ImageTable, only: list[str]) -> Iterator[tuple[str, Chain, Any]]:
    """Names, what walks their chains (training first), and all that their figures depend on."""
    images = table.images[table.rows("train")]
    if "cae" in only:
        for config in CAES[: 1 if bench.quick else None]:
            yield from of_cae(bench, images, config)
    if "gsn" in only:
        for config in GSNS[: 1 if bench.quick else None]:
            yield of_gsn(bench, images, config)


def of_cae(bench: Bench, images: np.ndarray, config: CAEConfig) -> Iterator[tuple[str, Chain, Any]]:
    """One stack, trained once, with every sigma."""
    if bench.quick:
        config = dataclasses.replace(config, units=(32, 32), epochs=(1, 1))
    low, high = config.contraction
    folder = bench.parts / f"cae-{low:g}-{config.epochs[0]}"
    train = functools.cache(lambda: train_cae(images, config, folder, bench.seed, bench.say)[0])
    for sigma in SIGMAS:
        name = f"CAE, lambda {low:g} and {high:g}, {sum(config.epochs)} epochs, sigma {sigma:g}"
        yield name, lambda count, sigma=sigma: train().chain(count, bench.seed + 1, sigma), [repr(config), sigma]


def of_gsn(bench: Bench, images: np.ndarray, config: GSNConfig) -> tuple[str, Chain, Any]:
    """One network."""
    if bench.quick:
        config = dataclasses.replace(config, units=(32, 32), epochs=1)
    folder = bench.parts / f"gsn-{config.noise[1]:g}"

    def chain(count: int) -> Iterator[Tensor]:
        return train_gsn(images, config, folder, bench.seed, bench.say)[0].chain(count, bench.seed + 1)

    return f"GSN, noise {config.noise[1]:g}, {config.epochs} epochs", chain, repr(config)


def real(bench: Bench, table: ImageTable, count: int) -> dict[str, Any]:
    """What as many training images score: the best that there is."""
    rows = np.random.default_rng(bench.seed).choice(table.rows("train"), count, replace=False)
    return bench.keep("real", lambda: {"-": measured(table.images[np.sort(rows)], table)}, count)


def walked(chain: Chain, table: ImageTable, options: argparse.Namespace) -> dict[str, Any]:
    """Measures of the chains' states after a tenth, a third and all of the steps."""
    looks = sorted({max(options.steps // part, 1) for part in (10, 3, 1)})
    found = {}
    for step, state in enumerate(itertools.islice(chain(options.count), options.steps), 1):
        if step in looks:
            values = state.float().numpy().reshape(-1, *table.shape)
            found[str(step)] = measured(np.rint(values * 255).astype(np.uint8), table)
    return found


def measured(samples: np.ndarray, table: ImageTable) -> dict[str, list[str]]:
    """Each measure against validation images: its value and interval in words."""
    found = {}
    for features in ("pixels", "classifier"):
        asked = [name for name, of in MEASURES.items() if of == features]
        found |= evaluate(samples, table, asked, len(samples), real="valid", features=features).measures
    return {name: list(describe(found[name])) for name in MEASURES}


def page(result: dict[str, Any]) -> str:
    """The lines as a table, with how they were made."""
    rows = [
        [name, step, *(f"{value} ({interval})" for value, interval in answers.values())]
        for name, looks in result["lines"].items()
        for step, answers in looks.items()
    ]
    table = Table(["settings", "steps of the chain", *(name.replace("_", " ") for name in MEASURES)], rows)
    return (
        f"`python benchmarks/rivals.py OUT`: {result['count']:,} samples each, against MNIST's validation images, seed"
        f" {result['seed']}, on {in_words(result['machine'])}.\n\n{table_lines(table)}\n"
    )


if __name__ == "__main__":
    main()
