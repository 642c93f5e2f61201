"""The trainer: what it refuses, what it keeps, and that a resumed training is the one never stopped."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_games import LATENT, SHAPE, images, points, ring, seeded_discriminator, seeded_generator, weights
from torch import Tensor, nn

import advnets
from advnets.config.recipe import Recipe
from advnets.errors import DivergedError, RecipeError, RunError
from advnets.runs import checkpoint
from advnets.training.trainer import Data, Trainer

FLAT = Recipe(latent=LATENT, batch=12, precision="float32", steps=20)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def trained(run: Path, recipe: Recipe | None = None, **fields: Any) -> advnets.Run:  # type: ignore[name-defined]
    return advnets.train(recipe or ring(), run=run, **fields)


def own_trainer(recipe: Recipe = FLAT, data: Data | None = None) -> Trainer:
    return Trainer(recipe, data or images(), seeded_generator(), seeded_discriminator())


def test_a_run_holds_what_it_should(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", ring(sample_every=20))
    assert run.step == 40
    assert run.directory.status == "done"
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [10, 20, 30, 40]
    assert [line["images"] for line in lines] == [320, 640, 960, 1280]
    keys = {"step", "images", "seconds", "steps_per_second", "cost_d", "cost_g", "d_real", "d_fake"}
    assert all(set(line) >= keys for line in lines)
    last = run.path / "checkpoints" / "step-00000040"
    names = ["average", "discriminator", "generator", "optimizers"]
    assert sorted(p.name for p in last.iterdir()) == [*(f"{n}.safetensors" for n in names), "state.json"]
    for name in ("recipe.yaml", "run.json", "report.md", "samples.png", "curves.png", "samples/step-00000020.png"):
        assert (run.path / name).is_file(), name
    assert list(run.path.glob("events.out.tfevents.*"))
    assert advnets.train(run.path / "recipe.yaml", run=tmp_path / "again").generator is not None
    assert _files(tmp_path / "again") == _files(run.path)


def _files(run: Path) -> dict[str, bytes]:
    folder = run / "checkpoints"
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.safetensors"))}


def test_stopped_and_resumed_is_never_stopped(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole", ring(steps=60))
    part = trained(tmp_path / "part", ring(steps=30))
    resumed = advnets.resume(part, steps=60)
    assert resumed.step == 60
    # Step 30 of the shorter training was its last, and so has a checkpoint and is kept beside 40 and 60.
    for name in ("step-00000040", "step-00000060"):
        for file in (whole.path / "checkpoints" / name).glob("*.safetensors"):
            assert (part.path / "checkpoints" / name / file.name).read_bytes() == file.read_bytes()
    assert resumed.recipe == ring(steps=60)
    assert [segment["step"] for segment in resumed.facts["resumed"]] == [30]


def test_the_seed_decides(tmp_path: Path) -> None:
    first = trained(tmp_path / "a", ring(steps=10))
    assert _files(trained(tmp_path / "b", ring(steps=10)).path) == _files(first.path)
    assert _files(trained(tmp_path / "c", ring(steps=10, seed=1)).path) != _files(first.path)


def test_the_start_is_the_seeds_whatever_was_drawn_before() -> None:
    first = Trainer(ring(), points())
    torch.rand(7)
    second = Trainer(ring(), points())
    for a, b in zip(weights(first.generator.network), weights(second.generator.network), strict=True):
        assert torch.equal(a, b)


def test_every_checkpoint_damaged_begins_anew(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    expected = _files(run.path)
    for file in run.path.glob("checkpoints/*/generator.safetensors"):
        file.write_bytes(b"")
    resumed = advnets.resume(tmp_path / "run")
    assert _files(resumed.path) == expected
    assert len(resumed.facts["damaged"]) == 2
    assert [segment["step"] for segment in resumed.facts["resumed"]] == [0]


def test_damage_is_said_before_the_training_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path / "run")
    (run.path / "checkpoints/step-00000040/average.safetensors").unlink()
    advnets.resume(run)
    assert "damaged (FileNotFoundError); going on from step 20" in capsys.readouterr().err


def test_a_checkpoint_of_a_later_version_is_never_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tmp_path / "run")
    monkeypatch.setattr(checkpoint, "FORMAT", 2)
    found, _ = checkpoint.newest(run.path / "checkpoints")
    assert found is not None
    checkpoint.save(run.path / "checkpoints", checkpoint.Checkpoint(50, found.tensors, {"seconds": 0.0}), keep=9)
    monkeypatch.undo()
    with pytest.raises(RunError, match="later Advnets"):
        advnets.resume(run.path, steps=60)
    assert checkpoint.steps(run.path / "checkpoints") == [20, 40, 50]


def test_fewer_steps_than_done_are_refused(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    with pytest.raises(RecipeError, match=r"at step 40 already; give more --steps"):
        advnets.resume(run, steps=20)
    assert run.directory.recipe.steps == 40


def test_other_data_are_refused(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    facts = run.directory.facts
    run.directory.write_facts({**facts, "data": {**facts["data"], "fingerprint": "0"}})
    with pytest.raises(RunError, match=r"data of .* have changed"):
        advnets.resume(run)


# Divergence


def spoil(trainer: Trainer, parameter: Tensor, value: float) -> None:
    with torch.no_grad():
        parameter.view(-1)[0] = value


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_weight_that_is_not_finite_is_refused(player: str, value: float) -> None:
    trainer = own_trainer()
    trainer.check_finite(trainer.figures(trainer.advance()))
    spoil(trainer, next(getattr(trainer, player).network.parameters()), value)
    with pytest.raises(DivergedError, match=rf"a weight of the {player} is not finite at step 1; .*rate"):
        trainer.check_finite({})


def test_a_cost_that_is_not_finite_is_named() -> None:
    with pytest.raises(DivergedError, match="cost_g is not finite at step 0"):
        own_trainer().check_finite({"cost_d": 1.0, "cost_g": float("nan")})


@pytest.mark.parametrize("log_every", [5, 1000], ids=["seen by the log", "seen by the checkpoint"])
def test_a_divergence_keeps_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log_every: int
) -> None:
    recipe = ring(log_every=log_every)
    good = _files(trained(tmp_path / "good", recipe.replace(steps=20)).path)
    advance = Trainer.advance

    def diverging(self: Trainer) -> Any:
        if self.step == 27:
            spoil(self, next(self.discriminator.network.parameters()), float("nan"))
        return advance(self)

    monkeypatch.setattr(Trainer, "advance", diverging)
    run = tmp_path / "run"
    for attempt in (lambda: trained(run, recipe), lambda: advnets.resume(run)):  # nothing later overwrites it
        with pytest.raises(
            DivergedError, match=r"not finite at step \d+ .*last good checkpoint is step 20\); "
        ) as said:
            attempt()
        assert "\n" not in str(said.value)
        assert _files(run) == good
        assert json.loads((run / "run.json").read_text())["status"] == "diverged"
    monkeypatch.undo()
    assert advnets.resume(run).step == 40


# Networks of the user's own


class Painter(nn.Module):
    output_range = (-1.0, 1.0)

    def __init__(self, norm: bool = False) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(8, 32), nn.BatchNorm1d(32) if norm else nn.Identity(), nn.ReLU(), nn.Linear(32, 784), nn.Tanh()
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z).view(-1, 1, 28, 28)


def critic(norm: bool = False) -> nn.Module:
    middle = nn.BatchNorm1d(16) if norm else nn.Dropout(0.3)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), middle, nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Flatten(0))


def pair(norm: bool) -> dict[str, nn.Module]:
    torch.manual_seed(5)
    return {"generator": Painter(norm), "discriminator": critic(norm)}


OWN = {"latent": 8, "batch": 10, "log_every": 10, "checkpoint_every": 10, "sample_every": 0}


@pytest.mark.parametrize(("norm", "precision"), [(False, "auto"), (True, "auto"), (True, "float32")])
def test_own_modules_train_resume_and_load(tmp_path: Path, norm: bool, precision: str) -> None:
    whole = advnets.train("mnist", run=tmp_path / "whole", steps=20, precision=precision, **OWN, **pair(norm))
    part = advnets.train("mnist", run=tmp_path / "part", steps=10, precision=precision, **OWN, **pair(norm))
    resumed = advnets.resume(part.path, steps=20, **pair(norm))
    assert _files(resumed.path) == _files(whole.path)
    loaded = advnets.load(tmp_path / "whole", **pair(norm))
    for run in (whole, resumed, loaded):
        assert run.value_range == (-1.0, 1.0)
        np.testing.assert_array_equal(run.sample(7, seed=3), whole.sample(9, seed=3)[:7])
    assert whole.sample(3).shape == (3, 1, 28, 28)


def test_own_modules_are_asked_for_again(tmp_path: Path) -> None:
    advnets.train("mnist", run=tmp_path / "run", steps=10, **OWN, **pair(False))
    with pytest.raises(RunError, match="generator of your own; pass it to resume: generator=module"):
        advnets.resume(tmp_path / "run")
    with pytest.raises(RunError, match="discriminator of your own"):
        advnets.resume(tmp_path / "run", generator=Painter())
    with pytest.raises(RunError, match=r"generator of your own; pass it: load\(path, generator=module\)"):
        advnets.load(tmp_path / "run").sample(1)
    with pytest.raises(RecipeError, match="saved average is another network"):
        advnets.load(tmp_path / "run", generator=nn.Linear(8, 784)).sample(1)


def test_what_cannot_compute_in_bfloat16_computes_in_float32() -> None:
    own = pair(True)
    assert Trainer(FLAT.replace(latent=8, device="cpu", precision="auto"), _digits(), **own).compute == torch.float32
    with pytest.raises(RecipeError, match="generator cannot compute in bfloat16; use precision float32"):
        Trainer(FLAT.replace(latent=8, device="cpu", precision="bfloat16"), _digits(), **own)


def _digits() -> Data:
    return Data(np.random.default_rng(0).integers(0, 256, (60, 1, 28, 28), np.uint8), np.arange(60))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_frozen_layers_stay(precision: str) -> None:
    own = pair(False)
    frozen = [own["generator"].get_submodule("layers.0"), own["discriminator"].get_submodule("1")]
    for layer in frozen:
        layer.requires_grad_(False)
    before = [weights(layer) for layer in frozen]
    trainer = Trainer(FLAT.replace(latent=8, precision=precision), _digits(), **own)
    for _ in range(9):
        trainer.advance()
    for layer, old in zip(frozen, before, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(weights(layer), old, strict=True))
    saved = trainer.checkpoint().tensors["average"]
    assert torch.equal(saved["layers.0.weight"], before[0][0])
    last = trainer.generator.network.get_parameter("layers.3.weight").detach()
    torch.testing.assert_close(saved["layers.3.weight"], last, rtol=0, atol=0.05)


def test_networks_that_do_not_fit_are_refused() -> None:
    wrong_shape = nn.Sequential(nn.Linear(LATENT, 10), nn.Unflatten(1, (1, 2, 5)))
    with pytest.raises(RecipeError, match=r"generator makes \(1, 2, 5\), the data are \(1, 4, 3\)"):
        Trainer(FLAT, images(), wrong_shape, seeded_discriminator())
    two_columns = nn.Sequential(nn.Flatten(), nn.Linear(12, 1))
    with pytest.raises(RecipeError, match=r"one logit an image, shape \(N,\)"):
        Trainer(FLAT, images(), seeded_generator(), two_columns)
    other_latent = nn.Sequential(nn.Linear(LATENT + 1, 12), nn.Unflatten(1, (1, 4, 3)))
    with pytest.raises(RecipeError, match=rf"generator cannot take rows of shape \({LATENT},\): mat1 and mat2"):
        Trainer(FLAT, images(), other_latent, seeded_discriminator())
    with pytest.raises(RecipeError, match=r"discriminator cannot take rows of shape \(1, 4, 3\)"):
        Trainer(FLAT, images(), seeded_generator(), nn.Linear(5, 1))
    merged = nn.Sequential(nn.Linear(LATENT, 12), nn.Flatten(0), nn.Unflatten(0, (1, 4, 4, 3)), nn.Flatten(0, 1))
    with pytest.raises(RecipeError, match="generator makes"):
        Trainer(FLAT, images(), merged, seeded_discriminator())


def test_looking_at_networks_leaves_their_statistics_as_they_were() -> None:
    norm = nn.BatchNorm1d(12)
    made = nn.Sequential(nn.Linear(LATENT, 12), norm, nn.Unflatten(1, (1, 4, 3)))
    Trainer(FLAT, images(), made, seeded_discriminator())
    assert norm.num_batches_tracked == 0


def test_own_networks_without_a_sound_checkpoint_cannot_go_on(tmp_path: Path) -> None:
    advnets.train("mnist", run=tmp_path / "run", steps=10, **OWN, **pair(False))
    for file in (tmp_path / "run" / "checkpoints").rglob("state.json"):
        file.write_text("{}")
    with pytest.raises(RunError, match=r"cannot go on: .*damaged.*; train anew"):
        advnets.resume(tmp_path / "run", steps=20, **pair(False))


def test_a_checkpoint_of_another_optimizer_is_refused() -> None:
    saved = own_trainer().checkpoint()
    sgd = FLAT.replace(generator_optimizer={"kind": "sgd", "rate": 0.1})
    with pytest.raises(RecipeError, match="optimizer of the generator is not this recipe's"):
        own_trainer(sgd).restore(saved)


def test_the_average_uses_the_generators_own_statistics() -> None:
    G = nn.Sequential(nn.Linear(LATENT, 12), nn.BatchNorm1d(12), nn.Sigmoid(), nn.Unflatten(1, SHAPE))
    trainer = Trainer(FLAT, images(), G, seeded_discriminator())
    for _ in range(20):
        trainer.advance()
    saved = trainer.checkpoint()
    for name in ("1.running_mean", "1.running_var", "1.num_batches_tracked"):
        assert torch.equal(saved.tensors["average"][name], saved.tensors["generator"][name])
    assert not torch.equal(saved.tensors["average"]["0.weight"], saved.tensors["generator"]["0.weight"])


@pytest.mark.parametrize(("schedule", "precision"), [("simultaneous", "float32"), ("alternating", "bfloat16")])
def test_a_game_of_the_plane_is_learned(schedule: str, precision: str) -> None:
    recipe = ring(
        schedule=schedule,
        precision=precision,
        steps=1200,
        batch=64,
        discriminator_steps=2 if schedule == "alternating" else 1,
    )
    data = points(2_000)
    shifted = Data(data.values * 0.2 + np.float32(1.5), data.rows)
    trainer = Trainer(recipe, shifted)
    before = float(np.abs(trainer.sampler.draw(500).mean(0) - 1.5).max())
    for _ in range(recipe.steps):
        trainer.advance()
    after = float(np.abs(trainer.sampler.draw(500).mean(0) - 1.5).max())
    assert after < 0.3 < before


def test_a_resumed_training_brings_its_frozen_layers_back(tmp_path: Path) -> None:
    def frozen() -> dict[str, nn.Module]:
        made = nn.Sequential(
            nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
        )
        made[0].requires_grad_(False)
        return {"generator": made, "discriminator": critic()}

    fields = {**OWN, "precision": "bfloat16"}
    start = frozen()
    whole = advnets.train("mnist", run=tmp_path / "whole", steps=20, **fields, **copy.deepcopy(start))
    part = advnets.train("mnist", run=tmp_path / "part", steps=10, **fields, **copy.deepcopy(start))
    resumed = advnets.resume(part, steps=20, **frozen())  # other first weights: the checkpoint's count
    assert _files(resumed.path) == _files(whole.path)


def test_what_forbids_exactness_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path / "run")
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        advnets.resume(run, steps=run.step + 5)
    finally:
        torch.set_num_threads(threads)
    assert (
        f"threads {threads} is now {threads + 1}: the training goes on, but not bit for bit" in capsys.readouterr().err
    )
    assert run.directory.facts["threads"] == threads
    assert run.directory.facts["resumed"][0]["threads"] == threads + 1


def test_another_device_goes_into_the_recipe_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = trained(tmp_path / "run")
    resumed = advnets.resume(run, steps=run.step + 5, device="cpu")
    assert resumed.recipe.device == "cpu"
    assert "bit for bit" not in capsys.readouterr().err  # auto was the processor, too
    # As if the run had been made on a GPU that is not here.
    elsewhere = property(lambda self: {**Trainer_arithmetic(self), "device": "cuda:7"})
    Trainer_arithmetic = Trainer.arithmetic.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(Trainer, "arithmetic", elsewhere)
    advnets.resume(run, steps=run.step + 10)
    assert "device cpu is now cuda:7" in capsys.readouterr().err


def test_a_run_of_a_device_that_is_not_here_is_loaded_all_the_same(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    run.directory.write_recipe(run.recipe.replace(device="cuda:7"))
    assert advnets.load(run.path).sample(3).shape == run.sample(3).shape


def test_modules_in_eval_mode_are_trained_in_train_mode() -> None:
    made, judge = seeded_generator(), seeded_discriminator()
    trainer = Trainer(FLAT, images(), made.eval(), judge.eval())
    assert trainer.generator.worker.training
    assert trainer.discriminator.worker.training
