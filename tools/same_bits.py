"""Whether a change of structure changed a bit: trains every recipe with a commit's code and with that of this tree.

    python tools/same_bits.py COMMIT [--only NAME,...] [--steps 200] [--large 10] [--cifar10 FOLDER] [--list]

A case is a recipe with flags; both trainings end with the same lines of metrics.jsonl (but for the clock's) and the
same weights, averages and optimizer states, or the case is printed as different and the exit status is 1. Recipes at
the authors' full size take `--large` steps. CIFAR-10's need its six binary files; TFD's get noise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy

ROOT = Path(__file__).resolve().parent.parent
CLOCK = ("seconds", "steps_per_second")
NAMES = {"--generator.rate": "--generator-optimizer.rate", "--discriminator.rate": "--discriminator-optimizer.rate"}
"""Flags of this tree that the other may call differently."""
SMALL_ONES = ("ring", "grid", "mnist", "mnist-best", "paper-mnist", "images", "stacked-mnist")
CIFAR = ("paper-cifar10-conv-small", "paper-cifar10-fc-small", "paper-cifar10-conv", "paper-cifar10-fc")
TFD = ("paper-tfd-small", "paper-tfd")
LARGE = ("paper-cifar10-conv", "paper-cifar10-fc", "paper-tfd", "paper-tfd-stage-two")


@dataclass(frozen=True)
class Case:
    """One training, or one that is stopped and resumed.

    Args:
        name: what it is called.
        recipe: the recipe's name.
        flags: of `advnets train`, as this tree calls them.
        stop: the step to stop and resume at; 0 for none.
        steps: of its own; 0 for as many as the others take.
    """

    name: str
    recipe: str
    flags: tuple[str, ...] = ()
    stop: int = 0
    steps: int = 0


def cases(cifar10: Path | None, work: Path) -> Iterator[Case]:
    """All cases; those of CIFAR-10 where its files are named."""
    shown = ("--data", str(work / "faces.npy"), "--size", "48", "--channels", "1")
    for recipe in SMALL_ONES:
        data = ("--data", "mnist") if recipe == "images" else ()
        for schedule in ("simultaneous", "alternating"):
            for precision in ("float32", "bfloat16"):
                more = ("--discriminator-steps", "2") if schedule == "alternating" else ()
                flags = (*data, "--schedule", schedule, "--precision", precision, *more)
                yield Case(f"{recipe} {schedule} {precision}", recipe, flags)
        yield Case(f"{recipe} resumed", recipe, data, stop=80)
    for penalty in ("r1", "r2", "wgan_gp"):
        for recipe in ("ring", "mnist"):
            weighed = (f"--penalties.{penalty}.weight", "0.3", f"--penalties.{penalty}.every", "2")
            yield Case(f"{recipe} {penalty}", recipe, weighed)
            yield Case(f"{recipe} {penalty} alternating", recipe, (*weighed, "--schedule", "alternating"))
    for objective in ("minimax", "maximum-likelihood", "least-squares", "hinge", "wasserstein", "relativistic"):
        yield Case(f"ring {objective}", "ring", ("--objective", objective))
        yield Case(f"ring {objective} ahead", "ring", (
            "--objective", objective, "--schedule", "alternating", "--generator-steps", "2",
        ))  # fmt: skip
    fast = ("--generator.rate", "0.4", "--discriminator.rate", "0.4", "--checkpoint-every", "50")
    looks = ("--watch.action", "rollback", "--watch.every", "5")  # other looks, other ways back
    yield Case("ring rolled back", "ring", (*fast, *looks), steps=800)
    for recipe in CIFAR if cifar10 is not None else ():
        yield Case(recipe, recipe, ("--data", str(cifar10)))
    for recipe in TFD:
        yield Case(recipe, recipe, shown)
    begun = ("--generator.pretrained", str(work / "stage one"))
    yield Case("paper-tfd-stage-two-small", "paper-tfd-stage-two-small", (*shown, *begun))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit", help="whose code to train with")
    parser.add_argument("--only", default="", help="words that a case's name begins with, joined by commas")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--large", type=int, default=10, help="steps of recipes at the authors' full size")
    parser.add_argument("--cifar10", type=Path, help="the folder of CIFAR-10's six binary files")
    parser.add_argument("--list", action="store_true", help="only list the cases")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        chosen = [case for case in cases(options.cifar10, work) if wanted(case, options.only)]
        if options.list:
            print("\n".join(case.name for case in chosen))
            return
        before = work / "before"
        subprocess.run(["git", "worktree", "add", "--detach", before, options.commit], cwd=ROOT, check=True)
        try:
            np.save(work / "faces.npy", np.random.default_rng(0).integers(0, 256, (400, 48, 48), np.uint8))
            if any("stage-two" in case.name for case in chosen):  # both trees begin with a run of the old format
                shown = ("--data", str(work / "faces.npy"), "--size", "48", "--channels", "1", "--steps", "20")
                advnets(before, "train", "paper-tfd-small", *shown, "--run", str(work / "stage one"))
            different = [case.name for case in chosen if not same(case, before, work, options)]
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", before], cwd=ROOT, check=True)
    print(f"{len(chosen) - len(different)} of {len(chosen)} cases are equal to the last bit")
    sys.exit(1 if different else 0)


def wanted(case: Case, only: str) -> bool:
    """Whether a case is among those asked for."""
    return not only or any(case.name.startswith(word) for word in only.split(","))


def same(case: Case, before: Path, work: Path, options: argparse.Namespace) -> bool:
    """Train a case with both trees, and say what differs."""
    runs = [trained(case, tree, work / name, options) for name, tree in (("old", before), ("new", ROOT))]
    unlike = [part for part, equal in compared(*runs).items() if not equal]
    print(f"{case.name}: {'equal' if not unlike else 'DIFFERENT in ' + ', '.join(unlike[:6])}", flush=True)
    for run in runs:
        subprocess.run(["rm", "-rf", run], check=True)
    return not unlike


def trained(case: Case, tree: Path, run: Path, options: argparse.Namespace) -> Path:
    """The run directory of a case that one tree's code trained."""
    steps = case.steps or (options.large if case.recipe in LARGE else options.steps)
    flags = ["--steps", str(case.stop or steps), "--log-every", "10", "--run", str(run), *case.flags]
    if tree != ROOT:
        flags = [NAMES.get(flag, flag) for flag in flags]
    advnets(tree, "train", case.recipe, *flags)
    if case.stop:
        advnets(tree, "resume", str(run), "--steps", str(steps))
    return run


