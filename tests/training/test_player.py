"""A player: master weights, the low-precision worker that follows them, optimizer state by name, an average."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch
from small_games import SHAPE, seeded_discriminator, seeded_generator, weights
from torch import Tensor, nn

from advnets.config.players import AdamConfig, AverageConfig, SGDConfig
from advnets.errors import RecipeError
from advnets.networks.mlp import MaxoutDiscriminator
from advnets.training.player import FlatParameters, Player, computes_in

ADAM = AdamConfig(rate=1e-2)
both = pytest.mark.parametrize("compute", [torch.float32, torch.bfloat16])


def test_parameters_become_views_of_one_tensor_and_keep_their_values() -> None:
    module = seeded_generator()
    before = weights(module)
    flat = FlatParameters(module, torch.float32)
    for old, parameter, view in zip(before, module.parameters(), flat.views, strict=True):
        assert torch.equal(old, parameter)
        assert parameter.data_ptr() == view.data_ptr()
        assert parameter.data_ptr() % 4 == 0
    flat.flat.zero_()
    assert all(not p.any() for p in module.parameters())


@pytest.mark.parametrize("network", [nn.ReLU(), nn.Linear(2, 2).requires_grad_(False)], ids=["none", "frozen"])
def test_a_network_without_anything_to_train_is_refused(network: nn.Module) -> None:
    with pytest.raises(RecipeError, match="has no parameter to train; leave one with requires_grad"):
        Player(network, ADAM, torch.float32)


@both
def test_a_move_is_the_optimizers(compute: torch.dtype) -> None:
    network = seeded_discriminator()
    plain = copy.deepcopy(network)
    torch_adam = torch.optim.Adam(plain.parameters(), lr=1e-2, betas=(0.5, 0.999))
    player = Player(network, ADAM, compute)
    for step in range(4):
        rng = torch.Generator().manual_seed(step)
        grads = [torch.randn(p.shape, generator=rng).to(compute) for p in player.parameters]
        for parameter, grad in zip(plain.parameters(), grads, strict=True):
            parameter.grad = grad.float()
        torch_adam.step()
        player.move(grads, step, 10)
    for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def moved_along(player: Player, grads: Sequence[Tensor], monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """What the optimizer is given of a move's gradients."""
    found: list[Tensor] = []
    monkeypatch.setattr(player.optimizer, "update", lambda given, *_: found.extend(given))
    player.move(grads, 0, 10)
    return found


