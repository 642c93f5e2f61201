"""What a recipe calls objectives, priors and data: the built-in names, and those that a program has registered."""

from __future__ import annotations

from collections.abc import Sequence

from advnets.config.kinds import require
from advnets.errors import ELSEWHERE

OBJECTIVES = (
    "minimax",
    "non-saturating",
    "maximum-likelihood",
    "least-squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "boundary-seeking",
)
PRIORS = ("uniform", "gaussian", "sphere", "rademacher")
IN_MEMORY = "(in memory)"
"""What the recipe of a run says where its data were passed in Python."""
POINTS = "ring", "grid"
"""Data sets of points."""
TABLES = ".csv", ".tsv", ".csv.gz", ".tsv.gz"
"""What the names of files end in that hold a table of numbers, whatever is in them."""
PUBLISHED = "mnist", "fashion-mnist", "cifar10", "stacked-mnist", "tfd", "tfd:2", "tfd:3", "tfd:4", "tfd:5"
"""Data sets with parts of their own for training, validation and test."""
TRACKERS = "wandb", "mlflow"
"""Trackers of experiments that a training may be told to, by the names of their packages."""
MEASURE_WORDS = {
    "fid": ("frechet",),
    "kid": ("kernel",),
    "isc": ("inception_score",),
    "is": ("inception_score",),
    "prc": ("precision", "recall"),
}
"""What other libraries call measures (torch-fidelity's words, and Inception Score's letters), and what we call them."""

_objectives: dict[str, None] = dict.fromkeys(OBJECTIVES)
_priors: dict[str, None] = dict.fromkeys(PRIORS)


def measure_names(said: str | Sequence[str]) -> list[str]:
    """Names of measures, joined by commas or apart, in our words."""
    words = [each.strip() for each in (said.split(",") if isinstance(said, str) else said)]
    return [name for word in words if word for name in MEASURE_WORDS.get(word.lower(), (word,))]


def register_objective(name: str) -> None:
    """Let recipes name this objective."""
    _objectives[name] = None


def register_prior(name: str) -> None:
    """Let recipes name this prior."""
    _priors[name] = None


def require_objective(name: str) -> None:
    """See that there is such an objective.

    Raises:
        RecipeError: there is none.
    """
    require(name in _objectives, "objective", name, f"choose one of {', '.join(_objectives)}, {ELSEWHERE}")


def require_prior(name: str) -> None:
    """See that there is such a prior.

    Raises:
        RecipeError: there is none.
    """
    require(name in _priors, "prior", name, f"choose one of {', '.join(_priors)}, {ELSEWHERE}")
