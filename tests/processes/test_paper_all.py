"""`advnets paper all`, killed in the middle and given again, ends as one that nobody killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from live import TIMEOUT, kill, logged_step, wait_until

FEW = """
import sys
from advnets import cli, paper
paper.EXHIBITS = {name: paper.EXHIBITS[name] for name in ("theory", "costs", "fig3")}
sys.exit(cli.main(["paper", "all", "--quick", "--out", sys.argv[1]]))
"""
"""The command with three of the exhibits: kept parts, none, a shared training. All eight are in tests/paper, once:
each of the four commands here would take them more than a minute."""


def start(out: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "ADVNETS_CACHE": str(out.parent / "cache")}
    return subprocess.Popen(
        [sys.executable, "-c", FEW, str(out)], env=env, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(out: Path) -> str:
    process = start(out)
    said, mistakes = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, mistakes
    return said + mistakes


def killed_when(out: Path, holds: Callable[[], bool]) -> None:
    process = start(out)
    assert wait_until(holds, process), process.communicate()
    kill(process)


def trained_steps(out: Path) -> int:
    """Of the shared training; its settings are in its folder's name."""
    return sum(logged_step(run) for run in (out / "parts" / "runs").glob("paper-mnist-*"))


def shown(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def test_two_kills_leave_no_trace_and_what_was_kept_is_not_made_again(tmp_path: Path) -> None:
    out = tmp_path / "paper"
    killed_when(out, lambda: (out / "theory.md").exists())
    kept = {path: path.stat().st_mtime_ns for path in (out / "parts" / "theory").iterdir()}
    killed_when(out, lambda: trained_steps(out) >= 50)
    assert not (out / "README.md").exists()
    said = finish(out)
    assert "theory: random-pairs" not in said
    assert kept
    assert kept == {path: path.stat().st_mtime_ns for path in (out / "parts" / "theory").iterdir()}
    finish(tmp_path / "undisturbed")
    assert shown(out) == shown(tmp_path / "undisturbed")
    assert "README.md" in shown(out)
