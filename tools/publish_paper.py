"""Copy the exhibits that `advnets paper all --out OUT` made into docs/paper: `python docs/publish_paper.py OUT`.

Texts, figures and pictures are copied as they are, but for three things: CIFAR-10's images state no licence, so that
the column of training examples is cut off Figure 2's panels c and d; and pictures of TFD stay where they are, for its
faces are not to be shown, nor what is trained on them. Table 1 ends with what was measured beside it. With --olivetti
FILE (olivettifaces.mat) panel b of another set of faces is made: both stages of the reduced TFD recipes on the
Olivetti faces (AT&T Laboratories Cambridge), for a few thousand steps, in OUT/olivetti. It stays where a later OUT is
copied without.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

import advnets
from advnets import figures
from advnets.config.recipe import Recipe
from advnets.data import open_data
from advnets.errors import AdvnetsError, RunError
from advnets.paper.fig2 import COLUMNS, draw, nearness
from advnets.paper.table1.faces import recipes
from advnets.runs.run import Run

HERE = Path(__file__).parent / "paper"
STEPS = (6_000, 3_000)
SAMPLES = 500
KINDS = ("*.md", "*.json", "*.png", "*.gif", "*.mp4", "*.webm")
NOT_TO_SHOW = ("fig2-b.png", "table1-tfd-*.png")
WITHOUT_LICENCE = ("fig2-c.png", "fig2-d.png")
OLIVETTI = "fig2-b-olivetti.png"
_PADDING = 2  # of figures.neighbors

CUT = (
    "\n\nOn this page the last column of panels c and d is cut off: CIFAR-10 states no licence under which its images"
    " could be shown. The command shows it to whoever has the data."
)
BESIDE = """

## Beside this page

