"""`advnets tune`: many trials of a recipe, by Optuna."""

from __future__ import annotations

import functools
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advnets.config.describe import as_words
from advnets.config.resolve import candidates
from advnets.config.tree import grow
from advnets.errors import UsageError
from advnets.processors import launched
from advnets.terminal.flags import Line, TrainFlags, flags_of, read_line

if TYPE_CHECKING:
    from advnets.tuning.results import Trial
    from advnets.tuning.study import Asked, Study

_TRIALS = 20
_SHOWN = 5  # of the best trials
_ENOUGH = 10  # trials, with fewer of which nobody can tell what matters
_OWN = ("--trials", "--search", "--study", "--storage", "--no-prune")
_HELP = {
    "--trials N": f"How many trials the study is to have in all, those that it has counted; by default {_TRIALS}.",
    "--search FIELD=VALUES": "What is searched, said as often as there are fields; by default rates, moments,"
    " penalties' weights and z's length around the recipe's own, with --budget batch and widths, too."
    " FIELD=LOW..HIGH: numbers, by factors where HIGH is ten times LOW or more (@log and @linear say so)."
    " FIELD=VALUE,VALUE: these, lists in brackets. FIELD+FIELD: the same value for both.",
    "--measure NAMES": "What decides, as `advnets train` takes it: the first, or best=NAME. By default what --budget"
    " chooses. A trial's value is that of its best measurement.",
    "--study DIRECTORY": "Where to keep the study. By default runs/NAME-tune. The same command goes on, or helps.",
    "--storage URL": "A PostgreSQL database that workers of several machines share: postgresql://USER@HOST/DATABASE.",
    "--no-prune": "Play trials to their end that are worse than the median of the others.",
}


@dataclass(frozen=True)
class _Said:
    """What a command line says beside what is trained."""

    trials: int
    search: tuple[str, ...]
    study: Path | None
    storage: str | None
    prune: bool
    flags: TrainFlags = field(repr=False)


def tune(args: list[str]) -> None:
    """Search for a recipe's best settings in many trials."""
    line = read_line(args)
    if line.named("--help") or line.named("-h") or line.named("--help-all"):
        print(_help())
        return
    said = _read(line)

    from advnets.tuning.ledger import check_url, need_optuna

    need_optuna()
    if said.storage is not None:
        check_url(said.storage)

    from advnets.tuning.study import Study
    from advnets.tuning.worker import check_playable, work

    asked, table = _asked(said)
    check_playable(asked, table)
    path = said.study or Path("runs") / f"{asked.recipe.name}-tune"
    study = Study(path, asked, table, said.storage)
    _say_begin(study, said.trials)
    begun, ended = functools.partial(_say_trial, study, said.trials), functools.partial(_say_ended, study)
    if not work(study, said.trials, begun, ended):
        print(f"stopped; the same command goes on: {path}")
        return
    study.write_found()
    _print_found(study)


def _read(line: Line) -> _Said:
    """What a command line says.

    Raises:
        AdvnetsError: the arguments do not fit.
    """
    if launched():
        raise UsageError("a trial is played by one process", "start `advnets tune` several times, without torchrun")
    if line.named("--run"):
        raise UsageError("--run is of one training", "say --study DIRECTORY")
    trials = _one(line, "--trials") or str(_TRIALS)
    if not trials.isdigit() or not int(trials):
        raise UsageError(f"--trials {trials}", "give a number of trials, 1 or more")
    if any(flag.words for flag in line.named("--no-prune")):
        raise UsageError("--no-prune takes no value", "leave it out")
    for flag in line.named("--search"):
        if not flag.words:
            raise UsageError("--search needs a value", "write FIELD=LOW..HIGH or FIELD=VALUE,VALUE")
    study = _one(line, "--study")
    return _Said(
        int(trials),
        tuple(word for flag in line.named("--search") for word in flag.words),
        None if study is None else Path(study),
        _one(line, "--storage"),
        not line.named("--no-prune"),
        flags_of(Line(line.first, tuple(flag for flag in line.flags if flag.flag not in _OWN))),
    )


def _one(line: Line, flag: str) -> str | None:
    """The only value of a flag; None where it is not said.

    Raises:
        UsageError: it is said twice.
    """
    found = [str(each.value(str)) for each in line.named(flag)]
    if len(found) > 1:
        raise UsageError(f"{flag} is said twice", "say it once")
    return found[0] if found else None


