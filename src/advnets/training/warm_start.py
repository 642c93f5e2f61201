"""Networks that begin with another run's weights, wherever these fit; what does not is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.games.game import Seat
from advnets.runs.checkpoint import newest
from advnets.runs.directory import RunDirectory

_WRAPPED = "network."
_NUMBERED = re.compile(r"^(.*\b)(layers|down|up|residuals|modulations)\.(\d+)(\..*)$")
_FROM_THE_SMALLEST = "up", "residuals", "modulations"
"""What is numbered from the smallest maps on, on either side; generators' layers are, too."""

Sizes = Sequence[int]


@torch.no_grad()
def begin_from(networks: Mapping[str, nn.Module], seats: Mapping[str, Seat], run: str, shape: Sizes) -> list[str]:
    """Copy what fits of a run's networks, as its last step left them, into those of a new one.

    Of a tensor of another shape the corner is kept that both have, as where a network is wider. Discriminators see
    images with their first layers, and generators draw them with their last ones: for another size layers are counted
    from there, and dense layers that are of another shape then begin anew, as each of their numbers belongs to a place.

    Args:
        networks: by player; their weights are changed.
        seats: by player.
        run: the directory.
        shape: of a row of the data.

    Returns:
        What was kept of each player, and what in part or not, a line each.

    Raises:
        RecipeError: there is no such run, or nothing of it fits.
    """
    found, damaged = newest(Path(run).expanduser() / "checkpoints")
    if found is None:
        why = "; ".join(damaged) or "it holds no checkpoint"
        raise RecipeError(f"from_run {run}: {why}", "name the directory of a run")
    lines = [f"from: {run}, step {found.step:,}"]
    resized = list(shape[1:]) != list(RunDirectory.open(Path(run).expanduser()).facts["data"]["shape"][1:])
    kept = False
    for name, network in networks.items():
        saved = found.tensors.get(f"players/{name}/weights", found.tensors.get(f"players/{name}/average"))
        if saved is None:
            lines.append(f"from: it has no {name}, which begins anew")
            continue
        own = network.state_dict()
        saved = _wrapped_alike(saved, own)
        fitting = as_numbered(saved, own, seats[name].side)
        places = _flattened(network)
        shares = {
            key: _take(tensor, fitting.get(key), places.get(key)) if _belongs(key, own, fitting, resized) else 0.0
            for key, tensor in own.items()
        }
        kept = kept or any(shares.values())
        lines.append(f"from: {_words(name, own, shares)}")
    if not kept:
        raise RecipeError(f"from_run {run}: nothing of its networks fits", "use the same kind of networks")
    return lines


def _wrapped_alike(saved: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Saved tensors by the names that they would have beside a condition, or without one, as the network is.

    A network that is told a condition holds one that is not, as `network`.
    """
    theirs, mine = (any(key.startswith(_WRAPPED) for key in each) for each in (saved, own))
    if theirs == mine:
        return saved
    if mine:
        return {f"{_WRAPPED}{key}": tensor for key, tensor in saved.items()}
    return {key.removeprefix(_WRAPPED): tensor for key, tensor in saved.items()}


def as_numbered(saved: Mapping[str, Tensor], own: Mapping[str, Tensor], side: str) -> dict[str, Tensor]:
    """Saved tensors by the names that they have in a network of another depth, counted from the image.

    Args:
        saved: a network's.
        own: those of the network that takes them, by name.
        side: of the player, "generator" or "discriminator".
    """
    before, now = _depths(saved), _depths(own)
    found: dict[str, Tensor] = {}
    for key, tensor in saved.items():
        if (match := _NUMBERED.match(key)) is not None:
            prefix, kind, number, rest = match.groups()
            counted = kind in _FROM_THE_SMALLEST or (kind == "layers" and side == "generator")
            shift = now.get(prefix, 0) - before.get(prefix, 0) if counted else 0
            key = f"{prefix}{kind}.{int(number) + shift}{rest}"
        found[key] = tensor
    return found


def freeze(network: nn.Module, layers: int, name: str) -> None:
    """Let the first layers with weights stay as they are. Source: Mo et al. 2020, *Freeze the Discriminator*.

    Args:
        network: whose.
        layers: how many.
        name: of the player, in messages.

    Raises:
        RecipeError: it has no more layers than that.
    """
    known: Callable[[], Iterable[nn.Module]] = getattr(network, "in_order", network.modules)
    weighted = [module for module in known() if list(module.parameters(recurse=False))]
    if layers >= len(weighted):
        what = f"{name}.frozen {layers}: the network has {len(weighted)} layers with weights"
        raise RecipeError(what, f"use at most {len(weighted) - 1}")
    for module in weighted[:layers]:
        module.requires_grad_(False)


def _depths(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """How many layers, or halvings, are numbered behind each prefix."""
    found: dict[str, int] = {}
    for key in tensors:
        if (match := _NUMBERED.match(key)) is not None and match[2] in ("layers", "down"):
            found[match[1]] = max(found.get(match[1], 0), int(match[3]) + 1)
    return found


def _flattened(network: nn.Module) -> dict[str, tuple[int, int]]:
    """Tensors with an axis of all maps of one place, then those of the next, by name: the axis, and how many places."""
    return {
        f"{prefix}.{name}" if prefix else name: axis_and_places
        for prefix, module in network.named_modules()
        for name, axis_and_places in getattr(module, "flattened", {}).items()
    }


def _belongs(key: str, own: Mapping[str, Tensor], saved: Mapping[str, Tensor], resized: bool) -> bool:
    """Whether a tensor's layer may be kept: its biases go with its weights."""
    weight = f"{key.removesuffix('bias')}weight" if key.endswith("bias") else key
    mine, theirs = own.get(weight), saved.get(weight)
    if mine is None:
        return True
    if theirs is None or theirs.ndim != mine.ndim:
        return False
    return not (resized and mine.ndim == 2 and mine.shape != theirs.shape)


def _take(tensor: Tensor, saved: Tensor | None, flattened: tuple[int, int] | None = None) -> float:
    """Copy the corner that both have; the share of the tensor that it is."""
    if saved is None or saved.ndim != tensor.ndim:
        return 0.0
    if flattened is not None and saved.shape != tensor.shape:
        axis, places = flattened
        if saved.shape[axis] % places:
            return 0.0
        tensor, saved = (each.unflatten(axis, (places, -1)) for each in (tensor, saved))
    corner = tuple(slice(min(mine, theirs)) for mine, theirs in zip(tensor.shape, saved.shape, strict=True))
    tensor[corner] = saved[corner].to(tensor.dtype)
    return tensor[corner].numel() / max(tensor.numel(), 1)


def _words(name: str, own: Mapping[str, Tensor], shares: Mapping[str, float]) -> str:
    if all(share == 1 for share in shares.values()):
        return f"the {name}, whole"
    whole = sum(tensor.numel() for tensor in own.values())
    kept = sum(share * own[key].numel() for key, share in shares.items())
    parts = {
        "in part": [k for k, share in shares.items() if 0 < share < 1],
        "not": [k for k, s in shares.items() if not s],
    }
    named = "; ".join(f"{how}: {_listed(keys)}" for how, keys in parts.items() if keys)
    return f"the {name}, {kept / whole:.0%} of its weights; {named}"


def _listed(keys: list[str]) -> str:
    return ", ".join(keys[:6]) + (f" and {len(keys) - 6} more" if len(keys) > 6 else "")
