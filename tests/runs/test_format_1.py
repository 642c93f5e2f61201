"""Runs that the version before format 2 wrote are sampled, measured and resumed: bit for bit, on the same machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from own_modules import Critic, Maker
from torch import Tensor, nn

import advnets
from advnets import cli
from advnets.config.load import load_recipe
from advnets.errors import RunError
from advnets.runs import checkpoint
from advnets.training.player import Player

STORED = Path(__file__).parent / "format_1"
pytestmark = pytest.mark.usefixtures("no_report")
every_run = pytest.mark.parametrize("name", ["ring", "digits", "own"])


def modules(name: str) -> dict[str, nn.Module]:
    return {"generator": Maker(), "discriminator": Critic()} if name == "own" else {}


def same_machine(run: advnets.Run) -> bool:
    """Whether the run was made with what is here: elsewhere sums may round otherwise."""
    here = {
        "torch": torch.__version__, "processor": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(), "numpy": np.__version__,
    }  # fmt: skip
    return {name: run.facts[name] for name in here} == here


@pytest.fixture
def stored(name: str, tmp_path: Path) -> Path:
    return shutil.copytree(STORED / name, tmp_path / name)


@every_run
def test_its_samples_are_what_they_were(name: str, stored: Path) -> None:
    run, were = advnets.load(stored, modules=modules(name)), np.load(STORED / "became" / name / "samples.npy")
    made = run.sample(5, seed=3)
    assert made.dtype == were.dtype
    np.testing.assert_allclose(made.astype(float), were.astype(float), rtol=0, atol=1 if were.ndim == 4 else 1e-4)
    if same_machine(run):
        np.testing.assert_array_equal(made, were)


@every_run
def test_its_measures_are_what_they_were(name: str, stored: Path) -> None:
    were = json.loads((STORED / "became" / name / "measures.json").read_text())
    run = advnets.load(stored, modules=modules(name))
    found = advnets.evaluate(run, metrics=list(were), count=200).measures
    assert {each: answer["value"] for each, answer in found.items()} == pytest.approx(were, rel=1e-3)


def test_the_command_line_knows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stored = shutil.copytree(STORED / "ring", tmp_path / "ring")
    assert cli.main(["info", str(stored), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["step"], facts["steps"], facts["status"]) == (20, 20, "done")
    assert facts["recipe"]["game"]["generator"]["network"]["hidden"] == [16]
    assert cli.main(["sample", str(stored), "--out", str(tmp_path / "made.npy")]) == 0
    assert np.load(tmp_path / "made.npy").shape == (100, 2)


@every_run
def test_it_goes_on_as_it_would_have(name: str, stored: Path) -> None:
    run = advnets.resume(stored, steps=40, modules=modules(name))
    now, became = _by_player(run.path, 40), _as_named_today(STORED / "became" / name, run)
    exact = same_machine(run)
    assert now.keys() == became.keys()
    for key, value in became.items():
        torch.testing.assert_close(
            now[key], value, **({"rtol": 0, "atol": 0} if exact else {"rtol": 0.05, "atol": 0.01})
        )
    if exact:
        assert _figures(run.path, "metrics") == _figures(STORED / "became" / name, "metrics")
        before = _figures(STORED / "became" / name, "watch", SEEN)
        for line, was in zip(_figures(run.path, "watch", SEEN), before, strict=True):
            assert line == pytest.approx(was, rel=0.02, abs=1e-4)  # distances of images all alike have few sound digits


def _by_player(run: Path, step: int) -> dict[str, Tensor]:
    kept = checkpoint.load(run / "checkpoints" / checkpoint.folder_name(step)).tensors
    return {f"{file} {name}": each for file, tensors in kept.items() for name, each in tensors.items()}


def _as_named_today(old: Path, run: advnets.Run) -> dict[str, Tensor]:
    """A checkpoint of format 1 as one of today says it: optimizer state was one flat tensor a player."""
    files = {path.stem: safetensors.torch.load_file(path) for path in old.glob("*.safetensors")}
    found: dict[str, Mapping[str, Tensor]] = {"players/generator/average": files["average"]}
    for name, network in run.raw_players.items():
        found[f"players/{name}/weights"] = files[name]
        player = Player(network.requires_grad_(), run.recipe.players[name].optimizer, torch.float32)
        flat = files["optimizers"].items()
        player.load_optimizer({key.removeprefix(f"{name}."): each for key, each in flat if key.startswith(f"{name}.")})
        found[f"players/{name}/optimizer"] = player.optimizer_state
    return {f"{file} {name}": each for file, tensors in found.items() for name, each in tensors.items()}


SEEN = ("step", "spread", "clusters", "movement", "diversity")
"""What a look of the watch sees; what is averaged over looks has other weights today."""


def _figures(folder: Path, log: str, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """The lines of a log: these figures, or all that the clock has no part in."""
    lines = [json.loads(line) for line in (folder / f"{log}.jsonl").read_text().splitlines()]
    clock = ("seconds", "steps_per_second")
    return [{key: line[key] for key in names or line if key not in clock} for line in lines]


def test_what_it_says_next_is_of_todays_format(tmp_path: Path) -> None:
    stored = shutil.copytree(STORED / "ring", tmp_path / "ring")
    run = advnets.resume(stored, steps=25)
    folder = run.path / "checkpoints" / "step-00000025"
    assert json.loads((folder / "state.json").read_text())["format"] == checkpoint.FORMAT
    assert (folder / "players" / "discriminator" / "optimizer.safetensors").is_file()
    assert load_recipe(run.path / "recipe.yaml") == run.recipe
    assert advnets.resume(run, steps=30).step == 30


def test_modules_of_ones_own_are_asked_for_as_ever(tmp_path: Path) -> None:
    stored = shutil.copytree(STORED / "own", tmp_path / "own")
    with pytest.raises(RunError, match="with a generator of your own; pass it"):
        advnets.resume(stored, steps=40)
    with pytest.raises(RunError, match="is a module of your own; pass it"):
        advnets.load(stored, generator=Maker()).sample(1)
