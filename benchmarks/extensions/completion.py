"""p(x_S | the rest) on digits and emoji: how real completions are, how different, and whether they keep the class.

    python benchmarks/extensions/cells.py completion

Digits: the recipe `mnist-completion` with several seeds, and the same net, steps, rate and masks with the squared error
alone; how the direct cost of G bears on it, at one seed; and what needs no net: the mean digit, and the training digit
that is nearest on what is observed. Emoji: `images --game.kind completion` on the array `x` of the file that
$ADVNETS_EMOJI names, or on the 600 of tests/data, beside the nearest training emoji and the mean one. Held-out images
throughout.

Every second test digit is completed once, with masks in the four manners that leave something of a gray digit, and held
beside the others: Frechet in the features of the classifier. The joint distance asks whether completions belong to what
is observed, too: Frechet of the features of both, beside those of the digits themselves (DeVries et al. 2019).
Differences are measured on 500 digits with 8 completions.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets import figures
from advnets.config.load import load_recipe
from advnets.data import HELD_OUT, ImageTable, open_table
from advnets.games.build import build_game
from advnets.games.masks import draw_masks
from advnets.measures.features import Extractor, extractor_for
from advnets.measures.frechet import GaussianStatistics, frechet_distance
from advnets.measures.intervals import wilson
from advnets.randomness import StepNoise, Stream
from advnets.runs.completing import complete
from advnets.runs.networks import initial_networks
from advnets.runs.sampling import Sampler
from advnets.training.batches import Batches, Data
from advnets.training.player import Player
from benchmarks import squeezenet
from benchmarks.extensions.cells import Cell, processor_seconds, trained

Bytes = NDArray[np.uint8]
Missing = NDArray[np.bool_]
Fill = Callable[[Bytes, Missing, int], Bytes]
"""(images N x C x H x W, what is missing, completions of each) -> N x count x C x H x W."""

RECIPE = "mnist-completion"
SEEDS = (0, 1, 2)
DIGITS, SPREAD, TIMES = 5000, 500, 8
MANNERS = {"boxes": 1.0, "halves": 1.0, "pixels": 1.0, "strokes": 1.0}
EMOJI = Path(os.environ.get("ADVNETS_EMOJI", Path(__file__).parents[2] / "tests" / "data" / "emoji.npz"))
SHORT = 3000
EMOJI_STEPS = 1500
COSTS: dict[str, dict[str, Any]] = {"short": {}, "no-direct": {"reconstruction": 0.0}, "error-of-one": {"averaged": 1}}
"""Other direct costs, in short trainings: the recipe's own, none, and the plain error of each completion."""

CELLS = [
    Cell("reals", "reals"),
    *(Cell(f"adversarial-{seed}", "adversarial", {"seed": seed}) for seed in SEEDS),
    *(Cell(f"least-squares-{seed}", "least_squares", {"seed": seed}) for seed in SEEDS),
    *(Cell(name, "adversarial", {"seed": 0, "steps": SHORT, **changes}) for name, changes in COSTS.items()),
    Cell("mean", "mean_digit"),
    Cell("nearest", "nearest_digit"),
    Cell("emoji", "emoji"),
]


# --- what is measured ---


@functools.cache
def digits() -> ImageTable:
    """MNIST."""
    return open_table("mnist", progress=False)


@functools.cache
def classifier() -> Extractor:
    """Of its training digits."""
    return extractor_for("classifier", digits())  # type: ignore[return-value]  # it is one


def held_out() -> tuple[Bytes, NDArray[np.int64], Bytes]:
    """The test digits that are completed, their classes, and those that completions are held beside."""
    table, rows = digits(), digits().rows("test")
    assert table.labels is not None
    return table.values[rows[::2]], table.labels[rows[::2]], table.values[rows[1::2]]


def masks(manners: dict[str, float], shape: tuple[int, int, int], count: int) -> Missing:
    """What is missing of so many images, always the same."""
    noise = StepNoise(20, 0, Stream.SAMPLES, 0, count, count, torch.device("cpu"))
    return draw_masks(manners, shape, noise).numpy() < 0.5


def features(images: Bytes) -> NDArray[np.float32]:
    """The classifier's."""
    parts = range(0, len(images), 500)
    return np.concatenate([classifier().extract(np.array(images[first : first + 500])) for first in parts])


def seen_as(found: NDArray[np.float32]) -> NDArray[np.int64]:
    """Classes of images from their features."""
    classify = classifier().classify
    assert classify is not None
    return classify(found).argmax(1)


