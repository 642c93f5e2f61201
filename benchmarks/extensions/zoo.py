"""The zoo: well-known games on MNIST, each by its recipe, measured alike and by what each is about.

    python benchmarks/extensions/cells.py zoo [--processes 2]
    python benchmarks/extensions/zoo.py   (the table and pictures of docs/extensions/zoo.md anew, from the result)

A cell trains a recipe with a seed and measures 10,000 samples against the test images in the features of a classifier
of MNIST. `plain` is the paper's game as lsgan plays its own, `plain-conv` as boundary-seeking does. Under an hour of
one core. Result: results/zoo.json; pictures: results/zoo-*.png.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.files import write_whole
from benchmarks.extensions.cells import Cell, processor_seconds, trained
from benchmarks.record import result_of

SEEDS = {"infogan": 3}
"""Seeds of a recipe, where it is not one."""
_PLAIN = {"objective": "non-saturating"}
CHANGED: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("lsgan", _PLAIN),
    "plain-conv": ("boundary-seeking", _PLAIN),
}
"""Rows of the table that are a recipe with something changed."""
GAMES = (
    "plain", "lsgan", "wgan-gp", "plain-conv", "boundary-seeking", "ebgan", "began", "adversarial-autoencoder", "cogan",
    "infogan",
)  # fmt: skip
COLUMNS = "frechet", "precision", "recall"
CAPTIONS = {
    "codes-1": "InfoGAN: a row a category; the first continuous code moves along it.",
    "codes-2": "InfoGAN: the same with the second continuous code.",
    "pairs": "CoGAN: digits, and edges of the same latents.",
    "reconstructions": "Adversarial autoencoder: test images, and what its decoder makes of their codes.",
    "samples": "Sixteen fair samples of each recipe, in the order of the table.",
}
DOCS = Path(__file__).parents[2] / "docs" / "extensions" / "zoo.md"
_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
_SHOWN = 16
_COUNT = 10_000

Pixels = NDArray[np.uint8]


def measured(folder: Path, game: str, seed: int) -> dict[str, Any]:
    """A recipe's training, the measures of its samples, and what it is about."""
    import advnets

    recipe, changes = CHANGED.get(game, (game, {}))
    run = trained(recipe, folder / "run", seed=seed, **{"watch.action": "off", **changes})
    answers = advnets.evaluate(run, metrics=",".join(COLUMNS), features="classifier").measures
    found = {name: answers[name]["value"] for name in COLUMNS}
    own = OWN[game](run) if game in OWN else {}
    return {**found, "own": own, "steps": run.step, "seconds": processor_seconds(run)}


def of_infogan(run: Any) -> dict[str, Any]:
    """Nats of the codes that samples tell, and how well categories separate the digits of the test images."""
    from advnets.data import open_again
    from advnets.runs.codes import separated, told

    found = separated(run, open_again(run.recipe))
    return {**told(run), "accuracy": found.value, "purity": found.details["purity"]}


def of_autoencoder(run: Any) -> dict[str, Any]:
    """Parzen log-likelihood, as in the paper's Table 1, and the error of reconstructed test images."""
    import advnets

    parzen = advnets.evaluate(run, metrics="parzen").measures["parzen"]
    images = test_images(run)
    missed = reconstructions(run, images) / 255.0 - images / 255.0
    return {"parzen": parzen["value"], "reconstruction": float(np.square(missed).mean())}


def of_pairs(run: Any) -> dict[str, Any]:
    """How far bright pixels of second images are those of what the first are turned into, and of what others are."""
    first, second = pairs(run, _COUNT)
    wanted = turned(run, first)
    return {"overlap": overlap(second, wanted), "overlap_of_strangers": overlap(np.roll(second, 1, 0), wanted)}


def of_energies(run: Any) -> dict[str, Any]:
    """What the log says last of energies, and of k where there is one."""
    names = "d_real", "d_fake", "repulsion", "k", "convergence"
    return {name: run.metrics[-1][name] for name in names if name in run.metrics[-1]}


OWN: dict[str, Callable[[Any], dict[str, Any]]] = {
    "infogan": of_infogan,
    "adversarial-autoencoder": of_autoencoder,
    "cogan": of_pairs,
    "ebgan": of_energies,
    "began": of_energies,
}
"""What a game is measured by besides."""


def test_images(run: Any) -> Pixels:
    """The test images of a run's data."""
    from advnets.data import open_again

    table = open_again(run.recipe)
    return table.values[table.rows("test")]


def reconstructions(run: Any, images: Pixels) -> Pixels:
    """Images as an adversarial autoencoder has them."""
    from advnets.games.aae import reconstructed

    low, high = run.value_range
    rows = torch.from_numpy(images).float() / 255 * (high - low) + low
    with torch.no_grad():
        made = torch.cat([reconstructed(run.players, part) for part in rows.split(500)])
    return np.asarray(run.sampler.as_output(made))


