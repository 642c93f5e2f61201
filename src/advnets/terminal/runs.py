"""Runs as the command line names and describes them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advnets.data.attributes import Attribute
from advnets.errors import UsageError

if TYPE_CHECKING:
    from advnets.runs.directory import RunDirectory
    from advnets.runs.run import Run

_NAMED = 20  # classes, or columns, on a line
_LISTED = 20  # checkpoints, a line each
_UNRULED = "the watch's way back, or what a kill left; the next checkpoint takes its place"


def load_run(path: Path, step: str, modules: Sequence[str] = ()) -> Run:
    """The run at a checkpoint: newest, best, or a step's number. Says which checkpoints were passed over.

    Args:
        path: the run directory.
        step: which checkpoint.
        modules: the user's own, player=package.module:Name.

    Raises:
        UsageError: `step` or a module is none of these.
        RunError: no run, or no such checkpoint, there.
    """
    from advnets.runs.networks import load_own
    from advnets.runs.run import Run

    if step not in ("newest", "best") and not step.isdigit():
        raise UsageError(f"--step {step}", "give newest, best or a step's number")
    own = {name: load_own(module) for name, module in named_modules(modules).items()}
    run = Run(path, own, step=int(step) if step.isdigit() else None)
    run = run.best if step == "best" else run
    for problem in run.damaged:
        print(f"advnets: {problem}; using step {run.step:,}", file=sys.stderr)
    return run


def load_shared(path: Path, step: str, modules: Sequence[str] = ()) -> Run:
    """`load_run` in processes that share work: at the checkpoint that the first of them finds."""
    from advnets.sharing import leads, told

    run = load_run(path, step, modules) if leads() else None
    found = told(run and run.step)
    return run or load_run(path, str(found), modules)


def selecting(run: Run, truncation: float | None, reject: int | None) -> Run:
    """The run with the samples that --truncation and --reject choose; as it is where neither is said.

    Raises:
        UsageError: --reject of less than two candidates.
        RunError: one of them has no effect on its samples.
    """
    if reject is not None and reject < 2:
        raise UsageError(f"--reject {reject} rejects nothing", "give the candidates for each sample, 2 or more")
    return run if truncation is None and reject is None else run.selecting(truncation, reject or 1)


def is_run(path: Path) -> bool:
    """Whether a run directory lies there."""
    return (path / "run.json").is_file()


def with_modules(sources: Sequence[Path], modules: Sequence[str]) -> list[Path | Run]:
    """The sources, with the runs among them opened that were trained with modules of the user's own.

    Args:
        sources: runs and whatever else is compared.
        modules: player=package.module:Name.

    Raises:
        UsageError: a module that none of the runs takes.
        RunError: no sound checkpoint in a run.
    """
    from advnets.runs.directory import RunDirectory
    from advnets.runs.networks import own_players

    named, taken = named_modules(modules), set[str]()
    found: list[Path | Run] = []
    for source in sources:
        own = own_players(RunDirectory.open(source).recipe) if named and is_run(source) else []
        mine = [f"{player}={named[player]}" for player in own if player in named]
        taken |= {player for player in own if player in named}
        found.append(load_run(source, "newest", mine) if mine else source)
    for player in named.keys() - taken:
        raise UsageError(f"--module {player}: no run has a {player} of your own", "leave it out")
    return found


def named_modules(said: Sequence[str]) -> dict[str, str]:
    """The user's own modules by player, from player=package.module:Name.

    Raises:
        UsageError: not of this form, or a player twice.
    """
    named: dict[str, str] = {}
    for each in said:
        player, equals, module = each.partition("=")
        if not equals:
            raise UsageError(f"--module {each} names no player", "write --module generator=package.module:Name")
        if player in named:
            raise UsageError(f"--module {player} is said twice", "say it once")
        named[player] = module
    return named


def print_trained(run: Run) -> None:
    """How a training ended, and what can be done next."""
    status = run.directory.facts["status"]
    if status == "stopped":
        print(f"stopped at step {run.step:,}; continue with: advnets resume {run.path}")
    elif status == "collapsed":
        seen = run.path / "watch.png"
        print(f"collapsed at step {run.step:,}, see {seen}; to go on all the same: advnets resume {run.path}")
    else:
        print(f"done: {run.path} (report.md, samples.png, curves.png); measure it with: advnets evaluate {run.path}")
    if said := _best_of(run.directory, run.recipe.measure.judge):
        print(said)


def _best_of(run: RunDirectory, judge: str) -> str:
    """Which checkpoint measured best, where it is not the newest; else nothing."""
    from advnets.runs import checkpoint
    from advnets.runs.best import best_kept

    measures, kept = run.read_measures(), checkpoint.steps(run.checkpoints)
    values = {line["step"]: line["measures"][judge]["value"] for line in measures if judge in line["measures"]}
    best, last = best_kept(measures, judge, kept), max(values, default=None)
    if best is None or best == last:
        return ""
    found = f"step {best:,} ({values[best]:.4g}; {values[last]:.4g} at step {last:,})"
    return f"best by {judge}: {found}; --step best takes it"


def print_info(path: Path, as_json: bool) -> None:
    """What a run is and how far it got.

    Raises:
        RunError: no run, or a damaged one, there.
    """
    from advnets.runs.directory import RunDirectory

    run = RunDirectory.open(path)
    facts = _facts(run)
    if as_json:
        print(json.dumps(facts, indent=1, ensure_ascii=False))
        return
    print(f"{path}: {run.recipe.name}, {run.recipe.place(facts['step'])}, {facts['status']}")
    print(f"data: {', '.join(_of_data(facts['data']))}")
    print(f"game: {', '.join(_of_game(facts['recipe']['game']))}")
    if metrics := run.read_metrics():
        from advnets.figures.scores import score_names

        last = metrics[-1]
        real, fake = score_names(last)
        direct = f" and {last['cost_direct']:.3f} directly" if "cost_direct" in last else ""
        print(
            f"last log line: step {last['step']:,}, {last['seconds']:,.0f} s, cost D {last['cost_d']:.3f}"
            f" G {last['cost_g']:.3f}{direct}, {real} {last['d_real']:.2f}, {fake} {last['d_fake']:.2f}"
        )
    if said := _best_of(run, run.recipe.measure.judge):
        print(said)
    for said in _of_checkpoints(facts["checkpoints"]):
        print(said)


def _of_checkpoints(kept: Sequence[Mapping[str, Any]]) -> list[str]:
    """What info says of the checkpoints: what they take, and why each is kept, the newest first."""
    from advnets.files import bytes_in_words

    if not kept:
        return ["checkpoints: none"]
    whole = bytes_in_words(sum(each["bytes"] for each in kept))
    said = [f"  step {each['step']:,}: {', '.join(each['why'] or [_UNRULED])}" for each in reversed(kept)]
    more = [f"  and {len(said) - _LISTED:,} before; --json names them all"] if len(said) > _LISTED else []
    return [f"checkpoints: {len(kept):,}, {whole}; --step takes one", *said[:_LISTED], *more]


def _of_data(data: Mapping[str, Any]) -> list[str]:
    """What info says of the data."""
    said = [data["name"], f"{data['examples']:,} examples", f"shape {data['shape']}"]
    if names := data.get("scale", {}).get("columns"):
        said[-1] = f"{len(names):,} columns ({', '.join(names[:_NAMED])}{', ...' if len(names) > _NAMED else ''})"
    if classes := data.get("classes"):
        more = ", ..." if len(classes) > _NAMED else ""
        said.append(f"{len(classes):,} classes ({', '.join(classes[:_NAMED])}{more})")
    if sources := data.get("sources"):
        how = "a source for each" if sources["paired"] else "sources that are no partners"
        said.append(f"{how} from {sources['name']}, shape {sources['shape']}")
    if "vectors" in data:
        named = ", ".join(str(Attribute(**each)) for each in data.get("attributes", ())[:_NAMED])
        more = ", ..." if data["vectors"] > _NAMED else ""
        said.append(f"vectors of {data['vectors']:,} numbers{f' ({named}{more})' if named else ''}")
    return [*said, *([f"{data['unknown']:,} without a condition"] if "unknown" in data else [])]


def _of_game(game: Mapping[str, Any]) -> list[str]:
    """What info says of the game."""
    objective = [f"{game['objective']} objective"] if "objective" in game else []
    labels = [f"{game['labels']:,} labels used"] if game.get("labels") else []
    return [game["kind"], *objective, *labels]


def _facts(run: RunDirectory) -> dict[str, Any]:
    from advnets.config.load import to_dict
    from advnets.runs import checkpoint
    from advnets.runs.best import best_kept
    from advnets.runs.retention import reasons

    recipe, kept, measures = run.recipe, checkpoint.steps(run.checkpoints), run.read_measures()
    why = reasons(kept, recipe, measures)
    return {
        "step": kept[-1] if kept else 0,
        "steps": recipe.known_steps(kept[-1] if kept else 0),
        "status": run.status,
        "best": best_kept(measures, recipe.measure.judge, kept),
        "checkpoints": [
            {"step": step, "bytes": checkpoint.size(run.checkpoints, step), "why": why.get(step, [])} for step in kept
        ],
        "recipe": to_dict(recipe),
        "data": run.facts["data"],
    }
