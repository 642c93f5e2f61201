"""The study in Optuna's storage: what was asked, which trials there are, what they measured, who plays them.

A trial is begun, and later finished, by whoever holds it; nothing else is written of it but its measurements. Optuna
leaves a trial RUNNING whose process has died: `tuning.workers` finds it, and it goes on under its number.
"""

from __future__ import annotations

import contextlib
import json
import time
import warnings
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advnets.errors import RunError, UsageError
from advnets.measures.catalog import MEASURES, badness
from advnets.tuning.space import Choice, Range, Settings, Space

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

FOUND = "found"
"""The attribute of a trial with what is noted at its end."""
_ASKED = "asked"
_STARTUP = 10  # trials at random, of which one may be the recipe's own, before Optuna's sampler has something to go by
_COMPARED = 4  # trials that have ended by themselves, before one is pruned
_WAIT = 60.0  # seconds for another process that writes to SQLite


def direction(measure: str) -> str:
    """Where better trials lie, in words: "lower is better"."""
    better = MEASURES[measure].better
    return f"{better} is better" if isinstance(better, str) else f"near {better:g} is better"


def need_optuna() -> None:
    """See that the package that chooses trials is there.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        what = "advnets tune needs the package optuna, which is not installed"
        raise UsageError(what, "install it with: pip install 'advnets[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)


class Ledger:
    """One study in a storage.

    Args:
        name: of the study there.
        url: of the storage, as SQLAlchemy has it.
        measure: that decides.
        space: what is searched.
        seed: of what is drawn: trial n's settings follow from it, from n and from the trials that are known then.

    Raises:
        RunError: it cannot be reached.
    """

    def __init__(self, name: str, url: str, measure: str, space: Space, seed: int) -> None:
        self._name, self._measure, self._space, self._seed = name, measure, space, seed
        self._shown = _without_password(url)
        with self._reaching():
            self._storage = _opened(url)
            self._id = self._found_or_made()

    def _found_or_made(self) -> int:
        from optuna.exceptions import DuplicatedStudyError
        from optuna.study import StudyDirection

        higher = MEASURES[self._measure].better == "higher"
        try:
            way = StudyDirection.MAXIMIZE if higher else StudyDirection.MINIMIZE
            return self._storage.create_new_study([way], self._name)
        except DuplicatedStudyError:  # begun before, or by another worker just now
            return self._storage.get_study_id_from_name(self._name)

    @property
    def asked(self) -> dict[str, Any] | None:
        """What the study was begun with; None of a new one."""
        with self._reaching():
            text = self._storage.get_study_user_attrs(self._id).get(_ASKED)
        return None if text is None else json.loads(text)

    def write_asked(self, asked: Mapping[str, Any]) -> None:
        """Note what the study is begun with."""
        with self._reaching():
            self._storage.set_study_user_attr(self._id, _ASKED, json.dumps(asked))

    def trials(self) -> list[FrozenTrial]:
        """All of them, in the order of their numbers."""
        with self._reaching():
            return self._storage.get_all_trials(self._id)

    def begin(self, owner: str) -> int:
        """A new trial's number; its settings are not drawn yet."""
        from optuna.trial import TrialState, create_trial

        trial = create_trial(state=TrialState.RUNNING, user_attrs={"owner": owner, "seen": time.time()})
        with self._reaching():
            return self._storage.get_trial(self._storage.create_new_trial(self._id, trial)).number

    def settings(self, number: int, own: Settings | None) -> dict[str, Any]:
        """The settings of a trial; where they were not written whole, they are drawn, and drawn again alike.

        Args:
            number: of the trial.
            own: what the first trial plays: the recipe's own; None to draw that one, too.
        """
        with self._reaching():
            trial = self._trial(number)
            if trial.user_attrs.get("drawn"):
                return {each.name: _value(each, trial.params[each.name]) for each in self._space}
            found = dict(own) if own is not None and number == 0 else self._drawn(trial)
            for each in self._space:
                stored = _distribution(each).to_internal_repr(_stored(each, found[each.name]))
                self._storage.set_trial_param(_id(trial), each.name, stored, _distribution(each))
            self._storage.set_trial_user_attr(_id(trial), "drawn", True)
        return found

    def _drawn(self, trial: FrozenTrial) -> dict[str, Any]:
        """By Optuna's sampler, seeded for this trial alone."""
        import numpy as np
        from optuna.samplers import TPESampler

        seed = int(np.random.SeedSequence([self._seed, trial.number]).generate_state(1)[0])
        sampler, study = TPESampler(n_startup_trials=_STARTUP, seed=seed), self._study()
        together = sampler.sample_relative(study, trial, sampler.infer_relative_search_space(study, trial))
        found: dict[str, Any] = {}
        for each in self._space:
            value = together.get(each.name)
            if value is None:
                value = sampler.sample_independent(study, trial, each.name, _distribution(each))
            found[each.name] = each.rounded(value) if isinstance(each, Range) else _value(each, value)
        return found

    def report(self, number: int, place: int, value: float) -> None:
        """Note the best value of a trial so far, at a place of the training."""
        with self._reaching():
            self._storage.set_trial_intermediate_value(_id(self._trial(number)), place, self._goal(value))

    def is_hopeless(self, number: int, place: int, warm: int) -> bool:
        """Whether a trial's best so far is worse than the median of the others at that place.

        Args:
            number: of the trial.
            place: of its training, where it has just reported. What it reported later, before it was killed, is not
                looked at: it is found again.
            warm: the place before which none is pruned.
        """
        from optuna.pruners import MedianPruner

        with self._reaching():
            trial = self._trial(number)
            trial.intermediate_values = {at: each for at, each in trial.intermediate_values.items() if at <= place}
            return MedianPruner(n_startup_trials=_COMPARED, n_warmup_steps=warm).prune(self._study(), trial)

    def seen(self, number: int, owner: str) -> None:
        """Note that a trial is being played, and by whom."""
        with self._reaching():
            trial = self._trial(number)
            self._storage.set_trial_user_attr(_id(trial), "owner", owner)
            self._storage.set_trial_user_attr(_id(trial), "seen", time.time())

    def finish(self, number: int, value: float | None, facts: Mapping[str, Any]) -> bool:
        """End a trial, with its value, or without one where it was pruned or came to grief.

        Returns:
            False where another worker has ended it already, who took this one for dead.
        """
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.trial import TrialState

        with self._reaching():
            trial = self._trial(number)
            try:
                self._storage.set_trial_user_attr(_id(trial), FOUND, dict(facts))
                if value is not None:
                    self._study().tell(number, self._goal(value))
                else:  # the sampler learns from a pruned trial what to avoid, from a failed one nothing
                    self._study().tell(number, state=TrialState.PRUNED)
            except (UpdateFinishedTrialError, ValueError):
                if not self._trial(number).state.is_finished():
                    raise
                return False
        return True

    def importances(self) -> dict[str, float]:
        """The share of each setting in what makes trials better, by PED-ANOVA (Watanabe et al. 2023)."""
        from optuna.importance import get_param_importances

        with self._reaching(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return get_param_importances(self._study())

    def _goal(self, value: float) -> float:
        """What Optuna is told: the value, or its distance to the one to be near to."""
        return value if isinstance(MEASURES[self._measure].better, str) else badness(self._measure, value)

    def _study(self) -> Study:
        """As Optuna has it; a new one each time, since it keeps what it has read."""
        from optuna import load_study

        return load_study(study_name=self._name, storage=self._storage)

    def _trial(self, number: int) -> FrozenTrial:
        return self._storage.get_trial(self._storage.get_trial_id_from_study_id_trial_number(self._id, number))

    @contextlib.contextmanager
    def _reaching(self) -> Generator[None]:
        """Turn a storage that cannot be reached into one clear line."""
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, StorageInternalError) as error:
            cause = getattr(error.__cause__ or error, "orig", None) or error.__cause__ or error
            reason = str(cause).strip().splitlines()[0]
            remedy = "see to it, then give the same command again: nothing is lost"
            raise RunError(f"the storage {self._shown} cannot be used: {reason}", remedy) from error


