"""The recipes of the authors' TFD and CIFAR-10 models: their settings to the letter, and that they train."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import advnets
from advnets.config.load import load_recipe, to_dict
from advnets.config.recipe import Recipe
from advnets.data.contrast import display_range, moments, restore
from advnets.errors import RecipeError
from advnets.networks.build import build_discriminator, build_generator
from advnets.networks.layers import Dropout, Maxout
from advnets.networks.mlp import MLPGenerator
from advnets.networks.paper_convolutional import PaperConvGenerator
from advnets.runs import checkpoint
from advnets.training.trainer import Data, Trainer

FULL = ["paper-tfd", "paper-tfd-stage-two", "paper-cifar10-fc", "paper-cifar10-conv"]
SHAPES = {"paper-tfd": (1, 48, 48), "paper-tfd-stage-two": (1, 48, 48)}
EPOCH = {"paper-tfd": 980.58, "paper-tfd-stage-two": 980.58, "paper-cifar10-fc": 400, "paper-cifar10-conv": 312.5}
RATE = {"paper-tfd": 0.05, "paper-tfd-stage-two": 0.05, "paper-cifar10-fc": 0.025, "paper-cifar10-conv": 0.004}


def networks(name: str, device: str = "meta") -> tuple[nn.Module, nn.Module]:
    recipe, shape = load_recipe(name), SHAPES.get(name.removesuffix("-small"), (3, 32, 32))
    with torch.device(device):
        G = build_generator(recipe.game.generator.network, recipe.game.latent, shape)
        return G, build_discriminator(recipe.game.discriminator.network, shape)


def dense(network: nn.Module) -> list[tuple[int, int]]:
    return [(m.in_features, m.out_features) for m in network.modules() if isinstance(m, nn.Linear)]


@pytest.mark.parametrize("name", FULL)
def test_the_game_is_the_authors(name: str) -> None:
    recipe = load_recipe(name)
    game = recipe.game
    assert (game.latent, game.prior, game.objective, recipe.schedule) == (
        100, "gaussian", "non-saturating", "simultaneous",
    )  # fmt: skip
    assert recipe.batch == (128 if name == "paper-cifar10-conv" else 100)
    for optimizer in (game.generator.optimizer, game.discriminator.optimizer):
        assert (optimizer.kind, optimizer.rate, optimizer.warmup) == ("sgd", RATE[name], 0)
        assert (optimizer.schedule, optimizer.decay, optimizer.floor) == ("exponential", 1.000004, 1e-6)
        assert (optimizer.momentum, optimizer.final_momentum) == (0.5, 0.7)
        assert optimizer.momentum_steps == pytest.approx(250 * EPOCH[name], abs=1)
    assert not any(penalty.weight for penalty in (game.penalties.r1, game.penalties.r2, game.penalties.wgan_gp))


SGD = {
    "kind": "sgd", "momentum": 0.5, "final_momentum": 0.7, "schedule": "exponential", "decay": 1.000004, "floor": 1e-6,
    "warmup": 0,
}  # fmt: skip
CONV_G = {"init": 0.05, "output_init": None}
CONV_D = {"init": 0.005, "keep_input": 0.8, "keep_hidden": 0.5}
G = {**CONV_G, "output_sparse": None, "hidden_bias": 0.0, "max_norm": None}
D = {**CONV_D, "max_norm": None}
TFD_G = {**G, "hidden_bias": -2.0, "max_norm": 1.9365}
TFD_D = {**D, "max_norm": 1.9365}
AUTHORS: dict[str, tuple[float, int, str, dict[str, Any], dict[str, Any]]] = {
    "paper-mnist": (0.1, 100, "uniform", G, D),
    "paper-tfd": (0.05, 100, "gaussian", {**TFD_G, "output_sparse": 100}, TFD_D),
    "paper-tfd-stage-two": (0.05, 100, "gaussian", TFD_G, TFD_D),
    "paper-cifar10-fc": (0.025, 100, "gaussian", {**G, "output_init": 0.5}, D),
    "paper-cifar10-conv": (0.004, 128, "gaussian", CONV_G, CONV_D),
}
"""What the authors' files say: rate, batch, distribution of z, and how both nets start and are held."""


