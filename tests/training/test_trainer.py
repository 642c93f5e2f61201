"""The trainer: what it refuses, what it keeps, and that a resumed training is the one never stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_games import LATENT, images, points, ring, saved, seeded_discriminator, seeded_generator, weights
from torch import Tensor, nn

import advnets
from advnets.config.recipe import Recipe
from advnets.errors import DivergedError, RecipeError, RunError
from advnets.runs import checkpoint
from advnets.runs.checkpoint import Checkpoint
from advnets.runs.directory import RunDirectory
from advnets.training.batches import Data
from advnets.training.trainer import Trainer

FLAT = Recipe().replace(latent=LATENT, batch=12, precision="float32", steps=20)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def two(generator: nn.Module, discriminator: nn.Module) -> dict[str, nn.Module]:
    return {"generator": generator, "discriminator": discriminator}


def own_trainer(recipe: Recipe = FLAT, data: Data | None = None) -> Trainer:
    return Trainer(recipe, data or images(), two(seeded_generator(), seeded_discriminator()))


def tensors(trainer: Trainer) -> dict[str, Tensor]:
    """All that a checkpoint holds, by file and name."""
    kept = trainer.checkpoint().tensors
    return {f"{file} {name}": each.clone() for file, part in kept.items() for name, each in part.items()}


def test_a_run_holds_what_it_should(finished: Path, tmp_path: Path) -> None:
    run = advnets.load(finished)
    assert run.step == 40
    assert run.directory.status == "done"
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30, 40]
    assert [line["images"] for line in lines] == [320, 640, 960, 1280]
    keys = {"step", "images", "seconds", "steps_per_second", "cost_d", "cost_g", "d_real", "d_fake"}
    assert all(set(line) >= keys for line in lines)
    names = ["discriminator/optimizer", "discriminator/weights"]
    names += ["generator/average", "generator/optimizer", "generator/weights"]
    assert list(saved(run.path, 40)) == [f"players/{name}.safetensors" for name in names]
    for name in ("recipe.yaml", "run.json", "report.md", "samples.png", "curves.png", "samples/step-00000020.png"):
        assert (run.path / name).is_file(), name
    assert list(run.path.glob("events.out.tfevents.*"))
    assert advnets.train(run.path / "recipe.yaml", run=tmp_path / "again").generator is not None
    assert saved(tmp_path / "again") == saved(run.path)


def test_stopped_and_resumed_is_never_stopped(finished: Path, tmp_path: Path) -> None:
    part = advnets.train(ring(steps=15), run=tmp_path / "part")
    resumed = advnets.resume(part, steps=40)
    assert resumed.step == 40
    # Step 15 of the shorter training was its last; of the longer one it is none that has a checkpoint.
    assert checkpoint.steps(part.directory.checkpoints) == [20, 40]
    for step in (20, 40):
        assert saved(part.path, step) == saved(finished, step)
    assert resumed.recipe == ring()
    assert [sitting["step"] for sitting in resumed.facts["resumed"]] == [15]


def test_the_seed_decides() -> None:
    def played(seed: int) -> dict[str, Tensor]:
        trainer = Trainer(ring(seed=seed), points())
        for _ in range(3):
            trainer.advance()
        return tensors(trainer)

    first, again, other = played(0), played(0), played(1)
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not any(torch.equal(value, other[name]) for name, value in first.items() if name.endswith("weight"))


def test_the_start_is_the_seeds_whatever_was_drawn_before() -> None:
    first = Trainer(ring(), points())
    torch.rand(7)
    second = Trainer(ring(), points())
    for a, b in zip(*(weights(each.players["generator"].network) for each in (first, second)), strict=True):
        assert torch.equal(a, b)


def test_every_checkpoint_damaged_begins_anew(finished: Path, run: Path) -> None:
    for file in run.glob("checkpoints/*/players/generator/weights.safetensors"):
        file.write_bytes(b"")
    resumed = advnets.resume(run)
    assert saved(resumed.path) == saved(finished)
    assert len(resumed.facts["damaged"]) == 2
    assert [sitting["step"] for sitting in resumed.facts["resumed"]] == [0]


def test_damage_is_said_before_the_training_goes_on(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "checkpoints/step-00000040/players/generator/average.safetensors").unlink()
    advnets.resume(run)
    assert "damaged (FileNotFoundError); going on from step 20" in capsys.readouterr().err


def test_a_checkpoint_of_a_later_version_is_never_removed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
    found, _ = checkpoint.newest(run / "checkpoints")
    assert found is not None
    checkpoint.save(run / "checkpoints", Checkpoint(50, found.tensors, {"seconds": 0.0}), keep=9)
    monkeypatch.undo()
    with pytest.raises(RunError, match="later Advnets"):
        advnets.resume(run, steps=60)
    assert checkpoint.steps(run / "checkpoints") == [20, 40, 50]


def test_fewer_steps_than_done_are_refused(run: Path) -> None:
    with pytest.raises(RecipeError, match=r"at step 40 already; give more --steps"):
        advnets.resume(run, steps=20)
    assert RunDirectory.open(run).recipe.steps == 40


def test_other_data_are_refused(run: Path) -> None:
    directory = RunDirectory.open(run)
    directory.write_facts({**directory.facts, "data": {**directory.facts["data"], "fingerprint": "0"}})
    with pytest.raises(RunError, match=r"data of .* have changed"):
        advnets.resume(run)


# Divergence


def spoil(parameter: Tensor, value: float) -> None:
    with torch.no_grad():
        parameter.view(-1)[0] = value


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_weight_that_is_not_finite_is_refused(player: str, value: float) -> None:
    trainer = own_trainer()
    trainer.check_finite(trainer.figures(trainer.advance()))
    spoil(next(trainer.players[player].network.parameters()), value)
    with pytest.raises(DivergedError, match=rf"a weight of the {player} is not finite at step 1; .*rate"):
        trainer.check_finite({})


def test_a_cost_that_is_not_finite_is_named() -> None:
    with pytest.raises(DivergedError, match="cost_g is not finite at step 0"):
        own_trainer().check_finite({"cost_d": 1.0, "cost_g": float("nan")})


@pytest.mark.parametrize("log_every", [5, 1000], ids=["seen by the log", "seen by the checkpoint"])
def test_a_divergence_keeps_the_last_good_checkpoint(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_every: int
) -> None:
    advance = Trainer.advance

    def diverging(self: Trainer) -> Any:
        if self.step == 27:
            spoil(next(self.players["discriminator"].network.parameters()), float("nan"))
        return advance(self)

    monkeypatch.setattr(Trainer, "advance", diverging)
    run, recipe = tmp_path / "run", ring(log_every=log_every)
    for attempt in (lambda: advnets.train(recipe, run=run), lambda: advnets.resume(run)):  # nothing later overwrites it
        with pytest.raises(
            DivergedError, match=r"not finite at step \d+ .*last good checkpoint is step 20\); "
        ) as said:
            attempt()
        assert "\n" not in str(said.value)
        assert checkpoint.steps(run / "checkpoints") == [20]
        assert saved(run, 20) == saved(finished, 20)
        assert json.loads((run / "run.json").read_text())["status"] == "diverged"
    monkeypatch.setattr(Trainer, "advance", advance)
    assert advnets.resume(run).step == 40


def test_a_checkpoint_of_another_optimizer_or_game_is_refused() -> None:
    kept = own_trainer().checkpoint()
    sgd = FLAT.replace(generator={"optimizer": {"kind": "sgd", "rate": 0.1}})
    with pytest.raises(RecipeError, match="optimizer is not this recipe's"):
        own_trainer(sgd).restore(kept)
    lacking = {name: each for name, each in kept.tensors.items() if "discriminator" not in name}
    with pytest.raises(RecipeError, match="the checkpoint holds no discriminator; use the recipe it was saved with"):
        own_trainer().restore(Checkpoint(0, lacking, kept.state))
    with pytest.raises(RecipeError, match="classes are not those of the data"):
        own_trainer().restore(Checkpoint(0, kept.tensors, {**kept.state, "classes": ["others"]}))


@pytest.mark.parametrize(("schedule", "precision"), [("simultaneous", "float32"), ("alternating", "bfloat16")])
def test_a_game_of_the_plane_is_learned(schedule: str, precision: str) -> None:
    k, rates = 2 if schedule == "alternating" else 1, {"generator.rate": 5e-3, "discriminator.rate": 5e-3}
    recipe = ring(schedule=schedule, precision=precision, steps=300, discriminator_steps=k, **rates)
    data = points(2_000)
    shifted = Data(data.values * 0.2 + np.float32(1.5), data.rows)
    trainer = Trainer(recipe, shifted)
    before = float(np.abs(trainer.sampler.draw(500).mean(0) - 1.5).max())
    for _ in range(recipe.steps):
        trainer.advance()
    after = float(np.abs(trainer.sampler.draw(500).mean(0) - 1.5).max())
    assert after < 0.3 < before


def test_what_forbids_exactness_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        facts = advnets.resume(run, steps=45).facts
    finally:
        torch.set_num_threads(threads)
    assert (
        f"threads {threads} is now {threads + 1}: the training goes on, but not bit for bit" in capsys.readouterr().err
    )
    assert facts["threads"] == threads
    assert facts["resumed"][0]["threads"] == threads + 1


def test_another_device_goes_into_the_recipe_and_is_said(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    resumed = advnets.resume(run, steps=45, device="cpu")
    assert resumed.recipe.device == "cpu"
    assert "bit for bit" not in capsys.readouterr().err  # auto was the processor, too
    # As if the run had been made on a GPU that is not here.
    here = Trainer.arithmetic.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(Trainer, "arithmetic", property(lambda self: {**here(self), "device": "cuda:7"}))
    advnets.resume(run, steps=50)
    assert "device cpu is now cuda:7" in capsys.readouterr().err


def test_a_run_of_a_device_that_is_not_here_is_loaded_all_the_same(finished: Path, run: Path) -> None:
    directory = RunDirectory.open(run)
    directory.write_recipe(directory.recipe.replace(device="cuda:7"))
    np.testing.assert_array_equal(advnets.load(run).sample(3), advnets.load(finished).sample(3))


def test_modules_in_eval_mode_are_trained_in_train_mode() -> None:
    trainer = Trainer(FLAT, images(), two(seeded_generator().eval(), seeded_discriminator().eval()))
    assert all(player.worker.training for player in trainer.players.values())
