"""What `advnets train` takes: every field of the recipe, and where to keep the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from advnets.recipe import Recipe


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
