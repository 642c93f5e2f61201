"""Images of one's own in `advnets infer`: with what they show, and every mistake found before an encoder is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets import cli
from advnets.errors import AdvnetsError, RunError
from advnets.inference.editing import check_change
from advnets.inference.infer import data_of
from advnets.runs.run import Run

QUICK = {"steps": 3, "width": 4, "batch": 8}
_TINY = {
    "game.kind": "conditional", "generator.hidden": [8], "discriminator.units": [8], "steps": 2, "batch": 8,
    "sample_every": 0, "latent": 4, "precision": "float32",
}  # fmt: skip


@pytest.fixture
def tinted(tmp_path: Path, no_report: None) -> Run:
    """Images with attributes far from unit variance, in standard deviations for the game; some have none."""
    rng = np.random.default_rng(0)
    vectors = np.stack([rng.uniform(100, 300, 60), rng.integers(0, 2, 60)], 1).astype(np.float32)
    vectors[::6] = np.nan
    names = {"vectors": vectors, "vector_names": ["tint", "odd"]}
    np.savez(tmp_path / "data.npz", x=rng.integers(0, 255, (60, 8, 8), np.uint8), **names)
    return advnets.train(
        "mnist-dense", data=tmp_path / "data.npz", run=tmp_path / "run", **_TINY, **{"game.scaled": True}
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three images in color, larger than the runs' own."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def said(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str]:
    """The exit status, and what was said beside the answer."""
    capsys.readouterr()
    quick = [word for name, value in QUICK.items() for word in (f"--{name}", str(value))]
    status = cli.main(["infer", *map(str, args), "--refine", "0", *quick])
    return status, capsys.readouterr().err


def refused(capsys: pytest.CaptureFixture[str], run: Run, *args: object) -> str:
    """The one line of a mistake, before which no encoder was trained."""
    status, line = said(capsys, run.path, *args)
    assert (status, line.count("\n")) == (2, 1), line
    assert not (run.path / "encoder").exists()
    return line


def test_mistakes_of_any_run_are_found_before_an_encoder_is_trained(
    digits: Run, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, file = photos / "0.png", tmp_path / "file"
    file.touch()
    for args, wrong in (
        ((one, "--class", "3"), "makes samples without classes"),
        ((one, "--edit", "0:1", "--class", "3"), "makes samples without classes"),
        ((one, "--attributes", "tint=1"), "has no attributes"),
        ((one, "--walk"), "a walk from one image alone; name two or more"),
        ((photos, "--walk", "--out", tmp_path / "x.gif"), "x.gif cannot be a picture; end its name in .png"),
        (("--edit", "0:1", "--out", tmp_path / "x.gif"), "x.gif cannot be a picture"),
        (("--walk", "--out", tmp_path), "is a directory; name a picture, as"),
        ((one, "--out", file), f"{file} is no directory; choose another place"),
        (("--walk", "--out", file / "x.png"), f"{file} is no directory"),
        ((file,), "empty file; name an image"),
        (("--attributes", "tint=1"), "--attributes changes nothing without images"),
    ):
        assert wrong in refused(capsys, digits, *args)


def test_classes_are_looked_at_before_an_encoder_is_trained(
    by_class: Run, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for args, wrong in (
        ((), "say of which with --class"),
        (("--class", "11"), "has no class '11'; choose from 0, 1, 2"),
        (("--class", "0,1,2,0"), "--class names 4 classes, there are 3 images"),
        (("--edit", "0:1"), "name images with another --class and --refine 0: their codes stay"),
    ):
        assert wrong in refused(capsys, by_class, photos, *args)


def test_another_class_without_refinement_keeps_the_codes(
    by_class: Run, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("2", "1,1,2"):
        assert said(capsys, by_class.path, photos, "--class", name, "--out", tmp_path / name)[0] == 0
    codes = np.load(tmp_path / "2" / "latents.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "1,1,2" / "latents.npy"), codes)
    made = advnets.load(by_class.path).decode(codes, ["1", "1", "2"])
    for number in range(3):
        with Image.open(tmp_path / "1,1,2" / f"{number}.png") as image:
            np.testing.assert_array_equal(np.asarray(image), made[number, 0])


def test_images_of_attributes_need_all_of_them(tinted: Run, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every, rest = "told every attribute of an image, not said:", "say all with --attributes NAME=VALUE"
    for args, wrong in (
        ((), f"{every} tint 1"),
        (("--attributes", "tint=150"), f"{every} odd 0 or 1; {rest}"),
        (("--attributes", "tint=150:160,odd=1"), "has several values of a name; give one"),
        (("--attributes", "shade=1"), "has no attribute 'shade'"),
        (("--class", "1"), "name --attributes, in Python attributes= or conditions="),
    ):
        assert wrong in refused(capsys, tinted, photos, *args)
    for change, values in (("odd", "odd=0:1"), ("tint", "tint=1")):
        for images in ((), (photos, "--attributes", "tint=150,odd=1")):
            wrong = f"change them by `advnets sample {tinted.path} --attributes {values}"
            assert wrong in refused(capsys, tinted, *images, "--edit", change)


def test_images_of_attributes_go_in_with_them(
    tinted: Run, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, notes = said(capsys, tinted.path, photos, "--attributes", "tint=900,odd=1", "--out", tmp_path / "out")
    assert (status, "not trained: tint=900 (training examples: 1" in notes) == (0, True)
    assert f"noticed: 3 images, as {photos / '0.png'}, lose their colors\n" in notes
    run, images = advnets.load(tinted.path), tinted.sample(3)
    codes = run.encode(photos)
    made = run.decode(codes, attributes={"tint": 900, "odd": 1})
    with Image.open(tmp_path / "out" / "1.png") as image:
        np.testing.assert_array_equal(np.asarray(image), made[1, 0])
    np.testing.assert_array_equal(made, run.decode(codes, conditions=[[900, 1]]))
    again = run.reconstruct(images, attributes={"tint": [150, 250], "odd": 0})
    np.testing.assert_array_equal(again, run.decode(run.encode(images), conditions=[[150, 0], [250, 0]]))
    with pytest.raises(RunError, match="not said: tint 1"):
        run.reconstruct(images, attributes={"odd": 0})
    assert said(capsys, tinted.path, photos, "--attributes", "tint=150,odd=1", "--walk")[0] == 0
    with pytest.raises(RunError, match="is told of attributes"):
        check_change(run, data_of(run), "tint")


def test_vectors_enter_the_coder_as_they_enter_the_game(tinted: Run) -> None:
    run = advnets.infer(tinted, count=5, refine=0, **QUICK).run
    inputs = run.sampler.inputs(4)
    vectors = run.sampler.leaving(inputs["condition"])
    assert vectors[:, 0].min() > 90
    made = run.decode(inputs["z"], conditions=vectors)
    np.testing.assert_allclose(made.astype(int), run.sample(4).astype(int), atol=1)


def test_an_encoder_of_images_some_of_which_have_no_class(tmp_path: Path, no_report: None) -> None:
    rng = np.random.default_rng(0)
    data = rng.integers(0, 255, (60, 8, 8), np.uint8), np.where(np.arange(60) % 6, np.arange(60) % 3, -1)
    run = advnets.train("mnist-dense", data=data, run=tmp_path / "run", **_TINY)
    answer = advnets.infer(run, data=data, count=5, refine=0, **QUICK).answer
    assert np.isfinite([way["error"] for way in answer["ways"]]).all()


def test_latents_and_arrays_that_are_none_are_one_line(tinted: Run) -> None:
    run = advnets.infer(tinted, count=5, refine=0, **QUICK).run
    for latents in (np.zeros((2, 3)), np.zeros(4), np.full((2, 4), np.nan), "z"):
        with pytest.raises(RunError, match=r"latents .*; give finite numbers, K x 4"):
            run.decode(latents, attributes={"tint": 150, "odd": 0})  # type: ignore[arg-type]
    for images in (np.zeros((8, 8), np.uint8), np.full((2, 1, 8, 8), -3.0), np.zeros((0, 1, 8, 8), np.uint8)):
        with pytest.raises(AdvnetsError, match="; give uint8, N x 1 x 8 x 8, or images in the range"):
            run.encode(images)


def test_fewer_held_out_images_than_were_asked_for_are_said(tinted: Run, capsys: pytest.CaptureFixture[str]) -> None:
    status, notes = said(capsys, tinted.path, "--count", "100000")
    assert (status, "--count 100,000 is more than are held out: " in notes) == (0, True)
    assert "more than are held out" not in said(capsys, tinted.path)[1]
