"""Checkpoints of format 1: two named players, one average, flat optimizer state. Its recipes are `recipes.py`'s."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

_PLAYERS = ("generator", "discriminator")


def tensors_from_format_1(tensors: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Mapping[str, Tensor]]:
    """The files of a checkpoint under today's names; flat optimizer state stays flat.

    Args:
        tensors: "generator", "discriminator", "average", "optimizers", each to its tensors.
    """
    found: dict[str, Mapping[str, Tensor]] = {"players/generator/average": tensors["average"]}
    for name in _PLAYERS:
        found[f"players/{name}/weights"] = tensors[name]
        found[f"players/{name}/optimizer"] = {
            key.removeprefix(f"{name}."): value
            for key, value in tensors["optimizers"].items()
            if key.startswith(f"{name}.")
        }
    return found
