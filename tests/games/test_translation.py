"""Games of image to image: pairs move together, small images are means over boxes, and the way back costs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from advnets.errors import RecipeError
from advnets.games.adversarial import AdversarialGame
from advnets.games.cycle import CycleGame
from advnets.games.game import Batch, DataSpec
from advnets.games.moves import Moves
from advnets.games.objectives import objective
from advnets.games.super_resolution import SuperResolutionGame
from advnets.games.translation import TranslationGame
from advnets.randomness import StepNoise, Stream

PLAIN = AdversarialGame(objective("non-saturating"), latent=0)
ROWS = 16


def rows(channels: int, seed: int, height: int = 8, width: int = 6) -> Tensor:
    return torch.rand(ROWS, channels, height, width, generator=torch.Generator().manual_seed(seed))


def batch(image: Tensor, source: Tensor | None) -> Batch:
    return Batch(torch.arange(len(image)), image, source=source)


def noise(first: int = 0, count: int = ROWS) -> StepNoise:
    return StepNoise(1, 0, Stream.DISCRIMINATOR_NOISE, first, count, ROWS, torch.device("cpu"))


def test_both_images_of_a_pair_are_moved_alike() -> None:
    game = TranslationGame(PLAIN, moves=Moves(flip=True, crop=2))
    image = rows(3, 0)
    pairs = batch(image, image[:, :1])
    draws = game.draw(pairs, noise())
    source, target = game.pairs(pairs, draws)
    assert torch.equal(source, target[:, :1])
    assert len({tuple(each.flatten().tolist()) for each in draws.values()}) == 3
    moved = (target != image).flatten(1).any(1)
    assert moved.sum() > ROWS // 2


def test_a_move_is_a_mirror_image_cut_out_of_one_with_its_edges_drawn_on() -> None:
    moves, image = Moves(flip=True, crop=2), rows(2, 1)
    draws = moves.draw(noise())
    found = moves.move(image, draws).numpy()
    for row, pixels in enumerate(image.numpy()):
        mirrored = pixels[:, :, ::-1] if draws["flip"][row] else pixels
        wide = np.pad(mirrored, ((0, 0), (2, 2), (2, 2)), mode="edge")
        down, right = 2 + int(draws["down"][row]), 2 + int(draws["right"][row])
        assert (found[row] == wide[:, down : down + 8, right : right + 6]).all()


def test_moves_are_a_row_s_own_in_however_many_processes() -> None:
    moves = Moves(flip=True, crop=1)
    part, whole = moves.draw(noise(4, 3)), moves.draw(noise())
    assert all(torch.equal(part[name], whole[name][4:7]) for name in whole)


def test_small_images_are_means_over_boxes_of_what_was_moved() -> None:
    game = SuperResolutionGame(PLAIN, moves=Moves(flip=True, crop=1), factor=2)
    given = batch(rows(3, 2), None)
    source, target = game.pairs(given, game.draw(given, noise()))
    boxes = target.numpy().reshape(ROWS, 3, 4, 2, 3, 2).mean((3, 5))
    assert np.allclose(source.numpy(), boxes, atol=1e-6)
    seats = game.seats(DataSpec((3, 8, 6)))
    assert seats["generator"].takes["source"].shape == (3, 4, 3)
    assert seats["discriminator"].takes["source"].shape == (3, 8, 6)


class Times(nn.Module):
    """Multiplies."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, images: Tensor) -> Tensor:
        return images * self.factor


def test_costs_of_the_way_there_and_back_and_of_leaving_alone_what_is_right() -> None:
    a, b = rows(2, 3), rows(2, 4)
    nets = {"generator": Times(2.0), "reverse": Times(0.25)}
    made = CycleGame(PLAIN, cycle=10.0, identity=3.0).make(nets, batch(b, a), {})
    assert torch.equal(made.outputs["image"], 2 * a)
    assert torch.equal(made.outputs["source"], b / 4)
    assert made.direct is not None
    wanted = 10 * (a.mean() / 2 + b.mean() / 2) + 3 * (b.mean() + 0.75 * a.mean())
    assert made.direct.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert CycleGame(PLAIN, cycle=0.0).make(nets, batch(b, a), {}).direct is None


def test_the_distance_from_the_target_is_weighed() -> None:
    a, b = rows(3, 5), rows(3, 6)
    made = TranslationGame(PLAIN, pixels=7.0).make({"generator": Times(1.0)}, batch(b, a), {})
    assert made.direct is not None
    assert made.direct.item() == pytest.approx(7 * np.abs(a.numpy() - b.numpy()).mean(), rel=1e-5)


def test_data_that_do_not_fit_are_refused() -> None:
    with pytest.raises(RecipeError, match="no images to be translated; name them with --sources"):
        TranslationGame(PLAIN).seats(DataSpec((3, 8, 8)))
    with pytest.raises(RecipeError, match="these data are points"):
        CycleGame(PLAIN).seats(DataSpec((2,)))
    with pytest.raises(RecipeError, match="10 x 8 cannot be shrunk 4 times; say --size 8x8"):
        SuperResolutionGame(PLAIN, factor=4).seats(DataSpec((3, 10, 8)))
    for game in (TranslationGame(PLAIN, moves=Moves(crop=8)), CycleGame(PLAIN, moves=Moves(crop=8))):
        with pytest.raises(RecipeError, match=r"crop 8 moves images of 8 x 9 out of sight; use --game\.crop 1, or"):
            game.seats(DataSpec((3, 8, 9), source=(3, 8, 9)))
    with pytest.raises(RecipeError, match=r"identity cost of sources \(1, 8, 8\) and images \(3, 8, 8\)"):
        CycleGame(PLAIN, identity=1.0).seats(DataSpec((3, 8, 8), source=(1, 8, 8)))
