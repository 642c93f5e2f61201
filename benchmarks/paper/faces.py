"""Table 1's column of faces on FER2013, in the place of the Toronto Face Database, which is given out on request only.

    python benchmarks/paper/faces.py FER_FOLDER OUT [--steps N --steps-two N] [--only "DBN,Deep GSN"] [--seed 0]
        [--quick]

FER_FOLDER has FER2013 as mosaics (faces_*.png, 50 faces wide) and labels.npz. Exact duplicates are dropped; the
training split is the part without labels, the same in all folds; the other two splits, shuffled, make five parts, and
fold k is tested on part k and chooses sigma on part k + 1. Written in TFD's format, they go through the code of
`advnets paper table1`: the rivals, and the adversarial nets in two stages at the reduced size, whose steps the options
shorten. OUT, outside the repository, keeps faces, trainings and rows: a command that was stopped goes on. With --only,
the named rows are made and kept, and nothing is written until a command without it collects them all.
Result: results/faces.json (with --quick in OUT instead): figures alone. Nobody has licensed the faces, so
that no picture of them, or of what was trained on them, leaves OUT. TFD's figures are of other faces: none compares.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import savemat

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.config.recipe import Recipe
from advnets.data.tfd import FILE, FOLDS
from advnets.errors import AdvnetsError
from advnets.files import write_whole
from advnets.paper.markdown import table_lines
from advnets.paper.table1 import faces as table1_faces
from advnets.paper.table1.faces import PAPER, REAL, STAGES, Scores, column, open_folds, table
from advnets.paper.workspace import Workspace
from benchmarks.machine import machine
from benchmarks.record import record, result_of

NAME = "FER2013"
REPOSITORY = Path(__file__).parents[2]
SIDE, ACROSS = 48, 50


def main() -> None:
    options = arguments()
    workspace = Workspace("faces", options.out, options.quick, options.seed, lambda text: print(text, flush=True))
    prepare(options.fer, options.out / "data" / FILE)
    # Both: a TFD in the user's own cache would be found first, and no FER2013 face is to be left there.
    os.environ |= {"ADVNETS_DATA": str(options.out / "data"), "ADVNETS_CACHE": str(options.out / "cache")}
    surroundings, folds, stages = machine(), open_folds(), recipes(options.steps, options.steps_two)
    found = column(workspace, NAME, folds, stages, options.only)
    print(table_lines(table(found, NAME)))
    if not options.only:
        counts = {part: [len(fold.rows(part)) for fold in folds] for part in ("train", "valid", "test")}
        target = workspace.path(".json") if workspace.quick else result_of(__file__)
        record(target, result(found, counts, stages, surroundings, workspace))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fer", type=Path, help="folder with FER2013's mosaics and labels.npz")
    parser.add_argument("out", type=Path, help="folder outside the repository")
    parser.add_argument("--steps", type=int, help="of the adversarial nets' first stage; by default its recipe's")
    parser.add_argument("--steps-two", type=int, help="of the second stage")
    parser.add_argument("--only", default="", help=f"rows, joined by commas: {', '.join([*PAPER, REAL])}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="seconds: few units, steps and samples")
    options = parser.parse_args()
    options.out, options.only = options.out.resolve(), [each for each in options.only.split(",") if each]
    if options.out.is_relative_to(REPOSITORY):
        parser.error("OUT lies in the repository, where no FER2013 face may be")
    whole = (options.fer / "labels.npz").is_file() and list(options.fer.glob("faces_*.png"))
    if not whole and not (options.out / "data" / FILE).is_file():
        parser.error(f"{options.fer} has no labels.npz or no faces_*.png: give the folder of FER2013's mosaics")
    if unknown := set(options.only) - {*PAPER, REAL}:
        parser.error(f"no rows {', '.join(sorted(unknown))}")
    return options


def prepare(fer: Path, target: Path) -> None:
    """Write FER2013 in TFD's format, unless that was done before."""
    if target.is_file():
        return
    with np.load(fer / "labels.npz", allow_pickle=False) as labels:
        split, first = labels["split"], labels["first_of_duplicates"]
    faces = np.concatenate([faces_of(path) for path in sorted(fer.glob("faces_*.png"))])[: len(split)]
    arrays = {"images": faces[first], "folds": folds_of(split[first])}
    write_whole(target, lambda file: savemat(file, arrays))


def faces_of(mosaic: Path) -> np.ndarray:
    """The faces of a mosaic, row by row: uint8, N x 48 x 48. Blank places at its end are faces here."""
    with Image.open(mosaic) as picture:
        pixels = np.asarray(picture)
    return pixels.reshape(-1, SIDE, ACROSS, SIDE).swapaxes(1, 2).reshape(-1, SIDE, SIDE)


def folds_of(split: np.ndarray) -> np.ndarray:
    """Roles as in TFD, uint8, N x 5: 0 = training (`split` 0), 2 = validation, 3 = test, 1 = neither in this fold."""
    folds = np.zeros((len(split), FOLDS), np.uint8)
    parts = np.array_split(np.random.default_rng(0).permutation(np.flatnonzero(split)), FOLDS)
    folds[split > 0] = 1
    for fold in range(FOLDS):
        folds[parts[fold], fold] = 3
        folds[parts[(fold + 1) % FOLDS], fold] = 2
    return folds


def recipes(steps: int | None, steps_two: int | None) -> list[Recipe]:
    """Both stages; where one is shortened, their runs have names of their own."""
    one, two = table1_faces.recipes()
    lengths = [steps or one.steps, steps_two or two.steps]
    if lengths == [one.steps, two.steps]:
        return [one, two]
    names = [f"{one.name}-{lengths[0]}", f"{two.name}-{lengths[0]}-{lengths[1]}"]
    return [each.replace(name=name, steps=n) for each, name, n in zip((one, two), names, lengths, strict=True)]


def result(
    found: dict[str, Scores],
    counts: dict[str, list[int]],
    stages: list[Recipe],
    surroundings: dict[str, Any],
    workspace: Workspace,
) -> dict[str, Any]:
    return {
        "machine": surroundings,
        "data": NAME,
        "faces": counts,
        "quick": workspace.quick,
        "seed": workspace.seed,
        "steps": {stage: recipe.steps for stage, recipe in zip(STAGES, stages, strict=True)},
        "rows": {model: {"paper, TFD": PAPER.get(model), **scores.facts()} for model, scores in found.items()},
    }


def page(result: dict[str, Any]) -> str:
    """The table and what has to be known to read it."""
    train, tests = result["faces"]["train"][0], result["faces"]["test"]
    steps = ", then ".join(f"{count:,} steps of `{name}`" for name, count in result["steps"].items())
    text = (
        f"{NAME} in the place of TFD: {train:,} faces to train on, five folds of {min(tests):,} to {max(tests):,} test"
        " faces. Nats, with the standard error over folds; sigma is chosen in each fold. Adversarial nets:"
        f" {steps}. The paper's figures are of TFD and compare with none of ours; real faces show what these faces"
        " allow."
    )
    kept = [field.name for field in dataclasses.fields(Scores) if field.name != "shown"]
    found = {model: Scores(**{name: row[name] for name in kept}) for model, row in result["rows"].items()}
    return f"{text}\n\n{table_lines(table(found, NAME))}"


if __name__ == "__main__":
    try:
        main()
    except AdvnetsError as error:
        sys.exit(f"faces.py: {error}")