The column of faces was made of FER2013, which are other faces: [its figures](../../benchmarks/results/faces.md). The
row of ours has other figures with other seeds, and without its average of G's weights:
[all of them](../explanation/measures.md#real-images-own-figure-another-game)."""
FACES = """

## b) other faces

![Olivetti faces: fair draws and nearest training faces]({picture})

*`paper-tfd-small` and `paper-tfd-stage-two-small` on {train} of the 400 Olivetti faces (AT&T Laboratories Cambridge)
instead of TFD's 98,058, {one:,} and {two:,} steps. The median distance of {count} samples to the nearest training face
is {ratio:.2f} of that of {test} test faces; {copies} of them lie nearer than all but 1 % of those. Two samples are, on
average, {apart:.2f} as far apart as two test faces: below 1 they are more alike than faces are.*

![Stage one: costs, D's outputs and the bound on JSD]({picture_one})

![Stage two: the same]({picture_two})"""


def main() -> None:
    """Copy, cut, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--olivetti", type=Path)
    args = parser.parse_args()
    if not list(args.out.glob("*.md")):
        parser.error(f"{args.out} has no exhibits: advnets paper all --out {args.out}")
    if args.olivetti is not None and not args.olivetti.is_file():
        parser.error(f"{args.olivetti}: no such file; give olivettifaces.mat")
    if args.olivetti is not None:  # first, for it can fail: the texts stay as they were then
        faces(args.olivetti, args.out / "olivetti")
    copy(args.out, HERE)
    said = CUT if any((HERE / name).exists() for name in WITHOUT_LICENCE) else ""
    if (facts := (HERE / OLIVETTI).with_suffix(".json")).exists():
        said += FACES.format(**json.loads(facts.read_text("utf-8")))
    for name, added in (("fig2.md", said), ("table1.md", BESIDE)):
        if (args.out / name).exists() and added:  # copied just now, without what is added here
            text = (HERE / name).read_text("utf-8").rstrip()
            (HERE / name).write_text(f"{text}{added}\n", "utf-8")


def copy(out: Path, here: Path) -> None:
    """Copy what may be shown from `out` to `here`; a text names a picture that may not, instead of showing it.

    What `here` has of the exhibits in `out` and these have no more is removed.
    """
    here.mkdir(exist_ok=True)
    exhibits = {text.stem for folder in (out, here) for text in folder.glob("*.md")}
    for path in (path for kind in KINDS for path in here.glob(kind)):
        # fig1-mixture is an exhibit of its own, and no part of fig1
        of = max((name for name in exhibits if f"{path.stem}-".startswith(f"{name}-")), key=len, default="")
        made = (out / f"{of}.md").exists() and not path.name.startswith(Path(OLIVETTI).stem)
        if made and not (out / path.name).exists():
            path.unlink()
    hidden = {path.name for kind in NOT_TO_SHOW for path in out.glob(kind)}
    for path in sorted(path for kind in KINDS for path in out.glob(kind) if path.name not in hidden):
        if path.name in WITHOUT_LICENCE:
            cut(path, here / path.name)
        elif path.suffix == ".md":
            text = path.read_text("utf-8")
            for name in hidden:
                shown = rf"!\[([^]]*)\]\({re.escape(name)}\)(\n\n\*\1\*)?"  # with its caption
                text = re.sub(shown, "(These faces are not to be shown.)", text)
            (here / path.name).write_text(text, "utf-8")
        else:
            shutil.copy(path, here / path.name)


def cut(source: Path, target: Path) -> None:
    """A picture of `figures.neighbors` without its last column."""
    with Image.open(source) as picture:
        across = COLUMNS + 1
        side = (picture.width - (across + 3) * _PADDING) // across
        kept = COLUMNS * side + (COLUMNS + 1) * _PADDING
        picture.crop((0, 0, kept, picture.height)).save(target)


def faces(file: Path, out: Path) -> None:
    """Both stages on the Olivetti faces, then fair draws and their nearest training faces."""
    from scipy.io import loadmat

    out.mkdir(parents=True, exist_ok=True)
    data = out / "olivetti.npy"
    np.save(data, loadmat(file)["faces"].T.reshape(-1, 64, 64).transpose(0, 2, 1))
    one, two = recipes()
    first = trained(shortened(one, data, STEPS[0]), out / "one")
    stacked = dataclasses.replace(two.generator, pretrained=str(first.path.absolute()))
    run = trained(shortened(two, data, STEPS[1]).replace(generator=stacked), out / "two")
    table = open_data(run.recipe)
    draw(run, table, HERE / OLIVETTI, run.recipe.seed)
    courses = {f"picture_{name}": OLIVETTI.replace(".png", f"-curves-{name}.png") for name in ("one", "two")}
    for each, name in zip((first, run), courses.values(), strict=True):
        figures.curves(each.metrics, HERE / name)
    counts = {split: len(table.rows(split)) for split in ("train", "test")}
    drawn, test = run.sample(SAMPLES, run.recipe.seed + 1), table.values[table.rows("test")]
    facts = {
        "picture": OLIVETTI, **courses, "one": first.step, "two": run.step, **counts,
        **nearness(run, table, SAMPLES, run.recipe.seed + 1), "apart": spread(drawn) / spread(test),
    }  # fmt: skip
    (HERE / OLIVETTI).with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def spread(images: npt.ArrayLike) -> float:
    """The mean distance between two of the images, in pixels."""
    return float(torch.pdist(torch.tensor(np.asarray(images, np.float32)).flatten(1)).mean())


def shortened(recipe: Recipe, data: Path, steps: int) -> Recipe:
    """The recipe on other faces, gray, 48 x 48."""
    return recipe.replace(
        data=str(data), size=48, channels=1, steps=steps, log_every=500, sample_every=0, checkpoint_every=1000
    )


def trained(recipe: Recipe, path: Path) -> Run:
    """Its finished run, taken up where it was; a RunError where it was stopped before its end."""
    if not (path / "run.json").exists():
        run = advnets.train(recipe, run=path)
    else:
        run = advnets.load(path)
        run = run if run.step >= recipe.steps else advnets.resume(path)
    if run.step < recipe.steps:
        raise RunError(f"{path} stopped at step {run.step:,}", "give the same command again to go on")
    return run


if __name__ == "__main__":
    try:
        main()
    except AdvnetsError as error:
        sys.exit(f"publish_paper.py: {error}")
