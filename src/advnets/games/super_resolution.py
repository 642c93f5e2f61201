"""Super-resolution: the data's images, shrunk, are sources, and G gives them back the details that they lost."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import avg_pool2d

from advnets.errors import RecipeError
from advnets.games.game import Batch, DataSpec, Inputs
from advnets.games.translation import TranslationGame
from advnets.networks.image_to_image import enlarged


@dataclass(frozen=True)
class SuperResolutionGame(TranslationGame):
    """The game of pairs whose source is the target's own, shrunk by means over boxes.

    D sees images beside the source's bicubic enlargement. Source: Ledig et al. 2017, section 2; the cost of pixels is a
    mean square there; here, as in the game of pairs, it is a mean absolute difference.

    Args:
        factor: by how many times height and width are shrunk.
    """

    factor: int = 2

    def source_shapes(self, data: DataSpec) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """A source has the data's size divided by the factor, and D sees it at the data's size.

        Raises:
            RecipeError: they are points, or of a size that the factor does not divide.
        """
        if len(data.shape) != 3:
            raise RecipeError("images are enlarged, these data are points", "use --game.kind adversarial")
        channels, *size = data.shape
        height, width = (side // self.factor for side in size)
        if [height * self.factor, width * self.factor] != size or min(height, width) < 1:
            fits = "x".join(str(max(1, side // self.factor) * self.factor) for side in size)
            what = f"images of {size[0]} x {size[1]} cannot be shrunk {self.factor} times"
            raise RecipeError(what, f"say --size {fits}, or another --factor")
        return (channels, height, width), data.shape

    def pairs(self, batch: Batch, draws: Inputs) -> tuple[Tensor, Tensor]:
        """The batch's images moved, shrunk then, and as they were moved."""
        target = self.moves.move(batch.image, draws)
        return avg_pool2d(target, self.factor), target

    def source_of(self, batch: Batch) -> Tensor:
        """The batch's images, shrunk."""
        return avg_pool2d(batch.image, self.factor)

    def beside(self, source: Tensor) -> Tensor:
        """The source, enlarged bicubically."""
        return enlarged(source, self.factor)
