"""Boltzmann machines against the enumeration of every state, and their learning against exact gradients."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from scipy import stats
from small_machines import all_states, exact_log_partition, machine
from torch import Tensor

from advnets.errors import DivergedError, RecipeError, RunError
from advnets.paper.models.learning import learn
from advnets.paper.models.rbm import RBM, Phase, RBMConfig, RBMLearner, draw, gradient


def joint(rbm: RBM) -> Tensor:
    """p(v, h) of every pair of states, from the definition of the energy alone."""
    v, h = all_states(len(rbm.visible_bias)), all_states(len(rbm.hidden_bias))
    energies = -(v @ rbm.visible_bias)[:, None] - (h @ rbm.hidden_bias) - torch.einsum("nd,dh,mh->nm", v, rbm.weight, h)
    return torch.softmax(-energies.flatten(), 0).view(energies.shape)


def stripes(count: int = 200) -> Tensor:
    """Pictures of 3 x 3 whose rows, or whose columns, are on or off."""
    rng = torch.Generator().manual_seed(5)
    lines = torch.randint(0, 2, (count, 3), generator=rng)
    pictures = lines[:, :, None].expand(-1, -1, 3).clone()
    pictures[::2] = pictures[::2].transpose(1, 2)
    return (pictures.reshape(count, 9) * 255).to(torch.uint8)


def log_likelihood(rbm: RBM, rows: Tensor) -> float:
    return float(-rbm.free_energy(rows).mean()) - exact_log_partition(rbm)


def test_free_energies_are_what_the_definition_says() -> None:
    rbm = machine(5, 4)
    v, h = all_states(5)[17:18].expand(16, -1), all_states(4)
    expected = [-(x @ rbm.weight @ y) - x @ rbm.visible_bias - y @ rbm.hidden_bias for x, y in zip(v, h, strict=True)]
    torch.testing.assert_close(rbm.free_energy(v[:1])[0], -torch.logsumexp(-torch.stack(expected), 0))


def test_conditionals_are_those_of_the_enumerated_joint() -> None:
    rbm = machine(5, 4)
    table = joint(rbm)
    torch.testing.assert_close(rbm.hidden(all_states(5)), (table / table.sum(1, True)) @ all_states(4))
    torch.testing.assert_close(rbm.visible(all_states(4)), (table / table.sum(0)).t() @ all_states(5))


def test_gibbs_sampling_reaches_the_exact_distribution() -> None:
    rbm, chains = machine(4, 3, 1.2).to(torch.float32), 20_000
    states = rbm.gibbs(torch.zeros(chains, 4), 60, torch.Generator().manual_seed(1))
    places = (states @ torch.tensor([8.0, 4.0, 2.0, 1.0])).long()
    expected = joint(machine(4, 3, 1.2)).sum(1).numpy() * chains
    assert stats.chisquare(torch.bincount(places, minlength=16).numpy(), expected).pvalue > 0.01
    uniform = stats.chisquare(torch.bincount(places, minlength=16).numpy())
    assert uniform.pvalue < 1e-12  # so few counts as these tell distributions apart


@pytest.mark.parametrize("probability", [0.0, 1e-3, 0.3, 0.999, 1.0])
def test_draws_have_their_probability(probability: float) -> None:
    ones = int(draw(torch.full((1001, 999), probability), torch.Generator().manual_seed(2)).sum())
    if probability in (0.0, 1.0):
        assert ones == probability * 1001 * 999
    else:
        assert stats.binomtest(ones, 1001 * 999, probability).pvalue > 0.01


def test_the_gradient_without_centers_is_that_of_the_free_energies() -> None:
    rbm, rng = machine(6, 3), torch.Generator().manual_seed(3)
    data, model = torch.rand(40, 6, generator=rng).double(), torch.rand(40, 6, generator=rng).double()
    parts = [part.clone().requires_grad_() for part in rbm.state_dict().values()]
    twin = RBM(*parts)
    gap = torch.nn.functional.softplus(twin.hidden_bias + data @ twin.weight).sum(1) + data @ twin.visible_bias
    gap = gap - torch.nn.functional.softplus(twin.hidden_bias + model @ twin.weight).sum(1) - model @ twin.visible_bias
    expected = torch.autograd.grad(gap.mean(), parts)
    found = gradient(
        Phase(data, rbm.hidden(data)), Phase(model, rbm.hidden(model)), torch.zeros(6), torch.zeros(3)
    ).state_dict()
    for ours, theirs in zip(found.values(), expected, strict=True):
        torch.testing.assert_close(ours, theirs.float(), atol=1e-6, rtol=1e-5)


def test_the_centered_gradient_knows_no_difference_between_zeros_and_ones() -> None:
    rng = torch.Generator().manual_seed(4)
    v, w, h, g = (torch.rand(30, units, generator=rng) for units in (5, 5, 3, 3))
    mu, la = torch.rand(5, generator=rng), torch.rand(3, generator=rng)
    there = gradient(Phase(v, h), Phase(w, g), mu, la)
    flipped = gradient(Phase(v, 1 - h), Phase(w, 1 - g), mu, 1 - la)  # W -> -W, c -> -c, b -> b + sum of W
    torch.testing.assert_close(flipped.weight, -there.weight, atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(flipped.hidden_bias, -there.hidden_bias, atol=1e-6, rtol=1e-4)
    carried = there.visible_bias + there.weight.sum(1)
    torch.testing.assert_close(flipped.visible_bias, carried, atol=1e-6, rtol=1e-4)


def test_contrastive_divergence_points_where_the_likelihood_rises() -> None:
    rows, rbm = stripes().double() / 255, machine(9, 6, 0.3)
    parts = [part.clone().requires_grad_() for part in rbm.state_dict().values()]
    free = -torch.nn.functional.softplus(parts[2] + rows @ parts[0]).sum(1) - rows @ parts[1]
    every = -torch.nn.functional.softplus(parts[2] + all_states(9) @ parts[0]).sum(1) - all_states(9) @ parts[1]
    exact = torch.autograd.grad(-free.mean() - torch.logsumexp(-every, 0), parts)
    many = rows.repeat(50, 1)
    model = rbm.gibbs(many, 1, torch.Generator().manual_seed(0)).double()
    none = [torch.zeros(units) for units in (9, 6)]
    found = gradient(Phase(many, rbm.hidden(many)), Phase(model, rbm.hidden(model)), *none).state_dict().values()
    ours = torch.cat([part.flatten() for part in found])
    theirs = torch.cat([part.flatten() for part in exact]).float()
    assert float(torch.cosine_similarity(ours, theirs, dim=0)) > 0.9


@pytest.mark.parametrize("method", ["persistent", "data"])
def test_learning_brings_the_exact_likelihood_near_the_entropy_of_the_data(method: str) -> None:
    rows = stripes()
    learner = RBMLearner(rows, RBMConfig(12, 150, 0.2, 20, method, 2, 0.5, 0.0), 0)  # type: ignore[arg-type]
    values = rows.float() / 255
    before = log_likelihood(learner.machine, values)
    learn(learner, 150, None)
    _, counts = values.unique(dim=0, return_counts=True)
    best = -float(stats.entropy(counts.numpy()))
    after = log_likelihood(learner.machine, values)
    assert before < best - 2.5
    assert best - 0.6 < after < best


@pytest.mark.parametrize("products", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("method", ["persistent", "data"])
def test_a_killed_learning_goes_on_bit_for_bit(tmp_path: Path, method: str, products: torch.dtype) -> None:
    config = RBMConfig(7, 4, 0.05, 32, method, 2)  # type: ignore[arg-type]
    lower = machine(9, 8).to(torch.float32)

    def learner() -> RBMLearner:
        return RBMLearner(stripes(), config, 3, [lower], products)

    whole = learner()
    lines = learn(whole, 4, None)
    learn(learner(), 2, tmp_path)
    second = learner()
    assert learn(second, 4, tmp_path) == lines
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, second.state()[name]), name
    third = learner()
    learn(third, 4, tmp_path)  # nothing is left to do
    assert torch.equal(third.machine.weight, whole.machine.weight)


def test_seeds_and_layers_differ() -> None:
    weights = [RBMLearner(stripes(), RBMConfig(7, 1, batch=20), seed).machine.weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_checkpoints_of_another_training_are_refused(tmp_path: Path) -> None:
    learn(RBMLearner(stripes(), RBMConfig(5, 1, batch=20), 0), 1, tmp_path, of={"seed": 0})
    with pytest.raises(RunError, match="another training"):
        learn(RBMLearner(stripes(), RBMConfig(6, 1, batch=20), 0), 1, tmp_path, of={"seed": 1})


def test_a_machine_that_diverges_says_so() -> None:
    with pytest.raises(DivergedError, match="epoch 1"):
        RBMLearner(stripes(), RBMConfig(5, 1, 1e38, 20, "data", momentum=0.9), 0).epoch(0)


@pytest.mark.parametrize(
    "wrong", [{"hidden": 0}, {"rate": 0.0}, {"momentum": 1.0}, {"batch": 0}, {"method": "exact"}, {"epochs": -1}]
)
def test_what_cannot_be_learned_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(RecipeError):
        RBMConfig(**wrong)  # type: ignore[arg-type]


def test_more_rows_than_there_are_cannot_make_a_batch() -> None:
    with pytest.raises(RecipeError, match="a batch of 100 from 30 rows"):
        RBMLearner(stripes(30), RBMConfig(5), 0)


@pytest.mark.parametrize("method", ["persistent", "data"])
def test_persistent_chains_go_on_where_they_were_and_others_start_at_the_data(method: str) -> None:
    config = RBMConfig(hidden=6, epochs=1, batch=20, rate=1e-9, method=method)  # type: ignore[arg-type]
    learner = RBMLearner(torch.zeros(40, 5), config, 0)
    state = learner.state()
    # All units on or all off: a chain stays where it is.
    state["weight"].fill_(20.0)
    state["visible_bias"].fill_(-60.0)
    state["hidden_bias"].fill_(-50.0)
    state["chains"].fill_(1)
    learner.restore(state)
    learner.epoch(0)
    assert learner.state()["chains"].unique().tolist() == [1 if method == "persistent" else 0]
