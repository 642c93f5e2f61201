"""Publish the exhibits that `advnets paper all --out OUT` made in docs/paper: `python tools/publish_paper.py OUT`.

Values are taken over as they are, texts are written anew from them, pictures are made smaller: plots get a palette, the
animation half of its frames at two thirds of its size. Three things are not shown: CIFAR-10's images state no
licence, so that the column of training examples is cut off Figure 2's panels c and d; and pictures of TFD stay where
they are, for its faces are not to be shown, nor what is trained on them. Table 1 ends with what was measured beside it.
With --olivetti FILE (olivettifaces.mat) panel b of another set of faces is made: both stages of the reduced TFD recipes
on the Olivetti faces (AT&T Laboratories Cambridge), for a few thousand steps, in OUT/olivetti. It stays where a later
OUT is published without.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
from collections.abc import Collection
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
from advnets.figures.animation import gif
from advnets.files import write_whole
from advnets.paper import EXHIBITS
from advnets.paper.exhibit import Exhibit, Heading, Part, Picture, read, to_json
from advnets.paper.fig2 import COLUMNS, draw, nearness
from advnets.paper.markdown import page_of, text_of
from advnets.paper.table1.faces import recipes
from advnets.runs.run import Run

HERE = Path(__file__).parents[1] / "docs" / "paper"
STEPS = (6_000, 3_000)
SAMPLES = 500
KINDS = ("*.md", "*.json", "*.png", "*.gif", "*.mp4", "*.webm")
PICTURES = KINDS[2:]
NOT_TO_SHOW = ("fig2-b.png", "table1-tfd-*.png")
WITHOUT_LICENCE = ("fig2-c.png", "fig2-d.png")
OLIVETTI = "fig2-b-olivetti.png"
_PADDING = 2  # of figures.neighbors
_COLORS = 128
_EVERY, _SCALE = 2, 2 / 3  # of the animation's frames

CUT = (
    "On this page the last column of panels c and d is cut off: CIFAR-10 states no licence under which its images"
    " could be shown. The command shows it to whoever has the data."
)
BESIDE = (
    Heading("Beside this page"),
    "The column of faces was made of FER2013, which are other faces:"
    " [its figures](../../benchmarks/README.md#table-1s-column-of-faces-on-fer2013). The row of ours has other figures"
    " with other seeds, and without its average of G's weights: [all of"
    " them](../explanation/measures.md#real-images-own-figure-another-game).",
)
FACES = (
    Heading("b) other faces"),
    "![Olivetti faces: fair draws and nearest training faces]({picture})",
    "*`paper-tfd-small` and `paper-tfd-stage-two-small` on {train} of the 400 Olivetti faces (AT&T Laboratories"
    " Cambridge) instead of TFD's 98,058, {one:,} and {two:,} steps. The median distance of {count} samples to the"
    " nearest training face is {ratio:.2f} of that of {test} test faces; {copies} of them lie nearer than all but 1 %"
    " of those. Two samples are, on average, {apart:.2f} as far apart as two test faces: below 1 they are more alike"
    " than faces are.*",
    "![Stage one: costs, D's outputs and the bound on JSD]({picture_one})",
    "![Stage two: the same]({picture_two})",
)


def main() -> None:
    """Publish, cut, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--olivetti", type=Path)
    args = parser.parse_args()
    if not names_in(args.out):
        parser.error(f"{args.out} has no exhibits: advnets paper all --out {args.out}")
    if args.olivetti is not None and not args.olivetti.is_file():
        parser.error(f"{args.olivetti}: no such file; give olivettifaces.mat")
    if args.olivetti is not None:  # first, for it can fail: the texts stay as they were then
        faces(args.olivetti, args.out / "olivetti")
    publish(args.out, HERE)


def names_in(folder: Path) -> list[str]:
    """The exhibits that lie in a folder, those of chosen data included (fig1-mixture)."""
    return sorted(path.stem for path in folder.glob("*.json") if path.with_suffix(".md").exists())


def publish(out: Path, here: Path) -> None:
    """Bring what may be shown from `out` to `here`, and write the page of all that is there.

    What `here` has of the exhibits in `out` and these have no more is removed.
    """
    here.mkdir(exist_ok=True)
    remove_old(out, here)
    hidden = {path.name for kind in NOT_TO_SHOW for path in out.glob(kind)}
    for path in sorted(path for kind in PICTURES for path in out.glob(kind) if path.name not in hidden):
        smaller(path, here / path.name, cut=path.name in WITHOUT_LICENCE)
    for name in names_in(out):
        exhibit, made = read(out / f"{name}.json")
        shown = shortened_to(exhibit, name, hidden, here)
        write_whole(here / f"{name}.json", to_json(shown, made).encode())
        write_whole(here / f"{name}.md", text_of(shown, made).encode())
    known = {name: read(here / f"{name}.json") for name in EXHIBITS if (here / f"{name}.json").exists()}
    page = page_of({name: each for name, (each, _) in known.items()}, any(made.quick for _, made in known.values()))
    write_whole(here / "README.md", page.encode())


