"""Networks of one's own on the command line: named by the user's own command, never by a recipe or a run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_games import saved

import advnets
from advnets import cli

pytestmark = pytest.mark.usefixtures("no_report")

CODE = """
from pathlib import Path
from torch import manual_seed, nn

Path("it-ran").touch()


def maker():
    manual_seed(0)
    return nn.Sequential(nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 2))


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        manual_seed(1)
        self.layers = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Flatten(0))

    def forward(self, x):
        return self.layers(x)


def broken():
    raise RuntimeError("no such luck")
"""
NAMED = ("--module", "generator=my_nets:maker", "--module", "discriminator=my_nets:Critic")
SHORT = (
    "--batch", "16", "--sample-every", "0", "--checkpoint-every", "5",
    "--generator.schedule", "constant", "--discriminator.schedule", "constant",
    "--instance-noise", "0",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working folder with my_nets.py, which leaves a trace when it is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_nets.py").write_text(CODE)
    (tmp_path / "my_typo.py").write_text("class Name(:\n")
    yield
    sys.modules.pop("my_nets", None)


def did(*args: object) -> None:
    assert cli.main([str(arg) for arg in args]) == 0


def refused(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    capsys.readouterr()
    assert cli.main([str(arg) for arg in args]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.fixture
def trained() -> Path:
    """A run of 5 steps, and every trace of its code removed."""
    did("train", "ring", *NAMED, *SHORT, "--steps", 5, "--run", "run")
    _forget()
    return Path("run")


def _forget() -> None:
    Path("it-ran").unlink()
    del sys.modules["my_nets"]


def test_they_train_and_resume_as_those_passed_in_python(trained: Path) -> None:
    did("resume", trained, *NAMED, "--steps", 10)
    import my_nets  # type: ignore[import-not-found]

    own = {"generator": my_nets.maker(), "discriminator": my_nets.Critic()}
    rates = {"generator.schedule": "constant", "discriminator.schedule": "constant", "instance_noise": 0.0}
    whole = advnets.train(
        "ring", steps=10, run="whole", modules=own, batch=16, sample_every=0, checkpoint_every=5, **rates
    )
    assert saved(whole.path) == saved(trained)


def test_they_are_sampled_and_measured(trained: Path) -> None:
    did("sample", trained, *NAMED[:2], "--module", "discriminator=my_nets:Critic", "--count", 3, "--out", "made.npy")
    assert np.load("made.npy").shape == (3, 2)
    did("evaluate", trained, *NAMED, "--metrics", "frechet", "--count", 100, "--json", "found.json")
    assert list(json.loads(Path("found.json").read_text())) == ["frechet"]


@pytest.mark.parametrize("command", ["sample", "resume", "evaluate"])
def test_a_run_never_names_its_code_itself(command: str, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--module generator=" in refused(capsys, command, trained)
    assert not Path("it-ran").exists()
    assert "my_nets" not in sys.modules


def test_nor_does_a_recipe(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = (trained / "recipe.yaml").rename("mine.yaml")
    said = refused(capsys, "train", recipe, "--run", "again")
    assert "is a module of your own" in said
    assert "say --module generator=my_nets:maker" in said
    assert not Path("it-ran").exists()
    did("train", recipe, *NAMED, "--steps", 1, "--run", "again")


def test_reading_a_run_needs_none_of_its_code(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    did("info", trained, "--json")
    network = json.loads(capsys.readouterr().out)["recipe"]["game"]["generator"]["network"]
    assert network == {"kind": "own", "module": "my_nets:maker"}
    assert not Path("it-ran").exists()


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("generator=my_nets:nobody", "my_nets:nobody cannot be loaded"),
        ("generator=nowhere:Name", "nowhere:Name cannot be loaded"),
        ("generator=my_nets:broken", "RuntimeError: no such luck"),
        ("generator=my_typo:Name", "SyntaxError"),
        ("generator=my_nets", "package.module:Name"),
        ("generator=my_nets:Path", "makes a"),
        ("my_nets:maker", "names no player"),
        ("encoder=my_nets:maker", "encoder"),
    ],
)
def test_what_is_no_module_is_one_line(module: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert says in refused(capsys, "train", "ring", "--module", module, *SHORT, "--run", "run")
    assert not Path("run").exists()


@pytest.mark.parametrize("command", ["sample", "resume"])
def test_a_run_without_modules_takes_none(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    did("train", "ring", *SHORT, "--steps", 5, "--run", "plain")
    said = refused(capsys, command, "plain", *NAMED[2:])
    assert "plain was trained without a discriminator of your own; leave it out" in said