def test_gradients_reach_the_optimizer_in_the_parameters_own_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A size of 1 leaves its stride open: such gradients are contiguous, and the fused kernels refuse them on GPUs."""
    player = Player(nn.Conv2d(1, 8, 4, bias=False), ADAM, torch.float32)
    grad = torch.rand(8, 4, 4, 1).permute(0, 3, 1, 2)
    view = player.master.views[0]
    assert grad.is_contiguous()
    assert grad.stride() != view.stride()
    (seen,) = moved_along(player, [grad], monkeypatch)
    assert torch.equal(seen, grad)
    assert seen.stride() == view.stride()


def test_float32_gradients_are_moved_along_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(seeded_discriminator(), ADAM, torch.float32)
    grads = [torch.randn_like(p) for p in player.parameters]
    assert [id(seen) for seen in moved_along(player, grads, monkeypatch)] == list(map(id, grads))


def test_bfloat16_gradients_are_one_flat_float32_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(seeded_discriminator(), ADAM, torch.bfloat16)
    grads = [torch.randn_like(p) for p in player.parameters]
    (flat,) = moved_along(player, grads, monkeypatch)
    assert (flat.dtype, flat.shape) == (torch.float32, player.master.flat.shape)
    assert all(torch.equal(seen, g.float()) for seen, g in zip(player.master.like(flat), grads, strict=True))


@both
def test_what_the_optimizer_remembers_is_named_after_the_parameters(compute: torch.dtype) -> None:
    first, second = (Player(seeded_generator(), ADAM, compute) for _ in range(2))
    grads = [torch.ones_like(p) for p in first.parameters]
    first.move(grads, 0, 10)
    state = first.optimizer_state
    names = [name for name, _ in first.network.named_parameters()]
    assert list(state) == [f"{kept}.{name}" for kept in ("mean", "square") for name in names]
    assert state["mean.0.weight"].shape == first.network.get_parameter("0.weight").shape
    second.network.load_state_dict(first.network.state_dict())
    second.load_optimizer(state)
    second.reload()
    for player in (first, second):
        player.move(grads, 1, 10)
    assert all(torch.equal(a, b) for a, b in zip(weights(first.network), weights(second.network), strict=True))


def test_flat_state_of_earlier_checkpoints_is_the_same_state() -> None:
    first, second = (Player(seeded_generator(), ADAM, torch.float32) for _ in range(2))
    first.move([torch.ones_like(p) for p in first.parameters], 0, 10)
    second.load_optimizer({name: flat.clone() for name, flat in first.optimizer.state.items()})
    for name, kept in first.optimizer_state.items():
        assert torch.equal(second.optimizer_state[name], kept)


def test_the_state_of_another_optimizer_or_network_is_refused() -> None:
    player = Player(seeded_generator(), ADAM, torch.float32)
    others = [
        Player(seeded_generator(), SGDConfig(), torch.float32),
        Player(seeded_discriminator(), ADAM, torch.float32),
    ]
    for other in others:
        with pytest.raises(RecipeError, match="optimizer is not this recipe's; use the recipe it was saved with"):
            player.load_optimizer(other.optimizer_state)


@both
def test_each_player_has_an_average_of_its_own(compute: torch.dtype) -> None:
    config = AverageConfig(decay=0.5, share=1.0, every=1)
    player, plain = Player(seeded_generator(), ADAM, compute, average=config), Player(seeded_generator(), ADAM, compute)
    assert plain.average is None
    assert player.average is not None
    expected = [torch.zeros_like(p) for p in player.network.parameters()]
    for step in range(6):
        grads = [torch.ones_like(p) for p in player.parameters]
        for each in (player, plain):
            each.move(grads, step, 10)
            each.follow(step + 1)
        memory = min(step + 1, 2)
        expected = [e + (w - e) / memory for e, w in zip(expected, weights(player.network), strict=True)]
    for ours, theirs in zip(weights(player.average), expected, strict=True):
        torch.testing.assert_close(ours, theirs)
    assert all(torch.equal(a, b) for a, b in zip(weights(player.network), weights(plain.network), strict=True))
    assert not any(p.requires_grad for p in player.average.parameters())
    assert not player.average.training


def test_an_average_uses_the_networks_own_running_statistics() -> None:
    network = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4))
    player = Player(network, ADAM, torch.float32, average=AverageConfig())
    network(torch.randn(8, 5))
    assert player.average is not None
    assert not player.average.get_buffer("1.running_mean").any()
    player.sync_buffers()
    for name, buffer in player.average.named_buffers():
        assert torch.equal(buffer, network.get_buffer(name))
        assert buffer is not network.get_buffer(name)


def test_the_worker_follows_the_master_which_keeps_what_bfloat16_cannot() -> None:
    network = seeded_generator()
    before = weights(network)
    player = Player(network, SGDConfig(rate=1e-5, final_momentum=0.0, momentum=0.0), torch.bfloat16)
    for step in range(5):
        player.move([torch.ones_like(p) for p in player.parameters], step, 10)
    for old, master, work in zip(before, network.parameters(), player.parameters, strict=True):
        torch.testing.assert_close(master, old - 5e-5, rtol=0, atol=1e-7)
        assert work.dtype == torch.bfloat16
        assert torch.equal(work, master.to(torch.bfloat16))
    with torch.no_grad():
        network.get_parameter("0.weight").zero_()
    player.refresh()
    assert not player.worker.get_parameter("0.weight").any()


@both
def test_no_gradient_is_a_gradient_of_zero(compute: torch.dtype) -> None:
    player = Player(seeded_generator(), ADAM, compute)
    start = weights(player.network)
    some = [torch.ones_like(p) for p in player.parameters]
    player.move([some[0], *[None] * (len(some) - 1)], 0, 10)
    after = weights(player.network)
    assert not torch.equal(start[0], after[0])
    assert all(torch.equal(a, b) for a, b in zip(start[1:], after[1:], strict=True))
    # A stale gradient of an earlier move must not come back.
    player.move(some, 1, 10)
    moved = weights(player.network)
    expected = Player(seeded_generator(), ADAM, compute)
    expected.move([some[0], *[torch.zeros_like(p) for p in some[1:]]], 0, 10)
    expected.move(some, 1, 10)
    for a, b in zip(moved, weights(expected.network), strict=True):
        assert torch.equal(a, b)


@both
def test_limited_norms_hold_after_every_move(compute: torch.dtype) -> None:
    torch.manual_seed(0)
    D = MaxoutDiscriminator(SHAPE, units=(6,), pieces=2, init=0.5, max_norm=0.3)
    player = Player(D, SGDConfig(rate=1.0), compute)
    player.move([torch.randn_like(p) for p in player.parameters], 0, 10)
    for layer in (D.layers[1].linear, D.layers[-1]):  # type: ignore[union-attr]
        assert float(layer.weight.detach().norm(dim=1).max()) <= 0.3 * (1 + 1e-6)  # type: ignore[union-attr]


def test_running_statistics_are_shared_in_float32() -> None:
    network = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4))
    player = Player(network, ADAM, torch.bfloat16)
    names = [name for name, _ in player.worker.named_buffers()]
    assert names == ["1.running_mean", "1.running_var", "1.num_batches_tracked"]
    for name, buffer in player.worker.named_buffers():
        assert buffer is network.get_buffer(name)


class Centered(nn.Module):
    """Keeps a running mean as many do: by putting a new tensor in the old one's place."""

    mean: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 5)
        self.register_buffer("mean", torch.zeros(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.detach().float().mean(0)
        return self.layer(x - self.mean.to(x.dtype))


def test_statistics_in_new_tensors_are_kept_too() -> None:
    network = Centered()
    player = Player(network, ADAM, torch.bfloat16, average=AverageConfig())
    player.worker(torch.ones(4, 5, dtype=torch.bfloat16))
    player.sync_buffers()  # as each checkpoint does
    assert torch.equal(network.mean, torch.full((5,), 0.1))
    assert torch.equal(player.average.mean, network.mean)  # type: ignore[union-attr]
    network.load_state_dict({**network.state_dict(), "mean": torch.full((5,), 3.0)})
    player.worker(torch.ones(4, 5, dtype=torch.bfloat16))
    network.load_state_dict({**network.state_dict(), "mean": torch.full((5,), 2.0)})
    player.reload()
    assert torch.equal(player.worker.mean, torch.full((5,), 2.0))  # type: ignore[arg-type]


class Changing(nn.Module):
    """Drops a buffer at its first pass, and takes another."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 5)
        self.register_buffer("first", torch.zeros(5))
        self.register_buffer("second", torch.zeros(5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if hasattr(self, "second"):
            self.first = None
            del self.second
            self.register_buffer("third", torch.ones(5))
        return self.layer(x)


def test_buffers_that_come_and_go_are_shared_as_they_are() -> None:
    network = Changing()
    player = Player(network, ADAM, torch.bfloat16)
    player.worker(torch.ones(4, 5, dtype=torch.bfloat16))
    player.sync_buffers()
    assert list(dict(network.named_buffers())) == ["third"]
    assert network.first is None


def test_what_can_compute_in_bfloat16_is_found_by_trial() -> None:
    network = seeded_discriminator()
    before, state = weights(network), torch.get_rng_state()
    assert computes_in(network, [torch.zeros(4, *SHAPE)], torch.bfloat16)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(network), strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(p.grad is None for p in network.parameters())

    class Float32Only(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(12, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.layer(x.flatten(1)) @ torch.ones(1, 1)).squeeze(1)

    assert not computes_in(Float32Only(), [torch.zeros(4, *SHAPE)], torch.bfloat16)
