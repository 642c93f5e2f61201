"""Conditions further: few labels, an auxiliary classifier, attributes of numbers; digits and photographs.

    python benchmarks/extensions/cells.py conditional_further [--processes 2]

Four tables. Small: scikit-learn's digits of 8 x 8, all labeled or nine of each digit. Labels: the digits of MNIST of
which 1 %, 10 % or all have a label, with dense networks; `alone` throws the others away. Photographs: CIFAR-10 by
class, the condition in D by projection, told by an auxiliary classifier, or both; it is looked for where `cifar10` is.
Attributes: digits of a slant and a width of stroke that are asked for. Samples are told by a classifier of the real
images that no game saw; its share of right answers on real test images stands beside. About 40 minutes of one core.
Result: results/conditional_further.json; pictures of digits: results/conditional_further-*.png.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from benchmarks.extensions.cells import Cell, processor_seconds, trained

SEEDS = 2
GAMES = {
    "projection": {},
    "auxiliary": {"game.auxiliary": 1.0, "discriminator.condition": "none"},
    "both": {"game.auxiliary": 0.1},
}
"""How D is told the condition."""
WEIGHED = {**GAMES, "both, weight 1": {"game.auxiliary": 1.0}}
SMALL: dict[str, Any] = {
    "game.kind": "conditional", "generator.hidden": [96], "discriminator.units": [96], "discriminator.pieces": 2,
    "steps": 1200, "batch": 32, "precision": "float32", "sample_every": 0, "log_every": 100, "watch.action": "off",
}  # fmt: skip
SHARES = {"1": ("projection", "both", "alone"), "10": ("projection", "both", "alone"), "100": ("projection", "both")}
"""Labels in hundredths of the digits, and which games are played on them; `alone` is `both` without the others."""
DENSE: dict[str, Any] = {
    "game.kind": "conditional", "generator.hidden": [256, 256], "discriminator.units": [128, 128],
    "steps": 3000, "batch": 64,
    "precision": "float32", "sample_every": 0, "log_every": 100, "checkpoint_every": 500, "watch.action": "off",
    "generator.average.share": 0.2,
}  # fmt: skip
CONVOLUTIONAL: dict[str, Any] = {
    "game.kind": "conditional", "generator.network.base": 32, "discriminator.network.base": 32, "latent": 64,
    "objective": "relativistic", "steps": 3000, "batch": 32, "precision": "float32", "sample_every": 0,
    "log_every": 100, "checkpoint_every": 500, "watch.action": "off",
}  # fmt: skip
ATTRIBUTES = "slant", "width"
_COUNT = 5_000
_COLUMNS = 12


def small(folder: Path, each: int, game: str, seed: int) -> dict[str, Any]:
    """A conditional game on scikit-learn's digits, `each` of every digit labeled, 0 for all.

    Samples are told by their five nearest neighbors among the real ones; their spread within a digit is the mean
    deviation of a pixel, over that of real digits.
    """
    from sklearn.datasets import load_digits
    from sklearn.neighbors import KNeighborsClassifier

    loaded: Any = load_digits()
    images, real = (loaded.images * (255 / 16)).astype(np.uint8), np.asarray(loaded.target)
    rng, known = np.random.default_rng(seed), np.array(real)
    if each:
        kept = [rng.permutation(np.flatnonzero(real == digit))[:each] for digit in range(10)]
        known[np.setdiff1d(np.arange(len(known)), np.concatenate(kept))] = -1
    run = trained("mnist-dense", folder / "run", data=(images, known), seed=seed, **SMALL, **WEIGHED[game])
    made, wanted = np.asarray(run.sample(1000, seed=1, classes="all")), np.arange(1000) % 10
    rows, flat = made.reshape(1000, -1).astype(float), images.reshape(len(images), -1).astype(float)
    right = KNeighborsClassifier(5).fit(flat, real).predict(rows) == wanted
    spreads = [[x[y == digit].std(0).mean() for digit in range(10)] for x, y in ((rows, wanted), (flat, real))]
    found = {"accuracy": float(right.mean()), "spread": float(np.mean(spreads[0]) / np.mean(spreads[1]))}
    return {**found, "labeled": int((known >= 0).sum()), "steps": run.step, "seconds": processor_seconds(run)}


def small_attributes(folder: Path, game: str, seed: int) -> dict[str, Any]:
    """scikit-learn's digits by slant and width, in their own pixels: how much of what is asked for is reached."""
    from sklearn.datasets import load_digits

    loaded: Any = load_digits()
    images = (loaded.images * (255 / 16)).astype(np.uint8)
    asked = slant_and_width(images)
    run = trained(
        "mnist-dense", folder / "run", data=(images, asked), seed=seed, **{"game.scaled": True}, **SMALL, **GAMES[game]
    )
    found = slant_and_width(np.asarray(run.sample(len(asked), seed=1, conditions=asked))[:, 0])
    reached = {name: explained(found[:, place], asked[:, place]) for place, name in enumerate(ATTRIBUTES)}
    return {"reached": reached, "steps": run.step, "seconds": processor_seconds(run)}


