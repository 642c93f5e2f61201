"""How far apart every measure finds two sets of real images: the noise floor that no generator can be told below.

    python benchmarks/noise_floor.py [--counts 1000,2000,5000,10000] [--draws 3]

Disjoint sets of MNIST's training images, drawn at random, in pixels and in the classifier's features; `memorization`
searches another 30,000 of them, and the validation images choose Parzen's sigma. Result: results/noise_floor.json and
noise_floor.md, whose cells are medians of the draws.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from machine import machine

from advnets.data import ImageTable, open_table
from advnets.measures.catalog import MEASURES, Subject, measure
from advnets.measures.features import extractor

RESULT = Path(__file__).parent / "results" / "noise_floor.json"
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
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    table, found = open_table("mnist"), {}
    for features in ("pixels", "classifier"):
        for count in map(int, options.counts.split(",")):
            draws = [floor_of(table, features, count, draw) for draw in range(options.draws)]
            found.setdefault(features, {})[count] = {name: [draw[name] for draw in draws] for name in draws[0]}
            print(features, count, found[features][count], flush=True)
            options.out.write_text(json.dumps({"machine": machine(), "floors": found}, indent=1) + "\n")
            options.out.with_suffix(".md").write_text(table_of(found))


def table_of(found: dict[str, dict[int, dict[str, list[float]]]]) -> str:
    """A row a measure and features, a column a count: the median of the draws."""
    counts = next(iter(found.values()))
    draws = len(next(iter(next(iter(counts.values())).values())))
    lines = [
        f"Two disjoint sets of as many real digits each; medians of {draws} draws.",
        "",
        "| measure | in | " + " | ".join(f"{count:,}" for count in counts) + " |",
        "|---" * (len(counts) + 2) + "|",
    ]
    for features, by_count in found.items():
        for name in next(iter(by_count.values())):
            cells = [f"{np.median(each[name]):.3g}" for each in by_count.values()]
            lines.append(f"| {name} | {features} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
