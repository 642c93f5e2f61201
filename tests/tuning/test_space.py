"""What is searched: ranges and values of fields, refused where they do not fit; and what is searched by itself."""

from __future__ import annotations

import pytest

from advnets.config.load import load_recipe, recipe_names
from advnets.errors import AdvnetsError
from advnets.tuning.default_space import default_space
from advnets.tuning.space import Choice, Range, own_settings, parse_search, with_settings

RECIPE = load_recipe("mnist-dense")


def parsed(words: str) -> Range | Choice:
    return parse_search(RECIPE, [words], ())[0]


def test_a_range_is_drawn_by_factors_where_its_ends_are_a_factor_of_ten_apart() -> None:
    rate = parsed("generator.rate=1e-4..1e-2")
    assert rate == Range("generator.rate", ("game.generator.optimizer.rate",), 1e-4, 1e-2, False, True)
    assert not parsed("generator.rate=1e-3..2e-3").log  # type: ignore[union-attr]
    assert parsed("generator.rate=1e-3..2e-3@log").log  # type: ignore[union-attr]
    assert not parsed("generator.rate=1e-4..1e-2@linear").log  # type: ignore[union-attr]
    assert rate.rounded(0.00123456) == 0.00123
    assert rate.rounded(0.0100000001) == 0.01


def test_whole_numbers_stay_whole() -> None:
    batch = parsed("batch=10..200")
    assert isinstance(batch, Range)
    assert (batch.whole, batch.log) == (True, True)
    assert isinstance(batch.rounded(12.0), int)


def test_values_are_of_the_field_s_type() -> None:
    found = parsed("generator.betas+discriminator.betas=[0,0.9],[0.5,0.999]")
    assert found.ends == ((0.0, 0.9), (0.5, 0.999))
    assert found.title == "betas"
    assert parsed("batch=16,32").ends == (16, 32)
    assert parsed("mirror=true,false").ends == (True, False)
    assert parsed("game.objective=hinge,wasserstein").ends == ("hinge", "wasserstein")
    recipe = with_settings(RECIPE, [found], {found.name: (0.0, 0.9)})
    assert {player.optimizer.betas for player in recipe.players.values()} == {(0.0, 0.9)}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("generator.rate", "write FIELD=LOW..HIGH"),
        ("ratex=1..2", "unknown field 'ratex'"),
        ("rate=1..2", "may mean"),
        ("generator=1,2", "no field, but several"),
        ("generator.rate=.1..0.01", "0.1 is not below 0.01"),
        ("generator.rate=-1..1", "cannot be -1.0"),
        ("generator.rate=nan..1", "'nan' is no number"),
        ("generator.rate=0..1@log", "by factors only above 0"),
        ("generator.rate=1..2@foo", "no scale 'foo'"),
        ("batch=1.5..3", "no whole number"),
        ("batch=0..3", "batch cannot be 0"),
        ("batch=16", "is one value; give it to all trials: --batch 16"),
        ("batch=16,16", "16 is said twice"),
        ("game.objective=hinge,foo", "cannot be 'foo'"),
        ("schedule=0..1", "list its values"),
        ("seed=1,2", "luck"),
        ("size=16,32", "measured differently"),
        ("measure.count=1..3", "measured differently"),
        ("coordination.replay_size=10..20", "changes nothing"),
    ],
)
def test_what_does_not_fit_is_refused(words: str, said: str) -> None:
    with pytest.raises(AdvnetsError, match="--search") as error:
        parsed(words)
    assert said in str(error.value)


def test_a_field_is_searched_once_and_has_no_value() -> None:
    with pytest.raises(AdvnetsError, match="searched already"):
        parse_search(RECIPE, ["batch=1,2", "batch=1..2"], ())
    with pytest.raises(AdvnetsError, match="given a value already"):
        parse_search(RECIPE, ["batch=1,2"], [("batch",)])


@pytest.mark.parametrize("budget", [None, "5m"])
@pytest.mark.parametrize("name", recipe_names())
def test_by_itself_every_recipe_is_searched_around_its_own_settings(name: str, budget: str | None) -> None:
    recipe = load_recipe(name).replace(budget=budget)
    space = default_space(recipe, ())
    assert len(space) >= 3
    own = own_settings(recipe, space)
    assert own is not None
    assert with_settings(recipe, space, own) == recipe
    assert parse_search(recipe, map(str, space), ()) == space
    assert any("batch" in each.fields for each in space) == (budget is not None)  # it costs time


def test_what_is_fixed_is_not_searched() -> None:
    names = {
        each.name for each in default_space(RECIPE, [("game", "latent"), ("game", "generator", "optimizer", "rate")])
    }
    assert "latent" not in names
    assert "generator.rate" not in names
    assert "discriminator.rate" in names


def test_a_recipe_outside_of_its_space_has_no_settings_in_it() -> None:
    assert own_settings(RECIPE, [parsed("batch=16,32")]) is None
    assert own_settings(RECIPE, [parsed("batch=50..200")]) == {"batch": 100}
