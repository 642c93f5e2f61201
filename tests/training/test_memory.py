"""Memory that a step frees: it stays with the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from advnets.training.memory import keep_freed_memory

keep_freed_memory()
def step():
    kept = [np.ones(1 << 18) for _ in range(16)]  # 2 MiB each: of larger ones NumPy asks for larger pages
for _ in range(5):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_a_step_asks_the_system_for_no_memory_that_the_last_one_had() -> None:
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    told = quiet | {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "65536"}
    ours, theirs = (int(subprocess.check_output([sys.executable, "-c", FAULTS], env=env)) for env in (quiet, told))
    assert theirs > 10_000  # of 320 arrays with 512 pages each: whoever says otherwise is heard
    assert 5 * ours < theirs


GIVEN_BACK = """
import sys
from pathlib import Path
import numpy as np
from advnets.training.memory import give_back_memory, keep_freed_memory

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024

keep_freed_memory()
seldom = [np.ones(1 << 12) for _ in range(6000)]  # 32 KiB each
last = np.ones(1 << 12)
full = held()
del seldom
kept = held()
give_back_memory()
print(full - kept, full - held())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_what_is_seldom_needed_goes_back() -> None:
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    at_once, told = map(float, subprocess.check_output([sys.executable, "-c", GIVEN_BACK], env=quiet).split())
    assert at_once < 20 < 150 < told  # MiB of 187
    as_said = quiet | {"MALLOC_ARENA_MAX": "2"}
    at_once, told = map(float, subprocess.check_output([sys.executable, "-c", GIVEN_BACK], env=as_said).split())
    assert told - at_once < 20  # whoever speaks to malloc is left alone
