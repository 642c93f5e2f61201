"""Processes that share a minibatch are one that has all of it; what dies goes on; what is told to stop stops."""

from __future__ import annotations

import copy
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from game_kinds import KINDS, of, recipe_of
from small_games import points, ring
from torch import Tensor, nn

import advnets
from advnets.errors import AdvnetsError
from advnets.processors import rank
from advnets.runs import checkpoint
from advnets.runs.checkpoint import Checkpoint
from advnets.training.hooks.threads import following
from advnets.training.player import Moves, Player
from advnets.training.trainer import Trainer
from advnets.world import ALONE, Sum, World, join

PENALIZED = {"penalties": {"r1": {"weight": 0.3, "every": 1}, "r2": {"weight": 0.2, "every": 1}}}
BETWEEN = {"objective": "wasserstein", "penalties": {"wgan_gp": {"weight": 10.0, "every": 1}}}
ALL_CHANGES = {"augment": ("color", "translation", "cutout"), "mirror": True}
PAPERS = {
    "game.generator.network": {"kind": "mlp", "hidden": [16]},
    "game.discriminator.network": {"kind": "maxout", "units": [8, 8], "pieces": 2},
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    **{kind: (kind, {}) for kind in KINDS if kind != "semi-supervised"},
    "relativistic": ("adversarial", {"objective": "relativistic", **PENALIZED}),
    "between": ("adversarial", BETWEEN),
    "augmented": ("adversarial", ALL_CHANGES),
    "dropout": ("adversarial", PAPERS),
    "alternating": ("conditional", {"schedule": "alternating", "discriminator_steps": 2}),
    "in parts": ("adversarial", {"accumulate": 2, **PENALIZED}),
    "dropout in parts": ("adversarial", {"accumulate": 2, **PAPERS}),
    "growing": ("adversarial", {"coordination.final_batch": 24}),
    "sharded": ("adversarial", {"shard_optimizer": True, **PENALIZED}),
}
NORMALIZED = {"normalized": "simultaneous", "normalized, alternating": "alternating"}
CASES |= {
    name: ("adversarial", {"schedule": schedule, "penalties.r1.weight": 0.0}) for name, schedule in NORMALIZED.items()
}
LONG = "adversarial", "conditional", "between", "sharded"
CLOSE = "adversarial", "conditional", "relativistic", "sharded", *NORMALIZED


def played(name: str, world: World, steps: int) -> tuple[dict[str, Tensor], list[dict[str, float]]]:
    """The gradients of the first step by player, and the figures of all."""
    kind, changes = CASES[name]
    modules = normalized() if name in NORMALIZED else None
    trainer = Trainer(recipe_of(kind, **changes), of(kind).data(), modules, world=world)
    first: dict[str, Tensor] = {}
    figures: list[dict[str, float]] = []
    move = Player.move

    def watched(player: Player, grads: Moves, update: int, updates: int) -> None:
        (name,) = (name for name, each in trainer.players.items() if each is player)
        first.setdefault(name, _flat(player, grads))
        move(player, grads, update, updates)

    Player.move = watched  # type: ignore[method-assign]
    try:
        for _ in range(steps):
            figures.append(trainer.figures(trainer.advance()))
    finally:
        Player.move = move  # type: ignore[method-assign]
    for player in trainer.players.values():
        first |= {each: value for each, value in player.network.named_buffers() if each.endswith(("mean", "var"))}
    return first, figures


def begun(world: World, steps: int = 3) -> Checkpoint | None:
    """The checkpoint of the first process after some steps of the sharded game; None in the others."""
    trainer = Trainer(recipe_of("adversarial", shard_optimizer=world.size > 1), of("adversarial").data(), world=world)
    for _ in range(steps):
        trainer.advance()
    if world.leads:
        return trainer.checkpoint()
    world.order()
    trainer.gather()
    return None


def normalized() -> dict[str, nn.Module]:
    """Networks with batch normalization, with running statistics and without."""
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(6, 120), nn.BatchNorm1d(120), nn.ReLU(), nn.Linear(120, 120))
    discriminator = nn.Sequential(
        nn.Conv2d(1, 6, 3, 2), nn.BatchNorm2d(6, track_running_stats=False), nn.LeakyReLU(0.2), nn.Flatten()
    )
    return {
        "generator": nn.Sequential(generator, nn.Sigmoid(), nn.Unflatten(1, (1, 12, 10))),
        "discriminator": nn.Sequential(discriminator, nn.Linear(6 * 5 * 4, 1), nn.Flatten(0)),
    }


def _flat(player: Player, grads: Moves) -> Tensor:
    if isinstance(grads, Sum):
        return grads.wait().clone()
    flat = torch.zeros_like(player.master.flat)
    for view, grad in zip(player.master.like(flat), grads, strict=True):
        if grad is not None:
            view.copy_(grad)
    return flat


