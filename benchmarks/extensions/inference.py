"""Learned inference, p(z | x), on MNIST: an encoder trained after G, and one that played in the game.

    python benchmarks/extensions/cells.py inference

How well real test images are given back, beside nearest neighbors, a random search of z and optimization; and how well
classes lie apart in features, by 1-nearest-neighbor accuracy, as Donahue et al. 2017 (Table 1) measure it: the 10,000
test images among the 60,000 others. About an hour and a quarter of one core.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import advnets
from advnets.data import open_table
from advnets.inference.infer import data_of
from advnets.inference.training import train_encoder
from advnets.runs.encoders import EncoderSettings
from advnets.runs.run import Run
from benchmarks.extensions.cells import Cell, processor_seconds, trained

GAME_SEEDS, AFTER_SEEDS = (0, 1, 2), (0,)
PAPERS = {"BiGAN, E": 97.39, "BiGAN, D": 97.30, "latent regressor": 97.44, "autoencoder (l2)": 97.44}
"""1-nearest-neighbor accuracy in percent: Donahue et al. 2017, Table 1; 784-1024-1024 nets, 50 latents, 400 epochs."""
AFTER = {"paper": 0.0, "pixels": 30.0}
"""Ways of training an encoder after G: what the error of images weighs beside that of known latents."""
BENT = {"shift": 0.03, "turn": 8.0, "elastic": 0.06, "erased": 0.3, "encoder.network.hidden": [2048, 1024]}
"""E reads distorted images, and is wider."""
BENT_STEPS = 12_000
"""Twice as long as the recipe's."""
_QUERIES, _ROWS = 500, 2000
Features = Callable[[Tensor], Tensor]

CELLS = [
    Cell("pixels", "pixels"),
    *(Cell(f"game-{seed}", "game", {"seed": seed}) for seed in GAME_SEEDS),
    Cell("bare-0", "game", {"seed": 0, "reconstruction": 0.0, "regression": 0.0}),
    *(Cell(f"bent-{seed}", "game", {"seed": seed, "steps": BENT_STEPS, **BENT}) for seed in GAME_SEEDS),
    *(Cell(f"after-{seed}", "after", {"seed": seed}) for seed in AFTER_SEEDS),
]


def pixels(folder: Path) -> dict[str, Any]:
    """Raw pixels, and features of encoders that nothing was trained of."""
    found = {"raw pixels": accuracy(lambda images: images.flatten(1))}
    for kind in ("mlp", "conv-encoder"):
        network = EncoderSettings(network=kind).build((1, 28, 28), 50).eval()
        for name, layer in hidden(network).items():
            found[f"{kind} with first weights, {name}"] = accuracy(layer)
    return {"accuracy": found}


def game(folder: Path, seed: int, steps: int = 6000, **changes: Any) -> dict[str, Any]:
    """The bidirectional game."""
    said: dict[str, Any] = {"steps": steps} | {f"game.{name}": value for name, value in changes.items()}
    run = trained("mnist-bidirectional", folder / "run", seed=seed, **said)
    encoder, discriminator = run.players["encoder"], run.players["discriminator"]

    def of_discriminator(images: Tensor) -> Tensor:
        return discriminator.network.features(torch.cat([images.flatten(1), encoder(images)], 1))

    found = advnets.infer(run)
    if found.picture is not None and seed == 0 and not changes:
        shutil.copyfile(found.picture, folder / f"{folder.name}.png")
    accuracies = {**of_encoder(encoder), "D's last hidden layer": accuracy(of_discriminator)}
    return {"accuracy": accuracies, "seconds": processor_seconds(run), "steps": run.step, **found.answer}


def after(folder: Path, seed: int) -> dict[str, Any]:
    """Encoders trained after G of the recipe `mnist`, in 4,000 steps."""
    run = trained("mnist", folder / "run", seed=seed, steps=4000, **{"watch.action": "off"})
    return {name: _after(run, folder, name, weight, seed) for name, weight in AFTER.items()}


def _after(run: Run, folder: Path, name: str, weight: float, seed: int) -> dict[str, Any]:
    copied = folder / name  # an encoder of its own beside each other
    if not (copied / "run.json").exists():
        shutil.copytree(run.path, copied, ignore=shutil.ignore_patterns("encoder"))
    said = {"pixels": weight, "seed": seed}
    encoder = train_encoder(advnets.load(copied), data_of(run), said)
    found = advnets.infer(copied)
    if found.picture is not None and name == "pixels":
        shutil.copyfile(found.picture, folder / f"{folder.name}-{name}.png")
    return {"accuracy": of_encoder(encoder), **found.answer}


