"""Whether a generator's values fit the range that it declares: what they can reach is tried before the first step."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from advnets.training.trainer import Trainer

Bounds = tuple[float | None, float | None]
"""The lowest and the highest value that an output reaches; None where there is no bound."""

_TRIED, _SEED = 16, 13
_FACTORS = 1e3, 1e6
"""By what latents and the last layer's weights are multiplied: an output with bounds stands at them, by either."""
_BESIDE, _AT = 0.05, 0.01  # of the declared range: how far a bound may lie from its end; what lies at a bound
_MANY = 0.02  # of the values lie at a bound where there is one


def misfit(trainer: Trainer) -> str:
    """What does not fit where a module of the user's own makes images, and what to do; empty where nothing is wrong.

    Sigmoid outputs and an `output_range` of -1 to 1: nothing darker than gray will ever be made. Tanh outputs and none,
    which means 0 to 1: half of what can be made is no image. Of outputs without bounds nothing is said. A copy of the
    network is tried; afterwards the global random state is as it was.
    """
    maker = trainer.maker
    own = trainer.recipe.players[maker].network.kind == "own"
    if not own or len(trainer.shape) != 3 or trainer.recipe.contrast is not None:
        return ""
    network, (low, high) = trainer.players[maker].network, trainer.value_range
    pushed, further = (_pushed(trainer, network, factor) for factor in _FACTORS)
    found = bounds(pushed, further, high - low)
    if fits(found, (low, high)):
        return ""
    says = f"output_range is {low:g} to {high:g}" if hasattr(network, "output_range") else "output_range is not said"
    means = "" if hasattr(network, "output_range") else ", which means 0 to 1"
    return f"the {maker} makes values {_named(found)}, but its {says}{means}; {_remedy(found)}"


def bounds(pushed: Tensor, further: Tensor, span: float) -> Bounds:
    """Between which values an output lies, where it has bounds.

    Args:
        pushed, further: what it makes of large and of still larger inputs: the same bounds, if there are any.
        span: white less black, as declared.
    """
    lowest, highest = (_bound(sign * pushed, sign * further, span) for sign in (1, -1))
    return lowest, None if highest is None else -highest


def _bound(pushed: Tensor, further: Tensor, span: float) -> float | None:
    """The value below which nothing lies and at which much does; None where there is none."""
    one, other, most = float(pushed.min()), float(further.min()), float(further.max())
    still = math.isfinite(one) and abs(one - other) <= _AT * span  # not even NaN is
    if not still or most - other <= _AT * span:  # all values are one: this output has not begun to move
        return None
    at = (further - other).abs() <= _AT * span
    return other if float(at.float().mean()) >= _MANY else None


def fits(found: Bounds, declared: tuple[float, float]) -> bool:
    """Whether what bounds there are lie at the ends of the declared range."""
    beside = _BESIDE * (declared[1] - declared[0])
    return all(
        bound is None or abs(bound - end) <= beside * (1 + 1e-6) for bound, end in zip(found, declared, strict=True)
    )


def _pushed(trainer: Trainer, network: nn.Module, factor: float) -> Tensor:
    """What a copy of the network makes of latents and last weights that are so many times as large, on the CPU."""
    devices = [trainer.device] if trainer.device.type == "cuda" else []
    copied = copy.deepcopy(network).eval()
    inputs = {
        name: (each * factor if each.is_floating_point() and name != "condition" else each).to(trainer.device)
        for name, each in trainer.sampler.inputs(_TRIED, _SEED).items()
    }
    nets = {**{name: player.network for name, player in trainer.players.items()}, trainer.maker: copied}
    matrices = [each for each in copied.parameters() if each.ndim > 1]
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=devices):
            for last in matrices[-1:]:
                last.mul_(factor)
            return trainer.game.sample(nets, inputs).float().cpu()
    except Exception:  # whatever a module of the user's own raises of what no training will show it
        return torch.full((1,), math.nan)


def _named(found: Bounds) -> str:
    low, high = found
    words = [*([f"from {low:.3g}"] if low is not None else []), *([f"to {high:.3g}"] if high is not None else [])]
    return " ".join(words)


def _remedy(found: Bounds) -> str:
    low, high = found
    if low is None or high is None:
        return "give it one that fits"
    return f"give it output_range = ({low:.3g}, {high:.3g}), or outputs that fit"
