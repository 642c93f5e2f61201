"""A generator without its training: one safetensors file, or a folder that is ready to be shared and loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor

from advnets import figures
from advnets.config.load import to_yaml
from advnets.config.recipe import Recipe
from advnets.files import write_whole
from advnets.runs import checkpoint
from advnets.runs.checkpoint import Checkpoint
from advnets.runs.directory import RunDirectory, writing
from advnets.runs.run import Run
from advnets.serving.card import card_of
from advnets.serving.drawn import latents, of_seeds
from advnets.serving.folders import new_folder

_SHOWN, _COLUMNS = 64, 16
_OF_DATA = (
    "fingerprint", "shape", "examples", "training", "classes", "counts", "splits", "vectors", "unknown", "scale",
    "attributes", "format", "sources",
)  # fmt: skip
"""What a shared run says of its data; where they lie is nobody's affair."""


def export_safetensors(run: Run, target: Path) -> int:
    """Write the averaged networks that draw as one safetensors file; how many numbers it holds.

    Tensors are called by player and parameter, generator.layers.0.weight; the file's metadata hold the recipe, and
    `latents.NAME` are what the first samples of some seeds are made from.

    Raises:
        RunError: it cannot be written.
    """
    tensors = {
        f"{name}.{key}": value.detach().cpu().contiguous().clone()
        for name, seat in run.seats.items()
        if seat.side == "generator"
        for key, value in run.players[name].state_dict().items()
    }
    weights = sum(each.numel() for each in tensors.values())
    tensors |= {f"latents.{name}": each.contiguous() for name, each in of_seeds(latents(run)).items()}
    about = {"format": "pt", "recipe": to_yaml(shared_recipe(run)), "step": str(run.step)}
    with writing(target, "or name another --out"):
        write_whole(target, safetensors.torch.save(tensors, about))
    return weights


def export_hub(run: Run, folder: Path, license: str) -> None:
    """Make a folder that can be uploaded as it is, and is a run: `advnets.load` and every command take it.

    It holds the averaged networks and the discriminators, what samples are made of beside latents, a model card and
    samples, and nothing of the training: no optimizer, no path, no command.

    Args:
        run: what is shared.
        folder: new or empty.
        license: of the weights, as the card's front matter names it: mit, cc-by-4.0, other.

    Raises:
        RunError: something is there, or it cannot be written.
    """
    with new_folder(folder) as aside:
        _fill(run, aside, license)


def _fill(run: Run, folder: Path, license: str) -> None:
    directory = RunDirectory.create(folder, shared_recipe(run), shared_facts(run))
    checkpoint.save(directory.checkpoints, _drawing(run), 1)
    directory.samples.rmdir()
    if len(run.shape) == 3:
        made: Any = run.sample(_SHOWN)
        figures.save(figures.grid(made, columns=_COLUMNS), folder / "samples.png")
    evaluated = _evaluated(run)
    if evaluated:
        write_whole(folder / "evaluation.json", json.dumps(evaluated, indent=1).encode())
    write_whole(folder / "README.md", card_of(run, evaluated, license).encode())


def shared_recipe(run: Run) -> Recipe:
    """The recipe without the places of this machine."""
    changes: dict[str, Any] = {"data": Path(run.recipe.source).name, "from_run": None}
    if run.recipe.sources is not None:
        changes["sources"] = Path(run.recipe.sources).name
    return run.recipe.replace(**changes)


def shared_facts(run: Run) -> dict[str, Any]:
    """What run.json of a shared run says."""
    said = run.facts["data"]
    data = {name: said[name] for name in _OF_DATA if name in said}
    data |= {"name": Path(said["name"]).name, "notes": [], "skipped": []}
    if "sources" in data:
        data["sources"] = {key: each for key, each in data["sources"].items() if key in ("shape", "fingerprint")}
    kept = {name: run.facts[name] for name in ("advnets", "torch", "precision") if name in run.facts}
    return {**kept, "status": "done", "exported": True, "data": data}


def _drawing(run: Run) -> Checkpoint:
    """Of a checkpoint what drawing needs; images of the data that samples are made of are left out."""
    tensors: dict[str, Mapping[str, Tensor]] = {}
    for name, seat in run.seats.items():
        part = "average" if seat.averaged else "weights"
        tensors[f"players/{name}/{part}"] = run.players[name].state_dict()
    if (vectors := run.kept.get("vectors")) is not None:
        tensors["game"] = {"vectors": vectors}
    return Checkpoint(run.step, tensors, {"images": run.images, "classes": list(run.data.classes)})


def _evaluated(run: Run) -> dict[str, Any]:
    """What `advnets evaluate` found of this step; nothing where it was not asked, or of another step."""
    try:
        found = json.loads((run.path / "evaluation.json").read_bytes())
        return {name: each for name, each in found.items() if each["of"].get("step") == run.step}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
