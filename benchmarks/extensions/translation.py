"""Image to image on data at hand: edges to emoji, digits to another font, super-resolution; beside plain baselines.

    python benchmarks/extensions/cells.py translation   (50 minutes of one core)

Each net is trained and measured in a cell of its own, over seeds; the plain regression net is the same generator with
the cost of pixels alone (its weight is so large that D has no say). Figures are of images held out of the training.
Environment: ADVNETS_EMOJI, an .npz whose `x` are emoji of 32 x 32 on white (by default the 600 of tests/data);
ADVNETS_CIFAR10, the folder cifar-10-batches-bin (by default cifar10, downloaded); ADVNETS_SQUEEZENET, see
benchmarks/squeezenet.py (without it distances are in pixels alone). CIFAR-10 is measured and never shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets import figures
from advnets.data import HELD_OUT, Table, open_again
from advnets.measures import nearest
from advnets.measures.frechet import GaussianStatistics, frechet_distance
from advnets.runs.run import Run
from benchmarks import squeezenet
from benchmarks.extensions.cells import Cell, processor_seconds, trained

Images = NDArray[np.uint8]

EMOJI = Path(__file__).parents[2] / "tests" / "data" / "emoji.npz"
REGRESSION = {"pixels": 1e6, "discriminator.network": {"kind": "patch", "base": 2, "halvings": 2}}
"""What leaves the cost of pixels alone."""
STEPS = {"edges": 4000, "emoji-x2": 2000, "emoji-x4": 3000, "cifar10-x2": 2000, "cifar10-x4": 2500, "digits": 4000}
PIXELS = {"edges": 100.0, "sr": 10.0}
SEEDS = {"edges": 3, "emoji-x4": 3, "digits": 2}
"""How many for ours; else one, and one for the regression nets."""
SETS = ("emoji-x2", "emoji-x4", "cifar10-x2", "cifar10-x4")
_TESTED = 1000  # held-out images that are measured, at most
_SHOWN = 12
_QUIET = {"watch.action": "off", "sample_every": 0, "log_every": 100, "checkpoint_every": 250, "precision": "float32"}
_EDGE = 90  # of the gradient over three colors: above it a pixel is drawn


def emoji() -> Images:
    """N x 32 x 32 x 3, each once."""
    with np.load(os.environ.get("ADVNETS_EMOJI", EMOJI), allow_pickle=False) as known:
        x = known["x"] if "x" in known.files else known["images"]
    x = x if x.shape[-1] == 3 else x.transpose(0, 2, 3, 1)
    return np.unique(x.reshape(len(x), -1), axis=0).reshape(-1, *x.shape[1:])


def edges(images: Images) -> Images:
    """Where colors change: black on white, N x H x W of N x H x W x 3."""
    known = np.pad(images.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    down = known[:, 2:, 1:-1] - known[:, :-2, 1:-1]
    right = known[:, 1:-1, 2:] - known[:, 1:-1, :-2]
    steep = np.sqrt((down**2 + right**2).sum(-1)) > _EDGE
    return np.where(steep, 0, 255).astype(np.uint8)


def edges_to_emoji(folder: Path, seed: int, regression: bool = False) -> dict[str, Any]:
    """A U-Net of edges to emoji, paired."""
    data, sources, x = folder / "emoji.npy", folder / "edges.npy", emoji()
    np.save(data, x)
    np.save(sources, edges(x))
    changes: dict[str, Any] = {"pixels": PIXELS["edges"]} | (REGRESSION if regression else {})
    run = trained(
        "pairs", folder / "run", data, sources=str(sources), steps=STEPS["edges"], seed=seed, flip=True,
        **_QUIET, **{"generator.base": 12}, **_in_game(changes),
    )  # fmt: skip
    table = open_again(run.recipe)
    given, truth = _held_out_pairs(table)
    return _of_run(run) | measured(run.translate(given), truth)


def super_resolution(folder: Path, data: str, factor: int, seed: int, regression: bool = False) -> dict[str, Any]:
    """Details for images shrunk so many times; beside bicubic enlargement, which costs nothing."""
    source = folder / "emoji.npy" if data == "emoji" else Path(os.environ.get("ADVNETS_CIFAR10", "cifar10"))
    if data == "emoji":
        np.save(source, emoji())
    changes: dict[str, Any] = {"pixels": PIXELS["sr"], "factor": factor} | (REGRESSION if regression else {})
    run = trained(
        "super-resolution", folder / "run", str(source), steps=STEPS[f"{data}-x{factor}"], seed=seed, flip=True,
        **_QUIET, **_in_game(changes),
    )  # fmt: skip
    truth = _held_out(open_again(run.recipe))
    small = shrunk(truth, factor)
    found = (
        _of_run(run)
        | measured(made := run.translate(small), truth)
        | {"consistency": apart(shrunk(made, factor), small)}
    )
    if regression:
        plain = bicubic(small, factor)
        found["bicubic"] = measured(plain, truth) | {"consistency": apart(shrunk(plain, factor), small)}
    return found


def digits_to_font(folder: Path, seed: int) -> dict[str, Any]:
    """Handwritten digits to printed ones and back, without partners; classes by the nearest neighbor."""
    fonts, labels = printed_digits()
    data = folder / "fonts.npy"
    np.save(data, fonts)
    run = trained(
        "unpaired", folder / "run", data, sources="mnist", steps=STEPS["digits"], seed=seed,
        **_QUIET, **{"generator.base": 8, "reverse.base": 8, "discriminator.base": 16, "source_discriminator.base": 16},
    )  # fmt: skip
    table = open_again(run.recipe)
    assert table.sources is not None
    from advnets.data import open_table

    mnist = open_table("mnist", progress=False)
    rows = mnist.rows("test")[:_TESTED]
    handwritten, classes = mnist.values[rows], _labels(mnist)[rows]
    font_rows = _some(table.rows(HELD_OUT), _TESTED)
    printed, printed_classes = table.values[font_rows], labels[font_rows]
    train = table.rows("train")
    known = mnist.rows("train")[:5000]
    there, back = run.translate(handwritten), run.translate(printed, reverse=True)
    print_like, hand_like = (table.values[train], labels[train]), (mnist.values[known], _labels(mnist)[known])
    return _of_run(run) | {
        "to print": _kept(there, classes, *print_like) | {"frechet_pixels": frechet_of(there, printed)},
        "to handwriting": _kept(back, printed_classes, *hand_like) | {"frechet_pixels": frechet_of(back, handwritten)},
        "handwriting as it is": _kept(handwritten, classes, *print_like)
        | {"frechet_pixels": frechet_of(handwritten, printed)},
        "nearest print": _kept(_nearest(handwritten, *print_like), classes, *print_like)
        | {"frechet_pixels": frechet_of(_nearest(handwritten, *print_like), printed)},
    }  # fmt: skip


def printed_digits(count: int = 6000) -> tuple[Images, NDArray[np.int64]]:
    """Digits in the fonts that come with matplotlib (DejaVu, STIX), white on black, 28 x 28; and which they are.

    Each in one of eight fonts, of 20 to 24 pixels, moved and turned a little, always the same ones.
    """
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    names = [f"DejaVu{kind}.ttf" for kind in ("Sans", "Sans-Bold", "SansMono", "Serif", "Serif-Bold", "Sans-Oblique")]
    names += ["STIXGeneral.ttf", "STIXGeneralBol.ttf"]
    rng, labels = np.random.default_rng(0), np.arange(count) % 10
    made = np.zeros((count, 28, 28), np.uint8)
    for row, digit in enumerate(labels):
        font = ImageFont.truetype(str(folder / names[rng.integers(len(names))]), int(rng.integers(20, 25)))
        image = Image.new("L", (28, 28))
        place = tuple(13.5 + rng.uniform(-1, 1, 2))
        ImageDraw.Draw(image).text(place, str(digit), fill=255, font=font, anchor="mm")
        made[row] = np.asarray(image.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR))
    return made, labels


def shrunk(images: Images, factor: int) -> Images:
    """Means over boxes."""
    count, channels, height, width = images.shape
    boxes = images.reshape(count, channels, height // factor, factor, width // factor, factor).astype(float)
    return boxes.mean((3, 5)).round().astype(np.uint8)


def bicubic(images: Images, factor: int) -> Images:
    """Enlarged by Pillow."""
    from PIL import Image

    def one(pixels: Images) -> Images:
        image = Image.fromarray(pixels.transpose(1, 2, 0))
        return np.asarray(image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC))

    return np.stack([one(pixels).transpose(2, 0, 1) for pixels in images])


def apart(one: Images, other: Images) -> float:
    """Mean absolute difference, of 255."""
    return float(np.abs(one.astype(float) - other).mean() / 255)


def measured(made: Images, truth: Images) -> dict[str, float]:
    """Pixel error and Frechet distance in pixels; both in SqueezeNet's features, too, where it is at hand."""
    found = {"pixel_error": apart(made, truth), "frechet_pixels": frechet_of(made, truth)}
    if squeezenet.at_hand():
        net = squeezenet.SqueezeNet()
        a, b = (GaussianStatistics.of(net.features(images)) for images in (made, truth))
        found |= {"feature_distance": net.distance(made, truth), "frechet": frechet_distance(a, b)}
    return found


