"""A study's folder: its trials' runs, what was found so far, and which worker plays what."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advnets.config.load import to_dict
from advnets.config.recipe import Recipe
from advnets.data import Table
from advnets.data.places import anchored, folders_of
from advnets.errors import MeasureError, RunError
from advnets.files import held, write_whole
from advnets.runs.directory import RunDirectory, writing
from advnets.tuning.ledger import Ledger, direction, sqlite_url
from advnets.tuning.results import Trial, ranked, read_trial, write_best, write_trials
from advnets.tuning.space import Choice, Range, Settings, own_settings, with_settings

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

_COUNT = 2000
"""Samples a measurement where nobody says it: as many in all trials, whose values would not compare otherwise."""
_LOOKS = 20
"""Measurements in a trial where nobody says it: the best of more of them flatters more."""
_BEAT = 60.0  # seconds between notes that a trial is being played
_SILENT = 600.0  # seconds without one, after which a trial of another machine is taken for dead


@dataclass(frozen=True)
class Asked:
    """What a command asks for.

    Args:
        recipe: what all trials have in common.
        space: what differs among them.
        modules: the user's own networks, package.module:Name, by player.
        said: names of fields that the user has given a value.
        prune: whether hopeless trials are ended early.
    """

    recipe: Recipe
    space: Sequence[Range | Choice]
    modules: Mapping[str, str] = field(default_factory=dict[str, str])
    said: Sequence[str] = ()
    prune: bool = True

    @property
    def measure(self) -> str:
        """What decides."""
        return self.recipe.measure.judge

    @property
    def own(self) -> dict[str, Any] | None:
        """What the first trial plays: the recipe's own settings, where they lie in the space."""
        return own_settings(self.recipe, self.space)

    @property
    def kept(self) -> list[str]:
        """Names of fields that a budget leaves as they are."""
        return [*self.said, *(field for each in self.space for field in each.fields)]

    def played(self, settings: Settings) -> Recipe:
        """The recipe of a trial."""
        return with_settings(self.recipe, self.space, settings)

    def facts(self, table: Table) -> dict[str, Any]:
        """What has to be the same whenever the study goes on; where the data lie need not."""
        recipe = {name: each for name, each in to_dict(self.recipe).items() if name not in ("data", "sources")}
        prints = [table.fingerprint, table.sources and table.sources.fingerprint]
        search = [str(each) for each in self.space]
        facts = {"data": prints, "recipe": recipe, "search": search, "prune": self.prune, "module": dict(self.modules)}
        return json.loads(json.dumps(facts))