@pytest.mark.parametrize("name", AUTHORS)
def test_initial_weights_rates_and_dropout_are_the_authors(name: str) -> None:
    recipe, (rate, batch, prior, generator, discriminator) = to_dict(load_recipe(name)), AUTHORS[name]
    game = recipe["game"]
    assert (recipe["batch"], game["prior"], game["latent"]) == (batch, prior, 100)
    for player, says in (("generator", generator), ("discriminator", discriminator)):
        network, optimizer = game[player]["network"], game[player]["optimizer"]
        assert {key: network[key] for key in says} == says
        assert {key: optimizer[key] for key in ("rate", *SGD)} == {"rate": rate, **SGD}


def test_the_data_are_the_authors() -> None:
    for name in FULL:
        recipe, cifar = load_recipe(name), "cifar10" in name
        assert (recipe.data, recipe.contrast) == (("cifar10", 55.0) if cifar else ("tfd", None))


def test_the_lengths_that_the_authors_give() -> None:
    assert load_recipe("paper-tfd").steps == round(50 * EPOCH["paper-tfd"])
    assert load_recipe("paper-tfd-stage-two").steps == round(22 * EPOCH["paper-tfd"])


@pytest.mark.parametrize(
    ("name", "generator", "activations", "discriminator"),
    [
        ("paper-tfd", [100, 8000, 8000, 2304], "RSS", [2304, 1200, 1200]),
        ("paper-tfd-stage-two", [100, 8000, 100, 8000, 8000, 2304], "RSRSS", [2304, 1200, 1200]),
        ("paper-cifar10-fc", [100, 8000, 8000, 3072], "RSI", [3072, 1600, 1600]),
    ],
)
def test_the_dense_networks_are_the_authors(
    name: str, generator: list[int], activations: str, discriminator: list[int]
) -> None:
    G, D = networks(name)
    assert isinstance(G, MLPGenerator)
    assert dense(G) == list(itertools.pairwise(generator))
    assert "".join(type(layer).__name__[0] for layer in list(G.layers)[1::2]) == activations
    hidden = list(itertools.pairwise(discriminator))
    assert dense(D) == [*((inputs, 5 * units) for inputs, units in hidden), (discriminator[-1], 1)]
    drops = [(layer.keep, layer.scale) for layer in D.modules() if isinstance(layer, Dropout)]
    assert drops == [(0.8, 1.25), (0.5, 2.0), (0.5, 2.0)]
    limit = None if "cifar10" in name else 1.9365
    assert {m.max_norm for m in (*G.layers[::2], *(m for m in D.modules() if isinstance(m, Maxout)))} == {limit}


def test_the_convolutional_networks_are_the_authors() -> None:
    G, D = networks("paper-cifar10-conv")
    assert dense(G) == [(100, 8000), (8000, 8000)]
    assert {name: tuple(p.shape) for name, p in G.named_parameters() if "deconv" in name or name == "bias"} == {
        "bias": (3, 32, 32), "deconvolution.weight": (80, 3, 5, 5),
    }  # fmt: skip
    kernels = [tuple(m.weight.shape) for m in D.modules() if isinstance(m, nn.Conv2d)]
    assert kernels == [(64, 3, 8, 8), (64, 32, 8, 8), (384, 32, 5, 5)]
    assert dense(D) == [(192 * 5 * 5, 5 * 500), (500, 1)]


RETUNED = {
    "paper-cifar10-fc": {"generator": {"init", "output_init"}, "discriminator": {"keep_input"}},
    "paper-cifar10-conv": {
        "generator": {"init", "output_init"},
        "discriminator": {"init", "keep_input", "keep_hidden"},
        "recipe": {"batch"},
    },
}
"""Fields that a small recipe re-tunes, beside sizes and lengths; each says so in its comment."""


