"""Which device, which precision."""

from __future__ import annotations

from pathlib import Path

import torch

from advnets.errors import RecipeError

_MEMORY, _GROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


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


def free_memory(device: torch.device) -> int | None:
    """Bytes that may still be taken: of a GPU's memory, or of the machine's within the control group's limit.

    None where the system does not say.
    """
    if device.type == "cuda":
        # What PyTorch holds without using it is free as well.
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    if device.type != "cpu":
        return None
    return min((each for each in (_available(), _within_limit()) if each is not None), default=None)


def _available() -> int | None:
    """Of the machine's memory, swap included: what Linux says."""
    try:
        lines = dict(line.split(":") for line in _MEMORY.read_text(encoding="ascii").splitlines())
        return sum(1024 * int(lines[name].split()[0]) for name in ("MemAvailable", "SwapFree"))
    except (OSError, KeyError, ValueError):
        return None


def _within_limit() -> int | None:
    """Below a container's own limit; what it holds of files counts as free, as the system gives it back."""
    try:
        limit, used = (int((_GROUP / name).read_text(encoding="ascii")) for name in ("memory.max", "memory.current"))
        known = dict(line.split() for line in (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines())
        return max(0, limit - used + int(known.get("inactive_file", 0)))
    except (OSError, ValueError):  # "max": none
        return None