def remove_old(out: Path, here: Path) -> None:
    """Remove files of exhibits in `out` that these have no more."""
    exhibits = {*names_in(out), *names_in(here)}
    for path in (path for kind in KINDS for path in here.glob(kind)):
        # fig1-mixture is an exhibit of its own, and no part of fig1
        of = max((name for name in exhibits if f"{path.stem}-".startswith(f"{name}-")), key=len, default="")
        made = (out / f"{of}.json").exists() and not path.name.startswith(Path(OLIVETTI).stem)
        if made and not (out / path.name).exists():
            path.unlink()


def shortened_to(exhibit: Exhibit, name: str, hidden: Collection[str], here: Path) -> Exhibit:
    """The exhibit without pictures that may not be shown, and with what is said beside it."""
    body = [
        "(These faces are not to be shown.)" if isinstance(part, Picture) and part.file in hidden else part
        for part in exhibit.body
    ]
    return dataclasses.replace(exhibit, body=[*body, *added(name, here)])


def added(name: str, here: Path) -> list[Part]:
    """What is said at the end of an exhibit, on this page alone."""
    if name == "table1":
        return list(BESIDE)
    if name != "fig2":
        return []
    cut: list[Part] = [CUT] if any((here / each).exists() for each in WITHOUT_LICENCE) else []
    if not (facts := (here / OLIVETTI).with_suffix(".json")).exists():
        return cut
    known = json.loads(facts.read_text("utf-8"))
    return [*cut, *(part.format(**known) if isinstance(part, str) else part for part in FACES)]


def smaller(source: Path, target: Path, cut: bool = False) -> None:
    """Copy a picture, smaller where nobody sees it.

    Args:
        source: the picture.
        target: where to.
        cut: without the last column of `figures.neighbors`.
    """
    if source.suffix == ".gif":
        fewer_frames(source, target)
    elif source.suffix != ".png":
        shutil.copy(source, target)
    else:
        with Image.open(source) as picture:
            kept = without_last_column(picture) if cut else picture
            if picture.mode == "RGBA":  # a plot: samples are gray or RGB, and stay as they are
                colors = kept.convert("RGB")
                kept = colors.quantize(_COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            kept.load()  # the target may be the source
        kept.save(target, optimize=True)


def fewer_frames(source: Path, target: Path) -> None:
    """An animation with every other frame, each as long as two, at a smaller size."""
    frames: list[npt.NDArray[np.uint8]] = []
    stays: list[int] = []
    with Image.open(source) as film:
        size = tuple(round(side * _SCALE) for side in film.size)
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            if number % _EVERY == 0:
                frames.append(np.asarray(film.convert("RGB").resize(size, Image.Resampling.LANCZOS)))
                stays.append(0)
            stays[-1] += film.info["duration"]
    gif(frames, target, stays)


def without_last_column(picture: Image.Image) -> Image.Image:
    """A picture of `figures.neighbors` without the training examples."""
    across = COLUMNS + 1
    side = (picture.width - (across + 3) * _PADDING) // across
    return picture.crop((0, 0, COLUMNS * side + (COLUMNS + 1) * _PADDING, picture.height))


def faces(file: Path, out: Path) -> None:
    """Both stages on the Olivetti faces, then fair draws and their nearest training faces."""
    from scipy.io import loadmat

    out.mkdir(parents=True, exist_ok=True)
    data = out / "olivetti.npy"
    np.save(data, loadmat(file)["faces"].T.reshape(-1, 64, 64).transpose(0, 2, 1))
    one, two = recipes()
    first = trained(on_faces(one, data, STEPS[0]), out / "one")
    stacked = {"generator.pretrained": str(first.path.absolute())}
    run = trained(on_faces(two, data, STEPS[1]).replace(**stacked), out / "two")
    table = open_data(run.recipe)
    draw(run, table, HERE / OLIVETTI, run.recipe.seed)
    curves = {f"picture_{name}": OLIVETTI.replace(".png", f"-curves-{name}.png") for name in ("one", "two")}
    for each, name in zip((first, run), curves.values(), strict=True):
        figures.curves(each.metrics, out / name)
        smaller(out / name, HERE / name)
    counts = {split: table.count(split) for split in ("train", "test")}
    drawn, test = run.sample(SAMPLES, run.recipe.seed + 1), table.reals("test")
    facts = {
        "picture": OLIVETTI, **curves, "one": first.step, "two": run.step, **counts,
        **nearness(run, table, SAMPLES, run.recipe.seed + 1), "apart": spread(drawn) / spread(test),
    }  # fmt: skip
    (HERE / OLIVETTI).with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


def spread(images: npt.ArrayLike) -> float:
    """The mean distance between two of the images, in pixels."""
    return float(torch.pdist(torch.tensor(np.asarray(images, np.float32)).flatten(1)).mean())


def on_faces(recipe: Recipe, data: Path, steps: int) -> Recipe:
    """The recipe on other faces, gray, 48 x 48, and shorter."""
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
