"""The same networks by TorchGAN 0.1.0, where it is installed; it is no dependency of ours.

    pip install --no-deps --target FOLDER torchgan==0.1.0 torchvision==0.28.0 wget
    python benchmarks/speed/training.py --torchgan FOLDER

TorchGAN's last release is of 2021 and needs torchvision. torchvision's wheel on PyPI is built for CUDA; beside a
CPU-only torch its operators do not load and importing it fails ("operator torchvision::nms does not exist").
Training uses none of them, so their two names are declared here, which is enough for the import.
"""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import torch

from advnets.config.games import AdversarialConfig
from advnets.config.recipe import Recipe
from advnets.training.batches import Data
from benchmarks.speed.peers import discriminator, endless, generator, loader


def find(folder: str | None) -> tuple[Any, str]:
    """The `torchgan` package (None where it cannot be imported), and its version or the reason."""
    if folder:
        sys.path.append(folder)  # last: nothing of ours is replaced
    try:
        _declare_torchvision_operators()
        import torchgan
        import torchgan.losses
        import torchgan.models
        import torchgan.trainer
    except Exception as error:  # whatever an old package raises on a new torch is the answer
        return None, f"{type(error).__name__}: {error}"
    helped = ", torchvision's operators declared by hand" if _KEPT else ""
    return torchgan, f"{torchgan.__version__}{helped}"


class TorchGANGame:
    """A game under way in TorchGAN's Trainer. Its saving and its pictures are left out; its logs stay.

    Args:
        package: what `find` found.
        recipe, data: as for the peers.
    """

    def __init__(self, package: Any, recipe: Recipe, data: Data) -> None:
        game = recipe.game
        assert isinstance(game, AdversarialConfig)

        class Generator(package.models.Generator):
            def __init__(self) -> None:
                super().__init__(game.latent)
                self.network = generator(game.generator.network, game.latent, data.shape)

            def forward(self, z: torch.Tensor) -> torch.Tensor:
                return self.network(z)

        class Discriminator(package.models.Discriminator):
            def __init__(self) -> None:
                super().__init__(data.shape)
                self.network = discriminator(game.discriminator.network, data.shape)

            def forward(self, images: torch.Tensor) -> torch.Tensor:
                return self.network(images)

        models = {
            "generator": {"name": Generator, "optimizer": _optimizer(game.generator.optimizer)},
            "discriminator": {"name": Discriminator, "optimizer": _optimizer(game.discriminator.optimizer)},
        }
        losses = [package.losses.MinimaxGeneratorLoss(), package.losses.MinimaxDiscriminatorLoss()]
        with tempfile.TemporaryDirectory() as place:  # the trainer makes its folders at once; nothing is saved here
            self.trainer = package.trainer.Trainer(
                models, losses, device=torch.device("cpu"), checkpoints=f"{place}/model/gan", recon=f"{place}/images"
            )
        self.trainer.batch_size = recipe.batch
        self.batches = endless(loader(recipe, data))

    def advance(self) -> None:
        """The body of the loop of TorchGAN's `BaseTrainer.train`: one update of G and one of D."""
        self.trainer.real_inputs = next(self.batches)
        lgen, ldis, gen_iter, dis_iter = self.trainer.train_iter()
        self.trainer.loss_information["generator_losses"] += lgen
        self.trainer.loss_information["discriminator_losses"] += ldis
        self.trainer.loss_information["generator_iters"] += gen_iter
        self.trainer.loss_information["discriminator_iters"] += dis_iter
        self.trainer.logger.run_mid_epoch(self.trainer)


def _optimizer(config: Any) -> dict[str, Any]:
    if config.kind == "sgd":
        return {"name": torch.optim.SGD, "args": {"lr": config.rate, "momentum": config.momentum}}
    return {"name": torch.optim.Adam, "args": {"lr": config.rate, "betas": config.betas}}


def _declare_torchvision_operators() -> None:
    try:
        import torchvision  # noqa: F401
    except ImportError:
        return  # TorchGAN's own import will say so
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)


_KEPT: list[torch.library.Library] = []
"""A library's operators are forgotten with it."""
