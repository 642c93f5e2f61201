"""Shortcuts: other ways than `forward` to what a module computes, taken only where nobody changed the module.

A class that knows one offers it as a method: `pair` (real and fake rows at once), `pair_features`, `input_gradients`.
Whoever derives a class from it, puts another `forward` on an instance or hooks the module means to be asked.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.modules.module import _has_any_global_hook  # pyright: ignore[reportPrivateUsage]  # there is no other way

_WAYS = frozenset({"forward", "features", "pair", "pair_features", "input_gradients"})
"""Methods that say the same thing in different ways: of an instance that has one of its own nobody knows."""


def shortcut(module: nn.Module, name: str) -> Callable[..., Tensor] | None:
    """A module's method of that name; None where its own class has none, or where only a call will do.

    A class derived from one that has the method may compute something else in any other: it offers a shortcut of its
    own, or has none.
    """
    own = name in vars(type(module)) and _WAYS.isdisjoint(vars(module))
    return getattr(module, name) if own and is_plain(module) and not is_overheard() else None


def is_plain(module: nn.Module) -> bool:
    """Whether a call of the module is a call of its class's `forward`, and of nothing else."""
    own = vars(module)  # asked of each layer in each step of a small game: no loop over names
    hooked = own["_forward_hooks"] or own["_forward_pre_hooks"] or own["_backward_hooks"] or own["_backward_pre_hooks"]
    return not hooked and "forward" not in own


def is_overheard() -> bool:
    """Whether somebody has hooked all modules, as profilers do."""
    return bool(_has_any_global_hook())
