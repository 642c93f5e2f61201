"""How far apart every measure finds two sets of real images: the noise floor that no generator can be told below.

    python benchmarks/measures/noise_floor.py [--counts 1000,2000,5000,10000] [--draws 3]

Disjoint sets of MNIST's training images, drawn at random, in pixels and in the classifier's features; `memorization`
searches another 30,000 of them, and the validation images choose Parzen's sigma. Result:
results/noise_floor.json; cells of its table are medians of the draws.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.data import ImageTable, open_table
from advnets.measures.catalog import MEASURES, Subject, measure
from advnets.measures.features import extractor
from benchmarks.machine import machine
from benchmarks.record import record, result_of

SEARCHED = 30_000
PLAIN = ("parzen", "total_variation")  # of the images, whatever the features


def floor_of(table: ImageTable, features: str, count: int, draw: int) -> dict[str, float]:
    """Every measure between two disjoint random sets of `count` training images."""
    rows = np.random.default_rng(draw).permutation(table.rows("train"))
    splits = {
        "test": np.sort(rows[count : 2 * count]),
        "valid": table.rows("valid"),
        "train": np.sort(rows[2 * count : 2 * count + SEARCHED]),
    }
    real = ImageTable(table.values, table.labels, table.classes, table.fingerprint, table.name, (), splits)
    subject = Subject(table.values[np.sort(rows[:count])], real, extractor(features, table), seed=draw)
    left_out = PLAIN if features == "classifier" else [name for name in MEASURES if MEASURES[name].of == "classes"]
    names = [name for name in MEASURES if name not in left_out]
    return {name: found.value for name, found in measure(subject, names).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", default="1000,2000,5000,10000")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    table, found = open_table("mnist"), {}
    for features in ("pixels", "classifier"):
        for count in map(int, options.counts.split(",")):
            draws = [floor_of(table, features, count, draw) for draw in range(options.draws)]
            found.setdefault(features, {})[count] = {name: [draw[name] for draw in draws] for name in draws[0]}
            print(features, count, found[features][count], flush=True)
            record(options.out, {"machine": machine(), "floors": found})


def page(result: dict[str, Any]) -> str:
    """A row a measure and features, a column a count: the median of the draws."""
    found = result["floors"]
    counts = next(iter(found.values()))
    draws = len(next(iter(next(iter(counts.values())).values())))
    lines = [
        f"Two disjoint sets of as many real digits each; medians of {draws} draws.",
        "",
        "| measure | in | " + " | ".join(f"{int(count):,}" for count in counts) + " |",
        "|---" * (len(counts) + 2) + "|",
    ]
    for features, by_count in found.items():
        for name in next(iter(by_count.values())):
            cells = [f"{np.median(each[name]):.3g}" for each in by_count.values()]
            lines.append(f"| {name} | {features} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