def labels(folder: Path, share: str, game: str, seed: int) -> dict[str, Any]:
    """A conditional game on digits of which a share have a label; each seed labels others."""
    table = few_labels(int(share) / 100, seed, alone=game == "alone")
    played = GAMES["both" if game == "alone" else game]
    run = trained("mnist-dense", folder / "run", data=table, seed=seed, **DENSE, **played)
    return {**_measured(run, "mnist"), "labeled": int((table.labels[table.rows("train")] >= 0).sum())}


def photographs(folder: Path, game: str, seed: int) -> dict[str, Any]:
    """A conditional game on CIFAR-10, and its measures within each class."""
    run = trained("images", folder / "run", data="cifar10", seed=seed, **CONVOLUTIONAL, **GAMES[game])
    return _measured(run, "cifar10", per_class=True)


def attributes(folder: Path, game: str, seed: int) -> dict[str, Any]:
    """Digits by slant and width: how much of what is asked for is reached, and how good they are."""
    import advnets

    table = slanted_digits()
    run = trained("mnist-dense", folder / "run", data=table, seed=seed, **DENSE, **GAMES[game], **{"game.scaled": True})
    asked = np.asarray(table.vectors[table.rows("test")][:_COUNT])
    found = slant_and_width(np.asarray(run.sample(len(asked), seed=1, conditions=asked))[:, 0])
    frechet = advnets.evaluate(run, data="mnist", metrics="frechet", features="classifier", count=_COUNT)
    values = frechet.measures["frechet"]["value"]
    reached = {name: explained(found[:, place], asked[:, place]) for place, name in enumerate(ATTRIBUTES)}
    return {"frechet": values, "reached": reached, "steps": run.step, "seconds": processor_seconds(run)}


def drawn(folder: Path) -> list[str]:
    """Pictures of the first seeds: digits of few labels, and of slants and widths."""
    import advnets
    from advnets import figures
    from advnets.figures.labels import by_class, walks_by_class

    small = [advnets.load(folder.parent / f"small-9-{game}-0" / "run") for game in ("projection", "both")]
    halves = np.concatenate([np.asarray(run.sample_by_class(_COLUMNS), np.uint8) for run in small], 1)
    few = advnets.load(folder.parent / "labels-1-both-0" / "run")
    pictures = {"small": by_class(halves, small[0].classes)}
    pictures["labels"] = by_class(np.asarray(few.sample_by_class(_COLUMNS), np.uint8), few.classes)
    run = advnets.load(folder.parent / "attributes-both-0" / "run")
    wanted = {"slant": [-30, -15, 0, 15, 30], "width": [2.0, 3.5]}
    rows = np.asarray(run.sample_by_attributes(wanted, _COLUMNS), np.uint8)
    pictures["attributes"] = by_class(rows, run.asked(wanted).names)
    walks = np.asarray(run.interpolate(6, _COLUMNS, attributes={"slant": [-35, 35]}), np.uint8)
    pictures["slant"] = walks_by_class(walks, ["-35 to 35"] * len(walks))
    for name, picture in pictures.items():
        figures.save(picture, folder / f"{name}.png")
    return list(pictures)


def _name(game: str) -> str:
    return game.replace(", ", "-").replace(" ", "-")


CELLS: Sequence[Cell] = [
    *(
        Cell(f"small-{each}-{_name(game)}-{seed}", "small", {"each": each, "game": game, "seed": seed})
        for seed in range(SEEDS)
        for each in (9, 0)
        for game in WEIGHED
    ),
    *(
        Cell(f"small-attributes-{game}-{seed}", "small_attributes", {"game": game, "seed": seed})
        for seed in range(SEEDS)
        for game in GAMES
    ),
    *(
        Cell(f"{kind}-{'-'.join(values)}-{seed}", kind, {**dict(zip(named, values, strict=True)), "seed": seed})
        for seed in range(SEEDS)
        for kind, named, rows in (
            ("labels", ("share", "game"), [(share, game) for share, games in SHARES.items() for game in games]),
            ("attributes", ("game",), [(game,) for game in GAMES]),
            ("photographs", ("game",), [(game,) for game in GAMES]),
        )
        for values in rows
    ),
    Cell("drawn", "drawn", after=("small-9-projection-0", "small-9-both-0", "labels-1-both-0", "attributes-both-0")),
]


