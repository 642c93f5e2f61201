"""Write the tables of docs/reference/recipes.md anew, from the fields of a recipe and what is said under them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advnets.config.coordinating import CoordinationConfig
from advnets.config.describe import as_words, descriptions, summary
from advnets.config.games import GameConfig, PenaltiesConfig, PenaltyConfig
from advnets.config.load import load_recipe, recipe_names, recipe_summary
from advnets.config.measuring import MeasureConfig
from advnets.config.networks import DiscriminatorNetwork, GeneratorNetwork
from advnets.config.players import (
    AverageConfig,
    ClassifierConfig,
    ConditionalDiscriminatorConfig,
    ConditionalGeneratorConfig,
    DiscriminatorConfig,
    GeneratorConfig,
    OptimizerConfig,
)
from advnets.config.recipe import Recipe
from advnets.config.tree import is_config
from advnets.config.watching import WatchConfig

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "recipes.md"
PLAYERS = {
    "generator": GeneratorConfig,
    "discriminator": DiscriminatorConfig,
    "generator of a conditional game": ConditionalGeneratorConfig,
    "discriminator of a conditional game": ConditionalDiscriminatorConfig,
    "discriminator of a semi-supervised game": ClassifierConfig,
}
FAMILIES = {
    "`game.generator.network`": GeneratorNetwork,
    "`game.discriminator.network`": DiscriminatorNetwork,
    "`game.generator.optimizer`, `game.discriminator.optimizer`": OptimizerConfig,
}


def page(text: str) -> str:
    """The page with its two tables written anew, each between its marks."""
    for name, table in (("recipes", _recipes()), ("fields", _fields())):
        before, rest = text.split(f"<!-- {name} -->")
        _, after = rest.split(f"<!-- end of {name} -->")
        text = f"{before}<!-- {name} -->\n\n{table}\n\n<!-- end of {name} -->{after}"
    return text


def _recipes() -> str:
    rows = [f"| `{name}` | `{load_recipe(name).data or '-'}` | {recipe_summary(name)} |" for name in recipe_names()]
    return "\n".join(["| recipe | data | |", "|---|---|---|", *rows])


def _fields() -> str:
    parts = [_table("The recipe", "", Recipe)]
    parts += [_table(f"`game`, kind `{kind}`", summary(cls), cls) for kind, cls in GameConfig.kinds.items()]
    parts += [
        _table("`game.penalties`", "", PenaltiesConfig),
        _table("`game.penalties.r1`, `.r2`, `.wgan_gp`", "", PenaltyConfig),
    ]
    parts += [_table(f"`game.{role}`" if " " not in role else role, "", cls) for role, cls in PLAYERS.items()]
    for place, family in FAMILIES.items():
        parts += [_table(f"{place}, kind `{kind}`", summary(cls), cls) for kind, cls in family.kinds.items()]
    parts += [
        _table("`game.generator.average`", "", AverageConfig),
        _table("`coordination`", summary(CoordinationConfig), CoordinationConfig),
        _table("`measure`", "", MeasureConfig),
        _table("`watch`", "", WatchConfig),
    ]
    return "\n\n".join(parts)


def _table(title: str, said: str, cls: type[Any]) -> str:
    default, texts = cls(), descriptions(cls)
    rows = [_row(name, getattr(default, name), text) for name, text in texts.items() if name != "kind"]
    head = [f"### {title}", *(["", said] if said else []), "", "| field | default | |", "|---|---|---|"]
    return "\n".join([*head, *rows])


def _row(name: str, value: object, text: str) -> str:
    said = text or (summary(type(value)) if is_config(value) else "")
    return f"| `{name}` | {_value(value)} | {said.replace('|', '&#124;')} |"


def _value(value: object) -> str:
    """A default; of a part that has a table of its own, no more than its kind."""
    if isinstance(value, PenaltyConfig):
        return f"weight `{as_words(value.weight)}`, every `{value.every}`"
    if is_config(value):
        return f"`{value.kind}`" if hasattr(value, "kind") else ""
    return f"`{as_words(value)}`"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
