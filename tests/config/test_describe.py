"""Descriptions of fields: the docstrings under them."""

from __future__ import annotations

import pytest

from advnets.config.describe import as_words, choices, description
from advnets.config.load import load_recipe, recipe_names
from advnets.config.tree import Node, at, grow, paths

MNIST = grow(load_recipe("mnist-dense").replace(game={"kind": "conditional"}))


@pytest.mark.parametrize("name", recipe_names())
def test_every_field_is_described(name: str) -> None:
    tree = grow(load_recipe(name))
    for path in paths(tree):
        assert isinstance(at(tree, path), Node) or description(tree, path).endswith((".", ")")), path


def test_descriptions() -> None:
    assert description(MNIST, ("steps",)) == "Iterations of Algorithm 1: the discriminators move, then the generators."
    assert description(MNIST, ("game", "latent")) == "Length of z."  # of the game that it inherits from
    assert description(MNIST, ("game", "generator", "network", "kind")) == "The paper's generator: dense layers."
    r1 = description(MNIST, ("game", "penalties", "r1", "weight"))
    assert r1.startswith("1/2 E |grad D(x)|^2 on real images")
    assert r1.endswith("Its factor in D's cost; 0 leaves it out.")


def test_choices() -> None:
    assert choices(MNIST, ("precision",)) == ["auto", "float32", "bfloat16"]
    assert choices(MNIST, ("watch", "action")) == ["warn", "stop", "rollback", "off"]
    assert choices(MNIST, ("game", "generator", "network", "kind")) == [
        "mlp", "paper-conv", "conv", "conv-encoder", "unet", "upscaler", "own",
    ]  # fmt: skip
    assert choices(MNIST, ("steps",)) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [(1e-3, "0.001"), (1.000004, "1.000004"), (True, "true"), (None, "null"), ("", "''"), ((3, 4), "3 4"), ((), "[]")],
)
def test_values_as_words(value: object, words: str) -> None:
    assert as_words(value) == words
