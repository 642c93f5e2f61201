"""Networks of the user's own: what is refused, and that they train, resume and load like a recipe's."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from small_games import LATENT, SHAPE, images, saved, seeded_discriminator, seeded_generator, weights
from torch import Tensor, nn

import advnets
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError, RunError
from advnets.training.batches import Data
from advnets.training.trainer import Trainer

FLAT = Recipe().replace(latent=LATENT, batch=12, precision="float32", steps=20)


def two(generator: nn.Module, discriminator: nn.Module) -> dict[str, nn.Module]:
    return {"generator": generator, "discriminator": discriminator}


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


OWN = {"latent": 8, "batch": 10, "log_every": 5, "checkpoint_every": 5, "sample_every": 0}


@pytest.mark.parametrize(("norm", "precision"), [(False, "auto"), (True, "auto"), (True, "float32")])
def test_own_modules_train_resume_and_load(tmp_path: Path, norm: bool, precision: str) -> None:
    whole = advnets.train("mnist-dense", run=tmp_path / "whole", steps=10, precision=precision, **OWN, **pair(norm))
    part = advnets.train("mnist-dense", run=tmp_path / "part", steps=5, precision=precision, **OWN, modules=pair(norm))
    resumed = advnets.resume(part.path, steps=10, **pair(norm))
    assert saved(resumed.path) == saved(whole.path)
    loaded = advnets.load(tmp_path / "whole", **pair(norm))
    for run in (whole, resumed, loaded):
        assert run.value_range == (-1.0, 1.0)
        np.testing.assert_array_equal(run.sample(7, seed=3), whole.sample(9, seed=3)[:7])
    assert whole.sample(3).shape == (3, 1, 28, 28)


@pytest.fixture(scope="module")
def of_own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of modules of one's own, 5 steps."""
    return advnets.train("mnist-dense", run=tmp_path_factory.mktemp("own") / "run", steps=5, **OWN, **pair(False)).path


def test_own_modules_are_asked_for_again(of_own: Path) -> None:
    with pytest.raises(RunError, match=r'with a generator of your own; pass it: modules={"generator": module}'):
        advnets.resume(of_own)
    with pytest.raises(RunError, match="discriminator of your own"):
        advnets.resume(of_own, generator=Painter())
    with pytest.raises(RunError, match=r'generator is a module of your own; pass it: modules={"generator": module}'):
        advnets.load(of_own).sample(1)
    with pytest.raises(RecipeError, match="saved generator is another network"):
        advnets.load(of_own, **{**pair(False), "generator": nn.Linear(8, 784)}).sample(1)


def test_what_cannot_compute_in_bfloat16_computes_in_float32() -> None:
    own = pair(True)
    assert Trainer(FLAT.replace(latent=8, device="cpu", precision="auto"), _digits(), own).compute == torch.float32
    with pytest.raises(RecipeError, match="generator cannot compute in bfloat16; use precision float32"):
        Trainer(FLAT.replace(latent=8, device="cpu", precision="bfloat16"), _digits(), own)


def _digits() -> Data:
    return Data(np.random.default_rng(0).integers(0, 256, (60, 1, 28, 28), np.uint8), np.arange(60))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_frozen_layers_stay(precision: str) -> None:
    own = pair(False)
    frozen = [own["generator"].get_submodule("layers.0"), own["discriminator"].get_submodule("1")]
    for layer in frozen:
        layer.requires_grad_(False)
    before = [weights(layer) for layer in frozen]
    trainer = Trainer(FLAT.replace(latent=8, precision=precision), _digits(), own)
    for _ in range(9):
        trainer.advance()
    for layer, old in zip(frozen, before, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(weights(layer), old, strict=True))
    average = trainer.checkpoint().tensors["players/generator/average"]
    assert torch.equal(average["layers.0.weight"], before[0][0])
    last = trainer.players["generator"].network.get_parameter("layers.3.weight").detach()
    torch.testing.assert_close(average["layers.3.weight"], last, rtol=0, atol=0.05)


def test_networks_that_do_not_fit_are_refused() -> None:
    def refused(generator: nn.Module, discriminator: nn.Module, says: str) -> None:
        with pytest.raises(RecipeError, match=says):
            Trainer(FLAT, images(), two(generator, discriminator))

    wrong_shape = nn.Sequential(nn.Linear(LATENT, 10), nn.Unflatten(1, (1, 2, 5)))
    refused(wrong_shape, seeded_discriminator(), r"generator makes \(1, 2, 5\), the data are \(1, 4, 3\)")
    two_columns = nn.Sequential(nn.Flatten(), nn.Linear(12, 1))
    refused(seeded_generator(), two_columns, r"one logit an image, shape \(N,\)")
    other_latent = nn.Sequential(nn.Linear(LATENT + 1, 12), nn.Unflatten(1, (1, 4, 3)))
    says = rf"generator cannot take rows of shape \({LATENT},\): mat1 and mat2"
    refused(other_latent, seeded_discriminator(), says)
    refused(seeded_generator(), nn.Linear(5, 1), r"discriminator cannot take rows of shape \(1, 4, 3\)")
    merged = nn.Sequential(nn.Linear(LATENT, 12), nn.Flatten(0), nn.Unflatten(0, (1, 4, 4, 3)), nn.Flatten(0, 1))
    refused(merged, seeded_discriminator(), "generator makes")


