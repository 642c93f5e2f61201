"""The Helvetica watch on forty-six real runs: twenty-three driven into a collapse, as many healthy ones.

    python benchmarks/quality/watch.py [--only mnist|ring|conv|digits] [--shift 300] [--looks FILE] [--out FILE]

A collapsing run begins with settings that work. From a given step on they are made worse every 25 steps, as a user
does who edits a recipe and resumes: both rates, or G's alone, grow by a factor; or G takes ever more steps for each
of D's. After every look 500 fakes are classified (digits by a classifier, points by the nearest of the ring's
modes); a class is there when it has a tenth of its even share. The run has lost half its classes at the first of
three looks in a row at which at most half of the data's classes are there. The watch has caught it if an alarm came
after the first change for the worse and at an earlier look than that; a run that never loses half its classes counts as
not caught. A healthy run must have no alarm; alarms before the first change are counted, too. The thresholds were
chosen on other seeds. Looks are taken every five steps and judged at the watch's own pace; with --looks a run that was
broken off goes on, and what is judged otherwise needs no training anew.
Result: results/watch.json. What watching costs: speed/before_after.py.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.config.games import PenaltiesConfig
from advnets.data import open_data
from advnets.measures.alarms import alarm_steps
from advnets.training.hooks.verdict import LEAST_WILD, SETTLED, WILD, verdict
from advnets.training.hooks.watch import Watch
from advnets.training.trainer import Trainer
from benchmarks.machine import machine
from benchmarks.quality.worsening import Case, ahead, class_counter, rate_of_g, rates, trained
from benchmarks.record import record, result_of

KINDS = "mnist", "ring", "conv", "digits"
IN_A_ROW = 3
OFTEN = 5
Look = tuple[int, float, float, float, int, int]
"""Step, spread, clusters, movement; how many classes are there of how many, both 0 where nobody counted."""
SMALL_CONV = {
    "data": "mnist", "latent": 64, "generator.base": 8, "discriminator.base": 8,
}  # fmt: skip


def cases() -> list[Case]:
    """The runs: of the paper's networks, of points, of `images`, small, and of the recipe `mnist`."""
    # Plain small networks on the ring, whose penalty would hold off a collapse for long.
    bare = {"data": "ring", "latent": 16, "penalties": PenaltiesConfig()}
    found = [Case("mnist", "both rates x 1.25", "mnist-dense", 1200, 0, {}, rates(1.25), 900)]
    found += [Case("mnist", "G's rate x 1.3", "mnist-dense", 1300, s, {}, rate_of_g(1.3), 900) for s in (1, 2, 3)]
    found += [
        Case("mnist", "G ahead by 2 steps more, its rate x 1.3", "mnist-dense", 1300, s, {}, ahead(2, 1.3), 900)
        for s in (4, 5, 6)
    ]
    found += [Case("ring", "both rates x 1.4", "vectors", 1400, s, bare, rates(1.4), 700) for s in (0, 1, 2, 3)]
    found += [
        Case("ring", "G ahead by 3 steps more, its rate x 1.2", "vectors", 1400, s, bare, ahead(3, 1.2), 700)
        for s in (4, 5, 6)
    ]
    found += [Case("conv", "both rates x 1.4", "images", 1500, s, SMALL_CONV, rates(1.4), 1100) for s in (0, 1, 2)]
    found += [
        Case("conv", "G ahead by 3 steps more, its rate x 1.5", "images", 1350, s, SMALL_CONV, ahead(3, 1.5), 1100)
        for s in (3, 4, 5)
    ]
    found += [Case("digits", "both rates x 1.4", "mnist", 1500, s, {}, rates(1.4), 1100) for s in (0, 1, 2)]
    mnist = ({}, {}, {}, {"objective": "minimax"}, {"objective": "least-squares"}, {"schedule": "alternating"})
    found += [Case("mnist", _named("mnist", c), "mnist-dense", 1500, 10 + i, c) for i, c in enumerate(mnist)]
    found += [Case("mnist", "paper-mnist", "paper-mnist", 2500, 16)]
    toys = ({}, {}, {}, {"objective": "hinge"})
    found += [Case("ring", _named("ring", c), "ring", 3000, 10 + i, c) for i, c in enumerate(toys)]
    found += [Case("ring", _named("grid", c), "grid", 3000, 14 + i, c) for i, c in enumerate(({}, {}, {}))]
    conv = ({}, {}, {}, {"objective": "hinge"}, {"objective": "least-squares"}, {"schedule": "alternating"})
    found += [Case("conv", _named("conv", c), "images", 1000, 10 + i, SMALL_CONV | c) for i, c in enumerate(conv)]
    digits = ({}, {"objective": "hinge"}, {"schedule": "alternating"})
    found += [Case("digits", _named("digits", c), "mnist", 1500, 10 + i, c) for i, c in enumerate(digits)]
    return found


def _named(name: str, changes: dict[str, Any]) -> str:
    return ", ".join([name, *(str(value) for value in changes.values())])