@pytest.mark.parametrize("name", FULL)
def test_a_small_recipe_differs_in_sizes_and_length_and_what_it_says(name: str) -> None:
    full, small = to_dict(load_recipe(name)), to_dict(load_recipe(f"{name}-small"))
    lengths = {"name", "game", "steps", "log_every", "sample_every", "checkpoint_every"}
    assert different(full, small) <= lengths | RETUNED.get(name, {}).get("recipe", set())
    game = {"penalties"} if name in RETUNED else set()
    assert different(full["game"], small["game"]) <= {"generator", "discriminator"} | game
    sizes = {"hidden", "maps", "units", "widths", "dense", "pretrained"}
    for player in ("generator", "discriminator"):
        theirs, ours = full["game"][player], small["game"][player]
        assert different(theirs, ours) <= {"network"} | ({"optimizer"} if name in RETUNED else set())
        retuned = RETUNED.get(name, {}).get(player, set())
        assert retuned <= different(theirs["network"], ours["network"]) <= sizes | retuned


def different(first: dict[str, Any], second: dict[str, Any]) -> set[str]:
    return {key for key in first if first[key] != second[key]}


def small_generator(name: str) -> MLPGenerator:
    torch.manual_seed(0)
    G, _ = networks(name, "cpu")
    assert isinstance(G, MLPGenerator)
    return G


def test_tfds_output_values_start_with_a_hundred_weights_each() -> None:
    output = small_generator("paper-tfd-small").layers[4]
    assert isinstance(output, nn.Linear)
    assert (output.weight != 0).sum(1).unique().tolist() == [100]
    drawn = output.weight[output.weight != 0].detach()
    assert (float(drawn.mean()), float(drawn.std())) == pytest.approx((0, 1), abs=0.01)
    used = (output.weight != 0).float().mean(0)  # each hidden unit as often as any other
    assert float(used.std()) == pytest.approx((0.05 * 0.95 / 2304) ** 0.5, rel=0.1)


def test_sigmoid_hidden_units_start_with_their_bias() -> None:
    for name, biases in (("paper-tfd-small", [0, -2, 0]), ("paper-cifar10-fc-small", [0, 0, 0])):
        layers = small_generator(name).layers[::2]
        assert [layer.bias.unique().tolist() for layer in layers] == [[bias] for bias in biases]


def test_output_weights_start_on_a_range_of_their_own() -> None:
    bounds = [
        float(layer.weight.detach().abs().max()) for layer in small_generator("paper-cifar10-fc-small").layers[::2]
    ]
    assert bounds == pytest.approx([0.2, 0.2, 0.02], rel=1e-3)
    deconvolutional = PaperConvGenerator(hidden=400, init=0.2, output_init=0.02)
    found = [float(weight.detach().abs().max()) for weight in deconvolutional.parameters() if weight.ndim > 1]
    assert sorted(found) == pytest.approx([0, 0.02, 0.2, 0.2], rel=1e-2)  # the output's bias is a picture


def test_more_weights_than_inputs_are_refused() -> None:
    with pytest.raises(RecipeError, match="output_sparse 9 of 8 inputs"):
        MLPGenerator(4, (1, 2, 2), hidden=(8,), output_sparse=9)


def tiny(name: str, **changes: Any) -> Recipe:
    """A recipe with very few units, on whatever is given as data."""
    recipe = load_recipe(name)
    network = recipe.game.generator.network
    hidden = {2: [12, 16], 4: [12, 10, 12, 16]}[len(network.hidden)]
    generator = {"hidden": hidden, "output_sparse": network.output_sparse and 5}
    sizes = {"latent": 10, "generator": generator, "discriminator": {"units": [6, 5]}}
    short = {"batch": 8, "steps": 8, "log_every": 4, "sample_every": 0, "checkpoint_every": 4, "precision": "float32"}
    return recipe.replace(**sizes, **short).replace(**changes)


def pictures(channels: int = 3, count: int = 60) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.integers(0, 256, (count, channels, 8, 8)) * rng.uniform(0.2, 1, (count, 1, 1, 1))).astype(np.uint8)


def trainer(recipe: Recipe, images: np.ndarray | None = None) -> Trainer:
    images = pictures() if images is None else images
    return Trainer(recipe, Data(images, np.arange(len(images))))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_d_sees_normalized_images(precision: str) -> None:
    game = trainer(tiny("paper-cifar10-fc", precision=precision))
    rows = game._batches(0).image.float().flatten(1)
    assert len(rows) == 8
    torch.testing.assert_close(rows.norm(dim=1), torch.full((8,), 55.0), rtol=5e-3, atol=0)
    torch.testing.assert_close(rows.mean(1), torch.zeros(8), atol=2e-2, rtol=0)


