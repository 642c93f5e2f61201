"""Whether a generator learns what augmentation does to images: arrows, all blue, all level, all pointing right.

    python benchmarks/quality/leaks.py [--steps 3000] [--count 300] [--seeds 0]

The recipe `images`, narrow, is trained on so many arrows of other lengths and places: not augmented, with all four
changes always, and as D's overfitting asks for, and with the three that the recipe has, always or four times in five.
Of 1,000 samples it is counted how many are what no arrow of the set is and the changes make of one: turned by more than
4 degrees, pointing left, of another color, with a patch of another shade (what a hole leaves). Fresh arrows of the same
kind say what the counts themselves get wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parents[2]))  # rooms import each other as benchmarks.ROOM

from advnets.config.load import load_recipe
from advnets.figures import grid, save
from advnets.training.batches import Data
from advnets.training.trainer import Trainer
from benchmarks.machine import machine
from benchmarks.record import record, result_of

SIDE, FINER, SAMPLES = 32, 8, 1_000
BLUE = np.array([30.0, 60.0, 200.0])
ALL = ("color", "translation", "geometry", "cutout")
WAYS: dict[str, dict[str, Any]] = {
    "not augmented": {"augment": ()},
    "always": {"augment": ALL},
    "as images has it": {"augment": ALL[:2] + ALL[3:]},
    "as images has it, with probability .8": {"augment": ALL[:2] + ALL[3:], "augment_probability": 0.8},
    "as overfitting asks for": {"augment": ALL, "augment_target": 0.3},
}
_INK, _TURNED, _OFF, _PATCH = 60.0, 4.0, 60.0, 0.02


def arrows(count: int, seed: int) -> NDArray[np.uint8]:
    """N x 3 x 32 x 32: level blue arrows on white that point right."""
    rng = np.random.default_rng(seed)
    return np.stack([_arrow(rng) for _ in range(count)]).transpose(0, 3, 1, 2).copy()


def _arrow(rng: np.random.Generator) -> NDArray[np.uint8]:
    large = Image.new("RGB", (SIDE * FINER, SIDE * FINER), "white")
    length, thick = rng.uniform(14, 24), rng.uniform(2, 4)
    left, middle = rng.uniform(2, SIDE - 2 - length), rng.uniform(8, SIDE - 8)
    head, half = rng.uniform(6, 8), rng.uniform(4, 6)
    neck = left + length - head
    shape = [
        (left, middle - thick / 2), (neck, middle - thick / 2), (neck, middle - half), (left + length, middle),
        (neck, middle + half), (neck, middle + thick / 2), (left, middle + thick / 2),
    ]  # fmt: skip
    ImageDraw.Draw(large).polygon([(FINER * x, FINER * y) for x, y in shape], fill=tuple(BLUE.astype(int).tolist()))
    return np.asarray(large.resize((SIDE, SIDE), Image.Resampling.BOX))


def counts(images: NDArray[np.uint8]) -> dict[str, float]:
    """Shares of images that are turned, point left, have another color, or a patch of another shade."""
    found = np.array([_faults(image.transpose(1, 2, 0).astype(float)) for image in images])
    return dict(zip(("turned", "pointing left", "another color", "a patch"), found.mean(0).tolist(), strict=True))


def _faults(image: NDArray[np.float64]) -> list[bool]:
    dark = np.linalg.norm(255.0 - image, axis=-1)
    ink = dark > _INK
    if ink.sum() < 12:
        return [True] * 4
    y, x = np.nonzero(ink)
    weights = dark[ink]
    places = np.stack([x, y]) - np.average(np.stack([x, y]), axis=1, weights=weights)[:, None]
    (direction,) = np.linalg.eigh(np.cov(places, aweights=weights))[1][:, -1:].T
    turned = np.degrees(np.arctan2(abs(direction[1]), abs(direction[0]))) > _TURNED
    heights = ink.sum(0)  # of columns: the head is higher than the shaft, highest at the neck
    left = np.flatnonzero(heights == heights.max()).mean() < (x.min() + x.max()) / 2
    strong = dark > 0.8 * np.linalg.norm(255.0 - BLUE)
    off = not strong.any() or np.linalg.norm(image[strong].mean(0) - BLUE) > _OFF
    share = ((255.0 - image) @ (255.0 - BLUE) / np.square(255.0 - BLUE).sum()).clip(0, 1)
    beside = np.linalg.norm(image - (255.0 - share[..., None] * (255.0 - BLUE)), axis=-1) > _INK
    gray = (share > 0.04) & (share < 0.6)
    flat = (np.abs(np.gradient(share, axis=0)) < 0.02) & (np.abs(np.gradient(share, axis=1)) < 0.02)
    return [bool(turned), bool(left), bool(off), bool((beside | (gray & flat)).mean() > _PATCH)]


def trained(way: str, count: int, steps: int, seed: int, pictures: Path | None) -> dict[str, Any]:
    """What samples of a way are like."""
    recipe = load_recipe("images").replace(
        data="arrows.npy", steps=steps, seed=seed,
        **{"generator.base": 16, "discriminator.base": 16, "watch.action": "off", **WAYS[way]},
    )  # fmt: skip
    held_out = count // 4
    values = arrows(count + held_out, seed)
    data = Data(values, np.arange(count), valid=np.arange(count, count + held_out))
    trainer = Trainer(recipe, data)
    outcomes = [trainer.advance() for _ in range(steps)][-1]
    samples = np.asarray(trainer.sampler.draw(SAMPLES, seed=1))
    if pictures is not None:
        save(grid(samples[:96], columns=16), pictures / f"arrows-{way.replace(' ', '-')}.png")
    figures = trainer.figures(outcomes)
    return {"shares": counts(samples), "probability": figures.get("augment_probability")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of samples")
    parser.add_argument("--out", type=Path, default=result_of(__file__))
    options = parser.parse_args()
    torch.set_num_threads(1)
    surroundings = machine()
    found: dict[str, Any] = {"fresh arrows": [{"shares": counts(arrows(SAMPLES, 999)), "probability": None}]}
    for way in WAYS:
        found[way] = [
            trained(way, options.count, options.steps, seed, options.pictures)
            for seed in map(int, options.seeds.split(","))
        ]
        print(way, json.dumps(found[way]), flush=True)
    record(options.out, {"machine": surroundings, "steps": options.steps, "count": options.count, "ways": found})


def page(result: dict[str, Any]) -> str:
    """The result in Markdown."""
    lines = [
        f"{result['count']} arrows, {result['steps']:,} steps; shares of 1,000 samples, means over seeds.",
        "",
        "| augmented | seeds | turned | pointing left | another color | a patch | probability at the end |",
        "|---|---|---|---|---|---|---|",
    ]
    for way, cells in result["ways"].items():
        shares = " | ".join(
            f"{100 * np.mean([cell['shares'][name] for cell in cells]):.1f} %" for name in cells[0]["shares"]
        )
        last = cells[-1]["probability"]
        lines.append(f"| {way} | {len(cells)} | {shares} | {'' if last is None else f'{last:.2f}'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
