"""Time to quality: Parzen and total variation against seconds of training, ours and the peers' way.

    python benchmarks/quality/time_to_quality.py [--minutes 30] [--every 120] [--seeds 0] [--only ours|peer]

Ours is the `mnist` recipe through `advnets.train`, measured at its checkpoints afterwards: the recipe has no schedule
that knows its end, so the checkpoint of a step is what a training of that many steps gives. Log, pictures and
checkpoints count, data set-up and evaluation do not. The peer trains the same networks in the manner of PyTorch-GAN
with its settings: batches of 64, Adam at 2e-4 with betas (.5, .999), Gaussian noise, no average; its clock stops while
it is evaluated. The same estimator measures both, on 10,000 samples of 8 bits. Result:
results/time_to_quality.json. It needs a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

import advnets
from advnets.config.players import AdamConfig
from advnets.runs import checkpoint
from advnets.runs.run import Run
from benchmarks.machine import in_words, machine
from benchmarks.record import record, result_of
from benchmarks.speed.contests import mnist_dense
from benchmarks.speed.peers import PeerGame

SAMPLES, TARGETS, TOLERANCE = 10_000, (215.0, 225.0), 0.05
PYTORCH_GAN = AdamConfig(rate=2e-4, betas=(0.5, 0.999))


def measured(pixels: np.ndarray) -> dict[str, Any]:
    """Parzen and total variation of samples, uint8 N x C x H x W."""
    found = advnets.evaluate(pixels, "mnist").measures
    parzen, variation = found["parzen"], found["total_variation"]
    return {
        "parzen": parzen["value"],
        "standard_error": parzen["standard_error"],
        "total_variation": variation["value"],
        "sharp": abs(variation["value"] - 1) <= TOLERANCE,
    }


Point = dict[str, Any]


def our_training(seed: int, every: int = 500, samples: int = SAMPLES, **changes: Any) -> Iterator[Point]:
    """One training of the `mnist` recipe, measured every `every` steps from the first third on."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "run"
        kept = {"checkpoint_every": every, "keep_checkpoints": 10**6, "log_every": math.gcd(100, every)}
        run = advnets.train("mnist-dense", run=path, seed=seed, **kept, **changes)
        seconds = {line["step"]: line["seconds"] for line in run.metrics}
        for step in checkpoint.steps(run.directory.checkpoints):
            if 3 * step >= run.recipe.steps:
                found = measured(Run(path, step=step).sample(samples, seed=1))
                yield {"seed": seed, "seconds": seconds[step], "steps": step, **found}


def peer_training(seconds: float, every: float, samples: int = SAMPLES) -> Iterator[Point]:
    """The peer, measured every `every` seconds of its training until `seconds`."""
    contest = mnist_dense()
    recipe = contest.recipe.replace(
        batch=64, **{"generator.optimizer": PYTORCH_GAN, "discriminator.optimizer": PYTORCH_GAN}
    )
    game = PeerGame(recipe, contest.data)
    taken, steps = 0.0, 0
    while taken < seconds:
        begin = time.perf_counter()
        while time.perf_counter() - begin < every:
            game.advance()
            steps += 1
        taken += time.perf_counter() - begin
        yield {"seconds": round(taken, 2), "steps": steps, **measured(peer_samples(game, samples))}


@torch.no_grad()
def peer_samples(game: PeerGame, count: int) -> np.ndarray:
    """Samples of the peer's generator as it is, uint8."""
    z = torch.randn(count, game.latent, generator=torch.Generator().manual_seed(1))
    made = torch.cat([game.generator(part) for part in z.split(1000)])
    return (made.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def summary(points: list[Point]) -> dict[str, Any]:
    """Seconds to each target at a real image's total variation (None: not reached), and the best point."""
    sharp = [point for point in points if point["sharp"]]
    return {
        "seconds_to": {
            f"{target:g}": next((p["seconds"] for p in sharp if p["parzen"] >= target), None) for target in TARGETS
        },
        "best_sharp": max(sharp, key=lambda p: p["parzen"], default=None),
        "best": max(points, key=lambda p: p["parzen"], default=None),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0", help="seeds of our trainings, joined by commas")
    parser.add_argument("--minutes", type=float, default=30, help="how long the peer trains")
    parser.add_argument("--every", type=float, default=120, help="seconds between the peer's evaluations")
    parser.add_argument("--only", choices=("ours", "peer"), help="keep the other's last result")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    result = json.loads(options.out.read_text()) if options.only and options.out.exists() else {}
    ours = itertools.chain.from_iterable(our_training(int(seed)) for seed in options.seeds.split(","))
    trainings = {"ours": ours, "peer": peer_training(60 * options.minutes, options.every)}
    for who in [options.only] if options.only else list(trainings):
        surroundings, points = machine(), []
        for point in trainings[who]:
            print(point, flush=True)
            points.append(point)  # written at once: a run that is stopped leaves what it found
            result[who] = {"machine": surroundings, "points": points, **summary(points)}
            record(options.out, result)
    print(page(result))


def page(result: dict[str, Any]) -> str:
    """The result in Markdown: the targets and the best points; the figures have all points."""
    lines = [
        f"Seconds of training to Parzen figures at a total variation within {TOLERANCE:.0%} of real images'.", "",
        f"| | {' | '.join(f'{target:g} nats' for target in TARGETS)} | best of these | best | machine |",
        "|---" * (len(TARGETS) + 4) + "|",
    ]  # fmt: skip
    for who in (who for who in ("ours", "peer") if who in result):
        found = result[who]
        reached = [found["seconds_to"][f"{target:g}"] for target in TARGETS]
        cells = ["not reached" if seconds is None else f"{seconds:.0f}" for seconds in reached]
        cells += [_in_words(found[which]) for which in ("best_sharp", "best")]
        lines.append(f"| {who} | {' | '.join(cells)} | {in_words(found['machine'])} |")
    return "\n".join(lines)


def _in_words(point: Point | None) -> str:
    if point is None:
        return "none"
    figure = f"{point['parzen']:.1f} ± {point['standard_error']:.1f} at {point['total_variation']:.3f}"
    return f"{figure} after {point['seconds']:.0f} s, {point['steps']:,} steps"


if __name__ == "__main__":
    main()
