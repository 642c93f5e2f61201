"""Samples of a run, one and ten thousand, beside the network called plainly.

    python benchmarks/speed/sampling.py [--rounds 15]

A sample of a run has the same bits however many are drawn; a plain call of its network has not: `eager` draws as many
latent vectors as samples are wanted, passes all of them at once and rounds to bytes, without that promise. The networks
are new ones of a recipe: what they are trained to does not matter to the time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.training.trainer import Trainer
from benchmarks.machine import machine
from benchmarks.record import record, result_of
from benchmarks.speed.contests import CONTESTS
from benchmarks.speed.interleave import interleave

COUNTS = (1, 10, 100, 1_000, 10_000)
GAMES = ("paper-mnist", "dcgan")


def ways(game: str, count: int) -> dict[str, Callable[[], object]]:
    """So many samples of a game, ours and eager."""
    contest = CONTESTS[game]()
    trainer = Trainer(contest.recipe.replace(**{"watch.action": "off"}), contest.data)
    sampler = trainer.sampler
    network, rng = sampler.nets["generator"].eval(), torch.Generator().manual_seed(0)

    @torch.no_grad()
    def eager() -> object:
        return sampler.as_output(network(sampler.game.wish(count, rng)["z"])).numpy()

    return {"ours": lambda: sampler.draw(count), "eager": eager}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    found: list[dict[str, Any]] = []
    surroundings = machine()
    for game in GAMES:
        for count in COUNTS:
            timings = interleave(ways(game, count), options.rounds, block_seconds=0.05, warm=2)
            milliseconds = {name: timing.milliseconds for name, timing in timings.items()}
            ratio = timings["ours"].times_faster_than(timings["eager"])
            found.append({"game": game, "count": count, "milliseconds": milliseconds, "times_faster": ratio})
            print(found[-1], flush=True)
    record(options.out, {"machine": surroundings, "rounds": options.rounds, "found": found})


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [
        "Milliseconds for so many samples, whose bits do not depend on their number (ours), and of the network called"
        " plainly.",
        "",
        "| generator | samples | ours | eager | times faster |",
        "|---|---|---|---|---|",
    ]
    for row in result["found"]:
        ours, eager = row["milliseconds"]["ours"], row["milliseconds"]["eager"]
        lines.append(f"| {row['game']} | {row['count']:,} | {ours:.3g} | {eager:.3g} | {row['times_faster']:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
