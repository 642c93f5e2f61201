"""The codes of an InfoGAN run: what stays and what moves in a picture, what is measured, who has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from game_kinds import CLASSES, COUNT, SHAPE, recipe_of
from game_kinds import labelled as rows

import advnets
import advnets.evaluation.report
from advnets.cli import main
from advnets.errors import RunError
from advnets.games.infogan import Q, information
from advnets.runs.codes import categories, separated, told, varied
from advnets.runs.run import Run


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("codes")
    data = rows()
    np.savez(folder / "data.npz", x=data.values.transpose(0, 2, 3, 1), y=np.take(CLASSES, data.labels))  # type: ignore[arg-type]
    return advnets.train(recipe_of("infogan", data=str(folder / "data.npz"), steps=4), run=folder / "run")


def test_along_a_row_one_code_moves_and_nothing_else(coded: Run) -> None:
    made, other = varied(coded, code=2, columns=5), varied(coded, code=2, columns=5, seed=1)
    assert made.shape == (3, 5, *SHAPE)
    assert made.dtype == np.uint8
    assert not np.array_equal(made, other)
    z = coded.sampler.inputs(1, 0)
    code = torch.cat([torch.eye(3)[1], torch.tensor([z["code"][0, 3], 0.5])])
    asked = coded.sampler.decode({"z": z["z"], "code": code[None]})
    assert np.abs(asked[0].astype(int) - made[1, 3].astype(int)).max() <= 1


def test_without_a_code_that_moves_columns_are_draws(coded: Run) -> None:
    made = varied(coded, code=0, columns=4)
    drawn = coded.sampler.inputs(4, 0)
    drawn["code"][:, :3] = torch.eye(3)[2]
    assert np.abs(coded.sampler.decode(drawn).astype(int) - made[2].astype(int)).max() <= 1


def test_the_bound_is_that_of_all_samples_at_once(coded: Run) -> None:
    inputs = coded.sampler.inputs(600, 1)
    with torch.no_grad():
        said = coded.players[Q](coded.game.sample(coded.players, inputs))
    wanted = information(inputs["code"], said, 3)
    found = told(coded, 600)
    assert found["categorical"] == pytest.approx(float(wanted[0]), abs=1e-5)
    assert found["continuous"] == pytest.approx(float(wanted[1]), abs=1e-4)
    assert found["entropy"] == pytest.approx(np.log(3))


def test_categories_of_real_images_are_held_against_their_classes(coded: Run) -> None:
    table = advnets.data.open_table(str(coded.recipe.data))
    found = separated(coded, table, "train")
    assert found.real == table.count("train") < COUNT
    seen = categories(coded, table.values[table.rows("train")])
    assert found.details["purity"] == pytest.approx(
        sum(np.bincount(table.labels[table.rows("train")][seen == each]).max() for each in set(seen)) / len(seen)  # type: ignore[index]
    )


def test_the_command_draws_and_says(coded: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "codes.png"
    asked = ["--count", "100", "--out", str(out), "--json", str(tmp_path / "a.json")]
    assert main(["codes", str(coded.path), *asked]) == 0
    said = capsys.readouterr().out
    assert "of 1.099 nats of the category" in said
    assert "test images are of the category" in said
    assert out.stat().st_size > 0
    assert '"purity"' in (tmp_path / "a.json").read_text("utf-8")


def test_what_would_say_nothing_is_refused(coded: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "codes.png"
    still = ["--code", "0", "--reach", "2"]
    for asked in (["--reach", "-1"], ["--reach", "nan"], ["--count", "1"], ["--columns", "0"], still):
        assert main(["codes", str(coded.path), *asked, "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 5
    assert "--reach -1 is no distance from 0 that a code can go; give one above 0" in said
    assert "reach 2 changes nothing: of code 0 none moves; leave --reach out, or name a code" in said
    assert not out.exists()


def test_the_report_of_a_run_with_codes_shows_them(coded: Run) -> None:
    text = advnets.evaluation.report.write_report(coded).read_text("utf-8")
    assert "(codes.png)" in text
    assert (coded.path / "codes.png").exists()


def test_what_has_no_codes_is_told_who_has(coded: Run, finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["codes", str(finished)]) == 2
    assert "trained without codes; train the recipe infogan" in capsys.readouterr().err
    with pytest.raises(RunError, match="no continuous code 3; choose from 1 to 2"):
        varied(coded, code=3)
