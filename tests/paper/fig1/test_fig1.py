"""Figure 1: exact densities by change of variables, and a game that ends where Theorem 1 says."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from advnets import cli
from advnets.errors import UsageError
from advnets.paper.fig1 import exhibit as fig1
from advnets.paper.fig1.density import Grid, branches, cumulative_of
from advnets.paper.fig1.distributions import DISTRIBUTIONS, distribution
from advnets.paper.fig1.game import view_of

GRID = Grid(-6.0, 6.0, 600)
Z = np.linspace(-1.0, 1.0, 20_001)


def test_a_line_makes_a_uniform_density() -> None:
    density = GRID.density(cumulative_of(2 * Z + 1))
    inside = (GRID.centers > -0.9) & (GRID.centers < 2.9)
    assert density[inside] == pytest.approx(0.25, abs=1e-6)
    assert density.sum() * GRID.spacing == pytest.approx(1)


def test_the_inverse_of_a_distribution_makes_that_distribution() -> None:
    share = (Z + 1) / 2
    x = stats.norm.ppf(share.clip(1e-9, 1 - 1e-9))
    density = GRID.density(cumulative_of(x))
    middle = np.abs(GRID.centers) < 3
    assert density[middle] == pytest.approx(stats.norm.pdf(GRID.centers)[middle], abs=2e-3)


def test_branches_of_a_fold_are_added() -> None:
    assert len(branches(2 * Z)) == 1
    assert len(branches(Z**2)) == 2
    density = GRID.density(cumulative_of(Z**2))
    at = (GRID.centers > 0.1) & (GRID.centers < 0.9)
    assert density[at] == pytest.approx(1 / (2 * np.sqrt(GRID.centers[at])), rel=2e-2)
    wave = np.sin(5 * Z)
    drawn, _ = np.histogram(np.sin(5 * np.random.default_rng(0).uniform(-1, 1, 400_000)), GRID.edges, density=True)
    assert GRID.density(cumulative_of(wave))[250:350] == pytest.approx(drawn[250:350], rel=0.1)


@pytest.mark.parametrize("name", list(DISTRIBUTIONS))
def test_a_distribution_draws_what_its_density_says(name: str) -> None:
    import torch

    data = distribution(name)
    x = data.draw(100_000, torch.Generator().manual_seed(0)).numpy().ravel()
    assert stats.kstest(x, lambda at: np.asarray(data.cumulative(at))).pvalue > 1e-3
    low, high = data.support
    assert np.mean((x > low) & (x < high)) == pytest.approx(0.99, abs=0.002)
    steps = np.diff(np.asarray(data.cumulative(GRID.edges))) / GRID.spacing
    assert np.asarray(data.density(GRID.centers)) == pytest.approx(steps, abs=0.02)


def test_no_such_distribution_is_refused() -> None:
    with pytest.raises(UsageError, match="choose one of gaussian"):
        distribution("cauchy")


@pytest.fixture(scope="module")
def figures(exhibits: Path) -> dict[str, Any]:
    return json.loads((exhibits / "fig1.json").read_text("utf-8"))["figures"]


def test_even_the_quick_game_ends_where_theorem_1_says(figures: dict[str, Any]) -> None:
    end = figures["moments"]["gaussian"]["d"]
    assert 0 <= end["jsd"] < 0.01
    assert end["unsure"] < 0.05
    assert end["criterion"] == pytest.approx(-np.log(4) + 2 * end["jsd"], abs=1e-6)


def test_it_is_told_where_a_better_d_would_see_more(exhibits: Path, figures: dict[str, Any]) -> None:
    text = (exhibits / "fig1.md").read_text("utf-8")
    for name, moments in figures["moments"].items():
        far, data = figures["farthest"][name], distribution(name)
        low, high = data.support
        assert low <= far["x"] <= high
        best = far["p_data"] / (far["p_data"] + far["p_g"])
        assert abs(best - 0.5) == pytest.approx(moments["d"]["unequal"], abs=1e-5)
        assert far["p_data"] == pytest.approx(float(data.density(far["x"])), abs=1e-2)
        assert text.count(f"at x = {far['x']:.2f}") >= 2  # among the rows, and in the text
    folded = any(moments["d"]["branches"] > 1 for moments in figures["moments"].values())
    assert ("folds z back" in text) == folded


def test_folding_is_blamed_only_where_g_folds() -> None:
    view = view_of(distribution("gamma"))
    p_g = view.p_data[view.shown].copy()
    at = int(np.argmin(np.abs(view.grid.centers[view.shown] + 1.4)))
    p_g[at] *= 5  # a spike, near the steep end
    far = fig1.farthest(view.data, {"p_g": p_g})
    assert far["x"] == view.grid.centers[view.shown][at]
    assert far["p_g"] == pytest.approx(5 * far["p_data"])
    for branches_of, folds in ((1, False), (3, True)):
        said = fig1.where(view.data, far, branches_of)
        assert "p_g is 5 times p_data there, where G is too flat" in said
        assert ("folds" in said) == folds


def test_samples_agree_with_the_exact_density(figures: dict[str, Any]) -> None:
    found = figures["histogram"]
    assert found["largest"] < 5
    assert 0.7 < found["root_mean_square"] < 1.3


def test_the_animation_moves(exhibits: Path) -> None:
    with Image.open(exhibits / "fig1-animation.gif") as film:
        assert getattr(film, "n_frames", 1) > 20
        first = np.asarray(film.convert("L"), np.int16)
        film.seek(film.n_frames - 1)  # type: ignore[attr-defined]
        assert np.abs(np.asarray(film.convert("L"), np.int16) - first).mean() > 1


def test_the_data_may_be_chosen(exhibits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "paper"
    shutil.copytree(exhibits / "parts" / "fig1", folder / "parts" / "fig1")
    assert cli.main(["paper", "fig1", "--quick", "--data", "mixture", "--out", str(folder)]) == 0
    assert not any(f"fig1: {name}" in capsys.readouterr().out for name in DISTRIBUTIONS), "the games were kept"
    told, before = (
        json.loads(path.read_text("utf-8")) for path in (folder / "fig1-mixture.json", exhibits / "fig1.json")
    )
    end = told["figures"]["moments"]["mixture"]["d"]
    assert told["rows"][0]["ours"] == f"{end['jsd']:.4f}" != before["rows"][0]["ours"]
    assert told["rows"][-2]["what"].startswith("Gaussian")
    assert told["figures"]["histogram"]["largest"] < 5
    assert told["command"] == "advnets paper fig1 --data mixture --quick"
    text = (folder / "fig1-mixture.md").read_text("utf-8")
    assert "# Figure 1, alive: Mixture" in text
    assert all((folder / file).exists() for file in re.findall(r"\]\(([^)]+)\)", text))
    assert not list(folder.glob("fig1[.]*"))  # the paper's own is as it was
    for end in (".png", "-animation.gif"):
        assert (folder / f"fig1-mixture{end}").read_bytes() != (exhibits / f"fig1{end}").read_bytes()


@pytest.mark.parametrize(("name", "data"), [("fig1", "cauchy"), ("costs", "mixture")])
def test_data_without_a_game_is_refused(
    name: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["paper", name, "--data", data, "--out", str(tmp_path / "out")]) == 2
    assert data in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.*"))
