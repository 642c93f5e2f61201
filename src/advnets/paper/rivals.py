"""The models that Tables 1 and 2 show, each trained once, with settings that are stated here."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from advnets.config.load import load_recipe, to_dict
from advnets.data import ImageTable
from advnets.paper.models.contractive import SIGMA, CAEConfig, StackedCAE, train_cae
from advnets.paper.models.dbn import DBN, DBNConfig, train_dbn
from advnets.paper.models.gsn import GSN, GSNConfig, train_gsn
from advnets.paper.models.learning import trained_seconds
from advnets.paper.models.markov_chains import STEPS
from advnets.paper.models.rbm import RBMConfig
from advnets.paper.models.vae import VAE, VAEConfig, train_vae
from advnets.paper.shared_runs import trained
from advnets.paper.shrinking import shrunk
from advnets.paper.workspace import PARTS, RUNS, Workspace
from advnets.runs.run import Run

Images = npt.NDArray[np.uint8]
_QUICK_IMAGES = 3_000
_FORMAT = 2  # of the rivals' checkpoints: those of another lie in other folders
AVERAGED = "An average of G's weights is sampled; the authors sampled G."
_SMALL = RBMConfig(hidden=64, epochs=2)


KEYS = {"DBN": "dbn", "Stacked CAE": "cae", "Deep GSN": "gsn"}
"""What `settings` and `folder` know each rival of Table 1 as."""

AUTHORS, OURS = "Adversarial nets, the authors' settings", "Adversarial nets, ours"
GAMES = {AUTHORS: "paper-mnist", OURS: "mnist-best"}
"""The recipe of each row of adversarial nets."""


@dataclass(frozen=True)
class Rivals:
    """The three rivals of Table 1 on one data set.

    Args:
        data: what their folders are called after; empty for MNIST.
        dbn, cae, gsn: the models and their training.
        sigma: how far a step of the contractive auto-encoder's chain goes.
    """

    data: str
    dbn: DBNConfig
    cae: CAEConfig
    gsn: GSNConfig
    sigma: float


MNIST = Rivals("", DBNConfig(), CAEConfig(), GSNConfig(), SIGMA)


def dbn(workspace: Workspace, table: ImageTable, rivals: Rivals = MNIST) -> DBN:
    """The deep belief network."""
    config = DBNConfig((_SMALL, _SMALL)) if workspace.quick else rivals.dbn
    return train_dbn(
        train_images(workspace, table), config, folder(workspace, "dbn", rivals), workspace.seed, workspace.say
    )


def cae(workspace: Workspace, table: ImageTable, rivals: Rivals = MNIST) -> StackedCAE:
    """The stacked contractive auto-encoder."""
    config = CAEConfig(units=(64, 64), epochs=(2, 2)) if workspace.quick else rivals.cae
    return train_cae(
        train_images(workspace, table), config, folder(workspace, "cae", rivals), workspace.seed, workspace.say
    )[0]


def gsn(workspace: Workspace, table: ImageTable, rivals: Rivals = MNIST) -> GSN:
    """The deep generative stochastic network."""
    config = GSNConfig(units=(64, 64), epochs=2) if workspace.quick else rivals.gsn
    return train_gsn(
        train_images(workspace, table), config, folder(workspace, "gsn", rivals), workspace.seed, workspace.say
    )[0]


def vae(workspace: Workspace, table: ImageTable) -> VAE:
    """The variational auto-encoder."""
    config = VAEConfig(hidden=64, latent=10, epochs=2) if workspace.quick else VAEConfig()
    return train_vae(train_images(workspace, table), config, folder(workspace, "vae"), workspace.seed, workspace.say)[0]


def settings(name: str, rivals: Rivals = MNIST) -> Any:
    """What a kept figure of a model is of, as JSON: "dbn", "cae", "gsn", "vae", or the name of a recipe of MNIST."""
    if name == "vae":
        return repr(VAEConfig())
    if name in ("dbn", "gsn"):
        return repr(getattr(rivals, name))
    return [repr(rivals.cae), rivals.sigma] if name == "cae" else to_dict(load_recipe(name))


def adversarial(workspace: Workspace, name: str) -> Run:
    """The run of a recipe of MNIST."""
    recipe = load_recipe(name)
    return trained(workspace, shrunk(recipe) if workspace.quick else recipe)


def folder(workspace: Workspace, name: str, rivals: Rivals = MNIST) -> Path:
    """Where a rival's checkpoints lie; other settings have another folder: nothing that is kept is in the way."""
    config = VAEConfig() if name == "vae" else getattr(rivals, name)
    data = f"-{rivals.data}" if rivals.data else ""
    of = f"{zlib.crc32(repr((_FORMAT, config)).encode()):08x}"
    return workspace.folder / PARTS / RUNS / f"{name}{data}-{of}{'-quick' if workspace.quick else ''}-{workspace.seed}"