def of_encoder(encoder: nn.Module) -> dict[str, float]:
    """Accuracies in an encoder's code and hidden layers."""
    return {"E's code": accuracy(encoder)} | {f"E's {name}": accuracy(layer) for name, layer in hidden(encoder).items()}


def hidden(encoder: nn.Module) -> dict[str, Features]:
    """An encoder's hidden layers, the last one first; of a conv-encoder that one alone."""
    if hasattr(encoder, "features"):
        return {"last hidden layer": encoder.features}  # type: ignore[dict-item]  # it is a method
    layers = encoder.network.layers  # type: ignore[union-attr]  # of an MLP that takes images flat
    return {
        "last hidden layer": lambda images: layers[:-2](images.flatten(1)),  # type: ignore[operator, index]
        "first hidden layer": lambda images: layers[:2](images.flatten(1)),  # type: ignore[operator, index]
    }


@torch.no_grad()
def accuracy(features: Features) -> float:
    """How many of MNIST's test images have the class of the nearest of the 60,000 others, in percent.

    Args:
        features: of images N x 1 x 28 x 28 in [0, 1]; nearest by Euclidean distance.
    """
    table = open_table("mnist", progress=False)
    assert table.labels is not None
    known, asked = (np.concatenate([table.rows(part) for part in parts]) for parts in (("train", "valid"), ("test",)))
    labels, truth = (torch.from_numpy(table.labels[rows]) for rows in (known, asked))
    among, queries = (_features(features, table.values, rows) for rows in (known, asked))
    squares = among.square().sum(1)
    nearest = [(squares - 2 * part @ among.T).argmin(1) for part in queries.split(_QUERIES)]
    return 100 * float((labels[torch.cat(nearest)] == truth).double().mean())


def _features(features: Features, values: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> Tensor:
    parts = [rows[begin : begin + _ROWS] for begin in range(0, len(rows), _ROWS)]
    return torch.cat([features(torch.from_numpy(values[part]).float() / 255) for part in parts])


def page(result: dict[str, Any]) -> str:
    """The result in words."""
    found = {name: cell["found"] for name, cell in result["cells"].items()}
    return "\n".join(["Nearest neighbors of test images:", "", *_accuracies(found), "", *_errors(found)])


def _accuracies(found: Mapping[str, Any]) -> list[str]:
    games = [found[f"game-{seed}"]["accuracy"] for seed in GAME_SEEDS]
    rows = {name: [value] for name, value in found["pixels"]["accuracy"].items()}
    rows |= {f"{name}, bidirectional game": [each[name] for each in games] for name in games[0]}
    rows |= {f"{name}, without direct costs": [value] for name, value in found["bare-0"]["accuracy"].items()}
    bent = [found[f"bent-{seed}"]["accuracy"] for seed in GAME_SEEDS]
    rows |= {f"{name}, a wider E of distorted images": [each[name] for each in bent] for name in bent[0]}
    for way in AFTER:
        runs = [found[f"after-{seed}"][way]["accuracy"] for seed in AFTER_SEEDS]
        rows |= {f"{name}, trained after G ({_called(way)})": [each[name] for each in runs] for name in runs[0]}
    papers = [f"| {name} (Donahue et al. 2017) | {value:.2f} |" for name, value in PAPERS.items()]
    ours = [f"| {name} | {_spread(values, 2)} |" for name, values in rows.items()]
    return ["| features | accuracy, % |", "|---|---|", *ours, *papers]


def _errors(found: Mapping[str, Any]) -> list[str]:
    columns = {"bidirectional game": [found[f"game-{seed}"] for seed in GAME_SEEDS]}
    columns["a wider E of distorted images"] = [found[f"bent-{seed}"] for seed in GAME_SEEDS]
    columns |= {f"after G, {_called(way)}": [found[f"after-{seed}"][way] for seed in AFTER_SEEDS] for way in AFTER}
    ways = [way["way"] for way in columns["bidirectional game"][0]["ways"]]
    lines = [f"| mean squared error | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for place, way in enumerate(ways):
        cells = [_spread([run["ways"][place]["error"] for run in runs], 4) for runs in columns.values()]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    r2 = [_spread([run["latents_r2"] for run in runs], 3) for runs in columns.values()]
    return [*lines, f"| R^2 of known latents | {' | '.join(r2)} |"]


def _called(way: str) -> str:
    return "latents alone" if way == "paper" else f"latents and {AFTER[way]:g} x pixels"


def _spread(values: Sequence[float], digits: int) -> str:
    """Mean, and standard deviation over seeds."""
    more = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{more}"
