"""Processors: affinity, quotas of control groups, and how busy others are."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advnets import processors

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="control groups and /proc are Linux's")


@pytest.mark.parametrize(
    ("said", "files", "expected"),
    [
        ("0::/a/b", {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000"}, 3.0),
        ("0::/a/b", {"a/b/cpu.max": "50000 100000", "a/cpu.max": "300000 100000"}, 0.5),
        ("0::/", {"cpu.max": "200000 100000"}, 2.0),
        ("0::/not/here", {"cpu.max": "200000 100000"}, 2.0),  # the path of the host, seen from a container
        ("4:cpu,cpuacct:/x\n0::/", {"cpu,cpuacct/x/cpu.cfs_quota_us": "150000",
         "cpu,cpuacct/x/cpu.cfs_period_us": "100000"}, 1.5),
        ("4:cpu:/x", {"cpu/x/cpu.cfs_quota_us": "-1", "cpu/x/cpu.cfs_period_us": "100000"}, None),
        ("3:memory:/x", {"memory/x/cpu.max": "1 1000"}, None),
        ("0::/", {}, None),
    ],
)  # fmt: skip
def test_the_tightest_quota_counts(
    said: str, files: dict[str, str], expected: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.write_text(said + "\n")
    groups = tmp_path / "groups"
    for name, text in files.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(text + "\n")
    monkeypatch.setattr(processors, "OF_THIS_PROCESS", own)
    monkeypatch.setattr(processors, "GROUPS", groups)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert processors.cores() == (8 if expected is None else max(1, int(expected)))


@pytest.mark.parametrize(("cores", "before", "after"), [(1, None, "1"), (1, "3", "3"), (8, None, None)])
def test_under_a_quota_libraries_find_their_number_of_threads(
    cores: int, before: str | None, after: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processors, "cores", lambda: cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", before or "")
    if before is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(processors, "_ours", set())
    processors.obey_quota()
    assert os.environ.get("OMP_NUM_THREADS") == after
    assert processors.threads_are_said() == (before is not None)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # what was set here is undone


def test_others_take_processors_of_the_whole_affinity_not_of_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "cores", lambda: 4)
    monkeypatch.setattr(processors, "_allowed", lambda: 64)
    assert [processors.free_for_us(busy) for busy in (0.0, 40.0, 61.5)] == [4.0, 4.0, 2.5]


@linux
def test_a_process_of_one_processor_computes_with_one_thread() -> None:
    code = (
        "import os, torch; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from advnets.processors import limit_threads; limit_threads(); print(torch.get_num_threads())"
    )
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    assert subprocess.check_output([sys.executable, "-c", code], env=env, text=True).strip() == "1"


@linux
def test_a_busy_process_beside_is_seen_and_our_own_work_is_not() -> None:
    others = processors.Others()
    quiet = _while_working(others)
    beside = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        loud = _while_working(others)
    finally:
        beside.kill()
        beside.wait()
    assert loud > quiet - 0.2
    assert loud > 0.25  # half of a processor at least where there are two; the machine may have other work, too


def test_a_system_that_does_not_say_is_not_guessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processors, "TIMES", tmp_path / "none")
    assert processors.Others().busy() is None


def _while_working(others: processors.Others) -> float:
    others.busy()
    end = time.perf_counter() + 0.6
    while time.perf_counter() < end:
        pass
    found = others.busy()
    assert found is not None
    return found


@linux
@pytest.mark.parametrize("said", [True, False])
def test_what_a_launcher_says_is_not_what_a_user_says(said: bool) -> None:
    """torchrun sets one thread for its processes where nobody has said how many."""
    child = "from advnets.processors import torchrun_says_threads; print(torchrun_says_threads())"
    launcher = (
        "import os, subprocess, sys; os.environ['OMP_NUM_THREADS'] = '1';"
        f"subprocess.run([sys.executable, '-c', {child!r}])"
    )
    launched = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2"}
    bare = {name: each for name, each in os.environ.items() if name != "OMP_NUM_THREADS"} | launched
    found = subprocess.run(
        [sys.executable, "-c", launcher],
        env=bare | ({"OMP_NUM_THREADS": "1"} if said else {}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == str(not said)
