"""The Helvetica watch on forty real runs: twenty driven into a collapse, twenty healthy ones.

    python benchmarks/watch.py [--cost] [--only mnist|ring|conv] [--shift 300] [--out FILE]

A collapsing run begins with settings that work. From a given step on they are made worse every 25 steps, as a user
does who edits a recipe and resumes: both rates, or G's alone, grow by a factor; or G takes ever more steps for each
of D's. After every look 500 fakes are classified (digits by a classifier, points by the nearest of the ring's
modes); a class is there when it has a tenth of its even share. The run has lost half its classes at the first of
three looks in a row at which at most half of the data's classes are there. The watch has caught it if an alarm came
after the first change for the worse and at an earlier look than that; a run that never loses half its classes counts as
not caught. A healthy run must have no alarm; alarms before the first change are counted, too. The thresholds were
chosen on other seeds.
Result: results/watch.json and watch.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine

from advnets.config.load import load_recipe
from advnets.config.recipe import Recipe
from advnets.data import Table, open_data
from advnets.measures.alarms import alarm_steps
from advnets.measures.features import extractor
from advnets.training.hooks.watch import LEAST_WILD, SETTLED, WILD, Watch
from advnets.training.trainer import Data, Trainer

RESULT = Path(__file__).parent / "results" / "watch.json"
STAGE, FAKES, IN_A_ROW = 25, 500, 3
SMALL_CONV = {
    "data": "mnist", "latent": 64, "generator": {"kind": "conv", "output": "tanh", "base": 8},
    "discriminator": {"kind": "conv", "base": 8},
}  # fmt: skip

Worse = Callable[[Recipe, int], Recipe]


def rates(factor: float) -> Worse:
    """Both players' rates grow by `factor` at each stage."""
    return lambda recipe, stage: _faster(recipe, factor**stage, factor**stage)


def rate_of_g(factor: float) -> Worse:
    """G's rate grows by `factor` at each stage."""
    return lambda recipe, stage: _faster(recipe, factor**stage, 1.0)


def ahead(more: int, factor: float = 1.0) -> Worse:
    """G takes `more` further steps for each of D's at each stage, and its rate grows by `factor`."""
    return lambda recipe, stage: _faster(recipe, factor**stage, 1.0).replace(
        schedule="alternating", generator_steps=1 + more * stage
    )


