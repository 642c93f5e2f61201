"""Checkpoints: whole or not at all, checksummed, without code inside.

A checkpoint is a directory `step-00001000` of `players/NAME/{weights,average,optimizer}.safetensors`, perhaps a
`game.safetensors` with what the game itself remembers, and a `state.json` that holds their SHA-256 digests and its own.
It is written under another name, flushed to the disk and renamed, so that a crash at any instant leaves the previous
one as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from advnets.errors import RunError
from advnets.files import sync_folder, write_whole
from advnets.runs.migrate import tensors_from_format_1

FORMAT = 2
Tensors = Mapping[str, Tensor]


class LaterFormatError(RunError):
    """A sound checkpoint that a later version wrote: it must not be passed over, still less removed."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Args:
        step: iterations of Algorithm 1 that are done.
        tensors: file name without its ending ("players/generator/weights", "game", ...) to named tensors.
        state: plain values: step, images, seconds, seed, ...
    """

    step: int
    tensors: Mapping[str, Tensors]
    state: Mapping[str, Any]


def save(folder: Path, checkpoint: Checkpoint, keep: int) -> Path:
    """Write `checkpoint` into `folder` and remove all but the newest `keep`.

    Raises:
        OSError: the disk is full or not writable; the checkpoints that were there are untouched.
    """
    final = write(folder, checkpoint)
    retain(folder, steps(folder)[-keep:])
    return final


def write(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write `checkpoint` into `folder`, if it is not there.

    Raises:
        OSError: the disk is full or not writable; the checkpoints that were there are untouched.
    """
    final = folder / folder_name(checkpoint.step)
    if final.exists():  # a step's state is a function of the step: this is that checkpoint
        return final
    aside = folder / f".{final.name}.{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        digests: dict[str, str] = {}
        for name, tensors in checkpoint.tensors.items():
            data = safetensors.torch.save(_apart(tensors))
            digests[f"{name}.safetensors"] = hashlib.sha256(data).hexdigest()
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(aside / f"{name}.safetensors", data)
        body = {"format": FORMAT, **checkpoint.state, "step": checkpoint.step, "files": digests}
        write_whole(aside / "state.json", json.dumps({**body, "digest": _digest(body)}, indent=1).encode())
        for made in sorted({(aside / name).parent for name in checkpoint.tensors} | {aside}, reverse=True):
            sync_folder(made)
        aside.rename(final)
        sync_folder(folder)
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return final


def retain(folder: Path, kept: Collection[int]) -> None:
    """Remove all checkpoints but those of the steps `kept`; what cannot be removed stays, for the next time."""
    for step in steps(folder):
        if step not in kept:
            with contextlib.suppress(OSError):
                _remove(folder, step)


def folder_name(step: int) -> str:
    """What the checkpoint of a step is called."""
    return f"step-{step:08d}"


def steps(folder: Path) -> list[int]:
    """Steps of the checkpoints in `folder`, ascending, whether or not they are sound."""
    if not folder.is_dir():
        return []
    return sorted(
        int(entry.name[5:]) for entry in folder.iterdir() if entry.name.startswith("step-") and entry.name[5:].isdigit()
    )


def size(folder: Path, step: int) -> int:
    """Bytes of the files of a checkpoint."""
    return sum(file.stat().st_size for file in (folder / folder_name(step)).rglob("*") if file.is_file())


def newest_step(folder: Path, limit: int) -> int | None:
    """The step of the newest checkpoint of step `limit` or before, sound or not; None where there is none."""
    return max((step for step in steps(folder) if step <= limit), default=None)


def load(path: Path) -> Checkpoint:
    """Read and verify one checkpoint. Nothing in it is ever run.

    Raises:
        RunError: a file is missing, truncated or changed.
        LaterFormatError: it is sound, but not for this version.
    """
    try:
        state = json.loads((path / "state.json").read_bytes())
        digest = state.pop("digest")
        if digest != _digest(state):
            raise RunError(f"{path}/state.json is damaged")
        if state["format"] > FORMAT:
            raise LaterFormatError(f"{path} was written by a later Advnets", "update Advnets")
        tensors: dict[str, Tensors] = {}
        for name, expected in state["files"].items():
            if not _inside(name):
                raise ValueError("a checkpoint is made of its own files")
            data = (path / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != expected:
                raise RunError(f"{path}/{name} is damaged")
            tensors[name.removesuffix(".safetensors")] = safetensors.torch.load(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise RunError(f"{path} is damaged ({error.__class__.__name__})") from None
    found = tensors_from_format_1(tensors) if state["format"] == 1 else tensors
    return Checkpoint(int(state["step"]), found, state)


def _inside(name: str) -> bool:
    """Whether a file of that name lies in the checkpoint's own folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.suffix == ".safetensors"


def newest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest sound checkpoint in `folder` (None where there is none), and what is wrong with newer ones.

    Raises:
        LaterFormatError: a later version has trained further.
    """
    damaged: list[str] = []
    for step in reversed(steps(folder)):
        try:
            return load(folder / folder_name(step)), damaged
        except LaterFormatError:
            raise
        except RunError as error:
            damaged.append(error.what)
    return None, damaged


def of_step(folder: Path, step: int | None = None) -> tuple[Checkpoint, list[str]]:
    """The checkpoint of a step, by default the newest sound one, and what is wrong with newer ones.

    Args:
        folder: the checkpoints of a run.
        step: which one.

    Raises:
        RunError: the run keeps none of this step, or it is damaged; by default, it has no sound one.
        LaterFormatError: a later version wrote it.
    """
    run = folder.parent
    if step is not None:
        if step not in (kept := steps(folder)):
            raise RunError(f"{run} keeps no checkpoint of step {step:,}", f"its steps are {kept}")
        return load(folder / folder_name(step)), []
    found, damaged = newest(folder)
    if found is None:
        why = f" ({'; '.join(damaged)})" if damaged else ""
        raise RunError(f"{run} holds no checkpoint to load{why}", f"run `advnets resume {run}` first")
    return found, damaged


def discard_after(folder: Path, step: int) -> None:
    """Remove what a crash left half-written, and checkpoints after `step`: the training writes them again."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name.startswith(".step-"):
            shutil.rmtree(entry)
    for later in steps(folder):
        if later > step:
            _remove(folder, later)


def _remove(folder: Path, step: int) -> None:
    """Remove a checkpoint under another name, so that a crash leaves no half of it under its own."""
    aside = folder / f".{folder_name(step)}.removed"
    shutil.rmtree(aside, ignore_errors=True)  # of a step that a crash left so, and that was played again
    (folder / folder_name(step)).rename(aside)
    shutil.rmtree(aside)


def _apart(tensors: Tensors) -> dict[str, Tensor]:
    """Tensors as safetensors takes them: on the CPU, contiguous, and those that are one (tied weights) as copies."""
    apart: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, value in tensors.items():
        tensor = value.detach().cpu().contiguous()
        apart[name] = tensor.clone() if tensor.data_ptr() in seen else tensor
        seen.add(tensor.data_ptr())
    return apart


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
