"""What `advnets train` would do with data, said before it is done."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from advnets.config.load import recipe_names
from advnets.config.recipe import Recipe
from advnets.data import Table


@dataclass(frozen=True)
class Plan:
    """A training to be.

    Args:
        command: that starts it.
        recipe: its name.
        chosen: how it was chosen, in words.
        examples: that it is played on.
        shape: of an example.
        batch: examples in a minibatch.
        steps: of the training.
        told: what of "classes" and "vectors" the game is told of.
        untold: what of these the data have and the game is not told of.
    """

    command: str
    recipe: str
    chosen: str
    examples: int
    shape: tuple[int, ...]
    batch: int
    steps: int
    told: tuple[str, ...]
    untold: tuple[str, ...]

    @property
    def times(self) -> float:
        """How often each example is seen."""
        return self.steps * self.batch / self.examples

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "times": self.times}

    def words(self) -> str:
        """The plan in one line."""
        times = f"{self.times:,.0f}" if self.times >= 10 else f"{self.times:.2g}"
        said = [
            f"{self.command}: recipe {self.recipe}, {self.chosen}; {self.steps:,} steps of {self.batch:,} examples,"
            f" {times} times through {self.examples:,}"
        ]
        if self.examples < self.batch:
            said.append(f"fewer examples than a batch; --batch {self.examples} takes each once a step")
        said += [f"told of the {name}" for name in self.told]
        said += [f"not told of the {name} (--game.kind conditional)" for name in self.untold]
        return "; ".join(said)


def plan(words: Sequence[str], recipe: Recipe, table: Table) -> Plan:
    """What a command would train.

    Args:
        words: of the command, behind `advnets train`: a recipe or data, and flags.
        recipe: that they say.
        table: its data.
    """
    is_named = words[0] in recipe_names() and not any(word.startswith("--data=") for word in words)
    chosen = "as named" if is_named else "the one for these data"
    present = [name for name, there in (("classes", table.classes), ("vectors", table.vectors is not None)) if there]
    is_told = recipe.game.kind == "conditional"
    told = tuple(present[-1:]) if is_told else ()  # vectors, where there are both
    return Plan(
        f"advnets train {shlex.join(words)}",
        recipe.name,
        chosen,
        len(table.rows("train")),
        table.shape,
        recipe.batch * (recipe.discriminator_steps if recipe.schedule == "alternating" else 1),
        recipe.steps,
        told,
        tuple(name for name in present if name not in told),
    )
