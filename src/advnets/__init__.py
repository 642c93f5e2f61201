"""Adversarial nets (Goodfellow et al., 2014) as real software.

run = advnets.train("mnist", steps=2000)
images = run.sample(64, seed=0)          # uint8, N x C x H x W
advnets.evaluate(run).measures           # {"parzen": {...}, "total_variation": {...}}
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from advnets.errors import AdvnetsError

if TYPE_CHECKING:
    from advnets.api import load, resume, train
    from advnets.classifier import AdversarialClassifier
    from advnets.config.recipe import Recipe
    from advnets.evaluation.evaluate import evaluate
    from advnets.inference.infer import infer
    from advnets.runs.run import Run

__all__ = ["AdversarialClassifier", "AdvnetsError", "Recipe", "Run", "evaluate", "infer", "load", "resume", "train"]

_HOMES = {
    "train": "advnets.api",
    "resume": "advnets.api",
    "load": "advnets.api",
    "evaluate": "advnets.evaluation.evaluate",
    "infer": "advnets.inference.infer",
    "Recipe": "advnets.config.recipe",
    "Run": "advnets.runs.run",
    "AdversarialClassifier": "advnets.classifier",
}


def __getattr__(name: str) -> Any:
    # PyTorch takes seconds to import: `advnets --help` and `import advnets` do not wait for it.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'advnets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
