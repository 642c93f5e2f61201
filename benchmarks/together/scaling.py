"""Several processes: what two of them take here, a slow network that is simulated, and what is to be expected of many.

    python benchmarks/together/scaling.py [--rounds 5] [--seconds 4] [--hosts]

**Measured**: steps a second of one process with one thread, with two threads, and of two processes with a thread each
(gloo), of the same minibatch, and of twice the minibatch by two processes; blocks in turn, medians of rounds.
**Simulated**: two processes whose sums arrive as late as by a network of some bandwidth, one after another; what a step
takes beside what the timeline says: the discriminators' sum goes on while the generators go back.
**Hosts** (--hosts, by root, on Linux): two processes in network namespaces of their own, as on two machines, whose link
is held to some rate; beside what the timeline says.
**Arithmetic**: the same timeline for 8, 64 and 1,000 devices, from bytes, bandwidth and latency. No such machine was
at hand: the times of a device are assumptions, and said.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.config.load import load_recipe
from advnets.data import open_data
from advnets.training.player import Player
from advnets.training.trainer import Trainer
from advnets.world import ALONE, Sum, World
from benchmarks.machine import machine
from benchmarks.record import record, result_of
from benchmarks.speed.contests import data_of

RECIPE, BATCH, WARM = "mnist", 64, 5
WAYS = {"one thread": (1, 1, BATCH), "two threads": (1, 2, BATCH), "two processes": (2, 1, BATCH),
        "two processes, twice the minibatch": (2, 1, 2 * BATCH)}  # fmt: skip
"""Name -> processes, threads of each, rows in all."""
LATE = 0.0, 0.5, 1.0, 2.0, 4.0  # times the generators' way back, that the discriminators' sum takes
RATES = 1000, 300, 100
"""Mbit/s of a link between two hosts."""
LINKS = {8: (300e9, 10e-6), 64: (50e9, 20e-6), 1000: (50e9, 20e-6)}
"""Devices -> bytes a second of each, and seconds a message: eight in one machine, more of them by a network of 400
Gbit/s a device."""
PAIRS = {"those of `mnist`": None, "thirty million weights a side": (30_000_000, 30_000_000)}
STEPS = 0.003, 0.01, 0.05
"""Assumed seconds of a device's step."""


@dataclass(frozen=True)
class Timeline:
    """Seconds of a step: up to the discriminators' gradient, the generators' way back, and the moves of both."""

    before: float
    back: float
    move_d: float
    move_g: float

    @property
    def whole(self) -> float:
        return self.before + self.back + self.move_d + self.move_g

    def with_sums(self, sum_d: float, sum_g: float, asked: float = 0.0) -> float:
        """Seconds of a step whose sums take so long, one after another, and whose other messages take `asked`."""
        sent = self.before + asked
        here = sent + self.back
        d_there = sent + sum_d
        g_there = max(here, d_there) + sum_g
        moved = max(here, d_there) + self.move_d
        return max(moved, g_there) + self.move_g


class _Late(Sum):
    def __init__(self, flat: Tensor, work: Any, there: float) -> None:
        super().__init__(flat, work)
        self._there = there

    def wait(self) -> Tensor:
        found = super().wait()
        time.sleep(max(0.0, self._there - time.perf_counter()))
        return found


@dataclass(frozen=True)
class SlowWorld(World):
    """Processes beside each other whose sums arrive late.

    Args:
        seconds_a_byte: of the network, which carries one sum after another; 0 to begin with.
        sent: when sums were begun.
    """

    seconds_a_byte: list[float] = field(default_factory=lambda: [0.0])
    free: list[float] = field(default_factory=lambda: [0.0])
    sent: list[float] = field(default_factory=list[float])

    def sum(self, flat: Tensor) -> Sum:
        now = time.perf_counter()
        self.sent.append(now)
        there = max(now, self.free[0]) + flat.nbytes * self.seconds_a_byte[0]
        self.free[0] = there
        return _Late(flat, dist.all_reduce(flat, async_op=True), there)


def worker(batch: int, threads: int, seconds: float, delays: bool) -> dict[str, Any]:
    """In a process of its own, alone or one of torchrun's: milliseconds of a step, and of the simulated network's."""
    torch.set_num_threads(threads)
    world = ALONE
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
        world = SlowWorld(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]))
    recipe = load_recipe(RECIPE).replace(batch=batch)
    trainer = Trainer(recipe, data_of(open_data(recipe)), world=world)
    _seconds(trainer, WARM)
    steps = max(5, math.ceil(seconds / _seconds(trainer, 5)))
    if isinstance(world, SlowWorld):
        steps = world.told(steps)
    found: dict[str, Any] = {"step": _seconds(trainer, steps), "weights": _weights(trainer)}
    if isinstance(world, SlowWorld):
        found["timeline"] = asdict(line := _timeline(trainer, world, steps))
        if delays:
            found["simulated"] = _simulated(trainer, world, steps, line)
    return found


