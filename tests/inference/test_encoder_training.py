"""An encoder trained after G: bit for bit the same after a kill, never another's, never half-trained."""

from __future__ import annotations

import math
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import kill_encoder
import pytest
import torch

import advnets
from advnets.errors import RunError
from advnets.files import held
from advnets.inference.infer import data_of
from advnets.inference.training import EncoderTraining
from advnets.runs import checkpoint
from advnets.runs.encoders import WEIGHTS, EncoderSettings, folder_of
from advnets.runs.run import Run

QUICK = {"steps": 20, "width": 16, "batch": 16}


def infer(run: Run | Path, **changes: object) -> Run:
    return advnets.infer(run, count=20, refine=0, **{**QUICK, **changes}).run  # type: ignore[arg-type]


def test_an_encoder_that_was_killed_ends_as_one_never_killed(run: Path, tmp_path: Path) -> None:
    whole = shutil.copytree(run, tmp_path / "whole")
    command = [sys.executable, kill_encoder.__file__, str(run)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == -signal.SIGKILL
    folder = folder_of(run, advnets.load(run).step)
    assert checkpoint.steps(folder / "checkpoints") == [5, 10]
    with pytest.raises(RunError, match=f"not finished; go on with `advnets infer {run}`"):
        advnets.load(run).encode([[0.0, 1.0]])
    for each in (run, whole):
        infer(each, **kill_encoder.SETTINGS)
    ends = [folder_of(each, advnets.load(each).step) for each in (run, whole)]
    for name in ("players/encoder/weights", "players/encoder/optimizer"):
        first, second = ((end / f"checkpoints/step-00000020/{name}.safetensors").read_bytes() for end in ends)
        assert first == second
    assert (ends[0] / "metrics.jsonl").read_bytes() == (ends[1] / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize("fresh", [False, True])
def test_an_encoder_that_was_stopped_ends_as_one_never_stopped(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    whole, advance = shutil.copytree(run, tmp_path / "whole"), EncoderTraining.advance

    def stopped(self: EncoderTraining) -> torch.Tensor:
        if self.step == 6:
            signal.raise_signal(signal.SIGINT)
        return advance(self)

    remedy = "the same command without --fresh goes on" if fresh else "the same command goes on"
    with monkeypatch.context() as patch:
        patch.setattr(EncoderTraining, "advance", stopped)
        with pytest.raises(
            RunError, match=f"SIGINT: stopped with an encoder of 7 of 20 steps, which is kept; {remedy}"
        ):
            infer(run, fresh=fresh)
    ends = [folder_of(each, advnets.load(each).step) / "checkpoints" for each in (run, whole)]
    assert checkpoint.steps(ends[0]) == [7]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    for each in (run, whole):
        infer(each)
    first, second = ((end / f"step-00000020/{WEIGHTS}.safetensors").read_bytes() for end in ends)
    assert first == second


def test_latents_of_own_samples_are_learned_and_so_are_images(digits: Run) -> None:
    settings = EncoderSettings(network="mlp", width=64, steps=300, batch=32, pixels=30.0, rate=3e-3)
    training = EncoderTraining(digits, data_of(digits), settings)
    begun = torch.stack([training.advance() for _ in range(5)]).mean(0)
    while training.step < settings.steps:
        last = training.advance()
    assert (last < torch.tensor([0.95, 0.85]) * begun).all()
    before = [p.clone() for p in digits.generator.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, digits.generator.parameters(), strict=True))
    assert all(p.grad is None for p in digits.generator.parameters())


def test_the_costs_are_their_formulas(digits: Run) -> None:
    training = EncoderTraining(digits, data_of(digits), EncoderSettings(pixels=2.0, **QUICK))
    training.encoder.eval()
    z, batch = digits.sampler.inputs(16, seed=4)["z"], training._batches(0)  # type: ignore[misc]  # pixels are weighed
    found = training._costs(z, batch)
    with torch.no_grad():
        made = digits.generator(z)
        seen = torch.cat([made, batch.image])
        codes = training.encoder(seen)
        back = digits.generator(codes.clamp(-(3**0.5), 3**0.5))
    torch.testing.assert_close(found[0], (codes[:16] - z).square().mean())
    torch.testing.assert_close(found[1], (back - seen).square().mean())


def test_settings_are_those_that_were_begun_with(digits: Run) -> None:
    infer(digits)
    weights = checkpoint.newest(folder_of(digits.path, digits.step) / "checkpoints")[0]
    assert weights is not None
    infer(digits)  # nothing is trained anew
    with pytest.raises(RunError, match="has width 16, not 8; leave it out, or train anew with --fresh"):
        infer(digits, width=8)
    infer(digits, width=8, fresh=True)
    anew = checkpoint.newest(folder_of(digits.path, digits.step) / "checkpoints")[0]
    assert anew is not None
    assert {each.shape for each in weights.tensors[WEIGHTS].values()} != {
        each.shape for each in anew.tensors[WEIGHTS].values()
    }


def test_an_encoder_belongs_to_its_generator(digits: Run) -> None:
    infer(digits)
    further = advnets.resume(digits, steps=digits.step + 8)  # the average moves every eighth
    with pytest.raises(RunError, match="has no encoder; train one: `advnets infer"):
        further.encode(further.sample(2))
    shutil.copytree(folder_of(digits.path, digits.step), folder_of(digits.path, further.step))
    with pytest.raises(RunError, match="is of another generator"):
        infer(further)


def test_two_do_not_train_the_same(digits: Run) -> None:
    folder = folder_of(digits.path, digits.step)
    with held(folder), pytest.raises(RunError, match="is being trained by another process"):
        infer(digits)


def test_a_damaged_file_is_said_and_trained_anew(digits: Run) -> None:
    infer(digits)
    said = folder_of(digits.path, digits.step) / "encoder.json"
    said.write_text(said.read_text().replace("generator", "g"))
    with pytest.raises(RunError, match=r"encoder.json is damaged; train the encoder anew with --fresh"):
        infer(digits)
    infer(digits, fresh=True)


def test_an_encoder_is_not_removed_for_settings_that_are_refused(digits: Run) -> None:
    infer(digits)
    folder = folder_of(digits.path, digits.step)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for wrong in ({"pixels": -3.0}, {"steps": 0}, {"batch": 0}, {"rate": math.nan}, {"count": 1}, {"refine": -1}):
        with pytest.raises(RunError, match=r"an encoder of|measure 2 examples or more"):
            advnets.infer(digits, fresh=True, **{**QUICK, **wrong})  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "said", [{"steps": 0}, {"rate": 0.0}, {"pixels": -1.0}, {"pixels": math.nan}, {"rate": math.inf}, {"batch": 0}]
)
def test_settings_out_of_range_are_refused(said: dict[str, float]) -> None:
    with pytest.raises(RunError, match=f"an encoder of {next(iter(said))}"):
        EncoderSettings(**said)  # type: ignore[arg-type]


def test_an_encoder_that_played_is_not_trained(played: Run) -> None:
    with pytest.raises(RunError, match="played in its game and is not trained: nothing comes of steps, width, batch"):
        infer(played)
    found = advnets.infer(played, count=20, refine=1)
    assert found.answer["encoder"] == "played in the game"
    assert "1 step from E(x)" in [way["way"] for way in found.answer["ways"]]
    images = played.sample(3)
    with torch.no_grad():
        direct = played.players["encoder"](torch.from_numpy(images) / 255)
    torch.testing.assert_close(torch.from_numpy(found.run.encode(images)), direct.clamp(-(3**0.5), 3**0.5))