class Study:
    """A study on disk, new or gone on with; several workers may have it open.

    Args:
        path: its folder.
        asked: for it.
        table: the data.
        storage: a URL; None for a file in the folder.

    Raises:
        RunError: another study lies there, or it cannot be written.
    """

    def __init__(self, path: Path, asked: Asked, table: Table, storage: str | None = None) -> None:
        self.path, self.asked, self._alone = path, asked, storage is None
        with self._turn():
            self._check_place(storage)
            url = sqlite_url(path / "study.db") if storage is None else storage
            self.ledger = Ledger(path.absolute().name, url, asked.measure, asked.space, asked.recipe.seed)
            self._agree(asked.facts(table))
            self.owner = self._identity()

    def folder(self, number: int) -> Path:
        """The run directory of a trial."""
        return self.path / "trials" / f"{number:04d}"

    @property
    def trials(self) -> list[Trial]:
        """All trials so far."""
        return [read_trial(trial, self.asked.space) for trial in self.ledger.trials()]

    @property
    def best(self) -> Trial | None:
        """The best trial so far."""
        return next(iter(ranked(self.trials, self.asked.measure)), None)

    @contextlib.contextmanager
    def claim(self, whole: int) -> Generator[int | None]:
        """Hold a trial: one whose worker has died, else a new one; None where there are as many as `whole`.

        Yields:
            Its number.
        """
        with contextlib.ExitStack() as stack:
            with self._turn():
                number = self._orphan(stack)
                if number is None and len(self.ledger.trials()) < whole:
                    number = self._new(stack)
            if number is not None and not self._alone:
                stack.enter_context(self._beating(number))
            yield number

    def finish(self, number: int, value: float | None, facts: Mapping[str, Any]) -> None:
        """End a trial, and write anew what was found.

        Args:
            number: of the trial.
            value: what it is compared by; None where it is not compared.
            facts: of the trial, for `read_trial`.

        Raises:
            RunError: it cannot be written.
        """
        with self._turn():
            self.ledger.finish(number, value, facts)
            self.write_found()

    def write_found(self) -> None:
        """trials.csv and best.yaml."""
        trials = self.trials
        write_trials(self.path / "trials.csv", trials, self.asked.measure, self.asked.space)
        if best := next(iter(ranked(trials, self.asked.measure)), None):
            settings = self.ledger.settings(best.number, self.asked.own)
            write_best(
                self.path / "best.yaml", self.asked.played(settings), self.asked.kept, self._origin(best, trials)
            )

    def _origin(self, best: Trial, trials: Sequence[Trial]) -> str:
        """Where the winner comes from, in words."""
        way, finished = direction(self.asked.measure), sum(trial.status != "running" for trial in trials)
        value = f"{self.asked.measure} {best.figures}, {way}, at step {best.step:,} of {best.steps:,}"
        return f"The best of {finished:,} trials of {self.path}: trial {best.number}, {value}."

    def _orphan(self, stack: contextlib.ExitStack) -> int | None:
        """The first trial whose worker has died, held from now on."""
        for trial in self.ledger.trials():
            if trial.state.is_finished() or not self._may_be_ours(trial):
                continue
            try:
                stack.enter_context(held(self._place(trial.number)))
            except BlockingIOError:
                continue
            self.ledger.seen(trial.number, self.owner)
            return trial.number
        return None

    def _may_be_ours(self, trial: FrozenTrial) -> bool:
        """Whether a trial was begun in this folder, or elsewhere by somebody of whom nothing has been heard."""
        facts = trial.user_attrs
        return facts["owner"] == self.owner or time.time() - facts["seen"] > _SILENT

    def _new(self, stack: contextlib.ExitStack) -> int:
        number = self.ledger.begin(self.owner)
        stack.enter_context(held(self._place(number)))
        self.ledger.settings(number, self.asked.own)
        return number

    def _place(self, number: int) -> Path:
        """What a worker holds while it plays a trial; the run's own lock is held only while it trains."""
        return self.path / ".workers" / f"{number:04d}"

    @contextlib.contextmanager
    def _beating(self, number: int) -> Generator[None]:
        """Let workers of other machines know that a trial is being played."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(_BEAT):
                with contextlib.suppress(RunError):  # whoever plays the trial finds it, too, and says it
                    self.ledger.seen(number, self.owner)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @contextlib.contextmanager
    def _turn(self) -> Generator[None]:
        """Alone of all workers of this folder: what is counted stays so, and files are written in order."""
        with contextlib.ExitStack() as stack:
            with writing(self.path, "or name another --study"):
                stack.enter_context(held(self.path, patient=True))
            yield

    def _check_place(self, storage: str | None) -> None:
        """See that the folder is a study's, or free.

        Raises:
            RunError: it is not.
        """
        if (self.path / "study.json").exists():
            known = json.loads((self.path / "study.json").read_bytes())["in_file"]
            if known != (storage is None):
                remedy = "leave --storage out" if known else "give the same --storage"
                raise RunError(f"{self.path} keeps its trials {'in a file' if known else 'in a database'}", remedy)
            return
        names = {entry.name for entry in self.path.iterdir() if not entry.name.endswith((".part", "-journal"))}
        if not names <= {".lock", "study.db"}:  # what a worker leaves that is killed here
            raise RunError(f"{self.path} exists and is not a study", "name another --study")
        among = folders_of(anchored(self.asked.recipe))
        try:
            RunDirectory.check_free(self.folder(0), among)
        except RunError as error:
            raise RunError(error.what, error.remedy.replace("--run", "--study")) from None

    def _identity(self) -> str:
        """What tells this folder from others of the same study on other machines."""
        file = self.path / "study.json"
        if not file.exists():
            with writing(self.path, "or name another --study"):
                write_whole(file, json.dumps({"owner": uuid.uuid4().hex, "in_file": self._alone}).encode())
        return json.loads(file.read_bytes())["owner"]

    def _agree(self, facts: dict[str, Any]) -> None:
        """Note what the study is begun with, or see that it is the same.

        Raises:
            RunError: something differs.
        """
        before = self.ledger.asked
        if before is None:
            self.ledger.write_asked(facts)
        elif before != facts:
            what = "; ".join(_differences(before, facts))
            raise RunError(f"{self.path} was begun otherwise: {what}", "give the same, or name another --study")


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What of two studies' facts differs, some of it, in words."""
    if before["data"] != now["data"]:
        return ["its data were others"]
    for name in ("search", "prune", "module"):
        if before[name] != now[name]:
            return [f"{name} {_words(before[name])} then, {_words(now[name])} now"]
    old, new = _flat(before["recipe"]), _flat(now["recipe"])
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return [f"{name} {_words(old.get(name))} then, {_words(new.get(name))} now" for name in names[:3]]


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= _flat(value, f"{above}{name}.") if isinstance(value, Mapping) else {above + name: value}
    return found


def _words(value: Any) -> str:
    return " ".join(map(str, value)) or "nothing" if isinstance(value, list | dict) else str(value)


def comparable(recipe: Recipe, chosen: Mapping[str, str]) -> Recipe:
    """The recipe with a measure that is taken alike in all trials.

    Args:
        recipe: that may name one.
        chosen: the measure of these data, as changes, where it names none.

    Raises:
        MeasureError: it names none, and too few examples are held out.
    """
    if not recipe.measure.names and not chosen:
        what = "too few examples are held out to judge trials by them"
        raise MeasureError(what, "name a measure all the same, as --measure frechet, or hold more out, as --holdout .2")
    recipe = recipe if recipe.measure.names else recipe.replace(**chosen)
    every = recipe.measure.every or (0 if recipe.budget is not None else max(1, recipe.steps // _LOOKS))
    return recipe.replace(measure=replace(recipe.measure, every=every, count=recipe.measure.count or _COUNT))
