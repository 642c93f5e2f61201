"""What `advnets train` takes: every field of the recipe, and where to keep the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from advnets.config.load import load_recipe
from advnets.config.measuring import parse_flag
from advnets.config.recipe import Recipe
from advnets.data.toys import TOYS
from advnets.errors import UsageError
from advnets.terminal.arguments import read


@dataclass(frozen=True)
class TrainFlags:
    """Train adversarial nets: advnets train [RECIPE] [--flags].

    RECIPE is a name (`advnets recipes` lists them) or a YAML file, and comes first; by default mnist, or images
    where --data names images of your own. Every field of the recipe is a flag.

    Example: advnets train images --data photos/ --size 64 --run runs/photos
    """

    recipe: Annotated[Recipe, tyro.conf.arg(name="")]
    run: Path | None = None
    """The directory to keep the training in. By default runs/NAME-DATE-TIME."""


def train_flags(args: list[str]) -> TrainFlags:
    """What `args` say: a recipe, if the first is no flag, and changes of its fields.

    Raises:
        UsageError: the arguments do not fit.
        RecipeError: no such recipe, or values that do not fit.
    """
    named = bool(args) and not args[0].startswith("-")
    base = load_recipe(args[0] if named else _default_recipe(args))
    prog, default = "advnets train [RECIPE]", TrainFlags(base)
    return read("train", lambda: tyro.cli(TrainFlags, prog=prog, default=default, args=args[named:]))


def spelled_out(args: list[str]) -> list[str]:
    """`--measure NAMES@every=500` as the recipe's fields: `--measure.metrics NAMES --measure.every 500`.

    Raises:
        UsageError: no names.
        MeasureError: not of this form.
    """
    spelled: list[str] = []
    waiting = False
    for arg in args:
        flag, equals, value = arg.partition("=")
        if waiting or (flag == "--measure" and equals):
            fields = parse_flag(arg if waiting else value)
            spelled += [word for name, text in fields.items() for word in (f"--measure.{name}", text)]
        elif arg != "--measure":
            spelled.append(arg)
        waiting = arg == "--measure" and not waiting
    if waiting:
        raise UsageError("--measure: name measures", "such as --measure frechet,recall@every=500")
    return spelled


def _default_recipe(args: list[str]) -> str:
    """`images` where --data names images of the user's own, `mnist` otherwise."""
    given = [args[i + 1] for i, arg in enumerate(args[:-1]) if arg == "--data"]
    given += [arg.removeprefix("--data=") for arg in args if arg.startswith("--data=")]
    if not given or given[-1] in ("mnist", "fashion-mnist"):
        return "mnist"
    return given[-1] if given[-1] in (*TOYS, "stacked-mnist") else "images"