def frechet_of(made: Images, truth: Images) -> float:
    """The Frechet distance of pixels in [0, 1], of images averaged over two by two."""
    a, b = (GaussianStatistics.of(shrunk(images, 2).reshape(len(images), -1)) for images in (made, truth))
    return frechet_distance(a, b)


def _in_game(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {f"game.{name}": each for name, each in changes.items()}


def _of_run(run: Run) -> dict[str, Any]:
    return {"steps": run.step, "seconds": processor_seconds(run)}


def _some(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    count = min(count, len(rows))
    return rows[np.arange(count) * len(rows) // count]


def _held_out(table: Table) -> Images:
    return np.asarray(table.values[_some(table.rows(HELD_OUT), _TESTED)])


def _held_out_pairs(table: Table) -> tuple[Images, Images]:
    rows = _some(table.rows(HELD_OUT), _TESTED)
    assert table.sources is not None
    assert table.sources.partners is not None
    return np.asarray(table.sources.values[table.sources.partners[rows]]), np.asarray(table.values[rows])


def _labels(table: Table) -> NDArray[np.int64]:
    assert table.labels is not None
    return table.labels


def _nearest(images: Images, known: Images, labels: NDArray[np.int64]) -> Images:
    """Of each image the nearest of others."""
    return known[nearest(images, known)[0][:, 0]]


def _kept(images: Images, classes: NDArray[np.int64], known: Images, labels: NDArray[np.int64]) -> dict[str, float]:
    """The share of images whose nearest neighbor among others is of the class that they are to be."""
    return {"class_kept": float((labels[nearest(images, known)[0][:, 0]] == classes).mean())}


def drawn(folder: Path, kind: str) -> dict[str, Any]:
    """A picture of held-out images, evenly spaced among them: a row each for source, baselines, ours and truth."""
    import advnets

    if kind == "edges":
        regression, ours = (advnets.load(folder.parent / f"edges-{name}-0" / "run") for name in ("regression", "ours"))
        given, truth = (
            images[_some(np.arange(len(images)), _SHOWN)] for images in _held_out_pairs(open_again(ours.recipe))
        )
        rows = [_colored(given), regression.translate(given), ours.translate(given), truth]
    elif kind == "digits":
        run = advnets.load(folder.parent / "digits-0" / "run")
        table = open_again(run.recipe)
        assert table.sources is not None
        hand, printed = table.sources.values[_some(table.sources.held_out, 2 * _SHOWN)], _held_out(table)[: 2 * _SHOWN]
        rows = [hand, run.translate(hand), printed, run.translate(printed, reverse=True)]
    else:
        factor = int(kind[-1])
        regression, ours = (advnets.load(folder.parent / f"{kind}-{name}-0" / "run") for name in ("regression", "ours"))
        held_out = _held_out(open_again(ours.recipe))
        truth = held_out[_some(np.arange(len(held_out)), _SHOWN)]
        small = shrunk(truth, factor)
        wide = small.repeat(factor, 2).repeat(factor, 3)
        rows = [wide, bicubic(small, factor), regression.translate(small), ours.translate(small), truth]
    picture = figures.grid(np.concatenate([np.asarray(row, np.uint8) for row in rows]), columns=len(rows[0]))
    figures.save(picture, folder / f"{kind}.png")
    return {"rows": len(rows), "columns": len(rows[0])}


def _colored(images: Images) -> Images:
    return images.repeat(3 // images.shape[1], 1)


def _cells() -> Iterator[Cell]:
    for task in ("edges", *SETS):
        for name, count in (("ours", SEEDS.get(task, 1)), ("regression", 1)):
            for seed in range(count):
                values: dict[str, Any] = {"seed": seed, "regression": name == "regression"}
                if task != "edges":
                    data, factor = task.split("-x")
                    values |= {"data": data, "factor": int(factor)}
                yield Cell(f"{task}-{name}-{seed}", "edges_to_emoji" if task == "edges" else "super_resolution", values)
    for seed in range(SEEDS["digits"]):
        yield Cell(f"digits-{seed}", "digits_to_font", {"seed": seed})
    for kind in ("edges", *SETS[:2]):
        yield Cell(f"picture-{kind}", "drawn", {"kind": kind}, (f"{kind}-ours-0", f"{kind}-regression-0"))
    yield Cell("picture-digits", "drawn", {"kind": "digits"}, ("digits-0",))


CELLS = list(_cells())


def page(result: dict[str, Any]) -> str:
    """Three tables."""
    found = {name: cell["found"] for name, cell in result["cells"].items()}
    return "\n\n".join([_page_of_pairs(found), _page_of_sr(found), _page_of_digits(found)])


_FIGURES = {
    "frechet": "Frechet, SqueezeNet", "frechet_pixels": "Frechet, pixels", "feature_distance": "feature distance",
    "pixel_error": "pixel error", "consistency": "off the source",
}  # fmt: skip


def _row(name: str, seeds: list[Mapping[str, Any]], shown: list[str], seconds: bool = True) -> str:
    cells: list[str] = []
    for figure in shown:
        values = np.array([each[figure] for each in seeds if figure in each])
        cells.append(_said(values) if len(values) else "")
    took = f"{np.mean([each['seconds'] for each in seeds]):.0f} s" if seconds else ""
    return f"| {name} | {' | '.join(cells)} | {len(seeds) if seconds else ''} | {took} |"


def _said(values: NDArray[np.float64]) -> str:
    """Mean, and standard deviation over seeds where there are several."""
    return f"{values.mean():.3g}" + (f" ± {values.std(ddof=1):.1g}" if len(values) > 1 else "")


def _head(first: str, shown: list[str]) -> list[str]:
    names = [first, *(_FIGURES[each] for each in shown), "seeds", "time"]
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]


def _of(found: Mapping[str, Any], start: str) -> list[Mapping[str, Any]]:
    return [each for name, each in found.items() if name.startswith(f"{start}-") and name.rsplit("-", 1)[0] == start]


def _page_of_pairs(found: Mapping[str, Any]) -> str:
    shown = ["frechet", "frechet_pixels", "feature_distance", "pixel_error"]
    rows = [_row(words, _of(found, f"edges-{name}"), shown) for name, words in _NETS.items()]
    return "\n".join(["Edges to emoji, pairs, held-out images.", "", *_head("net", shown), *rows])


_NETS = {"regression": "the same net, pixels alone", "ours": "ours"}


def _page_of_sr(found: Mapping[str, Any]) -> str:
    shown = ["frechet", "frechet_pixels", "feature_distance", "pixel_error", "consistency"]
    lines = ["Super-resolution to 32 x 32, held-out images. Off the source: what is made, shrunk, beside it.", ""]
    lines += _head("data and net", shown)
    for each in SETS:
        known = _of(found, f"{each}-regression")
        lines.append(_row(f"{each}, bicubic", [one["bicubic"] for one in known[:1]], shown, seconds=False))
        lines += [_row(f"{each}, {words}", _of(found, f"{each}-{name}"), shown) for name, words in _NETS.items()]
    return "\n".join(lines)


def _page_of_digits(found: Mapping[str, Any]) -> str:
    seeds = _of(found, "digits")
    lines = ["MNIST to printed digits and back, without pairs: class by the nearest neighbor among real ones.", ""]
    lines += ["| | class kept | Frechet, pixels | seeds | time |", "|---|---|---|---|---|"]
    for name in ("handwriting as it is", "nearest print", "to print", "to handwriting"):
        net = name.startswith("to ")
        parts = [each[name] for each in (seeds if net else seeds[:1])]
        values = [_said(np.array([part[figure] for part in parts])) for figure in ("class_kept", "frechet_pixels")]
        took = f"{np.mean([each['seconds'] for each in seeds]):.0f} s" if net else ""
        lines.append(f"| {name} | {' | '.join(values)} | {len(parts) if net else ''} | {took} |")
    return "\n".join(lines)
