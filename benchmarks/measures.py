"""How long the measures take, beside the work they cannot do without and beside plain implementations.

    python benchmarks/measures.py [--count 10000] [--width 2048] [--rounds 3] [--memory]

- precision, recall, density and coverage against the two matrix products they need (count x width x count, float32: one
  between the sets, and half of one within each), and against a plain implementation with every distance at once;
- the Frechet distance (of statistics, and with its interval from features) against NumPy's eigendecomposition of one
  covariance, and against SciPy's square root of the product;
- --memory: what each measure needs beyond its inputs at 50,000 samples, in processes of their own.

Interleaved, medians. Result: results/measures.json. It needs a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine

from advnets.measures.frechet import GaussianStatistics, frechet, frechet_distance
from advnets.measures.kernel import kernel
from advnets.measures.manifold import manifold
from advnets.measures.sliced_wasserstein import sliced_wasserstein

RESULT = Path(__file__).parent / "results" / "measures.json"


def features(count: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of correlated features, float32."""
    rng = np.random.default_rng(0)
    mix = (rng.normal(size=(width, width)) * np.linspace(2, 0.1, width)).astype(np.float32)
    first, second = (rng.normal(size=(count, width)).astype(np.float32) @ mix for _ in range(2))
    return first, second * np.float32(1.02) + np.float32(0.1)


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


def gained(name: str, width: int, queue: Any) -> None:
    """Megabytes that a measure of 50,000 against 50,000 takes beyond its inputs, at the peak."""
    x, y = features(50_000, width)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    measures: dict[str, Callable[[], object]] = {
        "manifold": lambda: manifold(x, y), "frechet": lambda: frechet(x, y), "kernel": lambda: kernel(x, y),
        "sliced_wasserstein": lambda: sliced_wasserstein(x, y),
    }  # fmt: skip
    measures[name]()
    queue.put((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def memory(width: int) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    found: dict[str, float] = {}
    for name in ("frechet", "kernel", "sliced_wasserstein", "manifold"):
        queue = context.Queue()
        process = context.Process(target=gained, args=(name, width, queue))
        process.start()
        found[name] = queue.get()
        process.join()
        print(f"{name}: {found[name]:.0f} MB", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    x, y = features(options.count, options.width)
    a, b = GaussianStatistics.of(x), GaussianStatistics.of(y)
    surroundings = machine()
    seconds = race(
        {
            "two products": lambda: two_products(x, y), "manifold": lambda: manifold(x, y),
            "manifold, plain": lambda: plain_manifold(x, y), "eigendecomposition": lambda: np.linalg.eigh(a.covariance),
            "frechet_distance": lambda: frechet_distance(a, b), "frechet, with its interval": lambda: frechet(x, y),
            "frechet, plain": lambda: plain_frechet(a, b),
        },
        options.rounds,
    )  # fmt: skip
    result = {
        "machine": surroundings, "count": options.count, "width": options.width, "seconds": seconds,
        "manifold_over_products": seconds["manifold"] / seconds["two products"],
        "frechet_over_eigendecomposition": seconds["frechet_distance"] / seconds["eigendecomposition"],
        **({"megabytes_at_50000": memory(options.width)} if options.memory else {}),
    }  # fmt: skip
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