def sqlite_url(file: Path) -> str:
    """The storage in a file."""
    return f"sqlite:///{file.absolute()}"


def check_url(url: str) -> None:
    """See that a storage is a PostgreSQL database, and that its driver, which is the user's to choose, is there.

    Raises:
        UsageError: it is not.
    """
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    form = "write postgresql://USER@HOST/DATABASE, or leave it out for a file of SQLite in the study's folder"
    try:
        found = make_url(url)
    except ArgumentError:
        raise UsageError(f"--storage {url} is no URL", form) from None
    if found.get_backend_name() != "postgresql" or not found.database:
        raise UsageError(f"--storage {_without_password(url)} is no PostgreSQL database", form)
    driver = found.get_driver_name()
    try:
        found.get_dialect().import_dbapi()
    except ImportError:
        package = "'psycopg[binary]'" if driver == "psycopg" else driver
        what = f"--storage {_without_password(url)} needs the package {driver}, which is not installed"
        raise UsageError(what, f"install it with: pip install {package}") from None


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def _opened(url: str) -> BaseStorage:
    from optuna.storages import RDBStorage, get_storage

    more = {"connect_args": {"timeout": _WAIT}} if url.startswith("sqlite") else {"pool_pre_ping": True}
    return get_storage(RDBStorage(url, engine_kwargs=more))


def _id(trial: FrozenTrial) -> int:
    """A trial's key in the storage; its number is the study's alone."""
    return trial._trial_id  # pyright: ignore[reportPrivateUsage]  # Optuna has no other name for it


def _distribution(dimension: Range | Choice) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(dimension, Choice):
        return CategoricalDistribution(list(dimension.values))
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def _stored(dimension: Range | Choice, value: Any) -> Any:
    """A value as the storage has it: of a list the words for it."""
    if isinstance(dimension, Range):
        return value
    return next(word for word, each in dimension.values.items() if each == value)


def _value(dimension: Range | Choice, stored: Any) -> Any:
    return stored if isinstance(dimension, Range) else dimension.values[stored]
