"""Which machine a result is from."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

_VECTOR = ("avx2", "avx512_f", "avx512_bf16", "amx_bf16", "bf16")


def machine() -> dict[str, Any]:
    """Processor, cores, features that matter to matrix products, versions, load."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "features": [name for name, present in torch.cpu.get_capabilities().items() if present is True],
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "load_average": round(os.getloadavg()[0], 2),
    }


def in_words(facts: dict[str, Any]) -> str:
    """What is known of the machine, in one line."""
    vector = [name for name in _VECTOR if name in facts.get("features", ())]
    parts = {
        "processor": "{}", "cores": f"{{}} cores ({', '.join(vector) or 'no vector features found'})",
        "threads": "{} threads", "torch": "torch {}", "python": "Python {}", "system": "{}",
        "load_average": "load at the start {}",
    }  # fmt: skip
    return ", ".join(words.format(facts[name]) for name, words in parts.items() if name in facts)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else []:
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name", platform.processor() or "processor")
    family = f" (family {fields['cpu family']}, model {fields['model']})" if "cpu family" in fields else ""
    return name + family
