"""Names of fields: canonical, with `game` and `network` left out, with anything left out where only one remains."""

from __future__ import annotations

import pytest

from advnets.config.load import load_recipe, recipe_names
from advnets.config.resolve import resolve, short_name
from advnets.config.tree import Node, at, grow, paths
from advnets.errors import RecipeError

MNIST, IMAGES = grow(load_recipe("mnist-dense")), grow(load_recipe("images"))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("game.generator.network.hidden", "game.generator.network.hidden"),
        ("generator.network.hidden", "game.generator.network.hidden"),
        ("game.generator.hidden", "game.generator.network.hidden"),
        ("generator.hidden", "game.generator.network.hidden"),
        ("hidden", "game.generator.network.hidden"),
        ("units", "game.discriminator.network.units"),
        ("latent", "game.latent"),
        ("kind", "game.kind"),
        ("generator.kind", "game.generator.network.kind"),
        ("generator.optimizer.kind", "game.generator.optimizer.kind"),
        ("generator.rate", "game.generator.optimizer.rate"),
        ("average.decay", "game.generator.average.decay"),
        ("generator.average.decay", "game.generator.average.decay"),
        ("average", "game.generator.average"),
        ("r1.weight", "game.penalties.r1.weight"),
        ("schedule", "schedule"),  # and not an optimizer's
        ("generator.schedule", "game.generator.optimizer.schedule"),
        ("measure.every", "measure.every"),
        ("generator", "game.generator"),
    ],
)
def test_a_name_means_one_field(name: str, path: str) -> None:
    assert ".".join(resolve(MNIST, name)) == path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rate", "^rate may mean generator.rate or discriminator.rate; say which$"),
        ("decay", "decay may mean generator.optimizer.decay, generator.average.decay or discriminator.decay"),
        ("penalties.weight", "penalties.r1.weight, penalties.r2.weight or penalties.wgan_gp.weight"),
        ("stepz", "^unknown field 'stepz'; perhaps you mean steps$"),
        ("generator_optimizer", "perhaps you mean generator.optimizer$"),
        ("discriminator_optimizer.rate", "perhaps you mean discriminator.optimizer.rate$"),
        ("qqqq", "unknown field 'qqqq'; `advnets recipe mnist` lists the fields"),
        ("hidden.generator", "hidden"),
        ("", "unknown field ''"),
    ],
)
def test_a_name_that_means_none_or_several_is_answered(name: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        resolve(MNIST, name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("generator.hidden", "^generator.hidden: the conv generator has no such field; it has base, output, blocks, "
            "dense, modulation; generator.kind mlp has it$"),
        ("hidden", "^hidden: the conv generator has no such field; it has base, output"),
        ("discriminator.units", "conv discriminator has no such field; it has base, blocks, dense; "
            "discriminator.kind maxout, mlp"),
        ("generator.momentum", "the adam optimizer has no such field; it has rate, betas, .*; "
            "generator.optimizer.kind sgd has it"),
        ("embedding", "the adversarial game has no such field; .*; game.kind conditional has it"),
        ("generator.embedding", "^generator.embedding: generator has no such field; it has network, optimizer, "
            "average; game.kind conditional has it$"),
        ("discriminator.condition", "discriminator has no such field; .*; game.kind conditional has it$"),
        ("generator.wings", "^generator.wings: the conv generator has no such field; it has base, .*, modulation$"),
        ("generator.average.wings", "average has no such field; it has decay, share, every$"),
        ("discriminator.average.decay", "discriminator has no such field; it has network, optimizer, frozen$"),
    ],
)  # fmt: skip
def test_a_field_of_another_kind_is_answered_with_what_there_is(name: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        resolve(IMAGES, name)


def test_flags_are_answered_with_flags() -> None:
    with pytest.raises(RecipeError, match=r"^unknown flag --keep-hiden; perhaps you mean --keep-hidden$"):
        resolve(MNIST, "keep_hiden", "--keep-hiden")
    with pytest.raises(RecipeError, match=r"^--generator.embedding: .*; --game.kind conditional has it$"):
        resolve(MNIST, "generator.embedding", "--generator.embedding")
    with pytest.raises(RecipeError, match=r"^--max-norm may mean --generator.max-norm or --discriminator.max-norm"):
        resolve(MNIST, "max_norm", "--max-norm")


@pytest.mark.parametrize("name", recipe_names())
def test_every_short_name_means_its_field(name: str) -> None:
    tree = grow(load_recipe(name))
    for path in paths(tree):
        short = short_name(tree, path)
        assert resolve(tree, short) == path
        assert not isinstance(at(tree, path), Node) or len(short.split(".")) <= len(path)


def test_short_names_begin_with_the_part() -> None:
    names = [short_name(MNIST, path) for path in paths(MNIST)]
    assert {"generator.hidden", "generator.rate", "generator.average.decay", "discriminator.keep_input"} < set(names)
    assert {"game.kind", "latent", "penalties.r1.weight", "measure.every", "watch.action", "steps"} < set(names)