def run(case: Case, looks: Sequence[Look]) -> dict[str, Any]:
    """What the watch says of a run at its own pace, and when half the classes were lost."""
    pace, history = case.resolved.watch.every, list[dict[str, Any]]()
    for step, spread, clusters, movement, there, of in looks:
        if step % pace == 0:
            figures = {"spread": spread, "clusters": clusters, "movement": movement}
            line = {"step": step, **figures, **verdict(figures, history, step)}
            history.append({**line, "classes": there, "of": of})
    alarm = _alarm(history, case.switch)
    return {
        "kind": case.kind, "name": case.name, "seed": case.seed, "collapsing": case.worse is not None,
        "switch": case.switch, "steps": looks[-1][0], "alarm": alarm, "lost": _lost(history),
        "early": [step for step in alarm_steps(history) if step < case.switch],
        "lowest": min((line["smooth"] / line["peak"] for line in history if line["peak"] > 0.25), default=None),
        "wildest": _wildest(history),
        "alarmed_by": next((line["state"] for line in history if line["step"] == alarm), None),
        "history": [
            [line[key] for key in ("step", "diversity", "smooth", "movement", "unrest", "classes")]
            for line in history if line["of"]
        ],
    }  # fmt: skip


def trained_looks(case: Case) -> list[Look]:
    """Train, look every five steps and count classes at the watch's own pace; stop once half of them are gone."""
    table, pace = open_data(case.resolved), case.resolved.watch.every
    count, watch, gone = class_counter(table), None, 0
    often = dataclasses.replace(case, changes={**case.changes, "watch.every": OFTEN})
    found: list[Look] = []
    for trainer in trained(often, table):
        watch = watch or Watch(trainer)
        if watch.due(trainer.step):
            counts = case.worse is not None and trainer.step > case.switch - 50 and trainer.step % pace == 0
            there, of = count(trainer) if counts else (0, 0)
            line = watch.look(trainer)
            found.append((trainer.step, line["spread"], line["clusters"], line["movement"], there, of))
            gone = (gone + 1 if 2 * there <= of else 0) if of else gone
            if gone > IN_A_ROW or _diverged(trainer, line):
                break
        watch.prepare(trainer)
    return found


def _diverged(trainer: Trainer, line: dict[str, Any]) -> bool:
    return line["diversity"] == 0 and not np.isfinite(float(trainer.players["generator"].master.flat.sum()))


def _wildest(history: list[dict[str, Any]]) -> float | None:
    """The unrest over its bar, at the most."""
    settled = (line for line in history if line["usual"] and line["step"] >= SETTLED["steps"])
    return max((line["unrest"] / max(WILD * line["usual"], LEAST_WILD) for line in settled), default=None)


def _alarm(history: list[dict[str, Any]], switch: int) -> int | None:
    """The first alarm after the game was made worse; of a healthy game the first of all."""
    return next((step for step in alarm_steps(history) if step >= switch), None)


def _lost(history: list[dict[str, Any]]) -> int | None:
    """The first of `IN_A_ROW` looks with at most half of the classes, after as many in a row with more than half."""
    counted = [line for line in history if line["of"]]
    gone = [2 * line["classes"] <= line["of"] for line in counted]
    had = False
    for place in range(len(counted) - IN_A_ROW + 1):
        few = gone[place : place + IN_A_ROW]
        had = had or not any(few)
        if had and all(few):
            return counted[place]["step"]
    return None


def page(result: dict[str, Any]) -> str:
    """A table of the runs and what it says: the lowest smoothed diversity over its peak, the unrest over its bar."""
    runs = result["runs"]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=KINDS, help="runs of this kind anew; the result keeps those of the others")
    parser.add_argument(
        "--shift", type=int, default=300, help="added to every seed; thresholds were chosen with 0, 100 and 200"
    )
    parser.add_argument("--looks", type=Path, help="keep looks here, and go on with those that are there")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    kept = _kept(options.looks)
    known = json.loads(options.out.read_text("utf-8"))["runs"] if options.only and options.out.exists() else []
    runs, others = list[dict[str, Any]](), [each for each in known if each["kind"] != options.only]
    for case in cases():
        if options.only in (None, case.kind):
            case = dataclasses.replace(case, seed=case.seed + options.shift)
            looks = kept.get(_key(case)) or trained_looks(case)
            if options.looks is not None and _key(case) not in kept:
                with options.looks.open("a") as file:
                    file.write(json.dumps({"run": _key(case), "looks": looks}) + "\n")
            runs.append(run(case, looks))
            print({key: value for key, value in runs[-1].items() if key != "history"}, flush=True)
            shown = sorted([*others, *runs], key=lambda each: (not each["collapsing"], KINDS.index(each["kind"])))
            record(options.out, {"machine": machine(), "runs": shown})


def _key(case: Case) -> str:
    return f"{case.kind}: {case.name}, seed {case.seed}"


def _kept(path: Path | None) -> dict[str, list[Look]]:
    """Looks at runs that were trained before, by what they are called."""
    if path is None or not path.exists():
        return {}
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {line["run"]: line["looks"] for line in lines}


if __name__ == "__main__":
    main()