def measured(fill: Fill) -> dict[str, Any]:
    """Frechet, class kept, and differences, of masks in all manners and of halves alone."""
    images, classes, others = held_out()
    beside, found = GaussianStatistics.of(features(others)), dict[str, Any]()
    for name, manners in (("all", MANNERS), ("halves", {"halves": 1.0})):
        missing = masks(manners, (1, 28, 28), DIGITS)
        completed = features(fill(images, missing, 1)[:, 0])
        observed = features(np.where(missing, 0, images).astype(np.uint8))
        pairs = (GaussianStatistics.of(np.concatenate([observed, each], 1)) for each in (completed, features(images)))
        right = seen_as(completed) == classes
        found[name] = {
            "frechet": frechet_distance(GaussianStatistics.of(completed), beside), "joint": frechet_distance(*pairs),
            "class_kept": float(right.mean()), "interval": wilson(float(right.sum()), DIGITS),
            **differences(fill(images[:SPREAD], missing[:SPREAD], TIMES), images[:SPREAD]),
        }  # fmt: skip
    return found


def differences(completed: Bytes, images: Bytes) -> dict[str, float]:
    """Mean distances, of pixels in [0, 1]: between two completions of an image, and from one to the image itself."""
    several, truth = (each.reshape(*each.shape[:-3], -1) / 255 for each in (completed, images))
    count = several.shape[1]
    pairs = [distance(several[:, one], several[:, other]) for one in range(count) for other in range(one)]
    return {"apart": float(np.mean(pairs)), "from_truth": distance(several, truth[:, None])}


def distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The mean length of the difference of two rows."""
    return float(np.sqrt(((one - other) ** 2).sum(-1)).mean())


# --- what needs no training ---


def reals(folder: Path) -> dict[str, Any]:
    """The same figures of real digits: how far two of them are apart where something is missing."""
    images, classes, others = held_out()
    ours = features(images)
    found: dict[str, Any] = {
        "frechet": frechet_distance(GaussianStatistics.of(ours), GaussianStatistics.of(features(others))),
        "class_kept": float((seen_as(ours) == classes).mean()),
    }
    for name, manners in (("all", MANNERS), ("halves", {"halves": 1.0})):
        missing = masks(manners, (1, 28, 28), DIGITS)[:SPREAD]
        some, rng = images[:SPREAD], np.random.default_rng(0)
        of_class = [rng.choice(np.flatnonzero(classes == each), TIMES, replace=False) for each in classes[:SPREAD]]
        groups = {
            "any": others[rng.permutation(len(others))[: SPREAD * TIMES]].reshape(SPREAD, TIMES, 1, 28, 28),
            "of_class": images[np.stack(of_class)],
            "nearest": nearest(some, missing, TIMES),
        }
        found[name] = {
            f"apart_{group}": differences(np.where(missing[:, None], each, 0), some)["apart"]
            for group, each in groups.items()
        }
    return found


def nearest(images: Bytes, missing: Missing, count: int, known: Bytes | None = None) -> Bytes:
    """Those of known images, by default training digits, that are nearest on what is observed: N x count x C x H x W.

    Args:
        images: N x C x H x W.
        missing: of each; N x C x H x W.
        count: how many, the nearest first.
        known: M x C x H x W.
    """
    known = digits().values[digits().rows("train")] if known is None else known
    rows, found = torch.from_numpy(known.reshape(len(known), -1)).float(), list[NDArray[np.int64]]()
    squares = rows.square()
    for first in range(0, len(images), 250):
        part = slice(first, first + 250)
        seen = torch.from_numpy(~missing[part].reshape(-1, rows.shape[1])).float()
        ours = torch.from_numpy(images[part].reshape(-1, rows.shape[1])).float() * seen
        found.append((seen @ squares.T - 2 * ours @ rows.T).topk(count, largest=False).indices.numpy())
    return known[np.concatenate(found)]


def mean_digit(folder: Path) -> dict[str, Any]:
    """The mean of the training digits wherever something is missing."""
    table = digits()
    mean = table.values[table.rows("train")].mean(0).round().astype(np.uint8)
    return measured(lambda images, missing, count: pasted(mean[None, None].repeat(count, 1), images, missing))


def nearest_digit(folder: Path) -> dict[str, Any]:
    """What the training digits have that are nearest on what is observed: the first, the second and so on."""
    return measured(lambda images, missing, count: pasted(nearest(images, missing, count), images, missing))


def pasted(made: Bytes, images: Bytes, missing: Missing) -> Bytes:
    """What is observed, and what was made elsewhere."""
    return np.where(missing[:, None], made, images[:, None])


# --- what is trained ---


def adversarial(folder: Path, seed: int, **changes: Any) -> dict[str, Any]:
    """The recipe's game."""
    run = trained(RECIPE, folder / "run", seed=seed, sample_every=0, **changes)
    if seed == SEEDS[0] and not changes:
        images = held_out()[0]
        draw(folder / f"{folder.name}.png", images[:12], masks(MANNERS, (1, 28, 28), DIGITS)[:12], run.complete)
    found = measured(lambda images, missing, count: run.complete(images, missing, count))
    return found | {"seconds": processor_seconds(run), "steps": run.step}


