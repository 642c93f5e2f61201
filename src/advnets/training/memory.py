"""Memory that a step frees stays with the process, for the next step takes as much again."""

from __future__ import annotations

import ctypes
import functools
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # mallopt's names for them, from malloc.h
_KEPT = 1 << 29
_LARGEST = 1 << 25
"""Bytes: the most that glibc allows. What is larger is taken from the system, and goes back to it, as before."""


@functools.cache
def keep_freed_memory() -> None:
    """Let malloc keep up to 512 MiB that are free, instead of giving back a step's gradients and asking for them anew.

    The system clears every page it gives: on processors that cost a training of the paper's networks up to a tenth of
    its time. Nothing happens where the C library is another than glibc, or was told otherwise by MALLOC_ variables or
    GLIBC_TUNABLES.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if _is_ours() and mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)
        mallopt(_TRIM_THRESHOLD, _KEPT)


def give_back_memory() -> None:
    """Have malloc give back all that is free, after what comes seldom and takes much: else ever more is kept.

    Nothing happens where `keep_freed_memory` leaves malloc alone.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if _is_ours() and trim is not None:
        trim(0)


def _is_ours() -> bool:
    """Whether malloc may be told anything."""
    told = any(name.startswith("MALLOC_") for name in os.environ) or "glibc.malloc" in os.getenv("GLIBC_TUNABLES", "")
    return sys.platform.startswith("linux") and not told
