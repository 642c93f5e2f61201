"""What an encoder is said to be worth: held-out images, honest errors, and uses of latents of real images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from completing_runs import SHAPE, colors
from PIL import Image

import advnets
from advnets import cli
from advnets.errors import AdvnetsError, RunError
from advnets.inference.editing import direction, edit, walk
from advnets.inference.errors import held_out
from advnets.inference.infer import data_of
from advnets.runs.encoders import folder_of
from advnets.runs.inference import examples_of
from advnets.runs.run import Run

QUICK = {"steps": 20, "width": 16, "batch": 16}


def test_errors_are_of_held_out_images_and_recomputed_by_hand(digits: Run) -> None:
    found = advnets.infer(digits, count=60, refine=15, **QUICK)
    table = data_of(digits)
    held = held_out(digits, table, 60)
    assert (held.split, len(held.images)) == ("test", 60)
    assert not np.isin(held.rows, table.rows("train")).any()
    errors = {way["way"]: way["error"] for way in found.answer["ways"]}
    real, train = held.images / 255, table.reals("train") / 255
    assert errors["mean training image"] == pytest.approx(((real - train.mean(0)) ** 2).mean(), rel=1e-4)
    apart = ((real[:, None] - train[None]) ** 2).mean((2, 3, 4))
    assert errors["nearest training image"] == pytest.approx(apart.min(1).mean(), rel=1e-4)
    made = digits.reconstruct(held.images) / 255
    assert errors["G(E(x))"] == pytest.approx(((real - made) ** 2).mean(), rel=1e-2)  # bytes, not values
    assert errors["15 steps from E(x)"] <= errors["G(E(x))"]
    assert errors["own samples, E and 15 steps"] <= errors["own samples, E"]
    assert json.loads(found.path.read_text()) == found.answer
    for way in found.answer["ways"]:
        assert way["interval"][0] <= way["error"] <= way["interval"][1]


def test_known_latents_are_explained_by_an_encoder_that_inverts(digits: Run) -> None:
    short, long = (
        advnets.infer(digits, count=60, refine=0, fresh=True, network="mlp", steps=steps, rate=3e-3).answer[
            "latents_r2"
        ]
        for steps in (5, 200)
    )
    assert short < long <= 1


def test_the_picture_has_a_row_for_the_real_images_and_each_way(digits: Run) -> None:
    found = advnets.infer(digits, count=20, refine=2, **QUICK)
    assert found.picture is not None
    with Image.open(found.picture) as picture:
        assert picture.width > picture.height


def test_images_go_in_as_the_runs_own_data_did(digits: Run, tmp_path: Path) -> None:
    run, image = advnets.infer(digits, count=20, refine=0, **QUICK).run, digits.sample(1)[0, 0]
    large = np.stack([image.repeat(4, 0).repeat(4, 1)] * 3, -1)  # in color, four times as large
    Image.fromarray(large).save(tmp_path / "large.png")
    Image.fromarray(image).save(tmp_path / "own.png")
    own = run.encode(image[None, None])
    assert own.shape == (1, 6)
    np.testing.assert_array_equal(run.encode(tmp_path / "own.png"), own)
    np.testing.assert_array_equal(examples_of(run, [tmp_path / "own.png"]), image[None, None])
    np.testing.assert_array_equal(run.encode(large[None]), run.encode(str(tmp_path / "large.png")))
    with pytest.raises(AdvnetsError, match="a dict is no images"):
        run.encode({})


def test_walks_begin_and_end_at_the_images_and_changes_at_the_image(digits: Run) -> None:
    run = advnets.infer(digits, count=20, refine=0, **QUICK).run
    images = data_of(run).reals("test", 3)
    rows = walk(run, images, points=5, refine=0)
    assert rows.shape == (2, 5, 1, 14, 14)
    np.testing.assert_array_equal(rows[:, 0], run.reconstruct(images)[:2])
    np.testing.assert_array_equal(rows[:, -1], run.reconstruct(images)[1:])
    middle = (run.encode(images)[:-1] + run.encode(images)[1:]) / 2
    np.testing.assert_allclose(rows[:, 2].astype(int), run.decode(middle).astype(int), atol=1)
    along = direction(run, data_of(run), "0:2")
    np.testing.assert_array_equal(edit(run, images, along, points=3, refine=0)[:, 0], run.reconstruct(images))
    with pytest.raises(RunError, match="give 2 images and points or more"):
        walk(run, images[:1])


def test_a_direction_goes_from_mean_to_mean(digits: Run) -> None:
    run, table = advnets.infer(digits, count=20, refine=0, **QUICK).run, data_of(digits)
    train = table.rows("train")
    assert table.labels is not None
    means = [run.encode(table.values[train[table.labels[train] == number]]).mean(0) for number in (0, 1)]
    np.testing.assert_allclose(direction(run, table, "0:1"), means[1] - means[0], atol=1e-6)
    with pytest.raises(RunError, match="knows no change 0:9; write FROM:TO of its classes: 0, 1, 2"):
        direction(run, table, "0:9")


def test_a_conditional_run_needs_the_images_classes_and_no_changes_of_them(by_class: Run) -> None:
    run = advnets.infer(by_class, count=20, refine=1, **QUICK).run
    images = data_of(run).reals("test", 2)
    with pytest.raises(RunError, match="say of which with --class"):
        run.reconstruct(images)
    as_two = run.reconstruct(images, classes="2")
    condition = torch.tensor([2, 2])
    np.testing.assert_array_equal(as_two, run.coder.decode(torch.from_numpy(run.encode(images)), condition))
    rows = walk(run, images, 3, 0, torch.tensor([0, 2]))
    first = run.coder.decode(torch.from_numpy(run.encode(images[:1])), torch.tensor([0]))
    np.testing.assert_allclose(rows[0, 0].astype(int), first[0].astype(int), atol=1)
    with pytest.raises(RunError, match="is told of classes"):
        direction(run, data_of(run), "0:1")


def test_points_have_latents_too(run: Path) -> None:
    found = advnets.infer(run, count=50, refine=3, **QUICK)
    assert found.picture is None
    assert found.run.encode(found.run.sample(4)).shape == (4, 16)
    errors = {way["way"]: way["error"] for way in found.answer["ways"]}
    opened = advnets.load(run)
    table = data_of(opened)
    points, train = table.reals("test", 50), table.reals("train")
    np.testing.assert_array_equal(held_out(opened, table, 50).images, points)
    apart = ((points[:, None] - train[None]) ** 2).mean(2).min(1)
    assert errors["nearest training point"] == pytest.approx(apart.mean(), rel=1e-3)
    assert (found.answer["split"], apart.mean() > 0, "G(E(x))" in errors) == ("test", True, True)


def test_data_in_memory_are_passed_again(tmp_path: Path, no_report: None) -> None:
    images = np.random.default_rng(0).integers(0, 256, (80, 1, 8, 8), np.uint8)
    small = {"steps": 2, "generator": {"base": 4}, "discriminator": {"base": 4}, "batch": 8, "sample_every": 0}
    run = advnets.train("images", data=images, run=tmp_path / "run", **small)  # type: ignore[arg-type]
    with pytest.raises(RunError, match=r"passed in Python; pass them there: advnets.infer\(run, data=images\)"):
        advnets.infer(run, **QUICK)
    assert advnets.infer(run, data=images, count=5, refine=0, **QUICK).answer["count"] == 5
    with pytest.raises(RunError, match="were 80 others when it was started"):
        advnets.infer(run, data=255 - images, **QUICK)


def test_images_that_a_run_completes_have_latents_of_images_with_nothing_observed(tmp_path: Path) -> None:
    run = advnets.load(shutil.copytree(colors().path, tmp_path / "run"))
    data = np.random.default_rng(0).integers(0, 256, (60, *SHAPE), np.uint8)
    found = advnets.infer(run, data=data, count=5, refine=2, **QUICK)
    np.testing.assert_array_equal(found.run.decode(run.sampler.inputs(3)["z"]), run.sample(3))
    codes = found.run.encode(run.sample(3))
    inputs = {**run.sampler.inputs(3), "z": torch.from_numpy(codes)}
    np.testing.assert_array_equal(found.run.reconstruct(run.sample(3)), run.sampler.decode(inputs))


def test_what_is_made_of_sources_and_z_is_refused_before_anything_is_written(
    tmp_path: Path, no_report: None, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    small = {"steps": 1, "batch": 4, "generator.base": 4, "discriminator.base": 4, "sample_every": 0, "latent": 3}
    run = advnets.train("pairs", data=images, sources=images[..., 0], run=tmp_path / "run", **small)  # type: ignore[arg-type]
    wrong = "samples of sources besides z: no image has latents without its source; infer latents of a game of"
    with pytest.raises(RunError, match=wrong):
        advnets.infer(run, **QUICK)
    Image.fromarray(images[0]).save(tmp_path / "a.png")
    for args in ((), (tmp_path / "a.png",)):
        status, printed = said(capsys, run.path, *args)
        assert (status, wrong in printed, printed.count("\n")) == (2, True, 1)
    assert not (run.path / "encoder").exists()


def said(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str]:
    capsys.readouterr()
    status = cli.main(["infer", *map(str, args)])
    out, err = capsys.readouterr()
    return status, out if status == 0 else err


def test_the_command(digits: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quick = ("--steps", 20, "--width", 16, "--batch", 16, "--refine", 2)
    folder, files = folder_of(digits.path, digits.step), tmp_path / "files"
    files.mkdir()
    images = data_of(digits).reals("test", 3)
    for number, image in enumerate(images):
        Image.fromarray(image[0]).save(files / f"{number}.png")
    (files / "notes.txt").touch()
    status, printed = said(capsys, digits.path, *quick, "--count", 20)
    assert status == 0
    assert "R^2" in printed
    assert "20 steps on latents and 30 x pixels" in printed
    status, printed = said(capsys, digits.path, files, "--refine", 2, "--out", tmp_path / "out")
    assert (status, "3 images, mean squared error" in printed) == (0, True)
    latents = np.load(tmp_path / "out" / "latents.npy")
    run = advnets.load(digits.path)
    with Image.open(tmp_path / "out" / "1.png") as made:
        np.testing.assert_array_equal(np.asarray(made), run.decode(latents)[1, 0])
    listed = json.loads((tmp_path / "out" / "inferred.json").read_text())
    assert [Path(each["image"]).name for each in listed] == ["0.png", "1.png", "2.png"]
    for args, name in (
        ((files / "0.png", files / "1.png", "--walk", "--points", 4), "walk"),
        (("--walk", "--refine", 1), "walk"),
        (("--edit", "0:1", "--refine", 1), "edit"),
        ((files / "0.png", "--edit", "0:1", "--strength", 2, "--refine", 1), "edit"),
    ):
        assert said(capsys, digits.path, *args) == (0, f"{name}: {folder / f'{name}.png'}\n")


def test_images_of_the_user_are_never_written_over(
    digits: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    advnets.infer(digits, count=20, refine=0, **QUICK)
    mine, others, made = tmp_path / "mine", tmp_path / "others", tmp_path / "made"
    for folder in (mine, others):
        folder.mkdir()
        Image.fromarray(np.full((14, 14), 77, np.uint8)).save(folder / "1.png")
    np.save(tmp_path / "latents.npy", np.zeros(1))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    one = mine / "1.png"
    for images, out, wrong in (
        ([mine], ["--out", mine], f"{mine} is itself named"),
        ([mine], ["--out", mine / "deep"], f"{mine / 'deep'} lies in {mine}"),
        ([one], ["--out", mine], f"{mine} holds {one}"),
        ([mine], ["--out", others], f"{others} holds other files, as 1.png"),
        ([others / "1.png"], ["--out", tmp_path], f"{tmp_path} holds other files, as latents.npy"),
        ([one, others / "1.png", "--walk"], ["--out", one], f"{one} is itself named"),
    ):
        status, printed = said(capsys, digits.path, *images, "--refine", 0, *out)
        assert (status, wrong in printed, printed.count("\n")) == (2, True, 1), printed
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    for images in ([one, others / "1.png"], [one]):  # what the command itself has written is written anew
        assert said(capsys, digits.path, *images, "--refine", 0, "--out", made)[0] == 0
    assert sorted(path.name for path in made.iterdir()) == ["1.png", "inferred.json", "inferred.png", "latents.npy"]


def test_an_image_may_be_called_as_the_overview(
    digits: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = advnets.infer(digits, count=20, refine=0, **QUICK).run
    Image.fromarray(run.sample(1)[0, 0]).save(tmp_path / "inferred.png")
    assert said(capsys, run.path, tmp_path / "inferred.png", "--refine", 0, "--out", tmp_path / "out")[0] == 0
    assert said(capsys, run.path, tmp_path / "inferred.png", "--refine", 1)[1].startswith("1 image, mean squared")
    with Image.open(tmp_path / "out" / "inferred-2.png") as made:
        np.testing.assert_array_equal(np.asarray(made), run.reconstruct(run.sample(1))[0, 0])


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        (("--points", "3"), "--points changes nothing without --walk or --edit; leave it out"),
        (("--strength", "2", "--walk"), "--strength changes nothing without --edit"),
        (("--walk", "--edit", "0:1"), "--walk and --edit at once"),
        (("--out", "x"), "--out changes nothing without images, --walk or --edit"),
        (("--class", "1"), "--class changes nothing without images"),
        (("--count", "3", "--walk"), "--count changes nothing here"),
        (("gone.png",), "gone.png: cannot be read"),
        (("--network", "conv"), "--network"),
        (("--count", "1"), "--count 1; use 2 or more"),
        (("--count", "0"), "--count 0; use 2 or more"),
        (("--width", "0"), "--width 0; use 1 or more"),
        (("--walk", "--points", "0"), "--points 0; use 2 or more"),
        (("--refine", "-1"), "--refine -1; use 0 or more"),
        (("--edit", "0:1", "--strength", "nan"), "--strength nan; use a finite number"),
        (("--edit", "0:1", "--strength=-inf"), "--strength -inf; use a finite number"),
        (("--edit", "1:1"), "1:1 goes from a class to itself; write FROM:TO of its classes: 0, 1, 2"),
        (("--edit", "0:9"), "knows no change 0:9; write FROM:TO of its classes: 0, 1, 2"),
    ],
)
def test_mistakes_are_one_line(
    digits: Run, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], wrong: str
) -> None:
    more = () if "--steps" in args else ("--steps", "2")
    status, printed = said(capsys, digits.path, *args, *more)
    assert status == 2
    assert wrong in printed
    assert printed.count("\n") == 1
    assert not (digits.path / "encoder").exists()  # nothing is trained for nothing
