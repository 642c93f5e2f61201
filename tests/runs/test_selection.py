"""Truncated latents and rejected candidates: what is drawn, that nothing depends on the count, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from game_kinds import given, recipe_of
from scipy import stats

import advnets
from advnets import cli
from advnets.errors import RecipeError, RunError
from advnets.games.game import Seat
from advnets.games.priors import draw, inside, truncated
from advnets.networks.conditioning import Input
from advnets.runs.run import Run
from advnets.runs.selection import Chooser, Selection


@pytest.fixture(scope="module")
def gaussian(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A conditional run whose prior is gaussian."""
    recipe = recipe_of("conditional", steps=2, prior="gaussian")
    return advnets.train(recipe, data=given("conditional"), run=tmp_path_factory.mktemp("selection") / "run")


def z(name: str, seed: int = 0) -> torch.Tensor:
    return draw(name, 20_000, 2, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("cut", [0.3, 1.0, 2.5])
def test_truncated_gaussians_have_the_distribution_of_scipys(cut: float) -> None:
    found = truncated("gaussian", z("gaussian"), cut)
    assert float(found.abs().max()) <= cut
    assert stats.kstest(found.flatten().numpy(), stats.truncnorm(-cut, cut).cdf).pvalue > 1e-3
    assert (found.gather(0, z("gaussian").argsort(0)).diff(dim=0) >= 0).all()  # squeezed, not drawn anew


def test_a_wide_cut_leaves_a_gaussian_as_it_is_and_a_uniform_prior_is_scaled() -> None:
    assert float((truncated("gaussian", z("gaussian"), 4.9) - z("gaussian")).abs().mean()) < 1e-5
    assert truncated("uniform", z("uniform"), 0.5).equal(z("uniform") / 2)
    with pytest.raises(RecipeError, match="truncation 1 changes nothing: a uniform prior's whole range is 1"):
        truncated("uniform", z("uniform"), 1.0)
    with pytest.raises(RecipeError, match="sphere cannot be truncated: all its latents have one length"):
        truncated("sphere", z("sphere"), 0.5)
    with pytest.raises(RecipeError, match="rademacher cannot be truncated: all its latents have one length"):
        truncated("rademacher", z("rademacher"), 0.5)
    with pytest.raises(RecipeError, match="mine cannot be truncated: it is your own"):
        truncated("mine", z("sphere"), 0.5)


def test_latents_that_were_moved_come_back_into_the_prior() -> None:
    far = 3 * z("gaussian")
    assert float(inside("uniform", far).abs().max()) <= 3**0.5
    assert inside("gaussian", far) is far
    torch.testing.assert_close(inside("sphere", far).norm(dim=1), torch.full((len(far),), 2**0.5))
    assert inside("rademacher", far).equal(far.sign())


def test_of_the_candidates_the_discriminators_favorite_is_shown(gaussian: Run) -> None:
    plain, chosen = gaussian.sampler.inputs(40, 3), gaussian.selecting(candidates=6).sampler.inputs(40, 3)
    judge = gaussian.discriminator

    def said(inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        with torch.no_grad():
            made = gaussian.generator(inputs["z"], inputs["condition"])
            return judge(made, inputs["condition"])[:, 0]  # behind its logit it tells the classes

    assert chosen["condition"].equal(plain["condition"])
    assert (said(chosen) >= said(plain) - 1e-6).all()
    assert float((said(chosen) > said(plain)).float().mean()) > 0.6  # a sixth keeps its first candidate
    more = gaussian.selecting(candidates=12).sampler.inputs(40, 3)
    assert (said(more) >= said(chosen) - 1e-6).all()


@pytest.mark.parametrize("asked", [{"truncation": 0.5}, {"candidates": 3}, {"truncation": 0.5, "candidates": 3}])
def test_sample_i_is_the_same_whatever_the_count(gaussian: Run, asked: dict[str, float]) -> None:
    run = gaussian.selecting(**asked)  # type: ignore[arg-type]
    whole = run.sample(270, seed=2)
    assert np.array_equal(whole[:5], run.sample(5, seed=2))
    assert np.array_equal(np.concatenate(list(run.stream(270, seed=2, first=255))), whole[255:])
    made, classes = run.sample_with_classes(270, seed=2)
    assert np.array_equal(made, whole)
    assert np.array_equal(classes, gaussian.sample_with_classes(270, seed=2)[1])  # type: ignore[arg-type]
    assert not np.array_equal(whole, gaussian.sample(270, seed=2))
    rows = run.sample_by_class(columns=4, seed=2)
    assert np.array_equal(rows[1], run.sample(4, seed=2, classes=[run.classes[1]]))


def test_the_commands_choose_and_say_so(gaussian: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = str(gaussian.path)
    assert cli.main(["sample", path, "--count", "5", "--truncation", "0.5", "--reject", "3"]) == 0
    assert (gaussian.path / "samples-truncation-0.5-best-of-3.png").exists()
    array = tmp_path / "some.npy"
    assert cli.main(["sample", path, "--count", "5", "--reject", "3", "--out", str(array)]) == 0
    wanted = gaussian.selecting(candidates=3).sample(5)
    assert np.array_equal(np.load(array), wanted.transpose(0, 2, 3, 1))
    capsys.readouterr()
    np.save(tmp_path / "images.npy", given("conditional")[0][:, 0])
    asked = ["--data", str(tmp_path / "images.npy"), "--metrics", "kernel", "--features", "pixels", "--count", "40"]
    answers = tmp_path / "answers.json"
    assert cli.main(["evaluate", path, *asked, "--truncation", "0.5", "--json", str(answers)]) == 0
    found = json.loads(answers.read_text())["kernel"]
    assert found["of"]["truncation"] == 0.5
    assert any("truncated at 0.5" in note for note in found["notes"])


REFUSED = [
    (["sample", "RUN", "--reject", "1"], "--reject 1 rejects nothing; give the candidates for each sample"),
    (["sample", "RUN", "--reject", "100000"], "100,000 candidates a sample; use 2 to 1,000"),
    (["sample", "RUN", "--truncation", "0"], "truncation 0; use more than 0"),
    (["sample", "RUN", "--truncation", "7"], "truncation 7; use more than 0"),
    (["evaluate", "a.npy", "--data", "mnist", "--truncation", "0.5"], "--truncation 0.5: a.npy is no run"),
    (["evaluate", "a.npy", "--data", "mnist", "--reject", "4"], "--reject 4: a.npy is no run"),
]


@pytest.mark.parametrize(("said", "answer"), REFUSED, ids=[" ".join(said) for said, _ in REFUSED])
def test_what_chooses_nothing_is_refused(
    said: list[str], answer: str, gaussian: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([str(gaussian.path) if word == "RUN" else word for word in said]) == 2
    error = capsys.readouterr().err
    assert answer in error
    assert error.count("\n") == 1


def test_a_game_without_such_latents_or_judges_says_so(gaussian: Run) -> None:
    takes = {"mask": Input(gaussian.shape), **gaussian.seats["discriminator"].takes}
    others = {**gaussian.seats, "discriminator": Seat("discriminator", takes)}
    with pytest.raises(RunError, match="no discriminator of this game is shown samples alone"):
        Chooser(Selection(candidates=2), gaussian.game, others, gaussian.data, "gaussian", gaussian.players)
    unpaired = SimpleNamespace(wish=lambda count, rng: {})  # as a game of translation without z
    with pytest.raises(RunError, match="candidates would be all alike: the game draws no latents; leave --reject out"):
        Chooser(Selection(candidates=2), unpaired, gaussian.seats, gaussian.data, None, gaussian.players)  # type: ignore[arg-type]
    for prior, answer in ((None, "the game draws no latents z of a prior"), ("sphere", "all its latents have one")):
        with pytest.raises(RunError, match=answer):
            Chooser(Selection(0.5), gaussian.game, gaussian.seats, gaussian.data, prior, gaussian.players)
