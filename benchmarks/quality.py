"""Time to quality: Parzen and total variation against seconds of training, ours and the peers' way.

    python benchmarks/quality.py [--budgets 180,720] [--minutes 30] [--every 120] [--only ours|peer]

Ours is the `mnist` recipe through `advnets.train`, its steps chosen so that the training fills the budget (its
schedules know their end, so each budget is a training of its own); log, pictures and checkpoints count, data set-up
and evaluation do not. The peer trains the same networks in the manner of PyTorch-GAN with its settings: batches of
64, Adam at 2e-4 with betas (.5, .999), Gaussian noise, no average; its clock stops while it is evaluated. The same
estimator measures both, on 10,000 samples of 8 bits. Result: results/quality.json. It needs a machine that does
nothing else.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from contests import mnist, ours
from machine import machine
from peers import PeerGame

import advnets
from advnets.recipe import Recipe
from advnets.training.optimizers import OptimizerConfig

RESULT = Path(__file__).parent / "results" / "quality.json"
SAMPLES, TARGETS, TOLERANCE = 10_000, (215.0, 225.0), 0.05
PYTORCH_GAN = OptimizerConfig("adam", rate=2e-4, betas=(0.5, 0.999))


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


def our_training(seconds: float, samples: int = SAMPLES, **changes: Any) -> dict[str, Any]:
    """One training of the `mnist` recipe that fills `seconds`."""
    recipe = mnist().recipe
    steps = max(1, round(seconds * _steps_per_second(recipe)))
    with tempfile.TemporaryDirectory() as place:
        run = advnets.train(recipe, run=Path(place) / "run", steps=steps, **changes)
        taken = run.metrics[-1]["seconds"]
        return {"budget_seconds": seconds, "seconds": taken, "steps": steps, **measured(run.sample(samples, seed=1))}


def peer_training(seconds: float, every: float, samples: int = SAMPLES) -> list[dict[str, Any]]:
    """The peer, measured every `every` seconds of its training until `seconds`."""
    contest = mnist()
    recipe = contest.recipe.replace(batch=64, generator_optimizer=PYTORCH_GAN, discriminator_optimizer=PYTORCH_GAN)
    game = PeerGame(recipe, contest.data)
    points: list[dict[str, Any]] = []
    taken, steps = 0.0, 0
    while taken < seconds:
        begin = time.perf_counter()
        while time.perf_counter() - begin < every:
            game.advance()
            steps += 1
        taken += time.perf_counter() - begin
        points.append({"seconds": round(taken, 1), "steps": steps, **measured(peer_samples(game, samples))})
        print(points[-1], flush=True)
    return points


@torch.no_grad()
def peer_samples(game: PeerGame, count: int) -> np.ndarray:
    """Samples of the peer's generator as it is, uint8."""
    z = torch.randn(count, game.latent, generator=torch.Generator().manual_seed(1))
    made = torch.cat([game.generator(part) for part in z.split(1000)])
    return (made.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def summary(points: list[dict[str, Any]]) -> dict[str, Any]:
    """Seconds to each target at a real image's total variation (None: not reached), and the best point."""
    sharp = [point for point in points if point["sharp"]]
    return {
        "seconds_to": {
            f"{target:g}": next((p["seconds"] for p in sharp if p["parzen"] >= target), None) for target in TARGETS
        },
        "best_sharp": max(sharp, key=lambda p: p["parzen"], default=None),
        "best": max(points, key=lambda p: p["parzen"], default=None),
    }


def _steps_per_second(recipe: Recipe, seconds: float = 5.0) -> float:
    advance = ours(recipe, mnist().data)
    for _ in range(10):
        advance()
    begin, steps = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        advance()
        steps += 1
    return 0.97 * steps / (time.perf_counter() - begin)  # log, pictures and checkpoints take the rest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budgets", default="180,720", help="seconds of our trainings")
    parser.add_argument("--minutes", type=float, default=30, help="how long the peer trains")
    parser.add_argument("--every", type=float, default=120, help="seconds between the peer's evaluations")
    parser.add_argument("--only", choices=("ours", "peer"), help="keep the other's last result")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    result = json.loads(options.out.read_text()) if options.only and options.out.exists() else {}
    result["machine"] = machine()
    if options.only != "peer":
        result["ours"] = {"points": [our_training(float(budget)) for budget in options.budgets.split(",")]}
    if options.only != "ours":
        result["peer"] = {"points": peer_training(60 * options.minutes, options.every)}
    for who in ("ours", "peer"):
        if who in result:
            result[who] |= summary(result[who]["points"])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