def few_labels(share: float, seed: int, alone: bool = False) -> Any:
    """MNIST with the labels of a share of its training images, as many of each digit; -1 of all others.

    Args:
        share: that keeps its label.
        seed: which ones.
        alone: leave all others out.
    """
    from advnets.data import open_table

    table = open_table("mnist")
    assert table.labels is not None
    rng, train = np.random.default_rng(seed), table.rows("train")
    kept = [
        rng.permutation(train[table.labels[train] == digit])[: round(share * len(train) / 10)] for digit in range(10)
    ]
    rows = np.sort(np.concatenate(kept)) if share < 1 else train
    changed = np.array(table.labels)
    changed[np.setdiff1d(train, rows)] = -1
    splits = {**table.splits, "train": rows} if alone else table.splits
    mark = f"{table.fingerprint} {share} {seed} {alone}"
    return replace(table, labels=changed, splits=splits, fingerprint=mark)


def slanted_digits() -> Any:
    """MNIST with each digit's slant and width as its vector, instead of its class."""
    from advnets.data import open_table

    table = open_table("mnist")
    vectors = slant_and_width(table.values[:, 0])
    mark = f"{table.fingerprint} slant and width"
    return replace(table, labels=None, classes=(), vectors=vectors, columns=ATTRIBUTES, fingerprint=mark)


