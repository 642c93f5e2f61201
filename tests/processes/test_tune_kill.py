"""A study whose worker is killed, and which others go on with, ends as one that nobody disturbed."""

from __future__ import annotations

import csv
import signal
import subprocess
from pathlib import Path

from live import TIMEOUT, Live, kill, wait_until
from small_games import saved

TUNE = (
    "tune", "ring", "--generator.hidden", "16", "--discriminator.units", "16", "--batch", "32", "--steps", "160",
    "--checkpoint-every", "10", "--sample-every", "0", "--log-every", "10",
    "--measure", "frechet@count=500,every=20", "--trials", "2",
)  # fmt: skip


def found(study: Path) -> list[dict[str, str]]:
    with (study / "trials.csv").open() as file:
        return [{name: each for name, each in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def measured(run: Path) -> int:
    log = run / "measures.jsonl"
    return len(log.read_bytes().splitlines()) if log.exists() else 0


def test_a_killed_worker_s_trial_goes_on_under_its_number(live: Live, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    live.succeed(*TUNE, "--study", one)

    def begun(number: int) -> subprocess.Popen[str]:
        process = live.start(*TUNE, "--study", other)
        assert wait_until(lambda: measured(other / "trials" / f"{number:04d}") >= 3, process)
        return process

    kill(begun(0))
    process = begun(1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, err
    assert "trial 0: frechet" in out
    assert "stopped; the same command goes on" in out
    assert "trial 1:" in live.succeed(*TUNE, "--study", other)
    assert found(other) == found(one)
    for number in range(2):
        assert saved(other / "trials" / f"{number:04d}") == saved(one / "trials" / f"{number:04d}")
    best = [(study / "best.yaml").read_text().splitlines()[1:] for study in (one, other)]
    assert best[0] == best[1]


def test_two_workers_share_the_trials(live: Live, tmp_path: Path) -> None:
    study = tmp_path / "study"
    workers = [live.start(*TUNE, "--study", study) for _ in range(2)]
    said = [worker.communicate(timeout=TIMEOUT) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    played = [line.split(":")[0] for out, _ in said for line in out.splitlines() if line.startswith("trial ")]
    assert sorted(played) == ["trial 0", "trial 1"]
    assert [row["status"] for row in found(study)] == ["done"] * 2
