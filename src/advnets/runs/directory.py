"""The run directory: what is where, who may write it, and the log."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from advnets.config.load import to_yaml
from advnets.config.recipe import Recipe
from advnets.errors import RunError, what_helps
from advnets.files import held, write_whole
from advnets.runs.migrate import run_recipe

_NAMED = 3  # classes in a message


class RunDirectory:
    """The files of one training.

    recipe.yaml, run.json, metrics.jsonl, measures.jsonl, watch.jsonl, events.*, samples/, checkpoints/, report.md and
    its pictures.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self.samples = path / "samples"
        self.metrics = path / "metrics.jsonl"
        self.measures = path / "measures.jsonl"
        self.watch = path / "watch.jsonl"
        self._lock: IO[str] | None = None

    @classmethod
    def create(cls, path: Path, recipe: Recipe, facts: Mapping[str, Any]) -> RunDirectory:
        """Make a new run directory.

        Raises:
            RunError: something is there already, or it cannot be written.
        """
        cls.check_free(path)
        run = cls(path)
        with writing(path, "or name another --run"):
            run.checkpoints.mkdir(parents=True, exist_ok=True)
            run.samples.mkdir(exist_ok=True)
            write_whole(path / "recipe.yaml", to_yaml(recipe).encode())
            run.metrics.touch()
        run.write_facts(facts)  # last: a directory without it was never begun, see _empty
        return run

    @staticmethod
    def check_free(path: Path, among: Iterable[Path] = ()) -> None:
        """See that a new run can be made at `path`.

        Args:
            path: of the run.
            among: folders of the images that it is trained on, whose sub-folders are read, too.

        Raises:
            RunError: something is there already, or its pictures would be taken for more images.
        """
        for folder in among:
            if path.resolve().is_relative_to(folder.resolve()):
                beside = os.path.relpath(folder.resolve().parent / "runs" / path.name)
                what = f"the run {path} would lie in {folder}, and its pictures would be taken for more images"
                raise RunError(what, f"name another place, as --run {beside}")
        if (path / "run.json").exists():
            raise RunError(
                f"{path} already holds a run",
                f"continue it with `advnets resume {path}`, or name another --run",
            )
        if path.exists() and not (path.is_dir() and _empty(path)):
            raise RunError(f"{path} exists and is not a run", "name another --run")

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
        return run_recipe(self.path / "recipe.yaml", self.facts.get("custom", (False, False)))

    @property
    def facts(self) -> dict[str, Any]:
        """What run.json says: versions, command, data, status."""
        try:
            facts = json.loads((self.path / "run.json").read_bytes())
            if facts["status"] and facts["data"]["fingerprint"]:
                return facts
        except (OSError, ValueError, KeyError, TypeError):
            pass
        raise RunError(f"{self.path}/run.json is damaged", "restore it, or train anew")

    @property
    def status(self) -> str:
        """running, done, at rest, pruned, collapsed, diverged, stopped (by a signal), interrupted (without a word)."""
        status = str(self.facts["status"])
        if status != "running" or self._lock is not None:
            return status
        try:
            with (self.path / ".lock").open() as file:  # for reading: the run may lie on a read-only disk
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return "running"
        except OSError:
            return "interrupted"
        return "interrupted"

    def write_recipe(self, recipe: Recipe) -> None:
        """Replace recipe.yaml, as when a run is trained further."""
        with writing(self.path):
            write_whole(self.path / "recipe.yaml", to_yaml(recipe).encode())

    def check_data(
        self, fingerprint: str, classes: Sequence[str], sources: str | None = None, moved: bool = False
    ) -> None:
        """See that data are those that the run was started with.

        Args:
            fingerprint: of all of them.
            classes: their names.
            sources: the fingerprint of what is translated into them; None where nothing is.
            moved: whether it was said that they are elsewhere now.

        Raises:
            RunError: they are others, or their classes have another order.
        """
        facts = self.facts["data"]
        before, now = list(facts.get("classes", [])), list(classes)
        if fingerprint == facts["fingerprint"]:
            return
        if before != now and sorted(before) == sorted(now):
            orders = f"{', '.join(before[:_NAMED])} then, {', '.join(now[:_NAMED])} now"
            raise RunError(
                f"the classes of {self.path} are in another order than when it was started: {orders}",
                "train anew, or resume it with the version of Advnets that started it",
            )
        what, flags = "data", "--data"
        if sources is not None:
            known = facts.get("sources", {}).get("fingerprint")  # earlier versions kept none
            what, flags = ("data, or their sources,", "--data and --sources") if known is None else (what, flags)
            what, flags = ("sources", "--sources") if known not in (None, sources) else (what, flags)
        if moved:
            raise RunError(
                f"the {what} of {self.path} were {facts['examples']:,} others when it was started",
                f"give those with {flags}, or train anew",
            )
        raise RunError(
            f"the {what} of {self.path} have changed since it was started",
            f"bring them back, say where they are now with {flags}, or train anew",
        )

    def write_facts(self, facts: Mapping[str, Any]) -> None:
        """Replace run.json."""
        with writing(self.path):
            write_whole(self.path / "run.json", json.dumps(facts, indent=1).encode())

    @contextlib.contextmanager
    def lock(self) -> Generator[None]:
        """Hold the run for this process alone; held already, it stays so.

        Raises:
            RunError: another process is training it.
        """
        if self._lock is not None:
            yield
            return
        with contextlib.ExitStack() as stack:
            try:
                with writing(self.path):
                    self._lock = stack.enter_context(held(self.path))
            except RunError as error:
                if not isinstance(error.__cause__, BlockingIOError):
                    raise
                raise RunError(f"{self.path} is being trained by another process", "wait for it or stop it") from None
            try:
                yield
            finally:
                self._lock = None

    def read_metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl; a last line torn by a crash is left out."""
        return _lines(self.metrics)

    def read_measures(self) -> list[dict[str, Any]]:
        """The lines of measures.jsonl; none where nothing was measured in training."""
        return _lines(self.measures)

    def read_watch(self) -> list[dict[str, Any]]:
        """The lines of watch.jsonl; none where nothing was watched."""
        return _lines(self.watch)

    def append_metrics(self, line: Mapping[str, Any]) -> None:
        """Add one line to metrics.jsonl."""
        self._append(self.metrics, line)

    def append_measures(self, line: Mapping[str, Any]) -> None:
        """Add one line to measures.jsonl."""
        self._append(self.measures, line)

    def append_watch(self, line: Mapping[str, Any]) -> None:
        """Add one line to watch.jsonl."""
        self._append(self.watch, line)

    def flush_logs(self) -> None:
        """Flush the logs to the disk, before the checkpoint that counts on them."""
        for log in self._logs():
            with writing(self.path), log.open("a", encoding="utf-8") as file:
                os.fsync(file.fileno())

    def rewind(self, step: int) -> None:
        """Drop the logs' lines after `step`, which the resumed training writes again, and files half-written."""
        with writing(self.path):
            for part in [*self.path.glob(".*.part"), *self.samples.glob(".*.part")]:
                part.unlink(missing_ok=True)
        for log in self._logs():
            kept = [line for line in _lines(log) if line["step"] <= step]
            with writing(self.path):
                write_whole(log, "".join(json.dumps(line) + "\n" for line in kept).encode())

    def _logs(self) -> list[Path]:
        return [self.metrics, *(log for log in (self.measures, self.watch) if log.exists())]

    def _append(self, log: Path, line: Mapping[str, Any]) -> None:
        with writing(self.path), log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _lines(log: Path) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for line in log.read_bytes().splitlines() if log.exists() else []:
        try:
            entry = json.loads(line)
        except ValueError:
            break
        lines.append(entry)
    return lines


