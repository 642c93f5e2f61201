"""Images to latents and back: a generator whose inverse is known."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from advnets.errors import RunError
from advnets.games.adversarial import AdversarialGame
from advnets.games.game import DataSpec
from advnets.games.objectives import objective
from advnets.games.priors import inside
from advnets.runs.coding import Coder, Latents, latents_of
from advnets.runs.sampling import Sampler

LATENT, SHAPE = 3, (1, 2, 4)
GAME = AdversarialGame(objective("non-saturating"), "uniform", LATENT)
SEATS = GAME.seats(DataSpec(SHAPE))


class Linear(nn.Module):
    """x = W z + 1/2, or its inverse."""

    def __init__(self, back: bool) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        weight = torch.linalg.qr(torch.randn(8, LATENT, generator=generator))[0] / 10
        self.weight = nn.Parameter(torch.linalg.pinv(weight) if back else weight)
        self.back = back

    def forward(self, given: Tensor) -> Tensor:
        if self.back:
            return (given.flatten(1) - 0.5) @ self.weight.T
        return (given @ self.weight.T + 0.5).view(-1, *SHAPE)


def coder(prior: str = "gaussian") -> Coder:
    sampler = Sampler(GAME, {"generator": Linear(False).requires_grad_(False)}, DataSpec(SHAPE), (0.0, 1.0))
    return Coder(Linear(True), sampler, latents_of(GAME, SEATS), prior)


def images(count: int = 300) -> tuple[Tensor, np.ndarray]:
    z = GAME.wish(count, torch.Generator().manual_seed(1))["z"]
    return z, coder().decode(z)


def test_codes_are_the_latents_that_images_were_made_from() -> None:
    z, made = images()
    found = coder().encode(made)
    assert float((found - z).abs().max()) < 0.06  # bytes are a 255th, W's columns a tenth
    assert np.abs(coder().decode(found).astype(int) - made).max() <= 1


def test_refinement_finds_the_least_error_from_anywhere_and_never_ends_above_its_beginning() -> None:
    _, made = images(40)
    strange = np.random.default_rng(0).integers(100, 156, made.shape, np.uint8)
    best = coder().encode(strange)  # the pseudo-inverse: no latents are nearer
    least = coder().refine(strange, best, 0)[1]
    begin = torch.zeros(len(strange), LATENT)
    before = coder().refine(strange, begin, 0)[1]
    codes, after = coder().refine(strange, begin, 300)
    assert (after <= before).all()
    torch.testing.assert_close(after, least, rtol=1e-2, atol=1e-6)
    torch.testing.assert_close(codes, best, rtol=0, atol=0.02)
    direct = (Linear(False)(codes) - coder().values(strange)).square().flatten(1).mean(1)
    torch.testing.assert_close(after, direct)


def test_images_that_cannot_be_written_to_are_read_without_a_warning() -> None:
    _, made = images(2)
    made.flags.writeable = False
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            values = coder().values(made)
    finally:
        torch.set_warn_always(before)
    torch.testing.assert_close(values, torch.tensor(made / 255, dtype=torch.float32))


def test_refinement_tells_of_its_steps(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("advnets.data.parallel._FIRST_LINE", 0.0)
    monkeypatch.setattr("advnets.data.parallel._OTHER_LINES", 0.0)
    _, made = images(300)  # 250 at a time
    coder().refine(made, torch.zeros(300, LATENT), 2)
    assert capsys.readouterr().err.split("\n")[1::3] == [f"Refining latents: {done} of 4 steps" for done in (2, 4)]


def test_codes_stay_where_the_prior_can_draw() -> None:
    column = (Linear(False).weight[:, 0] > 0).numpy().reshape(SHAPE)
    far = np.stack([column, ~column]) * np.uint8(255)
    assert float(coder().encode(far).abs().max()) > 3**0.5
    for found in (coder("uniform").encode(far), coder("uniform").refine(far, torch.zeros(2, LATENT), 30)[0]):
        assert float(found.abs().max()) <= 3**0.5 + 1e-6
    lengths = coder("sphere").encode(far).norm(dim=1)
    torch.testing.assert_close(lengths, torch.full((2,), 3**0.5))


def test_signs_are_found_by_codes_that_move_freely() -> None:
    z = torch.tensor([[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, 1.0, -1.0]])
    made = coder().decode(z)
    found, errors = coder("rademacher").refine(made, -z, 60)
    assert torch.equal(found, z)
    assert float(errors.max()) < 1e-5


def test_the_prior_keeps_what_it_can_draw() -> None:
    z = GAME.wish(50, torch.Generator().manual_seed(1))["z"]
    assert torch.equal(inside("uniform", z), z)
    assert torch.equal(inside("gaussian", 9 * z), 9 * z)


def test_latents_of_several_parts_lie_side_by_side() -> None:
    latents = Latents({"z": 2, "code": 1})
    parts = {"code": torch.tensor([[3.0]]), "z": torch.tensor([[1.0, 2.0]])}
    joined = latents.joined(parts)
    assert joined.tolist() == [[1, 2, 3]]
    assert {name: each.tolist() for name, each in latents.parted(joined).items()} == {"z": [[1, 2]], "code": [[3]]}


def test_samples_of_images_have_no_latents_to_find() -> None:
    class Translation(AdversarialGame):
        def wish(self, count: int, rng: torch.Generator):
            return {"image": torch.zeros(count, 1, 2, 2)}

    with pytest.raises(RunError, match="this game makes samples from image of shape"):
        latents_of(Translation(objective("hinge")), SEATS)


def test_translations_without_z_have_no_latents_to_find() -> None:
    with pytest.raises(RunError, match="no z and makes samples of sources alone"):
        latents_of(AdversarialGame(objective("hinge"), "uniform", 0), SEATS)