def advnets(tree: Path, *args: str) -> None:
    """Run the command of one tree."""
    env = {**os.environ, "PYTHONPATH": str(tree / "src")}
    done = subprocess.run(
        [sys.executable, "-m", "advnets", *args], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(args)} failed:\n{done.stderr}")


def compared(old: Path, new: Path) -> dict[str, bool]:
    """Every part of two runs, and whether it is equal."""
    found = {"metrics": metrics(old) == metrics(new)}
    first, second = tensors(old), tensors(new)
    found |= {name: name in second and np.array_equal(first[name], second[name], equal_nan=True) for name in first}
    return found | {name: False for name in second if name not in first}


def metrics(run: Path) -> list[dict[str, float]]:
    """The log without what the clock says."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in CLOCK} for line in lines]


def tensors(run: Path) -> dict[str, np.ndarray]:
    """All tensors of the newest checkpoint under the names of format 2; optimizer states flat, as format 1 has them."""
    newest = max((run / "checkpoints").glob("step-*"))
    found: dict[str, np.ndarray] = {"step": np.array(int(newest.name.removeprefix("step-")))}
    for path in sorted(newest.rglob("*.safetensors")):
        name = path.relative_to(newest).with_suffix("").as_posix()
        for key, value in safetensors.numpy.load_file(path).items():
            found[f"{_player(name)}/{key}"] = value
    return flat_optimizers(found)


def _player(name: str) -> str:
    """A file of format 1 under its name in format 2."""
    names = {"generator": "players/generator/weights", "discriminator": "players/discriminator/weights"}
    return names.get(name, "players/generator/average" if name == "average" else name)


def flat_optimizers(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Sums over each state in float64 in place of its layout: of the nonzero values, sorted."""
    states: dict[str, list[np.ndarray]] = {}
    rest: dict[str, np.ndarray] = {}
    for name, value in found.items():
        if name.startswith("optimizers/"):
            player, key = name.removeprefix("optimizers/").split(".")
            states.setdefault(f"players/{player}/optimizer/{key}", []).append(value.ravel())
        elif "/optimizer/" in name:
            head, _, tail = name.rpartition("/")
            states.setdefault(f"{head}/{tail.split('.')[0]}", []).append(value.ravel())
        else:
            rest[name] = value
    joined = {name: np.concatenate(parts) for name, parts in states.items()}
    return rest | {name: np.sort(values[values != 0]) for name, values in joined.items()}


if __name__ == "__main__":
    main()
