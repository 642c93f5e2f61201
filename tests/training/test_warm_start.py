"""A training that begins with another run's networks: what fits is kept and the rest is said; frozen layers stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_games import points, ring
from torch import Tensor, nn

import advnets
from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.errors import RecipeError
from advnets.networks.convolutional import ConvDiscriminator
from advnets.runs import checkpoint
from advnets.runs.run import Run
from advnets.training.batches import Data
from advnets.training.trainer import Trainer
from advnets.training.warm_start import as_numbered, freeze


def small(**changes: Any) -> Recipe:
    base = {"generator.base": 4, "discriminator.base": 4, "batch": 8, "steps": 3, "precision": "float32"}
    return load_recipe("images").replace(**{"data": "x.npy", "sample_every": 0, **base, **changes})


def images(side: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (60, side, side, 3), np.uint8)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return advnets.train(small(), data=images(), run=tmp_path_factory.mktemp("warm") / "first")


def saved(run: Run, player: str) -> dict[str, Tensor]:
    found, _ = checkpoint.newest(run.directory.checkpoints)
    assert found is not None
    return dict(found.tensors[f"players/{player}/weights"])


def begun(run: Run, side: int = 16, **changes: Any) -> Trainer:
    values = np.ascontiguousarray(images(side).transpose(0, 3, 1, 2))
    return Trainer(small(**{"from_run": str(run.path), "seed": 1, **changes}), Data(values, np.arange(50)))


def test_the_same_networks_are_kept_whole(first: Run) -> None:
    trainer = begun(first)
    for name, player in trainer.players.items():
        for key, tensor in player.network.state_dict().items():
            assert torch.equal(tensor, saved(first, name)[key])
    assert trainer.begun_from[1:] == ["from: the generator, whole", "from: the discriminator, whole"]


def test_for_a_larger_size_layers_are_counted_from_the_image(first: Run) -> None:
    trainer = begun(first, side=32)
    mine, theirs = trainer.players["generator"].network.state_dict(), saved(first, "generator")
    assert torch.equal(mine["layers.2.weight"], theirs["layers.1.weight"])  # the one that draws the image
    assert torch.equal(mine["layers.1.weight"], theirs["layers.0.weight"])
    judge, its = trainer.players["discriminator"].network.state_dict(), saved(first, "discriminator")
    assert torch.equal(judge["layers.0.weight"], its["layers.0.weight"])
    assert torch.equal(judge["layers.1.weight"], its["layers.1.weight"])
    for network, kept in ((mine, theirs), (judge, its)):  # of the larger maps, which were the smallest ones
        assert torch.equal(network["residuals.1.0.weight"], kept["residuals.0.0.weight"])
    assert "not: layers.2.weight, layers.2.bias, residuals.0.0.weight" in trainer.begun_from[2]


def test_of_a_wider_network_the_corner_is_kept(first: Run) -> None:
    trainer = begun(first, **{"discriminator.base": 6})
    judge, its = trainer.players["discriminator"].network.state_dict(), saved(first, "discriminator")
    assert torch.equal(judge["layers.1.weight"][:8, :4], its["layers.1.weight"])
    assert "in part: layers.0.weight" in trainer.begun_from[2]
    heads = (network["head.weight"].unflatten(1, (16, -1)) for network in (judge, its))  # 4 x 4 places
    assert torch.equal(next(heads)[..., :8], next(heads))
    drawn = begun(first, **{"generator.base": 6}).players["generator"].network.state_dict()
    before = saved(first, "generator")
    for name in ("dense.weight", "dense.bias"):
        assert torch.equal(drawn[name].unflatten(0, (16, -1))[:, :8], before[name].unflatten(0, (16, -1)))


def test_frozen_layers_stay_and_the_others_learn(first: Run, tmp_path: Path) -> None:
    recipe = small(from_run=str(first.path), seed=1, **{"discriminator.frozen": 1})
    run = advnets.train(recipe, data=images(), run=tmp_path / "run")
    judge, its = saved(run, "discriminator"), saved(first, "discriminator")
    assert torch.equal(judge["layers.0.weight"], its["layers.0.weight"])
    assert not torch.equal(judge["layers.1.weight"], its["layers.1.weight"])
    longer = advnets.resume(run, steps=5, data=images())
    whole = advnets.train(recipe.replace(steps=5), data=images(), run=tmp_path / "whole")
    for name in ("generator", "discriminator"):
        assert all(torch.equal(each, saved(whole, name)[key]) for key, each in saved(longer, name).items())


def test_what_is_told_of_classes_and_what_is_not_begin_with_each_other(first: Run, tmp_path: Path) -> None:
    labels = np.arange(60) % 3
    told = small(**{"game.kind": "conditional", "generator.embedding": 4})
    run = advnets.train(told, data=(images(), labels), run=tmp_path / "told")
    its = saved(run, "generator")
    mine = begun(run).players["generator"].network.state_dict()
    assert torch.equal(mine["layers.0.weight"], its["network.layers.0.weight"])
    recipe = told.replace(from_run=str(first.path))
    data = Data(images().transpose(0, 3, 1, 2).copy(), np.arange(60), labels, ("a", "b", "c"))
    back = Trainer(recipe, data).players["discriminator"].network.state_dict()
    assert torch.equal(back["network.layers.0.weight"], saved(first, "discriminator")["layers.0.weight"])


def test_what_cannot_be_begun_with_is_refused(first: Run, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="holds no checkpoint"):
        begun(first, from_run=str(tmp_path))
    with pytest.raises(RecipeError, match="nothing of its networks fits"):
        Trainer(ring(from_run=str(first.path)), points())
    with pytest.raises(RecipeError, match="say the run that trained these layers: --from RUN"):
        small(**{"discriminator.frozen": 1})
    with pytest.raises(RecipeError, match=r"frozen 5: the network has 5 layers with weights; use at most 4"):
        begun(first, **{"discriminator.frozen": 5})


def test_layers_are_counted_from_the_image() -> None:
    one, two = torch.ones(1), torch.ones(2)
    own = {"net.layers.0.weight": one, "net.layers.1.weight": one, "net.layers.2.weight": two, "dense.weight": one}
    saved = {"net.layers.0.weight": one, "net.layers.1.weight": two, "net.residuals.0.0.weight": one}
    moved = {"net.layers.1.weight": one, "net.layers.2.weight": two, "net.residuals.1.0.weight": one}
    assert as_numbered(saved, own, "generator") == moved
    assert as_numbered({"dense.weight": one}, own, "generator") == {"dense.weight": one}
    assert as_numbered(saved, own, "discriminator").keys() == saved.keys() - {"net.residuals.0.0.weight"} | {
        "net.residuals.1.0.weight"
    }
    up, down = {"down.0.weight": one, "up.0.weight": two}, {"down.0.weight": one, "down.1.weight": one}
    assert as_numbered(up, down, "generator") == {"down.0.weight": one, "up.1.weight": two}


def test_layers_are_frozen_as_images_come_through_them() -> None:
    D = ConvDiscriminator(3, 32, 32, base=4, blocks=2, dense=8)
    order, reached = list(D.in_order()), list[nn.Module]()
    for module in D.modules():
        if list(module.parameters(recurse=False)):
            module.register_forward_hook(lambda it, *_: reached.append(it))
    D(torch.rand(2, 3, 32, 32))
    assert [id(each) for each in order] == [id(each) for each in reached]
    freeze(D, 4, "discriminator")
    assert [next(each.parameters()).requires_grad for each in order] == [False] * 4 + [True] * (len(order) - 4)
