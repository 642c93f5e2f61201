"""Where a recipe's data, and what else it names by a path, lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advnets.config.names import IN_MEMORY
from advnets.config.recipe import Recipe
from advnets.data.hub import is_hub_name
from advnets.data.named import NAMED
from advnets.data.toys import TOYS


def anchored(recipe: Recipe) -> Recipe:
    """The recipe with its paths made absolute, so that the run goes on from any folder."""
    changes: dict[str, Any] = {}
    for name, player in recipe.players.items():
        if (trained := getattr(player.network, "pretrained", None)) is not None:
            changes[f"game.{name}.network.pretrained"] = _absolute(trained)
    if recipe.from_run is not None:
        changes["from_run"] = _absolute(recipe.from_run)
    if recipe.measure.features.endswith(".onnx"):
        changes["measure.features"] = _absolute(recipe.measure.features)
    for name, said in (("data", recipe.data), ("sources", recipe.sources)):
        if said is not None and said not in (*TOYS, *NAMED, IN_MEMORY) and not is_hub_name(said):
            changes[name] = _absolute(said)
    return recipe.replace(**changes)


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def folders_of(recipe: Recipe) -> list[Path]:
    """Where the images of an anchored recipe lie loose."""
    said = [Path(each) for each in (recipe.data, recipe.sources) if each is not None]
    return [each for each in said if each.is_absolute() and each.is_dir()]  # what is not has no path but a name
