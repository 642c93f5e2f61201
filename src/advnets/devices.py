"""Which device, which precision."""

from __future__ import annotations

import torch

from advnets.errors import RecipeError


def resolve_device(name: str) -> torch.device:
    """The device that a recipe's `device` means.

    Raises:
        RecipeError: PyTorch does not know it or does not see it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError):
        raise RecipeError(f"device {name!r} is not there", "use auto, cpu, or a GPU that PyTorch sees") from None
    return device


def resolve_precision(name: str, device: torch.device) -> torch.dtype:
    """The dtype that a recipe's `precision` means: auto is bfloat16 where it is fast."""
    if name == "float32" or (name == "auto" and not _fast_bfloat16(device)):
        return torch.float32
    return torch.bfloat16


def _fast_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") or capabilities.get("bf16"))
    return False