def _process(rank: int, size: int, port: int, out: str) -> None:
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=size)
    world = World(rank, size)
    found: dict[str, Any] = {name: played(name, world, 100 if name in LONG else 3) for name in CASES}
    kept = begun(world)
    if kept is not None:
        state = json.loads(json.dumps(kept.state))  # plain values, as in a file
        torch.save({**found, "checkpoint": (kept.step, dict(kept.tensors), state)}, out)
    world.leave()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module", params=[2, 3, pytest.param(4, marks=pytest.mark.slow)])
def together(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What so many processes find, each with its rows of 12."""
    out = tmp_path_factory.mktemp("together") / "found.pt"
    mp.spawn(_process, (request.param, free_port(), str(out)), nprocs=request.param)  # type: ignore[attr-defined]  # it is there
    return dict(torch.load(out))


@pytest.mark.parametrize("name", CASES)
def test_they_are_one_process(together: dict[str, Any], name: str) -> None:
    alone, figures = played(name, ALONE, 100 if name in LONG else 3)
    shared, theirs = together[name]
    assert alone.keys() == shared.keys()
    for player, gradient in alone.items():
        gradient = gradient[: len(shared[player])]  # the first process's shard, where each has one
        apart = float((gradient - shared[player]).double().norm() / gradient.double().norm())
        most = 1e-3 if "running" in player else 1e-6 if name in CLOSE else 2e-5  # sums of float32 that nearly cancel
        assert apart <= most, player
    compared = figures if name in LONG else figures[:1]
    for mine, other in zip(compared, theirs, strict=False):
        for cost in ("cost_d", "cost_g"):
            assert other[cost] == pytest.approx(mine[cost], abs=1e-4)


def test_one_goes_on_where_several_were(together: dict[str, Any]) -> None:
    """To roundoff, with what each of them had a share of."""
    wanted = begun(ALONE, steps=6)
    trainer = Trainer(recipe_of("adversarial"), of("adversarial").data())
    trainer.restore(Checkpoint(*together["checkpoint"]))
    for _ in range(3):
        trainer.advance()
    assert wanted is not None
    for part, tensors in trainer.checkpoint().tensors.items():
        for name, found in tensors.items():
            torch.testing.assert_close(found, wanted.tensors[part][name], rtol=1e-4, atol=1e-6)


def test_what_cannot_be_shared_is_refused() -> None:
    for kind, changes, why in (
        ("semi-supervised", {}, "a view of this game depends on the whole minibatch; train it in one process"),
        ("adversarial", {"coordination.top_share": 0.5}, "cannot share a training with coordination"),
    ):
        with pytest.raises(AdvnetsError, match=why):
            Trainer(recipe_of(kind, **changes), of(kind).data(), world=World(0, 2))
    normalized = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Linear(16, 2))
    apart = nn.Sequential(nn.Linear(8, 2), LessTheirMean())
    for world, parts, network in ((World(0, 2), 1, apart), (World(0, 2), 2, normalized), (ALONE, 2, normalized)):
        recipe = ring(latent=8, batch=8, accumulate=parts)
        with pytest.raises(AdvnetsError, match="a generator with statistics across the batch needs the whole of it"):
            Trainer(recipe, points(), {"generator": copy.deepcopy(network)}, world=world)


class LessTheirMean(nn.Module):
    """Statistics of the minibatch that are nobody's to share."""

    def forward(self, rows: Tensor) -> Tensor:
        return rows - rows.mean(0)


def test_one_process_has_nobody_to_share_with(tmp_path: Path) -> None:
    with pytest.raises(AdvnetsError, match="start several by torchrun, or leave --shard-optimizer out"):
        advnets.train(ring(shard_optimizer=True), run=tmp_path / "run")


TWICE = """
import os
import sys

import advnets
import advnets.api as api
from advnets.config.load import load_recipe
from advnets.errors import RunError

sit, sat = api._sit, []


def collapsing(*given):
    status = sit(*given)
    sat.append(status)
    return "collapsed" if len(sat) == 1 else status


api._sit = collapsing
os.makedirs(here := f"{sys.argv[1]}/{os.environ['RANK']}")
os.chdir(here)
recipe = load_recipe("mnist-dense").replace(
    steps=20, batch=16, log_every=10, checkpoint_every=10, sample_every=0,
    **{"watch.action": "rollback", "watch.every": 10, "measure.metrics": "frechet",
       "measure.features": "random", "measure.every": 10, "measure.count": 600},
)
run = advnets.train(recipe, run="first")
advnets.train(recipe.replace(steps=2, **{"measure.every": 2}), run="second")
try:
    print("measured at", [line["step"] for line in run.measures], len(run.facts["rollbacks"]))
except RunError as error:
    print(error)
"""


def test_a_rollback_another_training_and_folders_apart(tmp_path: Path) -> None:
    """In one script; each process in a folder of its own, as on machines of their own."""
    (tmp_path / "twice.py").write_text(TWICE)
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port")
    line = (*torchrun, str(free_port()), str(tmp_path / "twice.py"), str(tmp_path))
    done = subprocess.run(line, capture_output=True, text=True, env=_environment(), timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "measured at [10, 20] 1" in done.stdout, done.stdout + done.stderr
    assert "first is where the first process runs; load it there" in done.stdout


def test_what_keeps_statistics_of_its_rows_is_refused() -> None:
    kept = nn.Sequential(
        nn.Linear(16, 12), nn.Unflatten(1, (3, 4)), nn.InstanceNorm1d(3, track_running_stats=True), nn.Flatten(),
        nn.Linear(12, 2),
    )  # fmt: skip
    with pytest.raises(AdvnetsError, match="the generator keeps statistics of the rows that it sees"):
        Trainer(ring(batch=8), points(), {"generator": kept}, world=World(0, 2))


def test_threads_stay_where_steps_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    trainer = Trainer(ring(batch=8), points(), world=World(0, 2))
    trainer.threads = 2
    with following(trainer) as threads:
        assert threads is None


def test_each_process_needs_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, said in (("RANK", "0"), ("LOCAL_RANK", "0"), ("WORLD_SIZE", "5")):
        monkeypatch.setenv(name, said)
    with pytest.raises(AdvnetsError, match="5 processes cannot share 9 rows, as each needs two; give a larger --batch"):
        join("cpu", 9)


GAME = (
    "train", "ring", "--steps", "600", "--batch", "48", "--checkpoint-every", "100", "--sample-every", "0",
    "--watch.every", "50", "--shard-optimizer",
)  # fmt: skip


def launched(*args: str, processes: int = 2, restarts: int = 0) -> subprocess.Popen[str]:
    """A training by torchrun."""
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes))
    line = (*torchrun, "--max-restarts", str(restarts), "--master-port", str(free_port()), "-m", "--", "advnets", *args)
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def saved(run: Path, step: int) -> dict[str, Tensor]:
    found, _ = checkpoint.newest(run / "checkpoints")
    assert found is not None
    assert found.step == step
    return {f"{part} {name}": each for part, all_of in found.tensors.items() for name, each in all_of.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training of two processes that nothing happened to."""
    run = tmp_path_factory.mktemp("whole") / "run"
    said, _ = (process := launched(*GAME, "--run", str(run))).communicate(timeout=180)
    assert process.returncode == 0, said
    shares = "24 of 48 rows for each, and each has 1/2 of the optimizers' state"
    assert f"processes: 2, which share a minibatch: {shares}" in said
    assert said.count("done: ") == 1
    return run


def test_a_process_that_dies_is_made_up_for(whole: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = launched(*GAME, "--run", str(run), restarts=2)
    for number, step in ((1, 100), (0, 300)):
        _wait_for(run / "checkpoints" / f"step-{step:08d}", process)
        os.kill(_workers(process)[number], signal.SIGKILL)
        time.sleep(1)
    said, _ = process.communicate(timeout=180)
    assert process.returncode == 0, said
    assert said.count("goes on from step") == 2
    assert "our failure" not in said
    mine, theirs = saved(run, 600), saved(whole, 600)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(each, theirs[name]) for name, each in mine.items())


def test_they_stop_when_told_and_go_on_in_another_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    process = launched(*GAME, "--run", str(run))
    _wait_for(run / "checkpoints" / "step-00000100", process)
    begun = time.monotonic()
    os.kill(_workers(process)[1], signal.SIGTERM)  # one of them, as where one machine is taken away
    said, _ = process.communicate(timeout=60)
    assert time.monotonic() - begun < 30
    assert "SIGTERM: stopping at step" in said, said
    assert advnets.load(run).step < 600
    alone = advnets.resume(run)
    assert alone.step == 600
    said = capsys.readouterr().err
    assert "processes 2 is now 1: the training goes on, but not bit for bit" in said
    assert "shard_optimizer: one process has all of the optimizers' state" in said


def test_a_restart_leaves_the_runs_of_others_alone(whole: Path) -> None:
    before = (whole / "run.json").read_bytes()
    process = launched("train", "ring", "--steps", "900", "--batch", "64", "--run", str(whole), restarts=1)
    said, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert said.count(f"{whole} already holds a run") == 2, said
    assert (whole / "run.json").read_bytes() == before


def test_what_one_process_alone_finds_is_said(tmp_path: Path) -> None:
    process = launched("train", "ring", "--batch", "5", "--accumulate", "3", "--run", str(tmp_path / "run"))
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert said.count("2 examples cannot be had in 3 parts; use a smaller --accumulate") == 1, said


def test_a_number_in_the_environment_is_no_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    assert rank() == 0
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert rank() == 1


def test_a_run_that_may_be_restarted_has_to_be_found(tmp_path: Path) -> None:
    process = launched(*GAME, restarts=1)
    said, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "a run that torchrun may restart has to be found again; say --run DIRECTORY" in said


def _workers(process: subprocess.Popen[str]) -> list[int]:
    """The processes of a launcher, by rank."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ranks = dict[int, int]()
    for child in map(int, children):
        said = dict(
            each.split("=", 1) for each in Path(f"/proc/{child}/environ").read_text().split("\0") if "=" in each
        )
        if "RANK" in said:
            ranks[int(said["RANK"])] = child
    return [ranks[number] for number in sorted(ranks)]


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(1200):
        if path.exists():
            return
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")
