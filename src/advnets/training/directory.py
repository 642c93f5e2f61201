"""The run directory: what is where, who may write it, and the log."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import IO, Any

from advnets.errors import RunError
from advnets.recipe import Recipe, load_recipe, to_yaml
from advnets.training.checkpoint import write_whole


class RunDirectory:
    """The files of one training.

    recipe.yaml, run.json, metrics.jsonl, events.*, samples/, checkpoints/, report.md and its pictures.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.samples = path / "samples"
        self.metrics = path / "metrics.jsonl"
        self._lock: IO[str] | None = None

    @classmethod
    def create(cls, path: Path, recipe: Recipe, facts: Mapping[str, Any]) -> RunDirectory:
        """Make a new run directory.

        Raises:
            RunError: something is there already, or it cannot be written.
        """
        if (path / "run.json").exists():
            raise RunError(
                f"{path} already holds a run",
                f"continue it with `advnets resume {path}`, or name another --run",
            )
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(f"{path} exists and is not a run", "name another --run")
        run = cls(path)
        with writing(path):
            run.checkpoints.mkdir(parents=True)
            run.samples.mkdir()
            write_whole(path / "recipe.yaml", to_yaml(recipe).encode())
            run.metrics.touch()
            run.write_facts(facts)
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """An existing run directory.

        Raises:
            RunError: there is none.
        """
        if not (path / "run.json").is_file():
            raise RunError(f"{path} is not a run", "name a directory that `advnets train` made")
        return cls(path)

    @property
    def recipe(self) -> Recipe:
        """The recipe that was trained, resolved."""
        return load_recipe(self.path / "recipe.yaml")

    @property
    def facts(self) -> dict[str, Any]:
        """What run.json says: versions, command, data, status."""
        try:
            return json.loads((self.path / "run.json").read_bytes())
        except (OSError, ValueError):
            raise RunError(f"{self.path}/run.json is damaged", "restore it, or train anew") from None

    @property
    def status(self) -> str:
        """running, done, stopped (by a signal), diverged, or interrupted (it ended without a word)."""
        status = str(self.facts["status"])
        if status != "running":
            return status
        try:
            with self.lock():
                return "interrupted"
        except RunError:
            return "running"

    def write_recipe(self, recipe: Recipe) -> None:
        """Replace recipe.yaml, as when a run is trained further."""
        with writing(self.path):
            write_whole(self.path / "recipe.yaml", to_yaml(recipe).encode())

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Replace run.json."""
        with writing(self.path):
            write_whole(self.path / "run.json", json.dumps(facts, indent=1, ensure_ascii=False).encode())

    @contextlib.contextmanager
    def lock(self) -> Generator[None]:
        """Hold the run for this process alone.

        Raises:
            RunError: another process is training it.
        """
        with writing(self.path), (self.path / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunError(f"{self.path} is being trained by another process", "wait for it or stop it") from None
            yield

    def read_metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl; a last line torn by a crash is left out."""
        lines: list[dict[str, Any]] = []
        for line in self.metrics.read_text("utf-8").splitlines() if self.metrics.exists() else []:
            try:
                lines.append(json.loads(line))
            except ValueError:
                break
        return lines

    def append_metrics(self, line: Mapping[str, Any]) -> None:
        """Add one line to metrics.jsonl."""
        with writing(self.path), self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def flush_metrics(self) -> None:
        """Flush metrics.jsonl to the disk, before the checkpoint that counts on it."""
        with writing(self.path), self.metrics.open("a", encoding="utf-8") as file:
            os.fsync(file.fileno())

    def rewind_metrics(self, step: int) -> None:
        """Drop the lines after `step`: the resumed training writes them again."""
        kept = [line for line in self.read_metrics() if line["step"] <= step]
        with writing(self.path):
            write_whole(self.metrics, "".join(json.dumps(line) + "\n" for line in kept).encode())


@contextlib.contextmanager
def writing(path: Path) -> Generator[None]:
    """Turn a full or read-only disk into one clear line.

    Raises:
        RunError: the system refused to write.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or error.__class__.__name__).lower()
        remedy = f"make room or permit writing, then `advnets resume {path}`; the last checkpoint is intact"
        raise RunError(f"cannot write to {path}: {reason}", remedy) from error
