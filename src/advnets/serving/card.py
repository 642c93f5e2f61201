"""The model card of a shared generator: what it draws, of what it learned, and how good it was found to be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from advnets.measures.alarms import alarm_steps
from advnets.runs.networks import own_players
from advnets.runs.run import Run


def card_of(run: Run, evaluated: Mapping[str, Any], license: str) -> str:
    """README.md, with the front matter that model hubs read.

    Args:
        run: what is shared.
        evaluated: answers of `advnets evaluate`; none where nothing was measured.
        license: of the weights.
    """
    front = {
        "license": license,
        "library_name": "advnets",
        "tags": ["generative-adversarial-network", "gan", run.recipe.game.kind, *_kinds(run)],
    }
    parts = [
        f"---\n{yaml.safe_dump(front, sort_keys=False)}---",
        f"# {run.recipe.name}",
        _opening(run),
        "![samples](samples.png)" if len(run.shape) == 3 else "",
        _use(run),
        _measures(run, evaluated),
        _training(run),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _kinds(run: Run) -> list[str]:
    return ["unconditional-image-generation"] if len(run.shape) == 3 and not run.conditional else []


def _opening(run: Run) -> str:
    shape = " x ".join(map(str, run.shape))
    what = f"images, {shape} (channels x height x width)" if len(run.shape) == 3 else f"points of {shape} numbers"
    classes = f", of the classes {', '.join(run.classes)}" if run.classes else ""
    game = "trained by Advnets as one side of an adversarial game (Goodfellow et al. 2014)"
    return f"A generator of {what}{classes}, {game}."


def _use(run: Run) -> str:
    asked = f', classes=["{run.classes[0]}"]' if run.classes else ""
    made = "uint8, N x C x H x W" if len(run.shape) == 3 else "float32, N x D"
    drawn = f"run.sample(16, seed=0{asked})  # {made}"
    said = [
        "or `advnets sample PATH --count 16 --out samples.png`. Sample i of a seed is the same wherever it is drawn,",
        "but for rounding.",
    ]
    if run.sampler.sources is not None:
        drawn = "run.translate(images)  # uint8, N x C x H x W, of images like those it was trained to translate"
        said = ["or `advnets translate PATH IMAGES --out translated`."]
    loading = 'run = advnets.load("PATH OF THIS FOLDER")  # no code of its own is run'
    if own := own_players(run.recipe):
        modules = ", ".join(f'"{name}": {name}' for name in own)
        loading = f'run = advnets.load("PATH OF THIS FOLDER", modules={{{modules}}})'
        said = [f"The code of its {' and '.join(own)} is not in this folder: modules of the author's own."]
    code = [
        "```python",
        "import advnets",
        "",
        loading,
        f"samples = {drawn}",
        "```",
        "",
        *said,
    ]
    return "\n".join(["## Use", "", *code])


def _measures(run: Run, evaluated: Mapping[str, Any]) -> str:
    if not evaluated:
        return "## How good\n\nIt has not been measured (`advnets evaluate`)."
    lines = ["| measure | value | 95 % interval | features | samples, real |", "|---|---|---|---|---|"]
    for name, each in evaluated.items():
        low, high = each.get("interval") or (None, None)
        interval = "" if low is None else f"{low:.4g} to {high:.4g}"
        counts = f"{each.get('samples', ''):,}, {each.get('real', ''):,}"
        lines.append(f"| {name} | {each['value']:.4g} | {interval} | {each.get('features', '')} | {counts} |")
    of = next(iter(evaluated.values()))["of"]
    against = f"Against {of['data']} ({of['real']}), at step {run.step:,}."
    return "\n".join(["## How good", "", against, "", *lines])


def _training(run: Run) -> str:
    data, recipe = run.facts["data"], run.recipe
    lines = [
        f"- data: {Path(data['name']).name}, {data['training']:,} of {data['examples']:,} to learn from; SHA-256",
        f"  {data['fingerprint']}",
        f"- recipe: `recipe.yaml`; {recipe.game.kind} game, {run.step:,} steps of {recipe.batch:,} examples",
        f"- Advnets {run.facts['advnets']}",
    ]
    if alarms := alarm_steps(run.directory.read_watch()):
        lines.append(f"- the watch on collapse gave an alarm at step {', '.join(f'{step:,}' for step in alarms)}")
    return "\n".join(["## Training", "", *lines])