def draw(path: Path, images: Bytes, missing: Missing, fill: Fill) -> None:
    """A row an image: as it is, with its hole, and 8 completions."""
    figures.save(figures.completions(images, missing, fill(images, missing, TIMES)), path)


class Still(torch.nn.Module):
    """A generator whose z is always 0."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor, mask: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return self.network(image, mask, torch.zeros_like(z))


def least_squares(folder: Path, seed: int) -> dict[str, Any]:
    """The recipe's generator without z, of the same steps, rate, batches and masks, with the squared error alone."""
    begun = time.process_time()
    recipe, table = load_recipe(RECIPE).replace(seed=seed, reconstruction=0.0), digits()
    data = Data(table.values, table.rows("train"))
    game, spec = build_game(recipe.game), data.spec
    network = initial_networks(recipe, game.seats(spec))["generator"]
    config: Any = recipe.players["generator"]
    player = Player(network, config.optimizer, torch.float32, "generator", config.average)
    value_range: Any = network.output_range
    batches = Batches(data, recipe.batch, seed, torch.device("cpu"), torch.float32, value_range)
    for step in range(recipe.steps):
        batch = batches(step)
        noise = StepNoise(seed, step, Stream.DISCRIMINATOR_NOISE, 0, len(batch), len(batch), torch.device("cpu"))
        made = game.make({"generator": Still(network)}, batch, game.draw(batch, noise)).outputs["image"]
        cost = (made - batch.image).square().mean()
        player.move(torch.autograd.grad(cost, player.parameters), step, recipe.steps)
        player.follow(step + 1)
    assert player.average is not None  # the generator's is what is sampled
    seconds = time.process_time() - begun
    sampler = Sampler(game, {"generator": Still(player.average)}, spec, value_range)
    found = measured(lambda images, missing, count: complete(sampler, images, by_value(images, missing), count, 0))
    return found | {"seconds": seconds, "steps": recipe.steps}


def by_value(images: Bytes, missing: Missing) -> Missing:
    """Masks for each value of images."""
    return np.ascontiguousarray(np.broadcast_to(missing, images.shape))


def emoji(folder: Path) -> dict[str, Any]:
    """Pictures in colors: the held-out ones are completed, and held beside what needs no net."""
    data = np.load(EMOJI)["x"]
    changes = {"game.kind": "completion", "generator.base": 8, "discriminator.base": 16, "reconstruction": 20.0}
    changes |= {"batch": 32}
    run = trained("images", folder / "run", data=data, steps=EMOJI_STEPS, sample_every=0, **changes)
    table = open_table(data, progress=False)
    images, known = (table.values[table.rows(split)] for split in (HELD_OUT, "train"))
    missing = masks({**MANNERS, "channels": 1.0}, images.shape[1:], len(images))
    draw(folder / f"{folder.name}.png", images[:12], missing[:12], run.complete)
    mean = known.mean(0).round().astype(np.uint8)
    ways = {
        "ours": run.complete(images, missing, 1)[:, 0],
        "nearest": pasted(nearest(images, missing, 1, known), images, missing)[:, 0],
        "mean": pasted(mean[None, None], images, missing)[:, 0],
    }
    apart = differences(run.complete(images[:SPREAD], missing[:SPREAD], TIMES), images[:SPREAD])
    sizes = {"images": len(data), "held_out": len(images), "seconds": processor_seconds(run), "steps": run.step}
    return {**sizes, **apart, **{name: beside_truth(made, images) for name, made in ways.items()}}