def _asked(said: _Said) -> tuple[Asked, Any]:
    """What is to be searched, and the data.

    Raises:
        AdvnetsError: it cannot be.
    """
    from advnets.api import training_data
    from advnets.data import open_data
    from advnets.data.places import anchored
    from advnets.training.budget import judge
    from advnets.tuning.default_space import default_space
    from advnets.tuning.space import parse_search
    from advnets.tuning.study import Asked, comparable

    recipe, tree = anchored(said.flags.recipe), grow(said.flags.recipe)
    fixed = [path for name in said.flags.fixed for path in candidates(tree, name)]
    space = parse_search(recipe, said.search, fixed) or default_space(recipe, fixed)
    if not space:
        raise UsageError("all that is searched by default is given a value", "say --search FIELD=LOW..HIGH")
    table = open_data(recipe)
    recipe = comparable(recipe, judge(training_data(table)))
    return Asked(recipe, space, said.flags.modules, said.flags.said, said.prune), table


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _say_begin(study: Study, whole: int) -> None:
    """What is searched, by what, and how far it is."""
    from advnets.tuning.ledger import direction

    asked, known = study.asked, study.trials
    recipe, measure = asked.recipe, asked.recipe.measure
    features = f" in {measure.features}" if measure.features != "pixels" else ""
    _say(
        f"tune: recipe {recipe.name}, {study.path}; by {asked.measure}{features} of {measure.count:,} samples,"
        f" {direction(asked.measure)}, the best of each trial's measurements; seed {recipe.seed} in all trials"
    )
    for each in asked.space:
        _say(f"search: {each}")
    if asked.own is not None and not known:
        _say("trial 0 is the recipe as it is")
    finished = sum(trial.status != "running" for trial in known)
    if known:
        _say(f"{finished:,} of {whole:,} trials are finished")


def _settings(study: Study, settings: Mapping[str, Any]) -> str:
    """Settings in words."""
    titles = {each.name: each.title for each in study.asked.space}
    return ", ".join(f"{titles[name]} {_word(value)}" for name, value in settings.items())


def _word(value: Any) -> str:
    return value if isinstance(value, str) else as_words(value)


def _say_trial(study: Study, whole: int, number: int, settings: Mapping[str, Any]) -> None:
    _say(f"trial {number}, of {whole:,} in all: {_settings(study, settings)}")


def _say_ended(study: Study, trial: Trial) -> None:
    """A line a trial: its settings, what it measured, and the best so far."""
    measure, best = study.asked.measure, study.best
    how = "" if trial.status == "done" else f", {trial.status}{f' ({trial.reason})' if trial.reason else ''}"
    value = "" if trial.value is None else f": {measure} {trial.figures}"
    so_far = "" if best is None else f"; best so far: trial {best.number}, {best.value:.4g}"
    print(f"trial {trial.number}{how}{value}; {_settings(study, trial.settings)}{so_far}", flush=True)


def _print_found(study: Study) -> None:
    """The best trials, what matters, and what to do with the winner."""
    from rich.console import Console
    from rich.table import Table

    from advnets.tuning.ledger import direction
    from advnets.tuning.results import as_good, ranked

    trials, measure = study.trials, study.asked.measure
    found = ranked(trials, measure)
    print(_counted(trials))
    if not found:
        print(f"none came to its end: see {study.path / 'trials.csv'}")
        return
    titles = {each.name: each.title for each in study.asked.space}
    table = Table()
    for heading in ("trial", f"{measure}, {direction(measure)}", "settings"):
        table.add_column(heading)
    for trial in found[:_SHOWN]:
        table.add_row(str(trial.number), trial.figures, _settings(study, trial.settings))
    Console().print(table)
    if len(found) >= _ENOUGH and len(study.asked.space) > 1:
        shares = {name: share for name, share in study.ledger.importances().items() if share >= 0.01}
        print(f"what matters: {', '.join(f'{titles[name]} {share:.0%}' for name, share in shares.items())}")
    if near := as_good(found):
        print(f"{near:,} other{'s' if near > 1 else ''} lie{'' if near > 1 else 's'} in the interval of the best")
    if (best := study.folder(found[0].number)).exists():  # else it lies on another machine
        print(f"the best of many looks flatters itself; the last word is: advnets evaluate {best} --step best")
    print(f"winner: {study.path / 'best.yaml'}; all trials: {study.path / 'trials.csv'}")


def _counted(trials: Sequence[Trial]) -> str:
    """How many trials there are, by how they ended."""
    counts: dict[str, int] = {}
    for trial in trials:
        counts[trial.status] = counts.get(trial.status, 0) + 1
    return f"{len(trials):,} trials: {', '.join(f'{count:,} {status}' for status, count in counts.items())}"


def _help() -> str:
    text = (
        "Search for a recipe's best settings: trials, each a run of its own, by Optuna. RECIPE and all flags of"
        " `advnets train` are as there; a field that is given a value has it in all trials."
    )
    lines = ["usage: advnets tune [RECIPE] [--trials N] [--search FIELD=VALUES] [--flags of advnets train]", ""]
    lines += [*textwrap.wrap(text, 100), ""]
    lines += ["Example: advnets tune images --data photos/ --budget 5m --trials 20", ""]
    for flag, said in _HELP.items():
        lines += [f"  {flag}", *textwrap.wrap(said, 100, initial_indent="      ", subsequent_indent="      ")]
    return "\n".join([*lines, "", "`advnets train RECIPE --help` lists the recipe's own flags."])
