"""How much memory this process holds at the peak."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from collections.abc import Callable
from pathlib import Path

_PROCESS = Path("/proc/self")


def peak() -> float:
    """The most resident memory of this process so far, in MB."""
    if (_PROCESS / "status").exists():  # getrusage counts what the process that started this one held, too
        return _megabytes("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def beyond(call: Callable[[], object]) -> float:
    """Megabytes that a call takes beyond what the process holds already, at the peak (Linux)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # what malloc keeps of earlier calls would serve this one, and not be counted
        trim(0)
    with contextlib.suppress(OSError):  # the peak so far is forgotten; where that is not allowed, it may count
        (_PROCESS / "clear_refs").write_text("5")
    held = _megabytes("VmRSS")
    call()
    return _megabytes("VmHWM") - held


def _megabytes(field: str) -> float:
    lines = (_PROCESS / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{field}:")).split()[1]) * 1024 / 1e6