def _faster(recipe: Recipe, g: float, d: float) -> Recipe:
    players = {"generator_optimizer": g, "discriminator_optimizer": d}
    configs = {name: getattr(recipe, name) for name in players}
    return recipe.replace(
        **{
            name: {
                "kind": c.kind, "rate": c.rate * players[name], "betas": list(c.betas), "epsilon": c.epsilon,
                "schedule": c.schedule,
            }
            for name, c in configs.items()
        }
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One run: a recipe with changes, and for a collapsing one how it gets worse from which step on."""

    kind: str
    name: str
    recipe: str
    steps: int
    seed: int
    changes: dict[str, Any] = field(default_factory=dict)
    worse: Worse | None = None
    switch: int = 0

    @property
    def resolved(self) -> Recipe:
        """The recipe that it begins with."""
        return load_recipe(self.recipe).replace(steps=self.steps, seed=self.seed, **self.changes)


def cases() -> list[Case]:
    """The forty runs."""
    bare = {"penalties": {}}  # the ring's penalty holds off a collapse for long
    found = [Case("mnist", "both rates x 1.25", "mnist", 1200, 0, {}, rates(1.25), 900)]
    found += [Case("mnist", "G's rate x 1.3", "mnist", 1300, s, {}, rate_of_g(1.3), 900) for s in (1, 2, 3)]
    found += [
        Case("mnist", "G ahead by 2 steps more, its rate x 1.3", "mnist", 1300, s, {}, ahead(2, 1.3), 900)
        for s in (4, 5, 6)
    ]
    found += [Case("ring", "both rates x 1.4", "ring", 1400, s, bare, rates(1.4), 700) for s in (0, 1, 2, 3)]
    found += [
        Case("ring", "G ahead by 3 steps more, its rate x 1.2", "ring", 1400, s, bare, ahead(3, 1.2), 700)
        for s in (4, 5, 6)
    ]
    found += [Case("conv", "both rates x 1.4", "images", 1500, s, SMALL_CONV, rates(1.4), 1100) for s in (0, 1, 2)]
    found += [
        Case("conv", "G ahead by 3 steps more, its rate x 1.5", "images", 1350, s, SMALL_CONV, ahead(3, 1.5), 1100)
        for s in (3, 4, 5)
    ]
    mnist = ({}, {}, {}, {"objective": "minimax"}, {"objective": "least-squares"}, {"schedule": "alternating"})
    found += [Case("mnist", _named("mnist", c), "mnist", 1500, 10 + i, c) for i, c in enumerate(mnist)]
    found += [Case("mnist", "paper-mnist", "paper-mnist", 2500, 16)]
    toys = ({}, {}, {}, {"objective": "hinge"})
    found += [Case("ring", _named("ring", c), "ring", 3000, 10 + i, c) for i, c in enumerate(toys)]
    found += [Case("ring", _named("grid", c), "grid", 3000, 14 + i, c) for i, c in enumerate(({}, {}, {}))]
    conv = ({}, {}, {}, {"objective": "hinge"}, {"objective": "least-squares"}, {"schedule": "alternating"})
    found += [Case("conv", _named("conv", c), "images", 1000, 10 + i, SMALL_CONV | c) for i, c in enumerate(conv)]
    return found


def _named(name: str, changes: dict[str, Any]) -> str:
    return ", ".join([name, *(str(value) for value in changes.values())])


def run(case: Case) -> dict[str, Any]:
    """Train, look and count classes; stop once both the alarm and the loss of half the classes are known."""
    table = open_data(case.resolved)
    count, watch, trainer = class_counter(table), None, None
    course: list[dict[str, Any]] = []
    for trainer in play(case, table):
        watch = watch or Watch(trainer)
        if watch.due(trainer.step):
            line = watch.look(trainer)
            there, of = count(trainer) if case.worse is not None and trainer.step > case.switch - 50 else (0, 0)
            course.append({**line, "classes": there, "of": of})
            if line["diversity"] == 0 and not np.isfinite(float(trainer.generator.master.flat.sum())):
                break  # diverged
            if case.worse is not None and _alarm(course, case.switch) and _lost(course):
                break
        watch.prepare(trainer)
    assert trainer is not None
    return {
        "kind": case.kind, "name": case.name, "seed": case.seed, "collapsing": case.worse is not None,
        "switch": case.switch, "steps": trainer.step, "alarm": _alarm(course, case.switch), "lost": _lost(course),
        "early": [step for step in alarm_steps(course) if step < case.switch],
        "lowest": min((line["smooth"] / line["peak"] for line in course if line["peak"] > 0.25), default=None),
        "wildest": max(
            (
                line["unrest"] / max(WILD * line["usual"], LEAST_WILD)
                for line in course if line["usual"] and line["step"] >= SETTLED["steps"]
            ),
            default=None,
        ),
        "alarmed_by": next((line["state"] for line in course if line["step"] == _alarm(course, case.switch)), None),
        "course": [
            [line[key] for key in ("step", "diversity", "smooth", "movement", "unrest", "classes")]
            for line in course if line["of"]
        ],
    }  # fmt: skip


def play(case: Case, table: Table) -> Iterator[Trainer]:
    """The case's trainer, after each of its steps."""
    recipe, data = case.resolved, _training(table)
    trainer = Trainer(recipe, data)
    while trainer.step < case.steps:
        stage, rest = divmod(trainer.step - case.switch, STAGE)
        if case.worse is not None and trainer.step >= case.switch and not rest:
            changed = Trainer(case.worse(recipe, stage + 1), data)
            changed.restore(trainer.checkpoint())
            trainer = changed
        trainer.advance()
        yield trainer


def _training(table: Table) -> Data:
    return Data(table.values, table.rows("train"))


def class_counter(table: Table) -> Callable[[Trainer], tuple[int, int]]:
    """What counts the classes that are there in 500 fakes of a trainer's generator, not averaged."""
    if (modes := table.modes) is not None:
        return lambda trainer: _there(_nearest(trainer.raw_sampler.draw(FAKES, 3), modes), len(modes))
    features = extractor("classifier", table)
    classify = features.classify
    assert classify is not None
    return lambda trainer: _there(
        classify(features.extract(np.asarray(trainer.raw_sampler.draw(FAKES, 3), np.uint8))).argmax(1),
        len(table.classes),
    )


def _nearest(points: np.ndarray, modes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - modes, axis=2).argmin(1)


def _there(labels: np.ndarray, classes: int) -> tuple[int, int]:
    return int((np.bincount(labels, minlength=classes) >= 0.1 * len(labels) / classes).sum()), classes


def _alarm(course: list[dict[str, Any]], switch: int) -> int | None:
    """The first alarm after the game was made worse; of a healthy game the first of all."""
    return next((step for step in alarm_steps(course) if step >= switch), None)


def _lost(course: list[dict[str, Any]]) -> int | None:
    """The first of `IN_A_ROW` looks with at most half of the classes, after as many in a row with more than half."""
    counted = [line for line in course if line["of"]]
    gone = [2 * line["classes"] <= line["of"] for line in counted]
    had = False
    for place in range(len(counted) - IN_A_ROW + 1):
        few = gone[place : place + IN_A_ROW]
        had = had or not any(few)
        if had and all(few):
            return counted[place]["step"]
    return None


def summary(runs: list[dict[str, Any]]) -> str:
    """A table of the runs and what it says: the lowest smoothed diversity over its peak, the unrest over its bar."""
    bad, good = ([each for each in runs if each["collapsing"] is is_bad] for is_bad in (True, False))
    caught = [each for each in bad if each["lost"] and each["alarm"] and each["switch"] <= each["alarm"] < each["lost"]]
    text = [
        f"Caught before half of the classes were lost: {len(caught)} of {len(bad)}."
        f" Alarms in healthy runs: {sum(each['alarm'] is not None for each in good)} of {len(good)};"
        f" before things got worse: {sum(bool(each['early']) for each in bad)} of {len(bad)}.",
        "", "| run | seed | worse from step | alarm | | half the classes lost | lowest diversity | highest unrest |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for each in runs:
        cells = [f"{each['kind']}: {each['name']}", each["seed"], each["switch"] if each["collapsing"] else "never"]
        cells += ["none" if each["alarm"] is None else each["alarm"], each["alarmed_by"] or ""]
        cells.append("none" if each["lost"] is None else each["lost"])
        cells += ["none" if each[key] is None else f"{each[key]:.2f}" for key in ("lowest", "wildest")]
        text.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(text) + "\n"


def cost(name: str, rounds: int = 12) -> float:
    """The time of a recipe's steps with the watch over that without it: the median of rounds, taken in turn."""
    recipe = load_recipe(name)
    trainer = Trainer(recipe, _training(open_data(recipe)))
    watch, steps = Watch(trainer), 100 if name == "ring" else 20
    ratios: list[float] = []
    for _ in range(rounds + 1):
        seconds: dict[bool, float] = {}
        for watched in (True, False):
            begin = time.perf_counter()
            for _ in range(steps):
                trainer.advance()
                if watched and watch.due(trainer.step):
                    watch.look(trainer)
                if watched:
                    watch.prepare(trainer)
            seconds[watched] = time.perf_counter() - begin
        ratios.append(seconds[True] / seconds[False])
    return statistics.median(ratios[1:])  # the first warms up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("mnist", "ring", "conv"))
    parser.add_argument("--cost", action="store_true", help="only measure what watching costs")
    parser.add_argument(
        "--shift", type=int, default=300, help="added to every seed; thresholds were chosen with 0, 100 and 200"
    )
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    if options.cost:
        for name in ("mnist", "paper-mnist", "ring", "images"):
            print(f"{name}: {cost(name):.3f} of the time without the watch", flush=True)
        return
    runs: list[dict[str, Any]] = []
    for case in cases():
        if options.only in (None, case.kind):
            runs.append(run(dataclasses.replace(case, seed=case.seed + options.shift)))
            print({key: value for key, value in runs[-1].items() if key != "course"}, flush=True)
            options.out.write_text(json.dumps({"machine": machine(), "runs": runs}) + "\n")
            options.out.with_suffix(".md").write_text(summary(runs))


if __name__ == "__main__":
    main()