def pairs(run: Any, count: int) -> tuple[Pixels, Pixels]:
    """Images of both domains of the same z."""
    z = run.sampler.inputs(count, 1)
    with torch.no_grad():
        found = [run.game.pair(run.players, {"z": part}) for part in z["z"].split(500)]
    first, second = (np.asarray(run.sampler.as_output(torch.cat(each))) for each in zip(*found, strict=True))
    return first, second


def turned(run: Any, images: Pixels) -> Pixels:
    """Images in the second domain."""
    from advnets.games.cogan import DOMAINS

    return DOMAINS[run.game.domain](torch.from_numpy(images).float(), 0.0, 255.0).numpy().astype(np.uint8)


def overlap(images: Pixels, others: Pixels) -> float:
    """Intersection over union of the pixels that are brighter than the middle, of all images together."""
    ours, theirs = images > 127, others > 127
    return float((ours & theirs).sum() / (ours | theirs).sum())


def drawn(folder: Path) -> list[str]:
    """Pictures of the first seeds: samples of every game, codes, pairs, reconstructions."""
    import advnets
    from advnets import figures
    from advnets.figures.labels import by_class
    from advnets.runs.codes import varied

    runs = {game: advnets.load(folder.parent / f"{game}-0" / "run") for game in GAMES}
    rows = np.stack([np.asarray(run.sample(_SHOWN, seed=1), np.uint8) for run in runs.values()])
    found = {"samples": by_class(rows, list(runs), scale=1)}
    first, second = pairs(runs["cogan"], _SHOWN)
    found["pairs"] = by_class(np.stack([first, second]), ["a digit", "its edges"], scale=1)
    real = test_images(runs["adversarial-autoencoder"])[:_SHOWN]
    shown = np.stack([real, reconstructions(runs["adversarial-autoencoder"], real)])
    found["reconstructions"] = by_class(shown, ["test image", "reconstructed"], scale=1)
    for code in (1, 2):
        made = varied(runs["infogan"], code, columns=_SHOWN)
        found[f"codes-{code}"] = by_class(np.asarray(made, np.uint8), [str(each) for each in range(10)], scale=1)
    for name, picture in found.items():
        figures.save(picture, folder / f"{name}.png")
    return sorted(found)


CELLS = [
    *(
        Cell(f"{game}-{seed}", "measured", {"game": game, "seed": seed})
        for seed in range(3)
        for game in GAMES
        if seed < SEEDS.get(game, 1)
    ),
    Cell("drawn", "drawn", after=tuple(f"{game}-0" for game in GAMES)),
]


def page(result: dict[str, Any], rooms: str = "") -> str:
    """The result in words; `rooms` leads to the folder of benchmarks."""
    cells = result["cells"]
    lines = [f"| recipe | {' | '.join(COLUMNS)} | minutes | its own figures |", "|---|---|---|---|---|---|"]
    for game in GAMES:
        found = [cell["found"] for name, cell in cells.items() if name.rsplit("-", 1)[0] == game]
        figures = [words([each[column] for each in found]) for column in COLUMNS]
        minutes = np.mean([each["seconds"] for each in found]) / 60
        own = [f"{name.replace('_', ' ')} {words([each['own'][name] for each in found])}" for name in found[0]["own"]]
        seeds = "1 seed" if len(found) == 1 else f"{len(found)} seeds"
        named = f"{game} ({found[0]['steps']:,} steps, {seeds})"
        lines.append(f"| {named} | {' | '.join(figures)} | {minutes:.1f} | {', '.join(own)} |")
    folder = f"{rooms}extensions/results"
    pictures = [
        f"![{CAPTIONS[name]}]({folder}/zoo-{name}.png)\n\n*{CAPTIONS[name]}*" for name in cells["drawn"]["found"]
    ]
    return "\n\n".join(["\n".join(lines), *pictures])


def words(values: Sequence[float]) -> str:
    """The mean of some seeds, and how far they lie apart."""
    low, high = min(values), max(values)
    return f"{np.mean(values):.3g}" + (f" ({low:.3g} to {high:.3g})" if f"{low:.3g}" != f"{high:.3g}" else "")


def written(text: str, result: dict[str, Any]) -> str:
    """The page of the docs with its figures anew, between their marks."""
    before, rest = text.split(f"{_BEGIN}\n")
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}\n\n{page(result, '../../benchmarks/')}\n\n{_END}{after}"


def main() -> None:
    """Write the page of the docs."""
    result = json.loads(result_of(__file__).read_text("utf-8"))
    write_whole(DOCS, written(DOCS.read_text("utf-8"), result).encode())


if __name__ == "__main__":
    main()