def _empty(path: Path) -> bool:
    """Whether nothing lies in a directory, or only what `RunDirectory.create` leaves when it is killed."""
    files = [entry for entry in path.rglob("*") if entry.is_file() and not entry.name.endswith(".part")]
    names = {entry.name for entry in path.iterdir() if not entry.name.endswith(".part")}
    begun = names <= {"checkpoints", "samples", "recipe.yaml", "metrics.jsonl"} and "checkpoints" in names
    return not names or (begun and all(file.name == "recipe.yaml" or not file.stat().st_size for file in files))


@contextlib.contextmanager
def writing(path: Path, instead: str | None = None) -> Generator[None]:
    """Turn a full or read-only disk, or a file in the place of a folder, into one clear line.

    Args:
        path: what is written.
        instead: what else helps than `what_helps`, "or name another --run"; by default what a training needs whose
            run directory `path` is.

    Raises:
        RunError: the system refused to write.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or error.__class__.__name__).lower()
        instead = instead or f"then `advnets resume {path}`; the last checkpoint is intact"
        raise RunError(f"cannot write to {path}: {reason}", f"{what_helps(error)}, {instead}") from error


def surroundings(command: list[str] | None = None) -> dict[str, Any]:
    """What a training was started by and on, for run.json."""
    program, *words = sys.argv
    ours = Path(program).name in ("advnets", "__main__.py")  # python -m advnets
    return {
        "command": command or ["advnets" if ours else program, *words],
        "advnets": version("advnets"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
    }