class Lost(nn.Linear):
    """A forward of one's own that asks for what is not there."""

    def __init__(self, error: Exception) -> None:
        super().__init__(12, 1)
        self.error = error

    def forward(self, x: Tensor) -> Tensor:
        raise self.error


@pytest.mark.parametrize(
    "error", [AttributeError("no tail"), IndexError("no tail"), KeyError("no tail"), OSError("no tail")]
)
def test_whatever_a_forward_raises_is_one_line(error: Exception) -> None:
    says = rf"discriminator cannot take rows of shape \(1, 4, 3\): {type(error).__name__}: '?no tail"
    with pytest.raises(RecipeError, match=says):
        Trainer(FLAT, images(), two(seeded_generator(), Lost(error)))


def test_a_forward_returns_one_tensor() -> None:
    with pytest.raises(RecipeError, match="the discriminator returns a tuple; return one tensor"):
        Trainer(FLAT, images(), two(seeded_generator(), nn.Sequential(seeded_discriminator(), Pair())))


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


def test_a_class_is_no_module(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"the discriminator is the class Painter; pass a module: Painter\(\)"):
        Trainer(FLAT, images(), {"discriminator": Painter})  # type: ignore[dict-item]
    with pytest.raises(RecipeError, match=r"the generator is the class Painter; pass a module: Painter\(\)"):
        advnets.train("mnist-dense", run=tmp_path / "run", generator=Painter)  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match="the discriminator is a function; pass a module"):
        Trainer(FLAT, images(), {"discriminator": critic})  # type: ignore[dict-item]


class FewClasses(nn.Module):
    """A generator of too few classes."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.embedding, self.layers = nn.Embedding(classes, 3), nn.Linear(LATENT + 3, 12)

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        return self.layers(torch.cat([z, self.embedding(condition)], 1)).view(-1, *SHAPE)


def test_a_conditional_network_is_tried_with_every_kind_of_class() -> None:
    labels = np.arange(60) % 10
    data = Data(images(60).values, np.arange(60), labels, tuple("abcdefghij"))
    recipe = FLAT.replace(**{"game.kind": "conditional"})
    assert Trainer(recipe, data, {"generator": FewClasses(10)}).advance()
    with pytest.raises(
        RecipeError, match=rf"of shape \({LATENT},\) and classes 0 to 9: IndexError: index out of range"
    ):
        Trainer(recipe, data, {"generator": FewClasses(9)})


def test_a_module_for_nobody_is_refused() -> None:
    with pytest.raises(RecipeError, match="no player 'encoder' takes a module; the game's players are generator, disc"):
        Trainer(FLAT, images(), {"encoder": seeded_generator()})


def test_looking_at_networks_leaves_their_statistics_as_they_were() -> None:
    norm = nn.BatchNorm1d(12)
    made = nn.Sequential(nn.Linear(LATENT, 12), norm, nn.Unflatten(1, (1, 4, 3)))
    Trainer(FLAT, images(), two(made, seeded_discriminator()))
    assert norm.num_batches_tracked == 0


def test_own_networks_without_a_sound_checkpoint_cannot_go_on(of_own: Path, tmp_path: Path) -> None:
    run = shutil.copytree(of_own, tmp_path / "run")
    for file in (run / "checkpoints").rglob("state.json"):
        file.write_text("{}")
    with pytest.raises(RunError, match=r"cannot go on: .*damaged.*; train anew"):
        advnets.resume(run, steps=20, **pair(False))


def test_the_average_uses_the_generators_own_statistics() -> None:
    G = nn.Sequential(nn.Linear(LATENT, 12), nn.BatchNorm1d(12), nn.Sigmoid(), nn.Unflatten(1, SHAPE))
    trainer = Trainer(FLAT, images(), two(G, seeded_discriminator()))
    for _ in range(20):
        trainer.advance()
    kept = trainer.checkpoint().tensors
    own, average = kept["players/generator/weights"], kept["players/generator/average"]
    for name in ("1.running_mean", "1.running_var", "1.num_batches_tracked"):
        assert torch.equal(average[name], own[name])
    assert not torch.equal(average["0.weight"], own["0.weight"])


@pytest.mark.parametrize("schedule", ["simultaneous", "alternating"])
def test_a_discriminator_with_batch_statistics_trains_in_either_schedule(schedule: str) -> None:
    trainer = Trainer(
        FLAT.replace(schedule=schedule),
        images(),
        two(seeded_generator(), seeded_discriminator(middle=nn.BatchNorm1d(10))),
    )
    before = [weights(player.network) for player in trainer.players.values()]
    trainer.check_finite(trainer.figures(trainer.advance()))
    for old, player in zip(before, trainer.players.values(), strict=True):
        assert not torch.equal(old[0], weights(player.network)[0])


def test_a_resumed_training_brings_its_frozen_layers_back(tmp_path: Path) -> None:
    def frozen() -> dict[str, nn.Module]:
        made = nn.Sequential(
            nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
        )
        made[0].requires_grad_(False)
        return {"generator": made, "discriminator": critic()}

    fields = {**OWN, "precision": "bfloat16"}
    start = frozen()
    whole = advnets.train("mnist-dense", run=tmp_path / "whole", steps=10, **fields, **copy.deepcopy(start))
    part = advnets.train("mnist-dense", run=tmp_path / "part", steps=5, **fields, **copy.deepcopy(start))
    resumed = advnets.resume(part, steps=10, **frozen())  # other first weights: the checkpoint's count
    assert saved(resumed.path) == saved(whole.path)
