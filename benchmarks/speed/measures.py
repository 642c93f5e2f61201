"""How long the measures take, beside the work they cannot do without and beside plain implementations.

    python benchmarks/speed/measures.py [--count 10000] [--width 2048] [--rounds 3] [--memory [50000]]

- precision, recall, density and coverage against the two matrix products they need (count x width x count, float32: one
  between the sets, and half of one within each), and against a plain implementation with every distance at once;
- the Frechet distance (of statistics, and with its interval from features) against NumPy's eigendecomposition of one
  covariance, and against SciPy's square root of the product;
- --memory: what each measure of features needs beyond its inputs at so many samples, in processes of their own
  (Linux); `manifold` is precision, recall, density and coverage, which are taken together.

Interleaved, medians; `--rounds 0` keeps the earlier seconds. Result: results/measures.json. It needs a machine that
does nothing else.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.measures.birthday import birthday
from advnets.measures.frechet import GaussianStatistics, frechet, frechet_distance, frechet_infinity
from advnets.measures.inception_score import inception_score
from advnets.measures.kernel import kernel
from advnets.measures.manifold import manifold
from advnets.measures.memorization import memorization
from advnets.measures.sliced_wasserstein import sliced_wasserstein
from advnets.measures.two_sample import two_sample
from benchmarks.machine import machine
from benchmarks.memory import beyond
from benchmarks.record import record, result_of

_ROWS_AT_ONCE = 4096


def features(count: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of correlated features, float32; made in parts, so that the memory of making them stays small."""
    rng = np.random.default_rng(0)
    mix = (rng.normal(size=(width, width)) * np.linspace(2, 0.1, width)).astype(np.float32)
    first, second = (np.empty((count, width), np.float32) for _ in range(2))
    for rows in (first, second):
        for start in range(0, count, _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            np.matmul(rng.normal(size=part.shape).astype(np.float32), mix, out=part)
    second *= np.float32(1.02)
    second += np.float32(0.1)
    return first, second


def two_products(x: np.ndarray, y: np.ndarray) -> None:
    """One between the sets, and as much again for the halves within each."""
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    torch.mm(a, b.T)
    torch.mm(b, b.T)


def plain_manifold(x: np.ndarray, y: np.ndarray) -> None:
    """As published implementations do it: three full matrices of distances."""
    a, b = torch.from_numpy(x), torch.from_numpy(y)
    within = [torch.cdist(each, each).kthvalue(6, dim=1).values for each in (a, b)]
    between = torch.cdist(a, b)
    _ = (between <= within[1]).any(1), (between <= within[0][:, None]).any(0), (between <= within[1]).sum()


def plain_frechet(a: GaussianStatistics, b: GaussianStatistics) -> float:
    """As published implementations do it: SciPy's square root of the product."""
    from scipy.linalg import sqrtm

    gap = a.mean - b.mean
    return float(gap @ gap + np.trace(a.covariance + b.covariance - 2 * sqrtm(a.covariance @ b.covariance).real))


def race(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each, interleaved."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            begin = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - begin)
            print(f"{name}: {taken[name][-1]:.2f} s", flush=True)
    return {name: statistics.median(each) for name, each in taken.items()}


def classes(x: np.ndarray) -> np.ndarray:
    """Probabilities, such as the FID network's: of at most its 1,008 classes."""
    p = np.abs(x[:, :1008])
    p /= p.sum(1, keepdims=True)
    return p


MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
    "frechet": frechet,
    "frechet_infinity": frechet_infinity,
    "kernel": kernel,
    "sliced_wasserstein": sliced_wasserstein,
    "manifold": manifold,
    "two_sample": two_sample,
    "birthday": birthday,
    "memorization": lambda x, y: memorization(x, y[len(y) // 6 :], y[: len(y) // 6]),
    "inception_score": lambda x, y: inception_score(x),
}
"""What memory is measured of; every one is given two sets of features, N x D."""


def gained(name: str, count: int, width: int) -> float:
    """What a measure of `count` against `count` takes beyond its inputs."""
    x, y = features(count, width)
    if name == "inception_score":
        x = classes(x)
    return beyond(lambda: MEASURES[name](x, y))


def memory(count: int, width: int) -> dict[str, float]:
    """Megabytes of each measure, each in a process of its own; one that dies is an error, not a wait without end."""
    found: dict[str, float] = {}
    for name in MEASURES:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            found[name] = alone.submit(gained, name, count, width).result()
        print(f"{name}: {found[name]:.0f} MB", flush=True)
    return found


def speed(count: int, width: int, rounds: int) -> dict[str, Any]:
    """Seconds of measures, of what they need at least, and of plain ways."""
    x, y = features(count, width)
    a, b = GaussianStatistics.of(x), GaussianStatistics.of(y)
    surroundings = machine()
    seconds = race(
        {
            "two products": lambda: two_products(x, y), "manifold": lambda: manifold(x, y),
            "manifold, plain": lambda: plain_manifold(x, y), "eigendecomposition": lambda: np.linalg.eigh(a.covariance),
            "frechet_distance": lambda: frechet_distance(a, b), "frechet, with its interval": lambda: frechet(x, y),
            "frechet, plain": lambda: plain_frechet(a, b),
        },
        rounds,
    )  # fmt: skip
    return {
        "machine": surroundings, "count": count, "width": width, "seconds": seconds,
        "manifold_over_products": seconds["manifold"] / seconds["two products"],
        "frechet_over_eigendecomposition": seconds["frechet_distance"] / seconds["eigendecomposition"],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, nargs="?", const=50_000, default=0, metavar="COUNT")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    result = (
        speed(options.count, options.width, options.rounds) if options.rounds else json.loads(options.out.read_text())
    )
    if options.memory:
        result[f"megabytes_at_{options.memory}"] = memory(options.memory, options.width)
    record(options.out, result)
    print(page(result))


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [
        f"{result['count']:,} against {result['count']:,} samples of {result['width']:,} features. `manifold` is"
        " precision, recall, density and coverage.",
        "",
        "| | seconds |",
        "|---|---|",
        *(f"| {name} | {seconds:.3g} |" for name, seconds in result["seconds"].items()),
    ]
    for name in (name for name in result if name.startswith("megabytes_at_")):
        count = f"{int(name.removeprefix('megabytes_at_')):,}"
        lines += ["", f"| measure of {count} samples | MB beyond its inputs |", "|---|---|"]
        lines += [f"| {measure} | {held:.0f} |" for measure, held in result[name].items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