def test_the_watch_compares_with_images_as_d_sees_them() -> None:
    rows = trainer(tiny("paper-cifar10-fc")).real_batch(20).image.flatten(1)
    torch.testing.assert_close(rows.norm(dim=1), torch.full((20,), 55.0), rtol=1e-4, atol=0)


def test_without_contrast_d_sees_pixels_in_the_generators_range() -> None:
    images = pictures(1)
    seen = trainer(tiny("paper-tfd"), images).real_batch(60).image
    torch.testing.assert_close(seen, torch.from_numpy(images) / 255.0)


def test_only_a_generator_of_pixels_starts_with_their_mean() -> None:
    faces, images = pictures(1), pictures()
    output = trainer(tiny("paper-tfd"), faces).players["generator"].network.layers[4]
    torch.testing.assert_close(output.bias.sigmoid(), torch.from_numpy(faces / 255.0).float().mean(0).flatten())
    assert not trainer(tiny("paper-cifar10-fc"), images).players["generator"].network.layers[4].bias.any()


def test_samples_are_shown_with_the_average_images_mean_and_norm() -> None:
    images = pictures()
    low, high = display_range(images, 55.0)
    game = trainer(tiny("paper-cifar10-fc", generator={"output_range": [low, high]}), images)
    average = game.players["generator"].average
    assert average is not None
    with torch.no_grad():
        values = average(game.sampler.inputs(9)["z"])
    mean, length = (each.mean() for each in moments(torch.from_numpy(images)))
    made = game.sampler.draw(9)
    assert np.abs(made.astype(int) - restore(values, mean, length, 55.0).numpy()).max() <= 1  # by rounding


def test_column_norms_stay_within_their_limit() -> None:
    game = trainer(tiny("paper-tfd"), pictures(1))
    output = game.players["generator"].network.layers[4]
    assert output.weight.norm(dim=1).max() > 1.9365  # as drawn: the limit comes after an update, as in pylearn2
    game.advance()
    for network in (game.players["generator"].network, game.players["discriminator"].network):
        for layer in network.modules():
            if isinstance(layer, nn.Linear):
                assert layer.weight.norm(dim=1).max() <= 1.9365 * (1 + 1e-6)