def _seconds(trainer: Trainer, steps: int) -> float:
    begin = time.perf_counter()
    for _ in range(steps):
        trainer.world.order(1)
        trainer.advance()
    return (time.perf_counter() - begin) / steps


def _weights(trainer: Trainer) -> list[int]:
    return [trainer.players[name].master.flat.numel() for name in ("discriminator", "generator")]


def _simulated(trainer: Trainer, world: SlowWorld, steps: int, line: Timeline) -> list[dict[str, float]]:
    """A step's seconds, and what the timeline of a network without delay makes of them."""
    of_d, of_g = (4 * weights for weights in _weights(trainer))
    found: list[dict[str, float]] = []
    for late in LATE:
        world.seconds_a_byte[0] = world.told(late * line.back / of_d)
        expected = line.with_sums(of_d * world.seconds_a_byte[0], of_g * world.seconds_a_byte[0])
        _seconds(trainer, 2)
        found.append({"late": late, "expected": expected, "found": _seconds(trainer, max(5, steps // 2))})
    return found


def _timeline(trainer: Trainer, world: SlowWorld, steps: int) -> Timeline:
    """The parts of a step, medians of some."""
    move, moves = Player.move, list[float]()

    def timed(player: Player, *given: Any) -> None:
        moves.append(time.perf_counter())
        move(player, *given)
        moves.append(time.perf_counter())

    Player.move = timed  # type: ignore[method-assign]
    parts = list[Timeline]()
    for _ in range(steps):
        world.sent.clear()
        moves.clear()
        begin = time.perf_counter()
        trainer.world.order(1)
        trainer.advance()
        sent_d, sent_g = world.sent
        parts.append(Timeline(sent_d - begin, sent_g - sent_d, moves[1] - sent_g, moves[3] - moves[1]))
    Player.move = move  # type: ignore[method-assign]
    names = "before", "back", "move_d", "move_g"
    return Timeline(*(statistics.median(getattr(each, name) for each in parts) for name in names))


def arithmetic(line: Timeline, own: list[int]) -> list[dict[str, Any]]:
    """Efficiency of many devices by the timeline, whose parts have the shares of a step that they have here."""
    found: list[dict[str, Any]] = []
    for pair, weights in PAIRS.items():
        of_d, of_g = weights or own
        for seconds in STEPS:
            scale = seconds / line.whole
            there = Timeline(line.before * scale, line.back * scale, line.move_d * scale, line.move_g * scale)
            row: dict[str, Any] = {"pair": pair, "bytes": 4 * (of_d + of_g), "seconds": seconds}
            for devices, (bandwidth, latency) in LINKS.items():
                message = math.log2(devices) * latency
                sums = (8 * (devices - 1) / devices * each / bandwidth + 2 * message for each in (of_d, of_g))
                row[str(devices)] = seconds / there.with_sums(*sums, asked=3 * message)  # an order, two of scores
            found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--hosts", action="store_true", help="also with two hosts, which root can make")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--delays", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        batch, threads, seconds = int(args.worker[0]), int(args.worker[1]), float(args.worker[2])
        found = worker(batch, threads, seconds, args.delays is not None)
        if int(os.environ.get("RANK", "0")) == 0:
            print(json.dumps(found))
        return
    here, rounds = machine(), {name: list[float]() for name in WAYS}
    simulated, weights = list[list[dict[str, float]]](), [0, 0]
    for number in range(args.rounds):
        for name, (processes, threads, batch) in WAYS.items():
            found = launched(processes, threads, batch, args.seconds, delays=name == "two processes")
            rounds[name].append(found["step"])
            simulated += [found["simulated"]] if "simulated" in found else []
            weights = found["weights"]
            print(number, name, f"{1000 * found['step']:.1f} ms", flush=True)
    medians = {name: statistics.median(each) for name, each in rounds.items()}
    line = [
        {name: statistics.median(each[place][name] for each in simulated) for name in ("late", "expected", "found")}
        for place in range(len(LATE))
    ]
    parts = Timeline(0.35, 0.3, 0.2, 0.15)  # shares that are assumed
    result = {"machine": here, "rounds": rounds, "step": medians, "simulated": line}
    result |= {"hosts": hosts(args.seconds)} if args.hosts else {}
    record(args.out, {**result, "many": arithmetic(parts, weights)})


def hosts(seconds: float) -> list[dict[str, float]]:
    """A step's seconds of two hosts whose link has a rate, in Mbit/s, and what the timeline of a fast link expects."""
    found: list[dict[str, float]] = []
    with _two_hosts() as hold:
        free = _between_hosts(seconds)
        line, bits = Timeline(**free["timeline"]), [32 * weights for weights in free["weights"]]
        for rate in RATES:
            hold(rate)
            expected = line.with_sums(*(each / (1e6 * rate) for each in bits))  # of two each sends all of its own once
            found.append({"rate": rate, "expected": expected, "found": _between_hosts(seconds)["step"]})
            print(found[-1], flush=True)
    return [{"rate": 0, "expected": line.whole, "found": free["step"]}, *found]


@contextlib.contextmanager
def _two_hosts() -> Iterator[Any]:
    """Two namespaces with a link; a function that holds it to a rate."""
    for number in (1, 2):
        _ip("netns", "add", f"advnets{number}")
    try:
        _ip("link", "add", "advnets1", "type", "veth", "peer", "name", "advnets2")
        for number in (1, 2):
            name = f"advnets{number}"
            _ip("link", "set", name, "netns", name)
            _ip("-n", name, "addr", "add", f"10.77.0.{number}/24", "dev", name)
            for each in (name, "lo"):
                _ip("-n", name, "link", "set", each, "up")

        def hold(rate: int) -> None:
            for number in (1, 2):
                name = f"advnets{number}"
                queue = ["tc", "qdisc", "replace", "dev", name, "root", "tbf", "rate", f"{rate}mbit"]
                _ip("netns", "exec", name, *queue, "burst", "128kb", "latency", "100ms")

        yield hold
    finally:
        for number in (1, 2):
            _ip("netns", "delete", f"advnets{number}")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _between_hosts(seconds: float) -> dict[str, Any]:
    """What the first of two processes found, a host each."""
    torchrun = ["-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1", "--master-addr", "10.77.0.1"]
    own = [str(Path(__file__)), "--worker", str(BATCH), "1", str(seconds)]
    started: list[subprocess.Popen[str]] = []
    for number in (1, 2):
        name = f"advnets{number}"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": name}
        line = ["ip", "netns", "exec", name, sys.executable, *torchrun, "--node-rank", str(number - 1), *own]
        started.append(
            subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        )
    said = [process.communicate()[0] for process in started]
    return json.loads(next(each for each in said[0].splitlines() if each.startswith("{")))


def launched(processes: int, threads: int, batch: int, seconds: float, delays: bool) -> dict[str, Any]:
    """What the first of so many processes found."""
    own = [str(Path(__file__)), "--worker", str(batch), str(threads), str(seconds)]
    with tempfile.TemporaryDirectory() as place, socket.socket() as free:
        own += ["--delays", place] if delays else []
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        torchrun = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--master-port", port]
        line = [sys.executable, *(torchrun if processes > 1 else []), *own]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        done = subprocess.run(line, capture_output=True, text=True, check=True, env=environment)
    return json.loads(next(each for each in done.stdout.splitlines() if each.startswith("{")))


def page(result: dict[str, Any]) -> str:
    step, one = result["step"], result["step"]["one thread"]
    measured = [
        f"| {name} | {processes} | {batch} | {1000 * step[name]:.1f} ms | {one * batch / BATCH / step[name]:.2f} x |"
        for name, (processes, _, batch) in WAYS.items()
    ]
    late = [
        f"| {each['late']:g} | {1000 * each['expected']:.1f} ms | {1000 * each['found']:.1f} ms |"
        for each in result["simulated"]
    ]
    many = [
        f"| {each['pair']} | {each['bytes'] / 1e6:,.1f} MB | {1000 * each['seconds']:g} ms | "
        + " | ".join(f"{each[str(devices)]:.0%}" for devices in LINKS)
        + " |"
        for each in result["many"]
    ]
    return "\n".join(
        [
            f"**Measured**: the recipe `{RECIPE}`, rows a second beside one process with one thread.",
            "",
            "| | processes | rows | step | rows a second |",
            "|---|---|---|---|---|",
            *measured,
            "",
            "**Simulated**: the discriminator's sum takes so many times what the generator's way back takes, and the "
            "generator's in proportion to its weights.",
            "",
            "| times | expected | found |",
            "|---|---|---|",
            *late,
            "",
            *_of_hosts(result.get("hosts", [])),
            "**Arithmetic, not run**: efficiency, with as many rows for each device however many there are. Assumed: a "
            "step of a device takes so long, of which 35 % come before the discriminators' gradient, 30 % are the "
            "generators' way back and 35 % the moves; rings of 300 GB/s, 10 us a message, in a machine of eight, of 50 "
            "GB/s and 20 us between machines; of a float32 gradient each device sends twice, less one of its n parts.",
            "",
            "| networks | sent a step | a device's step | " + " | ".join(f"{devices:,}" for devices in LINKS) + " |",
            "|---|---|---|" + "---|" * len(LINKS),
            *many,
        ]
    )


def _of_hosts(hosts: list[dict[str, float]]) -> list[str]:
    if not hosts:
        return []
    rows = [
        f"| {each['rate']:,} Mbit/s | {1000 * each['expected']:.1f} ms | {1000 * each['found']:.1f} ms |"
        for each in hosts[1:]
    ]
    opening = (
        "**Two hosts**, which are network namespaces of one machine, with a thread each and a link of some rate "
        f"between them; a step takes {1000 * hosts[0]['found']:.1f} ms by a link that is not held back."
    )
    return [opening, "", "| link | expected | found |", "|---|---|---|", *rows, ""]


if __name__ == "__main__":
    main()
