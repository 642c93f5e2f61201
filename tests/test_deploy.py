"""The files of docs/deploy pass their own tools' checks, say what exists, and go on with what was stopped."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from advnets.cli import COMMANDS
from advnets.runs.directory import RunDirectory

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "docs" / "deploy"
BIN = Path(sys.executable).parent
SCRIPTS = "train.sbatch", "train-or-resume"


def passes(*command: object) -> None:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_has_a_check_and_a_place_in_the_docs() -> None:
    page = (ROOT / "docs" / "how-to" / "deploy.md").read_text("utf-8")
    files = {path.name for path in DEPLOY.iterdir()}
    assert files == {"Dockerfile", "job.yaml", *SCRIPTS}
    assert files == {Path(link).name for link in re.findall(r"\]\(\.\./deploy/([^)]+)\)", page)}


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    passes(BIN / "hadolint", DEPLOY / "Dockerfile")


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_finds_nothing_in_the_scripts(script: str) -> None:
    passes(BIN / "shellcheck", DEPLOY / script)
    passes("bash", "-n", DEPLOY / script)


def test_the_job_is_one_of_kubernetes() -> None:
    passes(BIN / "kubernetes-validate", "--strict", DEPLOY / "job.yaml")


def test_the_dockerfile_copies_what_is_there_and_installs_extras_that_there_are() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (?!--)(.+)$", text, re.MULTILINE):
        *sources, _ = shlex.split(line)
        for source in sources:
            assert (ROOT / source).exists(), source
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    (installed,) = re.findall(r"^ARG EXTRAS=(.+)$", text, re.MULTILINE)
    assert set(installed.split(",")) <= extras.keys()
    assert re.search(r"^torch==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)


def test_the_job_trains_where_the_volume_is() -> None:
    _, job = yaml.safe_load_all((DEPLOY / "job.yaml").read_text("utf-8"))
    pod: dict[str, Any] = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    run, *words = container["args"]
    assert container["command"] == ["train-or-resume"]
    assert words == ["mnist"]
    assert any(Path(run).is_relative_to(mount["mountPath"]) for mount in container["volumeMounts"])
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_scripts_call_commands_that_there_are() -> None:
    for script in SCRIPTS:
        text = (DEPLOY / script).read_text("utf-8")
        called = re.findall(r"^\s+(?:words=\(|set -- )(\w+)", text, re.MULTILINE)
        assert called == ["resume", "train"]
        assert set(called) <= COMMANDS.keys()


ADVNETS = """#!/bin/sh
# Says what it was called with, and goes on until it is stopped, or ends with STATUS.
echo "$@" >> "$0.said"
trap 'cp "$0.stopped" "$RUN/run.json"; exit 0' TERM
mkdir -p "$RUN"
cp "$0.$1" "$RUN/run.json"
[ -n "$STATUS" ] && exit "$STATUS"
while :; do sleep 0.02; done
"""
"""What train-or-resume calls, in a hundredth of the time."""


@pytest.fixture
def advnets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "advnets"
    program.parent.mkdir()
    program.write_text(ADVNETS)
    program.chmod(0o755)
    for called, status in (("train", "running"), ("resume", "running"), ("stopped", "stopped")):
        folder = RunDirectory(tmp_path / called)
        folder.path.mkdir()
        folder.write_facts({"status": status})
        (folder.path / "run.json").rename(program.with_name(f"advnets.{called}"))
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("RUN", str(tmp_path / "run"))
    return program


def start(advnets: Path, *words: str, status: str = "") -> subprocess.Popen[bytes]:
    command = [str(DEPLOY / "train-or-resume"), os.environ["RUN"], *words]
    return subprocess.Popen(command, env={**os.environ, "STATUS": status})


def test_what_is_stopped_is_not_taken_for_done_and_goes_on(advnets: Path) -> None:
    process, said, run = start(advnets, "ring", "--steps", "9"), advnets.with_name("advnets.said"), os.environ["RUN"]
    until = time.monotonic() + 30
    while not Path(run, "run.json").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 75
    for status in ("0", "2", "137"):
        assert start(advnets, "ring", "--steps", "9", status=status).wait(30) == int(status)
    assert said.read_text().splitlines() == [f"train ring --steps 9 --run {run}", *[f"resume {run}"] * 3]
