"""Copy the exhibits that `advnets paper all --out OUT` made into docs/paper: `python docs/publish_paper.py OUT`.

Texts, figures and pictures are copied as they are, but for two things: CIFAR-10's images state no licence, so that the
column of training examples is cut off Figure 2's panels c and d; and pictures of TFD stay where they are, for its faces
are not to be shown, nor what is trained on them. With --olivetti FILE (olivettifaces.mat) panel b of another set of
faces is made: both stages of the reduced TFD recipes on the 400 Olivetti faces (AT&T Laboratories Cambridge), for a few
thousand steps, in OUT/olivetti.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

import advnets
from advnets import figures
from advnets.api import open_data
from advnets.data import ImageTable
from advnets.measures import nearest
from advnets.paper.fig2 import COLUMNS, ROWS
from advnets.paper.table1_faces import recipes
from advnets.recipe import Recipe
from advnets.training.run import Run

HERE = Path(__file__).parent / "paper"
STEPS = (6_000, 3_000)
KINDS = ("*.md", "*.json", "*.png", "*.gif", "*.mp4", "*.webm")
NOT_TO_SHOW = ("fig2-b.png", "table1-tfd-*.png")
WITHOUT_LICENCE = ("fig2-c.png", "fig2-d.png")
OLIVETTI = "fig2-b-olivetti.png"
_PADDING = 2  # of figures.neighbors

CUT = (
    "\n\nOn this page the last column of panels c and d is cut off: CIFAR-10 states no licence under which its images"
    " could be shown. The command shows it to whoever has the data."
)
FACES = (
    "\n\n## b) other faces\n\n![Olivetti faces: fair draws and nearest training faces]({picture})\n\n*`paper-tfd-small`"
    " and `paper-tfd-stage-two-small` on the 400 Olivetti faces (AT&T Laboratories Cambridge) instead of TFD's 98,058,"
    " {one:,} and {two:,} steps: faces, but smooth and much alike; the framed neighbors are no copies.*"
)


def main() -> None:
    """Copy, cut, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--olivetti", type=Path)
    args = parser.parse_args()
    if not list(args.out.glob("*.md")):
        parser.error(f"{args.out} has no exhibits: advnets paper all --out {args.out}")
    copy(args.out, HERE)
    said = CUT if any((HERE / name).exists() for name in WITHOUT_LICENCE) else ""
    if args.olivetti is not None:
        faces(args.olivetti, args.out / "olivetti")
    if (HERE / OLIVETTI).exists():
        said += FACES.format(picture=OLIVETTI, one=STEPS[0], two=STEPS[1])
    text = HERE / "fig2.md"
    if (args.out / text.name).exists() and said:  # copied just now, without what is added here
        text.write_text(text.read_text("utf-8").rstrip() + said + "\n", "utf-8")


def copy(out: Path, here: Path) -> None:
    """Copy what may be shown from `out` to `here`; a text names a picture that may not, instead of showing it."""
    here.mkdir(exist_ok=True)
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
    assert isinstance(table, ImageTable)
    train = table.images[table.rows("train")]
    samples = np.asarray(run.sample(ROWS * COLUMNS), np.uint8)
    picture = figures.neighbors(samples, train, nearest(samples, train)[0][:, 0], COLUMNS, _PADDING)
    figures.save(picture, HERE / OLIVETTI, run.step)


def shortened(recipe: Recipe, data: Path, steps: int) -> Recipe:
    """The recipe on other faces, gray, 48 x 48."""
    return recipe.replace(
        data=str(data), size=48, channels=1, steps=steps, log_every=500, sample_every=0, checkpoint_every=1000
    )


def trained(recipe: Recipe, path: Path) -> Run:
    """Its finished run, taken up where it was."""
    if not (path / "run.json").exists():
        return advnets.train(recipe, run=path)
    run = advnets.load(path)
    return run if run.step >= recipe.steps else advnets.resume(path)


if __name__ == "__main__":
    main()
