"""How fast a step is, beside the peers' way, TorchGAN and the matrix-product floor; start-up; memory.

    python benchmarks/speed/training.py [--quick] [--games paper-mnist,ring] [--torchgan FOLDER]

All contenders of a game play in turn, block by block, in one process and on the same data; a step is one update
of the generator and one of the discriminator (k = 1) for each of them. Result: results/training.json. Run
it on a machine that does nothing else: it takes under six minutes on two cores.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.config.games import AdversarialConfig
from advnets.devices import resolve_device, resolve_precision
from benchmarks.machine import machine
from benchmarks.record import record, result_of
from benchmarks.speed import torchgan_way
from benchmarks.speed.contests import CONTESTS, contenders
from benchmarks.speed.interleave import Timing, interleave
from benchmarks.speed.processes import memory, start_up


def race(name: str, torchgan: Any, rounds: int, block_seconds: float, warm: int = 5) -> dict[str, Any]:
    """Play one game with all contenders."""
    contest = CONTESTS[name]()
    players = contenders(contest, torchgan)
    timings = interleave(players, rounds, block_seconds, warm)
    # Where the default computes in float32 it is the same contender.
    for default in ("ours", "floor"):
        timings.setdefault(default, timings[f"{default}_float32"])
    recipe, game = contest.recipe, contest.recipe.game
    assert isinstance(game, AdversarialConfig)
    precision = resolve_precision(recipe.precision, resolve_device(recipe.device))
    return {
        "title": contest.title,
        "data": contest.data_name,
        "batch": recipe.batch,
        "schedule": recipe.schedule,
        "optimizer": game.generator.optimizer.kind,
        "precision": str(precision).removeprefix("torch."),
        "penalties": game.penalties.r1.weight > 0 or game.penalties.r2.weight > 0,
        "gigaflops": players["floor_float32"].__self__.gigaflops,
        "rounds": rounds,
        "contenders": {who: _record(timing, timings["peer"]) for who, timing in timings.items()},
        "share_of_floor": timings["ours"].times_faster_than(timings["floor"]),
        "share_of_floor_float32": timings["ours_float32"].times_faster_than(timings["floor_float32"]),
    }


def _record(timing: Timing, peer: Timing) -> dict[str, Any]:
    return {
        "milliseconds": round(timing.milliseconds, 4),
        "quartiles": [round(q, 4) for q in timing.quartiles],
        "steps_per_block": timing.steps,
        "times_faster_than_peer": round(timing.times_faster_than(peer), 3),
    }


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    tables = [_steps_of(result), f"TorchGAN: {result['torchgan']}"]
    if "start_up" in result:
        tables.append(_start_of(result["start_up"]))
    if "memory" in result:
        tables.append(_memory_of(result["memory"]))
    return "\n\n".join(tables) + "\n"


def _steps_of(result: dict[str, Any]) -> str:
    lines = [
        "Milliseconds of a step (one update of G, one of D), medians over interleaved rounds; in brackets how many",
        "times faster than (a). (a) the peers' way, eager float32, and its DataLoader's part of that; (b) TorchGAN;",
        "(c) ours in float32; (d) ours by default; (e) the matrix products alone, in (d)'s precision.",
        "Share: (e) / (d); in float32, its own (e) / (c).",
        "",
        "| game | GFLOP | (a) | of it data | (b) | (c) | (d) | precision | (e) | share of floor | in float32 |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(_row(game) for game in result["games"].values()),
    ]
    return "\n".join(lines)


def _start_of(start: dict[str, Any]) -> str:
    lines = [
        "| start to first step, seconds | first time | after |",
        "|---|---|---|",
        f"| `advnets train mnist` | {start['mnist']['first_time']:.1f} | {start['mnist']['after']:.1f} |",
        f"| `advnets train images --data FOLDER` ({start['pictures']:,} PNG files) | "
        f"{start['folder']['first_time']:.1f} | {start['folder']['after']:.1f} |",
        f"| of which imports | | {start['import_everything']:.1f} (torch alone {start['import_torch']:.1f}) |",
    ]
    return "\n".join(lines)


def _memory_of(held: dict[str, Any]) -> str:
    parts = ("peak", "allowed", "table", "states", "activations")
    lines = [f"| memory of a training, MB | {' | '.join(parts)} |", "|---" * (len(parts) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(f'{each[part]:.0f}' for part in parts)} |" for name, each in held.items()]
    return "\n".join(lines)


def _row(game: dict[str, Any]) -> str:
    def cell(who: str) -> str:
        if who not in game["contenders"]:
            return "-"
        each = game["contenders"][who]
        ratio = "" if who in ("peer", "peer_data", "floor") else f" ({each['times_faster_than_peer']:.2f} x)"
        return f"{each['milliseconds']:.2f}{ratio}"

    cells = [cell(who) for who in ("peer", "peer_data", "torchgan", "ours_float32", "ours")]
    title = game["title"] + (" (ours with its penalty)" if game["penalties"] else "")
    return (
        f"| {title} | {game['gigaflops']:.2f} | {' | '.join(cells)} | {game['precision']} | {cell('floor')} | "
        f"{game['share_of_floor']:.0%} | {game['share_of_floor_float32']:.0%} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few short rounds: to see that it runs")
    parser.add_argument("--games", default=",".join(CONTESTS), help=f"some of {', '.join(CONTESTS)}")
    parser.add_argument("--torchgan", metavar="FOLDER", help="where TorchGAN is installed; see torchgan_way.py")
    parser.add_argument("--steps-only", action="store_true", help="leave out start-up and memory")
    parser.add_argument("--out", type=Path, default=result_of(__file__), help="file of the result")
    options = parser.parse_args()
    rounds, block_seconds, warm = (2, 0.05, 2) if options.quick else (7, 0.5, 5)
    torch.manual_seed(0)
    torchgan, said = torchgan_way.find(options.torchgan)
    begin = time.perf_counter()
    result: dict[str, Any] = {
        "machine": machine(),
        "torchgan": said if torchgan else f"not measured ({said})",
        "games": {},
    }
    for name in options.games.split(","):
        result["games"][name] = race(name, torchgan, rounds, block_seconds, warm)
        print(_row(result["games"][name]), flush=True)
    if not options.steps_only:
        result["start_up"] = start_up(*((1, 50) if options.quick else (3, 2000)))
        steps = 20 if options.quick else 100
        result["memory"] = {name: memory(name, steps) for name in ("paper-mnist", "mnist", "images")}
    result["seconds"] = round(time.perf_counter() - begin, 1)
    record(options.out, result)
    print(page(result))


if __name__ == "__main__":
    main()
