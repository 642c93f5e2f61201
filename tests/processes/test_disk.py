"""A full or read-only disk: one clear line, exit status 2, and the last checkpoint as it was."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import MNIST, Live, assert_same_training, metrics

from advnets.runs import checkpoint
from advnets.runs.directory import RunDirectory


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB, room for three checkpoints of the small MNIST game."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True, capture_output=True)


def the_one_line(stderr: str) -> str:
    """The mistake, which the user reads last, after what the training said of itself."""
    lines = [line for line in stderr.splitlines() if line.startswith("advnets: ")]
    assert len(lines) == 1, stderr
    assert stderr.splitlines()[-1] == lines[0]
    return lines[0]


def newest_is_sound(run: Path) -> int:
    found, damaged = checkpoint.newest(run / "checkpoints")
    assert found is not None
    assert not damaged
    return found.step


def test_a_full_disk_stops_in_one_line_and_goes_on_once_there_is_room(
    live: Live, undisturbed: Path, small_disk: Path
) -> None:
    run = small_disk / "run"
    done = live.run("train", *MNIST, "--steps", 240, "--run", run)
    assert done.returncode == 2, done.stderr
    line = the_one_line(done.stderr)
    assert "no space left on device" in line
    assert "advnets resume" in line
    assert newest_is_sound(run) >= 20
    remount(small_disk, "size=64m")
    live.succeed("resume", run)
    assert_same_training(run, undisturbed)


def test_a_file_that_may_not_grow_is_a_full_disk(live: Live, undisturbed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    before = newest_is_sound(run)
    limit = 60_000  # less than a checkpoint's largest file
    done = live.run(
        "resume", run, "--steps", 300, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    assert done.returncode == 2, done.stderr
    assert "file too large" in the_one_line(done.stderr)
    assert newest_is_sound(run) == before
    live.succeed("resume", run)
    assert newest_is_sound(run) == 300
    assert metrics(run)[: len(metrics(undisturbed))] == metrics(undisturbed)


@pytest.fixture
def read_only(undisturbed: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A copy of a run that cannot be written to."""
    if os.geteuid() == 0:  # permissions do not bind root, a read-only file system does
        disk = request.getfixturevalue("small_disk")
        remount(disk, "size=64m")
        run = shutil.copytree(undisturbed, disk / "run")
        remount(disk, "ro")
        yield run
        return
    run = shutil.copytree(undisturbed, request.getfixturevalue("tmp_path") / "run")
    entries = [run, *run.rglob("*")]
    for path in entries:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield run
    for path in entries:
        path.chmod(0o755)


def test_a_read_only_folder_is_one_line(live: Live, read_only: Path) -> None:
    for args in (["resume", read_only, "--steps", 300], ["train", *MNIST, "--run", read_only / "another"]):
        done = live.run(*args)
        assert done.returncode == 2, done.stderr
        line = the_one_line(done.stderr)
        assert "read-only file system" in line or "permission denied" in line
    assert newest_is_sound(read_only) == 240
    assert RunDirectory.open(read_only).status == "done"  # reading needs no permission to write