def played(game: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        game.advance()
    return game


def assert_same(first: Trainer, second: Trainer) -> None:
    for name, tensors in first.checkpoint().tensors.items():
        for key, value in tensors.items():
            assert torch.equal(value, second.checkpoint().tensors[name][key]), f"{name}.{key}"


def test_a_training_with_contrast_goes_on_exactly() -> None:
    recipe = tiny("paper-cifar10-fc")
    resumed = trainer(recipe)
    resumed.restore(played(trainer(recipe), 4).checkpoint())
    assert_same(played(resumed, 4), played(trainer(recipe), 8))


def stage_one(folder: Path, **changes: Any) -> Path:
    """A run as stage two sees it: a folder with a checkpoint."""
    game = played(trainer(tiny("paper-tfd", **changes), pictures(1)), 3)
    checkpoint.save(folder / "one" / "checkpoints", game.checkpoint(), keep=1)
    return folder / "one"


def stage_two(pretrained: Path | str, **changes: Any) -> Recipe:
    return tiny("paper-tfd-stage-two", **changes).replace(generator={"pretrained": str(pretrained)})


def test_stage_two_begins_with_stage_ones_weights_on_top(tmp_path: Path) -> None:
    one = stage_one(tmp_path)
    trained = checkpoint.newest(one / "checkpoints")[0].tensors["players/generator/weights"]  # type: ignore[union-attr]
    first, other = (trainer(stage_two(one, seed=seed), pictures(1)).players["generator"].network for seed in (0, 5))
    for name, value in trained.items():
        _, place, kind = name.split(".")
        for G in (first, other):
            assert torch.equal(getattr(G.layers[int(place) + 4], kind), value)
    assert not torch.equal(first.layers[0].weight, other.layers[0].weight)
    assert first.layers[2].bias.unique().tolist() == [-2.0]


def test_all_layers_of_stage_two_are_trained(tmp_path: Path) -> None:
    recipe = stage_two(stage_one(tmp_path))
    # So few units pass on next to nothing at the authors' ranges.
    game = trainer(recipe.replace(generator={"init": 0.5}, discriminator={"init": 0.5}), pictures(1))
    before = [p.detach().clone() for p in game.players["generator"].network.parameters()]
    played(game, 1)
    for old, new in zip(before, game.players["generator"].network.parameters(), strict=True):
        assert not torch.equal(old, new)


def test_stage_two_goes_on_exactly(tmp_path: Path) -> None:
    recipe = stage_two(stage_one(tmp_path))
    whole, part = played(trainer(recipe, pictures(1)), 8), played(trainer(recipe, pictures(1)), 4)
    resumed = trainer(recipe, pictures(1))
    resumed.restore(part.checkpoint())
    assert_same(played(resumed, 4), whole)
    shutil.rmtree(tmp_path / "one")  # a restored game needs no other run
    images = pictures(1)
    alone = Trainer(recipe, Data(images, np.arange(len(images))), restored=True)
    alone.restore(part.checkpoint())
    assert_same(played(alone, 4), whole)


def test_stage_two_from_the_recipes_and_runs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    np.save("gray.npy", pictures(1)[:, 0])
    run = advnets.train(stage_two(stage_one(tmp_path), data="gray.npy"), run="two")
    again = advnets.train("two/recipe.yaml", run="again")
    np.testing.assert_array_equal(again.sample(3), run.sample(3))
    shutil.rmtree("one")
    np.testing.assert_array_equal(advnets.load("two").sample(3), run.sample(3))


def test_a_run_that_is_not_there_is_refused() -> None:
    with pytest.raises(RecipeError, match="pretrained nowhere: it holds no checkpoint; name the directory of a run"):
        trainer(stage_two("nowhere"), pictures(1))


def test_a_generator_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    one = stage_one(tmp_path, generator={"hidden": [12, 15]})
    with pytest.raises(RecipeError, match=r"pretrained generator's layers\.\d\.\w+ \(.*15.*\) meets .*; make the top"):
        trainer(stage_two(one), pictures(1))


def test_a_deeper_generator_does_not_fit(tmp_path: Path) -> None:
    recipe = stage_two(stage_one(tmp_path))
    shallow = {"hidden": [12], "activations": ["relu"], "hidden_bias": 0}
    with pytest.raises(RecipeError, match=r"pretrained generator's .* meets"):
        trainer(recipe.replace(generator=shallow), pictures(1))


def test_points_have_no_contrast() -> None:
    recipe = load_recipe("ring").replace(contrast=1.0, generator={"output_range": [-1, 1]})
    with pytest.raises(RecipeError, match="contrast is about images"):
        Trainer(recipe, Data(np.zeros((10, 2), np.float32), np.arange(10)))


@pytest.mark.parametrize("first", ["kept", "lost"])
def test_stage_two_resumes_without_stage_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    np.save("gray.npy", pictures(1)[:, 0])
    stage_one(tmp_path)
    recipe = stage_two("one", data="gray.npy")
    advnets.train(recipe, run="whole")
    assert checkpoint.steps(tmp_path / "whole" / "checkpoints") == [0, 4, 8]
    part = advnets.train(recipe.replace(steps=4), run="part")
    assert Path(part.recipe.game.generator.network.pretrained or "").is_absolute()
    if first == "lost":  # killed before its first checkpoint
        shutil.rmtree("part/checkpoints/step-00000004")
    shutil.rmtree("one")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    advnets.resume(tmp_path / "part", steps=8)
    ends = [tmp_path / run / "checkpoints" / "step-00000008" for run in ("part", "whole")]
    mine, theirs = ({file.relative_to(end): file.read_bytes() for file in end.rglob("*.safetensors")} for end in ends)
    assert mine
    assert mine == theirs
