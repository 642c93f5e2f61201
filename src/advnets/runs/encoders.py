"""The encoder of a run: a player of its game, or one that was trained after it and lies in its directory.

RUN/encoder/step-00012000/ holds what was trained for the generator of that step: encoder.json, checkpoints/ and
metrics.jsonl, and what was measured with it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from advnets.config.networks import ConvEncoderConfig, GeneratorNetwork, MLPGeneratorConfig
from advnets.config.players import GeneratorConfig
from advnets.errors import AdvnetsError, RunError
from advnets.games.game import Seat
from advnets.networks.build import build_player
from advnets.networks.conditioning import Input
from advnets.randomness import Stream, seed_for
from advnets.runs import checkpoint
from advnets.runs.networks import load_weights

ENCODER = "encoder"
"""Name of the player, and of the folder in a run directory."""
WEIGHTS, OPTIMIZER = f"players/{ENCODER}/weights", f"players/{ENCODER}/optimizer"
_SMALLEST = 8  # sides of images that convolutions halve


@dataclass(frozen=True)
class EncoderSettings:
    """How an encoder is trained after G is fixed.

    Args:
        network: conv-encoder or mlp; auto is conv-encoder for images of 8 x 8 pixels or more.
        width: feature maps at half the images' size, or units of each of mlp's two hidden layers; 0 for 32, or 1024.
        pixels: weight of the mean squared error of G(E(x)), of own samples and of training images, beside that of
            known latents; 0 for the paper's way, latents of own samples alone.
        steps: updates.
        batch: own samples in one, and as many training images where `pixels` weighs them.
        rate: of Adam; it falls linearly to zero.
        seed: of first weights, latents and the order of training images.
    """

    network: Literal["auto", "conv-encoder", "mlp"] = "auto"
    width: int = 0
    pixels: float = 30.0
    steps: int = 3000
    batch: int = 64
    rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("width", 0), ("pixels", 0), ("steps", 1), ("batch", 1), ("seed", 0)):
            if not least <= getattr(self, name) < math.inf:
                raise RunError(f"an encoder of {name} {getattr(self, name)}", f"use {least} or more")
        if not 0 < self.rate < math.inf:
            raise RunError(f"an encoder of rate {self.rate}", "use a rate above 0")

    def settled(self, shape: tuple[int, ...]) -> EncoderSettings:
        """The same with what is left to the shape of the examples said."""
        large = len(shape) == 3 and min(shape[1:]) >= _SMALLEST
        kind = self.network if self.network != "auto" else "conv-encoder" if large else "mlp"
        if kind == "conv-encoder" and len(shape) != 3:
            raise RunError("a conv-encoder reads images, this run makes points", "use --network mlp")
        return replace(self, network=kind, width=self.width or (32 if kind == "conv-encoder" else 1024))

    def build(self, shape: tuple[int, ...], length: int) -> nn.Module:
        """The network, with weights from the seed: N x shape -> N x length."""
        said = self.settled(shape)
        config: GeneratorNetwork = ConvEncoderConfig(base=said.width)
        if said.network == "mlp":
            config = MLPGeneratorConfig(hidden=(said.width, said.width), output="linear", init=None)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(self.seed, 0, Stream.INITIAL_WEIGHTS))
            return build_player(GeneratorConfig(config), {"image": Input(shape)}, (length,))


def folder_of(run: Path, step: int) -> Path:
    """Where the encoder of the generator of a step lies."""
    return run / ENCODER / checkpoint.folder_name(step)


def plays(seats: Mapping[str, Seat], length: int) -> bool:
    """Whether an encoder of latents of that length was a player of the game."""
    seat = seats.get(ENCODER)
    return seat is not None and set(seat.takes) == {"image"} and seat.gives == (length,)


def identity_of(generators: Mapping[str, nn.Module]) -> str:
    """SHA-256 (hex) of networks' weights: an encoder belongs to these."""
    digest = hashlib.sha256()
    for name in sorted(generators):
        for key, tensor in generators[name].state_dict().items():
            digest.update(f"{name}.{key}".encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def write_settings(settings: EncoderSettings, identity: str) -> bytes:
    """What encoder.json says."""
    return json.dumps({"settings": asdict(settings), "generator": identity}, indent=1).encode()


def read_settings(folder: Path) -> tuple[EncoderSettings, str] | None:
    """The settings of the encoder in a folder, and the identity of its generator; None where none was begun.

    Raises:
        RunError: encoder.json is damaged.
    """
    path = folder / "encoder.json"
    if not path.exists():
        return None
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
        known = {field.name for field in fields(EncoderSettings)}
        return EncoderSettings(**{key: said["settings"][key] for key in known}), str(said["generator"])
    except (OSError, ValueError, KeyError, TypeError, AdvnetsError):
        raise RunError(f"{path} is damaged", "train the encoder anew with --fresh") from None


def load_trained(folder: Path, run: Path, shape: tuple[int, ...], length: int, identity: str) -> nn.Module:
    """The finished encoder in a folder, in eval mode.

    Args:
        folder: where it lies.
        run: the run directory, for messages.
        shape: of the examples.
        length: of the latents.
        identity: of the generators that it must belong to.

    Raises:
        RunError: there is none, it is not finished, or of other generators.
    """
    found = read_settings(folder)
    if found is None:
        raise RunError(f"{run} has no encoder", f"train one: `advnets infer {run}`, or advnets.infer(run)")
    settings, of = found
    if of != identity:
        raise RunError(f"{folder} is of another generator", f"train it anew: `advnets infer {run} --fresh`")
    saved, damaged = checkpoint.newest(folder / "checkpoints")
    if saved is None or saved.step < settings.steps:
        why = f" ({'; '.join(damaged)})" if damaged else ""
        raise RunError(f"{folder} is not finished{why}", f"go on with `advnets infer {run}`")
    encoder = settings.build(shape, length)
    load_weights(encoder, saved.tensors[WEIGHTS], ENCODER)
    return encoder.eval()