def train_images(workspace: Workspace, table: ImageTable) -> Images:
    """What all of them are trained on: uint8, N x C x H x W."""
    return table.reals("train", _QUICK_IMAGES if workspace.quick else None)


@dataclass(frozen=True)
class Made:
    """Samples of a trained model.

    Args:
        samples: uint8, N x C x H x W.
        seconds: of training, those before a kill included; None where nothing was trained.
    """

    samples: Images
    seconds: float | None = None


def rival_models(workspace: Workspace, table: ImageTable, rivals: Rivals = MNIST) -> dict[str, Callable[[int], Made]]:
    """What trains each rival of Table 1, or takes it up where it was, and draws from it: by its name there.

    Each is called with the steps of a sample's chain.
    """
    count, seed = sample_count(workspace), workspace.seed + 1

    def made(name: str, samples: npt.ArrayLike) -> Made:
        values = np.asarray(samples, np.float32).reshape(-1, *table.shape)
        return Made(np.rint(values * 255).astype(np.uint8), trained_seconds(folder(workspace, name, rivals)))

    return {
        "DBN": lambda steps: made("dbn", dbn(workspace, table, rivals).sample(count, seed, steps)),
        "Stacked CAE": lambda steps: made(
            "cae", cae(workspace, table, rivals).sample(count, seed, rivals.sigma, steps)
        ),
        "Deep GSN": lambda steps: made("gsn", gsn(workspace, table, rivals).sample(count, seed, steps)),
    }


def models(workspace: Workspace, table: ImageTable) -> dict[str, Callable[[], Made]]:
    """The rivals, each sample after `chain_steps`, and the adversarial nets of MNIST."""

    def drawn(name: str) -> Made:
        run = adversarial(workspace, name)
        samples = np.asarray(run.sample(sample_count(workspace), workspace.seed + 1), np.uint8)
        return Made(samples, run.metrics[-1]["seconds"])

    return {
        **at_the_end(workspace, rival_models(workspace, table)),
        **{name: functools.partial(drawn, recipe) for name, recipe in GAMES.items()},
    }


def raw_draws(workspace: Workspace) -> Callable[[], Images]:
    """Draws of the authors' G as its last step left it, not averaged."""
    return lambda: np.asarray(
        adversarial(workspace, GAMES[AUTHORS]).sample(sample_count(workspace), workspace.seed + 1, averaged=False),
        np.uint8,
    )


def at_the_end(workspace: Workspace, rivals: dict[str, Callable[[int], Made]]) -> dict[str, Callable[[], Made]]:
    """Rivals whose samples are the ends of chains of `chain_steps`."""
    return {name: functools.partial(draw, chain_steps(workspace)) for name, draw in rivals.items()}


def sample_count(workspace: Workspace) -> int:
    """How many samples the Parzen windows stand on."""
    return 500 if workspace.quick else 10_000


def caption(workspace: Workspace, name: str) -> str:
    """How a model's samples were drawn."""
    return {
        "DBN": f"{_ended(workspace)}, by Gibbs at the top, taken down to probabilities of pixels.",
        "Stacked CAE": f"{_ended(workspace)}, along the directions in which its code moves: probabilities of pixels.",
        "Deep GSN": f"{_ended(workspace)}, as it was trained by walkback: probabilities of pixels.",
    }.get(name, "One pass of G each, no chain.")


def _ended(workspace: Workspace) -> str:
    return f"Each the end of a chain of its own, {chain_steps(workspace)} steps from a random start"


def chain_steps(workspace: Workspace) -> int:
    """How long the chain is whose end is a sample."""
    return 20 if workspace.quick else STEPS