def slant_and_width(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The slant of digits in degrees, to the right above 0, and the width of their strokes in pixels, N x 2.

    The slant is the angle of the shear that makes the covariance of ink's place, across and down, zero. A stroke of
    width w and length l has the area w l and an edge of 2 l: the width is twice the ink over the sum of its gradient.
    What they are of: Castro et al. 2019, Morpho-MNIST, sections 2.2 and 2.3 (there by skeletons).

    Args:
        images: N x H x W.
    """
    found: list[NDArray[np.float64]] = []
    for part in np.array_split(images, max(1, len(images) // 2000)):
        ink = part.astype(np.float64) / 255
        down, across = np.mgrid[: ink.shape[1], : ink.shape[2]]
        total = np.maximum(ink.sum((1, 2)), 1e-9)
        x, y = ((ink * place).sum((1, 2)) / total for place in (across, down))
        beside = (across - x[:, None, None]), (down - y[:, None, None])
        shared, upright = (ink * beside[0] * beside[1]).sum((1, 2)), (ink * beside[1] ** 2).sum((1, 2))
        slant = -np.degrees(np.arctan2(shared, np.maximum(upright, 1e-9)))
        padded = np.pad(ink, ((0, 0), (1, 1), (1, 1)))
        steps = np.diff(padded, axis=2)[:, :-1], np.diff(padded, axis=1)[:, :, :-1]
        edge = np.hypot(*steps).sum((1, 2))
        found.append(np.stack([slant, 2 * total / np.maximum(edge, 1e-9)], 1))
    return np.concatenate(found).astype(np.float32)


def explained(found: NDArray[Any], asked: NDArray[Any]) -> float:
    """R^2: the share of the variance of what was asked for that what was found leaves no error of."""
    return float(1 - np.square(found.astype(float) - asked).mean() / asked.astype(float).var())


def _measured(run: Any, data: str, per_class: bool = False) -> dict[str, Any]:
    """How many samples are of the class asked for, and their distance, perhaps within each class."""
    import advnets

    found = advnets.evaluate(
        run, data=data, metrics="accuracy,frechet,recall", features="classifier", count=_COUNT, per_class=per_class
    ).measures
    own = {"accuracy": found["accuracy"]["value"], "real": found["accuracy"]["real_accuracy"]}
    within = {
        name: {"accuracy": found["accuracy"]["classes"][name]["value"], "frechet": each["value"]}
        for name, each in found["frechet"].get("classes", {}).items()
    }
    frechet = {name: found[name]["value"] for name in ("frechet", "recall")}
    return {**own, **frechet, "within": within, "steps": run.step, "seconds": processor_seconds(run)}


def page(result: dict[str, Any]) -> str:
    """The tables in words."""
    found = {name: cell["found"] for name, cell in result["cells"].items() if name != "drawn"}
    return "\n\n".join(
        [of_small(found), _of_labels(found), _of_photographs(found), _within(found), _of_attributes(found)]
    )


def _seeds(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [found[f"{name}-{seed}"] for seed in range(SEEDS)]


def _spread(values: Sequence[float], form: str) -> str:
    """The mean over seeds, and half of their range."""
    return f"{np.mean(values):{form}} +- {(max(values) - min(values)) / 2:{form}}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def of_small(found: dict[str, Any]) -> str:
    """The table of scikit-learn's digits."""
    lines = ["| digits of 8 x 8, labels | game | of the class asked for | spread within it, over real digits' |"]
    lines.append("|---|---|---|---|")
    for each in (9, 0):
        for game in WEIGHED:
            rows = _seeds(found, f"small-{each}-{_name(game)}")
            accuracy, spread = ([row[name] for row in rows] for name in ("accuracy", "spread"))
            lines.append(_row([f"{rows[0]['labeled']:,}", game, _spread(accuracy, ".1%"), _spread(spread, ".2f")]))
    lines += ["", "| digits of 8 x 8 by slant and width | R^2 of slant | R^2 of width |", "|---|---|---|"]
    for game in GAMES:
        rows = _seeds(found, f"small-attributes-{game}")
        lines.append(_row([game, *(_spread([row["reached"][name] for row in rows], ".3f") for name in ATTRIBUTES)]))
    return "\n".join(lines)


def _of_labels(found: dict[str, Any]) -> str:
    lines = ["| labels | game | of the class asked for | Frechet | recall | seconds |", "|---|---|---|---|---|---|"]
    for share, games in SHARES.items():
        for game in games:
            rows = _seeds(found, f"labels-{share}-{game}")
            accuracy, frechet, recall = ([row[name] for row in rows] for name in ("accuracy", "frechet", "recall"))
            count, seconds = rows[0]["labeled"], np.mean([row["seconds"] for row in rows])
            figures = _spread(accuracy, ".2%"), _spread(frechet, ".2f"), _spread(recall, ".2f")
            lines.append(_row([f"{count:,}", game, *figures, f"{seconds:.0f}"]))
    real = found["labels-100-both-0"]["real"]
    return "\n".join([*lines, "", f"Real test images are told right in {real:.2%}. Half the range of {SEEDS} seeds."])


def _of_photographs(found: dict[str, Any]) -> str:
    lines = ["| CIFAR-10 | of the class asked for | Frechet | mean within classes | seconds |", "|---|---|---|---|---|"]
    for game in GAMES:
        rows = _seeds(found, f"photographs-{game}")
        within = [float(np.mean([each["frechet"] for each in row["within"].values()])) for row in rows]
        accuracy, frechet = ([row[name] for row in rows] for name in ("accuracy", "frechet"))
        seconds = f"{np.mean([row['seconds'] for row in rows]):.0f}"
        lines.append(_row([game, _spread(accuracy, ".1%"), _spread(frechet, ".1f"), _spread(within, ".1f"), seconds]))
    real = found["photographs-both-0"]["real"]
    return "\n".join([*lines, "", f"Real test images are told right in {real:.1%}."])


def _within(found: dict[str, Any]) -> str:
    rows = {game: _seeds(found, f"photographs-{game}") for game in GAMES}
    names = list(rows["both"][0]["within"])
    lines = [_row(["within", *(f"{game}: right, Frechet" for game in GAMES)]), "|---" * (1 + len(GAMES)) + "|"]
    for name in names:
        cells = [
            (
                np.mean([row["within"][name]["accuracy"] for row in rows[game]]),
                [row["within"][name]["frechet"] for row in rows[game]],
            )
            for game in GAMES
        ]
        lines.append(_row([name, *(f"{right:.0%}, {np.mean(frechet):.0f}" for right, frechet in cells)]))
    return "\n".join(lines)


def _of_attributes(found: dict[str, Any]) -> str:
    lines = ["| digits by slant and width | R^2 of slant | R^2 of width | Frechet | seconds |", "|---|---|---|---|---|"]
    for game in GAMES:
        rows = _seeds(found, f"attributes-{game}")
        reached = [_spread([row["reached"][name] for row in rows], ".3f") for name in ATTRIBUTES]
        seconds = f"{np.mean([row['seconds'] for row in rows]):.0f}"
        lines.append(_row([game, *reached, _spread([row["frechet"] for row in rows], ".2f"), seconds]))
    return "\n".join(lines)