def beside_truth(made: Bytes, truth: Bytes) -> dict[str, float]:
    """Pixel error; Frechet and feature distance in SqueezeNet's features, where it is at hand."""
    found = {"pixel_error": float(np.abs(made.astype(float) - truth).mean() / 255)}
    if squeezenet.at_hand():
        net = squeezenet.SqueezeNet()
        ours, theirs = (GaussianStatistics.of(net.features(images)) for images in (made, truth))
        found |= {"frechet": frechet_distance(ours, theirs), "feature_distance": net.distance(made, truth)}
    return found


# --- in words ---

NAMES = {
    "adversarial": "adversarial, the recipe", "least-squares": "the same net, least squares",
    "short": f"the recipe, {SHORT:,} steps", "no-direct": f"without its direct cost, {SHORT:,} steps",
    "error-of-one": f"with the error of each completion, {SHORT:,} steps",
    "nearest": "nearest training digits", "mean": "the mean digit",
}  # fmt: skip


def page(result: dict[str, Any]) -> str:
    """The table."""
    cells: dict[str, Any] = {name: cell["found"] for name, cell in result["cells"].items()}
    some, first = cells["reals"], cells["adversarial-0"]
    kept = some["class_kept"]
    lines = [
        f"{DIGITS:,} test digits with boxes, halves, single pixels or strokes missing, beside the other {DIGITS:,}:"
        f" Frechet in the features of the classifier (of the real ones {some['frechet']:.2f}). Joint: of what is"
        " observed and its completion together, beside what is observed and the digit itself. Class kept: the"
        f" share that the classifier sees as the digit's own class (of the real ones {kept:.1%})."
        " Apart: mean distance of two completions of a digit over that of a completion from the digit itself; 1 is what"
        f" draws of the very distribution have. Nets: {len(SEEDS)} seeds, mean +- standard deviation.",
        "",
        "| | Frechet | halves | joint | halves | class kept, halves | apart | halves | minutes |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, title in NAMES.items():
        group = [cells[each] for each in cells if each == name or each.startswith(f"{name}-")]
        lines.append(f"| {title} | " + " | ".join(_row(group)) + " |")
    for name, words in (("all", "of all masks"), ("halves", "of halves")):
        lines += [
            "",
            f"Distance where something is missing, {words}: two completions of a digit {first[name]['apart']:.2f}; two"
            f" real digits of its class {some[name]['apart_of_class']:.2f}, any two {some[name]['apart_any']:.2f}; two"
            f" of the {TIMES} training digits nearest on what is observed {some[name]['apart_nearest']:.2f}.",
        ]
    return "\n".join([*lines, "", *_of_emoji(cells["emoji"])])


def _of_emoji(found: dict[str, Any]) -> list[str]:
    ways = {"ours": "adversarial", "nearest": "nearest training emoji", "mean": "the mean emoji"}
    shown = [name for name in ("frechet", "feature_distance", "pixel_error") if name in found["ours"]]
    return [
        f"{found['held_out']:,} held-out emoji of {found['images']:,}, completed once, channels missing, too, beside"
        f" themselves; {found['steps']:,} steps, {found['seconds'] / 60:.0f} minutes, one seed. Apart:"
        f" {found['apart'] / found['from_truth']:.2f}. Frechet and the feature distance are of SqueezeNet's features.",
        "",
        f"| | {' | '.join(name.replace('_', ' ') for name in shown)} |",
        f"|{'---|' * (len(shown) + 1)}",
        *(f"| {words} | {' | '.join(f'{found[way][each]:.3g}' for each in shown)} |" for way, words in ways.items()),
    ]


def _row(group: Sequence[dict[str, Any]]) -> list[str]:
    figures_of: dict[str, Callable[[dict[str, Any]], float]] = {
        ".2f": lambda each: each["all"]["frechet"],
        "0.2f": lambda each: each["halves"]["frechet"],
        "3.2f": lambda each: each["all"]["joint"],
        "4.2f": lambda each: each["halves"]["joint"],
        ".1%": lambda each: each["halves"]["class_kept"],
        "1.2f": lambda each: each["all"]["apart"] / each["all"]["from_truth"],
        "2.2f": lambda each: each["halves"]["apart"] / each["halves"]["from_truth"],
    }
    found = [_worded([of(each) for each in group], form) for form, of in figures_of.items()]
    took = [each["seconds"] / 60 for each in group if "seconds" in each]
    return [*found, f"{np.mean(took):.0f}" if took else ""]


def _worded(values: Sequence[float], form: str) -> str:
    form = form if form.startswith(".") else form[1:]
    mean = format(np.mean(values), form)
    return mean if len(values) == 1 else f"{mean} +- {format(np.std(values, ddof=1), form)}"
